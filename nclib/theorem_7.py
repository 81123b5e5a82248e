r"""The bounds of Theorem 7: as printed, made explicit, corrected.

They concern the smallest error of a neuron that collapses one of two classes
with means mu and -mu, n samples each, in dimension d, at noise level
s = sigma/||mu||. The exact optimum is in `nclib.generalization`.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import erfcx, ndtr

from nclib.data import check_integer, check_real


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
    """
    s = check_real("s", s, 0.0, exclusive=True)
    if order not in (2, 4):
        raise ValueError(f"order must be 2 or 4, got {order!r}")
    mills = np.sqrt(np.pi / 2) * erfcx(1 / s / np.sqrt(2))
    if order == 2:
        bracket = (1 + s**2) * mills - s
    else:
        bracket = (1 + 6 * s**2 + 3 * s**4) * mills - (s + 5 * s**3)
    return float(max(bracket, 0.0) * _phi(1 / s))


def printed_moment(s):
    r"""U(s) = s^3 exp(-1/(2 s^2))/sqrt(2 pi), the term printed in (2.28).

    It bounds T(s) = `truncated_moment` (s, 2) from above, by a factor of
    more than 3.1 for every s, where the proof needs a bound from below.
    """
    s = check_real("s", s, 0.0, exclusive=True)
    return float(s**3 * _phi(1 / s))


def _phi(x):
    return np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)


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
    """
    n = check_integer("n", n, 2)
    d = check_integer("d", d, n)
    eps = check_real("eps", eps, 0.0)
    if eps >= 1:
        raise ValueError(f"eps must be less than 1, got {eps}")
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
    """
    n, d = check_integer("n", n, 2), check_integer("d", d, 1)
    s = check_real("s", s, 0.0, exclusive=True)
    c1, c2 = check_real("c1", c1, 0.0), check_real("c2", c2, 0.0)
    slack = (c1 * s**2 + c2 * s) * np.sqrt(np.log(n) / n)
    B = n / (2 * d) * (printed_moment(s) + s**2 + 1 - slack) + s**2
    return float(ndtr(-(B**-0.5))) if B > 0 else 0.0


def theorem_7b_corrected(n, d, s):
    r"""Lower bound on the error of every collapsed neuron, 7(b) corrected.

    With probability at least 1 - 3/n every beta in C_1 has error at least
    Phi(-B^(-1/2)), B = s^2 + [s^2 (n - 1 - 2 sqrt((n-1) log n))_+ +
    (n T(s) - sqrt(2 n Q(s) log n))_+] / (sqrt(d-1) + sqrt(2n) +
    sqrt(2 log n))^2, where T and Q are the moments of (sZ - 1)_+ of orders
    2 and 4. No constant is left open.

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
    Beyond the paper (proved, given the inequalities of Davidson and Szarek,
    Laurent and Massart, and Maurer, each with failure probability 1/n). Its
    deterministic part is the lower half of `sandwich`.
    """
    n, d = check_integer("n", n, 2), check_integer("d", d, 1)
    s = check_real("s", s, 0.0, exclusive=True)
    log_n = np.log(n)
    inside = n - 1 - 2 * np.sqrt((n - 1) * log_n)
    outside = n * truncated_moment(s, 2) - np.sqrt(
        2 * n * truncated_moment(s, 4) * log_n
    )
    top = (np.sqrt(d - 1) + np.sqrt(2 * n) + np.sqrt(2 * log_n)) ** 2
    B = s**2 + (s**2 * max(inside, 0.0) + max(outside, 0.0)) / top
    return float(ndtr(-(B**-0.5)))


def printed_excess(s):
    r"""g(s) = 1 + U(s) - s^2 - 2 T(s).

    Where g > 0 and d = ceil(2 n log n), the probability that (2.28) exceeds
    the best error tends to 1 as n grows, whatever c1 and c2 are.

    Notes
    -----
    Beyond the paper (proved): by `sandwich` the best error is Phi(-B^(-1/2))
    with B = s^2 + n/d (s^2 + T(s)) (1 + o(1)).
    """
    s = check_real("s", s, 0.0, exclusive=True)
    return 1 + printed_moment(s) - s**2 - 2 * truncated_moment(s, 2)


def printed_bound_roots():
    """The two roots of `printed_excess`: (2.28) fails below and above them."""
    return brentq(printed_excess, 0.5, 2.0), brentq(printed_excess, 2.0, 10.0)
