"""What comes back is put into the form that was handed out."""

import os
import zipfile

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
    notebook, answers, _ = rebuild(mine, handed_out())
    assert answers == 2
    assert sources(notebook) == ["Question", "mine", "check", "because"]
    assert [c.metadata for c in notebook.cells] == [
        c.metadata for c in handed_out().cells
    ]


def test_what_was_deleted_moved_or_copied_is_put_right():
    question, answer, check, written = handed_out().cells
    copied = graded(new_code_cell("older"), "a", True)
    answer.source = "newer"
    notebook, answers, _ = rebuild(
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
    notebook, _, _ = rebuild(
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
    notebook, _, _ = rebuild(cells, handed_out())
    assert notebook.cells[1].cell_type == "code"


def test_a_pasted_picture_stays():
    cells = handed_out().cells
    picture = {"a.png": {"image/png": "AAAA"}}
    cells[3]["attachments"] = picture
    notebook, _, _ = rebuild(cells, handed_out())
    assert notebook.cells[3].attachments == picture


def plain(source, markdown=False):
    return (new_markdown_cell if markdown else new_code_cell)(source)


def test_an_answer_cell_deleted_and_typed_again():
    question, _, check, written = handed_out().cells
    notebook, answers, notes = rebuild(
        [question, plain("mine"), check, written], handed_out()
    )
    assert sources(notebook)[:3] == ["Question", "mine", "check"]
    assert answers == 2
    assert notes == ["a was deleted and typed again"]


def test_two_answer_cells_deleted_and_typed_again_in_one():
    release = handed_out()
    release.cells.insert(2, graded(plain("second answer"), "b", True))
    question, _, _, check, written = release.cells
    notebook, answers, notes = rebuild(
        [question, plain("both"), check, written], release
    )
    assert sources(notebook)[:4] == ["Question", "both", "", "check"]
    assert answers == 3 and len(notes) == 2


def test_an_answer_cell_deleted_and_not_typed_again():
    question, _, check, written = handed_out().cells
    mine = [plain("helper"), question, check, plain("late"), written]
    notebook, answers, notes = rebuild(mine, handed_out())
    # What stands elsewhere is no answer.
    assert sources(notebook) == [
        "helper",
        "Question",
        "answer",
        "check",
        "late",
        "YOUR ANSWER HERE",
    ]
    assert answers == 1 and notes == ["a was deleted"]


def test_a_written_answer_in_a_cell_of_its_own():
    cells = handed_out().cells
    below = [plain("because", True), plain("1 + 1"), plain("so", True)]
    below[2]["attachments"] = {"a.png": {"image/png": "AAAA"}}
    notebook, answers, notes = rebuild([*cells, *below], handed_out())
    assert notebook.cells[3].source == "because\n\nso"
    assert notebook.cells[3].attachments == below[2].attachments
    assert sources(notebook)[4:] == ["1 + 1"]
    assert notes == ["w was answered in the cell below"]
    cells[3].source = "an answer"
    notebook, _, notes = rebuild([*cells, *below], handed_out())
    assert sources(notebook)[3:] == ["an answer", "because", "1 + 1", "so"]
    assert notes == []


def test_a_program_that_dropped_the_names_of_cells():
    cells = handed_out().cells
    cells[1].source, cells[3].source = "mine", "because"
    for cell in cells:
        cell.metadata.clear()
    notebook, answers, notes = rebuild(cells, handed_out())
    assert sources(notebook) == ["Question", "mine", "check", "because"]
    assert answers == 2 and len(notes) == 2


def test_what_was_put_back_is_said():
    cells = handed_out().cells
    cells[2].source = "pass"
    assert rebuild(cells, handed_out())[2] == ["put back as handed out: t"]
    assert rebuild([*cells[:2], cells[3]], handed_out())[2] == [
        "put back as handed out: t"
    ]


def test_nothing_of_ours():
    notebook, answers, _ = rebuild([new_code_cell("1")], handed_out())
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
def test_unreadable(content):
    with pytest.raises(Unreadable):
        read(content)


def test_a_byte_order_mark_is_no_hindrance():
    content = nbformat.writes(handed_out()).encode("utf-8-sig")
    assert len(read(content)) == 4


def test_too_large(tmp_path):
    (tmp_path / "ada").mkdir()
    with open(tmp_path / "ada" / "ps1.ipynb", "wb") as file:
        file.truncate(60 * 2**20)
    with zipfile.ZipFile(
        tmp_path / "ada" / "ps2.zip", "w", zipfile.ZIP_DEFLATED
    ) as archive:
        archive.writestr("ps2.ipynb", bytes(60 * 2**20))
    for found in find(tmp_path):
        with pytest.raises(Unreadable, match="more than 50 MB"):
            found.content()


def test_metadata_of_any_kind_is_read(tmp_path):
    notebook = handed_out()
    notebook.cells[0].metadata["nbgrader"] = "yes"
    nbformat.write(notebook, tmp_path / "ps1.ipynb")
    content = (tmp_path / "ps1.ipynb").read_bytes()
    rebuilt, answers, _ = rebuild(read(content), handed_out())
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
        ("PS1.ipynb", True),
        ("ps1.IPYNB", True),
        ("ps 1.ipynb", True),
        ("Ps_1.ipynb", True),
        ("ps1.ipynb.txt", True),
        ("ps1.ipynb.json", True),
        ("ps12.ipynb", False),
        ("ps 12.ipynb", False),
        ("ps1.ipynb.pdf", False),
        ("caps1.ipynb", False),
        ("ps1.txt", False),
    ],
)
def test_names_that_were_added_to(tmp_path, file, taken):
    put(tmp_path / "ada", file, "ps2.ipynb")
    first = find(tmp_path, ["ps1"])[0]
    assert (first.path is not None) == taken
    # Taken or not, the teacher hears of it.
    assert first.note == ("took" if taken else "found") + f" ada/{file}"


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


def archive(path, *names, text="{}"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, text)


def test_an_archive(tmp_path):
    archive(
        tmp_path / "ada" / "homework.zip",
        "__MACOSX/._ps1.ipynb",
        "ps1/ps1.ipynb",
        "ps2/data/x.npz",
        "../../ps3.ipynb",
    )
    (found,) = find(tmp_path)
    assert (found.name, found.member) == ("ps1", "ps1/ps1.ipynb")
    assert found.content() == b"{}"
    assert found.note == "took ada/homework.zip, in it ps1/ps1.ipynb"
    assert sorted(p.name for p in tmp_path.rglob("*")) == [
        "ada",
        "homework.zip",
    ]


@pytest.mark.parametrize("content", [b"", b"PK\3\4 and no more"])
def test_an_archive_that_is_none_is_named(tmp_path, content):
    put(tmp_path / "eva", "ps1.ipynb")
    put(tmp_path / "ada", "ps1.zip")
    (tmp_path / "ada" / "ps1.zip").write_bytes(content)
    found = find(tmp_path)[0]
    assert found.path is None and found.note == "found ada/ps1.zip"


def test_what_a_mac_adds_is_not_the_newest(tmp_path):
    put(tmp_path / "ada", "ps1.ipynb", "__MACOSX/ps1.ipynb", "._ps1.ipynb")
    os.utime(tmp_path / "ada" / "ps1.ipynb", (1, 1))
    (found,) = find(tmp_path)
    assert found.path == tmp_path / "ada" / "ps1.ipynb"
    assert found.note == ""


def test_of_equally_old_ones_the_one_with_answers(tmp_path):
    put(tmp_path / "ada", "ps1.ipynb", "ps1 (1).ipynb", "a/ps1.ipynb")
    for path in tmp_path.rglob("*.ipynb"):
        path.write_text("YOUR CODE HERE " * 3)
    (tmp_path / "ada" / "ps1.ipynb").write_text("YOUR CODE HERE")
    for path in tmp_path.rglob("*.ipynb"):
        os.utime(path, (1, 1))
    (found,) = find(tmp_path)
    assert found.path == tmp_path / "ada" / "ps1.ipynb"


def test_links_are_named_and_not_followed(tmp_path):
    put(tmp_path / "in" / "eva", "ps1.ipynb")
    put(tmp_path / "in" / "ada", "notes.txt")
    (tmp_path / "in" / "ada" / "ps1.ipynb").symlink_to(
        tmp_path / "in" / "eva" / "ps1.ipynb"
    )
    (tmp_path / "in" / "bob").mkdir()
    (tmp_path / "in" / "bob" / "work").symlink_to(tmp_path / "in" / "eva")
    (tmp_path / "in" / "zoe").symlink_to(tmp_path / "in" / "eva")
    found = {s.student: s for s in find(tmp_path / "in")}
    assert set(found) == {"ada", "bob", "eva"}
    assert found["ada"].path is None and found["bob"].path is None
    assert "ada/ps1.ipynb (a link, not followed)" in found["ada"].note


def test_files_of_canvas(tmp_path):
    put(
        tmp_path,
        "lovelaceada_4711_9032_ps1.ipynb",
        "lovelaceada_LATE_4711_9040_ps2-1.ipynb",
        "noetheremmy_4712_9033_notes.pdf",
    )
    found = {(s.student, s.name): s for s in find(tmp_path)}
    assert set(found) == {
        (student, name)
        for student in ("lovelaceada_4711", "noetheremmy_4712")
        for name in ("ps1", "ps2")
    }
    assert found["lovelaceada_4711", "ps2"].path.name.endswith("ps2-1.ipynb")
    nothing = found["noetheremmy_4712", "ps1"]
    assert nothing.note == "found noetheremmy_4712_9033_notes.pdf"


def test_files_with_the_student_in_their_name(tmp_path):
    put(tmp_path, "ada_ps1.ipynb", "ps1-Emmy (1).ipynb", "ps1.ipynb")
    put(tmp_path / "ada", "ps2.ipynb")
    found = {(s.student, s.name): s.path for s in find(tmp_path)}
    assert {key for key, path in found.items() if path} == {
        ("ada", "ps1"),
        ("ada", "ps2"),
        ("Emmy", "ps1"),
        ("ps1.ipynb", "ps1"),
    }


def test_folders_of_moodle(tmp_path):
    put(tmp_path / "Ada Lovelace_81_assignsubmission_file_", "ps1.ipynb")
    put(tmp_path / "Ada Lovelace_81_assignsubmission_onlinetext_", "o.html")
    put(tmp_path / "Jo Li_82_assignsubmission_file_", "ps1.ipynb")
    put(tmp_path / "Jo Li_83_assignsubmission_file_", "ps1.ipynb")
    assert [s.student for s in find(tmp_path)] == [
        "Ada Lovelace",
        "Jo Li_82",
        "Jo Li_83",
    ]
