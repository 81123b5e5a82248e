r"""Proofs about one network: how near the floor, at rest, or able to fall.

Everything here is for the given float64 numbers, every rounding counted (see
`nclib._ball`), and knows nothing of how the network was found. With
Z = X W_1 and the pattern of its signs fixed, the risk (2.4) is an analytic
function of the active entries of Z and of W. Three facts are proved.

*Near the floor*: the risk is at most so much above the minimum of Theorem 2,
below which no network falls.

*A local minimum within r*: in the coordinates u = (active entries, W) the
gradient at the given point is at most g, the Hessian at least mu > 0, and it
changes by at most L times the distance. Then with r = 2 g / mu and
L r <= mu / 4 the risk is strongly convex on the ball of radius r, and rises
across its surface: the minimum over the ball lies inside. All patterns in the
ball are the same, so that it is a local minimum of the risk. Neurons that are
active on the same samples can be rotated into each other without any change;
the Hessian is singular along these rotations. There the square of a linear
function tau is added, which the rotations change, and a minimizer in the
slice tau = 0 is one of the risk, since every point nearby is a rotation of one
in the slice.

*A basin*: a ball of starts, in the norm of (W_1, W), from which gradient flow
never leaves the pattern and ends at the risk of that local minimum. Within
rho of it let the Hessian be at least mu, in the coordinates u, so that
|grad_u R|^2 >= 2 mu (R - R^). A step of the weights moves u by at most a times
its length, and |grad R|^2 >= kappa |grad_u R|^2, where kappa comes from the
smallest eigenvalue of X X'. Along the flow the root of R - R^ then falls by
at least sqrt(mu kappa / 2) times the way gone, so that the whole way is at
most sqrt(2 (R_0 - R^) / (mu kappa)): finite, and short for a near start.

*Not a local minimum*: a direction in which the risk falls, by its slope or,
where a slope cannot help, by its curvature.
"""

from dataclasses import dataclass

import numpy as np

from nclib._ball import Ball, norm
from nclib._extras import load
from nclib.certificates import least_eigenvalue_bound, sigma_min_bound
from nclib.networks import ShallowNet

__all__ = [
    "Basin",
    "LocalMinimum",
    "floor_bounds",
    "prove_basin",
    "prove_descent",
    "prove_local_minimum",
    "risk_bounds",
]

_UP = 1.0 + 1e-10
# Larger Hessians take gigabytes and minutes.
MOST_COORDINATES = 16_000


class NoProof(ValueError):
    """What could not be proved, in one sentence."""


@dataclass(frozen=True)
class LocalMinimum:
    r"""A local minimum of the risk near a network.

    Attributes
    ----------
    net : ShallowNet
    radius : float
        It lies within this of the network, in the norm of the active entries
        of the pre-activations and of W together (for a neuron that is active
        on more than d samples, of whitened weights instead).
    curvature : float
        Lower bound on the Hessian there, rotations of like neurons apart, when
        features are divided and W is multiplied by the power of two that is
        nearest to (lambda_W / lambda_H)^(1/4).
    risk : float
        Lower bound on its risk.
    """

    net: ShallowNet
    radius: float
    curvature: float
    risk: float


@dataclass(frozen=True)
class Basin:
    r"""Starts from which gradient flow ends at one local minimum.

    Attributes
    ----------
    net : ShallowNet
        Within ``minimum.radius`` of the local minimum.
    minimum : LocalMinimum
    radius : float
        Every start whose weights (W1, W) are together nearer than this to
        those of ``net`` is one.
    way : float
        Upper bound on the length of its way.
    """

    net: ShallowNet
    minimum: LocalMinimum
    radius: float
    way: float


def _softmax(logits):
    """Probabilities of each row, as a ball."""
    powers = (logits - logits.mid.max(axis=1, keepdims=True)).exp()
    return powers / powers.sum(axis=1).reshape(-1, 1)


class _Problem:
    """The risk (2.4) of features H (a ball) and W (floats)."""

    def __init__(self, codes, lambda_W, lambda_H, loss):
        self.codes, self.loss = codes, loss
        self.lambda_W, self.lambda_H = lambda_W, lambda_H
        self.N, self.K = len(codes), int(codes.max()) + 1
        self.Y = np.eye(self.K)[codes]

    def risk(self, H, W):
        logits = H @ W
        rows = np.arange(self.N)
        if self.loss == "ce":
            margins = logits - logits[rows, self.codes].reshape(-1, 1)
            # log sum exp(m) = top + log1p(sum of exp(m - top), less one).
            top = margins.mid.max(axis=1)
            powers = (margins - top[:, None]).exp()
            # The true class has the margin 0, exactly.
            others = self.Y == 0
            own = np.expm1(-top)
            total = Ball(powers.mid * others, powers.rad * others).sum(axis=1)
            total = total + Ball(own, 2.0**-49 * np.abs(own))
            mean = (total.log1p() + top).sum() / self.N
        else:
            miss = logits - self.Y
            mean = (miss * miss).sum() / (2 * self.N)
        size_W = (Ball(W) * W).sum() * self.lambda_W
        size_H = (H * H).sum() * self.lambda_H
        return mean + (size_W + size_H) * 0.5

    def first_order(self, H, W):
        """Slopes and curvatures of N times the loss in the logits."""
        logits = H @ W
        if self.loss == "l2":
            S = np.broadcast_to(np.eye(self.K), (self.N, self.K, self.K))
            return logits - self.Y, Ball(S)
        P = _softmax(logits)
        diagonal = P.reshape(self.N, self.K, 1) * np.eye(self.K)
        outer = P.reshape(self.N, self.K, 1) * P.reshape(self.N, 1, self.K)
        return P - self.Y, diagonal - outer

    def largest_curvature(self, H_size, W_size, beta, radius):
        """Upper bound on the Hessian within a radius of the point."""
        H_size, W_size = H_size + beta * radius, W_size + radius
        Q2 = H_size**2 + (beta * W_size) ** 2
        # |s| <= beta |u|^2 / 2, sample by sample and in all; slopes of the
        # cross-entropy are shorter than sqrt(2).
        if self.loss == "ce":
            fit = (0.5 * Q2 + np.sqrt(2) * beta) / self.N
        else:
            slopes = H_size * W_size + np.sqrt(self.N)
            fit = (Q2 + slopes * beta) / self.N
        return _UP * (fit + max(self.lambda_W, self.lambda_H * beta**2))

    def lipschitz(self, H_size, largest, W_size, beta, radius):
        """How fast the Hessian changes within a radius of the point.

        The third derivative of the loss of sample i along (dH, dW) is
        T[q, q, q] + 6 S[q, s] with q = dW' h + W' dh and s = dW' dh.
        """
        H_size = H_size + beta * radius
        largest = largest + beta * radius
        W_size = W_size + radius
        Q = np.hypot(H_size, beta * W_size)
        q = np.hypot(largest, beta * W_size)
        # The third cumulant of a unit vector, and the norm of S.
        third, S = (np.sqrt(0.5), 0.5) if self.loss == "ce" else (0.0, 1.0)
        return _UP * (third * q * Q**2 + 3 * S * beta * Q) / self.N


def floor_bounds(K, n, lambda_W, lambda_H, loss="ce"):
    """Proved bounds on the minimum of Theorem 2, `UPFMSolution.risk`.

    Collapsed features with logits a C_K or a I_K cost the convex function
    ``f(a) + slope * a`` of a >= 0, and the best of them is the minimum.

    Returns
    -------
    lower, upper : float

    Examples
    --------
    >>> import nclib
    >>> from nclib.minimality import floor_bounds
    >>> lower, upper = floor_bounds(2, 300, 1e-3, 1e-6)
    >>> risk = nclib.upfm_minimizer(2, 300, 1e-3, 1e-6).risk
    >>> lower <= risk <= upper < lower + 1e-14
    True
    """
    root = _root(Ball(lambda_W) * lambda_H * n)
    if loss == "l2":
        slope = root * K
        if slope.lower >= 1:
            return 0.5, 0.5
        best = slope - slope * slope * 0.5
        return float(best.lower), float(best.upper)
    slope = root * _root(Ball(float(K * (K - 1))))

    def derivative(a):
        power = Ball(-a).exp() * (K - 1.0)
        return slope - power / (power + 1.0)

    def value(a):
        return (Ball(-a).exp() * (K - 1.0)).log1p() + slope * a

    ratio = (K - 1) / float(slope.mid) - (K - 1)
    a = np.log(ratio) if ratio > 1 else 0.0
    if a == 0 and derivative(0.0).lower >= 0:
        return float(value(0.0).lower), float(value(0.0).upper)
    step = 2.0**-44 * (1 + a)
    low, high = max(a - step, 0.0), a + step
    inside = low == 0 or derivative(low).upper <= 0
    if not (inside and derivative(high).lower >= 0):
        raise NoProof("the minimum of Theorem 2 could not be enclosed")
    slack = _UP * float(derivative(a).size) * step
    lower, _ = difference_bounds(value(a).lower, slack)
    return lower, float(value(a).upper)


def difference_bounds(a, b):
    """Bounds on a - b, of floats.

    Examples
    --------
    >>> from nclib.minimality import difference_bounds
    >>> lower, upper = difference_bounds(1.0, 1e-20)
    >>> lower < 1.0 - 2.0**-54 < upper
    True
    """
    value = a - b
    down, up = np.nextafter(value, [-np.inf, np.inf])
    return float(down), float(up)


def _root(ball):
    """Square root of one positive number."""
    mid = np.sqrt(ball.mid)
    return Ball(mid, _UP * (ball.rad / mid + 2.0**-52 * mid))


def _problem(net, X, codes, lambda_W, lambda_H, loss):
    problem = _Problem(codes, lambda_W, lambda_H, loss)
    return problem, Ball(X) @ net.W1


def _features(Z):
    """The ReLU of a ball."""
    low, high = np.maximum(Z.lower, 0), np.maximum(Z.upper, 0)
    sure = Z.lower > 0
    middle = np.where(sure, Z.mid, (low + high) / 2)
    return Ball(middle, np.where(sure, Z.rad, _UP * (high - low) / 2))


def risk_bounds(net, X, codes, lambda_W, lambda_H, loss="ce"):
    """Proved bounds on the risk (2.4) of a network.

    Parameters
    ----------
    net : ShallowNet
    X : (N, d) array
    codes : (N,) array of int
        The classes, counted from 0.
    lambda_W, lambda_H : float
    loss : {"ce", "l2"}

    Returns
    -------
    lower, upper : float

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.minimality import risk_bounds
    >>> net = nclib.ShallowNet(np.eye(2), np.eye(2))
    >>> lower, upper = risk_bounds(net, np.eye(2), np.arange(2), 0.1, 0.1)
    >>> lower <= net.risk(np.eye(2), [0, 1], 0.1, 0.1) <= upper
    True
    """
    problem, Z = _problem(net, X, codes, lambda_W, lambda_H, loss)
    risk = problem.risk(_features(Z), net.W)
    return float(risk.lower), float(risk.upper)


def _pattern(X, Z):
    """Which entries are active; the others are proved not to be."""
    active = Z.lower > 0
    # A sample that is zero excites nothing, whatever the weights.
    dead = (Z.upper < 0) | ~X.any(axis=1)[:, None]
    unknown = int((~active & ~dead).sum())
    if unknown:
        raise NoProof(
            f"{unknown} pre-activations are so near zero that their sign is "
            "not known: a kink"
        )
    return active


class _Coordinates:
    """The active entries of a neuron: as they are, or through weights.

    Where the active samples are independent, any change of the active
    entries is one of the weights, and the entries are the coordinates.
    Otherwise the weights are, whitened: w + P c, so that X_A P is nearly
    orthonormal.
    """

    def __init__(self, X, active):
        self.rows = np.flatnonzero(active)
        self.place = np.full(len(X), -1)
        self.place[self.rows] = np.arange(len(self.rows))
        count, d = len(self.rows), X.shape[1]
        self.B = self.P = None
        if count <= d:
            self.sigma = sigma_min_bound(X[self.rows])
            if self.sigma == 0:
                raise NoProof(
                    f"{count} samples that excite one neuron could not be "
                    "proved independent"
                )
            self.size, self.beta = count, 1.0
            return
        R = np.linalg.qr(X[self.rows], mode="r")
        try:
            self.P = np.linalg.inv(R)
        except np.linalg.LinAlgError as error:
            raise NoProof("samples do not span the features") from error
        self.B = Ball(X[self.rows]) @ self.P
        self.size = d
        off = (self.B.T @ self.B - np.eye(d)).norm()
        self.beta = float(_UP * np.sqrt(1 + off))

    def pull(self, ball):
        """A gradient in the active entries, as one in the coordinates."""
        return ball if self.B is None else self.B.T @ ball


def _pair(first, second, weights):
    """sum_i weights_i of the coordinates of two neurons, as a ball.

    ``weights`` has one entry a sample; only shared samples count.
    """
    shared = (first.place >= 0) & (second.place >= 0)
    at, to = first.place[shared], second.place[shared]
    w = weights[shared]
    if first.B is None and second.B is None:
        mid = np.zeros((first.size, second.size))
        rad = np.zeros_like(mid)
        mid[at, to], rad[at, to] = w.mid, w.rad
        return Ball(mid, rad)
    if first.B is None:
        part = second.B[to] * w.reshape(-1, 1)
        mid = np.zeros((first.size, second.size))
        rad = np.zeros_like(mid)
        mid[at], rad[at] = part.mid, part.rad
        return Ball(mid, rad)
    if second.B is None:
        return _pair(second, first, weights).T
    return first.B[at].T @ (second.B[to] * w.reshape(-1, 1))


class _Hessian:
    """A symmetric matrix of balls, kept as midpoints and one error."""

    def __init__(self, size):
        self.mid = np.zeros((size, size))
        self.squares = 0.0

    def add(self, at, to, block):
        """Add a block, and its transpose where it is off the diagonal."""
        self.mid[at, to] += block.mid
        size = block.error()
        self.squares += size**2
        if at != to:
            self.mid[to, at] += block.mid.T
            self.squares += size**2

    def symmetric(self):
        """The midpoints; what breaks their symmetry is rounding."""
        return (self.mid + self.mid.T) / 2

    @property
    def error(self):
        """Beside the blocks' own, that of adding at most four of them."""
        rounding = 2.0**-51 * norm(np.abs(self.mid))
        return _UP * (float(np.sqrt(self.squares)) + rounding)


def _balanced(net, lambda_W, lambda_H):
    """The same risk with like penalties: Z / s and s W, s a power of two."""
    s = 2.0 ** np.rint(np.log2(lambda_W / lambda_H) / 4)
    return (
        s,
        ShallowNet(net.W1 / s, net.W * s),
        lambda_W / s**2,
        lambda_H * s**2,
    )


def prove_local_minimum(net, X, codes, lambda_W, lambda_H, loss="ce"):
    """Prove that a local minimum of the risk (2.4) lies near a network.

    Parameters
    ----------
    net : ShallowNet
        Two layers.
    X : (N, d) array
    codes : (N,) array of int
        The classes, counted from 0.
    lambda_W, lambda_H : float
    loss : {"ce", "l2"}

    Returns
    -------
    LocalMinimum

    Raises
    ------
    NoProof
        A `ValueError` that says what is missing.

    Examples
    --------
    The smallest network that is stuck: its only neuron serves one class.

    >>> import numpy as np, nclib
    >>> from nclib.minimality import prove_local_minimum
    >>> X, y = np.eye(2), np.arange(2)
    >>> start = np.array([[1.0], [-1.0]]), np.array([[1.0, -1.0]])
    >>> net = nclib.minimise(X, y, init=start, lambda_W=0.1, lambda_H=0.1).net
    >>> net = nclib.certify_minimum(net, X, y, 0.1, 0.1).net
    >>> found = prove_local_minimum(net, X, y, 0.1, 0.1)
    >>> found.radius < 1e-12, found.curvature > 0.01
    (True, True)

    Notes
    -----
    One dense Hessian of m active entries and weights, at most 16,000:
    8 m**2 bytes and m**3 / 3 operations a factorization, a few of them.
    """
    given = net
    s, net, lambda_W, lambda_H = _balanced(net, lambda_W, lambda_H)
    problem, Z = _problem(net, X, codes, lambda_W, lambda_H, loss)
    N, K, D = problem.N, problem.K, net.W.shape[0]
    active = _pattern(X, Z)
    neurons = [_Coordinates(X, column) for column in active.T]
    ends = np.cumsum([0] + [neuron.size for neuron in neurons])
    spans = [slice(*pair) for pair in zip(ends[:-1], ends[1:], strict=True)]
    total = ends[-1] + D * K
    if total > MOST_COORDINATES:
        raise NoProof(
            f"{total} coordinates are too many: at most {MOST_COORDINATES}"
        )

    # Where entries are the coordinates, the midpoints are the exact point.
    free = np.array([neuron.B is None for neuron in neurons])
    H = Ball(
        np.where(active, Z.mid, 0.0),
        np.where(active & ~free, Z.rad, 0.0),
    )
    slopes, S = problem.first_order(H, net.W)
    W = net.W
    gradient_H = slopes @ W.T / N + H * lambda_H
    gradient_W = H.T @ slopes / N + Ball(W) * lambda_W
    pulled = [
        neuron.pull(gradient_H[neuron.rows, j]).norm()
        for j, neuron in enumerate(neurons)
    ]
    gradient = norm(np.array([*pulled, gradient_W.norm()]))

    hessian = _Hessian(total)
    SW = S @ W.T  # (N, K, D): S_i times each row of W
    for j, first in enumerate(neurons):
        if not first.size:
            continue
        for k in range(j, D):
            second = neurons[k]
            if not second.size:
                continue
            both = active[:, j] & active[:, k]
            if not both.any():
                continue
            weights = (SW[:, :, k] * W[j]).sum(axis=1) / N
            if k == j:
                weights = weights + lambda_H
            hessian.add(spans[j], spans[k], _pair(first, second, weights))
        A = first.rows
        # d^2 / dh_ij dW_lk = ((S_i W_j)_k h_il + [l = j] slope_ik) / N
        block = H[A].reshape(-1, D, 1) * SW[A, :, j].reshape(-1, 1, K)
        extra = np.zeros((len(A), D, K)), np.zeros((len(A), D, K))
        extra[0][:, j], extra[1][:, j] = slopes.mid[A], slopes.rad[A]
        block = ((block + Ball(*extra)) / N).reshape(len(A), D * K)
        hessian.add(spans[j], slice(ends[-1], total), first.pull(block))
    for k in range(K):
        for m in range(k, K):
            block = H.T @ (H * S[:, k, m].reshape(-1, 1)) / N
            if k == m:
                block = block + lambda_W * np.eye(D)
            at = slice(ends[-1] + k, total, K)
            hessian.add(at, slice(ends[-1] + m, total, K), block)

    rotations = _rotations(active, H, W)
    strength = float(np.trace(hessian.mid)) / total
    for turn in rotations:
        parts = [
            neurons[j].pull(Ball(turn.along_H[:, g]))
            for g, j in enumerate(turn.group)
        ]
        at = [i for j in turn.group for i in range(*ends[j : j + 2])]
        at += [ends[-1] + j * K + k for j in turn.group for k in range(K)]
        column = np.concatenate([p.mid for p in parts] + [turn.along_W])
        error = np.concatenate(
            [np.broadcast_to(p.rad, p.shape) for p in parts]
            + [np.zeros_like(turn.along_W)]
        )
        V = Ball(column, error)
        added = V @ V.T * strength
        hessian.mid[np.ix_(at, at)] += added.mid
        hessian.squares += added.error() ** 2

    M = hessian.symmetric()
    curvature = least_eigenvalue_bound(M) - hessian.error
    if not curvature > 0:
        raise NoProof("the Hessian could not be proved positive definite")
    beta = max(neuron.beta for neuron in neurons)
    sizes = H.norm(), max(norm(row) for row in H.size), norm(np.abs(W))

    def enough(gradient, off):
        """Is it, at a point that far off, for the curvature that is left?"""
        reach = off + _UP * 2 * gradient / curvature
        # The added square has a constant Hessian.
        change = reach * problem.lipschitz(*sizes, beta, reach)
        return _UP * change <= curvature / 4

    off, lost = 0.0, 0.0
    if not enough(gradient, off) and free.all():
        first, coarse = gradient, norm(np.abs(M))
        step = np.zeros(total)
        for _ in range(2):
            exact, mid = _fine_gradient(problem, active, H.mid, W, step)
            off, gradient = norm(np.abs(step)), exact
            if enough(gradient, off):
                break
            step = step - np.linalg.solve(M, mid)
        # What the risk can lose on the way to the finer point.
        bend = coarse + off * problem.lipschitz(*sizes, beta, off)
        lost = _UP * (first * off + bend * off**2)
    if not enough(gradient, off):
        raise NoProof(
            f"the gradient, {gradient:.1e}, is too large for a curvature of "
            f"{curvature:.1e}"
        )
    radius = _UP * (off + 2 * gradient / curvature)
    _same_pattern(X, Z, net, neurons, active, radius)
    for turn in rotations:
        turn.check(H, W, beta * radius)
    lost = _UP * (lost + gradient * radius)
    least = difference_bounds(problem.risk(H, W).lower, lost)[0]
    return LocalMinimum(
        given, float(radius * max(s, 1 / s)), float(curvature / 2), least
    )


def prove_basin(net, X, codes, lambda_W, lambda_H, loss="ce"):
    """Prove that gradient flow from a ball of starts ends near a network.

    Parameters
    ----------
    net, X, codes, lambda_W, lambda_H, loss
        As for `prove_local_minimum`; independent samples.

    Returns
    -------
    Basin

    Raises
    ------
    NoProof
        A `ValueError`: there is no proved local minimum, the samples are not
        proved independent, or neurons of one pattern may turn.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.minimality import prove_basin
    >>> X, y = np.eye(2), np.arange(2)
    >>> net = nclib.left_behind(X, y, 1, 0.1, 0.1)
    >>> net = nclib.certify_minimum(net, X, y, 0.1, 0.1).net
    >>> prove_basin(net, X, y, 0.1, 0.1).radius > 1e-4
    True
    """
    found = prove_local_minimum(net, X, codes, lambda_W, lambda_H, loss)
    s, scaled, lambda_W, lambda_H = _balanced(net, lambda_W, lambda_H)
    problem, Z = _problem(scaled, X, codes, lambda_W, lambda_H, loss)
    active = _pattern(X, Z)
    H, W = _features(Z), scaled.W
    if _rotations(active, H, W):
        raise NoProof("neurons that are active together may turn")
    G = Ball(X) @ X.T
    least = least_eigenvalue_bound((G.mid + G.mid.T) / 2) - _UP * G.error()
    if not least > 0:
        raise NoProof("the samples could not be proved independent")
    longest = norm(np.abs(X))
    # From the weights to the coordinates, in which Z is divided by s.
    to_u = _UP * max(longest / s, s)
    kappa = min(least / s**2, s**2) / _UP
    sizes = norm(H.size), max(norm(row) for row in H.size), norm(np.abs(W))
    near = _UP * found.radius * max(s, 1 / s)

    # Weights may move by this before a sign changes, ...
    lengths = np.array([norm(row) for row in X])
    room = np.where(active, Z.lower, -Z.upper).min(axis=1)
    signs = float((s * room[lengths > 0] / lengths[lengths > 0]).min()) / _UP
    # ... and by this before half the curvature is gone.
    reach = signs * to_u
    while _UP * (reach + near) * problem.lipschitz(*sizes, 1.0, reach) > (
        found.curvature / 2
    ):
        reach /= 1.01
    room = min(signs, reach / to_u) / _UP
    rate = found.curvature / 2 * kappa
    most = problem.largest_curvature(sizes[0], sizes[2], 1.0, reach)
    # (1 + a) radius + b <= room, with the way a radius + b.
    a = _UP * np.sqrt(most / rate) * to_u
    b = _UP * np.sqrt(most / rate) * near
    radius = (room - b) / (1 + a) / _UP
    if not radius > 0:
        raise NoProof("the local minimum is known too coarsely for a basin")
    return Basin(net, found, float(radius), float(_UP * (a * radius + b)))


def _fine_gradient(problem, active, H, W, step):
    """The gradient at (H, W) + step: a bound on its norm, and its midpoint.

    In intervals of 120 bits; for entries as coordinates.
    """
    iv = load("mpmath", "nclib.certify_minimum").iv
    iv.prec = 120
    N, K = problem.N, problem.K
    split = int(active.sum())
    add_H = np.zeros(H.shape)
    add_H.T[active.T] = step[:split]
    add_W = step[split:].reshape(W.shape)

    def two(value, part):
        return iv.mpf(float(value)) + iv.mpf(float(part))

    weights = [
        [two(*pair) for pair in zip(row, part, strict=True)]
        for row, part in zip(W, add_W, strict=True)
    ]
    lambda_W, lambda_H = iv.mpf(problem.lambda_W), iv.mpf(problem.lambda_H)
    in_W = [[lambda_W * w for w in row] for row in weights]
    in_H = {}
    for i in range(N):
        used = np.flatnonzero(active[i])
        h = {j: two(H[i, j], add_H[i, j]) for j in used}
        slopes = [
            sum((h[j] * weights[j][k] for j in used), iv.mpf(0))
            for k in range(K)
        ]
        if problem.loss == "ce":
            top = max(float(z.mid) for z in slopes)
            powers = [iv.exp(z - top) for z in slopes]
            slopes = [power / sum(powers) for power in powers]
        slopes[problem.codes[i]] -= 1
        slopes = [slope / N for slope in slopes]
        for j in used:
            in_H[i, j] = lambda_H * h[j] + sum(
                slopes[k] * weights[j][k] for k in range(K)
            )
            for k in range(K):
                in_W[j][k] += h[j] * slopes[k]
    entries = [
        in_H[i, j]
        for j in range(H.shape[1])
        for i in np.flatnonzero(active[:, j])
    ] + [value for row in in_W for value in row]
    mid = np.array([float(value.mid) for value in entries])
    size = np.array([float(abs(value).b) for value in entries])
    return norm(_UP * size), mid


def prove_descent(net, direction, X, codes, lambda_W, lambda_H, loss="ce"):
    """Prove that the risk (2.4) falls from a network along a direction.

    Parameters
    ----------
    net : ShallowNet
    direction : pair of arrays
        Of the shapes of ``net.W1`` and ``net.W``.
    X, codes, lambda_W, lambda_H, loss
        As for `prove_local_minimum`.

    Returns
    -------
    str
        "slope": it falls at once. "curvature": it falls along the direction
        or the opposite one, from the second order on.

    Raises
    ------
    NoProof
        A `ValueError`.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.minimality import prove_descent
    >>> net = nclib.ShallowNet(2 * np.eye(2) - 1, np.zeros((2, 2)))
    >>> towards = np.zeros((2, 2)), np.eye(2)
    >>> prove_descent(net, towards, np.eye(2), np.arange(2), 0.1, 0.1)
    'slope'
    """
    problem, Z = _problem(net, X, codes, lambda_W, lambda_H, loss)
    active = _pattern(X, Z)
    along_W1, along_W = direction
    H = Ball(Z.mid * active, Z.rad * active)
    dZ = Ball(X) @ along_W1
    dH = Ball(dZ.mid * active, dZ.rad * active)
    W, dW = Ball(net.W), Ball(along_W)
    slopes, S = problem.first_order(H, net.W)
    q = H @ dW + dH @ W
    s = dH @ dW
    slope = (slopes * q).sum() / problem.N
    slope = slope + (H * dH).sum() * lambda_H + (W * dW).sum() * lambda_W
    if slope.upper < 0:
        return "slope"
    Sq = (S * q.reshape(-1, 1, problem.K)).sum(axis=2)
    curvature = ((Sq * q).sum() + (slopes * s).sum() * 2.0) / problem.N
    curvature = curvature + (dH * dH).sum() * lambda_H
    curvature = curvature + (dW * dW).sum() * lambda_W
    if curvature.upper < 0:
        return "curvature"
    raise NoProof(
        f"slope {float(slope.mid):.1e} and curvature "
        f"{float(curvature.mid):.1e} are not proved negative"
    )


def _same_pattern(X, Z, net, neurons, active, radius):
    """No sign changes within the radius; else NoProof."""
    size = np.array([norm(np.abs(row)) for row in X])
    for j, neuron in enumerate(neurons):
        dead = np.flatnonzero(~active[:, j] & X.any(axis=1))
        if neuron.B is None:
            # The exact weights lie within this of those at hand.
            miss = norm(Z.rad[neuron.rows, j]) + radius
            moved = _UP * miss / neuron.sigma if len(neuron.rows) else 0.0
            reach = np.where(active[:, j], radius, size * moved)
        else:
            reach = Ball(X) @ neuron.P
            reach = np.array([norm(row) for row in reach.size]) * radius
        reach = _UP * reach
        rows = neuron.rows
        safe = (Z.lower[rows, j] > reach[rows]).all()
        if not (safe and (Z.upper[dead, j] < -reach[dead]).all()):
            raise NoProof(
                f"neuron {j} may change its pattern within {radius:.1e}: "
                "a kink"
            )


@dataclass
class _Rotation:
    """Rotations of a group of neurons that are active together.

    A generator E, antisymmetric, moves (H, W) along (H E, E' W).
    """

    group: np.ndarray
    generators: np.ndarray  # (p, g, g)
    along_H: np.ndarray  # (A, g, p), rows of active samples
    along_W: np.ndarray  # (g K, p)
    rows: np.ndarray

    def check(self, H, W, reach):
        """Everywhere within reach the rotations change tau, each its own."""
        H = H[np.ix_(self.rows, self.group)]
        H = Ball(H.mid, _UP * (H.rad + reach))
        W = Ball(W[self.group], reach)
        p = len(self.generators)
        columns = []
        for E in self.generators:
            a, b = H @ E, Ball(E.T) @ W
            first = a.reshape(-1)
            second = b.reshape(-1)
            columns.append(
                Ball(
                    np.concatenate([first.mid, second.mid]),
                    np.concatenate([first.rad, second.rad]),
                )
            )
        T = Ball(
            np.stack([c.mid for c in columns], axis=1),
            np.stack([c.rad for c in columns], axis=1),
        )
        tau = np.concatenate([self.along_H.reshape(-1, p), self.along_W])
        off = (Ball(tau.T) @ T - np.eye(p)).norm()
        if not off < 1:
            raise NoProof("like neurons turn too freely for the slice")


def _rotations(active, H, W):
    """The rotations that move the point, for every group of like neurons."""
    groups = {}
    for j, column in enumerate(active.T):
        groups.setdefault(column.tobytes(), []).append(j)
    found = []
    for group in map(np.array, groups.values()):
        rows = np.flatnonzero(active[:, group[0]])
        g = len(group)
        if g < 2 or not len(rows):
            continue
        pairs = [(a, b) for a in range(g) for b in range(a)]
        basis = np.zeros((len(pairs), g, g))
        for E, (a, b) in zip(basis, pairs, strict=True):
            E[a, b], E[b, a] = 1.0, -1.0
        h, w = H.mid[np.ix_(rows, group)], W[group]
        tangents = np.stack(
            [
                np.concatenate([(h @ E).ravel(), (E.T @ w).ravel()])
                for E in basis
            ],
            axis=1,
        )
        _, values, right = np.linalg.svd(tangents, full_matrices=False)
        kept = values > 1e-6 * max(values[0], 1e-300)
        mixed = right[kept] / values[kept, None]
        generators = np.einsum("lp,pab->lab", mixed, basis)
        along_H = np.stack([h @ E for E in generators], axis=2)
        along_W = np.stack([(E.T @ w).ravel() for E in generators], axis=1)
        found.append(_Rotation(group, generators, along_H, along_W, rows))
    return found
