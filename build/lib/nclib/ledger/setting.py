"""Definition 1, checked by building what it describes."""

import numpy as np

from nclib.data import GaussianMixture, orthonormal_means
from nclib.ledger import claim
from nclib.ledger.evidence import at_scale
from nclib.metrics import nc_metrics
from nclib.networks import NoCollapsedNetwork, collapsed_network
from nclib.upfm import PENALTIES, upfm_minimizer


@claim(
    "def-1",
    "Definition 1",
    strength="certified",
)
def definition_1(scale):
    """Neural collapse occurs iff a network with collapsed, orthogonal features
    and simplex weights attains the global minimum of the risk.

    Needs: balanced classes, D >= K, cross-entropy, penalties small enough that
    the minimizer is not zero.
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
