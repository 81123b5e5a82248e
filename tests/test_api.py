"""The names and parameters that others rely on."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import nclib

SIGNATURES = {
    "nclib.GaussianMixture": "means, sigma",
    "nclib.GaussianMixture.sample": "self, n, seed",
    "nclib.two_cluster_means": "d, theta, norm",
    "nclib.orthonormal_means": "K, d",
    "nclib.simplex_means": "K, d",
    "nclib.digits": "n_per_class",
    "nclib.fashion_mnist": "n_per_class, split, root",
    "nclib.decide": "X, y, classes, verify, n_jobs, progress",
    "nclib.exact_margin": "X, y, label",
    "nclib.blockers": "X, y, label",
    "nclib.Decision.save": "self, path",
    "nclib.Decision.load": "path, fingerprint",
    "nclib.Decision.check": "self, X, y",
    "nclib.nc_metrics": "H, W, y, convention",
    "nclib.Accumulator": "K, D, classes, sizes",
    "nclib.Accumulator.update": "self, H, y",
    "nclib.Accumulator.metrics": "self, W, convention",
    "nclib.upfm_minimizer": "K, n, lambda_W, lambda_H, loss, D",
    "nclib.upfm_risk": "H, W, y, lambda_W, lambda_H, loss",
    "nclib.upfm_sdp": "counts, lambda_W, lambda_H, loss, reduction",
    "nclib.kkt_certificate": "K, n, lambda_W, lambda_H, loss",
    "nclib.gap_terms": "H, W, n, lambda_W, lambda_H, loss",
    "nclib.phase_boundary": "means, sigma, k, bias, sizes, noise, mixture",
    "nclib.collapsed_error": "delta, s",
    "nclib.best_collapsed_neuron": "X, y, mu, label",
    "nclib.collapsed_network": "X, y, lambda_W, lambda_H, loss, width",
    "nclib.ShallowNet": "W1, W, first_layer",
    "nclib.ShallowNet.risk": "self, X, y, lambda_W, lambda_H, loss",
    "nclib.train": (
        "X, y, width, epochs, batch_size, lr, loss, lambda_W, lambda_H, "
        "first_layer, init, seed, dtype, device, checkpoint, progress"
    ),
    "nclib.flow": (
        "X, y, T, width, loss, lambda_W, lambda_H, first_layer, init, seed, "
        "rtol, device, progress"
    ),
    "nclib.minimise": (
        "X, y, width, loss, lambda_W, lambda_H, first_layer, init, seed, tol, "
        "max_iterations, device, progress"
    ),
    "nclib.ledger.claims": "",
    "nclib.ledger.run": "id, scale",
    "nclib.figures.figure_1.run": "scale, design, seed, n_jobs",
    "nclib.figures.figure_1.draw": "result",
    "nclib.figures.figure_2.run": "scale, design, seed, n_jobs",
    "nclib.figures.figure_3.run": "scale, method, seed, n_jobs, width",
    "nclib.figures.figure_6.run": (
        "scale, seed, n_jobs, method, minutes, widths"
    ),
}
FIELDS = {
    "Dataset": "X y",
    "Blockers": (
        "samples weights removal without radius noise flipped distance bias "
        "width"
    ),
    "Decision": "occurs classes verified fingerprint",
    "ClassDecision": "feasible beta farkas verified accuracy margin message",
    "Metrics": "nc1 nc2_features nc2_weights nc3",
    "UPFMSolution": "H W risk a b collapsed",
    "Boundary": "delta width probability",
    "CollapsedError": "q error bayes",
    "ShallowNet": "features logits risk",
    "TrainingRun": "history net status",
}


def found(path):
    """What a dotted name means after ``import nclib`` and its modules."""
    parts = path.split(".")
    for size in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:size]))
        except ModuleNotFoundError:
            continue
        for name in parts[size:]:
            value = getattr(value, name)
        return value
    raise AssertionError(path)


@pytest.mark.parametrize("path", SIGNATURES)
def test_parameters(path):
    signature = inspect.signature(found(path))
    assert ", ".join(signature.parameters) == SIGNATURES[path]


@pytest.mark.parametrize("name", FIELDS)
def test_fields(name):
    kind = getattr(nclib, name)
    # Fields without a default are annotations, not attributes.
    known = set(dir(kind)) | set(getattr(kind, "__dataclass_fields__", ()))
    assert set(FIELDS[name].split()) <= known


def test_defaults_are_those_of_the_paper():
    for function in (nclib.train, nclib.flow, nclib.minimise):
        parameters = inspect.signature(function).parameters
        assert parameters["lambda_W"].default == 1e-3
        assert parameters["lambda_H"].default == 1e-6
        assert parameters["width"].default == 50
        assert parameters["loss"].default == "ce"


def test_everything_exported_is_there_and_unpacks():
    for name in nclib.__all__:
        assert getattr(nclib, name).__doc__, name
    X, y = nclib.GaussianMixture(np.eye(2), 0.1).sample(3, seed=0)
    assert X.shape == (6, 2) and y.tolist() == [0, 0, 0, 1, 1, 1]
    nc1, *_ = nclib.nc_metrics(X, np.eye(2), y)
    assert nc1 < 0.1


def test_no_name_is_also_that_of_a_module():
    # Importing the module would put it in the name's place.
    modules = {module.name for module in pkgutil.iter_modules(nclib.__path__)}
    assert not modules & set(nclib.__all__)
