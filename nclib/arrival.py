r"""From which noise on training misses collapse: a heuristic, one constant.

Early in training a neuron excites on half of its class, and a sample that is
silent for it is pulled along by those that are not. It is left behind for
good if the pull is too weak or has the wrong sign. A start arrives at the
global minimum if every class has one neuron without such a sample; the others
lose against it and die. Beyond the paper; derived heuristically, one constant
fitted, compared with the record of `nclib.figures.arrivals`.
"""

from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr

from nclib._checks import (
    check_integer,
    check_problem,
    check_real,
)
from nclib.upfm import PENALTIES, upfm_minimizer

__all__ = ["arrival_noise", "arrival_share"]

#: Of the final feature a silent sample is given 1 / PULL while it matters;
#: fitted by maximum likelihood, see `nclib.figures.arrivals.fitted_pull`.
PULL = 4.244


def arrival_share(
    n,
    d,
    sigma,
    *,
    K=2,
    width=50,
    lambda_W=PENALTIES[0],
    lambda_H=PENALTIES[1],
    scale=1.0,
    pull=PULL,
):
    r"""Predicted share of random starts that end at the global minimum.

    With :math:`u=\sigma^2\sqrt{d/n}`, :math:`s^2=\sigma^2d/n`, the standard
    deviation :math:`\tau` of a pre-activation at the start and the norm
    :math:`h^\star` of a collapsed feature, a sample stays silent for a neuron
    of its class with probability

    .. math:: p &= \Phi(-1/U), \\
        U^2 &= 2u^2 + \Bigl(\tau\,(1+2s^2)\,\frac c{h^\star}\Bigr)^2 ,

    and all K classes have a neuron without a silent sample in the share

    .. math:: \bigl[1 - (1 - (1-p)^n)^{D/K}\bigr]^K .

    Parameters
    ----------
    n, d : int
        Samples a class, dimension.
    sigma : float
        Noise level, positive; means are unit vectors, those of a simplex.
    K, width : int
        Classes, neurons D.
    lambda_W, lambda_H : float
        Penalties of the cross-entropy.
    scale : float
        Of the start of `nclib.train`.
    pull : float
        The constant c.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Notes
    -----
    Beyond the paper; a heuristic, numerical only.

    Examples
    --------
    >>> from nclib.arrival import arrival_share
    >>> arrival_share(300, 900, 0.2) > 0.9 > 0.1 > arrival_share(300, 900, 0.5)
    True
    """
    n, d = check_integer("n", n, 1), check_integer("d", d, 1)
    sigma = check_real("sigma", sigma, 0.0, exclusive=True)
    K = check_integer("K", K, 2)
    D = check_integer("width", width, K)
    lambda_W, lambda_H = check_problem(lambda_W, lambda_H, "ce", True)
    scale = check_real("scale", scale, 0.0, exclusive=True)
    pull = check_real("pull", pull, 0.0, exclusive=True)
    h = _feature(K, n, lambda_W, lambda_H)
    if h == 0:
        return 1.0
    ratio = d / n
    start = scale * np.sqrt((1 + sigma**2 * d) / (3 * d))
    spread = start * (1 + 2 * sigma**2 * ratio) * pull / h
    U = np.sqrt(2 * sigma**4 * ratio + spread**2)
    # log1p(-Phi(-1 / U)) is log Phi(1 / U).
    perfect = np.exp(n * log_ndtr(1 / U))
    return float((1 - (1 - perfect) ** (D / K)) ** K)


@cache
def _feature(K, n, lambda_W, lambda_H):
    """Norm of a collapsed feature at the global minimum."""
    return np.linalg.norm(upfm_minimizer(K, n, lambda_W, lambda_H).H[0])


def arrival_noise(n, ratio, **setting):
    """The noise level at which half of the starts are predicted to arrive.

    Parameters
    ----------
    n : int
        Samples a class.
    ratio : float
        Dimension per sample d/n.
    **setting
        As for `arrival_share`.

    Returns
    -------
    float
        Between 0.001 and 100; d = n ratio is rounded. Infinite where more
        than half arrive at 100, as with penalties for which the zero network
        is best.

    Raises
    ------
    TypeError, ValueError
        Naming the argument; also where fewer than half arrive at 0.001.

    Notes
    -----
    Beyond the paper; a heuristic, numerical only.

    Examples
    --------
    >>> from nclib.arrival import arrival_noise
    >>> 0.2 < arrival_noise(300, 3) < arrival_noise(20, 3) < 0.7
    True
    """
    n = check_integer("n", n, 1)
    d = round(check_real("ratio", ratio, 0.0, exclusive=True) * n)

    def excess(log_sigma):
        return arrival_share(n, d, np.exp(log_sigma), **setting) - 0.5

    low, high = np.log(1e-3), np.log(100)
    if excess(high) > 0:
        return np.inf
    if excess(low) < 0:
        raise ValueError(
            "setting must let half of the starts arrive at sigma = 0.001, got "
            f"{setting}"
        )
    return float(np.exp(brentq(excess, low, high)))
