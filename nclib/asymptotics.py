"""Exact phase boundary of neural collapse, and the exact error under it.

The printed theorems give sufficient conditions. For Gaussian mixtures the
linear feasibility problem (2.12) has a sharp threshold in d/n, which this
module computes together with its width at finite n, and the limit of the
constrained optimum (2.26). Everything here goes beyond the paper.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from nclib._checks import (
    check_design,
    check_extended,
    check_integer,
    check_means,
    check_numbers,
    check_real,
    check_sizes,
    plain,
)
from nclib._newton import (
    fluctuations,
    minimize,
    rectified_moment,
    reduce_means,
    symmetric,
)

__all__ = [
    "Boundary",
    "CollapsedError",
    "collapsed_error",
    "critical_sigma",
    "intercept_threshold",
    "phase_boundary",
    "psi",
    "separator_factor",
    "universal_curve",
]


@dataclass(frozen=True)
class Boundary:
    r"""Phase boundary of the class-k problem (2.12) and its finite-n band.

    With n samples a class, the smallest feasible dimension is about normal:

    .. math:: P(&\text{feasible at } d) \\
        &\approx \Phi\Big(\frac{d - n\delta - c_0(n)}{\sqrt n\,\tau}\Big).

    The threshold ``delta`` is proved given the kinematic formula for convex
    cones. For fixed means and noise, without bias, the normal limit, ``tau2``
    and the limit of the shift :math:`c_0` are proved given Crofton's formula
    and the Gaussian Steiner formula; with bias they are derived and confirmed
    numerically. They belong to large n: below `least_n` every method that
    takes n raises a ValueError. From there on the center was within half a
    dimension, and the width within 10 %, of every simulation (K = 2 to 20,
    n = 30 to 300). Bounds for every n are in `nclib.finite`.

    Attributes
    ----------
    delta : float
        Threshold :math:`\delta^*_k` of d/n.
    tau2 : float
        Limit of Var(smallest feasible d) / n.
    v : (d,) ndarray
        Minimizer in span(means), in the coordinates of the means.
    intercept : float
        Minimizing free intercept in units of sigma; 0 without bias.
    margins : (K,) ndarray
        :math:`\langle\mu_j, v\rangle/\sigma` (+ intercept) at the minimizer,
        one a row of the means.
        At sigma = 0 the infimum may sit at infinity; then these are the
        large negative numbers at which it is reached in double precision.
    rank : int
        Dimension p of span(means).
    """

    delta: float
    tau2: float
    v: np.ndarray
    intercept: float
    margins: np.ndarray
    rank: int
    _free: int = field(repr=False)
    # Samples of the class and of all classes, over n.
    _own: float = field(repr=False)
    _all: float = field(repr=False)
    _room: float = field(repr=False)
    _smooth_shift: float = field(repr=False)
    _omega: float = field(repr=False)
    _spread: float = field(repr=False)

    @property
    def least_n(self):
        """Samples a class from which on the normal law may be used.

        The smallest n with n (delta - 1), the number of samples that touch
        their hyperplane, at least the number of free variables of v and the
        intercept. With fewer the means' coordinates decide: without noise
        orthonormal means have d - n ~ Bin(K - 1, 1/2), not a point. Infinite
        where delta = 1.
        """
        if self._free == 0:
            return 1
        if self.delta <= self._own:
            return np.inf
        return max(1, math.ceil(self._free / (self.delta - self._own)))

    def _size(self, n):
        n = check_sizes("n", n)
        if np.any(n < self.least_n):
            raise ValueError(
                f"n must be at least {self.least_n} for the normal law of "
                f"this boundary (fewer than {self._free} samples touch their "
                f"hyperplane), got {n.min():.0f}"
            )
        return n

    def shift(self, n):
        r"""Center of the transition minus n delta, in units of d.

        A second-order expansion of the optimal value of the sampled problem
        in (v, y), where y is the distance of class k from its target and is
        subject to :math:`y + a_k(v) \ge 0`. With H the Hessian, V the
        covariance of the gradient, :math:`\ell` the constraint's gradient,
        :math:`\omega=\ell^\top H^{-1}\ell` and
        :math:`\varsigma^2=\ell^\top H^{-1}VH^{-1}\ell`,

        .. math:: c_0(n) &= p - \tfrac12\mathrm{tr}(H^{-1}V)
            + \frac{e}{2\omega}, \\
            e &= \psi(-\sqrt n\,a_k, \varsigma) \ \text{ if } a_k \ge 0, \\
            e &= \varsigma^2 - \psi(2\sqrt n\,\omega a_k, \varsigma)
            \ \text{ else}.

        The last term is 0 when the constraint is slack,
        :math:`\varsigma^2/2\omega` when it binds, and half of that in the
        degenerate case :math:`a_k = 0` (orthogonal means, for instance).
        The limit is proved for fixed means and noise, without bias, given
        Crofton's formula and the Gaussian Steiner formula; what n adds is
        derived: within 0.12 of simulation at n = 300.

        Parameters
        ----------
        n : int or array of int
            Samples a class, at least `least_n`.

        Returns
        -------
        float or ndarray
            Of the shape of `n`.
        """
        n = self._own * self._size(n)
        a = self._room
        variance = self._spread**2
        if a >= 0:
            correction = rectified_moment(-np.sqrt(n) * a, self._spread)
        else:
            bound = 2 * np.sqrt(n) * self._omega * a
            correction = variance - rectified_moment(bound, self._spread)
        return plain(self._smooth_shift + correction / (2 * self._omega))

    def center(self, n):
        r"""Mean of the smallest feasible d: :math:`n\delta+c_0(n)+\frac12`.

        Up to terms that vanish for large n, with the status of `shift`.

        Parameters
        ----------
        n : int or array of int
            Samples a class, at least `least_n`.

        Returns
        -------
        float or ndarray
            Of the shape of `n`.
        """
        size = self._size(n)
        return plain(size * self.delta + self.shift(n) + 0.5)

    def width(self, n):
        r"""Standard deviation :math:`\sqrt n\,\tau` of the transition.

        In units of d (divide by n for d/n). The limit is proved like
        ``tau2``.

        Parameters
        ----------
        n : int or array of int
            Samples a class, at least `least_n`.

        Returns
        -------
        float or ndarray
            Of the shape of `n`.
        """
        return plain(np.sqrt(self._size(n) * self.tau2))

    def probability(self, d, n):
        """Approximate probability that the class-k problem is feasible.

        Exactly 0 for d < n (Theorem 3(c)) and 1 for d >= K n (Theorem 5(c));
        the normal approximation of the class in between.

        Parameters
        ----------
        d, n : array_like
            Dimension and samples a class, at least `least_n`; broadcast
            together.

        Returns
        -------
        float or ndarray
            Probabilities.
        """
        d = check_numbers("d", d, 0.0)
        size = self._size(n)
        distance = d - size * self.delta - self.shift(n)
        with np.errstate(divide="ignore", invalid="ignore"):
            score = np.where(distance == 0, 0.0, distance / self.width(n))
        inside = np.where(d < self._own * size, 0.0, ndtr(score))
        return plain(np.where(d >= self._all * size, 1.0, inside))

    def band(self, n, level=0.9):
        """Central band of the transition in units of d/n.

        Parameters
        ----------
        n : int or array of int
            Samples a class, at least `least_n`.
        level : float
            Probability between the two edges, in (0, 1); 0.9 gives the d/n
            at which the probability of feasibility is 5 % and 95 %.

        Returns
        -------
        lo, hi : float or ndarray
            Edges in d/n.
        """
        level = check_real("level", level, 0.0, exclusive=True, below=1.0)
        size = self._size(n)
        center = self.delta + self.shift(n) / size
        half = ndtri((1 + level) / 2) * self.width(n) / size
        return plain(center - half), plain(center + half)


def phase_boundary(
    means, sigma, k=0, bias=False, *, sizes=None, noise=None, mixture=None
):
    r"""Exact threshold of d/n for the class-k problem (2.12) on model (2.15).

    For fixed means, fixed sigma and d/n tending to a limit, the problem is
    feasible with probability tending to one above, and to zero below,

    .. math:: \delta^*_k(\sigma) &= \min_{v\in\mathrm{span}(\mu)} F(v), \\
        F(v) &= 1 + \|v\|^2 + \frac{\langle\mu_k, v\rangle_-^2}{\sigma^2} \\
        &\quad + \sum_{j\ne k} \psi\Big(\frac{\langle\mu_j, v\rangle}\sigma,
        \sqrt{1+\|v\|^2}\Big),

    with :func:`psi`; neural collapse needs d/n above the largest of the K
    thresholds. The function is strongly convex; damped Newton from v = 0
    finds its minimizer.

    In a general design class j has :math:`\alpha_jn` samples, each from
    cluster c with chance :math:`w_{jc}`, where the noise is
    :math:`\sigma\eta_c`. With :math:`a_c=\langle\mu_c,v\rangle/\sigma` and
    :math:`s^2=1+\|v\|^2`

    .. math:: \delta^*_k = \min_{v,\,t\ge0}\ {}& \alpha_k\Big[s^2 + \sum_c
        w_{kc}\frac{(t-a_c)^2}{\eta_c^2}\Big] \\
        &+ \sum_{j\ne k}\alpha_j\sum_c w_{jc}\,
        \psi\Big(\frac{a_c}{\eta_c}, s\Big).

    Parameters
    ----------
    means : (K, d) array_like
        Class means, K at least 2; any Gram matrix, any scale. A mean whose
        part outside the span of others is below 4 max(K, d) eps of its own
        norm counts as dependent on them. Norms far above sigma are
        shortened where that moves delta by less than 1e-8. With `mixture`,
        one row a cluster.
    sigma : float
        Noise level, at least 0. ``numpy.inf`` gives the limit of no signal,
        delta = (K+1)/2 and tau2 = (K-1)/4; 0 gives the limit from above,
        1 plus the infimum of :math:`(a_k)_-^2+\sum_{j\ne k}
        \mathbb E(a_j+G)_+^2` over the range, which need not be attained.
    k : int
        Target class: a row of `means`, or of `mixture`.
    bias : bool
        Networks with biases: a free intercept, in units of sigma, is added
        to every :math:`\langle\mu_j, v\rangle/\sigma`.
    sizes : (K,) array_like, optional
        Samples of the classes, in units of n; positive, 1 by default. To
        `Boundary`, n is then the samples of a class of size 1.
    noise : (clusters,) array_like, optional
        The :math:`\eta_c`, positive, 1 by default. An elliptical law is a
        cluster at many levels, see :func:`nclib.designs.elliptical`.
    mixture : (K, clusters) array_like, optional
        The :math:`w_{jc}`, rows that sum to 1: label noise, classes of
        several clusters. By default each class is a cluster.

    Returns
    -------
    Boundary

    Raises
    ------
    TypeError, ValueError
        Naming the argument that is not as above; also norms spread over
        more than 13 orders of magnitude above sigma without one wide gap.
    RuntimeError
        If Newton's method does not converge (never seen).

    Notes
    -----
    Time O(K^2 d) for the basis and O(K p^2) a Newton step, p the rank.
    Beyond the paper. Threshold: proved given a standard theorem, the
    kinematic formula of Amelunxen, Lotz, McCoy and Tropp; the intercept of
    `bias` is one more free direction of its cone. Non-isotropic noise: pass
    means multiplied by the inverse root of its covariance.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> boundary = nclib.phase_boundary(means, 0.5)
    >>> round(boundary.delta, 4), round(boundary.probability(390, 300), 2)
    (1.288, 0.71)
    >>> round(nclib.phase_boundary(means, 0.5, sizes=(1, 3)).delta, 3)
    1.602
    """
    means = check_means(means)
    sigma = check_extended("sigma", sigma)
    if not isinstance(bias, (bool, np.bool_)):
        raise TypeError(f"bias must be a bool, got {bias!r}")
    free = np.ones(len(means)) if bias else None
    return boundary_of(means, sigma, k, free, sizes, noise, mixture)


def boundary_of(means, sigma, k, free, sizes, noise, mixture):
    """`phase_boundary` with ``free`` in place of the bias.

    A free intercept adds its entry of ``free`` to the margins of a cluster;
    None for no intercept.
    """
    k = check_integer("k", k, 0)
    sizes, noise, mixture = check_design(len(means), sizes, noise, mixture)
    if k >= len(sizes):
        kind = "means" if mixture is None else "rows of mixture"
        raise ValueError(
            f"k must be below the number of {kind} {len(sizes)}, got {k}"
        )
    # Rows may be divided by their noise level: (2.12) does not change.
    basis, T, D = reduce_means(means / noise[:, None], sigma)
    if free is not None:
        T = np.column_stack([T, free / noise])
        D = np.append(D, 0.0)
    own = sizes[k]
    weights = np.eye(len(means)) if mixture is None else mixture
    shares = sizes[:, None] / own * weights
    x, delta = minimize(T, D, k, shares, 1 / noise)
    tau2, trace, omega, spread, room = fluctuations(
        x, T, D, k, shares, 1 / noise
    )
    rank = len(basis)
    return Boundary(
        delta=float(own * delta),
        tau2=float(own * tau2),
        v=(D * x)[:rank] @ basis,
        intercept=0.0 if free is None else float(x[-1]),
        margins=noise * (T @ x),
        rank=rank,
        _free=len(x),
        _own=float(own),
        _all=float(sizes.sum()),
        _room=room,
        _smooth_shift=rank - trace / 2,
        _omega=omega,
        _spread=spread,
    )


def critical_sigma(ratio, means):
    """Noise level at which the threshold of class 0 equals ``ratio``.

    Parameters
    ----------
    ratio : float
        The d/n, between the thresholds at the noise levels 1e-3 and 1e3.
    means : (K, d) array_like
        Class means, as for :func:`phase_boundary`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If no noise level between 1e-3 and 1e3 has this threshold.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.asymptotics import critical_sigma
    >>> round(critical_sigma(1.2, nclib.two_cluster_means(2, np.pi)), 3)
    0.332
    """
    ratio = check_real("ratio", ratio, 1.0)
    low, high = 1e-3, 1e3
    ends = [phase_boundary(means, s).delta for s in (low, high)]
    if not ends[0] <= ratio <= ends[1]:
        raise ValueError(
            f"ratio must be between {ends[0]:.6g} and {ends[1]:.6g}, the "
            f"thresholds at sigma = 1e-3 and 1e3, got {ratio}"
        )
    return brentq(
        lambda sigma: phase_boundary(means, sigma).delta - ratio, low, high
    )


def psi(m, s):
    r""":math:`\psi(m,s)=\mathbb E(m+sG)_+^2` for a standard normal G.

    .. math:: \psi(m,s) = {}& (m^2+s^2)\,\Phi(m/s) \\
        & + ms\,\varphi(m/s),

    accurate to 1e-12 relative also where these two terms cancel (m/s far
    below zero).

    Parameters
    ----------
    m, s : array_like
        Real, broadcast together; s at least 0.

    Returns
    -------
    float or ndarray

    Examples
    --------
    >>> from nclib.asymptotics import psi
    >>> psi(0.0, 1.0)
    0.5
    """
    m, s = check_numbers("m", m), check_numbers("s", s, 0.0)
    return plain(rectified_moment(m, s))


def universal_curve(tau, K):
    r"""The threshold as a function of one number for symmetric means.

    .. math:: D_K(\tau) = {}& \min_{c\ge0} 1 + c^2 \\
        & + (K-1)\,\psi\big(-c/\tau, \sqrt{1+c^2}\big).

    Unit means with all pairwise cosines equal to :math:`\rho\le0` have
    :math:`\delta^*=D_K(\sigma\sqrt\kappa)`,
    :math:`\kappa=(K-1)/(1+(K-2)\rho)`; two means at an angle of at least 90
    degrees have :math:`\delta_1^*=D_2(\sigma/\|\mu_2\|)`, whatever the angle.

    Parameters
    ----------
    tau : array_like
        At least 0; ``numpy.inf`` allowed.
    K : int
        Number of classes, at least 2.

    Returns
    -------
    float or ndarray
        From 1 at tau = 0 to (K+1)/2 at infinity.

    Notes
    -----
    Beyond the paper; proved.

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.asymptotics import universal_curve
    >>> universal_curve([0.0, 0.5, np.inf], 2).round(4)
    array([1.   , 1.288, 1.5  ])
    """
    K = check_integer("K", K, 2)
    tau = check_numbers("tau", tau, 0.0, infinite=True)
    values = [symmetric(t, K)[1] for t in tau.ravel()]
    return plain(np.reshape(values, tau.shape))


def intercept_threshold(K):
    r"""Threshold when an intercept is all there is to separate the classes.

    .. math:: \delta_{int}(K) = 1 + \min_a \{ & a^2 \\
        {} + (K-1)\, & \mathbb E(G-a)_+^2\}.

    It is the limit sigma -> 0 of :func:`phase_boundary` for identical means,
    and the width d1 per sample of a class at which a random ReLU layer makes
    arbitrary labels collapse (compare Theorem 6). About 1 + 2 log K.

    Parameters
    ----------
    K : int
        Number of classes, at least 2.

    Returns
    -------
    float

    Notes
    -----
    Beyond the paper. For identical means: proved; for random features:
    derived (Gaussian equivalence), numerically confirmed.

    Examples
    --------
    >>> from nclib.asymptotics import intercept_threshold
    >>> round(intercept_threshold(2), 4)
    1.3913
    """
    K = check_integer("K", K, 2)
    return minimize(-np.ones((K, 1)), np.zeros(1), 0)[1]


@dataclass(frozen=True)
class CollapsedError:
    """Limit of the best neuron that satisfies collapse; see
    :func:`collapsed_error`.

    Attributes
    ----------
    delta, s : float
        Dimension per sample of a class; noise level sigma / norm of mu.
    q : float
        Norm times noise: collapse multiplies the noise level by q >= 1.
    error : float
        Limit of the smallest misclassification probability of class 1.
    bayes : float
        The same without the constraint of collapse.
    """

    delta: float
    s: float
    q: float
    error: float
    bayes: float

    @property
    def cosine(self):
        r"""Cosine between the two classes' optimal neurons.

        :math:`-\delta/((\delta-2e)q^2)`, e the error. Derived, numerically
        confirmed.
        """
        if np.isinf(self.delta):
            return -1.0
        return -self.delta / ((self.delta - 2 * self.error) * self.q**2)

    @property
    def angle(self):
        """Angle in radians between the two classes' optimal neurons.

        The arc cosine of `cosine`. Derived, numerically confirmed.
        """
        return float(np.arccos(max(self.cosine, -1.0)))


def collapsed_error(delta, s):
    r"""Exact asymptotic optimum of (2.26): what collapse costs.

    Two classes with means :math:`\pm\mu`, :math:`s=\sigma/\|\mu\|`, d/n
    tending to :math:`\delta`. Among the neurons that solve (2.12) the best
    ratio :math:`\langle\mu,\beta\rangle/(\|\mu\|\|\beta\|)` tends to 1/q and
    the smallest error to :math:`\Phi(-1/(sq))`, where q solves

    .. math:: q^2 + \psi(-1/s, q) = \delta\,(q^2-1),

    the root with smaller q. Limits: :math:`q^2=\delta/(\delta-1)` as s -> 0,
    :math:`\delta/(\delta-3/2)` as s -> infinity.

    Parameters
    ----------
    delta : float
        Above the phase boundary :math:`D_2(s)`; ``numpy.inf`` allowed.
    s : float
        At least 0; 0 and ``numpy.inf`` give the limits.

    Returns
    -------
    CollapsedError

    Raises
    ------
    TypeError, ValueError
        Naming the argument; in particular delta at or below the boundary,
        where no neuron satisfies collapse.

    Notes
    -----
    Beyond the paper (the paper bounds the same quantity in Theorem 7).
    Proved given a standard theorem, the convex Gaussian min-max theorem.

    Examples
    --------
    >>> import nclib
    >>> limit = nclib.collapsed_error(2.0, 0.5)
    >>> round(limit.q, 4), round(limit.error, 4), round(limit.bayes, 4)
    (1.4359, 0.0818, 0.0228)
    """
    delta = check_extended("delta", delta)
    s = check_extended("s", s)
    lowest, threshold = symmetric(s, 2)
    if not delta > threshold:
        raise ValueError(
            f"delta must exceed the phase boundary {threshold:.6g} at "
            f"s={s}, got {delta}: below it no neuron satisfies (2.12)"
        )
    if np.isinf(delta):
        q = 1.0
    elif s == 0:
        q = np.sqrt(delta / (delta - 1))
    elif np.isinf(s):
        q = np.sqrt(delta / (delta - 1.5))
    else:

        def excess(c):
            return 1 + c * c + rectified_moment(-c / s, np.hypot(1, c)) - delta

        # The larger root: excess is convex, negative at its minimizer, and
        # not below 1 + c^2 - delta.
        top = 1.001 * np.sqrt(delta - 1)
        q = np.hypot(1, 1 / brentq(excess, lowest, top, xtol=1e-300))
    with np.errstate(divide="ignore", over="ignore"):
        inverse = 1 / np.float64(s)
    return CollapsedError(
        delta, s, float(q), float(ndtr(-inverse / q)), float(ndtr(-inverse))
    )


def separator_factor(delta, s):
    r"""What separating the training set costs, as a factor on the noise.

    Two classes with means :math:`\pm\mu` as for :func:`collapsed_error`.
    Among the linear classifiers that separate the samples the best cosine
    with :math:`\mu` tends to 1/q, where q is the smaller root of

    .. math:: 2\psi(-1/s, q) = \delta\,(q^2-1).

    Parameters
    ----------
    delta : float
        The d/n, above 2, where all labelings are separable.
    s : float
        sigma / norm of mu, positive.

    Returns
    -------
    float
        q, from 1 as s -> 0 to :math:`\sqrt{\delta/(\delta-1)}`.

    Notes
    -----
    Beyond the paper; proved given the convex Gaussian min-max theorem, as
    :func:`collapsed_error`, with both classes as inequalities.

    Examples
    --------
    >>> import nclib
    >>> from nclib.asymptotics import separator_factor
    >>> separator_factor(4, 0.5) < nclib.collapsed_error(4, 0.5).q
    True
    """
    delta = check_real("delta", delta, 2.0)
    s = check_real("s", s, 0.0, exclusive=True)

    def excess(q):
        return 2 * float(psi(-1 / s, q)) - delta * (q * q - 1)

    return float(brentq(excess, 1.0, 1.001 * np.sqrt(delta / (delta - 1))))
