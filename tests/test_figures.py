"""Figures 1 and 2: what they compute, keep, and refuse."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex, to_rgb

from nclib.figures import chosen_scale, figure_1, figure_2, phase, style
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
    # The map is white on a dark page, too, and so are the patches there.
    for line in axes.lines:
        ink = style.darkened(to_hex(line.get_color()))
        assert style.contrast(ink, "white") >= 3
    for text in axes.texts:
        ink, patch = (
            style.darkened(to_hex(color))
            for color in (
                text.get_color(),
                text.get_bbox_patch().get_facecolor(),
            )
        )
        assert style.contrast(ink, patch) >= 4.5
        assert style.contrast(patch, "black") > 20
    (mesh,) = [c for c in axes.collections if isinstance(c, QuadMesh)]
    np.testing.assert_array_equal(mesh.get_array(), result.rate[0].T)
    # Where nothing was drawn there is no white, which says "all collapse".
    cells = mesh.get_coordinates().reshape(-1, 2)
    np.testing.assert_allclose(
        np.transpose([axes.get_xlim(), axes.get_ylim()]),
        [cells.min(axis=0), cells.max(axis=0)],
    )
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


NAMED = sorted({*style.CLASSES, *style.ORDERED})


@pytest.mark.parametrize("color", NAMED)
def test_lines_show_on_both_pages(color):
    assert style.contrast(color, style.LIGHT) >= 3
    assert style.contrast(style.darkened(color), style.DARK) >= 3


def drawn_label(color):
    """The SVG of a label, its text's color and its patch's, on both pages."""
    figure, axes = plt.subplots()
    text = style.label(axes, 0.5, 0.5, "name", color)
    patch = text.get_bbox_patch()
    colors = [to_hex(text.get_color()), to_hex(patch.get_facecolor())]
    plt.close(figure)
    light = colors + [patch.get_alpha()]
    return light, [style.darkened(c) for c in colors] + [patch.get_alpha()]


@pytest.mark.parametrize("color", [*NAMED, style.BLACK])
def test_labels_read_on_both_pages_and_on_white(color):
    for page, (ink, patch, alpha) in zip(
        (style.LIGHT, style.DARK), drawn_label(color), strict=True
    ):
        # On the page, and on a heat map, which stays white.
        for behind in (page, "white"):
            mixed = alpha * np.array(to_rgb(patch))
            mixed += (1 - alpha) * np.array(to_rgb(behind))
            assert style.contrast(ink, mixed) >= 4.5, (ink, behind)


def test_ticks_read_on_both_pages():
    style.use()
    for name in ("text.color", "axes.labelcolor", "xtick.color"):
        ink = plt.rcParams[name]
        assert style.contrast(ink, style.LIGHT) >= 4.5
        assert style.contrast(style.darkened(ink), style.DARK) >= 4.5


def test_what_is_white_or_black_stays_so_in_the_dark(tmp_path):
    style.use()
    figure, axes = plt.subplots()
    axes.set_facecolor("white")
    axes.plot([0, 1], color="black")
    axes.plot([1, 0], color=style.BLUE)
    path = tmp_path / "figure.svg"
    figure.savefig(path)
    plt.close(figure)
    light = path.read_text()
    dark = style.darkened(light)
    for color, kept in (("#ffffff", True), ("#0072b2", False)):
        assert color in light and (color in dark) is kept
    assert "stroke: #000000" in dark
    # Nothing but colors changes, and nothing changes twice.
    for text in (light, dark):
        assert len(text) == len(light)
    assert style.darkened(dark).count("#4a9bc8") == dark.count("#4a9bc8") > 0


def test_names_stand_at_the_ends_and_do_not_touch():
    style.use()
    figure, axes = style.grid()
    ends = [1e-3, 3.0, 1.001e-3, 0.999e-3]
    for end in ends:
        axes.loglog([1, 10], [1, end])
    style.name_ends(axes, ends, list("abcd"), style.CLASSES[:4])
    figure.canvas.draw()
    boxes = {t.get_text(): t.get_window_extent() for t in axes.texts}
    order = [boxes[name] for name in "dacb"]
    for low, high in zip(order, order[1:], strict=False):
        assert low.y1 < high.y0
    middle = (boxes["b"].y0 + boxes["b"].y1) / 2
    # What stands alone stands at its height; all stand outside, at the right.
    (_, height) = axes.transData.transform((10, 3.0))
    assert middle == pytest.approx(height, abs=0.2 * boxes["b"].height)
    assert all(b.x0 > axes.get_window_extent().x1 for b in order)
    plt.close(figure)


def test_small_numbers_have_a_power_of_ten():
    assert style.power(0.83) == "0.8"
    assert style.power(7.9e-8) == r"$8\cdot 10^{-8}$"


def test_contrast_is_that_of_wcag():
    assert style.contrast("white", "black") == pytest.approx(21)
    # 118 of 255 is the gray that meets 4.5 on white; 119 does not.
    assert style.contrast("#767676", "white") > 4.5
    assert style.contrast("#777777", "white") < 4.5
    with pytest.raises(ValueError, match="^ratio "):
        style.legible("red", "white", 22)
