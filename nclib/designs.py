r"""Data that are not equal classes of white noise: drawn, and decided in full.

A design says how many samples the classes have, how loud each cluster is, and
from which clusters a class draws its samples:

    sizes (K,)               class j has sizes[j] n samples,
    noise (clusters,)        cluster c has the noise sigma noise[c],
    mixture (K, clusters)    a sample of class j is of cluster c with chance
                             mixture[j, c].

`nclib.phase_boundary` takes the same three. Here are full data, so that what
is predicted can be checked on what `nclib.decide` would be given.
"""

import numpy as np
from scipy.special import gamma, roots_genlaguerre

from nclib._checks import (
    check_design,
    check_integer,
    check_means,
    check_numbers,
    check_real,
)
from nclib.asymptotics import phase_boundary
from nclib.data import Dataset
from nclib.transition import LeadingColumns, critical_index

__all__ = [
    "design_dimensions",
    "design_sample",
    "elliptical",
    "student_levels",
]


def design_sample(
    means, sigma, n, d, seed, *, sizes=None, noise=None, mixture=None
):
    """One data set of a design, in d dimensions.

    Parameters
    ----------
    means : (clusters, p) array_like
        Centers in the first p coordinates, p at most d.
    sigma : float
        Noise level, at least 0.
    n : int
        Samples of a class of size 1; every size times n is whole.
    d : int
        Dimension.
    seed : int, SeedSequence or Generator
    sizes, noise, mixture : array_like, optional
        The design, as for `nclib.phase_boundary`.

    Returns
    -------
    Dataset
        Rows class by class, of each cluster a random number.

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.designs import design_sample
    >>> X, y = design_sample(np.eye(2), 0.1, 4, 3, seed=0, sizes=(1, 2))
    >>> X.shape, np.bincount(y)
    ((12, 3), array([4, 8]))
    """
    means = check_means(means)
    sigma = check_real("sigma", sigma, 0.0)
    n = check_integer("n", n, 1)
    d = check_integer("d", d, means.shape[1])
    sizes, noise, mixture = check_design(len(means), sizes, noise, mixture)
    counts = np.rint(sizes * n).astype(int)
    if (np.abs(counts - sizes * n) > 1e-9 * n).any() or not counts.all():
        raise ValueError(
            f"sizes times n must be whole numbers of samples, got {sizes * n}"
        )
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(sizes)), counts)
    cluster = y
    if mixture is not None:
        # The last edge is 1 but for rounding, which a draw may exceed.
        edges = np.cumsum(mixture, axis=1)[:, :-1]
        cluster = (rng.random(len(y))[:, None] > edges[y]).sum(axis=1)
    X = sigma * noise[cluster][:, None] * rng.standard_normal((len(y), d))
    X[:, : means.shape[1]] += means[cluster]
    return Dataset(X, y)


def design_dimensions(
    means, sigma, n, draws, seed, k=0, bias=False, *, sizes=None, noise=None,
    mixture=None,
):  # fmt: skip
    """Smallest feasible d of class k in each of many draws of full data.

    Parameters
    ----------
    means, sigma, n
        As for :func:`design_sample`.
    draws : int
        Data sets, in as many dimensions as each has samples.
    seed : int
    k : int
        The class asked.
    bias : bool
        With a column of ones, which is not counted.
    sizes, noise, mixture : array_like, optional
        The design, as for `nclib.phase_boundary`.

    Returns
    -------
    (draws,) int array
        Between the size of class k and the number of samples.

    Notes
    -----
    Each data set is decided by `nclib.feasibility` on its leading columns,
    about ten times.

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.designs import design_dimensions
    >>> d = design_dimensions(np.eye(2), 0.5, 10, 4, seed=0, sizes=(1, 2))
    >>> bool(((10 <= d) & (d <= 30)).all())
    True
    """
    design = dict(sizes=sizes, noise=noise, mixture=mixture)
    boundary = phase_boundary(means, sigma, k, bias, **design)
    found = []
    for child in np.random.SeedSequence(seed).spawn(draws):
        counts = np.rint(check_design(len(means), **design)[0] * n)
        total, own = int(counts.sum()), int(counts[k])
        X, y = design_sample(means, sigma, n, total, child, **design)
        if bias:
            X = np.column_stack([np.ones(total), X])
        columns = range(own + bias, total + bias)
        guess = int(n * boundary.delta) - own
        draw = LeadingColumns(X, y, k)
        found.append(own + critical_index(draw, columns, guess))
    return np.array(found)


def elliptical(means, levels, weights):
    """Clusters whose noise is louder in some samples than in others.

    A sample is its mean plus sigma times a level of noise times a standard
    normal vector; multivariate t noise has such samples, for example. It is a
    mixture of clusters at the same mean, one for each level.

    Parameters
    ----------
    means : (K, d) array_like
        One mean a class.
    levels : (L,) array_like
        Positive levels.
    weights : (L,) array_like
        Their chances, summing to 1.

    Returns
    -------
    dict
        ``means``, ``noise`` and ``mixture``, to be passed on by name.

    Examples
    --------
    >>> import nclib
    >>> from nclib.designs import elliptical, student_levels
    >>> loud = elliptical([[1.0], [-1.0]], *student_levels(3))
    >>> round(nclib.phase_boundary(**loud, sigma=0.5).delta, 2)
    1.32
    """
    means = check_means(means)
    levels, weights = (
        check_numbers(name, value, 0.0)
        for name, value in (("levels", levels), ("weights", weights))
    )
    if levels.ndim != 1 or levels.shape != weights.shape:
        raise ValueError(
            "levels and weights must be vectors of one length, got shapes "
            f"{levels.shape} and {weights.shape}"
        )
    K = len(means)
    return dict(
        means=np.repeat(means, len(levels), axis=0),
        noise=np.tile(levels, K),
        mixture=np.kron(np.eye(K), weights),
    )


def student_levels(degrees, points=40):
    r"""Levels and weights of multivariate t noise.

    Such a vector is :math:`\sqrt{\nu/\chi^2_\nu}` times a standard normal one.
    These levels integrate polynomials of :math:`\chi^2_\nu` exactly up to
    degree ``2 * points - 1`` (Gauss and Laguerre).

    Parameters
    ----------
    degrees : float
        Degrees of freedom, at least 1.
    points : int
        Number of levels.

    Returns
    -------
    levels, weights : (points,) arrays

    Examples
    --------
    >>> from nclib.designs import student_levels
    >>> levels, weights = student_levels(3)
    >>> round(float(weights @ levels**-2.0), 10)
    1.0
    """
    degrees = check_real("degrees", degrees, 1.0)
    points = check_integer("points", points, 1)
    half = degrees / 2
    nodes, weights = roots_genlaguerre(points, half - 1)
    kept = weights > 0
    weights = weights[kept] / gamma(half)
    return np.sqrt(half / nodes[kept]), weights / weights.sum()
