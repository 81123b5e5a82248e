"""Every check of an argument, and nothing else.

A malformed argument raises a TypeError (it is no such thing) or a ValueError
(a wrong one) that names it, says what came, and what is legal.
"""

import operator
import os

import numpy as np
from scipy.sparse import issparse

# Above 2**53 an integer need not be a float64: the data decided would
# silently differ from the data given.
_EXACT_INTEGER = 2**53
# How far a unit row's norm may be from 1.
_UNIT = 1e-6
# Squares outside of these, and sums of them, leave the range of float64.
_SMALLEST, _LARGEST = 1e-140, 1e150
# How far weights may be from a sum of 1.
_UNIT_SUM = 1e-9
# The most entries of a sparse matrix that is made dense: 1 GiB.
_DENSE = 2**27


def as_array(name, value):
    """``value`` as an array, refusing what that would change in silence.

    A tensor is detached and brought to the CPU. A sparse matrix is made
    dense, if it then has at most 1 GiB. A table of pandas becomes float64,
    with nothing missing.
    """
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        # NumPy has no bfloat16.
        if "bfloat16" in str(value.dtype):
            value = value.float()
        return value.numpy()
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{name} must not be a masked array, whose mask would be lost: "
            "leave out the rows with masked entries, or give them values "
            "with .filled(...)"
        )
    if hasattr(value, "__next__"):
        raise TypeError(
            f"{name} must be an array, got a {type(value).__name__}, which "
            "can be read only once; make a list of it"
        )
    if issparse(value):
        if np.prod(value.shape, dtype=float) > _DENSE:
            raise ValueError(
                f"{name} is sparse, and too large to be made dense, shape "
                f"{value.shape} with more than {_DENSE} entries; keep fewer "
                "rows or columns"
            )
        return value.toarray()
    if hasattr(value, "iloc"):
        return _from_pandas(name, value)
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"{name} must be an array whose rows are of one length: {error}"
        ) from None


def _from_pandas(name, value):
    if value.isna().any(axis=None):
        row, *column = np.argwhere(value.isna().to_numpy())[0]
        column = [f" of column {value.columns[c]!r}" for c in column]
        raise ValueError(
            f"{name} must not have missing values, got one in row {row}"
            f"{''.join(column)}; leave such rows out, or fill them"
        )
    if hasattr(value, "columns"):
        for column, dtype in value.dtypes.items():
            if dtype == "category":
                raise TypeError(
                    f"{name} must hold numbers, column {column!r} has "
                    "categories; pandas.get_dummies makes columns of them"
                )
        names = [f"column {column!r} of {name}" for column in value.columns]
        parts = [value.iloc[:, i] for i in range(len(names))]
        if not names or not len(value):
            return np.empty(value.shape)
        return np.hstack(
            [
                check_matrix(own, as_array(own, part)[:, None])
                for own, part in zip(names, parts, strict=True)
            ]
        )
    # float64 of Float64, int64 of Int64, bool of boolean.
    return np.asarray(value, getattr(value.dtype, "numpy_dtype", None))


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


def check_shard(name, value):
    """Return ``value`` as (k, m), number k of m shards, 0 <= k < m."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise TypeError(
            f"{name} must be a pair (k, m), number k of m, got {value!r}"
        )
    number, shards = (check_integer(f"{name} (k, m)", v, 0) for v in value)
    if number >= shards:
        raise ValueError(
            f"{name} must be (k, m) with 0 <= k < m, got {value!r}: count "
            "from 0"
        )
    return number, shards


def check_real(name, value, minimum=-np.inf, exclusive=False, below=np.inf):
    """Return ``value`` as a finite float, at least minimum, under below."""
    kind = as_array(name, value).dtype.kind
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
    array = as_array(name, value)
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
    value = as_array(name, value)
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
    y = _labels(y, len(X), "X")
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            f"y must have at least two classes, got only {classes.tolist()}"
        )
    return X, codes, classes


def _given(name, labels):
    """Labels as an array, of objects where NumPy would make strings of all."""
    given = labels if isinstance(labels, (list, tuple)) else ()
    array = as_array(name, labels)
    if array.dtype.kind == "U" and not all(isinstance(v, str) for v in given):
        array = np.array(given, dtype=object)
    return array


def _labels(y, size, rows):
    """Return labels, all integers or all strings, as a (size,) array."""
    y = _given("y", y)
    if y.ndim == 2 and len(y) == size:
        remedy = ""
        if y.shape[1] == 1:
            remedy = "; it is one column: take y[:, 0]"
        elif y.dtype.kind in "biuf" and (
            ((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all()
        ):
            remedy = "; it looks one-hot: take y.argmax(axis=1)"
        raise ValueError(
            f"y must have one label a row of {rows}, shape ({size},), got "
            f"shape {y.shape}{remedy}"
        )
    if y.dtype.kind == "T" or (
        y.dtype.kind == "O" and all(isinstance(one, str) for one in y.flat)
    ):
        y = y.astype(str)
    elif y.dtype.kind == "O" and all(
        isinstance(one, (int, np.integer)) for one in y.flat
    ):
        y = np.array(y.tolist())
    if y.dtype.kind not in "biuU":
        kinds = sorted({type(one).__name__ for one in y.ravel().tolist()[:99]})
        raise TypeError(
            "y must hold labels that are all integers or all strings, "
            f"got {', '.join(kinds)} of dtype {y.dtype}; encode other labels "
            "with np.unique(labels, return_inverse=True)[1]"
        )
    if y.shape != (size,):
        raise ValueError(
            f"y must have one label a row of {rows}, shape ({size},), "
            f"got shape {y.shape}"
        )
    return y


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
    if np.ndim(label) != 0 or label not in classes.tolist():
        raise ValueError(
            f"label must be one of {classes.tolist()}, got {label!r}"
        )
    inside = classes[codes] == label
    return X[inside], X[~inside]


def check_classes(classes, names):
    """Return the list of labels asked for; all of ``names`` by default."""
    names = list(names)
    if classes is None:
        return names
    alone = isinstance(classes, str) or not np.iterable(classes)
    wanted = [classes] if alone else list(classes)
    if not wanted or any(label not in names for label in wanted):
        raise ValueError(
            f"classes must list labels of y, {names}, got {classes!r}"
        )
    return wanted


def check_classifier(name, W, D, K):
    """Return a classifier as a (D, K) float64 array."""
    W = check_matrix(name, W)
    if W.shape != (D, K):
        hint = ""
        if W.shape == (K, D):
            hint = f"; it has one row a class, as linear.weight: pass {name}.T"
        raise ValueError(
            f"{name} must have one row a feature and one column a class, "
            f"shape ({D}, {K}), got shape {W.shape}{hint}"
        )
    return W


def check_labels(classes, K):
    """Return K distinct labels as an array, 0 to K - 1 by default."""
    if classes is None:
        return np.arange(K)
    labels = _given("classes", classes)
    if labels.dtype.kind not in "biuU":
        raise TypeError(
            f"classes must hold integers or strings, got dtype {labels.dtype}"
        )
    if labels.shape != (K,) or len(np.unique(labels)) != K:
        raise ValueError(
            f"classes must be {K} different labels, got {classes!r}"
        )
    return labels


def check_codes(y, B, classes):
    """Return the positions in ``classes`` of the B labels of a batch."""
    y = _labels(y, B, "H")
    if (y.dtype.kind == "U") != (classes.dtype.kind == "U"):
        raise TypeError(
            f"y must hold labels such as {classes[0].item()!r}, got dtype "
            f"{y.dtype}"
        )
    order = np.argsort(classes)
    at = np.searchsorted(classes, y, sorter=order)
    codes = order[np.minimum(at, len(classes) - 1)]
    unknown = classes[codes] != y
    if unknown.any():
        raise ValueError(
            f"y must hold labels out of classes, {len(classes)} from "
            f"{classes[order[0]].item()!r} to "
            f"{classes[order[-1]].item()!r}, "
            f"got {y[unknown][0].item()!r}"
        )
    return codes


def check_squares(name, H, D):
    """Return a matrix of D columns whose squares neither over- nor underflow.

    All zero is legal.
    """
    if H.shape[1] != D:
        raise ValueError(
            f"{name} must have one column a feature, shape (B, {D}), got "
            f"shape {H.shape}"
        )
    top = max(H.max(), -H.min())
    if top > _LARGEST or 0 < top < _SMALLEST:
        raise ValueError(
            f"{name} must be between {_SMALLEST:g} and {_LARGEST:g} in size, "
            f"since its squares are summed, got {top:g}"
        )
    return H


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


def check_path(name, value):
    """Return the path of a file as a str; None stays None."""
    if value is None:
        return None
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(
            f"{name} must be the path of a file, got {value!r} "
            f"({type(value).__name__})"
        )
    if not os.path.basename(value):
        raise ValueError(f"{name} must name a file, got {os.fspath(value)!r}")
    return os.fspath(value)


def check_device(device):
    """Return the PyTorch device, refusing one that does not work here."""
    import torch

    try:
        result = torch.device(device)
        # A meta tensor has no values.
        torch.zeros(1, device=result).item()
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
    if isinstance(value, (float, np.floating)) and value == np.inf:
        return np.inf
    return check_real(name, value, 0.0)


def check_numbers(name, value, minimum=-np.inf, infinite=False):
    """``value`` as a float array, refusing NaN and all below minimum."""
    array = as_array(name, value)
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
    array = as_array(name, value)
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
