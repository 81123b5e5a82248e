"""Small instances of (2.12) by kind, for comparison with exact arithmetic.

Every kind is a function of a random generator that returns X_in and X_out,
each with at least one row.
"""

import numpy as np
import scipy.linalg


def _sizes(rng, least=2, most=6):
    """n, m and d for which generic rows are feasible about half the time.

    At m = 2 (d - n) + 1 it is one half exactly (Wendel 1962).
    """
    d = int(rng.integers(least, most + 1))
    n = int(rng.integers(1, d + 1))
    return n, max(2 * (d - n) + int(rng.integers(0, 3)), 1), d


def _split(rng, rows, most=None):
    """Some of the rows, at most so many, against the rest, shuffled."""
    rows = rng.permutation(rows)
    most = min(most or rows.shape[1], len(rows) - 1)
    n = int(rng.integers(1, most + 1))
    return rows[:n], rows[n:]


def _digits(rng, low=1, high=15):
    """A power of ten, 10^-high to 10^-low."""
    return 10.0 ** -rng.integers(low, high + 1)


def _rotation(rng, d):
    return np.linalg.qr(rng.standard_normal((d, d)))[0]


def signs(rng):
    n, m, d = _sizes(rng)
    return rng.choice([-1.0, 1.0], (n, d)), rng.choice([-1.0, 1.0], (m, d))


def zero_one(rng):
    n, m, d = _sizes(rng)
    X = rng.integers(-1, 2, size=(n + m, d)).astype(float)
    return X[:n], X[n:]


def binary(rng):
    n, m, d = _sizes(rng, most=8)
    X = (rng.uniform(size=(n + m, d)) < rng.uniform(0.2, 0.8)).astype(float)
    return X[:n], X[n:]


def factorial(rng):
    """Two-level designs, with an intercept and perhaps interactions."""
    k = int(rng.integers(2, 5))
    levels = 1.0 - 2.0 * (np.arange(2**k)[:, None] >> np.arange(k) & 1)
    if k == 4 or (k == 3 and rng.integers(2)):
        # The half of the design on which the factors multiply to 1.
        levels = levels[levels.prod(axis=1) > 0]
    columns = [np.ones(len(levels)), *levels.T]
    if rng.integers(2):
        i, j = np.triu_indices(k, 1)
        some = rng.uniform(size=len(i)) < rng.uniform(0.3, 1.0)
        columns += list((levels[:, i] * levels[:, j])[:, some].T)
    return _split(rng, np.column_stack(columns), most=4)


def hadamard(rng):
    """Rows of a Hadamard matrix or of some of its columns."""
    d = int(rng.choice([4, 8]))
    H = scipy.linalg.hadamard(d).astype(float)
    if rng.integers(3):
        H = rng.permutation(H, axis=1)[:, : rng.integers(d // 2, d)]
    return _split(rng, H)


def orthogonal(rng):
    """Rows of orthogonal matrices, and rows orthogonal to the class."""
    if rng.integers(2):
        d = int(rng.integers(2, 9))
        Q = _rotation(rng, d)
        if rng.integers(3):
            Q = Q[:, : rng.integers((d + 1) // 2, d + 1)]
        return _split(rng, Q)
    # Products with the units of the complex numbers or the quaternions are
    # orthogonal to x without rounding.
    a, b, c, e = rng.standard_normal(4)
    if rng.integers(2):
        x, normal = np.array([a, b]), np.array([[-b, a]])
    else:
        x = np.array([a, b, c, e])
        normal = np.array([[-b, a, -e, c], [-c, e, a, -b], [-e, -c, b, a]])
    if rng.integers(2):
        x, normal = x.round(2), normal.round(2)
    X_out = normal * rng.choice([-1.0, 1.0], (len(normal), 1))
    lean = rng.choice([-1.0, 1.0]) * _digits(rng, 1, 16)
    X_out = np.vstack([X_out, -rng.choice(X_out) + lean * x])
    return x[None], X_out


def _plain(rng, N, d):
    """Gaussian rows, half of the time rounded to integers."""
    X = rng.standard_normal((N, d))
    return np.round(2 * X) if rng.integers(2) else X


def near_opposite(rng):
    """Outside samples x and nearly -x."""
    n, m, d = _sizes(rng)
    X = _plain(rng, n + m + 1, d + 1)
    X[-1] = -X[-2] + _digits(rng) * _plain(rng, 1, d + 1)
    return X[:n], X[n:]


def near_duplicate(rng):
    """A sample nearly in two classes, or nearly twice in one."""
    n, m, d = _sizes(rng, least=1)
    d += int(rng.integers(2))
    X = _plain(rng, n + m, d)
    near = X[0] + _digits(rng) * _plain(rng, 1, d)
    if rng.integers(2) and n > 1:
        X[1] = near
    else:
        X[-1] = near
    return X[:n], X[n:]


def near_rank(rng):
    """Points that nearly lie in a plane, at right angles there."""
    d = int(rng.integers(3, 6))
    X = np.zeros((int(rng.integers(2, 9)), d))
    directions = rng.integers(4, size=len(X))
    X[np.arange(len(X)), directions % 2] = 1.0 - 2.0 * (directions >= 2)
    X += _digits(rng, 10, 14) * rng.standard_normal(X.shape)
    if rng.integers(4):
        X = X @ _rotation(rng, d)
    return _split(rng, X, most=3)


def scaled_rows(rng):
    n, m, d = _sizes(rng)
    if rng.integers(4) == 0 and d > 2:
        # A class that contains (0, 0, 1) and a sample whose features cancel.
        X = rng.standard_normal((1 + m, d))
        large = 10.0 ** rng.integers(3, 16)
        X[0, :3] = 100.0 * rng.standard_normal(), large, 1.0 - large
        X_in = np.vstack([np.eye(d)[2], X[0]])
        return X_in, X[1:]
    X = _plain(rng, n + m, d)
    some = rng.uniform(size=(n + m, 1)) < rng.uniform(0.1, 1.0)
    X *= np.where(some, 10.0 ** rng.integers(-15, 16, (n + m, 1)), 1.0)
    return X[:n], X[n:]


def scaled_columns(rng):
    n, m, d = _sizes(rng)
    X = _plain(rng, n + m, d)
    largest = rng.choice([3, 15, 60])
    X *= 10.0 ** rng.integers(-largest, largest + 1, d)
    return X[:n], X[n:]


def ill_conditioned(rng):
    """Hilbert, Lotkin, Vandermonde and Pascal matrices, or some columns."""
    k = int(rng.integers(3, 13))
    H = scipy.linalg.hilbert(k)
    kind = rng.integers(5)
    if kind == 1:
        H[0] = 1.0
    elif kind == 2:
        H = np.vander(np.linspace(0.0, 1.0, k))
    elif kind == 3:
        H = np.vander(np.arange(1.0, k + 1.0))
    elif kind == 4:
        H = scipy.linalg.pascal(k).astype(float)
    if rng.integers(3):
        H = rng.permutation(H, axis=1)[:, : rng.integers(k // 2, k)]
    return _split(rng, H)


def pixels(rng):
    """Sparse and nonnegative, of 256 levels of gray."""
    n, m, d = _sizes(rng, most=8)
    X = rng.integers(0, 256, size=(n + m, d)) / 255
    X *= rng.uniform(size=X.shape) < rng.uniform(0.2, 0.9)
    return X[:n], X[n:]


def one_hot(rng):
    """Dummies of categorical variables, perhaps with numeric columns."""
    categories = rng.integers(2, 4, size=rng.integers(2, 5))
    N = int(rng.integers(3, 11))
    columns = [np.eye(c)[rng.integers(c, size=N)] for c in categories]
    numeric = rng.normal(size=(N, rng.integers(0, 3)))
    if rng.integers(2):
        numeric = numeric.round(1)
    return _split(rng, np.hstack([*columns, numeric]), most=4)


def counts(rng):
    n, m, d = _sizes(rng)
    X = rng.poisson(rng.uniform(0.3, 4.0), size=(n + m, d)).astype(float)
    return X[:n], X[n:]


def perturbed(rng):
    """Small integers, each off by a few units of rounding or a little."""
    n, m, d = _sizes(rng, most=5)
    X = rng.integers(-3, 4, size=(n + m, d)).astype(float)
    size = rng.choice([2.0**-52, 1e-14, 1e-12, 1e-9])
    X *= 1.0 + size * rng.integers(-4, 5, size=X.shape)
    return X[:n], X[n:]


def zero_rows(rng):
    n, m, d = _sizes(rng)
    X = rng.integers(-3, 4, size=(n + m, d)) / rng.choice([1.0, 3.0])
    X[n + rng.integers(m)] = 0.0
    if rng.integers(4) == 0:
        X[rng.integers(n)] = 0.0
    return X[:n], X[n:]


def gaussian(rng):
    n, m, d = _sizes(rng, most=8)
    X = rng.standard_normal((n + m, d))
    return X[:n], X[n:]


KINDS = {
    kind.__name__: kind
    for kind in (
        signs,
        zero_one,
        binary,
        factorial,
        hadamard,
        orthogonal,
        near_opposite,
        near_duplicate,
        near_rank,
        scaled_rows,
        scaled_columns,
        ill_conditioned,
        pixels,
        one_hot,
        counts,
        perturbed,
        zero_rows,
        gaussian,
    )
}
