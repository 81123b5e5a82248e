"""Theorem 2: closed form, relaxation, certificate and descent agree."""

import dataclasses

import numpy as np
import pytest
from helpers import peak_memory, risk_and_slopes
from scipy.optimize import minimize

from nclib import relaxation, upfm
from nclib.relaxation import (
    gap_terms,
    kkt_certificate,
    minority_solution,
    upfm_sdp,
)
from nclib.upfm import upfm_minimizer, upfm_risk

SIZES = [(2, 3), (3, 2), (2, 4)]
# The last pair of penalties makes W = 0, H = 0 the minimizer.
PENALTIES = [(0.05, 0.02), (0.003, 0.01), (0.5, 0.5)]


def descend(counts, D, lambda_W, lambda_H, loss, starts, seed=0):
    """Best risk, H, W of L-BFGS-B from random starts, H >= 0 as bounds."""
    K, N = len(counts), sum(counts)
    Y = np.repeat(np.eye(K), counts, axis=0)

    def risk(theta):
        H, W = theta[: N * D].reshape(N, D), theta[N * D :].reshape(D, K)
        value, *slopes = risk_and_slopes(H, W, Y, lambda_W, lambda_H, loss)
        return value, np.concatenate([slope.ravel() for slope in slopes])

    rng = np.random.default_rng(seed)
    bounds = [(0, None)] * (N * D) + [(None, None)] * (D * K)
    best = None
    for _ in range(starts):
        start = rng.normal(size=N * D + D * K)
        start[: N * D] = abs(start[: N * D])
        run = minimize(
            risk,
            start,
            jac=True,
            bounds=bounds,
            method="L-BFGS-B",
            options={"ftol": 1e-16, "gtol": 1e-9, "maxiter": 3000},
        )
        if best is None or run.fun < best.fun:
            best = run
    return (
        best.fun,
        best.x[: N * D].reshape(N, D),
        best.x[N * D :].reshape(D, K),
    )


@pytest.mark.parametrize("loss", ["ce", "l2"])
@pytest.mark.parametrize("penalties", PENALTIES)
@pytest.mark.parametrize(("n", "K"), SIZES)
def test_the_relaxation_has_the_gram_matrices_of_the_closed_form(
    n, K, penalties, loss
):
    solution = upfm_minimizer(K, n, *penalties, loss)
    assert solution.collapsed == (penalties != (0.5, 0.5))
    y = np.repeat(np.arange(K), n)
    own = upfm_risk(solution.H, solution.W, y, *penalties, loss)
    assert own == pytest.approx(solution.risk, abs=1e-15)
    for reduction in ("full", "permutation"):
        relaxed = upfm_sdp([n] * K, *penalties, loss, reduction)
        assert relaxed.objective == pytest.approx(solution.risk, abs=1e-6)
        H, W = solution.H_mean, solution.W
        if reduction == "full":
            H = solution.H
        np.testing.assert_allclose(relaxed.U, W.T @ W, atol=2e-3)
        np.testing.assert_allclose(relaxed.Z, H @ W, atol=5e-3)
        np.testing.assert_allclose(relaxed.V, H @ H.T, atol=5e-3)
    scalar = upfm_sdp([n] * K, *penalties, loss, "scalar")
    assert scalar.objective == pytest.approx(solution.risk, abs=1e-14)
    H_mean, W = solution.H_mean, solution.W
    np.testing.assert_allclose(scalar.U, W.T @ W, atol=1e-10)
    np.testing.assert_allclose(scalar.V, H_mean @ H_mean.T, atol=1e-10)
    np.testing.assert_allclose(scalar.Z, H_mean @ W, atol=1e-10)


def test_minimizer_of_descent_has_the_gram_matrices_of_the_theorem():
    _, H, W = descend([4] * 3, 3, 0.01, 0.003, "ce", starts=6)
    solution = upfm_minimizer(3, 4, 0.01, 0.003)
    np.testing.assert_allclose(H @ H.T, solution.H @ solution.H.T, atol=1e-3)
    np.testing.assert_allclose(W.T @ W, solution.W.T @ solution.W, atol=1e-3)


@pytest.mark.parametrize("loss", ["ce", "l2"])
@pytest.mark.parametrize("D", [1, 2])
def test_fewer_features_than_classes_are_refused_unless_zero(D, loss):
    with pytest.raises(ValueError, match="D must be at least K = 3"):
        upfm_minimizer(3, 2, 0.01, 0.01, loss, D=D)
    # Zero needs no room.
    trivial = upfm_minimizer(3, 2, 1, 1, loss, D=D)
    assert not trivial.collapsed and trivial.H.shape == (6, D)
    assert not trivial.W.any() and not trivial.H.any()


@pytest.mark.parametrize("loss", ["ce", "l2"])
@pytest.mark.parametrize(("K", "n"), [(2, 1), (3, 4), (7, 50)])
def test_collapsed_exactly_below_the_threshold(K, n, loss):
    threshold = np.sqrt((K - 1) / K) if loss == "ce" else 1
    lam = threshold / (K * np.sqrt(n))
    ratio = 8.0
    below, above = (
        upfm_minimizer(K, n, x * lam * ratio, x * lam / ratio, loss)
        for x in (1 - 1e-6, 1 + 1e-6)
    )
    assert below.collapsed and not above.collapsed
    zero = np.log(K) if loss == "ce" else 0.5
    assert above.risk == pytest.approx(zero, abs=1e-15)
    assert 0 < zero - below.risk < 1e-9


def test_kkt_certificate_is_a_dual_bound_for_any_features():
    # Convexity: R(U, Z, V) >= R* + <S, Q> + <B, V> / 2 at every point, and
    # both products are nonnegative wherever H >= 0.
    K, n, penalties = 3, 4, (0.02, 0.01)
    certificate = kkt_certificate(K, n, *penalties)
    minimum = upfm_minimizer(K, n, *penalties).risk
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(K), n)
    for _ in range(200):
        H = rng.exponential(size=(K * n, 5))
        W = rng.normal(size=(5, K))
        factor = np.hstack([W, H.T])
        bound = (
            minimum
            + (certificate.S * (factor.T @ factor)).sum()
            + (certificate.B * (H @ H.T)).sum() / 2
        )
        assert upfm_risk(H, W, y, *penalties) >= bound - 1e-12 >= minimum


def test_a_wrong_scale_fails_the_certificate():
    K, n, penalties = 3, 4, (0.02, 0.01)
    certificate = kkt_certificate(K, n, *penalties)
    shrunk = certificate.Q.copy()
    shrunk[:K, :K] *= 0.9
    assert np.linalg.norm(certificate.S @ shrunk) > 1e-3


@pytest.mark.parametrize("loss", ["ce", "l2"])
@pytest.mark.parametrize("penalties", PENALTIES)
def test_the_gap_is_the_sum_of_its_terms(penalties, loss):
    K, n, D = 3, 4, 5
    rng = np.random.default_rng(5)
    y = np.repeat(np.arange(K), n)
    best = upfm_minimizer(K, n, *penalties, loss, D=D)
    for _ in range(20):
        H = rng.exponential(size=(K * n, D)) * rng.integers(0, 2, (K * n, D))
        W = rng.normal(size=(D, K))
        terms = gap_terms(H, W, n, *penalties, loss)
        risk = upfm_risk(H, W, y, *penalties, loss)
        assert sum(terms) == pytest.approx(risk - best.risk, rel=1e-12)
        assert min(terms) >= 0 and terms.gap == sum(terms)
        # Off the minimizer one property at a time: the other terms that are
        # named after properties stay what they were.
        means = np.repeat(H.reshape(K, n, D).mean(axis=1), n, axis=0)
        still = gap_terms(means, W, n, *penalties, loss)
        spread = penalties[1] / 2 * ((H - means) ** 2).sum()
        assert terms.spread == pytest.approx(spread, rel=1e-12)
        assert still.spread < 1e-28
        assert still.angles == pytest.approx(terms.angles, rel=1e-12)
        assert still.duality == pytest.approx(terms.duality, rel=1e-12)
    if best.collapsed:
        at_best = gap_terms(best.H, best.W, n, *penalties, loss)
        assert max(at_best) < 1e-28
        # Orthogonal means of any length: right angles, so no third term.
        long = gap_terms(3 * best.H, best.W, n, *penalties, loss)
        assert abs(long.angles) < 1e-15 < long.logits
    else:
        # Zero is the only minimizer: length alone costs.
        assert gap_terms(0 * H, 0 * W, n, *penalties, loss).gap < 1e-15
        for H in (np.ones((K * n, D)), np.eye(K, D)[y]):
            for W in (np.zeros((D, K)), rng.normal(size=(D, K))):
                assert gap_terms(H, W, n, *penalties, loss).gap > 1e-3


def test_the_gap_wants_features_that_a_network_can_have():
    H, W = np.ones((4, 3)), np.ones((3, 2))
    with pytest.raises(ValueError, match="H must be at least zero.*-0.5"):
        gap_terms(H - 1.5, W, 2, 0.1, 0.1)
    with pytest.raises(ValueError, match=r"H must have n = 3 rows"):
        gap_terms(H, W, 3, 0.1, 0.1)


@pytest.mark.parametrize(("K", "n"), [(2, 3), (4, 2)])
def test_the_certificate_at_the_edge_of_the_transition(K, n):
    # The Schur complement has the eigenvalue lambda_H K / (K-1) - 1 /
    # (n K^2 lambda_W) on differences of classes, and it changes its sign at
    # s = (K-1) / K.
    for share in (0.5, 2.0):
        s = share * (K - 1) / K
        lam = s / np.sqrt(n * K * (K - 1))
        proof = kkt_certificate(K, n, lam, lam)
        scaled = np.linalg.eigvalsh(2 * proof.S[K:, K:] / lam)
        zero = upfm_minimizer(K, n, lam, lam).collapsed is False
        assert zero == (share > 1)
        assert proof.min_eigenvalue > -1e-12
        assert scaled[-1] == pytest.approx(K / (K - 1))
        slope = 2 * proof.S[:K, K:]
        schur = lam * np.eye(K * n) - proof.B - slope.T @ slope / lam
        expected = lam * K / (K - 1) - 1 / (n * K**2 * lam)
        if zero:
            assert np.linalg.matrix_rank(proof.S) == K + K * n - 1
            near = np.abs(np.linalg.eigvalsh(schur) - expected)
            assert np.sort(near)[K - 2] < 1e-12
        assert proof.rank_S == np.linalg.matrix_rank(proof.S, tol=1e-10)
        assert proof.rank_Q == (0 if zero else K)


@pytest.mark.parametrize("loss", ["ce", "l2"])
def test_the_descent_minimizes_the_risk_itself(loss):
    counts, penalties = (3, 1, 2), (0.02, 0.01)
    found = upfm.descend(counts, 4, *penalties, loss, starts=3, seed=1)
    y = np.repeat(np.arange(3), counts)
    own = upfm_risk(found.H, found.W, y, *penalties, loss)
    assert found.H.min() >= 0 and found.risks.shape == (3,)
    assert own == pytest.approx(found.risk, abs=1e-13)
    _, by_H, by_W = risk_and_slopes(
        found.H, found.W, np.eye(3)[y], *penalties, loss
    )
    assert np.abs(by_W).max() < 1e-6 and by_H.min() > -1e-6
    assert np.abs(by_H[found.H > 0]).max() < 1e-6


def test_some_descents_leave_a_class_behind():
    # The local minimum of two classes and two neurons in closed form.
    K, n, penalties = 2, 4, (0.02, 0.01)
    hole, features, _ = minority_solution(K, n, n, *penalties)
    found = upfm.descend([n] * K, K, *penalties, starts=30)
    above = found.risks > upfm_minimizer(K, n, *penalties).risk + 1e-6
    assert 0 < above.sum() < 30
    np.testing.assert_allclose(found.risks[above], hole, atol=1e-8)
    # The first start of seed 0 is one of them: what is returned is the best.
    first = upfm.descend([n] * K, K, *penalties, starts=1)
    squares = (first.H**2).sum(axis=1).reshape(K, n)
    assert first.risk == found.risks[0] == pytest.approx(hole, abs=1e-8)
    np.testing.assert_allclose(
        np.sort(squares.mean(axis=1)), [0, features], atol=1e-4
    )
    assert found.risk == found.risks.min()
    y = np.repeat(np.arange(K), n)
    own = upfm_risk(found.H, found.W, y, *penalties)
    assert own == pytest.approx(found.risk, abs=1e-12)


def test_a_minority_is_given_up_exactly_beyond_its_threshold():
    # m (K-1) / K < N^2 lambda_W lambda_H.
    K, n, m, ratio = 3, 6, 2, 2.0
    N = (K - 1) * n + m
    edge = np.sqrt(m * (K - 1) / K) / N
    for share in (0.85, 1.03):
        penalties = share * edge * ratio, share * edge / ratio
        risk, features, smallest = minority_solution(K, n, m, *penalties)
        assert (smallest > -1e-12) == (share > 1)
        best, H, _ = descend([n, n, m], 6, *penalties, "ce", starts=8)
        last = (H[-m:] ** 2).sum()
        if share > 1:
            assert best == pytest.approx(risk, abs=1e-9) and last < 1e-6
            assert (H[0] ** 2).sum() == pytest.approx(features, rel=1e-3)
        else:
            assert best < risk - 1e-6 and last > 1e-3


def test_a_certificate_of_what_is_no_minimizer_fails(monkeypatch):
    best = upfm_minimizer(3, 2, 0.02, 0.01)
    for scale in (0.5, 1.5):
        wrong = dataclasses.replace(best, a=scale * best.a)
        monkeypatch.setattr(
            relaxation, "upfm_minimizer", lambda *_, wrong=wrong: wrong
        )
        proof = kkt_certificate(3, 2, 0.02, 0.01)
        # Too small a scale leaves a slope that S cannot hide; too large a
        # one keeps S positive, but not orthogonal to Q.
        assert (proof.min_eigenvalue < -0.1) == (scale < 1)
        assert proof.slackness == np.linalg.norm(proof.S @ proof.Q) > 1e-3
        roots = np.repeat([0.02, 0.01], [3, 6]) ** -0.5
        spectrum = np.linalg.eigvalsh(2 * roots[:, None] * proof.S * roots)
        assert proof.min_eigenvalue == pytest.approx(spectrum[0], abs=1e-12)
        assert proof.rank_S == (spectrum > 1e-8).sum()
        assert proof.complementarity == 0
    # Means that share neurons: V is positive where B is.
    wrong.__dict__["H"] = np.ones((6, 3))
    shared = kkt_certificate(3, 2, 0.02, 0.01)
    assert shared.complementarity == pytest.approx(3 * shared.B.sum())


def test_averaging_within_unequal_classes_loses_nothing():
    counts, penalties = (4, 2, 1), (0.02, 0.01)
    full = upfm_sdp(counts, *penalties, reduction="full")
    reduced = upfm_sdp(counts, *penalties)
    assert full.objective == pytest.approx(reduced.objective, abs=1e-6)
    best = descend(counts, 3, *penalties, "ce", starts=8)[0]
    assert best == pytest.approx(reduced.objective, abs=1e-6)
    labels = np.repeat(np.arange(3), counts)
    np.testing.assert_allclose(full.Z, reduced.Z[labels], atol=5e-3)
    np.testing.assert_allclose(
        full.V, reduced.V[np.ix_(labels, labels)], atol=5e-3
    )


def test_a_large_problem_does_not_build_the_features():
    solution, peak = peak_memory(upfm_minimizer, 100, 10**4, 1e-3, 1e-9)
    assert solution.collapsed
    # H would take 800 MB.
    (_, shape), more = peak_memory(lambda: (solution.risk, solution.W.shape))
    assert shape == (100, 100) and peak + more < 2**20
    assert "H" not in vars(solution)


@pytest.mark.parametrize("loss", ["ce", "l2"])
def test_balance_and_shared_features(loss):
    solution = upfm_minimizer(3, 5, 0.01, 0.002, loss, D=8)
    assert 0.01 * (solution.W**2).sum() == pytest.approx(
        0.002 * (solution.H**2).sum(), rel=1e-13
    )
    assert ((solution.H_mean > 0).sum(axis=0) == 1).all()
    # Shared out evenly, one class after another.
    owner = (solution.H_mean > 0).argmax(axis=0)
    assert owner.tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
    squares = (solution.H_mean**2).sum(axis=1)
    np.testing.assert_allclose(squares, solution.b, rtol=1e-14)
    y = np.repeat(np.arange(3), 5)
    risk = upfm_risk(solution.H, solution.W, y, 0.01, 0.002, loss)
    assert risk == pytest.approx(upfm_minimizer(3, 5, 0.01, 0.002, loss).risk)


@pytest.mark.parametrize("loss", ["ce", "l2"])
def test_risk_against_torch(loss):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(6)
    y = np.repeat([0, 1, 2], [4, 1, 7])
    H, W = rng.random((12, 5)), rng.normal(size=(5, 3))
    tensors = [torch.tensor(array, requires_grad=True) for array in (H, W)]
    Z = tensors[0] @ tensors[1]
    if loss == "ce":
        mean_loss = torch.nn.functional.cross_entropy(Z, torch.tensor(y))
    else:
        mean_loss = ((Z - torch.eye(3)[y]) ** 2).sum(axis=1).mean() / 2
    expected = mean_loss + 0.1 / 2 * (W**2).sum() + 0.3 / 2 * (H**2).sum()
    for arrays in ((H, W, y), (*tensors, torch.tensor(y))):
        assert upfm_risk(*arrays, 0.1, 0.3, loss) == pytest.approx(
            expected.item(), rel=1e-14
        )


def test_risk_at_extreme_logits():
    y, W = np.array([0, 1]), np.array([[1.0, -1.0]])
    assert upfm_risk([[1e4], [1e4]], W, y, 0, 0) == pytest.approx(1e4)
    # log(1 + e^-40), which 1 + e^-40 = 1 would lose.
    right = upfm_risk([[20.0], [-20.0]], W, y, 0, 0)
    assert right == pytest.approx(np.exp(-40), rel=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: upfm_minimizer(1, 3, 1, 1), ValueError, "K must be"),
        (lambda: upfm_minimizer(2.0, 3, 1, 1), TypeError, "K must be"),
        (lambda: upfm_minimizer(2, 0, 1, 1), ValueError, "n must be"),
        (lambda: upfm_minimizer(2, 1, 0, 1), ValueError, "lambda_W must"),
        (lambda: upfm_minimizer(2, 1, 1, -1), ValueError, "lambda_H must"),
        (lambda: upfm_minimizer(2, 1, 1, 1, "mse"), ValueError, "loss must"),
        (lambda: upfm_minimizer(2, 1, 1, 1, D=0), ValueError, "D must be"),
        (lambda: upfm_sdp([3], 1, 1), ValueError, "counts must name"),
        (lambda: upfm_sdp([3, 0], 1, 1), ValueError, "counts must be"),
        (
            lambda: upfm_sdp([3, 2], 1, 1, reduction="scalar"),
            ValueError,
            "counts must be equal",
        ),
        (
            lambda: upfm_sdp([3, 2], 1, 1, reduction="none"),
            ValueError,
            "reduction must be",
        ),
        (
            lambda: upfm_risk(np.eye(2), np.eye(3), [0, 1], 1, 1),
            ValueError,
            r"W must have .* shape \(2, 2\)",
        ),
        (
            lambda: upfm_risk(np.eye(2), np.eye(2), [0, 1], 1, 1, "mse"),
            ValueError,
            "loss must",
        ),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call()
