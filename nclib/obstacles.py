r"""Why a class cannot collapse, and what it would take.

With :math:`X` the samples of the class above all others, put

.. math:: & Q = \{(t\mathbf 1, q) : t \ge 0,\ q \le 0\}, \\
    & r = \min_{\|b\| = 1} \operatorname{dist}(Xb,\, Q).

A multiple of b solves (2.12) if Xb lies in Q with t > 0. So r is how far the
data are from other data on which the class can collapse. If the spectral norm
of a change D is below r, no b has (X + D) b in Q, since dist(X b, Q) is at
most ||D b||. At the b of the minimum, with w in Q the nearest to X b, the
change (w - X b) b^T has norm r, spectral and Frobenius, and takes X b to w;
where w has t = 0, any further step, however small, makes t positive.

The minimum is over a sphere, hence not convex: it is bounded from both sides.
From below, by duality dist(w, Q) is the largest <z, w> with z = (u, s),
sum(u) <= 0, s >= 0, ||z|| <= 1. Let z0 be a Farkas certificate, P the
projection along **1**, and take all

.. math:: z = z_0 + (\kappa P y,\ s_0 \circ v), \quad
    \|y\|^2 + \|v\|^2 \le 1.

They keep the signs, and have norm at most R, the norm of z0 plus the larger
of kappa and max(s0). For b of norm 1 the best of them has <z, X b> at least
the least singular value of the rows kappa P X_in and s0 X_out, less
||X.T @ z0||, which is rounding. This over R is at most r: for all changes at
once, a bound that the certificate proves. From above: any b gives a change.
"""

from functools import cached_property

import numpy as np
import scipy.linalg
import scipy.optimize

from nclib._checks import check_Xy, split_class
from nclib.certificates import least_singular_value_bound
from nclib.feasibility import Peeled, decide, decide_class
from nclib.kernels import collapse_width, random_features

__all__ = ["Blockers", "blockers"]

# Entries of a system for which the elastic linear program is solved too.
_SMALL = 200_000
# Rounds in which what violates little is made to weigh more.
_ROUNDS = 6
# Slack that is more than rounding, for a neuron that should say 1.
_SLACK = 1e-7
# Gaussian noise exceeds its bound less often than exp(-x**2 / 2), 1e-4.
_RARE = 4.3
# Factor for what is computed in a few thousand roundings.
_UP = 1.0 + 1e-9
# A step beside the data that decides, with the proof, can still see.
_FAINT = 1e-6


def blockers(X, y, label):
    r"""Tell which samples keep a class from collapsing, and what would help.

    A Farkas certificate mixes samples of the class and others into a
    contradiction to (2.12). Its samples stand in the way together. To remove
    a few of them may be enough; so may a small change of the data, a bias,
    or a random layer.

    Parameters
    ----------
    X : (N, d) array
        One sample a row.
    y : (N,) array
        Labels.
    label : int or str
        The class.

    Returns
    -------
    Blockers

    Raises
    ------
    TypeError, ValueError
        As `nclib.decide`.

    Notes
    -----
    Beyond the paper. The call costs one decision; each attribute of the
    result costs more, when it is read first.

    Examples
    --------
    >>> import nclib
    >>> X, y = nclib.digits(40)
    >>> found = nclib.blockers(X, y, 9)
    >>> found.feasible, len(found.samples), len(found.removal)
    (False, 239, 1)
    >>> found.without.feasible, found.bias
    (True, False)
    """
    split_class(X, y, label)
    return Blockers(*check_Xy(X, y), label)


class Blockers:
    """Why one class cannot collapse, and what it would take.

    Every attribute is computed when it is read first, and printing reads
    them all. A class that can collapse has no samples in the way.

    Attributes
    ----------
    label : int or str
        The class.
    answer : ClassDecision
        The proved answer as the data are.
    feasible : bool or None
        The answer.
    samples : (m,) int array
        Rows of X that the certificate uses, the heaviest first: they
        exclude the class by themselves, whatever the other samples are.
    weights : (m,) array
        Multiplier times length of these samples, as shares of the sum.
    removal : int array or None
        Rows of X without which the class can collapse: few, but not always
        the fewest, which are hard to find. None of them can be put back. Not
        all samples of the class are among them. None if none were found.
    without : ClassDecision or None
        The proved answer without ``removal``.
    radius : float
        The answer stays what it is for every change of the data whose
        spectral norm is smaller, so for every one whose entries, as one long
        vector, are shorter: proved. For a class that cannot collapse, the
        change must leave features at zero that all samples which matter
        leave at zero. 0.0 where nothing can be proved.
    noise : float
        Standard deviation of Gaussian noise in the same entries that leaves
        the answer what it is, with probability at least 0.9999.
    flipped : (N, d) array or None
        Data near X on which the answer is the opposite, decided and proved.
        For a class that can collapse, the nearest sample of another class
        becomes a copy of one of its own.
    distance : float
        Frobenius norm of ``flipped - X``, not below ``radius``; inf if no
        such data were found. A class with more samples than dimensions has
        none: rounding keeps its equations apart.
    bias : bool or None
        Whether the class can collapse with a column of ones beside X.
    width : int or None
        Random ReLU features that suffice, of `nclib.kernels.collapse_width`
        with seed 0, decided again on them; 0 if none are needed, None if 2 N
        do not suffice.
    """

    def __init__(self, X, codes, labels, label):
        self.label = label
        self._X, self._y = X, labels[codes]
        inside = self._y == label
        self._rows = np.append(np.flatnonzero(inside), np.flatnonzero(~inside))
        self._n = int(inside.sum())
        self.answer = self._decided(X)
        self.feasible = self.answer.feasible

    def _decided(self, X):
        decision = decide(X, self._y, [self.label])
        return decision.classes[self.label]

    @cached_property
    def _weighed(self):
        if self.answer.farkas is None:
            return np.zeros(0, dtype=int), np.zeros(0)
        weights = _weights(self._X[self._rows], *self.answer.farkas)
        order = np.argsort(-weights, kind="stable")
        order = order[: np.count_nonzero(weights)]
        return self._rows[order], weights[order] / weights.sum()

    @property
    def samples(self):
        return self._weighed[0]

    @property
    def weights(self):
        return self._weighed[1]

    @cached_property
    def removal(self):
        if self.feasible:
            return np.zeros(0, dtype=int)
        X = self._X[self._rows]
        found = [_greedy(X, self._n)]
        if X.size <= _SMALL:
            found.append(_elastic(X, self._n))
        kept = [_pruned(X, self._n, rows) for rows in found if rows]
        kept = [rows for rows in kept if rows is not None]
        return self._rows[min(kept, key=len)] if kept else None

    @cached_property
    def without(self):
        if self.removal is None:
            return None
        rest = np.setdiff1d(np.arange(len(self._y)), self.removal)
        decision = decide(self._X[rest], self._y[rest], [self.label])
        return decision.classes[self.label]

    @cached_property
    def _left(self):
        """Rows and features that matter, and the data in them."""
        X, n = self._X[self._rows], self._n
        if self.feasible:
            return self._rows, np.ones(X.shape[1], dtype=bool), X
        peeled = Peeled.of(X[:n], X[n:])
        rows = np.append(np.ones(n, dtype=bool), peeled.outside)
        return (
            self._rows[rows],
            peeled.features,
            X[np.ix_(rows, peeled.features)],
        )

    @cached_property
    def radius(self):
        if self.feasible is None:
            return 0.0
        X = self._left[2]
        if not self.feasible:
            return _radius_of_no(X, self._n)
        if self.answer.beta is None:
            return 0.0
        return _radius_of_yes(X, self._n, self.answer.beta)

    @property
    def noise(self):
        axes = float(sum(map(np.sqrt, self._left[2].shape)))
        return self.radius / (axes + _RARE)

    @cached_property
    def flipped(self):
        if self.feasible is None:
            return None
        tried = self._copies() if self.feasible else self._pushes()
        for X in tried:
            if self._decided(X).feasible is (not self.feasible):
                return X
        return None

    def _copies(self):
        X, n = self._X[self._rows], self._n
        squares = np.einsum("ij,ij->i", X, X)
        apart = squares[:n, None] + squares[n:] - 2.0 * X[:n] @ X[n:].T
        own, other = np.unravel_index(apart.argmin(), apart.shape)
        changed = self._X.copy()
        changed[self._rows[n + other]] = X[own]
        yield changed

    def _pushes(self):
        rows, features, X = self._left
        b, goal = _nearest(X, self._n)
        short = goal - X @ b
        pushed = (goal == 0) & (np.arange(len(X)) >= self._n)
        least = _FAINT * np.linalg.norm(X)
        for share in (0.03, 0.3, 3.0):
            # Some room, or rounding would have the last word.
            room = share * max(np.linalg.norm(short), least)
            beyond = short.copy()
            beyond[: self._n] += room / np.sqrt(len(X))
            beyond[pushed] -= room / np.sqrt(len(X))
            changed = self._X.copy()
            changed[np.ix_(rows, features)] += np.outer(beyond, b)
            yield changed

    @property
    def distance(self):
        if self.flipped is None:
            return np.inf
        return float(np.linalg.norm(self.flipped - self._X))

    @cached_property
    def bias(self):
        ones = np.ones((len(self._X), 1))
        return self._decided(np.hstack([self._X, ones])).feasible

    @cached_property
    def width(self):
        if self.feasible:
            return 0
        classes = [self.label]
        width = collapse_width(self._X, self._y, 0, 2 * len(self._X), classes)
        if width is None:
            return None
        features = random_features(self._X, width, 0)
        return width if self._decided(features).feasible else None

    def __str__(self):
        verdict = {True: "can", False: "cannot", None: "may or may not"}
        lines = [f"class {self.label!r} {verdict[self.feasible]} collapse"]
        if self.feasible:
            lines.append("no sample stands in the way")
        else:
            own = int((self._y[self.samples] == self.label).sum())
            others = len(self.samples) - own
            lines.append(f"in the way: {own} of its own, {others} others")
            gone = "unknown" if self.removal is None else self.removal.tolist()
            lines.append(f"enough to remove: {gone}")
        lines += [
            f"no change below {self.radius:.2g} flips this, proved",
            f"a change of {self.distance:.2g} does",
            f"with a bias: {self.bias}",
            f"random features needed: {self.width}",
        ]
        return "\n".join(lines)


def _weights(X, u, s):
    """Multipliers times lengths: no sample's unit matters."""
    sizes = np.sqrt(np.einsum("ij,ij->i", X, X))
    return np.abs(np.concatenate([u, s])) * sizes


def _split(X, n, kept):
    return X[:n][kept[:n]], X[n:][kept[n:]]


def _greedy(X, n):
    """Rows dropped, the heaviest of each certificate, until a yes."""
    kept, gone = np.ones(len(X), dtype=bool), []
    weights = np.zeros(len(X))
    while True:
        A, B = _split(X, n, kept)
        answer = decide_class(A, B, verify=False)
        if answer.feasible is not False:
            answer = decide_class(A, B, verify=True)
        if answer.feasible:
            return gone
        if answer.farkas is not None:
            weights[:] = 0.0
            weights[kept] = _weights(X[kept], *answer.farkas)
        # Undecided: the last certificate tells what is next.
        weights[~kept] = 0.0
        if kept[:n].sum() == 1:
            weights[:n] = 0.0
        if not weights.any():
            return None
        gone.append(int(weights.argmax()))
        kept[gone[-1]] = False


def _elastic(X, n):
    """Rows that a neuron violates which violates few."""
    peeled = Peeled.of(X[:n], X[n:])
    names = np.append(np.arange(n), n + np.flatnonzero(peeled.outside))
    A, B = (
        X[:n, peeled.features],
        X[n:][np.ix_(peeled.outside, peeled.features)],
    )
    (_, d), m = A.shape, len(B)
    equal = np.hstack([A, np.eye(n), -np.eye(n), np.zeros((n, m))])
    below = np.hstack([B, np.zeros((m, 2 * n)), -np.eye(m)])
    bounds = [(None, None)] * d + [(0, None)] * (2 * n + m)
    weights, best = np.ones(n + m), None
    for _ in range(_ROUNDS):
        costs = np.concatenate([np.zeros(d), weights[:n], weights])
        solved = scipy.optimize.linprog(
            costs, below, np.zeros(m), equal, np.ones(n), bounds
        )
        if solved.x is None:
            break
        p, q, r = np.split(solved.x[d:], [n, 2 * n])
        slack = np.append(p + q, r)
        violated = np.flatnonzero(slack > _SLACK)
        few = best is None or len(violated) < len(best)
        # A neuron that is silent needs no sample of the class.
        if few and (slack[:n] <= _SLACK).any():
            best = violated[np.argsort(-slack[violated])]
        if not len(violated):
            break
        weights = 1.0 / (slack / slack.max() + 1e-3)
    return None if best is None else names[best].tolist()


def _pruned(X, n, gone):
    """The rows of ``gone`` that cannot be put back, or None without a yes."""
    kept = np.ones(len(X), dtype=bool)
    kept[gone] = False
    if not decide_class(*_split(X, n, kept), verify=True).feasible:
        return None
    for row in reversed(gone):
        kept[row] = True
        if not decide_class(*_split(X, n, kept), verify=True).feasible:
            kept[row] = False
    return np.flatnonzero(~kept)


def _center(X, n):
    """A Farkas certificate far from the signs' edge, or None.

    Newton's method for the least -sum(log(s)) - log(-sum(u)) + ||z||**2 / 2
    with X.T @ z == 0; at the end ||z||**2 is the number of logarithms.
    """
    N, m = len(X), len(X) - n
    z = np.append(np.full(n, -np.sqrt(m + 1.0) / n), np.ones(m))
    ones = np.append(np.ones(n), np.zeros(m))
    for _ in range(100):
        total, s = z[:n].sum(), z[n:]
        gradient = z.copy()
        gradient[:n] -= 1.0 / total
        gradient[n:] -= 1.0 / s
        diagonal = np.ones(N)
        diagonal[n:] += s**-2.0
        o = ones / diagonal

        def solve(V, diagonal=diagonal, o=o, total=total):
            V = V / (diagonal if V.ndim == 1 else diagonal[:, None])
            inner = ones @ V / (total**2 + n)
            return V - (o * inner if V.ndim == 1 else np.outer(o, inner))

        half = solve(X)
        free = solve(gradient)
        dual = scipy.linalg.lstsq(X.T @ half, X.T @ (z - free), cond=1e-13)[0]
        step = -free - half @ dual
        reach = -np.append(step[n:] / s, step[:n].sum() / total)
        length = min(1.0, 0.95 / max(reach.max(), 1e-300))
        z = z + length * step
        if length == 1.0 and step @ (diagonal * step) < 1e-12:
            return z
    return None


def _radius_of_no(X, n):
    """A lower bound on r, as the module says."""
    own = X[:n] - X[:n].mean(axis=0)
    # With z0 = 0: the class alone contradicts itself.
    best = least_singular_value_bound(own.T) / _UP
    with np.errstate(all="ignore"):
        z = _center(X, n)
    if z is None:
        return _below_rounding(best, X)
    top, s = float(z[n:].max(initial=0.0)), z[n:, None]
    base = (s * X[n:]).T @ (s * X[n:])
    inner = own.T @ own

    def bound(kappa):
        least = scipy.linalg.eigvalsh(
            kappa**2 * inner + base, subset_by_index=[0, 0]
        )[0]
        return max(least, 0.0) ** 0.5 / (np.linalg.norm(z) + max(kappa, top))

    kappa = max(top * np.logspace(-1, 2, 13), key=bound)
    rows = np.vstack([kappa * own, s * X[n:]])
    room = least_singular_value_bound(rows.T)
    room -= _UP * np.linalg.norm(X.T @ z)
    whole = _UP * (np.linalg.norm(z) + max(kappa, top))
    return _below_rounding(max(best, room / whole), X)


def _below_rounding(radius, X):
    """The radius less what rounding in these sums may have added."""
    rounding = 4.0 * sum(X.shape) * 2.0**-53 * np.linalg.norm(X)
    return max(0.0, float(radius / _UP - rounding))


def _radius_of_yes(X, n, beta):
    r"""How far the data are from data on which the class cannot collapse.

    If it cannot for X + D, some z = (u, s) of length 1, s >= 0, sum(u) <= 0,
    has (X + D).T @ z == 0, so ||D|| is at least ||X.T @ z||. Let L be an
    inverse of X_in from the right and b = beta - rho L u / ||u||. Then
    <z, X b> is at most -rho ||u|| from the class, but for rounding, and
    sum(s_i (x_i @ beta + rho ||x_i @ L||)) from the others, at most
    -rho ||s|| if rho is the least -x_i @ beta / (1 + ||x_i @ L||). Now
    ||u|| + ||s|| >= 1, and ||b|| is at most ||beta|| + rho ||L||.
    """
    A, B = X[:n], X[n:]
    if n > A.shape[1]:
        return 0.0
    L = np.linalg.pinv(A)
    off = np.linalg.norm(A @ L - np.eye(n)) + np.linalg.norm(A @ beta - 1.0)
    lengths = _UP * np.sqrt(np.einsum("ij,ij->i", B @ L, B @ L))
    values = B @ beta + len(beta) * 2.0**-52 * (np.abs(B) @ np.abs(beta))
    rho = float((-values / (1.0 + lengths)).min())
    whole = np.linalg.norm(beta) + max(rho, 0.0) * np.linalg.norm(L, 2)
    room = rho * (1.0 - off) - off
    return _below_rounding(room / (_UP * whole), X)


def _nearest(X, n):
    """A direction b of length 1 with X b near Q, and the nearest point."""

    def goal(v):
        w = np.minimum(v, 0.0)
        w[:n] = max(v[:n].mean(), 0.0)
        return w

    def squared(b):
        length = np.linalg.norm(b)
        b = b / length
        rest = X @ b
        rest -= goal(rest)
        slope = 2.0 * (X.T @ rest)
        return rest @ rest, (slope - (slope @ b) * b) / length

    axes = scipy.linalg.svd(X, full_matrices=True)[2][-3:]
    own = scipy.linalg.lstsq(X[:n], np.ones(n))[0]
    starts = [*axes, *-axes] + ([own] if own.any() else [])
    best = min(
        (
            scipy.optimize.minimize(
                squared,
                b,
                jac=True,
                method="L-BFGS-B",
                options=dict(maxiter=1000),
            )
            for b in starts
        ),
        key=lambda found: found.fun,
    )
    b = best.x / np.linalg.norm(best.x)
    return b, goal(X @ b)
