"""The exact oracle against a plainer one in fractions, and known answers."""

from fractions import Fraction

import exact_lp
import numpy as np
import pytest
from exact_lp import exactly_feasible


def by_fractions(X_in, X_out):
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
        short = [row for row, b in zip(rows, basis, strict=True) if b is None]
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


def tiny_systems(rng):
    """A random system and degenerate relatives of it."""
    n, m, d = rng.integers(1, 5), rng.integers(0, 6), rng.integers(1, 5)
    X = rng.integers(-2, 3, size=(n + m, d)).astype(float)
    yield X
    # Sparse, repeated, opposite, dependent, and not quite dependent rows.
    yield X * rng.integers(0, 2, size=X.shape)
    rows = rng.integers(n + m, size=n + m)
    yield X[rows]
    yield X[rows] * rng.choice([-1.0, 1.0], size=(n + m, 1))
    X = X[:, :1] @ X[:1]
    yield X
    X[rng.integers(n + m), rng.integers(d)] += 2.0 ** -rng.integers(1, 60)
    yield X
    yield X / 3.0
    yield X * 10.0 ** rng.integers(-300, 300, size=(n + m, 1))


@pytest.mark.parametrize("seed", range(3))
def test_both_oracles_agree(seed):
    rng = np.random.default_rng([5, seed])
    answers = {True: 0, False: 0}
    for _ in range(40):
        for X in tiny_systems(rng):
            n = int(rng.integers(1, min(len(X), 3) + 1))
            answer = exactly_feasible(X[:n], X[n:])
            assert answer is by_fractions(X[:n], X[n:]), (X, n)
            answers[answer] += 1
    assert min(answers.values()) > 70


def test_known_answers():
    one = np.ones((1, 1))
    assert exactly_feasible(one, -one)
    assert not exactly_feasible(one, one)
    assert exactly_feasible(one, 0 * one)
    assert not exactly_feasible(0 * one, -one)
    assert not exactly_feasible(np.array([[1.0], [2.0]]), -one)
    assert exactly_feasible(one, np.zeros((0, 1)))
    # One ulp decides.
    x = np.array([[1.0, 1.0]])
    assert not exactly_feasible(x, x)
    assert exactly_feasible(x, np.array([[1.0, np.nextafter(1.0, 0)]]))
    # The whole range of float64.
    x = np.array([[5e-324, 1.0]])
    assert exactly_feasible(x, np.array([[-1e300, 1e-300], [0.0, 1e300]]))
    assert not exactly_feasible(x, np.array([[1e300, 0.0], [0.0, 1e-300]]))


def test_scaling_and_order_change_nothing():
    rng = np.random.default_rng(3)
    answers = set()
    for _ in range(100):
        X = rng.integers(-3, 4, size=(7, 4)).astype(float)
        answer = exactly_feasible(X[:2], X[2:])
        units = 2.0 ** rng.integers(-99, 99, size=4)
        rows = 2.0 ** rng.integers(-99, 99, size=(5, 1))
        assert exactly_feasible(X[:2] * units, X[2:] * units * rows) is answer
        assert exactly_feasible(X[1::-1], X[:1:-1]) is answer
        answers.add(answer)
    assert answers == {True, False}


@pytest.mark.parametrize("n, m, d", [(6, 6, 12), (1, 23, 12), (2, 18, 12)])
def test_generic_numbers_take_few_exchanges_of_short_integers(
    monkeypatch, n, m, d
):
    # Entries stay minors of the first table, whose integers have at most 64
    # bits: Hadamard bounds those of d + 1 rows.
    counts, longest = [0], 0
    exchange = exact_lp._exchange

    def counting(table, *arguments):
        nonlocal longest
        counts[-1] += 1
        denominator = exchange(table, *arguments)
        entries = (abs(v) for row in table for v in row)
        longest = max(longest, *map(int.bit_length, entries))
        return denominator

    monkeypatch.setattr(exact_lp, "_exchange", counting)
    rng = np.random.default_rng([n, m, d])
    for _ in range(10):
        counts.append(0)
        exactly_feasible(
            rng.standard_normal((n, d)), rng.standard_normal((m, d))
        )
    assert max(counts) <= 4 * (m + d)
    assert longest <= (d + 1) * (64 + np.log2(d + 1) / 2)
