r"""What collapse costs: the best collapsed neuron and the bounds on it.

Section 2.3 of the paper asks how well a network can classify new points
when its features have collapsed on the training set. The classes have means
mu and -mu and noise sigma z; s = sigma/||mu||. A neuron of class k collapses
its class when X_in beta = 1 and X_out beta <= 0, the set C_k of (2.25).

A malformed argument raises a TypeError or a ValueError that names it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import qr
from scipy.special import ndtr, owens_t

from nclib._projection import nonnegative_least_squares
from nclib.data import check_matrix, check_real, check_Xy, split_class
from nclib.feasibility import Reduction, decide
from nclib.theorem_7 import (
    printed_bound_roots,
    printed_excess,
    printed_moment,
    theorem_7a_sigma,
    theorem_7b_corrected,
    theorem_7b_printed,
    truncated_moment,
)

__all__ = [
    "CollapsedNeuron",
    "best_collapsed_neuron",
    "neuron_error",
    "printed_bound_roots",
    "printed_excess",
    "printed_moment",
    "sandwich",
    "theorem_7a_sigma",
    "theorem_7b_corrected",
    "theorem_7b_printed",
    "truncated_moment",
    "two_neuron_error",
]

# Cosines below this are rounding: an optimum so close to the face t = 0 of
# the cone is not told from one on it.
_ANGLE = 1e-10
# The largest residual, and excess over the bound, of an optimum.
_OPTIMAL = 1e-7


@dataclass(frozen=True, eq=False)
class CollapsedNeuron:
    r"""The neuron that generalizes best among those that collapse a class.

    Whenever s >= 0 and sum(u) <= 0, every beta in C_k satisfies <mu, beta>
    <= ||mu - X_in^T u - X_out^T s|| ||beta||: ``u`` and ``s`` prove the
    optimum by two products, without any solver.

    Attributes
    ----------
    beta : (d,) float64 array or None
        ``X_in @ beta == 1``, ``X_out @ beta <= 0``. None if the supremum is
        not attained; then any collapsed beta plus lambda * ``direction``
        tends to it as lambda grows.
    ratio : float
        Supremum of <mu, beta>/||beta||, positive. Divided by ||mu|| it is
        the cosine, whose limit for large n is 1/q.
    direction : (d,) float64 array
        Unit vector with ``mu @ direction == ratio``.
    u, s : (n_in,) and (n_out,) float64 arrays
        Multipliers of X_in eta = t 1 and of X_out eta <= 0.
    upper : float
        The bound that they prove, ``norm(mu - X_in.T @ u - X_out.T @ s)``.
    residuals : dict
        "primal", "dual", "stationarity" and "complementarity", relative to
        the norms of the samples and of mu.
    """

    beta: np.ndarray | None
    ratio: float
    direction: np.ndarray
    u: np.ndarray
    s: np.ndarray
    upper: float
    residuals: dict

    def error(self, sigma):
        """Misclassification probability Phi(-ratio/sigma), sigma > 0."""
        sigma = check_real("sigma", sigma, 0.0, exclusive=True)
        return float(ndtr(-self.ratio / sigma))


def best_collapsed_neuron(X, y, mu, label):
    r"""Best neuron that collapses class ``label``: the optimum of (2.26).

    Maximizes <mu, beta>/||beta|| over X_in beta = 1, X_out beta <= 0. The
    ratio ignores the scale of beta, so this set may be widened to the cone
    C = {eta : X_in eta = t 1, t >= 0, X_out eta <= 0}. The maximum is the
    norm of the projection of mu on C, which one nonnegative least squares
    problem over the polar cone finds exactly, with its multipliers.

    Parameters
    ----------
    X : (N, d) array
        Samples, one a row.
    y : (N,) integer array
        Labels; the samples of all other classes make X_out.
    mu : (d,) array
        Mean of class ``label``: pass -mu for the class with mean -mu.
    label : int
        The class to collapse.

    Returns
    -------
    CollapsedNeuron

    Raises
    ------
    ValueError
        If no neuron collapses the class, (2.12) being infeasible, or if
        every one that does has <mu, beta> <= 0 and so errs at least half
        of the time; also if rounding leaves the optimum in doubt.

    Notes
    -----
    Problem (2.26) of the paper; the reduction is beyond the paper (proved).
    One QR factorization, O(n_in**2 d), and one active-set solve.
    """
    X_in, X_out = split_class(X, y, label)
    mu = _vector("mu", mu, X_in.shape[1])
    infeasible = ValueError(
        f"no neuron collapses class {label!r}: X_in beta = 1, X_out beta <= "
        "0 has no solution, so (2.26) has no feasible point"
    )
    if not X_in.any():
        raise infeasible
    in_scale, mu_scale = _power_of_two(X_in), _power_of_two(mu)
    out_scale = _power_of_two(X_out, axis=1)
    X_in, mu = X_in / in_scale, mu / mu_scale
    X_out = X_out / out_scale[:, None]
    reduction = Reduction.of(X_in)
    if reduction.deficit is not None:
        raise infeasible
    columns = reduction.coordinates(np.vstack([X_out, mu]))
    columns, target = columns[:, :-1], columns[:, -1]
    length = np.linalg.norm(columns, axis=0)
    # A sample in the span of the class asks for 0 <= 0, up to rounding.
    real = length > 1e-13 * np.linalg.norm(X_out, axis=1)
    # Generators of the polar cone, the last for t >= 0.
    polar = np.zeros((len(columns), real.sum() + 1))
    polar[:, :-1] = columns[:, real] / length[real]
    polar[-1, -1] = -1.0
    unsure = ValueError(
        f"float64 arithmetic cannot tell the best neuron of class {label!r}, "
        "or whether there is one: see nclib.decide"
    )
    try:
        if polar.shape[0] > polar.shape[1]:
            Q, R = qr(polar, mode="economic")
            weights = nonnegative_least_squares(R, Q.T @ target)
        else:
            weights = nonnegative_least_squares(polar, target)
    except RuntimeError as error:
        raise unsure from error
    point = target - polar @ weights
    size = np.linalg.norm(point)
    positive = size > _ANGLE * np.linalg.norm(mu)
    attained = positive and point[-1] > _ANGLE * size
    if not attained:
        # Projections on the face t = 0 exist in infeasible classes too.
        feasible = decide(X, y, [label]).classes[label].feasible
        if feasible is None:
            raise unsure
        if not feasible:
            raise infeasible
        if not positive:
            raise ValueError(
                f"every neuron that collapses class {label!r} has "
                "<mu, beta> <= 0; mu must be the mean of that class"
            )
    eta, s = reduction.point(point), np.zeros(len(X_out))
    s[real] = weights[:-1] / length[real]
    u = reduction.multipliers(-(mu - eta - X_out.T @ s))
    direction = eta / size
    beta = None
    if attained:
        beta = direction / (X_in @ direction).mean() / in_scale
    shadow = mu - X_in.T @ u - X_out.T @ s
    ratio, upper = float(mu @ direction), float(np.linalg.norm(shadow))
    residuals = _residuals(X_in, X_out, mu, direction, u, s, shadow - eta)
    # The multipliers bound every neuron: a ratio above is no neuron's.
    if ratio > upper * (1 + _OPTIMAL) or max(residuals.values()) > _OPTIMAL:
        raise unsure
    return CollapsedNeuron(
        beta,
        ratio * mu_scale,
        direction,
        u * (mu_scale / in_scale),
        s * (mu_scale / out_scale),
        upper * mu_scale,
        residuals,
    )


def _residuals(X_in, X_out, mu, direction, u, s, rest):
    inner, outer = X_in @ direction, X_out @ direction
    t = max(inner.mean(), 0.0)
    norm = np.linalg.norm(mu)
    size = np.linalg.norm(np.vstack([X_in, X_out]), axis=1).max()
    work = abs(u.sum() * t) + np.abs(s * outer).sum()
    residuals = {
        "primal": max(0.0, np.abs(inner - t).max(), outer.max()) / size,
        "dual": max(0.0, u.sum(), -s.min()) * size / norm,
        "stationarity": np.linalg.norm(rest) / norm,
        "complementarity": work / norm,
    }
    return {name: float(value) for name, value in residuals.items()}


def _vector(name, value, size=None):
    """Return ``value`` as a finite non-zero vector with ``size`` entries."""
    value = np.asarray(value)
    if value.ndim != 1 or size not in (None, len(value)):
        raise ValueError(
            f"{name} must have shape ({'d' if size is None else size},), "
            f"got {value.shape}"
        )
    value = check_matrix(name, value[None])[0]
    if not value.any():
        raise ValueError(f"{name} must not be zero")
    return value


def _power_of_two(values, axis=None):
    """A power of two near the largest magnitude: dividing by it is exact."""
    largest = np.abs(values).max(axis=axis)
    return np.exp2(np.floor(np.log2(np.maximum(largest, 1e-300))))


def neuron_error(beta, mu, sigma):
    r"""Misclassification probability of one neuron.

    For x = +-mu + sigma z with equal odds the rule "class + if and only if
    <beta, x> > 0" errs with probability Phi(-<mu, beta>/(sigma ||beta||)).

    Parameters
    ----------
    beta, mu : (d,) array
        Non-zero.
    sigma : float
        Positive.

    Notes
    -----
    The display before (2.26) of the paper, for both classes at once.
    """
    mu = _vector("mu", mu)
    beta = _vector("beta", beta, len(mu))
    sigma = check_real("sigma", sigma, 0.0, exclusive=True)
    beta = beta / _power_of_two(beta)
    return float(ndtr(-(mu @ beta) / (sigma * np.linalg.norm(beta))))


def two_neuron_error(beta1, beta2, mu, sigma, ties="error"):
    r"""Misclassification probability of the two-neuron classifier (2.24).

    f(x) = relu(<beta1, x>) - relu(<beta2, x>) on x = +-mu + sigma z with
    equal odds; the class is the sign of f. Both neurons are silent on a
    quadrant of positive probability, so ties matter: the error is P(f < 0)
    plus 0, half or all of P(f = 0), averaged over the two classes.

    Parameters
    ----------
    beta1, beta2 : (d,) array
        Neurons of the classes with means mu and -mu; non-zero.
    mu : (d,) array
        Mean of the first class; non-zero.
    sigma : float
        Positive.
    ties : {"error", "half", "correct"}
        What f(x) = 0 counts as. "correct" is the strict inequality with
        which the paper defines the error; "half" is a random guess.

    Returns
    -------
    float
        Exact up to an absolute rounding error of about 1e-15.

    Notes
    -----
    The proof of Theorem 8(b) uses P(f < 0) >= P(<beta1, x> <= 0), which
    ties make false. With ``ties="error"`` the mean of the two neurons' own
    errors is a lower bound. Beyond the paper (proved), by bivariate normal
    probabilities in terms of Owen's T function.
    """
    share = {"error": 1.0, "half": 0.5, "correct": 0.0}
    if not isinstance(ties, str) or ties not in share:
        raise ValueError(f"ties must be one of {list(share)}, got {ties!r}")
    mu = _vector("mu", mu)
    beta1 = _vector("beta1", beta1, len(mu))
    beta2 = _vector("beta2", beta2, len(mu))
    m = mu / check_real("sigma", sigma, 0.0, exclusive=True)
    # One scale for both: f keeps its sign under a common factor only.
    scale = max(_power_of_two(beta1), _power_of_two(beta2))
    beta1, beta2 = beta1 / scale, beta2 / scale
    total = 0.0
    for own, other, mean in ((beta1, beta2, m), (beta2, beta1, -m)):
        if np.array_equal(own, other):
            loss, tie = 0.0, 1.0
        else:
            loss = _quadrant(other, other - own, mean)
            tie = _quadrant(-own, -other, mean)
        total += 0.5 * (loss + share[ties] * tie)
    return min(max(total, 0.0), 1.0)


def _quadrant(a, b, m):
    """P(<a, x> > 0 and <b, x> > 0) for x ~ N(m, I)."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    cosine = a @ b
    # Orthogonalized twice: for nearly parallel neurons the first pass
    # leaves rounding error, which must not enter as a third direction.
    rest = b - cosine * a
    rest -= (a @ rest) * a
    sine = np.linalg.norm(rest)
    h = m @ a
    if sine < 1e-15:
        if cosine > 0:
            return float(ndtr(h))
        return 0.0
    g = m @ rest / sine
    k = cosine * h + sine * g
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = np.array([g, sine * h - cosine * g]) / np.array([h, k])
    if h == 0 and k == 0:
        return float(0.25 + np.arctan2(cosine, sine) / (2 * np.pi))
    jump = 0.5 if h * k < 0 or (h * k == 0 and h + k < 0) else 0.0
    owen = owens_t(h, slopes[0]) + owens_t(k, slopes[1])
    return float(max(0.5 * (ndtr(h) + ndtr(k)) - owen - jump, 0.0))


def sandwich(X, y, mu, sigma, label=None):
    r"""Bounds from the data alone on B = (sigma/ratio)^2.

    The best error in class ``label`` is Phi(-B^(-1/2)). With s z the noise
    of the samples along mu, and Z the noise orthogonal to mu,

    s^2 + (s^2 ||z_in - mean||^2 + ||(s z_out - 1)_+||^2)/lambda_max(Z Z^T)
    <= B <= s^2 + (s^2 ||z_in||^2 + ||(s z_out - 1)_+||^2)/lambda_min(Z Z^T).

    Parameters
    ----------
    X : (N, d) array
        Samples of two classes.
    y : (N,) integer array
        Labels.
    mu : (d,) array
        Mean of class ``label``; the other class has mean -mu.
    sigma : float
        Positive.
    label : int, optional
        By default the smaller of the two labels.

    Returns
    -------
    lower, upper : float
        ``upper`` is infinite if d - 1 < N or Z is singular.

    Raises
    ------
    ValueError
        If there are not exactly two classes.

    Notes
    -----
    Beyond the paper (proved); holds for every data set, Gaussian or not.
    """
    sigma = check_real("sigma", sigma, 0.0, exclusive=True)
    classes = check_Xy(X, y)[2]
    if len(classes) != 2:
        raise ValueError(f"y must have two classes, got {classes.tolist()}")
    X_in, X_out = split_class(X, y, classes[0] if label is None else label)
    mu = _vector("mu", mu, X_in.shape[1])
    norm = np.linalg.norm(mu)
    axis = mu / norm
    along_in = X_in @ axis / norm - 1.0
    along_out = np.maximum(X_out @ axis / norm, 0.0)
    noise = np.vstack([X_in, X_out])
    noise = noise - np.outer(noise @ axis, axis)
    spectrum = (np.linalg.svd(noise, compute_uv=False) / sigma) ** 2
    s2, tail = (sigma / norm) ** 2, along_out @ along_out
    # Without noise off the axis both sides of the inequality are 0 / 0 = 0.
    top = max(spectrum[0], np.finfo(float).tiny)
    lower = s2 + (along_in.var() * len(along_in) + tail) / top
    upper = np.inf
    if len(noise) < len(mu) and spectrum[-1] > 1e-24 * spectrum[0]:
        upper = s2 + (along_in @ along_in + tail) / spectrum[-1]
    return float(lower), float(upper)
