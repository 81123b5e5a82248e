r"""Deciding (2.12): does a two-layer ReLU network collapse on given data?

Class k collapses when some beta has ``X_in @ beta == 1`` on its own samples
and ``X_out @ beta <= 0`` on all others. What sparsity settles is set aside,
the equalities are eliminated, and an interior-point method looks for either
answer to what is left: a separating vector, or the Farkas certificate that
there is none. `nclib.certificates` then proves it on the data as they came.
"""

from dataclasses import dataclass

import joblib
import numpy as np
import scipy.linalg
import scipy.optimize
from scipy.linalg import lapack
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from nclib import _exact, _projection, certificates
from nclib._checks import (
    check_classes,
    check_integer,
    check_Xy,
    split_class,
)
from nclib.decisions import ClassDecision, Decision, data_fingerprint, occurs

__all__ = [
    "decide",
    "exact_margin",
]

_EPS = np.finfo(float).eps
# Features whose sizes differ by more than this power of two are evened out.
_LIKE_UNITS = 20
# Without a proof an answer is believed that survives such changes of the
# samples, relative to their size.
_CLEAR = 1e-8
# Certificates of one class put to the proof before the next method is tried.
_MOST_TRIALS = 3
# Entries of a reduced system that counts as small.
_SMALL = 500


def decide(X, y, classes=None, verify=True, *, n_jobs=None, progress=False):
    r"""Decide whether a two-layer ReLU network collapses on the data.

    For every class k, find beta_k with <x, beta_k> = 1 for x in the class and
    <x, beta_k> <= 0 for all other samples, or prove that there is none.

    Parameters
    ----------
    X : (N, d) array
        One sample a row; converted to float64, never modified. A table of
        pandas, a tensor or a sparse matrix (up to 1 GiB when dense) will do.
    y : (N,) array of integers or strings
        Labels; classes may differ in size.
    classes : iterable of labels, optional
        Decide only these classes.
    verify : bool, optional
        Prove every answer, and the numbers handed over with it, by
        `nclib.certificates`; what cannot be proved is None. Without it
        ``verified`` is False throughout and answers are those of floating
        point arithmetic.
    n_jobs : int, optional
        Classes decided at a time, in threads of this process. By default one
        after another, each with the threads of the linear algebra library.
    progress : bool, optional
        Show a progress bar over the classes.

    Returns
    -------
    Decision

    Raises
    ------
    TypeError, ValueError
        If ``X`` is not a finite real (N, d) array, ``y`` not N integer labels
        of at least two classes, ``classes`` names one that is not there, or
        ``n_jobs`` is no integer of at least 1.

    Notes
    -----
    Theorem 3 and equation (2.12): with D >= K and weak enough penalties,
    the global minimizer collapses exactly when all classes are feasible.
    A class costs one QR factorization, O(n_in**2 d), a few Newton steps,
    O((d - n_in)**2 N) each, and a proof, O(n_in**2 d) or O(d**2 N). Memory
    peaks below eight times that of X, and as much again for each further
    class at a time; with far more samples than features, below three.

    Examples
    --------
    >>> import nclib
    >>> gmm = nclib.GaussianMixture(nclib.orthonormal_means(2, 30), 0.1)
    >>> nclib.decide(*gmm.sample(20, seed=0)).occurs
    True
    """
    X, codes, labels = check_Xy(X, y)
    names = labels.tolist()
    wanted = check_classes(classes, names)
    threads = 1 if n_jobs is None else check_integer("n_jobs", n_jobs, 1)
    threads = min(threads, len(wanted))

    def answer(position):
        inside = codes == position
        return decide_class(X[inside], X[~inside], names[position], verify)

    positions = [names.index(label) for label in wanted]
    bar = tqdm(total=len(positions), desc="deciding", disable=not progress)
    with bar:
        if threads == 1:
            decisions = _collected(map(answer, positions), bar)
        else:
            # One thread of the linear algebra library for each class.
            with threadpool_limits(1):
                run = joblib.Parallel(
                    threads, backend="threading", return_as="generator"
                )
                decisions = _collected(
                    run(joblib.delayed(answer)(k) for k in positions), bar
                )
    return Decision(
        occurs(decisions, names),
        decisions,
        data_fingerprint(X, codes, labels),
    )


def _collected(answers, bar):
    decisions = {}
    for answer in answers:
        decisions[answer.label] = answer
        bar.update()
    return decisions


@dataclass(frozen=True)
class _Candidate:
    """An answer that floating point arithmetic proposes."""

    feasible: bool
    numbers: np.ndarray | tuple[np.ndarray, np.ndarray]
    margin: float
    reason: str
    # Clear enough to be believed without a proof.
    clear: bool = True

    def answer(self, label, verified, accuracy, message):
        known = not verified or np.isfinite(accuracy)
        return ClassDecision(
            label=label,
            feasible=self.feasible,
            beta=self.numbers if self.feasible and known else None,
            farkas=None if self.feasible or not known else self.numbers,
            verified=verified,
            accuracy=accuracy,
            margin=self.margin,
            message=f"{self.reason}, {message}",
        )

    def check(self, X_in, X_out):
        if self.feasible:
            return certificates.verify_primal(X_in, X_out, self.numbers)
        return certificates.verify_farkas(X_in, X_out, *self.numbers)


# What overflows fails the checks that follow.
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def decide_class(X_in, X_out, label=None, verify=True):
    """The answer to (2.12) for one class, and what was tried for it."""
    candidates = _candidates(X_in, X_out)
    if not verify:
        for candidate in candidates:
            if candidate.clear:
                return candidate.answer(label, False, np.nan, "not verified")
        return _undecided(label, "no answer is clear of rounding error")
    exists, tried = None, []
    for candidate in _candidates(X_in, X_out):
        check = candidate.check(X_in, X_out)
        if check.proved:
            return candidate.answer(
                label, True, check.accuracy, f"proved: {check.detail}"
            )
        tried.append(f"{candidate.reason}: {check.detail}")
        if check.exists:
            exists = exists or (candidate, check)
    if exact := _exact.settle(X_in, X_out):
        candidate = _rounded(*exact, len(X_in))
        check = candidate.check(X_in, X_out)
        if check.proved:
            return candidate.answer(
                label, True, check.accuracy, f"proved: {check.detail}"
            )
        exists = exists or (candidate, check)
    if exists is not None:
        candidate, check = exists
        return candidate.answer(
            label,
            True,
            np.nan,
            "proved, but no numbers in float64 were found that show it to "
            f"{certificates.TOLERANCE:g}: {check.detail}",
        )
    return _undecided(
        label,
        "float64 arithmetic proves neither side"
        + "".join(f"; {line}" for line in tried[-2:]),
    )


def _undecided(label, why):
    return ClassDecision(
        label=label,
        feasible=None,
        beta=None,
        farkas=None,
        verified=False,
        accuracy=np.nan,
        margin=np.nan,
        message=f"undecided: {why}",
    )


def _rounded(feasible, numbers, n):
    """An exact answer in float64."""
    if feasible:
        numbers = np.array([_to_float(v) for v in numbers])
    else:
        total = -sum(numbers[0])
        numbers = tuple(
            np.array([_to_float(v / total) for v in part]) for part in numbers
        )
    reason = "decided by rational arithmetic"
    return _Candidate(feasible, numbers, np.nan, reason)


def _to_float(fraction):
    try:
        return float(fraction)
    except OverflowError:
        return np.inf


def _candidates(X_in, X_out):
    """Answers for one class, the most promising first."""
    zero = np.flatnonzero(~X_in.any(axis=1))
    if zero.size:
        u = np.zeros(len(X_in))
        u[zero[0]] = -1.0
        yield _Candidate(
            False,
            (u, np.zeros(len(X_out))),
            np.nan,
            "a sample of the class is zero",
        )
        return
    n, d = X_in.shape
    if n > d and (u := _outside_range(X_in)) is not None:
        yield _Candidate(
            False,
            (u, np.zeros(len(X_out))),
            np.nan,
            f"1 is not in the range of X_in, {n} samples in {d} dimensions "
            "(Theorem 3(c))",
        )
    peeled = Peeled.of(X_in, X_out)
    yield from _left_candidates(X_in, X_out, peeled)
    if not peeled.whole:
        # A neuron that leans on faint features can be too long for float64
        # where the data as a whole have a short one.
        yield from _left_candidates(X_in, X_out, Peeled.nothing(X_in, X_out))


def _outside_range(X_in):
    """u with X_in.T @ u == 0, u.sum() == -1, all samples sharing the load."""
    axes = scipy.linalg.qr(X_in, mode="economic", check_finite=False)[0]
    rest = np.ones(len(X_in))
    for _ in range(2):
        rest = rest - axes @ (axes.T @ rest)
    total = rest.sum()
    return -rest / total if total > 1e-9 * len(rest) else None


def _left_candidates(X_in, X_out, peeled):
    """The same from what is left after peeling."""
    A_in, A_out, exponent = _left(X_in, X_out, peeled)

    def whole_farkas(u, s):
        total, s_all = -u.sum(), np.zeros(len(X_out))
        s_all[peeled.outside] = s / total
        return u / total, s_all

    reduction = Reduction.of(A_in)
    if reduction.deficit is not None:
        yield _Candidate(
            False,
            whole_farkas(reduction.deficit, np.zeros(len(A_out))),
            np.nan,
            f"1 is not in the range of X_in, of rank {reduction.rank} with "
            f"{len(A_in)} samples (Theorem 3(c))",
            reduction.rank == A_in.shape[1],
        )
    columns, norms, real = reduction.unit_columns(A_out)
    # Rounding decides about such a row, and about a sample of the class that
    # nearly follows from others: no answer is clear without a proof.
    regular = reduction.regular and not norms[~real].any()
    for feasible, answer, clear in _separations(columns):
        clear = clear and regular
        if feasible:
            beta = reduction.solution(A_in, answer)
            margin = float(answer[-1] / np.linalg.norm(answer))
            if beta is not None:
                yield _Candidate(
                    True,
                    peeled.extend(X_out, np.ldexp(beta, -exponent)),
                    margin,
                    "a separating beta was found",
                    clear and margin > _CLEAR,
                )
        else:
            s = np.zeros(len(A_out))
            s[real] = answer / norms[real]
            u = reduction.multipliers(s @ A_out)
            margin = 1.0 / float(answer.sum())
            if u.sum() < 0:
                yield _Candidate(
                    False,
                    whole_farkas(u, s),
                    -margin,
                    "a Farkas certificate was found",
                    clear and margin > _CLEAR,
                )


def _left(X_in, X_out, peeled):
    """What peeling leaves, with features of like size, and their exponents."""
    A_in, A_out = X_in, X_out
    if not peeled.features.all():
        A_in = X_in[:, peeled.features]
        A_out = X_out[np.ix_(peeled.outside, peeled.features)]
    # One power of two keeps the margin free of the axes; features of very
    # different units, which would spoil the numerical rank, get one each.
    exponent = np.frexp(_largest(A_in, A_out, axis=0))[1]
    if exponent.size and np.ptp(exponent) <= _LIKE_UNITS:
        # Squares are far from overflow as they are, mostly.
        top = exponent.max()
        exponent[:] = top if abs(top) > 100 else 0
    if exponent.any():
        A_in, A_out = np.ldexp(A_in, -exponent), np.ldexp(A_out, -exponent)
    return A_in, A_out, exponent


def _largest(A_in, A_out, axis):
    """Largest magnitude along an axis of both, without a copy of either."""
    return np.maximum.reduce(
        [
            sign * part
            for A in (A_in, A_out)
            for sign, part in (
                (1, A.max(axis=axis, initial=0.0)),
                (-1, A.min(axis=axis, initial=0.0)),
            )
        ]
    )


def exact_margin(X, y, label):
    r"""Return how far one class is from the boundary between yes and no.

    Let e be the direction of the shortest neuron that says 1 to the class,
    and G the other samples, projected to where the class has equal values
    and scaled to unit length. When feasible the margin is the sine of the
    angle between e and the cone of G, the largest ``length / norm(beta)`` of
    all solutions; when infeasible, minus the largest t with t e in the
    convex hull of G. Rotating or scaling X, the order of the samples and
    repeated samples do not change it.

    Parameters
    ----------
    X : (N, d) array
    y : (N,) integer array
    label : int

    Returns
    -------
    float
        In [-1, 1]; nan if the class is excluded by its rank alone, or if
        floating point does not tell. Not proved; a `ClassDecision` has a
        ``margin`` of the same sign that is nearer to zero.

    Raises
    ------
    TypeError, ValueError
        As `decide`.

    Notes
    -----
    One nonnegative least squares problem, or one linear program.

    Examples
    --------
    >>> import nclib
    >>> X = [[1.0, 0.0], [-0.6, 0.8], [0.6, -0.8]]
    >>> round(nclib.exact_margin(X, [0, 1, 1], 0), 12)
    0.8
    """
    X_in, X_out = split_class(X, y, label)
    A_in, A_out, _ = _left(X_in, X_out, Peeled.of(X_in, X_out))
    if not A_in.any(axis=1).all():
        return np.nan
    reduction = Reduction.of(A_in)
    if reduction.deficit is not None:
        return np.nan
    columns, _, _ = reduction.unit_columns(A_out)
    e = np.eye(len(columns))[-1]
    if columns.shape[1] == 0:
        return 1.0
    likely = _drained(_projection.interior(columns, e, _MOST_TRIALS))
    verdict, r, _ = _projection.active_set(columns, e, likely)
    if verdict:
        return float(np.linalg.norm(r))
    least = scipy.optimize.linprog(
        np.ones(columns.shape[1]), A_eq=columns, b_eq=e
    )
    return -1.0 / least.fun if least.status == 0 else np.nan


def separate(A):
    r"""Find r with A.T @ r <= 0 and r[-1] > 0, or s >= 0 with A s = e_last.

    Parameters
    ----------
    A : (m, N) array
        Unit columns.

    Returns
    -------
    feasible : bool or None
        None if neither is clear of rounding error.
    r : (m,) array or None
        When feasible.
    s : (N,) array or None
        When infeasible.
    """
    for feasible, answer, clear in _separations(A):
        if clear:
            return (True, answer, None) if feasible else (False, None, answer)
    return None, None, None


def _separations(G):
    """Answers (feasible, r or s, clear), by both engines."""
    m, N = G.shape
    e = np.zeros(m)
    e[-1] = 1.0
    if N == 0:
        yield True, e, True
        return
    axes = None
    if m > N + 1:
        # Nothing happens outside the span of the columns and e.
        axes, R = scipy.linalg.qr(
            np.column_stack([G, e]), mode="economic", check_finite=False
        )
        G, e = R[:, :-1], R[:, -1]

    def back(r):
        return r if axes is None else axes @ r

    for feasible, answer, room in _answers(G, e):
        yield feasible, back(answer) if feasible else answer, room > _CLEAR


def _drained(generator):
    """What a generator returns when nobody looks at what it yields."""
    while True:
        try:
            next(generator)
        except StopIteration as stop:
            return stop.value


def _answers(G, e):
    """Answers (feasible, r or s, room), the interior ones first.

    Small systems, which a person may read, get the sparse ones first.
    """
    if G.size <= _SMALL:
        yield from _on_the_face(G, e)
    likely = yield from _projection.interior(G, e, _MOST_TRIALS)
    if G.size > _SMALL:
        yield from _on_the_face(G, e, likely)


def _on_the_face(G, e, likely=None):
    """Answers of the active set method."""
    verdict, r, s = _projection.active_set(G, e, likely)
    if verdict is not False and np.linalg.norm(r) > 0:
        inner = _projection.strictly_inside(G, e, r)
        yield True, inner, -(inner @ G).max() / np.linalg.norm(inner)
    if verdict is not True and s.any():
        # Exact only in floating point, as far as is known here.
        yield False, s, 0.0


@dataclass(frozen=True)
class Peeled:
    """What is left of (2.12) after an exact reduction.

    A feature that, among the samples left, only samples outside the class
    use, all with one sign, satisfies their conditions for any values of the
    others. Setting these samples aside leaves a smaller problem with the same
    answer: any beta of it extends (`extend`), and its Farkas certificates are
    certificates as they stand, with multiplier 0 for the samples set aside.
    Pixels have many such features, dense data none.

    Attributes
    ----------
    outside : (m,) bool array
        Samples outside the class that are left.
    features : (d,) bool array
        Features that the class or the samples left use.
    """

    outside: np.ndarray
    features: np.ndarray
    _steps: list

    @property
    def whole(self):
        """Whether no sample was set aside."""
        return not self._steps

    @classmethod
    def nothing(cls, X_in, X_out):
        """The whole problem."""
        return cls(
            np.ones(len(X_out), dtype=bool),
            np.ones(X_in.shape[1], dtype=bool),
            [],
        )

    @classmethod
    def of(cls, X_in, X_out):
        """Reduce until nothing changes; O(N d) a pass, few passes."""
        own = X_in.any(axis=0)
        if own.all():
            return cls.nothing(X_in, X_out)
        X = X_out[:, ~own]
        positive, negative = X > 0, X < 0
        names = np.flatnonzero(~own)
        kept, steps = np.ones(len(X_out), dtype=bool), []
        while True:
            ups, downs = positive[kept].sum(axis=0), negative[kept].sum(axis=0)
            free = np.flatnonzero((ups == 0) != (downs == 0))
            # Large entries first: small ones blow beta up on the way back.
            entries = np.abs(X[np.ix_(kept, free)])
            smallest = np.where(entries > 0, entries, np.inf).min(
                axis=0, initial=np.inf
            )
            found = len(steps)
            for j in free[np.argsort(-smallest, kind="stable")]:
                rows = np.flatnonzero(kept & (X[:, j] != 0))
                if len(rows):
                    steps.append((names[j], rows))
                    kept[rows] = False
            if len(steps) == found:
                break
        own[~own] = (positive | negative)[kept].any(axis=0)
        return cls(kept, own, steps)

    def extend(self, X_out, beta):
        """The solution of the whole problem from one of the reduced one."""
        full = np.zeros(len(self.features))
        full[self.features] = beta
        for j, rows in reversed(self._steps):
            # Values of -1, as far below 0 as those of the class above.
            entries = X_out[rows, j]
            needed = (X_out[rows] @ full + 1.0) / np.abs(entries)
            full[j] = -np.sign(entries[0]) * max(needed.max(), 0.0)
        return full


@dataclass(frozen=True)
class Reduction:
    """The subspace {eta : X_in @ eta = t 1, t real} in orthonormal axes.

    With Q from the QR factorization of X_in.T, the subspace is spanned by
    the last d - r columns of Q (where t = 0) and by the shortest solution of
    ``X_in @ eta == 1``, scaled to unit length.

    Attributes
    ----------
    rank : int
        Rank r of X_in.
    length : float
        Norm of the shortest solution; X_in @ axis == 1 / length.
    regular : bool
        The samples are independent, far beyond rounding.
    deficit : (n_in,) array or None
        None when 1 is in the range of X_in; otherwise u with
        ``X_in.T @ u == 0`` and ``u.sum() == -1``.
    """

    rank: int
    regular: bool
    length: float
    deficit: np.ndarray | None
    _qr: np.ndarray
    _tau: np.ndarray
    _rows: np.ndarray
    _w: np.ndarray
    # Powers of two that make the samples alike in size.
    _scale: np.ndarray

    @classmethod
    def of(cls, X_in):
        """Factor a class, with column pivoting only when it is needed."""
        n, d = X_in.shape
        rows = np.arange(n)
        exponent = np.frexp(np.abs(X_in).max(axis=1, initial=0.0))[1]
        scale = np.ones(n)
        if n > 0 and np.ptp(exponent) > _LIKE_UNITS:
            scale = np.ldexp(1.0, -exponent)
            X_in = X_in * scale[:, None]
        qr, tau, _, info = lapack.dgeqrf(X_in.T, lwork=64 * n)
        rcond = lapack.dtrcon(qr[:n], norm="1")[0] if n <= d else 0.0
        rank = n
        if rcond < 1e-8:
            qr, pivots, tau, _, info = lapack.dgeqp3(
                X_in.T, lwork=2 * d + 64 * (n + 1)
            )
            rows = pivots - 1
            diagonal = np.abs(np.diag(qr))
            rank = int(np.sum(diagonal > 10 * max(n, d) * _EPS * diagonal[0]))
        if info != 0:
            raise np.linalg.LinAlgError(f"LAPACK QR failed with info {info}")
        R = qr[:rank, :rank]
        target = scale[rows]
        w = scipy.linalg.solve_triangular(
            R, target[:rank], trans="T", check_finite=False
        )
        deficit = None
        if rank < n:
            rest = qr[:rank, rank:n]
            gap = target[rank:] - w @ rest
            if np.abs(gap).max() > 1e-9 * (
                target[rank:].max() + np.linalg.norm(w)
            ):
                deficit = np.zeros(n)
                c = -gap / (gap @ gap)
                deficit[rows[rank:]] = c
                deficit[rows[:rank]] = -scipy.linalg.solve_triangular(
                    R, rest @ c
                )
                deficit *= scale
        return cls(
            rank,
            bool(rcond >= 1e-8),
            float(np.linalg.norm(w)),
            deficit,
            qr,
            tau,
            rows,
            w,
            scale,
        )

    def _rotate(self, columns, trans):
        k = len(self._tau)
        rotated, _, info = lapack.dormqr(
            "L",
            trans,
            self._qr[:, :k],
            self._tau,
            columns,
            lwork=64 * max(1, columns.shape[1]),
        )
        if info != 0:
            raise np.linalg.LinAlgError(f"dormqr failed with info {info}")
        return rotated

    def coordinates(self, X):
        """Coordinates of the projections of the rows of X, one a column.

        Returns
        -------
        (d - rank + 1, len(X)) array
            The last row belongs to the direction with t > 0.
        """
        N, d = X.shape
        rest = d - self.rank
        # Rotating all samples, or the axes once and then multiplying.
        rotation = (2 * d - self.rank) * self.rank
        if rotation * (N - rest) > N * d * rest:
            axes = np.zeros((d, rest + 1), order="F")
            axes[self.rank :, :-1] = np.eye(rest)
            axes[: self.rank, -1] = self._w / self.length
            return (X @ self._rotate(axes, "N")).T
        rotated = self._rotate(X.T, "T")
        columns = np.empty((rest + 1, N), order="F")
        columns[:-1] = rotated[self.rank :]
        columns[-1] = (self._w / self.length) @ rotated[: self.rank]
        return columns

    def unit_columns(self, X):
        """`coordinates` at unit length, their lengths, and which are real.

        Rounding noise of a sample that lies in the span of the class must
        not be blown up to a unit vector: it asks for 0 <= 0, and is left out.
        """
        columns = self.coordinates(X)
        norms = np.sqrt(np.einsum("ij,ij->j", columns, columns))
        real = norms > 1e-13 * np.sqrt(np.einsum("ij,ij->i", X, X))
        if real.all():
            columns /= norms
        else:
            columns = columns[:, real] / norms[real]
        return columns, norms, real

    def point(self, coordinates):
        """The vector eta in R^d with the given coordinates."""
        return self._vector(
            coordinates[-1] / self.length * self._w, coordinates[:-1]
        )

    def _vector(self, inside, outside):
        axes = np.concatenate([inside, outside])
        return self._rotate(axes[:, None], "N")[:, 0]

    def solution(self, X_in, coordinates):
        """The point scaled to ``X_in @ beta == 1``, refined once.

        None if it is out of the range of float64.
        """
        beta = self.point(coordinates) * (self.length / coordinates[-1])
        rows = self._rows[: self.rank]
        value = X_in @ beta
        # A neuron that is long beside 1 needs its products without rounding.
        if X_in.size <= _exact.MOST_TERMS and np.linalg.norm(beta) > 1e3:
            value = _exact.exactly_rounded_product(X_in, beta)
        miss = (1.0 - value)[rows] * self._scale[rows]
        if not np.isfinite(miss).all():
            return None
        inside = scipy.linalg.solve_triangular(
            self._qr[: self.rank, : self.rank], miss, trans="T"
        )
        return beta + self._vector(inside, np.zeros(len(coordinates) - 1))

    def multipliers(self, point):
        """u with ``X_in.T @ u + point == 0`` on the range of X_in.T."""
        inside = self._rotate(point[:, None], "T")[: self.rank, 0]
        u = np.zeros(len(self._rows))
        u[self._rows[: self.rank]] = -scipy.linalg.solve_triangular(
            self._qr[: self.rank, : self.rank], inside, check_finite=False
        )
        return u * self._scale
