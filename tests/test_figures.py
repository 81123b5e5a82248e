"""Figures 1 and 2: what they compute, keep, and refuse."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import QuadMesh

from nclib.figures import chosen_scale, figure_1, figure_2, phase
from nclib.figures.phase import SIGMAS, PhaseDiagram


@pytest.fixture(scope="module")
def result():
    return figure_1.run(scale="quick")


def test_noise_levels_contain_those_of_figure_3():
    for sigma in (0.18, 0.36, 0.53, 0.8, 1.07, 1.42):
        assert np.abs(SIGMAS - sigma).min() < 0.005


def test_paper_sizes(monkeypatch):
    # The sizes printed in Section 3.1; nothing is simulated here.
    def nothing(function, tasks, *_):
        return [np.zeros(len(design.ds), int) for (design,) in tasks]

    monkeypatch.setattr(phase, "sweep", nothing)
    sizes = ((figure_1, 300, 31, 4), (figure_2, 250, 61, 1))
    for module, n, ds, panels in sizes:
        result = module.run(scale="paper")
        assert (result.n, result.trials, result.d[0]) == (n, 10, n)
        assert result.rate.shape == (panels, 18, ds)


def test_boundaries_of_a_known_rate():
    # Pure noise, where 1.5 is the boundary: feasible from d = 150 on, from
    # d = 190 on, and never.
    rate = np.zeros((1, 3, 101))
    rate[0, 0, 50:] = rate[0, 1, 90:] = 1.0
    diagram = PhaseDiagram(
        rate,
        np.zeros((1, 2, 1)),
        np.zeros(1),
        np.ones(3),
        np.arange(100, 201),
        100,
        10,
        {"design": "nested"},
    )
    contour = diagram.contour()[0]
    assert contour[:2] == pytest.approx([1.495, 1.895])
    assert np.isnan(contour[2])
    assert diagram.center()[0, :2] == pytest.approx([1.495, 1.895])
    # Of the two columns that cross, one does within the band.
    assert diagram.share_in_band() == 0.5
    # One that never crosses is not in the band either.
    outside, distance, columns = diagram.agreement()
    assert (outside, columns) == (2, 3)
    z = (diagram.center() - diagram.band()[0]) / diagram.center_error()
    assert distance == pytest.approx((z**2).sum())


def test_result_survives_saving(result, tmp_path):
    path = tmp_path / "figure.npz"
    result.save(path)
    loaded = PhaseDiagram.load(path)
    np.testing.assert_array_equal(loaded.rate, result.rate)
    np.testing.assert_array_equal(loaded.d, result.d)
    assert loaded.n == result.n
    assert loaded.provenance == result.provenance
    assert [p.name for p in tmp_path.iterdir()] == ["figure.npz"]


def test_workers_do_not_change_the_result(result, monkeypatch, tmp_path):
    monkeypatch.setenv("NCLIB_CACHE", str(tmp_path))
    again = figure_1.run(scale="quick", n_jobs=1)
    np.testing.assert_array_equal(again.rate, result.rate)


def test_figure_2_draws_the_rates_it_measured():
    result = figure_2.run(scale="quick")
    # At d = 4n collapse is sure; at d = n it has chance 2e-6 at most, so that
    # two of four trials have less than 1e-10.
    assert result.rate[..., -1].min() == 1.0
    assert result.rate[..., 0].max() < 0.5
    (axes,) = figure_2.draw(result).axes
    (mesh,) = [c for c in axes.collections if isinstance(c, QuadMesh)]
    np.testing.assert_array_equal(mesh.get_array(), result.rate[0].T)
    plt.close("all")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (dict(scale="huge"), "scale"),
        (dict(design="diagonal"), "design"),
        (dict(seed=-1), "seed"),
        (dict(n_jobs=0), "n_jobs"),
    ],
)
def test_bad_options_are_named(options, name, monkeypatch, tmp_path):
    monkeypatch.setenv("NCLIB_CACHE", str(tmp_path / "none"))
    with pytest.raises(ValueError, match=f"^{name} "):
        figure_1.run(**{"scale": "quick", **options})
    assert not (tmp_path / "none").exists()


def test_scale_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("NCLIB_SCALE", "paper")
    assert chosen_scale() == "paper"
    assert chosen_scale("quick") == "quick"
    monkeypatch.setenv("NCLIB_SCALE", "tiny")
    with pytest.raises(ValueError, match="^NCLIB_SCALE "):
        chosen_scale()
