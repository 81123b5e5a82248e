"""What a build depends on: code, records, images, and where they come from."""

import os
import shutil
import sys
import tomllib

import pytest
from helpers import BOOK, ROOT

from nclib import data

pytest.importorskip("sphinx")
sys.path.insert(0, str(BOOK / "_ext"))
import nclib_build


def test_pages_are_run_again_when_they_would_see_something_else(
    tmp_path, monkeypatch
):
    monkeypatch.delenv("NCLIB_DATA", raising=False)
    monkeypatch.setattr(data, "_cache_folder", lambda: tmp_path)
    (tmp_path / "nclib/records").mkdir(parents=True)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    seen = [nclib_build.package_hash(tmp_path)]

    def again():
        seen.append(nclib_build.package_hash(tmp_path))

    (tmp_path / "nclib/code.py").write_text("one = 1")
    again()
    (tmp_path / "nclib/records/run.npz").write_bytes(b"1")
    again()
    monkeypatch.setattr(data, "_cached", lambda name: tmp_path / name)
    again()
    monkeypatch.setenv("NCLIB_DATA", str(tmp_path))
    again()
    assert len(set(seen)) == len(seen) == 5
    again()
    assert seen[-1] == seen[-2]


def test_a_build_settles_the_images_for_all_its_kernels(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "_cache_folder", lambda: tmp_path)
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("NCLIB_DATA", "tests")
    monkeypatch.setenv("NCLIB_OFFLINE", "")
    nclib_build.settle_images()
    # A kernel has another folder.
    assert os.environ["NCLIB_DATA"] == str(ROOT / "tests")
    assert not os.environ["NCLIB_OFFLINE"]
    monkeypatch.delenv("NCLIB_DATA")
    monkeypatch.setattr(data, "_downloaded", lambda: False)
    nclib_build.settle_images()
    assert os.environ["NCLIB_OFFLINE"] == "1"


def test_the_package_has_all_its_files():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = settings["tool"]["setuptools"]["package-data"]["nclib"]
    shipped = {p for one in patterns for p in (ROOT / "nclib").glob(one)}
    others = {
        path
        for path in (ROOT / "nclib").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert others == shipped != set()
