"""Run every test at the quick scale and on this checkout's nclib."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

os.environ["NCLIB_SCALE"] = "quick"
os.environ.setdefault("OMP_NUM_THREADS", "1")
# An editable install may point elsewhere; kernels inherit PYTHONPATH.
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
)
sys.path.insert(0, str(ROOT))
