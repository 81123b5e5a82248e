"""What keeps a class from collapsing, decided again without it."""

import os

import numpy as np
import pytest

import nclib
from nclib.obstacles import _radius_of_no

DIGITS = nclib.digits(40)
BLOCKED = [
    label
    for label, c in nclib.decide(*DIGITS).classes.items()
    if c.feasible is False
]


def decided(X, y, label):
    answer = nclib.decide(X, y, classes=[label]).classes[label]
    assert answer.verified
    return answer.feasible


def check_removal(X, y, found):
    """Without the rows a yes, with any one of them none."""
    label, removal = found.label, found.removal
    rest = np.setdiff1d(np.arange(len(y)), removal)
    assert decided(X[rest], y[rest], label) is True
    assert found.without.feasible and found.without.verified
    assert (y[rest] == label).any()
    for row in removal:
        put_back = np.append(rest, row)
        answer = nclib.decide(X[put_back], y[put_back], classes=[label])
        assert answer.classes[label].feasible is not True


@pytest.mark.parametrize("label", BLOCKED)
def test_digits(label):
    X, y = DIGITS
    found = nclib.blockers(X, y, label)
    assert found.feasible is False and found.answer.verified
    # The samples exclude the class alone.
    assert decided(X[found.samples], y[found.samples], label) is False
    assert (np.diff(found.weights) <= 0).all()
    assert found.weights.sum() == pytest.approx(1)
    check_removal(X, y, found)
    assert 1 <= len(found.removal) <= 5
    assert 0 <= found.radius <= found.distance < 0.1
    assert decided(found.flipped, y, label) is True


def test_the_digits_hang_on_few_images():
    counts = [len(nclib.blockers(*DIGITS, k).removal) for k in BLOCKED]
    assert BLOCKED == [1, 3, 4, 5, 6, 7, 8, 9]
    assert max(counts) <= 3 and counts.count(1) >= 6


@pytest.mark.parametrize("pairs", [1, 2, 4])
def test_copies_under_two_labels(pairs):
    # Independent but for copies: one of each pair has to go.
    X = np.eye(12)
    y = np.repeat([0, 1], 6)
    X, y = np.vstack([X, X[:pairs]]), np.append(y, np.ones(pairs, dtype=int))
    found = nclib.blockers(X, y, 0)
    assert len(found.removal) == pairs
    check_removal(X, y, found)


def circle(count):
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)])


def distances(X, n, b):
    """dist(X b, Q) for each column b."""
    values = X @ b
    own = values[:n] - np.maximum(values[:n].mean(axis=0), 0)
    above = np.maximum(values[n:], 0)
    return np.sqrt((own**2).sum(axis=0) + (above**2).sum(axis=0))


@pytest.mark.parametrize("seed", range(12))
def test_the_radius_against_every_direction_of_the_plane(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 3))
    X = rng.standard_normal((n + int(rng.integers(3, 9)), 2))
    y = np.append(np.zeros(n, dtype=int), np.ones(len(X) - n, dtype=int))
    found = nclib.blockers(X, y, 0)
    b = circle(20_000)
    exact = distances(X, n, b).min()
    if found.feasible:
        assert exact < 1e-3
        return
    # Within the grid's error, from both sides.
    step = np.pi / 20_000 * np.linalg.norm(X, 2)
    assert found.radius <= exact + 1e-12
    assert exact - step <= found.distance <= 1.2 * exact + 1e-6
    assert found.radius > exact / 30


def test_no_change_below_the_radius_flips_a_no():
    X, y = DIGITS
    rng = np.random.default_rng(5)
    flat = 0
    for label in (1, 8):
        found = nclib.blockers(X, y, label)
        assert found.radius > 1e-3
        nearest = found.flipped - X
        rows = np.flatnonzero(nearest.any(axis=1))
        features = np.flatnonzero(nearest.any(axis=0))
        for trial in range(10):
            change = np.zeros_like(X)
            if trial == 0:
                # The direction that flips it, not far enough.
                change = nearest.copy()
            elif trial < 4:
                u = rng.standard_normal(len(rows))
                v = rng.standard_normal(len(features))
                change[np.ix_(rows, features)] = np.outer(u, v)
            else:
                shape = len(rows), len(features)
                change[np.ix_(rows, features)] = rng.standard_normal(shape)
            change *= 0.999 * found.radius / np.linalg.norm(change, 2)
            assert decided(X + change, y, label) is False
            flat += 1
    assert flat == 20


def test_samples_that_contradict_each_other_alone():
    # 1 is not in the range: r is the least singular value of the spread.
    rng = np.random.default_rng(3)
    X = rng.standard_normal((9, 4))
    y = np.repeat([0, 1], [8, 1])
    found = nclib.blockers(X, y, 0)
    spread = X[:8] - X[:8].mean(axis=0)
    least = np.linalg.svd(spread, compute_uv=False)[-1]
    assert least / 1.2 < found.radius <= _radius_of_no(X[:8], 8) * 1.2
    assert _radius_of_no(X[:8], 8) <= least
    assert found.samples.max() < 8
    check_removal(X, y, found)
    # In float64 the equations of 8 samples hold for no neuron near.
    assert found.flipped is None and found.distance == np.inf


@pytest.mark.parametrize("seed", range(4))
def test_no_change_below_the_radius_flips_a_yes(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((12, 10)), np.repeat([0, 1, 2], 4)
    found = nclib.blockers(X, y, 1)
    assert found.feasible and found.radius > 1e-3
    assert len(found.samples) == len(found.removal) == found.width == 0
    assert found.bias is True
    # The change makes two samples of two classes one.
    assert decided(found.flipped, y, 1) is False
    assert found.radius < found.distance
    changes = [found.flipped - X, *rng.standard_normal((20, *X.shape))]
    u, s = rng.standard_normal(4), rng.uniform(0, 1, 8)
    u -= max(u.mean(), 0) + 0.1
    inside = y == 1
    z = np.zeros(12)
    z[inside], z[~inside] = u, s
    # Towards the data for which z is a certificate, and not there.
    changes.append(-np.outer(z, z @ X))
    for change in changes:
        change = change * 0.999 * found.radius / np.linalg.norm(change, 2)
        assert decided(X + change, y, 1) is True


def test_the_radius_of_a_yes_against_certificates():
    # ||X.T @ z|| over all certificates z of length 1 is an upper bound.
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((6, 8)), np.repeat([0, 1], 3)
    found = nclib.blockers(X, y, 0)
    z = rng.standard_normal((200_000, 6))
    z[:, 3:] = np.abs(z[:, 3:])
    z = z[z[:, :3].sum(axis=1) < 0]
    z /= np.linalg.norm(z, axis=1)[:, None]
    assert 0 < found.radius <= np.linalg.norm(z @ X, axis=1).min()


def test_a_bias_helps_where_no_layer_does():
    # On one ray from zero: 1 and at most 0 cannot both be.
    found = nclib.blockers([[1.0], [2.0]], [0, 1], 0)
    assert found.feasible is False
    assert found.bias is True and found.width is None
    assert "cannot collapse" in str(found)


def test_a_layer_helps_where_no_bias_does():
    X, y = DIGITS
    found = nclib.blockers(X, y, 5)
    assert found.bias is False and 40 < found.width < 100


def test_a_no_that_hangs_on_nothing():
    # Any change of the midpoint frees the class: a radius of zero.
    X = 2.0 * np.random.default_rng(1).integers(-9, 10, (6, 6))
    X[0] = (X[4] + X[5]) / 2
    found = nclib.blockers(X, [0, 0, 0, 1, 1, 1], 0)
    assert found.feasible is False and found.radius == 0
    assert found.noise == 0 and found.distance < 0.1


def test_labels_may_be_words_and_must_be_there():
    X = [[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]]
    y = ["cat", "dog", "dog"]
    found = nclib.blockers(X, y, "cat")
    assert sorted(found.samples.tolist()) == [0, 1]
    assert found.removal.tolist() == [1]
    assert str(found).startswith("class 'cat' cannot collapse")
    with pytest.raises(ValueError, match="label must be one of"):
        nclib.blockers(X, y, "cow")


def test_a_zero_sample_is_in_the_way():
    X = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    found = nclib.blockers(X, [0, 0, 1], 0)
    assert found.samples.tolist() == [] or found.samples.tolist() == [0]
    assert found.removal.tolist() == [0]


@pytest.mark.skipif(
    "NCLIB_DATA" not in os.environ, reason="needs Fashion-MNIST"
)
def test_fashion_mnist_at_half_the_resolution():
    X, y = nclib.fashion_mnist(100)
    X = X.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(len(X), -1)
    found = nclib.blockers(X, y, 6)
    assert found.feasible is False and 1 <= len(found.removal) <= 6
    check_removal(X, y, found)


def test_the_noise_left_is_exceeded_once_in_ten_thousand_at_most():
    # The norm of an N x d matrix of standard normal entries exceeds
    # sqrt(N) + sqrt(d) + x with a chance of at most exp(-x**2 / 2).
    X = np.random.default_rng(3).standard_normal((6, 9))
    found = nclib.blockers(X, [0, 0, 0, 1, 1, 1], 0)
    assert found.feasible and found.radius > 0
    x = found.radius / found.noise - np.sqrt(6) - np.sqrt(9)
    assert np.exp(-(x**2) / 2) <= 1e-4
