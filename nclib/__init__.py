"""nclib: when does neural collapse occur? Decided, certified, simulated.

The executable companion of Hong and Ling, "Beyond Unconstrained Features:
Neural Collapse for Shallow Neural Networks with General Data".
"""

from nclib.data import (
    Dataset,
    GaussianMixture,
    digits,
    orthonormal_means,
    simplex_means,
    two_cluster_means,
)
from nclib.feasibility import ClassDecision, Decision, decide

__version__ = "0.1.0"

__all__ = [
    "ClassDecision",
    "Dataset",
    "Decision",
    "GaussianMixture",
    "decide",
    "digits",
    "orthonormal_means",
    "simplex_means",
    "two_cluster_means",
]
