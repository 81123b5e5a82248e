"""Starts from which training never collapses."""

import numpy as np
import pytest
from scipy.optimize import minimize

import nclib
from nclib.minimality import NoProof, _Problem, floor_bounds, prove_basin

PENALTIES = 0.05, 0.05


def problem(K=2, n=4, d=16, sigma=0.5, seed=0):
    means = nclib.simplex_means(K, d)
    return nclib.GaussianMixture(means, sigma).sample(n, seed)


def descend(X, y, W1, W, lambda_W, lambda_H, step, steps):
    """Gradient descent, written out; the risks along the way."""
    N, Y = len(y), np.eye(W.shape[1])[y]
    for _ in range(steps):
        H = np.maximum(X @ W1, 0)
        logits = H @ W
        P = np.exp(logits - logits.max(axis=1, keepdims=True))
        P = (P / P.sum(axis=1, keepdims=True) - Y) / N
        GH = (P @ W.T + lambda_H * H) * (H > 0)
        W1, W = (
            W1 - step * X.T @ GH,
            W - step * (H.T @ P + lambda_W * W),
        )
    return W1, W


@pytest.mark.parametrize(("K", "behind"), [(2, 0), (2, 1), (3, 1)])
def test_nothing_that_leaves_the_class_behind_is_better(K, behind):
    """The best features with zeros there, found by a blind descent."""
    n, D = 2, K
    X, y = problem(K, n, 4 * K * n)
    net = nclib.left_behind(X, y, behind, *PENALTIES, width=D)
    H = net.features(X)
    assert not H[y == behind].any()
    assert (H[y != behind].max(axis=1) > 0).all()
    served = np.repeat(y != behind, D)

    def risk(x):
        features = np.where(served, x[: len(served)], 0.0).reshape(-1, D)
        W = x[len(served) :].reshape(D, K)
        # The square is smooth, and any nonnegative number is one.
        return nclib.upfm_risk(features**2, W, y, *PENALTIES)

    rng = np.random.default_rng(1)
    best = min(
        minimize(
            risk, rng.standard_normal(len(served) + D * K), method="BFGS"
        ).fun
        for _ in range(3)
    )
    own = net.risk(X, y, *PENALTIES)
    assert own == pytest.approx(best, abs=1e-7)
    if K == 2:
        b = np.sqrt(n * PENALTIES[0] * PENALTIES[1] / 2)
        entropy = np.log(2 / (1 - 2 * b)) / 2
        closed = entropy + b * np.log((1 - 2 * b) / (2 * b))
        assert own == pytest.approx(closed, abs=1e-12)


@pytest.mark.parametrize("K", [2, 3])
def test_it_is_a_local_minimum_above_the_floor(K):
    X, y = problem(K, 4, 8 * K)
    net = nclib.left_behind(X, y, 0, *PENALTIES, width=K + 1)
    found = nclib.certify_minimum(net, X, y, *PENALTIES)
    assert found.kind == "spurious"
    assert found.moved < 1e-6
    _, floor = floor_bounds(K, 4, *PENALTIES)
    above = net.risk(X, y, *PENALTIES) - floor
    assert above - 1e-9 < found.gap <= above + 1e-12


def test_from_the_ball_descent_ends_at_its_risk_and_goes_no_further():
    X, y = problem()
    net = nclib.left_behind(X, y, 1, *PENALTIES, width=4)
    basin = nclib.basin(net, X, y, *PENALTIES)
    assert basin.radius > 1e-5
    rng = np.random.default_rng(2)
    for _ in range(2):
        off = rng.standard_normal(net.W1.size + net.W.size)
        off *= basin.radius / np.linalg.norm(off)
        W1 = basin.net.W1 + off[: net.W1.size].reshape(net.W1.shape)
        W = basin.net.W + off[net.W1.size :].reshape(net.W.shape)
        end = descend(X, y, W1, W, *PENALTIES, 0.05, 4000)
        way = np.hypot(np.linalg.norm(end[0] - W1), np.linalg.norm(end[1] - W))
        assert way <= basin.way
        risk = nclib.ShallowNet(*end).risk(X, y, *PENALTIES)
        assert abs(risk - basin.minimum.risk) < 1e-9
        assert not np.maximum(X @ end[0], 0)[y == 1].any()


def test_the_constants_of_a_basin():
    """Each bound against what it bounds, by differences of the risk."""
    X, y = problem()
    net = nclib.left_behind(X, y, 1, *PENALTIES, width=3)
    basin = nclib.basin(net, X, y, *PENALTIES)
    net = basin.net
    active = X @ net.W1 > 0
    count = active.sum()

    def at(u):
        H = np.zeros(active.shape)
        H[active] = u[:count]
        return nclib.upfm_risk(
            H, u[count:].reshape(net.W.shape), y, *PENALTIES
        )

    here = np.concatenate([(X @ net.W1)[active], net.W.ravel()])
    e = 1e-4 * np.eye(len(here))
    hessian = (
        np.array(
            [
                [
                    at(here + a + b)
                    - at(here + a - b)
                    - at(here - a + b)
                    + at(here - a - b)
                    for b in e
                ]
                for a in e
            ]
        )
        / 4e-8
    )
    values = np.linalg.eigvalsh(hessian)
    assert basin.minimum.curvature <= values[0]
    largest = _Problem(y, *PENALTIES, "ce").largest_curvature(
        np.linalg.norm(net.features(X)), np.linalg.norm(net.W), 1.0, 0.0
    )
    assert values[-1] <= largest < 10 * values[-1]
    # Half of it, sharp up to a factor 1.3.
    assert basin.minimum.curvature > values[0] / 2 / 1.5
    rate = basin.minimum.curvature / 2 * np.linalg.eigvalsh(X @ X.T)[0]
    slowest = np.sqrt(values[-1] / rate) * np.linalg.norm(X, 2)
    assert basin.way > slowest * basin.radius
    # On the whole way half of the curvature is left: the Hessian changes by
    # at most this, with the third cumulant and the norm of the softmax's.
    reach = (basin.radius + basin.way) * np.linalg.norm(X, 2)
    H = net.features(X)
    Q = np.hypot(np.linalg.norm(H), np.linalg.norm(net.W))
    q = np.hypot(np.linalg.norm(H, axis=1).max(), np.linalg.norm(net.W))
    change = (np.sqrt(0.5) * q * Q**2 + 1.5 * Q) / len(y)
    assert reach * change <= basin.minimum.curvature / 2
    # Signs bound how far weights may go.
    room = np.abs(X @ net.W1).min(axis=1) / np.linalg.norm(X, axis=1)
    assert basin.radius + basin.way < room.min()


def test_other_units():
    """A power of two moved from one layer to the other changes nothing."""
    X, y = problem()
    one = nclib.basin(nclib.left_behind(X, y, 1, 0.05, 0.05), X, y, 0.05, 0.05)
    two = nclib.basin(
        nclib.left_behind(X, y, 1, 0.2, 0.0125), X, y, 0.2, 0.0125
    )
    assert two.minimum.risk == pytest.approx(one.minimum.risk, abs=1e-9)
    # Samples are longer than the factor, so that W_1 decides.
    assert np.linalg.norm(X) > 4
    assert two.radius == pytest.approx(2 * one.radius, rel=1e-3)


def test_what_cannot_be():
    X, y = problem()
    with pytest.raises(ValueError, match="independent rows, got rank 4"):
        nclib.left_behind(X[:, :4], y, 1, *PENALTIES)
    with pytest.raises(ValueError, match="best such network is zero"):
        nclib.left_behind(X, y, 1, 1.0, 1.0)
    for label in (2, "a", [0, 1]):
        with pytest.raises(ValueError, match=r"label must be one of \[0, 1\]"):
            nclib.left_behind(X, y, label, *PENALTIES)
    with pytest.raises(ValueError, match="width must be at least 1"):
        nclib.left_behind(X, y, 1, *PENALTIES, width=0)
    best = nclib.collapsed_network(X, y, *PENALTIES)
    with pytest.raises(ValueError, match="spurious local minimum, got global"):
        nclib.basin(best, X, y, *PENALTIES)
    # Two neurons that share a class turn into each other.
    one = nclib.left_behind(X, y, 1, *PENALTIES)
    half = np.sqrt(0.5)
    twice = nclib.ShallowNet(
        np.hstack([one.W1, one.W1]) * half, np.vstack([one.W, one.W]) * half
    )
    with pytest.raises(NoProof, match="may turn"):
        prove_basin(twice, X, y, *PENALTIES)
