"""decide against other solvers, exact laws, invariances, bad input."""

import warnings
from dataclasses import replace

import daqp
import numpy as np
import pytest
import scipy.linalg
from exact_lp import exactly_feasible
from fuzzing import accuracy_of_beta, accuracy_of_farkas
from helpers import highs_answer, peak_memory
from instances import KINDS
from scipy.optimize import linprog
from scipy.stats import binom, binomtest

import nclib
from nclib import decide
from nclib._projection import active_set
from nclib.feasibility import (
    Peeled,
    Reduction,
    _outside_range,
    exact_margin,
    separate,
)


def daqp_answer(X_in, X_out):
    """The shortest beta of (2.12), by a dual active set method; None: unsure.

    Another algorithm on the unreduced problem.
    """
    A = np.vstack([X_in, X_out])
    n, m, d = len(X_in), len(X_out), A.shape[1]
    upper = np.concatenate([np.ones(n), np.zeros(m)])
    lower = np.concatenate([np.ones(n), np.full(m, -1e30)])
    # 5 marks an equality.
    sense = np.concatenate([np.full(n, 5), np.zeros(m)]).astype(np.int32)
    beta, _, flag, _ = daqp.solve(
        np.eye(d), np.zeros(d), A, upper, lower, sense
    )
    if flag == -1:
        return False
    beta = np.asarray(beta)
    error = max(np.abs(X_in @ beta - 1).max(), (X_out @ beta).max())
    return True if flag == 1 and error < 1e-8 else None


def holds(X_in, X_out, decision):
    """The definition of a certificate, written out."""
    if decision.feasible:
        beta = decision.beta
        size = np.linalg.norm(X_out, axis=1) * np.linalg.norm(beta)
        return (
            np.abs(X_in @ beta - 1.0).max() < 1e-8
            and (X_out @ beta <= 1e-12 * size).all()
        )
    u, s = decision.farkas
    residual = np.abs(X_in.T @ u + X_out.T @ s)
    size = np.abs(X_in).T @ np.abs(u) + np.abs(X_out).T @ s
    small = residual.max() <= 1e-9 * size.max()
    return small and (s >= 0).all() and u.sum() < 0


def near_boundary(rng):
    K = int(rng.integers(2, 6))
    n = int(rng.integers(20, 81))
    sigma = rng.uniform(0.2, 2.0)
    means = rng.standard_normal((K, K))
    delta = nclib.phase_boundary(means, sigma).delta
    # 0.8 sqrt(n) is about the width of the transition.
    d = max(round(n * delta + 0.8 * np.sqrt(n) * rng.standard_normal()), K)
    padded = np.zeros((K, d))
    padded[:, :K] = means
    X, y = nclib.GaussianMixture(padded, sigma).sample(n, rng)
    return X[y == 0], X[y != 0]


def one_class(X_in, X_out, **options):
    y = np.repeat([0, 1], [len(X_in), len(X_out)])
    return decide(np.vstack([X_in, X_out]), y, [0], **options).classes[0]


def test_a_thousand_instances_at_the_boundary_agree_and_are_proved():
    rng = np.random.default_rng(20)
    answers = {True: 0, False: 0}
    sure = 0
    for i in range(1000):
        X_in, X_out = near_boundary(rng)
        ours = one_class(X_in, X_out)
        assert ours.verified, ours.message
        assert holds(X_in, X_out, ours)
        other = daqp_answer(X_in, X_out)
        if other is not None:
            sure += 1
            assert other == ours.feasible, (i, ours.margin, ours.message)
        if i % 50 == 0:
            assert highs_answer(X_in, X_out) in (None, ours.feasible)
        answers[ours.feasible] += 1
    # The instances test both answers, and the other solver said something.
    assert min(answers.values()) > 200
    assert sure > 900


@pytest.mark.parametrize(
    "K, n, d", [(2, 10, 13), (2, 10, 15), (2, 15, 25), (3, 8, 14), (4, 6, 15)]
)
def test_rate_at_zero_means_is_the_binomial_law(K, n, d):
    # Wendel: P(Bin((K - 1) n, 1/2) <= d - n) exactly, at every size. Five
    # exact two-sided tests at level 1e-5: false-alarm rate below 1e-4.
    gmm = nclib.GaussianMixture(np.zeros((K, d)), 1.0)
    rng = np.random.default_rng([K, n, d])
    draws = 1500
    feasible = 0
    for _ in range(draws):
        answer = decide(*gmm.sample(n, rng), [0], verify=False).classes[0]
        feasible += answer.feasible
    law = binom.cdf(d - n, (K - 1) * n, 0.5)
    assert 0.05 < law < 0.95
    assert binomtest(feasible, draws, law).pvalue > 1e-5


class Answers(dict):
    """Decisions by class, and in ``exact`` the margins of the data."""


@pytest.fixture(scope="module")
def instances():
    """Four of each answer, of unequal class sizes, all three classes."""
    rng = np.random.default_rng(5)
    found = {True: [], False: []}
    while min(map(len, found.values())) < 4:
        means = nclib.simplex_means(3, int(rng.integers(28, 50)))
        gmm = nclib.GaussianMixture(means, 0.8)
        X, y = gmm.sample([18, 25, 21], rng)
        answers = Answers(decide(X, y).classes)
        answers.exact = {k: exact_margin(X, y, k) for k in answers}
        occurs = all(c.feasible for c in answers.values())
        found[occurs].append((X, y, answers))
    return found[True][:4] + found[False][:4]


def same_answers(answers, X, y, relabel=lambda k: k, margins=1e-7):
    for k, before in answers.items():
        after = decide(X, y).classes[relabel(k)]
        assert after.feasible == before.feasible
        assert after.verified
        assert (after.margin > 0) == before.feasible
        if margins:
            exact = exact_margin(X, y, relabel(k))
            assert exact == pytest.approx(answers.exact[k], rel=margins)


def test_unequal_classes_give_both_answers(instances):
    verdicts = [c.feasible for _, _, a in instances for c in a.values()]
    assert 4 < sum(verdicts) < len(verdicts) - 3
    for X, y, answers in instances:
        for k, c in answers.items():
            assert c.verified and -1 <= c.margin <= 1
            assert c.feasible == highs_answer(X[y == k], X[y != k])


def test_permuting_samples_and_labels_changes_nothing(instances):
    rng = np.random.default_rng(0)
    for X, y, answers in instances:
        p = rng.permutation(len(y))
        same_answers(answers, X[p], y[p])
        same_answers(answers, X, 7 - 3 * y, relabel=lambda k: 7 - 3 * k)


def test_permuting_and_appending_features_changes_nothing(instances):
    rng = np.random.default_rng(1)
    for X, y, answers in instances:
        same_answers(answers, X[:, rng.permutation(X.shape[1])], y)
        same_answers(answers, np.hstack([X, np.zeros((len(X), 9))]), y)


def test_rotating_changes_nothing(instances):
    rng = np.random.default_rng(2)
    for X, y, answers in instances:
        Q, _ = np.linalg.qr(rng.standard_normal((X.shape[1],) * 2))
        same_answers(answers, X @ Q, y)


@pytest.mark.parametrize("power", [-290, -150, -40, -3, 5, 150, 290])
def test_scaling_changes_nothing(instances, power):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for X, y, answers in instances:
            same_answers(answers, X * 10.0**power, y)


@pytest.mark.parametrize("powers", [3, 12, 60])
def test_units_of_features_do_not_change_the_answer(instances, powers):
    rng = np.random.default_rng(powers)
    for X, y, answers in instances:
        units = 10.0 ** rng.uniform(-powers, powers, X.shape[1])
        same_answers(answers, X * units, y, margins=None)


def test_repeating_samples_changes_nothing(instances):
    rng = np.random.default_rng(3)
    for X, y, answers in instances:
        again = rng.integers(len(y), size=30)
        rows = np.concatenate([np.arange(len(y)), again])
        for k, before in answers.items():
            after = decide(X[rows], y[rows]).classes[k]
            assert after.feasible == before.feasible
            assert after.verified, after.message
            assert (after.margin > 0) == before.feasible


def test_theorem_3_independent_samples_are_always_feasible():
    rng = np.random.default_rng(8)
    for K, n, d in [(2, 10, 20), (3, 7, 21), (5, 4, 30)]:
        X = rng.standard_normal((K * n, d))
        decision = decide(X, np.repeat(np.arange(K), n))
        assert decision.occurs
        assert all(c.verified for c in decision.classes.values())


def test_theorem_3_more_samples_than_features_are_infeasible():
    rng = np.random.default_rng(9)
    for n, d in [(6, 5), (20, 12), (90, 20)]:
        X = rng.standard_normal((2 * n, d))
        decision = decide(X, np.repeat([0, 1], n))
        assert decision.occurs is False
        for c in decision.classes.values():
            u, s = c.farkas
            assert c.verified and not s.any()
            assert u.sum() == pytest.approx(-1.0)
            assert np.isnan(c.margin)


def test_a_point_in_two_classes_is_infeasible_and_proved():
    rng = np.random.default_rng(10)
    for n in (1, 5, 30):
        X = rng.standard_normal((2 * n, 100))
        X[-1] = X[0]
        decision = decide(X, np.repeat([0, 1], n))
        assert decision.occurs is False
        for c in decision.classes.values():
            assert c.feasible is False and c.verified, c.message
            assert c.margin == pytest.approx(-1.0)


def test_a_zero_sample_is_infeasible_in_its_class_and_harmless_outside():
    X = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 0.5], [0.3, -1.0, 0.1]])
    decision = decide(X, [4, 4, 9])
    assert decision.classes[4].feasible is False
    assert decision.classes[4].verified
    assert decision.classes[9].feasible and decision.classes[9].verified
    zero = decide([[0.0], [0.0], [1.0]], [0, 0, 1])
    assert [c.feasible for c in zero.classes.values()] == [False, True]
    assert all(c.verified for c in zero.classes.values())


@pytest.mark.parametrize("seed", range(3))
def test_integer_data_are_decided_and_proved_as_exact_arithmetic_does(seed):
    rng = np.random.default_rng(seed)
    seen = set()
    for i in range(150):
        n, m, d = rng.integers(1, 5), rng.integers(1, 6), rng.integers(1, 5)
        X = rng.integers(-3, 4, size=(n + m, d))
        if i % 3 == 0:
            # Sparse and nonnegative, as pixels are.
            X = np.abs(X) * rng.integers(0, 2, size=X.shape)
        answer = one_class(X[:n], X[n:])
        exact = exactly_feasible(X[:n], X[n:])
        assert answer.verified, (X.tolist(), answer.message)
        assert answer.feasible == exact
        seen.add(exact)
    assert seen == {True, False}


def test_sparse_nonnegative_data_agree_with_highs():
    rng = np.random.default_rng(11)
    answers = []
    for _ in range(60):
        K, n, d = 3, 12, int(rng.integers(14, 30))
        X = rng.uniform(0, 1, size=(K * n, d))
        X *= rng.uniform(size=X.shape) < 0.2
        X_in, X_out = X[:n], X[n:]
        ours = one_class(X_in, X_out)
        assert ours.feasible == highs_answer(X_in, X_out)
        assert ours.verified and holds(X_in, X_out, ours)
        answers.append(ours.feasible)
    assert 5 < sum(answers) < 55


@pytest.mark.parametrize("n", [5, 20, 35, 40, 50, 100, 174])
def test_every_class_of_digits_is_proved(n):
    X, y = nclib.digits(n)
    decision = decide(X, y)
    for k, c in decision.classes.items():
        assert c.verified, (k, c.message)
        assert holds(X[y == k], X[y != k], c)
    if n <= 20:
        assert decision.occurs
    if n > 64:
        assert not any(c.feasible for c in decision.classes.values())


def test_occurs_combines_the_classes():
    X = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 1.0], [-1.0, 0.0]])
    y = np.array([0, 0, 0, 1])
    full = decide(X, y)
    assert full.occurs is False
    assert [full.classes[k].feasible for k in (0, 1)] == [False, True]
    assert decide(X, y, classes=[1]).occurs is None
    assert decide(X, y, classes=(0,)).occurs is False
    assert decide(X, y, classes=0).occurs is False
    assert list(decide(X, y, classes=np.array([1])).classes) == [1]
    assert "infeasible: [0]" in str(full)


def test_verify_false_gives_the_same_answers_unproved(instances):
    for X, y, answers in instances:
        for k, c in decide(X, y, verify=False).classes.items():
            assert c.feasible == answers[k].feasible
            assert c.margin == answers[k].margin
            assert not c.verified and "not verified" in c.message


def test_decide_leaves_its_input_alone():
    X, y = nclib.digits(30)
    before = X.copy(), y.copy()
    X.flags.writeable = y.flags.writeable = False
    decide(X, y)
    assert np.array_equal(X, before[0]) and np.array_equal(y, before[1])


@pytest.mark.parametrize(
    "classes", [[7], [0, 7], "0", ["0"], 5, [], [[0]], [None], [0.5]]
)
def test_classes_that_are_not_labels_are_refused(classes):
    with pytest.raises(ValueError, match="^classes "):
        decide(np.eye(3), [0, 1, 1], classes)


def test_an_answer_whose_numbers_leave_float64_comes_without_them():
    # beta would have to exceed the largest float.
    decision = decide(np.eye(2) * 5e-324, [0, 1])
    assert decision.occurs is True and decision.verified
    for c in decision.classes.values():
        assert c.beta is None and c.farkas is None and np.isnan(c.accuracy)
        assert "no numbers in float64" in c.message


def test_separate_finds_one_of_the_two_alternatives():
    rng = np.random.default_rng(12)
    seen = set()
    for _ in range(200):
        A = rng.standard_normal((6, int(rng.integers(1, 20))))
        A /= np.linalg.norm(A, axis=0)
        e = np.eye(6)[-1]
        feasible, r, s = separate(A)
        seen.add(feasible)
        # The projection itself, by the other engine.
        same, nearest, weights = active_set(A, e)
        assert same == feasible
        if feasible:
            assert s is None and r[-1] > 0 and (A.T @ r).max() < 0
            assert (A.T @ nearest).max() < 1e-12
            assert nearest[-1] == pytest.approx(nearest @ nearest, rel=1e-8)
            # No separating vector makes a smaller angle with e.
            sine = np.linalg.norm(nearest)
            assert r[-1] / np.linalg.norm(r) <= sine * (1 + 1e-9)
        else:
            assert r is None and (s > 0).all()
            assert np.allclose(A @ s, e, atol=1e-12 * s.sum())
            assert np.allclose(A @ weights, e, atol=1e-12 * weights.sum())
    assert seen == {True, False}


# Faults that were found in earlier versions, each with the answer that exact
# arithmetic gives: X, y, class, feasible, whether float64 holds the numbers.
HADAMARD = scipy.linalg.hadamard(8).astype(float)
FOUR_IN_A_PLANE = (
    np.pad([[1.0, 0], [-1, 0], [0, 1], [0, -1]], ((0, 0), (0, 3)))
    + 1e-10 * np.random.default_rng(0).standard_normal((4, 5))
) @ np.linalg.qr(np.random.default_rng(1).standard_normal((5, 5)))[0]
FAULTS = {
    "a beta of norm 4e15 on a factorial design": (
        HADAMARD,
        np.arange(8) // 4,
        0,
        True,
        True,
    ),
    "the same on three signs": (
        [[-1, -1, -1], [-1, -1, 1], [1, -1, 1]],
        [0, 0, 1],
        0,
        True,
        True,
    ),
    "a row orthogonal to the class unproved": (
        [[0.6, 0.8], [-0.8, 0.6], [0.7994, -0.6008]],
        [0, 1, 1],
        0,
        True,
        True,
    ),
    "independent points near a plane infeasible": (
        FOUR_IN_A_PLANE,
        np.arange(4),
        1,
        True,
        True,
    ),
    "a Hilbert matrix infeasible": (
        scipy.linalg.hilbert(8),
        np.arange(8) // 4,
        0,
        True,
        True,
    ),
    "two points on a ray feasible": (
        [[1.0], [1.000000001], [-1.0]],
        [0, 0, 1],
        0,
        False,
        True,
    ),
    "a zero sample feasible": (
        [[-6, 3], [2, -1 - 1e-13], [0, 0], [-4, 2], [-6, 3], [6, -3]],
        [0, 0, 0, 1, 1, 1],
        0,
        False,
        True,
    ),
    "stopped short of the minimum": (
        [[0, 1, 0, 1], [0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 1, 1], [0, 0, 1, 0]],
        [0, 0, 1, 1, 1],
        0,
        True,
        True,
    ),
    "features of 1e12 that cancel undecided": (
        [[0, 0, 1], [100.4534, 1e12, 1 - 1e12], [1, 0.3, -0.2]],
        [0, 0, 1],
        0,
        True,
        None,
    ),
    "a sample 1e-15 times the others undecided": (
        np.vstack([[[1e-15, 2e-15, 0, 1e-15]], np.eye(4)[:3]]),
        [0, 0, 1, 1],
        0,
        True,
        None,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_that_were_found_stay_mended(fault):
    X, y, label, feasible, numbers = FAULTS[fault]
    X, y = np.array(X, dtype=float), np.array(y)
    X_in, X_out = X[y == label], X[y != label]
    assert exactly_feasible(X_in, X_out) == feasible
    c = decide(X, y, [label]).classes[label]
    assert c.feasible is feasible and c.verified, c.message
    known = c.beta is not None or c.farkas is not None
    assert numbers is None or known == numbers
    if known:
        assert c.accuracy <= 1e-6
        stated = accuracy_of_beta if feasible else accuracy_of_farkas
        handed = [c.beta] if feasible else c.farkas
        assert stated(X_in, X_out, *handed) <= c.accuracy
    else:
        assert np.isnan(c.accuracy) and "no numbers in float64" in c.message
    if "factorial" in fault or "signs" in fault:
        assert np.linalg.norm(c.beta) < 10


def test_two_level_factorial_designs_have_moderate_neurons():
    # All splits by one column, with an intercept, with interactions.
    levels = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T
    pairs = [(0, 1), (0, 2), (1, 2)]
    products = [levels[:, i] * levels[:, j] for i, j in pairs]
    for columns in ([], products):
        X = np.column_stack([np.ones(8), levels, *columns]).astype(float)
        for j in range(1, X.shape[1]):
            y = (X[:, j] > 0).astype(int)
            rest = np.delete(X, j, axis=1)
            for data in (X, rest):
                decision = decide(data, y)
                assert decision.verified
                for k, c in decision.classes.items():
                    assert c.feasible == exactly_feasible(
                        data[y == k], data[y != k]
                    )
                    if c.feasible:
                        assert np.linalg.norm(c.beta) < 100


def test_one_hot_tables_wider_than_exact_arithmetic_are_proved():
    # Dummy columns of several factors are dependent, and real columns ride
    # along: 40 unknowns, beyond the systems settled over the rationals.
    rng = np.random.default_rng(31)
    seen = set()
    for trial in range(30):
        n, factors = int(rng.integers(20, 60)), []
        for levels in (12, 12, 10):
            factors.append(np.eye(levels)[rng.integers(levels, size=n)])
        X = np.hstack([*factors, rng.standard_normal((n, trial % 7))])
        c = one_class(X[: n // 3], X[n // 3 :])
        assert c.verified, c.message
        assert c.feasible == highs_answer(X[: n // 3], X[n // 3 :])
        seen.add(c.feasible)
    assert seen == {True, False}


def test_margins_are_those_of_the_shortest_and_the_deepest():
    # The exact one by other programs: the shortest beta of a dual active set
    # method, and the deepest point within the hull, as a linear program in
    # the multipliers of the original data.
    rng = np.random.default_rng(32)
    for _ in range(40):
        X_in, X_out = near_boundary(rng)
        y = np.repeat([0, 1], [len(X_in), len(X_out)])
        c = one_class(X_in, X_out)
        exact = exact_margin(np.vstack([X_in, X_out]), y, 0)
        assert abs(c.margin) <= abs(exact) * (1 + 1e-9)
        assert c.margin * exact > 0
        axis = np.linalg.lstsq(X_in, np.ones(len(X_in)))[0]
        if c.feasible:
            sense = np.repeat([5, 0], [len(X_in), len(X_out)])
            lower = np.where(y == 0, 1.0, -1e30)
            beta = daqp.solve(
                np.eye(len(axis)),
                np.zeros(len(axis)),
                np.vstack([X_in, X_out]),
                1.0 - y,
                lower,
                sense.astype(np.int32),
            )[0]
            size = np.linalg.norm(axis)
            least = size / np.linalg.norm(beta)
            assert exact == pytest.approx(least, rel=1e-5)
            short = size / np.linalg.norm(c.beta)
            assert c.margin == pytest.approx(short, rel=1e-6)
        else:
            # Lengths of the others where the class has equal values.
            axis = axis / np.linalg.norm(axis)
            kept = scipy.linalg.null_space(X_in)
            lengths = np.hypot(
                np.linalg.norm(X_out @ kept, axis=1), X_out @ axis
            )
            n = len(X_in)
            least = linprog(
                np.append(np.zeros(n), lengths),
                A_eq=np.vstack([X_in, X_out]).T,
                b_eq=np.zeros(len(axis)),
                A_ub=np.append(np.ones(n), np.zeros(len(X_out)))[None],
                b_ub=[-1.0],
                bounds=[(None, None)] * n + [(0, None)] * len(X_out),
            )
            # G s == e has X_in.T @ u + X_out.T @ s == e, of sum length * e.
            length = np.linalg.norm(np.linalg.lstsq(X_in, np.ones(n))[0])
            assert exact == pytest.approx(-1 / (length * least.fun), rel=1e-6)


def test_the_exact_margin_does_not_depend_on_what_it_should_not(instances):
    rng = np.random.default_rng(33)
    for X, y, answers in instances:
        Q, _ = np.linalg.qr(rng.standard_normal((X.shape[1],) * 2))
        p = rng.permutation(len(y))
        again = np.append(np.arange(len(y)), rng.integers(len(y), size=30))
        for k in answers:
            before = exact_margin(X, y, k)
            for data, labels in (
                (3e5 * X @ Q, y),
                (X[p], y[p]),
                (X[again], y[again]),
            ):
                after = exact_margin(data, labels, k)
                assert after == pytest.approx(before, rel=1e-6)
    assert np.isnan(exact_margin(np.eye(3)[:, :1], [0, 0, 1], 0))
    with pytest.raises(ValueError, match="^label "):
        exact_margin(np.eye(3), [0, 1, 1], 2)


@pytest.mark.parametrize("n_jobs", [1, 2, 3])
def test_threads_over_the_classes_change_nothing(instances, n_jobs, capsys):
    for X, y, answers in instances[:2]:
        decision = decide(X, y, n_jobs=n_jobs, progress=n_jobs == 2)
        assert list(decision.classes) == list(answers)
        for k, before in answers.items():
            after = decision.classes[k]
            assert after.feasible == before.feasible and after.verified
    shown = capsys.readouterr().err
    assert ("deciding" in shown) == (n_jobs == 2)


@pytest.mark.parametrize("n_jobs", [0, -1, 1.5, "2"])
def test_a_wrong_number_of_threads_is_refused(n_jobs):
    with pytest.raises((TypeError, ValueError), match="^n_jobs "):
        decide(np.eye(2), [0, 1], n_jobs=n_jobs)


def test_large_problems_are_proved_by_interior_certificates():
    # Vertex certificates of these are too thin to prove.
    means = nclib.orthonormal_means(100, 256)
    X, y = nclib.GaussianMixture(means, 1.0).sample(10, seed=0)
    decision = decide(X, y, range(0, 100, 12), n_jobs=2)
    assert decision.verified and decision.occurs is False
    X, y = nclib.GaussianMixture(
        nclib.two_cluster_means(1000, np.pi), 0.5
    ).sample(800, seed=0)
    assert decide(X, y, [0]).verified


def test_without_a_proof_only_clear_answers_are_given():
    # The same direction a few ulps apart: exact arithmetic says feasible,
    # floating point alone must not say anything.
    X = np.array([[1.0, 2.0], [0.999999999999772, 2.000000000000077]])
    assert exactly_feasible(X[:1], X[1:])
    assert decide(X, [0, 1], [0]).classes[0].feasible is True
    assert decide(X, [0, 1], [0], verify=False).classes[0].feasible is None


@pytest.mark.parametrize(
    "K, n, d, limit", [(50, 20, 400, 8), (4, 150, 900, 8), (4, 2000, 20, 3)]
)
def test_memory_stays_below_what_is_promised(K, n, d, limit):
    gmm = nclib.GaussianMixture(nclib.orthonormal_means(min(K, d), d), 0.5)
    X, y = gmm.sample(n, seed=0)
    y = y % K
    decision, peak = peak_memory(decide, X, y, [0])
    assert decision.verified
    assert peak < limit * X.nbytes


def test_peeling_sets_aside_what_a_sign_settles_and_no_more():
    X_in = np.array([[1.0, 2.0, 0.0, 0.0, 0.0], [0.5, 1.0, 0.0, 0.0, 0.0]])
    X_out = np.array(
        [
            # Feature 2 has one sign outside; without its samples feature 3
            # has one too. Feature 4 has two for good, and 0 the class uses.
            [1.0, 0.0, -2.0, 1.0, 0.0],
            [1.0, 1.0, -0.5, -1.0, 1.0],
            [3.0, 0.0, 0.0, 2.0, 0.0],
            [0.0, 1.0, 0.0, 0.0, 1.0],
            [1.0, -1.0, 0.0, 0.0, -2.0],
        ]
    )
    peeled = Peeled.of(X_in, X_out)
    assert peeled.outside.tolist() == [False] * 3 + [True] * 2
    assert peeled.features.tolist() == [True, True, False, False, True]
    assert not peeled.whole
    # Whatever the rest says, the samples set aside end below 0.
    rng = np.random.default_rng(34)
    for _ in range(50):
        beta = rng.standard_normal(3)
        full = peeled.extend(X_out, beta)
        assert full[[0, 1, 4]].tolist() == beta.tolist()
        assert (X_out[:3] @ full <= -0.99).all()
    assert Peeled.of(X_in, X_out[3:]).whole
    assert Peeled.of(X_in[:, :2], X_out[:, :2]).whole


@pytest.mark.parametrize("spread", [0, 9])
@pytest.mark.parametrize("n, m, d", [(4, 3, 9), (4, 300, 9), (5, 6, 5)])
def test_the_reduction_is_the_subspace_of_equal_values(n, m, d, spread):
    rng = np.random.default_rng([n, m, spread])
    X_in = rng.standard_normal((n, d))
    # Samples of very different size are scaled by powers of two inside.
    X_in *= 10.0 ** rng.uniform(-spread, spread, (n, 1))
    X_out = rng.standard_normal((m, d))
    reduction = Reduction.of(X_in)
    assert reduction.rank == n and reduction.deficit is None
    size = np.linalg.norm(X_in, axis=1)
    rows = X_in / size[:, None]
    shortest = np.linalg.pinv(rows) @ (1.0 / size)
    assert reduction.length == pytest.approx(np.linalg.norm(shortest))
    # Coordinates: inner products with an orthonormal basis, the last along
    # the shortest solution.
    axis = shortest / np.linalg.norm(shortest)
    null = scipy.linalg.null_space(rows)
    columns = reduction.coordinates(X_out)
    assert columns.shape == (d - n + 1, m)
    assert np.allclose(columns[-1], X_out @ axis)
    flat = X_out @ null
    assert np.allclose(columns[:-1].T @ columns[:-1], flat @ flat.T)
    last = np.eye(d - n + 1)[-1]
    assert np.allclose(reduction.point(last), axis)
    r = rng.standard_normal(d - n + 1)
    r[-1] = abs(r[-1])
    assert np.allclose(X_out @ reduction.point(r), r @ columns)
    beta = reduction.solution(X_in, r)
    terms = np.abs(X_in) @ np.abs(beta)
    assert (np.abs(X_in @ beta - 1.0) <= 1e-14 * terms + 1e-12).all()
    # The one refinement repairs what the axis misses.
    if spread == 0:
        rough = replace(reduction, _w=reduction._w * (1 + 1e-6))
        again = X_in @ rough.solution(X_in, r)
        assert np.allclose(again, 1, rtol=0, atol=1e-10)
    # Multipliers cancel what lies in the range.
    u = rng.standard_normal(n) / np.linalg.norm(X_in, axis=1)
    assert np.allclose(reduction.multipliers(-X_in.T @ u) / u, 1.0)


@pytest.mark.parametrize("spread", [0, 9])
def test_a_class_that_contradicts_itself_says_how(spread):
    rng = np.random.default_rng([35, spread])
    X_in = rng.standard_normal((6, 4))
    X_in *= 10.0 ** rng.uniform(-spread, spread, (6, 1))
    size = np.linalg.norm(X_in, axis=1)
    found = [Reduction.of(X_in).deficit]
    if spread == 0:
        found.append(_outside_range(X_in))
    for u in found:
        assert u.sum() == pytest.approx(-1.0)
        assert np.abs(X_in.T @ u).max() < 1e-9 * (size @ np.abs(u))
    # Dependent samples that agree are no contradiction.
    X_in[5] = 0.25 * X_in[0] + 0.75 * X_in[1]
    again = Reduction.of(X_in[[0, 1, 5]])
    assert again.rank == (2 if spread == 0 else again.rank)
    assert again.deficit is None


def test_a_zero_sample_among_many_features_is_proved():
    # Beyond the systems that rational arithmetic settles.
    X = np.random.default_rng(36).standard_normal((30, 60))
    X[3] = 0.0
    c = decide(X, np.repeat([0, 1], 15), [0]).classes[0]
    assert c.feasible is False and c.verified and "zero" in c.message
    u, s = c.farkas
    assert u.sum() == -1.0 and not s.any()


@pytest.mark.parametrize(
    "kind", ["near_opposite", "near_duplicate", "orthogonal", "perturbed"]
)
def test_clear_answers_without_a_proof_are_right(kind):
    # No law: what a first-order estimate of the room calls clear, at a seed.
    rng = np.random.default_rng(37)
    given = 0
    for _ in range(300):
        X_in, X_out = KINDS[kind](rng)
        answer = one_class(X_in, X_out, verify=False).feasible
        if answer is not None:
            given += 1
            assert answer == exactly_feasible(X_in, X_out), (X_in, X_out)
    assert given > 100
