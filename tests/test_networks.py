"""Shallow nets, and Definition 1 as a function."""

import numpy as np
import pytest
import scipy.linalg
from helpers import risk_and_slopes
from scipy.optimize import minimize

import nclib
from nclib.metrics import nc_metrics
from nclib.networks import (
    NoCollapsedNetwork,
    ShallowNet,
    collapsed_network,
    network_of_classifier,
)
from nclib.upfm import upfm_minimizer

PENALTIES = (1e-3, 1e-6)


def gap(net, X, y, penalties=PENALTIES, loss="ce"):
    K = len(set(y.tolist()))
    minimum = upfm_minimizer(K, len(y) // K, *penalties, loss).risk
    return net.risk(X, y, *penalties, loss) - minimum


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("loss", ["ce", "l2"])
def test_against_torch(depth, loss):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(depth)
    X, y = rng.normal(size=(9, 4)), np.repeat([0, 1, 2], 3)
    sizes = [4, 6, 3] if depth == 2 else [4, 11, 6, 3]
    layers = [
        torch.nn.Linear(i, o, bias=False, dtype=torch.float64)
        for i, o in zip(sizes, sizes[1:], strict=False)
    ]
    H = torch.tensor(X)
    for layer in layers[:-1]:
        H = torch.relu(layer(H))
    Z = layers[-1](H)
    mean_loss = (
        torch.nn.functional.cross_entropy(Z, torch.tensor(y))
        if loss == "ce"
        else ((Z - torch.eye(3)[y]) ** 2).sum(axis=1).mean() / 2
    )
    risk = (
        mean_loss
        + 0.1 / 2 * (layers[-1].weight ** 2).sum()
        + 0.2 / 2 * (H**2).sum()
    )
    weights = [layer.weight.T for layer in layers]
    net = ShallowNet(weights[-2], weights[-1], *weights[:-2])
    for samples in (X, torch.tensor(X)):
        np.testing.assert_allclose(net.features(samples), H.detach())
        np.testing.assert_allclose(net.logits(samples), Z.detach())
        assert net.risk(samples, y, 0.1, 0.2, loss) == pytest.approx(
            risk.item(), rel=1e-13
        )


def near_boundary(rng, K, n, sigma):
    """Leading columns of one sample, the fewest that still collapse."""
    d = K * n + 2
    means = nclib.simplex_means(K, d)
    X, y = nclib.GaussianMixture(means, sigma).sample(n, seed=rng.integers(99))
    last = None
    while d > 1:
        try:
            last = (X[:, :d], collapsed_network(X[:, :d], y, *PENALTIES))
        except NoCollapsedNetwork:
            break
        d -= 1
    return (*last, y, d)


def test_collapsed_network_on_200_feasible_data_sets():
    rng = np.random.default_rng(0)
    below = 0
    for trial in range(200):
        K, n = int(rng.integers(2, 5)), int(rng.integers(2, 9))
        loss = ("ce", "l2")[trial % 2]
        if trial % 5 == 0:
            # Infeasible with one column fewer, most with d < K n.
            X, _, y, d = near_boundary(rng, K, n, 0.3 + rng.random())
            below += d + 1 < K * n
        else:
            # Feasible by Theorem 3(b): d >= K n, independent samples.
            d = K * n + int(rng.integers(0, 8))
            X = 10 ** rng.uniform(-3, 3) * rng.normal(size=(K * n, d))
            y = rng.permutation(np.repeat(np.arange(K), n))
        net = collapsed_network(X, y, *PENALTIES, loss, K + trial % 4)
        assert abs(gap(net, X, y, loss=loss)) < 1e-12
        metrics = nc_metrics(net.features(X), net.W, y)
        assert metrics.nc1 < 1e-20
        assert metrics.nc2_features < 1e-10
        if loss == "ce":
            assert metrics.nc2_weights < 1e-12 and metrics.nc3 < 1e-10
        assert (net.features(X).max(axis=0) > 0).all()
    assert below >= 20


@pytest.mark.parametrize("loss", ["ce", "l2"])
@pytest.mark.parametrize("seed", [0, 1])
def test_descent_from_the_collapsed_network_does_not_improve_it(seed, loss):
    rng = np.random.default_rng(seed)
    K, n, d, D = 3, 5, 17, 5
    X, y = rng.normal(size=(K * n, d)), np.repeat(np.arange(K), n)
    Y, penalties = np.eye(K)[y], (0.01, 0.002)
    net = collapsed_network(X, y, *penalties, loss, width=D)

    def risk(theta):
        W1, W = theta[: d * D].reshape(d, D), theta[d * D :].reshape(D, K)
        Z = X @ W1
        value, slope_H, slope_W = risk_and_slopes(
            np.maximum(Z, 0), W, Y, *penalties, loss
        )
        slope_W1 = X.T @ (slope_H * (Z > 0))
        return value, np.concatenate([slope_W1.ravel(), slope_W.ravel()])

    start = np.concatenate([net.W1.ravel(), net.W.ravel()])
    size = np.linalg.norm(start) / np.sqrt(len(start))
    options = {"ftol": 1e-16, "gtol": 1e-12, "maxiter": 500}
    minimum = upfm_minimizer(K, n, *penalties, loss).risk
    for noise in (0, 0.1, 1):
        theta = start + noise * size * rng.normal(size=len(start))
        run = minimize(
            risk, theta, jac=True, method="L-BFGS-B", options=options
        )
        assert run.fun > minimum - 1e-12
        if noise == 0:
            assert run.fun > risk(start)[0] - 1e-12


def test_infeasible_data_carry_the_certificate():
    # The second class lies between the two halves of the first.
    X = np.array([[1.0, 1.0], [1.0, -1.0], [1.0, 0.0], [2.0, 0.0]])
    y = np.array([7, 7, -3, -3])
    with pytest.raises(NoCollapsedNetwork, match="class -3, 7") as caught:
        collapsed_network(X, y, *PENALTIES)
    error = caught.value
    assert isinstance(error, ValueError) and error.labels == [-3, 7]
    assert error.decision.occurs is False
    for label in error.labels:
        u, s = error.decision.classes[label].farkas
        inside = y == label
        residual = X[inside].T @ u + X[~inside].T @ s
        assert abs(residual).max() < 1e-12
        assert (s >= 0).all() and u.sum() < 0


def test_labels_and_order_of_samples_are_free():
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(8, 9)), np.array([5, -2, 5, 5, -2, -2, 5, -2])
    net = collapsed_network(X, y, *PENALTIES)
    assert abs(gap(net, X, y)) < 1e-12
    assert (net.logits(X).argmax(axis=1) == (y == 5)).all()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"y": [0, 0, 0, 1]}, ValueError, r"equally many .* got \[3, 1\]"),
        ({"lambda_W": 1, "lambda_H": 1}, ValueError, "W = 0, H = 0"),
        ({"width": 1}, ValueError, "width must be at least 2"),
        ({"lambda_W": 0}, ValueError, "lambda_W must be greater"),
        ({"loss": "hinge"}, ValueError, "loss must be"),
        ({"X": np.full((4, 4), np.nan)}, ValueError, "X must be finite"),
    ],
)
def test_collapsed_network_bad_input(change, error, words):
    good = {
        "X": np.eye(4),
        "y": [0, 0, 1, 1],
        "lambda_W": 0.01,
        "lambda_H": 0.01,
    }
    collapsed_network(**good)
    with pytest.raises(error, match=words) as caught:
        collapsed_network(**{**good, **change})
    assert not isinstance(caught.value, NoCollapsedNetwork)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ShallowNet(np.eye(3), np.eye(2)), "W must have one row"),
        (
            lambda: ShallowNet(np.eye(3), np.eye(3), np.eye(2)),
            "first_layer must have one column",
        ),
        (
            lambda: ShallowNet(np.full((3, 3), np.nan), np.eye(3)),
            "W1 must be finite",
        ),
        (
            lambda: ShallowNet(np.eye(3), np.eye(3)).logits(np.eye(2)),
            "X must have 3 columns",
        ),
        (
            lambda: ShallowNet(np.eye(3), np.eye(3)).risk(
                np.eye(3), [0, 1, 1], 1, 1
            ),
            "W must have",
        ),
    ],
)
def test_shallow_net_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_factorial_design_gets_the_network_it_is_promised():
    # Earlier its neurons had norm 4e15, and the risk was twice the minimum.
    X, y = scipy.linalg.hadamard(8).astype(float), np.arange(8) // 4
    net = collapsed_network(X, y, 1e-3, 1e-3)
    assert abs(gap(net, X, y, (1e-3, 1e-3))) < 1e-12
    metrics = nc_metrics(net.features(X), net.W, y)
    assert metrics.nc1 < 1e-12


def test_a_network_whose_neuron_float64_does_not_hold_is_refused():
    # Class 0 needs a neuron of norm 1e15 at which class 1's x @ beta = 1
    # is lost; it exists, proved.
    rng = np.random.default_rng(1)
    X = rng.standard_normal((6, 9))
    X[0] *= 1e-15
    y = np.repeat([0, 1], 3)
    with pytest.raises(NoCollapsedNetwork, match="float64 does not") as error:
        collapsed_network(X, y, 1e-3, 1e-3)
    assert error.value.labels == [0]
    assert error.value.decision.occurs is True


def test_the_promised_risk_is_checked(monkeypatch):
    # An answer that is wrong, whatever it claims, does not become a net.
    from dataclasses import replace

    from nclib import networks

    X, y = nclib.digits(10)
    honest = nclib.decide(X, y)
    classes = dict(honest.classes)
    classes[3] = replace(classes[3], beta=1.01 * classes[3].beta)
    monkeypatch.setattr(
        networks, "decide", lambda *data: replace(honest, classes=classes)
    )
    with pytest.raises(NoCollapsedNetwork, match="misses the minimal risk"):
        collapsed_network(X, y, *PENALTIES)
    classes[3] = replace(honest.classes[3], verified=False)
    with pytest.raises(NoCollapsedNetwork, match="could not be proved"):
        collapsed_network(X, y, *PENALTIES)


def separable(n=10, d=40, K=2, seed=5):
    means = nclib.simplex_means(K, d)
    X, y = nclib.GaussianMixture(means, 0.5).sample(n, seed)
    return X, y, np.linalg.lstsq(X, np.eye(K)[y], rcond=None)[0]


@pytest.mark.parametrize("loss", ["ce", "l2"])
@pytest.mark.parametrize("K", [2, 3, 4])
def test_any_separating_classifier_is_a_collapsed_minimizer(K, loss):
    X, y, B = separable(8, 60, K)
    # Another scale of the classifier is the same classifier.
    net = network_of_classifier(X, y, 7.5 * B, 0.01, 0.02, loss)
    minimum = nclib.upfm_minimizer(K, 8, 0.01, 0.02, loss).risk
    assert abs(net.risk(X, y, 0.01, 0.02, loss) - minimum) < 1e-9
    metrics = nclib.nc_metrics(net.features(X), net.W, y)
    assert metrics.nc1 < 1e-12 and metrics.nc2_features < 1e-6
    assert net.W1.shape == (60, 2 * K)
    # A point decides otherwise with a chance of about 1e-4: twenty of 3000
    # do with less than 1e-20.
    fresh = np.random.default_rng(6).standard_normal((3000, 60))
    same = net.logits(fresh).argmax(1) == (fresh @ B).argmax(1)
    assert (~same).sum() < 20


def test_what_is_no_separating_classifier_is_refused():
    X, y, B = separable()
    for change, words in (
        (dict(B=-B), "^B must put every sample"),
        (dict(B=B[:-1]), "^B must have one row a feature"),
        (dict(X=X[:, :20], B=B[:20]), "^X must have fewer samples"),
        (dict(y=np.append(y[1:], 1)), "^y must hold equally many"),
        (dict(stretch=0.0), "^stretch must be greater"),
        (dict(lambda_W=1.0, lambda_H=1.0), "^lambda_W and lambda_H must be"),
        (dict(B=B * np.nan), "^B must be finite"),
        (dict(stretch=1e13), "^stretch must be smaller"),
    ):
        with pytest.raises(ValueError, match=words):
            network_of_classifier(
                **(dict(X=X, y=y, B=B, lambda_W=1e-3, lambda_H=1e-6) | change)
            )
    # A sample and its double are separated alike, but not collapsed.
    X[1], scores = 2 * X[0], np.eye(2)[y]
    scores[1] *= 2
    B = np.linalg.lstsq(X, scores, rcond=None)[0]
    with pytest.raises(ValueError, match="^X must have independent rows"):
        network_of_classifier(X, y, B, 1e-3, 1e-6)
