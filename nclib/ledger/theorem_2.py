"""Theorem 2: the unconstrained positive feature model, four ways."""

import numpy as np
from scipy.special import entr, logsumexp, softmax

from nclib.feasibility import decide
from nclib.ledger import claim
from nclib.ledger.evidence import at_scale
from nclib.metrics import nc_metrics
from nclib.networks import collapsed_network
from nclib.relaxation import (
    gap_terms,
    kkt_certificate,
    minority_solution,
    upfm_sdp,
)
from nclib.upfm import PENALTIES, descend, upfm_minimizer, upfm_risk

LOSSES = ("ce", "l2")
# From nearly free features to penalties beyond the transition to zero.
_PENALTIES = (PENALTIES, (0.02, 0.01), (0.004, 0.03), (0.7, 0.6))


def certify(loss, sizes):
    """Worst residuals of closed form and certificate over ``_PENALTIES``."""
    attained = negative = slack = 0.0
    cases = collapsed = 0
    for K, n in sizes:
        y = np.repeat(np.arange(K), n)
        for penalties in _PENALTIES:
            s = upfm_minimizer(K, n, *penalties, loss)
            own = upfm_risk(s.H, s.W, y, *penalties, loss)
            attained = max(attained, abs(own - s.risk))
            proof = kkt_certificate(K, n, *penalties, loss)
            negative = max(negative, -proof.min_eigenvalue)
            size = np.linalg.norm(proof.S) * np.linalg.norm(proof.Q)
            slack = max(slack, proof.slackness / max(size, 1e-300))
            if proof.complementarity or proof.B.min() < 0:
                return False, f"B is no multiplier at {K, n, penalties}"
            if proof.rank_Q != (K if s.collapsed else 0):
                return False, f"rank Q = {proof.rank_Q} at {K, n, penalties}"
            # Beyond the transition the vector of ones is in both kernels.
            missing = 0 if s.collapsed else 1 if loss == "ce" else 0
            if proof.rank_S + proof.rank_Q != K + K * n - missing:
                return False, f"rank S = {proof.rank_S} at {K, n, penalties}"
            cases, collapsed = cases + 1, collapsed + s.collapsed
    holds = attained < 1e-14 and negative < 1e-11 and slack < 1e-13
    return holds and 0 < collapsed < cases, (
        f"{cases} problems, {cases - collapsed} of them with minimizer zero: "
        f"risk of the closed form within {attained:.0e} of the minimum; "
        f"certificate S >= -{negative:.0e}, |SQ| <= {slack:.0e} |S||Q|, "
        "B >= 0, <B, V> = 0"
    )


def _sizes(scale):
    sizes = [(2, 3), (3, 4), (5, 10), (10, 4)]
    # At the transition itself, as for (10, 50), the ranks are others.
    return sizes if scale == "quick" else [*sizes, (2, 300), (10, 40)]


@claim(
    "thm-2a",
    "Theorem 2(a), eqs. (2.6), (2.8), (2.9)",
    strength="certified",
)
def theorem_2a(scale):
    r"""Under cross-entropy the best nonnegative features are collapsed and
    orthogonal, the best classifier is a simplex, at the stated $a$ and $b$.

    Needs: equal classes, $D \ge K$; $W = 0$, $H = 0$ where $a = 0$.
    """
    return certify("ce", _sizes(scale))


@claim(
    "thm-2b",
    "Theorem 2(b), eqs. (2.7), (2.10), (2.11)",
    strength="certified",
)
def theorem_2b(scale):
    r"""Under the squared loss the best nonnegative features are collapsed and
    orthogonal, and $W$ is a multiple of the class means.

    Needs: equal classes, $D \ge K$; $\sqrt n K\lambda$ in place of the printed
    factor, see erratum-32.
    """
    return certify("l2", _sizes(scale))


@claim(
    "upfm-ladder",
    "Section 4.1",
    strength="identity",
)
def ladder(scale):
    """The semidefinite program, its average over the samples of a class, its
    average over classes, the closed form and the best of several non-convex
    descents have the same minimum.

    Needs: $(n, K) = (2, 3)$, $(3, 2)$, $(2, 4)$, both losses, before and
    beyond the transition to zero.
    """
    quick = scale == "quick"
    worst = dict.fromkeys(("full", "permutation", "scalar", "descent"), 0.0)
    for n, K in ((2, 3), (3, 2), (2, 4)):
        for loss in LOSSES:
            for penalties in ((0.05, 0.02), (0.5, 0.5)):
                minimum = upfm_minimizer(K, n, *penalties, loss).risk
                values = {
                    name: upfm_sdp([n] * K, *penalties, loss, name).objective
                    for name in ("full", "permutation", "scalar")
                    if not (quick and name == "full" and (n, K) != (3, 2))
                }
                starts = 4 if quick else 10
                found = descend([n] * K, K, *penalties, loss, starts)
                values["descent"] = found.risk
                for name, value in values.items():
                    worst[name] = max(worst[name], abs(value - minimum))
    holds = (
        worst["full"] < 1e-6
        and worst["permutation"] < 1e-6
        and worst["scalar"] < 1e-13
        and worst["descent"] < 1e-7
    )
    return holds, "largest distance from the closed form: " + ", ".join(
        f"{name} {value:.0e}" for name, value in worst.items()
    )


def _relaxed(U, Z, V, Y, sizes, lambda_W, lambda_H, loss):
    """The relaxation's objective; ``sizes`` says what a row stands for."""
    weights = sizes / sizes.sum()
    if loss == "ce":
        losses = logsumexp(Z, axis=1) - (Z * Y).sum(axis=1)
    else:
        losses = ((Z - Y) ** 2).sum(axis=1) / 2
    traces = lambda_W * np.trace(U) + lambda_H * sizes @ np.diag(V)
    return weights @ losses + traces / 2


def _reductions(rng, counts, penalties, loss):
    """How far each step of the ladder is from its claim, at one point Q.

    Every entry is at most zero, but for rounding.
    """
    K, N = len(counts), counts.sum()
    Y = np.repeat(np.eye(K), counts, axis=0)
    P = Y / counts @ Y.T
    # A feasible point that no features have: of full rank, V >= 0.
    F = rng.standard_normal((K + N, K + N)) / np.sqrt(K + N)
    F[K:] = abs(F[K:]) + 0.3 * Y @ rng.random((K, K + N))
    Q = F @ F.T

    def blocks(Q):
        return Q[:K, :K], Q[K:, :K], Q[K:, K:]

    ones = np.ones(N)
    before = _relaxed(*blocks(Q), Y, ones, *penalties, loss)
    lift = np.eye(K + N)
    lift[K:, K:] = P
    U, Z, V = blocks(lift @ Q @ lift)
    found = [_relaxed(U, Z, V, Y, ones, *penalties, loss) - before, -V.min()]
    # The same point, one row a class.
    first = np.cumsum(counts) - counts
    means = Z[first], V[np.ix_(first, first)]
    small = _relaxed(U, *means, np.eye(K), counts, *penalties, loss)
    found.append(abs(small - _relaxed(U, Z, V, Y, ones, *penalties, loss)))
    whole = np.block([[U, means[0].T], [means[0], means[1]]])
    found.append(-np.linalg.eigvalsh(whole)[0])
    if (counts == counts[0]).all():
        # The average over all permutations of the classes keeps the mean of
        # the diagonal and that of all other entries.
        def average(M):
            spread = M[~np.eye(K, dtype=bool)].mean()
            return (np.trace(M) / K - spread) * np.eye(K) + spread

        U, Z, V = (average(M) for M in (U, *means))
        even = _relaxed(U, Z, V, np.eye(K), counts, *penalties, loss)
        found.append(even - small)
        scale = Z[0, 0] - Z[0, 1]
        slope = np.sqrt(np.prod(penalties) * counts[0] * K)
        slope *= np.sqrt(K - 1) if loss == "ce" else np.sqrt(K)
        # What acts on the vector of ones, and on its complement.
        both, shares = np.array([scale + K * Z[0, 1], scale]), [1, K - 1]

        def floor(both):
            if loss == "ce":
                fit = np.log1p((K - 1) * np.exp(-both[1]))
                return fit + slope * abs(both[1])
            costs = (both - 1) ** 2 / 2 + slope * abs(both)
            return shares @ costs / K

        found.append(floor(both) - even)
        # It is attained, for the squared loss where the two are equal.
        pattern = np.eye(K) - (1 / K if loss == "ce" else 0)
        price = penalties[0] * np.trace(pattern)
        length = abs(scale) * np.sqrt(price / (penalties[1] * counts.sum()))
        U, V = scale**2 / length * pattern, length * np.eye(K)
        least = _relaxed(
            U, scale * pattern, V, np.eye(K), counts, *penalties, loss
        )
        found.append(abs(least - floor(np.full(2, scale))))
    return found


@claim(
    "ladder-reductions",
    "Section 4.1",
    strength="identity",
)
def reductions(scale):
    """From a point of the semidefinite program, projecting the samples on the
    means of their classes, averaging over the classes and keeping the scale
    of the logits alone leads to a feasible point that costs no more; a point
    of the smaller program is one of the larger at the same cost.

    Needs: any class sizes for the first step, equal ones for the others;
    either loss.
    """
    draws = at_scale(scale, 60, 600)
    rng = np.random.default_rng(41)
    worst, drop = -np.inf, 0.0
    for i in range(draws):
        K = int(rng.integers(2, 5))
        counts = rng.integers(1, 6, K)
        if i % 2:
            counts[:] = counts[0]
        penalties = 10 ** rng.uniform(-3, 0, 2)
        found = _reductions(rng, counts, penalties, LOSSES[i // 2 % 2])
        worst, drop = max(worst, *found), max(drop, -found[0])
    tight = 0.0
    for counts, loss in (((4, 2, 1), "ce"), ((2, 5), "l2"), ((3, 3), "ce")):
        # The reduced optimum, read as a point of the full program.
        least = upfm_sdp(counts, 0.02, 0.01, loss)
        Y = np.repeat(np.eye(len(counts)), counts, axis=0)
        value = _relaxed(
            least.U,
            Y @ least.Z,
            Y @ least.V @ Y.T,
            Y,
            np.ones(len(Y)),
            0.02,
            0.01,
            loss,
        )
        full = upfm_sdp(counts, 0.02, 0.01, loss, "full").objective
        tight = max(
            tight, abs(value - least.objective), abs(full - least.objective)
        )
    return worst < 1e-10 and drop > 0.1 and tight < 1e-6, (
        f"{draws} random points: no step adds more than {max(worst, 0):.0e}, "
        f"the first saves up to {drop:.2f}; at three optima of the reduced "
        f"program, two with unequal classes, it and the full one agree to "
        f"{tight:.0e}"
    )


def _left_behind(K, n, D, lambda_W, lambda_H):
    """Features and classifier at which the last class has no features.

    The other classes are at their best, and all D neurons are in use.
    """
    _, square, _ = minority_solution(K, n, n, lambda_W, lambda_H)
    owner = np.arange(D) % (K - 1)
    share = np.bincount(owner)
    means = np.zeros((K, D))
    means[owner, np.arange(D)] = np.sqrt(square / share[owner])
    # The predictions of the closed form, and W where its gradient vanishes.
    rest = K * n * np.sqrt(lambda_W * lambda_H / (n * K * (K - 1)))
    P = np.full((K, K), rest) + (1 - K * rest) * np.eye(K)
    W = means.T @ (np.eye(K) - P) / (K * lambda_W)
    return np.repeat(means, n, axis=0), W


@claim(
    "upfm-left-behind",
    strength="identity",
)
def left_behind(scale):
    r"""With $H \ge 0$ there are local minima above the global one, at every
    width: one class has no features, and the others use every neuron.

    Needs: cross-entropy, $a > 0$; one dead neuron more, and the point is a
    saddle.
    """
    draws = at_scale(scale, 300, 3000)
    rng = np.random.default_rng(42)
    slope, rise, fall, gap, most = 0.0, np.inf, np.inf, np.inf, 0
    for K, n, D in ((2, 4, 2), (2, 4, 10), (3, 3, 3), (3, 3, 12), (5, 2, 20)):
        penalties = 0.02, 0.01
        y = np.repeat(np.arange(K), n)
        H, W = _left_behind(K, n, D, *penalties)
        risk = upfm_risk(H, W, y, *penalties)
        G = (softmax(H @ W, axis=1) - np.eye(K)[y]) / len(y)
        by_H, by_W = G @ W.T + 0.01 * H, H.T @ G + 0.02 * W
        # Stationary: slopes vanish, but those that push H below zero.
        slope = max(
            slope, np.abs(by_W).max(), np.abs(np.where(H > 0, by_H, 0)).max()
        )
        slope = max(slope, -by_H.min())
        gap = min(gap, risk - upfm_minimizer(K, n, *penalties).risk)
        size = np.abs(W).min(where=W != 0, initial=np.inf)
        for _ in range(draws):
            step = rng.uniform(0, 0.2) * size
            near = np.maximum(H + step * rng.standard_normal(H.shape), 0)
            turned = W + step * rng.standard_normal(W.shape)
            change = upfm_risk(near, turned, y, *penalties) - risk
            rise = min(rise, change)
        # A neuron that nobody uses lets the class back in.
        spare = np.zeros((len(y), 1))
        spare[y == K - 1] = 0.1
        row = np.full((1, K), -0.1) / (K - 1)
        row[0, -1] = 0.1
        wider = np.hstack([H, spare]), np.vstack([W, row])
        fall = min(fall, risk - upfm_risk(*wider, y, *penalties))
        most = max(most, D)
    holds = slope < 1e-12 and rise > -1e-14 and gap > 0.1 and fall > 1e-4
    return holds, (
        f"five problems, up to {most} neurons: stationary to {slope:.0e}, "
        f"at least {gap:.2f} above the minimum; {draws} changes of each "
        f"raise the risk by at least {rise:.0e}; a spare neuron lowers it"
    )


@claim(
    "upfm-gap",
    strength="identity",
)
def gap_identity(scale):
    r"""Risk minus minimum is a sum of four nonnegative terms, one for each
    property of collapse, for every $H \ge 0$ and $W$.

    Needs: equal classes; any width, either loss, any penalties.
    """
    draws = at_scale(scale, 100, 1000)
    error, least = 0.0, np.inf
    rng = np.random.default_rng(26)
    for i in range(draws):
        K, n = int(rng.integers(2, 7)), int(rng.integers(1, 9))
        D = int(rng.integers(1, K + 4))
        penalties = 10 ** rng.uniform(-4, 0, 2)
        loss = LOSSES[i % 2]
        y = np.repeat(np.arange(K), n)
        H = rng.exponential(size=(K * n, D)) * rng.integers(0, 2, (K * n, D))
        W = rng.normal(size=(D, K))
        risk = upfm_risk(H, W, y, *penalties, loss)
        minimum = upfm_minimizer(K, n, *penalties, loss).risk
        terms = gap_terms(H, W, n, *penalties, loss)
        error = max(error, abs(risk - minimum - terms.gap) / risk)
        least = min(least, *terms)
    return error < 1e-12 and least >= 0, (
        f"{draws} random pairs (H, W): identity to {error:.0e} of the risk, "
        f"smallest term {least:.0e}"
    )


@claim(
    "upfm-entropy",
    strength="identity",
)
def entropy(scale):
    r"""The minimum is $h(s) + s\log(K-1)$, the entropy of the minimizer's own
    predictions, $s = \lambda\sqrt{nK(K-1)}$; for the squared loss it is
    $s - s^2/2$, $s = \sqrt n K\lambda$.

    Needs: $s < (K-1)/K$, and $s < 1$ for the squared loss; $\log K$ and
    $\frac12$ beyond. The floors are those of $\lambda_W = 10^{-3}$,
    $\lambda_H = 10^{-6}$.
    """
    worst = 0.0
    for K, n in ((2, 1), (2, 300), (3, 4), (10, 500), (50, 7)):
        for share in (1e-4, 0.05, 0.5, 0.999):
            s = share * (K - 1) / K
            lam = s / np.sqrt(n * K * (K - 1))
            best = upfm_minimizer(K, n, 7 * lam, lam / 7)
            prediction = softmax(best.H_mean @ best.W, axis=1)[0]
            formula = entr(s) + entr(1 - s) + s * np.log(K - 1)
            lam = share / (np.sqrt(n) * K)
            square = upfm_minimizer(K, n, 7 * lam, lam / 7, "l2").risk
            worst = max(
                worst,
                abs(best.risk - formula),
                abs(best.risk - entr(prediction).sum()),
                abs(square - (share - share**2 / 2)),
            )
    floors = [
        upfm_sdp([n] * K, *PENALTIES, reduction="scalar").objective
        for K, n in ((2, 300), (10, 500))
    ]
    printed = [f"{value:.6g}" for value in floors]
    return worst < 1e-13 and printed == ["0.00632286", "0.0549958"], (
        f"20 problems per loss: within {worst:.0e}; floor {printed[0]} for "
        f"K = 2, n = 300 and {printed[1]} for K = 10, n = 500"
    )


@claim(
    "erratum-32",
    "Theorem 2(b), eqs. (2.10), (2.11), as our copy prints them",
    strength="identity",
)
def erratum_32(scale):
    r"""The factor is $1 - \sqrt n K\lambda$, as in the proof, and not
    $1 - \sqrt{nK\lambda}$.

    Needs: squared loss; the scale found by descent.
    """
    error, excess = 0.0, np.inf
    for n, K, lam in ((4, 3, 0.0173205), (2, 2, 0.05), (3, 4, 0.01)):
        found = descend([n] * K, K, lam, lam, "l2", starts=4)
        logits = found.H @ found.W
        Y = np.repeat(np.eye(K), n, axis=0)
        right, printed = 1 - np.sqrt(n) * K * lam, 1 - np.sqrt(n * K * lam)
        error = max(error, np.abs(logits - right * Y).max())
        b = printed / np.sqrt(n)
        H = np.sqrt(b) * Y
        W = np.sqrt(n) * np.sqrt(b) * np.eye(K)
        own = upfm_risk(H, W, Y.argmax(1), lam, lam, "l2")
        excess = min(excess, own - found.risk)
        if n == 4:
            numbers = f"{logits[0, 0]:.4f} against {printed:.4f} printed"
    return error < 1e-5 and excess > 0.01, (
        f"n = 4, K = 3: {numbers}; over three problems the descent is "
        f"within {error:.0e} of the corrected logits, and the printed ones "
        f"cost at least {excess:.3f} more"
    )


@claim(
    "erratum-33",
    "Theorem 2(b) against Definition 1",
    strength="identity",
)
def erratum_33(scale):
    r"""Under the squared loss $W^\top W$ is a multiple of $I_K$, so that
    Definition 1, which asks for a simplex, never holds to the letter.

    Needs: squared loss, $a > 0$; minimizers found by descent.
    """
    error, distances = 0.0, []
    for K, n in ((2, 3), (3, 4), (4, 2)):
        y = np.repeat(np.arange(K), n)
        found = descend([n] * K, K, 0.03, 0.01, "l2", starts=4)
        metrics = nc_metrics(found.H, found.W, y)
        expected = np.sqrt(2 - 2 * np.sqrt((K - 1) / K))
        error = max(
            error,
            abs(metrics.nc2_weights - expected),
            metrics.nc2_features,
            metrics.nc1,
        )
        frame = found.W.T @ found.W
        away = frame / np.linalg.norm(frame) - np.eye(K) / np.sqrt(K)
        error = max(error, np.linalg.norm(away))
        distances.append(metrics.nc2_weights)
    return error < 1e-4 and min(distances) > 0.4, (
        f"K = 2, 3, 4: distance of W^T W from a simplex "
        f"{', '.join(f'{x:.3f}' for x in distances)}; all else, and the "
        f"distance from I_K, within {error:.0e} of Theorem 2(b)"
    )


@claim(
    "erratum-34",
    "Theorems 2 to 6, their hypotheses",
    strength="measured",
)
def erratum_34(scale):
    r"""They need $D \ge K$ and penalties with $a > 0$.

    Needs: counterexamples: $K = 3$ with $D = 1$ and $2$, and heavy penalties
    on independent samples.
    """
    minimum = upfm_minimizer(3, 2, 0.01, 0.01).risk
    starts = at_scale(scale, 6, 20)
    narrow = [
        descend([2] * 3, D, 0.01, 0.01, starts=starts).risk for D in (1, 2, 3)
    ]
    rng = np.random.default_rng(34)
    X, y = rng.standard_normal((12, 15)), np.repeat(np.arange(3), 4)
    feasible = decide(X, y)
    proved = feasible.verified
    heavy = upfm_minimizer(3, 4, 0.5, 0.5)
    net = collapsed_network(X, y, 0.01, 0.01)
    gap = net.risk(X, y, 0.01, 0.01) - upfm_minimizer(3, 4, 0.01, 0.01).risk
    proof = kkt_certificate(3, 4, 0.5, 0.5)
    holds = (
        narrow[1] > minimum + 0.1
        and narrow[0] > narrow[1]
        and abs(narrow[2] - minimum) < 1e-8
        and feasible.occurs
        and proved
        and not heavy.collapsed
        and proof.min_eigenvalue > -1e-12
        and abs(gap) < 1e-12
    )
    return holds, (
        f"K = 3: best risk {narrow[0]:.4f}, {narrow[1]:.4f}, {narrow[2]:.4f} "
        f"with D = 1, 2, 3, closed form {minimum:.4f}; on 12 independent "
        "samples (2.12) is feasible, proved, yet at heavy penalties the "
        f"minimizer is zero (certificate, risk {heavy.risk:.4f} = log 3); "
        f"at light ones a collapsed network is {abs(gap):.0e} from the "
        "minimum"
    )


@claim(
    "erratum-35",
    "Theorem 2(a), condition for a > 0",
    strength="certified",
)
def erratum_35(scale):
    r"""$a > 0$ if and only if $\sqrt{n(K-1)/K} > Kn\lambda$; otherwise
    $W = 0$, $H = 0$ is the minimizer, and the printed $a$, $b$ have no
    meaning.

    Needs: cross-entropy; minimizers certified on both sides.
    """
    negative = longest = 0.0
    undefined = cases = 0
    for K, n in ((2, 3), (3, 4), (6, 5)):
        edge = np.sqrt(n * (K - 1) / K) / (K * n)
        for share in (0.5, 0.99, 1.01, 2.0, 10.0):
            lam = share * edge
            best = upfm_minimizer(K, n, 4 * lam, lam / 4)
            proof = kkt_certificate(K, n, 4 * lam, lam / 4)
            negative = max(negative, -proof.min_eigenvalue)
            if best.collapsed != (share < 1):
                return False, f"a = {best.a} at {share} times the edge"
            inside = (K - 1) * (1 / (lam * np.sqrt(n * K * (K - 1))) - 1)
            undefined += inside <= 0
            cases += 1
        found = descend([n] * K, K, 2 * edge, 2 * edge, starts=3)
        longest = max(longest, np.abs(found.H).max(), np.abs(found.W).max())
    return negative < 1e-11 and longest < 1e-4 and undefined > 0, (
        f"{cases} problems: a > 0 exactly below the edge, certificate "
        f"S >= -{negative:.0e}; in {undefined} the printed a is the log of a "
        f"negative number; at twice the edge descent ends within "
        f"{longest:.0e} of zero"
    )


@claim(
    "erratum-37",
    "Proof of Theorem 2(a), eq. (4.5), as our copy prints it",
    strength="identity",
)
def erratum_37(scale):
    r"""$a/b$ is the root of $nK/(K-1)$ times $\lambda_H/\lambda_W$; the root
    covers both factors, as in the theorem.

    Needs: cross-entropy; $a$ and $b$ from the minimizer of a descent.
    """
    error, miss = 0.0, np.inf
    for n, K, lambda_W, lambda_H in (
        (2, 3, 0.02, 0.01),
        (3, 2, 0.03, 0.01),
        (2, 4, 0.004, 0.01),
    ):
        found = descend([n] * K, K, lambda_W, lambda_H, starts=4)
        Z = found.H @ found.W
        measured = (Z[0, 0] - Z[0, -1]) / (found.H[0] ** 2).sum()
        size, tilt = n * K / (K - 1), lambda_H / lambda_W
        error = max(error, abs(measured / np.sqrt(size * tilt) - 1))
        miss = min(miss, abs(measured / (np.sqrt(size) * tilt) - 1))
        if (n, K) == (2, 3):
            numbers = (
                f"{measured:.4f} against {np.sqrt(size) * tilt:.4f} printed"
            )
    return error < 1e-4 and miss > 0.2, (
        f"n = 2, K = 3: a/b = {numbers}; over three problems within "
        f"{error:.0e} of the corrected root, at least {miss:.0%} from the "
        "printed one"
    )


@claim(
    "erratum-36",
    "Theorem 2(a), proof, uniqueness",
    strength="identity",
)
def erratum_36(scale):
    """Strict complementarity does not make the minimizer of a semidefinite
    program unique; complementarity with $B$ and the equality of the softmax
    gradients do.

    Needs: $K = 2$ to $5$, $a > 0$, cross-entropy; unique as matrices of inner
    products.
    """
    # min tr X over X >= 0 with tr X = 1: dual y = 1, S = I - y I = 0.
    both = [np.diag([0.5, 0.5]), np.diag([0.25, 0.75])]
    S = np.zeros((2, 2))
    strict = all(
        np.linalg.matrix_rank(X) + np.linalg.matrix_rank(S) == 2
        and np.trace(X) == 1
        and np.linalg.norm(S @ X) == 0
        for X in both
    )
    spread = np.linalg.norm(both[0] - both[1])
    cases, least, loose, error = 0, np.inf, 0, 0.0
    for K, n in ((2, 3), (3, 2), (3, 4), (5, 2)):
        lam = 0.2 / np.sqrt(n * K * (K - 1))
        proof = kkt_certificate(K, n, lam, lam)
        N, ranks = K * n, proof.rank_S + proof.rank_Q
        values, vectors = np.linalg.eigh(proof.S)
        kernel = vectors[:, : K + N - proof.rank_S]
        size = kernel.shape[1]
        # Every other minimizer is kernel M kernel^T with the same values
        # <B, V> = 0, hence V = 0 where B > 0, and Z up to shifts of rows.
        columns, bare = [], []
        center = np.eye(K) - 1 / K
        for i in range(size):
            for j in range(i + 1):
                M = np.zeros((size, size))
                M[i, j] = M[j, i] = 1
                Q = kernel @ M @ kernel.T
                on_B = Q[K:, K:][proof.B > 0]
                logits = (Q[K:, :K] @ center).ravel()
                columns.append(np.r_[on_B, logits])
                bare.append(np.r_[np.trace(proof.S @ Q)])
        singular = np.linalg.svd(np.transpose(columns), compute_uv=False)
        least = min(least, singular[-1] / singular[0])
        loose = max(loose, size * (size + 1) // 2)
        error = max(error, np.abs(bare).max())
        cases += ranks == K + N
    holds = strict and spread > 0.1 and cases == 4 and least > 1e-3
    return holds and error < 1e-10, (
        f"min tr X with tr X = 1: two minimizers, a distance {spread:.2f} "
        f"apart, both strictly complementary; in Theorem 2, {cases} cases: "
        f"up to {loose} directions lie in the kernel of S, none survives "
        f"both conditions (least singular value ratio {least:.3f})"
    )


@claim(
    "erratum-56",
    "Theorem 2(a), the end of its proof",
    strength="identity",
)
def erratum_56(scale):
    r"""The matrices of inner products do not imply $W = (a/\sqrt b)\,C_K$ and
    $H = \sqrt b\,Y$: that is one factorization among many.

    Needs: $D = K$, where the neurons may be reordered, and $D > K$, where they
    may share a class.
    """
    error, apart = 0.0, np.inf
    for K, n in ((2, 3), (3, 4), (5, 2)):
        y = np.repeat(np.arange(K), n)
        best = upfm_minimizer(K, n, 0.02, 0.01)
        H = np.sqrt(best.b) * np.eye(K)[y]
        W = best.a / np.sqrt(best.b) * (np.eye(K) - 1 / K)
        order = np.roll(np.arange(K), 1)
        shared = upfm_minimizer(K, n, 0.02, 0.01, D=2 * K + 1)
        for other, weights in (
            (H[:, order], W[order]),
            (shared.H, shared.W),
        ):
            risk = upfm_risk(other, weights, y, 0.02, 0.01)
            error = max(
                error,
                abs(risk - best.risk),
                np.abs(other @ other.T - H @ H.T).max(),
                np.abs(weights.T @ weights - W.T @ W).max(),
                np.abs(other @ weights - H @ W).max(),
            )
            printed = np.zeros_like(other)
            printed[:, :K] = H
            apart = min(apart, np.linalg.norm(other - printed))
    return error < 1e-12 and apart > 1, (
        "K = 2, 3, 5: two more nonnegative factorizations of each, with D = K "
        f"and D = 2 K + 1, have the same risk and inner products to "
        f"{error:.0e}, and features at least {apart:.1f} from sqrt b Y"
    )
