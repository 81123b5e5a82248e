r"""Shallow ReLU networks (2.4), (2.5), and those built from certificates."""

from dataclasses import dataclass

import numpy as np

from nclib._checks import (
    check_balanced,
    check_classifier,
    check_integer,
    check_matrix,
    check_real,
    check_Xy,
)
from nclib.feasibility import decide
from nclib.upfm import upfm_minimizer, upfm_risk

__all__ = [
    "NoCollapsedNetwork",
    "ShallowNet",
    "collapsed_network",
    "network_of_classifier",
]

# The share of the minimal risk by which a collapsed network may miss it.
_RISK_TOLERANCE = 1e-6


class NoCollapsedNetwork(ValueError):
    """No collapsed network exists, or none was proved to, or held by float64.

    Attributes
    ----------
    decision : nclib.feasibility.Decision
        Its ``.classes[label].farkas`` proves the infeasibility.
    labels : list
        The classes without a feasible neuron.
    """

    def __init__(self, message, decision, labels):
        super().__init__(message)
        self.decision = decision
        self.labels = labels


@dataclass(frozen=True, eq=False)
class ShallowNet:
    r"""A bias-free ReLU network with one or two hidden layers.

    Features are :math:`H=\sigma(XW_1)` as in (2.4), or, with a first layer,
    :math:`H=\sigma(\sigma(XF)W_1)` as in (2.5); logits are :math:`HW`.
    Arrays are kept and evaluated in float64; tensors are accepted
    everywhere and converted.

    Parameters
    ----------
    W1 : (d, D) array or tensor
        Hidden weights; (d1, D) with a first layer.
    W : (D, K) array or tensor
        Classifier.
    first_layer : (d, d1) array or tensor, optional
        Weights F of the first of two hidden layers.

    Raises
    ------
    TypeError, ValueError
        Naming the argument: not numeric, not finite, shapes that do not
        chain.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> net = nclib.ShallowNet(W1=np.eye(2), W=[[1.0, -1.0], [-1.0, 1.0]])
    >>> net.features([[2.0, -3.0]]), net.logits([[2.0, -3.0]])
    (array([[2., 0.]]), array([[ 2., -2.]]))
    """

    W1: np.ndarray
    W: np.ndarray
    first_layer: np.ndarray | None = None

    def __post_init__(self):
        W1 = check_matrix("W1", self.W1)
        W = check_matrix("W", self.W)
        first_layer = self.first_layer
        if W.shape[0] != W1.shape[1]:
            raise ValueError(
                f"W must have one row a column of W1, {W1.shape[1]}, "
                f"got shape {W.shape}"
            )
        if first_layer is not None:
            first_layer = check_matrix("first_layer", first_layer)
            if first_layer.shape[1] != W1.shape[0]:
                raise ValueError(
                    f"first_layer must have one column a row of W1, "
                    f"{W1.shape[0]}, got shape {first_layer.shape}"
                )
        for name, value in (
            ("W1", W1),
            ("W", W),
            ("first_layer", first_layer),
        ):
            object.__setattr__(self, name, value)

    def features(self, X):
        """Return the features H (N, D) of the samples X (N, d)."""
        X = check_matrix("X", X)
        layers = [self.W1]
        if self.first_layer is not None:
            layers = [self.first_layer, self.W1]
        if X.shape[1] != layers[0].shape[0]:
            raise ValueError(
                f"X must have {layers[0].shape[0]} columns, one a row of the "
                f"first weights, got shape {X.shape}"
            )
        for weights in layers:
            X = np.maximum(X @ weights, 0)
        return X

    def logits(self, X):
        """Return the logits (N, K) of the samples X (N, d)."""
        return self.features(X) @ self.W

    def risk(self, X, y, lambda_W, lambda_H, loss="ce"):
        """Return the regularized risk (2.4) or (2.5), as `upfm_risk` does.

        Never below ``upfm_minimizer(...).risk`` where the classes of y are
        equal.
        """
        features = self.features(X)
        return upfm_risk(features, self.W, y, lambda_W, lambda_H, loss)


def _minimizer(codes, lambda_W, lambda_H, loss, D):
    """Theorem 2's minimizer for these labels, which must be collapsed."""
    K, n = check_balanced(codes)
    solution = upfm_minimizer(K, n, lambda_W, lambda_H, loss, D)
    if not solution.collapsed:
        raise ValueError(
            f"lambda_W and lambda_H must be smaller: at {lambda_W} and "
            f"{lambda_H} with K = {K}, n = {n} the global minimizer is "
            "W = 0, H = 0, and neural collapse does not occur"
        )
    return solution


def collapsed_network(X, y, lambda_W, lambda_H, loss="ce", width=None):
    r"""Return a globally optimal, collapsed two-layer network.

    Neural collapse occurs (Definition 1) exactly where every class k has a
    neuron :math:`\beta_k` with :math:`X_k\beta_k=1` and
    :math:`X_{k'}\beta_k\le0` for the other classes, (2.12). Then
    :math:`W_1=\sum_k\beta_k\bar h_k^\top` gives the features of Theorem 2,
    and the risk of the network equals the minimum over all nonnegative
    features: no network of any width does better.

    Parameters
    ----------
    X : (N, d) array
        Samples.
    y : (N,) array of integers or strings
        Labels, equally many of each class.
    lambda_W, lambda_H : float
        Penalties, greater than zero.
    loss : {"ce", "l2"}
    width : int, optional
        Number of neurons D, K by default; more are shared out evenly.

    Returns
    -------
    ShallowNet
        ``net.risk(X, y, ...) - upfm_minimizer(...).risk`` was computed and
        is below 1e-6 of the risk; at rounding level unless the neurons are
        long.

    Raises
    ------
    NoCollapsedNetwork
        A `ValueError` with the ``.decision``: (2.12) is infeasible for a
        class (then with its Farkas certificate), or not proved to be
        feasible, or float64 holds no neuron that serves.
    TypeError, ValueError
        Naming the argument: unequal classes, for which the minimizer of
        Theorem 2 does not apply; penalties so large that W = 0, H = 0 is
        the minimizer; width below K.

    Notes
    -----
    The cost is that of `nclib.decide`. Source: Definition 1, Theorem 2 and
    (2.12).

    Examples
    --------
    >>> import nclib
    >>> means = nclib.orthonormal_means(2, 30)
    >>> X, y = nclib.GaussianMixture(means, 0.2).sample(15, seed=0)
    >>> net = nclib.collapsed_network(X, y, lambda_W=1e-3, lambda_H=1e-6)
    >>> net.features(X).round(2)[[0, 1, 15, 16]]
    array([[7.07, 0.  ],
           [7.07, 0.  ],
           [0.  , 7.07],
           [0.  , 7.07]])
    """
    X, codes, classes = check_Xy(X, y)
    K = len(classes)
    D = K if width is None else check_integer("width", width, K)
    solution = _minimizer(codes, lambda_W, lambda_H, loss, D)
    decision = decide(X, classes[codes])
    verdicts = {label: decision.classes[label] for label in classes.tolist()}
    unproved = "whether (2.12) has a solution could not be proved"
    for fails, reason in (
        (
            lambda v: v.feasible is False,
            "no collapsed network exists on X: (2.12) has no solution",
        ),
        (lambda v: not v.verified, unproved),
        (
            lambda v: v.beta is None,
            "a collapsed network exists, but float64 does not hold its neuron",
        ),
    ):
        labels = [k for k, v in verdicts.items() if fails(v)]
        if labels:
            raise NoCollapsedNetwork(
                f"{reason} for class {', '.join(map(str, labels))}: "
                f"{verdicts[labels[0]].message}",
                decision,
                labels,
            )
    neurons = np.column_stack([v.beta for v in verdicts.values()])
    net = ShallowNet(neurons @ solution.H_mean, solution.W)
    gap = net.risk(X, codes, lambda_W, lambda_H, loss) - solution.risk
    if not abs(gap) <= _RISK_TOLERANCE * solution.risk:
        raise NoCollapsedNetwork(
            "a collapsed network exists, but the one found misses the "
            f"minimal risk {solution.risk:.6g} by {gap:.1e}: its neurons are "
            f"too long for float64, norms up to "
            f"{np.linalg.norm(neurons, axis=0).max():.1e}",
            decision,
            list(verdicts),
        )
    return net


def network_of_classifier(
    X, y, B, lambda_W, lambda_H, loss="ce", stretch=1e4, seed=0
):
    r"""Return a collapsed global minimizer that classifies as B does.

    Let a linear classifier B separate the samples, :math:`\langle b_k-b_j,
    x\rangle\ge1` for x in class k and all other j. With independent samples
    some g has :math:`\langle g,x\rangle=1-\langle b_y,x\rangle`, so that
    :math:`\beta_k=b_k+g` solves (2.12). If :math:`\nu` is orthogonal to all
    samples, the 2K neurons :math:`\beta_k\pm\nu` do so too, and for long
    :math:`\nu`

    .. math:: &\sigma(\langle\beta_k+\nu,x\rangle)
        + \sigma(\langle\beta_k-\nu,x\rangle) \\
        &\quad = |\langle\nu,x\rangle| + \langle\beta_k,x\rangle :

    on new points the network decides as B, without ties.

    Parameters
    ----------
    X : (N, d) array
        Independent samples, N below d.
    y : (N,) array of integers or strings
        Labels, equally many of each class.
    B : (d, K) array
        A column a class, in the order of ``np.unique(y)``.
    lambda_W, lambda_H : float
        Penalties, greater than zero.
    loss : {"ce", "l2"}
    stretch : float
        Length of nu over that of the longest beta_k. A new point decides
        otherwise than B only where :math:`|\langle\nu,x\rangle|` is below
        some :math:`|\langle\beta_k,x\rangle|`; a longer nu loses digits of
        the training features.
    seed : int
        Draws nu.

    Returns
    -------
    ShallowNet
        With 2K neurons; its risk was compared with the minimum of Theorem 2.

    Raises
    ------
    TypeError, ValueError
        Naming the argument: B does not separate the samples, the samples are
        dependent or as many as the dimensions; as `collapsed_network`.

    Notes
    -----
    Beyond the paper (proved in these lines). O(N^2 d).

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.networks import network_of_classifier
    >>> mixture = nclib.GaussianMixture(nclib.simplex_means(2, 60), 0.5)
    >>> X, y = mixture.sample(20, seed=0)
    >>> B = np.linalg.lstsq(X, np.eye(2)[y], rcond=None)[0]
    >>> net = network_of_classifier(X, y, B, 1e-3, 1e-6)
    >>> fresh, _ = mixture.sample(500, seed=1)
    >>> same = net.logits(fresh).argmax(1) == (fresh @ B).argmax(1)
    >>> bool(same.mean() > 0.999)
    True
    """
    X, codes, classes = check_Xy(X, y)
    (N, d), K = X.shape, len(classes)
    B = check_classifier("B", B, d, K)
    if N >= d:
        raise ValueError(
            f"X must have fewer samples than features, got shape {X.shape}"
        )
    stretch = check_real("stretch", stretch, 0.0, exclusive=True)
    solution = _minimizer(codes, lambda_W, lambda_H, loss, 2 * K)
    scores = X @ B
    own = scores[np.arange(N), codes]
    scores[np.arange(N), codes] = -np.inf
    margin = (own - scores.max(axis=1)).min()
    if not margin > 0:
        raise ValueError(
            "B must put every sample on the side of its class, got the "
            f"margin {margin:.3g}"
        )
    B, target = B / margin, 1.0 - own / margin
    g = np.linalg.lstsq(X, target, rcond=None)[0]
    if np.abs(X @ g - target).max() > 1e-6 * max(1.0, np.abs(target).max()):
        raise ValueError("X must have independent rows")
    neurons = B + g[:, None]
    axes = np.linalg.qr(X.T)[0]
    nu = np.random.default_rng(seed).standard_normal(d)
    for _ in range(2):
        nu -= axes @ (axes.T @ nu)
    nu *= stretch * np.linalg.norm(neurons, axis=0).max() / np.linalg.norm(nu)
    pairs = np.hstack([neurons + nu[:, None], neurons - nu[:, None]])
    owner = np.arange(2 * K) % K
    heights = solution.H_mean[owner, np.arange(2 * K)]
    net = ShallowNet(pairs * heights, solution.W)
    gap = net.risk(X, codes, lambda_W, lambda_H, loss) - solution.risk
    if not abs(gap) <= _RISK_TOLERANCE * solution.risk:
        raise ValueError(
            f"stretch must be smaller, got {stretch:g}: the network misses "
            f"the minimal risk {solution.risk:.6g} by {gap:.1e}"
        )
    return net
