"""All classes at once: correlation of critical dimensions, joint chances."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom, norm

import nclib
from nclib.joint import (
    _covariance,
    _moment,
    _product,
    class_correlation,
    joint_collapse,
)
from nclib.transition import (
    critical_columns,
    gaussian,
    joint_critical_dimensions,
)

UNEQUAL = np.array([[1.0, 0.2], [0.8, 0.9], [-0.1, 1.0]])


@pytest.mark.parametrize(
    "means, sigma",
    [
        (nclib.two_cluster_means(2, 0.7) * [[1.0], [1.4]], 0.3),
        (nclib.two_cluster_means(2, 0.0), 0.2),
        (UNEQUAL, 0.2),
        (np.zeros((4, 1)), 1.0),
    ],
)
def test_a_class_with_itself_has_the_variance_of_its_boundary(means, sigma):
    for k in range(len(means)):
        found = nclib.phase_boundary(means, sigma, k)
        tau2 = _covariance(found, found, k, k)
        assert tau2 == pytest.approx(found.tau2, rel=1e-8)


def test_correlations_by_a_plane_quadrature():
    # Sums over a grid of 601 x 601 points, from a separate script.
    for degrees, sigma, value in (
        (180, 0.05, 0.00043),
        (180, 0.1, 0.0033),
        (180, 0.5, 0.0654),
        (180, 2.0, 0.0052),
        (45, 0.3, 0.0636),
        (45, 1.0, 0.0290),
        (0, 0.05, 0.3161),
        (0, 0.2, 0.2882),
        (0, 0.5, 0.1817),
    ):
        means = nclib.two_cluster_means(2, np.radians(degrees))
        found = class_correlation(means, sigma)
        assert found[0, 1] == pytest.approx(value, abs=6e-5)
        assert found[0, 1] == found[1, 0] and found[0, 0] == 1
    # Boundaries 1.27 and 1.47: their maximum counts, not their mean.
    longer = class_correlation(np.array([[1.0], [2.0]]), 0.3)
    assert longer[0, 1] == pytest.approx(0.21629, abs=6e-5)
    right = nclib.two_cluster_means(2, np.pi / 2)
    assert abs(class_correlation(right, 0.7)[0, 1]) < 1e-12


def test_invariances():
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((2, 2)))[0]
    found = class_correlation(UNEQUAL, 0.3)
    assert np.allclose(class_correlation(7 * UNEQUAL @ turn, 2.1), found)
    order = [2, 0, 1]
    swapped = class_correlation(UNEQUAL[order], 0.3)
    assert np.allclose(swapped, found[np.ix_(order, order)], atol=1e-9)
    # Noise alone: two classes have nothing in common, three share a third.
    noise = [class_correlation(np.zeros((K, 1)), 1.0)[0, 1] for K in (2, 3, 4)]
    assert abs(noise[0]) < 1e-12
    assert noise[1:] == pytest.approx([0.1372, 0.2802], abs=6e-5)


def test_moments_of_cut_and_uncut_terms():
    rng = np.random.default_rng(2)
    g, h = rng.standard_normal((2, 400_000))
    a, s, b, t, c = 0.4, 1.3, -0.7, 1.1, -0.6
    for cut, cut_too, order in (
        (True, True, 1),
        (False, True, 2),
        (True, False, 1),
        (False, False, 2),
    ):
        u, w = a + s * g, b + t * (c * g + 0.8 * h)
        u = np.maximum(u, 0) if cut else u
        w = np.maximum(w, 0) if cut_too else w
        values = (u * w) ** order
        # Five standard errors: 6e-7 each.
        error = values.std() / len(values) ** 0.5
        exact = _product(a, s, cut, b, t, cut_too, c, order)
        assert abs(values.mean() - exact) < 5 * error
        alone = _moment(b, t, cut_too, order)
        assert _product(9.0, 1e-9, False, b, t, cut_too, 0.0, order) == (
            pytest.approx(9.0**order * alone, rel=1e-6)
        )


@pytest.mark.parametrize("c", [1.0, -1.0])
def test_terms_of_one_normal_bend(c):
    # Both are functions of the same normal: integrals on a line.
    for a, b in ((0.3, -0.4), (0.5, 0.2), (-1.0, -2.0)):
        bends = sorted([-a / 1.2, -c * b / 0.9])
        for order in (1, 2):
            exact = quad(
                lambda g, a=a, b=b, order=order: (
                    (max(a + 1.2 * g, 0) * max(b + 0.9 * c * g, 0)) ** order
                    * norm.pdf(g)
                ),
                -12,
                12,
                points=bends,
                epsabs=1e-13,
                limit=200,
            )[0]
            found = _product(a, 1.2, True, b, 0.9, True, c, order)
            assert found == pytest.approx(exact, abs=1e-10)


def test_joint_chance_lies_between_the_bounds():
    n, d = 40, np.arange(35, 125)
    for means, sigma in ((np.ones((2, 1)), 0.2), (UNEQUAL, 0.4)):
        found = joint_collapse(means, sigma, d, n)
        K = len(means)
        alone = [
            nclib.phase_boundary(means, sigma, k).probability(d, n)
            for k in range(K)
        ]
        assert np.array_equal(found.classes, np.transpose(alone))
        total = np.sum(alone, axis=0) - (K - 1)
        assert np.allclose(found.lower, np.maximum(total, 0))
        assert np.allclose(found.upper, np.min(alone, axis=0))
        assert np.allclose(found.product, np.prod(alone, axis=0))
        slack = 1e-4
        assert (found.lower <= found.normal + slack).all()
        assert (found.normal <= found.upper + slack).all()
        assert (found.normal[d < n] == 0).all()
        assert (found.normal[d >= K * n] == 1).all()
    middle = joint_collapse(np.zeros((2, 1)), 1.0, 60, n)
    coins = binom.cdf(20, n, 0.5)
    assert middle.normal == pytest.approx(coins**2, abs=0.07)
    # Two halves of correlation rho: 1/4 + arcsin(rho) / (2 pi).
    equal = np.ones((2, 1))
    law = nclib.phase_boundary(equal, 0.2)
    at = n * law.delta + law.shift(n)
    half = joint_collapse(equal, 0.2, at, n)
    rho = class_correlation(equal, 0.2)[0, 1]
    orthant = 0.25 + np.arcsin(rho) / (2 * np.pi)
    assert half.normal == pytest.approx(orthant, abs=1e-6)
    assert half.product == pytest.approx(0.25, abs=1e-12)


def test_the_same_data_serve_every_class():
    means = nclib.two_cluster_means(2, 1.0)
    d = joint_critical_dimensions(means, 0.5, 10, 4, seed=3)
    for k in (0, 1):
        alone = critical_columns(means, gaussian(0.5), 10, 4, 3, k)
        assert np.array_equal(d[:, k], alone)


@pytest.mark.parametrize(
    "call, name",
    [
        (lambda: class_correlation(np.eye(2), 0.0), "sigma"),
        (lambda: class_correlation(np.ones((1, 2)), 1.0), "means"),
        (lambda: joint_collapse(np.eye(2), 1.0, -1, 10), "d"),
        (lambda: joint_collapse(np.eye(2), 1.0, 12, 1.5), "n"),
        (lambda: joint_collapse(np.eye(2), 0.01, 12, 3), "n"),
    ],
)
def test_bad_input_is_named(call, name):
    with pytest.raises((TypeError, ValueError), match=rf"^{name}\b"):
        call()
