"""Figure 6: kept, resumed, computed again, refused."""

import dataclasses
import signal

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from helpers import interrupt

from nclib import data
from nclib.data import images
from nclib.figures import figure_6, record
from nclib.figures.figure_6 import ThreeLayers, first_layer
from nclib.training import train


@pytest.fixture(autouse=True)
def digits_and_an_empty_cache(monkeypatch, tmp_path):
    monkeypatch.delenv("NCLIB_DATA", raising=False)
    monkeypatch.setattr(data, "_cache_folder", lambda: tmp_path)
    monkeypatch.setenv("NCLIB_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def result():
    return figure_6.run(scale="quick", n_jobs=1)


def same(one, other):
    return [a.tobytes() for a in one.history] == [
        b.tobytes() for b in other.history
    ]


def test_trains_what_it_says(result):
    assert result.provenance["data"] == "digits"
    assert result.status == ["completed"] * len(result.d1)
    assert (result.reached == result.epochs).all()
    X, y = images(result.n)[0]
    assert np.bincount(y).tolist() == [result.n] * 10
    d1 = int(result.d1[-1])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    plain = train(
        X,
        y,
        width=32,
        epochs=result.epochs,
        batch_size=128,
        first_layer=first_layer(64, d1, 0),
        seed=0,
    )
    torch.set_num_threads(threads)
    assert plain.history.tobytes() == result.history[-1].tobytes()


def test_first_layers_are_nested_with_variance_one_over_width():
    wide, narrow = first_layer(64, 400, 3), first_layer(64, 100, 3)
    assert np.allclose(2 * wide[:, :100], narrow, rtol=1e-14)
    # The standard error of the mean square of 25,600 entries is 0.9 %; five
    # of them have chance 6e-7.
    assert abs(400 * np.mean(wide**2) - 1) < 5 * np.sqrt(2 / wide.size)
    assert not np.allclose(first_layer(64, 100, 4), narrow)


def test_save_and_load(result, tmp_path):
    result.save(tmp_path / "record.npz")
    kept = ThreeLayers.load(tmp_path / "record.npz")
    assert same(kept, result)
    assert kept.d1.tolist() == result.d1.tolist()
    assert (kept.n, kept.epochs) == (result.n, result.epochs)
    assert kept.status == result.status
    assert kept.provenance == result.provenance
    assert kept.recompute(30) < 1e-6


def test_recompute_sees_a_wrong_record(result):
    assert result.recompute(100) < 1e-6
    tampered = [h.copy() for h in result.history]
    tampered[1]["risk"][5] *= 1.01
    wrong = dataclasses.replace(result, history=tampered)
    assert wrong.recompute(100, nets=[0]) < 1e-6
    assert wrong.recompute(100) == pytest.approx(1 - 1 / 1.01, rel=1e-3)
    thinned = dataclasses.replace(
        result, history=[h[h["epoch"] != 4] for h in result.history]
    )
    assert thinned.recompute(10) < 1e-6
    other = dataclasses.replace(
        result, provenance={**result.provenance, "seed": 1}
    )
    assert other.recompute(10) > 1e-3


def test_a_budget_stops_and_the_same_call_resumes(monkeypatch):
    import nclib.training

    # The alarm of the budget rings in the 50th epoch of either net.
    epoch, rings, calls = nclib.training.sgd._Sgd.epoch, True, []

    def counted(self, *arguments):
        calls.append(None)
        if rings and len(calls) % 50 == 0:
            signal.raise_signal(signal.SIGALRM)
        epoch(self, *arguments)

    monkeypatch.setattr(nclib.training.sgd._Sgd, "epoch", counted)

    sizes = (2, 300, (50, 60))
    monkeypatch.setitem(figure_6._SIZES, ("quick", "sgd"), sizes)
    settings = dict(scale="quick", n_jobs=1)
    first = figure_6.run(minutes=10, **settings)
    assert first.status == ["interrupted"] * 2
    assert (0 < first.reached).all() and (first.reached < 50).all()
    monkeypatch.setitem(figure_6._SIZES, ("quick", "sgd"), (2, 300, (50,)))
    rings = False
    whole = figure_6.run(**settings)
    calls.clear()
    resumed = figure_6.run(minutes=10, **settings)
    assert len(calls) == 300 - first.reached[0]
    assert resumed.status == ["completed"]
    assert resumed.reached.tolist() == [300]
    assert same(whole, resumed)
    beginning = first.history[0]
    assert beginning.tobytes() == whole.history[0][: len(beginning)].tobytes()


def test_a_budget_that_prepares_nothing_says_so(monkeypatch):
    import nclib.training.gram

    def slow(*_):
        while True:
            pass

    monkeypatch.setattr(nclib.training.gram.Problem, "_feature_blocks", slow)
    with pytest.raises(ValueError, match="minutes must suffice"):
        figure_6.run(scale="quick", n_jobs=1, minutes=0.2 / 60)


def test_other_images_are_no_stored_result(monkeypatch, tmp_path):
    monkeypatch.setenv("NCLIB_CACHE", str(tmp_path))
    settings = dict(scale="quick", n_jobs=1)
    first = figure_6.run(**settings)
    (X, y), _ = figure_6.images(10)
    halved = (X / 2, y), "halved"
    monkeypatch.setattr(figure_6, "images", lambda n: halved)
    second = figure_6.run(**settings)
    assert second.provenance["data"] == "halved"
    assert (first.last("risk") != second.last("risk")).all()


def test_ctrl_c_is_no_budget(monkeypatch):
    import nclib.training

    interrupt(monkeypatch, nclib.training.sgd._Sgd, "epoch")
    with pytest.raises(KeyboardInterrupt):
        figure_6.run(scale="quick", n_jobs=1, minutes=10)


def test_lbfgs_ends_below_sgd(result):
    limit = figure_6.run(scale="quick", n_jobs=1, method="lbfgs")
    assert limit.d1.tolist() == result.d1.tolist()
    # 300 iterations do not reach the tolerance, and it says so.
    assert all(status.startswith("stopped") for status in limit.status)
    assert (limit.last("risk") < result.last("risk")).all()
    with pytest.raises(ValueError, match="method of the record must be"):
        limit.recompute(10)


def test_one_width_is_the_same_net(result):
    one = figure_6.run(scale="quick", n_jobs=1, widths=[200])
    assert one.d1.tolist() == [200]
    assert one.history[0].tobytes() == result.history[1].tobytes()
    assert one.provenance["command"].endswith("--width 200")


def test_draws_what_was_recorded_and_names_the_data(result):
    (ax,) = figure_6.draw(result).axes
    for line, rows in zip(ax.lines, result.history, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), rows["nc1"][1:])
    assert ax.get_title() == "digits, 10 images a class"
    plt.close("all")


def test_the_record_is_of_the_data_that_the_caption_names():
    kept = ThreeLayers.load(record.kept_record("figure_6.npz"))
    assert kept.provenance["data"] == "Fashion-MNIST"
    assert (kept.n, len(kept.d1)) == (500, 5)


@pytest.mark.parametrize(
    "error, match, arguments",
    [
        (ValueError, "scale must be one of", dict(scale="huge")),
        (
            ValueError,
            "method must be one of 'sgd', 'lbfgs'",
            dict(method="adam"),
        ),
        (TypeError, "seed must be an integer", dict(seed=0.5)),
        (ValueError, "n_jobs must be at least 1", dict(n_jobs=0)),
        (ValueError, "minutes must be greater than", dict(minutes=0)),
        (ValueError, "widths must be among", dict(widths=[51])),
        (ValueError, "widths must be among", dict(widths=[])),
        (TypeError, "minutes must be a real", dict(minutes="1")),
        (ValueError, "NCLIB_DATA must name", dict(scale="paper")),
    ],
)
def test_bad_arguments_of_run(error, match, arguments):
    with pytest.raises(error, match=match):
        figure_6.run(**{"scale": "quick", **arguments})


def test_bad_arguments_of_recompute(result):
    with pytest.raises(ValueError, match="epochs must be at most 100"):
        result.recompute(101)
    with pytest.raises(TypeError, match="epochs must be an integer"):
        result.recompute(1.0)
    with pytest.raises(ValueError, match="nets must be numbers from 0 to 1"):
        result.recompute(10, nets=[2])
    elsewhere = dataclasses.replace(
        result, provenance={**result.provenance, "data": "Fashion-MNIST"}
    )
    with pytest.raises(ValueError, match="NCLIB_DATA must give"):
        elsewhere.recompute(10)
