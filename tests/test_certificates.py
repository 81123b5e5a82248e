"""The checks accept what is true, refuse what is not, and never overclaim."""

import math
from fractions import Fraction

import numpy as np
import pytest
from exact_lp import exactly_feasible
from fuzzing import accuracy_of_beta, accuracy_of_farkas

import nclib
from nclib import _exact, certificates, decide
from nclib._exact import exactly_rounded_product
from nclib.certificates import sigma_min_bound, verify_farkas, verify_primal


def exact_product(row, x):
    """The inner product of two float64 vectors, as a Fraction."""
    pairs = zip(row.tolist(), x.tolist(), strict=True)
    return sum(Fraction(a) * Fraction(b) for a, b in pairs)


def split(X, y, k=0):
    return X[y == k], X[y != k]


@pytest.fixture(scope="module")
def feasible():
    gmm = nclib.GaussianMixture(nclib.orthonormal_means(3, 45), 0.4)
    data = split(*gmm.sample(15, seed=1))
    answer = decide(*gmm.sample(15, seed=1), [0]).classes[0]
    assert answer.feasible and answer.verified
    return *data, answer.beta


@pytest.fixture(scope="module")
def infeasible():
    gmm = nclib.GaussianMixture(nclib.orthonormal_means(3, 25), 1.0)
    data = split(*gmm.sample(15, seed=1))
    answer = decide(*gmm.sample(15, seed=1), [0]).classes[0]
    assert answer.feasible is False and answer.verified
    assert answer.farkas[1].any()
    return *data, *answer.farkas


def refused(check):
    return not check.holds and not check.proved


def test_wrong_primal_certificates_are_refused(feasible):
    X_in, X_out, beta = feasible
    assert verify_primal(X_in, X_out, beta).proved
    for wrong in (
        -beta,
        0 * beta,
        (1 + 1e-6) * beta,
        beta + 1e-5 * np.random.default_rng(0).standard_normal(len(beta)),
        np.where(np.arange(len(beta)) == 3, np.nan, beta),
        np.where(np.arange(len(beta)) == 3, np.inf, beta),
        1e300 * beta,
        np.linalg.pinv(X_in).sum(axis=1),
    ):
        assert refused(verify_primal(X_in, X_out, wrong))
    # A right beta of other data.
    assert refused(verify_primal(X_in, -X_out, beta))
    assert refused(verify_primal(X_out, X_in, beta))


def test_longer_sums_than_the_bound_allows_for_prove_nothing(
    feasible, infeasible, monkeypatch
):
    # Two of the longest sums, and 50,000 roundings more.
    roundings = 2 * certificates._LONGEST + 50_000
    growth = math.expm1(roundings * math.log1p(2.0**-53))
    assert growth < certificates._UP - 1 < 1.2 * growth
    X_in, X_out, beta = feasible
    monkeypatch.setattr(certificates, "_LONGEST", X_in.shape[1])
    assert verify_primal(X_in, X_out, beta).proved
    assert sigma_min_bound(X_in) > 0
    monkeypatch.setattr(certificates, "_LONGEST", X_in.shape[1] - 1)
    assert not verify_primal(X_in, X_out, beta).exists
    assert sigma_min_bound(X_in) == 0
    # Rational arithmetic, which knows no rounding, is for small systems.
    monkeypatch.setattr(_exact, "infeasible", lambda *system: False)
    monkeypatch.setattr(_exact, "solves_farkas", lambda *system: False)
    X_in, X_out, u, s = infeasible
    used = len(u) + np.count_nonzero(s)
    monkeypatch.setattr(certificates, "_LONGEST", used)
    assert verify_farkas(X_in, X_out, u, s).proved
    monkeypatch.setattr(certificates, "_LONGEST", X_in.shape[1] - 1)
    assert not verify_farkas(X_in, X_out, u, s).exists


def test_a_zero_of_either_sign_is_the_same_zero():
    # d = 45 is out of reach of rational arithmetic: repeated rows must be
    # recognized as they are.
    rng = np.random.default_rng(4)
    X = np.round(8 * rng.standard_normal((14, 45))) / 8
    X[:5, :3] = 0.0
    X[4] = X[0]
    y = np.array([0] * 5 + [1] * 9)
    negative = X.copy()
    negative[4, :3] = -0.0
    assert not np.array_equal(np.signbit(X), np.signbit(negative))
    for data in (X, negative):
        decision = decide(data, y)
        assert decision.verified and decision.occurs
        # The same sample in both classes.
        decision = decide(data, np.where(np.arange(14) == 4, 1, y))
        assert decision.verified
        assert [c.feasible for c in decision.classes.values()] == [False] * 2


def test_a_small_error_in_the_primal_shrinks_the_room_it_has(feasible):
    # The equalities are off by 1e-11: within tolerance, and still provable,
    # because the inequalities have more room than an exact solution needs.
    X_in, X_out, beta = feasible
    check = verify_primal(X_in, X_out, (1 + 1e-11) * beta)
    assert check.holds and check.proved
    # On the boundary itself there is no room at all, but it may hold with
    # equality; beyond it beta is wrong, whatever else may be right.
    worst = np.argmax(X_out @ beta)
    moved = X_out.copy()
    moved[worst] -= beta * (X_out[worst] @ beta) / (beta @ beta)
    assert verify_primal(X_in, moved, beta).proved
    moved[worst] += 1e-5 * beta
    assert refused(verify_primal(X_in, moved, beta))


def test_wrong_farkas_certificates_are_refused(infeasible):
    X_in, X_out, u, s = infeasible
    assert verify_farkas(X_in, X_out, u, s).proved
    first = np.flatnonzero(s)[0]
    nan = np.where(np.arange(len(u)) == 2, np.nan, u)
    inf = np.where(np.arange(len(s)) == first, np.inf, s)
    negative = np.where(np.arange(len(s)) == first, -1e-3, s)
    moved = np.where(np.arange(len(s)) == first, 1.001 * s, s)
    noise = 1e-5 * np.random.default_rng(0).standard_normal(len(u))
    for wrong in (
        (-u, s),
        (u, -s),
        (-u, -s),
        (0 * u, s),
        (u, 0 * s),
        (0 * u, 0 * s),
        (nan, s),
        (u, inf),
        (u, negative),
        (u, moved),
        (u + noise, s),
        (1.001 * u, s),
    ):
        assert refused(verify_farkas(X_in, X_out, *wrong))
    assert refused(verify_farkas(X_in, -X_out, u, s))


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-100, 1e10, 1e200])
def test_the_size_of_a_farkas_certificate_is_immaterial(infeasible, scale):
    X_in, X_out, u, s = infeasible
    assert verify_farkas(X_in, X_out, scale * u, scale * s).proved
    wrong = s.copy()
    wrong[np.argmax(s)] *= 1.001
    assert refused(verify_farkas(X_in, X_out, scale * u, scale * wrong))


@pytest.mark.parametrize("power", [-300, -160, 160, 290])
def test_the_size_of_the_data_is_immaterial(feasible, infeasible, power):
    scale = 2.0 ** (3.3 * power // 1)
    X_in, X_out, beta = feasible
    assert verify_primal(scale * X_in, scale * X_out, beta / scale).proved
    assert refused(verify_primal(scale * X_in, scale * X_out, -beta / scale))
    X_in, X_out, u, s = infeasible
    assert verify_farkas(scale * X_in, scale * X_out, u, s).proved
    assert refused(verify_farkas(scale * X_in, scale * X_out, u, -s))


@pytest.mark.parametrize("power", [100, 160, 200, 300])
def test_numbers_too_small_to_square_prove_nothing(power):
    # Infeasible: the last row asks for beta_1 <= 0, the second for
    # beta_1 >= 1e-power. In either scaling one of them underflows.
    big, tiny = 10.0**power, 10.0**-power
    X_in = np.array([[0.0, 1.0]])
    X_out = np.array([[-big, 1.0], [tiny, 0.0]])
    assert not exactly_feasible(X_in, X_out)
    for first in (2 * tiny, tiny, 0.0, -tiny):
        beta = np.array([first, 1.0])
        assert not verify_primal(X_in, X_out, beta).proved


def test_rare_features_do_not_hide_a_proof():
    # Feature 0 is in one sample only, feature 1 in that one and another:
    # both have multiplier 0 exactly, and the solver's rounding must not
    # count against the certificate.
    rng = np.random.default_rng(4)
    X = np.zeros((9, 5))
    X[:, 2:] = rng.standard_normal((9, 3))
    X[0, 0] = X[0, 1] = X[1, 1] = 1.0
    u = np.zeros(9)
    null = np.linalg.svd(X[2:, 2:].T)[2][3]
    u[2:] = -null * np.sign(null.sum())
    noisy = u.copy()
    noisy[:2] = 1e-16
    X_out = np.ones((1, 5))
    for multipliers in (u, noisy):
        assert verify_farkas(X, X_out, multipliers, np.zeros(1)).proved
    noisy[0] = 1e-3
    assert refused(verify_farkas(X, X_out, noisy, np.zeros(1)))


def hostile_problems(rng):
    """Problems on or next to the boundary, with the answers that tempt."""
    n, m, d = rng.integers(1, 4), rng.integers(1, 5), rng.integers(1, 4)
    X = rng.integers(-2, 3, size=(n + m, d)).astype(float)
    yield X[:n], X[n:]
    i, j = rng.integers(n + m), rng.integers(d)
    for direction in (-9.0, 9.0):
        Y = X.copy()
        Y[i, j] = (
            np.nextafter(Y[i, j], direction)
            if Y[i, j]
            else (np.sign(direction) * 10.0 ** -rng.integers(1, 300))
        )
        yield Y[:n], Y[n:]
    Y = X / 3.0
    yield Y[:n], Y[n:]


def right_claims(problems, claim):
    """How often a check makes a claim, after asserting that each is right.

    Every problem is also offered the answers of its neighbors, which are
    right to within rounding and yet may be wrong.
    """
    offered, made = [], {True: 0, False: 0}
    for X_in, X_out in problems:
        y = np.repeat([0, 1], [len(X_in), len(X_out)])
        answer = decide(np.vstack([X_in, X_out]), y, [0]).classes[0]
        offered.append((answer.beta, answer.farkas))
    for X_in, X_out in problems:
        exact = exactly_feasible(X_in, X_out)
        for beta, farkas in offered:
            if beta is not None:
                claimed = getattr(verify_primal(X_in, X_out, beta), claim)
                assert exact or not claimed, (X_in, X_out, beta)
                made[True] += claimed
            if farkas is not None:
                claimed = getattr(verify_farkas(X_in, X_out, *farkas), claim)
                assert not (exact and claimed), (X_in, X_out, farkas)
                made[False] += claimed
    return made


@pytest.mark.parametrize("seed", range(4))
def test_no_proof_is_ever_wrong(seed):
    rng = np.random.default_rng([77, seed])
    made = [
        right_claims(list(hostile_problems(rng)), "proved") for _ in range(60)
    ]
    for feasible in (True, False):
        assert sum(proofs[feasible] for proofs in made) > 20


def test_knife_edges_one_ulp_apart():
    # Feasible only at beta = (1, 0): X_out pins beta_2 from both sides.
    X_in = np.array([[1.0, 0.0]])
    X_out = np.array([[0.0, 1.0], [0.0, -1.0]])
    assert verify_primal(X_in, X_out, np.array([1.0, 0.0])).proved
    # One ulp away the class direction lies in the cone of the others.
    tilted = X_out + np.array([[2.0**-52, 0.0], [0.0, 0.0]])
    assert not exactly_feasible(X_in, tilted)
    assert not verify_primal(X_in, tilted, np.array([1.0, 0.0])).proved
    assert exactly_feasible(X_in, X_out - np.abs(tilted - X_out))
    # x in the class, and outside it one ulp from x: feasible; x itself: not.
    X_in = np.array([[1.0, 1.0]])
    farkas = np.array([-1.0]), np.array([1.0])
    assert verify_farkas(X_in, X_in.copy(), *farkas).proved
    near = np.array([[1.0, np.nextafter(1.0, 0)]])
    assert exactly_feasible(X_in, near)
    assert not verify_farkas(X_in, near, *farkas).proved


def test_exact_ties_are_proved():
    # Dependent rows and zero room: no bound on sigma_min alone proves these.
    X_in = np.array([[1.0, 2.0, 3.0], [2.0, 1.0, 3.0], [1.5, 1.5, 3.0]])
    X_out = np.array([[1.0, -1.0, 0.0]])
    beta = np.array([1.0, 1.0, 0.0]) / 3.0
    assert exactly_feasible(X_in, X_out)
    assert verify_primal(X_in, X_out, beta).proved
    # One ulp off the plane of the others, the third row contradicts them
    # unless beta is far away.
    X_in[2, 2] = np.nextafter(3.0, 4.0)
    check = verify_primal(X_in, X_out, beta)
    assert check.exists == exactly_feasible(X_in, X_out)


def test_sigma_min_bound_is_a_bound():
    rng = np.random.default_rng(6)
    useful = 0
    for i in range(300):
        m, k = int(rng.integers(1, 40)), int(rng.integers(1, 60))
        A = rng.standard_normal((m, k))
        kind = i % 6
        if kind == 1:
            A = A * 10.0 ** rng.uniform(-8, 0, size=(m, 1))
        elif kind == 2 and min(m, k) > 1:
            A[-1] = A[0]
        elif kind == 3:
            A = A[:, :1] @ A[:1] + 10.0 ** rng.uniform(-15, 0) * A
        elif kind == 4:
            A = A * 10.0 ** rng.uniform(-300, 140)
        elif kind == 5:
            A = rng.integers(-1, 2, size=(m, k)).astype(float)
        bound = sigma_min_bound(A)
        true = np.linalg.svd(A, compute_uv=False)
        # The reference is itself rounded, to a few ulps of the norm.
        sigma_min = true[-1] if m <= k else 0.0
        assert bound <= sigma_min + 1e-14 * true[0]
        if m <= k / 2 and kind == 0:
            assert bound > 1e-3 * sigma_min
            useful += 1
    assert useful > 5


def test_sigma_min_bound_of_known_matrices():
    assert 0.9 * np.sqrt(1e-3) < sigma_min_bound(np.eye(7, 9)) <= 1.0
    assert sigma_min_bound(np.zeros((3, 5))) == 0.0
    assert sigma_min_bound(np.ones((2, 5))) == 0.0
    assert sigma_min_bound(np.ones((5, 2))) == 0.0
    assert sigma_min_bound(np.zeros((0, 4))) == np.inf
    hilbert = 1.0 / (1.0 + np.add.outer(np.arange(12), np.arange(12)))
    assert sigma_min_bound(hilbert) == 0.0
    assert not sigma_min_bound(np.full((2, 3), np.nan)) > 0
    assert not sigma_min_bound(np.full((2, 3), 1e200)) > 0


def exact_gamma(k):
    u = Fraction(1, 2**53)
    return k * u / (1 - k * u)


def test_the_constants_of_the_rounding_bounds():
    # Half the spacing of the numbers at 1, and the smallest normal number.
    assert 2 * certificates._UNIT_ROUNDOFF == np.spacing(1.0)
    assert certificates._UNDERFLOW == np.finfo(float).tiny
    for k in (1, 2, 17, certificates._LONGEST):
        assert certificates._gamma(k) == pytest.approx(
            float(exact_gamma(k)), rel=1e-15, abs=0
        )
    # What _UP promises: two of the longest sums and 50,000 roundings.
    promised = exact_gamma(2 * certificates._LONGEST + 50_000)
    assert 1 < 1 + promised < Fraction(certificates._UP)
    # And not much more: half as long again would be too long.
    assert 1 + exact_gamma(3 * certificates._LONGEST) > certificates._UP
    assert certificates._VANISHING > 2.0**100 * certificates._UNDERFLOW


def test_the_bound_on_a_product_written_out():
    rng = np.random.default_rng(90)
    A, x = rng.standard_normal((700, 5)), rng.standard_normal(5)
    value, rounding, terms = certificates._product(A, x)
    np.testing.assert_allclose(value, A @ x, rtol=1e-14)
    np.testing.assert_allclose(terms, np.abs(A) @ np.abs(x), rtol=1e-14)
    bound = float(exact_gamma(6)) * terms
    np.testing.assert_allclose(rounding, bound, rtol=2e-10)
    assert (rounding > bound).all()
    # Where everything underflows, one smallest normal number a term.
    tiny = np.full((1, 3), 1e-200)
    rounding = certificates._product(tiny, tiny[0])[1]
    assert rounding == 3 * np.finfo(float).tiny


def test_norms_are_bounded_from_above_and_closely():
    rng = np.random.default_rng(91)
    for x in (
        np.ones(2),
        np.array([1.0, 1.0, 1.0, 1e-3]),
        np.array([2.0, 0.5]),
        1e-200 * np.ones(3),
        1e200 * np.ones(3),
        rng.standard_normal(1000),
    ):
        square = sum(Fraction(value) ** 2 for value in x.tolist())
        bound = Fraction(certificates._norm_bound(x))
        assert square <= bound**2 <= square * Fraction(1 + 1e-9)
    assert certificates._norm_bound(np.zeros(3)) == 0.0
    assert certificates._norm_bound(np.array([0.0, np.inf])) == np.inf


def test_the_bound_on_the_smallest_singular_value_written_out():
    # Of three shares of the trace the first that leaves a definite matrix.
    u = Fraction(1, 2**53)
    for last, chosen in ((1.0, 1e-3), (1e-2, 1e-6), (3e-6, None)):
        A = np.zeros((3, 5))
        A[[0, 1, 2], [0, 1, 2]] = 1.0, 1.0, last
        trace = 2 + last**2
        # m = 3 rows, k = 5 columns: k + 1 for the product and its diagonal,
        # twice m + 2 for Cholesky, by Rump (2006).
        floor = trace * float(6 * u / (1 - 6 * u) + 2 * 5 * u / (1 - 5 * u))
        alpha = 4 * floor if chosen is None else chosen * trace / 3
        expected = np.sqrt(alpha - floor)
        assert sigma_min_bound(A) == pytest.approx(expected, rel=1e-6, abs=0)
        assert sigma_min_bound(A) < last
    # What lies below four times the rounding is not found.
    A[2, 2] = 1e-9
    assert sigma_min_bound(A) == 0.0


def test_corrections_are_bounded_on_two_ways():
    # The least norm correction of A z = rho, |rho| <= residual, is at most
    # |residual| / sigma_min; both ways bound it, where both are open.
    rng = np.random.default_rng(92)
    for _ in range(20):
        A = rng.standard_normal((3, 7))
        residual = rng.uniform(0, 1, 3)
        found = list(certificates._corrections(A, residual))
        assert len(found) == 2
        signs = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1)
        exact = np.linalg.norm(
            np.linalg.pinv(A) @ (residual[:, None] * signs), axis=0
        ).max()
        assert exact <= min(found) and max(found) < 200 * exact
    # Rows that depend on each other: nothing is bounded, either way.
    A[2] = A[0] + A[1]
    assert list(certificates._corrections(A, residual)) == []
    assert list(certificates._corrections(A.T, np.ones(7))) == []


def test_ill_conditioned_classes_are_still_proved():
    # Condition number 1e9 by construction: beyond what the Gram matrix
    # resolves in float64, within reach of the orthonormalized rows.
    rng = np.random.default_rng(8)
    Q, _ = np.linalg.qr(rng.standard_normal((40, 40)))
    P, _ = np.linalg.qr(rng.standard_normal((10, 10)))
    X_in = P * np.logspace(0, -9, 10) @ Q[:10]
    assert sigma_min_bound(X_in) == 0.0
    beta = np.linalg.lstsq(X_in, np.ones(10))[0]
    X_out = rng.standard_normal((20, 40)) - 2.0 * beta / np.linalg.norm(beta)
    X_out = X_out[X_out @ beta < -0.1 * np.linalg.norm(beta)]
    assert len(X_out) > 5
    assert verify_primal(X_in, X_out, beta).proved


def test_products_are_correctly_rounded():
    rng = np.random.default_rng(9)
    A = rng.standard_normal((20, 30)) * 10.0 ** rng.uniform(-9, 9, (20, 30))
    x = rng.standard_normal(30)
    # Cancellation: the last column makes the ordinary product all noise.
    A[:, -1] = -(A[:, :-1] @ x[:-1]) / x[-1]
    exact = [float(exact_product(row, x)) for row in A]
    assert exactly_rounded_product(A, x).tolist() == exact
    assert (A @ x).tolist() != exact


@pytest.fixture(scope="module")
def three_classes():
    """Proved certificates for all classes of data of both answers."""
    found = {}
    for feasible, d in ((True, 40), (False, 24)):
        gmm = nclib.GaussianMixture(nclib.simplex_means(3, d), 0.8)
        X, y = gmm.sample(15, seed=3)
        decision = decide(X, y)
        assert decision.verified
        assert {c.feasible for c in decision.classes.values()} == {feasible}
        found[feasible] = X, y, decision
    return found


def one_digit_changed(value, digit, rng):
    """value with one of its first four significant digits replaced."""
    mantissa, exponent = f"{value:.16e}".split("e")
    place = [i for i, c in enumerate(mantissa) if c.isdigit()][digit]
    others = [c for c in "0123456789" if c != mantissa[place]]
    other = others[rng.integers(9)]
    return float(
        mantissa[:place] + other + mantissa[place + 1 :] + "e" + exponent
    )


@pytest.mark.parametrize("feasible", [True, False])
def test_five_hundred_certificates_with_one_digit_changed(
    three_classes, feasible
):
    X, y, decision = three_classes[feasible]
    rng = np.random.default_rng([500, feasible])
    for _ in range(500):
        k = int(rng.integers(3))
        parts = decision.classes[k].beta
        parts = [parts] if feasible else list(decision.classes[k].farkas)
        i = int(rng.integers(len(parts)))
        part = parts[i].copy()
        # Entries below a hundredth of the largest matter to fewer digits.
        large = np.flatnonzero(np.abs(part) > 0.01 * np.abs(part).max())
        j = rng.choice(large)
        part[j] = one_digit_changed(part[j], int(rng.integers(4)), rng)
        parts[i] = part
        check = (verify_primal if feasible else verify_farkas)(
            *split(X, y, k), *parts
        )
        assert refused(check), (k, i, j)


@pytest.mark.parametrize("feasible", [True, False])
def test_certificates_of_the_neighbor_permuted_or_negated(
    three_classes, feasible
):
    X, y, decision = three_classes[feasible]
    rng = np.random.default_rng(501)
    check = verify_primal if feasible else verify_farkas
    for k in range(3):
        own = decision.classes[k]
        own = [own.beta] if feasible else list(own.farkas)
        neighbor = decision.classes[(k + 1) % 3]
        neighbor = [neighbor.beta] if feasible else neighbor.farkas
        assert check(*split(X, y, k), *own).proved
        assert refused(check(*split(X, y, k), *neighbor))
        assert refused(check(*split(X, y, k), *[-part for part in own]))
        permuted = [rng.permutation(part) for part in own]
        assert refused(check(*split(X, y, k), *permuted))
        # The right numbers for samples in another order.
        shuffled = X[y == k][::-1] if not feasible else X[y == k][:, ::-1]
        assert refused(check(shuffled, X[y != k], *own))


def perturbed(rng):
    """Small integers times 1 + a few ulps or so, and a neighbor of that."""
    n, m, d = rng.integers(1, 4), rng.integers(1, 5), rng.integers(2, 6)
    X = rng.integers(-3, 4, size=(n + m, d)).astype(float)
    eps = rng.choice([2.0**-52, 1e-14, 1e-12])
    for _ in range(2):
        Y = X * (1 + eps * rng.integers(-4, 5, size=X.shape))
        yield Y[:n], Y[n:]


def test_existence_is_never_claimed_wrongly_without_exact_arithmetic(
    monkeypatch,
):
    # Only the argument "an exact solution lies within the radius" is left,
    # and certificates of a neighbor a few ulps away to try it on.
    monkeypatch.setattr(_exact, "settle", lambda *data: None)
    monkeypatch.setattr(_exact, "solves_primal", lambda *data: False)
    monkeypatch.setattr(_exact, "solves_farkas", lambda *data: False)
    rng = np.random.default_rng(502)
    made = [right_claims(list(perturbed(rng)), "exists") for _ in range(1500)]
    for feasible in (True, False):
        assert sum(claims[feasible] for claims in made) > 500


def test_the_stated_accuracy_bounds_the_exact_one():
    rng = np.random.default_rng(503)
    seen = {True: 0, False: 0}
    for _ in range(60):
        X = rng.standard_normal((12, 8)) * 10.0 ** rng.uniform(-3, 3, 8)
        y = np.repeat([0, 1], [4, 8])
        c = decide(X, y, [0]).classes[0]
        A, B = split(X, y)
        for size in (0.0, 1e-12, 1e-8, 1e-4):
            noise = 1 + size * rng.standard_normal(12)
            if c.feasible:
                beta = c.beta * noise[:8]
                stated = verify_primal(A, B, beta).accuracy
                exact = accuracy_of_beta(A, B, beta)
            else:
                u, s = c.farkas[0] * noise[:4], c.farkas[1] * noise[4:]
                stated = verify_farkas(A, B, u, s).accuracy
                exact = accuracy_of_farkas(A, B, u, s)
            assert exact <= stated <= 2 * exact + 1e-11
            seen[c.feasible] += 1
    assert min(seen.values()) > 20


def test_an_inaccurate_certificate_is_refused_though_a_solution_exists():
    # beta of norm 1e16: X_in @ beta = 1 is lost in rounding, and a Farkas
    # pair whose sum of u is all cancellation.
    rng = np.random.default_rng(504)
    X_in, X_out = rng.standard_normal((2, 5)), rng.standard_normal((1, 5))
    both = np.vstack([X_in, X_out])
    beta = np.linalg.lstsq(both, np.array([1.0, 1.0, -1.0]))[0]
    null = np.linalg.svd(both)[2][-1]
    assert verify_primal(X_in, X_out, beta - 1e3 * null).holds
    check = verify_primal(X_in, X_out, beta + 1e16 * null)
    assert not check.holds and not check.proved
    # The accuracy of u = (1 + t, -1) grows as its sum t shrinks.
    x = np.array([[1.0, 2.0], [1.0 + 1e-9, 2.0]])
    check = verify_farkas(
        x, X_out[:, :2], np.array([1.0, -1.0 - 1e-8]), [0.0] * np.ones(1)
    )
    assert not check.holds


def test_what_holds_with_equality_is_proved_with_equality():
    # Outside the class x and -x, and two multiples: no room anywhere.
    rng = np.random.default_rng(505)
    x, w = rng.standard_normal((2, 40))
    X_in = rng.standard_normal((30, 40))
    X_out = np.array([x, -x, 2 * x, x + w, -x - w])
    E = np.vstack([X_in, x, w])
    beta = np.linalg.lstsq(E, np.append(np.ones(30), [0.0, 0.0]))[0]
    check = verify_primal(X_in, X_out, beta)
    assert check.proved and "within" in check.detail
    # x + w is rounded, so that -(x + w) and -x - w are the same, but an ulp
    # off in one entry pins beta elsewhere; nothing may be proved of this one.
    X_out[1, 0] = np.nextafter(X_out[1, 0], 9.0)
    X_out[2, 1] = np.nextafter(X_out[2, 1], 9.0)
    shifted = verify_primal(X_in, X_out, beta)
    assert shifted.holds and not shifted.proved


def test_equality_may_show_itself_only_after_another():
    # b is a little above 0 and -b below: only with b at 0 has -b no room.
    rng = np.random.default_rng(93)
    A, b = rng.standard_normal((3, 8)), rng.standard_normal(8)
    values = np.array([1, 1, 1, 2e-10])
    beta = np.linalg.lstsq(np.vstack([A, b]), values)[0]
    check = verify_primal(A, np.array([b, -b]), beta)
    assert check.proved and "within" in check.detail


def test_sizes_are_powers_of_two_above_the_largest_entry():
    A = np.array([[0.25, -0.125, 0.0], [3e5, -4e5, 1.0], [0.0, 0.0, 0.0]])
    largest = certificates._largest(A, axis=1)
    assert largest.tolist() == [[0.25], [4e5], [0.0]]
    scaled, exponent = certificates._scaled_by_powers_of_two(A, axis=1)
    sizes = np.abs(scaled).max(axis=1)
    assert ((sizes[:2] >= 0.5) & (sizes[:2] < 1)).all() and sizes[2] == 0
    np.testing.assert_array_equal(np.ldexp(scaled, exponent), A)
    # Sizes near 1 are left alone, and a bit that would be lost is not.
    small = np.array([[1.5, 2.0]])
    assert certificates._scaled_by_powers_of_two(small, axis=1)[0] is small
    lost = np.array([[1e300, 1e-300 * (1 + 2.0**-52)]])
    assert certificates._scaled_by_powers_of_two(lost, axis=1)[0] is None


def test_the_accuracy_counts_its_own_rounding():
    one = np.ones((1, 1))
    inside, outside = certificates._primal_accuracy(one, -one, np.ones(1))
    # A product of one term, and the difference to 1.
    u = Fraction(1, 2**53)
    exact = float(2 * u / (1 - 2 * u) + u)
    assert inside == pytest.approx(exact, rel=1e-9, abs=0)
    assert outside == 0


def test_a_sum_that_rounding_may_have_made_negative_bounds_nothing():
    # Negative by an ulp, less than the sum of two terms may be off.
    u = np.array([1.0, -1.0 - 2.0**-52])
    total, error = certificates._sum_bounds(u)
    assert total < 0 < total + error
    check = verify_farkas(np.ones((2, 1)), np.ones((1, 1)), u, -u.sum()[None])
    assert check.accuracy == np.inf and not check.holds


def test_dependent_rows_are_left_out_only_if_they_are_exactly_dependent():
    rows = certificates._independent_rows
    rng = np.random.default_rng(506)
    base = rng.integers(-9, 10, size=(4, 9)).astype(float)
    # Dummy columns of two factors, thirds, and powers of two.
    extra = np.array(
        [
            base[0] + base[1] - base[2],
            (base[0] + base[3]) * 2.0**-12,
            (base[1] - base[3]) * 3.0 * 2.0**20,
        ]
    )
    M = np.vstack([base, extra])
    kept = rows(M, 9)
    assert len(kept) == 4 and np.linalg.matrix_rank(M[kept]) == 4
    for i, j in ((4, 1), (5, 3), (6, 8)):
        wrong = M.copy()
        wrong[i, j] = np.nextafter(wrong[i, j], 1e300)
        kept = rows(wrong, 9)
        assert kept is None
    # A relation that the last column breaks is none.
    assert rows(np.column_stack([M, np.arange(7.0)]), 9) is None
    assert rows(base, 9) is None
    assert rows(np.zeros((3, 4)), 4) is None


def test_whole_multiples_of_simple_relations():
    whole = _exact.whole_multiples
    assert whole(np.array([0.5, -1 / 3, 0.0])).tolist() == [3.0, -2.0, 0.0]
    assert whole(np.array([2.0**-70, 1.0])) is not None
    assert whole(np.array([np.pi, 1.0])) is None


def test_is_zero_counts_what_underflows():
    A = np.array([[1.0, 1.0], [2.0**-600, -(2.0**-600)]])
    assert _exact.is_zero(A[:1], np.array([1.0, -1.0]))
    assert not _exact.is_zero(A[:1], np.array([1.0, -1.0 + 2.0**-53]))
    # The products would vanish: nothing is known.
    assert not _exact.is_zero(A[1:], np.array([2.0**-600, 2.0**-599]))


def test_products_without_rounding_bound_their_error():
    rng = np.random.default_rng(507)
    A, x = rng.standard_normal((30, 40)), rng.standard_normal(40)
    value, bound = _exact.bounded_product(A, x)
    for row, v, b in zip(A, value.tolist(), bound.tolist(), strict=True):
        assert abs(exact_product(row, x) - Fraction(v)) <= Fraction(b)
    with np.errstate(over="ignore", invalid="ignore"):
        assert np.isnan(_exact.bounded_product(A, 1e308 * x)[0]).all()


def test_rational_arithmetic_settles_what_it_is_given():
    rng = np.random.default_rng(508)
    seen = set()
    for _ in range(200):
        n, m, d = rng.integers(1, 5), rng.integers(0, 7), rng.integers(1, 6)
        X = rng.integers(-2, 3, size=(n + m, d)) * 0.1
        feasible, numbers = _exact.settle(X[:n], X[n:])
        assert feasible == exactly_feasible(X[:n], X[n:])
        assert feasible == _exact.feasible(X[:n], X[n:])
        assert feasible != _exact.infeasible(X[:n], X[n:])
        if feasible:
            assert np.abs(X[:n] @ np.array(numbers, float) - 1).max() < 1e-12
        seen.add(feasible)
    assert seen == {True, False}
    assert _exact.settle(np.ones((40, 31)), np.ones((1, 31))) is None
    assert _exact.settle(np.full((1, 1), 1e-300), np.ones((1, 1))) is None


def test_features_that_serve_one_sample_are_set_aside():
    aside = certificates._set_aside
    X_in = np.array([[1.0, 2.0, 0.0, 0.0], [0.0, 1.0, 0.0, 3.0]])
    X_out = np.array([[0.0, 1.0, -2.0, 0.0], [0.0, 0.5, 0.0, 0.0]])
    left, features = aside(X_in, X_out)
    # Feature 2 serves the first sample outside, feature 0 or 3 one of the
    # class; the last sample of the class stays.
    assert left.tolist()[2:] == [False, True] and left[:2].sum() == 1
    assert not features[2] and features[1]
    # Two signs outside: nothing is settled.
    X_out = np.array([[1.0, 1.0, -2.0, 1.0], [1.0, 0.5, 2.0, 1.0]])
    left, _ = aside(np.array([[1.0, 2.0, 0.0, 3.0]]), X_out)
    assert left.all()


def test_an_excess_that_underflows_is_not_called_accurate():
    # The last sample is above 0 by 2**-1200, all that its terms are.
    X_in = np.array([[1.0, 0.0]])
    X_out = np.array([[0.0, -1.0], [0.0, 2.0**-600]])
    assert verify_primal(X_in, X_out, np.array([1.0, 2.0**-600])).accuracy > 1
    # Nor one whose terms vanish when the units of features are evened out.
    tiny = 2.0**-1000
    X_in, X_out = np.array([[1.0, 0.0]]), np.array([[0.0, tiny]])
    beta = np.array([1.0, 2.0**-100])
    assert verify_primal(X_in, X_out, beta).accuracy > 1
    X_in, X_out = np.array([[1.0, 0.0]]), np.array([[0.0, -1.0], [0.0, 0.0]])
    # A sample whose terms are exactly zero is at 0.
    assert verify_primal(X_in, X_out, np.array([1.0, 0.0])).accuracy < 1e-15


def test_a_negative_multiplier_is_refused_wherever_it_stands():
    # The certificate (-1), (1, 0) is right; a multiplier below 0 of a sample
    # that needs none makes it another one.
    X_in, X_out = np.array([[1.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 1e-9]])
    u = np.array([-1.0])
    assert verify_farkas(X_in, X_out, u, np.array([1.0, 0.0])).proved
    assert refused(verify_farkas(X_in, X_out, u, np.array([1.0, -1e-3])))


def test_a_residual_that_reads_zero_is_still_rounded(monkeypatch):
    # Two samples of the class that nearly agree, and one outside that is
    # their difference and a trifle of the first: it is above 0 at every exact
    # solution. Rounded solutions whose residual reads 0 have it below.
    monkeypatch.setattr(_exact, "settle", lambda *data: None)
    rng = np.random.default_rng(509)
    tempted = 0
    for _ in range(400):
        x = rng.uniform(1, 2, 2)
        X_in = np.array([x, x + 2.0**-20 * rng.uniform(-1, 1, 2)])
        X_out = (X_in[1] - X_in[0] + 2e-17 * x)[None]
        beta = np.linalg.solve(X_in, np.ones(2))
        for _ in range(20):
            near = beta * (1 + 2.0**-52 * rng.integers(-2, 3, 2))
            if (X_in @ near != 1.0).any() or (X_out @ near > -1e-17).any():
                continue
            tempted += not exactly_feasible(X_in, X_out)
            assert not verify_primal(X_in, X_out, near).exists
    assert tempted > 50


def test_multipliers_that_an_exact_certificate_makes_negative(monkeypatch):
    # Feature 3 asks s_3 for minus half of 1e-7; 1e-8 is as near as it gets.
    monkeypatch.setattr(_exact, "settle", lambda *data: None)
    X_in = np.array([[1.0, 0.0, 0.0]])
    X_out = np.array([[1.0, 1.0, 1e-7], [1.0, -1.0, 0.0], [0.0, 0.0, 1.0]])
    assert exactly_feasible(X_in, X_out)
    u, s = np.array([-1.0]), np.array([0.5, 0.5, 1e-8])
    check = verify_farkas(X_in, X_out, u, s)
    assert check.holds and not check.exists
    # With the other sign it is a certificate, and proved by its room.
    X_out[0, 2] = -1e-7
    s[2] = 4e-8
    assert not exactly_feasible(X_in, X_out)
    assert verify_farkas(X_in, X_out, u, s).proved


def test_a_sum_that_an_exact_certificate_makes_positive(monkeypatch):
    # Every certificate is a multiple of u = (-4.97, 4.98), s = 1, of sum .01.
    monkeypatch.setattr(_exact, "settle", lambda *data: None)
    X_in = np.array([[1.0, 0.0], [2.0, 1.0]])
    X_out = np.array([[-4.99, -4.98]])
    assert exactly_feasible(X_in, X_out)
    u, s = np.array([-5.01, 5.0]), np.array([1.0])
    check = verify_farkas(X_in, X_out, u, s)
    assert check.accuracy < 1 and not check.exists


def test_multipliers_count_in_the_units_of_their_samples(monkeypatch):
    # Scaled to one size the samples would weigh u = (-2, 1) otherwise.
    monkeypatch.setattr(_exact, "settle", lambda *data: None)
    monkeypatch.setattr(_exact, "solves_farkas", lambda *data: False)
    X_in = np.array([[1.0, 1.0], [64.0, -64.0]])
    X_out = np.array([[-62.0, 66.0]])
    u, s = np.array([-2.0, 1.0]), np.array([1.0])
    assert verify_farkas(X_in, X_out, u, s).proved
    assert refused(verify_farkas(X_in, X_out, -u, s))


def test_a_product_and_its_error_are_exact():
    rng = np.random.default_rng(510)
    a = np.append(rng.integers(2**52, 2**53, 2000), 2**53 - np.arange(1, 500))
    b = rng.permutation(a)
    a, b = a.astype(float), b.astype(float)
    product, error = _exact._two_products(a, b)
    for x, y, p, e in zip(
        *map(np.ndarray.tolist, (a, b, product, error)), strict=True
    ):
        assert Fraction(p) + Fraction(e) == Fraction(x) * Fraction(y)
