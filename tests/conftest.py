"""Run every test at the quick scale and on this checkout's nclib."""

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

os.environ["NCLIB_SCALE"] = "quick"
# Nothing remembered from an earlier run may stand in for a computation.
_CACHE = tempfile.TemporaryDirectory(prefix="nclib-tests-")
os.environ["NCLIB_CACHE"] = _CACHE.name
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A test asks no network; those that would serve it themselves.
os.environ.setdefault("NCLIB_OFFLINE", "1")
# An editable install may point elsewhere; kernels inherit PYTHONPATH.
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
)
sys.path.insert(0, str(ROOT))
