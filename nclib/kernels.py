r"""A random first layer: the kernel of Theorem 6, and how wide is enough.

The first layer of a three-layer network is random and stays fixed. Its
features ``relu(X @ W1)`` are the data of a two-layer network, so everything
known about (2.12) applies to them: full rank N suffices for collapse
(Theorem 3), and far less than full rank is needed.
"""

import math

import numpy as np
import scipy.linalg

from nclib._checks import (
    check_choice,
    check_classes,
    check_integer,
    check_matrix,
    check_real,
    check_unit_rows,
    check_Xy,
)
from nclib.asymptotics import intercept_threshold
from nclib.feasibility import decide
from nclib.transition import smallest

__all__ = [
    "chernoff_width",
    "circle",
    "collapse_width",
    "h_infinity",
    "label_widths",
    "random_features",
    "random_first_layer",
    "rank_width",
    "smallest_eigenvalue",
    "sphere",
    "theorem_6_width",
]

# What each variant subtracts from E relu relu^T, for unit vectors.
_OFFSETS = {
    "corrected": 1 / (2 * np.pi),
    "theorem_6": 0.0,
    "lemma_9": 2 / np.pi,
}
_EPS = np.finfo(float).eps


def h_infinity(X, variant="corrected"):
    r"""The limit kernel of random ReLU features at unit vectors.

    With cos(theta) = <x_i, x_j> and z ~ N(0, I_d) it is the covariance of
    relu(<z, x_i>) and relu(<z, x_j>),

    .. math:: [H_\infty]_{ij} = \frac{\sin\theta + (\pi - \theta)\cos\theta}
        {2\pi} - \frac1{2\pi},

    since E relu(<z, x>) = 1/sqrt(2 pi). It is positive definite exactly if no
    two rows are equal and one row of each opposite pair x, -x are linearly
    independent; so is the kernel of Theorem 6.

    Parameters
    ----------
    X : (N, d) array
        Unit rows.
    variant : {"corrected", "theorem_6", "lemma_9"}
        The paper prints two other matrices under the same name. That of
        Theorem 6 centers with sqrt(2/pi), twice the mean, which cancels: it
        is the *uncentered* kernel, with nothing subtracted, and the theorem
        is true with it. That of Lemma 9 subtracts 2/pi and has the negative
        diagonal 1/2 - 2/pi; "corrected" is what it should say.

    Returns
    -------
    (N, N) float64 array
        Exactly symmetric. As a function of cos(theta) the kernel has the
        slope (pi - theta)/(2 pi), at most 1/2: rounding errors of the inner
        products are never amplified, not even near theta = 0 or pi.

    Raises
    ------
    TypeError, ValueError
        If ``X`` is not a real finite matrix of unit rows, or ``variant`` is
        not one of the three.

    Notes
    -----
    Theorem 6 and Lemma 9. Cost O(N**2 d).

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.kernels import h_infinity
    >>> h_infinity(np.eye(2)).round(4)
    array([[0.3408, 0.    ],
           [0.    , 0.3408]])
    """
    check_choice("variant", variant, _OFFSETS)
    X = check_unit_rows("X", X)
    cosine = np.clip(X @ X.T, -1.0, 1.0)
    np.fill_diagonal(cosine, 1.0)
    sine = np.sqrt((1.0 - cosine) * (1.0 + cosine))
    kernel = sine + (np.pi - np.arccos(cosine)) * cosine
    return (kernel + kernel.T) / (4 * np.pi) - _OFFSETS[variant]


def smallest_eigenvalue(kernel):
    """Smallest eigenvalue of a symmetric (N, N) matrix, in O(N**3).

    Its absolute error is about 1e-16 times the largest eigenvalue: a value
    below that says only that the matrix is numerically singular.

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.kernels import h_infinity, smallest_eigenvalue
    >>> round(smallest_eigenvalue(h_infinity(np.eye(4))), 4)
    0.3408
    """
    kernel = check_matrix("kernel", kernel)
    if kernel.shape[0] != kernel.shape[1] or (kernel != kernel.T).any():
        raise ValueError(
            f"kernel must be square and symmetric, got shape {kernel.shape}"
        )
    return float(
        scipy.linalg.eigvalsh(
            kernel, subset_by_index=[0, 0], overwrite_a=True
        )[0]
    )


def theorem_6_width(X, variant="theorem_6"):
    r"""The width at which Theorem 6 promises rank N, with constant 1.

    .. math:: \frac{\|X\|^4}{\lambda_{\min}^2}\, N \log N

    Parameters
    ----------
    X : (N, d) array
        Unit rows.
    variant : str
        The kernel, as in :func:`h_infinity`; by default the one that the
        theorem prints.

    Returns
    -------
    float
        ``inf`` where the smallest eigenvalue is not above its rounding
        error, for example with three opposite pairs in the plane: the
        theorem is silent.

    Notes
    -----
    Theorem 6, whose constant is not given; 22 is enough
    (:func:`chernoff_width`). Every factor counts: at N = 200 random points in
    50 dimensions the answer is near 4e7, the truth 200 (:func:`rank_width`).

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.kernels import theorem_6_width
    >>> round(theorem_6_width(np.eye(4)))
    48
    """
    N, squared_slope = _squared_slope(X, variant)
    return squared_slope**2 * N * math.log(N)


def chernoff_width(X, failure=None):
    r"""A width at which random features have rank N, every constant given.

    With S the kernel of Theorem 6, L = ||X|| / sqrt(lambda_min(S)) and
    failure p it is

    .. math:: & \tfrac43 \bigl(\sqrt N + L t\bigr)^2 \log\frac Np, \\
        & t^2 = 2\log(16 + 64 L^2).

    Parameters
    ----------
    X : (N, d) array
        Unit rows.
    failure : float, optional
        Chance that the rank may stay below N, in (0, 1); by default 1/N**2,
        as in Theorem 6.

    Returns
    -------
    float
        ``inf`` where the smallest eigenvalue is not above its rounding
        error.

    Notes
    -----
    Beyond the paper; proved given the matrix Chernoff bound. It is at most 22
    times :func:`theorem_6_width`, and usually far below it: the eigenvalue
    enters once, and not as a factor of N.

    Examples
    --------
    >>> from nclib.kernels import chernoff_width, sphere, theorem_6_width
    >>> X = sphere(100, 20, seed=0)
    >>> chernoff_width(X) < theorem_6_width(X) / 100
    True
    """
    N, squared_slope = _squared_slope(X, "theorem_6")
    if failure is None:
        failure = 1 / N**2
    else:
        failure = check_real("failure", failure, 0, exclusive=True, below=1)
    if squared_slope == math.inf:
        return math.inf
    t = math.sqrt(2 * math.log(16 + 64 * squared_slope))
    radius = math.sqrt(N) + math.sqrt(squared_slope) * t
    return 4 / 3 * radius**2 * math.log(N / failure)


def random_first_layer(d, d1, seed):
    r"""Gaussian first layer W1, entries N(0, 1/d1) in variance.

    Parameters
    ----------
    d, d1 : int
        Input dimension and width.
    seed : int, SeedSequence or Generator
        What `numpy.random.default_rng` takes.

    Returns
    -------
    (d, d1) float64 array
        Standard deviation ``d1**-0.5``. Columns are nested: with the same
        seed, the layers of widths a < b satisfy
        ``W_b[:, :a] * sqrt(b) == W_a * sqrt(a)`` up to rounding.

    Notes
    -----
    The first layer of Theorem 6 and Figure 6.

    Examples
    --------
    >>> from nclib.kernels import random_first_layer
    >>> random_first_layer(3, 100, seed=0).shape
    (3, 100)
    """
    d = check_integer("d", d, 1)
    d1 = check_integer("d1", d1, 1)
    return _neurons(np.random.default_rng(seed), d, d1) / math.sqrt(d1)


def random_features(X, d1, seed):
    """Random ReLU features relu(X @ W1).

    Parameters
    ----------
    X : (N, d) array
        One sample a row, of any norm.
    d1 : int
        Width.
    seed : int, SeedSequence or Generator
        The layer is ``random_first_layer(d, d1, seed)``; features of two
        widths with the same seed share their first columns up to the scale
        ``d1**-0.5``.

    Returns
    -------
    (N, d1) float64 array

    Notes
    -----
    The inner layer of (2.18). Cost O(N d d1) time, O((N + d) d1) memory.

    Examples
    --------
    >>> from nclib.kernels import random_features, sphere
    >>> H = random_features(sphere(5, 3, seed=0), 100, seed=1)
    >>> H.shape, bool((H >= 0).all())
    ((5, 100), True)
    """
    X = check_matrix("X", X)
    features = X @ random_first_layer(X.shape[1], d1, seed)
    return np.maximum(features, 0.0, out=features)


def rank_width(X, seed, max_width, progress=False):
    """Smallest width at which random features have rank N.

    Rank N is what Theorem 6 asks of the first layer. The neurons of one draw
    are appended one by one, so that the rank can only grow; the width is
    found by galloping and bisection.

    Parameters
    ----------
    X : (N, d) array
        Non-zero rows. Their norms change no rank and are divided out.
    seed : int, SeedSequence or Generator
        Draw of the neurons, as in :func:`random_features`.
    max_width : int
        Widest layer to try; memory is O(N max_width) at most.
    progress : bool, optional
        Show a progress bar.

    Returns
    -------
    int or None
        None if ``max_width`` neurons do not suffice.

    Raises
    ------
    TypeError, ValueError
        If ``X`` is not a real finite matrix or has a zero row.

    Notes
    -----
    Beyond the paper; numerical: the rank is that of `numpy.linalg.matrix_rank`
    in float64. In five or more dimensions N neurons were always enough for
    uniform points; in the plane most draws need far more, because neurons in
    one sector between neighboring lines see the same linear map, and some
    sectors are tiny.

    Examples
    --------
    >>> from nclib.kernels import rank_width, sphere
    >>> rank_width(sphere(20, 10, seed=0), seed=1, max_width=200)
    20
    """
    X = check_matrix("X", X)
    max_width = check_integer("max_width", max_width, 1)
    norms = np.linalg.norm(X, axis=1)
    if not norms.all():
        raise ValueError(
            f"X must have non-zero rows, got zeros in row {norms.argmin()}: "
            "its features vanish at every width"
        )
    N, features = len(X), _growing_features(X / norms[:, None], seed)

    def full(width):
        return np.linalg.matrix_rank(features(width)) == N

    with _Progress("rank width", progress) as report:
        return smallest(report(full), N, max_width, N)


def collapse_width(X, y, seed, max_width, classes=None, progress=False):
    r"""Smallest width at which all classes collapse on random features.

    That is the least d1 for which (2.12) is feasible for every class on
    relu(X @ W1): the least random first layer on which the rest of a
    three-layer network can reach a collapsed global minimum. Neurons of one
    draw are appended, which keeps a feasible class feasible; each class
    starts where the classes before it ended.

    Parameters
    ----------
    X : (N, d) array
        One sample a row.
    y : (N,) integer array
        Labels.
    seed : int, SeedSequence or Generator
        Draw of the neurons, as in :func:`random_features`.
    max_width : int
        Widest layer to try; memory is O(N max_width) at most.
    classes : iterable of labels, optional
        Ask only that these classes be feasible.
    progress : bool, optional
        Show a progress bar.

    Returns
    -------
    int or None
        None if ``max_width`` neurons do not suffice. A width at which a
        class cannot be decided counts as infeasible.

    Raises
    ------
    TypeError, ValueError
        As `nclib.decide`.

    Notes
    -----
    Beyond the paper. For inputs uniform on the sphere, labels independent of
    them and n samples a class, d1 / n tends to
    `nclib.asymptotics.intercept_threshold` (K), 1.391 at K = 2 and 2.653 at
    K = 10: derived, numerically confirmed. One class is centered there at
    finite n already; all of them together need the largest of K fluctuating
    widths, so a little more. Theorem 6 asks for rank N, that is d1 / n = K or
    more. Points that crowd need more.

    Examples
    --------
    >>> import nclib
    >>> from nclib.kernels import collapse_width
    >>> X, y = nclib.digits(10)
    >>> collapse_width(X, y, seed=0, max_width=100) <= 100
    True
    """
    X, codes, labels = check_Xy(X, y)
    max_width = check_integer("max_width", max_width, 1)
    sizes = dict(zip(labels.tolist(), np.bincount(codes), strict=True))
    wanted = check_classes(classes, sizes)
    wanted.sort(key=sizes.get, reverse=True)
    lowest, features = 1, _growing_features(X, seed)
    width = math.ceil(sizes[wanted[0]] * intercept_threshold(len(labels)))
    with _Progress("collapse width", progress) as report:
        for label in wanted:

            def feasible(width, label=label):
                answer = decide(
                    features(width), y, classes=[label], verify=False
                )
                return answer.classes[label].feasible is True

            width = smallest(report(feasible), lowest, max_width, width)
            if width is None:
                return None
            lowest = width
    return width


def sphere(N, d, seed):
    """N independent uniform points on the unit sphere of R^d.

    Parameters
    ----------
    N, d : int
        Points and dimensions.
    seed : int, SeedSequence or Generator

    Returns
    -------
    (N, d) float64 array

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.kernels import sphere
    >>> np.allclose(np.linalg.norm(sphere(5, 3, seed=0), axis=1), 1)
    True
    """
    N, d = check_integer("N", N, 1), check_integer("d", d, 1)
    X = np.random.default_rng(seed).standard_normal((N, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def circle(*angles):
    """Unit vectors of the plane at the given angles, one a row.

    Parameters
    ----------
    *angles : float
        In radians.

    Returns
    -------
    (len(angles), 2) float64 array

    Examples
    --------
    >>> from nclib.kernels import circle, h_infinity
    >>> round(float(h_infinity(circle(0.0, 0.5))[0, 1]), 4)
    0.2861
    """
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def label_widths(K, n, draws, d=50, seed=0, classes=(0,)):
    """Smallest widths per sample of a class, labels unrelated to inputs.

    Parameters
    ----------
    K, n : int
        Classes, and samples of each, uniform on the sphere.
    draws : int
        Data sets, each with a random layer of its own.
    d : int
        Dimension of the inputs.
    seed : int
    classes : sequence of int
        The classes that have to collapse.

    Returns
    -------
    (draws,) float64 array
        `collapse_width` / n; nan where 4 K n neurons do not suffice, which
        happens in the plane.

    Notes
    -----
    Beyond the paper. The mean tends to
    `nclib.asymptotics.intercept_threshold` (K) for one class, in three or
    more dimensions: derived, numerically confirmed.

    Examples
    --------
    >>> from nclib.kernels import label_widths
    >>> bool(1.0 < label_widths(2, 20, draws=3).mean() < 1.8)
    True
    """
    y = np.repeat(np.arange(K), n)
    widths = []
    for child in np.random.SeedSequence([6, K, n, seed]).spawn(draws):
        data, layer = child.spawn(2)
        X = sphere(K * n, d, data)
        width = collapse_width(X, y, layer, 4 * K * n, classes)
        widths.append(math.nan if width is None else width / n)
    return np.array(widths)


def _squared_slope(X, variant):
    """N and ||X||**2 / lambda_min; inf where lambda_min may be zero.

    Whitened features are Lipschitz functions of the neuron with constant
    ||X|| / sqrt(lambda_min).
    """
    kernel = h_infinity(X, variant)
    N = len(kernel)
    smallest = smallest_eigenvalue(kernel)
    if smallest <= N * _EPS * np.abs(kernel).sum(axis=1).max():
        return N, math.inf
    norm = np.linalg.norm(check_matrix("X", X), 2)
    return N, float(norm**2 / smallest)


def _neurons(rng, d, d1):
    # One neuron after the other, so that widths are nested.
    return rng.standard_normal((d1, d)).T


def _growing_features(X, seed):
    """A function of the width; unit-variance neurons, drawn when needed."""
    rng = np.random.default_rng(seed)
    features = np.empty((len(X), 0))

    def at(width):
        nonlocal features
        missing = width - features.shape[1]
        if missing > 0:
            new = X @ _neurons(rng, X.shape[1], missing)
            features = np.hstack([features, np.maximum(new, 0.0)])
        return features[:, :width]

    return at


class _Progress:
    """A bar that counts and names the widths that a search tries."""

    def __init__(self, title, shown):
        self._title, self._shown, self._bar = title, shown, None

    def __enter__(self):
        if self._shown:
            from tqdm import tqdm

            self._bar = tqdm(desc=self._title, unit="width")
        return self._report

    def __exit__(self, *error):
        if self._bar is not None:
            self._bar.close()

    def _report(self, holds):
        def reported(width):
            if self._bar is not None:
                self._bar.set_postfix(d1=width)
            answer = holds(width)
            if self._bar is not None:
                self._bar.update()
            return answer

        return reported
