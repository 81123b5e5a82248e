"""The convex problem behind the phase boundary: scaling, Newton, moments.

Everything is expressed in the margins a = T x and in v = D x (coordinates in
an orthonormal basis of the span of the means), with G standard normal and
``a_k`` the margin of the target class:

    F(x) = 1 + |v|^2 + min(a_k, 0)^2
           + sum over j != k of E (a_j + sqrt(1 + |v|^2) G)_+^2.

A free intercept is one more column of ones in T, with D = 0.
"""

import numpy as np
from scipy.special import ndtr

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


def _reduce(unit, norms):
    """Basis of the span and a well-scaled form of the problem.

    The means are ``norms[:, None] * unit`` in units of the noise. Returns an
    orthonormal ``basis`` (p, d), ``T`` (K, p) with entries of at most 1 and
    ``D`` (p,) in (0, 1] with margins = T x and v = (D x) basis. Gram-Schmidt
    that always takes the largest remainder keeps small means beside huge
    ones; remainders at rounding level of their own mean are dropped.
    """
    K, d = unit.shape
    tolerance = 4 * max(K, d) * _EPS
    rest = unit.copy()
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
        rest -= np.outer(overlap, q)
        rest[pivot] = 0
        basis = np.vstack([basis, q])
        columns.append(norms * overlap)
        sizes.append(remainder[pivot])
    D = 1 / np.maximum(1.0, sizes)
    return basis, np.reshape(columns, (len(D), K)).T * D, D


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
        with np.errstate(over="ignore", under="ignore"):
            decay = _WEIGHTS * np.exp(-((_NODES / y) ** 2) / 2)
        for k, target in ((1, first), (2, second), (4, fourth)):
            tail = decay @ _NODES**k
            target[far] = phi[far] / y[:, 0] * (tail / y[:, 0] ** k)
    return Phi, phi, first, second, fourth


def second_moment(m, s):
    """E (m + s G)_+^2, elementwise; s = 0 and infinite m are legal."""
    m, s = np.broadcast_arrays(
        np.asarray(m, dtype=float), np.asarray(s, dtype=float)
    )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(s > 0, np.abs(m) / s, np.inf)
        tail = s * s * _moments(-ratio.ravel())[3].reshape(ratio.shape)
        return np.where(m > 0, m * m + s * s - tail, tail)


def objective(x, T, D, row=None):
    """Value, gradient, Hessian and scale of the smooth objective.

    ``T`` holds the other classes; ``row``, if given, adds (row x)^2. The
    derivatives are those in the variables ``scale * x``, chosen so that the
    Hessian's diagonal is about 1.
    """
    v = D * x
    s = np.sqrt(1 + v @ v)
    a = T @ x / s
    Phi, phi, first, second, _ = _moments(a)
    scale = np.maximum(D, np.max(abs(T) * np.sqrt(Phi)[:, None], axis=0))
    if row is not None:
        scale = np.maximum(scale, abs(row))
    scale[scale == 0] = 1.0
    T, D = T / scale, D / scale
    w = D * v
    value = s**2 * (1 + second.sum())
    gradient = 2 * s * first @ T + 2 * (1 + Phi.sum()) * w
    cross = np.outer(phi @ T, w) / s
    hessian = 2 * (
        (1 + Phi.sum()) * np.diag(D**2)
        + (T.T * Phi) @ T
        + cross
        + cross.T
        - (a @ phi) / s**2 * np.outer(w, w)
    )
    if row is not None:
        margin, row = row @ x, row / scale
        value += margin**2
        gradient += 2 * margin * row
        hessian += 2 * np.outer(row, row)
    return value, gradient, hessian, scale


def minimize(T, D, k, start=None):
    """Minimizer and minimum of F; T holds all classes, k is the target.

    By convexity: if the minimizer without the target's term has a_k >= 0, it
    is the answer; if not, the term is a_k^2 at the answer. Both problems are
    smooth.
    """
    others = np.delete(T, k, 0)
    x = np.zeros(len(D)) if start is None else start
    free, value = _newton(x, others, D)
    if T[k] @ free >= 0:
        return free, value
    return _newton(x, others, D, T[k])


def _newton(x, T, D, row=None):
    """Damped Newton's method from x."""
    value, gradient, hessian, scale = objective(x, T, D, row)
    previous = np.inf
    for _ in range(500):
        direction = -np.linalg.pinv(hessian, hermitian=True) @ gradient
        decrement = -gradient @ direction
        # Flat directions leave a floor of rounding; the value is off by half
        # the decrement.
        stalled = decrement <= 1e-15 * value and decrement > previous / 2
        if decrement <= 1e-24 * value or stalled:
            return x, float(value)
        previous = decrement
        step, length = direction / scale, 1.0
        trial = objective(x + step, T, D, row)
        # Near the minimum the decrease is lost in rounding.
        while trial[0] > value * (1 + 8 * _EPS) - 1e-4 * length * decrement:
            length /= 2
            trial = objective(x + length * step, T, D, row)
        x = x + length * step
        value, gradient, hessian, scale = trial
    raise RuntimeError(
        f"Newton's method did not converge: decrement {decrement:.1e} "
        f"after 500 steps"
    )


def solve(means, sigma, k, bias):
    """Minimize F for these means; the basis, T, D, x and minimum.

    Where a mean is far above the noise, its term is a wall that Newton's
    method cannot see from afar nor leave once near. So the means' norms are
    capped at 1e4 sigma first, and the cap is raised step by step, each
    problem started from the last.
    """
    K = len(means)
    largest = np.abs(means).max(axis=1)
    exponent = int(np.frexp(largest.max())[1])
    largest = np.ldexp(largest, -exponent)
    with np.errstate(over="ignore"):
        sigma = np.ldexp(sigma, -exponent)
    unit = np.ldexp(means, -exponent)
    unit /= np.where(largest > 0, largest, 1.0)[:, None]
    lengths = np.linalg.norm(unit, axis=1)
    unit /= np.where(lengths > 0, lengths, 1.0)[:, None]
    norms = largest * lengths
    if norms.any():
        # At this level the noise no longer shows in the minimum.
        sigma = max(sigma, 1e-40 * norms[norms > 0].min())
    with np.errstate(over="ignore"):
        ratios = np.minimum(norms / sigma, 1e150) if norms.any() else norms
    cap, v, intercept = 1e4, None, 0.0
    while True:
        basis, T, D = _reduce(unit, np.minimum(ratios, cap))
        start = None if v is None else basis @ v / D
        if bias:
            T, D = np.column_stack([T, np.ones(K)]), np.append(D, 0.0)
            start = None if v is None else np.append(start, intercept)
        x, value = minimize(T, D, k, start)
        v = (D * x)[: len(basis)] @ basis
        intercept = float(x[-1]) if bias else 0.0
        if cap >= ratios.max():
            return T, D, x, value, v, intercept, len(basis)
        cap *= 1e4


def fluctuations(x, T, D, k):
    """tau2, tr(H^-1 V), and a_k, omega and varsigma of the constraint.

    In the variables (x, y), y the distance of class k from its target, which
    is subject to y + a_k(x) >= 0; the last three are divided by powers of
    the length of this constraint's gradient.
    """
    others = np.delete(T, k, 0)
    v = D * x
    norm2 = v @ v
    s = np.sqrt(1 + norm2)
    margin = T[k] @ x
    y = max(-margin, 0.0)
    Phi, _, first, second, fourth = _moments(others @ x / s)
    first, second, fourth = s * first, s**2 * second, s**4 * fourth
    # Equal to the sum of variances minus 2 delta, without the cancellation.
    tau2 = 2 * norm2 * s**2 + (4 * s**2 - 2) * y**2
    tau2 += np.sum(fourth - second**2 - 2 * second)

    _, _, hessian, scale = objective(x, others, D)
    if y > 0:
        wider = np.maximum(scale, abs(T[k]))
        hessian *= np.outer(scale / wider, scale / wider)
        scale = wider
    others, D = others / scale, D / scale
    size = len(x) + 1
    H = np.zeros((size, size))
    H[:-1, :-1] = hessian
    H[-1, -1] = 2
    # A term's gradient is 2 h(r) (D z + alpha), r = m + s G and z = v G / s
    # plus an independent part orthogonal to v; h(r) = r for class k (which
    # also has the y-component) and r_+ for the others.
    w = np.append(D * v, 0.0) / s
    free = np.diag(np.append(D**2, 0.0)) - np.outer(w, w)
    alpha = np.zeros((len(T), size))
    alpha[0, -1] = -1
    alpha[1:, :-1] = others
    h = np.append(-y, first)
    hG = np.append(s, s * Phi)
    h2 = np.append(y**2 + s**2, second)
    h2G = np.append(-2 * s * y, 2 * s * first)
    h2G2 = np.append(y**2 + 3 * s**2, second + 2 * s**2 * Phi)
    mean = np.outer(hG, w) + h[:, None] * alpha
    cross = np.outer(w, h2G @ alpha)
    V = 4 * (
        h2.sum() * free
        + h2G2.sum() * np.outer(w, w)
        + cross
        + cross.T
        + (alpha.T * h2) @ alpha
        - mean.T @ mean
    )
    inverse = np.linalg.pinv(H, hermitian=True)
    normal = np.append(T[k] / scale, 1.0)
    length = np.abs(normal).max()
    normal /= length
    direction = inverse @ normal
    return (
        max(float(tau2), 0.0),
        float(np.sum(inverse * V)),
        float(margin / length),
        float(normal @ direction),
        float(np.sqrt(max(direction @ V @ direction, 0.0))),
    )
