"""Bounds for every sample size: against quadrature, draws and the limit."""

import math

import numpy as np
import pytest
from scipy.integrate import dblquad, quad
from scipy.optimize import minimize, minimize_scalar
from scipy.stats import binom, norm

import nclib
from nclib.bounds import (
    theorem_4_sigma,
    theorem_5a_sigma,
    theorem_5b_ratio,
    wendel_bound,
    wendel_probability,
)
from nclib.cones import sampled_dimensions
from nclib.data import orthonormal_means, simplex_means, two_cluster_means
from nclib.designs import design_dimensions
from nclib.figures.figure_1 import THETAS
from nclib.finite import (
    _log_moment,
    _problems,
    _slope,
    allowed_noise,
    allowed_samples,
    feasibility_bound,
    infeasibility_bound,
    log_bound,
    needed_dimensions,
)
from nclib.transition import critical_dimensions

OPPOSED = two_cluster_means(1, np.pi)
UNEVEN = np.array([[1.0, 0.3], [-0.4, 0.9], [0.2, -1.1]])


def moment(m, s, xi, side):
    """E exp(xi y^2; side y > 0) + P(the rest), y ~ N(m, s^2), by quadrature.

    Independent of the package's closed form.
    """
    center = m / (1 - 2 * xi * s * s)
    width = s / np.sqrt(1 - 2 * xi * s * s)
    low, high = center - 12 * width, center + 12 * width
    low, high = (
        (max(low, 0), max(high, 0))
        if side > 0
        else (
            min(low, 0),
            min(high, 0),
        )
    )
    inside = quad(
        lambda y: np.exp(xi * y * y + norm.logpdf(y, m, s)),
        low,
        high,
        epsabs=0,
        epsrel=1e-11,
        limit=200,
    )[0]
    return inside + norm.cdf(-side * m / s)


def direct_log(means, sigma, sizes, d, v, xi, k):
    """The theorem's right-hand side, factor by factor."""
    p = np.linalg.matrix_rank(means)
    s, theta = np.sqrt(1 + v @ v), (1 - 2 * xi) ** -0.5
    log = np.log(2 / (1 + theta)) - (d - p) * np.log(theta)
    log -= (sizes[k] - 1) / 2 * np.log(1 - 2 * xi * s * s)
    for j, mean in enumerate(means):
        a = mean @ v / sigma
        if j == k:
            log += np.log(moment(np.sqrt(sizes[k]) * a, s, xi, -1))
        else:
            log += sizes[j] * np.log(moment(a, s, xi, 1))
    return log


def test_the_bound_at_a_direction_is_the_product_of_its_factors():
    rng = np.random.default_rng(1)
    for _ in range(30):
        K, p = int(rng.integers(2, 5)), int(rng.integers(1, 4))
        means = rng.standard_normal((K, p))
        sizes = rng.integers(p + 1, 40, K)
        v, k = rng.standard_normal(p) * 0.4, int(rng.integers(K))
        sigma = 10 ** rng.uniform(-0.7, 0.7)
        xi = rng.uniform(0.02, 0.9) / (2 + 2 * v @ v)
        d = int(rng.integers(1, sizes.sum()))
        # In the span of the means; a coordinate beside it changes nothing.
        axes = np.linalg.svd(means)[2][: np.linalg.matrix_rank(means)]
        inside = v @ axes.T @ axes
        expected = direct_log(means, sigma, sizes, d, inside, xi, k)
        found = log_bound(means, sigma, sizes, d, inside, xi, k)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_at_zero_it_is_chernoffs_bound_of_wendels_law():
    # P(Bin(m, 1/2) >= h) <= theta^-h ((1 + theta) / 2)^m, and h is the
    # least number of heads with which the class fails.
    n, K = 20, 3
    for means, p in ((np.zeros((K, 2)), 0), (simplex_means(K, 2), 2)):
        for d in (30, 45, 52):
            for xi in (0.05, 0.2, 0.4):
                theta = (1 - 2 * xi) ** -0.5
                m, h = (K - 1) * n, d - n - p + 1
                expected = m * np.log((1 + theta) / 2) - h * np.log(theta)
                found = log_bound(means, 0.7, n, d, np.zeros(2), xi)
                assert found == pytest.approx(expected, abs=1e-11)
            bound = feasibility_bound(means, 1e9, n, d)
            exact = 1 - wendel_probability(d - p, n, K)
            assert bound == pytest.approx(exact, rel=1e-9)


def independent_dimension(means, sigma, n, failure):
    """The least d over (v, xi) by another optimizer, from the quadrature."""
    K, p = means.shape

    def d(y):
        v, eta = y[:p], 1 / (1 + np.exp(-y[p]))
        xi = eta / (2 + 2 * v @ v)
        constant = direct_log(means, sigma, np.full(K, n), p, v, xi, 0)
        return p + (constant - np.log(failure)) * 2 / -np.log(1 - 2 * xi)

    start = np.append(-0.3 * means[1:].sum(axis=0), -1.0)
    return int(np.ceil(minimize(d, start, method="Nelder-Mead").fun))


def test_dimensions_for_a_failure_of_one_in_n():
    sigmas = (0.05, 0.1, 0.2, 0.5, 1, 2)
    found = [needed_dimensions(OPPOSED, s, 300, 1 / 300, 0) for s in sigmas]
    assert found == [315, 328, 355, 415, 455, 472]
    # Without the coin and with t = 0 the same bound asks for two more.
    four = orthonormal_means(4, 4)
    found = [needed_dimensions(four, s, 250, 1 / 250, 0) for s in (0.2, 0.5)]
    assert found == [384, 549]
    for sigma in (0.2, 1.0):
        assert independent_dimension(
            OPPOSED, sigma, 300, 1 / 300
        ) == needed_dimensions(OPPOSED, sigma, 300, 1 / 300, 0)


@pytest.mark.parametrize(
    ("means", "sigma", "n", "d", "k"),
    [
        (UNEVEN, 0.2, (20, 30, 25), 54, 0),
        (orthonormal_means(3, 3), 0.2, (20, 20, 20), 40, 1),
        (OPPOSED, 0.3, (40, 25), 33, 1),
    ],
)
def test_the_bound_is_the_least_of_its_theorem(means, sigma, n, d, k):
    p = means.shape[1]

    def log(y):
        xi = 1 / (1 + np.exp(-y[p])) / (2 + 2 * y[:p] @ y[:p])
        return log_bound(means, sigma, n, d, y[:p], xi, k)

    start = np.append(0.1 * (means[k] - means.mean(axis=0)), -1.0)
    least = minimize(
        log, start, method="Nelder-Mead", options=dict(maxfev=2000)
    ).fun
    found = feasibility_bound(means, sigma, n, d, k)
    assert -20 < least < -0.5
    assert np.log(found) == pytest.approx(least, abs=2e-3)


CELLS = [
    (OPPOSED, 0.5, 8, 0),
    (OPPOSED, 2.0, 8, 1),
    (two_cluster_means(2, np.pi / 3), 0.3, 10, 0),
    (two_cluster_means(2, np.pi / 4) * [[2.0], [1.0]], 0.2, 10, 0),
    (two_cluster_means(1, 0.0), 0.2, 12, 0),
    (orthonormal_means(3, 3), 0.5, 8, 0),
    (UNEVEN, 0.3, 8, 1),
    (np.array([[1.0], [2.0]]), 0.1, 6, 1),
    (OPPOSED, 0.3, 40, 0),
    (two_cluster_means(2, np.pi / 2), 0.7, 30, 0),
]


def consistent(means, sigma, n, k, dims, noise=None):
    """Whether both bounds agree with the draws, and how much they say.

    Sixty one-sided binomial tests at 1e-6: false alarm 6e-5.
    """
    says = 0
    for q in (0.3, 0.7, 0.95):
        d = int(np.quantile(dims, q)) + (q > 0.9)
        failures, draws = int((dims > d).sum()), len(dims)
        upper = feasibility_bound(means, sigma, n, d, k, noise=noise)
        assert binom.sf(failures - 1, draws, upper) > 1e-6
        low = int(np.quantile(dims, 0.02)) - 1
        lower = infeasibility_bound(means, sigma, n, low, k, noise=noise)
        assert binom.cdf((dims > low).sum(), draws, lower) > 1e-6
        says += (upper < 0.9) + (lower > 0.1)
    return says


@pytest.mark.parametrize("cell", range(len(CELLS)))
def test_no_bound_contradicts_exact_draws(cell):
    means, sigma, n, k = CELLS[cell]
    dims = critical_dimensions(means, sigma, n, 150, 30 + cell, k)
    assert consistent(means, sigma, n, k, dims) > 0


def test_no_bound_contradicts_full_data_of_unequal_classes():
    for i, (sizes, k) in enumerate((((4, 9), 0), ((9, 4), 0), ((5, 6), 1))):
        dims = sampled_dimensions(OPPOSED, 0.4, sizes, 120, 50 + i, k)
        assert consistent(OPPOSED, 0.4, sizes, k, dims) > 0


def test_it_asks_for_less_than_every_printed_bound():
    # Every noise level of Figures 1 and 2 at which these grant anything.
    n, sigmas = 300, 0.8 / 9 * np.arange(1, 19)
    gordon = int(np.ceil(n * theorem_5b_ratio(n, 2)))
    spared = []
    for theta in THETAS:
        means = two_cluster_means(2, theta)
        ds = np.arange(n + 1, 2 * n)
        granted = theorem_4_sigma(ds, n, means)
        # Both grow with the noise: the first level of the figure is the one
        # that Theorem 4 still grants, at 1 of 18.
        if granted[-1] >= sigmas[0]:
            first = ds[granted >= sigmas[0]][0]
            needed = needed_dimensions(means, sigmas[0], n, 1 / n)
            spared.append(first - needed)
        assert granted[-1] < sigmas[1]
        needed = needed_dimensions(means, sigmas[-1], n, 1 / n)
        assert needed <= gordon - 70
    assert len(spared) == 3 and min(spared) >= 30
    n, means = 250, orthonormal_means(4, 4)
    ds = np.arange(n + 1, 4 * n)
    granted = theorem_5a_sigma(ds, n, means)
    needed = needed_dimensions(means, sigmas[0], n, 1 / n)
    assert needed <= ds[granted >= sigmas[0]][0] - 400
    needed = needed_dimensions(means, sigmas[-1], n, 1 / n)
    assert needed <= n * theorem_5b_ratio(n, 4) - 80
    for d in (500, 640, 660):
        assert feasibility_bound(means, 1.6, n, d) <= (
            1 - wendel_bound(d, n, 4) + 1e-15
        )


def test_the_bounds_are_monotone():
    # The optimizer is good to 1e-5 of the bound.
    slack = 1 + 1e-4
    in_d = [feasibility_bound(UNEVEN, 0.4, 30, d, 1) for d in range(40, 80, 4)]
    in_n = [
        feasibility_bound(UNEVEN, 0.4, (20, n, 25), 55, 1)
        for n in range(16, 40, 4)
    ]
    in_sigma = [
        feasibility_bound(UNEVEN, s, 30, 60, 1)
        for s in (0.05, 0.2, 0.4, 0.8, 3)
    ]
    for values in (in_d[::-1], in_n, in_sigma):
        assert (np.array(values[:-1]) <= slack * np.array(values[1:])).all()
        assert values[0] < values[-1]
    # Where no direction helps the integrand is largest at 0.
    assert infeasibility_bound(OPPOSED, 100.0, 300, 400) > 0.99
    lower = [infeasibility_bound(OPPOSED, 0.4, 40, d) for d in range(41, 60)]
    assert (np.diff(lower) <= 1e-6).all() and lower[0] > 0.9 > lower[-1]


def test_probabilities_from_one_down_to_the_smallest_float():
    assert feasibility_bound(OPPOSED, 0.5, 300, 299) == 1.0
    assert feasibility_bound(OPPOSED, 0.5, 300, 299, None) == 1.0
    assert feasibility_bound(OPPOSED, 0.5, 300, 600) == 0.0
    assert 0 < feasibility_bound(OPPOSED, 0.01, 3000, 5000) < 1e-300
    near = 1 - feasibility_bound(np.zeros((2, 1)), 1.0, 300, 385)
    assert 0 <= near < 1e-10
    assert infeasibility_bound(OPPOSED, 0.5, 300, 310) > 1 - 1e-12
    assert infeasibility_bound(OPPOSED, 0.5, 300, 450) == 0.0
    # Not rounded to 0, also where both bounds are.
    assert 0 < feasibility_bound(OPPOSED, 0.5, 3000, 5999) < 1e-300
    # A tiny noise needs no more than one dimension to spare.
    assert feasibility_bound(OPPOSED, 1e-9, 300, 300) < 1e-3
    assert feasibility_bound(OPPOSED, 1e-9, 300, 302) < 1e-9


def test_the_inverses_are_tight():
    means = two_cluster_means(2, 2.0)
    d = needed_dimensions(means, 0.3, (40, 25), 0.01)
    chances = [
        feasibility_bound(means, 0.3, (40, 25), at, None) for at in (d - 1, d)
    ]
    assert chances[1] <= 0.01 < chances[0]
    # Noise so large that the coins decide, and means of a high rank.
    many = simplex_means(6, 5)
    for sigma, k in ((1e3, 0), (1e3, None), (0.5, 2)):
        d = needed_dimensions(many, sigma, 12, 0.01, k)
        chances = [
            feasibility_bound(many, sigma, 12, at, k) for at in (d - 1, d)
        ]
        assert chances[1] <= 0.01 < chances[0]
    n = allowed_samples(means, 0.3, 60, 0.01)
    chances = [
        feasibility_bound(means, 0.3, at, 60, None) for at in (n, n + 1)
    ]
    assert chances[0] <= 0.01 < chances[1]
    sigma = allowed_noise(means, 40, 60, 0.01)
    chances = [
        feasibility_bound(means, at, 40, 60, None)
        for at in (sigma, 1.001 * sigma)
    ]
    assert chances[0] <= 0.01 < chances[1]
    assert allowed_noise(means, 40, 79, 0.01) == np.inf
    assert allowed_noise(means, 40, 40, 0.01) == 0.0
    # Few samples of means of a high rank: sure from N on all the same.
    assert allowed_noise(np.eye(4), 5, 20, 1e-9) == np.inf
    assert allowed_samples(means, 5.0, 5, 1e-9) == 2
    both = feasibility_bound(means, 0.3, 40, 60, None)
    each = [feasibility_bound(means, 0.3, 40, 60, k) for k in (0, 1)]
    assert both == pytest.approx(sum(each))
    # Not all collapse as soon as one does not; more is not known.
    lower = [
        infeasibility_bound(OPPOSED, 0.5, (40, 60), d, None) for d in (45, 59)
    ]
    assert lower[0] == 1.0
    assert lower == [
        max(infeasibility_bound(OPPOSED, 0.5, (40, 60), d, k) for k in (0, 1))
        for d in (45, 59)
    ]
    lower = [infeasibility_bound(OPPOSED, 0.5, 60, 66, k) for k in (0, 1)]
    assert 0.5 < min(lower) < sum(lower) - 0.3
    together = infeasibility_bound(OPPOSED, 0.5, 60, 66, None)
    assert together == pytest.approx(max(lower), rel=1e-6)


def test_a_class_with_its_own_noise_is_one_of_another_mean():
    means, noise = two_cluster_means(2, 2.0), np.array([0.5, 2.0])
    moved = means / noise[:, None]
    loud = feasibility_bound(means, 0.3, 20, 32, None, noise=noise)
    assert 0 < loud < 0.1
    assert loud == feasibility_bound(moved, 0.3, 20, 32, None)
    loud = infeasibility_bound(OPPOSED, 0.5, 40, 44, noise=noise)
    assert 0.5 < loud < 1
    assert loud == infeasibility_bound(OPPOSED / noise[:, None], 0.5, 40, 44)
    assert needed_dimensions(means, 0.3, 20, 0.1, noise=noise) == (
        needed_dimensions(moved, 0.3, 20, 0.1)
    )
    assert allowed_samples(means, 0.3, 40, 0.1, noise=noise) == (
        allowed_samples(moved, 0.3, 40, 0.1)
    )
    assert allowed_noise(means, 20, 30, 0.1, noise=noise) == pytest.approx(
        allowed_noise(moved, 20, 30, 0.1), rel=1e-5
    )
    # Full data of unlike noise, 120 draws: three tests at 1e-6 each.
    d = design_dimensions(means, 0.3, 12, 120, 55, noise=noise)
    assert consistent(means, 0.3, 12, 0, d, noise=noise) > 0


def test_the_lower_bound_without_means_is_chernoffs():
    n, K, d = 40, 3, 60
    m, heads = (K - 1) * n, d - n
    best = min(
        m * np.log((1 + rho) / 2) - heads * np.log(rho)
        for rho in np.linspace(0.05, 0.999, 2000)
    )
    found = infeasibility_bound(np.zeros((K, 1)), 1.0, n, d)
    assert found == pytest.approx(-np.expm1(best), rel=1e-6)
    assert found <= 1 - wendel_probability(d, n, K)


def test_too_few_samples_for_the_integral_say_nothing():
    # Finite from n_k = p + 2 on; there it is a bound, if a poor one.
    with np.errstate(all="raise"):
        assert infeasibility_bound(OPPOSED, 0.5, (2, 6), 3) == 0.0
    assert infeasibility_bound(OPPOSED, 0.5, 300, 299) == 1.0
    assert infeasibility_bound(OPPOSED, 0.5, 300, 600) == 0.0


def test_the_integral_is_bounded_from_above_and_not_by_much():
    (problem,) = _problems(OPPOSED, 0.5, 40, 0)
    v, x = problem._saddle(45)
    exact = quad(
        lambda c: np.exp(problem.log_moments(np.array([c]), -x)[0]),
        -8,
        8,
        points=[v[0]],
        epsabs=0,
        limit=400,
    )[0]
    found = problem._log_integral(v, x) - np.log(exact)
    assert 0 <= found <= np.log(2.01)
    (problem,) = _problems(UNEVEN, 0.5, 12, 0)
    v, x = problem._saddle(14)
    exact = dblquad(
        lambda b, a: np.exp(problem.log_moments(np.array([a, b]), -x)[0]),
        v[0] - 4,
        v[0] + 4,
        v[1] - 4,
        v[1] + 4,
        epsrel=1e-4,
    )[0]
    assert 0 <= problem._log_integral(v, x) - np.log(exact) <= 3


@pytest.mark.parametrize("p", [1, 2, 3])
def test_the_integral_is_exact_for_hardly_any_means(p):
    # G depends on the length of v only: an integral over the radius.
    means, n, x = 1e-7 * np.eye(4)[:, :p], 9, 0.6
    (problem,) = _problems(means, 1.0, n, 3)
    assert problem.rank == p
    area = 2 * np.pi ** (p / 2) / math.gamma(p / 2)

    def shell(r):
        s2 = 1 + r * r
        half = (1 + (1 + 2 * x * s2) ** -0.5) / 2
        own = (1 + 2 * x * s2) ** (-(n - 1) / 2) * half
        return area * r ** (p - 1) * own * half ** (3 * n)

    exact = np.log(quad(shell, 0, np.inf, epsabs=0)[0])
    v = np.full(p, 0.3)
    assert -1e-5 < problem._log_integral(v, x) - exact < 3e-3


def test_tangents_lie_above_the_sphere():
    rng = np.random.default_rng(5)
    (problem,) = _problems(UNEVEN, 0.5, (12, 9, 15), 1)
    x, r, h = 0.4, 0.7, 1e-5
    margins, sizes = UNEVEN / 0.5, np.array([12, 9, 15])
    for _ in range(20):
        u = rng.standard_normal(2)
        u /= np.linalg.norm(u)

        def log(w):
            a = margins @ w * np.array([1, -3, 1])
            return (
                np.array([1, 1, 1])
                * _log_moment(a, 1 + r * r, -x)
                @ (np.where(sizes == 9, 1, sizes))
            )

        slope = np.array(
            [
                (log(r * u + e) - log(r * u - e)) / (2 * h)
                for e in h * np.eye(2)
            ]
        )
        own = -8 / 2 * np.log1p(2 * x * (1 + r * r))
        at = log(r * u) + own
        steepest = r * np.linalg.norm(slope)
        found = problem._tangents(np.array([r]), u, x)[0]
        assert found == pytest.approx(at + steepest - r * slope @ u, abs=1e-6)
        angles = rng.uniform(0, 2 * np.pi, 50)
        ring = r * np.column_stack([np.cos(angles), np.sin(angles)])
        assert (problem.log_moments(ring, -x) <= found + 1e-9).all()


@pytest.mark.parametrize(
    ("means", "sigma", "n", "d", "k"),
    [
        (OPPOSED, 0.5, (300, 300), 345, 0),
        (OPPOSED, 2.0, (30, 80), 45, 0),
        (UNEVEN, 2.0, (80, 150, 100), 150, 0),
    ],
)
def test_the_lower_bound_is_made_of_its_factors(means, sigma, n, d, k):
    (problem,) = _problems(means, sigma, n, k)
    p, N = means.shape[1], sum(n)
    v, x = problem._saddle(d)
    log = problem._log_integral(v, x)
    root = (1 + 2 * x) ** 0.5
    log += np.log(2 * root ** (d - p) / (1 + root))
    E = np.repeat(means / sigma, n, axis=0)
    norm_E = np.linalg.norm(E, 2)

    def total(z):
        size = N**0.5 + p**0.5 + z + norm_E
        return np.exp(-z * z / 2) + np.exp(log) * (x * size**2 / np.pi) ** (
            p / 2
        )

    least = minimize_scalar(total, bounds=(0, 40), method="bounded").fun
    lower = infeasibility_bound(means, sigma, n, d, k)
    assert 0.01 < lower < 1
    assert np.log1p(-lower) == pytest.approx(np.log(least), abs=1e-3)
    assert lower <= 1 - least + 1e-9


def test_slopes_are_derivatives():
    a = np.concatenate([-np.geomspace(0.01, 30, 9), np.geomspace(0.01, 30, 9)])
    for xi in (-0.4, -0.01, 0.1):
        h = 1e-5
        slope = (_log_moment(a + h, 1.7, xi) - _log_moment(a - h, 1.7, xi)) / (
            2 * h
        )
        assert _slope(a, 1.7, xi) == pytest.approx(slope, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sigma": 0.0}, "sigma must be greater than 0"),
        ({"n": 1}, "n must exceed the rank of the means, 1, got 1"),
        ({"n": (5, 6, 7)}, "n must be one integer or 2"),
        ({"n": (5, 1)}, "n must exceed the rank"),
        ({"d": 0}, "d must be at least 1"),
        ({"k": 2}, "k must be below the number of means 2, got 2"),
        ({"means": [[1.0]]}, "means must have at least two rows"),
    ],
)
def test_bad_arguments_are_named(change, message):
    given = dict(means=OPPOSED, sigma=0.5, n=8, d=10, k=0) | change
    for bound in (feasibility_bound, infeasibility_bound):
        with pytest.raises(ValueError, match=message):
            bound(**given)


def test_bad_levels_and_directions_are_named():
    with pytest.raises(ValueError, match="failure must be greater than 0"):
        needed_dimensions(OPPOSED, 0.5, 8, 0.0)
    with pytest.raises(ValueError, match="xi must be less than 0.4"):
        log_bound(OPPOSED, 0.5, 8, 10, [0.5], 0.4)
    with pytest.raises(ValueError, match="v must be finite of shape"):
        log_bound(OPPOSED, 0.5, 8, 10, [0.5, 0.5], 0.1)
    with pytest.raises(TypeError, match="n must be an integer"):
        nclib.feasibility_bound(OPPOSED, 0.5, 8.0, 10)
