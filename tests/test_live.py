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
from nclib.asymptotics import separator_factor
from nclib.bounds import (
    printed_factor,
    theorem_4_sigma,
    theorem_5a_sigma,
    theorem_5b_ratio,
    theorem_7b_corrected,
    wendel_ratio,
)
from nclib.figures import collapse, live

SCRIPTS = ("collapse", "knobs", "plane", "price")


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
        assert re.search(r"^from nclib.figures import .*\blive\b", text, re.M)


def test_every_kind_has_a_script_that_every_page_loads():
    config = (BOOK.parent / "_config.yml").read_text(encoding="utf-8")
    (loaded,) = re.findall(r"html_js_files:\n((?: +- .*\n)+)", config)
    names = loaded.replace("-", "").split()
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


def computed(expression, script="exact.js", **given):
    """What the browser's mathematics makes of an expression."""
    source = (BOOK / "_static" / script).read_text(encoding="utf-8")
    source = f"const figures = {{ kinds: {{}} }};\n{source}"
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
          const known = n >= there.leastN;
          if (known !== (there.band(n) !== null)) return [];
          if (!known) return [there.delta, there.tau2, there.leastN];
          return [
            there.delta, there.tau2, there.leastN, ...there.band(n),
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
        first = there.delta, there.tau2, there.least_n
        np.testing.assert_allclose(numbers[:3], first, rtol=0, atol=1e-9)
        if n < there.least_n:
            assert len(numbers) == 3
            continue
        near = there.delta + 1 / np.sqrt(n)
        granted = theorem_4_sigma if K == 2 else theorem_5a_sigma
        expected = [
            *there.band(n),
            there.probability(n * near, n),
            there.probability(n * ratio, n),
            granted(ratio * n, n, means),
            theorem_5b_ratio(n, K),
            wendel_ratio(n, K),
        ]
        # A probability has the errors of d/n, times the root of n.
        errors = np.abs(np.subtract(numbers[3:], expected))
        errors[2:4] /= np.sqrt(n)
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
          figure.querySelectorAll("li").map((item) => item.textContent),
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
    assert "Theorem 4 may grant it. Theorem 5(b) is silent." in says
    says, *_ = turn([RATIO, theorem_5b_ratio(300, 2) + 0.01])
    assert "Theorem 4 is silent. Theorem 5(b) grants it." in says
    says, *_ = turn([RATIO, 2])
    assert says.startswith("All classes can collapse, with probability one")
    assert "Theorem 4 grants it. Theorem 5(b) grants it." in says
    # Means that point the same way, and a simplex: the union bound is mute.
    assert turn([ANGLE, 0])[1][1].endswith("nothing at all")
    assert turn([CLASSES, 4])[1][1].endswith("nothing at all")
    # Where nclib refuses the normal law, no number is made up.
    assert nclib.phase_boundary(equal_angles(2, -1), 0.05).least_n > 30
    says, texts, _ = turn([SIGMA, 0.05], [SIZE, 0])
    assert says.startswith("So few samples that no probability is known.")
    assert texts[0].endswith("at this noise")
    says, texts, words = turn([CLASSES, 4], [ANGLE, 90])
    there = nclib.phase_boundary(nclib.orthonormal_means(4, 4), 0.5)
    assert f"{there.delta:.3f}" in texts[0] and "5(a)" in texts[1]
    assert words[CLASSES] == "4" and words[ANGLE] == "90°"


@needs_node
def test_the_price_is_that_of_nclib():
    rng = np.random.default_rng(1)
    cases = [
        (
            round(10 ** rng.uniform(2, 9)),
            float(10 ** rng.uniform(0.05, 1.8)),
            float(10 ** rng.uniform(-1, 1.5)),
        )
        for _ in range(200)
    ]
    found = computed(
        """cases.map(([n, delta, s]) => [
          exact.collapsedFactor(delta, s), exact.separatorFactor(delta, s),
          exact.printedFactor(delta, s),
          exact.error(exact.correctedFactor(n, Math.round(delta * n), s), s),
          exact.error(1.5, s),
        ])""",
        cases=cases,
    )
    for (n, delta, s), numbers in zip(cases, found, strict=True):
        try:
            q2 = nclib.collapsed_error(delta, s).q ** 2
        except ValueError:
            q2 = None
        separator = separator_factor(delta, s) ** 2 if delta > 2 else None
        assert [x is None for x in (q2, separator)] == [
            x is None for x in numbers[:2]
        ]
        expected = [
            q2 or 0,
            separator or 0,
            printed_factor(delta, s),
            theorem_7b_corrected(n, round(delta * n), s),
            ndtr(-1 / (s * np.sqrt(1.5))),
        ]
        np.testing.assert_allclose(
            [x or 0 for x in numbers], expected, rtol=1e-9, atol=1e-12
        )


def price(s, delta, n):
    """The sentence, the table, and where the red row is."""
    values = dict(s=s, delta=delta, n=n, keep=True)
    return operate(
        "figures.js exact.js price.js",
        page(live.data("fig-bound-crossing", "price", values)),
        """
        const figure = document.getElementById("fig-bound-crossing");
        const rows = figure.querySelector("tbody").children;
        return [
          figure.querySelector("p[role=status]").textContent,
          rows.map((row) => row.children[1].textContent),
          rows.map((row) => row.classList.contains("nclib-wrong")),
          figure.querySelectorAll("circle.nclib-missed").length,
          figure.children.map((child) => child.tag),
        ];
        """,
    )


@needs_node
def test_a_bound_above_the_truth_turns_red():
    says, factors, wrong, missed, order = price(0.5, 10.6, 200)
    truth = nclib.collapsed_error(10.6, 0.5)
    assert factors[2] == f"× {truth.q**2:.4f}"
    assert f"error {truth.error:.3g} instead of {truth.bayes:.3g}" in says
    assert "lower bound above the truth" in says
    assert wrong == [False, False, False, True, False]
    # Of 240 points as many are on the wrong side as the error says, nearly.
    assert abs(missed - 240 * truth.error) < 3
    # The still picture stays above the controls.
    assert order == ["img", "div", "figcaption"]

    says, _, wrong, _, _ = price(2.0, 10.6, 200)
    assert "below the truth here" in says and not any(wrong)
    # Outside of its hypothesis the theorem says nothing.
    says, factors, wrong, _, _ = price(0.5, 10.6, 10**9)
    assert "at least 2 log n, here 41.4" in says
    assert factors[3] == "–" and not any(wrong)
    says, factors, *_ = price(0.5, 1.2, 200)
    assert says.startswith("No neuron collapses") and "1.288" in says
    assert factors[1:] == ["–"] * 4


def systems():
    """Own and other points in whole tenths, many of them degenerate."""
    # A single line is left, and one that two samples miss by a hair.
    yield [[10, 0]], [[0, 10], [0, -10]]
    yield [[10, 0]], [[1, 29], [0, -10]]
    rng = np.random.default_rng(2)
    for i in range(300):
        own = rng.integers(-29, 30, (rng.integers(1, 4), 2))
        others = rng.integers(-29, 30, (rng.integers(1, 5), 2))
        if i % 3 == 0:
            own, others = own // 10 * 10, others // 10 * 10
        if len(own) == 3 and i % 2:
            own[2] = 2 * own[1] - own[0]
        yield own.tolist(), others.tolist()


@needs_node
def test_the_plane_decides_as_decide_does_and_proves_it():
    cases = list(systems())
    found = computed(
        "cases.map(([own, others]) => plane.neuron(own, others))",
        script="plane.js",
        cases=cases,
    )
    reasons = set()
    for (own, others), answer in zip(cases, found, strict=True):
        # Whole numbers, so that floating point has the same points.
        X = np.array(own + others, dtype=float)
        y = np.repeat([0, 1], [len(own), len(others)])
        decided = nclib.decide(X, y, classes=[0]).classes[0].feasible
        assert decided == ("beta" in answer), (own, others)
        own, others = np.array(own), np.array(others)
        reasons.add(answer.get("why"))
        if "beta" in answer:
            for beta in [answer["beta"], *answer.get("ends", [])]:
                np.testing.assert_allclose(own @ beta, 1, atol=1e-12)
                assert (others @ beta).max() < 1e-12
        for wrong in answer.get("offending", []):
            # The sample is what the sentence says, of the first two samples
            # that are independent.
            second = next(
                p for p in own if own[0][0] * p[1] != own[0][1] * p[0]
            )
            there = np.dot(wrong["u"], [own[0], second])
            np.testing.assert_allclose(there, others[wrong["i"]], atol=1e-9)
            assert sum(wrong["u"]) == pytest.approx(wrong["value"])
            assert wrong["value"] > 0
        if answer.get("why") == "between":
            there = np.dot(answer["s"], others[answer["pair"]])
            np.testing.assert_allclose(
                there, answer["value"] * own[0], atol=1e-9
            )
            assert min(answer["s"]) > 0 < answer["value"]
        if answer.get("why") == "along":
            there = answer["value"] * own[0]
            np.testing.assert_allclose(there, others[answer["i"]], atol=1e-9)
            assert answer["value"] > 0
    assert reasons == {
        None,
        "origin",
        "parallel",
        "not on a line",
        "along",
        "between",
        "fires",
    }


@needs_node
def test_points_move_by_keys_and_change_the_answer():
    points = [[[20, 10], 0], [[10, 20], 0], [[10, 10], 1], [[10, -20], 1]]
    steps = operate(
        "figures.js plane.js",
        page(live.data("fig-plane", "plane", dict(points=points, keep=True))),
        """
        const figure = document.getElementById("fig-plane");
        const says = () =>
          figure.querySelector("p[role=status]").textContent;
        const [whose, blue, orange] = figure.querySelectorAll("button");
        const handles = () => figure.querySelectorAll("g.nclib-handle");
        const steps = [says()];
        for (let i = 0; i < 30; i += 1) {
          handles()[2].dispatch("keydown", { key: "ArrowLeft" });
        }
        steps.push(says(), handles()[2].getAttribute("aria-label"));
        whose.dispatch("click");
        steps.push(says());
        whose.dispatch("click");
        orange.dispatch("click");
        steps.push(handles().length);
        handles()[0].dispatch("keydown", { key: "Delete" });
        steps.push(says(), handles().length);
        handles()[0].dispatch("keydown", { key: "Delete" });
        steps.push(handles().length, figure.children.map((c) => c.tag));
        return steps;
        """,
    )
    start, moved, label, turned, added, free, fewer, last, order = steps
    assert start.startswith("The blue class cannot collapse.")
    assert "0.33 times one blue point and 0.33 times another" in start
    assert "say 0.67 to it" in start
    assert moved.startswith("The blue class can collapse.")
    assert label == "orange point at -2, 1"
    assert turned.startswith("The orange class can")
    assert moved.endswith(": a collapsed network exists.")
    assert (added, fewer) == (5, 4) and "some freedom" in free
    # The last point of a class stays.
    assert last == 4 and order == ["img", "div", "figcaption"]
