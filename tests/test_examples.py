"""Every name on the API page has a running example; chapters use no other."""

import ast
import doctest
import importlib
import inspect
import re
from pathlib import Path

import jupytext
import pytest

import nclib

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "book/api.md").read_text(encoding="utf-8")
# Documented with their examples, and listed with one sentence a name.
MODULES = re.findall(r"^\.\. nclib-api:: (\S+)$", PAGE, re.M)
LISTED = re.findall(r"^\.\. nclib-list:: (\S+)$", PAGE, re.M)


def documented():
    """Module and name of everything the page documents."""
    return [
        (module, name)
        for module in MODULES
        for name in importlib.import_module(module).__all__
    ]


def functions():
    found = []
    for module, name in documented():
        value = getattr(importlib.import_module(module), name)
        if callable(value) and not inspect.isclass(value):
            found.append(pytest.param(value, id=f"{module}.{name}"))
    return found


@pytest.mark.parametrize("function", functions())
def test_the_example_runs(function):
    tests = doctest.DocTestFinder(recurse=False).find(
        inspect.unwrap(function), globs={}
    )
    examples = [example for test in tests for example in test.examples]
    # These two make sense within a module of the ledger and within a page.
    if function.__name__ not in ("claim", "numbers"):
        assert examples, "no example"
    runner = doctest.DocTestRunner(verbose=False)
    for test in tests:
        assert runner.run(test).failed == 0


def pages():
    return sorted((ROOT / "book").glob("*.md")) + sorted(
        (ROOT / "book/assignments").glob("ps?.md")
    )


def used(page):
    """Dotted names of nclib that the code of a page uses."""
    trees = [
        ast.parse(cell.source)
        for cell in jupytext.read(page, fmt="md:myst").cells
        if cell.cell_type == "code" and not cell.source.startswith("%")
    ]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    modules, found = {}, set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module.startswith(
            "nclib"
        ):
            for alias in node.names:
                path = f"{node.module}.{alias.name}"
                found.add(path)
                modules[alias.asname or alias.name] = path
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "nclib":
                    modules[alias.asname or "nclib"] = (
                        alias.name if alias.asname else "nclib"
                    )
    for node in nodes:
        if isinstance(node, ast.Attribute):
            code = ast.unparse(node)
            if re.fullmatch(r"\w+(\.\w+)+", code):
                first, rest = code.split(".", 1)
                if first in modules:
                    found.add(f"{modules[first]}.{rest}")
    return found


def resolve(path):
    """The module that a dotted path names, and the first name behind it."""
    parts = path.split(".")
    for size in range(len(parts), 0, -1):
        try:
            module = importlib.import_module(".".join(parts[:size]))
        except ModuleNotFoundError:
            continue
        return module, parts[size] if size < len(parts) else None
    raise AssertionError(path)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_pages_use_what_is_documented(page):
    known = set(documented()) | {("nclib", name) for name in nclib.__all__}
    for path in used(page):
        module, name = resolve(path)
        if name is None or name.startswith("__"):
            continue
        if not inspect.ismodule(module):
            continue
        listed = any(module.__name__.startswith(f"{m}.") for m in LISTED)
        if listed or module.__name__ in LISTED:
            continue
        assert (module.__name__, name) in known, path
        # One way to say it: what nclib exports comes from nclib.
        if module is not nclib:
            assert name not in nclib.__all__, path
