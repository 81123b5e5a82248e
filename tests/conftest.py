"""Run every test at the quick scale and on this checkout's nclib."""

import os
import re
import sys
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
        help="only what the core can run: pytest --core tests/test_*.py",
    )


def beyond_the_core(config, error):
    """Whether it is about a package that the core does without."""
    other = re.search(r"No module named '(?!nclib|numpy|scipy)", str(error))
    extra = "nclib-collapse[" in str(error)
    return config.getoption("core") and (other or extra)


class Module(pytest.Module):
    def collect(self):
        try:
            return list(super().collect())
        except self.CollectError as error:
            if not beyond_the_core(self.config, error):
                raise
        pytest.skip("needs more than the core", allow_module_level=True)


def pytest_pycollect_makemodule(module_path, parent):
    if parent.config.getoption("core"):
        return Module.from_parent(parent, path=module_path)
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    try:
        return (yield)
    except ImportError as error:
        if beyond_the_core(item.config, error):
            pytest.skip(str(error))
        raise
