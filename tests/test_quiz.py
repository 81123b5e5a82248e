"""Quizzes: every typed number is computed, every page is well formed."""

import sys
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest
from sphinx.cmd.build import build_main
from test_contract import BOOK, PAGES, directives

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
    arguments = ["-q", "-W", "-b", "html", str(folder), str(folder / "out")]
    return build_main(arguments)


class Elements(HTMLParser):
    """All start tags as (tag, attributes, open tags around it)."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes), tuple(self.open)))
        if tag not in ("input", "link", "meta", "br", "img", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def all(self, tag, inside="form"):
        return [
            a
            for t, a, around in self.found
            if t == tag and (inside in around or tag == inside)
        ]


def test_page(tmp_path, capsys):
    assert build(tmp_path, GOOD) == 0, capsys.readouterr().err
    text = (tmp_path / "out/index.html").read_text()
    page = Elements(text)
    ids = [a["id"] for _, a, _ in page.found if a.get("id")]
    assert len(ids) == len(set(ids))

    forms = [f for f in page.all("form") if f.get("class") == "quiz"]
    assert [form["id"] for form in forms] == [
        "quiz-1-1",
        "quiz-1-2",
        "quiz-2-1",
        "quiz-2-2",
    ]
    assert all(form["method"] == "dialog" for form in forms)
    for tag in ("fieldset", "legend", "button", "details", "summary"):
        assert len(page.all(tag, "fieldset")) == len(forms), tag

    inputs = page.all("input", "fieldset")
    labels = [label["for"] for label in page.all("label", "fieldset")]
    assert [box["id"] for box in inputs] == labels
    radios = [box for box in inputs if box["type"] == "radio"]
    assert [(r["name"], r["value"]) for r in radios] == [
        ("quiz-1-1", "a"),
        ("quiz-1-1", "b"),
        ("quiz-2-1", "a"),
        ("quiz-2-1", "b"),
    ]
    typed = [box for box in inputs if box["type"] == "text"]
    assert [box["inputmode"] for box in typed] == ["decimal"] * 2

    regions = [a for a in page.all("div", "fieldset") if "role" in a]
    assert [(a["role"], a["aria-live"]) for a in regions] == [
        ("status", "polite")
    ] * len(forms)
    whys = [
        a for a in page.all("div", "details") if a.get("class") == "quiz-why"
    ]
    assert [w["data-answer"] for w in whys[:4]] == ["a", "b", "0.5", "2"]
    assert ["data-right" in w for w in whys[:4]] == [True, False] * 2
    # Markdown inside: math, and a reference that was resolved.
    assert text.count('internal" href="#equation-eq-sample"') == 2
    assert text.count(r"\(\frac12\)") == 2


def test_a_malformed_quiz_fails_the_build(tmp_path, capsys):
    assert build(tmp_path, GOOD.replace("  why: By counting.\n", "")) != 0
    assert "index, question 2: missing why" in capsys.readouterr().err


def test_script_knows_the_page():
    script = (BOOK / "_static/quiz.js").read_text(encoding="utf-8")
    source = (BOOK / "_ext/quiz.py").read_text(encoding="utf-8")
    for name in ("quiz-status", "quiz-why"):
        assert f'".{name}"' in script and f'"{name}"' in source
    assert "fetch" not in script and "Storage" not in script
    assert '"quiz.js"' in (BOOK.parent / "_config.yml").read_text()
