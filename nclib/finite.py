r"""Bounds for every sample size: can a class collapse, and how surely?

The boundary of `nclib.asymptotics` is a limit. Here are bounds that hold at
every n, without a hidden constant, from both sides. They rest on one law: the
squared distance of a Gaussian point from the random cone of the problem is
chi-square with d_c - p - B degrees of freedom, d_c the smallest feasible
dimension, p the rank of the means, B a fair coin. So a Laplace transform of
the distance bounds the tails of d_c, and the distance is the minimum of a
convex program, so that any direction v bounds it from above.

With y ~ N(a, s^2) everything is made of the moments

    E exp(xi max(y, 0)^2),

closed forms for xi < 1/(2 s^2), taken in logarithms. Beyond the paper.
"""

import numpy as np
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.special import (
    erfcx,
    expit,
    gammaln,
    log_ndtr,
    logit,
    logsumexp,
)
from scipy.stats import binom

from nclib._checks import check_integer, check_means, check_real
from nclib.asymptotics import phase_boundary
from nclib.data import GaussianMixture, pad_means
from nclib.transition import LeadingColumns, smallest

__all__ = [
    "allowed_noise",
    "allowed_samples",
    "cone_distances",
    "feasibility_bound",
    "infeasibility_bound",
    "log_bound",
    "needed_dimensions",
    "sampled_dimensions",
]

# No probability is rounded to 0: the bound would be false.
_LEAST = np.finfo(float).tiny
# Relative error that is granted to the rule for an integral.
_SAME = 1e-3


def feasibility_bound(means, sigma, n, d, k=0):
    r"""Upper bound on the chance that class k cannot collapse, at every n.

    The smallest value of :func:`log_bound` over v and xi, and no larger than
    what Wendel's law gives for neurons that ignore the means:

    .. math:: &P(\text{infeasible at } d) \\
        &\le P\big(\mathrm{Bin}(N-n_k, \tfrac12) > d - n_k - p\big).

    Parameters
    ----------
    means : (K, m) array_like
        Class means of the mixture (2.15), K at least 2.
    sigma : float
        Noise level, positive.
    n : int or (K,) array_like of int
        Samples a class, or of each class; more than the rank p of the means.
    d : int
        Dimension, at least 1.
    k : int or None
        Row of `means` that is the target class; None bounds the chance that
        not all classes can collapse, by the sum.

    Returns
    -------
    float
        In [0, 1]; 0 for d at least N, where collapse is sure, and 1 for d
        below n_k, where it is impossible.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Notes
    -----
    About 20 ms a class. Beyond the paper; proved given Crofton's formula and
    the Gaussian Steiner formula. Any v and xi give a bound, so that nothing
    rests on the optimizer. Probabilities below 1e-307 are returned as that.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> round(nclib.feasibility_bound(means, 0.5, 300, 420), 4)
    0.0003
    """
    problems = _problems(means, sigma, n, k)
    d = check_integer("d", d, 1)
    return float(min(1.0, sum(p.failure(d) for p in problems)))


def infeasibility_bound(means, sigma, n, d, k=0):
    r"""Lower bound on the chance that class k cannot collapse, at every n.

    With :math:`G_x(v)` the expectation of exp(-x (the program's value at v)),
    closed as in :func:`log_bound`, for all x, z > 0

    .. math:: &P(\text{feasible}) \le e^{-z^2/2} \\
        &\quad + \frac{2(1+2x)^{(d-p)/2}}{1+\sqrt{1+2x}}
        \Big(\frac{x\Lambda^2}\pi\Big)^{p/2} \int_{\mathbb R^p} G_x, \\
        &\Lambda = \sqrt N + \sqrt p + z \\
        &\quad + \Big\|\sum_j n_j\mu_j\mu_j^\top\Big\|^{1/2}\!/\sigma .

    Parameters
    ----------
    means, sigma, n, d
        As for :func:`feasibility_bound`.
    k : int or None
        Row of `means` that is the target class; None bounds the chance that
        not all classes can collapse, by the largest of the K.

    Returns
    -------
    float
        In [0, 1]; 0 where the bound says nothing.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Notes
    -----
    About 0.1 s a class. Beyond the paper; proved given Crofton's formula and
    the Gaussian Steiner formula. On a sphere :math:`|v| = r` the logarithm of
    G is a concave function of the margins, so that tangents bound it; what
    remains is an integral over r, by the trapezoidal rule. It costs a factor
    of about :math:`n^{(p-1)/2}`, so that the bound is sharp for few
    dimensions of the means only.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> round(nclib.infeasibility_bound(means, 0.5, 300, 350), 4)
    0.9998
    """
    problems = _problems(means, sigma, n, k)
    d = check_integer("d", d, 1)
    return float(max(0.0, *(p.certain_failure(d) for p in problems)))


def log_bound(means, sigma, n, d, v, xi, k=0):
    r"""Logarithm of the bound of :func:`feasibility_bound` at given v, xi.

    With :math:`s^2=1+\|v\|^2`, :math:`a_j=\langle\mu_j,v\rangle/\sigma`,
    :math:`\theta=(1-2\xi)^{-1/2}`, :math:`\kappa=1-2\xi s^2`

    .. math:: &P(\text{infeasible at } d) \\
        &\le \frac{2\theta^{p-d}}{1+\theta}
        \,\kappa^{-(n_k-1)/2} \\
        &\times \mathbb E e^{\xi(\sqrt{n_k}\,a_k+sG)_-^2} \\
        &\times \prod_{j\ne k}
        \Big[\mathbb E e^{\xi(a_j+sG)_+^2}\Big]^{n_j}.

    Parameters
    ----------
    means, sigma, n, d, k
        As for :func:`feasibility_bound`, k not None.
    v : (m,) array_like
        Direction; its part in the span of the means counts.
    xi : float
        Positive, below :math:`1/(2s^2)`.

    Returns
    -------
    float
        The logarithm, which may be positive.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Notes
    -----
    Beyond the paper; proved given Crofton's formula and the Gaussian Steiner
    formula. At v = 0 it is Chernoff's bound of Wendel's law.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.finite import log_bound
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> round(log_bound(means, 0.5, 300, 420, [0.4, 0.0], 0.1), 2)
    -2.23
    """
    k = check_integer("k", k, 0)
    (problem,) = _problems(means, sigma, n, k)
    d = check_integer("d", d, 1)
    v = np.asarray(v, dtype=float)
    if v.shape != problem.axes.shape[1:] or not np.isfinite(v).all():
        raise ValueError(
            f"v must be finite of shape {problem.axes.shape[1:]}, got {v!r}"
        )
    v = problem.axes @ v
    limit = 0.5 / (1 + v @ v)
    xi = check_real("xi", xi, 0.0, exclusive=True, below=limit)
    constant, rate = problem.exponent(v, xi)
    return float(constant - (d - problem.rank) * rate)


def needed_dimensions(means, sigma, n, failure, k=None):
    """Smallest d from which :func:`feasibility_bound` is below ``failure``.

    Parameters
    ----------
    means, sigma, n
        As for :func:`feasibility_bound`.
    failure : float
        The chance of failure that is allowed, in (0, 1).
    k : int or None
        Class; all classes together unless given.

    Returns
    -------
    int
        At most N, where collapse is sure.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> nclib.needed_dimensions(means, 0.5, 300, failure=1 / 300)
    417
    """
    problems = _problems(means, sigma, n, k)
    failure = _check_failure(failure)
    # The sum of the K bounds is met between these two.
    low = max(p.enough(failure) for p in problems) - 1
    high = max(p.enough(failure / len(problems)) for p in problems) + 1
    total = int(problems[0].sizes.sum())
    return smallest(
        lambda d: sum(p.failure(d) for p in problems) <= failure,
        max(low, 1),
        min(high, total),
    )


def allowed_samples(means, sigma, d, failure, k=None):
    """Largest n a class at which the chance of failure is bounded so.

    Parameters
    ----------
    means, sigma, d, k
        As for :func:`feasibility_bound`.
    failure : float
        The chance of failure that is allowed, in (0, 1).

    Returns
    -------
    int
        At least d // K, where collapse is sure.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> nclib.allowed_samples(means, 0.5, 417, failure=1 / 300)
    300
    """
    means = check_means(means)
    d, failure = check_integer("d", d, 1), _check_failure(failure)
    sure = d // len(means)
    rank = len(_coordinates(means)[1])

    def fails(n):
        if n <= max(sure, rank):
            return n > sure
        return feasibility_bound(means, sigma, n, d, k) > failure

    # Refuses what is malformed also where no bound is asked for.
    _problems(means, sigma, rank + 1, k)
    return smallest(fails, sure + 1, max(d, sure) + 1) - 1


def allowed_noise(means, n, d, failure, k=None):
    """Largest sigma at which the chance of failure is bounded so.

    Parameters
    ----------
    means, n, d, k
        As for :func:`feasibility_bound`.
    failure : float
        The chance of failure that is allowed, in (0, 1).

    Returns
    -------
    float
        ``numpy.inf`` where Wendel's law is enough, and 0 where the bound
        asks for less than 1e-6 of the largest mean.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> round(nclib.allowed_noise(means, 300, 360, failure=1 / 300), 2)
    0.22
    """
    means = check_means(means)
    d, failure = check_integer("d", d, 1), _check_failure(failure)
    size = np.linalg.norm(means, axis=1).max()
    problems = _problems(means, size or 1.0, n, k)
    if sum(p.wendel(d) for p in problems) <= failure:
        return np.inf

    def excess(log_sigma):
        problems = _problems(means, np.exp(log_sigma), n, k)
        return np.log(sum(p.failure(d) for p in problems) / failure)

    low, high = np.log(1e-6 * size) if size else -np.inf, np.log(1e3 * size)
    if not size or excess(low) > 0:
        return 0.0
    if excess(high) <= 0:
        return float(np.exp(high))
    # Not above the root, so that the bound holds there.
    return float(np.exp(brentq(excess, low, high, xtol=1e-7) - 2e-7))


def sampled_dimensions(means, sigma, n, draws, seed, k=0):
    r"""Critical dimensions of full data, for classes of any sizes.

    Parameters
    ----------
    means, sigma, n, k
        As for :func:`feasibility_bound`.
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
    >>> from nclib.finite import sampled_dimensions
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> d = sampled_dimensions(means, 0.5, (3, 5), draws=4, seed=0)
    >>> bool(((3 <= d) & (d <= 8)).all())
    True
    """
    (problem,) = _problems(means, sigma, n, check_integer("k", k, 0))
    draws = check_integer("draws", draws, 1)
    seed = check_integer("seed", seed, 0)
    mixture = GaussianMixture(
        pad_means(problem.margins, problem.total), sigma=1.0
    )
    result = []
    for child in np.random.SeedSequence(seed).spawn(draws):
        X, y = mixture.sample(problem.sizes, child)
        data = LeadingColumns(X, y, k)
        lowest = int(problem.sizes[k])
        result.append(smallest(data.feasible, lowest, problem.total))
    return np.array(result)


def cone_distances(means, sigma, n, draws, seed, k=0):
    r"""Squared distances D_n of Gaussian points from the random cone.

    The other side of the law :math:`D_n \sim \chi^2_{d_c-p-B}`: all draws of
    the convex program at once, by Newton's method.

    Parameters
    ----------
    means, sigma, n, k
        As for :func:`feasibility_bound`.
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
    >>> from nclib.finite import cone_distances
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> cone_distances(means, 0.5, (3, 5), draws=4, seed=0).shape
    (4,)
    """
    (problem,) = _problems(means, sigma, n, check_integer("k", k, 0))
    draws = check_integer("draws", draws, 1)
    seed = check_integer("seed", seed, 0)
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(problem.sizes)), problem.sizes)
    own, N = labels == k, len(labels)
    S = rng.standard_normal((draws, N, problem.rank))
    S += problem.margins[labels]
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


def _check_failure(failure):
    return check_real("failure", failure, 0.0, exclusive=True, below=1.0)


def _coordinates(means):
    """The means in an orthonormal basis of their span, and the basis."""
    U, lengths, axes = np.linalg.svd(means, full_matrices=False)
    tolerance = max(means.shape) * np.finfo(float).eps * lengths[0]
    rank = int((lengths > tolerance).sum())
    if rank == means.shape[1]:
        return means, np.eye(rank)
    return (U * lengths)[:, :rank], axes[:rank]


def _problems(means, sigma, n, k):
    """The class problems that are asked for, every argument checked."""
    means = check_means(means)
    K = len(means)
    sigma = check_real("sigma", sigma, 0.0, exclusive=True)
    coordinates, axes = _coordinates(means)
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
    return [
        _Problem(coordinates / sigma, axes, sizes, label) for label in classes
    ]


class _Problem:
    """Class k of a mixture, its means in units of the noise."""

    def __init__(self, margins, axes, sizes, k):
        self.margins, self.axes, self.sizes, self.k = margins, axes, sizes, k
        self.rank = len(axes)
        self.total = int(sizes.sum())
        self._others = np.arange(len(sizes)) != k
        # Margins of size 1 along each axis, for the optimizer.
        self._scale = 1 / np.maximum(1, np.linalg.norm(margins, axis=0))

    def log_moments(self, v, xi):
        """log E exp(xi D) at fixed v, D the program there; rows of v."""
        v = np.atleast_2d(v)
        s2 = 1 + np.einsum("ij,ij->i", v, v)
        a = v @ self.margins.T
        own = self.sizes[self.k]
        others = _log_moment(a[:, self._others], s2[:, None], xi)
        return (
            others @ self.sizes[self._others]
            - (own - 1) / 2 * np.log1p(-2 * xi * s2)
            + _log_moment(-np.sqrt(own) * a[:, self.k], s2, xi)
        )

    def exponent(self, v, xi):
        """c and r with the log bound c - (d - p) r."""
        rate = -np.log1p(-2 * xi) / 2
        # 2 / (1 + theta), theta = exp(rate).
        coin = -np.log1p(np.expm1(rate) / 2)
        return float(self.log_moments(v, xi)[0]) + coin, rate

    def _parameters(self, y):
        v = y[:-1] * self._scale
        return v, expit(y[-1]) / (2 * (1 + v @ v))

    def _optimize(self, objective):
        """Least value of objective(c, r) that BFGS finds over v and xi."""

        def value(y):
            v, xi = self._parameters(y)
            constant, rate = self.exponent(v, xi)
            return objective(constant, rate) if rate > 0 else np.inf

        start = self._start() / self._scale
        line = minimize_scalar(
            lambda z: value(np.append(start, z)),
            bounds=(logit(1e-6), logit(0.9)),
            method="bounded",
        )
        start = np.append(start, line.x)
        with np.errstate(invalid="ignore"):
            found = minimize(
                value, start, method="BFGS", options={"gtol": 1e-3}
            )
        return min(line.fun, found.fun if np.isfinite(found.fun) else np.inf)

    def _start(self):
        """The minimizer of the limit, for equal classes."""
        return (
            phase_boundary(self.margins, 1.0, self.k).v
            if self.rank
            else (np.empty(0))
        )

    def wendel(self, d):
        """The bound of neurons that ignore the means; exact without any."""
        own = self.sizes[self.k]
        spare = d - own - self.rank
        return float(binom.sf(spare, self.total - own, 0.5))

    def failure(self, d):
        own = self.sizes[self.k]
        if d < own or d >= self.total:
            return float(d < own)
        log = self._optimize(lambda c, r: c - (d - self.rank) * r)
        return min(
            1.0, self.wendel(d), max(float(np.exp(min(log, 0))), _LEAST)
        )

    def enough(self, failure):
        """Least d at which the bound is ``failure``, up to the optimizer."""
        log, own = np.log(failure), self.sizes[self.k]
        best = np.ceil(self._optimize(lambda c, r: self.rank + (c - log) / r))
        heads = binom.isf(failure, self.total - own, 0.5)
        return int(min(max(best, own), own + self.rank + heads, self.total))

    def certain_failure(self, d):
        own, p = self.sizes[self.k], self.rank
        if d < own or d >= self.total:
            return float(d < own)
        # The integral over v is infinite.
        if own <= p + 1:
            return 0.0
        v, x = self._saddle(d)
        log = (d - p) / 2 * np.log1p(2 * x)
        log -= np.log1p((np.sqrt(1 + 2 * x) - 1) / 2)
        if p == 0:
            log += float(self.log_moments(np.empty((1, 0)), -x)[0])
            return -np.expm1(min(log, 0.0))
        log += self._log_integral(v, x) + p / 2 * np.log(x / np.pi)
        size = np.sqrt(self.sizes)[:, None] * self.margins
        edge = np.sqrt(self.total) + np.sqrt(p) + np.linalg.norm(size, 2)
        z = np.linspace(0, 40, 401)
        log = np.logaddexp(-z * z / 2, log + p * np.log(edge + z)).min()
        return -np.expm1(min(log, 0.0))

    def _saddle(self, d):
        """Near the best x, and the v at which the integrand is largest."""
        v, x = self._start(), 1.0
        for _ in range(2):
            x = np.exp(
                minimize_scalar(
                    lambda log_x, v=v: (
                        (d - self.rank) / 2 * np.log1p(2 * np.exp(log_x))
                        + self.log_moments(v, -np.exp(log_x))[0]
                    ),
                    bounds=(-12, 3),
                    method="bounded",
                ).x
            )
            if self.rank:
                v = self._scale * (
                    minimize(
                        lambda y, x=x: (
                            -self.log_moments(self._scale * y, -x)[0]
                        ),
                        v / self._scale,
                        method="BFGS",
                    ).x
                )
        return v, x

    def _log_integral(self, v, x):
        """Log of a bound on the integral of G over all v."""
        p, own = self.rank, self.sizes[self.k]
        length = np.linalg.norm(v)
        unit = v / length if length > 0 else np.eye(p)[0]
        radii = np.linspace(0.5, 2, 7) * max(length, 0.1)
        units = [unit]
        for radius in radii if p > 1 else ():
            found = minimize(
                lambda y, r=radius: (
                    -self.log_moments(
                        r * self._scale * y / np.linalg.norm(self._scale * y),
                        -x,
                    )[0]
                ),
                unit / self._scale,
                method="BFGS",
            ).x
            found = found * self._scale
            units.append(found / np.linalg.norm(found))
        # Beyond `last` the class's own factor alone is negligible.
        decay = own - 1 - p
        peak = float(self.log_moments(v, -x)[0])
        log_last = (80 - peak) / decay - np.log(2 * x) / 2
        last = max(np.exp(min(log_last, 150.0)), 2 * length)
        tail = -(own - 1) / 2 * np.log(2 * x) - decay * np.log(last)
        # The peak is not narrower than the full curvature allows.
        width = 1 / np.sqrt(
            2 * x * (self.total + self.sizes @ (self.margins**2).sum(axis=1))
        )
        step = min(0.05, width / (4 * length + 4 * width))
        count = 2 * int(min(1e5, np.arcsinh(last / width) / step / 2 + 1))
        t = np.linspace(0, np.arcsinh(last / width), count + 1)[1:]
        r = width * np.sinh(t)
        log = np.min([self._tangents(r, u, x) for u in units], axis=0)
        log += (p - 1) * np.log(r) + np.log(width * np.cosh(t) * (t[1] - t[0]))
        inside = logsumexp(log)
        # With every other point the rule must give the same.
        if abs(logsumexp(log[1::2]) + np.log(2) - inside) > _SAME:
            return np.inf
        sphere = np.log(2) + p / 2 * np.log(np.pi) - gammaln(p / 2)
        return sphere + _SAME + np.logaddexp(inside, tail - np.log(decay))

    def _tangents(self, r, unit, x):
        """Bounds of log G on the spheres of radii r, from r * unit."""
        v = r[:, None] * unit
        s2, a, own = 1 + r * r, v @ self.margins.T, self.sizes[self.k]
        slopes = np.empty_like(a)
        slopes[:, self._others] = self.sizes[self._others] * _slope(
            a[:, self._others], s2[:, None], -x
        )
        slopes[:, self.k] = -np.sqrt(own) * _slope(
            -np.sqrt(own) * a[:, self.k], s2, -x
        )
        gradient = slopes @ self.margins
        along = np.einsum("ij,ij->i", gradient, v)
        steepest = r * np.linalg.norm(gradient, axis=1)
        return self.log_moments(v, -x) + (steepest - along)


def _log_moment(a, s2, xi):
    """log E exp(xi max(y, 0)^2), y ~ N(a, s2), for xi < 1 / (2 s2)."""
    a, s2 = np.broadcast_arrays(np.asarray(a, dtype=float), s2)
    s, kappa = np.sqrt(s2), 1 - 2 * xi * s2
    x = np.abs(a) / (s * np.sqrt(2))
    tail = erfcx(x) / 2
    # A negative mean: nearly 1, and the logarithm of what is missing.
    below = np.exp(-x * x) * (
        erfcx(x / np.sqrt(kappa)) / (2 * np.sqrt(kappa)) - tail
    )
    above = np.logaddexp(
        np.log(tail) - x * x,
        xi * a * a / kappa
        - np.log(kappa) / 2
        + log_ndtr(np.abs(a) / (s * np.sqrt(kappa))),
    )
    return np.where(a < 0, np.log1p(below), above)


def _slope(a, s2, xi):
    """Derivative of `_log_moment` in a."""
    a, s2 = np.broadcast_arrays(np.asarray(a, dtype=float), s2)
    s, kappa = np.sqrt(s2), 1 - 2 * xi * s2
    log = _log_moment(a, s2, xi)
    x = np.abs(a) / (s * np.sqrt(2))
    tail = (
        np.where(
            a < 0,
            np.log(erfcx(x / np.sqrt(kappa)) / 2) - x * x,
            xi * a * a / kappa + log_ndtr(np.abs(a) / (s * np.sqrt(kappa))),
        )
        - np.log(kappa) / 2
    )
    edge = s / kappa * np.exp(-x * x - log) / np.sqrt(2 * np.pi)
    return 2 * xi * (np.exp(tail - log) * a / kappa + edge)
