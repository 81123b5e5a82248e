"""Every check of an argument, and nothing else.

A malformed argument raises a TypeError (it is no such thing) or a ValueError
(a wrong one) that names it, says what came, and what is legal.
"""

import operator

import numpy as np

# Above 2**53 an integer need not be a float64: the data decided would
# silently differ from the data given.
_EXACT_INTEGER = 2**53
# How far a unit row's norm may be from 1.
_UNIT = 1e-6
# How far weights may be from a sum of 1.
_UNIT_SUM = 1e-9


def check_integer(name, value, minimum):
    """Return ``value`` as an int, refusing anything below ``minimum``."""
    try:
        result = operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name} must be an integer, got {value!r} "
            f"({type(value).__name__})"
        ) from None
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be an integer, got the bool {value}")
    if result < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {result}")
    return result


def check_real(name, value, minimum=-np.inf, exclusive=False, below=np.inf):
    """Return ``value`` as a finite float, at least minimum, under below."""
    kind = np.asarray(value).dtype.kind
    if np.ndim(value) != 0 or kind not in "iuf":
        raise TypeError(
            f"{name} must be a real number, got {value!r} "
            f"({type(value).__name__})"
        )
    result = float(value)
    if not np.isfinite(result):
        raise ValueError(f"{name} must be finite, got {result}")
    if result < minimum or (exclusive and result == minimum):
        relation = "greater than" if exclusive else "at least"
        raise ValueError(f"{name} must be {relation} {minimum}, got {result}")
    if result >= below:
        raise ValueError(f"{name} must be less than {below:g}, got {result}")
    return result


def check_choice(name, value, legal):
    """Return ``value`` if it is one of the strings ``legal``."""
    if not isinstance(value, str) or value not in legal:
        listed = ", ".join(map(repr, legal))
        raise ValueError(f"{name} must be one of {listed}, got {value!r}")
    return value


def check_matrix(name, value):
    """Return ``value`` as a finite (rows, columns) float64 array, exactly."""
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise TypeError(
            f"{name} must be a real array that float64 represents exactly, "
            f"got dtype {array.dtype}"
        )
    if array.ndim != 2:
        raise ValueError(
            f"{name} must have two dimensions (rows, columns), "
            f"got shape {array.shape}"
        )
    if 0 in array.shape:
        raise ValueError(
            f"{name} must have at least one row and one column, "
            f"got shape {array.shape}"
        )
    if (
        array.dtype.kind in "iu"
        and ((array > _EXACT_INTEGER) | (array < -_EXACT_INTEGER)).any()
    ):
        raise ValueError(
            f"{name} holds integers beyond 2**53, which float64 cannot "
            "represent exactly"
        )
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        row, column = np.argwhere(~np.isfinite(array))[0]
        raise ValueError(
            f"{name} must be finite, got {array[row, column]} "
            f"at row {row}, column {column}"
        )
    return array


def check_means(means):
    """Return the class means, at least two rows, as a float64 array."""
    means = check_matrix("means", means)
    if len(means) < 2:
        raise ValueError(
            "means must have at least two rows, one a class, got shape "
            f"{means.shape}"
        )
    return means


def check_vector(name, value, size=None):
    """Return ``value`` as a finite non-zero vector with ``size`` entries."""
    value = np.asarray(value)
    if value.ndim != 1 or size not in (None, len(value)):
        raise ValueError(
            f"{name} must have shape ({'d' if size is None else size},), "
            f"got {value.shape}"
        )
    value = check_matrix(name, value[None])[0]
    if not value.any():
        raise ValueError(f"{name} must not be zero")
    return value


def check_unit_rows(name, X):
    """Return X with rows of length 1, refusing any that are not near it."""
    X = check_matrix(name, X)
    norms = np.linalg.norm(X, axis=1)
    worst = int(np.abs(norms - 1.0).argmax())
    if abs(norms[worst] - 1.0) > _UNIT:
        raise ValueError(
            f"{name} must have unit rows, got norm {norms[worst]:g} in row "
            f"{worst}; divide each row by its norm"
        )
    return X / norms[:, None]


def check_Xy(X, y):
    """Check a labeled data set.

    Returns
    -------
    X : (N, d) float64 array
        A copy of the samples.
    codes : (N,) int array
        ``classes[codes] == y``.
    classes : (K,) array
        The labels in increasing order, K at least 2.

    Raises
    ------
    TypeError, ValueError
        Naming the argument: ``X`` complex, object, empty, not two-dimensional
        or not finite; ``y`` neither integers nor strings, of another length,
        or of one class.
    """
    X = check_matrix("X", X)
    y = np.asarray(y)
    if y.dtype == object and all(isinstance(label, str) for label in y.flat):
        y = y.astype(str)
    if y.dtype.kind not in "biuU":
        raise TypeError(
            "y must hold integer labels or strings, got dtype "
            f"{y.dtype}; encode other labels with "
            "np.unique(labels, return_inverse=True)[1]"
        )
    if y.shape != X.shape[:1]:
        raise ValueError(
            f"y must have one label a row of X, shape ({X.shape[0]},), "
            f"got shape {y.shape}"
        )
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            f"y must have at least two classes, got only {classes.tolist()}"
        )
    return X, codes, classes


def check_balanced(codes):
    """Return K and n of N = K n labels, equally many of each class."""
    counts = np.bincount(codes)
    if (counts != counts[0]).any():
        raise ValueError(
            "y must hold equally many samples of each class, since Theorem 2 "
            f"gives the minimizer for these only, got {counts.tolist()}"
        )
    return len(counts), int(counts[0])


def split_class(X, y, label):
    """The rows of class ``label`` and the others, after the usual checks."""
    X, codes, classes = check_Xy(X, y)
    if np.ndim(label) != 0 or label not in classes:
        raise ValueError(
            f"label must be one of {classes.tolist()}, got {label!r}"
        )
    inside = classes[codes] == label
    return X[inside], X[~inside]


def check_classes(classes, names):
    """Return the list of labels asked for; all of ``names`` by default."""
    if classes is None:
        return list(names)
    wanted = list(classes) if np.iterable(classes) else [classes]
    if not wanted or any(label not in names for label in wanted):
        raise ValueError(
            f"classes must list labels of y, {list(names)}, got {classes!r}"
        )
    return wanted


def check_classifier(name, W, D, K):
    """Return a classifier as a (D, K) float64 array."""
    W = check_matrix(name, W)
    if W.shape != (D, K):
        raise ValueError(
            f"{name} must have one row a feature and one column a class, "
            f"shape ({D}, {K}), got shape {W.shape}"
        )
    return W


def check_first_layer(first_layer, d):
    """Return the frozen layer as a (d, d1) array; None stays None."""
    if first_layer is None:
        return None
    first_layer = check_matrix("first_layer", first_layer)
    if first_layer.shape[0] != d:
        raise ValueError(
            f"first_layer must have one row a column of X, shape ({d}, d1), "
            f"got shape {first_layer.shape}"
        )
    return first_layer


def check_problem(lambda_W, lambda_H, loss, exclusive=True):
    """Return the penalties as floats above (or at) zero; check the loss."""
    check_choice("loss", loss, ("ce", "l2"))
    return (
        check_real("lambda_W", lambda_W, 0, exclusive),
        check_real("lambda_H", lambda_H, 0, exclusive),
    )


def check_device(device):
    """Return the PyTorch device, refusing one that does not work here."""
    import torch

    try:
        result = torch.device(device)
        torch.zeros(1, device=result)
    except (RuntimeError, AssertionError, TypeError) as error:
        raise ValueError(
            f"device must name a device that PyTorch can use here, "
            f"got {device!r}: {str(error).splitlines()[0]}"
        ) from None
    return result


def plain(value):
    """A Python float for a zero-dimensional array."""
    return float(value) if np.ndim(value) == 0 else value


def check_extended(name, value):
    """A real at least 0; infinity is legal."""
    if isinstance(value, float) and value == np.inf:
        return np.inf
    return check_real(name, value, 0.0)


def check_numbers(name, value, minimum=-np.inf, infinite=False):
    """``value`` as a float array, refusing NaN and all below minimum."""
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be real, got dtype {array.dtype}")
    array = array.astype(float)
    legal = ~np.isnan(array) if infinite else np.isfinite(array)
    legal &= array >= minimum
    if not legal.all():
        kind = "not NaN" if infinite else "finite"
        if minimum > -np.inf:
            kind += f" and at least {minimum:g}"
        raise ValueError(f"{name} must be {kind}, got {array[~legal][0]}")
    return array


def check_sizes(name, value):
    """Integers of at least 1, as a float array."""
    array = np.asarray(value)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold integers, got dtype {array.dtype}")
    if (array < 1).any():
        raise ValueError(f"{name} must be at least 1, got {array.min()}")
    return array.astype(float)


def check_design(clusters, sizes, noise, mixture):
    """Sizes of the classes, noise of the clusters, and the mixture or None.

    Returns
    -------
    sizes, noise : float arrays
        Ones where nothing is given.
    mixture : (classes, clusters) float array or None
    """
    classes = clusters
    if mixture is not None:
        mixture = check_matrix("mixture", mixture)
        classes = len(mixture)
        if classes < 2 or mixture.shape[1] != clusters:
            raise ValueError(
                "mixture must have a row for each of at least two classes and "
                f"a column for each of the {clusters} means, got shape "
                f"{mixture.shape}"
            )
        wrong = (mixture < 0).any(axis=1)
        wrong |= np.abs(mixture.sum(axis=1) - 1) > _UNIT_SUM
        if wrong.any():
            raise ValueError(
                "mixture must have rows of weights at least 0 that sum to 1, "
                f"got {mixture[wrong][0]}"
            )
    return (
        _positive("sizes", sizes, classes, "class"),
        _positive("noise", noise, clusters, "mean"),
        mixture,
    )


def _positive(name, value, count, what):
    """A positive number for each of ``count`` things, 1 by default."""
    if value is None:
        return np.ones(count)
    value = check_numbers(name, value)
    if value.shape != (count,):
        raise ValueError(
            f"{name} must have one entry a {what}, shape ({count},), got "
            f"shape {value.shape}"
        )
    if (value <= 0).any():
        raise ValueError(
            f"{name} must be positive, got {value[value <= 0][0]}"
        )
    return value
