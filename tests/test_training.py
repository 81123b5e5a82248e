"""Gram-space training against plain PyTorch, laws, and restarts."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from helpers import interrupt

from nclib import GaussianMixture, two_cluster_means
from nclib.metrics import nc_metrics
from nclib.networks import ShallowNet, collapsed_network
from nclib.training import flow, minimise, sgd, train
from nclib.training.flow import _State
from nclib.training.gram import Problem, log_spaced
from nclib.training.lbfgs import _Geometry
from nclib.upfm import upfm_minimizer

PENALTIES = dict(lambda_W=1e-3, lambda_H=1e-5)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def mixture(n, d, sigma, K=2, seed=0):
    if K == 2:
        means = two_cluster_means(d, np.pi)
    else:
        means = np.eye(K, d)
    return GaussianMixture(means, sigma).sample(n, seed)


def two_layer_problem(X, y, start=None):
    return Problem(
        X,
        y,
        width=5,
        loss="ce",
        lambda_W=1e-2,
        lambda_H=1e-3,
        first_layer=None,
        init=start,
        seed=0,
        dtype="float64",
        device="cpu",
    )


def pytorch_sgd(
    X,
    y,
    W1,
    W,
    *,
    epochs,
    batch_size,
    lr,
    loss,
    lambda_W,
    lambda_H,
    seed,
    first_layer=None,
    records=(),
):
    """What one would write without any of our algebra, in float64."""
    K = W.shape[1]
    hidden = torch.nn.Linear(*W1.shape, bias=False, dtype=torch.float64)
    output = torch.nn.Linear(*W.shape, bias=False, dtype=torch.float64)
    with torch.no_grad():
        hidden.weight.copy_(torch.tensor(W1.T))
        output.weight.copy_(torch.tensor(W.T))
    X = torch.tensor(X)
    if first_layer is not None:
        X = torch.relu(X @ torch.tensor(first_layer))
    y = torch.tensor(y)
    onehot = torch.nn.functional.one_hot(y, K).double()
    optimizer = torch.optim.SGD([hidden.weight, output.weight], lr=lr)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda epoch: 0.1 ** (3 * epoch // epochs)
    )
    N = len(X)
    size = batch_size or N

    def objective(rows):
        H = torch.relu(hidden(X[rows]))
        logits = output(H)
        if loss == "ce":
            fit = torch.nn.functional.cross_entropy(logits, y[rows])
        else:
            fit = (logits - onehot[rows]).square().sum(1).mean() / 2
        weight = output.weight.square().sum() * lambda_W / 2
        activation = H.square().sum(1).mean() * N * lambda_H / 2
        return fit + weight + activation

    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    risks = []
    everything = torch.arange(N)
    for epoch in range(epochs + 1):
        if epoch in records:
            with torch.no_grad():
                risks.append(float(objective(everything)))
        if epoch == epochs:
            break
        order = everything
        if size < N:
            order = torch.from_numpy(rng.permutation(N))
        for rows in order.split(size):
            optimizer.zero_grad()
            objective(rows).backward()
            optimizer.step()
        schedule.step()
    with torch.no_grad():
        H = torch.relu(hidden(X)).numpy()
    return (
        hidden.weight.detach().numpy().T,
        output.weight.detach().numpy().T,
        np.array(risks),
        H,
    )


@pytest.mark.parametrize("loss", ["ce", "l2"])
@pytest.mark.parametrize(
    ("n", "d", "K", "batch_size", "epochs"),
    [
        # 300 steps each; 32 leaves a smaller last batch of 90.
        (30, 60, 3, 32, 100),
        (30, 60, 3, None, 300),
        # d <= N / 2: no Gram matrix.
        (60, 20, 2, 50, 100),
        (60, 20, 2, None, 300),
        # One sample a step.
        (30, 60, 2, 1, 5),
    ],
)
def test_equals_plain_pytorch(loss, n, d, K, batch_size, epochs):
    X, y = mixture(n, d, 0.5, K)
    rng = np.random.default_rng(3)
    W1 = rng.normal(size=(d, 12)) / np.sqrt(d)
    W = rng.normal(size=(12, K)) / 3
    settings = dict(
        epochs=epochs,
        batch_size=batch_size,
        lr=0.1,
        loss=loss,
        seed=5,
        **PENALTIES,
    )
    run = train(X, y, init=(W1, W), dtype="float64", **settings)
    records = run.history["epoch"]
    W1, W, risks, H = pytorch_sgd(X, y, W1, W, records=records, **settings)
    assert run.status == "completed"
    assert records[-1] == epochs
    np.testing.assert_allclose(run.net.W1, W1, rtol=0, atol=1e-9)
    np.testing.assert_allclose(run.net.W, W, rtol=0, atol=1e-9)
    np.testing.assert_allclose(run.history["risk"], risks, rtol=0, atol=1e-9)
    metrics = nc_metrics(H, W, y)
    for name, value in metrics._asdict().items():
        assert run.history[name][-1] == pytest.approx(value, abs=1e-9)


def test_three_layers_equal_plain_pytorch():
    rng = np.random.default_rng(0)
    X, y = mixture(50, 30, 0.5, K=10)
    first = rng.normal(size=(30, 2000)) / np.sqrt(2000)
    W1 = rng.normal(size=(2000, 16)) / np.sqrt(2000)
    W = rng.normal(size=(16, 10)) / 4
    settings = dict(
        epochs=100,
        batch_size=128,
        lr=0.1,
        loss="ce",
        seed=1,
        first_layer=first,
        **PENALTIES,
    )
    run = train(X, y, init=(W1, W), dtype="float64", **settings)
    records = run.history["epoch"]
    W1, W, risks, _ = pytorch_sgd(X, y, W1, W, records=records, **settings)
    np.testing.assert_allclose(run.net.W1, W1, rtol=0, atol=1e-8)
    np.testing.assert_allclose(run.net.W, W, rtol=0, atol=1e-8)
    np.testing.assert_allclose(run.history["risk"], risks, rtol=0, atol=1e-8)
    risk = run.net.risk(X, y, loss="ce", **PENALTIES)
    assert risk == pytest.approx(run.history["risk"][-1], abs=1e-12)


def test_float32_follows_float64_and_history_describes_the_net():
    X, y = mixture(30, 50, 0.4)
    runs = [
        train(X, y, width=10, epochs=40, batch_size=16, dtype=dtype)
        for dtype in ("float32", "float64")
    ]
    for name in ("risk", "nc1", "nc3", "time"):
        np.testing.assert_allclose(
            runs[0].history[name], runs[1].history[name], rtol=2e-4
        )
    for run in runs:
        risk = run.net.risk(X, y, 1e-3, 1e-6)
        assert risk == pytest.approx(run.history["risk"][-1], rel=1e-5)
        assert run.gap == run.history["gap"][-1]
    # 4 steps of 0.1, 0.01 and 0.001 in 14, 13 and 13 epochs: the thirds of
    # 40 epochs end before epochs 14 and 27, counted from 0.
    assert runs[0].history["time"][-1] == pytest.approx(
        4 * (1.4 + 0.13 + 0.013)
    )


def test_seed_gives_the_same_start_everywhere():
    X, y = mixture(10, 30, 0.4)
    first = np.random.default_rng(0).normal(size=(30, 8)) / 3
    for layer in (None, first):
        settings = dict(width=6, seed=11, first_layer=layer)
        starts = [
            train(X, y, epochs=1, dtype="float64", **settings).history[0],
            flow(X, y, T=0.1, **settings).history[0],
            minimise(X, y, max_iterations=1, **settings).history[0],
        ]
        assert len({row["risk"] for row in starts}) == 1
        other = flow(X, y, T=0.1, width=6, seed=12, first_layer=layer)
        assert other.history["risk"][0] != starts[0]["risk"]


def test_records_lie_twenty_a_decade_on_one_grid():
    long, short = log_spaced(100_000), log_spaced(3_000)
    assert long[0] == short[0] == 1 and long[-1] == 100_000
    assert set(short[:-1]) <= set(long) and short[-1] == 3_000
    late = np.array([k for k in long if k >= 1000])
    # Rounding to whole numbers moves one by at most 1/2000 of itself.
    np.testing.assert_allclose(late[1:] / late[:-1], 10**0.05, rtol=1e-3)


def test_the_start_is_that_of_pytorch_layers():
    # Uniform between plus and minus the root of the fan-in: of 2000 entries
    # the largest is below 0.98 of that with probability 0.98^2000 < 1e-17.
    X, y = mixture(10, 25, 0.4)
    kinds = dict(loss="ce", lambda_W=1e-3, lambda_H=1e-6, init=None, seed=3)
    for layer, inputs in ((None, 25), (np.ones((25, 9)), 9)):
        problem = Problem(
            X,
            y,
            width=1000,
            first_layer=layer,
            dtype="float64",
            device="cpu",
            **kinds,
        )
        for weights, fan_in in ((problem.W1, inputs), (problem.W, 1000)):
            root = fan_in**-0.5
            assert weights.shape[0] == fan_in
            assert 0.98 * root < weights.max() < root
            assert -root < weights.min() < -0.98 * root
            # The variance is root^2 / 3, the deviation of its mean below
            # root^2 / sqrt(2000).
            spread = (weights**2).mean() / root**2
            assert abs(spread - 1 / 3) < 6 / np.sqrt(2000)


def test_gap_is_the_risk_above_the_minimum():
    X, y = mixture(15, 40, 0.2)
    for loss in ("ce", "l2"):
        runs = [
            train(X, y, epochs=300, batch_size=8, loss=loss, dtype="float64"),
            flow(X, y, T=100.0, loss=loss),
            minimise(X, y, loss=loss, max_iterations=300),
        ]
        bound = upfm_minimizer(2, 15, 1e-3, 1e-6, loss).risk
        for run in runs:
            np.testing.assert_allclose(
                run.history["gap"], run.history["risk"] - bound, atol=1e-15
            )
    # Without a penalty the infimum is zero.
    for name in ("lambda_W", "lambda_H"):
        run = flow(X, y, T=1.0, **{name: 0.0})
        np.testing.assert_array_equal(run.history["gap"], run.history["risk"])
    # Unequal classes have no closed form to compare with.
    assert np.isnan(flow(X[1:], y[1:], T=1.0).gap)


def test_sgd_approaches_the_flow_at_first_order():
    X, y = mixture(12, 30, 0.6)
    settings = dict(width=8, seed=2, lambda_W=1e-2, lambda_H=1e-4)
    T = 20 * 0.111
    limit = flow(X, y, T=T, rtol=3e-5, **settings)
    errors = []
    for finer in (1, 8):
        run = train(
            X,
            y,
            batch_size=None,
            lr=0.1 / finer,
            epochs=60 * finer,
            dtype="float64",
            **settings,
        )
        assert run.history["time"][-1] == pytest.approx(T)
        errors.append(np.abs(run.net.W1 - limit.net.W1).max())
    # Full-batch descent is Euler's method, of first order: an eighth of the
    # step leaves about an eighth of the error, up to the kinks of ReLU.
    assert errors[0] < 0.02
    assert 4 < errors[0] / errors[1] < 16
    coarse = flow(X, y, T=T, **settings)
    for name in ("risk", "nc1"):
        assert coarse.history[name][-1] == pytest.approx(
            limit.history[name][-1], rel=1e-2
        )


def velocity(X, Y, W1, W, penalties):
    """Minus the gradient of the cross-entropy risk, plainly."""
    Z = X @ W1
    H = np.maximum(Z, 0)
    P = np.exp(H @ W)
    G = (P / P.sum(axis=1, keepdims=True) - Y) / len(Y)
    lambda_W, lambda_H = penalties
    by_H = (G @ W.T + lambda_H * H) * (Z > 0)
    return -X.T @ by_H, -H.T @ G - lambda_W * W


def smooth_problem(d):
    """Twelve samples on which all neurons stay active for a while."""
    rng = np.random.default_rng(0)
    X, y = rng.uniform(0.5, 1.5, (12, d)), np.repeat([0, 1], 6)
    W1 = rng.uniform(0.5, 1.5, (d, 5)) / d
    return X, y, W1, rng.standard_normal((5, 2)) / 3


@pytest.mark.parametrize("d", [4, 9])
def test_the_flow_is_of_second_order_in_its_step(d):
    # Without kinks a step is proportional to the root of rtol, and Heun's
    # error to its square. Euler's would fall by 10 only.
    X, y, *start = smooth_problem(d)
    penalties, T, steps = (1e-2, 1e-3), 2.0, 2000
    weights, h = list(start), T / steps

    def moved(by, times):
        return [w + times * b for w, b in zip(weights, by, strict=True)]

    for _ in range(steps):
        # The classical Runge-Kutta method, exact to rounding here.
        k1 = velocity(X, np.eye(2)[y], *weights, penalties)
        k2 = velocity(X, np.eye(2)[y], *moved(k1, h / 2), penalties)
        k3 = velocity(X, np.eye(2)[y], *moved(k2, h / 2), penalties)
        k4 = velocity(X, np.eye(2)[y], *moved(k3, h), penalties)
        k = [
            a + 2 * b + 2 * c + d
            for a, b, c, d in zip(k1, k2, k3, k4, strict=True)
        ]
        weights = moved(k, h / 6)
    assert (X @ weights[0] > 0).all()
    errors, taken = [], []
    for rtol in (3e-3, 3e-5):
        run = flow(
            X,
            y,
            T=T,
            init=start,
            rtol=rtol,
            lambda_W=penalties[0],
            lambda_H=penalties[1],
        )
        assert run.status == "completed" and run.history["time"][-1] == T
        errors.append(
            max(
                np.abs(run.net.W1 - weights[0]).max(),
                np.abs(run.net.W - weights[1]).max(),
            )
        )
        taken.append(run.history["epoch"][-1])
    assert errors[0] < 3e-3 and 40 < errors[0] / errors[1] < 250
    assert 7 < taken[1] / taken[0] < 14


def test_the_step_of_the_flow_knows_its_own_error():
    # The difference of Heun's and Euler's steps, relative to the state.
    X, y, *start = smooth_problem(4)
    problem = two_layer_problem(X, y, start)
    h, rtol = 0.05, 2e-3
    old = velocity(X, np.eye(2)[y], *start, (1e-2, 1e-3))
    euler = [w + h * v for w, v in zip(start, old, strict=True)]
    new = velocity(X, np.eye(2)[y], *euler, (1e-2, 1e-3))
    both = zip(start, old, new, strict=True)
    heun = [w + h / 2 * (a + b) for w, a, b in both]
    with torch.inference_mode():
        state = _State(problem)
        error = state.attempt(h, rtol)
        state.accept(h)
    sizes = [np.linalg.norm(X @ start[0]), np.linalg.norm(start[1])]
    apart = [
        np.linalg.norm(X @ (heun[0] - euler[0])),
        np.linalg.norm(heun[1] - euler[1]),
    ]
    assert error == pytest.approx(
        max(np.divide(apart, sizes)) / rtol, rel=1e-9
    )
    np.testing.assert_allclose(state.Z.numpy().T, X @ heun[0], atol=1e-12)
    np.testing.assert_allclose(state.V.numpy().T, heun[1], atol=1e-13)
    # The next step begins with the velocity where this one ended.
    ahead = velocity(X, np.eye(2)[y], *heun, (1e-2, 1e-3))
    _, by_Z, by_V = (part.numpy().T for part in state._velocity)
    np.testing.assert_allclose(-by_Z, X @ ahead[0], atol=1e-12)
    np.testing.assert_allclose(-by_V, ahead[1], atol=1e-13)


@pytest.mark.parametrize(("d", "gram"), [(6, False), (7, True)])
def test_the_gram_matrix_is_used_where_it_is_the_smaller_one(d, gram):
    # Products with it cost 2 D N^2, with the features twice 2 D N d.
    X, y, *start = smooth_problem(d)
    problem = two_layer_problem(X, y, start)
    assert problem.gram == gram
    np.testing.assert_allclose(
        problem.preactivations(problem.S).numpy().T, X @ start[0]
    )


def test_a_flow_that_cannot_go_on_says_so(monkeypatch):
    tried = []

    def hopeless(state, h, rtol):
        tried.append(h)
        assert len(tried) < 100
        return np.inf

    monkeypatch.setattr(_State, "attempt", hopeless)
    X, y = mixture(4, 6, 0.5)
    run = flow(X, y, T=5.0)
    assert run.status.startswith("stalled at time 0")
    assert len(run.history) == 1
    # A fifth each time, from 0.1 down to 1e-13 of the whole.
    np.testing.assert_allclose(np.diff(np.log(tried)), -np.log(5))
    assert tried[0] == 0.1 and tried[-1] / 5 < 5e-13 <= tried[-1]


def test_the_flow_takes_no_step_that_errs_by_more_than_rtol(monkeypatch):
    tried, taken = [], []
    attempt, accept = _State.attempt, _State.accept

    def trying(state, h, rtol):
        tried.append(attempt(state, h, rtol))
        return tried[-1]

    def taking(state, h):
        taken.append((tried[-1], h))
        accept(state, h)

    monkeypatch.setattr(_State, "attempt", trying)
    monkeypatch.setattr(_State, "accept", taking)
    X, y = mixture(12, 30, 0.8)
    run = flow(X, y, T=30.0, width=6, rtol=1e-4)
    errors, steps = np.transpose(taken)
    assert errors.max() <= 1 < max(tried)
    assert run.history["epoch"][-1] == len(taken) < len(tried)
    assert steps.sum() == pytest.approx(30, rel=1e-12)


@pytest.mark.parametrize(("n", "d", "rank"), [(10, 30, 5), (20, 7, 4)])
def test_descents_move_in_as_many_directions_as_the_data_span(n, d, rank):
    # In Gram space and in the other; what rounding adds has no direction.
    X, y = mixture(n, rank, 0.5)
    X = X @ np.random.default_rng(7).standard_normal((rank, d))
    with torch.inference_mode():
        problem = two_layer_problem(X, y)
        assert _Geometry(problem).shape == (5, rank)


def test_the_flow_records_the_first_step_past_each_of_its_times(monkeypatch):
    times, accept = [0.0], _State.accept

    def taking(state, h):
        times.append(times[-1] + h)
        accept(state, h)

    monkeypatch.setattr(_State, "accept", taking)
    X, y = mixture(12, 30, 0.8)
    run = flow(X, y, T=1000.0, width=6, rtol=1e-4)
    grid = np.geomspace(0.1, 1000, 121)
    assert len(times) > 1.5 * len(run.history) > 60
    # Steps until a time of the grid is reached, then one row.
    past = np.searchsorted(grid * (1 + 1e-12), times, side="left")
    last = len(times) - 1
    rows = [0] + [k for k in range(1, last) if past[k] > past[k - 1]] + [last]
    assert run.history["epoch"][0] == run.history["time"][0] == 0
    assert run.history["time"][-1] == 1000
    np.testing.assert_array_equal(run.history["epoch"], rows)


@pytest.mark.parametrize("loss", ["ce", "l2"])
@pytest.mark.parametrize(("d", "deep"), [(30, False), (7, False), (7, True)])
def test_the_gradient_norm_is_that_of_finite_differences(d, deep, loss):
    X, y = mixture(8, d, 0.5)
    rng = np.random.default_rng(1)
    first = rng.normal(size=(d, 40)) / 6 if deep else None
    penalties = dict(lambda_W=1e-2, lambda_H=1e-3)
    run = train(
        X,
        y,
        width=4,
        epochs=3,
        first_layer=first,
        loss=loss,
        dtype="float64",
        **penalties,
    )
    weights = [run.net.W1, run.net.W]

    def risk(change):
        cut = weights[0].size
        W1 = weights[0] + change[:cut].reshape(weights[0].shape)
        W = weights[1] + change[cut:].reshape(weights[1].shape)
        net = ShallowNet(W1, W, first_layer=first)
        return net.risk(X, y, loss=loss, **penalties)

    size = sum(w.size for w in weights)
    step = 1e-6 * np.eye(size)
    slopes = [(risk(e) - risk(-e)) / 2e-6 for e in step]
    assert run.gradient_norm == pytest.approx(np.linalg.norm(slopes), rel=1e-6)


def test_minimise_says_when_it_was_stopped():
    X, y = mixture(12, 20, 0.5)
    short = minimise(X, y, width=6, max_iterations=5)
    assert short.status.startswith("stopped after 5 iterations")
    assert short.history["epoch"].tolist() == [0, 1, 2, 3, 4, 5]
    assert "above tol = 1e-09" in short.status
    assert short.gradient_norm > 1e-6
    long = minimise(X, y, width=6)
    assert long.status == "completed"
    assert long.gradient_norm < short.gradient_norm / 1e3


@pytest.mark.parametrize(
    ("n", "d", "sigma"), [(15, 40, 0.2), (40, 20, 0.2), (20, 80, 1.4)]
)
def test_stationary_points_balance_the_penalties(n, d, sigma):
    X, y = mixture(n, d, sigma)
    run = minimise(X, y, width=12, tol=1e-8, **PENALTIES)
    assert run.status == "completed"
    assert run.gradient_norm < 1e-6
    H = run.net.features(X)
    left = PENALTIES["lambda_W"] * np.sum(run.net.W**2)
    right = PENALTIES["lambda_H"] * np.sum(H**2)
    assert left == pytest.approx(right, rel=1e-4)
    assert run.dead_neurons == np.sum(~(H > 0).any(0))
    assert run.dead_samples == np.sum(~(H > 0).any(1))


def test_minimise_finds_and_keeps_the_global_minimum():
    X, y = mixture(15, 45, 0.2)
    run = minimise(X, y, width=20, tol=1e-10)
    assert run.gap < 1e-9
    assert run.history["nc1"][-1] < 1e-6
    net = collapsed_network(X, y, 1e-3, 1e-6, width=20)
    kept = minimise(X, y, init=(net.W1, net.W))
    assert kept.history["gap"][0] < 1e-13
    assert abs(kept.gap) < 1e-13
    # Three layers, with more random features than samples.
    first = np.random.default_rng(0).normal(size=(45, 200)) / 14
    deep = minimise(X, y, width=20, first_layer=first, tol=1e-10)
    assert deep.gap < 1e-8


def test_divergence_and_dead_networks_say_so():
    X, y = mixture(20, 30, 0.5)
    for dtype in ("float32", "float64"):
        run = train(X, y, lr=1e6, epochs=200, dtype=dtype)
        assert run.status.startswith("diverged at epoch")
        assert np.isfinite(run.history["risk"]).all()
        assert run.history["epoch"][0] == 0
        assert np.isfinite(run.net.risk(X, y, 1e-3, 1e-6))
    W1, W = -np.ones((30, 4)), np.ones((4, 2))
    run = train(np.abs(X), y, init=(W1, W), epochs=200)
    assert run.status.startswith("dead at epoch")
    assert run.dead_neurons == 4
    assert run.dead_samples == 40
    assert np.isnan(run.history["nc1"]).all()


def same(one, two):
    assert one.status == two.status == "completed"
    assert one.history.tobytes() == two.history.tobytes()
    assert one.net.W1.tobytes() == two.net.W1.tobytes()
    assert one.net.W.tobytes() == two.net.W.tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("d", [70, 20])
def test_interrupted_run_resumes_to_the_same_bits(
    tmp_path, monkeypatch, dtype, d
):
    X, y = mixture(30, d, 0.5)
    settings = dict(width=7, epochs=150, batch_size=16, dtype=dtype)
    straight = train(X, y, **settings)
    path = tmp_path / "run.npz"
    with monkeypatch.context() as patch:
        interrupt(patch, sgd._Sgd, "epoch", 100)
        broken = train(X, y, checkpoint=path, **settings)
    assert broken.status == "interrupted"
    last = broken.history[-1]
    assert last["epoch"] == 99
    assert broken.net.risk(X, y, 1e-3, 1e-6) == pytest.approx(
        last["risk"], rel=1e-5
    )
    torch.set_num_threads(2)
    resumed = train(X, y, checkpoint=path, **settings)
    # The checkpoint's single thread was used, and this setting put back.
    assert torch.get_num_threads() == 2
    same(straight, resumed)
    same(straight, train(X, y, checkpoint=path, **settings))
    assert os.listdir(tmp_path) == ["run.npz"]
    with pytest.raises(ValueError, match="other data or arguments"):
        train(X, y, checkpoint=path, **{**settings, "lr": 0.2})
    with pytest.raises(ValueError, match="other data or arguments"):
        train(-X, y, checkpoint=path, **settings)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="file that train wrote"):
        train(X, y, checkpoint=path, **settings)


CHILD = """
import sys, torch
import numpy as np
from nclib.training import train
torch.set_num_threads(1)
data = np.load(sys.argv[1])
print("ready", flush=True)
train(data["X"], data["y"], width=7, epochs=3000, batch_size=16,
      checkpoint=sys.argv[2])
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_killed_run_resumes_to_the_same_bits(tmp_path):
    X, y = mixture(40, 90, 0.5)
    np.savez(tmp_path / "data.npz", X=X, y=y)
    path = tmp_path / "run.npz"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, tmp_path / "data.npz", path],
        stdout=subprocess.DEVNULL,
    )
    # Killed once checkpoints have begun, at a moment that is left to chance.
    while not path.exists() and child.poll() is None:
        time.sleep(0.01)
    time.sleep(0.1)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    with np.load(path) as saved:
        assert 0 < saved["rows"]["epoch"][-1] < 3000
    settings = dict(width=7, epochs=3000, batch_size=16)
    same(train(X, y, **settings), train(X, y, checkpoint=path, **settings))


def test_flow_can_be_interrupted(monkeypatch):
    interrupt(monkeypatch, _State, "attempt", 20)
    X, y = mixture(10, 20, 0.5)
    run = flow(X, y, T=1e5)
    assert run.status == "interrupted"
    assert 0 < run.history["time"][-1] < 1e5


X0, Y0 = mixture(4, 6, 0.5)


@pytest.mark.parametrize(
    ("error", "name", "arguments"),
    [
        (ValueError, "width", dict(width=0)),
        (TypeError, "width", dict(width=2.0)),
        (ValueError, "epochs", dict(epochs=0)),
        (ValueError, "batch_size", dict(batch_size=0)),
        (ValueError, "lr", dict(lr=0)),
        (ValueError, "lr", dict(lr=np.nan)),
        (ValueError, "loss", dict(loss="hinge")),
        (ValueError, "lambda_W", dict(lambda_W=-1e-3)),
        (TypeError, "lambda_H", dict(lambda_H="1e-6")),
        (ValueError, "first_layer", dict(first_layer=np.ones((5, 3)))),
        (ValueError, "init", dict(init=(np.ones((6, 3)), np.ones((4, 2))))),
        (TypeError, "init", dict(init=3)),
        (
            ValueError,
            "init",
            dict(init=(1e300 * np.ones((6, 3)), 1e300 * np.ones((3, 2)))),
        ),
        (ValueError, "seed", dict(seed=-1)),
        (ValueError, "dtype", dict(dtype="float16")),
        (ValueError, "device", dict(device="nowhere")),
        (ValueError, "checkpoint", dict(checkpoint="/no/such/folder/x.npz")),
        (ValueError, "X", dict(X=np.full((8, 6), np.nan))),
        (ValueError, "y", dict(y=np.zeros(8, int))),
        (TypeError, "y", dict(y=np.zeros(8))),
    ],
)
def test_bad_arguments_are_named(error, name, arguments):
    arguments = {"X": X0, "y": Y0, "epochs": 2, **arguments}
    with pytest.raises(error, match=f"^{name}"):
        train(arguments.pop("X"), arguments.pop("y"), **arguments)


def test_bad_arguments_of_the_limits_are_named():
    with pytest.raises(ValueError, match="^T must"):
        flow(X0, Y0, T=0)
    with pytest.raises(ValueError, match="^rtol must"):
        flow(X0, Y0, T=1, rtol=-1)
    with pytest.raises(ValueError, match="^tol must"):
        minimise(X0, Y0, tol=0)
    with pytest.raises(ValueError, match="^max_iterations must"):
        minimise(X0, Y0, max_iterations=0)


@pytest.mark.parametrize(
    "call",
    [
        lambda X, y: minimise(X, y, width=50, max_iterations=200),
        lambda X, y: flow(X, y, T=20, width=50, first_layer=np.eye(150, 400)),
    ],
)
def test_the_bits_do_not_depend_on_the_number_of_threads(call):
    X, y = mixture(300, 150, 0.5)
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        found.append(call(X, y))
        assert torch.get_num_threads() == threads
    np.testing.assert_array_equal(found[0].net.W1, found[1].net.W1)
    assert found[0].history.tobytes() == found[1].history.tobytes()
