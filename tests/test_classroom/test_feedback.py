"""What a student gets back can be read, offline, and does nothing."""

import re
from xml.etree import ElementTree

import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)
from problem_sets import cells, every_set

from classroom.feedback import page, total

MATHML = "{http://www.w3.org/1998/Math/MathML}"


def graded(cell, name):
    cell.metadata["nbgrader"] = dict(grade_id=name)
    return cell


def show(*cells, grades=(), comments=()):
    return page(
        new_notebook(cells=list(cells)),
        dict(grades),
        dict(comments),
        "Problem set 9",
        "Ada",
    )


def test_marks_by_exercise():
    shown = show(
        new_markdown_cell("## 1 Means"),
        graded(new_code_cell("check"), "t"),
        new_markdown_cell("## 2 Proof"),
        graded(new_markdown_cell("because"), "w"),
        grades={"t": (1.5, 2, False), "w": (0, 3, True)},
        comments={"w": "see *page 3*"},
    )
    assert '<html lang="en">' in shown
    assert (
        "1.5 of 2 points; 1 written answer for 3 more not yet read." in shown
    )
    assert re.findall(r'scope="row">(.*?)</th><td>(.*?)</td>', shown) == [
        ("1 Means", '<a href="#t">1.5 of 2</a>'),
        ("2 Proof", '<a href="#w">not yet read, 3 points</a>'),
    ]
    assert "see <em>page 3</em>" in shown
    assert 'id="t"' in shown and 'id="w"' in shown


def test_all_read():
    grades = {"t": (1, 2, False), "w": (3, 3, False)}
    assert total(grades) == "4 of 5 points."


@every_set
def test_every_formula_of_a_problem_set_is_shown(name):
    shown = show(*cells(name))
    formulas = re.findall(r"<math.*?</math>", shown, re.S)
    assert len(formulas) > 50
    for formula in formulas:
        assert ElementTree.fromstring(formula).tag == f"{MATHML}math"
    # Nothing is loaded from anywhere.
    assert not re.search(r"<(script|link)|src=\"(?!data:)|url\(", shown)
    prose = re.sub(r"<(pre|code|math).*?</\1>", "", shown, flags=re.S)
    assert "$" not in prose


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        '<img src="http://a.b/c" onerror="alert(1)">',
        "[x](javascript:alert(1))",
        "![x](http://a.b/c.png)",
        r"$\text{<script>alert(1)</script>}$",
        r"$\text{</math><img src=x onerror=alert(1)>}$",
        r"$\href{javascript:alert(1)}{x}$",
        '$\\text{<meta\thttp-equiv="refresh"\tcontent="0;url=http://a.b"/>}$',
        '$\\text{<marquee\tclass="mark">x</marquee>}$',
        '$\\text{<mtext\tstyle="position:fixed">x</mtext>}$',
        "$x <script>alert(1)</script> y$",
        '<a href="#" onclick="alert(1)" style="position:fixed">x</a>',
        "<iframe src=http://a.b></iframe><style>*{display:none}</style>",
        "\ue0000\ue001 <details open ontoggle=alert(1)>",
    ],
)
@pytest.mark.parametrize("kind", ["markdown", "code", "comment"])
def test_nothing_that_was_written_runs(source, kind):
    output = [
        new_output("stream", name="stdout", text=source),
        new_output("display_data", data={"text/html": source}),
        new_output("execute_result", data={"text/plain": source}),
        new_output("error", ename=source, evalue=source, traceback=[source]),
        new_output(
            "display_data", data={"image/png": '"><script>alert(1)</script>'}
        ),
    ]
    cell = {
        "markdown": new_markdown_cell(source),
        "code": new_code_cell(source, outputs=output),
        "comment": graded(new_code_cell("1"), "t"),
    }[kind]
    shown = show(cell, comments={"t": source})
    body = shown[shown.index("<body>") :]
    for tag in re.findall(r"<[^>]*>", body):
        assert not re.match(
            r"</?(script|iframe|style|link|object|meta|marquee)", tag
        )
        assert not re.search(r"\son\w+=|javascript:|style=|http://a", tag)


def test_pictures_are_shown():
    bundle = {"image/png": "aGVsbG8="}
    shown = show(
        new_markdown_cell("see", attachments={"a.png": bundle}),
        new_code_cell("plot", outputs=[new_output("display_data", bundle)]),
    )
    assert shown.count('src="data:image/png;base64,aGVsbG8="') == 2


def test_a_formula_that_is_none():
    shown = show(new_markdown_cell(r"so $\begin{x} a \end{y}$ holds"))
    assert r"so <code>\begin{x} a \end{y}</code> holds" in shown


def test_a_name_with_markup():
    shown = page(new_notebook(), {}, {}, "<b>", "<script>")
    assert "<script>" not in shown and "<h1>&lt;b&gt;" in shown
