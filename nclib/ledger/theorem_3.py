"""Theorem 3 on instances whose hypotheses are known, and on real digits."""

import numpy as np

from nclib.bounds import theorem_3
from nclib.certificates import sigma_min_bound
from nclib.data import digits, first_per_class
from nclib.feasibility import decide, exact_margin
from nclib.ledger import claim
from nclib.ledger.evidence import at_scale, proved
from nclib.transition import smallest


def _random_data(rng, n, d, K, integers):
    """Structureless samples; even integers, so that midpoints are exact."""
    shape = (K * n, d)
    if integers:
        X = 2.0 * rng.integers(-50, 51, shape)
    else:
        X = rng.standard_normal(shape)
    return X, np.repeat(np.arange(K), n)


@claim(
    "thm-3a",
    "Theorem 3(a)",
    strength="certified",
)
def theorem_3a(scale):
    """Classes that no hyperplane separates do not collapse.

    Needs: a class whose convex hull meets that of the others.
    """
    draws = at_scale(scale, 5, 40)
    planted = clouds = separable = 0
    for seed in np.random.SeedSequence(31).spawn(draws):
        rng = np.random.default_rng(seed)
        K, n = int(rng.integers(2, 5)), int(rng.integers(3, 7))
        X, y = _random_data(rng, n, K * n + 2, K, integers=True)
        if not proved(decide(X, y), True):
            return False, "independent samples were not proved to collapse"
        # A sample of class 0 amid two of class 1: the hulls meet.
        X[0] = (X[n] + X[n + 1]) / 2
        if theorem_3(X, y).separable is not False:
            return False, "a planted midpoint was called separable"
        if not proved(decide(X, y), False, [0, 1]):
            return False, "a planted midpoint was not proved to block"
        planted += 1

        X, y = _random_data(rng, 8, 10, 3, integers=False)
        verdict = theorem_3(X, y)
        if verdict.separable is not False:
            separable += 1
            continue
        # 1 is in the range of each class, so (c) has no say here.
        decision = decide(X, y)
        blocked = [k for k, c in decision.classes.items() if not c.feasible]
        if not blocked or not proved(decision, False, blocked):
            return False, f"an overlapping cloud: {decision}"
        clouds += all(verdict.ones_in_range.values())
    return planted == draws and clouds > 0, (
        f"{planted} data sets collapse, and stop when one sample moves "
        f"between two of another class; {clouds} overlapping Gaussian "
        f"clouds do not collapse ({separable} were separable and left "
        "out); every answer proved"
    )


@claim(
    "thm-3b",
    "Theorem 3(b), eq. (2.12)",
    strength="certified",
)
def theorem_3b(scale):
    r"""Linearly independent samples always collapse.

    Needs: $X$ of rank $N$, so $d \ge N$.
    """
    draws = at_scale(scale, 8, 60)
    square = 0
    for i, seed in enumerate(np.random.SeedSequence(32).spawn(draws)):
        rng = np.random.default_rng(seed)
        K, n = int(rng.integers(2, 6)), int(rng.integers(2, 9))
        d = K * n + int(rng.integers(0, 4))
        X, y = _random_data(rng, n, d, K, integers=i % 2 == 0)
        if sigma_min_bound(X) == 0.0:
            return False, "the rank of a random matrix was not proved"
        decision = decide(X, y)
        if not proved(decision, True):
            return False, f"K = {K}, n = {n}, d = {d}: {decision}"
        square += d == K * n
    return square > 0, (
        f"{draws} random data sets of proved rank N collapse, {square} of "
        "them with d = N; every answer proved"
    )


@claim(
    "thm-3c",
    "Theorem 3(c)",
    strength="certified",
)
def theorem_3c(scale):
    """If the all-one vector is outside the range of one $X_k$, no collapse.

    Needs: holds for generic samples as soon as $n > d$.
    """
    draws = at_scale(scale, 8, 60)
    for i, seed in enumerate(np.random.SeedSequence(33).spawn(draws)):
        rng = np.random.default_rng(seed)
        K, d = int(rng.integers(2, 5)), int(rng.integers(2, 12))
        n = d + int(rng.integers(1, 5))
        X, y = _random_data(rng, n, d, K, integers=i % 2 == 0)
        if any(theorem_3(X, y).ones_in_range.values()):
            return False, "random samples with n > d fit one hyperplane"
        decision = decide(X, y)
        others_used = any(
            answer.farkas[1].any()
            for answer in decision.classes.values()
            if answer.farkas is not None
        )
        if not proved(decision, False) or others_used:
            return False, f"K = {K}, n = {n}, d = {d}: {decision}"
    return True, (
        f"{draws} random data sets with n > d do not collapse; every class "
        "is excluded by its own samples alone (s = 0), proved"
    )


@claim(
    "erratum-49",
    "Theorem 3(c), its hypotheses",
    strength="certified",
)
def erratum_49(scale):
    r"""$d < n$ is neither needed nor enough: what excludes collapse is one
    class whose range misses the all-one vector.

    Needs: three families: $d \ge n$ with dependent samples, $d < n$ with
    samples on a common hyperplane, and the digits.
    """
    draws = at_scale(scale, 4, 30)
    for seed in np.random.SeedSequence(49).spawn(draws):
        rng = np.random.default_rng(seed)
        K, n = int(rng.integers(2, 5)), int(rng.integers(3, 8))
        X, y = _random_data(rng, n, 4 * K * n, K, integers=False)
        X[1] = 2 * X[0]
        decision = decide(X, y)
        if not (
            proved(decision, False, [0])
            and not decision.classes[0].farkas[1].any()
        ):
            return False, f"dependent samples with d > N: {decision}"
        if not all(decision.classes[k].feasible for k in range(1, K)):
            return False, f"one dependent class stopped others: {decision}"

        # Shares of two ingredients of one's own: they add up to 1.
        d = 2 * K
        n = d + int(rng.integers(1, 12))
        X, y = np.zeros((K * n, d)), np.repeat(np.arange(K), n)
        share = rng.integers(0, 65, K * n) / 64
        X[np.arange(K * n), 2 * y] = share
        X[np.arange(K * n), 2 * y + 1] = 1 - share
        decision = decide(X, y)
        if not proved(decision, True):
            return False, f"shares, n = {n}, d = {d}: {decision}"
    X, y = digits()
    X, y = first_per_class(X, y, 60)
    decision = decide(X, y)
    alone = sum(
        not answer.farkas[1].any() for answer in decision.classes.values()
    )
    return proved(decision, False) and alone > 0, (
        f"{draws} data sets with d > N and one dependent class do not "
        f"collapse; {draws} data sets of shares with n > d do; of "
        f"the digits at n = 60 < d = 64, {alone} of 10 classes are excluded "
        "with s = 0; every such answer proved"
    )


@claim(
    "digits-threshold",
    strength="certified",
)
def digits_threshold(scale):
    """Of scikit-learn's digits, in file order, all ten classes can collapse up
    to $n = 32$ samples each, and digit 1 cannot from $n = 33$ on.

    Needs: the first $n$ samples of each class; adding samples only adds
    constraints, so one answer on either side settles all $n$; proved for the
    float64 data.
    """
    X, y = digits()

    def answer(n):
        return decide(*first_per_class(X, y, n))

    n = smallest(lambda n: not answer(n).occurs, 2, 64, 33) - 1
    below, above = answer(n), answer(n + 1)
    stopped = [k for k, c in above.classes.items() if c.feasible is False]
    count = sum(
        c.verified
        for decision in (below, above)
        for c in decision.classes.values()
    )
    holds = (
        n == 32
        and stopped == [1]
        and proved(below, True)
        and proved(above, False, stopped)
    )
    return holds, (
        f"collapse at n = {n}, none at n = {n + 1} because of digit "
        f"{', '.join(map(str, stopped))}; {count} of the 20 answers at "
        f"these two n proved; margins of digit 1: "
        f"{exact_margin(*first_per_class(X, y, n), 1):.1e} and "
        f"{exact_margin(*first_per_class(X, y, n + 1), 1):.2f}"
    )


# The right panel of the chapter's first figure: the blue class is no longer
# feasible; on the left the third sample is (-2, 1).
_PLANE = np.array([[2, 1], [1, 2], [1, 1], [1, -2]], dtype=float)
_KINDS = np.array([0, 0, 1, 1])


@claim(
    "erratum-53",
    "After Theorem 3, on case (b)",
    strength="certified",
)
def erratum_53(scale):
    """Case (b) is linear independence, which is more than the linear
    separability that the text names: separable classes need not collapse, and
    independent samples are separable under any labels.

    Needs: four samples in the plane, and random data of rank $N$.
    """
    verdict = theorem_3(_PLANE, _KINDS)
    decision = decide(_PLANE, _KINDS)
    rank = np.linalg.matrix_rank(_PLANE)
    if not (verdict.separable and proved(decision, False, [0])):
        return False, f"the plane: {verdict.reason}, {decision}"
    draws = at_scale(scale, 6, 60)
    for seed in np.random.SeedSequence(53).spawn(draws):
        rng = np.random.default_rng(seed)
        K, n = int(rng.integers(2, 5)), int(rng.integers(2, 6))
        X, y = _random_data(rng, n, K * n, K, integers=True)
        y = rng.permutation(y)
        if sigma_min_bound(X) == 0.0 or not theorem_3(X, y).separable:
            return False, "independent samples were not found separable"
        if not proved(decide(X, y), True):
            return False, "independent samples were not proved to collapse"
    return rank < len(_PLANE), (
        f"four samples of rank {rank}: separable, and (2.12) is infeasible, "
        f"proved; {draws} data sets of proved rank N with shuffled labels "
        "are separable and collapse, proved"
    )


@claim(
    "erratum-58",
    "Abstract and contributions",
    strength="certified",
)
def erratum_58(scale):
    """Theorem 3 does not characterize collapse: it is silent on data that
    collapse and on data that do not. The characterization is (2.12).

    Needs: four samples in the plane, one of them moved; Theorems 4 to 6 have
    conditions in one direction only.
    """
    said = []
    for third, occurs in (((-2, 1), True), ((1, 1), False)):
        X = _PLANE.copy()
        X[2] = third
        verdict, decision = theorem_3(X, _KINDS), decide(X, _KINDS)
        if verdict.occurs is not None or decision.occurs is not occurs:
            return False, f"third sample {third}: {verdict.reason}, {decision}"
        labels = None if occurs else [0]
        if not proved(decision, occurs, labels):
            return False, f"third sample {third}: not proved"
        said.append(f"third sample {third}: {occurs}")
    return True, (
        "no part of Theorem 3 applies to four samples in 2 dimensions; "
        f"collapse, proved: {'; '.join(said)}"
    )
