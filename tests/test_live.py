"""Figures that move: true data, and controls that work."""

import base64
import json
import re
import subprocess
import sys

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
from nclib.figures import (
    collapse,
    curves,
    live,
    missing,
    theorem_8,
    training_two_layer,
)
from nclib.figures.record import kept_record
from nclib.generalization import TIES, guess_bound, two_neuron_error
from nclib.relaxation import gap_terms
from nclib.upfm import PENALTIES

sys.path.insert(0, str(BOOK / "_ext"))
SCRIPTS = ("clock", "collapse", "knobs", "missing", "plane", "price", "ties")


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
        imports = r"^from nclib\.figures import (\([^)]*|.*)\blive\b"
        assert re.search(imports, text, re.M)


def test_every_kind_has_a_script_and_gets_what_it_calls():
    pytest.importorskip("myst_nb")
    reading = pytest.importorskip("reading")
    for kind in SCRIPTS:
        source = (BOOK / "_static" / f"{kind}.js").read_text("utf-8")
        assert f"figures.kinds.{kind} = " in source
        calls = bool(re.search(r"\bexact\.\w", source))
        assert calls == (kind in reading.COMPUTE)


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
def test_the_knobs_bound_is_valid_and_nearly_the_best():
    cases = []
    for K, cosine in ((2, -1.0), (2, 0.5), (3, -0.5), (4, 0.0), (2, 1.0)):
        for sigma in (0.02, 0.2, 1.0):
            cases.append((K, cosine, sigma, 300 if K == 2 else 100))
    found = computed(
        """cases.map(([K, rho, sigma, n]) =>
          n * exact.enough(exact.boundary(K, rho, sigma), K, n))""",
        cases=cases,
    )
    for (K, cosine, sigma, n), d in zip(cases, found, strict=True):
        means = equal_angles(K, cosine)
        best = nclib.needed_dimensions(means, sigma, n, 1 / n, 0)
        # Another direction needs more, and whole numbers up to one.
        assert best - 1 - 1e-6 < d < 1.005 * best + 0.5, (K, cosine, sigma)


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
    assert f"probability {100 * chance:.2g}%" in says
    assert f"both with {100 * chance**2:.2g}%" in says
    assert "Theorem 4 is silent. Theorem 5(b) is silent." in says
    assert f"{there.delta:.3f}" in texts[0]
    assert words == ["0.50", "1.30", "300", "2", "180°"]

    assert texts[1].startswith("enough at this n, proved: d/n from 1.38")
    granted = theorem_4_sigma(390, 300, equal_angles(2, -1))
    assert f"{granted:.3g}" in texts[2]
    says, *_ = turn([SIGMA, granted - 0.01])
    assert "Theorem 4 may grant it. Theorem 5(b) is silent." in says
    says, *_ = turn([RATIO, theorem_5b_ratio(300, 2) + 0.01])
    assert "Theorem 4 is silent. Theorem 5(b) grants it." in says
    says, *_ = turn([RATIO, 2])
    assert says.startswith("All classes can collapse, with probability one")
    assert "Theorem 4 grants it. Theorem 5(b) grants it." in says
    # Means that point the same way, and a simplex: the union bound is mute.
    assert turn([ANGLE, 0])[1][2].endswith("nothing at all")
    assert turn([CLASSES, 4])[1][2].endswith("nothing at all")
    # Where nclib refuses the normal law, no number is made up.
    assert nclib.phase_boundary(equal_angles(2, -1), 0.05).least_n > 30
    says, texts, _ = turn([SIGMA, 0.05], [SIZE, 0])
    assert says.startswith("So few samples that no probability is known.")
    assert texts[0].endswith("at this noise")
    says, texts, words = turn([CLASSES, 4], [ANGLE, 90])
    there = nclib.phase_boundary(nclib.orthonormal_means(4, 4), 0.5)
    assert f"{there.delta:.3f}" in texts[0] and "5(a)" in texts[2]
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

    # Two numbers that are alike are told apart.
    says, *_ = price(30.0, 10.6, 200)
    error, ideal = re.findall(r"error ([\d.]+) instead of ([\d.]+)\.", says)[0]
    assert error > ideal

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
        const [blue, orange] = figure.querySelectorAll("button");
        const [ofBlue, ofOrange] = figure.querySelectorAll("input");
        const handles = () => figure.querySelectorAll("g.nclib-handle");
        const steps = [says()];
        for (let i = 0; i < 30; i += 1) {
          handles()[2].dispatch("keydown", { key: "ArrowLeft" });
        }
        steps.push(says(), handles()[2].getAttribute("aria-label"));
        ofOrange.dispatch("change");
        steps.push(says());
        ofBlue.dispatch("change");
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


FLOOR = 0.25
# Steps, then terms whose largest is the first, the third, the second.
COURSE = missing.course(
    "one",
    [0, 10, 2000],
    [(0.6, 0.1, 0.2, 0.1), (1e-3, 2e-3, 3e-2, 1e-3), (1e-9, 3e-9, 0, 0)],
    "The end.",
)
OTHER = missing.course(
    "two",
    [1, 2, 3],
    [(0.9, 0, 0, 0), (0.1, 0.4, 0, 0), (0.1, 0.2, 0.3, 0.2)],
    "At rest.",
    foot=(0.1, 0.2, 0, 0),
    sgd=[0.9, 0.5, 0.8],
)
BARS = """
  const figure = document.getElementById("fig-gap");
  const [range] = figure.querySelectorAll("input[type=range]");
  const rows = figure.querySelectorAll("tr");
  const state = () => ({
    says: figure.querySelector("p[role=status]").textContent,
    sum: figure.querySelector("p.nclib-sum").textContent,
    most: rows.findIndex((row) => row.classList.contains("nclib-most")),
    values: rows.slice(0, 6).map((row) => row.querySelector("td").textContent),
    bars: figure.querySelectorAll("svg.nclib-bar").map((bar) =>
      Number(bar.querySelector("rect").getAttribute("width"))),
    ticks: figure.querySelectorAll("path.nclib-tick").map((tick) =>
      tick.getAttribute("d")),
    sgd: !rows[5].hidden,
  });
  const at = (frame) => {
    range.value = String(frame);
    range.dispatch("input");
    range.dispatch("change");
    return state();
  };
"""


def bars(action, **data):
    values = dict(unit="Step", floor=FLOOR, runs=[COURSE, OTHER], **data)
    return operate(
        "figures.js missing.js",
        page(live.data("fig-gap", "missing", values)),
        BARS + action,
    )


@needs_node
def test_the_largest_term_is_named():
    first, middle, last = bars("return [at(0), at(1), at(2)];")
    assert [s["most"] for s in (first, middle, last)] == [0, 2, 1]
    assert first["says"].startswith(
        "The gap is 1. Most of what is missing, 60"
    )
    assert "is the predictions: they" in first["says"]
    assert "88%, is shared neurons: class means" in middle["says"]
    assert "75%, is spread:" in last["says"]
    assert last["says"].endswith("The end.")
    assert middle["values"][:5] == [
        "1.0·10⁻³",
        "2.0·10⁻³",
        "0.03",
        "1.0·10⁻³",
        "0.034",
    ]
    assert middle["sum"] == "floor 0.25000 + gap 0.03400 = risk 0.28400"
    # Eight decades below 1; what is below them, or zero, has no bar.
    wanted = [np.log10(x) / 8 * 100 + 100 for x in (1e-3, 2e-3, 3e-2, 1e-3)]
    np.testing.assert_allclose(middle["bars"][:4], wanted, atol=0.01)
    assert last["bars"][:4] == [0] * 4
    assert not first["sgd"] and not any(first["ticks"])


@needs_node
def test_another_descent_is_chosen():
    one, two, three = bars(
        """
        const [, other] = figure.querySelectorAll("input[type=radio]");
        const states = [at(2)];
        other.dispatch("change");
        states.push(state());
        const words = range.getAttribute("aria-valuetext");
        return [...states, words];
        """
    )
    assert "is spread" in one["says"] and "At rest." in two["says"]
    # No term has more than a half.
    assert "The largest part of what is missing, 38" in two["says"]
    assert two["sgd"] and two["values"][5] == "0.8" and three == "3 of 3"
    place = 100 + 100 * np.log10([0.1, 0.2, 0.3]) / 8
    ticks = [f"M{x:.2f},0v14" for x in place]
    assert two["ticks"] == [*ticks[:2], "", "", ticks[2], ""]


@needs_node
def test_inner_products_are_drawn_where_they_are():
    K, n = 2, 3
    best = nclib.upfm_minimizer(K, n, 0.02, 0.01)
    rng = np.random.default_rng(0)
    start = rng.random(best.H.shape), rng.standard_normal(best.W.shape)
    path = [start, (best.H, best.W)]
    given = missing.gram([*path, start], best)
    assert given["samples"] == K * n and given["classes"] == K
    frames = bars(
        """
        return [0, 1].map((frame) => {
          const state = at(frame);
          const cells = figure.querySelector("svg.nclib-gram")
            .querySelectorAll("rect").slice(0, 40).map((cell) =>
              (cell.className === "nclib-plus" ? 1 : -1) *
              Number(cell.getAttribute("fill-opacity")));
          const marks = figure.querySelectorAll("g.nclib-ring").map((mark) =>
            mark.classList.contains("nclib-hidden") ? 0 : mark.children.length
          );
          return [cells, marks];
        });
        """,
        gram=given,
    )
    for (H, W), (cells, _) in zip(path, frames, strict=True):
        wanted = [
            *(H @ H.T / best.b / missing.TOP).ravel(),
            *(W.T @ W * best.b / best.a**2 / missing.TOP).ravel(),
        ]
        assert abs(np.clip(wanted, -1, 1) - cells).max() < 0.01
    # Predictions live in neither; shared neurons in the two other blocks.
    assert [marks for _, marks in frames] == [[0] * 4, [0, 0, 2, 0]]


def test_the_terms_along_flow_are_those_of_one_flow():
    grid = curves.run(scale="quick")
    (net, *_) = grid.level(curves.HIGH)
    T = curves.flow_time(grid.epochs, grid.n)
    found = curves.terms_along(grid, net, [T / 20, T / 3, T])
    X, y, start = grid.sample(net)
    whole = nclib.flow(X, y, T=T, width=grid.width, seed=start)
    wanted = gap_terms(whole.net.features(X), whole.net.W, grid.n, *PENALTIES)
    np.testing.assert_allclose(found[-1], wanted, rtol=0.02, atol=1e-7)
    gaps = [curves.at(grid.history[net], t, "gap") for t in (T / 20, T / 3)]
    np.testing.assert_allclose([t.gap for t in found[:2]], gaps, rtol=0.02)


@needs_node
def test_the_same_curves_have_two_clocks():
    record = curves.TrainingGrid.load(kept_record("figures_3_to_5.npz"))
    nets = record.level(curves.LOW)
    data = training_two_layer.clock(record, nets)
    rows = record.history[nets[-1]]
    late = rows["epoch"] >= record.epochs / 3
    # Up to there an epoch lasts as long as the first one.
    lasts = rows["time"][1] / rows["epoch"][1]
    assert data["late"][1] == pytest.approx(data["late"][0] * lasts, rel=1e-3)
    epochs, time = operate(
        "figures.js clock.js",
        page(live.data("fig-clock", "clock", data)),
        """
        const figure = document.getElementById("fig-clock");
        const [epochs, time] = figure.querySelectorAll("input");
        const state = () => {
          const band = figure.querySelector("rect");
          return [
            figure.querySelector("p[role=status]").textContent,
            figure.querySelectorAll("path.nclib-line").map((line) =>
              line.getAttribute("d")),
            Number(band.getAttribute("x")),
          ];
        };
        const before = state();
        time.dispatch("change");
        return [before, state()];
        """,
    )
    for (says, lines, band), clock, edge in zip(
        (epochs, time), ("epoch", "time"), data["late"], strict=True
    ):
        x = np.array(data[clock])
        points = np.array(re.findall(r"([\d.]+),([\d.]+)", lines[-1]), float)
        np.testing.assert_allclose(
            (points[:, 0] - 46) / 326, x / x[-1], atol=1e-3
        )
        assert (band - 46) / 326 == pytest.approx(edge / x[-1], abs=1e-3)
        nc1 = np.array(data["nc1"][-1])
        factor = nc1[x >= x[-1] / 3][0] / nc1[-1]
        found = re.search(r"by a factor of (?:only )?([\d.]+) at", says)
        assert found and found[1] == f"{factor:.2g}"
    assert rows["nc1"][late][0] / rows["nc1"][-1] < 2
    assert "look converged" in epochs[0] and "keep falling" in time[0]


@needs_node
def test_the_votes_are_those_of_nclib():
    rng = np.random.default_rng(0)
    cases, wanted = [], []
    for i in range(200):
        s = np.exp(rng.uniform(np.log(0.1), np.log(5)))
        one, two, mu = rng.standard_normal((3, 6)) * [1, 1, 1, 1, 1, 0]
        if i % 4 == 0:
            # Nearly opposite, as the best collapsed neurons are.
            two = -one + 0.3 * two
        mu /= np.linalg.norm(mu)
        nu, N = np.eye(6)[5], float(rng.choice([0, 0.1, 1, 5, 100]))
        data = theorem_8.votes(one, two, nu, mu, s, np.ones((1, 6)))
        cosines = rng.uniform(-1, 1, 2).tolist()
        cases.append((data["gram"], data["means"], N, cosines, s))
        pair = one + N * nu, two + N * nu
        strict, half, error = (
            two_neuron_error(*pair, mu, s, ties)
            for ties in ("correct", "half", "error")
        )
        assert half == pytest.approx((strict + error) / 2)
        own = (
            ndtr(-(mu @ pair[0]) / s / np.linalg.norm(pair[0]))
            + ndtr(mu @ pair[1] / s / np.linalg.norm(pair[1]))
        ) / 2
        wanted.append((strict, error - strict, own, guess_bound(*cosines, s)))
    found = computed(
        """cases.map(([gram, means, N, cosines, s]) => {
          const { wrong, silent, alone } = exact.votes(gram, means, N);
          return [wrong, silent, alone, exact.guessBound(cosines, s)];
        })""",
        cases=cases,
    )
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9)


@needs_node
def test_ties_count_as_chosen_and_the_cloud_moves():
    rng = np.random.default_rng(0)
    one, two, nu = np.array([[0.9, 0.5, 0], [-1, 0.4, 0], [0, 0, 1]])
    mu, s = np.eye(3)[0], 2.0
    points = mu + s * rng.standard_normal((50, 3))
    data = theorem_8.votes(one, two, nu, mu, s, points)
    states = operate(
        "figures.js exact.js ties.js",
        page(live.data("fig-silence", "ties", data)),
        """
        const figure = document.getElementById("fig-silence");
        const [range] = figure.querySelectorAll("input[type=range]");
        const radios = figure.querySelectorAll("input[type=radio]");
        const state = () => [
          figure.querySelector("p[role=status]").textContent,
          figure.querySelectorAll("td").map((cell) => cell.textContent)
            .filter((text) => text),
          figure.querySelectorAll("circle").map((dot) => dot.className),
          figure.querySelectorAll("tr").map((row) =>
            row.classList.contains("nclib-wrong")),
        ];
        const states = [state()];
        range.value = "0.5";
        range.dispatch("input");
        for (const radio of [radios[2], radios[1], radios[0]]) {
          radio.dispatch("change");
          states.push(state());
        }
        return [...states, range.getAttribute("aria-valuetext")];
        """,
    )
    *states, words = states
    assert words == "13"
    for (says, cells, kinds, wrong), N, ties in zip(
        states,
        (0, 13, 13, 13),
        ("correct", "error", "half", "correct"),
        strict=True,
    ):
        assert ties in TIES
        pair = one + N * nu, two + N * nu
        error = two_neuron_error(*pair, mu, s, ties)
        assert float(cells[2]) == pytest.approx(error, abs=1e-4)
        assert f"the error is {error:.3f}" in says
        a, b = points @ pair[0], points @ pair[1]
        silent = (a <= 0) & (b <= 0)
        expected = np.where(silent, "tie", np.where(a > b, "right", "wrong"))
        # A byte a coordinate: near a border a point may fall to either side.
        sure = np.min(np.abs([a, b, a - b]), axis=0) > 0.15 * (1 + N / 5)
        assert sure.sum() > 30
        for kind, name in zip(
            np.array(kinds)[sure], expected[sure], strict=True
        ):
            assert kind == f"nclib-vote-{name}"
        below = error < ndtr(-1 / s)
        assert wrong == [False, False, below, False, False]
        assert below == (ties == "correct")
    assert states[3][1][3] == "–"
    assert float(states[2][1][3]) < float(states[2][1][2])
