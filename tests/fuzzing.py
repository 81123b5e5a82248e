"""`nclib.decide` on one small instance against exact arithmetic."""

import time
import warnings
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from exact_lp import exactly_feasible

import nclib

# What `ClassDecision.accuracy` may not exceed.
WORST_ACCURACY = 1e-6


@dataclass(frozen=True)
class Comparison:
    """What `decide` said about an instance and what is wrong with it.

    Attributes
    ----------
    feasible : bool or None
        The answer of `decide`.
    exact : bool
        The right answer.
    numbers : bool
        Whether beta or (u, s) came with the answer.
    accuracy : float
        As stated.
    seconds : float
        Time that `decide` took.
    fault : str or None
        "wrong", "inaccurate" (numbers worse than stated), "inconsistent"
        (they contradict the description of `ClassDecision`) or "raised".
    detail : str
        What the fault consists in.
    """

    feasible: bool | None
    exact: bool
    numbers: bool
    accuracy: float
    seconds: float
    fault: str | None
    detail: str


def compare(X_in, X_out):
    """Ask `decide` about the class of X_in and check all that it says."""
    exact = exactly_feasible(X_in, X_out)
    X = np.vstack([X_in, X_out])
    y = np.repeat([0, 1], [len(X_in), len(X_out)])
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            answer = nclib.decide(X, y, [0]).classes[0]
    except Exception as error:
        seconds = time.perf_counter() - start
        return Comparison(
            None, exact, False, np.nan, seconds, "raised", repr(error)
        )
    seconds = time.perf_counter() - start
    fault, detail = _fault(X_in, X_out, answer, exact)
    return Comparison(
        answer.feasible,
        exact,
        answer.beta is not None or answer.farkas is not None,
        answer.accuracy,
        seconds,
        fault,
        detail,
    )


def fault(X_in, X_out):
    """What is wrong with the answer of `decide`, in words; None: nothing."""
    found = compare(X_in, X_out)
    return found.fault and f"{found.fault}: {found.detail}"


def accuracy_of_beta(X_in, X_out, beta):
    """The exact value that `ClassDecision.accuracy` bounds, as a Fraction."""
    A, a = _integers(X_in)
    B, _ = _integers(X_out)
    beta, b = _integers(beta)
    inside = [abs(Fraction(v, a * b) - 1) for v in A @ beta]
    outside = [
        Fraction(v, size)
        for v, size in zip(B @ beta, abs(B) @ abs(beta), strict=True)
        if v > 0
    ]
    return max(inside + outside)


def accuracy_of_farkas(X_in, X_out, u, s):
    """The exact value that `ClassDecision.accuracy` bounds, as a Fraction."""
    rows, _ = _integers(np.vstack([X_in, X_out]))
    multipliers, _ = _integers(np.concatenate([u, s]))
    total = abs(sum(multipliers[: len(u)]))
    largest = abs(rows).max(axis=0)
    sizes = [
        Fraction(v, total * top)
        for v, top in zip(abs(rows.T @ multipliers), largest, strict=True)
        if top > 0
    ]
    return max(sizes, default=Fraction(0))


def _integers(values):
    """Python integers and the power of two that divides them."""
    ratios = [value.as_integer_ratio() for value in values.ravel().tolist()]
    common = max(q for _, q in ratios)
    integers = np.empty(len(ratios), dtype=object)
    integers[:] = [p * (common // q) for p, q in ratios]
    return integers.reshape(values.shape), common


def _fault(X_in, X_out, answer, exact):
    """The kind of fault and its detail; None and nothing if there is none."""
    if answer.feasible not in (None, exact):
        return "wrong", f"answer {answer.feasible}: {answer.message}"
    if answer.verified is not (answer.feasible is not None):
        return "inconsistent", f"verified is {answer.verified}"
    if answer.beta is not None and answer.feasible is not True:
        return "inconsistent", "beta without the answer True"
    if answer.farkas is not None and answer.feasible is not False:
        return "inconsistent", "farkas without the answer False"
    stated = answer.accuracy
    if answer.beta is not None:
        if not np.isfinite(answer.beta).all():
            return "inaccurate", "beta is not finite"
        true = accuracy_of_beta(X_in, X_out, answer.beta)
    elif answer.farkas is not None:
        u, s = answer.farkas
        if not (np.isfinite(u).all() and np.isfinite(s).all()):
            return "inaccurate", "farkas is not finite"
        if not ((s >= 0).all() and sum(map(Fraction, u.tolist())) < 0):
            return "inaccurate", "s < 0 or the sum of u is not negative"
        true = accuracy_of_farkas(X_in, X_out, u, s)
    elif np.isnan(stated):
        return None, ""
    else:
        return "inconsistent", f"accuracy {stated} of no numbers"
    if not stated <= WORST_ACCURACY:
        return "inconsistent", f"accuracy {stated} of numbers"
    if true > Fraction(stated):
        return "inaccurate", f"{float(true):.3g}, stated {stated:.3g}"
    return None, ""
