"""Theorems 7 and 8: the exact optimum, the bounds, the two-neuron error."""

import numpy as np
import pytest
from exact_lp import exactly_feasible
from scipy.integrate import quad
from scipy.stats import norm

import nclib
from nclib.asymptotics import collapsed_error, separator_factor
from nclib.bounds import (
    printed_bound_roots,
    printed_excess,
    printed_factor,
    theorem_7a_sigma,
    theorem_7b_corrected,
    theorem_7b_events,
    theorem_7b_printed,
    truncated_moment,
)
from nclib.data import GaussianMixture
from nclib.generalization import (
    admissible,
    best_collapsed_neuron,
    best_separator,
    beta_law,
    blind_direction,
    draw,
    flat_ratio,
    guess_bound,
    limit_errors,
    neuron_error,
    sandwich,
    slack_needed,
    two_neuron_error,
)

RULES = "error", "half", "correct"


def opposite(n, d, s, seed, norm=1.0):
    """A draw of (2.20) with a mean in general position."""
    rng = np.random.default_rng(seed)
    mu = rng.standard_normal(d)
    mu *= norm / np.linalg.norm(mu)
    X, y = GaussianMixture(np.stack([mu, -mu]), s * norm).sample(n, rng)
    return X, y, mu


def cvxpy_ratio(X, y, mu, label):
    """1/norm of the shortest eta in the cone with <mu, eta> = 1, or None."""
    import cvxpy as cp

    eta, t = cp.Variable(X.shape[1]), cp.Variable(nonneg=True)
    problem = cp.Problem(
        cp.Minimize(cp.sum_squares(eta)),
        [
            X[y == label] @ eta == t,
            X[y != label] @ eta <= 0,
            mu @ eta == 1,
        ],
    )
    tight = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), 1e-12)
    problem.solve(solver=cp.CLARABEL, **tight)
    return 1 / np.linalg.norm(eta.value)


def test_agrees_with_cvxpy_and_kkt():
    rng = np.random.default_rng(7)
    solved = 0
    for _ in range(80):
        n = int(rng.integers(2, 9))
        d = int(rng.integers(n + 2, 4 * n + 3))
        X, y, mu = opposite(n, d, rng.uniform(0.1, 3), rng, rng.uniform(1, 3))
        label = int(rng.integers(2))
        own_mean = mu if label == 0 else -mu
        try:
            best = best_collapsed_neuron(X, y, own_mean, label)
        except ValueError:
            continue
        solved += 1
        value = cvxpy_ratio(X, y, own_mean, label)
        assert best.ratio == pytest.approx(value, abs=1e-8)
        assert max(best.residuals.values()) < 1e-12
        # The multipliers are a proof: recompute what they prove.
        X_in, X_out = X[y == label], X[y != label]
        shadow = own_mean - X_in.T @ best.u - X_out.T @ best.s
        assert (best.s >= 0).all() and best.u.sum() <= 1e-12
        assert np.linalg.norm(shadow) == pytest.approx(best.upper, rel=1e-12)
        assert best.upper == pytest.approx(best.ratio, rel=1e-11)
        if best.beta is not None:
            size = np.linalg.norm(best.beta)
            np.testing.assert_allclose(X_in @ best.beta, 1, atol=1e-11)
            assert (X_out @ best.beta).max() < 1e-12 * size
            assert own_mean @ best.beta / size == pytest.approx(best.ratio)
    assert solved > 40


def test_no_member_of_the_class_beats_the_optimum():
    X, y, mu = opposite(10, 40, 1.0, seed=3)
    best = best_collapsed_neuron(X, y, mu, 0)
    null = np.linalg.svd(X)[2][20:]
    rng = np.random.default_rng(0)
    for _ in range(200):
        other = best.beta + rng.standard_normal(20) @ null * rng.uniform(0, 2)
        assert mu @ other / np.linalg.norm(other) < best.ratio
        assert neuron_error(other, mu, 1.0) > best.error(1.0)
    assert neuron_error(best.beta, mu, 1.0) == pytest.approx(best.error(1.0))
    for scale in (1e-200, 1e200):
        error = neuron_error(scale * best.beta, mu, 1.0)
        assert error == pytest.approx(best.error(1.0), rel=1e-12)
    assert best.error(0.5) == pytest.approx(norm.cdf(-2 * best.ratio))


def test_invariances_of_the_optimum():
    X, y, mu = opposite(8, 20, 0.7, seed=5)
    ratio = best_collapsed_neuron(X, y, mu, 0).ratio
    Q = np.linalg.qr(np.random.default_rng(1).standard_normal((20, 20)))[0]
    order = np.random.default_rng(2).permutation(16)
    for rows, labels, mean, factor in [
        (X @ Q, y, mu @ Q, 1),
        (X[order], y[order], mu, 1),
        (X * 1e150, y, mu, 1),
        (X * 1e-150, y, 5 * mu, 5),
        (np.vstack([X, X[:3], np.zeros(20)]), [*y, *y[:3], 1], mu, 1),
        (np.pad(X, ((0, 0), (0, 3))), y, np.pad(mu, (0, 3)), 1),
    ]:
        again = best_collapsed_neuron(rows, np.array(labels), mean, 0)
        assert again.ratio == pytest.approx(factor * ratio, rel=1e-11)


def test_infeasible_and_unattained_classes():
    X, y, mu = opposite(40, 41, 2.0, seed=0)
    with pytest.raises(ValueError, match="no neuron collapses class 0"):
        best_collapsed_neuron(X, y, mu, 0)
    with pytest.raises(ValueError, match="no neuron collapses class 1"):
        best_collapsed_neuron(X[:, :39], y, -mu[:39], 1)
    mu, y = np.array([1.0, 0.0]), np.array([0, 1])
    # mu projects on the face t = 0: a supremum that nothing attains.
    X = np.array([[-1.0, 1.0], [-1.0, -5.0]])
    best = best_collapsed_neuron(X, y, mu, 0)
    assert best.beta is None
    assert best.ratio == pytest.approx(np.sqrt(0.5), abs=1e-15)
    assert best.upper == pytest.approx(best.ratio)
    ratios = []
    for size in (1.0, 100.0, 1e4):
        member = np.array([0.0, 1.0]) + size * best.direction
        assert X[0] @ member == pytest.approx(1) and X[1] @ member <= 0
        ratios.append(member[0] / np.linalg.norm(member))
    assert ratios == sorted(ratios) and ratios[-1] < best.ratio
    assert ratios[-1] == pytest.approx(best.ratio, abs=1e-4)
    # Every collapsed neuron points away from mu: a + b <= 0, b = a + 1.
    with pytest.raises(ValueError, match="<mu, beta> <= 0"):
        best_collapsed_neuron(np.array([[-1.0, 1.0], [1.0, 1.0]]), y, mu, 0)


def test_sandwich_from_the_noise_itself():
    n, d, s, scale = 6, 40, 1.5, 2.0
    rng = np.random.default_rng(8)
    Z = rng.standard_normal((2 * n, d))
    mean = scale * np.eye(d)[0]
    y = np.repeat([1, 0], n)
    X = np.where(y[:, None] == 1, mean, -mean) + s * scale * Z
    inside, outside = Z[:n, 0], np.maximum(s * Z[n:, 0] - 1, 0)
    eigenvalues = np.linalg.eigvalsh(Z[:, 1:] @ Z[:, 1:].T)
    centered = inside - inside.mean()
    lower = s**2 * (1 + centered @ centered / eigenvalues[-1])
    lower += outside @ outside / eigenvalues[-1]
    upper = s**2 * (1 + inside @ inside / eigenvalues[0])
    upper += outside @ outside / eigenvalues[0]
    bounds = sandwich(X, y, mean, s * scale, label=1)
    assert bounds == pytest.approx((lower, upper), rel=1e-12)
    assert sandwich(X, y, -mean, s * scale) != pytest.approx(bounds)
    # Below d = 2n + 1 nothing bounds the optimum from above.
    assert sandwich(X[:, :12], y, mean[:12], s * scale, 1)[1] == np.inf
    # Nor where two samples are equal, since Z Z^T is singular then.
    twice = X.copy()
    twice[1] = twice[0]
    assert sandwich(twice, y, mean, s * scale, 1)[1] == np.inf
    # Samples on the axis: no noise elsewhere, error Phi(-1/s) exactly.
    line = np.array([[1.0, 0, 0], [-1.0, 0, 0]])
    lower, _ = sandwich(line, [0, 1], line[0], 0.5)
    assert lower == 0.25


@pytest.mark.parametrize("s", [0.5, 1.0, 3.0, 15.0])
def test_corrected_bound_is_sharp_to_first_order(s):
    # B = s^2 + n/d (s^2 + T(s)) (1 + o(1)), approached from below.
    n, d = 10**8, 10**12
    B = norm.ppf(theorem_7b_corrected(n, d, s)) ** -2
    slope = (B - s**2) * d / n / (s**2 + truncated_moment(s, 2))
    assert 0.96 < slope < 1
    for n, d in ((50, 80), (200, 2120), (10**4, 10**6)):
        assert theorem_7b_corrected(n, d, s) < collapsed_error(d / n, s).error


def test_the_bounds_of_7b_written_out():
    # (2.28) and its repair once more, with the moments by quadrature. The
    # five values of the corrected bound were computed by a second author.
    n, d = 200, 2120

    def moment(s, order):
        def density(z):
            return (s * z - 1) ** order * norm.pdf(z)

        return quad(density, 1 / s, 1 / s + 40, epsabs=0, epsrel=1e-11)[0]

    table = zip(
        (0.3, 0.5, 1.0, 2.0, 8.0),
        (0.00050, 0.02427, 0.16199, 0.31112, 0.45110),
        strict=True,
    )
    for s, value in table:
        U = s**3 * np.exp(-1 / (2 * s**2)) / np.sqrt(2 * np.pi)
        B = s**2 + n * (U + s**2 + 1) / (2 * d)
        printed = norm.cdf(-1 / np.sqrt(B))
        assert theorem_7b_printed(n, d, s) == pytest.approx(printed, rel=1e-12)
        assert printed_factor(d / n, s) == pytest.approx(B / s**2, rel=1e-12)
        events = (
            max(0, 199 - 2 * np.sqrt(199 * np.log(200))),
            max(
                0,
                200 * moment(s, 2) - np.sqrt(400 * moment(s, 4) * np.log(200)),
            ),
            (np.sqrt(2119) + 20 + np.sqrt(2 * np.log(200))) ** 2,
        )
        assert theorem_7b_events(n, d, s) == pytest.approx(events, rel=1e-9)
        B = s**2 + (s**2 * events[0] + events[1]) / events[2]
        corrected = norm.cdf(-1 / np.sqrt(B))
        assert theorem_7b_corrected(n, d, s) == pytest.approx(corrected)
        assert corrected == pytest.approx(value, abs=1e-5)


def test_the_constants_of_the_printed_bound():
    n, d, s = 200, 2120, 0.5
    values = [theorem_7b_printed(n, d, s, c, c) for c in (0, 1, 10, 1e4)]
    assert values == sorted(values, reverse=True) and values[-1] == 0.0
    # What they take off B, the square of the printed 1 / quantile.
    plain, less = (
        norm.ppf(theorem_7b_printed(n, d, s, *c)) ** -2
        for c in ((0, 0), (3, 2))
    )
    taken = n / (2 * d) * (3 * s**2 + 2 * s) * np.sqrt(np.log(n) / n)
    assert plain - less == pytest.approx(taken, rel=1e-9)


def test_roots_of_the_printed_excess():
    low, high = printed_bound_roots()

    def independent(s):
        def square(z):
            return (s * z - 1) ** 2 * norm.pdf(z)

        T = quad(square, 1 / s, np.inf, epsabs=1e-13)[0]
        U = s**3 * np.exp(-1 / (2 * s**2)) / np.sqrt(2 * np.pi)
        return 1 + U - s**2 - 2 * T

    for root in (low, high):
        assert abs(independent(root)) < 1e-9
    for s in (0.1, 0.5, 1.0, 1.1, 2.0, 4.0, 4.3, 10.0):
        assert printed_excess(s) == pytest.approx(independent(s), abs=1e-8)


@pytest.mark.parametrize("s", [0.1, 0.3, 1.0, 3.0, 30.0])
def test_truncated_moments(s):
    for order in (2, 4):

        def integrand(x, order=order):
            return x**order * norm.pdf((x + 1) / s) / s

        value = quad(integrand, 0, 20 * s, epsabs=0, epsrel=1e-12)[0]
        assert truncated_moment(s, order) == pytest.approx(value, rel=1e-8)
    T = truncated_moment(s, 2)
    ceiling = 2 * s**5 * norm.pdf(1 / s)
    assert ceiling / (1 + 6 * s**2 + 3 * s**4) <= T
    assert ceiling / (1 + 3 * s**2) >= T


def test_theorem_7a_constant_gives_the_rate():
    for n, d in ((100, 150), (1000, 1100)):
        s = theorem_7a_sigma(d, n)
        floor = np.sqrt((d - n + 1) / d)
        assert norm.cdf(-floor / s) <= n**-2
        # One and a half times the noise would not do.
        assert norm.cdf(-floor / (1.5 * s)) > n**-2
        # At equality (4.23) is 2 s sqrt(log n) = sqrt(E cos^2), exactly.
        mean = beta_law(n, d).mean()
        assert 4 * s**2 * np.log(n) == pytest.approx(mean, rel=1e-12)
    assert theorem_7a_sigma(150, 100, eps=0.5) == pytest.approx(
        theorem_7a_sigma(150, 100) / 2
    )


def pairs():
    """Two-neuron classifiers: arbitrary, nearly parallel, and optimal."""
    rng = np.random.default_rng(11)
    mu = rng.standard_normal(6) / 2
    noise = rng.standard_normal((2, 6))
    yield mu + 0.5 * noise[0], -mu + 0.5 * noise[1], mu, 0.8
    yield noise[0], 3 * noise[0] + 0.1 * noise[1], mu, 1.3
    X, y, mu = opposite(30, 90, 1.0, seed=4)
    first = best_collapsed_neuron(X, y, mu, 0).beta
    second = best_collapsed_neuron(X, y, -mu, 1).beta
    yield first, second, mu, 1.0


def test_two_neuron_error_against_quadrature():
    def quadrant(a, b, m):
        """P(<a, x> > 0, <b, x> > 0) by conditioning on the first."""
        size = np.linalg.norm(a)
        rho = a @ b / size
        rest = np.sqrt(b @ b - rho**2)
        h, k = a @ m / size, b @ m

        def density(z):
            return norm.pdf(z) * norm.cdf((k + rho * z) / rest)

        return quad(density, -h, 12, epsabs=1e-13, limit=200)[0]

    for beta1, beta2, mu, sigma in pairs():
        m = mu / sigma
        wrong = quadrant(beta2, beta2 - beta1, m) / 2
        wrong += quadrant(beta1, beta1 - beta2, -m) / 2
        tied = quadrant(-beta1, -beta2, m) / 2
        tied += quadrant(-beta1, -beta2, -m) / 2
        for ties, share in zip(RULES, (1, 0.5, 0), strict=True):
            exact = two_neuron_error(beta1, beta2, mu, sigma, ties)
            assert exact == pytest.approx(wrong + share * tied, abs=1e-11)


@pytest.mark.parametrize("s", [0.3, 1.0, 2.0, 8.0])
def test_the_bound_for_guesses(s):
    # D(c) along mu, and what the best rule that is silent where either
    # neuron is would win: (P_+ - P_-) of a half plane.
    def win(c):
        def density(m):
            size = norm.pdf(m - 1 / s) - norm.pdf(m + 1 / s)
            return size * norm.cdf(c * m / np.sqrt(1 - c**2))

        return quad(density, 0, 1 / s + 12, epsabs=1e-13)[0]

    cosines = (-0.5, 0.0, 0.3, 0.8, 0.999)
    for one in cosines:
        for two in cosines:
            exact = 0.5 - (win(one) + win(two)) / 4
            assert guess_bound(one, two, s) == pytest.approx(exact, abs=1e-12)
    bayes = norm.cdf(-1 / s)
    assert guess_bound(1.0, 1.0, s) == pytest.approx(bayes, abs=1e-15)
    assert guess_bound(-1.0, -1.0, s) == pytest.approx(0.5, abs=1e-15)
    falls = [guess_bound(c, c, s) for c in cosines]
    assert falls == sorted(falls, reverse=True) and falls[-1] > bayes


def test_the_bound_for_guesses_at_the_limit():
    # Reference values of a second author, for the two best neurons.
    for delta, s, bound, pair in (
        (1.5, 0.3, 0.01425, 0.01895),
        (1.5, 0.5, 0.08147, 0.11766),
        (4.0, 1.0, 0.17804, 0.19126),
        (10.6, 2.0, 0.31380, 0.31781),
    ):
        cosine = 1 / collapsed_error(delta, s).q
        assert guess_bound(cosine, cosine, s) == pytest.approx(bound, abs=6e-6)
        assert limit_errors(delta, s)[2] == pytest.approx(pair, abs=6e-6)


def test_the_flattest_direction():
    rng = np.random.default_rng(20)
    mu, A, B = rng.standard_normal(9), *rng.standard_normal((2, 4, 9))
    for groups in ([A], [A, B]):
        free = np.linalg.svd(
            np.vstack([group - group.mean(axis=0) for group in groups])
        )[2][3 * len(groups) :]
        expected = np.linalg.norm(free @ mu)
        assert flat_ratio(mu, *groups) == pytest.approx(expected, rel=1e-12)
        for group in groups:
            direction = free.T @ (free @ mu)
            assert np.ptp(group @ direction) < 1e-12
    assert flat_ratio(mu, A[:1]) == pytest.approx(np.linalg.norm(mu))


def test_two_neuron_error_in_closed_form_cases():
    mu, sigma = np.array([1.0, 0.0]), 0.7
    # Opposite neurons are a hyperplane, without ties.
    for ties in RULES:
        error = two_neuron_error(mu, -2 * mu, mu, sigma, ties)
        assert error == pytest.approx(norm.cdf(-1 / sigma), abs=1e-15)
    # Equal neurons always tie.
    for ties, value in zip(RULES, (1, 0.5, 0), strict=True):
        assert two_neuron_error(mu, mu, mu, sigma, ties) == value
    # Parallel ones tie when both are silent; the larger wins otherwise.
    p = norm.cdf(1 / sigma)
    strict = two_neuron_error(2 * mu, mu, mu, sigma, "correct")
    assert strict == pytest.approx((1 - p) / 2, abs=1e-15)
    strict = two_neuron_error(mu, 2 * mu, mu, sigma, "correct")
    assert strict == pytest.approx(p / 2, abs=1e-15)
    # Blind neurons: independent signs, whatever the mean.
    e, f = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])
    blind = [
        two_neuron_error(e, f, np.eye(3)[0], sigma, ties) for ties in RULES
    ]
    assert blind == pytest.approx([0.625, 0.5, 0.375], abs=1e-15)


GOOD = opposite(3, 8, 0.5, seed=0)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"X": GOOD[0][:, 0]}, "X must have two dimensions"),
        ({"X": GOOD[0] * np.nan}, "X must be finite"),
        ({"y": np.zeros(6, int)}, "y must have at least two classes"),
        ({"y": GOOD[1][:-1]}, "y must have one label a row"),
        ({"mu": GOOD[2][:-1]}, r"mu must have shape \(8,\), got \(7,\)"),
        ({"mu": np.zeros(8)}, "mu must not be zero"),
        ({"mu": GOOD[2] * np.inf}, "mu must be finite"),
        ({"label": 2}, r"label must be one of \[0, 1\], got 2"),
        ({"label": [0, 1]}, "label must be one of"),
    ],
)
def test_bad_input_to_the_optimum(change, message):
    arguments = dict(zip(("X", "y", "mu"), GOOD, strict=True)) | {"label": 0}
    best_collapsed_neuron(**arguments)
    with pytest.raises(ValueError, match=message):
        best_collapsed_neuron(**(arguments | change))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda m: two_neuron_error(m, m, m, 1.0, ties="none"), "ties must"),
        (lambda m: two_neuron_error(m, m, m, 1.0, ties=["half"]), "ties must"),
        (lambda m: two_neuron_error(m, 0 * m, m, 1.0), "beta2 must not be"),
        (lambda m: two_neuron_error(m[1:], m, m, 1.0), "beta1 must have"),
        (lambda m: two_neuron_error(m, m, m, 0.0), "sigma must be greater"),
        (lambda m: neuron_error(m, m, -1.0), "sigma must be greater"),
        (lambda m: neuron_error(m, m[None], 1.0), "mu must have shape"),
        (lambda m: sandwich(m[:, None], [0, 1, 2], m[:1], 1.0), "two classes"),
        (lambda m: guess_bound(1.1, 0.5, 1.0), "cosine1 must be at most 1"),
        (lambda m: guess_bound(0.5, -2.0, 1.0), "cosine2 must be at least"),
        (lambda m: guess_bound(0.5, 0.5, 0.0), "s must be greater"),
        (lambda m: flat_ratio(m, m), "groups must have two dimensions"),
        (lambda m: theorem_7b_events(1, 9, 1.0), "n must be at least 2"),
        (lambda m: theorem_7a_sigma(9, 10), "d must be at least 10"),
        (lambda m: theorem_7a_sigma(9, 8, eps=1.0), "eps must be less"),
        (lambda m: theorem_7b_printed(1, 9, 1.0), "n must be at least 2"),
        (lambda m: theorem_7b_printed(9, 9, 1.0, c1=-1), "c1 must be"),
        (lambda m: theorem_7b_corrected(9, 9, np.inf), "s must be finite"),
        (lambda m: truncated_moment(1.0, 3), "order must be 2 or 4"),
    ],
)
def test_bad_input_to_the_errors_and_bounds(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.array([1.0, 2.0, 3.0]))


def test_wrong_types():
    X, y, mu = GOOD
    for call in (
        lambda: best_collapsed_neuron(X, y + 0.5, mu, 0),
        lambda: best_collapsed_neuron(X, y, mu * 1j, 0),
        lambda: best_collapsed_neuron(X, y, mu, 0).error("loud"),
        lambda: theorem_7b_printed(10.5, 20, 1.0),
    ):
        with pytest.raises(TypeError):
            call()


@pytest.mark.parametrize("ties", ["error", "half", "correct"])
def test_nearly_opposite_neurons_are_one_hyperplane(ties):
    # The rounding of -c * beta leaves an angle of about 1e-15.
    rng = np.random.default_rng(12)
    for _ in range(300):
        mu = rng.standard_normal(int(rng.integers(2, 800)))
        mu /= np.linalg.norm(mu)
        beta = rng.standard_normal(len(mu)) + 3 * mu
        pair = (beta, -rng.uniform(0.1, 5) * beta)
        assert two_neuron_error(*pair, mu, 0.8, ties) == pytest.approx(
            neuron_error(beta, mu, 0.8), abs=1e-12
        )


def test_a_stalled_engine_gives_no_neuron():
    # scipy 1.17's nnls alone gave the ratio 1.911 here.
    X = np.array(
        [[0, 1, 0, 1], [0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 1, 1], [0, 0, 1, 0]]
    )
    best = nclib.best_collapsed_neuron(X, [0, 0, 1, 1, 1], [2, 0, 1, 1.0], 0)
    assert best.ratio == pytest.approx(2, rel=1e-12)
    assert best.upper == pytest.approx(2, rel=1e-12)


def test_tiny_integer_data_get_a_neuron_only_where_one_exists():
    rng = np.random.default_rng(60)
    seen = {True: 0, False: 0}
    for i in range(1500):
        n, m, d = rng.integers(1, 4), rng.integers(1, 5), rng.integers(1, 6)
        X = rng.integers(-(i % 2), 2, size=(n + m, d)).astype(float)
        mu = rng.integers(-2, 3, size=d).astype(float)
        if not mu.any():
            continue
        exists = exactly_feasible(X[:n], X[n:])
        try:
            best = nclib.best_collapsed_neuron(
                X, np.repeat([0, 1], [n, m]), mu, 0
            )
        except ValueError as error:
            assert ("no neuron" in str(error)) == (not exists)
        else:
            assert exists and best.ratio <= best.upper * (1 + 1e-12)
            assert best.ratio == pytest.approx(best.upper, rel=1e-9)
            assert max(best.residuals.values()) < 1e-12
        seen[exists] += 1
    assert min(seen.values()) > 300


def test_a_ratio_above_its_bound_is_not_returned(monkeypatch):
    from nclib import generalization

    gmm = nclib.GaussianMixture(nclib.two_cluster_means(25, np.pi), 1.5)
    X, y = gmm.sample(10, seed=0)
    mu = gmm.means[0]
    real = generalization.nonnegative_least_squares
    monkeypatch.setattr(
        generalization,
        "nonnegative_least_squares",
        lambda A, b: 0.5 * real(A, b),
    )
    with pytest.raises(ValueError, match="cannot tell the best neuron"):
        nclib.best_collapsed_neuron(X, y, mu, 0)


@pytest.mark.parametrize(
    "name", ["primal", "dual", "stationarity", "complementarity"]
)
def test_an_optimum_that_misses_its_conditions_is_not_returned(
    monkeypatch, name
):
    from nclib import generalization

    real = generalization._residuals
    X, y, mu = opposite(10, 40, 1.0, seed=3)
    assert real is generalization._residuals
    monkeypatch.setattr(
        generalization,
        "_residuals",
        lambda *parts: real(*parts) | {name: 1e-6},
    )
    with pytest.raises(ValueError, match="cannot tell the best neuron"):
        best_collapsed_neuron(X, y, mu, 0)


def test_residuals_by_hand():
    from nclib.generalization import _residuals

    found = _residuals(
        np.array([[1.0, 0.0], [0.0, 3.0]]),
        np.array([[0.0, 4.0]]),
        np.array([2.0, 0.0]),
        np.array([1.0, 0.25]),
        np.array([-1.0, 3.0]),
        np.array([-5.0]),
        np.array([0.0, 1.0]),
    )
    # t = 0.875 is the mean of 1 and 0.75; size 4 of a sample, norm 2 of mu.
    assert found == pytest.approx(
        {
            "primal": 1.0 / 4,
            "dual": 5.0 * 4 / 2,
            "stationarity": 1.0 / 2,
            "complementarity": (2 * 0.875 + 5 * 1.0) / 2,
        }
    )


@pytest.mark.parametrize(("n", "d", "s"), [(100, 300, 1.0), (60, 300, 3.0)])
def test_the_best_separator(n, d, s):
    # The cosine of one draw has a deviation below 0.013 (40 draws measured),
    # so that the mean of 12 is within 0.02 of its limit but for 1e-6.
    cosines = []
    for seed in range(12):
        X, y, mu = draw(n, d, s, [15, seed])
        w = best_separator(X, y, mu)
        side = (1 - 2 * y) * (X @ w)
        assert side.min() > 0
        cosines.append(mu @ w)
        # No other separator that is tried does better.
        rng = np.random.default_rng(seed)
        for size in (1e-3, 1e-2, 0.1):
            other = w + size * rng.standard_normal(d) / np.sqrt(d)
            if ((1 - 2 * y) * (X @ other) > 0).all():
                assert mu @ other / np.linalg.norm(other) < mu @ w + 2e-3
    limit = 1 / separator_factor(d / n, s)
    assert abs(np.mean(cosines) - limit) < 0.02
    neuron = collapsed_error(d / n, s).q
    assert 1 < separator_factor(d / n, s) < np.sqrt(d / (d - n)) < neuron


def test_without_end_to_the_dimensions_nothing_is_paid():
    limit = collapsed_error(np.inf, 0.5)
    assert limit.error == limit.bayes == pytest.approx(norm.cdf(-2))
    assert limit.q == 1 and limit.cosine == -1


def test_a_blind_direction_is_a_unit_vector_that_nothing_sees():
    X, _, mu = opposite(5, 20, 0.5, seed=1)
    v = blind_direction(X, mu)
    assert np.linalg.norm(v) == pytest.approx(1.0, rel=1e-14)
    assert np.abs(np.vstack([X, mu]) @ v).max() < 1e-14


def test_violations_are_relative_to_what_rounding_can_do():
    X, y = np.array([[3.0, 4.0], [0.0, 2.0]]), np.array([0, 1])
    # <x, beta1> = 7 and 2 in units of 5 sqrt(2), <x, beta2> = 2 of 2.5 and 1.
    one, half = np.ones(2), np.array([0.0, 0.5])
    worst = admissible(X, y, one, half)
    assert worst == pytest.approx(6 / (5 * np.sqrt(2)))
    # Small neurons: in units of 1.
    assert admissible(X, y, 0.1 * one, 0 * one + 1e-9) == pytest.approx(
        1 - 2e-9, abs=1e-8
    )


@pytest.mark.parametrize("s", [0.3, 0.5, 15.0])
def test_the_constants_that_make_the_printed_bound_tight(s):
    # At d = 2 n log n, B of (2.28) with c1 = c2 = c is exactly (s q)^2.
    for n in (1e3, 1e9):
        delta, c = 2 * np.log(n), slack_needed(n, s)
        U = s**3 * np.exp(-1 / (2 * s**2)) / np.sqrt(2 * np.pi)
        slack = c * (s**2 + s) * np.sqrt(np.log(n) / n)
        B = (U + s**2 + 1 - slack) / (2 * delta) + s**2
        q = collapsed_error(delta, s).q
        assert pytest.approx((s * q) ** 2, rel=1e-9) == B


def test_the_smallest_arguments_that_are_legal():
    assert theorem_7b_events(2, 1, 1.0)[2] == pytest.approx(
        (2 + np.sqrt(2 * np.log(2))) ** 2
    )
    U = np.exp(-0.5) / np.sqrt(2 * np.pi)
    assert theorem_7b_printed(2, 1, 1.0) == pytest.approx(
        norm.cdf(-1 / np.sqrt(U + 3))
    )
    assert printed_factor(0.5, 1.0) == pytest.approx(3 + U)


def test_the_separator_pays_nothing_without_noise():
    assert separator_factor(4.0, 0.05) - 1 < 1e-10
    assert abs(separator_factor(4.0, 1e4) - np.sqrt(4 / 3)) < 1e-3
