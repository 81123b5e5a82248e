"""nclib: when does neural collapse occur? Decided, certified, simulated.

The executable companion of Hong and Ling, "Beyond Unconstrained Features:
Neural Collapse for Shallow Neural Networks with General Data". Where to find
what the paper says:

=========================  ==============================================
paper                      module
=========================  ==============================================
Definition 1, (2.4), (2.5) `networks`: networks, and the collapsed ones
(3.2), (3.3)               `metrics`
Theorem 2, (2.6)-(2.11)    `upfm`: closed form; `relaxation`: its proof
(2.12), Theorem 3          `feasibility`: decided; `certificates`: proved;
                           `decisions`: kept; `blockers`: why not
(2.15), (2.20), Section 3  `data`: mixtures, digits, Fashion-MNIST
Theorems 3, 4, 5, 7        `bounds`: as printed, and corrected
Theorem 6, Lemma 9, (2.18) `kernels`: random first layers
(2.24)-(2.28), Theorem 8   `generalization`: the best collapsed neurons
Lemmas 10-15               `proof_tools`
Section 3.2, 3.3           `training`: SGD, its flow, L-BFGS
beyond: where it ended     `minima`: global or spurious; `minimality`: proved;
                           `basins`: starts from which it cannot collapse;
                           `arrival`: from which noise on it seldom does
Figures 1-6                `figures`, with `transition` for (3.1)
beyond: exact boundary     `asymptotics`: formulas; `transition`: drawn
beyond: every sample size  `finite`: bounds from both sides
beyond: all classes        `joint`: their dependence, chance of collapse
beyond: other designs      `designs`: unequal classes, clusters, noise;
                           `layer`: clusters behind a random layer
claims and their checks    `ledger`, one module a chapter
many simulations           `sweep`
=========================  ==============================================
"""

__version__ = "0.1.0"

from nclib.arrival import arrival_noise, arrival_share
from nclib.asymptotics import (
    Boundary,
    CollapsedError,
    collapsed_error,
    phase_boundary,
)
from nclib.basins import basin, left_behind
from nclib.blockers import Blockers, blockers
from nclib.data import (
    Dataset,
    GaussianMixture,
    digits,
    fashion_mnist,
    orthonormal_means,
    simplex_means,
    two_cluster_means,
)
from nclib.decisions import ClassDecision, Decision
from nclib.feasibility import decide, exact_margin
from nclib.finite import (
    allowed_noise,
    allowed_samples,
    feasibility_bound,
    infeasibility_bound,
    needed_dimensions,
)
from nclib.generalization import best_collapsed_neuron
from nclib.layer import LayerWidth, layer_width
from nclib.metrics import Metrics, nc_metrics
from nclib.minima import Minimum, certify_minimum
from nclib.networks import NoCollapsedNetwork, ShallowNet, collapsed_network
from nclib.relaxation import gap_terms, kkt_certificate, upfm_sdp
from nclib.training import TrainingRun, flow, minimise, train
from nclib.upfm import UPFMSolution, upfm_minimizer, upfm_risk

__all__ = [
    "Blockers",
    "Boundary",
    "ClassDecision",
    "CollapsedError",
    "Dataset",
    "Decision",
    "GaussianMixture",
    "LayerWidth",
    "Metrics",
    "Minimum",
    "NoCollapsedNetwork",
    "ShallowNet",
    "TrainingRun",
    "UPFMSolution",
    "allowed_noise",
    "allowed_samples",
    "arrival_noise",
    "arrival_share",
    "basin",
    "best_collapsed_neuron",
    "blockers",
    "certify_minimum",
    "collapsed_error",
    "collapsed_network",
    "decide",
    "digits",
    "exact_margin",
    "fashion_mnist",
    "feasibility_bound",
    "flow",
    "gap_terms",
    "infeasibility_bound",
    "kkt_certificate",
    "layer_width",
    "left_behind",
    "minimise",
    "nc_metrics",
    "needed_dimensions",
    "orthonormal_means",
    "phase_boundary",
    "simplex_means",
    "train",
    "two_cluster_means",
    "upfm_minimizer",
    "upfm_risk",
    "upfm_sdp",
]
