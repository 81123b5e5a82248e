"""Quizzes: every typed number is computed, every page is well formed."""

import json
import sys
from collections import Counter

import numpy as np
import pytest
from helpers import (
    BOOK,
    PAGES,
    directives,
    needs_node,
    operate,
    parse,
    sphinx,
)

import nclib
import nclib.bounds
import nclib.kernels

sys.path.insert(0, str(BOOK / "_ext"))
import quiz

QUIZZES = [
    (page.stem, body)
    for page in [*PAGES, BOOK.parent / "CONTRIBUTING.md"]
    for _, body in directives(page.read_text(), "quiz")
]
GOOD = r"""
- question: Is $a \le b$, as in {eq}`eq-sample`?
  choices:
    - text: Yes.
      right: true
      why: |
        Because

        $$
        a = b .
        $$
    - text: No.
      why: Look again.
- question: How much is $\frac12$?
  answer: 0.5
  check: np.divide(1, 2)
  why: By counting.
  traps:
    - answer: 2
      why: The other way round.
"""


def numbers():
    """(page, typed answer, expression) of answers and traps."""
    return [
        (page, item["answer"], item["check"])
        for page, body in QUIZZES
        for question in quiz.questions(body, page)
        for item in (question, *question.get("traps", []))
        if "check" in item
    ]


@pytest.mark.parametrize("page, answer, check", numbers())
def test_typed_numbers_are_computed(page, answer, check):
    # Rounded to the digits that stand on the page, nothing is left over.
    value = eval(check, {"np": np, "nclib": nclib})
    digits = len(str(answer).partition(".")[2])
    assert round(float(value), digits) == answer


def test_right_choices_are_not_all_in_one_place():
    places = Counter(
        ["right" in choice for choice in question["choices"]].index(True)
        for page, body in QUIZZES
        for question in quiz.questions(body, page)
        if "choices" in question
    )
    assert max(places.values()) < 0.5 * sum(places.values())


def test_tolerance():
    known = dict(answer=0.5, within=0.01)
    assert quiz.near(0.504, known) and not quiz.near(0.506, known)
    assert quiz.near(0.005, dict(answer=0, within=0.01))
    assert quiz.near(10, dict(answer=10, within=0))


@pytest.mark.parametrize(
    "old, new, complaint",
    [
        ("      right: true\n", "", "question 1: 0 right choices"),
        ("Look again.", "Look.\n      right: true", "2 right choices"),
        ("right: true", "right: false", "1a: right cannot be False"),
        ("      why: Look again.\n", "", "question 1b: missing why"),
        ("  why: By counting.\n", "", "question 2: missing why"),
        ("  check: np.divide(1, 2)\n", "", "question 2: missing check"),
        ("answer: 0.5", "answer: about half", "answer cannot be 'about"),
        ("answer: 0.5", "answer: true", "answer cannot be True"),
        ("answer: 2", "answer: 0.501", "0.501 is no trap"),
        ("text: No.", "text: ''", "question 1b: text cannot be ''"),
        ("  check:", "  hint: no\n  check:", "2: unknown key 'hint'"),
        ("text: No.", "text: No: no.", "sample: mapping values"),
        (GOOD, "just words", "not a list of questions"),
        (GOOD, "- one", "question 1: expected a mapping"),
    ],
)
def test_malformed_quizzes_are_refused(old, new, complaint):
    assert GOOD.count(old) == 1
    with pytest.raises(quiz.QuizError, match="^sample") as refused:
        quiz.questions(GOOD.replace(old, new), "sample")
    assert complaint in str(refused.value)


def build(folder, body):
    (folder / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(BOOK / '_ext')!r})\n"
        "extensions = ['myst_parser', 'quiz']\n"
        "myst_enable_extensions = ['dollarmath']\n"
    )
    (folder / "index.md").write_text(
        f"# A page\n\n$$\na = b\n$$ (eq-sample)\n\n"
        f"```{{quiz}}{body}```\n\n```{{quiz}}{body}```\n"
    )
    return sphinx(folder, folder / "out", "-W")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The HTML of a page that has the good quiz twice."""
    folder = tmp_path_factory.mktemp("quiz")
    assert build(folder, GOOD) == 0
    return (folder / "out/index.html").read_text(encoding="utf-8")


def test_page(page):
    page = parse(page)
    ids = [e.attributes["id"] for e in page.all() if e.attributes.get("id")]
    assert len(ids) == len(set(ids))

    forms = [f for f in page.all("form") if f.attributes["class"] == "quiz"]
    assert [form.attributes["id"] for form in forms] == [
        "quiz-1-1",
        "quiz-1-2",
        "quiz-2-1",
        "quiz-2-2",
    ]
    for form in forms:
        assert form.attributes["method"] == "dialog"
        (box,) = form.all("fieldset")
        for tag in ("legend", "button", "details", "summary"):
            assert len(list(box.all(tag))) == 1, tag
        question = form.attributes["id"].rpartition("-")[2]
        (button,) = box.all("button")
        assert button.attributes["aria-label"] == f"Check question {question}"
        (status,) = [d for d in box.all("div") if "role" in d.attributes]
        assert status.attributes["role"] == "status"
        assert status.attributes["aria-live"] == "polite"
        inputs = [i.attributes for i in box.all("input")]
        labels = [label.attributes["for"] for label in box.all("label")]
        assert [i["id"] for i in inputs] == labels
        if form.attributes["id"].endswith("-1"):
            assert [i["value"] for i in inputs] == ["a", "b"]
            assert {i["type"] for i in inputs} == {"radio"}
            # Radio buttons of one question exclude each other.
            assert {i["name"] for i in inputs} == {form.attributes["id"]}
        else:
            assert [(i["type"], i["inputmode"]) for i in inputs] == [
                ("text", "decimal")
            ]

    whys = [
        [
            div.attributes
            for div in form.all("div")
            if div.attributes.get("class") == "quiz-why"
        ]
        for form in forms[:2]
    ]
    answers = [[w["data-answer"] for w in group] for group in whys]
    assert answers == [["a", "b"], ["0.5", "2"]]
    assert [["data-right" in w for w in group] for group in whys] == [
        [True, False]
    ] * 2
    # Markdown inside: math, and a reference that was resolved.
    links = [a.attributes["href"] for f in forms for a in f.all("a")]
    assert links == ["#equation-eq-sample"] * 2
    assert sum(r"\(\frac12\)" in form.text for form in forms) == 2


@needs_node
@pytest.mark.parametrize(
    "typed, shown",
    [
        ("0.5", "0.5"),
        ("0,5", "0.5"),
        (" 1/2 ", "0.5"),
        ("5e-1", "0.5"),
        (".504", "0.5"),
        ("2", "2"),
        ("+2.01", "2"),
        ("−0.5", None),
        ("0.506", None),
        ("1/2/1", None),
        ("half", None),
        ("", None),
    ],
)
def test_a_typed_number_gets_its_explanation(page, typed, shown):
    found = operate(
        "quiz.js",
        page,
        f"""
        const form = document.querySelectorAll("form.quiz")[1];
        form.querySelector("input[type=text]").value = {json.dumps(typed)};
        form.dispatch("submit");
        return form.querySelectorAll(".quiz-shown").map(
          (why) => why.dataset.answer);
        """,
    )
    assert found == ([] if shown is None else [shown])


@needs_node
def test_a_second_miss_gives_the_answer_away(page):
    steps = operate(
        "quiz.js",
        page,
        """
        const form = document.querySelectorAll("form.quiz")[1];
        const typed = form.querySelector("input[type=text]");
        return ["what?", "7", "8"].map((value) => {
          typed.value = value;
          typed.dispatch("input");
          const sent = form.dispatch("submit");
          const shown = form.querySelectorAll(".quiz-shown");
          const message = form.querySelector(".quiz-status").querySelector(
            "p").textContent;
          return [sent, message, shown.map((why) => why.dataset.answer)];
        });
        """,
    )
    # Nothing is ever sent. What is no number is no miss.
    assert [sent for sent, *_ in steps] == [False] * 3
    assert steps[0][1].startswith("Type a number")
    assert steps[1][1].endswith("Try again.")
    assert [shown for *_, shown in steps] == [[], [], ["0.5"]]


@needs_node
def test_a_choice_gets_its_explanation_until_another_is_made(page):
    steps = operate(
        "quiz.js",
        page,
        """
        const form = document.querySelectorAll("form.quiz")[2];
        const boxes = form.querySelectorAll("input");
        const status = form.querySelector(".quiz-status");
        const state = () => [
          status.querySelector("p").textContent,
          form.querySelectorAll(".quiz-shown").map((w) => w.dataset.answer),
        ];
        const steps = [form.querySelectorAll("details").length,
                       form.querySelector("button").hidden];
        form.dispatch("submit");
        steps.push(state());
        for (const box of boxes) {
          for (const other of boxes) other.checked = other === box;
          box.dispatch("input");
          steps.push(state());
          form.dispatch("submit");
          steps.push(state());
        }
        return steps;
        """,
    )
    assert steps == [
        0,
        False,
        ["Choose an answer first.", []],
        ["", []],
        ["", ["a"]],
        ["", []],
        ["", ["b"]],
    ]


def test_a_malformed_quiz_fails_the_build(tmp_path, capfd):
    assert build(tmp_path, GOOD.replace("  why: By counting.\n", "")) != 0
    assert "index, question 2: missing why" in capfd.readouterr().err
