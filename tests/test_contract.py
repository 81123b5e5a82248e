"""The chapter contract of CONTRIBUTING.md."""

import ast
import re
import sys

import jupytext
import pytest
from helpers import BOOK, PAGES, directives

sys.path.insert(0, str(BOOK / "_ext"))
import statements

CHAPTERS = [
    page
    for pattern in (
        "theorem_*.md",
        "training_*.md",
        "phase_boundary.md",
        "other_designs.md",
        "sample_sizes.md",
        "your_network.md",
    )
    for page in sorted(BOOK.glob(pattern))
]
GLANCE = [
    "Question",
    "Answer",
    "In the paper",
    "Time to run",
    "You will be able to",
]
SECTIONS = [
    "Check it",
    "Where it breaks",
    "Exercises",
    "Check yourself",
    "Where to go next",
]
HIDDEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
MAX_LINES, MAX_COLUMNS = 25, 79


def option(body, name):
    match = re.search(rf"^:{name}:\s*(.+)$", body, re.M)
    return match and match.group(1).strip()


def code_cells(page):
    notebook = jupytext.read(page, fmt="md:myst")
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def figures(page):
    found = []
    for cell in code_cells(page):
        settings = cell.metadata.get("mystnb", {})
        if "figure" in settings:
            found.append((cell, settings["figure"], settings.get("image")))
    return found


def page_id(page):
    return page.stem


every_page = pytest.mark.parametrize("page", PAGES, ids=page_id)
every_chapter = pytest.mark.parametrize("page", CHAPTERS, ids=page_id)


@every_page
def test_header_and_title(page):
    notebook = jupytext.read(page, fmt="md:myst")
    assert page.read_text().startswith("---\njupytext:\n")
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    prose = [c.source for c in notebook.cells if c.cell_type == "markdown"]
    titles = re.findall(r"^# \S.*$", "\n".join(prose), re.M)
    assert len(titles) == 1, titles


@every_page
def test_cells_read_like_mathematics(page):
    for number, cell in enumerate(code_cells(page)):
        lines = cell.source.splitlines()
        where = f"cell {number}, starting {lines[0]!r}"
        wide = [line for line in lines if len(line) > MAX_COLUMNS]
        assert not wide, where
        if not HIDDEN & set(cell.metadata.get("tags", [])):
            assert len(lines) <= MAX_LINES, where


@every_page
def test_figures_have_label_caption_and_alternative_text(page):
    labels = []
    for _, figure, image in figures(page):
        labels.append(figure["name"])
        assert figure["name"].startswith("fig-")
        assert len(figure["caption"].split()) >= 5, figure["name"]
        assert image and len(image["alt"].split()) >= 5, figure["name"]
    assert len(labels) == len(set(labels))


@every_chapter
def test_at_a_glance(page):
    text = page.read_text()
    boxes = [
        body
        for title, body in directives(text, "admonition")
        if title == "At a glance"
    ]
    assert len(boxes) == 1
    assert option(boxes[0], "class") == "at-a-glance"
    entries = re.findall(r"^(\S.*)\n: +\S", boxes[0], re.M)
    assert entries == GLANCE
    assert text.index("At a glance") < text.index("{code-cell}")


@every_chapter
def test_states_the_papers_result(page):
    text = page.read_text()
    number = re.fullmatch(r"theorem_(\d+)", page.stem)
    statements = [
        option(body, "label")
        for kind in ("theorem", "definition", "proposition", "corollary")
        for _, body in directives(text, f"prf:{kind}")
    ]
    if number:
        assert f"thm-{number.group(1)}" in statements
    elif page.stem in ("phase_boundary", "sample_sizes", "other_designs"):
        assert statements


@every_page
def test_every_statement_says_whose_it_is(page):
    entries = statements.errata((BOOK / "errata.md").read_text())
    known = {entry.number for entry in entries}
    for kind in statements.KINDS:
        for title, body in directives(page.read_text(), f"prf:{kind}"):
            label = option(body, "label")
            own = statements.whose((option(body, "class") or "").split())
            of_the_paper = statements.paper_label(label)
            assert (own.kind == "ours") != of_the_paper, title
            # The printed form is there to compare with, and only then.
            printed = directives(body, "printed")
            assert len(printed) == (own.kind == "corrected"), title
            assert set(own.errata) <= known, title
            false = {
                entry.number
                for entry in entries
                if entry.weight == "Statements false as printed"
                and label in entry.labels
            }
            assert false <= set(own.errata), title


@every_chapter
def test_picture_before_proof(page):
    drawn = figures(page)
    assert drawn, "no figure"
    text = page.read_text()
    first = text.index(f"name: {drawn[0][1]['name']}")
    second_section = [m.start() for m in re.finditer(r"^## ", text, re.M)]
    assert len(second_section) < 2 or first < second_section[1]


@every_chapter
def test_sections(page):
    titles = re.findall(r"^## (.+)$", page.read_text(), re.M)
    wanted = list(SECTIONS)
    if page.stem.startswith("theorem_"):
        wanted.insert(2, "Sharper than the theorem")
    missing = [
        title
        for title in wanted
        if not any(found.startswith(title) for found in titles)
    ]
    assert not missing
    order = [
        min(i for i, found in enumerate(titles) if found.startswith(title))
        for title in wanted
    ]
    assert order == sorted(order)


@every_chapter
def test_measured_numbers_stand_in_the_prose(page):
    text = page.read_text()
    check = text[text.index("## Check it") :]
    assert re.search(r"\{glue:text\}`", check)
    glued = set(re.findall(r"glue\(\s*[\"']([\w-]+)[\"']", text))
    for cell in code_cells(page):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and (
                ast.unparse(node.func) == "ledger.numbers"
            ):
                names = [keyword.arg for keyword in node.keywords]
                # What nobody can read off the page cannot be checked.
                assert None not in names, "numbers(**...)"
                glued |= {name.replace("_", "-") for name in names}
    used = set(re.findall(r"\{glue:text\}`([\w-]+)(?::[^`]*)?`", text))
    assert used <= glued


@every_chapter
def test_a_cell_where_the_hypothesis_fails(page):
    text = page.read_text()
    section = text[text.index("## Where it breaks") :]
    section = section[: section.index("\n## ", 5)]
    assert "{code-cell}" in section


@every_chapter
def test_exercises_have_folded_solutions(page):
    text = page.read_text()
    exercises = [
        option(body, "label") for _, body in directives(text, "exercise")
    ]
    assert 2 <= len(exercises) <= 4
    solutions = directives(text, "solution") + directives(
        text, "solution-start"
    )
    assert sorted(name for name, _ in solutions) == sorted(exercises)
    assert all(option(body, "class") == "dropdown" for _, body in solutions)
    starts = len(directives(text, "solution-start"))
    assert starts == text.count("{solution-end}")


@every_page
def test_solutions_with_code_assert_what_they_show(page):
    parts = re.findall(
        r"^`+\{solution-start\} (\S+)\n(.*?)^`+\{solution-end\}",
        page.read_text(),
        re.M | re.S,
    )
    for name, part in parts:
        code = "\n".join(body for _, body in directives(part, "code-cell"))
        assert re.search(r"^\s*assert\b", code, re.M), name


@every_chapter
def test_quiz(page):
    text = page.read_text()
    section = text[text.index("\n## Check yourself\n") + 4 :]
    assert section[section.index("\n## ") :].startswith(
        "\n## Where to go next"
    )
    quizzes = [body for _, body in directives(text, "quiz")]
    assert len(quizzes) == 1 and quizzes[0] in section
    questions = re.findall(r"^- question:", quizzes[0], re.M)
    assert 3 <= len(questions) <= 4
    assert "\n  choices:" in quizzes[0] and "\n  answer:" in quizzes[0]


@every_chapter
def test_links_onward(page):
    text = page.read_text()
    end = text[text.index("## Where to go next") :]
    assert re.search(r"\{py:\w+\}`~?nclib\.|\]\(api\.md", end), "API"
    assert re.search(r"\]\((?!api|errata)\w+\.md\)", end), "next chapter"
    if (BOOK / "errata.md").exists():
        assert "](errata.md" in end, "errata"


def root(node):
    """The name that a chain of attributes, calls and indices starts with."""
    while not isinstance(node, ast.Name):
        node = getattr(node, "value", None) or getattr(node, "func", None)
        if node is None:
            return None
    return node.id


def origins(page):
    """Name to module, of all names that a page imports from nclib."""
    found = {}
    for cell in code_cells(page):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    name = alias.asname or alias.name
                    found[name] = f"{node.module}.{alias.name}"
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name] = alias.name
    return {
        name: origin
        for name, origin in found.items()
        if origin.split(".")[0] == "nclib"
    }


@every_page
def test_a_figure_cell_draws_and_nothing_else(page):
    known = origins(page)
    for cell, figure, _ in figures(page):
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(
                node,
                (ast.Assert, ast.FunctionDef, ast.Import, ast.ImportFrom),
            ), figure["name"]
            if not isinstance(node, ast.Call):
                continue
            code = ast.unparse(node.func)
            assert code not in ("print", "glue"), figure["name"]
            origin = known.get(root(node.func))
            if origin is not None:
                # What nclib computes, a cell before it computes.
                assert origin.startswith("nclib.figures"), code
                assert not code.endswith("run"), code
