"""Grade submissions one by one, each in a sandbox, and write the marks."""

import csv
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass

import nbformat
from nbgrader.api import Gradebook
from tqdm import tqdm

from classroom.course import gradebook, nbgrader, prepare
from classroom.feedback import page
from classroom.submission import (
    Submission,
    Unreadable,
    find,
    read,
    rebuild,
)

COLUMNS = (
    "student",
    "assignment",
    "status",
    "automatic",
    "automatic_max",
    "written",
    "written_max",
    "to_read",
    "total",
    "max",
    "note",
)
CHECKS = ("assignment", "check", "points", "solved", "handed_in", "share")
# Why cells were given up, as the executor names it.
_STOPPED = {
    "CellTimeoutError": "a cell took too long",
    "TimeIsUp": "the notebook took too long",
    "KernelDied": "a cell ended the kernel",
    "MemoryError": "a cell asked for too much memory",
}


@dataclass(frozen=True)
class Limits:
    """What a submission may use.

    Attributes
    ----------
    cell, notebook : int
        Seconds.
    memory : float
        GiB, of address space.
    """

    cell: int = 60
    notebook: int = 300
    memory: float = 4.0


def grade(
    folder, course, names=None, limits=None, *, again=False, progress=True
):
    """Grade all submissions that are new or have changed.

    Parameters
    ----------
    folder : Path
        One folder a student, see `classroom.submission.find`.
    course : Path
        Course folder; made if need be.
    names : sequence of str, optional
        Problem sets; by default those that anyone handed in.
    limits : Limits, optional
    again : bool
        Grade also what has not changed.
    progress : bool

    Returns
    -------
    list of dict
        A row a student and problem set. The same rows, and those of earlier
        calls, are in ``course/grades.csv``; how many solved each check, in
        ``course/checks.csv``.

    Raises
    ------
    ValueError
        If an argument is none of the above.

    Notes
    -----
    May be interrupted; the same call goes on. Marks given by a person stay.
    """
    limits = limits or Limits()
    if folder.resolve() == course.resolve() / "submitted":
        raise ValueError(
            "SUBMISSIONS must not be the course's own folder submitted/, in "
            "which notebooks are rewritten; collect into another one"
        )
    submissions = find(folder, names)
    digests = prepare(course, sorted({s.name for s in submissions}))
    state = _State(course / "graded.json")
    bar = tqdm(submissions, disable=not progress, unit="notebook")
    for submission in bar:
        bar.set_postfix_str(f"{submission.student} {submission.name}")
        if submission.path is None:
            entry = dict(status="missing", note=submission.note, digest="")
        else:
            digest = submission.digest() + digests[submission.name]
            entry = state.get(submission)
            if (
                entry
                and not again
                and entry["status"] != "failed"
                and entry["digest"] == digest
            ):
                continue
            entry = _autograde(submission, course, limits)
            entry["digest"] = digest
        state.put(submission, entry)
    for submission in submissions:
        _feedback(submission, course, state)
    with Gradebook(gradebook(course), "nclib") as book:
        rows = {
            (s.id, s.name): _row(s, state.get(s), book)
            for s in state.submissions()
        }
        checks = _checks(state, book)
    _write(course / "grades.csv", COLUMNS, rows.values())
    _write(course / "checks.csv", CHECKS, checks)
    return [rows[s.id, s.name] for s in submissions]


class _State:
    """What was graded, kept after every submission."""

    def __init__(self, path):
        self.path = path
        self.entries = json.loads(path.read_text()) if path.exists() else {}

    def get(self, submission):
        return self.entries.get(f"{submission.id}/{submission.name}")

    def submissions(self):
        """All that were ever graded here, by student and set."""
        found = []
        for key, entry in self.entries.items():
            id, name = key.rsplit("/", 1)
            found.append(Submission(entry.get("student", id), id, name, None))
        return sorted(found, key=lambda s: (s.student.casefold(), s.name))

    def put(self, submission, entry):
        entry = {**entry, "student": submission.student}
        self.entries[f"{submission.id}/{submission.name}"] = entry
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps(self.entries, indent=1))
        os.replace(partial, self.path)


def _autograde(submission, course, limits):
    """Run nbgrader on one submission; say how that went."""
    name, id = submission.name, submission.id
    release = nbformat.read(
        course / "release" / name / f"{name}.ipynb", as_version=4
    )
    notes = [submission.note] if submission.note else []
    status = "graded"
    try:
        cells = read(submission.content())
    except Unreadable as error:
        cells, status = [], "unreadable"
        notes.append(str(error))
    notebook, answers, repaired = rebuild(cells, release)
    if answers:
        notes += repaired
    elif status == "graded":
        status = "unreadable"
        notes.append("no answer cell: was it handed out by this course?")
    folder = course / "submitted" / id / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")
    log = course / "logs" / f"{id}-{name}.log"
    with tempfile.TemporaryDirectory(
        prefix="nclib-", ignore_cleanup_errors=True
    ) as scratch:
        code = nbgrader(
            course,
            "autograde",
            name,
            "--student",
            id,
            "--force",
            # Start and end of the kernel, and a last cell that overruns.
            timeout=limits.notebook + limits.cell + 60,
            log=log,
            NCLIB_SCRATCH=scratch,
            NCLIB_CELL_SECONDS=str(limits.cell),
            NCLIB_SECONDS=str(limits.notebook),
            NCLIB_MEMORY=str(int(limits.memory * 2**30)),
        )
    if code != 0:
        notes.append(f"could not be run, see {log}")
        return dict(status="failed", note="; ".join(notes))
    graded = nbformat.read(
        course / "autograded" / id / name / f"{name}.ipynb", as_version=4
    )
    seen = {
        output.ename
        for cell in graded.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    }
    notes += [text for ename, text in _STOPPED.items() if ename in seen]
    return dict(status=status, note="; ".join(notes))


def _feedback(submission, course, state):
    """Write the page for a student, if it would say something new."""
    name, id, entry = submission.name, submission.id, state.get(submission)
    if entry["status"] in ("missing", "failed"):
        return
    with Gradebook(gradebook(course), "nclib") as book:
        found = book.find_submission_notebook(name, name, id)
        grades = {
            grade.name: (
                grade.score,
                grade.max_score,
                bool(grade.needs_manual_grade),
            )
            for grade in found.grades
        }
        comments = {c.name: c.comment for c in found.comments if c.comment}
    said = hashlib.sha256(
        repr((sorted(grades.items()), sorted(comments.items()))).encode()
    ).hexdigest()
    path = course / "feedback" / id / name / f"{name}.html"
    if entry.get("said") != said or not path.exists():
        notebook = nbformat.read(
            course / "autograded" / id / name / f"{name}.ipynb", as_version=4
        )
        title = notebook.cells[0].source.splitlines()[0].lstrip("# ")
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(
            page(notebook, grades, comments, title, submission.student),
            encoding="utf-8",
        )
        os.replace(partial, path)
        state.put(submission, {**entry, "said": said})


def _row(submission, entry, book):
    """Marks of one submission, with what a person gave."""
    cells = book.find_notebook(submission.name, submission.name)
    most = dict(automatic=0.0, written=0.0)
    kind = {}
    for cell in cells.grade_cells:
        kind[cell.name] = (
            "automatic" if cell.cell_type == "code" else "written"
        )
        most[kind[cell.name]] += cell.max_score
    marks, to_read = dict(automatic=0.0, written=0.0), 0
    if entry["status"] not in ("missing", "failed"):
        graded = book.find_submission_notebook(
            submission.name, submission.name, submission.id
        )
        for grade in graded.grades:
            marks[kind[grade.name]] += grade.score
            to_read += grade.needs_manual_grade
    return dict(
        student=submission.student,
        assignment=submission.name,
        status=entry["status"],
        automatic=marks["automatic"],
        automatic_max=most["automatic"],
        written=marks["written"],
        written_max=most["written"],
        to_read=to_read,
        total=sum(marks.values()),
        max=sum(most.values()),
        note=entry["note"],
    )


def _checks(state, book):
    """For each automatic check how many of those who handed in solved it."""
    rows = {}
    for submission in state.submissions():
        if state.get(submission)["status"] != "graded":
            continue
        name = submission.name
        graded = book.find_submission_notebook(name, name, submission.id)
        # The checks it was graded with: its master may have others by now.
        for grade in graded.grades:
            if grade.cell_type != "code":
                continue
            row = rows.setdefault(
                (name, grade.name),
                dict(
                    assignment=name,
                    check=grade.name,
                    points=grade.max_score,
                    solved=0,
                    handed_in=0,
                ),
            )
            row["solved"] += grade.score == grade.max_score
            row["handed_in"] += 1
    for row in rows.values():
        row["share"] = round(row["solved"] / row["handed_in"], 3)
    return [rows[key] for key in sorted(rows)]


def _plain(value):
    """Text that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t"):
        return f"'{value}"
    return value


def _write(path, columns, rows):
    partial = path.with_suffix(".partial")
    with open(partial, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(
            {key: _plain(value) for key, value in row.items()} for row in rows
        )
    os.replace(partial, path)
