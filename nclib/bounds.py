"""The conditions of the paper's Theorems 3 to 7, with their constants.

Functions that return a verdict, the curve to draw or the bound, as printed
and, where that is wrong, corrected; and Wendel's exact law, which replaces
Gordon's bound in Theorem 5(b). Where the paper writes an unspecified
constant, the one of its proof is used. Theorem 6's width stands beside its
kernel in `nclib.kernels`, Theorem 8's bound is that of Theorem 7 for each
neuron.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, linprog
from scipy.special import ndtr
from scipy.stats import binom

from nclib._checks import (
    check_integer,
    check_means,
    check_numbers,
    check_real,
    check_Xy,
    plain,
)
from nclib._newton import rectified_moment
from nclib.data import power_of_two

__all__ = [
    "Theorem3",
    "printed_bound_roots",
    "printed_excess",
    "printed_factor",
    "printed_moment",
    "theorem_3",
    "theorem_4_sigma",
    "theorem_5a_sigma",
    "theorem_5b_ratio",
    "theorem_5c_ratio",
    "theorem_7a_sigma",
    "theorem_7b_corrected",
    "theorem_7b_events",
    "theorem_7b_printed",
    "truncated_moment",
    "wendel_bound",
    "wendel_probability",
    "wendel_ratio",
]


@dataclass(frozen=True)
class Theorem3:
    """What Theorem 3 says about a data set; see :func:`theorem_3`.

    Attributes
    ----------
    separable : bool or None
        Every class is split from all the others by an affine hyperplane
        (part (a)); None if the linear program could not tell.
    full_rank : bool
        X has rank N (part (b)).
    ones_in_range : dict
        For each label, whether its samples admit X_k beta = 1 (part (c)).
    occurs : bool or None
        True by (b), False by (a) or (c), None when the theorem is silent.
    reason : str
        The part of the theorem that decided.
    """

    separable: bool | None
    full_rank: bool
    ones_in_range: dict
    occurs: bool | None
    reason: str


def theorem_3(X, y):
    """Neural collapse of a given data set according to Theorem 3.

    (a) Classes that are not linearly separable: no collapse. (b) X of rank
    N: collapse. (c) The all-one vector outside the range of some X_k: no
    collapse (the paper adds d < n, which its proof does not use). Class
    sizes may differ.

    Parameters
    ----------
    X : (N, d) array_like
        Samples in rows.
    y : (N,) array_like of int
        Labels.

    Returns
    -------
    Theorem3

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Notes
    -----
    Numerical, not certified: ranks are judged by singular values relative
    to the largest (O(N d min(N, d))), separability by K linear programs in
    d + 1 variables (HiGHS), skipped when (b) applies.

    Examples
    --------
    >>> from nclib.bounds import theorem_3
    >>> theorem_3([[2.0, 1.0], [0.0, -1.0]], [0, 1]).reason
    '(b): X has rank N = 2'
    """
    X, codes, classes = check_Xy(X, y)
    labels = classes.tolist()
    X = X / power_of_two(X)
    rank = np.linalg.matrix_rank(X)
    full_rank = bool(rank == len(X))
    if full_rank:
        # Interpolating +1 and -1 separates any labeling.
        solvable = dict.fromkeys(labels, True)
        reason = f"(b): X has rank N = {rank}"
        return Theorem3(True, True, solvable, True, reason)
    rows = [X[codes == code] for code in range(len(labels))]
    in_range = dict(zip(labels, map(_solves_ones, rows), strict=True))
    verdicts = [_separates(X, codes == code) for code in range(len(labels))]
    if False in verdicts:
        separable, occurs = False, False
        label = labels[verdicts.index(False)]
        reason = f"(a): class {label} is not linearly separable"
    else:
        separable = None if None in verdicts else True
        occurs, reason = None, "no part of the theorem applies"
    if occurs is None and not all(in_range.values()):
        occurs = False
        label = min(label for label in labels if not in_range[label])
        reason = f"(c): class {label} has no beta with X_k beta = 1"
    return Theorem3(separable, False, in_range, occurs, reason)


def _solves_ones(rows):
    """Whether rows @ beta = 1 is solvable, by comparing ranks."""
    size = np.abs(rows).max() or 1.0
    bordered = np.column_stack([rows / size, np.ones(len(rows))])
    # Unit rows keep the border visible whatever the samples' lengths.
    bordered /= np.linalg.norm(bordered, axis=1, keepdims=True)
    return bool(
        np.linalg.matrix_rank(bordered)
        == np.linalg.matrix_rank(bordered[:, :-1])
    )


def _separates(X, inside):
    """Whether an affine hyperplane splits ``inside`` from the rest."""
    X = X - X.mean(axis=0)
    size = np.abs(X).max(axis=0)
    X = X[:, size > 0] / size[size > 0]
    sign = np.where(inside, 1.0, -1.0)
    A = -sign[:, None] * np.column_stack([X, np.ones(len(X))])
    zero, minus_one = np.zeros(A.shape[1]), -np.ones(len(A))
    result = linprog(zero, A, minus_one, bounds=(None, None), method="highs")
    if result.status == 2:
        return False
    if result.status == 0 and (A @ result.x < 0).all():
        return True
    return None


def theorem_4_sigma(d, n, means, eps=0.0):
    r"""Noise level below which Theorem 4 grants collapse of two clusters.

    With the constant 1/2 of the proof, :math:`\theta` the angle between the
    means and :math:`t=4\varepsilon/(1-\varepsilon)^2`,

    .. math:: \sigma_4 &= \frac{1-\varepsilon}2 \sqrt{\frac{d-n}{d\log n}}
        \min\{\|\mu_1\|,\|\mu_2\|\}\, f, \\
        f &= 1 \ \text{ if } \cos\theta < -t\ \ (2.13),\\
        f &= \sqrt{(1 - (|\cos\theta| + t)^2)_+} \ \text{ else}\ \ (2.14).

    Parameters
    ----------
    d : array_like
        Dimensions; the value is 0 for d <= n, where the theorem is silent.
        Stated for d <= 2n; beyond, Theorem 5(c) asks nothing of sigma.
    n : int
        Samples a class, at least 2.
    means : (2, m) array_like
        The two means (appending zero coordinates changes nothing).
    eps : float
        In [0, 1). The theorem needs d > n + C log(n) / eps^2 with a constant
        C it does not give; 0 is the largest curve any eps could lead to. The
        first case is empty unless eps < 3 - 2 sqrt(2) = 0.1716; the second
        gives 0 unless :math:`|\cos\theta| + t < 1`.

    Returns
    -------
    float or ndarray
        Of the shape of `d`.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Notes
    -----
    Theorem 4. In (2.14) as we read it min of the norms stands inside the
    root, which is not homogeneous; here it stands outside. The case of
    equality, which the paper omits, goes with the second.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.bounds import theorem_4_sigma
    >>> round(theorem_4_sigma(360, 300, nclib.two_cluster_means(2, np.pi)), 4)
    0.0855
    """
    d, n = check_numbers("d", d, 0.0), check_integer("n", n, 2)
    means = check_means(means)
    if len(means) != 2:
        raise ValueError(f"means must have two rows, got {len(means)}")
    eps = check_real("eps", eps, 0.0, below=1.0)
    scale = power_of_two(means)
    means = means / scale
    norms = np.linalg.norm(means, axis=1)
    if norms.min() == 0:
        return plain(np.zeros(d.shape))
    cosine = (means[0] / norms[0]) @ (means[1] / norms[1])
    slack = 4 * eps / (1 - eps) ** 2
    factor = 1.0
    if not cosine < -slack:
        factor = np.sqrt(max(1 - (abs(cosine) + slack) ** 2, 0.0))
    size = (1 - eps) * factor * norms.min()
    return plain(scale * (size / 2 * np.sqrt(_excess(d, n) / np.log(n))))


def theorem_5a_sigma(d, n, means, eps=0.0):
    r"""Noise level below which Theorem 5(a) grants collapse of K clusters.

    With the constant 1/2 and the factor of the proof,

    .. math:: \sigma_{5a} = {}& \frac12\sqrt{\frac{d-n}{d\log(Kn)}}\;
        \sigma_{\min}(\Pi) \\
        & \times\sqrt{\frac{((1-\varepsilon)^2-4K\varepsilon)_+}{K-1}}.

    Parameters
    ----------
    d : array_like
        Dimensions; the value is 0 for d <= n, where the theorem is silent.
    n : int
        Samples a class, at least 1.
    means : (K, m) array_like
        Rows are the means; the value is 0 unless they are independent.
    eps : float
        In [0, 1); the proof takes eps < 1/(10 K) and d - n >= C K^2 log(Kn).

    Returns
    -------
    float or ndarray
        Of the shape of `d`.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Notes
    -----
    Theorem 5(a), (2.16) and the last display of its proof.

    Examples
    --------
    >>> import nclib
    >>> from nclib.bounds import theorem_5a_sigma
    >>> round(theorem_5a_sigma(450, 300, nclib.orthonormal_means(4, 4)), 4)
    0.0626
    """
    d, n = check_numbers("d", d, 0.0), check_integer("n", n, 1)
    means = check_means(means)
    eps = check_real("eps", eps, 0.0, below=1.0)
    K = len(means)
    scale = power_of_two(means)
    means = means / scale
    if np.linalg.matrix_rank(means) < K:
        return plain(np.zeros(d.shape))
    smallest = np.linalg.svd(means, compute_uv=False)[-1]
    factor = max((1 - eps) ** 2 - 4 * K * eps, 0.0) / (K - 1)
    root = np.sqrt(_excess(d, n) / np.log(K * n) * factor)
    return plain(scale * (smallest / 2 * root))


def theorem_5b_ratio(n, K):
    r"""The d/n from which Theorem 5(b) grants collapse at any noise level.

    .. math:: \frac{K+1}2 & + 2\sqrt{\frac{(K-1)\log n}n} \\
        & + \frac{K+2\log n}n.

    Parameters
    ----------
    n : int
        Samples a class, at least 1.
    K : int
        Number of classes, at least 2.

    Returns
    -------
    float

    Notes
    -----
    (2.17). Gordon's bound; :func:`wendel_ratio` is the sharper form.

    Examples
    --------
    >>> from nclib.bounds import theorem_5b_ratio
    >>> round(theorem_5b_ratio(300, 2), 4)
    1.8205
    """
    n, K = check_integer("n", n, 1), check_integer("K", K, 2)
    log = np.log(n)
    root = np.sqrt((K - 1) * log / n)
    return float((K + 1) / 2 + 2 * root + (K + 2 * log) / n)


def theorem_5c_ratio(K):
    """The d/n, namely K, from which X has rank Kn and collapse is sure.

    Theorems 3(b) and 5(c).

    Parameters
    ----------
    K : int
        Number of classes, at least 2.

    Returns
    -------
    float

    Examples
    --------
    >>> from nclib.bounds import theorem_5c_ratio
    >>> theorem_5c_ratio(4)
    4.0
    """
    return float(check_integer("K", K, 2))


def wendel_probability(d, n, K):
    r"""Exact probability that (2.12) is feasible for pure noise.

    .. math:: P = P\big(\mathrm{Bin}((K-1)n, \tfrac12) \le d - n\big)

    for one class, at every finite n, when the means of the other classes
    vanish (and in the limit of infinite sigma).

    Parameters
    ----------
    d : array_like
        Dimensions.
    n : int
        Samples a class, at least 1.
    K : int
        Number of classes, at least 2.

    Returns
    -------
    float or ndarray
        Of the shape of `d`.

    Notes
    -----
    Beyond the paper; proved (Wendel's theorem). The class itself may have any
    law and the noise of the others any whose signs are free, as for
    :func:`wendel_bound`.

    Examples
    --------
    >>> from nclib.bounds import wendel_probability
    >>> round(wendel_probability(15, 10, 2), 4)
    0.623
    """
    d, n, K = _check_sizes(d, n, K)
    return plain(binom.cdf(d - n, (K - 1) * n, 0.5))


def wendel_bound(d, n, K, rank=None):
    r"""Lower bound on the probability of (2.12), for all means and sigma > 0.

    .. math:: P \ge P\big(\mathrm{Bin}((K-1)n, \tfrac12) \le d - n - p\big)

    for one class, if the means of the *other* classes span p dimensions. A
    neuron that ignores them sees pure noise, where :func:`wendel_probability`
    is exact; the mean of its own class costs nothing. The proof of Theorem
    5(b) uses Gordon's inequality there.

    Parameters
    ----------
    d : array_like
        Dimensions.
    n : int
        Samples a class, at least 1.
    K : int
        Number of classes, at least 2.
    rank : int, optional
        The rank p of the means of the other classes, 0 to K - 1; K - 1, which
        serves all means, unless given.

    Returns
    -------
    float or ndarray
        Of the shape of `d`.

    Notes
    -----
    Beyond the paper; proved (Wendel's theorem), and not for Gaussian noise
    only. Given the class, the law of the other samples' noise must not change
    when some of them change sign, and with probability one the n samples and
    the p means must be independent, the noise in general position. Any
    symmetric density will do.

    Examples
    --------
    >>> from nclib.bounds import wendel_bound
    >>> bool(wendel_bound(600, 300, 2) > 0.999)
    True
    """
    d, n, K = _check_sizes(d, n, K)
    spare = d - n - _check_rank(rank, K)
    return plain(binom.cdf(spare, (K - 1) * n, 0.5))


def wendel_ratio(n, K, level=None, rank=None):
    """Smallest d/n at which :func:`wendel_bound` reaches ``level``.

    Parameters
    ----------
    n : int
        Samples a class, at least 1.
    K : int
        Number of classes, at least 2.
    level : float, optional
        In (0, 1); default 1 - 1/n, the level of Theorem 5(b) (n at least 2).
    rank : int, optional
        As for :func:`wendel_bound`.

    Returns
    -------
    float
        A multiple of 1/n, to be compared with :func:`theorem_5b_ratio`.

    Notes
    -----
    Beyond the paper; proved.

    Examples
    --------
    >>> from nclib.bounds import theorem_5b_ratio, wendel_ratio
    >>> wendel_ratio(300, 2) < theorem_5b_ratio(300, 2)
    True
    """
    n = check_integer("n", n, 2 if level is None else 1)
    K = check_integer("K", K, 2)
    level = 1 - 1 / n if level is None else level
    level = check_real("level", level, 0.0, exclusive=True, below=1.0)
    quantile = binom.ppf(level, (K - 1) * n, 0.5)
    return float((n + _check_rank(rank, K) + quantile) / n)


def _check_rank(rank, K):
    rank = K - 1 if rank is None else check_integer("rank", rank, 0)
    if rank >= K:
        raise ValueError(
            f"rank, of the means of the other classes, must be at most "
            f"K - 1 = {K - 1}, got {rank}"
        )
    return rank


def truncated_moment(s, order):
    r"""Moment E (s Z - 1)_+^order of a rectified Gaussian, order 2 or 4.

    Order 2 is T(s) = (1 + s^2) Phi(-1/s) - s phi(1/s); order 4 is
    (1 + 6 s^2 + 3 s^4) Phi(-1/s) - (s + 5 s^3) phi(1/s).

    Parameters
    ----------
    s : float
        Noise level, positive.
    order : {2, 4}

    Returns
    -------
    float
        Zero where phi(1/s) underflows (s below 0.026).

    Raises
    ------
    TypeError, ValueError
        If an argument is malformed.

    Notes
    -----
    The expectation that the proof of Theorem 7(b) bounds from above.

    Examples
    --------
    >>> from nclib.bounds import truncated_moment
    >>> round(truncated_moment(1.0, 2), 6)
    0.07534
    """
    s = check_real("s", s, 0.0, exclusive=True)
    if order not in (2, 4):
        raise ValueError(f"order must be 2 or 4, got {order!r}")
    return float(rectified_moment(-1.0, s, order))


def printed_moment(s):
    r"""U(s) = s^3 exp(-1/(2 s^2))/sqrt(2 pi), the term printed in (2.28).

    It bounds T(s) = `truncated_moment` (s, 2) from above, by a factor of
    more than 3.1 for every s, where the proof needs a bound from below.

    Examples
    --------
    >>> from nclib.bounds import printed_moment, truncated_moment
    >>> printed_moment(1.0) > 3 * truncated_moment(1.0, 2)
    True
    """
    s = check_real("s", s, 0.0, exclusive=True)
    return float(s**3 * np.exp(-0.5 / s**2) / np.sqrt(2 * np.pi))


def theorem_7a_sigma(d, n, eps=0.0):
    r"""Largest s = sigma/||mu|| that the proof of Theorem 7(a) covers.

    s = (1 - eps)/2 sqrt((d - n + 1)/(d log n)); below it some collapsed
    neuron has error at most n^-2, with probability 1 - O(1/n).

    Parameters
    ----------
    d : int
        Dimension, at least n.
    n : int
        Samples a class, at least 2.
    eps : float
        In [0, 1).

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If an argument is malformed.

    Notes
    -----
    Equation (4.23): (2.27) with its constant, one half, made explicit.

    Examples
    --------
    >>> from nclib.bounds import theorem_7a_sigma
    >>> round(theorem_7a_sigma(600, 200, 0.2), 4)
    0.1421
    """
    n = check_integer("n", n, 2)
    d = check_integer("d", d, n)
    eps = check_real("eps", eps, 0.0, below=1.0)
    return float((1 - eps) / 2 * np.sqrt((d - n + 1) / (d * np.log(n))))


def theorem_7b_printed(n, d, s, c1=0.0, c2=0.0):
    r"""Right-hand side of (2.28) as printed, for given constants c1 and c2.

    Phi(-B^(-1/2)) with B = n/(2d) (U(s) + s^2 + 1 - (c1 s^2 + c2 s)
    sqrt(log(n)/n)) + s^2. Not a valid lower bound: see `printed_excess`.

    Parameters
    ----------
    n, d : int
        Samples a class, at least 2, and dimension; the theorem supposes
        d >= 2 n log n, which is not enforced.
    s : float
        sigma/||mu||, positive.
    c1, c2 : float
        The constants that the theorem leaves open, non-negative.

    Returns
    -------
    float
        Zero where the constants make B negative.

    Raises
    ------
    TypeError, ValueError
        If an argument is malformed.

    Notes
    -----
    Theorem 7(b), eq. (2.28) and (4.28).

    Examples
    --------
    >>> from nclib.bounds import theorem_7b_printed
    >>> round(theorem_7b_printed(200, 2120, 2.0), 4)
    0.3162
    """
    n, d = check_integer("n", n, 2), check_integer("d", d, 1)
    s = check_real("s", s, 0.0, exclusive=True)
    c1, c2 = check_real("c1", c1, 0.0), check_real("c2", c2, 0.0)
    slack = (c1 * s**2 + c2 * s) * np.sqrt(np.log(n) / n)
    B = n / (2 * d) * (printed_moment(s) + s**2 + 1 - slack) + s**2
    return float(ndtr(-(B**-0.5))) if B > 0 else 0.0


def theorem_7b_events(n, d, s):
    r"""The three numbers in the corrected 7(b), each missed with chance 1/n.

    With s z_1, s z_2 the noise of the two classes along mu in units of
    ||mu||, and Z the 2n rows of noise off that axis, each of the following
    has probability at least 1 - 1/n:

    - ||z_1 - mean||^2 >= (n - 1 - 2 sqrt((n-1) log n))_+,
    - ||(s z_2 - 1)_+||^2 >= (n T(s) - sqrt(2 n Q(s) log n))_+,
    - lambda_max(Z Z^T) <= (sqrt(d-1) + sqrt(2n) + sqrt(2 log n))^2,

    where T and Q are the moments of (sZ - 1)_+ of orders 2 and 4.

    Parameters
    ----------
    n, d : int
        Samples a class, at least 2, and dimension; any.
    s : float
        sigma/||mu||, positive.

    Returns
    -------
    spread, tail, top : float
        The right-hand sides.

    Raises
    ------
    TypeError, ValueError
        If an argument is malformed.

    Notes
    -----
    Beyond the paper; by the inequalities of Laurent and Massart (2000),
    Maurer (2003), and Davidson and Szarek (2001).

    Examples
    --------
    >>> from scipy.stats import chi2
    >>> from nclib.bounds import theorem_7b_events
    >>> spread, tail, top = theorem_7b_events(200, 2120, 2.0)
    >>> bool(chi2(199).cdf(spread) < 1 / 200)
    True
    """
    n, d = check_integer("n", n, 2), check_integer("d", d, 1)
    s = check_real("s", s, 0.0, exclusive=True)
    log_n = np.log(n)
    spread = n - 1 - 2 * np.sqrt((n - 1) * log_n)
    second, fourth = truncated_moment(s, 2), truncated_moment(s, 4)
    tail = n * second - np.sqrt(2 * n * fourth * log_n)
    top = (np.sqrt(d - 1) + np.sqrt(2 * n) + np.sqrt(2 * log_n)) ** 2
    return max(float(spread), 0.0), max(float(tail), 0.0), float(top)


def theorem_7b_corrected(n, d, s):
    r"""Lower bound on the error of every collapsed neuron, 7(b) corrected.

    With probability at least 1 - 3/n every beta in C_1 has error at least
    Phi(-B^(-1/2)), B = s^2 + (s^2 spread + tail)/top, with the three numbers
    of `theorem_7b_events`. No constant is left open.

    Parameters
    ----------
    n, d : int
        Samples a class, at least 2, and dimension; any.
    s : float
        sigma/||mu||, positive.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If an argument is malformed.

    Notes
    -----
    Beyond the paper (proved, given the three inequalities named there). Its
    deterministic part is the lower half of `sandwich`.

    Examples
    --------
    >>> from nclib.bounds import theorem_7b_corrected
    >>> round(theorem_7b_corrected(200, 2120, 2.0), 4)
    0.3111
    """
    spread, tail, top = theorem_7b_events(n, d, s)
    B = s**2 + (s**2 * spread + tail) / top
    return float(ndtr(-(B**-0.5)))


def printed_excess(s):
    r"""g(s) = 1 + U(s) - s^2 - 2 T(s).

    Where g > 0 and d = ceil(2 n log n), the probability that (2.28) exceeds
    the best error tends to 1 as n grows, whatever c1 and c2 are.

    Notes
    -----
    Beyond the paper (proved): by `sandwich` the best error is Phi(-B^(-1/2))
    with B = s^2 + n/d (s^2 + T(s)) (1 + o(1)).

    Examples
    --------
    >>> from nclib.bounds import printed_excess
    >>> printed_excess(0.5) > 0 > printed_excess(2.0)
    True
    """
    s = check_real("s", s, 0.0, exclusive=True)
    return 1 + printed_moment(s) - s**2 - 2 * truncated_moment(s, 2)


def printed_bound_roots():
    """The two roots of `printed_excess`: (2.28) fails below and above them.

    Examples
    --------
    >>> from nclib.bounds import printed_bound_roots
    >>> [round(root, 5) for root in printed_bound_roots()]
    [1.05377, 4.16121]
    """
    return brentq(printed_excess, 0.5, 2.0), brentq(printed_excess, 2.0, 10.0)


def printed_factor(delta, s):
    r"""What (2.28) with c1 = c2 = 0 says that q^2 is at least.

    1 + (U(s) + s^2 + 1) / (2 delta s^2), to be compared with the exact
    ``nclib.collapsed_error(delta, s).q ** 2``.

    Parameters
    ----------
    delta : float
        The d/n, positive.
    s : float
        sigma/||mu||, positive.

    Returns
    -------
    float

    Notes
    -----
    Theorem 7(b), eq. (2.28), for large n.

    Examples
    --------
    >>> import nclib
    >>> from nclib.bounds import printed_factor
    >>> printed_factor(10, 0.5) > nclib.collapsed_error(10, 0.5).q ** 2
    True
    """
    delta = check_real("delta", delta, 0.0, exclusive=True)
    return 1 + (printed_moment(s) + s**2 + 1) / (2 * delta * s**2)


def _check_sizes(d, n, K):
    n, K = check_integer("n", n, 1), check_integer("K", K, 2)
    return check_numbers("d", d, 0.0), n, K


def _excess(d, n):
    """(d - n) / d, and 0 for d <= n."""
    return np.maximum(1 - n / np.maximum(d, n), 0)
