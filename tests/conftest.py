"""Run every test at the quick scale and on this checkout's nclib."""

import os
import sys
from pathlib import Path

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
