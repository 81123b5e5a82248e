"""Starts on the features of random layers: what each layer is, and the record.

The record is followed again where it takes no images and little time.
"""

import numpy as np
import pytest

from nclib.figures import layers
from nclib.figures.arrivals import KINDS
from nclib.figures.layers import Layers, Setting
from nclib.figures.record import kept_record


@pytest.fixture(scope="module")
def record():
    return Layers.load(kept_record("layers.npz"))


def samples():
    return np.random.default_rng(0).standard_normal((6, 9))


def gram(layer, d1, draws):
    rng = np.random.default_rng(1)
    found = [layers.LAYERS[layer](samples(), d1, rng) for _ in range(draws)]
    return np.mean([F @ F.T for F in found], axis=0)


def test_the_limit_is_that_of_wide_layers():
    # An entry's error is about |x|^2 / sqrt(10^5) = 0.03; this is 6 of them.
    exact = gram("limit", 0, 1)
    assert np.abs(exact - gram("relu", 20_000, 5)).max() < 0.2
    # Off by 2/pi instead of the mean, it would be seen.
    lengths = np.linalg.norm(samples(), axis=1)
    assert np.diag(exact) == pytest.approx(lengths**2 / 2)


def test_layers_of_the_same_width_have_features_of_the_same_length():
    lengths = np.linalg.norm(samples(), axis=1)
    for layer in ("relu", "linear"):
        ratio = np.diag(gram(layer, 20_000, 5)) / lengths**2
        assert np.abs(ratio - 0.5).max() < 0.02
    centered = np.diag(gram("centered", 20_000, 5)) / lengths**2
    assert np.abs(centered - (0.5 - 0.5 / np.pi)).max() < 0.02


def test_a_centered_feature_has_mean_zero():
    rng = np.random.default_rng(2)
    X = samples()
    means = [layers.LAYERS["centered"](X, 20_000, rng).sum(axis=1)]
    # A sum of d1 features of deviation below |x| / sqrt(d1): six of |x|.
    assert np.abs(means).max() < 6 * np.linalg.norm(X, axis=1).max()
    plain = layers.LAYERS["relu"](X, 20_000, rng).sum(axis=1)
    assert plain.min() > 6 * np.linalg.norm(X, axis=1).max()


def test_the_constant_has_the_share_of_the_mean():
    F = layers.LAYERS["constant"](samples(), 0, None)
    share = F[:, -1] ** 2 / (F**2).sum(axis=1)
    assert share == pytest.approx(1 / np.pi)


def test_nothing_is_trained_where_there_is_nothing_to_find():
    # Three features for ten samples of pure noise.
    F, y, exists, run, found = layers.follow(Setting(2, 5, 3, 50.0), 0)
    assert F.shape == (10, 3) and exists is False
    assert run is None and found is None


def test_layers_of_one_seed_see_the_same_data():
    with_layer = layers.follow(Setting(2, 5, 30, 0.3), 3)
    without = layers.follow(Setting(2, 5, 10, 0.3, "none"), 3)
    assert without[0].shape == (10, 10)
    assert (with_layer[1] == without[1]).all()
    assert with_layer[4].kind == "global"


def test_the_record_is_what_it_says(record):
    settings = [tuple(r)[:5] for r in record.runs.tolist()]
    assert settings == [tuple(s) for s in layers.everything()]
    assert record.provenance["data"] == "Fashion-MNIST"
    runs = record.runs
    trained = runs["exists"] != 0
    assert (runs["kind"][~trained] == -1).all()
    assert np.isnan(runs["gap"][~trained]).all()
    kind = runs["kind"]
    assert (runs["exists"][kind == KINDS.index("spurious")] == 1).all()
    assert (runs["bound"][kind == 0] < 1e-6).all()
    # A proved lower bound, and what was measured before polishing.
    stuck = kind == 1
    assert (runs["bound"][stuck] > 0).all()
    assert (runs["bound"][stuck] < runs["gap"][stuck] * (1 + 1e-6)).all()


def test_a_start_of_the_record_ends_there_again(record):
    wanted = (record.runs["layer"] == "constant") & (record.runs["kind"] == 0)
    i = int(np.flatnonzero(wanted)[0])
    _, _, exists, run, found = record.again(i)
    assert exists is True and found.kind == "global"
    # What is global ends at the same risk to rounding.
    assert abs(run.gap - record.runs["gap"][i]) < 1e-8


def test_images_that_are_not_at_hand_are_asked_for(record, monkeypatch):
    monkeypatch.setattr(layers, "which_images", lambda: "digits")
    with pytest.raises(ValueError, match="NCLIB_DATA must give the record's"):
        record.again(0)


def test_shares_by_width():
    rows = np.zeros(4, layers.COLUMNS)
    rows["d1"] = [5, 5, 9, 9]
    rows["exists"] = [1, -1, 1, 1]
    rows["kind"] = [1, 0, 0, 3]
    d1, exist, found = layers.shares(rows, "d1")
    assert d1.tolist() == [5, 9]
    assert exist.tolist() == [0.5, 1.0] and found.tolist() == [0.5, 0.5]
