"""Exact answer to (2.12) for one class, by a simplex method in integers."""

import math


def exactly_feasible(X_in, X_out):
    """Is there beta with X_in beta == 1, X_out beta <= 0, over the rationals?

    The entries of the arrays are taken as the binary fractions they are.
    Each equality eliminates one entry of beta. The slacks w = -X_out beta
    eliminate the rest, which leaves slacks affine in fewer slacks; Bland's
    rule for the dual simplex method, so that it ends on degenerate problems
    too, looks for a point where all are nonnegative.
    """
    # A row is a function of beta, its coefficients and then its constant.
    # Positive factors of a row or a column are immaterial.
    table = [_coprime_integers([*x, -1.0]) for x in X_in.tolist()]
    table += [_coprime_integers([*x, 0.0]) for x in (-X_out).tolist()]
    columns = zip(*table, strict=True)
    table = [
        list(row) for row in zip(*map(_without_factor, columns), strict=True)
    ]
    # The entries are those of the table over one common denominator.
    denominator = 1
    for _ in X_in:
        *coefficients, constant = table[0]
        entering = next((j for j, v in enumerate(coefficients) if v), None)
        if entering is not None:
            # The row becomes a variable, which is zero.
            denominator = _exchange(table, denominator, 0, entering)
            for row in table:
                del row[entering]
        elif constant != 0:
            return False
        del table[0]

    # Which slack a row or a column stands for; None for an entry of beta.
    basis = list(range(len(X_out)))
    others = [None] * (len(table[0]) - 1 if table else 0)
    for leaving in range(len(table)):
        for entering, name in enumerate(others):
            if name is None and table[leaving][entering] != 0:
                denominator = _exchange(table, denominator, leaving, entering)
                basis[leaving], others[entering] = None, leaving
                break
    # Beta is free: what is left of it neither binds nor helps.
    table = [row for row, w in zip(table, basis, strict=True) if w is not None]
    basis = [w for w in basis if w is not None]

    while True:
        negative = [i for i, row in enumerate(table) if row[-1] < 0]
        if not negative:
            return True
        leaving = min(negative, key=basis.__getitem__)
        raising = [j for j in range(len(others)) if table[leaving][j] > 0]
        if not raising:
            return False
        entering = min(raising, key=others.__getitem__)
        denominator = _exchange(table, denominator, leaving, entering)
        basis[leaving], others[entering] = others[entering], basis[leaving]


def _coprime_integers(row):
    ratios = [value.as_integer_ratio() for value in row]
    # The denominators are powers of two.
    common = max(q for _, q in ratios)
    return _without_factor([p * (common // q) for p, q in ratios])


def _without_factor(integers):
    factor = math.gcd(*integers) or 1
    return [value // factor for value in integers]


def _exchange(table, denominator, r, c):
    """Solve row r for the variable of column c; the new denominator.

    All entries are minors of the first table, so that the division leaves
    no remainder (Edmonds 1967, Bareiss 1968).
    """
    pivot_row, pivot = table[r], table[r][c]
    sign = 1 if pivot > 0 else -1
    for i, row in enumerate(table):
        if i != r:
            f = row[c]
            table[i] = [
                (a * pivot - f * b) // (sign * denominator)
                for a, b in zip(row, pivot_row, strict=True)
            ]
            table[i][c] = sign * f
    table[r] = [-sign * b for b in pivot_row]
    table[r][c] = sign * denominator
    return sign * pivot
