"""Run every test at the quick scale and on this checkout's nclib."""

import ast
import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

os.environ["NCLIB_SCALE"] = "quick"
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A test asks no network; those that would serve it themselves.
os.environ.setdefault("NCLIB_OFFLINE", "1")
# An editable install may point elsewhere; kernels inherit PYTHONPATH.
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
)
sys.path.insert(0, str(ROOT))


def pytest_sessionstart(session):
    # Nothing remembered from an earlier run may stand in for a computation.
    # A run that is killed tidies nothing up; pytest removes the folders of
    # all runs but the last three. The chapters are no functions and know no
    # fixtures, hence the factory behind tmp_path_factory.
    folder = session.config._tmp_path_factory.mktemp("nclib-cache")
    os.environ["NCLIB_CACHE"] = str(folder)


def pytest_addoption(parser):
    parser.addoption(
        "--core",
        action="store_true",
        help="only what runs with numpy, scipy, pytest and daqp",
    )


def pytest_ignore_collect(collection_path, config):
    """With --core: a file that imports what is not installed."""
    if not config.getoption("core"):
        return None
    if collection_path.suffix != ".py":
        return True if collection_path.parent == ROOT / "tests" else None
    modules = []
    for node in ast.parse(collection_path.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules.append(node.module)
    packages = {name.partition(".")[0] for name in modules}
    return not all(map(find_spec, packages)) or None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    try:
        return (yield)
    except ImportError as error:
        if item.config.getoption("core") and "nclib-collapse[" in str(error):
            pytest.skip(str(error))
        raise
