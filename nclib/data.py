"""Data: Gaussian mixtures (2.15), digits, Fashion-MNIST with its files.

Arrays are row-major, the transpose of the paper: ``X`` is (N, d) with one
sample a row, ``y`` is (N,) with integer labels.
"""

import gzip
import hashlib
import math
import os
import sys
import threading
import time
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import platformdirs

from nclib._checks import (
    check_choice,
    check_integer,
    check_matrix,
    check_means,
    check_real,
)
from nclib._extras import MissingExtra, load

__all__ = [
    "Dataset",
    "GaussianMixture",
    "digits",
    "fashion_mnist",
    "first_per_class",
    "images",
    "orthonormal_means",
    "pad_means",
    "simplex_means",
    "spread_means",
    "two_cluster_means",
    "which_images",
]

# Published by Zalando Research; a mirror that serves anything else is refused.
_SHA256 = {
    "train-images-idx3-ubyte.gz": (
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
    ),
    "train-labels-idx1-ubyte.gz": (
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
    ),
}
# The same, of the pixels and labels themselves, however they are packed.
_CONTENT = {
    "train-images-idx3-ubyte.gz": (
        "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012"
    ),
    "train-labels-idx1-ubyte.gz": (
        "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9"
    ),
}
# What `images` reads.
_TRAIN = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")
_MIRRORS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/"
    "data/fashion/",
)
_REMEDY = (
    "put the four Fashion-MNIST files into a folder yourself and set "
    "NCLIB_DATA (or the argument root) to it"
)


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

    Examples
    --------
    >>> import nclib
    >>> mixture = nclib.GaussianMixture(nclib.simplex_means(3, 10), sigma=0.5)
    >>> X, y = mixture.sample(4, seed=0)
    >>> X.shape, y.tolist()
    ((12, 10), [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2])
    """

    def __init__(self, means, sigma):
        self.means = check_means(means)
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

    Examples
    --------
    >>> import numpy as np, nclib
    >>> nclib.two_cluster_means(3, np.pi)
    array([[ 1.,  0.,  0.],
           [-1.,  0.,  0.]])
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
    """The means mu_k = e_k of Figure 2, as a (K, d) array; d >= K.

    Examples
    --------
    >>> import nclib
    >>> nclib.orthonormal_means(2, 3)
    array([[1., 0., 0.],
           [0., 1., 0.]])
    """
    K = check_integer("K", K, 2)
    d = check_integer("d", d, K)
    return np.eye(K, d)


def simplex_means(K, d):
    """K unit means with all cosines -1/(K-1), as a (K, d) array; d >= K-1.

    The rows are the vertices of a regular simplex centered at 0, written in
    the first K-1 coordinates.

    Examples
    --------
    >>> import nclib
    >>> means = nclib.simplex_means(3, 4)
    >>> (means @ means.T).round(6)
    array([[ 1. , -0.5, -0.5],
           [-0.5,  1. , -0.5],
           [-0.5, -0.5,  1. ]])
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


def spread_means(n, scales=1.0):
    """Two opposed unit means, spread evenly over n coordinates, (2, n).

    ``scales``, (n,) or a number, are divided out of the coordinates.

    Examples
    --------
    >>> from nclib.data import spread_means
    >>> spread_means(4)
    array([[ 0.5,  0.5,  0.5,  0.5],
           [-0.5, -0.5, -0.5, -0.5]])
    """
    first = np.ones(n) / np.sqrt(n) / scales
    return np.array([first, -first])


def pad_means(means, d):
    """The (K, p) means with zero coordinates appended, as a (K, d) array.

    Examples
    --------
    >>> from nclib.data import pad_means
    >>> pad_means([[1.0, 2.0], [3.0, 4.0]], 3)
    array([[1., 2., 0.],
           [3., 4., 0.]])
    """
    means = check_matrix("means", means)
    d = check_integer("d", d, means.shape[1])
    return np.pad(means, ((0, 0), (0, d - means.shape[1])))


def power_of_two(values, axis=None):
    """The power of two just below the largest magnitude, or 1/2 for zeros.

    Dividing by it is exact.
    """
    largest = np.abs(values).max(axis=axis, initial=0.0)
    return np.ldexp(0.5, np.frexp(largest)[1])


def first_per_class(X, y, n_per_class):
    """The first ``n_per_class`` rows of every class, kept in file order.

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.data import first_per_class
    >>> X, y = np.arange(5.0)[:, None], np.array([1, 0, 1, 1, 0])
    >>> first_per_class(X, y, 1).X.ravel()
    array([0., 1.])
    """
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

    Examples
    --------
    >>> import nclib
    >>> X, y = nclib.digits(n_per_class=20)
    >>> X.shape
    (200, 64)
    """
    datasets = load("sklearn.datasets", "nclib.digits")
    X, y = datasets.load_digits(return_X_y=True)
    return first_per_class(X / 16.0, y.astype(np.int64), n_per_class)


def fashion_mnist(n_per_class=None, split="train", root=None):
    """Fashion-MNIST: 28x28 gray images of ten kinds of clothing.

    The official IDX files (gzipped or unpacked) are read from ``root``, else
    from the folder named by the environment variable ``NCLIB_DATA``. With
    neither they are downloaded once, from two mirrors and with their SHA-256
    checked, into the user's cache; files already there are not fetched again.
    ``NCLIB_OFFLINE=1`` forbids the download.

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
        A file is truncated, corrupt, not the IDX file its name promises, or
        that of another data set, such as MNIST, under the same name;
        ``split`` or ``n_per_class`` is not legal.
    FileNotFoundError
        The folder or a file in it is missing.
    ConnectionError
        No mirror delivered a file, or it may not be asked.
    PermissionError
        The cache cannot be written.

    Notes
    -----
    The data of Figure 6, which takes n = 500 a class. Xiao, Rasul and
    Vollgraf (2017), MIT license.

    Examples
    --------
    >>> import nclib
    >>> X, y = nclib.fashion_mnist(n_per_class=20)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    """
    prefixes = {"train": "train", "test": "t10k"}
    prefix = prefixes[check_choice("split", split, prefixes)]
    root = root if root is not None else os.environ.get("NCLIB_DATA") or None
    images_path, labels_path = (
        _fetch(name) if root is None else _find(name, root)
        for name in (
            f"{prefix}-images-idx3-ubyte.gz",
            f"{prefix}-labels-idx1-ubyte.gz",
        )
    )
    images, labels = _read(images_path, 3), _read(labels_path, 1)
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
    for path, array, kind in (
        (images_path, images, "images-idx3"),
        (labels_path, labels, "labels-idx1"),
    ):
        content = hashlib.sha256(array).hexdigest()
        if content != _CONTENT[f"{prefix}-{kind}-ubyte.gz"]:
            raise ValueError(
                f"{path} is not the file of Fashion-MNIST, by its SHA-256 "
                f"{content[:12]}...; the files of MNIST and of other sets "
                "have the same names. Delete it and fetch it again"
            )
    X, y = first_per_class(
        images.reshape(len(images), -1), labels.astype(np.int64), n_per_class
    )
    return Dataset(X / 255.0, y)


def images(n_per_class=None):
    """Images of ten classes: Fashion-MNIST, else the digits of scikit-learn.

    Parameters
    ----------
    n_per_class : int, optional
        Keep the first that many of each class, in file order; of the digits
        at most 174. By default all.

    Returns
    -------
    Dataset
        Of `fashion_mnist` or of `digits`.
    str
        Which, as `which_images` says.

    Raises
    ------
    ValueError
        If there are fewer images, and whatever `fashion_mnist` raises.

    Examples
    --------
    >>> from nclib.data import images
    >>> (X, y), name = images(5)
    >>> len(y), name in ("Fashion-MNIST", "digits")
    (50, True)
    """
    name = which_images()
    if name == "Fashion-MNIST":
        return fashion_mnist(n_per_class), name
    if n_per_class is not None and n_per_class > 174:
        raise ValueError(
            "NCLIB_DATA must name the folder of Fashion-MNIST for "
            f"n = {n_per_class} images a class, the digits have only 174"
        )
    return digits(n_per_class), name


def which_images(download=True):
    """Which images `images` returns, "Fashion-MNIST" or "digits".

    Fashion-MNIST if ``NCLIB_DATA`` names a folder, if the files are in the
    user's cache, or if they can be downloaded into it, unless ``download`` is
    False or ``NCLIB_OFFLINE=1``. A download that fails takes some seconds, and
    is not tried again for an hour.

    Examples
    --------
    >>> from nclib.data import which_images
    >>> which_images(download=False) in ("Fashion-MNIST", "digits")
    True
    """
    at_hand = os.environ.get("NCLIB_DATA") or all(map(_cached, _TRAIN))
    if at_hand or (download and not _offline() and _downloaded()):
        return "Fashion-MNIST"
    return "digits"


def _offline():
    return os.environ.get("NCLIB_OFFLINE", "0") not in ("", "0")


@cache
def _downloaded():
    """Whether the training half could be had; says so, and remembers a no."""
    try:
        load("pooch", "nclib.fashion_mnist")
    except MissingExtra as error:
        print(f"No Fashion-MNIST, so digits: {error}", file=sys.stderr)
        return False
    failed = _cache_folder() / "fashion-mnist-not-reached"
    with suppress(OSError):
        if time.time() - failed.stat().st_mtime < 3600:
            print(
                "No mirror of Fashion-MNIST answered in the last hour, so "
                f"digits; delete {failed} to ask again.",
                file=sys.stderr,
            )
            return False
    print("Fashion-MNIST: downloading 30 MB, once.", file=sys.stderr)
    try:
        if not _reachable():
            raise ConnectionError("no mirror answers")
        for name in _TRAIN:
            _fetch(name)
    except OSError as error:
        print(f"No Fashion-MNIST, so digits: {error}", file=sys.stderr)
        with suppress(OSError):
            failed.parent.mkdir(parents=True, exist_ok=True)
            failed.touch()
        return False
    return True


def _reachable(seconds=8.0):
    """Whether a mirror answers soon, on a network that drops packets, too."""
    import requests

    answered = threading.Event()

    def ask(mirror):
        with suppress(requests.RequestException, OSError):
            requests.head(mirror, timeout=seconds)
            answered.set()

    # No timeout limits the look-up of a name: leave it alone.
    threads = [
        threading.Thread(target=ask, args=(mirror,), daemon=True)
        for mirror in _MIRRORS
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    for thread in threads:
        while thread.is_alive() and time.monotonic() < end:
            if answered.wait(0.05):
                return True
    return answered.is_set()


def _cache_folder():
    return platformdirs.user_cache_path("nclib")


def _cached(name):
    """Path of ``name`` in the user's cache if it is there, whole, or None."""
    path = _cache_folder() / name
    with suppress(OSError):
        if _sha256(path, path.stat().st_mtime_ns) == _SHA256[name]:
            return path
    return None


@cache
def _sha256(path, modified):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _find(name, root):
    """Path of the file ``name`` (.gz, or unpacked) in the folder ``root``."""
    folder = Path(root).expanduser().absolute()
    if not folder.is_dir():
        raise FileNotFoundError(
            f"the data folder {folder} does not exist; correct root or "
            "NCLIB_DATA, or unset it to download Fashion-MNIST"
        )
    for path in (folder / name, folder / name.removesuffix(".gz")):
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"{name} is missing from {folder}, packed or unpacked; it should "
        f"hold {', '.join(_SHA256)}. Add it, or unset root and NCLIB_DATA to "
        "download all four"
    )


def _fetch(name):
    """Path of ``name`` in the user's cache, downloaded unless it is there."""
    if path := _cached(name):
        return path
    if _offline():
        raise ConnectionError(
            f"{name} is not in the cache, and NCLIB_OFFLINE forbids to "
            f"download it; {_REMEDY}"
        )
    pooch = load("pooch", "nclib.fashion_mnist")
    import requests

    cache = _cache_folder()
    reasons = []
    for mirror in _MIRRORS:
        try:
            return Path(
                pooch.retrieve(
                    mirror + name,
                    _SHA256[name],
                    fname=name,
                    path=cache,
                    downloader=pooch.HTTPDownloader(
                        progressbar=True, timeout=15
                    ),
                )
            )
        except (requests.RequestException, ValueError) as error:
            reasons.append(f"{mirror}: {error}")
        except OSError as error:
            raise PermissionError(
                f"{name} cannot be written to the cache folder {cache} "
                f"({error}); make it writable, or {_REMEDY}"
            ) from error
    raise ConnectionError(
        f"{name} could not be downloaded from any mirror; check the network "
        f"and try again (finished files are kept), or {_REMEDY}. "
        + "; ".join(reasons)
    )


def _read(path, ndim):
    """The unsigned bytes of an IDX file with ``ndim`` dimensions."""
    content = path.read_bytes()
    # By content, not by name: some browsers unpack a download silently.
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except EOFError as error:
            raise _damaged(path, "truncated: its gzip ends early") from error
        except (OSError, zlib.error) as error:
            raise _damaged(path, f"corrupt: {error}") from error
    start, magic = 4 + 4 * ndim, bytes([0, 0, 8, ndim])
    if content[:4] != magic[: len(content)]:
        raise _damaged(
            path,
            f"not an IDX file of {ndim}-dimensional bytes: its magic number "
            f"is 0x{content[:4].hex()}, expected 0x{magic.hex()}",
        )
    if len(content) < start:
        raise _damaged(path, "truncated: it ends inside its header")
    shape = tuple(np.frombuffer(content[4:start], ">u4").tolist())
    found, expected = len(content) - start, math.prod(shape)
    if found != expected:
        raise _damaged(
            path,
            f"{'truncated' if found < expected else 'corrupt'}: {found} "
            f"bytes of data, but its header promises {expected}, {shape}",
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _damaged(path, fault):
    return ValueError(f"{path} is {fault}; delete it and fetch it again")
