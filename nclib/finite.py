r"""Bounds for every sample size: can a class collapse, and how surely?

The boundary of `nclib.asymptotics` is a limit. Here are bounds that hold at
every n, without a hidden constant, from both sides. They rest on the law of
`nclib.cones`: the squared distance from the cone is chi-square with
d_c - p - B degrees of freedom. So a Laplace transform of the distance bounds
the tails of d_c, and the distance is the minimum of a convex program, so that
any direction v bounds it from above.

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
    xlogy,
)
from scipy.stats import binom

from nclib._checks import check_integer, check_means, check_real
from nclib.asymptotics import phase_boundary
from nclib.cones import Cone, cones, span
from nclib.transition import smallest

__all__ = [
    "allowed_noise",
    "allowed_samples",
    "feasibility_bound",
    "infeasibility_bound",
    "log_bound",
    "needed_dimensions",
]

# No probability is rounded to 0: the bound would be false.
_LEAST = np.finfo(float).tiny
# Relative error that is granted to the rule for an integral.
_SAME = 1e-3


def feasibility_bound(means, sigma, n, d, k=0, *, noise=None):
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
    noise : (K,) array_like, optional
        Noise levels of the classes, in units of sigma; 1 by default. A class
        with its own noise is one whose mean is divided by it.

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
    problems = _problems(means, sigma, n, k, noise)
    d = check_integer("d", d, 1)
    return float(min(1.0, sum(p.failure(d) for p in problems)))


def infeasibility_bound(means, sigma, n, d, k=0, *, noise=None):
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
    noise : (K,) array_like, optional
        As for :func:`feasibility_bound`.

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
    problems = _problems(means, sigma, n, k, noise)
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


def needed_dimensions(means, sigma, n, failure, k=None, *, noise=None):
    """Smallest d from which :func:`feasibility_bound` is below ``failure``.

    Parameters
    ----------
    means, sigma, n
        As for :func:`feasibility_bound`.
    failure : float
        The chance of failure that is allowed, in (0, 1).
    k : int or None
        Class; all classes together unless given.
    noise : (K,) array_like, optional
        As for :func:`feasibility_bound`.

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
    problems = _problems(means, sigma, n, k, noise)
    failure = _check_failure(failure)
    # The sum of the K bounds is met between these two.
    low = max(p.enough(failure) for p in problems) - 1
    high = max(p.enough(failure / len(problems)) for p in problems) + 1
    return smallest(
        lambda d: sum(p.failure(d) for p in problems) <= failure,
        max(low, 1),
        high,
    )


def allowed_samples(means, sigma, d, failure, k=None, *, noise=None):
    """Largest n a class at which the chance of failure is bounded so.

    Parameters
    ----------
    means, sigma, d, k, noise
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
    rank = len(span(means))

    def fails(n):
        if n <= max(sure, rank):
            return n > sure
        return feasibility_bound(means, sigma, n, d, k, noise=noise) > failure

    # Refuses what is malformed also where no bound is asked for.
    _problems(means, sigma, rank + 1, k, noise)
    return smallest(fails, sure + 1, max(d, sure) + 1) - 1


def allowed_noise(means, n, d, failure, k=None, *, noise=None):
    """Largest sigma at which the chance of failure is bounded so.

    Parameters
    ----------
    means, n, d, k, noise
        As for :func:`feasibility_bound`.
    failure : float
        The chance of failure that is allowed, in (0, 1).

    Returns
    -------
    float
        ``numpy.inf`` where Wendel's law is enough, and 0 where the bound
        asks for less than 1e-6 of the largest mean over its `noise`.

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
    d, failure = check_integer("d", d, 1), _check_failure(failure)
    problems = _problems(means, 1.0, n, k, noise)
    size = np.linalg.norm(problems[0].margins, axis=1).max()
    coins = sum(p.wendel(d) for p in problems)
    if d >= problems[0].total or coins <= failure:
        return np.inf

    def excess(log_sigma):
        problems = _problems(means, np.exp(log_sigma), n, k, noise)
        return np.log(sum(p.failure(d) for p in problems) / failure)

    low, high = np.log(1e-6 * size) if size else -np.inf, np.log(1e3 * size)
    if not size or excess(low) > 0:
        return 0.0
    if excess(high) <= 0:
        return float(np.exp(high))
    # Not above the root, so that the bound holds there.
    return float(np.exp(brentq(excess, low, high, xtol=1e-7) - 2e-7))


def _check_failure(failure):
    return check_real("failure", failure, 0.0, exclusive=True, below=1.0)


def _problems(means, sigma, n, k, noise=None):
    """The class problems that are asked for, every argument checked."""
    return [
        _Problem(cone.margins, cone.axes, cone.sizes, cone.k)
        for cone in cones(means, sigma, n, k, noise)
    ]


class _Problem(Cone):
    """A cone with the transforms of its distance and their bounds."""

    @property
    def _scale(self):
        """Margins of size 1 along each axis, for the optimizer."""
        return 1 / np.maximum(1, np.linalg.norm(self.margins, axis=0))

    def log_moments(self, v, xi):
        """log E exp(xi D) at fixed v, D the program there; rows of v."""
        v = np.atleast_2d(v)
        s2 = 1 + np.einsum("ij,ij->i", v, v)
        a = v @ self.margins.T
        own = self.own
        others = _log_moment(a[:, self.others], s2[:, None], xi)
        return (
            others @ self.sizes[self.others]
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
        """The minimizer of the limit."""
        if not self.rank:
            return np.empty(0)
        return phase_boundary(self.margins, 1.0, self.k, sizes=self.sizes).v

    def wendel(self, d):
        """The bound of neurons that ignore the means; exact without any."""
        spare = d - self.own - self.rank
        return max(float(binom.sf(spare, self.total - self.own, 0.5)), _LEAST)

    def failure(self, d):
        if d < self.own or d >= self.total:
            return float(d < self.own)
        log = self._optimize(lambda c, r: c - (d - self.rank) * r)
        chernoff = max(float(np.exp(min(log, 0))), _LEAST)
        return min(self.wendel(d), chernoff)

    def enough(self, failure):
        """Least d at which the bound is ``failure``, up to the optimizer."""
        log, own = np.log(failure), self.own
        best = np.ceil(self._optimize(lambda c, r: self.rank + (c - log) / r))
        heads = binom.isf(failure, self.total - own, 0.5)
        return int(min(best, own + self.rank + heads, self.total))

    def certain_failure(self, d):
        own, p = self.own, self.rank
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
        p, own = self.rank, self.own
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
        t = np.linspace(0, np.arcsinh(last / width), count + 1)
        r = width * np.sinh(t)
        log = np.min([self._tangents(r, u, x) for u in units], axis=0)
        log += xlogy(p - 1, r) + np.log(width * np.cosh(t) * t[1])
        log[0] -= np.log(2)
        inside = logsumexp(log)
        # With every other point the rule must give the same.
        if abs(logsumexp(log[::2]) + np.log(2) - inside) > _SAME:
            return np.inf
        sphere = np.log(2) + p / 2 * np.log(np.pi) - gammaln(p / 2)
        return sphere + _SAME + np.logaddexp(inside, tail - np.log(decay))

    def _tangents(self, r, unit, x):
        """Bounds of log G on the spheres of radii r, from r * unit."""
        v = r[:, None] * unit
        s2, a, own = 1 + r * r, v @ self.margins.T, self.own
        slopes = np.empty_like(a)
        slopes[:, self.others] = self.sizes[self.others] * _slope(
            a[:, self.others], s2[:, None], -x
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
