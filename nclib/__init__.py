"""nclib: when does neural collapse occur? Decided, certified, simulated.

The executable companion of Hong and Ling, "Beyond Unconstrained Features:
Neural Collapse for Shallow Neural Networks with General Data". Where to find
what the paper says:

=========================  ==============================================
paper                      module
=========================  ==============================================
Definition 1, (2.4), (2.5) `networks`: networks, and the collapsed ones
(3.2), (3.3)               `metrics`; `accumulator`: batch by batch
Theorem 2, (2.6)-(2.11)    `upfm`: closed form; `relaxation`: its proof
(2.12), Theorem 3          `feasibility`: decided; `certificates`: proved;
                           `decisions`: kept; `obstacles`: why not
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
beyond: every sample size  `cones`: the law; `finite`: bounds, both sides
beyond: all classes        `joint`: their dependence, chance of collapse
beyond: other designs      `designs`: unequal classes, clusters, noise;
                           `layer`: clusters behind a random layer
claims and their checks    `ledger`, one module a chapter
many simulations           `sweep`
=========================  ==============================================
"""

from importlib import import_module
from importlib.util import find_spec

__version__ = "0.1.0"

# A name is looked up when it is used, so that `import nclib` costs nothing and
# each function what it needs itself.
_NAMES = {
    "accumulator": "Accumulator Geometry",
    "arrival": "arrival_noise arrival_share",
    "asymptotics": "Boundary CollapsedError collapsed_error phase_boundary",
    "basins": "basin left_behind",
    "data": (
        "Dataset GaussianMixture digits fashion_mnist "
        "orthonormal_means simplex_means two_cluster_means"
    ),
    "decisions": "ClassDecision Decision",
    "feasibility": "decide exact_margin",
    "finite": (
        "allowed_noise allowed_samples feasibility_bound "
        "infeasibility_bound needed_dimensions"
    ),
    "generalization": "best_collapsed_neuron",
    "layer": "LayerWidth layer_width",
    "metrics": "Metrics nc_metrics",
    "minima": "Minimum certify_minimum",
    "networks": "NoCollapsedNetwork ShallowNet collapsed_network",
    "obstacles": "Blockers blockers",
    "relaxation": "gap_terms kkt_certificate upfm_sdp",
    "training": "TrainingRun flow minimise train",
    "upfm": "UPFMSolution upfm_minimizer upfm_risk",
}
_HOMES = {name: home for home in _NAMES for name in _NAMES[home].split()}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name in _HOMES:
        value = getattr(import_module(f"nclib.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    if not name.startswith("_") and find_spec(f"nclib.{name}"):
        return import_module(f"nclib.{name}")
    raise AttributeError(f"module 'nclib' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
