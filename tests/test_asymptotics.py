"""The phase boundary against closed forms, other solvers and simulation."""

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize, nnls
from scipy.stats import norm

from nclib._newton import objective
from nclib.asymptotics import (
    collapsed_error,
    critical_sigma,
    intercept_threshold,
    phase_boundary,
    psi,
    universal_curve,
)
from nclib.data import orthonormal_means, two_cluster_means
from nclib.ledger.sample_sizes import sampled_gaps
from nclib.transition import critical_dimensions

SIGMAS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 4, 10)

# Thresholds and tau^2 computed independently of this package, by separate
# code for the low-dimensional forms; given to 6 and 4 decimals.
TABLE = {
    "180 degrees": (
        (1.015410, 0.0204),
        (1.043632, 0.0525),
        (1.111735, 0.1173),
        (1.179581, 0.1692),
        (1.287965, 0.2295),
        (1.357584, 0.2528),
        (1.415681, 0.2612),
        (1.457737, 0.2596),
        (1.475101, 0.2567),
        (1.493476, 0.2521),
        (1.498942, 0.2503),
    ),
    "45 degrees": (
        (1.026134, 0.0331),
        (1.070444, 0.0798),
        (1.164384, 0.1587),
        (1.241443, 0.2070),
        (1.337660, 0.2461),
        (1.388827, 0.2565),
        (1.430111, 0.2596),
        (1.462209, 0.2581),
        (1.476801, 0.2559),
        (1.493604, 0.2520),
        (1.498945, 0.2503),
    ),
    "0 degrees": (
        (1.391527, 0.2399),
        (1.392313, 0.2404),
        (1.395351, 0.2419),
        (1.400068, 0.2441),
        (1.412747, 0.2490),
        (1.426816, 0.2530),
        (1.445635, 0.2559),
        (1.466768, 0.2563),
        (1.478513, 0.2551),
        (1.493733, 0.2519),
        (1.498949, 0.2503),
    ),
    "4 orthonormal": (
        (1.047341, 0.0638),
        (1.139130, 0.1741),
        (1.379921, 0.4231),
        (1.628379, 0.6249),
        (1.992881, 0.8091),
        (2.189626, 0.8386),
        (2.330161, 0.8214),
        (2.419552, 0.7912),
        (2.453687, 0.7754),
        (2.488155, 0.7570),
        (2.498092, 0.7511),
    ),
    "10 orthonormal": (
        (1.152843, 0.2170),
        (1.505222, 0.6996),
        (2.599625, 1.9212),
        (3.596426, 2.5768),
        (4.616541, 2.6938),
        (5.012466, 2.5623),
        (5.250509, 2.4312),
        (5.386456, 2.3381),
        (5.435594, 2.3012),
        (5.483767, 2.2632),
        (5.497397, 2.2521),
    ),
}
MEANS = {
    "180 degrees": two_cluster_means(5, np.pi),
    "45 degrees": two_cluster_means(5, np.pi / 4),
    "0 degrees": two_cluster_means(5, 0.0),
    "4 orthonormal": orthonormal_means(4, 6),
    "10 orthonormal": orthonormal_means(10, 10),
}
XOR = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])


def random_means(seed, K, d):
    return np.random.default_rng(seed).standard_normal((K, d))


@pytest.mark.parametrize("name", TABLE)
def test_reference_table(name):
    for sigma, (delta, tau2) in zip(SIGMAS, TABLE[name], strict=True):
        boundary = phase_boundary(MEANS[name], sigma)
        assert abs(boundary.delta - delta) < 6e-7
        assert abs(boundary.tau2 - tau2) < 6e-5


def test_gradient_and_hessian_by_finite_differences():
    rng = np.random.default_rng(0)
    h = 1e-5
    for K in (2, 3, 5):
        T, D = rng.uniform(-1, 1, (K, 4)), np.array([1.0, 0.3, 0.8, 0.0])

        def parts(x, T=T, D=D):
            return objective(x, T[1:], D, T[0])

        for _ in range(4):
            x = 0.7 * rng.standard_normal(4)
            _, gradient, hessian = parts(x)
            for i, e in enumerate(np.eye(4) * h):
                up, down = parts(x + e), parts(x - e)
                assert abs((up[0] - down[0]) / (2 * h) - gradient[i]) < 1e-8
                slope = (up[1] - down[1]) / (2 * h)
                assert np.abs(slope - hessian[i]).max() < 1e-7


def test_boundary_equals_a_general_optimizer_on_the_definition():
    for seed, K, d, sigma in ((0, 3, 5, 0.4), (1, 4, 2, 0.8), (2, 5, 9, 1.5)):
        means = random_means(seed, K, d)

        def F(v, means=means, sigma=sigma, k=seed):
            s = np.sqrt(1 + v @ v)
            m = means @ v / sigma
            x = np.delete(m, k) / s
            tail = (x**2 + 1) * norm.cdf(x) + x * norm.pdf(x)
            return s**2 * (1 + tail.sum()) + min(m[k], 0) ** 2

        found = minimize(F, np.zeros(d), method="BFGS", tol=1e-9)
        boundary = phase_boundary(means, sigma, k=seed)
        assert abs(boundary.delta - found.fun) < 1e-9
        assert abs(F(boundary.v) - boundary.delta) < 1e-12
        assert np.abs(boundary.v - found.x).max() < 1e-4


def test_margins_are_those_of_the_minimizer():
    for seed in range(4):
        means = random_means(seed, 2 + seed, 3)
        for bias in (False, True):
            found = phase_boundary(means, 0.6, bias=bias)
            margins = means @ found.v / 0.6 + found.intercept
            assert np.allclose(found.margins, margins, atol=1e-12)
            assert (found.intercept != 0) == bias


@pytest.mark.parametrize("tau, K", [(0.05, 2), (0.5, 2), (1.0, 7), (9.0, 3)])
def test_universal_curve_in_thirty_digits(tau, K):
    with mpmath.workdps(30):

        def slope(c):
            s = mpmath.sqrt(1 + c * c)
            x = -c / (tau * s)
            first = x * mpmath.ncdf(x) + mpmath.npdf(x)
            inner = -first * s / tau + c * mpmath.ncdf(x)
            return 2 * c + 2 * (K - 1) * inner

        c = mpmath.findroot(slope, (0.01, 2), solver="anderson")
        x = -c / (tau * mpmath.sqrt(1 + c * c))
        tail = (x * x + 1) * mpmath.ncdf(x) + x * mpmath.npdf(x)
        exact = (1 + c * c) * (1 + (K - 1) * tail)
        assert abs(universal_curve(tau, K) - exact) < 1e-13 * K


def test_forty_five_degrees_in_thirty_digits():
    # Two free margins y <= 0 of the target and a of the other class, unit
    # means: the explicit two-variable form.
    sigma = mpmath.mpf("0.3")
    with mpmath.workdps(30):
        cosine = mpmath.cos(mpmath.pi / 4)

        def F(a, y):
            n2 = (a**2 + y**2 - 2 * a * y * cosine) / (1 - cosine**2)
            s = mpmath.sqrt(1 + n2)
            x = -a / sigma / s
            tail = (x * x + 1) * mpmath.ncdf(x) + x * mpmath.npdf(x)
            return y**2 / sigma**2 + s**2 * (1 + tail)

        a, y = mpmath.findroot(
            lambda a, y: [
                mpmath.diff(F, (a, y), (1, 0)),
                mpmath.diff(F, (a, y), (0, 1)),
            ],
            (0.4, 0.05),
            tol=1e-12,
        )
        exact = F(a, y)
    found = phase_boundary(two_cluster_means(2, np.pi / 4), 0.3).delta
    assert abs(found - exact) < 1e-12


def test_psi_by_quadrature_and_in_thirty_digits():
    for m, s in ((0.3, 1.0), (-2.0, 0.7), (5.0, 2.0), (-3.0, 1.0)):
        value, _ = quad(
            lambda g, m=m, s=s: (m + s * g) ** 2 * norm.pdf(g),
            -m / s, np.inf, epsabs=0, epsrel=1e-12,
        )  # fmt: skip
        assert abs(psi(m, s) / value - 1) < 1e-10
    with mpmath.workdps(40):
        for x in (-0.5, -3.9, -4.1, -8.0, -20.0, -37.0, 4.5):
            exact = (x * mpmath.mpf(x) + 1) * mpmath.ncdf(x)
            exact += x * mpmath.npdf(x)
            assert abs(psi(2.0 * x, 2.0) / (4 * exact) - 1) < 1e-12
    assert psi(-1e300, 1.0) == 0 and psi(3.0, 0.0) == 9 and psi(-3.0, 0) == 0
    m = np.linspace(-9, 9, 37)
    assert np.allclose(psi(m, 1.3) + psi(-m, 1.3), m**2 + 1.69, rtol=1e-15)


def test_universal_curve_at_its_ends_and_for_arrays():
    assert universal_curve(0.0, 4) == 1
    assert universal_curve(np.inf, 4) == 2.5
    tau = np.geomspace(1e-300, 1e300, 41)
    assert (np.diff(universal_curve(tau, 3)) >= 0).all()
    assert universal_curve(tau.reshape(1, 41), 3).shape == (1, 41)


def test_critical_sigma_is_that_of_the_first_class():
    means = two_cluster_means(2, np.pi) * [[10.0], [1.0]]
    for ratio in (1.01, 1.2, 1.45):
        sigma = critical_sigma(ratio, means)
        assert abs(phase_boundary(means, sigma, 0).delta - ratio) < 1e-9
        assert phase_boundary(means, sigma, 1).delta < ratio - 1e-3
    low, high = (phase_boundary(means, s).delta for s in (1e-3, 1e3))
    assert critical_sigma(low, means) == pytest.approx(1e-3, rel=1e-6)
    assert critical_sigma(high, means) == pytest.approx(1e3, rel=1e-2)
    for ratio in (1.0, high + 1e-6):
        with pytest.raises(ValueError, match="^ratio must be between"):
            critical_sigma(ratio, means)


def test_no_signal_limit():
    for K in (2, 5):
        boundary = phase_boundary(random_means(0, K, 4), np.inf)
        assert boundary.delta == (K + 1) / 2
        assert abs(boundary.tau2 - (K - 1) / 4) < 1e-14
        # The smallest feasible d is n + Bin((K-1) n, 1/2): mean n (K+1)/2,
        # and P(d_c <= d) has its center half a unit below the mean.
        assert abs(boundary.shift(100) + 0.5) < 1e-13


def test_vanishing_noise_limit():
    # Attained: a direction with the target at 0 or above, the others below.
    for name in ("180 degrees", "45 degrees", "10 orthonormal"):
        assert phase_boundary(MEANS[name], 0.0).delta == 1
        assert phase_boundary(MEANS[name], 1e-9).delta < 1 + 1e-12
        assert phase_boundary(MEANS[name], 1e-200).tau2 < 1e-12
    # Not: identical means leave an intercept, and the middle one of three
    # directions in a plane must reach below its neighbors.
    assert abs(phase_boundary(MEANS["0 degrees"], 0.0).delta - 1.391263) < 6e-7
    fan = np.array(
        [two_cluster_means(2, t)[1] for t in (0, 1.0471976, 2.0943951)]
    )
    assert phase_boundary(fan, 0.0, k=0).delta == 1
    middle = minimize(
        lambda a: (
            min(a[0] + a[1], 0) ** 2
            + sum((t**2 + 1) * norm.cdf(t) + t * norm.pdf(t) for t in a)
        ),
        [-0.3, -0.3],
        tol=1e-12,
    )
    found = phase_boundary(fan, 0.0, k=1).delta
    assert abs(found - 1 - middle.fun) < 1e-8


def test_signal_that_cancels_is_useless_at_both_ends():
    for sigma in (0.0, np.inf):
        assert abs(phase_boundary(XOR, sigma).delta - 2) < 1e-13
    # A rounding error of Gram-Schmidt is no way out: the others sum to 0.
    hidden = np.array([[0, 0, -2], [-2, -2, 0], [2, -2, 2], [-2, 2, 0.0]])
    assert abs(phase_boundary(hidden, 0.0, 1).delta - 2.5) < 1e-13
    for seed in range(20):
        K, p = 3 + seed % 4, 2 + seed % 3
        means = random_means(seed, K, p)
        means[-1] = -means[1:-1].sum(axis=0)
        assert abs(phase_boundary(means, 0.0).delta - (K + 1) / 2) < 1e-12
    zero = np.zeros((3, 4))
    boundary = phase_boundary(zero, 1.0)
    assert boundary.delta == 2 and boundary.rank == 0
    assert np.array_equal(boundary.v, np.zeros(4))


def test_dependent_identical_and_repeated_means():
    base = random_means(3, 2, 5)
    mixed = np.vstack([base, base[0] + base[1]])
    turn = np.linalg.qr(random_means(4, 5, 5))[0]
    a, b = phase_boundary(mixed, 0.5), phase_boundary(mixed @ turn, 0.5)
    assert a.rank == b.rank == 2
    assert abs(a.delta - b.delta) < 1e-13
    assert abs(a.tau2 - b.tau2) < 1e-12
    assert np.allclose(a.v @ turn, b.v, atol=1e-9)
    same = np.tile(base[:1], (4, 1))
    sigma = 0.3 * np.linalg.norm(base[0])
    c = np.linspace(0, 3, 6001)
    curve = 1 + c**2 * (1 + 1 / 0.3**2)
    curve += 3 * psi(-c / 0.3, np.sqrt(1 + c**2))
    boundary = phase_boundary(same, sigma)
    assert boundary.rank == 1
    assert abs(boundary.delta - curve.min()) < 1e-5


def test_the_rank_is_judged_at_rounding_level():
    for size, rank in ((1e-11, 2), (1e-13, 2), (1e-16, 1)):
        means = np.array([[1.0, 0.0], [1.0, size]])
        assert phase_boundary(means, 0.5).rank == rank
        assert phase_boundary(1e200 * means, 1e200).rank == rank


def test_any_scale():
    means = random_means(5, 4, 6)
    expected = phase_boundary(means, 0.6)
    for factor in (1e-300, 1e-150, 2.0**-40, 1e150, 1e300):
        scaled = phase_boundary(means * factor, 0.6 * factor)
        assert abs(scaled.delta - expected.delta) < 1e-12
        assert abs(scaled.tau2 - expected.tau2) < 1e-11
    # A huge mean does not hide a small one: only the other class counts.
    mixed = np.diag([1e150, 1.0])
    exact = universal_curve(1.0, 2)
    assert abs(phase_boundary(mixed, 1.0, k=0).delta - exact) < 1e-13
    assert phase_boundary(mixed, 1.0, k=1).delta < 1 + 1e-12
    assert abs(phase_boundary(mixed[::-1], 1.0, k=1).delta - exact) < 1e-13
    # A huge third mean that the others leave behind changes nothing: they
    # push v to where its constraints hold already.
    means = np.array([[0.0, 0, 1], [1, 1, 0], [1, 0, 0]])
    deltas = []
    for size in (1e3, 1e8, 1e30, 1e150):
        means[2, 0] = size
        deltas.append(phase_boundary(means, 1.0).delta)
    two = phase_boundary(means[:2], 1.0).delta
    assert np.allclose(deltas, two, atol=1e-3) and np.ptp(deltas[1:]) < 1e-7
    with pytest.raises(ValueError, match="^means"):
        phase_boundary(np.diag([1.0, 1e20, 1e40]), 1.0)


def test_symmetries():
    means = random_means(6, 5, 3)
    order = [2, 4, 1, 3, 0]
    for bias in (False, True):
        a = phase_boundary(means, 0.8, k=2, bias=bias)
        b = phase_boundary(means[order], 0.8, k=0, bias=bias)
        assert abs(a.delta - b.delta) < 1e-13
        assert abs(a.shift(200) - b.shift(200)) < 1e-9
        padded = np.hstack([means, np.zeros((5, 20))])
        c = phase_boundary(padded, 0.8, k=2, bias=bias)
        assert abs(a.delta - c.delta) < 1e-13


def test_an_intercept_is_a_long_common_mean_without_its_coordinate():
    for means in (MEANS["180 degrees"], MEANS["4 orthonormal"]):
        means = np.asarray(means)
        long = np.column_stack([means, np.full(len(means), 1e5)])
        for k in range(len(means)):
            free = phase_boundary(means, 0.5, k, bias=True)
            fixed = phase_boundary(long, 0.5, k)
            assert free.delta == pytest.approx(fixed.delta, abs=1e-9)
            assert free.tau2 == pytest.approx(fixed.tau2, abs=1e-9)
            # The column of ones is not counted, that coordinate is.
            shift = fixed.shift(300) - 1
            assert free.shift(300) == pytest.approx(shift, abs=1e-6)


def test_bias():
    # Computed independently; simulation at n = 300 agrees within its error.
    for sigma, delta in ((0.5, 1.140600), (1, 1.257935), (2, 1.344146)):
        boundary = phase_boundary(MEANS["180 degrees"], sigma, bias=True)
        assert abs(boundary.delta - delta) < 1e-6
    for seed in range(5):
        means = random_means(seed, 3, 4)
        free = phase_boundary(means, 0.7, bias=True)
        assert free.delta <= phase_boundary(means, 0.7).delta + 1e-13
        # An intercept absorbs a common offset of the means.
        shifted = phase_boundary(means + 3.0, 0.7, bias=True)
        assert abs(shifted.delta - free.delta) < 1e-12
        assert abs(shifted.tau2 - free.tau2) < 1e-10
        assert abs(shifted.shift(100) - free.shift(100)) < 1e-7
    # Without signal the intercept is all there is.
    for useless, sigma in ((np.zeros((2, 3)), 1.0), (np.eye(2), np.inf)):
        boundary = phase_boundary(useless, sigma, bias=True)
        assert abs(boundary.delta - intercept_threshold(2)) < 1e-13


def test_intercept_threshold():
    # Computed independently to 6 decimals.
    for K, value in (
        (2, 1.391263),
        (3, 1.6626),
        (4, 1.874348),
        (10, 2.653043),
    ):
        assert abs(intercept_threshold(K) - value) < 1e-6
        a = np.linspace(0, 4, 40001)
        direct = 1 + np.min(a**2 + (K - 1) * psi(-a, 1.0))
        assert abs(intercept_threshold(K) - direct) < 1e-7
        same = phase_boundary(np.ones((K, 3)), 0.0)
        assert abs(same.delta - intercept_threshold(K)) < 1e-12
    ratios = [
        (intercept_threshold(K) - 1) / (2 * np.log(K)) for K in (10, 10**3)
    ]
    assert ratios[0] < ratios[1] < 1


def test_shift_of_the_center():
    # Simulated optimal values at n = 300 (1500 draws, standard error 0.05);
    # the expansion itself is off by O(1/sqrt(n)), here below 0.12.
    simulated = {
        np.pi: (-0.664, -0.938, -1.014),
        np.pi / 2: (-0.085, -0.305, -0.381),
        np.pi / 4: (0.323, 0.193, 0.153),
        0.0: (0.110, 0.066, 0.020),
    }
    for angle, values in simulated.items():
        means = two_cluster_means(2, angle)
        for sigma, value in zip((0.2, 0.5, 1.0), values, strict=True):
            shift = phase_boundary(means, sigma).shift(300)
            assert abs(shift - value) < 0.17
    # Continuous where the target's margin changes sign, at a right angle.
    shifts = [
        phase_boundary(two_cluster_means(2, np.pi / 2 + h), 0.5).shift(300)
        for h in (-1e-7, 0, 1e-7)
    ]
    assert np.ptp(shifts) < 1e-5


def smallest_dimension(rng, means, sigma, n):
    """Smallest feasible d of one draw, by bisection and least squares."""
    top = 2 * n
    X = sigma * rng.standard_normal((2, n, top))
    X[:, :, : means.shape[1]] += means[:, None]

    def feasible(d):
        Q, R = np.linalg.qr(X[0][:, :d].T, mode="complete")
        start = Q[:, :n] @ np.linalg.solve(R[:n].T, np.ones(n))
        A = np.column_stack([X[1][:, :d] @ Q[:, n:], X[1][:, :d] @ start])
        A /= np.linalg.norm(A, axis=1, keepdims=True)
        return nnls(A.T, np.eye(A.shape[1])[-1])[1] > 1e-9

    low, high = n, top
    while high - low > 1:
        middle = (low + high) // 2
        if feasible(middle):
            high = middle
        else:
            low = middle
    return high


@pytest.mark.parametrize("angle, sigma", [(np.pi, 0.5), (np.pi / 4, 0.3)])
def test_finite_samples(angle, sigma):
    # 300 draws: 4.5 standard errors, false alarm 7e-6 for each of three
    # comparisons, plus 0.3 for the expansion at n = 60. The standard
    # deviation of a sample of 300 varies by 4.1 %: 4.5 of these, and 2 % for
    # the expansion.
    n, draws = 60, 300
    means = two_cluster_means(2, angle)
    rng = np.random.default_rng(7)
    found = [smallest_dimension(rng, means, sigma, n) for _ in range(draws)]
    boundary = phase_boundary(means, sigma)
    center = boundary.center(n)
    error = boundary.width(n) / np.sqrt(draws)
    assert abs(np.mean(found) - center) < 4.5 * error + 0.3
    assert abs(np.std(found) / boundary.width(n) - 1) < 0.205
    lo, hi = boundary.band(n, 0.9)
    inside = np.mean(
        (np.array(found) > n * lo) & (np.array(found) < n * hi + 1)
    )
    assert abs(inside - 0.9) < 4.5 * np.sqrt(0.09 / draws) + 0.05


def test_probability_width_and_band():
    boundary = phase_boundary(MEANS["180 degrees"], 0.5)
    n = 300
    assert np.isclose(boundary.width(n), np.sqrt(n * boundary.tau2))
    lo, hi = boundary.band(n)
    edges = boundary.probability(np.array([lo, hi]) * n, n)
    assert np.allclose(edges, [0.05, 0.95], atol=1e-12)
    # Half-width of the band in d/n, computed independently to 3 decimals.
    halves = [
        np.ptp(phase_boundary(MEANS["180 degrees"], s).band(n)) / 2
        for s in (0.05, 0.1, 0.2, 0.5, 1, 2)
    ]
    assert np.allclose(
        halves, [0.014, 0.022, 0.033, 0.046, 0.049, 0.048], atol=6e-4
    )
    d = np.arange(250, 700)
    p = boundary.probability(d, n)
    assert p.shape == d.shape and (np.diff(p) >= 0).all()
    assert (p[d < n] == 0).all() and (p[d >= 2 * n] == 1).all()
    grid = boundary.probability(d[:, None], np.array([100, 300]))
    assert np.array_equal(grid[:, 1], p)
    assert isinstance(boundary.probability(386, n), float)


def test_too_few_samples_for_the_normal_law_are_refused():
    methods = ("shift", "center", "width", "band")
    for means, sigma, bias in (
        (MEANS["10 orthonormal"], 0.05, False),
        (MEANS["45 degrees"], 0.1, False),
        (MEANS["180 degrees"], 0.1, True),
    ):
        boundary = phase_boundary(means, sigma, bias=bias)
        free = boundary.rank + bias
        least = boundary.least_n
        assert least * (boundary.delta - 1) >= free
        assert (least - 1) * (boundary.delta - 1) < free
        calls = [getattr(boundary, name) for name in methods]
        calls.append(lambda n, b=boundary: b.probability(2 * n, n))
        for call in calls:
            assert np.isfinite(call(least)).all()
            with pytest.raises(ValueError, match=f"^n must be .* {least} "):
                call(least - 1)
        with pytest.raises(ValueError, match="^n must be"):
            boundary.width(np.array([10**6, least - 1]))
    silent = phase_boundary(MEANS["180 degrees"], 0.0)
    assert silent.delta == 1 and silent.least_n == np.inf
    assert phase_boundary(np.zeros((3, 2)), 1.0).least_n == 1
    # With the largest signal below: a whole number, never 0.
    assert phase_boundary(MEANS["180 degrees"], np.inf).least_n == 2


def test_the_normal_law_holds_from_the_least_n_on():
    # 250 draws at least_n: the center to 0.35 and the deviation to
    # 10 %, beyond 4.9 standard errors (false alarm 1e-6, eight of them).
    for means, sigma in (
        (orthonormal_means(4, 4), 0.09),
        (orthonormal_means(6, 6), 0.12),
        (two_cluster_means(2, np.pi / 4), 0.1),
        (two_cluster_means(1, np.pi), 0.08),
    ):
        boundary = phase_boundary(means, sigma)
        n, draws = boundary.least_n, 250
        d = critical_dimensions(means, sigma, n, draws, seed=11)
        error = boundary.width(n) / np.sqrt(draws)
        assert abs(d.mean() - boundary.center(n)) < 0.35 + 4.9 * error
        ratio = d.std(ddof=1) / boundary.width(n)
        assert abs(ratio - 1) < 0.1 + 4.9 / np.sqrt(2 * draws)


@pytest.mark.parametrize(
    ("means", "sigma", "k", "bias"),
    [
        (two_cluster_means(1, np.pi), 0.5, 0, False),
        (two_cluster_means(1, np.pi), 0.5, 0, True),
        (two_cluster_means(2, np.pi / 2), 0.5, 0, True),
        (two_cluster_means(2, 0.8) * [[2.0], [1.0]], 0.3, 0, False),
        (orthonormal_means(6, 6), 0.15, 2, False),
        (orthonormal_means(3, 3) + 0.4, 0.3, 1, True),
    ],
)
def test_shift_is_that_of_sampled_programs(means, sigma, k, bias):
    # E d_c = p + 1/2 + E D_n exactly; the gap of D_n has a deviation of 2 to
    # 3, so that 900 draws know c_0 to 0.1: 4.9 errors, and 0.3 for n = 150.
    gaps = sampled_gaps(means, sigma, 150, k, bias, 900, seed=5)
    boundary = phase_boundary(means, sigma, k, bias)
    error = gaps.std(ddof=1) / 30
    found = boundary.rank + gaps.mean()
    assert error < 0.15
    assert abs(found - boundary.shift(150)) < 4.9 * error + 0.3


def shift_by_quadrature(means, sigma, n, k):
    """c_0 from its definition: derivatives of single samples' terms.

    In v and in y, the distance of class k from its target. Given the noise
    z in the coordinates of the means, the moments over g are closed forms;
    over z, Gauss-Hermite.
    """
    boundary = phase_boundary(means, sigma, k)
    v, m = boundary.v, means / sigma
    y = max(-(m[k] @ v), 0.0)
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    z = np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(-1, 2)
    w = np.outer(weights, weights).ravel() / (2 * np.pi)
    H, V = np.zeros((3, 3)), np.zeros((3, 3))
    for j, mean in enumerate(m):
        if j == k:
            c, slope = z @ v - y, np.column_stack([z, -np.ones(len(z))])
            P, first, second = np.ones(len(z)), c, c**2 + 1
        else:
            c, slope = (
                z @ v + mean @ v,
                np.column_stack([z + mean, 0 * z[:, 0]]),
            )
            P = norm.cdf(c)
            first = c * P + norm.pdf(c)
            second = (c**2 + 1) * P + c * norm.pdf(c)
        gradient = 2 * slope.T @ (w * first)
        H += 2 * (slope.T * (w * P)) @ slope
        V += 4 * (slope.T * (w * second)) @ slope
        V -= np.outer(gradient, gradient)
    normal = np.append(m[k], 1.0)
    omega = normal @ np.linalg.solve(H, normal)
    direction = np.linalg.solve(H, normal)
    spread = np.sqrt(direction @ V @ direction)
    a = m[k] @ v
    last = float(psi(-np.sqrt(n) * a, spread))
    if a < 0:
        last = spread**2 - float(psi(2 * np.sqrt(n) * omega * a, spread))
    return 2 - np.trace(np.linalg.solve(H, V)) / 2 + last / (2 * omega)


def test_shift_by_quadrature_of_its_definition():
    fan = np.array([[1.0, 0.2], [0.8, 0.9], [-0.1, 1.0]])
    signs = set()
    for means, sigma, k in (
        (two_cluster_means(2, 0.7) * [[2.0], [1.0]], 0.3, 0),
        (two_cluster_means(2, 0.7) * [[2.0], [1.0]], 0.3, 1),
        (two_cluster_means(2, 1.8), 0.5, 0),
        (fan, 0.4, 1),
        (fan, 0.4, 2),
        (fan, 2.0, 1),
    ):
        boundary = phase_boundary(means, sigma, k)
        signs.add(np.sign(boundary.margins[k]))
        for n in (100, 3000):
            expected = shift_by_quadrature(means, sigma, n, k)
            assert abs(boundary.shift(n) - expected) < 1e-8
    assert signs == {-1, 1}


def test_probability_is_one_from_as_many_dimensions_as_samples_on():
    for K, n in ((2, 2), (3, 4), (5, 1)):
        boundary = phase_boundary(np.zeros((K, 1)), 1.0)
        p = boundary.probability(np.array([K * n - 1, K * n, K * n + 7]), n)
        # By the normal law alone it would be below 0.999.
        score = (n * (K - 1) / 2 + 0.5) / np.sqrt(n * (K - 1) / 4)
        assert norm.cdf(score) < 0.9999 and p[0] <= norm.cdf(score)
        assert p[1] == p[2] == 1
        assert boundary.probability(n - 1, n) == 0 < boundary.probability(n, n)


# q and error computed independently to 6 decimals and 5 digits.
ERRORS = {
    0.1: (
        (1.732051, 3.8820e-9),
        (1.414214, 7.6873e-13),
        (1.054093, 1.1908e-21),
    ),
    0.2: (
        (1.732589, 0.0019518),
        (1.414231, 0.00020351),
        (1.054093, 1.0507e-6),
    ),
    0.3: ((1.745180, 0.028065), (1.415582, 0.0092677), (1.054099, 0.00078275)),
    0.5: ((1.852840, 0.1402), (1.435878, 0.081829), (1.054549, 0.028944)),
    0.7: ((2.049111, 0.24285), (1.475018, 0.16639), (1.056035, 0.088065)),
    1.0: ((2.438858, 0.34089), (1.540382, 0.25811), (1.059115, 0.17254)),
    1.5: ((3.214736, 0.41786), (1.631287, 0.34139), (1.063845, 0.26544)),
    2.0: ((4.063024, 0.45103), (1.696204, 0.38408), (1.067365, 0.31973)),
    3.0: ((5.845632, 0.47726), (1.777642, 0.42563), (1.071881, 0.37791)),
    8.0: ((15.117930, 0.4967), (1.906579, 0.47386), (1.079212, 0.4539)),
}


@pytest.mark.parametrize("s", ERRORS)
def test_collapsed_error_table(s):
    for delta, (q, error) in zip((1.5, 2, 10), ERRORS[s], strict=True):
        found = collapsed_error(delta, s)
        assert abs(found.q - q) < 1.1e-6
        assert abs(found.error / error - 1) < 6e-5
        residual = found.q**2 + psi(-1 / s, found.q)
        assert abs(residual - delta * (found.q**2 - 1)) < 1e-9 * found.q**2
        assert found.error >= found.bayes
        # The larger root in c = (q^2 - 1)^(-1/2) lies beyond the minimizer.
        b = phase_boundary(two_cluster_means(2, np.pi), s)
        assert (found.q**2 - 1) ** -0.5 > np.linalg.norm(b.v)


def test_collapsed_error_limits():
    assert collapsed_error(2, 0.0).q == pytest.approx(np.sqrt(2))
    assert collapsed_error(2, 1e-9).q == pytest.approx(np.sqrt(2))
    assert collapsed_error(2, np.inf).q == pytest.approx(2)
    assert collapsed_error(2, 1e9).q == pytest.approx(2, abs=1e-7)
    assert collapsed_error(2, np.inf).error == 0.5
    assert collapsed_error(np.inf, 1.0).error == norm.cdf(-1)
    s, delta = 0.8, 1e6
    T = (1 + s**2) * norm.cdf(-1 / s) - s * norm.pdf(1 / s)
    excess = collapsed_error(delta, s).q ** 2 - 1
    assert delta * excess == pytest.approx(1 + T / s**2, rel=1e-5)
    # Cosines simulated at n = 200 to 300 with standard errors of .002-.005:
    # four standard errors.
    for delta, s, cosine, error in (
        (1.5, 0.5, -0.3630, 0.0044),
        (2.5, 1.0, -0.6708, 0.0023),
        (1.7, 1.0, -0.4511, 0.0047),
        (4.0, 3.0, -0.8324, 0.0017),
        (1.5, 0.2, -0.3250, 0.0043),
    ):
        found = collapsed_error(delta, s)
        assert abs(found.cosine - cosine) < 4 * error
        assert np.cos(found.angle) == pytest.approx(found.cosine)


def test_collapse_impossible_at_or_below_the_boundary():
    for s in (0.2, 1.0, 5.0):
        threshold = universal_curve(s, 2)
        with pytest.raises(ValueError, match="delta"):
            collapsed_error(threshold, s)
        close = collapsed_error(threshold + 1e-6, s)
        assert np.isfinite(close.q) and close.error < 0.5
    with pytest.raises(ValueError, match="delta"):
        collapsed_error(1.0, 0.0)
    with pytest.raises(ValueError, match="delta"):
        collapsed_error(1.5, np.inf)


@pytest.mark.parametrize(
    "call, name",
    [
        (lambda: phase_boundary([[1.0, np.nan], [0, 1]], 1.0), "means"),
        (lambda: phase_boundary([[1.0, 2.0]], 1.0), "means"),
        (lambda: phase_boundary([1.0, 2.0], 1.0), "means"),
        (lambda: phase_boundary([[1j], [2]], 1.0), "means"),
        (lambda: phase_boundary(np.eye(2), -0.1), "sigma"),
        (lambda: phase_boundary(np.eye(2), np.nan), "sigma"),
        (lambda: phase_boundary(np.eye(2), -np.inf), "sigma"),
        (lambda: phase_boundary(np.eye(2), "1"), "sigma"),
        (lambda: phase_boundary(np.eye(2), [1.0, 2.0]), "sigma"),
        (lambda: phase_boundary(np.eye(2), 1.0, k=2), "k"),
        (lambda: phase_boundary(np.eye(2), 1.0, k=-1), "k"),
        (lambda: phase_boundary(np.eye(2), 1.0, k=0.5), "k"),
        (lambda: phase_boundary(np.eye(2), 1.0, bias=1), "bias"),
        (lambda: phase_boundary(np.eye(2), 1.0).width(0), "n"),
        (lambda: phase_boundary(np.eye(2), 1.0).width(2.5), "n"),
        (lambda: phase_boundary(np.eye(2), 1.0).band(10, 1.0), "level"),
        (lambda: phase_boundary(np.eye(2), 1.0).band(10, 0.0), "level"),
        (lambda: phase_boundary(np.eye(2), 1.0).probability(-1, 9), "d"),
        (lambda: phase_boundary(np.eye(2), 1.0).probability(np.nan, 9), "d"),
        (lambda: psi(0.0, -1.0), "s"),
        (lambda: psi(np.nan, 1.0), "m"),
        (lambda: universal_curve(-1.0, 2), "tau"),
        (lambda: universal_curve(np.nan, 2), "tau"),
        (lambda: universal_curve(1.0, 1), "K"),
        (lambda: intercept_threshold(2.0), "K"),
        (lambda: collapsed_error(np.nan, 1.0), "delta"),
        (lambda: collapsed_error(2.0, -1.0), "s"),
    ],
)
def test_bad_input_is_named(call, name):
    with pytest.raises((TypeError, ValueError), match=rf"^{name}\b"):
        call()


@pytest.mark.parametrize("order", [2, 4])
def test_rectified_moments_by_quadrature(order):
    from nclib._newton import rectified_moment

    for m in (-3.0, -1.0, 0.0, 0.5, 4.0):
        for s in (0.3, 1.0, 5.0):
            expected = quad(
                lambda z, m=m, s=s: (m + s * z) ** order * norm.pdf(z),
                -m / s,
                40,
                epsabs=0,
                epsrel=1e-11,
                limit=200,
            )[0]
            found = float(rectified_moment(m, s, order))
            assert abs(found / expected - 1) < 1e-8, (m, s)
    assert float(rectified_moment(2.0, 0.0, order)) == 2.0**order


@pytest.mark.parametrize("K", [2, 3, 5])
def test_center_of_pure_noise_is_that_of_wendels_law(K):
    # Without signal the smallest d is n plus fair coins, at every n.
    boundary = phase_boundary(np.zeros((K, 1)), 1.0)
    n = np.array([1, 10, 1000])
    assert np.allclose(boundary.center(n), n + (K - 1) * n / 2, atol=1e-9)
