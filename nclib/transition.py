r"""The phase transition by simulation: (3.1), sampled exactly in law.

The critical dimension of a draw is the smallest d at which a class can
collapse; appending pure-noise coordinates never destroys a solution.

Near the phase transition only the reduced constraint matrix matters: n by d
Gaussian samples and their QR factorization can be skipped. With the means in
the first p coordinates, beta = (a, gamma), and every sample of the other
classes written as mu_j + sigma (u, v), eliminating the equalities leaves

    t T0 + sum_i a_i (M_ji + sigma (u_i - tau_i) - M_ki T0) + sigma E w <= 0

with t > 0, where the rows (T0, tau) ~ N(0, C) are independent, C is an
inverse Wishart matrix, and E has d - n - p independent N(0, 1) columns.
One more dimension appends one column to E, so that one draw serves all d.

That asks for d >= n + p. The precision C^-1 is a sum of d - n + 1 outer
products h h', h ~ N(0, (A'A)^-1) for A = [1, U], one for each dimension. Below
n + p it is singular: the class takes equal values only where
phi = (t - <a, mu_k>, -sigma a), which is what T is multiplied with, lies in
the span of the h that are there. In their coordinates, phi = F c, the same
rows read N c + <a, mu_j + sigma u>, N independent N(0, 1).
"""

import math
from dataclasses import dataclass

import numpy as np

from nclib._checks import check_integer, check_matrix, check_real
from nclib._projection import nonnegative_least_squares
from nclib.asymptotics import phase_boundary
from nclib.feasibility import Reduction, separate

__all__ = [
    "NOISES",
    "Design",
    "NestedDraw",
    "column",
    "critical_columns",
    "critical_dimensions",
    "critical_index",
    "gaussian",
    "joint_critical_dimensions",
    "smallest",
    "squared_distances",
]


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

    Raises
    ------
    TypeError, ValueError
        Naming the argument; in particular n at most p, since samples that
        are fewer than the coordinates of the means leave no Wishart matrix.

    Notes
    -----
    (3.1); each dimension's law is exact, the dimensions of one draw are
    dependent. Memory O((K - 1) n (d - n)). With noise, no d below n is
    feasible: n points in d < n dimensions have no common value.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.transition import NestedDraw
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> draw = NestedDraw(means, 0.5, 60, k=0, seed=1)
    >>> draw.feasible(60), draw.feasible(120)
    (False, True)
    """

    def __init__(self, means, sigma, n, k, seed):
        self.means = check_matrix("means", means)
        self.sigma = check_real("sigma", sigma, 0.0, exclusive=True)
        self.n = check_integer("n", n, 2)
        self.k = k
        self._rng = np.random.default_rng(seed)
        K, p = self.means.shape
        if self.n <= p:
            raise ValueError(
                f"n must exceed the number of coordinates of means, {p}, "
                f"got {self.n}"
            )
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
        # One column a dimension, from d = n on.
        factor = self._factor = self._root @ rng.standard_normal((q, q))
        precision = factor @ factor.T
        rows = (K - 1) * self.n
        self._N = rng.standard_normal((q, rows)).T
        self._T = np.linalg.solve(factor.T, self._N.T).T
        self._C = np.linalg.inv(precision)
        self._base = self._T.copy()
        self._u = rng.standard_normal((rows, p))
        self._E = np.empty((rows, 0))
        self._g = np.empty((0, q))

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
        d = check_integer("d", d, self.n)
        p = self.means.shape[1]
        others = np.delete(self.means, self.k, axis=0)
        M = np.repeat(others, self.n, axis=0)
        extra = d - self.n - p
        if extra < 0:
            columns = self._few_dimensions(M, d - self.n + 1)
        else:
            self._grow(extra)
            E = self._E[:, :extra]
            # Unit noise columns are independent of T at the same dimension;
            # the T of n + p dimensions would be badly conditioned.
            T = self._base + E @ self._g[:extra]
            columns = np.empty((len(M), extra + p + 1))
            columns[:, :extra] = self.sigma * E
            columns[:, extra:-1] = (
                M
                + self.sigma * (self._u - T[:, 1:])
                - T[:, :1] * self.means[self.k]
            )
            columns[:, -1] = T[:, 0]
        columns /= np.sqrt(np.einsum("ij,ij->i", columns, columns))[:, None]
        return columns.T

    def _few_dimensions(self, M, count):
        """Rows of the constraints for n + count - 1 < n + p dimensions."""
        F = self._factor[:, :count]
        rows = self._N[:, :count] - (M + self.sigma * self._u) @ (
            F[1:] / self.sigma
        )
        # t as a function of the coordinates of phi; orthonormal axes of
        # these, the last of which points where t grows.
        slope = F[0] - self.means[self.k] @ F[1:] / self.sigma
        axes = np.linalg.qr(np.column_stack([slope, np.eye(count)]))[0]
        axes[:, 0] *= np.sign(axes[:, 0] @ slope)
        return rows @ np.roll(axes, -1, axis=1)

    def feasible(self, d):
        """Whether (3.1) is feasible at dimension d; None if undecided."""
        return separate(self.constraints(d))[0]


def smallest(holds, lowest, highest, guess=None):
    """Least integer of a range at which a monotone property holds.

    Gallops from the guess, then bisects: few calls where the guess is good.

    Parameters
    ----------
    holds : function
        Of an integer; once true it stays true. None counts as false.
    lowest, highest : int
        Ends of the range, both included.
    guess : int, optional
        Where to begin; the middle by default.

    Returns
    -------
    int or None
        None where it does not hold at ``highest``.

    Examples
    --------
    >>> from nclib.transition import smallest
    >>> smallest(lambda d: d * d >= 50, 1, 100)
    8
    """
    if lowest > highest:
        return None
    guess = (lowest + highest) // 2 if guess is None else guess
    below, at = lowest - 1, max(lowest, min(guess, highest))
    step = max(1, math.isqrt(max(at, 0)) // 2)
    if holds(at):
        above = at
        while above - step > below and holds(above - step):
            above, step = above - step, 2 * step
        below = max(below, above - step)
    else:
        while True:
            if at == highest:
                return None
            below, at = at, min(at + step, highest)
            if holds(at):
                break
            step *= 2
        above = at
    while above - below > 1:
        middle = (above + below) // 2
        if holds(middle):
            above = middle
        else:
            below = middle
    return above


def critical_index(draw, ds, start):
    """Index of the first d in ``ds`` at which a nested draw is feasible.

    Searched from ``start`` on; ``len(ds)`` when none is feasible. An
    undecided dimension counts as infeasible.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.transition import NestedDraw, critical_index
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> draw = NestedDraw(means, 0.5, 60, k=0, seed=1)
    >>> first = critical_index(draw, range(60, 121), start=15)
    >>> draw.feasible(60 + first), draw.feasible(59 + first)
    (True, False)
    """
    last = len(ds) - 1
    index = smallest(lambda i: draw.feasible(ds[i]), 0, last, start)
    return len(ds) if index is None else index


@dataclass(frozen=True)
class Design:
    """Which draws of (3.1) make a column of Figures 1 and 2.

    Attributes
    ----------
    means : (K, p) array
        Class means in the p coordinates that carry them; class 0 is asked.
    sigma : float
        Noise level.
    n : int
        Samples a class.
    ds : increasing sequence of int
        Dimensions, all at least n.
    trials : int
        Draws.
    kind : {"nested", "independent"}
        One draw a trial for all d, or fresh draws in every cell as in the
        paper. Every cell's law is the same in both.
    start : int
        Index in ``ds`` where the search of a nested column begins.
    """

    means: np.ndarray
    sigma: float
    n: int
    ds: list
    trials: int
    kind: str = "nested"
    start: int = 0


def column(design, seed):
    """Success counts of (3.1) at every dimension of a `Design`.

    Parameters
    ----------
    design : Design
    seed : SeedSequence

    Returns
    -------
    (len(ds),) int array

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.transition import Design, column
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> design = Design(means, sigma=0.5, n=20, ds=[20, 40], trials=5)
    >>> column(design, np.random.SeedSequence(0))
    array([0, 5])
    """
    means, sigma, n, ds = design.means, design.sigma, design.n, design.ds
    count = np.zeros(len(ds), dtype=int)
    for child in seed.spawn(design.trials):
        own = child.spawn(1)[0]
        if design.kind == "nested":
            draw = NestedDraw(means, sigma, n, 0, own)
            count[critical_index(draw, ds, design.start) :] += 1
        else:
            for i, cell in enumerate(own.spawn(len(ds))):
                draw = NestedDraw(means, sigma, n, 0, cell)
                count[i] += bool(draw.feasible(ds[i]))
    return count


def critical_dimensions(means, sigma, n, draws, seed, k=0):
    """Smallest feasible d of class k in each of many nested draws.

    At least n: fewer dimensions than samples in the class leave no solution.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.transition import critical_dimensions
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> d = critical_dimensions(means, 0.5, n=20, draws=5, seed=0)
    >>> bool(((20 <= d) & (d <= 40)).all())
    True
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

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.transition import critical_columns, gaussian
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> d = critical_columns(means, gaussian(0.5), n=10, draws=5, seed=0)
    >>> bool(((10 <= d) & (d <= 20)).all())
    True
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


def joint_critical_dimensions(means, sigma, n, draws, seed):
    """Smallest feasible d of every class of the same data sets.

    All classes can collapse from the largest of a row on.

    Returns
    -------
    (draws, K) int array

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.transition import joint_critical_dimensions
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> d = joint_critical_dimensions(means, 0.5, n=10, draws=5, seed=0)
    >>> d.shape
    (5, 2)
    """
    columns = []
    for k in range(len(means)):
        # The same seed is the same data.
        guess = n * phase_boundary(means, sigma, k).delta
        columns.append(
            critical_columns(
                means, gaussian(sigma), n, draws, seed, k, guess=guess
            )
        )
    return np.column_stack(columns)


def gaussian(sigma):
    """Gaussian noise of deviation ``sigma`` for `critical_columns`.

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.transition import gaussian
    >>> gaussian(0.5)(np.random.default_rng(0), (2, 3)).shape
    (2, 3)
    """
    return lambda rng, shape: sigma * rng.standard_normal(shape)


def _rademacher(rng, shape):
    return rng.choice([-1.0, 1.0], shape)


def _uniform(rng, shape):
    return rng.uniform(-(3**0.5), 3**0.5, shape)


def _student(rng, shape):
    return rng.standard_t(5, shape) * 0.6**0.5


#: Laws of independent entries of mean 0 and variance 1, by name.
NOISES = {
    "Rademacher": _rademacher,
    "uniform": _uniform,
    "Student t, 5 degrees": _student,
}


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
        return separate(reduction.unit_columns(self.X_out[:, :columns])[0])[0]


def squared_distances(means, sigma, n, draws, seed, k=0):
    r"""Distances D_n of Gaussian points from the random cone, squared.

    Returns
    -------
    difference : (draws,) array
        D_n minus the value of its program at the minimizer of the limit,
        whose expectation is exactly n delta.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.transition import squared_distances
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> squared_distances(means, 0.5, n=10, draws=4, seed=0).shape
    (4,)
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
