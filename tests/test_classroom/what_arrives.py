"""What students hand in, and what it should be worth.

Each kind is a function that writes into a student's folder, given the solved
and the blank notebook; beside it the status, the automatic checks that are
lost (`ALL` of them, or those of the first answer, `FIRST`), how many written
answers are left to read (`None`: all), and what the note must say.
"""

import copy
import io
import os
import zipfile
from dataclasses import dataclass

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

ALL, FIRST = "all", "first"
KINDS = {}


@dataclass(frozen=True)
class Expected:
    status: str = "graded"
    lost: str | None = None
    to_read: int | None = None
    note: str = ""


def kind(**expected):
    def register(function):
        name = function.__name__.replace("_", "-")
        KINDS[name] = function, Expected(**expected)
        return function

    return register


def text(notebook):
    return nbformat.writes(notebook).encode()


def put(folder, name, content, time=None):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if time:
        os.utime(path, (time, time))


def zipped(**files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


def grading(cell):
    return cell.metadata.get("nbgrader", {})


def checks(notebook):
    return [c for c in notebook.cells if grading(c).get("locked")]


def answers(notebook, kind="code"):
    return [
        c
        for c in notebook.cells
        if grading(c).get("solution") and c.cell_type == kind
    ]


# Names of one good file.
for number, name in enumerate(
    [
        "ps2.ipynb",
        "PS2.ipynb",
        "ps2.IPYNB",
        "ps 2.ipynb",
        "Ps_2.ipynb",
        "ps-2.ipynb",
        "ps2 (1).ipynb",
        "ps2-Copy1.ipynb",
        "ada_ps2_final_FINAL.ipynb",
        "ps2.ipynb.txt",
        "ps2.ipynb.json",
        "ps2/ps2.ipynb",
        "a/b/c/ps2.ipynb",
        "submission ü/ps2.ipynb",
    ]
):

    def named(folder, solved, blank, name=name):
        put(folder, name, text(solved))

    note = "" if name.endswith("/ps2.ipynb") or not number else "took"
    KINDS[f"name-{number}"] = named, Expected(note=note)


# Archives.
@kind(note="in it ps2.ipynb")
def archive(folder, solved, blank):
    put(folder, "homework.zip", zipped(**{"ps2.ipynb": text(solved)}))


@kind(note="in it work/ps2.ipynb")
def archive_with_folders(folder, solved, blank):
    put(
        folder,
        "HOMEWORK.ZIP",
        zipped(
            **{
                "__MACOSX/work/._ps2.ipynb": b"\0\5\x16\7",
                "work/.ipynb_checkpoints/ps2.ipynb": text(blank),
                "work/ps2.ipynb": text(solved),
            }
        ),
    )


@kind(status="missing", lost=ALL, to_read=0, note="found")
def archive_that_leaves_its_folder(folder, solved, blank):
    put(folder, "ps2.zip", zipped(**{"../../ps2.ipynb": text(solved)}))


@kind(status="missing", lost=ALL, to_read=0, note="ps2.zip")
def archive_cut_off(folder, solved, blank):
    put(folder, "ps2.zip", zipped(**{"ps2.ipynb": text(solved)})[:-60])


@kind(status="unreadable", lost=ALL, to_read=0, note="too large")
def archive_that_explodes(folder, solved, blank):
    put(folder, "ps2.zip", zipped(**{"ps2.ipynb": bytes(60 * 2**20)}))


@kind(status="missing", lost=ALL, to_read=0, note="ps2.7z")
def archive_of_another_kind(folder, solved, blank):
    put(folder, "ps2.7z", b"7z\xbc\xaf\x27\x1c")


# Several files.
@kind(note="the newest of 2")
def older_blank(folder, solved, blank):
    put(folder, "ps2.ipynb", text(blank), 10)
    put(folder, "ps2 (1).ipynb", text(solved), 20)


@kind(lost=ALL, to_read=0, note="the newest of 2")
def newer_blank(folder, solved, blank):
    put(folder, "ps2.ipynb", text(solved), 10)
    put(folder, "ps2 (1).ipynb", text(blank), 20)


@kind(note="the newest of 2")
def equally_old_blank(folder, solved, blank):
    put(folder, "ps2.ipynb", text(solved), 10)
    put(folder, "ps2 (1).ipynb", text(blank), 10)


@kind()
def mac_resource(folder, solved, blank):
    put(folder, "ps2.ipynb", text(solved), 10)
    put(folder, "._ps2.ipynb", b"\0\5\x16\7", 20)
    put(folder, ".DS_Store", b"\0", 20)


@kind()
def checkpoint(folder, solved, blank):
    put(folder, "ps2.ipynb", text(solved), 10)
    put(folder, ".ipynb_checkpoints/ps2-checkpoint.ipynb", text(blank), 20)


@kind()
def with_data_and_package(folder, solved, blank):
    put(folder, "ps2/ps2.ipynb", text(solved))
    put(folder, "ps2/data/ps2.npz", b"not the data")
    put(folder, "ps2/nclib/__init__.py", b"raise SystemExit")


@kind(status="missing", lost=ALL, to_read=0, note="not followed")
def link(folder, solved, blank):
    other = folder.parent / ".others"
    put(other, "ps2.ipynb", text(solved))
    folder.mkdir()
    (folder / "ps2.ipynb").symlink_to(other / "ps2.ipynb")


@kind(status="missing", lost=ALL, to_read=0)
def linked_folder(folder, solved, blank):
    other = folder.parent / ".others"
    put(other, "ps2.ipynb", text(solved))
    folder.mkdir()
    (folder / "work").symlink_to(other)


# No notebook.
@kind(status="missing", lost=ALL, to_read=0)
def nothing(folder, solved, blank):
    folder.mkdir()


@kind(status="missing", lost=ALL, to_read=0, note="ps2.pdf")
def printed(folder, solved, blank):
    put(folder, "ps2.pdf", b"%PDF-1.7")


@kind(status="missing", lost=ALL, to_read=0, note="ps2.py")
def script(folder, solved, blank):
    put(folder, "ps2.py", b"print(1)")


@kind(status="missing", lost=ALL, to_read=0)
def another_set(folder, solved, blank):
    put(folder, "ps12.ipynb", text(solved))


@kind(status="unreadable", lost=ALL, to_read=0, note="no notebook")
def empty_file(folder, solved, blank):
    put(folder, "ps2.ipynb", b"")


@kind(status="unreadable", lost=ALL, to_read=0, note="no notebook")
def cut_off(folder, solved, blank):
    put(folder, "ps2.ipynb", text(solved)[:-1000])


@kind(status="unreadable", lost=ALL, to_read=0, note="no notebook")
def web_page(folder, solved, blank):
    put(folder, "ps2.ipynb", b"<!DOCTYPE html><html>Sign in</html>")


@kind(status="unreadable", lost=ALL, to_read=0, note="no notebook")
def python_inside(folder, solved, blank):
    put(folder, "ps2.ipynb", b"print(1)\n")


@kind(status="unreadable", lost=ALL, to_read=0, note="no notebook")
def wide_characters(folder, solved, blank):
    put(folder, "ps2.ipynb", text(solved).decode().encode("utf-16"))


@kind(status="unreadable", lost=ALL, to_read=0, note="too large")
def huge(folder, solved, blank):
    folder.mkdir()
    with open(folder / "ps2.ipynb", "wb") as file:
        file.truncate(60 * 2**20)


@kind(status="unreadable", lost=ALL, to_read=0, note="no answer cell")
def of_another_course(folder, solved, blank):
    cells = [new_markdown_cell("# Other"), new_code_cell("1 + 1")]
    put(folder, "ps2.ipynb", text(nbformat.v4.new_notebook(cells=cells)))


# Forms of a good notebook.
@kind()
def byte_order_mark(folder, solved, blank):
    put(folder, "ps2.ipynb", b"\xef\xbb\xbf" + text(solved))


@kind()
def lines_of_windows(folder, solved, blank):
    put(folder, "ps2.ipynb", text(solved).replace(b"\n", b"\r\n"))


@kind()
def older_format(folder, solved, blank):
    for cell in solved.cells:
        cell.pop("id", None)
    solved.nbformat_minor = 2
    put(folder, "ps2.ipynb", text(solved))


@kind()
def with_outputs(folder, solved, blank):
    for number, cell in enumerate(solved.cells):
        if cell.cell_type == "code":
            cell.execution_count = number
            cell.outputs = [
                nbformat.v4.new_output("stream", name="stdout", text="x\n")
            ]
    put(folder, "ps2.ipynb", text(solved))


@kind(note="typed again")
def names_of_cells_dropped(folder, solved, blank):
    for cell in solved.cells:
        cell.metadata.clear()
    put(folder, "ps2.ipynb", text(solved))


# Cells deleted, moved, copied, changed.
@kind(note="typed again")
def answer_typed_again(folder, solved, blank):
    answer = answers(solved)[0]
    place = solved.cells.index(answer)
    solved.cells[place] = new_code_cell(answer.source)
    put(folder, "ps2.ipynb", text(solved))


@kind(note="typed again")
def every_answer_typed_again(folder, solved, blank):
    for answer in answers(solved) + answers(solved, "markdown"):
        new = (
            new_code_cell if answer.cell_type == "code" else new_markdown_cell
        )
        solved.cells[solved.cells.index(answer)] = new(answer.source)
    put(folder, "ps2.ipynb", text(solved))


@kind(lost=FIRST, note="was deleted")
def answer_deleted(folder, solved, blank):
    solved.cells.remove(answers(solved)[0])
    put(folder, "ps2.ipynb", text(solved))


@kind()
def answer_below_the_stub(folder, solved, blank):
    stub, answer = answers(blank)[0], answers(solved)[0]
    place = solved.cells.index(answer)
    solved.cells[place : place + 1] = [stub, new_code_cell(answer.source)]
    put(folder, "ps2.ipynb", text(solved))


@kind(note="in the cell below")
def written_below_the_stub(folder, solved, blank):
    stub = answers(blank, "markdown")[0]
    answer = answers(solved, "markdown")[0]
    place = solved.cells.index(answer)
    solved.cells[place : place + 1] = [stub, new_markdown_cell(answer.source)]
    put(folder, "ps2.ipynb", text(solved))


@kind(note="put back")
def checks_deleted(folder, solved, blank):
    for cell in checks(solved):
        solved.cells.remove(cell)
    put(folder, "ps2.ipynb", text(solved))


@kind(note="put back")
def checks_changed(folder, solved, blank):
    for cell in checks(solved):
        cell.source = "pass"
        cell.metadata.nbgrader["points"] = 99
    put(folder, "ps2.ipynb", text(solved))


@kind()
def checks_copied(folder, solved, blank):
    solved.cells += copy.deepcopy(checks(solved))
    put(folder, "ps2.ipynb", text(solved))


@kind()
def cells_backwards(folder, solved, blank):
    solved.cells.reverse()
    put(folder, "ps2.ipynb", text(solved))


@kind()
def answer_of_another_type(folder, solved, blank):
    answer = answers(solved)[0]
    answer.cell_type = "markdown"
    for name in ("outputs", "execution_count"):
        answer.pop(name)
    put(folder, "ps2.ipynb", text(solved))


@kind()
def own_cells(folder, solved, blank):
    for place in range(len(solved.cells), -1, -3):
        solved.cells.insert(place, new_code_cell("1 / 0"))
        solved.cells.insert(place, new_markdown_cell("a note"))
    put(folder, "ps2.ipynb", text(solved))


def changed(source, **expected):
    """The cell of the first answer begins with this."""

    def write(folder, solved, blank):
        answer = answers(solved)[0]
        answer.source = f"{source}\n{answer.source}"
        put(folder, "ps2.ipynb", text(solved))

    return write, Expected(**expected)


KINDS |= {
    "prints": changed("for i in range(99): print('x' * 9999)"),
    "warns": changed("import warnings; warnings.warn('oh')"),
    "magic": changed("%matplotlib inline"),
    "asks": changed("input('?')", lost=FIRST),
    "raises": changed("1 / 0", lost=FIRST),
    "exits": changed("raise SystemExit", lost=FIRST),
    "is-no-python": changed("def def", lost=FIRST),
    "ends-itself": changed(
        "import os; os._exit(1)", lost=ALL, note="ended the kernel"
    ),
    "draws": changed("import matplotlib.pyplot as plt; plt.plot([1]);"),
    "markup": changed("print('<script>alert(1)</script>')"),
}
CONFINED = {
    "shell": changed("!ls", lost=FIRST),
    "ends-the-grader": changed(
        "import os, signal; os.kill(os.getppid(), signal.SIGKILL)", lost=FIRST
    ),
    "reads-the-master": changed(
        "import nclib, pathlib\n"
        "home = pathlib.Path(nclib.__file__).parents[1]\n"
        "print((home / 'book/assignments/ps2.md').read_text())",
        lost=FIRST,
    ),
    "connects": changed(
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        lost=FIRST,
    ),
}

# Names of folders.
FOLDERS = [
    "=cmd|' calc'!A0",
    "Zoë Ångström-O'Neil, III",
    "-rf",
    "x" * 120,
    "李 明",
    "Ada Lovelace_81_assignsubmission_file_",
]
