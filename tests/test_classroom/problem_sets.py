"""The masters as the tests read them."""

import re
import runpy

import jupytext
import pytest

from classroom.course import masters

SETS = list(masters())
every_set = pytest.mark.parametrize("name", SETS)


def cells(name):
    """The cells of a master."""
    return jupytext.read(masters()[name], fmt="md:myst").cells


def solutions(name):
    """The answers of a master, by cell."""
    return {
        cell.metadata.nbgrader.grade_id: re.sub(
            r"^ *### (BEGIN|END) SOLUTION\n?", "", cell.source, flags=re.M
        )
        for cell in cells(name)
        if cell.metadata.get("nbgrader", {}).get("solution")
    }


def mistakes(name):
    """Typical mistakes, kept beside the master: answers and marks."""
    folder = masters()[name].parent / "mistakes"
    return runpy.run_path(folder / f"{name}.py")["WRONG"]
