"""Files are whole or not there, and a damaged one says so."""

import dataclasses
import errno

import numpy as np
import pytest

from nclib import _files
from nclib.figures.arrivals import Arrivals, Feet
from nclib.figures.curves import TrainingGrid
from nclib.figures.figure_6 import ThreeLayers
from nclib.figures.layers import Layers
from nclib.figures.phase import PhaseDiagram
from nclib.figures.record import kept_record

ARRAY = np.arange(6.0).reshape(2, 3)
TABLE = np.array([(1, 0.5), (2, 0.25)], dtype=[("epoch", int), ("nc1", float)])


def flipped(path):
    """Copies of a file with one byte changed, and truncated ones."""
    content = path.read_bytes()
    for place in np.linspace(0, len(content) - 1, 40).astype(int):
        changed = bytearray(content)
        changed[place] ^= 0x10
        yield bytes(changed)
    for size in (0, 1, len(content) // 2, len(content) - 1):
        yield content[:size]


def test_a_damaged_array_is_never_returned(tmp_path):
    path = tmp_path / "one"
    _files.write_array(path, ARRAY)
    assert (_files.read_array(path) == ARRAY).all()
    for content in flipped(path):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"{path} is damaged"):
            _files.read_array(path)


def test_damaged_arrays_are_never_returned(tmp_path):
    path, refused = tmp_path / "many.npz", 0
    arrays = dict(a=ARRAY, table=TABLE, text=np.array(["x", "yz"]))
    _files.write_arrays(path, arrays)
    for content in [path.read_bytes(), *flipped(path)]:
        path.write_bytes(content)
        try:
            found = _files.read_arrays(path)
        except ValueError as error:
            assert str(path) in str(error)
            refused += 1
            continue
        # A byte that says when a file was packed changes nothing.
        assert found.keys() == arrays.keys()
        for name, array in arrays.items():
            assert found[name].dtype == array.dtype
            assert found[name].tobytes() == array.tobytes()
    assert refused > 20


def test_other_columns_are_another_table(tmp_path):
    # Structured arrays of the same bytes differ by their names.
    renamed = TABLE.astype([("epoch", int), ("nc3", float)])
    assert _files._checksum({"t": TABLE}) != _files._checksum({"t": renamed})
    assert _files._checksum({"t": TABLE}) != _files._checksum({"s": TABLE})


def test_what_goes_wrong_leaves_the_old_file(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(b"before")
    for wrong in (OSError(errno.ENOSPC, "full"), KeyboardInterrupt()):
        with pytest.raises(type(wrong)), _files.replacing(path) as file:
            file.write(b"after")
            raise wrong
        assert path.read_bytes() == b"before"
        assert list(tmp_path.iterdir()) == [path]
    with _files.replacing(path) as file:
        file.write(b"after")
    assert path.read_bytes() == b"after"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (TrainingGrid, "figures_3_to_5"),
        (ThreeLayers, "figure_6"),
        (ThreeLayers, "figure_6_limit"),
        (Layers, "layers"),
        (Arrivals, "arrivals"),
        (Feet, "feet"),
    ],
)
def test_kept_records_are_whole_and_survive_a_round_trip(kind, name, tmp_path):
    path = kept_record(f"{name}.npz")
    record = kind.load(path)
    copy = tmp_path / "copy.npz"
    record.save(copy)
    again = kind.load(copy)
    for f in dataclasses.fields(kind):
        one, two = getattr(record, f.name), getattr(again, f.name)
        if f.name == "history":
            assert [a.tobytes() for a in one] == [b.tobytes() for b in two]
        elif f.name == "runs":  # It has NaN.
            assert one.tobytes() == two.tobytes()
        else:
            assert np.array_equal(one, two), f.name
    with pytest.raises(ValueError, match="is no PhaseDiagram: no rate"):
        PhaseDiagram.load(path)
