"""Figures 3 to 5: what they compute, keep, compare, and refuse."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from nclib.data import GaussianMixture, two_cluster_means
from nclib.figures import curves, figure_3, figure_4
from nclib.figures.curves import TrainingGrid


@pytest.fixture(scope="module")
def sgd():
    return curves.run(scale="quick", method="sgd")


@pytest.fixture(scope="module")
def flow():
    return curves.run(scale="quick")


def test_grid_survives_saving(sgd, tmp_path):
    path = tmp_path / "grid.npz"
    sgd.save(path)
    loaded = TrainingGrid.load(path)
    for kept, history in zip(loaded.history, sgd.history, strict=True):
        np.testing.assert_array_equal(kept, history)
    np.testing.assert_array_equal(loaded.sigma, sgd.sigma)
    np.testing.assert_array_equal(loaded.ratio, sgd.ratio)
    sizes = (loaded.n, loaded.epochs, loaded.width)
    assert sizes == (sgd.n, sgd.epochs, sgd.width)
    assert loaded.provenance == sgd.provenance
    assert [p.name for p in tmp_path.iterdir()] == ["grid.npz"]


def test_paper_sizes_and_the_printed_grid():
    epochs, cells = curves._GRIDS[300]
    assert epochs == 100_000
    assert sorted(set(s for s, _ in cells)) == [
        0.18,
        0.36,
        0.53,
        0.8,
        1.07,
        1.42,
    ]
    assert sorted(set(r for _, r in cells)) == [1.1, 1.3, 1.5, 2, 3, 4]
    assert len(set(cells)) == 36
    # 0.037 a step on average, five batches of at most 128 in 600 samples.
    assert curves.flow_time(epochs, 300) == pytest.approx(18500)


def test_samples_are_those_of_the_children_of_the_seed(sgd):
    # An independent draw of net 2 of 4: sigma = 1.42, d = 60.
    child = np.random.SeedSequence(0).spawn(4)[2]
    draws, start = child.spawn(2)
    model = GaussianMixture(two_cluster_means(60, np.pi), 1.42)
    X, y = model.sample(40, draws)
    own_X, own_y, own_start = sgd.sample(2)
    np.testing.assert_array_equal(own_X, X)
    np.testing.assert_array_equal(own_y, y)
    assert own_start == start.generate_state(1)[0]


def test_record_is_reproduced_up_to_rounding(sgd):
    assert sgd.recompute(600) < 1e-4


def test_partial_record_keeps_its_seeds(sgd, flow):
    part = replace(
        sgd,
        history=sgd.history[2:],
        sigma=sgd.sigma[2:],
        ratio=sgd.ratio[2:],
    )
    assert part.recompute(100) < 1e-4
    assert flow.matched(part) == [(2, 0), (3, 1)]
    assert part.matched(flow) == [(0, 2), (1, 3)]


def test_tampered_record_is_noticed(sgd):
    for column in ("risk", "nc1"):
        history = [h.copy() for h in sgd.history]
        history[1][column][5] *= 1.01
        forged = replace(sgd, history=history)
        assert forged.recompute(100, nets=[0]) < 1e-4
        assert forged.recompute(100, nets=[1]) > 5e-3
    short = replace(sgd, history=[h[[0, 1, 3, 4]] for h in sgd.history])
    assert short.recompute(100, nets=[0]) < 1e-4
    other = replace(sgd, provenance={**sgd.provenance, "seed": 1})
    assert other.recompute(100, nets=[0]) > 1e-2


def test_other_data_do_not_match(sgd, flow):
    other = replace(sgd, provenance={**sgd.provenance, "seed": 1})
    assert flow.matched(other) == []
    assert flow.matched(replace(sgd, n=300)) == []


def test_workers_do_not_change_the_result(flow, monkeypatch, tmp_path):
    monkeypatch.setenv("NCLIB_CACHE", str(tmp_path))
    again = curves.run(scale="quick", n_jobs=1)
    for one, other in zip(again.history, flow.history, strict=True):
        np.testing.assert_array_equal(one, other)


def test_drawings_show_lines_and_matched_dots(sgd, flow):
    part = replace(
        sgd,
        history=sgd.history[:1],
        sigma=sgd.sigma[:1],
        ratio=sgd.ratio[:1],
    )
    (ax,) = figure_4.draw(flow, part).axes
    lines = [x for x in ax.lines if x.get_linestyle() != "None"]
    dots = [x for x in ax.lines if x.get_linestyle() == "None"]
    assert len(lines) == 2 and len(dots) == 1
    assert dots[0].get_color() == lines[0].get_color()
    for line, i in zip(lines, flow.level(0.18), strict=True):
        assert line.get_ydata()[-1] == flow.last("nc1")[i]
    figure = figure_3.draw(flow, part)
    ends = [x for x in figure.axes[0].lines if x.get_marker() == "o"]
    assert [len(x.get_xdata()) for x in ends] == [1, 0]
    assert ends[0].get_ydata()[0] == sgd.history[0]["nc1"][-1]
    plt.close("all")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (dict(scale="huge"), "scale"),
        (dict(method="adam"), "method"),
        (dict(seed=-1), "seed"),
        (dict(n_jobs=0), "n_jobs"),
        (dict(width=0), "width"),
    ],
)
def test_bad_options_are_named(options, name, monkeypatch, tmp_path):
    monkeypatch.setenv("NCLIB_CACHE", str(tmp_path / "none"))
    with pytest.raises(ValueError, match=f"^{name} "):
        curves.run(**{"scale": "quick", "n_jobs": 1, **options})
    assert not (tmp_path / "none").exists()


def test_bad_recomputations_are_named(sgd, flow):
    with pytest.raises(ValueError, match="^epochs "):
        sgd.recompute(667)
    with pytest.raises(ValueError, match="^epochs "):
        sgd.recompute(0)
    with pytest.raises(ValueError, match="^nets "):
        sgd.recompute(10, nets=[4])
    with pytest.raises(ValueError, match="^method "):
        flow.recompute(10)
    with pytest.raises(FileNotFoundError, match="no-such-record"):
        TrainingGrid.load("no-such-record.npz")
