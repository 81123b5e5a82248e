"""Critical dimensions by simulation, and what the boundary is checked with.

The critical dimension of a draw is the smallest d at which a class can
collapse; appending pure-noise coordinates never destroys a solution.
"""

import numpy as np
from scipy.optimize import brentq, linprog, minimize
from scipy.stats import norm, t

from nclib._projection import nonnegative_least_squares
from nclib.asymptotics import phase_boundary
from nclib.feasibility import Reduction, separate
from nclib.transition import NestedDraw, critical_index


class LeadingColumns:
    """Class k of a data set, asked for its first columns only.

    The same interface as a `NestedDraw`, for noise of any law.
    """

    def __init__(self, X, y, k=0):
        self.X_in, self.X_out = X[y == k], X[y != k]

    def feasible(self, columns):
        """Whether (2.12) is feasible on that many columns."""
        reduction = Reduction.of(self.X_in[:, :columns])
        if reduction.deficit is not None:
            return False
        A = reduction.coordinates(self.X_out[:, :columns])
        return separate(A / np.linalg.norm(A, axis=0))[0]


def critical_dimensions(means, sigma, n, draws, seed, k=0):
    """Smallest feasible d of class k in each of many nested draws.

    At least n: fewer dimensions than samples in the class leave no solution.
    """
    K, _ = means.shape
    ds = range(n, K * n)
    guess = int(n * phase_boundary(means, sigma, k).delta) - n
    nested = (
        NestedDraw(means, sigma, n, k, child)
        for child in np.random.SeedSequence(seed).spawn(draws)
    )
    return np.array([n + critical_index(d, ds, guess) for d in nested])


def critical_columns(means, noise, n, draws, seed, k=0, bias=False, guess=0):
    """The same from full data, mean plus ``noise(rng, shape)``.

    The means may fill as many coordinates as there are samples a class.
    With `bias`, a column of ones stands before the data.
    """
    K, p = means.shape
    ds = range(n, K * n)
    result = []
    for child in np.random.SeedSequence(seed).spawn(draws):
        X = noise(np.random.default_rng(child), (K * n, K * n))
        y = np.repeat(np.arange(K), n)
        X[:, :p] += means[y]
        if bias:
            X = np.column_stack([np.ones(K * n), X])
        columns = [d + bias for d in ds]
        draw = LeadingColumns(X, y, k)
        result.append(n + critical_index(draw, columns, int(guess) - n))
    return np.array(result)


def gaussian(sigma):
    """Noise for `critical_columns`."""
    return lambda rng, shape: sigma * rng.standard_normal(shape)


def centre(boundary, n):
    """Predicted mean of the smallest feasible dimension."""
    return n * boundary.delta + boundary.shift(n) + 0.5


def statistic(values):
    """Mean and standard error."""
    return float(values.mean()), float(values.std(ddof=1) / len(values) ** 0.5)


def reach(values):
    """Half width of an interval for the mean that fails once in a million."""
    return t.isf(5e-7, len(values) - 1) * statistic(values)[1]


def direct_threshold(means, sigma, k=0):
    """The threshold by a general optimizer on its definition."""

    def F(v):
        s = np.sqrt(1 + v @ v)
        m = means @ v / sigma
        x = np.delete(m, k) / s
        tails = (x**2 + 1) * norm.cdf(x) + x * norm.pdf(x)
        return s**2 * (1 + tails.sum()) + min(m[k], 0.0) ** 2

    start = 0.1 * means.mean(axis=0) - 0.1 * means[1 - (k == 1)]
    return minimize(F, start, method="BFGS", tol=1e-10).fun


def squared_distances(means, sigma, n, draws, seed, k=0):
    r"""Distances D_n of Gaussian points from the random cone, squared.

    Returns
    -------
    difference : (draws,) array
        D_n minus the value of its program at the minimizer of the limit,
        whose expectation is exactly n delta.
    """
    K, p = means.shape
    boundary = phase_boundary(means, sigma, k)
    inside = np.repeat(np.arange(K) == k, n)
    result = []
    for child in np.random.SeedSequence(seed).spawn(draws):
        rng = np.random.default_rng(child)
        A = rng.standard_normal((K * n, p))
        g = rng.standard_normal(K * n)
        S = A + np.repeat(means, n, axis=0) / sigma
        generators = np.column_stack(
            [S, -S, inside, -np.eye(K * n)[:, ~inside]]
        )
        s = nonnegative_least_squares(generators, g)
        residual = g - generators @ s
        at = g + S @ boundary.v
        at[inside] -= max(boundary.margins[k], 0.0)
        at[~inside] = np.maximum(at[~inside], 0)
        result.append(residual @ residual - at @ at)
    return np.array(result)


def _rademacher(rng, shape):
    return rng.choice([-1.0, 1.0], shape)


def _uniform(rng, shape):
    return rng.uniform(-(3**0.5), 3**0.5, shape)


def _student(rng, shape):
    return rng.standard_t(5, shape) * 0.6**0.5


# Independent entries of mean 0 and variance 1.
NOISES = {
    "Rademacher": _rademacher,
    "uniform": _uniform,
    "Student t, 5 degrees": _student,
}


def spread_means(n, scales=1.0):
    """Two opposed unit means, spread evenly over n coordinates."""
    first = np.ones(n) / np.sqrt(n) / scales
    return np.array([first, -first])


def clean_split(means, k):
    """Whether some b has <mu_k, b> >= 0 > <mu_j, b> for all j != k."""
    rows = np.vstack([-means[k], np.delete(means, k, 0)])
    ceiling = -np.ones(len(rows))
    ceiling[0] = 0.0
    free = [(None, None)] * means.shape[1]
    answer = linprog(
        np.zeros(means.shape[1]), A_ub=rows, b_ub=ceiling, bounds=free
    )
    return answer.status == 0


def critical_sigma(ratio, means):
    """Noise level at which the threshold of class 0 equals this d/n."""
    return brentq(lambda s: phase_boundary(means, s).delta - ratio, 1e-3, 1e3)


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
