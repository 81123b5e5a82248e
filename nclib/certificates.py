r"""Independent verification of both answers to (2.12).

Nothing here knows how a certificate was found, and no code is shared with
the solver. Each check answers two questions:

* how *accurate* are the numbers handed over, every rounding error of the
  check counted?
* does an exact solution *exist*, for the given float64 data?

Both must be answered well before a certificate is *proved*.

Existence comes in one of three ways. If A has full row rank and the residual
of an approximate solution x of A x = c is rho, an exact solution lies within
``norm(rho) / sigma_min(A)`` of x; inequalities with more room than that
survive, and those without are asked to hold with equality. The bound on
sigma_min comes from a Cholesky factorization that runs to completion, in the
manner of Rump, *Verification of positive definiteness* (BIT 46, 2006); rows
that are exact combinations of others are left out first. Otherwise the
certificate rounded to simple fractions may solve its system exactly, or, if
the system is small, a simplex method over the rationals finds a solution,
which is multiplied out.
"""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from scipy.linalg import lapack

from nclib import _exact

__all__ = [
    "TOLERANCE",
    "Verification",
    "least_eigenvalue_bound",
    "least_singular_value_bound",
    "sigma_min_bound",
    "verify_farkas",
    "verify_primal",
]

#: The least accurate numbers that a proof hands over.
TOLERANCE = 1e-6
# Multipliers that are smaller than this beside the largest may be rounding.
_NEGLIGIBLE = 1e-9
_UNIT_ROUNDOFF = 2.0**-53
# Products below the normal range lose relative accuracy; a bound that adds
# this much a term stays valid there.
_UNDERFLOW = 2.0**-1022
# Sums of products below this may have lost them all.
_VANISHING = 2.0**-900
# The longest sums whose rounding is bounded; beyond, only exact arithmetic
# proves.
_LONGEST = 400_000
# Every quantity multiplied by this was computed from nonnegative numbers in
# at most two such sums and 50,000 roundings, so the product is an upper bound.
_UP = 1.0 + 1e-10
# Rows multiplied at a time: bounds the memory for their absolute values.
_BLOCK = 512


@dataclass(frozen=True)
class Verification:
    """What a check found.

    Attributes
    ----------
    accuracy : float
        Proved bound on how far the numbers miss their system; what it
        measures is said by the check. inf where nothing could be bounded.
    exists : bool
        An exact solution exists for the given float64 data.
    detail : str
        The numbers behind the verdict.
    """

    accuracy: float
    exists: bool
    detail: str

    @property
    def holds(self):
        """The numbers satisfy their system to `TOLERANCE`, proved."""
        return self.accuracy <= TOLERANCE

    @property
    def proved(self):
        """`holds`, and an exact solution exists."""
        return self.holds and self.exists


def _gamma(k):
    return k * _UNIT_ROUNDOFF / (1.0 - k * _UNIT_ROUNDOFF)


def _product(A, x):
    """A @ x, a bound on its rounding error, and abs(A) @ abs(x), rounded."""
    value, terms = np.empty(len(A)), np.empty(len(A))
    size = np.abs(x)
    for i in range(0, len(A), _BLOCK):
        block = A[i : i + _BLOCK]
        value[i : i + _BLOCK] = block @ x
        terms[i : i + _BLOCK] = np.abs(block) @ size
    if A.shape[1] > _LONGEST:
        return value, np.full(len(A), np.inf), terms
    rounding = _UP * _gamma(A.shape[1] + 1) * terms
    return value, rounding + A.shape[1] * _UNDERFLOW, terms


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
        which happens when sigma_min is below about 1e-6 times the norm, or
        where k exceeds 400,000; inf for a matrix without rows.

    Notes
    -----
    O(m**2 k). If Cholesky of fl(A A.T) - alpha I runs to completion, then
    lambda_min(A A.T) >= alpha minus the rounding errors of forming the
    product and of the factorization, both bounded through the trace.

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.certificates import sigma_min_bound
    >>> 0 < sigma_min_bound(np.array([[3.0, 4.0]])) <= 5
    True
    """
    m, k = A.shape
    if m > k or k > _LONGEST:
        return 0.0
    if m == 0:
        return np.inf
    with np.errstate(over="ignore", invalid="ignore"):
        gram = A @ A.T
    trace = _UP * float(np.trace(gram))
    floor = (
        _UP * trace * (_gamma(k + 1) + 2.0 * _gamma(m + 2))
        + m * k * _UNDERFLOW
    )
    least = _factored(gram, trace, floor, (1e-3, 1e-6))
    return float(np.sqrt(least / _UP)) if least > 0 else 0.0


def _factored(S, trace, floor, shares):
    """A bound on the least eigenvalue, or 0; overwrites the diagonal of S.

    The first alpha for which Cholesky of S - alpha I runs to completion, less
    ``floor``, the rounding errors. Tried are these shares of the mean
    eigenvalue, then what is left above rounding.
    """
    m = len(S)
    diagonal = np.einsum("ii->i", S)
    original = diagonal.copy()
    for alpha in [share * trace / m for share in shares] + [4.0 * floor]:
        if alpha <= floor:
            continue
        diagonal[:] = original - alpha
        factor, info = lapack.dpotrf(S, lower=1, clean=0)
        if info == 0 and np.isfinite(np.einsum("ii->i", factor)).all():
            return float(alpha - floor)
    return 0.0


# Larger matrices are not asked for more than the order of magnitude.
_SHARP = 1000


def least_eigenvalue_bound(S):
    """A proved lower bound on the least eigenvalue of a symmetric matrix.

    Parameters
    ----------
    S : (m, m) float64 array

    Returns
    -------
    float
        Within a factor of 1.3, for m above 1000 of ten, where it is far
        above rounding; 0.0 when nothing positive can be proved.

    Notes
    -----
    ``m**3 / 3`` operations a factorization, a dozen at most, up to m = 1000
    twice that. As in `sigma_min_bound`.

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.certificates import least_eigenvalue_bound
    >>> 0.7 < least_eigenvalue_bound(np.array([[2.0, 1.0], [1.0, 2.0]])) <= 1
    True
    """
    m = len(S)
    if m > _LONGEST or not np.isfinite(S).all() or (S != S.T).any():
        return 0.0
    if m == 0:
        return np.inf
    trace = _UP * float(np.trace(S))
    if not trace > 0:
        return 0.0
    floor = _UP * trace * 2.0 * _gamma(m + 2) + m * m * _UNDERFLOW
    coarse = _factored(S.copy(), trace, floor, 10.0 ** -np.arange(12))
    if coarse == 0 or m > _SHARP:
        return coarse
    shares = coarse * m / trace * 1.25 ** np.arange(10, 0, -1)
    return max(coarse, _factored(S.copy(), trace, floor, shares))


def least_singular_value_bound(A):
    """`sigma_min_bound`, near the value where it is far above rounding.

    Parameters
    ----------
    A : (m, k) float64 array
        With m <= k.

    Returns
    -------
    float
        Within a factor of 1.15 for m up to 1000, as `least_eigenvalue_bound`
        of A A.T; 0.0 when nothing positive can be proved.

    Notes
    -----
    O(m**2 k).

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.certificates import least_singular_value_bound
    >>> 4.3 < least_singular_value_bound(np.array([[3.0, 4.0]])) <= 5
    True
    """
    m, k = A.shape
    if m > k or k > _LONGEST:
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        gram = A @ A.T
    gram = np.tril(gram) + np.tril(gram, -1).T
    rounding = _UP * float(np.trace(gram)) * _gamma(k + 1)
    least = least_eigenvalue_bound(gram) - rounding - m * k * _UNDERFLOW
    return float(np.sqrt(least / _UP)) if least > 0 else 0.0


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


def _independent_rows(M, columns):
    """Rows of M of which all other rows are exact combinations, or None.

    Found by a pivoted QR factorization of the first columns; the
    coefficients, rounded to simple fractions times powers of two, are
    multiplied out without error over all columns.
    """
    if min(len(M), columns) == 0:
        return None
    R, pivots = scipy.linalg.qr(
        M[:, :columns].T, mode="r", pivoting=True, check_finite=False
    )
    diagonal = np.abs(np.diag(R))
    rank = int(np.sum(diagonal > 1e-11 * diagonal[0]))
    if rank in (0, len(M)):
        return None
    kept, others = pivots[:rank], pivots[rank:]
    coefficients = scipy.linalg.solve_triangular(
        R[:rank, :rank], R[:rank, rank:]
    )
    for j, row in enumerate(others):
        relation = np.append(coefficients[:, j], -1.0)
        relation[np.abs(relation) < 1e-11] = 0.0
        relation = _exact.whole_multiples(relation)
        if relation is None:
            return None
        used = relation != 0
        rows = M[np.append(kept, row)[used]]
        if not _exact.is_zero(rows.T, relation[used]):
            return None
    return np.sort(kept)


def _distances(A, x, target, sharp):
    """Upper bounds on the distance from x to a solution of A z = target.

    With ``sharp`` the residual is taken without rounding, if A is not large.
    """
    if sharp and A.size <= _exact.MOST_TERMS:
        value, rounding = _exact.bounded_product(A, x)
    else:
        value, rounding, _ = _product(A, x)
    residual = _UP * (np.abs(value - target) + rounding)
    found = False
    for radius in _corrections(A, residual):
        found = True
        yield radius
    if found:
        return
    kept = _independent_rows(np.column_stack([A, target]), A.shape[1])
    if kept is not None:
        yield from _corrections(A[kept], residual[kept])


def _no_proof(what, distance):
    if np.isfinite(distance):
        return f"an exact {what} may be {distance:.1e} away"
    return f"no distance to an exact {what} could be bounded"


def _nearest_solution(A, x, target):
    """x moved least to A x == target, twice for the sake of rounding."""
    for _ in range(2):
        x = (
            x
            - scipy.linalg.lstsq(
                A,
                A @ x - target,
                cond=1e-12,
                lapack_driver="gelsy",
                check_finite=False,
            )[0]
        )
    return x


def _largest(A, axis):
    """Largest magnitudes, without a copy of A."""
    return np.maximum(
        A.max(axis=axis, keepdims=True, initial=0.0),
        -A.min(axis=axis, keepdims=True, initial=0.0),
    )


def _scaled_by_powers_of_two(A, axis, like=None):
    """Scale rows or columns to size about 1; None if that loses a bit.

    With ``like`` the sizes are taken from that matrix too.
    """
    size = _largest(A, axis)
    if like is not None:
        size = np.maximum(size, _largest(like, axis))
    exponent = np.frexp(np.where(size > 0, size, 1.0))[1]
    if np.abs(exponent).max(initial=0) <= 2:
        return A, np.zeros_like(exponent)
    scaled = np.ldexp(A, -exponent)
    exact = np.array_equal(np.ldexp(scaled, exponent), A)
    return (scaled if exact else None), exponent


def _set_aside(X_in, X_out):
    """Samples and features left when free features have served theirs.

    A feature that one sample of the class alone uses satisfies its equation;
    a feature used outside the class only, with one sign, satisfies all
    inequalities of its samples. What is left has a solution if and only if
    the whole has.
    """
    n = len(X_in)
    left = np.ones(n + len(X_out), dtype=bool)
    if X_in.all() and X_out.all():
        return left, np.ones(X_in.shape[1], dtype=bool)
    up = np.vstack([X_in > 0, X_out > 0])
    down = np.vstack([X_in < 0, X_out < 0])
    while True:
        ups, downs = up[left].sum(axis=0), down[left].sum(axis=0)
        own = (up | down)[:n][left[:n]].sum(axis=0)
        alone = (own == 1) & (ups + downs == 1)
        one_sign = (own == 0) & ((ups == 0) != (downs == 0))
        served = left & (up | down)[:, alone | one_sign].any(axis=1)
        if not (left[:n] & ~served[:n]).any():
            # One sample of the class stays, or the scale would be lost.
            served[np.flatnonzero(served[:n])[:1]] = False
        if not served.any():
            return left, (up | down)[left].any(axis=0)
        left &= ~served


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def verify_primal(X_in, X_out, beta):
    r"""Check that beta satisfies (2.12) for one class.

    The system is ``X_in @ beta == 1`` and ``X_out @ beta <= 0``. The
    accuracy bounds ``|x @ beta - 1|`` in the class and, outside, the part of
    ``x @ beta`` above 0 relative to ``abs(x) @ abs(beta)``.

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

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.certificates import verify_primal
    >>> X_in, X_out = np.array([[1.0, 1.0]]), np.array([[-1.0, 2.0]])
    >>> check = verify_primal(X_in, X_out, beta=np.array([1.0, 0.0]))
    >>> check.proved, check.accuracy < 1e-12
    (True, True)
    """
    # beta_j -> beta_j 2**e_j is exact and evens out the units of features.
    A, exponent = _scaled_by_powers_of_two(X_in, axis=0, like=X_out)
    B, _ = _scaled_by_powers_of_two(X_out, axis=0, like=X_in)
    scaled = np.ldexp(beta, exponent[0])
    lost = ~np.isfinite(scaled) | ((scaled == 0) & (beta != 0))
    beta = scaled
    if A is None or B is None or lost.any():
        return Verification(
            np.inf, False, "beta or the data leave the range of float64"
        )
    n = len(A)
    inside, outside = _primal_accuracy(A, B, beta)
    left, features = _set_aside(A, B)
    if not left.all() or not features.all():
        A, B = A[left[:n]][:, features], B[left[n:]][:, features]
        beta = beta[features]
    exists, how = _primal_exists(A, B, beta)
    return Verification(
        max(inside, outside),
        exists,
        f"|<x, beta> - 1| in the class at most {inside:.1e}, <x, beta> "
        f"outside at most {outside:.1e} times its terms; {how}",
    )


def _primal_accuracy(A, B, beta):
    value, rounding, _ = _product(A, beta)
    miss = np.max(np.abs(value - 1.0) + rounding) + _UNIT_ROUNDOFF
    if miss > TOLERANCE and A.size <= _exact.MOST_TERMS:
        value, rounding = _exact.bounded_product(A, beta)
        miss = np.max(np.abs(value - 1.0) + rounding) + _UNIT_ROUNDOFF
    value, rounding, terms = _product(B, beta)
    above = np.maximum(value + rounding, 0.0)
    small = np.flatnonzero(terms < _VANISHING)
    share = _UP * above / np.maximum(terms, _VANISHING)
    share[small] = np.where(
        ((B[small] != 0) & (beta != 0)).any(axis=1), np.inf, 0.0
    )
    outside = np.max(share, initial=0.0)
    if not np.isfinite(miss + outside):
        return np.inf, np.inf
    return _UP * float(miss), _UP * float(outside)


def _primal_exists(A, B, beta):
    """Whether A b == 1, B b <= 0 has a solution, and how this is known."""
    B, _ = _scaled_by_powers_of_two(B, axis=1)
    if B is None:
        return False, "the data leave the range of float64"
    norm = np.sqrt(np.einsum("ij,ij->i", B, B))
    norm[norm > 0] = _UP * norm[norm > 0] + B.shape[1] * _UNDERFLOW
    E, x, target = A, beta, np.ones(len(A))
    tight = np.zeros(len(B), dtype=bool)
    for attempt in range(4):
        value, rounding, _ = _product(B, x)
        highest = value + rounding
        radius, short = np.inf, tight
        for radius in _distances(E, x, target, sharp=attempt > 0):
            reach = highest + _UP * norm * radius
            short = ~tight & (norm > 0) & ~(reach < 0)
            if not short.any():
                return True, (
                    f"an exact solution within {radius:.1e} of beta, of norm "
                    f"{np.linalg.norm(x):.1e}"
                )
        if attempt == 0:
            continue
        # What has no room may hold with equality; what is above 0 does not.
        ceiling = _NEGLIGIBLE * norm * np.linalg.norm(x)
        if not np.isfinite(radius) or (value > ceiling)[short].any():
            break
        tight = tight | short
        E = np.vstack([A, B[tight]])
        target = np.append(np.ones(len(A)), np.zeros(tight.sum()))
        x = _nearest_solution(E, x, target)
    if _exact.solves_primal(A, B, beta):
        return True, "exact in simple fractions"
    if _exact.feasible(A, B):
        return True, "an exact solution by rational arithmetic"
    return False, _no_proof("solution", radius)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def verify_farkas(X_in, X_out, u, s):
    r"""Check a Farkas certificate that (2.12) has no solution.

    The certificate is ``X_in.T @ u + X_out.T @ s == 0``, ``s >= 0`` and
    ``u.sum() < 0``: a solution beta would give the contradiction
    ``0 = u.sum() + s @ X_out @ beta < 0``. The accuracy bounds the entries
    of ``X_in.T @ u + X_out.T @ s`` relative to ``abs(u.sum())`` and to the
    largest entry of the feature: moving every sample of the class by that
    share of each feature's size makes the certificate exact.

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

    Examples
    --------
    >>> import numpy as np
    >>> from nclib.certificates import verify_farkas
    >>> X_in, X_out = np.array([[1.0, 1.0]]), np.array([[2.0, 2.0]])
    >>> u, s = np.array([-2.0]), np.array([1.0])
    >>> verify_farkas(X_in, X_out, u, s).proved
    True
    """
    if not (np.isfinite(u).all() and np.isfinite(s).all() and (s >= 0).all()):
        return Verification(
            np.inf, False, "the multipliers are not finite with s >= 0"
        )
    if not u.sum() < 0:
        return Verification(
            np.inf, False, f"the sum of u is {u.sum():.1e}, not negative"
        )
    used = s > 0
    rows = np.vstack([X_in, X_out[used]])
    # A column scale is immaterial, and so is a common factor of the
    # multipliers; bits lost below it are counted as underflow.
    rows, exponent = _scaled_by_powers_of_two(rows, axis=0)
    if rows is None:
        return Verification(
            np.inf, False, "the data leave the range of float64"
        )
    multipliers = np.concatenate([u, s[used]])
    multipliers = np.ldexp(
        multipliers, -np.frexp(np.abs(multipliers).max())[1]
    )
    largest = np.ldexp(
        np.maximum(_largest(X_in, axis=0), _largest(X_out, axis=0))[0],
        -exponent[0],
    )
    accuracy = _farkas_accuracy(
        rows, multipliers, len(u), np.where(largest > 0, largest, 1.0)
    )
    detail = (
        f"X_in.T @ u + X_out.T @ s at most {accuracy:.1e} times the sum of u "
        "and the size of the feature; "
    )
    if not accuracy < 1.0:
        return Verification(
            accuracy, False, detail + "no exact certificate was looked for"
        )
    exists, how = _farkas_exists(rows, multipliers, len(u))
    if not exists and _exact.solves_farkas(X_in, X_out, u, s):
        exists, how = True, "exact in simple fractions"
    if not exists and _exact.infeasible(X_in, X_out):
        exists, how = True, "an exact certificate by rational arithmetic"
    return Verification(accuracy, exists, detail + how)


def _sum_bounds(u):
    """The sum of u, and a bound on its rounding error."""
    error = _gamma(len(u) + 1) * _UP * float(np.abs(u).sum())
    return float(u.sum()), error + len(u) * _UNDERFLOW


def _farkas_accuracy(rows, multipliers, n, largest):
    total, error = _sum_bounds(multipliers[:n])
    if not total + error < 0:
        return np.inf
    value, rounding, _ = _product(rows.T, multipliers)
    share = np.max((np.abs(value) + rounding) / largest)
    if share > TOLERANCE * -total and rows.size <= _exact.MOST_TERMS:
        value, rounding = _exact.bounded_product(rows.T, multipliers)
        share = np.max((np.abs(value) + rounding) / largest)
    return _UP * float(share) / -(total + error)


def _farkas_exists(rows, multipliers, n):
    """Whether an exact certificate is near, and how this is known.

    Multipliers that are not kept are set to zero.
    """
    rows, exponent = _scaled_by_powers_of_two(rows, axis=1)
    if rows is None:
        return False, "the data leave the range of float64"
    scaled = np.ldexp(multipliers, exponent[:, 0])
    nearest = np.inf
    for always_kept, refine in ((0, False), (0, True), (n, False)):
        kept = _presolve(rows, scaled, always_kept)
        A = (rows if kept.all() else rows[kept]).T
        if not (features := A.any(axis=1)).all():
            A = A[features]
        x, target = scaled[kept], np.zeros(len(A))
        if refine:
            x = _nearest_solution(A, x, target)
        inside = (np.arange(len(rows)) < n)[kept]
        units = np.ldexp(1.0, -exponent[kept, 0])[inside]
        total, error = _sum_bounds(x[inside] * units)
        # What an exact correction of size radius can add to the sum of u.
        stretch = _UP * _norm_bound(units)
        smallest = np.min(x[~inside], initial=np.inf)
        for radius in _distances(A, x, target, sharp=refine):
            nearest = min(nearest, radius)
            if smallest > radius and total + error + stretch * radius < 0:
                return True, f"an exact certificate within {radius:.1e} of it"
    return False, _no_proof("certificate", nearest)


def _presolve(rows, multipliers, n):
    """Which rows keep a multiplier: not negligible and not forced to 0.

    The first n are kept however small: their sign is free.
    """
    kept = np.abs(multipliers) > _NEGLIGIBLE * np.abs(multipliers).max()
    kept[:n] = True
    if rows.all():
        return kept
    nonzero = rows != 0
    while True:
        alone = nonzero[kept].sum(axis=0) == 1
        forced = kept & nonzero[:, alone].any(axis=1)
        if not forced.any():
            return kept
        kept &= ~forced
