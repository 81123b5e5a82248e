r"""The feasibility of (3.1) on Gaussian mixtures, sampled exactly in law.

Near the phase transition only the reduced constraint matrix matters: n by d
Gaussian samples and their QR factorization can be skipped. With the means in
the first p coordinates, beta = (a, gamma), and every sample of the other
classes written as mu_j + sigma (u, v), eliminating the equalities leaves

    t T0 + sum_i a_i (M_ji + sigma (u_i - tau_i) - M_ki T0) + sigma E w <= 0

with t > 0, where the rows (T0, tau) ~ N(0, C) are independent, C is an
inverse Wishart matrix, and E has d - n - p independent N(0, 1) columns.
One more dimension appends one column to E, so that one draw serves all d.
"""

from __future__ import annotations

import numpy as np

from nclib.data import GaussianMixture, check_integer, check_matrix, check_real
from nclib.feasibility import Reduction, separate


class NestedDraw:
    r"""One draw of (3.1) for all dimensions d at once.

    Appending pure-noise coordinates never destroys a solution, so the draw
    is feasible exactly from one critical dimension on.

    Parameters
    ----------
    means : (K, p) array
        Class means in the p coordinates that carry them.
    sigma : float
        Noise level, positive.
    n : int
        Samples a class.
    k : int
        Row of ``means`` of the target class.
    seed : int, SeedSequence or Generator

    Notes
    -----
    (3.1); each dimension's law is exact, the dimensions of one draw are
    dependent. Memory O((K - 1) n (d - n)).
    """

    def __init__(self, means, sigma, n, k, seed):
        self.means = check_matrix("means", means)
        self.sigma = check_real("sigma", sigma, 0.0, exclusive=True)
        self.n = check_integer("n", n, 2)
        self.k = k
        self._rng = np.random.default_rng(seed)
        K, p = self.means.shape
        q = p + 1
        rng = self._rng
        # A.T @ A for A = [1, U], U the noise of the target class in the
        # coordinates of the means.
        g = rng.standard_normal(p)
        W = rng.standard_normal((self.n - 1, p))
        gram = np.empty((q, q))
        gram[0, 0] = self.n
        gram[0, 1:] = gram[1:, 0] = np.sqrt(self.n) * g
        gram[1:, 1:] = np.outer(g, g) + W.T @ W
        # h = root @ N(0, I) has covariance inv(gram).
        self._root = np.linalg.inv(np.linalg.cholesky(gram)).T
        factor = self._root @ rng.standard_normal((q, q))
        precision = factor @ factor.T
        rows = (K - 1) * self.n
        self._T = (
            np.linalg.solve(factor.T, rng.standard_normal((q, rows))).T
        )
        self._C = np.linalg.inv(precision)
        self._base = self._T.copy()
        self._u = rng.standard_normal((rows, p))
        self._E = np.empty((rows, 0))
        self._g = np.empty((0, q))

    @property
    def smallest_d(self):
        """The smallest dimension this draw can answer for, n + p."""
        return self.n + self.means.shape[1]

    def _grow(self, extra):
        rows, q = self._T.shape
        start = self._E.shape[1]
        if extra <= start:
            return
        # One generator call per dimension, so that the draw does not depend
        # on which dimensions are asked for, or in which order.
        E = np.empty((rows, extra))
        E[:, :start] = self._E
        g = np.empty((extra, q))
        g[:start] = self._g
        for j in range(start, extra):
            fresh = self._rng.standard_normal(rows + q)
            h = self._root @ fresh[rows:]
            Ch = self._C @ h
            root = np.sqrt(1.0 + h @ Ch)
            E[:, j] = (fresh[:rows] - self._T @ h) / root
            g[j] = Ch / root
            self._T += np.outer(E[:, j], g[j])
            self._C -= np.outer(g[j], g[j])
        self._E, self._g = E, g

    def constraints(self, d):
        """The reduced constraints at dimension d, one unit column a sample.

        Returns
        -------
        (d - n + 1, (K - 1) n) array
            What `nclib.feasibility.separate` takes.
        """
        d = check_integer("d", d, self.smallest_d)
        extra = d - self.smallest_d
        self._grow(extra)
        E = self._E[:, :extra]
        # Unit noise columns are independent of T at the same dimension; the
        # T of the smallest dimension would be badly conditioned.
        T = self._base + E @ self._g[:extra]
        others = np.delete(self.means, self.k, axis=0)
        M = np.repeat(others, self.n, axis=0)
        T0 = T[:, :1]
        columns = np.hstack(
            [
                self.sigma * E,
                M + self.sigma * (self._u - T[:, 1:])
                - T0 * self.means[self.k],
                T0,
            ]
        )
        return (columns / np.linalg.norm(columns, axis=1, keepdims=True)).T

    def feasible(self, d):
        """Whether (3.1) is feasible at dimension d; None if undecided."""
        return separate(self.constraints(d))[0]


def direct_feasible(means, sigma, n, k, d, seed):
    """Whether (3.1) is feasible on one fresh draw of full data."""
    M = np.zeros((len(means), d))
    M[:, : means.shape[1]] = means
    X, y = GaussianMixture(M, sigma).sample(n, seed)
    reduction = Reduction.of(X[y == k])
    if reduction.deficit is not None:
        return False
    columns = reduction.coordinates(X[y != k])
    return separate(columns / np.linalg.norm(columns, axis=0))[0]


def critical_index(draw, ds, start):
    """Index of the first d in ``ds`` at which a nested draw is feasible.

    Gallops from ``start``, then bisects; ``len(ds)`` when none is feasible.
    An undecided dimension counts as infeasible.
    """
    low, high = -1, len(ds)
    step = 1
    i = min(max(start, 0), len(ds) - 1)
    while low + 1 < high:
        if draw.feasible(ds[i]):
            high = i
            i = max(i - step, low + 1) if low < 0 else (low + high) // 2
        else:
            low = i
            i = (
                min(i + step, high - 1)
                if high == len(ds)
                else (low + high) // 2
            )
        step *= 2
    return high


def column(means, sigma, n, k, ds, trials, design, start, seed):
    """Success counts of (3.1) at every d in ``ds``, ``trials`` draws each.

    Parameters
    ----------
    means : (K, p) array
    sigma : float
    n, k : int
    ds : increasing sequence of int
        Dimensions, all at least n.
    trials : int
    design : {"nested", "independent"}
        One draw a trial for all d, or fresh draws in every cell as in the
        paper. Every cell's law is the same in both.
    start : int
        Index in ``ds`` where the search of a nested column begins.
    seed : SeedSequence

    Returns
    -------
    (len(ds),) int array
    """
    count = np.zeros(len(ds), dtype=int)
    smallest = n + means.shape[1]
    direct = sum(d < smallest for d in ds)
    nested = list(ds[direct:])
    for child in seed.spawn(trials):
        draws = child.spawn(1 + direct)
        # Below n + p dimensions the reduction does not apply: those few
        # cells get data of their own in both designs.
        for i in range(direct):
            count[i] += bool(
                direct_feasible(means, sigma, n, k, ds[i], draws[1 + i])
            )
        if design == "nested":
            draw = NestedDraw(means, sigma, n, k, draws[0])
            first = critical_index(draw, nested, start - direct)
            count[direct + first :] += 1
        else:
            for i, cell in enumerate(draws[0].spawn(len(nested))):
                draw = NestedDraw(means, sigma, n, k, cell)
                count[direct + i] += bool(draw.feasible(nested[i]))
    return count
