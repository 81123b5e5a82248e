"""Every submission gets the marks it deserves, whatever it does.

A part runs in `make test`; `make test-teaching` grades every problem set.
"""

import csv
import json
import os

import pytest
from nbgrader.api import Gradebook
from problem_sets import SETS, cells, every_set, mistakes, solutions

from classroom.course import gradebook
from classroom.grading import COLUMNS, Limits, grade
from classroom.sandbox import landlock_missing

# Cells of a solved set take seconds; these are for those that hang.
SHORT = Limits(cell=20, notebook=100, memory=4.0)


def points(name, solution=False):
    """Points of the automatic cells, or of the written ones."""
    gradings = [cell.metadata.get("nbgrader", {}) for cell in cells(name)]
    return {
        g["grade_id"]: g["points"]
        for g in gradings
        if g.get("grade") and g["solution"] == solution
    }


def automatic(course, student, name):
    """Marks of the automatic cells in the gradebook."""
    with Gradebook(gradebook(course), "nclib") as book:
        found = book.find_submission_notebook(name, name, student)
        return {
            g.name: g.auto_score
            for g in found.grades
            if g.name in points(name)
        }


def by_student(rows):
    return {row["student"]: row for row in rows}


def check_full_marks(course, hand_in, folder, name):
    student = f"perfect-{name}"
    hand_in(folder, student, name)
    (row,) = grade(folder, course, progress=False)
    full = sum(points(name).values())
    assert automatic(course, student, name) == points(name)
    assert row["status"] == "graded" and row["note"] == ""
    assert row["automatic"] == row["automatic_max"] == full
    # A person reads what is written.
    assert row["to_read"] == len(points(name, solution=True))
    assert row["written"] == 0
    assert row["automatic_max"] + row["written_max"] == row["max"] == 20
    feedback = course / "feedback" / student / name / f"{name}.html"
    assert f"{full:g}" in feedback.read_text(encoding="utf-8")


def test_a_perfect_submission_gets_full_marks(course, hand_in, tmp_path):
    check_full_marks(course, hand_in, tmp_path, "ps2")


@pytest.mark.teaching
@every_set
def test_perfect_submissions(course, hand_in, tmp_path, name):
    check_full_marks(course, hand_in, tmp_path, name)


def test_nothing_for_nothing(course, hand_in, tmp_path):
    for name in SETS:
        hand_in(tmp_path / name, f"empty-{name}", name, blank=True)
        (row,) = grade(tmp_path / name, course, progress=False)
        assert set(automatic(course, f"empty-{name}", name).values()) == {0}
        assert row["status"] == "graded"
        # An untouched written answer needs no reader.
        assert row["total"] == row["to_read"] == 0


@pytest.mark.teaching
@every_set
def test_typical_wrong_answers(course, hand_in, tmp_path, name):
    students = {}
    for number, (answers, marks) in enumerate(mistakes(name).values()):
        student = f"wrong-{name}-{number}"
        hand_in(tmp_path, student, name, answers)
        students[student] = {**points(name), **marks}
    rows = by_student(grade(tmp_path, course, progress=False))
    for student, expected in students.items():
        assert automatic(course, student, name) == expected
        assert rows[student]["automatic"] == sum(expected.values())


def answer_cells(name):
    """Code answers in order; after each its automatic cells, if any."""
    found, current = {}, None
    for cell in cells(name):
        grading = cell.metadata.get("nbgrader", {})
        if grading.get("solution") and cell.cell_type == "code":
            current = found.setdefault(grading["grade_id"], [])
        elif grading.get("grade") and not grading["solution"]:
            current.append(grading["grade_id"])
    return found


FIRST = next(iter(answer_cells("ps2")))
LOST = {test: 0 for test in answer_cells("ps2")[FIRST]}
DELETING = """
import os, shutil
for place in ("..", {course!r}, os.path.expanduser("~"), "."):
    shutil.rmtree(place, ignore_errors=True)
"""
# What a cell is, and the marks lost with it.
HOSTILE = {
    "loops": ("while True:\n    pass", LOST),
    "cannot-be-interrupted": (
        "while True:\n    try:\n        while True:\n            pass\n"
        "    except BaseException:\n        pass",
        dict.fromkeys(points("ps2"), 0),
    ),
    "takes-memory": ("x = b'x' * (40 * 2**30)", LOST),
    "ends-the-kernel": (
        "import os\nos._exit(1)",
        dict.fromkeys(points("ps2"), 0),
    ),
    "exits": ("raise SystemExit", LOST),
    "prints-megabytes": (
        "for _ in range(200):\n    print('x' * 99_999)",
        LOST,
    ),
    "warns": ("import sys\nprint('oh', file=sys.stderr)", LOST),
    "is-no-python": ("def def", LOST),
}


def run_hostile(course, hand_in, folder, names):
    hand_in(folder, "good", "ps2")
    for name in names:
        source, _ = HOSTILE[name]
        hand_in(folder, name, "ps2", {FIRST: source})
    rows = by_student(grade(folder, course, limits=SHORT, progress=False))
    for name in names:
        expected = {**points("ps2"), **HOSTILE[name][1]}
        assert automatic(course, name, "ps2") == expected, name
        assert rows[name]["status"] == "graded"
    assert automatic(course, "good", "ps2") == points("ps2")
    return rows


def test_cells_that_take_memory_or_end_the_kernel(course, hand_in, tmp_path):
    rows = run_hostile(
        course, hand_in, tmp_path, ["takes-memory", "ends-the-kernel"]
    )
    assert "too much memory" in rows["takes-memory"]["note"]
    assert "ended the kernel" in rows["ends-the-kernel"]["note"]


@pytest.mark.teaching
def test_every_hostile_cell(course, hand_in, tmp_path):
    rows = run_hostile(course, hand_in, tmp_path, list(HOSTILE))
    assert "too long" in rows["loops"]["note"]
    assert "too long" in rows["cannot-be-interrupted"]["note"]
    graded = course / "autograded" / "prints-megabytes" / "ps2" / "ps2.ipynb"
    assert graded.stat().st_size < 2**20


@pytest.mark.teaching
def test_printing_or_warning_beside_a_right_answer(course, hand_in, tmp_path):
    right = solutions("ps2")[FIRST]
    for name in ("prints-megabytes", "warns"):
        hand_in(
            tmp_path,
            f"right-{name}",
            "ps2",
            {FIRST: right + "\n" + HOSTILE[name][0]},
        )
    rows = grade(tmp_path, course, progress=False)
    assert [row["automatic"] for row in rows] == [
        sum(points("ps2").values())
    ] * 2


@pytest.mark.skipif(
    landlock_missing() is not None, reason=f"{landlock_missing()}"
)
def test_deleting_files_deletes_nothing(course, hand_in, tmp_path):
    source = DELETING.format(course=str(course))
    hand_in(tmp_path / "in", "deletes", "ps2", {FIRST: source})
    grade(tmp_path / "in", course, progress=False)
    expected = {**points("ps2"), **LOST}
    # Its own data went with its own folder.
    marks = automatic(course, "deletes", "ps2")
    assert all(marks[t] in (expected[t], 0) for t in expected)
    assert (tmp_path / "in" / "deletes" / "ps2.ipynb").exists()
    assert (course / "submitted" / "deletes" / "ps2" / "ps2.ipynb").exists()
    assert (course / "gradebook.db").exists()


def edited(notebook):
    """All checks pass, one is gone, one is copied, one is worth 99."""
    checks = [
        cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
        and cell.cell_type == "code"
    ]
    for cell in checks:
        cell.source = "pass"
        cell.metadata.nbgrader["points"] = 99
    notebook.cells.remove(checks[0])
    notebook.cells.append(checks[1])


def test_editing_the_checks_changes_nothing(course, hand_in, tmp_path):
    hand_in(tmp_path, "edits", "ps2", {FIRST: "0"}, edit=edited)
    (row,) = grade(tmp_path, course, progress=False)
    expected = {**points("ps2"), **LOST}
    assert automatic(course, "edits", "ps2") == expected
    assert row["max"] == 20


def without_metadata(notebook):
    for cell in notebook.cells:
        cell.metadata.clear()


def another(notebook):
    """A notebook of another course."""
    for cell in notebook.cells:
        cell.metadata.clear()
        cell.source = f"not {cell.source}"


def test_missing_and_unreadable(course, hand_in, tmp_path):
    hand_in(tmp_path, "stripped", "ps2", edit=without_metadata)
    hand_in(tmp_path, "strange", "ps2", edit=another)
    (tmp_path / "missing").mkdir()
    (tmp_path / "missing" / "ps2.pdf").write_bytes(b"%PDF")
    for student, content in (("cut", b'{"cells": ['), ("nothing", b"")):
        (tmp_path / student).mkdir()
        (tmp_path / student / "ps2.ipynb").write_bytes(content)
    rows = by_student(grade(tmp_path, course, progress=False))
    assert {s: row["status"] for s, row in rows.items()} == {
        "stripped": "graded",
        "strange": "unreadable",
        "missing": "missing",
        "cut": "unreadable",
        "nothing": "unreadable",
    }
    assert automatic(course, "stripped", "ps2") == points("ps2")
    assert "typed again" in rows.pop("stripped")["note"]
    assert all(row["total"] == 0 and row["max"] == 20 for row in rows.values())
    assert "no answer cell" in rows["strange"]["note"]
    assert rows["missing"]["note"] == "found missing/ps2.pdf"
    with open(course / "grades.csv", encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert tuple(table[0]) == COLUMNS
    # Beside what was graded before.
    assert {line["student"] for line in table} >= set(rows)


def test_how_many_solved_each_check(hand_in, tmp_path):
    hand_in(tmp_path / "in", "good", "ps2")
    hand_in(tmp_path / "in", "errs", "ps2", {FIRST: "0"})
    (tmp_path / "in" / "missing").mkdir()
    grade(tmp_path / "in", tmp_path / "course", progress=False)
    with open(tmp_path / "course" / "checks.csv", newline="") as file:
        rows = {line["check"]: line for line in csv.DictReader(file)}
    assert set(rows) == set(points("ps2"))
    for check, line in rows.items():
        assert line["handed_in"] == "2"
        assert line["share"] == ("0.5" if check in LOST else "1.0")
        assert float(line["points"]) == points("ps2")[check]


def test_grades_of_earlier_calls_stay_in_the_table(course, hand_in, tmp_path):
    hand_in(tmp_path / "1", "=early", "ps1", blank=True)
    hand_in(tmp_path / "2", "=early", "ps2", blank=True)
    for folder in ("1", "2"):
        grade(tmp_path / folder, course, progress=False)
    with open(course / "grades.csv", encoding="utf-8", newline="") as file:
        lines = [
            (line["student"], line["assignment"])
            for line in csv.DictReader(file)
        ]
    # A spreadsheet would read the bare name as a formula.
    assert [name for student, name in lines if student == "'=early"] == [
        "ps1",
        "ps2",
    ]


def test_only_what_changed_is_graded_again(
    course, hand_in, tmp_path, monkeypatch
):
    import classroom.grading

    hand_in(tmp_path, "twice", "ps2")
    (first,) = grade(tmp_path, course, progress=False)
    # A person gives marks.
    written = list(points("ps2", solution=True))
    with Gradebook(gradebook(course), "nclib") as book:
        found = book.find_grade(written[0], "ps2", "ps2", "twice")
        found.manual_score, found.needs_manual_grade = 2.0, False
        book.db.commit()
    commands = []
    nbgrader = classroom.grading.nbgrader

    def counting(*arguments, **options):
        commands.append(arguments[1])
        return nbgrader(*arguments, **options)

    monkeypatch.setattr(classroom.grading, "nbgrader", counting)
    (second,) = grade(tmp_path, course, progress=False)
    assert commands == []
    feedback = (course / "feedback/twice/ps2/ps2.html").read_text("utf-8")
    assert f"{second['total']:g} of" in feedback
    assert second["written"] == 2
    assert second["total"] == first["total"] + 2
    assert second["to_read"] == first["to_read"] - 1
    (third,) = grade(tmp_path, course, again=True, progress=False)
    assert "autograde" in commands
    assert third["total"] == second["total"]


def test_a_course_folder_with_any_name(hand_in, tmp_path):
    hand_in(tmp_path / "in", "ada", "ps1", blank=True)
    course = tmp_path / "50%2Fé ü"
    (row,) = grade(tmp_path / "in", course, progress=False)
    assert row["status"] == "graded"
    assert (course / "gradebook.db").exists()


def test_goes_on_after_an_interruption(course, hand_in, tmp_path, monkeypatch):
    import classroom.grading

    for student in ("a1", "a2"):
        hand_in(tmp_path, student, "ps2", blank=True)
    nbgrader = classroom.grading.nbgrader

    def interrupted(course, *arguments, **options):
        if "a2" in arguments:
            raise KeyboardInterrupt
        return nbgrader(course, *arguments, **options)

    monkeypatch.setattr(classroom.grading, "nbgrader", interrupted)
    with pytest.raises(KeyboardInterrupt):
        grade(tmp_path, course, progress=False)
    kept = json.loads((course / "graded.json").read_text())
    assert kept["a1/ps2"]["status"] == "graded"
    assert "a2/ps2" not in kept


def test_a_submission_that_cannot_be_run_is_said_so(
    course, hand_in, tmp_path, monkeypatch
):
    import classroom.grading

    hand_in(tmp_path, "odd", "ps2", blank=True)
    monkeypatch.setattr(classroom.grading, "nbgrader", lambda *a, **o: 1)
    (row,) = grade(tmp_path, course, progress=False)
    assert row["status"] == "failed"
    assert "see" in row["note"] and os.fspath(course) in row["note"]


def test_bad_folder_leaves_the_course_alone(tmp_path):
    course = tmp_path / "course"
    course.mkdir()
    (course / "grades.csv").write_text("what a person has read")
    with pytest.raises(ValueError, match="SUBMISSIONS must"):
        grade(tmp_path / "nowhere", course, progress=False)
    assert [path.name for path in course.iterdir()] == ["grades.csv"]
    assert (course / "grades.csv").read_text() == "what a person has read"


def test_the_courses_own_folder_is_refused(course):
    (course / "submitted").mkdir(exist_ok=True)
    with pytest.raises(ValueError, match="must not be the course's own"):
        grade(course / "submitted", course, progress=False)
