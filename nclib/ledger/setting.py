"""Definition 1, checked by building what it describes."""

import numpy as np
from scipy.special import log_softmax

from nclib.data import GaussianMixture, orthonormal_means
from nclib.feasibility import decide
from nclib.ledger import claim
from nclib.ledger.evidence import at_scale, proved
from nclib.metrics import nc_metrics
from nclib.networks import NoCollapsedNetwork, ShallowNet, collapsed_network
from nclib.upfm import PENALTIES, descend, upfm_minimizer


@claim(
    "def-1",
    "Definition 1",
    strength="certified",
)
def definition_1(scale):
    r"""Neural collapse occurs iff a network with collapsed, orthogonal
    features and simplex weights attains the global minimum of the risk.

    Needs: balanced classes, $D \ge K$, cross-entropy, penalties small enough
    that the minimizer is not zero.
    """
    draws = at_scale(scale, 6, 40)
    built = excluded = 0
    gap = metric = 0.0
    for seed in np.random.SeedSequence(1).spawn(draws):
        rng = np.random.default_rng(seed)
        K, n = int(rng.integers(2, 5)), int(rng.integers(10, 30))
        d = int(rng.integers(n + K, (K + 2) * n // 2 + K))
        mixture = GaussianMixture(
            orthonormal_means(K, d), rng.uniform(0.05, 1.0)
        )
        X, y = mixture.sample(n, rng)
        try:
            net = collapsed_network(X, y, *PENALTIES)
        except NoCollapsedNetwork as error:
            verdicts = [error.decision.classes[k] for k in error.labels]
            if not all(v.verified and v.feasible is False for v in verdicts):
                return False, f"an exclusion is not proved: {error}"
            excluded += 1
            continue
        minimum = upfm_minimizer(K, n, *PENALTIES).risk
        gap = max(gap, abs(net.risk(X, y, *PENALTIES) - minimum))
        metric = max(metric, *nc_metrics(net.features(X), net.W, y))
        built += 1
    return built > 0 and excluded > 0 and gap < 1e-12 and metric < 1e-10, (
        f"{built} collapsed networks built: risk within {gap:.0e} of the "
        f"global minimum, all metrics below {metric:.0e}; {excluded} data "
        "sets excluded, each by a proved Farkas certificate"
    )


def _distance(gram, frame):
    """Distance of two matrices that are scaled to unit Frobenius norm."""
    gram, frame = (M / np.linalg.norm(M) for M in (gram, frame))
    return float(np.linalg.norm(gram - frame))


@claim(
    "erratum-55",
    "Section 1, NC3, against Definition 1 and eq. (2.9)",
    strength="identity",
)
def erratum_55(scale):
    r"""At the minimizer (2.9) $W^\top W$ is a multiple of $C_K$ and not of the
    inner products of the means, as NC3 of Section 1 has it; it is one of those
    of the means from which their average is subtracted.

    Needs: cross-entropy, $a > 0$; minimizers found by descent.
    """
    error, distances = 0.0, []
    for K, n in ((2, 3), (3, 4), (5, 2)):
        best = descend([n] * K, K + 1, 0.03, 0.01, starts=4)
        means = best.H.reshape(K, n, -1).mean(axis=1)
        centered = means - means.mean(axis=0)
        gram = best.W.T @ best.W
        distances.append(_distance(gram, means @ means.T))
        error = max(
            error,
            _distance(gram, centered @ centered.T),
            _distance(gram, np.eye(K) - 1 / K),
            # Of C_K from I_K: the inner product is tr C_K / (|C_K| |I_K|).
            abs(distances[-1] ** 2 / 2 - 1 + np.sqrt((K - 1) / K)),
        )
    return error < 1e-4 and min(distances) > 0.4, (
        "K = 2, 3, 5: distance of W^T W from the inner products of the means "
        f"{', '.join(f'{x:.3f}' for x in distances)}; from those of the "
        f"centered means, and from C_K, within {error:.0e}"
    )


@claim(
    "erratum-59",
    "Definition 1, vectors that are zero",
    strength="certified",
)
def erratum_59(scale):
    """Definition 1 as printed lets the zero network pass, and then collapse
    "occurs" although (2.12) is infeasible for every class; with "not zero" it
    does not.

    Needs: one sample in every class, where the zero network is the only
    global minimizer; penalties for which the minimizer of Theorem 2 is not
    zero.
    """
    rng = np.random.default_rng(59)
    draws, lowest = at_scale(scale, 200, 2000), np.inf
    for K in (2, 3, 5):
        X, y = np.tile(rng.standard_normal(4), (K, 1)), np.arange(K)
        if not upfm_minimizer(K, 1, *PENALTIES).collapsed:
            return False, "the penalties are too heavy"
        if not proved(decide(X, y), False):
            return False, "one sample in every class was not excluded"
        zero = ShallowNet(np.zeros((4, K)), np.zeros((K, K)))
        H, W = zero.features(X), zero.W
        frame = np.eye(K) - 1 / K
        printed = (
            np.ptp(H, axis=0).max() == 0
            and (H @ H.T == 0 * np.eye(K)).all()
            and (W.T @ W == 0 * frame).all()
        )
        risk = zero.risk(X, y, *PENALTIES)
        if not printed or abs(risk - np.log(K)) > 1e-15:
            return False, f"the zero network has the risk {risk}"
        # One prediction p for all: -mean log p_k >= log K, by Jensen.
        logits = rng.standard_normal((draws, K)) * rng.uniform(0, 3)
        losses = -log_softmax(logits, axis=1).mean(axis=1) - np.log(K)
        lowest = min(lowest, losses.min())
    return lowest > 0, (
        "K = 2, 3, 5: the zero network meets the three printed conditions "
        "at the risk log K, (2.12) is infeasible for every class, proved; "
        f"{3 * draws} other predictions, the same for all samples, lose at "
        f"least {lowest:.0e} more before any penalty"
    )


def _literal(H, W, y):
    """(3.2) and (3.3) as they stand, with matrices of order D."""
    labels, N = np.unique(y), len(y)
    K = len(labels)
    means = np.array([H[y == k].mean(axis=0) for k in labels])
    away = means - means.mean(axis=0)
    inside = H - means[np.searchsorted(labels, y)]
    product = inside.T @ inside / N @ np.linalg.pinv(away.T @ away / K)
    simplex = np.eye(K) - 1 / K
    return (
        np.trace(product) / K,
        _distance(means @ means.T, np.eye(K)),
        _distance(W.T @ W, simplex),
        _distance(means @ W, simplex),
    )


@claim(
    "nc-metrics",
    "eqs. (3.2), (3.3)",
    strength="identity",
)
def metrics(scale):
    """The four metrics are those of (3.2) and (3.3).

    Needs: class means that differ; unequal sizes are weighted as (3.2) has
    them, samples alike and means alike.
    """
    draws = at_scale(scale, 40, 400)
    rng = np.random.default_rng(3)
    worst = 0.0
    for _ in range(draws):
        K, D = int(rng.integers(2, 6)), int(rng.integers(2, 12))
        y = np.repeat(np.arange(K), rng.integers(1, 9, K))
        H = np.maximum(rng.standard_normal((len(y), D)) + 1, 0)
        W = rng.standard_normal((D, K))
        found, literal = np.array(nc_metrics(H, W, y)), _literal(H, W, y)
        worst = max(worst, *abs(found / literal - 1))
    return worst < 1e-6, (
        f"{draws} random features, 2 to 5 classes of 1 to 8 samples: equal "
        f"to a literal transcription within {worst:.0e}"
    )
