"""Collect the book's MyST pages as notebooks for nbval.

``pytest tests/test_chapters`` runs every code cell of every page, one
kernel a page, with ``book/`` as its directory.  A cell that raises fails
the item of its name, ``book/theorem_4.md::Cell 3``; choose one page with
``-k theorem_4``.
"""

from pathlib import Path
from unittest import mock

import jupytext
import nbval.plugin
import pytest

BOOK = Path(__file__).resolve().parents[2] / "book"


class MystFile(nbval.plugin.IPyNbFile):
    """A MyST page, read through jupytext instead of nbformat."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.compare_outputs = False

    def collect(self):
        def read(path, as_version):
            return jupytext.read(path, fmt="md:myst", as_version=as_version)

        with mock.patch.object(nbval.plugin.nbformat, "read", read):
            return list(super().collect())


class Chapters(pytest.File):
    """Every page of the book, in alphabetical order."""

    def collect(self):
        option = self.config.option
        option.nbval_lax = True
        option.nbval_current_env = True
        option.nbval_cell_timeout = 300
        for path in sorted(BOOK.glob("*.md")):
            yield MystFile.from_parent(self, path=path)


def pytest_collect_file(file_path, parent):
    # The pages lie outside of tests/, so this file stands for them.
    if file_path == Path(__file__).resolve():
        return Chapters.from_parent(parent, path=file_path)
