"""Data: Gaussian mixtures (2.15), digits, Fashion-MNIST, argument checks.

Arrays are row-major, the transpose of the paper: ``X`` is (N, d) with one
sample a row, ``y`` is (N,) with integer labels.
"""

from __future__ import annotations

import operator
import os
from typing import NamedTuple

import numpy as np

from nclib import idx

# Above 2**53 an integer need not be a float64: the data decided would
# silently differ from the data given.
_EXACT_INTEGER = 2**53


class Dataset(NamedTuple):
    """Samples and labels; unpacks as ``X, y``.

    Attributes
    ----------
    X : (N, d) float64 array
        One sample a row.
    y : (N,) int64 array
        Labels.
    """

    X: np.ndarray
    y: np.ndarray


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


def check_real(name, value, minimum=-np.inf, exclusive=False):
    """Return ``value`` as a finite float not below ``minimum``."""
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
    return result


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


def check_Xy(X, y):
    """Check a labelled data set.

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
        or not finite; ``y`` not integer, of another length, or of one class.
    """
    X = check_matrix("X", X)
    y = np.asarray(y)
    if y.dtype.kind not in "biu":
        raise TypeError(
            f"y must hold integer labels, got dtype {y.dtype}; encode other "
            "labels with np.unique(labels, return_inverse=True)[1]"
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


def split_class(X, y, label):
    """The rows of class ``label`` and the others, after the usual checks."""
    X, codes, classes = check_Xy(X, y)
    if np.ndim(label) != 0 or label not in classes:
        raise ValueError(
            f"label must be one of {classes.tolist()}, got {label!r}"
        )
    inside = classes[codes] == label
    return X[inside], X[~inside]


class GaussianMixture:
    r"""The Gaussian mixture model, x = mu_k + sigma z with z ~ N(0, I_d).

    Parameters
    ----------
    means : (K, d) array
        Cluster centers, one a row; K at least 2.
    sigma : float
        Noise level, in the units of the means; zero is legal.

    Raises
    ------
    TypeError, ValueError
        If ``means`` is not a finite real (K, d) array or ``sigma`` is
        negative or not finite.

    Notes
    -----
    Equation (2.15); with means mu and -mu it is (2.20).
    """

    def __init__(self, means, sigma):
        self.means = check_matrix("means", means)
        if len(self.means) < 2:
            raise ValueError(
                "means must have at least two rows, one a class, "
                f"got shape {self.means.shape}"
            )
        self.sigma = check_real("sigma", sigma, 0.0)

    def __repr__(self):
        K, d = self.means.shape
        return f"GaussianMixture(K={K}, d={d}, sigma={self.sigma:g})"

    def sample(self, n, seed):
        """Draw ``n`` samples a class, rows stacked class by class.

        Parameters
        ----------
        n : int or length-K sequence of int
            Samples in each class, at least 1.
        seed : int, SeedSequence or Generator
            What `numpy.random.default_rng` takes.

        Returns
        -------
        Dataset
            ``X`` (sum of n, d) and labels ``y`` in 0..K-1.
        """
        K, d = self.means.shape
        counts = [n] * K if np.ndim(n) == 0 else list(n)
        if len(counts) != K:
            raise ValueError(
                f"n must be an integer or have one entry a class ({K}), "
                f"got {len(counts)} entries"
            )
        counts = [check_integer("n", count, 1) for count in counts]
        y = np.repeat(np.arange(K), counts)
        noise = np.random.default_rng(seed).standard_normal((len(y), d))
        return Dataset(self.means[y] + self.sigma * noise, y)


def two_cluster_means(d, theta, norm=1.0):
    """Two means of equal norm at angle ``theta``, in the first two axes.

    Parameters
    ----------
    d : int
        Dimension, at least 2 (at least 1 when theta is 0 or pi).
    theta : float
        Angle in radians.
    norm : float
        Common norm, positive.

    Returns
    -------
    (2, d) float64 array

    Notes
    -----
    The designs of Figure 1. At theta = pi the second mean is exactly the
    opposite of the first.
    """
    theta = check_real("theta", theta)
    norm = check_real("norm", norm, 0.0, exclusive=True)
    collinear = {0.0: 1.0, np.pi: -1.0}.get(theta)
    d = check_integer("d", d, 1 if collinear else 2)
    means = np.zeros((2, d))
    means[0, 0] = norm
    if collinear:
        means[1, 0] = collinear * norm
    else:
        means[1, :2] = norm * np.cos(theta), norm * np.sin(theta)
    return means


def orthonormal_means(K, d):
    """The means mu_k = e_k of Figure 2, as a (K, d) array; d >= K."""
    K = check_integer("K", K, 2)
    d = check_integer("d", d, K)
    return np.eye(K, d)


def simplex_means(K, d):
    """K unit means with all cosines -1/(K-1), as a (K, d) array; d >= K-1.

    The rows are the vertices of a regular simplex centered at 0, written in
    the first K-1 coordinates.
    """
    K = check_integer("K", K, 2)
    d = check_integer("d", d, K - 1)
    # The Helmert basis is orthonormal to the ones vector, so its columns
    # are the centered simplex in K-1 coordinates, without any rotation left
    # to a linear algebra library.
    means = np.zeros((K, d))
    for j in range(1, K):
        means[:j, j - 1] = 1.0
        means[j, j - 1] = -j
        means[:, j - 1] /= np.sqrt(j * (j + 1.0))
    return means * np.sqrt(K / (K - 1.0))


def first_per_class(X, y, n_per_class):
    """The first ``n_per_class`` rows of every class, kept in file order."""
    if n_per_class is None:
        return Dataset(X, y)
    n = check_integer("n_per_class", n_per_class, 1)
    classes, counts = np.unique(y, return_counts=True)
    if n > counts.min():
        scarce = classes[counts.argmin()]
        raise ValueError(
            f"n_per_class must be at most {counts.min()}, the size of class "
            f"{scarce}, got {n}"
        )
    rows = np.sort(
        np.concatenate([np.flatnonzero(y == c)[:n] for c in classes])
    )
    return Dataset(X[rows], y[rows])


def digits(n_per_class=None):
    """The 8x8 handwritten digits that ship with scikit-learn.

    Parameters
    ----------
    n_per_class : int, optional
        Keep the first that many of each class, in file order; at most 174.
        By default all 1,797 samples.

    Returns
    -------
    Dataset
        ``X`` (N, 64) in [0, 1] (gray levels 0..16 divided by 16, exact in
        float64), ``y`` in 0..9.
    """
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return first_per_class(X / 16.0, y.astype(np.int64), n_per_class)


def fashion_mnist(n_per_class=None, split="train", root=None):
    """Fashion-MNIST: 28x28 gray images of ten kinds of clothing.

    The official IDX files (gzipped or unpacked) are read from ``root``, else
    from the folder named by the environment variable ``NCLIB_DATA``. With
    neither they are downloaded once, from two mirrors and with their SHA-256
    checked, into the user's cache; files already there are not fetched again.

    Parameters
    ----------
    n_per_class : int, optional
        Keep the first that many of each class, in file order. By default
        all: 6,000 a class in "train", 1,000 in "test".
    split : {"train", "test"}
        Which half.
    root : path, optional
        Folder with the files.

    Returns
    -------
    Dataset
        ``X`` (N, 784) in [0, 1] (gray levels 0..255 divided by 255),
        ``y`` in 0..9.

    Raises
    ------
    ValueError
        A file is truncated, corrupt or not the IDX file its name promises;
        ``split`` or ``n_per_class`` is not legal.
    FileNotFoundError
        The folder or a file in it is missing.
    ConnectionError
        No mirror delivered a file.
    PermissionError
        The cache cannot be written.

    Notes
    -----
    The data of Figure 6, which takes n = 500 a class. Xiao, Rasul and
    Vollgraf (2017), MIT license.
    """
    if split not in ("train", "test"):
        raise ValueError(f"split must be 'train' or 'test', got {split!r}")
    prefix = "train" if split == "train" else "t10k"
    root = root if root is not None else os.environ.get("NCLIB_DATA") or None
    images_path, labels_path = (
        idx.fetch(name) if root is None else idx.find(name, root)
        for name in (
            f"{prefix}-images-idx3-ubyte.gz",
            f"{prefix}-labels-idx1-ubyte.gz",
        )
    )
    images, labels = idx.read(images_path, 3), idx.read(labels_path, 1)
    if images.shape[1:] != (28, 28) or len(images) == 0:
        raise ValueError(
            f"{images_path} must hold images of shape (28, 28), got an "
            f"array of shape {images.shape}; delete it and fetch it again"
        )
    if len(labels) != len(images) or labels.max() > 9:
        raise ValueError(
            f"{labels_path} must hold one label in 0..9 for each of the "
            f"{len(images)} images, got {len(labels)} with maximum "
            f"{labels.max(initial=0)}; delete it and fetch it again"
        )
    X, y = first_per_class(
        images.reshape(len(images), -1), labels.astype(np.int64), n_per_class
    )
    return Dataset(X / 255.0, y)
