"""General designs: against the definition, quadrature, HiGHS and full data."""

import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from scipy.stats import binom, chi2, norm

from nclib.asymptotics import phase_boundary, psi
from nclib.data import two_cluster_means
from nclib.designs import (
    design_dimensions,
    design_sample,
    elliptical,
    student_levels,
)

OPPOSED = two_cluster_means(1, np.pi)
LABEL_NOISE = dict(mixture=[[0.9, 0.1], [0.1, 0.9]])
FOUR = np.array([[1.0, 0.5], [1.0, -0.5], [-1.0, 0.5], [-0.3, -0.5]])
PAIRS = np.array([[0.7, 0.3, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]])


def random_design(seed):
    rng = np.random.default_rng(seed)
    clusters, K = int(rng.integers(3, 6)), int(rng.integers(2, 4))
    mixture = rng.dirichlet(np.ones(clusters), K)
    mixture[rng.random((K, clusters)) < 0.3] = 0
    mixture[:, 0] += 0.1
    design = dict(
        sizes=rng.uniform(0.3, 3, K),
        noise=rng.uniform(0.4, 2, clusters),
        mixture=mixture / mixture.sum(axis=1, keepdims=True),
    )
    means = rng.standard_normal((clusters, 2))
    return means, float(rng.uniform(0.3, 1)), int(rng.integers(K)), design


def direct(means, sigma, k, design, bias):
    """The minimum over v, intercept and t >= 0, by a general optimizer."""
    sizes, noise, mixture = (
        np.asarray(design[name]) for name in ("sizes", "noise", "mixture")
    )

    def F(x):
        v, t = x[:2], x[-1]
        a = means @ v / sigma + bias * x[2]
        s = np.sqrt(1 + v @ v)
        costs = mixture @ (psi(a / noise, s))
        costs[k] = s**2 + mixture[k] @ ((t - a) / noise) ** 2
        return sizes @ costs

    free = [(None, None)] * (2 + bias)
    return minimize(
        F,
        np.append(np.full(2 + bias, 0.01), 0.1),
        method="L-BFGS-B",
        bounds=[*free, (0, None)],
        options=dict(ftol=1e-15, gtol=1e-9),
    )


def test_the_threshold_is_the_minimum_of_its_definition():
    signs = set()
    for seed in range(24):
        means, sigma, k, design = random_design(seed)
        for bias in (False, True):
            found = phase_boundary(means, sigma, k, bias, **design)
            least = direct(means, sigma, k, design, bias)
            assert abs(found.delta - least.fun) < 1e-8
            assert np.abs(found.v - least.x[:2]).max() < 1e-3
            a = means @ found.v / sigma + found.intercept
            assert np.allclose(found.margins, a, atol=1e-10)
            signs.add(bool(least.x[-1] > 0))
    assert signs == {False, True}


def test_as_many_equations_as_dimensions():
    for seed in range(24):
        means, sigma, k, design = random_design(seed)
        found = phase_boundary(means, sigma, k, **design)
        s = np.sqrt(1 + found.v @ found.v)
        touch = design["mixture"] @ norm.cdf(
            found.margins / design["noise"] / s
        )
        touch[k] = 1
        assert abs(found.delta - design["sizes"] @ touch) < 1e-9
        own = design["sizes"][k]
        least = found.least_n
        assert least * (found.delta - own) >= 2 - 1e-9
        assert least == 1 or (least - 1) * (found.delta - own) < 2


def test_designs_that_are_plain_in_disguise():
    means = np.random.default_rng(2).standard_normal((3, 4))
    for k, bias in ((0, False), (1, True), (2, False)):
        plain = phase_boundary(means, 0.7, k, bias)
        doubled = phase_boundary(means, 0.7, k, bias, sizes=(2, 2, 2))
        split = phase_boundary(
            np.repeat(means, 2, axis=0), 0.7, k, bias,
            mixture=np.kron(np.eye(3), [0.3, 0.7]),
        )  # fmt: skip
        louder = phase_boundary(
            means, 0.35, k, bias, noise=np.full(3, 2.0)
        )  # fmt: skip
        assert abs(doubled.delta - 2 * plain.delta) < 1e-12
        assert abs(doubled.width(100) - plain.width(200)) < 1e-11
        assert abs(doubled.center(100) - plain.center(200)) < 1e-10
        assert doubled.probability(400, 100) == pytest.approx(
            plain.probability(400, 200), abs=1e-11
        )
        for same in (split, louder):
            assert abs(same.delta - plain.delta) < 1e-12
            assert abs(same.tau2 - plain.tau2) < 1e-11
            assert abs(same.shift(300) - plain.shift(300)) < 1e-8
        assert np.allclose(split.margins[::2], plain.margins, atol=1e-9)
    # Rows may be divided by their noise.
    noise = np.array([0.5, 1.0, 3.0])
    for k in range(3):
        a = phase_boundary(means, 0.7, k, noise=noise)
        b = phase_boundary(means / noise[:, None], 0.7, k)
        assert abs(a.delta - b.delta) < 1e-12
        assert abs(a.center(50) - b.center(50)) < 1e-10
        assert np.allclose(a.margins, noise * b.margins, atol=1e-10)


def test_no_signal_is_a_coin_for_each_other_sample():
    for sizes in ((1, 3), (0.4, 1), (1, 0.5, 2)):
        found = phase_boundary(np.zeros((len(sizes), 1)), 1.0, sizes=sizes)
        rest = sum(sizes) - sizes[0]
        heads = binom(round(20 * rest), 0.5)
        assert found.delta == pytest.approx(sizes[0] + rest / 2, abs=1e-13)
        assert found.center(20) == pytest.approx(20 * sizes[0] + heads.mean())
        assert found.width(20) == pytest.approx(heads.std())


def test_probability_is_certain_below_the_class_and_from_all_samples_on():
    found = phase_boundary(OPPOSED, 0.5, sizes=(0.5, 3))
    p = found.probability(np.array([4, 5, 6]), 10)
    assert p[0] == 0 < p[1] < p[2]
    found = phase_boundary(np.zeros((2, 1)), 1.0, sizes=(2, 1))
    p = found.probability(np.array([5, 6]), 2)
    assert p[0] < 0.999 and p[1] == 1


def second_order(means, sigma, k, design, n):
    """tau^2 and c_0(n) from single samples' terms, in (v, t).

    Given the noise z in the coordinates of the means, the moments over g are
    closed forms; over z, Gauss-Hermite. A sample's cluster is chance.
    """
    sizes, noise, mixture = (
        np.asarray(design[name]) for name in ("sizes", "noise", "mixture")
    )
    boundary = phase_boundary(means, sigma, k, **design)
    v, a = boundary.v, means @ boundary.v / sigma
    weight = mixture[k] / noise**2
    t = max(weight @ a / weight.sum(), 0.0)
    push = -2 * sizes[k] * (weight @ a) if t == 0 else 0.0
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    z = np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(-1, 2)
    w = np.outer(weights, weights).ravel() / (2 * np.pi)
    H, V, variance = np.zeros((3, 3)), np.zeros((3, 3)), 0.0
    for j, row in enumerate(mixture):
        gradient, value, square = np.zeros(3), 0.0, 0.0
        for c in np.flatnonzero(row):
            rows = np.column_stack([z + means[c] / sigma / noise[c], 0 * w])
            m = z @ v + a[c] / noise[c]
            if j == k:
                m = m - t / noise[c]
                rows[:, 2] = -1 / noise[c]
                P, first, second = np.ones(len(w)), m, m**2 + 1
                fourth = m**4 + 6 * m**2 + 3
            else:
                P = norm.cdf(m)
                first = m * P + norm.pdf(m)
                second = (m**2 + 1) * P + m * norm.pdf(m)
                fourth = (m**4 + 6 * m**2 + 3) * P
                fourth += (m**3 + 5 * m) * norm.pdf(m)
            gradient += row[c] * 2 * rows.T @ (w * first)
            H += sizes[j] * row[c] * 2 * (rows.T * (w * P)) @ rows
            V += sizes[j] * row[c] * 4 * (rows.T * (w * second)) @ rows
            value += row[c] * (w @ second)
            square += row[c] * (w @ fourth)
        V -= sizes[j] * np.outer(gradient, gradient)
        variance += sizes[j] * (square - value**2)
    inverse = np.linalg.inv(H)
    omega = inverse[2, 2]
    spread = np.sqrt((inverse @ V @ inverse)[2, 2])
    if t > 0:
        last = psi(-np.sqrt(n) * t, spread)
    else:
        last = spread**2 - psi(-np.sqrt(n) * omega * push, spread)
    shift = 2 - np.trace(inverse @ V) / 2 + last / (2 * omega)
    return variance - 2 * boundary.delta, shift


def test_width_and_shift_by_quadrature_of_their_definition():
    slack = set()
    for seed in range(10):
        means, sigma, k, design = random_design(seed)
        boundary = phase_boundary(means, sigma, k, **design)
        slack.add(bool(boundary._room > 0))
        for n in (200, 5000):
            tau2, shift = second_order(means, sigma, k, design, n)
            assert abs(boundary.tau2 - tau2) < 1e-8
            assert abs(boundary.shift(n) - shift) < 1e-7
    assert slack == {False, True}


def highs(X, y, k):
    """Whether (2.12) has a solution, by HiGHS."""
    own, other = X[y == k], X[y != k]
    answer = linprog(
        np.zeros(X.shape[1]),
        A_ub=other,
        b_ub=np.zeros(len(other)),
        A_eq=own,
        b_eq=np.ones(len(own)),
        bounds=[(None, None)] * X.shape[1],
    )
    assert answer.status in (0, 2)
    return answer.status == 0


@pytest.mark.parametrize(
    ("means", "design"),
    [
        (OPPOSED, dict(sizes=(1, 2))),
        (OPPOSED, LABEL_NOISE),
        (FOUR, dict(noise=(0.5, 1, 2, 1), mixture=PAIRS)),
    ],
)
def test_dimensions_are_those_of_highs_on_the_same_data(means, design):
    n, draws, k = 12, 4, 0
    found = design_dimensions(means, 0.5, n, draws, 3, k, **design)
    seeds = np.random.SeedSequence(3).spawn(draws)
    for d, seed in zip(found, seeds, strict=True):
        total = round(n * sum(design.get("sizes", (1, 1))))
        X, y = design_sample(means, 0.5, n, total, seed, **design)
        assert highs(X[:, :d], y, k) and not highs(X[:, : d - 1], y, k)


def test_a_bias_is_a_column_of_ones():
    found = design_dimensions(OPPOSED, 0.5, 12, 3, 4, bias=True)
    for d, seed in zip(found, np.random.SeedSequence(4).spawn(3), strict=True):
        X, y = design_sample(OPPOSED, 0.5, 12, 24, seed)
        X = np.column_stack([np.ones(24), X])
        assert highs(X[:, : d + 1], y, 0) and not highs(X[:, :d], y, 0)


@pytest.mark.parametrize(
    ("means", "sigma", "k", "design", "plain"),
    [
        (OPPOSED, 0.5, 0, dict(sizes=(1, 3)), 77.3),
        (OPPOSED, 0.5, 0, LABEL_NOISE, 77.3),
        (OPPOSED, 1.0, 0, dict(noise=(0.25, 1)), 77.3),
        (FOUR, 0.4, 1, dict(mixture=PAIRS, sizes=(2, 1)), None),
    ],
)
def test_full_data_follow_the_prediction(means, sigma, k, design, plain):
    # 250 draws: the mean to 0.3 of a dimension and the deviation to 6 %
    # beyond 4.9 errors, false alarm 1e-6 for each of eight comparisons.
    n, draws = 60, 250
    boundary = phase_boundary(means, sigma, k, **design)
    d = design_dimensions(means, sigma, n, draws, 8, k, **design)
    error = boundary.width(n) / np.sqrt(draws)
    assert abs(d.mean() - boundary.center(n)) < 0.3 + 4.9 * error
    ratio = d.std(ddof=1) / boundary.width(n)
    assert abs(ratio - 1) < 0.06 + 4.9 / np.sqrt(2 * draws)
    # Wrong by a tenth, or equal white classes, would be seen.
    assert 0.1 * n * boundary.delta > 1 + 9.8 * error
    if plain:
        assert abs(boundary.center(n) - plain) > 1 + 9.8 * error


def test_samples_have_the_clusters_that_the_mixture_says():
    means = np.diag([10.0, 20.0, 30.0])
    mixture = np.array([[0.2, 0.8, 0.0], [0.5, 0.0, 0.5]])
    X, y = design_sample(
        means, 0.1, 400, 5, 6, sizes=(1, 2), noise=(1, 2, 4), mixture=mixture
    )
    assert np.array_equal(np.bincount(y), (400, 800))
    cluster = X[:, :3].argmax(axis=1)
    for j in (0, 1):
        counts = np.bincount(cluster[y == j], minlength=3)
        inside = mixture[j] > 0
        assert not counts[~inside].any()
        expected = (y == j).sum() * mixture[j, inside]
        distance = np.sum((counts[inside] - expected) ** 2 / expected)
        assert chi2.sf(distance, inside.sum() - 1) > 1e-6
    for c, level in enumerate((1, 2, 4)):
        values = (X - means[cluster] @ np.eye(3, 5))[cluster == c] / 0.1
        square = np.sum(values**2) / level**2
        assert 1e-6 < chi2.sf(square, values.size) < 1 - 1e-6


def test_elliptical_noise():
    # Against an integral over the law of the level, in one dimension of v.
    q = np.linspace(0, 12, 24_001)
    density = q**2 * np.exp(-(q**2) / 2) * np.sqrt(2 / np.pi)
    weight = density * (q[1] - q[0])

    def F(c):
        s = np.sqrt(1 + c * c)
        return s**2 + weight @ psi(-c / 0.5 * q / np.sqrt(3), s)

    least = minimize(lambda c: F(c[0]), [0.3], tol=1e-10).fun
    design = elliptical(OPPOSED, *student_levels(3, 80))
    assert abs(phase_boundary(**design, sigma=0.5).delta - least) < 2e-5
    # One level is no elliptical law but a noise level.
    one = elliptical(OPPOSED, [2.0], [1.0])
    same = phase_boundary(OPPOSED, 1.0).delta
    assert abs(phase_boundary(**one, sigma=0.5).delta - same) < 1e-13
    levels, weights = student_levels(5, 12)
    assert weights.sum() == pytest.approx(1)
    assert weights @ levels**-4.0 == pytest.approx((2 * 5 + 25) / 25)


@pytest.mark.parametrize(
    ("design", "words"),
    [
        (dict(sizes=(1, 2, 3)), r"^sizes must have one entry a class, .*3"),
        (dict(sizes=(1, 0)), "^sizes must be positive, got 0"),
        (dict(sizes=(1, np.nan)), "^sizes must be finite"),
        (dict(noise=(1, -2)), "^noise must be positive, got -2"),
        (dict(noise=1.0), "^noise must have one entry a mean"),
        (dict(mixture=[[1, 0]]), "^mixture must have a row for each"),
        (dict(mixture=np.eye(3)), "^mixture must have .* each of the 2 means"),
        (dict(mixture=[[1, 0], [0.5, 0.6]]), "^mixture .* sum to 1, got .0.5"),
        (dict(mixture=[[1, 0], [1.5, -0.5]]), "^mixture must have rows"),
    ],
)
def test_bad_designs_are_refused(design, words):
    with pytest.raises(ValueError, match=words):
        phase_boundary(OPPOSED, 0.5, **design)
    with pytest.raises(ValueError, match=words):
        design_sample(OPPOSED, 0.5, 10, 3, 0, **design)


def test_other_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="^k must be below .*mixture 2, got"):
        phase_boundary(FOUR, 0.5, 2, mixture=PAIRS)
    with pytest.raises(ValueError, match="^sizes times n must be whole"):
        design_sample(OPPOSED, 0.5, 5, 3, 0, sizes=(1, 0.5))
    with pytest.raises(ValueError, match="^sizes times n must be whole"):
        design_sample(OPPOSED, 0.5, 5, 3, 0, sizes=(1, 1e-11))
    with pytest.raises(ValueError, match="^d must be at least 2"):
        design_sample(FOUR, 0.5, 5, 1, 0)
    with pytest.raises(TypeError, match="^sizes must be real"):
        phase_boundary(OPPOSED, 0.5, sizes=("1", "2"))
    with pytest.raises(ValueError, match="^levels and weights must be"):
        elliptical(OPPOSED, [1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="^degrees must be at least 1"):
        student_levels(0.5)
