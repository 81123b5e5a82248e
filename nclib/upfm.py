r"""Theorem 2: the unconstrained positive feature model (2.6), (2.7).

Nonnegative features are free variables here, not the output of a network:
the minimum bounds the risk of every network from below, and a network that
attains it is globally optimal.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp

from nclib._checks import (
    check_classifier,
    check_integer,
    check_matrix,
    check_problem,
    check_Xy,
)

__all__ = [
    "PENALTIES",
    "Descent",
    "UPFMSolution",
    "descend",
    "upfm_minimizer",
    "upfm_risk",
]

#: The penalties of Section 3.2, for W and for the features.
PENALTIES = (1e-3, 1e-6)


def penalty_slope(K, n, lambda_W, lambda_H, loss):
    """Return the least penalty per unit of scale of the logits.

    Logits ``C_K`` (ce) or ``I_K`` (l2) cost at least this much of
    ``lambda_W / 2 |W|^2 + lambda_H / 2 |H|^2`` with H nonnegative.
    """
    lam = np.sqrt(lambda_W) * np.sqrt(lambda_H)
    if loss == "ce":
        return lam * np.sqrt(n * K) * np.sqrt(K - 1)
    return lam * np.sqrt(n) * K


@dataclass(frozen=True)
class UPFMSolution:
    r"""A global minimizer of (2.6) or (2.7).

    Attributes
    ----------
    K, n, D : int
        Classes, samples a class, features.
    lambda_W, lambda_H : float
        Penalties.
    loss : {"ce", "l2"}
        Cross-entropy (2.6) or squared loss (2.7).
    a : float
        Scale of the logits: :math:`\bar HW=aC_K` (ce), :math:`aI_K` (l2).
    b : float
        Squared norm of each class mean, :math:`\bar H\bar H^\top=bI_K`.
    risk : float
        The minimum.
    collapsed : bool
        Whether a > 0; otherwise the only minimizer is W = 0, H = 0.
    H_mean : (K, D) array
        Class means. Feature j belongs to class j mod K alone.
    W : (D, K) array
        Classifier.
    H : (N, D) array
        Features, N = K n rows stacked class by class; built when asked for.
    """

    K: int
    n: int
    D: int
    lambda_W: float
    lambda_H: float
    loss: str
    a: float
    b: float
    risk: float

    @property
    def collapsed(self):
        return self.a > 0

    @cached_property
    def H_mean(self):
        owner = np.arange(self.D) % self.K
        # A trivial minimizer is legal at D < K, where classes own nothing.
        share = np.maximum(np.bincount(owner, minlength=self.K), 1)
        means = np.zeros((self.K, self.D))
        means[owner, np.arange(self.D)] = np.sqrt(self.b / share[owner])
        return means

    @cached_property
    def W(self):
        if not self.collapsed:
            return np.zeros((self.D, self.K))
        W = self.a / self.b * self.H_mean.T
        if self.loss == "ce":
            W = W - W.mean(axis=1, keepdims=True)
        return W

    @cached_property
    def H(self):
        return np.repeat(self.H_mean, self.n, axis=0)


def upfm_minimizer(K, n, lambda_W, lambda_H, loss="ce", D=None):
    r"""Return a global minimizer of the unconstrained positive feature model.

    With :math:`\lambda=\sqrt{\lambda_W\lambda_H}` and N = K n balanced
    samples, every minimizer has :math:`HH^\top = b\,YY^\top` (Y the one-hot
    labels, one a row) and

    .. math::

        &\text{ce:}\quad W^\top W=\frac{a^2}{b}C_K, \\
        &a=\Big[\log(K-1)
        \Big(\tfrac{1}{\lambda\sqrt{nK(K-1)}}-1\Big)\Big]_+, \\
        &b=\sqrt{\frac{K-1}{nK}\frac{\lambda_W}{\lambda_H}}\,a,

    .. math::

        &\ell_2:\quad W^\top W=\sqrt{n\lambda_H/\lambda_W}\;a I_K, \\
        &a=(1-\sqrt n K\lambda)_+, \\
        &b=\sqrt{\lambda_W/(n\lambda_H)}\;a .

    It is collapsed, a > 0, if and only if :math:`\lambda K\sqrt n` is below
    :math:`\sqrt{(K-1)/K}` (ce) or 1 (l2); otherwise W = 0 and H = 0 is the
    minimizer, and neural collapse does not occur whatever the data.

    Parameters
    ----------
    K, n : int
        Classes (at least 2) and samples a class.
    lambda_W, lambda_H : float
        Penalties, greater than zero.
    loss : {"ce", "l2"}
        Cross-entropy (2.6), or squared loss (2.7), each averaged over N
        with the paper's factors 1/2.
    D : int, optional
        Number of features, K by default. More are shared out evenly.

    Returns
    -------
    UPFMSolution
        ``.H_mean``, ``.W``, ``.H`` (lazily), ``.risk``, ``.a``, ``.b``,
        ``.collapsed``.

    Raises
    ------
    TypeError, ValueError
        Naming the argument. D < K is refused where a > 0: K nonzero,
        nonnegative, pairwise orthogonal means need D >= K, and the minimum
        at smaller D is strictly larger and has no closed form here.

    Notes
    -----
    Source: Theorem 2, (2.8)-(2.11), with the factor :math:`\sqrt n K\lambda`
    of the paper's proof in place of the printed :math:`\sqrt{nK\lambda}`,
    and with the trivial case, which the printed proof omits (proved, by the
    four terms of `gap_terms`; `kkt_certificate` confirms it).

    Examples
    --------
    >>> import nclib
    >>> best = nclib.upfm_minimizer(2, 300, lambda_W=1e-3, lambda_H=1e-6)
    >>> round(best.risk, 6), best.collapsed
    (0.006323, True)
    """
    K = check_integer("K", K, 2)
    n = check_integer("n", n, 1)
    D = K if D is None else check_integer("D", D, 1)
    lambda_W, lambda_H = check_problem(lambda_W, lambda_H, loss)
    slope = penalty_slope(K, n, lambda_W, lambda_H, loss)
    ratio = np.sqrt(lambda_W) / np.sqrt(lambda_H)
    if loss == "ce":
        a = np.log(max((K - 1) / slope - (K - 1), 1))
        b = np.sqrt((K - 1) / (n * K)) * ratio * a
        risk = np.log1p((K - 1) * np.exp(-a)) + slope * a
    else:
        a = max(1 - slope, 0)
        b = ratio / np.sqrt(n) * a
        risk = slope - slope**2 / 2 if a > 0 else 1 / 2
    if a > 0 and D < K:
        raise ValueError(
            f"D must be at least K = {K}, got {D}: K nonzero nonnegative "
            "class means that are pairwise orthogonal need K features, so "
            "with fewer the minimum is strictly larger than Theorem 2's"
        )
    return UPFMSolution(
        K, n, D, lambda_W, lambda_H, loss, float(a), float(b), float(risk)
    )


def upfm_risk(H, W, y, lambda_W, lambda_H, loss="ce"):
    r"""Return the regularized risk (2.6) or (2.7) of features and classifier.

    .. math::

        \frac1N\sum_i&\ell(W^\top h_i, y_i) \\
        &+\frac{\lambda_W}{2}\|W\|_F^2+\frac{\lambda_H}{2}\|H\|_F^2,

    with cross-entropy :math:`\ell=\log\sum_{j=1}^K e^{z_j}-z_y` or
    :math:`\ell=\tfrac12\|z-e_y\|^2`. Unequal class sizes are legal; that
    H is nonnegative is not checked.

    Parameters
    ----------
    H : (N, D) array or tensor
        Features.
    W : (D, K) array or tensor
        Classifier, one column a class in the order of ``np.unique(y)``.
    y : (N,) integer array or tensor
        Labels.
    lambda_W, lambda_H : float
        Penalties, at least zero.
    loss : {"ce", "l2"}

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Examples
    --------
    >>> import nclib
    >>> best = nclib.upfm_minimizer(2, 3, 0.01, 0.01)
    >>> risk = nclib.upfm_risk(best.H, best.W, [0, 0, 0, 1, 1, 1], 0.01, 0.01)
    >>> abs(risk - best.risk) < 1e-14
    True
    """
    lambda_W, lambda_H = check_problem(lambda_W, lambda_H, loss, False)
    H = check_matrix("H", H)
    _, codes, classes = check_Xy(H[:, :1], y)
    N, K = len(codes), len(classes)
    W = check_classifier("W", W, H.shape[1], K)
    logits = H @ W
    if loss == "ce":
        # Relative to the true logit: no cancellation at large margins.
        logits -= logits[np.arange(N), codes][:, None]
        mean_loss = logsumexp(logits, axis=1).mean()
    else:
        logits[np.arange(N), codes] -= 1
        mean_loss = (logits**2).sum() / (2 * N)
    penalty = lambda_W * (W**2).sum() + lambda_H * (H**2).sum()
    return float(mean_loss + penalty / 2)


class Descent(NamedTuple):
    """Local minima of (2.6) or (2.7), and the best minimizer.

    Attributes
    ----------
    risks : (starts,) array
        Where each descent ended.
    H : (N, D) array
    W : (D, K) array
    """

    risks: np.ndarray
    H: np.ndarray
    W: np.ndarray

    @property
    def risk(self):
        return float(self.risks.min())


def descend(counts, D, lambda_W, lambda_H, loss="ce", starts=6, seed=0):
    """Minimize the risk over H >= 0 and W from random starts.

    L-BFGS-B on the non-convex problem (2.6) or (2.7) itself; it knows
    neither Theorem 2 nor the relaxation.

    Parameters
    ----------
    counts : sequence of K ints
        Class sizes; samples are stacked class by class.
    D : int
        Number of features.
    lambda_W, lambda_H : float
    loss : {"ce", "l2"}
    starts, seed : int

    Returns
    -------
    Descent
        ``.risks`` of all starts, ``.H``, ``.W`` and ``.risk`` of the best.

    Notes
    -----
    Seconds where N D is below a few hundred. What it finds is no proof: the
    problem is not convex.

    Examples
    --------
    >>> import nclib
    >>> found = nclib.upfm.descend([4, 4], D=2, lambda_W=0.02, lambda_H=0.01)
    >>> minimum = nclib.upfm_minimizer(2, 4, 0.02, 0.01).risk
    >>> abs(found.risk - minimum) < 1e-6
    True
    """
    K, N = len(counts), sum(counts)
    Y = np.repeat(np.eye(K), counts, axis=0)

    def risk(theta):
        H, W = theta[: N * D].reshape(N, D), theta[N * D :].reshape(D, K)
        Z = H @ W
        if loss == "ce":
            log_P = log_softmax(Z, axis=1)
            value, G = -(log_P * Y).sum() / N, (np.exp(log_P) - Y) / N
        else:
            value, G = ((Z - Y) ** 2).sum() / (2 * N), (Z - Y) / N
        value += lambda_W / 2 * (W**2).sum() + lambda_H / 2 * (H**2).sum()
        slopes = (G @ W.T + lambda_H * H, H.T @ G + lambda_W * W)
        return value, np.concatenate([slope.ravel() for slope in slopes])

    rng = np.random.default_rng(seed)
    bounds = [(0, None)] * (N * D) + [(None, None)] * (D * K)
    runs = []
    for _ in range(starts):
        start = rng.normal(size=N * D + D * K)
        start[: N * D] = abs(start[: N * D])
        runs.append(
            minimize(
                risk,
                start,
                jac=True,
                bounds=bounds,
                method="L-BFGS-B",
                options={"ftol": 1e-16, "gtol": 1e-9, "maxiter": 3000},
            )
        )
    best = min(runs, key=lambda run: run.fun).x
    return Descent(
        np.array([run.fun for run in runs]),
        best[: N * D].reshape(N, D),
        best[N * D :].reshape(D, K),
    )
