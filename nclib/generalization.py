r"""What collapse costs: the best collapsed neuron and the bounds on it.

Section 2.3 of the paper asks how well a network can classify new points
when its features have collapsed on the training set. The classes have means
mu and -mu and noise sigma z; s = sigma/||mu||. A neuron of class k collapses
its class when X_in beta = 1 and X_out beta <= 0, the set C_k of (2.25).

A malformed argument raises a TypeError or a ValueError that names it.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.linalg import qr
from scipy.special import ndtr, owens_t
from scipy.stats import beta as beta_distribution

from nclib._checks import (
    check_choice,
    check_matrix,
    check_real,
    check_vector,
    check_Xy,
    split_class,
)
from nclib._projection import nonnegative_least_squares
from nclib.asymptotics import collapsed_error
from nclib.bounds import printed_factor
from nclib.data import GaussianMixture, power_of_two
from nclib.feasibility import Reduction, decide

__all__ = [
    "TIES",
    "CollapsedNeuron",
    "admissible",
    "best_collapsed_neuron",
    "best_separator",
    "beta_law",
    "blind_direction",
    "draw",
    "errors",
    "flat_ratio",
    "guess_bound",
    "hyperplane_pair",
    "limit_errors",
    "neuron_error",
    "optimal_pair",
    "ratios",
    "sandwich",
    "slack_needed",
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

    Examples
    --------
    >>> import nclib
    >>> X, y, mu = nclib.generalization.draw(20, 60, 0.5, seed=1)
    >>> best = nclib.best_collapsed_neuron(X, y, mu, 0)
    >>> best.ratio < 1, best.error(0.5) > 0.0228
    (True, True)
    """
    X_in, X_out = split_class(X, y, label)
    mu = check_vector("mu", mu, X_in.shape[1])
    infeasible = ValueError(
        f"no neuron collapses class {label!r}: X_in beta = 1, X_out beta <= "
        "0 has no solution, so (2.26) has no feasible point"
    )
    if not X_in.any():
        raise infeasible
    in_scale, mu_scale = power_of_two(X_in), power_of_two(mu)
    out_scale = power_of_two(X_out, axis=1)
    X_in, mu = X_in / in_scale, mu / mu_scale
    X_out = X_out / out_scale[:, None]
    reduction = Reduction.of(X_in)
    if reduction.deficit is not None:
        raise infeasible
    columns, length, real = reduction.unit_columns(X_out)
    target = reduction.coordinates(mu[None])[:, 0]
    # Generators of the polar cone, the last for t >= 0.
    polar = np.column_stack([columns, -np.eye(len(columns))[-1]])
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
        float(ratio * mu_scale),
        direction,
        u * (mu_scale / in_scale),
        s * (mu_scale / out_scale),
        float(upper * mu_scale),
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

    Examples
    --------
    >>> from nclib.generalization import neuron_error
    >>> round(neuron_error([1.0, 0.0], mu=[1.0, 0.0], sigma=0.5), 6)
    0.02275
    """
    mu = check_vector("mu", mu)
    beta = check_vector("beta", beta, len(mu))
    sigma = check_real("sigma", sigma, 0.0, exclusive=True)
    beta = beta / power_of_two(beta)
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

    Examples
    --------
    >>> from nclib.generalization import two_neuron_error
    >>> round(two_neuron_error([1.0, 0], [-1.0, 0], mu=[1.0, 0], sigma=0.5), 6)
    0.02275
    """
    share = {"error": 1.0, "half": 0.5, "correct": 0.0}
    check_choice("ties", ties, share)
    mu = check_vector("mu", mu)
    beta1 = check_vector("beta1", beta1, len(mu))
    beta2 = check_vector("beta2", beta2, len(mu))
    m = mu / check_real("sigma", sigma, 0.0, exclusive=True)
    # One scale for both: f keeps its sign under a common factor only.
    scale = max(power_of_two(beta1), power_of_two(beta2))
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


def guess_bound(cosine1, cosine2, s):
    r"""Lower bound on the two-neuron error (2.24) where ties are guesses.

    .. math:: & \tfrac12 - \tfrac14 \big(D(c_1) + D(c_2)\big), \\
        & D(c) = (P_+ - P_-)\big(\langle\mu, x\rangle > 0, \\
        & \qquad \langle\beta, x\rangle > 0\big),

    where :math:`P_\pm` are the laws of :math:`\pm\mu + \sigma z` and
    beta has the cosine c with mu. It exceeds the Bayes error Phi(-1/s)
    unless both cosines are 1, and half of the mean of the two own errors.

    Parameters
    ----------
    cosine1, cosine2 : float
        Of either neuron with the mean of its class, in [-1, 1].
    s : float
        sigma/||mu||, positive.

    Returns
    -------
    float

    Notes
    -----
    Beyond the paper (proved). f > 0 only where the first neuron fires, and
    the most that a rule can win there is to answer on <mu, x> > 0 alone.
    D increases with c, so that for collapsed neurons the cosines may be
    replaced by the optima of (2.26).

    Examples
    --------
    >>> from nclib.generalization import guess_bound
    >>> round(guess_bound(1, 1, 0.5), 5), round(guess_bound(0.8, 0.8, 0.5), 5)
    (0.02275, 0.03877)
    """
    s = check_real("s", s, 0.0, exclusive=True)
    axis, wins = np.array([1.0, 0.0]), 0.0
    for name, cosine in (("cosine1", cosine1), ("cosine2", cosine2)):
        cosine = check_real(name, cosine, -1.0)
        if cosine > 1:
            raise ValueError(f"{name} must be at most 1, got {cosine}")
        beta = np.array([cosine, np.sqrt(1 - cosine**2)])
        wins += _quadrant(axis, beta, axis / s)
        wins -= _quadrant(axis, beta, -axis / s)
    return 0.5 - 0.25 * wins


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

    Examples
    --------
    >>> import nclib
    >>> X, y, mu = nclib.generalization.draw(20, 60, 0.5, seed=1)
    >>> low, high = nclib.generalization.sandwich(X, y, mu, 0.5)
    >>> best = nclib.best_collapsed_neuron(X, y, mu, 0)
    >>> low <= (0.5 / best.ratio) ** 2 <= high
    True
    """
    sigma = check_real("sigma", sigma, 0.0, exclusive=True)
    classes = check_Xy(X, y)[2]
    if len(classes) != 2:
        raise ValueError(f"y must have two classes, got {classes.tolist()}")
    X_in, X_out = split_class(X, y, classes[0] if label is None else label)
    mu = check_vector("mu", mu, X_in.shape[1])
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


#: What f(x) = 0 counts as, from the kindest rule on.
TIES = ("correct", "half", "error")


def draw(n, d, s, seed):
    """A draw of two opposed clusters (2.20) with mu = e_1 and sigma = s.

    Parameters
    ----------
    n, d : int
        Samples a class and dimension.
    s : float
        Noise level sigma / ||mu||.
    seed : int, SeedSequence or Generator

    Returns
    -------
    X : (2 n, d) float64 array
    y : (2 n,) int64 array
        0 for the class with mean mu, 1 for that with mean -mu.
    mu : (d,) float64 array

    Examples
    --------
    >>> import nclib
    >>> X, y, mu = nclib.generalization.draw(20, 60, 0.5, seed=1)
    >>> nclib.best_collapsed_neuron(X, y, mu, 0).ratio < 1
    True
    """
    mu = np.eye(1, d)[0]
    mixture = GaussianMixture(np.stack([mu, -mu]), s)
    return *mixture.sample(n, np.random.default_rng(seed)), mu


@cache
def ratios(n, d, s, count, seed=7):
    """Optima 1/q of (2.26) on ``count`` draws, mu and sigma as in `draw`.

    Parameters
    ----------
    n, d, s
        As in `draw`.
    count : int
        Draws.
    seed : int

    Returns
    -------
    (count,) float64 array
        Remembered as long as the program runs; not writable.

    Examples
    --------
    >>> import nclib
    >>> mean = nclib.generalization.ratios(100, 300, 0.5, 3).mean()
    >>> bool(abs(mean - 1 / nclib.collapsed_error(3, 0.5).q) < 0.05)
    True
    """
    found = np.array(
        [
            best_collapsed_neuron(*draw(n, d, s, [seed, k]), 0).ratio
            for k in range(count)
        ]
    )
    found.flags.writeable = False
    return found


def errors(n, d, s, count):
    """The smallest errors of a collapsed neuron on the draws of `ratios`.

    Parameters
    ----------
    n, d, s, count
        As in `ratios`.

    Returns
    -------
    (count,) float64 array

    Examples
    --------
    >>> import nclib
    >>> smallest = nclib.generalization.errors(100, 300, 0.5, 3)
    >>> bool((smallest > nclib.collapsed_error(3, 0.5).bayes).all())
    True
    """
    return ndtr(-ratios(n, d, s, count) / s)


def beta_law(n, d):
    """Law of the squared optimum of (4.19), (2.26) without inequalities.

    Parameters
    ----------
    n, d : int
        Samples a class and dimension, n at most d.

    Returns
    -------
    scipy.stats frozen distribution
        Beta((d - n + 1)/2, (n - 1)/2).

    Notes
    -----
    Beyond the paper (proved). On draws on which no inequality is active
    (2.26) has the same optimum.

    Examples
    --------
    >>> from nclib.generalization import beta_law
    >>> round(float(beta_law(100, 200).mean()), 4)
    0.505
    """
    return beta_distribution((d - n + 1) / 2, (n - 1) / 2)


def flat_ratio(mu, *groups):
    r"""Largest <mu, eta>/||eta|| over directions constant on every group.

    .. math:: \|(I - P)\mu\|,

    P the projection on the span of x - x' for x, x' in the same group.

    Parameters
    ----------
    mu : (d,) array
    *groups : (m, d) array
        Samples, one a row. One class: problem (4.19). Two classes: one
        hyperplane for both.

    Returns
    -------
    float

    Notes
    -----
    Equation (4.19) of the paper, and beyond it.

    Examples
    --------
    >>> import nclib
    >>> from nclib.generalization import draw, flat_ratio
    >>> X, y, mu = draw(20, 60, 0.1, seed=1)
    >>> best = nclib.best_collapsed_neuron(X, y, mu, 0).ratio
    >>> flat_ratio(mu, X[y == 0], X[y == 1]) < best
    True
    >>> abs(flat_ratio(mu, X[y == 0]) - best) < 1e-12
    True
    """
    mu = check_vector("mu", mu)
    spans = [check_matrix("groups", group) for group in groups]
    spans = [(group[1:] - group[0]).T for group in spans]
    basis = qr(np.hstack(spans), mode="economic")[0]
    return float(np.linalg.norm(mu - basis @ (basis.T @ mu)))


@cache
def optimal_pair(n, d, s, seed):
    """A draw (X, y, mu) and the best neuron of either class on it.

    Parameters
    ----------
    n, d, s
        As in `draw`.
    seed : int

    Returns
    -------
    X, y, mu
        As from `draw`.
    first, second : CollapsedNeuron
        Of the classes with means mu and -mu.

    Examples
    --------
    >>> import nclib
    >>> _, _, mu, first, second = nclib.generalization.optimal_pair(
    ...     20, 60, 0.5, seed=0
    ... )
    >>> bool(mu @ first.beta > 0 > mu @ second.beta)
    True
    """
    X, y, mu = draw(n, d, s, [88, seed])
    first = best_collapsed_neuron(X, y, mu, 0)
    second = best_collapsed_neuron(X, y, -mu, 1)
    return X, y, mu, first, second


def blind_direction(X, mu, seed=0):
    """A unit vector orthogonal to every sample and to mu.

    Parameters
    ----------
    X : (N, d) array
        Samples, d above N + 1.
    mu : (d,) array
    seed : int

    Returns
    -------
    (d,) float64 array

    Examples
    --------
    >>> import numpy as np, nclib
    >>> X, y, mu = nclib.generalization.draw(5, 20, 0.5, seed=1)
    >>> v = nclib.generalization.blind_direction(X, mu)
    >>> bool(np.abs(X @ v).max() < 1e-12)
    True
    """
    X = check_matrix("X", X)
    mu = check_vector("mu", mu, X.shape[1])
    if len(X) + 1 >= len(mu):
        raise ValueError(
            f"X must have fewer than d - 1 = {len(mu) - 1} rows, "
            f"got {len(X)}: nothing is orthogonal to all of them"
        )
    rng = np.random.default_rng(seed)
    span = qr(np.vstack([X, mu]).T, mode="economic")[0]
    v = rng.standard_normal(len(mu))
    for _ in range(2):
        v -= span @ (span.T @ v)
    return v / np.linalg.norm(v)


def hyperplane_pair(X, y, mu):
    """Neurons beta and -c beta of C_1 and C_2: one hyperplane, no ties.

    The best direction that is constant on either class, moved slightly into
    the interior when one of the two constants vanishes.

    Parameters
    ----------
    X : (N, d) array
        Samples of two classes, d above N.
    y : (N,) integer array
        0 for the class with mean mu, 1 for that with mean -mu.
    mu : (d,) array

    Returns
    -------
    beta1, beta2 : (d,) float64 arrays

    Notes
    -----
    Beyond the paper (proved): while both constants have their signs, its
    cosine is `flat_ratio` of the two classes, whose square has the law
    Beta((d - 2n + 2)/2, n - 1).

    Examples
    --------
    >>> import nclib
    >>> from nclib.generalization import admissible, draw, hyperplane_pair
    >>> X, y, mu = draw(10, 40, 0.5, seed=1)
    >>> bool(admissible(X, y, *hyperplane_pair(X, y, mu)) < 1e-10)
    True
    """
    X_in, X_out = X[y == 0], X[y == 1]
    spread = X_out[1:] - X_out[0]
    basis = qr(spread.T, mode="economic")[0]
    flat = X - (X @ basis) @ basis.T
    mean = mu - basis @ (basis.T @ mu)
    best = best_collapsed_neuron(flat, y, mean, 0).direction
    inner = np.linalg.lstsq(X, 1.0 - 2.0 * y, rcond=None)[0]
    direction = best + 1e-3 * inner / np.linalg.norm(inner)
    one, two = (X_in @ direction).mean(), (X_out @ direction).mean()
    return direction / one, direction / two


def admissible(X, y, beta1, beta2):
    """Largest violation of beta1 in C_1 and beta2 in C_2, relative.

    Parameters
    ----------
    X : (N, d) array
    y : (N,) integer array
        0 and 1.
    beta1, beta2 : (d,) array

    Returns
    -------
    float
        In units of 1, or of the largest norm of a sample times that of beta
        where this is larger.

    Examples
    --------
    >>> from nclib.generalization import admissible, optimal_pair
    >>> X, y, mu, first, second = optimal_pair(20, 60, 0.5, seed=0)
    >>> bool(admissible(X, y, first.beta, second.beta) < 1e-10)
    True
    """
    worst = 0.0
    for own, beta in ((0, beta1), (1, beta2)):
        inner, outer = X[y == own] @ beta, X[y != own] @ beta
        size = np.linalg.norm(beta) * np.linalg.norm(X, axis=1).max()
        worst = max(
            worst,
            np.abs(inner - 1).max() / max(1.0, size),
            outer.max() / max(1.0, size),
        )
    return worst


def limit_errors(delta, s):
    """Limits for large n: one optimal neuron, then the pair by tie rule.

    Parameters
    ----------
    delta, s : float
        As for `nclib.collapsed_error`.

    Returns
    -------
    tuple of four floats
        The error of the best neuron; of the optimal pair with ties
        "correct", "half" and "error".

    Notes
    -----
    Beyond the paper; derived, as the angle between the optimal neurons is.

    Examples
    --------
    >>> from nclib.generalization import limit_errors
    >>> single, correct, half, error = limit_errors(10.6, 2.0)
    >>> correct < half < single < error
    True
    """
    limit = collapsed_error(delta, s)
    cosine, rho = 1 / limit.q, limit.cosine
    sine = np.sqrt(1 - cosine**2)
    across = (rho + cosine**2) / sine
    rest = np.sqrt(max(sine**2 - across**2, 0.0))
    first = np.array([cosine, sine, 0.0])
    second = np.array([-cosine, across, rest])
    mu = np.array([1.0, 0.0, 0.0])
    return limit.error, *(
        two_neuron_error(first, second, mu, s, ties) for ties in TIES
    )


def slack_needed(n, s):
    """The c1 = c2 with which (2.28) is tight at d = 2 n log n.

    Parameters
    ----------
    n : float
        Samples a class.
    s : float
        sigma/||mu||, positive.

    Returns
    -------
    float
        It grows without bound with n where (2.28) is false for large n.

    Notes
    -----
    By the exact limit `nclib.collapsed_error`.

    Examples
    --------
    >>> from nclib.generalization import slack_needed
    >>> slack_needed(1e9, 0.5) > 100 * slack_needed(1e3, 0.5)
    True
    """
    delta = 2 * np.log(n)
    exact = collapsed_error(delta, s).q ** 2 - 1
    excess = 2 * delta * s**2 * (printed_factor(delta, s) - 1 - exact)
    return float(excess / (s**2 + s) * np.sqrt(n / np.log(n)))


def best_separator(X, y, mu):
    r"""The best linear classifier that separates two classes.

    Maximizes <mu, w>/||w|| over the cone of all w with <w, x> at least 0 on
    class 0 and at most 0 on class 1, by one nonnegative least squares
    problem, and moves it slightly into the interior of the cone.

    Parameters
    ----------
    X : (N, d) array
        Independent samples, N at most d.
    y : (N,) integer array
        0 for the class with mean mu, 1 for that with mean -mu.
    mu : (d,) array

    Returns
    -------
    (d,) float64 array
        Of unit length; it separates strictly.

    Notes
    -----
    Beyond the paper. The same as (2.26) with inequalities only.

    Examples
    --------
    >>> import nclib
    >>> from nclib.generalization import best_separator, draw, neuron_error
    >>> X, y, mu = draw(20, 60, 0.5, seed=1)
    >>> w = best_separator(X, y, mu)
    >>> bool(((X @ w > 0) == (y == 0)).all())
    True
    """
    X = check_matrix("X", X)
    mu = check_vector("mu", mu, X.shape[1])
    sign = 1.0 - 2.0 * np.asarray(y)
    Q, triangle = qr((-sign[:, None] * X).T, mode="economic")
    weights = nonnegative_least_squares(triangle, Q.T @ mu)
    w = mu + (sign * weights) @ X
    inner = np.linalg.lstsq(X, sign, rcond=None)[0]
    w = w / np.linalg.norm(w) + 1e-3 * inner / np.linalg.norm(inner)
    return w / np.linalg.norm(w)
