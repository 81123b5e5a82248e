"""Figures 1 and 2: what they compute, keep, and refuse."""

import numpy as np
import pytest

from nclib.figures import chosen_scale, figure_1, figure_2
from nclib.figures.phase import SIGMAS, PhaseDiagram


@pytest.fixture(scope="module")
def result():
    return figure_1.run(scale="quick")


def test_noise_levels_contain_those_of_figure_3():
    for sigma in (0.18, 0.36, 0.53, 0.8, 1.07, 1.42):
        assert np.abs(SIGMAS - sigma).min() < 0.005


def test_paper_sizes():
    # The sizes printed in Section 3.1; nothing is simulated here.
    sizes = ((figure_1, 300, 31, 4), (figure_2, 250, 61, 1))
    for module, n, ds, panels in sizes:
        calls = {}

        def spy(means, theta, sigma, d, *, n, trials, into=calls, **_):
            into.update(
                panels=len(means),
                sigmas=len(sigma),
                d=d,
                n=n,
                trials=trials,
            )

        original = module.phase.run_phase
        module.phase.run_phase = spy
        try:
            module.run(scale="paper")
        finally:
            module.phase.run_phase = original
        assert calls["n"] == n and calls["trials"] == 10
        assert calls["panels"] == panels and calls["sigmas"] == 18
        assert len(calls["d"]) == ds and calls["d"][0] == n


def test_measured_boundary_lies_in_the_band(result):
    # 24 columns of 6 draws: the median leaves the 90 % band of one draw
    # with probability about 1e-3 each; two or more of 24 have 3e-4, three
    # (share below 0.9) 2e-6.
    assert result.share_in_band() >= 0.9


def test_mean_boundary_is_unbiased(result):
    # The mean z over 24 independent columns; allowed 0.3 for the expansion
    # of the center at n = 60, beyond which 4.5 / sqrt(24) has chance 7e-6.
    z = (result.center() - result.band()[0]) / result.center_error()
    assert abs(z.mean()) < 0.3 + 4.5 / np.sqrt(z.size)
    assert 0.5 < z.std() < 2.0


def test_contour_of_a_known_rate():
    d = np.arange(100, 111)
    rate = np.zeros((1, 2, 11))
    rate[0, 0, 4:] = 1.0
    diagram = PhaseDiagram(
        rate,
        np.zeros((1, 2, 1)),
        np.zeros(1),
        np.ones(2),
        d,
        100,
        10,
        {"design": "nested"},
    )
    contour = diagram.contour()
    assert contour[0, 0] == pytest.approx(1.035)
    assert np.isnan(contour[0, 1])


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


def test_designs_agree(result):
    # Mean boundaries of 24 columns; |z| > 4.5 anywhere has chance 2e-4 by
    # the union bound, so 5 is used (1.4e-5).
    other = figure_1.run(scale="quick", design="independent")
    difference = result.center() - other.center()
    error = np.hypot(result.center_error(), other.center_error())
    assert np.abs(difference / error).max() < 5.0


def test_figure_2_runs_and_draws(tmp_path):
    result = figure_2.run(scale="quick")
    assert result.rate[..., -1].min() == 1.0
    assert result.rate[..., 0].max() < 0.5
    figure = figure_2.draw(result)
    figure.savefig(tmp_path / "figure.svg")
    assert (tmp_path / "figure.svg").stat().st_size > 1000


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
