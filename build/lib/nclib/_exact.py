"""Arithmetic without rounding for `nclib.certificates`."""

import math
from fractions import Fraction

import numpy as np

# Fractions tried in place of floats, and the most products they may cost.
_LARGEST_DENOMINATOR = 1000
_MOST_PRODUCTS = 20_000
# The largest matrix whose product is taken again without rounding.
MOST_TERMS = 2_000_000
# Systems settled over the rationals: rows, integers in the tableau, bits.
_MOST_ROWS = 31
_MOST_ENTRIES = 4000
_MOST_BITS = 400
# Veltkamp's constant splits a float64 into two halves of 26 bits.
_SPLIT = 2.0**27 + 1.0
# Below this a product of two floats may lose bits of its error term.
_SAFE = 2.0**-900


def _two_products(A, x):
    """A * x and its rounding errors, exactly (Dekker), barring underflow."""

    def halves(v):
        big = _SPLIT * v
        high = big - (big - v)
        return high, v - high

    product = A * x
    a_high, a_low = halves(A)
    x_high, x_low = halves(x)
    error = a_low * x_low - (
        ((product - a_high * x_high) - a_low * x_high) - a_high * x_low
    )
    return product, error


def exactly_rounded_product(A, x):
    """A @ x with every entry correctly rounded.

    Products are split into two floats without error, which needs entries far
    from overflow, and summed by `math.fsum`.
    """
    terms = np.hstack(_two_products(A, x))
    if not np.isfinite(terms).all():
        return np.full(len(A), np.nan)
    return np.array([math.fsum(row) for row in terms.tolist()])


def bounded_product(A, x):
    """A @ x, correctly rounded, and a bound on the error of each entry."""
    value = exactly_rounded_product(A, x)
    return value, 2.0**-52 * np.abs(value) + A.shape[1] * 2.0**-1022


def is_zero(A, x):
    """Is A @ x exactly zero? False also where products are too small."""
    size = np.abs(A * x)
    if (size[(A != 0) & (x != 0)] < _SAFE).any():
        return False
    return not exactly_rounded_product(A, x).any()


def whole_multiples(relation):
    """The relation times a whole number, in floats, if all are simple.

    Each entry must be a fraction with a small denominator times a power of
    two, to nine digits; None if one is not.
    """
    mantissa, exponent = np.frexp(relation)
    fractions = _simple_fractions(mantissa)
    close = np.array([float(f) for f in fractions])
    if (np.abs(close - mantissa) > 1e-9).any():
        return None
    common = math.lcm(*(f.denominator for f in fractions))
    if common > 2**40:
        return None
    return np.ldexp([float(f * common) for f in fractions], exponent)


def _simple_fractions(x):
    return [
        Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
        for value in x.tolist()
    ]


def _products(A, x):
    return [
        sum(
            (Fraction(a) * b for a, b in zip(row, x, strict=True) if a and b),
            Fraction(0),
        )
        for row in A.tolist()
    ]


def _solves(A, B, beta):
    return all(v == 1 for v in _products(A, beta)) and all(
        v <= 0 for v in _products(B, beta)
    )


def _excludes(X_in, X_out, u, s):
    used = [value != 0 for value in [*u, *s]]
    rows = np.vstack([X_in, X_out])[used]
    return (
        sum(u) < 0
        and all(value >= 0 for value in s)
        and not any(_products(rows.T, [v for v in [*u, *s] if v]))
    )


def solves_primal(A, B, beta):
    """Does beta, in simple fractions, satisfy A b == 1 and B b <= 0?"""
    if np.count_nonzero(A) + np.count_nonzero(B) > _MOST_PRODUCTS:
        return False
    return _solves(A, B, _simple_fractions(beta))


def solves_farkas(X_in, X_out, u, s):
    """Is (u, s), in simple fractions, a Farkas certificate?"""
    top = max(np.abs(u).max(), np.abs(s).max(initial=0.0))
    x = np.array(_simple_fractions(np.concatenate([u, s]) / top))
    rows = np.vstack([X_in, X_out])[x != 0]
    if np.count_nonzero(rows) > _MOST_PRODUCTS:
        return False
    return _excludes(X_in, X_out, x[: len(u)].tolist(), x[len(u) :].tolist())


def feasible(X_in, X_out):
    """Does (2.12) have a solution, found and multiplied out exactly?"""
    answer = settle(X_in, X_out)
    return answer is not None and answer[0]


def infeasible(X_in, X_out):
    """Does (2.12) have a Farkas certificate, found and multiplied out?"""
    answer = settle(X_in, X_out)
    return answer is not None and not answer[0]


def settle(X_in, X_out):
    """Decide (2.12) for one class over the rationals, if it is small.

    Looks for u free and s >= 0 with X_in.T @ u == X_out.T @ s, sum(u) == 1,
    by Gauss-Jordan elimination in integers (Bareiss) and pivots on the
    lowest index (Bland): a row that shows that there are none is a beta.

    Returns
    -------
    (True, beta), (False, (u, s)) or None
        Lists of fractions, multiplied out: a solution of (2.12), or a Farkas
        certificate; None if the system is too large.
    """
    features = np.vstack([X_in, X_out]).any(axis=0)
    n, m, d = len(X_in), len(X_out), int(features.sum())
    columns = n + m + d + 2
    if d + 1 > _MOST_ROWS or (d + 1) * columns > _MOST_ENTRIES:
        return None
    rows = _integer_rows(np.vstack([-X_in, X_out])[:, features].T)
    if rows is None:
        return None
    # [samples | identity | right-hand side], the last row for sum(u) == 1.
    T = np.zeros((d + 1, columns), dtype=object)
    scale = [factor for factor, _ in rows] + [1]
    for j, (_, row) in enumerate(rows):
        T[j, : n + m] = row
    T[d, :n] = 1
    T[d, -1] = 1
    T[range(d + 1), range(n + m, n + m + d + 1)] = 1
    row, basis, pivot = _settled(T, n, m)
    if row is None:
        x = [Fraction(0)] * (n + m)
        for i, j in basis.items():
            x[j] = Fraction(T[i, -1], pivot)
        u, s = [-v for v in x[:n]], x[n:]
        if _excludes(X_in, X_out, u, s):
            return False, (u, s)
    else:
        y = T[row, n + m : -1]
        beta = np.array([Fraction(0)] * len(features), dtype=object)
        beta[features] = [Fraction(y[j] * scale[j], y[d]) for j in range(d)]
        beta = beta.tolist()
        if _solves(X_in, X_out, beta):
            return True, beta
    raise ArithmeticError("exact arithmetic contradicts itself")


def _integer_rows(A):
    """Each row times a power of two, in integers; None if one is long."""
    result = []
    for row in A.tolist():
        exact = [Fraction(value) for value in row]
        factor = max(value.denominator for value in exact)
        whole = [int(value * factor) for value in exact]
        common = math.gcd(*whole)
        if max(map(abs, whole)).bit_length() > _MOST_BITS:
            return None
        result.append(
            (Fraction(factor, common), [value // common for value in whole])
        )
    return result


def _settled(T, n, m):
    """Pivot T in place; the row that refutes, the basis, its denominator."""
    pivot, basis = 1, {}

    def enter(i, j):
        nonlocal pivot
        value = T[i, j]
        others = np.arange(len(T)) != i
        T[others] = (value * T[others] - np.outer(T[others, j], T[i])) // pivot
        basis[i], pivot = j, value
        if pivot < 0:
            T[:], pivot = -T, -pivot

    def free(column, rows):
        return [i for i in rows if i not in basis and column[i] != 0]

    features = range(len(T) - 1)
    for j in range(n):
        if found := free(T[:, j], features):
            enter(found[0], j)
    last = len(T) - 1
    for j in range(n):
        # Samples of the class that contradict each other by themselves.
        if T[last, j] != 0 and j not in basis.values():
            enter(last, j)
            # With all s == 0; rows without a pivot read 0 == 0.
            return None, basis, pivot
    for j in range(n, n + m):
        if found := free(T[:, j], range(len(T))):
            enter(found[0], j)
    for i in range(len(T)):
        if i not in basis and T[i, -1] != 0:
            return i, basis, pivot
    while True:
        below = [(j, i) for i, j in basis.items() if j >= n and T[i, -1] < 0]
        if not below:
            return None, basis, pivot
        i = min(below)[1]
        entering = [j for j in range(n, n + m) if T[i, j] < 0]
        if not entering:
            return i, basis, pivot
        enter(i, entering[0])
