r"""The law of every sample size, drawn from both of its sides.

Class k can collapse in d dimensions if a random subspace meets a cone, made of
the noise in the coordinates of the means. The squared distance D_n of a
Gaussian point from that cone is chi-square with d_c - p - B degrees of
freedom: d_c the smallest feasible dimension, p the rank of the means, B a fair
coin. One side decides data sets, the other minimizes convex programs. Bounds
that follow are in `nclib.finite`. Beyond the paper.
"""

from dataclasses import dataclass

import numpy as np

from nclib._checks import check_design, check_integer, check_means, check_real
from nclib._newton import reduce_means
from nclib.data import GaussianMixture, pad_means
from nclib.transition import LeadingColumns, smallest

__all__ = ["cone_distances", "sampled_dimensions"]


@dataclass(frozen=True)
class Cone:
    """The cone of class k: means in units of the noise, and sizes.

    ``margins`` (K, p) are the means in the rows of ``axes``, an orthonormal
    basis of their span, each over the noise of its class.
    """

    margins: np.ndarray
    axes: np.ndarray
    sizes: np.ndarray
    k: int

    @property
    def rank(self):
        return len(self.axes)

    @property
    def total(self):
        return int(self.sizes.sum())

    @property
    def own(self):
        return int(self.sizes[self.k])

    @property
    def others(self):
        return np.arange(len(self.sizes)) != self.k


def span(means):
    """Orthonormal basis of the span of the means, as `phase_boundary` has."""
    axes = reduce_means(means, np.inf)[0]
    # Means that fill their space keep their coordinates.
    return np.eye(len(axes)) if axes.shape[0] == axes.shape[1] else axes


def cones(means, sigma, n, k, noise=None):
    """The cones of class k, or of all for None, every argument checked."""
    means = check_means(means)
    K = len(means)
    sigma = check_real("sigma", sigma, 0.0, exclusive=True)
    # Rows may be divided by their noise level: (2.12) does not change.
    means = means / check_design(K, None, noise, None)[1][:, None]
    axes = span(means)
    sizes = list(n) if np.ndim(n) else [n] * K
    if len(sizes) != K:
        raise ValueError(
            f"n must be one integer or {K}, one a class, got {n!r}"
        )
    sizes = np.array([check_integer("n", size, 1) for size in sizes])
    if sizes.min() <= len(axes):
        raise ValueError(
            f"n must exceed the rank of the means, {len(axes)}, got {n!r}"
        )
    if k is None:
        classes = range(K)
    else:
        classes = [check_integer("k", k, 0)]
        if classes[0] >= K:
            raise ValueError(
                f"k must be below the number of means {K}, got {k}"
            )
    margins = means @ axes.T / sigma
    return [Cone(margins, axes, sizes, label) for label in classes]


def sampled_dimensions(means, sigma, n, draws, seed, k=0):
    r"""Critical dimensions of full data, for classes of any sizes.

    Parameters
    ----------
    means, sigma, n, k
        As for :func:`nclib.feasibility_bound`.
    draws : int
    seed : int

    Returns
    -------
    (draws,) int array
        Smallest d at which (2.12) is feasible.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.cones import sampled_dimensions
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> d = sampled_dimensions(means, 0.5, (3, 5), draws=4, seed=0)
    >>> bool(((3 <= d) & (d <= 8)).all())
    True
    """
    (cone,) = cones(means, sigma, n, check_integer("k", k, 0))
    draws = check_integer("draws", draws, 1)
    seed = check_integer("seed", seed, 0)
    mixture = GaussianMixture(pad_means(cone.margins, cone.total), sigma=1.0)
    result = []
    for child in np.random.SeedSequence(seed).spawn(draws):
        X, y = mixture.sample(cone.sizes, child)
        data = LeadingColumns(X, y, k)
        result.append(smallest(data.feasible, cone.own, cone.total))
    return np.array(result)


def cone_distances(means, sigma, n, draws, seed, k=0):
    r"""Squared distances D_n of Gaussian points from the random cone.

    The other side of the law :math:`D_n \sim \chi^2_{d_c-p-B}`: all draws of
    the convex program at once, by Newton's method.

    Parameters
    ----------
    means, sigma, n, k
        As for :func:`nclib.feasibility_bound`.
    draws : int
    seed : int

    Returns
    -------
    (draws,) array

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.cones import cone_distances
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> cone_distances(means, 0.5, (3, 5), draws=4, seed=0).shape
    (4,)
    """
    (cone,) = cones(means, sigma, n, check_integer("k", k, 0))
    draws = check_integer("draws", draws, 1)
    seed = check_integer("seed", seed, 0)
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(cone.sizes)), cone.sizes)
    own, N = labels == k, len(labels)
    S = rng.standard_normal((draws, N, cone.rank))
    S += cone.margins[labels]
    target = np.broadcast_to(-1.0 * own[:, None], (draws, N, 1))
    g = rng.standard_normal((draws, N))
    free, x = _program(np.concatenate([S, target], axis=2), g, own)
    bound, _ = _program(S, g, own)
    # t >= 0 binds where the free minimizer violates it.
    return np.where(x[:, -1] >= 0, free, bound)


def _program(S, g, own):
    """Minima over x of the residuals g + S x, others' positive parts."""
    x = np.zeros((len(S), S.shape[2]))

    def residuals(x):
        r = g + np.einsum("dij,dj->di", S, x)
        r = np.where(own | (r > 0), r, 0.0)
        return (r * r).sum(axis=1), r

    for _ in range(60 if S.shape[2] else 0):
        value, r = residuals(x)
        active = (own | (r != 0)).astype(float)
        gradient = np.einsum("dij,di->dj", S, r)
        hessian = np.einsum("dij,di,dik->djk", S, active, S)
        # Far below the own class's part, which alone is regular.
        hessian += 1e-12 * np.eye(S.shape[2])
        step = -np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
        length = np.ones(len(S))
        for _ in range(12):
            length[residuals(x + length[:, None] * step)[0] > value] /= 2
        x = x + length[:, None] * step
        if np.abs(length[:, None] * step).max() < 1e-9:
            break
    return residuals(x)[0], x
