"""nclib: when does neural collapse occur? Decided, certified, simulated.

The executable companion of Hong and Ling, "Beyond Unconstrained Features:
Neural Collapse for Shallow Neural Networks with General Data".
"""

__version__ = "0.1.0"

from nclib.asymptotics import (
    Boundary,
    CollapsedError,
    collapsed_error,
    phase_boundary,
)
from nclib.data import (
    Dataset,
    GaussianMixture,
    digits,
    fashion_mnist,
    orthonormal_means,
    simplex_means,
    two_cluster_means,
)
from nclib.feasibility import (
    ClassDecision,
    Decision,
    decide,
    exact_margin,
)
from nclib.generalization import best_collapsed_neuron
from nclib.metrics import Metrics, nc_metrics
from nclib.networks import NoCollapsedNetwork, ShallowNet, collapsed_network
from nclib.relaxation import gap_terms, kkt_certificate, upfm_sdp
from nclib.training import TrainingRun, flow, minimise, train
from nclib.upfm import UPFMSolution, upfm_minimizer, upfm_risk

__all__ = [
    "Boundary",
    "ClassDecision",
    "CollapsedError",
    "Dataset",
    "Decision",
    "GaussianMixture",
    "Metrics",
    "NoCollapsedNetwork",
    "ShallowNet",
    "TrainingRun",
    "UPFMSolution",
    "best_collapsed_neuron",
    "collapsed_error",
    "collapsed_network",
    "decide",
    "digits",
    "exact_margin",
    "fashion_mnist",
    "flow",
    "gap_terms",
    "kkt_certificate",
    "minimise",
    "nc_metrics",
    "orthonormal_means",
    "phase_boundary",
    "simplex_means",
    "train",
    "two_cluster_means",
    "upfm_minimizer",
    "upfm_risk",
    "upfm_sdp",
]
