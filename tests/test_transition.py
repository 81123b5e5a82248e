"""The sampler of (3.1) agrees in law with full data, at every dimension."""

import importlib

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import binom, chi2, ks_2samp

from nclib.asymptotics import phase_boundary
from nclib.data import (
    GaussianMixture,
    orthonormal_means,
    two_cluster_means,
)
from nclib.feasibility import decide
from nclib.transition import (
    NOISES,
    Design,
    NestedDraw,
    column,
    critical_columns,
    critical_dimensions,
    critical_index,
    gaussian,
    squared_distances,
)


def _children(seed, count):
    return np.random.SeedSequence(seed).spawn(count)


def first_feasible(means, sigma, n, ds, seed):
    """The smallest feasible d of one draw of full data, nested in d."""
    rng, (K, p) = np.random.default_rng(seed), means.shape
    y = np.repeat(np.arange(K), n)
    Z = sigma * rng.standard_normal((K * n, ds[-1]))
    Z[:, :p] += means[y]
    return next(
        d
        for d in ds
        if decide(Z[:, :d], y, [0], verify=False).classes[0].feasible
    )


def direct_feasible(means, sigma, n, k, d, seed):
    """The same question on one fresh draw of full data."""
    M = np.zeros((len(means), d))
    M[:, : means.shape[1]] = means
    X, y = GaussianMixture(M, sigma).sample(n, seed)
    return decide(X, y, [k], verify=False).classes[k].feasible


@pytest.mark.parametrize(
    ("means", "sigma", "n", "d"),
    [
        (two_cluster_means(1, np.pi), 0.6, 20, 26),
        (two_cluster_means(2, np.pi / 3), 0.4, 15, 19),
        (orthonormal_means(3, 3), 0.5, 12, 19),
        (two_cluster_means(2, 0.0), 0.3, 15, 21),
        # Fewer dimensions than the reduction asks for: n <= d < n + p.
        (two_cluster_means(2, np.pi), 0.4, 6, 6),
        (two_cluster_means(2, np.pi), 0.4, 9, 10),
        (two_cluster_means(2, 2.0), 0.25, 12, 13),
        (orthonormal_means(3, 3), 0.08, 8, 8),
        (orthonormal_means(3, 3), 0.2, 8, 9),
        (orthonormal_means(3, 3), 0.25, 8, 10),
        (3.0 * orthonormal_means(3, 5)[:, :4] - 0.4, 0.8, 6, 8),
    ],
)
def test_sampler_has_the_rate_of_full_data(means, sigma, n, d):
    # Two binomial rates with 4,000 draws each; |z| > 4.5 has probability
    # 7e-6 when the laws agree, 8e-5 for the eleven cases together.
    draws = 4000
    sampled = np.mean(
        [
            NestedDraw(means, sigma, n, 0, s).feasible(d)
            for s in _children(1, draws)
        ]
    )
    direct = np.mean(
        [
            direct_feasible(means, sigma, n, 0, d, s)
            for s in _children(2, draws)
        ]
    )
    pooled = (sampled + direct) / 2
    assert 0.05 < pooled < 0.95
    error = np.sqrt(2 * pooled * (1 - pooled) / draws)
    assert abs(sampled - direct) < 4.5 * error


def test_critical_noise_has_the_law_of_full_data():
    # Kolmogorov-Smirnov between two samples of the largest feasible d of a
    # nested draw and of nested full data: false alarm 5e-5.
    n, ds = 12, range(13, 30)
    means = two_cluster_means(1, np.pi)
    nested = [
        ds[critical_index(NestedDraw(means, 0.7, n, 0, s), ds, 4)]
        for s in _children(3, 600)
    ]
    full = [first_feasible(means, 0.7, n, ds, s) for s in _children(4, 600)]
    assert ks_2samp(nested, full).pvalue > 5e-5


def test_one_draw_is_monotone_in_d_and_the_search_finds_its_threshold():
    for seed in _children(5, 40):
        draw = NestedDraw(two_cluster_means(2, 1.0), 0.6, 20, 0, seed)
        ds = list(range(22, 42))
        answers = [draw.feasible(d) for d in ds]
        assert answers == sorted(answers)
        first = answers.index(True) if True in answers else len(ds)
        for start in (0, 9, len(ds) - 1):
            fresh = NestedDraw(two_cluster_means(2, 1.0), 0.6, 20, 0, seed)
            assert critical_index(fresh, ds, start) == first


def test_a_draw_that_is_never_feasible_has_the_index_after_the_last():
    class Blocked:
        def feasible(self, d):
            return False

    for start in (0, 3, 9):
        assert critical_index(Blocked(), range(20, 30), start) == 10


def test_answer_does_not_depend_on_the_order_of_questions():
    means = orthonormal_means(3, 3)
    for seed in _children(6, 20):
        up = NestedDraw(means, 0.5, 15, 1, seed)
        down = NestedDraw(means, 0.5, 15, 1, seed)
        down.constraints(30)
        np.testing.assert_array_equal(up.constraints(21), down.constraints(21))


def test_pure_noise_obeys_wendel_exactly():
    # Zero means: feasibility has the binomial law at every n. 3,000 draws,
    # |z| > 4.5 has probability 7e-6.
    n, K, d, draws = 10, 3, 20, 3000
    rate = np.mean(
        [
            NestedDraw(np.zeros((K, 1)), 1.0, n, 0, s).feasible(d)
            for s in _children(7, draws)
        ]
    )
    exact = binom.cdf(d - n, (K - 1) * n, 0.5)
    assert abs(rate - exact) < 4.5 * np.sqrt(exact * (1 - exact) / draws)


def test_both_designs_count_the_same_rates():
    # Cell by cell, 300 trials in each design; 21 cells, |z| > 5.2 anywhere
    # has probability below 1e-5.
    means, n = two_cluster_means(2, np.pi / 2), 20
    ds = list(range(20, 41))
    seed = np.random.SeedSequence(8)
    nested = column(Design(means, 0.5, n, ds, 300, "nested", 8), seed) / 300
    seed = np.random.SeedSequence(9)
    fresh = column(Design(means, 0.5, n, ds, 300, "independent"), seed) / 300
    pooled = (nested + fresh) / 2
    error = np.sqrt(2 * pooled * (1 - pooled) / 300)
    assert np.all(np.abs(nested - fresh) <= 5.2 * error)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((np.eye(2), 0.0, 10, 0, 1), "sigma"),
        ((np.eye(2), 1.0, 1, 0, 1), "n"),
        ((np.full((2, 2), np.nan), 1.0, 10, 0, 1), "means"),
    ],
)
def test_bad_input_is_named(arguments, name):
    with pytest.raises(ValueError, match=f"^{name} "):
        NestedDraw(*arguments)


def test_dimensions_below_the_samples_are_refused():
    draw = NestedDraw(np.eye(2), 1.0, 10, 0, 1)
    with pytest.raises(ValueError, match="^d must be at least 10"):
        draw.feasible(9)
    with pytest.raises(ValueError, match="^n must exceed .* 5, got 5"):
        NestedDraw(np.eye(5), 1.0, 5, 0, 1)


def test_critical_dimensions_below_n_plus_p_have_the_law_of_full_data():
    # At this noise about half of the draws are feasible below n + p, so that
    # fewer than a fifth of 500 have chance below 1e-30. Three
    # Kolmogorov-Smirnov tests at 3e-5 each.
    n, draws = 12, 500
    for means, sigma in (
        (two_cluster_means(2, np.pi), 0.25),
        (orthonormal_means(3, 3), 0.15),
        (two_cluster_means(3, 2.5), 0.3),
    ):
        p = means.shape[1]
        ours = critical_dimensions(means, sigma, n, draws, seed=21)
        assert np.mean(ours < n + p) > 0.2 and ours.min() >= n
        others = [
            first_feasible(means, sigma, n, range(n, 3 * n), s)
            for s in _children(22, draws)
        ]
        assert ks_2samp(ours, others).pvalue > 3e-5


def test_one_draw_is_monotone_below_the_reduction_too():
    means = orthonormal_means(4, 4)
    crossed = 0
    for seed in _children(23, 200):
        draw = NestedDraw(means, 0.15, 10, 0, seed)
        answers = [draw.feasible(d) for d in range(10, 20)]
        assert answers == sorted(answers)
        crossed += answers.index(True) in (1, 2, 3, 4) if any(answers) else 0
    # The chance of each is 0.7; 40 of 200 or fewer have 2e-47.
    assert crossed > 40


def test_the_noise_of_the_class_is_a_wishart_matrix_of_its_samples():
    # h has covariance inv(A'A) for A = [1, U] with n rows, U standard
    # normal. Against samples of A itself, for n just above p, where a degree
    # more or less shows: four Kolmogorov-Smirnov tests at 1e-5 each.
    n, p, draws = 4, 2, 3000
    means = np.zeros((2, p))
    ours, direct = [], []
    rng = np.random.default_rng(31)
    for seed in _children(32, draws):
        root = NestedDraw(means, 1.0, n, 0, seed)._root
        ours.append(np.linalg.inv(root @ root.T))
        A = np.column_stack([np.ones(n), rng.standard_normal((n, p))])
        direct.append(A.T @ A)
    ours, direct = np.array(ours), np.array(direct)
    assert np.allclose(ours[:, 0, 0], n)
    for one, other in (
        (ours[:, 1, 1], direct[:, 1, 1]),
        (ours[:, 0, 2], direct[:, 0, 2]),
        (ours[:, 1, 2], direct[:, 1, 2]),
        (np.linalg.det(ours), np.linalg.det(direct)),
    ):
        assert ks_2samp(one, other).pvalue > 1e-5


def test_one_dimension_more_adds_a_normal_column_and_an_outer_product():
    # The precision grows by h h', h of covariance inv(A'A), so that
    # h'(A'A) h is chi-square with p + 1 degrees; the columns E are standard
    # normal. Sums over all draws, two sides at 1e-6 each.
    means, n, extra, draws = np.eye(3)[:, :2], 9, 4, 150
    steps = entries = 0.0
    for seed in _children(33, draws):
        draw = NestedDraw(means, 1.0, n, 0, seed)
        precision = draw._factor @ draw._factor.T
        assert np.allclose(draw._C @ precision, np.eye(3), atol=1e-6)
        gram = np.linalg.inv(draw._root @ draw._root.T)
        draw._grow(extra)
        grown = np.linalg.inv(draw._C) - precision
        steps += np.sum(gram * grown)
        entries += np.sum(draw._E**2)
    for found, degrees in (
        (steps, 3 * extra * draws),
        (entries, 2 * n * extra * draws),
    ):
        low, high = chi2.ppf([5e-7, 1 - 5e-7], degrees)
        assert low < found < high


@pytest.mark.parametrize("bias", [False, True])
def test_critical_columns_is_the_first_d_that_decide_grants(bias):
    # The same data, drawn again; d counts the columns without that of ones.
    # Without signal and bias the last d = Kn has chance 1/4: 60 draws.
    K, n, draws = 2, 2, 60
    means = np.zeros((K, 1))
    found = critical_columns(means, gaussian(1.0), n, draws, 41, bias=bias)
    y = np.repeat(np.arange(K), n)
    for d, seed in zip(found, _children(41, draws), strict=True):
        X = np.random.default_rng(seed).standard_normal((K * n, K * n))
        X = np.column_stack([np.ones((K * n, int(bias))), X])
        answers = {
            m: decide(X[:, : m + bias], y, [0]).classes[0].feasible
            for m in range(n, K * n + 1)
        }
        assert d == min(m for m in answers if answers[m])
    assert set(found) == ({2, 3} if bias else {2, 3, 4})


@pytest.mark.parametrize(
    ("means", "sigma", "k"),
    [
        (two_cluster_means(1, np.pi), 0.5, 0),
        (two_cluster_means(2, 0.8), 0.3, 1),
        (2.0 * orthonormal_means(3, 3), 0.7, 2),
    ],
)
def test_squared_distances_are_minima_of_the_reduced_program(means, sigma, k):
    # The same A and g, and the program in v and t by another method.
    (K, p), n = means.shape, 12
    boundary = phase_boundary(means, sigma, k)
    own = np.repeat(np.arange(K) == k, n)
    start = np.append(boundary.v, max(boundary.margins[k], 0.0))
    bounds = [(None, None)] * p + [(0.0, None)]
    found = squared_distances(means, sigma, n, 6, 43, k)
    for gap, seed in zip(found, _children(43, 6), strict=True):
        rng = np.random.default_rng(seed)
        A, g = rng.standard_normal((K * n, p)), rng.standard_normal(K * n)

        def program(x, A=A, g=g):
            margins = np.repeat(means, n, axis=0) @ x[:p] / sigma
            r = g + A @ x[:p] + margins - own * x[p]
            return np.sum(np.where(own, r, np.maximum(r, 0)) ** 2)

        least = minimize(
            program, start, bounds=bounds, options={"ftol": 1e-14}
        )
        assert abs(gap - (least.fun - program(start))) < 1e-4


def test_the_noises_have_mean_zero_and_variance_one():
    # 400,000 entries; kurtosis at most 9, five standard errors.
    for law in NOISES.values():
        entries = law(np.random.default_rng(42), (1000, 400))
        assert abs(entries.mean()) < 5 / 632
        assert abs(entries.var() - 1) < 5 * 8**0.5 / 632


def test_the_claim_on_other_noise_refuses_dependent_entries(monkeypatch):
    # Rows of a multivariate t of 3 degrees: 1.7 dimensions off at n = 60,
    # 4 standard errors beyond what the claim allows at the book's size.
    def student(rng, shape):
        scale = np.sqrt(rng.chisquare(3, (shape[0], 1)) / 3)
        return rng.standard_normal(shape) / scale

    module = importlib.import_module("nclib.ledger.other_designs")
    monkeypatch.setattr(module, "NOISES", {"t": student})
    assert not module.boundary_noise("book")[0]
