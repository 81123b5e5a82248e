r"""Independent verification of both answers to (2.12).

Nothing here knows how a certificate was found, and no code is shared with
the solver. Each check answers two questions:

* does the certificate *hold*, that is, to a relative tolerance of 1e-9?
* is it *proved*: does the exact system with the given float64 data have an
  exact solution, every rounding error of this check counted?

A proof comes in one of two ways. If A has full row rank and the residual of
an approximate solution x of A x = c is rho, an exact solution lies within
``norm(rho) / sigma_min(A)`` of x; inequalities with more room than that
survive. The bound on sigma_min comes from a Cholesky factorization that runs
to completion, in the manner of Rump, *Verification of positive definiteness*
(BIT 46, 2006). Where this fails on a small system (dependent rows, no room),
the certificate rounded to simple fractions may solve it exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nclib import _exact

TOLERANCE = 1e-9
_UNIT_ROUNDOFF = 2.0**-53
# Products below the normal range lose relative accuracy; a bound that adds
# this much a term stays valid there.
_UNDERFLOW = 2.0**-1022
# Every quantity multiplied by this was computed from nonnegative numbers in
# fewer than 1e5 roundings, so the product is an upper bound.
_UP = 1.0 + 1e-10


@dataclass(frozen=True)
class Verification:
    """What a check found.

    Attributes
    ----------
    holds : bool
        The certificate satisfies its system to a relative 1e-9.
    proved : bool
        An exact solution exists for the given float64 data.
    detail : str
        The numbers behind the verdict.
    """

    holds: bool
    proved: bool
    detail: str


def _gamma(k):
    return k * _UNIT_ROUNDOFF / (1.0 - k * _UNIT_ROUNDOFF)


def _product(A, x):
    """A @ x with an entrywise upper bound on its rounding error."""
    size = _gamma(A.shape[1] + 1) * (np.abs(A) @ np.abs(x))
    return A @ x, _UP * size + A.shape[1] * _UNDERFLOW


def _norm_bound(x):
    # Scaled by its largest entry, lest tiny squares vanish.
    top = float(np.abs(x).max(initial=0.0))
    if top == 0 or not np.isfinite(top):
        return top
    return _UP * top * float(np.sqrt(np.sum(np.square(x / top)))) + _UNDERFLOW


def sigma_min_bound(A):
    """A proved lower bound on the smallest singular value of a wide matrix.

    Parameters
    ----------
    A : (m, k) float64 array
        With m <= k; entries near 1 in size give the sharpest bound.

    Returns
    -------
    float
        At most ``min ||A.T @ x|| / ||x||``; 0.0 when nothing can be proved,
        which happens when sigma_min is below about 1e-6 times the norm;
        inf for a matrix without rows.

    Notes
    -----
    O(m**2 k). If Cholesky of fl(A A.T) - alpha I runs to completion, then
    lambda_min(A A.T) >= alpha minus the rounding errors of forming the
    product and of the factorization, both bounded through the trace.
    """
    m, k = A.shape
    if m > k:
        return 0.0
    if m == 0:
        return np.inf
    with np.errstate(over="ignore", invalid="ignore"):
        gram = A @ A.T
    trace = _UP * float(np.trace(gram))
    floor = _UP * trace * (
        _gamma(k + 1) + 2.0 * _gamma(m + 2)
    ) + m * k * _UNDERFLOW
    diagonal = np.einsum("ii->i", gram)
    original = diagonal.copy()
    for alpha in (1e-3 * trace / m, 1e-6 * trace / m, 4.0 * floor):
        if alpha <= floor:
            continue
        diagonal[:] = original - alpha
        try:
            np.linalg.cholesky(gram)
        except np.linalg.LinAlgError:
            continue
        return float(np.sqrt((alpha - floor) / _UP))
    return 0.0


def _corrections(A, residual):
    """Upper bounds on the norm of some z with A z = rho, |rho| <= residual.

    The second, for ill-conditioned A, replaces A by W A with orthonormal
    rows but for rounding: if W A has full row rank, so has A, and
    (W A) z = W rho has the same solutions.
    """
    sigma_min = sigma_min_bound(A)
    if sigma_min > 0:
        yield _UP * _norm_bound(residual) / sigma_min
    if A.shape[0] > A.shape[1]:
        return
    try:
        W = np.linalg.inv(np.linalg.qr(A.T, mode="r").T)
    except np.linalg.LinAlgError:
        return
    W_size = np.abs(W)
    error = _gamma(len(A) + 1) * (W_size @ np.abs(A))
    error += len(A) * _UNDERFLOW
    sigma_min = sigma_min_bound(W @ A) - _UP * _norm_bound(error.ravel())
    if sigma_min > 0:
        yield _UP * _norm_bound(_UP * (W_size @ residual)) / sigma_min


def _scaled_by_powers_of_two(A, axis):
    """Scale rows or columns to size about 1; None if that loses a bit."""
    size = np.abs(A).max(axis=axis, keepdims=True, initial=0.0)
    exponent = np.frexp(np.where(size > 0, size, 1.0))[1]
    if np.abs(exponent).max(initial=0) <= 2:
        return A, np.zeros_like(exponent)
    scaled = np.ldexp(A, -exponent)
    exact = np.array_equal(np.ldexp(scaled, exponent), A)
    return (scaled if exact else None), exponent


def verify_primal(X_in, X_out, beta):
    r"""Check that beta satisfies (2.12) for one class.

    The system is ``X_in @ beta == 1`` and ``X_out @ beta <= 0``. It is
    proved when the inequalities are strict by more than the distance to an
    exact solution of the equalities (exactly repeated rows of ``X_in`` count
    once), or when beta rounded to simple fractions solves it exactly.

    Parameters
    ----------
    X_in : (n, d) float64 array
        Samples of the class.
    X_out : (m, d) float64 array
        All other samples.
    beta : (d,) float64 array

    Returns
    -------
    Verification

    Notes
    -----
    Equation (2.12). Costs O(n**2 d + m d).
    """
    distinct = X_in
    if len({row.tobytes() for row in X_in}) < len(X_in):
        distinct = np.unique(X_in, axis=0)
    # beta_j -> beta_j 2**e_j is exact and evens out the units of features;
    # a positive factor is immaterial to a row of X_out.
    both, exponent = _scaled_by_powers_of_two(
        np.vstack([distinct, X_out]), axis=0
    )
    with np.errstate(over="ignore"):
        beta = np.ldexp(beta, exponent[0])
    if both is None or not np.isfinite(beta).all():
        return Verification(
            False, False, "beta or the data leave the range of float64"
        )
    A = both[: len(distinct)]
    B, _ = _scaled_by_powers_of_two(both[len(distinct) :], axis=1)
    if B is None:
        return Verification(
            False, False, "the data leave the range of float64"
        )

    value, rounding = _product(A, beta)
    residual = np.abs(value - 1.0) + rounding + _UNIT_ROUNDOFF
    outside, outside_rounding = _product(B, beta)
    row_norm = np.sqrt(np.einsum("ij,ij->i", B, B))
    beta_norm = _norm_bound(beta)
    worst = float(np.max(outside - TOLERANCE * row_norm * beta_norm))
    scale = 1.0 + float(np.max(np.abs(A) @ np.abs(beta)))
    holds = bool(np.abs(value - 1.0).max() <= TOLERANCE * scale and worst <= 0)

    real = row_norm > 0
    highest = (outside + outside_rounding)[real]
    radius, proved = np.inf, False
    for radius in _corrections(A, residual) if holds else ():
        if proved := bool(np.all(highest + _UP * row_norm[real] * radius < 0)):
            break
    detail = (
        f"largest |<x, beta> - 1| in the class "
        f"{np.abs(value - 1.0).max():.1e}, largest <x, beta> outside "
        f"{outside.max():.1e}, distance to an exact solution at most "
        f"{radius:.1e}"
    )
    if holds and not proved:
        proved = _exact.solves_primal(A, np.unique(B, axis=0), beta)
        detail += ", exact in simple fractions" if proved else ""
    return Verification(holds, proved, detail)


def verify_farkas(X_in, X_out, u, s):
    r"""Check a Farkas certificate that (2.12) has no solution.

    The certificate is ``X_in.T @ u + X_out.T @ s == 0``, ``s >= 0`` and
    ``u.sum() < 0``: a solution beta would give the contradiction
    ``0 = u.sum() + s @ X_out @ beta < 0``.

    Parameters
    ----------
    X_in : (n, d) float64 array
    X_out : (m, d) float64 array
    u : (n,) float64 array
    s : (m,) float64 array

    Returns
    -------
    Verification

    Notes
    -----
    Theorem of alternatives for (2.12). Costs O(d**2 (n + d)). The proof
    sets negligible multipliers to zero, which is a choice, and multipliers
    of rows that alone carry some feature, which is forced; the rows left
    must span the features left, or the multipliers, rounded to simple
    fractions, form an exact certificate.
    """
    if not (np.isfinite(u).all() and np.isfinite(s).all() and (s >= 0).all()):
        return Verification(
            False, False, "the multipliers are not finite with s >= 0"
        )
    if not u.sum() < 0:
        return Verification(
            False, False, f"the sum of u is {u.sum():.1e}, not negative"
        )
    used = s > 0
    rows = np.vstack([X_in, X_out[used]])
    # A column scale is immaterial and a row scale moves into its multiplier.
    rows, _ = _scaled_by_powers_of_two(rows, axis=0)
    if rows is not None:
        rows, exponent = _scaled_by_powers_of_two(rows, axis=1)
    if rows is None:
        return Verification(
            False, False, "the data leave the range of float64"
        )
    # So is a common factor of all multipliers; bits lost below it are not
    # lost from the certificate checked, whose sum is taken anew.
    scaled = np.concatenate([u, s[used]])
    _, common = np.frexp(np.abs(scaled).max())
    scaled = np.ldexp(scaled, exponent[:, 0] - common)
    check = None
    for always_kept, refine in ((0, False), (0, True), (len(u), False)):
        # Refining what does not hold would check another certificate.
        if refine and not check.holds:
            continue
        kept = _presolve(rows, scaled, always_kept)
        check = _check_farkas(
            rows, scaled, exponent[:, 0], len(u), kept, refine
        )
        if check.proved:
            return check
    if check.holds and _exact.solves_farkas(X_in, X_out, u, s):
        return Verification(
            True, True, f"{check.detail}, exact in simple fractions"
        )
    return check


def _check_farkas(rows, scaled, exponent, n, kept, refine):
    """The check with the multipliers that are not kept set to zero."""
    top = np.abs(scaled).max()
    dropped = np.abs(scaled[~kept]).max(initial=0.0)
    inside = (np.arange(len(rows)) < n)[kept]
    rows, scaled, exponent = rows[kept], scaled[kept], exponent[kept]
    rows = np.unique(rows[:, np.any(rows != 0, axis=0)], axis=1)
    residual, rounding = _product(rows.T, scaled)
    if refine and len(scaled) > 0:
        scaled = scaled - np.linalg.lstsq(rows.T, residual, rcond=None)[0]
        residual = _exact.exactly_rounded_product(rows.T, scaled)
        rounding = 2 * _UNIT_ROUNDOFF * np.abs(residual)
        rounding += len(scaled) * _UNDERFLOW
    own = np.ldexp(scaled, -exponent)[inside]
    total = float(own.sum())
    size = np.max(np.abs(rows).T @ np.abs(scaled), initial=0.0)
    error = np.max(np.abs(residual), initial=0.0)
    holds = bool(
        np.isfinite(top)
        and dropped <= TOLERANCE * top
        and error <= TOLERANCE * size
        and total < -TOLERANCE * np.abs(own).sum()
    )

    # What an exact correction of size radius can add to the sum of u, whose
    # entries are scaled[i] * weights[i].
    weights = _norm_bound(np.ldexp(1.0, -exponent[inside]))
    sum_rounding = _gamma(len(own) + 1) * _UP * float(np.abs(own).sum())
    smallest = np.min(scaled[~inside], initial=np.inf)
    radius, proved = np.inf, False
    for radius in (
        _corrections(rows.T, np.abs(residual) + rounding) if holds else ()
    ):
        proved = bool(
            smallest > radius
            and total + sum_rounding + _UP * weights * radius < 0
        )
        if proved:
            break
    return Verification(
        holds,
        proved,
        f"largest entry of X_in.T @ u + X_out.T @ s {error:.1e} with terms "
        f"up to {size:.1e}, sum of u {total:.3g}, distance to an exact "
        f"certificate at most {radius:.1e}",
    )


def _presolve(rows, multipliers, n):
    """Which rows keep a multiplier: not negligible and not forced to 0.

    The first n are kept however small: their sign is free.
    """
    kept = np.abs(multipliers) > TOLERANCE * np.abs(multipliers).max()
    kept[:n] = True
    nonzero = rows != 0
    while True:
        alone = nonzero[kept].sum(axis=0) == 1
        forced = kept & nonzero[:, alone].any(axis=1)
        if not forced.any():
            return kept
        kept &= ~forced
