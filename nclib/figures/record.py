"""What every kept result shares: where it came from, and whole files."""

import os
import platform
import time
from pathlib import Path

import numpy as np

import nclib
from nclib.sweep import code_hash


def provenance(started, **own):
    """``own``, then seconds since ``started``, versions, machine, code."""
    return {
        **own,
        "seconds": round(time.perf_counter() - started, 1),
        "nclib": nclib.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "code": code_hash(),
    }


def write(path, **arrays):
    """Write one .npz file, whole or not at all."""
    path = Path(path)
    temporary = path.with_name(path.name + ".partial.npz")
    np.savez_compressed(temporary, **arrays)
    os.replace(temporary, path)
