"""What a student handed in, put back into the form that was handed out."""

import copy
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

from classroom.course import masters

# A notebook with output cleared has some 50 kB.
_LARGEST = 50 * 2**20


class Unreadable(ValueError):
    """A file that is no notebook."""


@dataclass(frozen=True)
class Submission:
    """One problem set of one student.

    Attributes
    ----------
    student : str
        Name of the student's folder.
    id : str
        The same in characters that every file system and nbgrader take.
    name : str
        Problem set.
    path : Path or None
        The notebook; None if nothing was handed in.
    note : str
        What the teacher should know about the file.
    """

    student: str
    id: str
    name: str
    path: Path | None
    note: str = ""

    def digest(self):
        """Hash of the file."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def find(folder, names=None):
    """All submissions under ``folder``, which has one folder a student.

    A notebook counts by its name at any depth below the student's folder:
    ``ps1.ipynb``, also as ``ps1 (1).ipynb`` or ``ada_ps1_final.ipynb``. Of
    several the newest is taken.

    Parameters
    ----------
    folder : Path
    names : sequence of str, optional
        Problem sets to look for; by default those that anyone handed in.

    Returns
    -------
    list of Submission
        Student by student, also for what is missing.

    Raises
    ------
    ValueError
        If there is no such folder, no student's folder or no problem set in
        it, or two students whose names differ in special characters only.
    """
    if not folder.is_dir():
        raise ValueError(
            f"SUBMISSIONS must be a folder with one folder a student, "
            f"got {folder}"
        )
    students = sorted(
        path
        for path in folder.iterdir()
        if path.is_dir() and not path.name.startswith((".", "__"))
    )
    if not students:
        raise ValueError(
            f"SUBMISSIONS must hold one folder a student, {folder} has none"
        )
    known = list(masters())
    found, ids, result = {}, {}, []
    for student in students:
        id = re.sub(r"[^\w.@-]+", "-", student.name).strip("-") or "-"
        # The marks of one student must not land in another's folder.
        alike = [old for old in ids if old.casefold() == id.casefold()]
        if alike:
            raise ValueError(
                "SUBMISSIONS must hold folders that differ in letters or "
                f"digits, got {ids[alike[0]]!r} and {student.name!r}"
            )
        ids[id] = student.name
        for path in student.rglob("*.ipynb"):
            if ".ipynb_checkpoints" in path.parts or not path.is_file():
                continue
            for name in known:
                # Browsers, platforms and students add to a name.
                if re.search(rf"(?<![^\W_]){name}(?!\d)", path.stem):
                    found.setdefault((student.name, name), []).append(path)
    if names is None:
        names = [
            name
            for name in known
            if any(handed_in == name for _, handed_in in found)
        ]
        if not names:
            raise ValueError(
                f"SUBMISSIONS must hold notebooks named "
                f"{', '.join(f'{name}.ipynb' for name in known)}, "
                f"{folder} has none"
            )
    for id, student in ids.items():
        for name in names:
            paths = sorted(
                found.get((student, name), []),
                key=lambda path: path.stat().st_mtime,
            )
            note = ""
            if len(paths) > 1 or (paths and paths[0].stem != name):
                note = f"took {paths[-1].relative_to(folder)}"
                if len(paths) > 1:
                    note += f", the newest of {len(paths)}"
            result.append(
                Submission(
                    student, id, name, paths[-1] if paths else None, note
                )
            )
    return result


def read(path):
    """Read a notebook of any version.

    Raises
    ------
    Unreadable
        If the file is none, saying why.
    """
    size = path.stat().st_size
    if size > _LARGEST:
        raise Unreadable(f"{size / 2**20:.0f} MB, too large for a notebook")
    try:
        notebook = nbformat.reads(
            path.read_text(encoding="utf-8"), as_version=4
        )
        cells = notebook.cells
        for cell in cells:
            if not isinstance(cell.source, str):
                raise TypeError("a cell's source is no text")
            cell.metadata.get("nbgrader")
    except (
        OSError,
        ValueError,
        AttributeError,
        TypeError,
        KeyError,
        RecursionError,
        nbformat.ValidationError,
    ) as error:
        raise Unreadable(
            f"no notebook: {type(error).__name__}: {str(error)[:80]}"
        ) from None
    return cells


def rebuild(cells, release):
    """The release version with a student's answers and own cells.

    So checks that were edited, deleted, copied or moved are as they were
    handed out, and only these are run.

    Parameters
    ----------
    cells : list
        Cells of the submission.
    release : notebook
        What was handed out.

    Returns
    -------
    notebook, int
        And the number of answer cells that the submission still has.
    """
    result = copy.deepcopy(release)
    known = {}
    for cell in result.cells:
        if "nbgrader" in cell.metadata:
            known[cell.metadata.nbgrader.grade_id] = cell
    handed_out = {cell.source.strip() for cell in result.cells}
    last = {_id(cell): number for number, cell in enumerate(cells)}
    answers, own, place = 0, {None: []}, None
    for number, cell in enumerate(cells):
        id = _id(cell)
        if id in known and last[id] == number:
            place = id
            if known[id].metadata.nbgrader.solution:
                answers += 1
                known[id]["source"] = cell.source
                if known[id].cell_type == "markdown" and cell.get(
                    "attachments"
                ):
                    known[id]["attachments"] = cell.attachments
        elif cell.source.strip() not in handed_out:
            new = (
                new_code_cell
                if cell.cell_type == "code"
                else new_markdown_cell
            )
            own.setdefault(place, []).append(new(cell.source))
    woven = own[None]
    for cell in result.cells:
        woven.append(cell)
        woven += own.get(_id(cell), []) if _id(cell) else []
    for number, cell in enumerate(woven):
        cell["id"] = f"cell-{number}"
    result.cells = woven
    return result, answers


def _id(cell):
    grading = cell.metadata.get("nbgrader")
    return grading.get("grade_id") if isinstance(grading, dict) else None
