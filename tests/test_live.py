"""Figures that move: true data, and controls that work."""

import base64
import json
import re
import subprocess

import numpy as np
import pytest
from helpers import BOOK, PAGES, needs_node, operate, parse
from scipy.special import ndtr

import nclib
from nclib.bounds import (
    theorem_4_sigma,
    theorem_5a_sigma,
    theorem_5b_ratio,
    wendel_ratio,
)
from nclib.figures import collapse, live

SCRIPTS = ("collapse", "knobs")


@pytest.fixture(scope="module")
def runs():
    return collapse.run()


def page(data):
    """A page with a still figure and what a cell hands over."""
    return (
        f'<div class="output">{data._repr_html_()}</div>'
        f'<figure id="{data.figure}"><img alt="still">'
        "<figcaption>Caption</figcaption></figure>"
    )


def test_a_step_is_that_of_full_batch_training():
    X, y = nclib.GaussianMixture(nclib.simplex_means(3, 25), 0.9).sample(
        20, seed=0
    )
    # A third of three epochs has the step lr itself.
    one = nclib.train(
        X,
        y,
        width=30,
        epochs=1,
        lr=collapse.RATE,
        lambda_W=collapse.LAMBDA_W,
        lambda_H=collapse.LAMBDA_H,
        batch_size=None,
        seed=0,
        dtype="float64",
    ).net
    (_, W1, W), (H, V1, V) = collapse.descend(X, y, [0, 1], 30)
    np.testing.assert_allclose(V1, one.W1, rtol=0, atol=1e-14)
    np.testing.assert_allclose(V, one.W, rtol=0, atol=1e-14)
    np.testing.assert_allclose(H, one.features(X), rtol=0, atol=1e-12)
    assert abs(V1 - W1).max() > 1e-4 and abs(V - W).max() > 1e-3


def test_the_three_stories_are_true(runs):
    happens, cannot, missed = runs
    assert [run.verdict() for run in runs] == [
        "Collapse is possible, and happens",
        "Collapse is impossible",
        "Collapse is possible, and missed",
    ]
    assert all(run.decision.verified for run in runs)
    # No network is below the floor. One that collapses comes near it.
    assert all(run.gap.min() > 0 for run in runs)
    assert happens.gap[-1] < 1e-4 < 1e-2 < cannot.gap[-1] < missed.gap[-1]
    # Descent is descent from one frame to the next.
    assert all((np.diff(run.gap) < 0).all() for run in runs)
    assert [run.silent() for run in runs][:2] == [0, 0]
    # A silent sample lies in the middle, all others in their corners.
    share = missed.shares()[-1][np.arange(60), missed.y]
    assert np.isclose(share, 1 / 3).sum() == missed.silent() > 0
    assert (share > 0.999).sum() == 60 - missed.silent()
    assert (happens.shares()[-1][np.arange(60), happens.y] > 0.999).all()


def test_shares_are_shares(runs):
    for run in runs:
        shares = run.shares()
        assert shares.shape == (len(run.step), 60, 3) and shares.min() >= 0
        np.testing.assert_allclose(shares.sum(axis=-1), 1, atol=1e-12)


def test_frames_hold_what_was_measured(runs):
    data = collapse.frames(runs, "The end.")
    assert data["step"][0] == 0 and data["step"][-1] == collapse.STEPS
    for panel, run in zip(data["panels"], runs, strict=True):
        assert len(json.dumps(panel)) < 12_000
        levels = np.frombuffer(base64.b64decode(panel["shares"]), np.uint8)
        levels = levels.reshape(len(run.step), 60, 2)
        assert abs(levels / 255 - run.shares()[..., :2]).max() <= 0.5 / 255
        np.testing.assert_allclose(panel["nc1"], run.nc1, rtol=0.05)
        np.testing.assert_allclose(panel["gap"], run.gap, rtol=0.05)


def test_data_are_safe_and_small():
    data = live.data("fig-x", "collapse", {"end": "</script><b>"})
    (script,) = parse(data._repr_html_()).all("script")
    assert json.loads(script.text) == {"end": "</script><b>"}
    assert script.attributes["data-figure"] == "fig-x"
    with pytest.raises(ValueError, match="^values must take at most"):
        live.data("fig-x", "collapse", {"end": "x" * live.MOST_BYTES})
    with pytest.raises(ValueError):
        live.data("fig-x", "collapse", {"nc1": float("nan")})


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_data_belong_to_a_figure_of_the_page(path):
    text = path.read_text(encoding="utf-8")
    for figure, kind in re.findall(
        r'live\.data\(\s*"([\w-]+)",\s*"(\w+)"', text
    ):
        assert text.index(f'"{figure}"') < text.index(f"name: {figure}\n")
        assert kind in SCRIPTS


def test_every_kind_has_a_script_that_every_page_loads():
    config = (BOOK.parent / "_config.yml").read_text(encoding="utf-8")
    (loaded,) = re.findall(r"html_js_files:\s*\[([^\]]+)\]", config)
    names = re.findall(r'"([\w.]+)"', loaded)
    for kind in SCRIPTS:
        source = (BOOK / "_static" / f"{kind}.js").read_text("utf-8")
        assert f"figures.kinds.{kind} = " in source
        assert names.index("figures.js") < names.index(f"{kind}.js")


STATE = """
  const figure = document.getElementById("fig-collapse");
  const range = figure.querySelector("input");
  const button = figure.querySelector("button");
  const says = figure.querySelector("p[role=status]");
  const dots = figure.querySelectorAll("path.nclib-class-1");
  const state = () => [
    Number(range.value),
    range.getAttribute("aria-valuetext"),
    button.textContent,
    says.textContent,
    figure.querySelectorAll("dd").map((number) => number.textContent),
    dots.map((dot) => dot.getAttribute("transform")),
  ];
"""


@needs_node
def test_the_slider_moves_dots_and_numbers(runs):
    text = page(
        live.data("fig-collapse", "collapse", collapse.frames(runs, "End."))
    )
    first, middle, last = operate(
        "figures.js collapse.js",
        text,
        STATE
        + """
        const steps = [state()];
        for (const frame of ["30", String(54)]) {
          range.value = frame;
          range.dispatch("input");
          range.dispatch("change");
          steps.push(state());
        }
        return steps;
        """,
    )
    steps = runs[0].step
    for found, frame in ((first, 0), (middle, 30), (last, 54)):
        value, words, _, _, numbers, places = found
        assert value == frame
        assert words == f"{steps[frame]:,} of 20,000"
        for run, shown in zip(runs, numbers[::2], strict=True):
            number = re.sub(
                "·10(.*)",
                lambda m: (
                    "e"
                    + m[1].translate(
                        str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
                    )
                ),
                shown,
            )
            assert float(number) == pytest.approx(run.nc1[frame], rel=0.05)
        # The dots of class 1, over all three panels, where Python has them.
        where = np.array(
            [re.findall(r"[\d.]+", place) for place in places], float
        )
        corners = np.array([[110, 16], [16, 179], [204, 179]])
        wanted = np.concatenate(
            [run.shares()[frame][run.y == 0] @ corners for run in runs]
        )
        assert abs(where - wanted).max() < 1
    assert first[3].startswith("Step 0: NC1 is ")
    assert last[2:4] == ["Play again", "End."]


@needs_node
def test_play_pauses_and_ends(runs):
    text = page(
        live.data("fig-collapse", "collapse", collapse.frames(runs, "End."))
    )
    steps = operate(
        "figures.js collapse.js",
        text,
        STATE
        + """
        const steps = [state()];
        button.dispatch("click");
        document.tick();
        document.tick();
        steps.push(state());
        button.dispatch("click");
        steps.push(state(), Boolean(document.tick));
        button.dispatch("click");
        while (document.tick) document.tick();
        steps.push(state());
        button.dispatch("click");
        steps.push(state());
        return steps;
        """,
    )
    assert [s[:1] + s[2:3] for s in steps if s is not False] == [
        [0, "Play"],
        [2, "Pause"],
        [2, "Play"],
        [54, "Play again"],
        [0, "Pause"],
    ]
    # Silent while it moves; no timer runs on.
    assert steps[1][3] == "" and steps[3] is False and steps[4][3] == "End."


@needs_node
def test_nothing_moves_for_a_reader_who_asked_for_calm(runs):
    text = page(
        live.data("fig-collapse", "collapse", collapse.frames(runs, "End."))
    )
    steps = operate(
        "figures.js collapse.js",
        text,
        STATE
        + """
        const steps = [state()];
        for (let i = 0; i < 2; i += 1) {
          button.dispatch("click");
          steps.push(state(), document.tick);
        }
        return steps;
        """,
        calm=True,
    )
    start, end, timer, again, later = steps
    assert start[2] == again[2] == "Show the end"
    assert end[:1] + end[2:4] == [54, "Show the start", "End."]
    assert again[0] == 0 and timer is later is None


@needs_node
def test_without_its_kind_the_still_picture_stays():
    found = operate(
        "figures.js",
        page(live.data("fig-collapse", "collapse", {})),
        """
        const figure = document.getElementById("fig-collapse");
        return [figure.className, figure.children.map((child) => child.tag)];
        """,
    )
    assert found == ["", ["img", "figcaption"]]


def computed(expression, **given):
    """What the browser's mathematics makes of an expression."""
    source = (BOOK / "_static/exact.js").read_text(encoding="utf-8")
    given = "".join(
        f"const {name} = {json.dumps(value)};\n"
        for name, value in given.items()
    )
    done = subprocess.run(
        ["node", "-"],
        input=f"{source}\n{given}console.log(JSON.stringify({expression}));",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def equal_angles(K, cosine):
    """K unit means whose pairs all have this cosine."""
    gram = np.full((K, K), cosine)
    np.fill_diagonal(gram, 1)
    # A Gram matrix of this kind has two eigenvalues, known in closed form.
    values, vectors = np.linalg.eigh(gram)
    known = np.array([1 - cosine, 1 + (K - 1) * cosine])
    near = abs(values[:, None] - known).argmin(axis=1)
    values = np.where(abs(known) < 1e-9, 0, known)[near]
    return (vectors * np.sqrt(values))[:, values > 0]


@needs_node
def test_the_knobs_compute_what_nclib_computes():
    rng = np.random.default_rng(0)
    cases = []
    for i in range(200):
        K = 2 if i % 2 else int(rng.integers(3, 11))
        least = -1 / (K - 1)
        cosine = (least, 0.0, 1.0, rng.uniform(least, 1))[i // 2 % 4]
        sigma = np.exp(rng.uniform(np.log(0.05), np.log(2)))
        n = round(10 ** rng.uniform(1.5, 8))
        ratio = rng.uniform(1, K)
        cases.append((K, float(cosine), float(sigma), n, float(ratio)))
    found = computed(
        """cases.map(([K, rho, sigma, n, ratio]) => {
          const there = exact.boundary(K, rho, sigma);
          const near = there.delta + 1 / Math.sqrt(n);
          return [
            there.delta, there.tau2, ...there.band(n),
            there.probability(n * near, n), there.probability(n * ratio, n),
            exact.grantedNoise(ratio, n, K, rho),
            exact.gordon(n, K), exact.wendel(n, K),
          ];
        })""",
        cases=cases,
    )
    for (K, cosine, sigma, n, ratio), numbers in zip(
        cases, found, strict=True
    ):
        means = equal_angles(K, cosine)
        there = nclib.phase_boundary(means, sigma)
        near = there.delta + 1 / np.sqrt(n)
        granted = theorem_4_sigma if K == 2 else theorem_5a_sigma
        expected = [
            there.delta,
            there.tau2,
            *there.band(n),
            there.probability(n * near, n),
            there.probability(n * ratio, n),
            granted(ratio * n, n, means),
            theorem_5b_ratio(n, K),
            wendel_ratio(n, K),
        ]
        # A probability has the errors of d/n, times the root of n.
        errors = np.abs(np.subtract(numbers, expected))
        errors[4:6] /= np.sqrt(n)
        assert errors.max() < 1e-9, (K, cosine, sigma, n, ratio)


@needs_node
def test_normal_tail():
    x = np.linspace(-12, 12, 481)
    found = np.array(computed("x.map(exact.Phi)", x=x.tolist()))
    np.testing.assert_allclose(found, ndtr(x), rtol=2e-13)


KNOBS = dict(sigma=0.5, ratio=1.3, n=300, K=2, angle=180)


def turn(*moves):
    """The sentence of the knobs, and the numbers below it, after moves."""
    return operate(
        "figures.js exact.js knobs.js",
        page(live.data("fig-bounds", "knobs", KNOBS)),
        f"""
        const figure = document.getElementById("fig-bounds");
        const knobs = figure.querySelectorAll("input");
        for (const [knob, value] of {json.dumps(moves)}) {{
          knobs[knob].value = String(value);
          knobs[knob].dispatch("input");
        }}
        return [
          figure.querySelector("p[role=status]").textContent,
          figure.querySelectorAll("span").map((span) => span.textContent),
          knobs.map((knob) => knob.getAttribute("aria-valuetext")),
        ];
        """,
    )


SIGMA, RATIO, SIZE, CLASSES, ANGLE = range(5)


@needs_node
def test_the_knobs_say_what_is_so():
    says, texts, words = turn()
    there = nclib.phase_boundary(equal_angles(2, -1), 0.5)
    chance = there.probability(390, 300)
    assert f"probability {100 * chance:.2g}\u00a0%" in says
    assert f"both with {100 * chance**2:.2g}\u00a0%" in says
    assert "Theorem 4 is silent. Theorem 5(b) is silent." in says
    assert f"{there.delta:.3f}" in texts[0]
    assert words == ["0.50", "1.30", "300", "2", "180°"]

    granted = theorem_4_sigma(390, 300, equal_angles(2, -1))
    assert f"{granted:.3g}" in texts[1]
    says, *_ = turn([SIGMA, granted - 0.01])
    assert "Theorem 4 grants it. Theorem 5(b) is silent." in says
    says, *_ = turn([RATIO, theorem_5b_ratio(300, 2) + 0.01])
    assert "Theorem 4 is silent. Theorem 5(b) grants it." in says
    says, *_ = turn([RATIO, 2])
    assert says.startswith("All classes can collapse, with probability one")
    assert "Theorem 4 grants it. Theorem 5(b) grants it." in says
    # Means that point the same way, and a simplex: the union bound is mute.
    assert turn([ANGLE, 0])[1][1].endswith("nothing at all")
    assert turn([CLASSES, 4])[1][1].endswith("nothing at all")
    says, texts, words = turn([CLASSES, 4], [ANGLE, 90])
    there = nclib.phase_boundary(nclib.orthonormal_means(4, 4), 0.5)
    assert f"{there.delta:.3f}" in texts[0] and "5(a)" in texts[1]
    assert words[CLASSES] == "4" and words[ANGLE] == "90°"
