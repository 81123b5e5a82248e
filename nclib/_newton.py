"""The convex problem behind the phase boundary: scaling, Newton, moments.

Everything is expressed in the margins a = T x and in v = D x (coordinates in
an orthonormal basis of the span of the means), with G standard normal and
``a_k`` the margin of the target class:

    F(x) = 1 + |v|^2 + min(a_k, 0)^2
           + sum over j != k of E (a_j + sqrt(1 + |v|^2) G)_+^2.

A free intercept is one more column of ones in T, with D = 0.

In a general design T has one row a cluster, divided by the cluster's own noise
level 1/q_c, and classes hold shares of clusters, in samples of the target
class. Its own samples of cluster c ask for T_c x = q_c t with a common t >= 0.
With the q_c scaled to mean square 1, rho the mean of q_c T_c and P_c = T_c -
q_c rho, they cost the mean of |P_c x|^2 plus (rho x - t)^2. So rho is the
target's row, and P one more square.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from nclib.data import power_of_two

# For x < -4 the closed forms of the moments cancel. They equal
# phi(x) |x|^(-k-1) * integral of u^k exp(-u - u^2 / (2 x^2)) over u > 0,
# which 24 Gauss-Laguerre nodes integrate to 4e-14 relative.
_NODES, _WEIGHTS = np.polynomial.laguerre.laggauss(24)
_EPS = np.finfo(float).eps


def symmetric(tau, K):
    """Minimizer c and minimum D_K(tau) of the one-dimensional problem."""
    weight = 1 / max(1.0, tau)
    T = np.full((K, 1), -weight)
    T[0] = 0
    D = np.array([min(1.0, tau)])
    x, value = minimize(T, D, 0)
    return float(D[0] * x[0]), value


def reduce_means(means, sigma):
    """Basis of the span and a well-scaled form of the problem.

    Returns an orthonormal ``basis`` (p, d), ``T`` (K, p) with entries of at
    most 1 and ``D`` (p,) in [0, 1] with margins = T x and v = (D x) basis.
    Gram-Schmidt that always takes the largest remainder keeps small means
    beside huge ones; remainders at rounding level of their own mean are
    dropped.
    """
    K, d = means.shape
    scale = power_of_two(means)
    largest = np.abs(means).max(axis=1) / scale
    with np.errstate(over="ignore"):
        sigma = sigma / scale
    safe = np.where(largest > 0, largest, 1.0)
    rest = means / scale / safe[:, None]
    lengths = np.linalg.norm(rest, axis=1)
    norms = _compress(largest * lengths, sigma)
    rest /= np.where(lengths > 0, lengths, 1.0)[:, None]

    tolerance = 4 * max(K, d) * _EPS
    basis, columns, sizes = np.empty((0, d)), [], []
    while True:
        left = np.linalg.norm(rest, axis=1)
        rest[left <= tolerance] = 0
        remainder = norms * np.where(left <= tolerance, 0, left)
        pivot = int(np.argmax(remainder))
        if remainder[pivot] == 0:
            break
        q = rest[pivot] / left[pivot]
        q -= basis.T @ (basis @ q)
        q /= np.linalg.norm(q)
        overlap = rest @ q
        # Without noise a rounding error would pass for a way to collapse.
        overlap[np.abs(overlap) <= tolerance] = 0
        rest -= np.outer(overlap, q)
        rest[pivot] = 0
        basis = np.vstack([basis, q])
        columns.append(norms * overlap)
        sizes.append(remainder[pivot])
    sizes = np.array(sizes)
    T = np.reshape(columns, (len(sizes), K)).T / np.maximum(sigma, sizes)
    with np.errstate(divide="ignore", over="ignore"):
        D = 1 / np.maximum(1, sizes / sigma)
    return basis, T, D


def _compress(norms, sigma):
    """Norms with their one wide gap above sigma narrowed to 1e9.

    Beyond it a longer mean is the same wall to the shorter ones: the minimum
    moves by less than 1e-8. Newton's method tells no walls of many different
    heights apart, so that a wide spread without one gap is refused.
    """
    levels = np.sort(norms[norms > sigma])
    if sigma > 0:
        levels = np.append(sigma, levels)
    if len(levels) < 2:
        return norms
    with np.errstate(over="ignore"):
        gaps = levels[1:] / levels[:-1]
    widest = int(np.argmax(gaps))
    if gaps[widest] > 1e9:
        factor = 1e9 * levels[widest] / levels[widest + 1]
        norms = np.where(norms > levels[widest], norms * factor, norms)
    if norms.max() > 1e13 * levels[0]:
        raise ValueError(
            "means and sigma must have sizes of at most two widely different "
            f"orders; in units of the largest mean got {levels}"
        )
    return norms


def _moments(x):
    """Phi(x), phi(x) and E (x + G)_+^k for k = 1, 2, 4."""
    with np.errstate(over="ignore"):
        phi = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    Phi = ndtr(x)
    near = np.maximum(x, -4)
    first = near * Phi + phi
    second = (near**2 + 1) * Phi + near * phi
    fourth = (near**4 + 6 * near**2 + 3) * Phi + (near**3 + 5 * near) * phi
    far = x < -4
    if np.any(far):
        y = -x[far, None]
        with np.errstate(over="ignore"):
            decay = _WEIGHTS * np.exp(-((_NODES / y) ** 2) / 2)
        for k, target in ((1, first), (2, second), (4, fourth)):
            tail = decay @ _NODES**k
            target[far] = phi[far] / y[:, 0] * (tail / y[:, 0] ** k)
    return Phi, phi, first, second, fourth


def rectified_moment(m, s, order=2):
    """E (m + s G)_+^order, order 2 or 4; s = 0 and infinite m are legal."""
    m, s = np.broadcast_arrays(
        np.asarray(m, dtype=float), np.asarray(s, dtype=float)
    )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(s > 0, np.abs(m) / s, np.inf)
        far = _moments(-ratio.ravel())[{2: 3, 4: 4}[order]]
        tail = s**order * far.reshape(ratio.shape)
        whole = m * m + s * s
        if order == 4:
            whole = m**4 + 6 * (m * s) ** 2 + 3 * s**4
        return np.where(m > 0, whole - tail, tail)


def objective(x, T, D, row=None, weights=1.0):
    """Value, gradient and Hessian of the smooth part of F.

    ``T`` holds the clusters of the other classes, with their ``weights``;
    ``row``, if given, one row or several, adds the square of ``row @ x``.
    """
    v = D * x
    s = np.sqrt(1 + v @ v)
    a = T @ x / s
    Phi, phi, first, second = (weights * part for part in _moments(a)[:4])
    w = D * v
    value = s**2 * (1 + second.sum())
    gradient = 2 * s * T.T @ first + 2 * (1 + Phi.sum()) * w
    cross = np.outer(T.T @ phi, w) / s
    hessian = 2 * (
        (1 + Phi.sum()) * np.diag(D**2)
        + (T.T * Phi) @ T
        + cross
        + cross.T
        - (a @ phi) / s**2 * np.outer(w, w)
    )
    if row is not None:
        rows = np.atleast_2d(row)
        value += np.sum((rows @ x) ** 2)
        gradient += 2 * rows.T @ (rows @ x)
        hessian += 2 * rows.T @ rows
    return value, gradient, hessian


@dataclass(frozen=True)
class _Sides:
    """The target class and the others, as in the docstring of the module.

    ``own``, ``levels`` and ``spread`` are the weights, the q_c and the rows
    P_c of the target's clusters, ``row`` is rho; ``classes``, ``weights`` and
    ``others`` are class, weight and row of each cluster of another class.
    """

    own: np.ndarray
    levels: np.ndarray
    spread: np.ndarray
    row: np.ndarray
    classes: np.ndarray
    weights: np.ndarray
    others: np.ndarray

    @property
    def squares(self):
        """Rows whose squares are what unlike own clusters cost, if any."""
        if len(self.own) == 1:
            return None
        return np.sqrt(self.own)[:, None] * self.spread


def _sides(T, k, shares, levels):
    clusters = len(T)
    shares = np.eye(clusters) if shares is None else shares
    levels = np.ones(clusters) if levels is None else levels
    inside = shares[k] > 0
    own, q = shares[k, inside], levels[inside]
    if len(own) == 1:
        q, row = np.ones(1), T[inside][0]
        spread = np.zeros((1, T.shape[1]))
    else:
        q = q / np.sqrt(own @ q**2)
        row = (own * q) @ T[inside]
        spread = T[inside] - np.outer(q, row)
    beside = np.delete(shares, k, 0)
    classes, members = np.nonzero(beside)
    weights = beside[classes, members]
    return _Sides(own, q, spread, row, classes, weights, T[members])


def minimize(T, D, k, shares=None, levels=None):
    """Minimizer and minimum of F; row k of T is the target's.

    In a general design k is the target's row of the (classes, clusters)
    matrix ``shares``. By convexity: if the minimizer without the target's term
    has a_k >= 0 it is the answer; otherwise a_k <= 0 at the answer, where the
    term is a_k^2. Both problems are smooth.
    """
    sides = _sides(T, k, shares, levels)
    rows = sides.squares
    x, value = _newton(sides.others, D, rows, sides.weights)
    if sides.row @ x < 0:
        rows = sides.row if rows is None else np.vstack([rows, sides.row])
        x, value = _newton(sides.others, D, rows, sides.weights)
    return x, value


def _newton(T, D, row, weights):
    """Damped Newton's method from 0."""
    x = np.zeros(len(D))
    value, gradient, hessian = objective(x, T, D, row, weights)
    previous, stalls = np.inf, 0
    for _ in range(500):
        step = -_inverse(hessian) @ gradient
        decrement = -gradient @ step
        # Flat directions leave a floor of rounding; the value is off by half
        # the decrement.
        stalls += previous / 2 < decrement <= 1e-12 * value
        if decrement <= 1e-24 * value or stalls > 10:
            return x, float(value)
        previous = decrement
        length = 1.0
        trial = objective(x + step, T, D, row, weights)
        # Near the minimum the decrease is lost in rounding.
        while trial[0] > value * (1 + 8 * _EPS) - 1e-4 * length * decrement:
            length /= 2
            trial = objective(x + length * step, T, D, row, weights)
        x = x + length * step
        value, gradient, hessian = trial
    raise RuntimeError(
        f"Newton's method did not converge: decrement {decrement:.1e} "
        f"after 500 steps"
    )


def _inverse(matrix):
    """Pseudo-inverse of a positive semidefinite matrix, any scaling."""
    diagonal = np.sqrt(np.maximum(np.diag(matrix), 0))
    scale = np.divide(
        1, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0
    )
    scaled = matrix * np.outer(scale, scale)
    inverse = np.linalg.pinv(scaled, rcond=1e-13, hermitian=True)
    return inverse * np.outer(scale, scale)


def fluctuations(x, T, D, k, shares=None, levels=None):
    """tau2, tr(H^-1 V), omega, varsigma and a_k, in the variables (x, y).

    y is the distance t - rho x of the target class, so that y + a_k >= 0.
    """
    sides = _sides(T, k, shares, levels)
    v = D * x
    norm2 = v @ v
    s = np.sqrt(1 + norm2)
    a = sides.row @ x
    y = max(-a, 0.0)
    m = sides.spread @ x - sides.levels * y
    Phi, _, first, second, fourth = _moments(sides.others @ x / s)
    first, second, fourth = s * first, s**2 * second, s**4 * fourth
    sizes = np.bincount(sides.classes, sides.weights)
    means = np.bincount(sides.classes, sides.weights * second)
    # Equal to the sum of variances minus 2 delta, without the cancellation.
    tau2 = 2 * norm2 * s**2 + (4 * s**2 - 2) * (sides.own @ m**2)
    tau2 += sides.own @ (m**2 - sides.own @ m**2) ** 2
    tau2 += sides.weights @ (fourth - 2 * second) - np.sum(means**2 / sizes)

    size = len(x) + 1
    H = np.zeros((size, size))
    H[:-1, :-1] = objective(x, sides.others, D, sides.squares, sides.weights)[
        2
    ]
    H[-1, -1] = 2
    # A term's gradient is 2 h(r) (D z + alpha), r = m + s G and z = v G / s
    # plus an independent part orthogonal to v; h(r) = r for the target (which
    # also has the y-component) and r_+ for the others.
    w = np.append(D * v, 0.0) / s
    free = np.diag(np.append(D**2, 0.0)) - np.outer(w, w)
    count = len(sides.own)
    alpha = np.zeros((count + len(sides.others), size))
    alpha[:count, :-1] = sides.spread
    alpha[:count, -1] = -sides.levels
    alpha[count:, :-1] = sides.others
    weights = np.append(sides.own, sides.weights)
    h = np.append(m, first)
    hG = np.append(np.full(count, s), s * Phi)
    h2 = weights * np.append(m**2 + s**2, second)
    h2G = weights * np.append(2 * s * m, 2 * s * first)
    h2G2 = weights * np.append(m**2 + 3 * s**2, second + 2 * s**2 * Phi)
    # Which cluster a sample of a class comes from is chance, too.
    classes = np.append(np.zeros(count, int), 1 + sides.classes)
    gradients = weights[:, None] * (np.outer(hG, w) + h[:, None] * alpha)
    mean = np.zeros((1 + len(sizes), size))
    np.add.at(mean, classes, gradients)
    mean /= np.sqrt(np.append(1.0, sizes))[:, None]
    cross = np.outer(w, h2G @ alpha)
    V = 4 * (
        h2.sum() * free
        + h2G2.sum() * np.outer(w, w)
        + cross
        + cross.T
        + (alpha.T * h2) @ alpha
        - mean.T @ mean
    )
    inverse = _inverse(H)
    normal = np.append(sides.row, 1.0)
    direction = inverse @ normal
    omega = normal @ direction
    spread = np.sqrt(max(direction @ V @ direction, 0.0))
    trace = np.sum(inverse * V)
    return (
        max(float(tau2), 0.0),
        float(trace),
        float(omega),
        float(spread),
        float(a),
    )
