r"""Deciding (2.12): does a two-layer ReLU network collapse on given data?

Class k collapses when some beta has ``X_in @ beta == 1`` on its own samples
and ``X_out @ beta <= 0`` on all others. One nonnegative least squares
problem answers both ways: its residual is the solution, or it vanishes and
its coefficients are the Farkas certificate that none exists.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.optimize

from nclib import certificates
from nclib._reduction import Peeled, Reduction
from nclib.data import check_Xy

# Relative residuals between the two are polished before they are judged.
_ZERO_RESIDUAL = 1e-13
_CLEAR_RESIDUAL = 1e-10
# Features whose sizes differ by more than this power of two are evened out.
_LIKE_UNITS = 20


@dataclass(frozen=True)
class ClassDecision:
    """The answer to (2.12) for one class.

    Attributes
    ----------
    label : int
        The class.
    feasible : bool or None
        None only where float64 arithmetic cannot tell; ``message`` says why.
    beta : (d,) array or None
        When feasible: ``X_in @ beta == 1``, ``X_out @ beta <= 0``.
    farkas : (u, s) or None
        When infeasible: u (n_in,), s >= 0 (n_out,),
        ``X_in.T @ u + X_out.T @ s == 0`` and ``u.sum() < 0``.
    verified : bool
        True iff independent code proved the answer for the given float64
        data, rounding errors counted.
    margin : float
        Distance from the boundary between the two answers, in [-1, 1].
        Positive when feasible: the sine of the angle between the class
        direction and the cone of the other samples, unchanged by permuting
        samples, rotating or scaling X (features whose sizes differ by more
        than 2**20 are evened out first). Negative when infeasible: minus a
        distance that one can go from 0 in that direction within the convex
        hull of their unit vectors; the certificate found gives it, so the
        order of the samples may change it. nan when the class is excluded
        by its rank alone.
    message : str
        How the answer was reached and what the check measured.
    """

    label: int
    feasible: bool | None
    beta: np.ndarray | None
    farkas: tuple[np.ndarray, np.ndarray] | None
    verified: bool
    margin: float
    message: str


@dataclass(frozen=True)
class Decision:
    """Whether neural collapse occurs on a data set.

    Attributes
    ----------
    occurs : bool or None
        True iff (2.12) is feasible for every class; False iff it is
        infeasible for one; None when a class is undecided, or when only some
        classes were asked for and those are feasible.
    classes : dict
        Label to `ClassDecision`.
    """

    occurs: bool | None
    classes: dict

    def __str__(self):
        answers = list(self.classes.values())
        feasible = sum(c.feasible is True for c in answers)
        infeasible = [c.label for c in answers if c.feasible is False]
        undecided = [c.label for c in answers if c.feasible is None]
        proved = sum(c.verified for c in answers)
        lines = [
            f"neural collapse occurs: {self.occurs}",
            f"{feasible} of {len(answers)} classes feasible, "
            f"{proved} answers proved",
        ]
        if infeasible:
            lines.append(f"infeasible: {infeasible}")
        if undecided:
            lines.append(f"undecided: {undecided}")
        return "\n".join(lines)


def decide(X, y, classes=None, verify=True):
    r"""Decide whether a two-layer ReLU network collapses on the data.

    For every class k, find beta_k with <x, beta_k> = 1 for x in the class and
    <x, beta_k> <= 0 for all other samples, or prove that there is none.

    Parameters
    ----------
    X : (N, d) array
        One sample a row; converted to float64, never modified.
    y : (N,) integer array
        Labels; classes may differ in size.
    classes : iterable of labels, optional
        Decide only these classes.
    verify : bool, optional
        Check every certificate by `nclib.certificates`. Without it
        ``verified`` is False throughout.

    Returns
    -------
    Decision

    Raises
    ------
    TypeError, ValueError
        If ``X`` is not a finite real (N, d) array, ``y`` not N integer labels
        of at least two classes, or ``classes`` names one that is not there.

    Notes
    -----
    Theorem 3 and equation (2.12): with D >= K and weak enough penalties,
    the global minimizer collapses exactly when all classes are feasible.
    A class costs one QR factorization, O(n_in**2 d), and one nonnegative
    least squares problem with N - n_in unknowns in d - n_in + 1 dimensions.

    Examples
    --------
    >>> import nclib
    >>> gmm = nclib.GaussianMixture(nclib.orthonormal_means(2, 30), 0.1)
    >>> nclib.decide(*gmm.sample(20, seed=0)).occurs
    True
    """
    X, codes, labels = check_Xy(X, y)
    names = labels.tolist()
    wanted = names
    if classes is not None:
        wanted = list(classes) if np.iterable(classes) else [classes]
        if not wanted or any(label not in names for label in wanted):
            raise ValueError(
                f"classes must list labels of y, {names}, got {classes!r}"
            )
    decisions = {}
    for position in map(names.index, wanted):
        inside = codes == position
        decisions[names[position]] = _decide_class(
            X[inside], X[~inside], names[position], verify
        )
    answers = [c.feasible for c in decisions.values()]
    if False in answers:
        occurs = False
    elif None in answers or len(decisions) < len(labels):
        occurs = None
    else:
        occurs = True
    return Decision(occurs, decisions)


def nonnegative_least_squares(A, b):
    """The s >= 0 that minimizes ||A s - b||; the one place with an engine.

    Lawson and Hanson's active set method, whose support columns are linearly
    independent and whose residual satisfies A.T @ (b - A s) <= 0.
    """
    if A.shape[1] == 0:
        # scipy 1.17 frees memory twice here.
        return np.zeros(0)
    s, _ = scipy.optimize.nnls(A, b, maxiter=20 * max(A.shape))
    return s


def separate(A):
    r"""Find r with A.T @ r <= 0 and r[-1] > 0, or s >= 0 with A s = e_last.

    The residual of min_{s >= 0} ||A s - e|| is the projection of e = e_last
    on the polar cone (Moreau), so exactly one of the two exists.

    Parameters
    ----------
    A : (m, N) array
        Unit columns.

    Returns
    -------
    feasible : bool or None
    r : (m,) array
        Residual e - A s, recomputed from s.
    s : (N,) array
    """
    e = np.zeros(len(A))
    e[-1] = 1.0
    try:
        s = nonnegative_least_squares(A, e)
    except RuntimeError:
        # The active set cycled: no answer, rather than a wrong one.
        return None, np.full(len(A), np.nan), np.zeros(A.shape[1])
    verdict, r = _judge(A, e, s)
    if verdict is None:
        support = np.flatnonzero(s)
        refined = np.zeros_like(s)
        refined[support] = scipy.linalg.lstsq(
            A[:, support], e, lapack_driver="gelsy"
        )[0]
        if (refined >= 0).all():
            s = refined
            verdict, r = _judge(A, e, s)
    return verdict, r, s


def _judge(A, e, s):
    r = e - A @ s
    norm = np.linalg.norm(r)
    scale = 1.0 + s.sum()
    if norm <= _ZERO_RESIDUAL * scale:
        return False, r
    if norm > _CLEAR_RESIDUAL * scale:
        violation = (r @ A).max(initial=-1.0)
        # At the minimum r[-1] is norm**2; noise of that size decides nothing.
        if (
            violation <= max(1e-11 * norm, 2e-15)
            and abs(r[-1] - norm**2) <= 0.1 * norm**2
        ):
            return True, r
    return None, r


# What overflows fails the checks that follow.
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _decide_class(X_in, X_out, label, verify):
    peeled = Peeled.of(X_in, X_out)
    kept_in, kept_out = X_in, X_out
    if not peeled.features.all():
        kept_in = X_in[np.ix_(peeled.inside, peeled.features)]
        kept_out = X_out[np.ix_(peeled.outside, peeled.features)]
    # One power of two keeps the margin free of the axes; features of very
    # different units, which would spoil the numerical rank, get one each.
    size = np.maximum(
        np.abs(kept_in).max(axis=0), np.abs(kept_out).max(axis=0, initial=0.0)
    )
    exponent = np.frexp(size)[1]
    if exponent.size and np.ptp(exponent) <= _LIKE_UNITS:
        exponent[:] = exponent.max()
    A_in = np.ldexp(kept_in, -exponent)
    A_out = np.ldexp(kept_out, -exponent)

    def whole_beta(beta):
        return peeled.extend(X_in, X_out, np.ldexp(beta, -exponent))

    def whole_farkas(u, s):
        u_all, s_all = np.zeros(len(X_in)), np.zeros(len(X_out))
        u_all[peeled.inside], s_all[peeled.outside] = u, s
        return u_all, s_all

    none = np.zeros(len(A_out))
    if not A_in.any():
        u = np.zeros(len(A_in))
        u[0] = -1.0
        reason = "a sample of the class is zero"
        return _answer(
            X_in, X_out, label, verify, np.nan,
            [(False, None, whole_farkas(u, none), reason)],
        )
    reduction = Reduction.of(A_in)
    if reduction.deficit is not None:
        reason = (
            f"1 is not in the range of X_in, of rank {reduction.rank} with "
            f"{len(A_in)} samples (Theorem 3(c))"
        )
        return _answer(
            X_in, X_out, label, verify, np.nan,
            [(False, None, whole_farkas(reduction.deficit, none), reason)],
        )

    columns, inside = reduction.coordinates(A_out)
    norms = np.linalg.norm(columns, axis=0)
    # Rounding noise of a row that lies in the span of the class must not be
    # blown up to a unit vector: such a row asks for 0 <= 0.
    real = norms > 1e-13 * np.linalg.norm(A_out, axis=1)
    G = columns[:, real] / norms[real]
    verdict, r, s_unit = separate(G)

    candidates = []
    if verdict is not False and np.linalg.norm(r) > 0:
        eta = _strictly_inside(G, r, s_unit)
        beta = reduction.point(eta) * (reduction.length / eta[-1])
        beta += reduction.point(
            np.append(
                np.zeros(len(eta) - 1),
                reduction.length * (1.0 - np.mean(A_in @ beta)),
            )
        )
        candidates.append(
            (True, whole_beta(beta), None, "a separating beta was found")
        )
    if verdict is not True and s_unit.any():
        s = np.zeros(len(A_out))
        s[real] = s_unit / norms[real]
        u = reduction.multipliers(inside, s)
        total = -u.sum()
        if total > 0:
            candidates.append(
                (
                    False,
                    None,
                    whole_farkas(u / total, s / total),
                    "a Farkas certificate was found",
                )
            )
    margin = float(np.linalg.norm(r))
    if verdict is False:
        margin = -1.0 / float(s_unit.sum())
    return _answer(
        X_in, X_out, label, verify, margin, candidates, verdict
    )


def _strictly_inside(G, r, s):
    """Move r off its active constraints, keeping r[-1] > 0."""
    active = G[:, s > 0]
    if active.size == 0:
        return r
    Q, R = scipy.linalg.qr(active, mode="economic")
    y = Q @ scipy.linalg.solve_triangular(
        R, -np.ones(R.shape[1]), trans="T"
    )
    slack = -(r @ G)
    slack[s > 0] = np.inf
    speed = 1.0 + y @ G
    # Copies of an active column have no slack and recede with it.
    approached = speed > 1e-9
    limits = slack[approached] / speed[approached]
    step = limits.min(initial=np.inf)
    if y[-1] < 0:
        step = min(step, -r[-1] / y[-1])
    if not np.isfinite(step):
        step = np.linalg.norm(r) / np.linalg.norm(y)
    return r + max(0.5 * step, 0.0) * y


def _answer(X_in, X_out, label, verify, margin, candidates, verdict=False):
    """Verify the candidates and keep what stands."""
    if not verify:
        if verdict is None or not candidates:
            return ClassDecision(
                label, None, None, None, False, margin,
                "undecided: the residual lies between rounding error and a "
                "clear answer",
            )
        feasible, beta, farkas, reason = candidates[0]
        return ClassDecision(
            label, feasible, beta, farkas, False, margin,
            f"{reason}; not verified",
        )
    checks = []
    for feasible, beta, farkas, _ in candidates:
        if feasible:
            check = certificates.verify_primal(X_in, X_out, beta)
        else:
            check = certificates.verify_farkas(X_in, X_out, *farkas)
        checks.append(check)
    # A proof settles a case that the residual leaves open; short of one, a
    # lone certificate that holds to tolerance is believed.
    for wanted in ("proved", "holds"):
        good = [i for i, c in enumerate(checks) if getattr(c, wanted)]
        if len(good) == 1:
            feasible, beta, farkas, reason = candidates[good[0]]
            check = checks[good[0]]
            status = "proved" if check.proved else "holds to 1e-9, not proved"
            return ClassDecision(
                label, feasible, beta, farkas, check.proved, margin,
                f"{reason}, {status}: {check.detail}",
            )
    details = "; ".join(c.detail for c in checks)
    return ClassDecision(
        label, None, None, None, False, margin,
        "undecided: float64 arithmetic gives no certificate that holds"
        + (f" ({details})" if details else ""),
    )
