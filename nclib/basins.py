r"""Starts from which training never collapses, on any independent samples.

Where the samples are independent, X W_1 can be any matrix, so that the dead
entries of the pre-activations can be held away from zero at no cost. A
network that is best among those in which a whole class excites no neuron is
then a local minimum of (2.4), above the floor, and gradient flow that starts
near it stays.
"""

import numpy as np
from scipy.optimize import minimize

from nclib._checks import (
    check_balanced,
    check_integer,
    check_problem,
    check_Xy,
)
from nclib.minima import certify_minimum
from nclib.minimality import prove_basin
from nclib.networks import ShallowNet

__all__ = ["basin", "left_behind"]


def left_behind(X, y, label, lambda_W, lambda_H, width=None):
    r"""The network that is best among those which leave one class behind.

    Every other class has one neuron, the same feature t on each of its
    samples; all other pre-activations are -t. With the logits (A, B, C) for
    the own class, another one and the one left behind, A + (K-2) B + C = 0,
    they minimize the convex function

    .. math:: &\tfrac{K-1}K
        \log\bigl(1 + (K-2)e^{B-A} + e^{C-A}\bigr) \\
        &\quad + (K-1)\sqrt{n\lambda_W\lambda_H} \\
        &\qquad\times \|(A, B, \dots, C)\| .

    Parameters
    ----------
    X : (N, d) array
        Independent samples.
    y : (N,) integer array
        Labels, equally many of each class.
    label : int
        The class that excites no neuron.
    lambda_W, lambda_H : float
        Penalties of the cross-entropy risk (2.4).
    width : int, optional
        Neurons, at least K - 1 and by default that many; those beyond excite
        nothing and have W = 0.

    Returns
    -------
    ShallowNet

    Raises
    ------
    TypeError, ValueError
        Naming the argument: dependent samples, penalties for which the best
        such network is zero.

    Notes
    -----
    Beyond the paper. That it is a local minimum with a basin is proved, case
    by case, by `basin`.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> X, y = np.eye(4), [0, 0, 1, 1]
    >>> net = nclib.left_behind(X, y, 1, 1e-2, 1e-2)
    >>> net.features(X)[:, 0].round(2)
    array([1.39, 1.39, 0.  , 0.  ])
    """
    X, codes, classes = check_Xy(X, y)
    lambda_W, lambda_H = check_problem(lambda_W, lambda_H, "ce", True)
    K, n = check_balanced(codes)
    if np.ndim(label) or label not in classes:
        raise ValueError(
            f"label must be one of {classes.tolist()}, got {label!r}"
        )
    D = check_integer("width", K - 1 if width is None else width, K - 1)
    if np.linalg.matrix_rank(X) < len(X):
        raise ValueError(
            f"X must have independent rows, got rank "
            f"{np.linalg.matrix_rank(X)} for {len(X)} samples"
        )
    behind = int(np.flatnonzero(classes == label)[0])
    served = [k for k in range(K) if k != behind]
    slope = np.sqrt(n * lambda_W * lambda_H)

    def logits(x):
        return np.array([x[0], *[x[1]] * (K - 2), -x[0] - (K - 2) * x[1]])

    def cost(x):
        z = logits(x)
        fit = np.log(np.exp(z - z[0]).sum())
        return fit / K + slope * np.linalg.norm(z)

    z = logits(
        minimize(
            cost,
            [1.0, 0.0],
            method="Nelder-Mead",
            options=dict(xatol=1e-12, fatol=1e-15),
        ).x
    )
    size = np.linalg.norm(z)
    if size < 1e-6:
        raise ValueError(
            f"lambda_W and lambda_H must be smaller: at {lambda_W:g} and "
            f"{lambda_H:g} the best such network is zero"
        )
    # lambda_W |w|^2 = lambda_H n t^2 and t |w| = |z|.
    t = np.sqrt(size * np.sqrt(lambda_W / (lambda_H * n)))
    Z = np.full((len(X), D), -t)
    W = np.zeros((D, K))
    for j, k in enumerate(served):
        Z[codes == k, j] = t
        order = [k, *[m for m in served if m != k], behind]
        W[j, order] = z / t
    W1 = np.linalg.lstsq(X, Z, rcond=None)[0]
    W1 += np.linalg.lstsq(X, Z - X @ W1, rcond=None)[0]
    return ShallowNet(W1, W)


def basin(net, X, y, lambda_W, lambda_H, loss="ce"):
    r"""A ball of starts from which gradient flow never collapses, proved.

    The network is polished and certified as a spurious local minimum by
    `certify_minimum`; then `nclib.minimality.prove_basin` bounds the length
    of every trajectory that starts near.

    Parameters
    ----------
    net, X, y, lambda_W, lambda_H, loss
        As for `certify_minimum`; independent samples.

    Returns
    -------
    Basin
        Of `nclib.minimality`, with ``net``, ``minimum`` and ``radius``.

    Raises
    ------
    TypeError, ValueError
        Naming the argument; also where no proof was found, with what is
        missing.

    Notes
    -----
    Beyond the paper; proved for the given float64 numbers. Cost as for
    `certify_minimum`.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> X, y = np.eye(4), [0, 0, 1, 1]
    >>> net = nclib.left_behind(X, y, 1, 1e-2, 1e-2, width=3)
    >>> nclib.basin(net, X, y, 1e-2, 1e-2).radius > 1e-6
    True
    """
    found = certify_minimum(net, X, y, lambda_W, lambda_H, loss)
    if found.kind != "spurious":
        raise ValueError(
            f"net must lead to a spurious local minimum, got {found}"
        )
    X, codes, _ = check_Xy(X, y)
    return prove_basin(found.net, X, codes, lambda_W, lambda_H, loss)
