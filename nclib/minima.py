r"""Where training ended: a global minimum, a spurious one, or none.

A network is polished by Newton's method within its activation pattern; then
`nclib.minimality`, which shares no code with it, proves what it is.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context

import numpy as np
from scipy.optimize import linprog
from scipy.sparse.linalg import LinearOperator, eigsh, minres
from scipy.special import softmax

from nclib import minimality
from nclib._checks import check_balanced, check_problem, check_Xy
from nclib.feasibility import decide
from nclib.networks import ShallowNet

__all__ = ["Minimum", "certify_minimum"]

# A risk this near the floor, relative to it, is global.
_GLOBAL = 1e-6
# Features below this, beside the largest, are made zero.
_DEAD = 1e-10
_STEPS, _SWEEPS = 60, 20_000
_ROUNDING = 1e-13
# Larger Hessians are asked for their least eigenvalue only.
_DENSE = 1500


@dataclass(frozen=True)
class Minimum:
    r"""What a trained network is, proved.

    Attributes
    ----------
    kind : {"global", "spurious", "descent", "undecided"}
        "global": its risk is within ``gap`` of the least possible.
        "spurious": a local minimum lies within ``radius`` of ``net``, its
        risk is at least ``gap`` above that of a collapsed network, and that
        exists. "descent": ``net`` is no local minimum. "undecided": no proof.
    gap : float
        Proved upper bound on the distance to the floor of Theorem 2 when
        "global", lower bound when "spurious"; NaN otherwise.
    radius : float
        Of the ball that holds the exact local minimum, NaN without one; see
        `nclib.minimality.LocalMinimum`.
    curvature : float
        Lower bound on the Hessian there, NaN without one.
    moved : float
        Largest change of a feature by the polishing.
    net : ShallowNet
        The polished network, about which all this is said.
    direction : pair of arrays or None
        In (W1, W); when "descent".
    message : str
        The proof in words, or what is missing.
    """

    kind: str
    gap: float
    radius: float
    curvature: float
    moved: float
    net: ShallowNet
    direction: tuple | None
    message: str

    @property
    def verified(self):
        """Whether the kind is proved."""
        return self.kind != "undecided"

    def __str__(self):
        return f"{self.kind}: {self.message}"


class _Cell:
    """The risk (2.4) as a smooth function, for one pattern of activation.

    Variables are the active entries of Z, neuron by neuron, and W. A neuron
    that is active on more samples than there are features moves by its
    weights, whitened.
    """

    def __init__(self, X, codes, active, lambda_W, lambda_H, loss):
        self.X, self.codes, self.active = X, codes, active
        self.penalties, self.loss = (lambda_W, lambda_H), loss
        self.N, self.K = len(codes), int(codes.max()) + 1
        self.Y = np.eye(self.K)[codes]
        self.rows = [np.flatnonzero(column) for column in active.T]
        self.lifts = [self._lift(rows) for rows in self.rows]
        sizes = [
            len(rows) if lift is None else lift.shape[1]
            for rows, lift in zip(self.rows, self.lifts, strict=True)
        ]
        self.ends = np.cumsum([0, *sizes])

    def _lift(self, rows):
        if len(rows) <= self.X.shape[1]:
            return None
        return np.linalg.qr(self.X[rows])[0]

    def spread(self, u):
        """Changes of the features and of W, from those of the variables."""
        D = len(self.rows)
        dH = np.zeros((self.N, D))
        for j, (rows, lift) in enumerate(
            zip(self.rows, self.lifts, strict=True)
        ):
            part = u[self.ends[j] : self.ends[j + 1]]
            dH[rows, j] = part if lift is None else lift @ part
        return dH, u[self.ends[-1] :].reshape(D, self.K)

    def gather(self, G, GW):
        """The transpose of `spread`."""
        parts = [
            G[rows, j] if lift is None else lift.T @ G[rows, j]
            for j, (rows, lift) in enumerate(
                zip(self.rows, self.lifts, strict=True)
            )
        ]
        return np.concatenate([*parts, GW.ravel()])

    def at(self, H, W):
        """Gradient, and the Hessian as an operator."""
        lambda_W, lambda_H = self.penalties
        logits = H @ W
        P = softmax(logits, axis=1) if self.loss == "ce" else logits
        slopes = (P - self.Y) / self.N
        gradient = self.gather(
            slopes @ W.T + lambda_H * H, H.T @ slopes + lambda_W * W
        )

        def product(u):
            dH, dW = self.spread(np.ravel(u))
            q = H @ dW + dH @ W
            if self.loss == "ce":
                q = P * (q - (P * q).sum(axis=1, keepdims=True))
            q /= self.N
            return self.gather(
                q @ W.T + slopes @ dW.T + lambda_H * dH,
                H.T @ q + dH.T @ slopes + lambda_W * dW,
            )

        size = len(gradient)
        return gradient, LinearOperator((size, size), product, dtype=float)


def _weights(X, W1, Z, active):
    """Weights with these active entries, the others negative if it can be."""
    independent = len(X) <= X.shape[1] and np.linalg.matrix_rank(X) == len(X)
    if independent:
        scale = np.abs(Z[active]).mean() if active.any() else 1.0
        wanted = np.where(active, Z, np.minimum(Z, -scale))
        for _ in range(2):
            miss = wanted - X @ W1
            W1 = W1 + np.linalg.lstsq(X, miss, rcond=None)[0]
        return W1
    W1 = W1.copy()
    for j, column in enumerate(active.T):
        if column.any():
            W1[:, j] = _weights_of_one(X, W1[:, j], Z[:, j], column)
    return W1


def _weights_of_one(X, w, z, active):
    """The nearest weights with these entries, or those of most room."""
    A, others = X[active], X[~active]

    def meet(w):
        for _ in range(2):
            w = w + np.linalg.lstsq(A, z[active] - A @ w, rcond=None)[0]
        return w

    w = meet(w)
    if len(others) == 0 or (others @ w).max() < -_DEAD * z.max():
        return w
    size = np.linalg.norm(others, axis=1, keepdims=True)
    room = linprog(
        np.append(np.zeros(len(w)), -1.0),
        np.hstack([others, size]),
        np.zeros(len(others)),
        np.hstack([A, np.zeros((len(A), 1))]),
        z[active],
        [(None, None)] * len(w) + [(None, 1.0)],
    )
    return meet(room.x[:-1]) if room.status == 0 else w


def _polish(net, X, codes, *problem):
    """Newton's method: the network at rest, or None where it does not rest.

    An active entry that a step takes to zero or below becomes inactive.
    """
    W1, W = net.W1, net.W
    Z = X @ W1
    active = Z > 0
    before = np.inf
    for _ in range(_STEPS):
        cell = _Cell(X, codes, active, *problem)
        H = np.where(active, Z, 0.0)
        gradient, hessian = cell.at(H, W)
        size = np.linalg.norm(gradient)
        if size < 1e-12 and size > before / 2:
            return ShallowNet(_weights(X, W1, Z, active), W)
        before = size
        step, _ = minres(hessian, -gradient, rtol=1e-14, maxiter=_SWEEPS)
        dH, dW = cell.spread(step)
        Z, W = np.where(active, Z + dH, Z), W + dW
        active = active & (Z > _DEAD * np.abs(Z).max(initial=0.0))
    return None


def _downhill(net, X, codes, *problem):
    """Directions in which the risk may fall, as pairs (dW1, dW)."""
    Z = X @ net.W1
    active = Z > 0
    cell = _Cell(X, codes, active, *problem)
    gradient, hessian = cell.at(np.where(active, Z, 0.0), net.W)
    candidates = [-gradient]
    if len(gradient) <= _DENSE:
        _, vectors = np.linalg.eigh(hessian @ np.eye(len(gradient)))
        candidates.append(vectors[:, 0])
    else:
        _, vectors = eigsh(hessian, k=1, which="SA", tol=1e-3)
        candidates.append(vectors[:, 0])
    for u in candidates:
        dH, dW = cell.spread(u)
        dW1 = np.zeros_like(net.W1)
        for j, rows in enumerate(cell.rows):
            dW1[:, j] = np.linalg.lstsq(X[rows], dH[rows, j], rcond=None)[0]
        yield dW1, dW


def certify_minimum(net, X, y, lambda_W, lambda_H, loss="ce"):
    r"""Prove what a trained two-layer network is: at the bottom, or stuck.

    The network is polished by Newton's method within its activation pattern,
    and one of four answers is given. Each but the last is proved for the
    given float64 data, every rounding counted:

    - *global*: its risk (2.4) is at most ``gap`` above the minimum of
      Theorem 2, which bounds every network from below;
    - *spurious*: within ``radius`` there is a local minimum whose risk is at
      least ``gap`` above that of a collapsed network, and a collapsed network
      exists for these data;
    - *descent*: the risk falls from it, along ``direction``;
    - *undecided*: none of these, and ``message`` says what is missing.

    Parameters
    ----------
    net : ShallowNet
        Two layers, as `nclib.minimise` returns it in ``.net``.
    X : (N, d) array
        Samples.
    y : (N,) integer array
        Labels, equally many of each class.
    lambda_W, lambda_H : float
        Penalties, greater than zero.
    loss : {"ce", "l2"}

    Returns
    -------
    Minimum

    Raises
    ------
    TypeError, ValueError
        Naming the argument: a network of three layers, or of another number
        of features or classes; unequal classes, for which Theorem 2 gives no
        minimum.

    Notes
    -----
    The proof is `nclib.minimality`. It holds one dense Hessian of all active
    entries and of W, m of them: 8 m**2 bytes, a dozen times m**3 / 3
    operations at most; m above 16,000 is undecided. Beyond the paper; proved.

    Examples
    --------
    >>> import nclib
    >>> mixture = nclib.GaussianMixture(nclib.simplex_means(2, 40), sigma=1)
    >>> X, y = mixture.sample(10, seed=0)
    >>> run = nclib.minimise(
    ...     X, y, width=4, lambda_W=0.01, lambda_H=0.01, seed=0
    ... )
    >>> nclib.certify_minimum(run.net, X, y, 0.01, 0.01).kind
    'spurious'
    """
    net, X, codes = _checked(net, X, y)
    problem = (*check_problem(lambda_W, lambda_H, loss, True), loss)
    floor = minimality.floor_bounds(*check_balanced(codes), *problem)
    start = net
    net = _polish(start, X, codes, *problem)
    # Newton's method is drawn to any point of rest, and may leave; what is
    # higher by no more than rounding is the same risk.
    most = (1 + _ROUNDING) * start.risk(X, y, *problem)
    if net is None or net.risk(X, y, *problem) > most:
        net = start
    moved = np.abs(net.features(X) - start.features(X)).max(initial=0.0)

    def answer(kind, message, gap=np.nan, found=None, direction=None):
        radius, curvature = (
            (found.radius, found.curvature) if found else (np.nan, np.nan)
        )
        return Minimum(
            kind,
            float(gap),
            radius,
            curvature,
            float(moved),
            net,
            direction,
            message,
        )

    _, risk = minimality.risk_bounds(net, X, codes, *problem)
    _, gap = minimality.difference_bounds(risk, floor[0])
    if gap <= _GLOBAL * floor[1]:
        return answer(
            "global", f"the risk is at most {_up(gap)} above the least", gap
        )
    try:
        found = minimality.prove_local_minimum(net, X, codes, *problem)
    except minimality.NoProof as error:
        return _falling(net, X, codes, problem, answer, str(error))
    gap, _ = minimality.difference_bounds(found.risk, floor[1])
    where = f"a local minimum lies within {_up(found.radius)}"
    if decide(X, codes).occurs is not True:
        return answer(
            "undecided",
            f"{where}, but no collapsed network was proved to exist, so that "
            "its distance from the floor says nothing",
            found=found,
        )
    if gap <= 0:
        return answer("undecided", f"{where}, at the floor", found=found)
    return answer(
        "spurious",
        f"{where}, at least {_down(gap)} above a collapsed network, which "
        "exists",
        gap,
        found,
    )


def _up(bound):
    """Two digits of an upper bound, which are one, too."""
    digits = Context(prec=2, rounding=ROUND_CEILING)
    return f"{digits.create_decimal_from_float(float(bound)):.1e}"


def _down(bound):
    """Two digits of a lower bound, which are one, too."""
    digits = Context(prec=2, rounding=ROUND_FLOOR)
    return f"{digits.create_decimal_from_float(float(bound)):.1e}"


def _falling(net, X, codes, problem, answer, missing):
    """A direction along which the risk falls by more than a trifle."""
    least, _ = minimality.risk_bounds(net, X, codes, *problem)
    for dW1, dW in _downhill(net, X, codes, *problem):
        try:
            order = minimality.prove_descent(
                net, (dW1, dW), X, codes, *problem
            )
        except minimality.NoProof:
            continue
        signs = (1,) if order == "slope" else (1, -1)
        lowest = min(
            minimality.risk_bounds(
                ShallowNet(net.W1 + t * dW1, net.W + t * dW),
                X,
                codes,
                *problem,
            )[1]
            for sign in signs
            for t in sign * 2.0 ** np.arange(-30, 6)
        )
        if least - lowest > _GLOBAL * least:
            return answer(
                "descent",
                f"the risk falls, by its {order}, and along one line by at "
                f"least {_down(least - lowest)}",
                direction=(dW1, dW),
            )
    return answer("undecided", missing)


def _checked(net, X, y):
    if not isinstance(net, ShallowNet):
        raise TypeError(f"net must be a ShallowNet, got {type(net).__name__}")
    if net.first_layer is not None:
        raise ValueError(
            "net must have two layers: give the features of its first layer "
            "as X, and a ShallowNet without first_layer"
        )
    X, codes, classes = check_Xy(X, y)
    for what, size, needed in (
        ("W1 must have one row a column of X", net.W1.shape[0], X.shape[1]),
        ("W must have one column a class", net.W.shape[1], len(classes)),
    ):
        if size != needed:
            raise ValueError(f"net.{what}, {needed}, got {size}")
    return net, X, codes
