"""Exact asymptotics of the best neuron under collapse, problem (2.26)."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from ._checks import check_extended
from ._newton import second_moment, symmetric


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
            return 1 + c * c + second_moment(-c / s, np.hypot(1, c)) - delta

        # The larger root: excess is convex, negative at its minimizer, and
        # not below 1 + c^2 - delta.
        top = 1.001 * np.sqrt(delta - 1)
        q = np.hypot(1, 1 / brentq(excess, lowest, top, xtol=1e-300))
    with np.errstate(divide="ignore", over="ignore"):
        inverse = 1 / np.float64(s)
    return CollapsedError(
        delta, s, float(q), float(ndtr(-inverse / q)), float(ndtr(-inverse))
    )
