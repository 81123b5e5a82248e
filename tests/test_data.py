"""Mixtures, means, digits, and the argument checks everything shares."""

import math

import numpy as np
import pytest

import nclib
from nclib._checks import check_integer, check_matrix, check_real, check_Xy
from nclib.data import pad_means, power_of_two, spread_means


@pytest.mark.parametrize("K", [2, 3, 4, 7])
@pytest.mark.parametrize("extra", [0, 1, 10])
def test_gram_matrices_of_the_means(K, extra):
    orthonormal = nclib.orthonormal_means(K, K + extra)
    assert orthonormal.shape == (K, K + extra)
    assert np.array_equal(orthonormal @ orthonormal.T, np.eye(K))
    simplex = nclib.simplex_means(K, K - 1 + extra)
    assert simplex.shape == (K, K - 1 + extra)
    gram = (K * np.eye(K) - 1.0) / (K - 1.0)
    assert np.allclose(simplex @ simplex.T, gram, rtol=0, atol=1e-15)
    assert np.abs(simplex.sum(axis=0)).max() < 1e-15


@pytest.mark.parametrize("theta", [0.0, 1e-9, 0.3, math.pi / 3, 2.0, math.pi])
@pytest.mark.parametrize("norm", [1e-12, 1.0, 3.5])
def test_two_clusters_have_the_angle_and_norm_asked_for(theta, norm):
    means = nclib.two_cluster_means(5, theta, norm)
    assert means.shape == (2, 5)
    assert not means[:, 2:].any()
    first, second = means / norm
    assert np.allclose([first @ first, second @ second], 1.0, atol=1e-15)
    cross = first[0] * second[1] - first[1] * second[0]
    assert abs(math.atan2(cross, first @ second) - theta) < 1e-15


def test_antipodal_and_equal_means_are_exact():
    opposite = nclib.two_cluster_means(1, math.pi, 0.7)
    assert np.array_equal(opposite[1], -opposite[0])
    equal = nclib.two_cluster_means(1, 0, 0.7)
    assert np.array_equal(equal[1], equal[0])


def test_sample_statistics_match_the_model():
    # 40,000 draws a class: |mean - mu| < 6 sigma / 200 in 10 coordinates and
    # |variance - sigma^2| < 6 sigma^2 sqrt(2 / 40000); both normal tails at
    # 6 standard errors, false-alarm rate below 20 * 2 * 2e-9 < 1e-4.
    means = nclib.simplex_means(2, 5) * 3.0
    sigma, n = 0.5, 40_000
    X, y = nclib.GaussianMixture(means, sigma).sample(n, seed=7)
    for k in range(2):
        noise = X[y == k] - means[k]
        assert np.abs(noise.mean(axis=0)).max() < 6 * sigma / math.sqrt(n)
        error = np.abs(noise.var(axis=0) / sigma**2 - 1.0).max()
        assert error < 6 * math.sqrt(2 / n)
    correlation = np.corrcoef(X[y == 0].T) - np.eye(5)
    assert np.abs(correlation).max() < 6 / math.sqrt(n)


def test_sample_shapes_labels_and_class_sizes():
    gmm = nclib.GaussianMixture(np.eye(3, 6), 0.1)
    X, y = gmm.sample([2, 5, 1], seed=0)
    assert X.shape == (8, 6) and X.dtype == np.float64
    assert y.tolist() == [0, 0, 1, 1, 1, 1, 1, 2]
    data = gmm.sample(4, seed=0)
    assert data.X.shape == (12, 6) and data.y.dtype == np.int64


def test_zero_noise_returns_the_means():
    means = np.array([[1.0, 2.0], [3.0, 4.0]])
    X, y = nclib.GaussianMixture(means, 0).sample(3, seed=1)
    assert np.array_equal(X, means[y])


def test_the_seed_and_nothing_else_decides_the_draw():
    gmm = nclib.GaussianMixture(np.eye(2, 9), 1.0)
    first = gmm.sample(5, seed=3).X
    np.random.default_rng(0).normal(size=10)
    assert np.array_equal(first, gmm.sample(5, seed=3).X)
    assert not np.array_equal(first, gmm.sample(5, seed=4).X)
    rng = np.random.default_rng(3)
    assert np.array_equal(first, gmm.sample(5, seed=rng).X)
    assert not np.array_equal(first, gmm.sample(5, seed=rng).X)
    sequence = np.random.SeedSequence(3)
    assert np.array_equal(first, gmm.sample(5, seed=sequence).X)


def test_the_mixture_keeps_its_own_copy_of_the_means():
    means = np.eye(2)
    gmm = nclib.GaussianMixture(means, 0.0)
    means[0, 0] = 99.0
    assert gmm.sample(1, seed=0).X[0, 0] == 1.0


def test_digits_are_the_first_of_each_class():
    X, y = nclib.digits()
    assert X.shape == (1797, 64)
    assert X.min() == 0.0 and X.max() == 1.0
    assert np.array_equal(X * 16, np.round(X * 16))
    few, labels = nclib.digits(7)
    assert np.bincount(labels).tolist() == [7] * 10
    for k in range(10):
        assert np.array_equal(few[labels == k], X[y == k][:7])
    assert len(nclib.digits(174).X) == 1740


GOOD = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
LABELS = np.array([0, 1, 1])


@pytest.mark.parametrize(
    "X, error",
    [
        (GOOD * np.array([1.0, np.nan]), ValueError),
        (GOOD * np.array([1.0, np.inf]), ValueError),
        (GOOD.astype(complex), TypeError),
        (GOOD.astype(object), TypeError),
        (GOOD.astype(str), TypeError),
        (GOOD.astype(np.longdouble), TypeError),
        (None, TypeError),
        (GOOD[0], ValueError),
        (GOOD[None], ValueError),
        (GOOD[:, :0], ValueError),
        (GOOD[:0], ValueError),
        (np.array([[2**53 + 1], [0], [1]]), ValueError),
        (np.array([[-(2**53) - 1], [0], [1]]), ValueError),
        (np.array([[-(2**63)], [0], [1]]), ValueError),
        (np.array([[2**64 - 1], [0], [1]], dtype=np.uint64), ValueError),
        ([[2**70], [0], [1]], TypeError),
    ],
)
def test_bad_X_is_named(X, error):
    with pytest.raises(error, match="^X "):
        check_Xy(X, LABELS)
    with pytest.raises(error, match="^X "):
        nclib.decide(X, LABELS)


def test_the_error_says_where_the_nan_is():
    X = GOOD.copy()
    X[2, 1] = np.nan
    with pytest.raises(ValueError, match="nan at row 2, column 1"):
        check_Xy(X, LABELS)


@pytest.mark.parametrize(
    "y, error",
    [
        ([0, 1], ValueError),
        ([0, 1, 1, 0], ValueError),
        ([[0], [1], [1]], ValueError),
        ([1, 1, 1], ValueError),
        ([], TypeError),
        ([0.0, 1.0, 1.0], TypeError),
        (["a", 1, 1], TypeError),
        ([None, 1, 1], TypeError),
        ([0, 1, 1j], TypeError),
        (0, ValueError),
        (None, TypeError),
    ],
)
def test_bad_y_is_named(y, error):
    with pytest.raises(error, match="^y "):
        check_Xy(GOOD, y)
    with pytest.raises(error, match="^y "):
        nclib.decide(GOOD, y)


def test_good_data_come_back_exactly_and_are_not_touched():
    X = np.array([[2**53], [-(2**53)], [3]])
    y = np.array([5, -2, 5])
    before = X.copy(), y.copy()
    matrix, codes, classes = check_Xy(X, y)
    assert matrix.dtype == np.float64
    assert matrix.ravel().tolist() == [2.0**53, -(2.0**53), 3.0]
    assert classes.tolist() == [-2, 5] and codes.tolist() == [1, 0, 1]
    matrix[:] = 0.0
    assert np.array_equal(X, before[0]) and np.array_equal(y, before[1])
    floats = GOOD.copy()
    check_Xy(floats, LABELS)[0][:] = 0.0
    assert np.array_equal(floats, GOOD)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float16])
def test_every_real_type_that_float64_holds_is_accepted(dtype):
    X = np.array([[1, 0], [0, 1], [1, 1]]).astype(dtype)
    assert check_matrix("X", X).tolist() == [[1, 0], [0, 1], [1, 1]]


def mixture(sigma):
    return nclib.GaussianMixture(np.eye(2), sigma)


@pytest.mark.parametrize(
    "build, error, name",
    [
        (lambda: mixture(-1e-9), ValueError, "sigma"),
        (lambda: mixture(np.nan), ValueError, "sigma"),
        (lambda: mixture(np.inf), ValueError, "sigma"),
        (lambda: mixture("1"), TypeError, "sigma"),
        (lambda: mixture([1.0]), TypeError, "sigma"),
        (lambda: mixture(1j), TypeError, "sigma"),
        (lambda: mixture(True), TypeError, "sigma"),
        (lambda: nclib.GaussianMixture(np.eye(1), 1.0), ValueError, "means"),
        (lambda: nclib.GaussianMixture([1.0, 2.0], 1.0), ValueError, "means"),
        (
            lambda: nclib.GaussianMixture([[1.0], [np.nan]], 1.0),
            ValueError,
            "means",
        ),
        (lambda: nclib.two_cluster_means(4, np.nan), ValueError, "theta"),
        (lambda: nclib.two_cluster_means(4, np.inf), ValueError, "theta"),
        (lambda: nclib.two_cluster_means(4, "pi"), TypeError, "theta"),
        (lambda: nclib.two_cluster_means(1, 1.0), ValueError, "d"),
        (lambda: nclib.two_cluster_means(0, 0.0), ValueError, "d"),
        (lambda: nclib.two_cluster_means(2.0, 1.0), TypeError, "d"),
        (lambda: nclib.two_cluster_means(4, 1.0, 0.0), ValueError, "norm"),
        (lambda: nclib.two_cluster_means(4, 1.0, np.nan), ValueError, "norm"),
        (lambda: nclib.orthonormal_means(3, 2), ValueError, "d"),
        (lambda: nclib.orthonormal_means(1, 2), ValueError, "K"),
        (lambda: nclib.orthonormal_means(True, 2), TypeError, "K"),
        (lambda: nclib.simplex_means(4, 2), ValueError, "d"),
        (lambda: nclib.simplex_means(1, 2), ValueError, "K"),
        (lambda: nclib.digits(0), ValueError, "n_per_class"),
        (lambda: nclib.digits(175), ValueError, "n_per_class"),
        (lambda: nclib.digits(2.5), TypeError, "n_per_class"),
    ],
)
def test_bad_parameters_are_named(build, error, name):
    with pytest.raises(error, match=f"^{name} "):
        build()


@pytest.mark.parametrize(
    "n, error",
    [
        (0, ValueError),
        (-3, ValueError),
        (2.0, TypeError),
        (True, TypeError),
        ("3", TypeError),
        (None, TypeError),
        ([1], ValueError),
        ([1, 2, 3], ValueError),
        ([1, 0], ValueError),
        ([1, 2.5], TypeError),
    ],
)
def test_bad_sample_sizes_are_named(n, error):
    with pytest.raises(error, match="^n "):
        nclib.GaussianMixture(np.eye(2), 1.0).sample(n, seed=0)


def test_the_scalar_checks_accept_numpy_scalars():
    assert check_integer("n", np.int32(3), 1) == 3
    assert check_real("sigma", np.float32(0.5), 0.0) == 0.5
    assert check_real("sigma", np.array(2), 0.0) == 2.0
    with pytest.raises(ValueError, match="norm must be greater than 0"):
        check_real("norm", 0, 0.0, exclusive=True)


def test_a_power_of_two_divides_exactly():
    values = [5e-324, 1e-310, 0.3, 1.0, 1.5, 2.0, 3.7, 1e300, 1.7e308]
    for value in values:
        power = power_of_two(np.array([-value, value / 4]))
        assert power <= value and value / 2 < power
        assert np.frexp(power)[0] == 0.5
        assert value / power * power == value
    matrix = np.array([[1.0, -9.0], [0.0, 0.0]])
    assert power_of_two(matrix, axis=1).tolist() == [8.0, 0.5]
    assert power_of_two(matrix) == 8.0


def test_padded_and_spread_means():
    means = np.array([[1.0, 2.0], [3.0, 4.0]])
    padded = pad_means(means, 4)
    assert (padded[:, :2] == means).all() and not padded[:, 2:].any()
    with pytest.raises(ValueError, match="^d must be at least 2, got 1"):
        pad_means(means, 1)
    first, second = spread_means(9)
    assert (first == -second).all() and abs(first @ first - 1) < 1e-15
    scaled = spread_means(3, np.array([1.0, 2.0, 4.0]))
    assert np.allclose(scaled[0] * [1, 2, 4], spread_means(3)[0])
