"""One course for all tests, and notebooks as students hand them in."""

import copy

import nbformat
import pytest
from problem_sets import solutions

from classroom.course import release


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    """A course folder with the handouts of every problem set."""
    folder = tmp_path_factory.mktemp("course")
    release(folder)
    return folder


@pytest.fixture(scope="session")
def hand_in(course):
    """Write the notebook of a student into ``folder / student``.

    The answers are those of the master, changed by ``answers``; with
    ``blank`` the cells are as they were handed out.  ``edit`` changes the
    notebook in any other way.
    """

    def write(folder, student, name, answers=(), blank=False, edit=None):
        path = course / "release" / name / f"{name}.ipynb"
        notebook = copy.deepcopy(nbformat.read(path, as_version=4))
        given = {} if blank else solutions(name)
        given.update(answers)
        for cell in notebook.cells:
            id = cell.metadata.get("nbgrader", {}).get("grade_id")
            if id in given:
                cell.source = given.pop(id)
        assert not given, f"no such cells: {sorted(given)}"
        if edit:
            edit(notebook)
        (folder / student).mkdir(parents=True)
        nbformat.write(notebook, folder / student / f"{name}.ipynb")

    return write
