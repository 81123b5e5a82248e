"""Labeled data in a file: .npz, .npy or .csv, whoever wrote it."""

import csv
import io
from pathlib import Path

import numpy as np

from nclib._files import MOST_BYTES, Archive, one_line, read_npy

#: Where the labels stand, for the help of the command line.
LAYOUT = (
    ".npz: arrays X (N, d) and y (N,). .npy: one matrix, labels (whole "
    "numbers) in the last column. .csv: commas, one sample a line, labels "
    "(whole numbers or words) in the column that the header calls label or "
    "y, else in the last; the header is optional."
)
_NAMES = ("label", "y")


def read_data(path):
    """X and y of a file, as they stand there; see `LAYOUT`.

    Raises
    ------
    ValueError
        In one line that names the file, whatever it holds.
    OSError
        If it cannot be read.
    """
    path = Path(path)
    readers = {".npz": _npz, ".npy": _npy, ".csv": _csv}
    if path.suffix.lower() not in readers:
        raise ValueError(f"{path} must end in .npz, .npy or .csv")
    # A pipe would be waited for, and a device never ends.
    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is no regular file")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(
            f"{path} is longer than {MOST_BYTES} bytes; call nclib.decide "
            "in Python, where you choose what to load"
        )
    return readers[path.suffix.lower()](path)


def _npz(path):
    with Archive(path) as archive:
        missing = [name for name in "Xy" if name not in archive.names]
        if missing:
            raise ValueError(
                f"{path} must hold the arrays X and y, and lacks "
                f"{' and '.join(missing)}"
            )
        return archive.read("X"), archive.read("y")


def _npy(path):
    with open(path, "rb") as file:
        try:
            table = read_npy(file, "it", path.stat().st_size)
        except Exception as error:
            # A parser fed with random bytes raises whatever it likes.
            raise ValueError(
                f"{path} is damaged, or no array: {one_line(error)}"
            ) from error
    if table.ndim != 2 or table.shape[1] < 2 or table.dtype.kind not in "biuf":
        raise ValueError(
            f"{path} must hold a matrix of numbers with the labels in the "
            f"last column, got shape {table.shape}, dtype {table.dtype}"
        )
    return table[:, :-1], _whole(path, table[:, -1])


def _csv(path):
    try:
        text = path.read_bytes().decode("utf-8-sig")
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows = [(lines.line_num, row) for row in lines if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(
            f"{path} is no text of commas: {one_line(error)}"
        ) from error
    if not rows or len(rows[0][1]) < 2:
        raise ValueError(f"{path} must have two columns or more, with commas")
    first = [cell.strip() for cell in rows[0][1]]
    place = _label_column(first)
    features = first[:place] + first[place + 1 :]
    if first[place].lower() in _NAMES or not any(map(_is_number, features)):
        if not all(first):
            raise ValueError(
                f"{path} has a column without a name, an index perhaps; "
                "write it without"
            )
        rows = rows[1:]
    X, labels = np.empty((len(rows), len(features))), []
    for i, (line, row) in enumerate(rows):
        if len(row) != len(first):
            raise ValueError(
                f"{path} must have {len(first)} columns, got {len(row)} in "
                f"line {line}"
            )
        labels.append(row.pop(place).strip())
        try:
            X[i] = [_number(cell) for cell in row]
        except ValueError:
            wrong = next(cell for cell in row if not _is_number(cell))
            raise ValueError(
                f"{path} must hold numbers, got {wrong[:40]!r} in line {line}"
            ) from None
    return X, _labels(path, labels)


def _label_column(first):
    named = [cell.lower() for cell in first]
    for name in _NAMES:
        if name in named:
            return named.index(name)
    return len(first) - 1


def _number(cell):
    # Python also reads 1_000, and digits of other scripts.
    if "_" in cell or not cell.isascii():
        raise ValueError(cell)
    return float(cell)


def _is_number(cell):
    try:
        _number(cell)
    except ValueError:
        return False
    return True


def _labels(path, cells):
    numbers = [_is_number(cell) for cell in cells]
    if all(numbers):
        if all(cell.lstrip("+-").isdigit() for cell in cells):
            # Beyond 2**53 a float is another integer.
            return np.array([int(cell) for cell in cells])
        return _whole(path, np.array([float(cell) for cell in cells]))
    # A gap is neither.
    others = [
        cell
        for cell, number in zip(cells, numbers, strict=True)
        if number != numbers[0] or not cell
    ]
    if others:
        other = others[0]
        raise ValueError(
            f"{path} must have labels that are all whole numbers or all "
            f"words, got {cells[0][:40]!r} and {other[:40]!r}"
        )
    return np.array(cells)


def _whole(path, labels):
    if labels.dtype.kind != "f":
        return labels
    wrong = ~(np.abs(labels) < 2**53) | (labels != np.floor(labels))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"{path} must have labels that are whole numbers or words, got "
            f"{labels[row]} in sample {row}"
        )
    return labels.astype(np.int64)
