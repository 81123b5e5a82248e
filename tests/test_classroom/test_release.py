"""Handouts hold what a student needs, and nothing that answers."""

import ast
import json
import os
import re
import subprocess
import sys
import zipfile

import nbformat
import pytest
from nbclient import NotebookClient
from problem_sets import cells, every_set, mistakes

from classroom.course import (
    DATA,
    ROOT,
    masters,
    nbgrader,
    prepare,
    release,
)


@pytest.fixture
def handout(course, tmp_path):
    def unpack(name):
        with zipfile.ZipFile(course / "handout" / f"{name}.zip") as file:
            file.extractall(tmp_path)
        return tmp_path / name

    return unpack


def secret_lines(name):
    """Lines of solutions, model answers and hidden tests of a master.

    Those that also stand in what everybody may see are left out.
    """
    secret, public = [], []
    for cell in cells(name):
        grading = cell.metadata.get("nbgrader", {})
        hide = grading.get("solution") and cell.cell_type == "markdown"
        for line in cell.source.splitlines():
            if re.match(r" *### BEGIN", line):
                hide = True
            elif re.match(r" *### END", line):
                hide = False
            else:
                (secret if hide else public).append(line.strip())
    return {s for s in secret if len(s) >= 12} - set(public)


@every_set
def test_no_solution_and_no_hidden_test(name, handout):
    folder = handout(name)
    secrets = secret_lines(name)
    assert len(secrets) > 20
    for path in folder.glob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert "HIDDEN TESTS" not in text
            assert "SOLUTION" not in text
            assert "Marking:" not in text
    released = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    lines = {
        line.strip()
        for cell in released.cells
        for line in cell.source.splitlines()
    }
    assert not secrets & lines
    assert not any(cell.get("outputs") for cell in released.cells)


@every_set
def test_every_answer_cell_waits_for_an_answer(name, handout):
    path = handout(name) / f"{name}.ipynb"
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            stub = (
                "raise NotImplementedError()"
                if cell.cell_type == "code"
                else "YOUR ANSWER HERE"
            )
            assert stub in cell.source


@every_set
def test_runs_where_only_the_archive_is(name, handout, monkeypatch):
    folder = handout(name)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.delenv("NCLIB_DATA", raising=False)
    notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    notebook.cells.insert(
        0, nbformat.v4.new_code_cell("import nclib\nprint(nclib.__file__)")
    )
    NotebookClient(
        notebook,
        allow_errors=True,
        timeout=60,
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    assert str(folder) in notebook.cells[0].outputs[0].text
    for cell in notebook.cells:
        grading = cell.metadata.get("nbgrader", {})
        errors = [
            output.ename
            for output in cell.get("outputs", [])
            if output.output_type == "error"
        ]
        if grading.get("grade") and cell.cell_type == "code":
            # Nothing is given for nothing.
            assert errors, grading.grade_id
        elif cell.cell_type == "code" and not grading.get("solution"):
            assert not errors, cell.source


@every_set
def test_archive(name, handout, course):
    folder = handout(name)
    assert (folder / "nclib" / "LICENSE").exists()
    assert f"{name}.ipynb" in (folder / "README.txt").read_text()
    pins = (folder / "requirements.txt").read_text().split()
    assert all(re.fullmatch(r"[\w-]+==[\w.]+", pin) for pin in pins)
    with zipfile.ZipFile(course / "handout" / f"{name}.zip") as file:
        names = file.namelist()
    # Nothing beside this is handed out: no master, no list of mistakes.
    given = {f"{name}.ipynb", "README.txt"}
    given |= {"requirements.txt", "environment.yml", "nclib/LICENSE"}
    given |= {f"data/{name}.npz"} & {f"data/{key}.npz" for key in DATA}
    given |= {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "nclib").rglob("*.py")
    }
    assert sorted(names) == sorted(f"{name}/{n}" for n in given)


@every_set
def test_no_mistake_is_handed_out(name, handout):
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for path in handout(name).rglob("*")
        if path.suffix in (".ipynb", ".py", ".txt", ".yml")
    )
    for mistake, (answers, _) in mistakes(name).items():
        assert mistake not in text
        for source in answers.values():
            # As Python, and as JSON in a notebook.
            assert source not in text
            assert json.dumps(source)[1:-1] not in text


def test_requirements_cover_what_nclib_imports(handout):
    folder = handout("ps1")
    imported = set()
    for path in (folder / "nclib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {a.name.split(".")[0] for a in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.split(".")[0])
            elif isinstance(node, ast.Call) and (
                getattr(node.func, "id", "") == "load"
            ):
                imported.add(node.args[0].value.split(".")[0])
    wanted = {
        name.replace("sklearn", "scikit-learn")
        for name in imported - sys.stdlib_module_names - {"nclib"}
    }
    pinned = {
        line.split("==")[0]
        for line in (folder / "requirements.txt").read_text().split()
    }
    # These come with pooch and JupyterLab.
    brought = {"requests", "IPython", "matplotlib_inline"}
    # `nclib.ledger.numbers` serves the pages of the book alone.
    assert wanted - brought - {"myst_nb"} <= pinned


def test_same_masters_same_bytes(course, tmp_path):
    (again,) = release(tmp_path / "course", ["ps1"])
    first = course / "handout" / "ps1.zip"
    assert again.read_bytes() == first.read_bytes()


def test_unknown_set(tmp_path):
    with pytest.raises(ValueError, match="assignments must be among ps1"):
        prepare(tmp_path / "course", ["ps9"])
    assert not (tmp_path / "course").exists()


def test_a_master_that_nbgrader_refuses_says_why(tmp_path, monkeypatch):
    text = masters()["ps1"].read_text()
    broken = tmp_path / "masters"
    broken.mkdir()
    (broken / "ps1.md").write_text(text.replace("### END SOLUTION", "# end"))
    monkeypatch.setenv("NCLIB_MASTERS", str(broken))
    with pytest.raises(RuntimeError, match="could not release ps1"):
        prepare(tmp_path / "course", ["ps1"])


def test_masters_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.setenv("NCLIB_MASTERS", str(tmp_path))
    with pytest.raises(ValueError, match="NCLIB_MASTERS must name a folder"):
        masters()
    text = masters_of_the_book("ps1").replace("ps1-", "ps7-")
    (tmp_path / "ps7.md").write_text(text)
    (archive,) = release(tmp_path / "course")
    assert archive.name == "ps7.zip"


def masters_of_the_book(name):
    return (ROOT / "book" / "assignments" / f"{name}.md").read_text()


def test_a_command_that_hangs_is_killed(course, tmp_path):
    log = tmp_path / "log"
    # Nothing answers: a generate_feedback that has a second to import.
    assert nbgrader(course, "--help", log=log, timeout=120) == 0
    assert "nbgrader" in log.read_text()
    assert nbgrader(course, "--help", log=log, timeout=0.0) is None


def test_command_line(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "classroom",
            "release",
            "--course",
            tmp_path / "c",
            "--assignment",
            "ps9",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: assignments must be among")


# What another course of the same machine may have set.
INHERITED = {
    "root": "c.CourseDirectory.root = {other!r}",
    "database": "c.CourseDirectory.db_url = 'sqlite:///{other}/g.db'",
    "folders": "c.CourseDirectory.release_directory = '{other}/release'",
    "structure": "c.CourseDirectory.directory_structure = "
    "'{{nbgrader_step}}/{{assignment_id}}/{{student_id}}'",
    "stubs": "c.ClearSolutions.code_stub = dict(python='pass')\n"
    "c.ClearSolutions.begin_solution_delimeter = 'BEGIN ANSWER'",
    "hidden": "c.ClearHiddenTests.begin_test_delimeter = 'BEGIN HIDDEN'",
    "steps": "c.GenerateAssignment.preprocessors = []",
    "ignored": "c.CourseDirectory.ignore = ['*.ipynb', 'data']",
}


def check_inherited(settings, course, tmp_path, monkeypatch):
    other = tmp_path / "other"
    theirs = other / "release" / "ps2" / "theirs.ipynb"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("{}")
    site = tmp_path / "site"
    site.mkdir()
    (site / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        + "\n".join(settings).format(other=os.fspath(other))
    )
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(site))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(site))
    (archive,) = release(tmp_path / "course", ["ps2"])
    expected = course / "handout" / "ps2.zip"
    assert archive.read_bytes() == expected.read_bytes()
    assert [p for p in other.rglob("*") if p.is_file()] == [theirs]


def test_settings_of_the_site_change_nothing(course, tmp_path, monkeypatch):
    check_inherited(INHERITED.values(), course, tmp_path, monkeypatch)


@pytest.mark.teaching
@pytest.mark.parametrize("setting", INHERITED)
def test_no_setting_of_the_site_changes_anything(
    setting, course, tmp_path, monkeypatch
):
    check_inherited([INHERITED[setting]], course, tmp_path, monkeypatch)


def test_a_release_that_was_lost_is_made_again(tmp_path):
    release(tmp_path, ["ps1"])
    (tmp_path / "release" / "ps1" / "ps1.ipynb").unlink()
    (archive,) = release(tmp_path, ["ps1"])
    with zipfile.ZipFile(archive) as file:
        assert "ps1/ps1.ipynb" in file.namelist()
