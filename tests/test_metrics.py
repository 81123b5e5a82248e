"""(3.2), (3.3): against a literal transcription, and where that fails."""

import subprocess
import sys

import numpy as np
import pytest
from helpers import peak_memory

import nclib
from nclib.metrics import CONVENTIONS, nc_metrics


def literal(H, W, y, convention="paper"):
    """(3.2), (3.3) with D x D matrices and one loop a sample."""
    rule = CONVENTIONS[convention]
    labels = sorted(set(y.tolist()))
    K, (N, D) = len(labels), H.shape
    means = {k: H[y == k].mean(axis=0) for k in labels}
    center = sum(means.values()) / K
    if rule.center == "samples":
        center = H.mean(axis=0)
    within, between = np.zeros((D, D)), np.zeros((D, D))
    for k in labels:
        own = H[y == k]
        share = len(own) / N
        for h in own:
            weight = {"n_k/N": 1 / N, "1/K": 1 / (K * len(own))}[rule.within]
            within += weight * np.outer(h - means[k], h - means[k])
        weight = {"n_k/N": share, "1/K": 1 / K}[rule.between]
        between += weight * np.outer(means[k] - center, means[k] - center)
    nc1 = np.trace(within @ np.linalg.pinv(between, rcond=1e-10))
    if rule.divided_by_K:
        nc1 /= K
    M = np.array([means[k] for k in labels]).T
    C = np.eye(K) - np.ones((K, K)) / K

    def distance(A, frame):
        return np.linalg.norm(A / np.linalg.norm(A) - frame)

    return (
        nc1,
        distance(M.T @ M, np.eye(K) / np.sqrt(K)),
        distance(W.T @ W, C / np.sqrt(K - 1)),
        distance(W.T @ M, C / np.sqrt(K - 1)),
    )


def problem(seed, counts, D, shift=1.0):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(counts)), counts)
    means = shift * rng.random((len(counts), D))
    H = np.maximum(means[y] + rng.normal(size=(len(y), D)), 0)
    return H, rng.normal(size=(D, len(counts))), rng.permutation(y)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(
    ("counts", "D"),
    [((30, 30), 5), ((9, 4, 20), 12), ((3, 1, 5, 2), 2), ((2, 3), 40)],
)
def test_equals_the_literal_transcription(convention, counts, D):
    H, W, y = problem(3, counts, D)
    np.testing.assert_allclose(
        nc_metrics(H, W, y, convention),
        literal(H, W, y, convention),
        rtol=1e-8,
    )


def test_conventions_on_equal_classes_differ_by_the_factor_K_only():
    H, W, y = problem(0, (20, 20, 20), 6)
    reference = nc_metrics(H, W, y)
    for name, rule in CONVENTIONS.items():
        factor = 1 if rule.divided_by_K else 3
        assert nc_metrics(H, W, y, name).nc1 == pytest.approx(
            factor * reference.nc1, rel=1e-12
        )
        assert nc_metrics(H, W, y, name)[1:] == reference[1:]


def test_conventions_on_unequal_classes_all_differ():
    H, W, y = problem(0, (40, 5, 11), 6)
    values = sorted(nc_metrics(H, W, y, name).nc1 for name in CONVENTIONS)
    assert np.diff(values).min() > 1e-3 * values[0]


def test_fisher_adds_up_to_the_total_covariance():
    # Another route to the same number: the covariance of all samples minus
    # the between part is the within part.
    H, W, y = problem(8, (14, 25, 6), 7)
    counts = np.bincount(y)
    means = np.array([H[y == k].mean(axis=0) for k in range(3)])
    between = np.cov(means.T, bias=True, fweights=counts)
    within = np.cov(H.T, bias=True) - between
    expected = np.trace(within @ np.linalg.pinv(between, rcond=1e-10))
    actual = nc_metrics(H, W, y, "fisher").nc1
    assert actual == pytest.approx(expected, rel=1e-9)


def test_invariances():
    rng = np.random.default_rng(1)
    H, W, y = problem(1, (11, 7, 9), 8)
    reference = nc_metrics(H, W, y)
    rotation = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    order = rng.permutation(len(y))
    relabel = np.array([2, 0, 1])
    for other in (
        nc_metrics(H @ rotation, rotation.T @ W, y),
        nc_metrics(H[order], W, y[order]),
        nc_metrics(H, W[:, np.argsort(relabel)], relabel[y]),
        nc_metrics(7.5 * H, 0.01 * W, y),
        nc_metrics(1e-200 * H, 1e200 * W, y),
        nc_metrics(1e200 * H, 1e-200 * W, y),
        nc_metrics(H, W, 10 * y - 7),
    ):
        np.testing.assert_allclose(other, reference, rtol=1e-10)


@pytest.mark.parametrize("K", [2, 3, 10])
def test_vanish_at_the_collapsed_configuration(K):
    y = np.repeat(np.arange(K), 4)
    H = 3.7 * np.eye(K)[y]
    W = 0.2 * (np.eye(K) - 1 / K)
    assert np.array(nc_metrics(H, W, y)).max() < 1e-15
    # The squared loss aligns W with the means instead of a simplex.
    squared = nc_metrics(H, np.eye(K), y)
    expected = np.sqrt(2 - 2 * np.sqrt(1 - 1 / K))
    assert squared.nc2_weights == pytest.approx(expected, rel=1e-12)
    assert squared.nc3 == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("spread", [1e-2, 1e-3, 1e-4])
def test_float32_features_near_collapse(spread):
    rng = np.random.default_rng(2)
    y = np.repeat([0, 1, 2], 100)
    means = 1 + 0.1 * rng.random((3, 50))
    H = means[y] + spread * rng.normal(size=(300, 50))
    W = rng.normal(size=(50, 3))
    truth = nc_metrics(H, W, y)
    single = nc_metrics(H.astype(np.float32), W.astype(np.float32), y)
    assert truth.nc1 == pytest.approx(literal(H, W, y)[0], rel=1e-6)
    # Rounding to float32 changes the data by 6e-8 in 1.
    assert single.nc1 == pytest.approx(truth.nc1, rel=2e-3)
    np.testing.assert_allclose(single[1:], truth[1:], atol=1e-6)


def test_small_variation_on_a_large_offset_is_not_lost():
    # Multiples of 2**-45: adding 1 is exact, and NC1 does not see it.
    rng = np.random.default_rng(7)
    y = np.repeat([0, 1, 2], 3000)
    means = rng.integers(-9, 10, (3, 6))
    H = (means[y] + rng.integers(-9, 10, (9000, 6))) * 2.0**-45
    W = rng.normal(size=(6, 3))
    assert (1 + H - 1 == H).all()
    shifted = nc_metrics(1 + H, W, y).nc1
    assert shifted == pytest.approx(nc_metrics(H, W, y).nc1, rel=1e-8)


def test_rounding_to_float32_leaves_no_spurious_direction():
    # Classes 1 and 2 have the same mean; in float32 it differs by rounding.
    rng = np.random.default_rng(9)
    y = np.repeat([0, 1, 2], 50)
    noise = rng.normal(size=(50, 8))
    means = rng.random((2, 8))
    H = np.vstack([means[0] + noise, means[1] + noise, means[1] - noise])
    H[50:100] += means[1] - H[50:100].mean(axis=0)
    H[100:] += means[1] - H[100:].mean(axis=0)
    W = rng.normal(size=(8, 3))
    truth = nc_metrics(H, W, y).nc1
    assert truth == pytest.approx(literal(H, W, y)[0], rel=1e-8)
    single = nc_metrics(H.astype(np.float32), W, y).nc1
    assert single == pytest.approx(truth, rel=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("constant", [0.0, 3.3, 1e6 / 3])
def test_dead_features_are_reported(dtype, constant):
    y = np.repeat([0, 1], [600, 37])
    H = np.full((637, 50), constant, dtype=dtype)
    metrics = nc_metrics(H, np.ones((50, 2)), y)
    assert metrics.dead
    assert np.isnan(metrics.nc1)
    assert np.isnan(metrics.nc2_features) == (constant == 0)
    assert np.isnan(metrics.nc3) == (constant == 0)
    assert not nc_metrics(*problem(0, (3, 3), 2)).dead


def test_zero_classifier():
    H, W, y = problem(0, (5, 5), 4)
    metrics = nc_metrics(H, 0 * W, y)
    assert np.isnan(metrics.nc2_weights) and np.isnan(metrics.nc3)
    assert metrics[:2] == nc_metrics(H, W, y)[:2]


def test_two_dead_classes_use_the_directions_that_are_left():
    y = np.repeat([0, 1, 2], 4)
    H = np.zeros((12, 3))
    H[:4] = [1.0, 2.0, 0.5]
    H[:2] *= 1.5
    metrics = nc_metrics(H, np.ones((3, 3)), y)
    assert metrics.nc1 == pytest.approx(literal(H, np.ones((3, 3)), y)[0])
    assert metrics.nc2_features > 0.3


def test_tensors():
    torch = pytest.importorskip("torch")
    H, W, y = problem(4, (20, 30), 7)
    reference = nc_metrics(H, W, y)
    tensors = (
        torch.tensor(H, requires_grad=True),
        torch.tensor(W, requires_grad=True),
        torch.tensor(y),
    )
    assert nc_metrics(*tensors) == reference
    single = nc_metrics(tensors[0].float(), tensors[1].float(), tensors[2])
    np.testing.assert_allclose(single, reference, rtol=1e-5)
    coarse = nc_metrics(tensors[0].bfloat16(), tensors[1], tensors[2])
    np.testing.assert_allclose(coarse, reference, rtol=0.05)


def test_arrays_do_not_import_torch():
    code = (
        "import sys, numpy as np; from nclib.metrics import nc_metrics; "
        "nc_metrics(np.eye(4), np.ones((4, 2)), [0, 0, 1, 1]); "
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_memory_is_linear_in_the_number_of_features():
    H, W, y = problem(5, (20, 20), 10_000)
    _, peak = peak_memory(nc_metrics, H, W, y)
    # One D x D matrix would take 800 MB.
    assert peak < 20 * H.nbytes


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"H": np.full((4, 3), np.nan)}, ValueError, "H must be finite"),
        ({"H": np.ones(4)}, ValueError, "H must have two dimensions"),
        ({"H": np.ones((4, 3), complex)}, TypeError, "H must be a real"),
        ({"W": np.full((3, 2), np.inf)}, ValueError, "W must be finite"),
        ({"W": np.ones((2, 3))}, ValueError, r"shape \(3, 2\)"),
        ({"W": np.ones((3, 3))}, ValueError, r"shape \(3, 2\)"),
        ({"y": [0, 0, 1]}, ValueError, "y must have one label"),
        ({"y": [0, 0, 0, 0]}, ValueError, "at least two classes"),
        ({"y": [0.0, 0.0, 1.0, 1.0]}, TypeError, "all integers or"),
        ({"convention": "papian"}, ValueError, "convention must be one of"),
    ],
)
def test_bad_input(change, error, words):
    good = {"H": np.eye(4)[:, :3], "W": np.ones((3, 2)), "y": [0, 0, 1, 1]}
    nc_metrics(**good)
    with pytest.raises(error, match=words):
        nc_metrics(**{**good, **change})


@pytest.mark.filterwarnings("error")
def test_training_knows_that_its_classifier_is_not_transposed():
    X, y = np.eye(4), [0, 0, 1, 1]
    W1, W = np.eye(4, 2), np.array([[0.0, 1.0], [0.0, 0.0]])
    with pytest.raises(UserWarning, match="its transpose 1"):
        nc_metrics(X @ W1, W, y)
    nclib.minimise(X, y, init=(W1, W), max_iterations=1)


@pytest.mark.filterwarnings("error")
def test_a_symmetric_classifier_is_its_own_transpose():
    nc_metrics(np.eye(2)[[0, 0, 1, 1]], np.eye(2), [0, 0, 1, 1])
