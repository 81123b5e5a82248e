"""What comes back is put into the form that was handed out."""

import os

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from classroom.submission import Unreadable, find, read, rebuild


def graded(cell, id, solution):
    grading = dict(
        grade_id=id,
        solution=solution,
        locked=not solution,
        grade=True,
        schema_version=3,
        task=False,
        points=1,
    )
    cell.metadata["nbgrader"] = nbformat.from_dict(grading)
    return cell


def handed_out():
    return new_notebook(
        cells=[
            new_markdown_cell("Question"),
            graded(new_code_cell("answer"), "a", True),
            graded(new_code_cell("check"), "t", False),
            graded(new_markdown_cell("YOUR ANSWER HERE"), "w", True),
        ]
    )


def sources(notebook):
    return [cell.source for cell in notebook.cells]


def test_answers_are_taken_and_checks_are_not():
    mine = handed_out().cells
    mine[1].source, mine[2].source, mine[3].source = "mine", "pass", "because"
    notebook, answers = rebuild(mine, handed_out())
    assert answers == 2
    assert sources(notebook) == ["Question", "mine", "check", "because"]
    assert [c.metadata for c in notebook.cells] == [
        c.metadata for c in handed_out().cells
    ]


def test_what_was_deleted_moved_or_copied_is_put_right():
    question, answer, check, written = handed_out().cells
    copied = graded(new_code_cell("older"), "a", True)
    answer.source = "newer"
    notebook, answers = rebuild(
        [written, copied, check, check, answer], handed_out()
    )
    assert answers == 2
    assert sources(notebook).count("older") == 1
    order = [s for s in sources(notebook) if s != "older"]
    assert order == ["Question", "newer", "check", "YOUR ANSWER HERE"]


def test_own_cells_stay_where_they_were_without_powers():
    cells = handed_out().cells
    helper = graded(new_code_cell("helper"), "stranger", False)
    note = new_markdown_cell("my note")
    notebook, _ = rebuild(
        [helper, cells[0], cells[1], note, *cells[2:]], handed_out()
    )
    assert sources(notebook) == [
        "helper",
        "Question",
        "answer",
        "my note",
        "check",
        "YOUR ANSWER HERE",
    ]
    assert "nbgrader" not in notebook.cells[0].metadata
    nbformat.validate(notebook)


def test_an_answer_of_another_type_keeps_the_type_handed_out():
    cells = handed_out().cells
    cells[1] = graded(new_markdown_cell("prose"), "a", True)
    notebook, _ = rebuild(cells, handed_out())
    assert notebook.cells[1].cell_type == "code"


def test_a_pasted_picture_stays():
    cells = handed_out().cells
    picture = {"a.png": {"image/png": "AAAA"}}
    cells[3]["attachments"] = picture
    notebook, _ = rebuild(cells, handed_out())
    assert notebook.cells[3].attachments == picture


def test_nothing_of_ours():
    notebook, answers = rebuild([new_code_cell("1")], handed_out())
    assert answers == 0
    assert sources(notebook)[1:] == sources(handed_out())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"{}",
        b"[1]",
        b'{"cells": 3, "nbformat": 4}',
        b'{"cells": [{"cell_type": "code"}], "nbformat": 4, '
        b'"nbformat_minor": 5, "metadata": {}}',
        b'{"cells": [{"cell_type": "code", "source": 3, "metadata": {}}], '
        b'"nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"null",
    ],
    ids=lambda content: repr(content[:20]),
)
def test_unreadable(tmp_path, content):
    path = tmp_path / "ps1.ipynb"
    path.write_bytes(content)
    with pytest.raises(Unreadable):
        read(path)


def test_too_large(tmp_path):
    path = tmp_path / "ps1.ipynb"
    with open(path, "wb") as file:
        file.truncate(60 * 2**20)
    with pytest.raises(Unreadable, match="60 MB"):
        read(path)


def test_metadata_of_any_kind_is_read(tmp_path):
    notebook = handed_out()
    notebook.cells[0].metadata["nbgrader"] = "yes"
    nbformat.write(notebook, tmp_path / "ps1.ipynb")
    rebuilt, answers = rebuild(read(tmp_path / "ps1.ipynb"), handed_out())
    assert answers == 2
    assert len(rebuilt.cells) == 4


def put(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")


def test_find(tmp_path):
    put(tmp_path / "Ada Lovelace", "ps1.ipynb", "notes.ipynb")
    put(tmp_path / "Émile", "ps1/ps1.ipynb", ".ipynb_checkpoints/ps2.ipynb")
    put(tmp_path / "zoe", "readme.txt")
    put(tmp_path / ".git", "ps3.ipynb")
    found = find(tmp_path)
    assert [(s.student, s.id, s.name) for s in found] == [
        ("Ada Lovelace", "Ada-Lovelace", "ps1"),
        ("zoe", "zoe", "ps1"),
        ("Émile", "Émile", "ps1"),
    ]
    assert found[1].path is None
    assert {s.name for s in find(tmp_path, ["ps2"])} == {"ps2"}


def test_the_newest_of_several(tmp_path):
    put(tmp_path / "ada", "ps1.ipynb", "again/ps1.ipynb")
    os.utime(tmp_path / "ada" / "ps1.ipynb", (1, 1))
    (found,) = find(tmp_path)
    assert found.path == tmp_path / "ada" / "again" / "ps1.ipynb"
    assert "took ada/again/ps1.ipynb, the newest of 2" in found.note


@pytest.mark.parametrize(
    ("file", "taken"),
    [
        ("ps1 (1).ipynb", True),
        ("ada_ps1_final.ipynb", True),
        ("ps1-copy.ipynb", True),
        ("ps12.ipynb", False),
        ("caps1.ipynb", False),
        ("ps1.txt", False),
    ],
)
def test_names_that_were_added_to(tmp_path, file, taken):
    put(tmp_path / "ada", file, "ps2.ipynb")
    first = find(tmp_path, ["ps1"])[0]
    assert (first.path is not None) == taken
    assert (file in first.note) == taken


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda f: None, "must be a folder with one folder a student"),
        (lambda f: put(f, "ps1.ipynb"), "must hold one folder a student"),
        (lambda f: put(f / "ada", "x.ipynb"), "must hold notebooks named"),
        (
            lambda f: put(f / "a b", "ps1.ipynb") or put(f / "A-b"),
            "must hold folders that differ",
        ),
    ],
)
def test_folders_that_are_none(tmp_path, make, match):
    make(tmp_path / "in")
    with pytest.raises(ValueError, match=match):
        find(tmp_path / "in")
