"""What a student handed in, put back into the form that was handed out."""

import copy
import hashlib
import re
import zipfile
import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

from classroom.course import masters

# A notebook with output cleared has some 50 kB.
_LARGEST = 50 * 2**20
# What stands in a cell that waits for an answer.
_STUBS = ("YOUR CODE HERE", "YOUR ANSWER HERE")


class Unreadable(ValueError):
    """A file that is no notebook."""


@dataclass(frozen=True)
class Submission:
    """One problem set of one student.

    Attributes
    ----------
    student : str
        Name of the student's folder, without what a platform adds to it.
    id : str
        The same in characters that every file system and nbgrader take.
    name : str
        Problem set.
    path : Path or None
        The notebook, or the archive that holds it; None if nothing was
        handed in.
    member : str
        Name in the archive; empty if ``path`` is the notebook.
    note : str
        What the teacher should know about the file.
    """

    student: str
    id: str
    name: str
    path: Path | None
    member: str = ""
    note: str = ""

    def digest(self):
        """Hash of the notebook."""
        try:
            content = self.content()
        except Unreadable as error:
            content = str(error).encode()
        return hashlib.sha256(content).hexdigest()

    def content(self):
        """The notebook's bytes.

        Raises
        ------
        Unreadable
            If there are too many of them, or the file cannot be read.
        """
        try:
            if not self.member:
                with open(self.path, "rb") as file:
                    content = file.read(_LARGEST + 1)
            else:
                with zipfile.ZipFile(self.path) as archive:
                    with archive.open(self.member) as file:
                        content = file.read(_LARGEST + 1)
        except (OSError, RuntimeError, zipfile.BadZipFile, zlib.error) as no:
            raise Unreadable(f"cannot be read: {no}") from None
        if len(content) > _LARGEST:
            raise Unreadable(
                f"more than {_LARGEST / 2**20:.0f} MB, too large for a "
                "notebook"
            )
        return content


# `Ada Lovelace_81_assignsubmission_file_`, as Moodle names a folder; the
# number is another one for each assignment.
_MOODLE = re.compile(r"(?P<who>.+)_\d+_assignsubmission_\w+?_?$")
# `lovelaceada_LATE_4711_9032_ps1-2.ipynb`, as Canvas names a file: after the
# student's number that of the submission.
_CANVAS = re.compile(
    r"(?P<who>[^_]+)(_LATE)?(?P<number>_\d+)_\d+_(?P<file>.+)"
)
# What systems put beside the files that were meant.
_NOISE = re.compile(r"\.|__MACOSX$|Thumbs\.db$|desktop\.ini$")


def find(folder, names=None):
    """All submissions under ``folder``, which has one folder a student.

    A notebook counts by its name at any depth below the student's folder:
    ``ps1.ipynb``, also as ``ps1 (1).ipynb``, ``PS 1.IPYNB``,
    ``ps1.ipynb.txt`` or ``ada_ps1_final.ipynb``, and in an archive ``.zip``.
    Of several the newest is taken, of equally old ones that with the fewest
    cells left as they were. Links are not followed. Files with the student in
    their name, such as ``ada_ps1.ipynb`` and those of Canvas, need no folder;
    several folders that Moodle makes for one student are one.

    Parameters
    ----------
    folder : Path
    names : sequence of str, optional
        Problem sets to look for; by default those that anyone handed in.

    Returns
    -------
    list of Submission
        Student by student, also for what is missing: its note then says
        which files there are.

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
    known = list(masters())
    students = _students(folder, known)
    if not students:
        raise ValueError(
            f"SUBMISSIONS must hold one folder a student, {folder} has none"
        )
    ids, offered, other = {}, {}, {}
    for student, files in students.items():
        id = re.sub(r"[^\w.@-]+", "-", student).strip("-") or "-"
        # The marks of one student must not land in another's folder.
        alike = [old for old in ids if old.casefold() == id.casefold()]
        if alike:
            raise ValueError(
                "SUBMISSIONS must hold folders that differ in letters or "
                f"digits, got {ids[alike[0]]!r} and {student!r}"
            )
        ids[id] = student
        for path, called in files:
            taken = False
            for member, stem, time in _notebooks(path, called):
                for name in known:
                    if _is(name, stem):
                        taken = True
                        offered.setdefault((student, name), []).append(
                            (path, member, time)
                        )
            if not taken:
                what = str(path.relative_to(folder))
                if path.is_symlink():
                    what += " (a link, not followed)"
                other.setdefault(student, []).append(what)
    if names is None:
        names = [
            name
            for name in known
            if any(handed_in == name for _, handed_in in offered)
        ]
        if not names:
            raise ValueError(
                f"SUBMISSIONS must hold notebooks named "
                f"{', '.join(f'{name}.ipynb' for name in known)}, "
                f"{folder} has none"
            )
    return [
        _choose(
            folder,
            Submission(student, id, name, None),
            offered.get((student, name), []),
            other.get(student, []),
        )
        for id, student in ids.items()
        for name in names
    ]


def _students(folder, known):
    """From each student to the files, each with the name it was given."""
    folders = [
        path
        for path in sorted(folder.iterdir())
        if path.is_dir()
        and not path.is_symlink()
        and not _NOISE.match(path.name)
    ]
    called = [_MOODLE.fullmatch(path.name) for path in folders]
    # The numbers are dropped if the names tell the students apart.
    numbers = {}
    for path, match in zip(folders, called, strict=True):
        if match:
            number = path.name[len(match["who"]) :].split("_")[1]
            numbers.setdefault(match["who"], set()).add(number)
    students = {}
    for path, match in zip(folders, called, strict=True):
        name = path.name
        if match:
            name = match["who"]
            if len(numbers[name]) > 1:
                name = path.name[: path.name.index("_assignsubmission_")]
        students.setdefault(name, []).extend(
            (file, file.name)
            for file in sorted(path.rglob("*"))
            if not any(
                _NOISE.match(part) for part in file.relative_to(path).parts
            )
            and (file.is_file() or file.is_symlink())
        )
    nobodys = []
    for path in sorted(folder.iterdir()):
        if not path.is_file() or _NOISE.match(path.name):
            continue
        match, stem = _CANVAS.fullmatch(path.name), _stem(path.name)
        if match:
            students.setdefault(match["who"] + match["number"], []).append(
                (path, match["file"])
            )
        elif stem is not None:
            for name in known:
                if found := _is(name, stem):
                    who = stem[: found.start()] + stem[found.end() :]
                    who = re.sub(r"\(\d+\)", "", who).strip(" _-")
                    if who:
                        students.setdefault(who, []).append((path, path.name))
                    else:
                        nobodys.append(path)
    if students:
        # Whose it is the teacher will know.
        students |= {path.name: [(path, path.name)] for path in nobodys}
    return dict(sorted(students.items()))


def _notebooks(path, called):
    """Notebooks that a file is or holds: member, stem, time."""
    if path.is_symlink():
        return
    stem = _stem(called)
    if stem is not None:
        yield "", stem, path.stat().st_mtime
    elif called.casefold().endswith(".zip"):
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()[:1000]
        except (OSError, ValueError, zipfile.BadZipFile):
            return
        for member in members:
            parts = member.filename.split("/")
            stem = _stem(parts[-1])
            if stem is None or any(_NOISE.match(part) for part in parts):
                continue
            try:
                time = datetime(*member.date_time).timestamp()
            except ValueError:
                time = path.stat().st_mtime
            yield member.filename, stem, time


def _stem(name):
    """A notebook's name without its ending; None if it is no notebook's."""
    match = re.fullmatch(r"(.*)\.ipynb(\.(txt|json))?", name, re.IGNORECASE)
    return match and match[1]


def _is(name, stem):
    """Whether a file is of this set: browsers and students add to a name."""
    kind, number = re.fullmatch(r"(.*?)(\d*)", name).groups()
    return re.search(
        rf"(?<![^\W_]){re.escape(kind)}[ _-]?{number}(?!\d)",
        stem,
        re.IGNORECASE,
    )


def _choose(folder, nothing, offered, other):
    """The submission among several files, or what was found instead."""
    if not offered:
        note = ""
        if other:
            more = f" and {len(other) - 3} more" if len(other) > 3 else ""
            note = "found " + ", ".join(other[:3]) + more
        return replace(nothing, note=note)

    def worth(submission, time):
        try:
            text = submission.content().decode("utf-8", "replace")
        except Unreadable:
            return time, -1_000_000
        return time, -sum(text.count(stub) for stub in _STUBS)

    found = [
        (replace(nothing, path=path, member=member), time)
        for path, member, time in offered
    ]
    best = found[0][0]
    if len(found) > 1:
        best = max(found, key=lambda pair: worth(*pair))[0]
    note = ""
    plain = best.path.name == f"{nothing.name}.ipynb"
    if len(found) > 1 or not plain:
        note = f"took {best.path.relative_to(folder)}"
        if best.member:
            note += f", in it {best.member}"
        if len(found) > 1:
            note += f", the newest of {len(found)}"
    return replace(best, note=note)


def read(content):
    """Cells of a notebook of any version, from its bytes.

    Raises
    ------
    Unreadable
        If it is none, saying why.
    """
    try:
        # Some editors put a byte-order mark before the text.
        notebook = nbformat.reads(content.decode("utf-8-sig"), as_version=4)
        cells = notebook.cells
        for cell in cells:
            if not isinstance(cell.source, str):
                raise TypeError("a cell's source is no text")
            cell.metadata.get("nbgrader")
    except (
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
    handed out, and only these are run. An answer cell that was deleted and
    typed again is what stands in its place; a written answer is also what
    stands in cells of its own below the one that waits for it.

    Parameters
    ----------
    cells : list
        Cells of the submission.
    release : notebook
        What was handed out.

    Returns
    -------
    notebook, int, list of str
        And the number of answer cells that the submission still has, and
        what was repaired.
    """
    result = copy.deepcopy(release)
    places = {_key(cell): number for number, cell in enumerate(result.cells)}
    handed_out = {
        cell.source.strip(): number for number, cell in enumerate(result.cells)
    }
    last = {_key(cell): number for number, cell in enumerate(cells)}
    # Own cells by the number of the cell handed out that they come after.
    own, place, kept, checks = {}, -1, set(), set()
    for number, cell in enumerate(cells):
        key = _key(cell)
        if key in places and last[key] == number:
            place = places[key]
            kept.add(place)
            there = result.cells[place]
            if _waits(there):
                there["source"] = cell.source
                if there.cell_type == "markdown" and cell.get("attachments"):
                    there["attachments"] = cell.attachments
            elif _id(there) and cell.source != there.source:
                checks.add(_id(there))
        elif cell.source.strip() in handed_out:
            # A copy, or what some programs leave: a cell without its name.
            if key not in places:
                place = handed_out[cell.source.strip()]
                kept.add(place)
        else:
            new = (
                new_code_cell
                if cell.cell_type == "code"
                else new_markdown_cell
            )
            own.setdefault(place, []).append(new(cell.source))
            if cell.get("attachments") and cell.cell_type != "code":
                own[place][-1]["attachments"] = cell.attachments
    answers = sum(_waits(result.cells[place]) for place in kept)
    notes, emptied = [], set()
    for place, cell in enumerate(result.cells):
        if not _waits(cell):
            if _id(cell) and place not in kept:
                checks.add(_id(cell))
            continue
        before = place - 1
        while before >= 0 and before not in kept:
            before -= 1
        if place not in kept and kept:
            taken = _answer(cell, own, before)
            if taken:
                emptied.add((before, cell.cell_type))
            elif (before, cell.cell_type) in emptied:
                # Both were typed again, where the first is; what was handed
                # out would undo the second.
                taken = True
                cell["source"] = ""
            notes.append(
                f"{_id(cell)} was deleted"
                + (" and typed again" if taken else "")
            )
            answers += taken
        elif (
            cell.cell_type == "markdown"
            and cell.source.strip() == release.cells[place].source.strip()
            and _answer(cell, own, place)
        ):
            notes.append(f"{_id(cell)} was answered in the cell below")
    if answers and checks:
        notes.append(f"put back as handed out: {', '.join(sorted(checks))}")
    woven = own.get(-1, [])
    for place, cell in enumerate(result.cells):
        woven = [*woven, cell, *own.get(place, [])]
    for number, cell in enumerate(woven):
        cell["id"] = f"cell-{number}"
    result.cells = woven
    return result, answers, notes


def _answer(cell, own, place):
    """Move own cells of the same type after ``place`` into an answer."""
    typed = [new for new in own.get(place, []) if _fits(new, cell)]
    if not typed:
        return False
    own[place] = [new for new in own[place] if not _fits(new, cell)]
    cell["source"] = "\n\n".join(new.source for new in typed)
    for new in typed:
        if new.get("attachments"):
            cell.setdefault("attachments", {}).update(new.attachments)
    return True


def _fits(new, cell):
    return new.cell_type == cell.cell_type and bool(new.source.strip())


def _waits(cell):
    return bool(_grading(cell).get("solution"))


def _key(cell):
    """What a cell is known by: its name, or its text if it has none."""
    return _id(cell) or ("text", cell.source.strip())


def _id(cell):
    return _grading(cell).get("grade_id")


def _grading(cell):
    """What nbgrader keeps in a cell; nothing where a student keeps else."""
    grading = cell.metadata.get("nbgrader")
    return grading if isinstance(grading, dict) else {}
