"""What kept results share: their origin, whole files, training again."""

import os
import platform
import time
from pathlib import Path

import numpy as np

import nclib
from nclib.data import check_integer
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


def recompute(record, epochs, nets, train, columns):
    """Train nets of a record of SGD again and compare, row by row.

    Parameters
    ----------
    record : TrainingGrid or ThreeLayers
    epochs : int
        How far. Only the first third of a run has its first step size, so
        that this is at most a third of the record's epochs.
    nets : sequence of int or None
        Which nets; None is all.
    train : function
        ``train(i, epochs)`` returns the history of net i.
    columns : sequence of str
        What is compared.

    Returns
    -------
    float
        The largest relative difference in the rows up to ``epochs``:
        rounding in float32 and nothing else. Infinite if rows are missing.

    Raises
    ------
    TypeError, ValueError
        Naming the argument; also if this is no record of SGD.
    """
    epochs = check_integer("epochs", epochs, 1)
    if epochs > record.epochs // 3:
        raise ValueError(
            f"epochs must be at most {record.epochs // 3}, a third of the "
            f"record's, got {epochs}"
        )
    if record.provenance["method"] != "sgd":
        raise ValueError(
            "method of the record must be 'sgd', got "
            f"{record.provenance['method']!r}"
        )
    every = range(len(record.history))
    nets = every if nets is None else list(nets)
    if not set(nets) <= set(every):
        raise ValueError(
            f"nets must be numbers from 0 to {len(every) - 1}, got {nets}"
        )
    worst = 0.0
    for i in nets:
        again = train(i, 3 * epochs)
        kept = record.history[i]
        kept = kept[kept["epoch"] <= epochs]
        again = again[np.isin(again["epoch"], kept["epoch"])]
        if len(again) != len(kept):
            return np.inf
        for column in columns:
            change = again[column] / kept[column] - 1
            worst = max(worst, float(np.abs(change).max()))
    return worst
