"""Clusters behind a random ReLU layer: each step of the equivalence."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import norm

import nclib
from nclib.asymptotics import intercept_threshold, phase_boundary, psi
from nclib.data import two_cluster_means
from nclib.layer import layer_width, layer_widths, signal_share

OPPOSED = two_cluster_means(1, np.pi)


def residue():
    """What a ReLU of a standard normal has beside its linear part, over it."""

    def expectation(f):
        return quad(lambda h: f(max(h, 0.0), h) * norm.pdf(h), -12, 12)[0]

    mean = expectation(lambda r, h: r)
    slope = expectation(lambda r, h: r * h)
    rest = expectation(lambda r, h: (r - mean - slope * h) ** 2)
    return rest / slope**2


def test_the_share_is_an_integral_over_the_law_of_marchenko_and_pastur():
    lost = residue()
    for gamma in (0.1, 0.3, 0.9, 1.5, 4.0, 30.0):
        low, high = (1 - gamma**0.5) ** 2, (1 + gamma**0.5) ** 2
        middle, half = (low + high) / 2, (high - low) / 2

        def density(angle, gamma=gamma, middle=middle, half=half):
            t = middle + half * np.cos(angle)
            root = half * np.sin(angle)
            return root**2 / (2 * np.pi * (t + lost))

        share = quad(density, 0, np.pi)[0]
        assert abs(signal_share(gamma) - share) < 1e-6


@pytest.mark.parametrize("gamma", [0.3, 1.0, 2.5])
def test_the_share_is_what_whitening_leaves_of_a_mean(gamma):
    d = 1200
    W = np.random.default_rng(1).standard_normal((d, round(gamma * d)))
    mean = np.zeros(d)
    mean[0] = 1.0
    cov = W.T @ W + residue() * d * np.eye(W.shape[1])
    seen = mean @ W
    left = seen @ np.linalg.solve(cov, seen)
    # One mean fluctuates like 1 / sqrt(d), about 0.5 of that here.
    assert abs(left - signal_share(gamma)) < 0.04


def test_the_share_at_its_ends():
    assert signal_share(0) == 0
    slope = signal_share(1e-9) / 1e-9
    assert slope == pytest.approx(1 / (2 - 2 / np.pi), rel=1e-8)
    rest = (1 - signal_share(1e9)) * 1e9
    assert rest == pytest.approx(1 - 2 / np.pi, rel=1e-6)


def test_the_width_is_the_fixed_point():
    four = np.array([[1.0, 0.5], [1.0, -0.5], [-1.0, 0.5], [-0.3, -0.5]])
    pairs = np.array([[0.7, 0.3, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]])
    for means, k, design in (
        (OPPOSED, 0, {}),
        (np.eye(4), 2, {}),
        (OPPOSED, 1, dict(sizes=(0.5, 3))),
        (four, 1, dict(mixture=pairs)),
    ):
        for sigma, d in ((0.1, 300), (0.5, 30), (3.0, 4000)):
            found = layer_width(means, sigma, 100, d, k, **design)
            share = signal_share(found.width / d)
            assert found.share == share
            assert found.sigma == pytest.approx(sigma / np.sqrt(share))
            again = phase_boundary(means, found.sigma, k, True, **design)
            assert found.boundary.delta == again.delta
            assert found.width == pytest.approx(100 * again.delta, abs=1e-9)


def test_a_loud_cluster_has_a_longer_intercept():
    # Rows divided by their noise: one intercept, means over their noise.
    means, noise = two_cluster_means(2, 2.0), np.array([0.5, 2.0])
    drawn = [
        layer_widths(at, 0.5, 20, 60, 5, 9, noise=levels)
        for at, levels in ((means, noise), (means / noise[:, None], None))
    ]
    assert np.array_equal(*drawn)
    for k in (0, 1):
        found = layer_width(means, 0.4, 80, 200, k, noise=noise)
        moved = layer_width(means / noise[:, None], 0.4, 80, 200, k)
        assert found.width == pytest.approx(moved.width, rel=1e-12)
        own = phase_boundary(means, found.sigma, k, True, noise=noise)
        assert abs(own.delta - found.boundary.delta) > 1e-3
    # Loud and quiet samples of one class, by a general optimizer.
    levels, twice = np.array([0.5, 1.5, 1.0, 1.0]), np.repeat(OPPOSED, 2, 0)
    shares = np.kron(np.eye(2), [0.5, 0.5])
    found = layer_width(
        twice, 0.4, 80, 200, noise=levels, mixture=shares
    )  # fmt: skip

    def F(x):
        v, b, t = x
        a = v * twice[:, 0] / levels / found.sigma + b
        own = np.mean((t / levels[:2] - a[:2]) ** 2)
        return 1 + v**2 + own + psi(a[2], np.sqrt(1 + v**2))

    least = minimize(
        F, [-0.1, -0.1, 0.1], method="L-BFGS-B",
        bounds=[(None, None), (None, None), (0, None)],
        options=dict(ftol=1e-15, gtol=1e-9),
    )  # fmt: skip
    assert found.boundary.delta == pytest.approx(least.fun, abs=1e-7)


def test_signal_helps_between_two_known_ends():
    widths = [
        layer_width(OPPOSED, s, 120, 400).width for s in (1e-3, 0.3, 1e3)
    ]
    assert (np.diff(widths) > 0).all()
    assert widths[0] == pytest.approx(120, abs=0.1)
    assert widths[-1] == pytest.approx(120 * intercept_threshold(2), abs=1e-3)
    # Computed independently, from the formula alone.
    for (d, sigma), width in {
        (400, 0.15): 129.8,
        (400, 0.3): 140.9,
        (400, 1.0): 160.9,
        (120, 0.3): 132.7,
    }.items():
        assert abs(layer_width(OPPOSED, sigma, 120, d).width - width) < 0.06


@pytest.mark.parametrize(
    ("means", "sigma", "d", "k", "design"),
    [
        (OPPOSED, 0.3, 240, 0, {}),
        (np.eye(3), 0.4, 240, 0, {}),
        (OPPOSED, 0.3, 240, 0, dict(sizes=(1, 2))),
        (OPPOSED, 0.4, 240, 1, dict(noise=(0.5, 2))),
    ],
)
def test_random_layers_follow_the_prediction(means, sigma, d, k, design):
    # 60 draws: the mean to 1.5 neurons beyond 5.5 errors (Student, false
    # alarm 1e-6 each).
    found = layer_width(means, sigma, 60, d, k, **design)
    widths = layer_widths(means, sigma, 60, d, 60, 9, k, **design)
    error = widths.std(ddof=1) / np.sqrt(60)
    assert abs(widths.mean() - found.width) < 1.5 + 5.5 * error
    # A tenth of the width, and labels at random, would be seen.
    assert 0.1 * found.width > 1.5 + 5.5 * error
    if len(means) == 2 and not design:
        random = 60 * intercept_threshold(2)
        assert random - found.width > 3 + 11 * error


def test_the_class_that_is_asked_decides():
    # Class 2 has 30 samples, which need as many neurons; class 1 has 10.
    small, large = (
        layer_widths(OPPOSED, 0.3, 10, 40, 4, 3, k, sizes=(1, 3))
        for k in (0, 1)
    )
    assert (10 <= small).all() and (small < 30).all()
    assert (30 <= large).all() and (large <= 40).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((OPPOSED, 0.0, 10, 5), "^sigma must be greater than 0"),
        ((OPPOSED, 0.5, 0, 5), "^n must be at least 1"),
        ((np.eye(3), 0.5, 10, 2), "^d must be at least 3"),
        ((OPPOSED, 0.5, 10, 5, 2), "^k must be below .* 2, got 2"),
        ((OPPOSED, 0.5, 10, 5, -1), "^k must be at least 0"),
    ],
)
def test_bad_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        nclib.layer_width(*arguments)
    with pytest.raises(ValueError, match="^noise must be positive, got -1"):
        nclib.layer_width(OPPOSED, 0.5, 10, 5, noise=(1, -1))
    with pytest.raises(ValueError, match="^ratio must be at least 0"):
        signal_share(-1.0)
