"""The printed bounds against the exact boundary and exact probabilities."""

import math

import numpy as np
import pytest
from helpers import highs_answer

from nclib.asymptotics import phase_boundary
from nclib.bounds import (
    theorem_3,
    theorem_4_sigma,
    theorem_5a_sigma,
    theorem_5b_ratio,
    theorem_5c_ratio,
    wendel_bound,
    wendel_probability,
    wendel_ratio,
)
from nclib.data import orthonormal_means, simplex_means, two_cluster_means


def occurs(X, y):
    return all(highs_answer(X[y == k], X[y != k]) for k in np.unique(y))


def gaussian(seed, N, d, K):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((N, d)), np.arange(N) % K


def test_theorem_3_full_rank_gives_collapse():
    for seed, (N, d, K) in enumerate([(12, 12, 2), (15, 40, 3), (9, 9, 4)]):
        X, y = gaussian(seed, N, d, K)
        result = theorem_3(X * 1e200, y)
        assert result.full_rank and result.occurs is True
        assert "(b)" in result.reason
        assert occurs(X, y)


def test_theorem_3_overlapping_classes_do_not_collapse():
    # One class on a segment, the other in its middle.
    X = np.array([[0.0, 1], [1, 1], [2, 1], [3, 1]])
    y = np.array([7, 3, 3, 7])
    result = theorem_3(X, y)
    assert result.separable is False and result.occurs is False
    assert result.reason.startswith("(a): class 3")
    assert not occurs(X, y)
    # The same point in two classes.
    X, y = gaussian(0, 20, 30, 2)
    X[1] = X[0]
    assert theorem_3(X, y).occurs is False
    assert not occurs(X, y)


def test_theorem_3_ones_outside_the_range():
    rng = np.random.default_rng(1)
    X = 0.1 * rng.standard_normal((40, 5))
    y = np.repeat([0, 1], 20)
    X[:20, 0] += 5
    X[20:, 0] -= 5
    result = theorem_3(X, y)
    assert result.separable is True and result.occurs is False
    assert result.ones_in_range == {0: False, 1: False}
    assert "(c)" in result.reason
    assert not occurs(X, y)
    # Rank-deficient but solvable in one class: a constant first column.
    X[:20, 0] = 5.0
    assert theorem_3(X, y).ones_in_range == {0: True, 1: False}
    for factor in (1e-200, 1e-8, 1e8, 1e200):
        scaled = theorem_3(X * factor, y)
        assert scaled.ones_in_range == {0: True, 1: False}
        assert scaled.separable is True


def test_theorem_3_is_never_wrong_and_sometimes_silent():
    verdicts = []
    for seed in range(40):
        d = 4 + 2 * (seed % 10)
        X, y = gaussian(seed, 20, d, 2)
        X[:, 0] += np.where(y == 0, 1.0, -1.0) * (seed % 3)
        result = theorem_3(X, y)
        verdicts.append(result.occurs)
        if result.occurs is not None:
            assert result.occurs == occurs(X, y)
    assert {True, False, None} == set(verdicts)


def test_theorem_3_unequal_classes_and_zero_data():
    X, y = gaussian(3, 10, 12, 2)
    assert theorem_3(X, np.array([0] * 9 + [1])).occurs is True
    zero = theorem_3(np.zeros((4, 3)), np.array([0, 0, 1, 1]))
    assert zero.occurs is False and zero.separable is False


def test_theorem_4_values():
    d, n = 450, 300
    base = 0.5 * np.sqrt((d - n) / (d * np.log(n)))
    for theta, factor in (
        (np.pi, 1),
        (2 * np.pi / 3, 1),
        (np.pi / 2, 1),
        (np.pi / 3, np.sin(np.pi / 3)),
        (0.0, 0),
    ):
        means = two_cluster_means(4, theta)
        sigma = theorem_4_sigma(d, n, means)
        assert sigma == pytest.approx(base * factor, abs=1e-8)
        assert isinstance(sigma, float)
        # Only the smaller norm counts, and the bound is homogeneous.
        means[0] *= 3
        assert theorem_4_sigma(d, n, means) == pytest.approx(sigma)
        scaled = theorem_4_sigma(d, n, means * 1e250)
        assert scaled == pytest.approx(sigma * 1e250)


def test_theorem_4_with_eps():
    d, n = 450, 300
    base = 0.5 * np.sqrt((d - n) / (d * np.log(n)))
    opposite = two_cluster_means(3, np.pi)
    # The first case ends at eps = 3 - 2 sqrt(2), where 4 eps = (1 - eps)^2.
    edge = 3 - 2 * np.sqrt(2)
    for eps in (0.01, 0.1, edge - 1e-9):
        sigma = theorem_4_sigma(d, n, opposite, eps)
        assert sigma == pytest.approx((1 - eps) * base)
    assert theorem_4_sigma(d, n, opposite, edge + 1e-9) == 0
    right = two_cluster_means(3, np.pi / 2)
    eps = 0.05
    slack = 4 * eps / (1 - eps) ** 2
    expected = (1 - eps) * base * np.sqrt(1 - slack**2)
    assert theorem_4_sigma(d, n, right, eps) == pytest.approx(expected)
    d = np.array([0, 200, 300, 301, 600])
    sigma = theorem_4_sigma(d, n, opposite)
    assert (sigma[:3] == 0).all() and (sigma[3:] > 0).all()
    assert theorem_4_sigma(450, n, np.diag([1.0, 0.0])) == 0


def test_theorem_5a_values():
    for K in (3, 4, 8):
        means = orthonormal_means(K, K + 2)
        for n in (20, 250, 10**5):
            d = n * np.array([1.02, 1.2, 2.0, K])
            sigmas = theorem_5a_sigma(d, n, means)
            expected = np.sqrt((d - n) / (d * np.log(K * n)) / (K - 1)) / 2
            assert np.allclose(sigmas, expected, rtol=1e-12)
    # Singular values 1, ..., 1 and 1 + K/2: the smallest decides.
    tilted = theorem_5a_sigma(150, 100, np.eye(4) + 0.5)
    assert tilted == pytest.approx(theorem_5a_sigma(150, 100, np.eye(4)))
    rng = np.random.default_rng(0)
    means = rng.standard_normal((4, 6))
    d = np.array([50, 100, 150])
    assert (theorem_5a_sigma(d, 100, means)[:2] == 0).all()
    assert theorem_5a_sigma(150, 100, simplex_means(4, 4)) == 0
    assert theorem_5a_sigma(150, 100, np.ones((3, 2))) == 0
    half = theorem_5a_sigma(150, 100, means, eps=0.01)
    factor = np.sqrt(0.99**2 - 16 * 0.01)
    assert half == pytest.approx(theorem_5a_sigma(150, 100, means) * factor)
    assert theorem_5a_sigma(150, 100, means, eps=0.5) == 0
    assert theorem_5a_sigma(150, 100, means * 1e-250) > 0


def heads(tosses, most):
    """The chance of at most that many heads, by counting."""
    if most < 0:
        return 0.0
    cases = sum(math.comb(tosses, i) for i in range(int(most) + 1))
    return cases / 2**tosses


def test_ratios_of_any_noise_level():
    # (2.17) by hand at the sizes of Figures 1 and 2.
    for n, K, gordon in ((300, 2, 1.8205), (250, 4, 3.075), (1000, 2, 1.682)):
        assert theorem_5b_ratio(n, K) == pytest.approx(gordon, abs=6e-4)
    for n, K in ((30, 2), (50, 3), (7, 5), (300, 2)):
        for rank in (None, 0, K - 2):
            p = K - 1 if rank is None else rank
            spare = round(n * wendel_ratio(n, K, rank=rank)) - n - p
            tosses = (K - 1) * n
            assert heads(tosses, spare) >= 1 - 1 / n > heads(tosses, spare - 1)
    assert theorem_5c_ratio(3) == 3.0
    for n in (10, 10**4, 10**6):
        assert wendel_ratio(n, 3) > 2
    assert wendel_ratio(10**6, 3) == pytest.approx(2, abs=0.01)


def test_wendel_ratio_is_the_smallest_dimension():
    for n, K, level in ((30, 2, None), (50, 3, 0.5), (7, 2, 0.99)):
        d = round(n * wendel_ratio(n, K, level))
        target = 1 - 1 / n if level is None else level
        assert wendel_bound(d, n, K) >= target > wendel_bound(d - 1, n, K)


def test_wendel_laws():
    n, K = 40, 3
    d = np.arange(0, 160)
    p, bound = wendel_probability(d, n, K), wendel_bound(d, n, K)
    assert (bound <= p).all()
    assert (p[d < n] == 0).all() and (p[d >= K * n] == 1).all()
    assert p[n] == 2.0 ** -((K - 1) * n)
    for rank in range(K):
        counted = [heads((K - 1) * n, m - n - rank) for m in d]
        assert np.allclose(wendel_bound(d, n, K, rank), counted, atol=1e-13)
    assert np.array_equal(wendel_bound(d, n, K, 0), p)
    assert np.array_equal(wendel_bound(d, n, K, K - 1), bound)
    # 1 + 16 + ... + C(16, 8) = 39203 of 65536, and so on.
    by_hand = np.array([58651, 50643, 39203]) / 65536
    ranks = [wendel_bound(18, 8, 3, rank) for rank in range(3)]
    assert np.allclose(ranks, by_hand, atol=1e-13)
    assert wendel_bound(60.9, n, K) == wendel_bound(60, n, K)
    assert wendel_probability(60.9, n, K) == wendel_probability(60, n, K)
    # Median and spread are those of the boundary's limit of no signal.
    limit = phase_boundary(np.eye(K), np.inf)
    assert np.abs(limit.probability(d, n) - p).max() < 2e-3
    assert wendel_probability(60, 40, 2) == pytest.approx(0.5, abs=0.07)


def test_the_ratio_of_theorem_5b_is_wendel_and_hoeffding():
    # At (2.17) the spare dimensions exceed their mean by t, and Hoeffding's
    # exp(-2 t^2 / N) is at most n^-8: at every n and K.
    for K in (2, 3, 7, 20, 1000):
        for n in (2, 3, 10, 300, 10**5, 10**9):
            N, log = (K - 1) * n, np.log(n)
            t = n * (theorem_5b_ratio(n, K) - 1) - (K - 1) - N / 2
            excess = 2 * np.sqrt(N * log) + 2 * log + 1
            assert t == pytest.approx(excess, rel=1e-6)


def test_pure_noise_follows_wendel_exactly():
    # 600 draws at P = .38 and .62: 4.5 standard errors, false alarm 7e-6
    # each.
    n, draws = 10, 600
    rng = np.random.default_rng(5)
    for d in (14, 15):
        hits = sum(
            highs_answer(*rng.standard_normal((2, n, d))) for _ in range(draws)
        )
        p = wendel_probability(d, n, 2)
        assert abs(hits / draws - p) < 4.5 * np.sqrt(p * (1 - p) / draws)


X4 = np.random.default_rng(0).standard_normal((4, 3))
Y4 = np.array([0, 0, 1, 1])


@pytest.mark.parametrize(
    "call, name",
    [
        (lambda: theorem_3(X4 * np.nan, Y4), "X"),
        (lambda: theorem_3(X4 * 1j, Y4), "X"),
        (lambda: theorem_3(X4, Y4[:3]), "y"),
        (lambda: theorem_3(X4, Y4 * 0), "y"),
        (lambda: theorem_4_sigma(15, 1, np.eye(2)), "n"),
        (lambda: theorem_4_sigma(15, 10.0, np.eye(2)), "n"),
        (lambda: theorem_4_sigma(-1, 10, np.eye(2)), "d"),
        (lambda: theorem_4_sigma([15, np.nan], 10, np.eye(2)), "d"),
        (lambda: theorem_4_sigma("15", 10, np.eye(2)), "d"),
        (lambda: theorem_4_sigma(15, 10, np.eye(3)), "means"),
        (lambda: theorem_4_sigma(15, 10, np.full((2, 2), np.inf)), "means"),
        (lambda: theorem_4_sigma(15, 10, np.eye(2), eps=1), "eps"),
        (lambda: theorem_4_sigma(15, 10, np.eye(2), eps=-0.1), "eps"),
        (lambda: theorem_5a_sigma(15, 0, np.eye(2)), "n"),
        (lambda: theorem_5a_sigma(15, 10, np.ones((1, 3))), "means"),
        (lambda: theorem_5a_sigma(15, 10, np.eye(2), eps=2), "eps"),
        (lambda: theorem_5b_ratio(0, 2), "n"),
        (lambda: theorem_5b_ratio(10, 1), "K"),
        (lambda: theorem_5c_ratio(1), "K"),
        (lambda: wendel_probability(np.inf, 10, 2), "d"),
        (lambda: wendel_probability(15, 0, 2), "n"),
        (lambda: wendel_bound(15, 10, 1), "K"),
        (lambda: wendel_bound(15, 10, 2, rank=2), "rank"),
        (lambda: wendel_bound(15, 10, 2, rank=-1), "rank"),
        (lambda: wendel_ratio(10, 2, rank=1.0), "rank"),
        (lambda: wendel_ratio(1, 2), "n"),
        (lambda: wendel_ratio(10, 2, level=1.0), "level"),
        (lambda: wendel_ratio(10, 2, level=0), "level"),
    ],
)
def test_bad_input_is_named(call, name):
    with pytest.raises((TypeError, ValueError), match=rf"^{name}\b"):
        call()
