"""What kept results share: origin, place, file, and training again."""

import json
import os
import platform
from dataclasses import fields
from pathlib import Path
from time import perf_counter

import numpy as np

import nclib
from nclib._checks import check_integer
from nclib._files import read_arrays, write_arrays
from nclib.sweep import code_hash


def provenance(started, **own):
    """``own``, then seconds since ``started``, versions, machine, code."""
    return {
        **own,
        "seconds": round(perf_counter() - started, 1),
        "nclib": nclib.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "code": code_hash(),
    }


def kept_record(name):
    """Path of a record that is kept with the package.

    Examples
    --------
    >>> from nclib.figures.record import kept_record
    >>> kept_record("figure_6.npz").exists()
    True
    """
    return Path(nclib.__file__).with_name("records") / name


class Record:
    """A dataclass of arrays, numbers and texts that is kept in one file.

    A list of arrays becomes ``name_00``, ``name_01``, ...; ``provenance`` is
    a dict of what JSON can hold.
    """

    def save(self, path):
        """Write one .npz file with a checksum, whole or not at all."""
        arrays = {}
        for name in (f.name for f in fields(self)):
            value = getattr(self, name)
            if isinstance(value, dict):
                value = json.dumps(value)
            if name == "history":
                arrays |= {f"{name}_{i:02}": a for i, a in enumerate(value)}
            else:
                arrays[name] = value
        write_arrays(path, arrays)

    @classmethod
    def load(cls, path):
        """Read what `save` wrote; ValueError where it is damaged."""
        arrays, values = read_arrays(path), {}
        for name in (f.name for f in fields(cls)):
            if name == "history":
                parts = sorted(p for p in arrays if p.startswith(f"{name}_"))
                values[name] = [arrays[part] for part in parts]
            elif name not in arrays:
                raise ValueError(f"{path} is no {cls.__name__}: no {name}")
            elif name == "provenance":
                values[name] = json.loads(str(arrays[name]))
            elif arrays[name].ndim == 0 or arrays[name].dtype.kind == "U":
                values[name] = arrays[name].tolist()
            else:
                values[name] = arrays[name]
        return cls(**values)


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
