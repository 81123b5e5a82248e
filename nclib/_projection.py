r"""Engines for one question: does some r have G.T @ r <= 0 and <e, r> > 0?

The projection of e on the cone {r : G.T @ r <= 0}, the residual of
min_{s >= 0} ||G s - e||, answers it (Moreau): it is such an r, or it is zero
and s >= 0 with G s = e proves that there is none. Two methods approach it.
The interior one stops at the first point that answers, well inside its cone,
which is what a proof needs. The active set one ends on the projection itself.
"""

import numpy as np
import scipy.linalg
import scipy.optimize
from scipy.linalg import blas, lapack

# What an interior answer must show, relative to its size, before it is
# believed: far above rounding, far below what the first answers have.
_ROOM = 1e-11
_EXACT = 1e-14
_MOST_STEPS = 25
# Ratios of multiplier to slack this near each other need no double precision.
_ALIKE = 1e7
# Of an active set, relative residuals between the two are polished first.
_ZERO_RESIDUAL = 1e-13
_CLEAR_RESIDUAL = 1e-10
# How far a solution of least squares may miss its optimality conditions.
_OPTIMALITY = 1e-9


def interior(G, e, most):
    r"""Answers of a primal-dual interior-point method, the first one first.

    Mehrotra's predictor and corrector for min ||r - e||^2 / 2 subject to
    G.T @ r + z = 0, z >= 0, whose multipliers s end on G s = e - r. Each
    Newton matrix I + G diag(s / z) G.T serves four directions: to the
    boundary and once more for what is left of G s - e (a Farkas certificate
    has s > 0 there), to the central path without progress (a separating r
    has z > 0 there), and the step.

    Parameters
    ----------
    G : (m, N) array
        Unit columns, N >= 1.
    e : (m,) array
        Unit vector.
    most : int
        Answers after which to stop.

    Returns
    -------
    s : (N,) array
        Where the path stopped: large where the projection uses a column.

    Yields
    ------
    feasible : bool
    answer : array
        r (m,) with G.T @ r < 0 < e @ r, or s (N,) with s > 0 and G s = e up
        to an error far below its smallest entry. Later ones are further
        along the path.
    room : float
        How far every column may move before r fails; the same for s,
        estimated to first order in the weakest direction.
    """
    m, N = G.shape
    G = np.asfortranarray(G)
    # Large multipliers at the start make e small beside them, which saves a
    # quarter of the steps.
    s = np.full(N, 10.0 / np.sqrt(N))
    r = e - G @ s
    z = np.maximum(-(r @ G), 0.0) + 0.01 * np.linalg.norm(r)
    answers = 0
    for _ in range(_MOST_STEPS):
        newton = _Newton(G, e, r, s, z)
        if not newton.regular or answers >= most:
            break
        mu = s @ z / N
        affine = newton.direction(-s * z)
        answers += yield from _farkas(newton, s + affine[1])
        centered = newton.direction(mu - s * z)[0]
        answers += yield from _separator(G, e, r + centered)
        step = min(1.0, _longest(s, affine[1]), _longest(z, affine[2]))
        ahead = (s + step * affine[1]) @ (z + step * affine[2]) / N
        dr, ds, dz = newton.direction(
            (ahead / mu) ** 2 * mu - s * z - affine[1] * affine[2]
        )
        answers += yield from _separator(G, e, r + dr)
        step = min(1.0, 0.99 * min(_longest(s, ds), _longest(z, dz)))
        if not step > 1e-8:
            break
        r, s, z = r + step * dr, s + step * ds, z + step * dz
    return s


class _Newton:
    """The Newton matrix at one point of the path, factored."""

    def __init__(self, G, e, r, s, z):
        self.G, self.e, self._s, self._z = G, e, s, z
        self._primal = r @ G + z
        self._dual = r - e + G @ s
        self.weight = s / z
        root = G * np.sqrt(self.weight)
        # While the weights are alike single precision, twice as fast, is
        # good enough for a step; answers are measured in double.
        if self.weight.max() < _ALIKE * self.weight.min():
            root = root.astype(np.float32)
        (syrk,) = blas.get_blas_funcs(["syrk"], [root])
        potrf, self._potrs = lapack.get_lapack_funcs(
            ["potrf", "potrs"], [root]
        )
        matrix = syrk(1.0, root, lower=1)
        np.einsum("ii->i", matrix)[:] += 1.0
        self._factor, info = potrf(matrix, lower=1, overwrite_a=1, clean=0)
        self.regular = info == 0

    def solve(self, b):
        return self._potrs(self._factor, b, lower=1)[0].astype(float)

    def direction(self, target):
        """Changes of r, s and z toward s * z == s * z + target."""
        s, z, primal = self._s, self._z, self._primal
        dr = self.solve(-self._dual - self.G @ ((target + s * primal) / z))
        dz = -primal - dr @ self.G
        return dr, (target - s * dz) / z, dz


def _longest(x, dx):
    """How far x + step * dx stays positive."""
    return 1.0 / max((-dx / x).max(), 1e-300)


def _separator(G, e, r):
    room = -(r @ G).max() / np.linalg.norm(r)
    found = e @ r > 0 and room > _ROOM
    if found:
        yield True, r, room
    return found


def _farkas(newton, s):
    """s moved onto G s = e by weighted least squares, if it stays positive."""
    if not s.min() > 0:
        return False
    G, e, weight = newton.G, newton.e, newton.weight
    rest = e - G @ s
    error = np.linalg.norm(rest)
    for _ in range(20):
        s = s + weight * (newton.solve(rest) @ G)
        if not s.min() > 0:
            return False
        rest = e - G @ s
        before, error = error, np.linalg.norm(rest)
        if not 0.1 * _EXACT * s.sum() < error < 0.5 * before:
            break
    if not error < min(0.01 * s.min(), _EXACT * s.sum()):
        return False
    # The direction in which G diag(weight) G.T is weakest, by a few powers
    # of the inverse; I must not be what holds it up.
    weakest = np.cos(np.arange(len(e)))
    for _ in range(3):
        weakest = newton.solve(weakest)
        stretch = np.linalg.norm(weakest)
        weakest = weakest / stretch
    if not stretch < 0.5:
        return False
    change = np.abs(weight * (weakest @ G)) * stretch
    yield False, s, 1.0 / (s.sum() * (change / s).max())
    return True


def nonnegative_least_squares(A, b):
    """The s >= 0 that minimizes ||A s - b||; the one place with an engine.

    Lawson and Hanson's active set method, whose support columns are linearly
    independent and whose residual satisfies A.T @ (b - A s) <= 0. These
    conditions are checked: scipy 1.17 can return a point that misses them.

    Raises
    ------
    RuntimeError
        If no method meets them.
    """
    if A.shape[1] == 0:
        # scipy 1.17 frees memory twice here.
        return np.zeros(0)
    size = np.linalg.norm(A, axis=0)
    for engine in (_lawson_hanson, _bounded_variables):
        s = engine(A, b)
        gradient = (b - A @ s) @ A
        scale = size * (np.linalg.norm(b) + size @ s)
        gradient[s > 0] = np.abs(gradient[s > 0])
        if (s >= 0).all() and (gradient <= _OPTIMALITY * scale).all():
            return s
    raise RuntimeError("no active set method met the optimality conditions")


def _lawson_hanson(A, b):
    try:
        return scipy.optimize.nnls(A, b, maxiter=20 * max(A.shape))[0]
    except RuntimeError:
        # It cycled.
        return np.full(A.shape[1], np.nan)


def _bounded_variables(A, b):
    bounds = (0.0, np.inf)
    return scipy.optimize.lsq_linear(A, b, bounds, method="bvls").x


def active_set(G, e, likely=None):
    """The projection of e, and what it says.

    Parameters
    ----------
    likely : (N,) array, optional
        Large for columns that the projection may use.

    Returns
    -------
    feasible : bool or None
    r : (m,) array
        e - G s, recomputed from s.
    s : (N,) array
    """
    try:
        s = _priced(G, e, likely)
    except RuntimeError:
        return None, np.full(len(G), np.nan), np.zeros(G.shape[1])
    r = _residual(G, e, s)
    verdict = _judge(G, e, s, r)
    if verdict is None:
        support = np.flatnonzero(s)
        refined = np.zeros_like(s)
        refined[support] = scipy.linalg.lstsq(
            G[:, support], e, lapack_driver="gelsy"
        )[0]
        if (refined >= 0).all():
            s, r = refined, _residual(G, e, refined)
            verdict = _judge(G, e, s, r)
    return verdict, r, s


def _priced(G, e, likely):
    """Nonnegative least squares on few columns, more where they are missed."""
    m, N = G.shape
    if likely is None or N <= 3 * m:
        return nonnegative_least_squares(G, e)
    columns = np.sort(np.argsort(-likely, kind="stable")[: 3 * m])
    shortest = np.inf
    while True:
        s = np.zeros(N)
        s[columns] = nonnegative_least_squares(G[:, columns], e)
        r = _residual(G, e, s)
        gain, norm = r @ G, np.linalg.norm(r)
        missed = gain > 1e-10 * (norm if norm > _CLEAR_RESIDUAL else 1e-5)
        missed[columns] = False
        # Each round is shorter than the last but for rounding.
        if not missed.any() or not norm < shortest:
            return s
        shortest = norm
        worst = np.argsort(-np.where(missed, gain, 0.0), kind="stable")[:m]
        columns = np.union1d(np.flatnonzero(s), worst[missed[worst]])


def _residual(G, e, s):
    """e - G s, orthogonal to the columns that s uses to its last digits.

    Where it is short, subtracting leaves rounding errors of the size of e.
    """
    r = e - G @ s
    if _CLEAR_RESIDUAL < np.linalg.norm(r) < 1e-3:
        axes = scipy.linalg.qr(G[:, s > 0], mode="economic")[0]
        for _ in range(3):
            r = r - axes @ (axes.T @ r)
    return r


def _judge(G, e, s, r):
    norm = np.linalg.norm(r)
    scale = 1.0 + s.sum()
    if norm <= _ZERO_RESIDUAL * scale:
        return False
    if norm > _CLEAR_RESIDUAL * scale:
        violation = (r @ G).max(initial=-1.0)
        # At the minimum e @ r is norm**2; noise of that size decides nothing.
        if (
            violation <= max(1e-11 * norm, 2e-15)
            and abs(e @ r - norm**2) <= 0.1 * norm**2
        ):
            return True
    return None


def strictly_inside(G, e, r):
    """Move r off its active constraints, keeping e @ r > 0."""
    norm = np.linalg.norm(r)
    slack = -(r @ G)
    # By slack, not by multiplier: a multiplier of rounding size would send r
    # away along a constraint that it does not touch.
    active = slack <= 1e-9 * norm
    if not active.any():
        return r
    tight = G[:, active]
    while tight.size:
        y = scipy.linalg.lstsq(
            tight.T, -np.ones(tight.shape[1]), lapack_driver="gelsy"
        )[0]
        stuck = y @ tight > -0.5
        if not stuck.any():
            break
        # Opposite columns, say, hold with equality wherever r goes.
        pinned = scipy.linalg.orth(tight[:, stuck], rcond=1e-9)
        tight = tight[:, ~stuck] - pinned @ (pinned.T @ tight[:, ~stuck])
        tight = tight[:, np.linalg.norm(tight, axis=0) > 1e-9]
    else:
        return r
    # Against a slack that shrinks to the step itself, the room then left.
    speed = 1.0 + y @ G
    approached = ~active & (speed > 0)
    step = (slack[approached] / speed[approached]).min(initial=np.inf)
    if e @ y < 0:
        step = min(step, -0.5 * (e @ r) / (e @ y))
    length = np.linalg.norm(y)
    return r + min(step, norm / length) * y if length > 0 else r
