"""Self-check quizzes: ``{quiz}``, a list of questions in YAML.

A question has either ``choices``, one of them ``right``, or a number as its
``answer``, with a Python expression ``check`` that yields it.  All texts are
Markdown.  The page holds every explanation, in a closed box; ``quiz.js``
makes the box an answer to a click.  CONTRIBUTING.md shows the format, and
tests/test_quiz.py evaluates the checks.
"""

import math
from string import ascii_lowercase

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.errors import SphinxError
from sphinx.util.docutils import SphinxDirective

WITHIN = 0.01  # of the answer, where a question does not say


class QuizError(SphinxError):
    category = "Malformed quiz"


def read(what, mapping, needed, optional=()):
    """The mapping, if it has these keys and each value has its kind."""
    if not isinstance(mapping, dict):
        raise QuizError(f"{what}: expected a mapping, got {mapping!r}")
    if missing := sorted(set(needed) - set(mapping)):
        raise QuizError(f"{what}: missing {', '.join(missing)}")
    for key, value in mapping.items():
        if key not in (*needed, *optional):
            raise QuizError(f"{what}: unknown key {key!r}")
        if key in ("question", "text", "why", "check"):
            good = isinstance(value, str) and value.strip()
        elif key in ("answer", "within"):
            good = type(value) in (int, float) and math.isfinite(value)
        elif key == "right":
            good = value is True
        else:
            good = isinstance(value, list) and value
        if not good:
            raise QuizError(f"{what}: {key} cannot be {value!r}")
    return mapping


def lettered(choices):
    return zip(ascii_lowercase, choices, strict=False)


def near(number, question):
    """Is the number right, up to the tolerance of the question?"""
    answer = question["answer"]
    return abs(number - answer) <= question["within"] * (abs(answer) or 1)


def questions(body, page="quiz"):
    """The questions of a quiz; QuizError says which is wrong, and why."""
    try:
        found = yaml.safe_load(body)
    except yaml.YAMLError as error:
        raise QuizError(f"{page}: {error}") from error
    if not isinstance(found, list) or not found:
        raise QuizError(f"{page}: not a list of questions")
    for number, question in enumerate(found, 1):
        what = f"{page}, question {number}"
        if isinstance(question, dict) and "choices" in question:
            read(what, question, ("question", "choices"))
            for letter, choice in lettered(question["choices"]):
                read(f"{what}{letter}", choice, ("text", "why"), ("right",))
            right = sum("right" in choice for choice in question["choices"])
            if right != 1:
                raise QuizError(f"{what}: {right} right choices, not one")
        else:
            read(
                what,
                question,
                ("question", "answer", "check", "why"),
                ("within", "traps"),
            )
            question.setdefault("within", WITHIN)
            for trap in question.setdefault("traps", []):
                read(f"{what}, trap", trap, ("answer", "why"), ("check",))
                if near(trap["answer"], question):
                    raise QuizError(f"{what}: {trap['answer']} is no trap")
    return found


class quiz_element(nodes.General, nodes.Element):
    """An HTML element; other builders see its contents only."""


class quiz_text(nodes.General, nodes.TextElement):
    """The same for elements that hold text, among it references."""


def tag(name, /, *children, ids=(), classes=(), **given):
    kind = quiz_text if name in ("legend", "label") else quiz_element
    node = kind(ids=list(ids), classes=list(classes), tag=name, given=given)
    node += children
    return node


def visit(self, node):
    start = self.starttag(node, node["tag"], "", **node["given"])
    self.body.append(start)


def depart(self, node):
    if node["tag"] != "input":
        self.body.append(f"</{node['tag']}>\n")


class QuizDirective(SphinxDirective):
    has_content = True

    def run(self):
        found = questions("\n".join(self.content), self.env.docname)
        quiz = f"quiz-{self.env.new_serialno('quiz') + 1}"
        return [
            self.form(question, number, f"{quiz}-{number}")
            for number, question in enumerate(found, 1)
        ]

    def form(self, question, number, name):
        self.what = f"{self.env.docname}, question {number}"
        legend = self.inline(f"**{number}.** {question['question']}")
        box = tag("fieldset", tag("legend", *legend))
        whys = tag("details", tag("summary", nodes.Text(f"Answer {number}")))
        parts = self.choices if "choices" in question else self.number
        parts(question, name, box, whys)
        box += tag(
            "button",
            nodes.Text("Check"),
            type="submit",
            hidden="",
            classes=["btn", "btn-sm"],
            **{"aria-label": f"Check question {number}"},
        )
        box += tag(
            "div",
            classes=["quiz-status"],
            role="status",
            **{"aria-live": "polite", "aria-atomic": "true"},
        )
        box += whys
        # Outside of a dialog a form of this method is never sent.
        return tag("form", box, ids=[name], classes=["quiz"], method="dialog")

    def choices(self, question, name, box, whys):
        for letter, choice in lettered(question["choices"]):
            at, right = f"{name}-{letter}", "right" in choice
            text = self.inline(f"{letter}\\. {choice['text']}")
            box += tag(
                "div",
                tag("input", ids=[at], type="radio", name=name, value=letter),
                tag("label", *text, **{"for": at}),
                classes=["quiz-choice"],
            )
            whys += self.why(choice["why"], letter, right)

    def number(self, question, name, box, whys):
        at = f"{name}-number"
        box["given"]["data-within"] = question["within"]
        box += tag(
            "div",
            tag("label", nodes.Text("Your answer"), **{"for": at}),
            tag(
                "input",
                ids=[at],
                type="text",
                inputmode="decimal",
                autocomplete="off",
                size=9,
            ),
            classes=["quiz-number"],
        )
        whys += self.why(question["why"], question["answer"], True)
        for trap in question["traps"]:
            whys += self.why(trap["why"], trap["answer"], False)

    def parse(self, text):
        holder = nodes.Element()
        lines = StringList(text.splitlines(), self.get_source_info()[0])
        self.state.nested_parse(lines, self.content_offset, holder)
        return holder.children

    def inline(self, text):
        blocks = self.parse(text)
        if [type(block) for block in blocks] != [nodes.paragraph]:
            raise QuizError(f"{self.what}: not one paragraph: {text!r}")
        return blocks[0].children

    def why(self, text, answer, right):
        head = "✓ Right" if right else "✗ Not right"
        blocks = self.parse(f"**{head}: {answer}.** {text}")
        given = {"data-answer": answer} | ({"data-right": ""} if right else {})
        return tag("div", *blocks, classes=["quiz-why"], **given)


def setup(app):
    contents = (lambda self, node: None,) * 2
    for node in (quiz_element, quiz_text):
        app.add_node(node, html=(visit, depart), latex=contents, text=contents)
    app.add_directive("quiz", QuizDirective)
    return {"version": "1", "parallel_read_safe": True}
