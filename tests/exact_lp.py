"""Exact answer to (2.12) for one class, by a rational simplex method."""

from fractions import Fraction


def exactly_feasible(X_in, X_out):
    """Is there beta with X_in beta == 1, X_out beta <= 0, over the rationals?

    Phase one on X_in (p - q) = 1, X_out (p - q) + w = 0 with p, q, w >= 0;
    Bland's rule, so that it ends on degenerate problems too. The entries of
    the arrays are taken as the binary fractions they are.
    """
    n, m, d = len(X_in), len(X_out), X_in.shape[1]
    rows = []
    for i, x in enumerate([*X_in.tolist(), *X_out.tolist()]):
        x = [Fraction(v) for v in x]
        slack = [Fraction(int(i == n + j)) for j in range(m)]
        rows.append([*x, *(-v for v in x), *slack, Fraction(int(i < n))])
    # A slack is basic in its row of X_out; rows of X_in start artificial,
    # marked None, and the cost is what is left in these.
    basis = [None] * n + [2 * d + j for j in range(m)]
    while True:
        short = [
            row for row, b in zip(rows, basis, strict=True) if b is None
        ]
        cost = [sum(row[j] for row in short) for j in range(2 * d + m + 1)]
        if cost[-1] == 0:
            return True
        entering = next((j for j in range(2 * d + m) if cost[j] > 0), None)
        if entering is None:
            return False
        ratios = [
            (row[-1] / row[entering], -1 if b is None else b, i)
            for i, (row, b) in enumerate(zip(rows, basis, strict=True))
            if row[entering] > 0
        ]
        pivot = min(ratios)[2]
        scale = rows[pivot][entering]
        rows[pivot] = [v / scale for v in rows[pivot]]
        for i, row in enumerate(rows):
            if i != pivot and row[entering] != 0:
                f = row[entering]
                rows[i] = [
                    a - f * b for a, b in zip(row, rows[pivot], strict=True)
                ]
        basis[pivot] = entering
