"""Right work gets its marks, however it arrives; the rest is named."""

import copy
import csv

import nbformat
import pytest
from problem_sets import cells, solutions
from what_arrives import ALL, CONFINED, FIRST, FOLDERS, KINDS, put, text

from classroom.grading import Limits, grade
from classroom.sandbox import landlock_missing

NAME = "ps2"
GRADINGS = [cell.metadata.get("nbgrader", {}) for cell in cells(NAME)]
AUTOMATIC = {
    g["grade_id"]: g["points"]
    for g in GRADINGS
    if g.get("grade") and not g["solution"]
}
WRITTEN = sum(bool(g.get("grade") and g["solution"]) for g in GRADINGS)


def first_checks():
    found = []
    for g in GRADINGS[
        [bool(g.get("solution")) for g in GRADINGS].index(True) + 1 :
    ]:
        if g.get("solution"):
            return found
        if g.get("grade"):
            found.append(g["grade_id"])


LOST = {
    None: 0,
    ALL: sum(AUTOMATIC.values()),
    FIRST: sum(AUTOMATIC[name] for name in first_checks()),
}


@pytest.fixture
def notebooks(course):
    path = course / "release" / NAME / f"{NAME}.ipynb"
    blank = nbformat.read(path, as_version=4)
    solved, given = copy.deepcopy(blank), solutions(NAME)
    for cell in solved.cells:
        id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = given.get(id, cell.source)
    return lambda: (copy.deepcopy(solved), copy.deepcopy(blank))


def check(kinds, folder, course, notebooks):
    for name, (write, _) in kinds.items():
        write(folder / name, *notebooks())
    rows = grade(folder, course, [NAME], Limits(20, 100, 4.0), progress=False)
    rows = {row["student"]: row for row in rows}
    assert set(rows) == set(kinds)
    wrong = []
    for name, (_, expected) in kinds.items():
        row = rows[name]
        left = WRITTEN if expected.to_read is None else expected.to_read
        full = sum(AUTOMATIC.values())
        if (
            row["status"] != expected.status
            or row["automatic"] != full - LOST[expected.lost]
            or row["to_read"] != left
            or expected.note not in row["note"]
            or not (
                expected.note or row["status"] != "graded" or not row["note"]
            )
        ):
            wrong.append((name, expected, row))
    assert not wrong, "\n".join(map(str, wrong))


def test_a_few_of_each(course, notebooks, tmp_path):
    chosen = (
        "name-3",
        "archive-with-folders",
        "link",
        "printed",
        "every-answer-typed-again",
        "written-below-the-stub",
    )
    check({name: KINDS[name] for name in chosen}, tmp_path, course, notebooks)


@pytest.mark.teaching
def test_every_kind(course, notebooks, tmp_path):
    assert len(KINDS) >= 60
    check(KINDS, tmp_path, course, notebooks)


@pytest.mark.teaching
@pytest.mark.skipif(
    landlock_missing() is not None, reason=f"{landlock_missing()}"
)
def test_what_only_a_system_that_confines_can_stop(
    course, notebooks, tmp_path
):
    check(CONFINED, tmp_path, course, notebooks)


@pytest.mark.teaching
def test_names_of_folders(course, notebooks, tmp_path):
    for name in FOLDERS:
        solved, _ = notebooks()
        put(tmp_path / name, "ps2.ipynb", text(solved))
    rows = grade(tmp_path, course, progress=False)
    assert {row["student"] for row in rows} == {
        name.partition("_81_")[0] for name in FOLDERS
    }
    assert {row["automatic"] for row in rows} == {sum(AUTOMATIC.values())}
    with open(course / "grades.csv", encoding="utf-8", newline="") as file:
        for line in csv.reader(file):
            assert not any(
                cell.startswith(("=", "+", "-", "@")) for cell in line
            )
