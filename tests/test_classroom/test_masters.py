"""What every problem set promises; the rules are in CONTRIBUTING.md."""

import re

from problem_sets import SETS, cells, every_set, mistakes


def graded(name, **wanted):
    """Cells whose nbgrader metadata agree with ``wanted``."""
    return [
        cell
        for cell in cells(name)
        if "nbgrader" in cell.metadata
        and all(cell.metadata.nbgrader[k] == v for k, v in wanted.items())
    ]


def test_there_are_five():
    assert SETS == ["ps1", "ps2", "ps3", "ps4", "ps5"]


@every_set
def test_twenty_points(name):
    tests = graded(name, grade=True, solution=False)
    written = graded(name, grade=True, solution=True)
    automatic = sum(cell.metadata.nbgrader.points for cell in tests)
    read = sum(cell.metadata.nbgrader.points for cell in written)
    assert automatic + read == 20
    assert 13 <= automatic <= 15
    # Partial work earns partial marks.
    assert len(tests) >= 6
    assert max(cell.metadata.nbgrader.points for cell in tests) <= 3
    assert len(written) >= 2
    assert all(cell.cell_type == "markdown" for cell in written)
    assert all("Marking" in cell.source for cell in written)
    promised = re.findall(
        r"^## .*\((?:easy|medium|hard)[^)]*?, (\d+) points?\)",
        "\n".join(c.source for c in cells(name) if c.cell_type == "markdown"),
        re.M,
    )
    assert sum(map(int, promised)) == 20
    assert 4 <= len(promised) <= 6


@every_set
def test_cells_of_nbgrader(name):
    ids = [cell.metadata.nbgrader.grade_id for cell in graded(name)]
    assert len(ids) == len(set(ids))
    assert all(id.startswith(f"{name}-") for id in ids)
    for cell in graded(name):
        grading = cell.metadata.nbgrader
        assert grading.schema_version == 3
        assert grading.locked == (not grading.solution)
    code = [cell for cell in cells(name) if cell.cell_type == "code"]
    assert all("nbgrader" in cell.metadata for cell in code)
    assert all(len(line) <= 79 for c in code for line in c.source.split("\n"))


@every_set
def test_students_write_the_core_themselves(name):
    for cell in graded(name, solution=True, grade=False):
        assert "### BEGIN SOLUTION" in cell.source
        assert "### END SOLUTION" in cell.source
        assert not re.search(r"\bnclib\b", cell.source)


@every_set
def test_checks_are_visible_and_hidden(name):
    tests = graded(name, grade=True, solution=False)
    for cell in tests:
        assert "assert" in cell.source.split("### BEGIN HIDDEN TESTS")[0]
    hidden = [c for c in tests if "### BEGIN HIDDEN TESTS" in c.source]
    assert len(hidden) >= len(tests) / 2
    # Drawn anew at every grading, and printed so that a failure can be seen
    # again.
    fresh = [c for c in hidden if "SeedSequence().entropy" in c.source]
    assert len(fresh) >= 3
    assert all(re.search(r"print\([^)]*seed", c.source) for c in fresh)


@every_set
def test_mistakes_lose_some_points_and_not_all(name):
    points = {
        cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.points
        for cell in graded(name, grade=True, solution=False)
    }
    answers = {
        cell.metadata.nbgrader.grade_id
        for cell in graded(name, grade=False, solution=True)
    }
    assert len(mistakes(name)) == 3
    for changed, marks in mistakes(name).values():
        assert changed and set(changed) <= answers
        assert set(marks) <= set(points)
        lost = [t for t, mark in marks.items() if mark < points[t]]
        # Partial work, partial marks.
        assert 0 < len(lost) < len(points)


@every_set
def test_hints_unfold_and_prose_is_plain_markdown(name):
    prose = [c.source for c in cells(name) if c.cell_type == "markdown"]
    text = "\n".join(prose)
    assert text.count("<details>") >= 3
    assert text.count("<details>") == text.count("</details>")
    assert not re.search(r"\{[\w:]+\}`|^:::|^```\{", text, re.M)
    assert re.search(r"\d+.{1,12}\d+ minutes", text)
