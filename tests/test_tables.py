"""Labeled data in files: where the labels stand, and what is refused."""

import numpy as np
import pytest

from nclib._tables import read_data

X = np.array([[1.0, 2.5], [0.1, -3.0]])


@pytest.mark.parametrize(
    ("text", "y"),
    [
        ("1,2.5,4\n0.1,-3,7\n", [4, 7]),
        ("a,b,c\n1,2.5,4\n0.1,-3,7\n", [4, 7]),
        ("\ufeffa,b,c\r\n1,2.5,4\r\n0.1,-3,7\r\n", [4, 7]),
        ("label,a,b\n4,1,2.5\n7,0.1,-3\n", [4, 7]),
        ("a,Y,b\n1,4,2.5\n0.1,7,-3\n", [4, 7]),
        # The names that pandas gives to columns without one.
        ("0,1,label\n1,2.5,4\n0.1,-3,7\n", [4, 7]),
        ("1,2.5,cat\n0.1,-3,dog\n", ["cat", "dog"]),
        ('"a","b","kind of"\n1, 2.5 ,"a, b"\n0.1,-3,"c"\n\n', ["a, b", "c"]),
        ("1,2.5,4.0\n0.1,-3,7e0\n", [4, 7]),
        (f"1,2.5,{2**60}\n0.1,-3,{2**60 + 1}\n", [2**60, 2**60 + 1]),
    ],
)
def test_a_table_of_text(text, y, tmp_path):
    path = tmp_path / "data.csv"
    path.write_bytes(text.encode())
    found = read_data(path)
    assert np.array_equal(found[0], X)
    assert found[1].tolist() == y


def test_numbers_come_back_to_the_last_bit(tmp_path):
    rng = np.random.default_rng(0)
    table = rng.standard_normal((30, 5)) * 10.0 ** rng.integers(-300, 300, 5)
    table[:, -1] = np.arange(30)
    np.savetxt(tmp_path / "data.csv", table, delimiter=",")
    np.save(tmp_path / "data.npy", table)
    for kind in ("csv", "npy"):
        found, y = read_data(tmp_path / f"data.{kind}")
        assert np.array_equal(found, table[:, :-1])
        assert y.tolist() == list(range(30))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2.5,0.5\n0.1,-3,1\n", "whole numbers or words, got 0.5"),
        ("1,2.5,cat\n0.1,-3,1\n", "all words, got 'cat' and '1'"),
        ("1,2.5,cat\n0.1,-3,\n", "all words"),
        (",a,label\n0,1,0\n1,2,1\n", "without a name, an index"),
        ("1,2.5,0\n0.1,-3\n", "must have 3 columns, got 2 in line 2"),
        # A gap in the first line makes it no header.
        ("1,,0\n0.1,-3,1\n", "numbers, got '' in line 1"),
        ("1,2_5,0\n0.1,-3,1\n", "numbers, got '2_5' in line 1"),
        ("1;2.5;0\n0.1;-3;1\n", "two columns or more"),
    ],
)
def test_a_table_that_is_none(text, message, tmp_path):
    path = tmp_path / "data.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_data(path)
