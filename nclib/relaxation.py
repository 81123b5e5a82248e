r"""The convex relaxation behind Theorem 2, solved and certified.

The closed form of `nclib.upfm` is compared here with what does not know it:
a semidefinite program at three sizes, and the conditions of optimality. The
certificate also splits the gap of any other point into four named parts.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import kl_div, softmax

from nclib._checks import (
    check_choice,
    check_integer,
    check_matrix,
    check_problem,
)
from nclib._extras import load
from nclib.upfm import penalty_slope, upfm_minimizer

__all__ = [
    "GapTerms",
    "KKTCertificate",
    "Relaxation",
    "gap_terms",
    "kkt_certificate",
    "minority_solution",
    "upfm_sdp",
]

_REDUCTIONS = ("full", "permutation", "scalar")


@dataclass(frozen=True)
class Relaxation:
    r"""Numerical solution of the convex relaxation of (2.6) or (2.7).

    Attributes
    ----------
    objective : float
        The minimum, a lower bound of the risk up to the solver's accuracy.
    U : (K, K) array
        :math:`W^\top W`.
    Z : (N, K) or (K, K) array
        Logits, one row a sample ("full") or a class mean.
    V : (N, N) or (K, K) array
        :math:`HH^\top` of the samples ("full") or of the class means.
    status : str
        What the solver said.
    """

    objective: float
    U: np.ndarray
    Z: np.ndarray
    V: np.ndarray
    status: str


def upfm_sdp(counts, lambda_W, lambda_H, loss="ce", reduction="permutation"):
    r"""Solve the convex relaxation of the unconstrained feature model.

    The risk depends on :math:`U=W^\top W`, :math:`V=HH^\top` and
    :math:`Z=HW` alone, and is convex in them:

    .. math::

        \min\ & \frac1N\sum_i\ell(z_i,y_i) \\
        & +\frac{\lambda_W}2\mathrm{Tr}\,U
        +\frac{\lambda_H}2\mathrm{Tr}\,V \\
        \text{s.t.}\ &
        \begin{bmatrix}U&Z^\top\\Z&V\end{bmatrix}\succeq0,\ V\ge0 .

    Parameters
    ----------
    counts : sequence of K ints
        Class sizes; they may differ, except for ``reduction="scalar"``.
    lambda_W, lambda_H : float
        Penalties, greater than zero.
    loss : {"ce", "l2"}
    reduction : {"permutation", "full", "scalar"}
        "full" is the program above, of order K + N. "permutation" replaces
        the samples by the means of their classes, which loses nothing, as Q
        projected on them is feasible and costs no more: a matrix of order
        2K remains. "scalar" averages over the permutations of the classes
        too, which needs equal sizes, and minimizes over all but the scale
        of the logits.

    Returns
    -------
    Relaxation
        ``.objective`` and the Gram blocks ``.U``, ``.Z``, ``.V``.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.
    RuntimeError
        The solver failed.

    Notes
    -----
    "full" and "permutation" are solved by cvxpy with Clarabel: the
    objective is good to about 1e-7, the blocks to about 1e-4, since the
    optimum is flat. "full" takes about 0.2 s at (K, n) = (3, 4) and a
    minute at (5, 20). Source: Section 4.1; the reductions are beyond the
    paper (proved). Unequal sizes can end in minority collapse, the mean of
    a small class at zero.

    Examples
    --------
    >>> import nclib
    >>> best = nclib.upfm_minimizer(3, 2, 0.02, 0.01)
    >>> relaxed = nclib.upfm_sdp([2, 2, 2], 0.02, 0.01)
    >>> abs(relaxed.objective - best.risk) < 1e-6
    True
    """
    counts = [check_integer("counts", count, 1) for count in counts]
    if len(counts) < 2:
        raise ValueError(
            f"counts must name at least two classes, got {len(counts)}"
        )
    lambda_W, lambda_H = check_problem(lambda_W, lambda_H, loss)
    check_choice("reduction", reduction, _REDUCTIONS)
    if reduction == "scalar":
        if len(set(counts)) > 1:
            raise ValueError(
                f"counts must be equal for reduction='scalar', got {counts}"
            )
        return _scalar(len(counts), counts[0], lambda_W, lambda_H, loss)
    full = reduction == "full"
    return _sdp(np.array(counts), lambda_W, lambda_H, loss, full)


def _scalar(K, n, lambda_W, lambda_H, loss):
    slope = penalty_slope(K, n, lambda_W, lambda_H, loss)

    def derivative(t):
        if loss == "l2":
            return t - 1 + slope
        return slope - (K - 1) / (np.exp(t) + K - 1)

    scale = 0.0
    if derivative(0.0) < 0:
        upper = 1.0
        while derivative(upper) < 0:
            upper *= 2
        scale = brentq(derivative, 0, upper, xtol=1e-15, rtol=1e-14)
    pattern = np.eye(K) - (1 / K if loss == "ce" else 0)
    # Balancing the penalties, lambda_W Tr U = lambda_H n Tr V.
    rank = K - 1 if loss == "ce" else K
    spread = np.sqrt(lambda_W * rank / (lambda_H * n * K)) * scale
    U = scale**2 / spread * pattern if scale > 0 else 0 * pattern
    mean_loss = (1 - scale) ** 2 / 2
    if loss == "ce":
        mean_loss = np.log1p((K - 1) * np.exp(-scale))
    return Relaxation(
        float(mean_loss + slope * scale),
        U,
        scale * pattern,
        spread * np.eye(K),
        "root bracketed" if scale > 0 else "minimum at zero",
    )


def _sdp(counts, lambda_W, lambda_H, loss, full):
    cp = load("cvxpy", "nclib.upfm_sdp")
    K, N = len(counts), counts.sum()
    labels = np.repeat(np.arange(K), counts) if full else np.arange(K)
    sizes = np.ones(N) if full else counts.astype(float)
    rows = len(labels)
    # U and V are scaled so that both traces cost lambda / 2 and a row of a
    # class mean carries the weight of its samples.
    lam = np.sqrt(lambda_W) * np.sqrt(lambda_H)
    ratio = np.sqrt(lambda_W) / np.sqrt(lambda_H)
    Q = cp.Variable((K + rows, K + rows), PSD=True)
    root = np.sqrt(sizes)
    Z = cp.multiply(Q[K:, :K], (1 / root)[:, None] * np.ones((1, K)))
    onehot = np.eye(K)[labels]
    weight = sizes / N
    if loss == "ce":
        truth = cp.sum(cp.multiply(Z, onehot), axis=1)
        mean_loss = weight @ (cp.log_sum_exp(Z, axis=1) - truth)
    else:
        scaled = cp.multiply(
            np.sqrt(weight)[:, None] * np.ones((1, K)), Z - onehot
        )
        mean_loss = cp.sum_squares(scaled) / 2
    problem = cp.Problem(
        cp.Minimize(mean_loss + lam / 2 * cp.trace(Q)), [Q[K:, K:] >= 0]
    )
    problem.solve(solver=cp.CLARABEL)
    if Q.value is None:
        raise RuntimeError(f"Clarabel gave no solution: {problem.status}")
    value = Q.value
    return Relaxation(
        float(problem.value),
        value[:K, :K] / ratio,
        value[K:, :K] / root[:, None],
        value[K:, K:] * ratio / np.outer(root, root),
        problem.status,
    )


@dataclass(frozen=True)
class KKTCertificate:
    r"""Dual variables of the relaxation at the closed form, and residuals.

    Attributes
    ----------
    S : (K + N, K + N) array
        Dual of the semidefinite constraint.
    Q : (K + N, K + N) array
        Primal block matrix of U, Z, V.
    B : (N, N) array
        Dual of V >= 0, itself nonnegative.
    min_eigenvalue : float
        Smallest eigenvalue of S scaled to unit diagonal blocks
        (:math:`2S` between :math:`\mathrm{diag}(\lambda_W,
        \lambda_H)^{-1/2}`); optimality needs it to be at least 0.
    slackness : float
        :math:`\|SQ\|_F`, to be 0.
    complementarity : float
        :math:`\langle B,V\rangle`, to be 0.
    rank_S, rank_Q : int
        Ranks; they add up to K + N under strict complementarity.
    """

    S: np.ndarray
    Q: np.ndarray
    B: np.ndarray
    min_eigenvalue: float
    slackness: float
    complementarity: float
    rank_S: int
    rank_Q: int


def kkt_certificate(K, n, lambda_W, lambda_H, loss="ce"):
    r"""Return the KKT certificate that the closed form is a global minimum.

    With P the softmax of the logits Z (ce; P = Z for l2) and Y the one-hot
    labels,

    .. math::

        S&=\frac12\begin{bmatrix}\lambda_W I_K & \frac1N(P-Y)^\top\\
        \frac1N(P-Y) & \lambda_H I_N-B\end{bmatrix}, \\
        B&=\frac{\lambda_H}{n(K-1)}(J_K-I_K)\otimes J_n\ \text{(ce)}, \\
        B&=0\ (\ell_2).

    S makes the Lagrangian stationary; :math:`S\succeq0`, :math:`B\ge0`,
    :math:`SQ=0` and :math:`\langle B,V\rangle=0` then prove that Q is a
    minimizer of the relaxation, and so that Theorem 2 holds at these
    parameters. The same B serves the trivial minimizer.

    Parameters
    ----------
    K, n, lambda_W, lambda_H, loss
        As for `upfm_minimizer`.

    Returns
    -------
    KKTCertificate

    Notes
    -----
    Dense, O((K + N)^3): meant for N up to a few thousand. Source: (4.2)-(4.4)
    and, for the trivial and the l2 case, beyond the paper (proved).

    Examples
    --------
    >>> import nclib
    >>> proof = nclib.kkt_certificate(3, 2, 0.02, 0.01)
    >>> proof.min_eigenvalue > -1e-12, proof.rank_S + proof.rank_Q
    (True, 9)
    """
    solution = upfm_minimizer(K, n, lambda_W, lambda_H, loss)
    K, N = solution.K, solution.K * solution.n
    H, W = solution.H, solution.W
    Y = np.repeat(np.eye(K), solution.n, axis=0)
    factor = np.hstack([W, H.T])
    Q = factor.T @ factor
    Z, V = H @ W, H @ H.T
    B = np.zeros((N, N))
    gradient = Z - Y
    if loss == "ce":
        gradient = softmax(Z, axis=1) * (1 - Y)
        gradient -= gradient.sum(axis=1, keepdims=True) * Y
        B = solution.lambda_H / (solution.n * (K - 1)) * (1 - Y @ Y.T)
    S = 0.5 * np.block(
        [
            [solution.lambda_W * np.eye(K), gradient.T / N],
            [gradient / N, solution.lambda_H * np.eye(N) - B],
        ]
    )
    inverse_root = (
        np.repeat([solution.lambda_W, solution.lambda_H], [K, N]) ** -0.5
    )
    scaled = 2 * inverse_root[:, None] * S * inverse_root
    spectrum = np.linalg.eigvalsh(scaled)
    return KKTCertificate(
        S,
        Q,
        B,
        float(spectrum[0]),
        float(np.linalg.norm(S @ Q)),
        float((B * V).sum()),
        # The nonzero eigenvalues of the scaled S are of order one.
        int((spectrum > 1e-8).sum()),
        int(np.linalg.matrix_rank(Q, hermitian=True)),
    )


class GapTerms(NamedTuple):
    """The four parts of risk minus minimum, each at least zero.

    Attributes
    ----------
    logits : float
        Divergence of the predictions from those of the minimizer.
    spread : float
        Features away from their class mean (NC1).
    angles : float
        Class means that share neurons (NC2 of the features); beyond the
        transition to zero also their length.
    duality : float
        Classifier away from the class means (NC3).
    """

    logits: float
    spread: float
    angles: float
    duality: float

    @property
    def gap(self):
        """Risk minus minimum."""
        return sum(self)


def gap_terms(H, W, n, lambda_W, lambda_H, loss="ce"):
    r"""Return the parts of the gap between a risk and the minimum.

    The relaxation is convex, its certificate S, B stationary, and so
    exactly :math:`R(H,W)-R^\star=D` :math:`{}+\langle S,Q\rangle
    +\frac12\langle B,HH^\top\rangle`, D the Bregman divergence of the loss.
    Completing the square in W splits it into four terms that are nonnegative
    for every H >= 0 and W, of any width.

    Parameters
    ----------
    H : (K n, D) array
        Features, at least zero, n rows a class, stacked class by class.
    W : (D, K) array
    n : int
    lambda_W, lambda_H : float
    loss : {"ce", "l2"}

    Returns
    -------
    GapTerms

    Raises
    ------
    TypeError, ValueError
        Naming the argument: not matrices that chain, H without n rows for
        each column of W, or with an entry below zero.

    Notes
    -----
    Source: beyond the paper (proved), on both sides of the transition to
    zero. Costs O(K n D).

    Examples
    --------
    >>> import nclib
    >>> best = nclib.upfm_minimizer(2, 3, 0.02, 0.01)
    >>> abs(nclib.gap_terms(best.H, best.W, 3, 0.02, 0.01).gap) < 1e-14
    True
    """
    H, W = check_matrix("H", H), check_matrix("W", W)
    n, K = check_integer("n", n, 1), W.shape[1]
    if H.shape != (K * n, W.shape[0]):
        raise ValueError(
            f"H must have n = {n} rows for each of the {K} columns of W and "
            f"one column a row of W, {(K * n, W.shape[0])}, "
            f"got shape {H.shape}"
        )
    if (H < 0).any():
        raise ValueError(
            "H must be at least zero, as ReLU features are, got an entry of "
            f"{H.min():.3g}"
        )
    a = upfm_minimizer(K, n, lambda_W, lambda_H, loss).a
    means = H.reshape(K, n, -1).mean(axis=1)
    spread = lambda_H / 2 * ((H - np.repeat(means, n, axis=0)) ** 2).sum()
    gram = means @ means.T
    pattern = np.eye(K)
    if loss == "ce":
        pattern = pattern - 1 / K
        P = np.repeat(softmax(a * pattern, axis=1), n, axis=0)
        divergence = kl_div(P, softmax(H @ W, axis=1))
        logits = np.maximum(divergence, 0).sum() / (K * n)
        slope = P[0, -1]
    else:
        Z = np.repeat(a * pattern, n, axis=0)
        logits = ((H @ W - Z) ** 2).sum() / (2 * K * n)
        slope = (1 - a) / K
    ratio, cost = slope / lambda_W, slope**2 / (n * lambda_W)
    # Zero where a > 0, but for rounding.
    excess = 0.0 if a > 0 else lambda_H - cost * pattern[0, 0]
    angles = excess * np.trace(gram)
    angles -= cost * (pattern * gram)[~np.eye(K, dtype=bool)].sum()
    duality = ((W - ratio * means.T @ pattern) ** 2).sum()
    return GapTerms(
        float(logits),
        float(spread),
        float(n / 2 * angles),
        float(lambda_W / 2 * duality),
    )


def minority_solution(K, n, m, lambda_W, lambda_H):
    r"""Global minimum of the feature model when a small class vanishes.

    K - 1 classes have n samples, the last has m. If
    :math:`m(K-1)/K < N^2\lambda_W\lambda_H` the last class's features are
    zero at every minimizer, and the others are orthogonal.

    Returns
    -------
    risk : float
        Of the candidate with the last feature at zero.
    features : float
        Squared norm of the other features.
    smallest : float
        Smallest eigenvalue of the scaled dual matrix or entry of the dual of
        the features' signs: at least 0 proves that the candidate is a global
        minimizer.

    Examples
    --------
    >>> from nclib.relaxation import minority_solution
    >>> risk, features, smallest = minority_solution(3, 20, 2, 0.05, 0.02)
    >>> smallest > -1e-12
    True
    """
    N = (K - 1) * n + m
    b = N * np.sqrt(lambda_W * lambda_H / (n * K * (K - 1)))
    gap = np.log((1 - (K - 1) * b) / b)
    features = lambda_W * N * gap / (n * K * b)
    weight = n * features / lambda_W
    P = np.full((K, K), b) + np.diag(np.full(K, 1 - K * b))
    P[-1] = 1 / K
    G = (P - np.eye(K)) / N
    counts = np.array([n] * (K - 1) + [m])
    loss = n * (K - 1) * np.log1p((K - 1) * np.exp(-gap)) + m * np.log(K)
    W2 = weight**2 / features * (G[:-1] ** 2).sum()
    risk = loss / N + lambda_W / 2 * W2
    risk += lambda_H / 2 * n * (K - 1) * features
    inner = G @ G.T / lambda_W
    B = np.where(np.eye(K) > 0, 0.0, -inner)
    labels = np.repeat(np.arange(K), counts)
    dual = np.eye(N) - (B + inner)[np.ix_(labels, labels)] / lambda_H
    signs = B[~np.eye(K, dtype=bool)].min() / lambda_H
    return risk, features, float(min(np.linalg.eigvalsh(dual)[0], signs))
