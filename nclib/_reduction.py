"""Exact reductions of (2.12): by sparsity, and to its equalities' subspace."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from scipy.linalg import lapack

_EPS = np.finfo(float).eps


@dataclass(frozen=True)
class Peeled:
    """What is left of (2.12) after an exact reduction.

    A feature that, among the samples left, is used by one sample only
    satisfies the condition of that sample for any values of the others. So
    does a feature for all samples that use it, if these lie outside the
    class and share its sign. Setting these samples aside leaves a smaller
    problem with the same answer: any beta of it extends (`extend`), and its
    Farkas certificates are certificates as they stand, with multiplier 0 for
    the samples set aside. Pixels have many such features, dense data none.

    Attributes
    ----------
    inside : (n,) bool array
        Samples of the class that are left, at least one.
    outside : (m,) bool array
        Other samples that are left.
    features : (d,) bool array
        Features that the samples left use.
    """

    inside: np.ndarray
    outside: np.ndarray
    features: np.ndarray
    _steps: list

    @classmethod
    def of(cls, X_in, X_out):
        """Reduce until nothing changes; O(N d) a pass, few passes."""
        n, steps = len(X_in), []
        kept = np.ones(n + len(X_out), dtype=bool)
        if X_in.all() and X_out.all():
            return cls(kept[:n], kept[n:], np.ones(X_in.shape[1], bool), steps)
        X = np.vstack([X_in, X_out])
        positive, negative = X > 0, X < 0
        while True:
            ups, downs = positive[kept].sum(axis=0), negative[kept].sum(axis=0)
            own = (X_in[kept[:n]] != 0).sum(axis=0)
            alone = (own == 1) & (ups + downs == 1)
            one_sign = (own == 0) & ((ups == 0) != (downs == 0))
            found = False
            free = np.flatnonzero(alone | one_sign)
            # Large entries first: small ones blow beta up on the way back.
            entries = np.abs(X[np.ix_(kept, free)])
            smallest = np.where(entries > 0, entries, np.inf).min(axis=0)
            for j in free[np.argsort(-smallest, kind="stable")]:
                rows = np.flatnonzero(kept & (X[:, j] != 0))
                # The class keeps a sample, which fixes the scale of beta.
                if len(rows) and not (alone[j] and kept[:n].sum() == 1):
                    steps.append((j, rows, bool(alone[j])))
                    kept[rows] = False
                    found = True
            if not found:
                break
        features = (positive | negative)[kept].any(axis=0)
        return cls(kept[:n], kept[n:], features, steps)

    def extend(self, X_in, X_out, beta):
        """The solution of the whole problem from one of the reduced one."""
        full = np.zeros(len(self.features))
        full[self.features] = beta
        if self._steps:
            X = np.vstack([X_in, X_out])
        for j, rows, alone in reversed(self._steps):
            values, entries = X[rows] @ full, X[rows, j]
            if alone:
                full[j] = (1.0 - values[0]) / entries[0]
            else:
                # Values of -1, as far below 0 as those of the class above.
                needed = (values + 1.0) / np.abs(entries)
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
    deficit : (n_in,) array or None
        None when 1 is in the range of X_in; otherwise u with
        ``X_in.T @ u == 0`` and ``u.sum() == -1``.
    """

    rank: int
    length: float
    deficit: np.ndarray | None
    _qr: np.ndarray
    _tau: np.ndarray
    _rows: np.ndarray
    _w: np.ndarray

    @classmethod
    def of(cls, X_in):
        """Factor a class, with column pivoting only when it is needed."""
        n, d = X_in.shape
        rows = np.arange(n)
        qr, tau, _, info = lapack.dgeqrf(X_in.T, lwork=64 * n)
        rcond = lapack.dtrcon(qr[:n], norm="1")[0] if n <= d else 0.0
        rank = n
        if rcond < 1e-8:
            qr, pivots, tau, _, info = lapack.dgeqp3(
                X_in.T, lwork=2 * d + 64 * (n + 1)
            )
            rows = pivots - 1
            diagonal = np.abs(np.diag(qr))
            rank = int(
                np.sum(diagonal > 10 * max(n, d) * _EPS * diagonal[0])
            )
        if info != 0:
            raise np.linalg.LinAlgError(f"LAPACK QR failed with info {info}")
        R = np.triu(qr[:rank, :rank])
        w = scipy.linalg.solve_triangular(R, np.ones(rank), trans="T")
        deficit = None
        if rank < n:
            rest = qr[:rank, rank:n]
            gap = 1.0 - w @ rest
            if np.abs(gap).max() > 1e-9 * (1.0 + np.linalg.norm(w)):
                deficit = np.zeros(n)
                c = -gap / (gap @ gap)
                deficit[rows[rank:]] = c
                deficit[rows[:rank]] = -scipy.linalg.solve_triangular(
                    R, rest @ c
                )
        return cls(
            rank, float(np.linalg.norm(w)), deficit, qr, tau, rows, w
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
        inside : (rank, len(X)) array
            Coordinates in the range of X_in.T, for the multipliers.
        """
        rotated = self._rotate(X.T, "T")
        inside = rotated[: self.rank]
        direction = (self._w / self.length) @ inside
        return np.vstack([rotated[self.rank :], direction]), inside

    def point(self, coordinates):
        """The vector eta in R^d with the given coordinates."""
        axes = np.concatenate(
            [coordinates[-1] / self.length * self._w, coordinates[:-1]]
        )
        return self._rotate(axes[:, None], "N")[:, 0]

    def multipliers(self, inside, s):
        """u with X_in.T @ u + X_out.T @ s == 0 on the range of X_in.T."""
        u = np.zeros(len(self._rows))
        u[self._rows[: self.rank]] = -scipy.linalg.solve_triangular(
            np.triu(self._qr[: self.rank, : self.rank]), inside @ s
        )
        return u
