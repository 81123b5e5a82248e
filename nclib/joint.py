r"""All classes at once: how the critical dimensions of one data set depend.

The K problems (2.12) of a data set share its noise. What the neurons make of
the coordinates without means is one random subspace for all of them, and each
class asks whether it meets a cone of its own. Beyond the paper.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr
from scipy.stats import multivariate_normal

from nclib._checks import (
    check_integer,
    check_means,
    check_numbers,
    check_real,
    plain,
)
from nclib.asymptotics import phase_boundary

__all__ = ["JointCollapse", "class_correlation", "joint_collapse"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(60)
# The normal law beyond is below rounding, also times a fourth power.
_FAR = 11.0


def class_correlation(means, sigma):
    r"""Limit of the correlations of the classes' critical dimensions.

    With :math:`G, G'` of correlation
    :math:`(r+\langle v_k,v_l\rangle)/(s_ks_l)`, :math:`u_{kj}` the term of a
    sample of class j in the program of class k, :math:`(a_j+s_kG)_+`, and
    :math:`\min(a_k,0)+s_kG` for :math:`j=k`, and r the root of

    .. math:: \sum_j \mathbb E\,u_{kj}u_{lj} = r\max(\delta_k,\delta_l),

    the covariance of the critical dimensions, over n, tends to

    .. math:: \sum_j \mathrm{Cov}(u_{kj}^2, u_{lj}^2)
        - 2r^2\max(\delta_k,\delta_l) .

    For k = l the root is 1 and this is the :math:`\tau^2` of
    :class:`nclib.Boundary`.

    Parameters
    ----------
    means : (K, d) array_like
        Class means, as for :func:`nclib.phase_boundary`.
    sigma : float
        Noise level, positive.

    Returns
    -------
    (K, K) ndarray
        Ones on the diagonal; 0 where a width is 0.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Notes
    -----
    Beyond the paper; derived (two replicas of the program on one matrix), not
    rigorous, and confirmed numerically. Where the margin of a class on itself
    is 0 (orthogonal means, noise alone) the limit is approached slowly, like
    1/sqrt(n): three classes of noise have 0.14, and 0.03 +- 0.02 at n = 15.
    Cost: O(K^3) integrals on a line.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.joint import class_correlation
    >>> opposed, equal = (nclib.two_cluster_means(2, a) for a in (np.pi, 0))
    >>> float(class_correlation(opposed, 0.5)[0, 1].round(3))
    0.065
    >>> float(class_correlation(equal, 0.2)[0, 1].round(3))
    0.288
    """
    means = check_means(means)
    sigma = check_real("sigma", sigma, 0.0, exclusive=True)
    K = len(means)
    classes = [phase_boundary(means, sigma, k) for k in range(K)]
    result = np.eye(K)
    for k in range(K):
        for m in range(k):
            width = np.sqrt(classes[k].tau2 * classes[m].tau2)
            if width > 0:
                covariance = _covariance(classes[k], classes[m], k, m)
                result[k, m] = result[m, k] = covariance / width
    return result


def _covariance(first, second, k, m):
    v, w = first.v, second.v
    s, t = np.sqrt(1 + v @ v), np.sqrt(1 + w @ w)
    scale = max(first.delta, second.delta)
    terms = [
        # Margin and scale of each program's term, and whether it is cut at 0.
        (min(a, 0.0) if j == k else a, s, j != k)
        + (min(b, 0.0) if j == m else b, t, j != m)
        for j, (a, b) in enumerate(
            zip(first.margins, second.margins, strict=True)
        )
    ]

    def total(r, order):
        c = (r + v @ w) / (s * t)
        return sum(_product(*term, c, order) for term in terms)

    # The slope of the sum is at most the scale: one root, within [-1, 1].
    r = brentq(lambda r: total(r, 1) - scale * r, -1.0, 1.0, xtol=1e-13)
    squares = total(r, 2) - sum(
        _moment(a, s, cut, 2) * _moment(b, t, cut_too, 2)
        for a, s, cut, b, t, cut_too in terms
    )
    return squares - 2 * r**2 * scale


def _moment(mean, deviation, cut, order):
    """E of (mean + deviation G), cut at 0 or not, to a power, 1 or 2."""
    whole = mean if order == 1 else mean**2 + deviation**2
    if not cut:
        return whole
    x = mean / deviation
    edge = deviation * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return whole * ndtr(x) + edge * (1.0 if order == 1 else mean)


def _product(a, s, cut, b, t, cut_too, c, order):
    """E of the product of two terms to a power, their normals correlated."""
    rest = t * np.sqrt(max(1 - c**2, 1e-30))
    low = max(-a / s, -_FAR) if cut else -_FAR
    # Where the second term's mean changes sign it bends, if rest is small.
    bends = [-b / (t * c)] if c != 0 else []
    edges = np.unique([low, *(x for x in bends if low < x < _FAR), _FAR])
    total = 0.0
    for left, right in zip(edges[:-1], edges[1:], strict=True):
        g = (left + right + (right - left) * _NODES) / 2
        weight = np.exp(-(g**2) / 2) / np.sqrt(2 * np.pi)
        weight *= _WEIGHTS * (right - left) / 2
        inner = _moment(b + t * c * g, rest, cut_too, order)
        total += weight @ ((a + s * g) ** order * inner)
    return total


@dataclass(frozen=True)
class JointCollapse:
    """Chance that all classes of one data set can collapse.

    Attributes
    ----------
    classes : (..., K) ndarray
        Chance of each class alone, `nclib.Boundary.probability`.
    lower, upper : float or ndarray
        Frechet's bounds, max(0, sum - (K - 1)) and the smallest chance. They
        hold for every dependence.
    product : float or ndarray
        What independent classes would have.
    normal : float or ndarray
        The normal law with the correlations of `class_correlation`.
    """

    classes: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    product: np.ndarray
    normal: np.ndarray


def joint_collapse(means, sigma, d, n):
    r"""Chance of collapse of all classes, between two bounds.

    .. math:: \Big(\sum_k p_k - (K-1)\Big)_+ \le P(\text{all})
        \le \min_k p_k .

    Parameters
    ----------
    means : (K, p) array_like
        Class means, as for :func:`nclib.phase_boundary`.
    sigma : float
        Noise level, positive.
    d : array_like
        Dimensions.
    n : int
        Samples a class, at least `nclib.Boundary.least_n`.

    Returns
    -------
    JointCollapse
        Of the shape of `d`.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Notes
    -----
    Beyond the paper. The bounds are proved for the true chances of the
    classes; these, and the normal law, are derived and confirmed numerically.

    Examples
    --------
    >>> import nclib
    >>> from nclib.joint import joint_collapse
    >>> found = joint_collapse(nclib.two_cluster_means(2, 0.0), 0.2, 58, 40)
    >>> found.lower < found.product < found.normal < found.upper
    True
    """
    d, n = check_numbers("d", d, 0.0), check_integer("n", n, 1)
    correlation = class_correlation(means, sigma)
    K = len(correlation)
    laws = [phase_boundary(means, sigma, k) for k in range(K)]
    chances = np.stack(
        [np.reshape(b.probability(d, n), d.shape) for b in laws], axis=-1
    )
    scores = np.stack(
        [(d - n * b.delta - b.shift(n)) / b.width(n) for b in laws], axis=-1
    )
    law = multivariate_normal(cov=correlation, allow_singular=True, seed=0)
    normal = np.reshape(law.cdf(scores), d.shape)
    certain = (d < n) | (d >= K * n)
    return JointCollapse(
        classes=chances,
        lower=plain(np.maximum(0, chances.sum(axis=-1) - (K - 1))),
        upper=plain(chances.min(axis=-1)),
        product=plain(chances.prod(axis=-1)),
        normal=plain(np.where(certain, chances.min(axis=-1), normal)),
    )
