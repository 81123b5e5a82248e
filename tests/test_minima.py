"""Global, spurious, falling or undecided: each proof, and what breaks it."""

import re
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import nclib
from nclib import ShallowNet, certify_minimum, minimality
from nclib._ball import Ball
from nclib.certificates import least_eigenvalue_bound

mpmath.mp.dps = 40


def drawn(n, d, sigma, seed, K=2):
    means = nclib.simplex_means(K, d)
    return nclib.GaussianMixture(means, sigma).sample(n, seed=seed)


def trained(n, d, sigma, D, penalty, seed, loss="ce"):
    X, y = drawn(n, d, sigma, seed)
    run = nclib.minimise(
        X, y, width=D, lambda_W=penalty, lambda_H=penalty, seed=seed, loss=loss
    )
    return run.net, X, y, (penalty, penalty, loss)


@pytest.fixture(scope="module")
def stuck():
    """A network at a spurious minimum: 20 samples, 40 dimensions."""
    net, X, y, problem = trained(10, 40, 1.0, 4, 1e-2, 1)
    return certify_minimum(net, X, y, *problem), X, y, problem


def exact_risk(net, X, y, lambda_W, lambda_H, loss):
    """The risk in 40 digits."""
    exact = np.vectorize(mpmath.mpf, otypes=[object])
    X, W1, W = exact(X), exact(net.W1), exact(net.W)
    H = X @ W1
    H = np.where(H > 0, H, mpmath.mpf(0))
    logits = H @ W
    total = mpmath.mpf(0)
    for row, k in zip(logits, y, strict=True):
        if loss == "ce":
            total += mpmath.log(sum(map(mpmath.exp, row))) - row[k]
        else:
            wanted = [mpmath.mpf(int(j == k)) for j in range(len(row))]
            total += sum((row - wanted) ** 2) / 2
    penalty = lambda_W * (W**2).sum() + lambda_H * (H**2).sum()
    return total / len(y) + penalty / 2


# Arithmetic with proved errors.


def holds(ball, exact):
    low, high = ball.lower.ravel(), ball.upper.ravel()
    values = np.asarray(exact, dtype=object).ravel()
    return all(a <= v <= b for a, v, b in zip(low, values, high, strict=True))


@pytest.mark.parametrize("seed", range(5))
def test_balls_hold_the_exact_numbers(seed):
    rng = np.random.default_rng(seed)
    A, B = rng.normal(size=(2, 7, 7)) * 10.0 ** rng.integers(-8, 8, (2, 7, 7))
    a, b = (np.vectorize(Fraction, otypes=[object])(M) for M in (A, B))
    assert holds(Ball(A) @ B, a @ b)
    assert holds((Ball(A) @ B) @ Ball(A), a @ b @ a)
    assert holds(Ball(A) * B + Ball(A) - B, a * b + a - b)
    assert holds((Ball(A) * B).sum(axis=0), (a * b).sum(axis=0))
    positive = Ball(abs(B)) + 1.0
    assert holds(Ball(A) / positive, a / (abs(b) + 1))
    # A number that is not known exactly.
    wide = Ball(A, 1e-9)
    for end in (Fraction(1, 10**9), -Fraction(1, 10**9)):
        assert holds(wide @ B, (a + end) @ b)
        assert holds(wide * wide, (a + end) * (a + end))


def test_what_cancels_is_not_known():
    value = Ball([[1e17, 1.0, -1e17]]) @ np.ones((3, 1))
    assert holds(value, [1]) and not holds(Ball(value.mid), [1])


def test_functions_of_balls_hold_theirs():
    x = np.linspace(-40, 40, 201)
    exact = [mpmath.exp(mpmath.mpf(v)) for v in x]
    assert holds(Ball(x).exp(), exact)
    assert holds(Ball(x, 1e-6).exp(), [e * (1 + 9e-7) for e in exact])
    y = np.geomspace(1e-30, 1e6, 99)
    exact = [mpmath.log1p(mpmath.mpf(v)) for v in y]
    assert holds(Ball(y).log1p(), exact)
    ends = [mpmath.log1p(mpmath.mpf(v) + mpmath.mpf(1e-9)) for v in y]
    assert holds(Ball(y, 1e-9).log1p(), ends)
    assert np.isinf((Ball(np.ones(2)) / Ball([0.0, 1.0])).rad[0])


@pytest.mark.parametrize("seed", range(20))
def test_least_eigenvalue_is_bounded_from_below(seed):
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    values = np.geomspace(10.0 ** rng.uniform(-11, 0), 1, 12)
    S = (Q * values) @ Q.T
    S = (S + S.T) / 2
    least = np.linalg.eigvalsh(S)[0]
    assert least / 11 < least_eigenvalue_bound(S) <= least
    # One entry more, and it is not positive any more.
    j = rng.integers(12)
    S[j, j] -= 1.01 / np.linalg.inv(S)[j, j]
    assert np.linalg.eigvalsh(S)[0] < 0
    assert least_eigenvalue_bound(S) == 0


# The floor and the risk.


@pytest.mark.parametrize("loss", ["ce", "l2"])
@pytest.mark.parametrize("K, n", [(2, 300), (3, 7), (10, 5000)])
@pytest.mark.parametrize("penalties", [(1e-3, 1e-6), (0.3, 2e-9), (9.0, 9.0)])
def test_the_floor_is_enclosed(K, n, penalties, loss):
    lower, upper = minimality.floor_bounds(K, n, *penalties, loss)
    lam = mpmath.sqrt(mpmath.mpf(penalties[0]) * mpmath.mpf(penalties[1]))
    if loss == "l2":
        slope = lam * mpmath.sqrt(n) * K
        floor = slope - slope**2 / 2 if slope < 1 else mpmath.mpf(0.5)
    else:
        slope = lam * mpmath.sqrt(n * K * (K - 1))
        a = max(mpmath.log((K - 1) / slope - (K - 1)), 0) if slope < 1 else 0
        a = a if mpmath.im(a) == 0 else 0
        floor = mpmath.log1p((K - 1) * mpmath.exp(-a)) + slope * a
    assert lower <= floor <= upper
    assert upper - lower < 1e-13 * (1 + upper)


@pytest.mark.parametrize("loss", ["ce", "l2"])
def test_the_risk_is_enclosed(loss):
    rng = np.random.default_rng(0)
    X, y = drawn(4, 6, 1.0, 0)
    net = ShallowNet(rng.normal(size=(6, 5)), 30 * rng.normal(size=(5, 2)))
    lower, upper = minimality.risk_bounds(net, X, y, 0.1, 0.2, loss)
    assert lower <= exact_risk(net, X, y, 0.1, 0.2, loss) <= upper
    assert upper - lower < 1e-12 * upper


# The four kinds.


def test_a_collapsed_network_is_global():
    X, y = drawn(8, 30, 0.3, 0)
    net = nclib.collapsed_network(X, y, 1e-3, 1e-6, width=5)
    answer = certify_minimum(net, X, y, 1e-3, 1e-6)
    assert answer.kind == "global" and answer.verified
    best = nclib.upfm_minimizer(2, 8, 1e-3, 1e-6).risk
    gap = float(exact_risk(answer.net, X, y, 1e-3, 1e-6, "ce") - best)
    assert gap <= answer.gap < 1e-6 * best


@pytest.mark.parametrize("loss", ["ce", "l2"])
@pytest.mark.parametrize("seed", range(3))
def test_training_that_is_stuck_is_proved_to_be(seed, loss):
    net, X, y, problem = trained(8, 32, 1.0, 4, 1e-2, seed, loss)
    answer = certify_minimum(net, X, y, *problem)
    floor = nclib.upfm_minimizer(2, 8, *problem).risk
    gap = float(exact_risk(answer.net, X, y, *problem)) - floor
    assert answer.kind == "spurious"
    assert 0.99 * gap < answer.gap <= gap + 1e-15
    assert answer.moved < 1e-5
    # It ends where it was.
    again = certify_minimum(answer.net, X, y, *problem)
    assert again.kind == "spurious" and again.moved < 1e-10


def test_the_papers_penalties_are_within_reach():
    X, y = drawn(20, 40, 1.0, 0)
    net = nclib.minimise(X, y, width=50).net
    answer = certify_minimum(net, X, y, 1e-3, 1e-6)
    assert answer.kind == "spurious" and answer.gap > 1e-5
    assert nclib.decide(X, y).occurs


def test_nothing_near_a_certified_minimum_is_lower(stuck):
    answer, X, y, problem = stuck
    assert answer.kind == "spurious"
    base = answer.net
    risk = base.risk(X, y, *problem)
    rng = np.random.default_rng(0)
    for size in (1e-6, 1e-4, 1e-3):
        for _ in range(400):
            moved = ShallowNet(
                base.W1 + size * rng.normal(size=base.W1.shape),
                base.W + size * rng.normal(size=base.W.shape),
            )
            assert moved.risk(X, y, *problem) >= risk - 1e-15


def test_descent_from_nearby_returns(stuck):
    answer, X, y, problem = stuck
    rng = np.random.default_rng(0)
    base = answer.net
    for _ in range(5):
        run = nclib.minimise(
            X,
            y,
            init=(
                base.W1 + 1e-3 * rng.normal(size=base.W1.shape),
                base.W + 1e-3 * rng.normal(size=base.W.shape),
            ),
            lambda_W=problem[0],
            lambda_H=problem[1],
        )
        found = certify_minimum(run.net, X, y, *problem)
        assert found.kind == "spurious"
        assert found.gap == pytest.approx(answer.gap, abs=1e-12)


@pytest.mark.parametrize("angle", [0.3, 0.8, 1.5])
def test_like_neurons_may_turn(stuck, angle):
    # Two neurons that share the part of one: a circle of minima.
    answer, X, y, problem = stuck
    net, j = answer.net, int(np.argmax(np.abs(answer.net.W).sum(axis=1)))
    parts = np.array([np.cos(angle), np.sin(angle)])
    split = ShallowNet(
        np.column_stack(
            [np.delete(net.W1, j, 1), np.outer(net.W1[:, j], parts)]
        ),
        np.vstack([np.delete(net.W, j, 0), np.outer(parts, net.W[j])]),
    )
    found = certify_minimum(split, X, y, *problem)
    assert found.kind == "spurious"
    assert found.gap == pytest.approx(answer.gap, abs=1e-12)


def test_a_neuron_on_more_samples_than_dimensions():
    # No collapsed network exists, so the minimum is proved, its rank not.
    net, X, y, _ = trained(12, 4, 1.0, 2, 1e-2, 1)
    assert ((X @ net.W1 > 0).sum(axis=0) > 4).any()
    answer = certify_minimum(net, X, y, 0.01, 0.01)
    assert nclib.decide(X, y).occurs is False
    assert answer.kind == "undecided" and np.isnan(answer.gap)
    assert answer.radius < 1e-8 and "no collapsed network" in answer.message
    rng = np.random.default_rng(0)
    risk = answer.net.risk(X, y, 0.01, 0.01)
    for _ in range(400):
        moved = ShallowNet(
            answer.net.W1 + 1e-4 * rng.normal(size=net.W1.shape),
            answer.net.W + 1e-4 * rng.normal(size=net.W.shape),
        )
        assert moved.risk(X, y, 0.01, 0.01) >= risk - 1e-15


def test_a_random_network_falls():
    X, y = drawn(8, 30, 1.0, 0)
    rng = np.random.default_rng(0)
    net = ShallowNet(rng.normal(size=(30, 4)), rng.normal(size=(4, 2)))
    answer = certify_minimum(net, X, y, 0.01, 0.01)
    assert answer.kind == "descent"
    risks = [
        ShallowNet(
            answer.net.W1 + t * answer.direction[0],
            answer.net.W + t * answer.direction[1],
        ).risk(X, y, 0.01, 0.01)
        for t in (0, 1e-4)
    ]
    assert risks[1] < risks[0]


def test_a_direction_of_descent_is_proved_by_slope_or_curvature(stuck):
    answer, X, y, problem = stuck
    net = answer.net
    nothing = np.zeros_like(net.W1), np.zeros_like(net.W)
    with pytest.raises(minimality.NoProof):
        minimality.prove_descent(net, nothing, X, y, *problem)
    rng = np.random.default_rng(0)
    for _ in range(20):
        up = rng.normal(size=net.W1.shape), rng.normal(size=net.W.shape)
        with pytest.raises(minimality.NoProof):
            minimality.prove_descent(net, up, X, y, *problem)
    # Away from it, towards it.
    far = ShallowNet(net.W1, net.W + 0.1 * up[1])
    back = np.zeros_like(net.W1), -up[1]
    assert minimality.prove_descent(far, back, X, y, *problem) == "slope"


def test_a_saddle_falls_by_its_curvature():
    # One neuron that says the same to two classes; W = 0 has no slope in W.
    X = np.array([[1.0, 0.0], [0.0, 1.0]])
    net = ShallowNet(np.array([[0.3], [0.3]]), np.zeros((1, 2)))
    direction = np.array([[1.0], [-1.0]]), np.array([[1.0, -1.0]])
    kind = minimality.prove_descent(
        net, direction, X, np.array([0, 1]), 1e-3, 1e-3
    )
    assert kind == "curvature"


def test_what_is_said_is_proved_to_its_last_digit(stuck):
    answer, X, y, problem = stuck
    radius, gap = re.findall(r"\d\.\de[-+]\d+", answer.message)
    assert float(radius) >= answer.radius > 0.9 * float(radius)
    assert float(gap) <= answer.gap < 1.1 * float(gap)


@pytest.mark.parametrize("loss, sharp", [("ce", 0.1), ("l2", 0.7)])
def test_the_hessian_changes_no_faster_than_is_said(loss, sharp):
    # One sample, one neuron: third differences along a thousand lines.
    rng = np.random.default_rng(0)
    y, K, t = np.array([0]), 2, 1e-3
    found = []
    for W_size in (0.0, 0.1, 1.0):
        W = W_size * rng.normal(size=(1, K))
        problem = minimality._Problem(np.array([0]), 0.0, 0.0, loss)
        problem.K, problem.Y = K, np.eye(K)[y]
        bound = problem.lipschitz(1.0, 1.0, np.linalg.norm(W), 1.0, 2 * t)
        for _ in range(1000):
            step = rng.normal(size=1 + K)
            step /= np.linalg.norm(step)
            dh, dW = step[:1].reshape(1, 1), step[1:].reshape(1, K)
            values = [
                float(problem.risk(Ball([[1.0]]) + s * dh, W + s * dW).mid)
                for s in np.array([-2, -1, 1, 2]) * t
            ]
            third = np.dot([-1, 2, -2, 1], values) / (2 * t**3)
            found.append(abs(third) / bound)
    assert sharp < max(found) < 1 + 1e-3


# What is not a minimum is not proved to be one.


def test_five_hundred_mutations_are_refused(stuck):
    answer, X, y, problem = stuck
    net = answer.net
    rng = np.random.default_rng(0)
    Z, back = X @ net.W1, np.linalg.pinv(X)
    active = Z > 0
    for trial in range(500):
        W1, W, penalties = net.W1.copy(), net.W.copy(), list(problem[:2])
        live = rng.choice(np.flatnonzero(active.any(axis=0)))
        i, size = rng.integers(len(X)), 10.0 ** rng.uniform(-2, 0)
        if trial % 5 == 0:  # The gradient is off, by a weight of W,
            W[live, rng.integers(2)] += size * rng.choice([-1, 1])
        elif trial % 5 == 1:  # or by an active entry.
            i = rng.choice(np.flatnonzero(active[:, live]))
            W1[:, live] += back[:, i] * 0.1 * size * Z[i, live]
        elif trial % 5 == 2:  # A sample is at the kink.
            W1[:, live] -= back[:, i] * Z[i, live]
        elif trial % 5 == 3:  # A silent sample speaks.
            i, j = rng.choice(np.argwhere(~active))
            W1[:, j] += back[:, i] * (0.1 - Z[i, j])
        else:  # It is one of another problem.
            penalties[rng.integers(2)] *= 1 + size
        with pytest.raises(minimality.NoProof):
            minimality.prove_local_minimum(
                ShallowNet(W1, W), X, y, *penalties, problem[2]
            )


@pytest.mark.parametrize("size", [1e-11, 1e-9, 1e-7])
def test_the_ball_reaches_the_minimum(stuck, size):
    answer, X, y, problem = stuck
    net = answer.net
    live = (X @ net.W1 > 0).any(axis=0)
    rng = np.random.default_rng(0)
    for _ in range(20):
        step = size * rng.normal(size=net.W.shape) * live[:, None]
        found = minimality.prove_local_minimum(
            ShallowNet(net.W1, net.W + step), X, y, *problem
        )
        assert found.radius >= np.linalg.norm(step) - answer.radius


def test_a_ball_that_reaches_the_kink_is_refused(stuck):
    answer, X, y, problem = stuck
    net = answer.net
    Z = Ball(X) @ net.W1
    active = Z.mid > 0
    neurons = [minimality._Coordinates(X, column) for column in active.T]
    smallest = Z.mid[active].min()
    known = X, Ball(Z.mid, Z.rad), net, neurons, active
    # Silent samples are far away; what is active is not.
    Z.mid[~active] = -1e6
    minimality._same_pattern(*known, 0.99 * smallest)
    with pytest.raises(minimality.NoProof, match="a kink"):
        minimality._same_pattern(*known, 1.01 * smallest)
    Z.mid[~active] = -1e-9
    with pytest.raises(minimality.NoProof, match="a kink"):
        minimality._same_pattern(*known, 0.5 * smallest)


def test_a_minimum_says_no_more_than_holds(stuck):
    answer, X, y, problem = stuck
    found = minimality.prove_local_minimum(answer.net, X, y, *problem)
    assert found.risk <= exact_risk(answer.net, X, y, *problem)
    # The penalties make every Hessian at most so curved along W alone.
    assert 0 < found.curvature < problem[0]
    assert 0 < found.radius < 1e-9


# Arguments.


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (dict(net=3), TypeError, "net must be a ShallowNet, got int"),
        (dict(y=[0] * 6 + [1] * 2), ValueError, "y must hold equally many"),
        (dict(X=np.ones((8, 4))), ValueError, "one row a column of X, 4"),
        (dict(loss="mse"), ValueError, "loss must be one of"),
        (dict(lambda_W=0.0), ValueError, "lambda_W"),
        (
            dict(net=ShallowNet(np.ones((3, 2)), np.ones((2, 3)))),
            ValueError,
            "one column a class, 2, got 3",
        ),
        (
            dict(
                net=ShallowNet(
                    np.ones((5, 2)), np.ones((2, 2)), np.ones((3, 5))
                )
            ),
            ValueError,
            "net must have two layers",
        ),
    ],
)
def test_wrong_arguments_are_named(change, error, match):
    arguments = dict(
        net=ShallowNet(np.ones((3, 2)), np.ones((2, 2))),
        X=np.random.default_rng(0).normal(size=(8, 3)),
        y=[0] * 4 + [1] * 4,
        lambda_W=0.1,
        lambda_H=0.1,
        loss="ce",
    )
    with pytest.raises(error, match=match):
        certify_minimum(**(arguments | change))
