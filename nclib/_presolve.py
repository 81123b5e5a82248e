"""Samples of (2.12) that one feature satisfies whatever the rest does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
        X = np.vstack([X_in, X_out])
        kept = np.ones(len(X), dtype=bool)
        positive, negative = X > 0, X < 0
        if (positive | negative).all():
            return cls(kept[:n], kept[n:], np.ones(X.shape[1], bool), steps)
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
