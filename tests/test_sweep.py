"""Sweeps: worker count, cache, interruption, code changes."""

import numpy as np
import pytest

from nclib import sweep as module
from nclib.sweep import code_hash, sweep


def draw(size, folder, seed):
    """Leaves a file behind, so that the tests can count real runs."""
    value = np.random.default_rng(seed).standard_normal(size)
    (folder / f"{value[0]:.12f}").touch()
    return value


def stop_at(limit, folder, seed):
    if len(list(folder.iterdir())) >= limit:
        raise KeyboardInterrupt
    return draw(3, folder, seed)


@pytest.fixture
def folders(tmp_path, monkeypatch):
    runs = tmp_path / "runs"
    runs.mkdir()
    monkeypatch.setenv("NCLIB_CACHE", str(tmp_path / "cache"))
    return runs, tmp_path / "cache"


def test_results_do_not_depend_on_workers(folders, monkeypatch, tmp_path):
    runs, _ = folders
    tasks = [(size, runs) for size in range(1, 7)]
    one = sweep(draw, tasks, seed=4, n_jobs=1)
    monkeypatch.setenv("NCLIB_CACHE", str(tmp_path / "other"))
    two = sweep(draw, tasks, seed=4, n_jobs=2)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)
    assert len({r[0] for r in one}) == len(one)


def test_rerun_reads_the_cache_and_another_seed_does_not(folders):
    runs, _ = folders
    tasks = [(2, runs)] * 3
    first = sweep(draw, tasks, seed=0, n_jobs=1)
    assert len(list(runs.iterdir())) == 3
    for path in runs.iterdir():
        path.unlink()
    again = sweep(draw, tasks, seed=0, n_jobs=1)
    assert not list(runs.iterdir())
    np.testing.assert_array_equal(first, again)
    sweep(draw, tasks, seed=1, n_jobs=1)
    assert len(list(runs.iterdir())) == 3


def test_interrupted_sweep_resumes(folders):
    runs, cache = folders
    with pytest.raises(KeyboardInterrupt):
        sweep(stop_at, [(4, runs)] * 6, seed=0, n_jobs=1)
    assert len(list((cache / "sweep").glob("*.npy"))) == 4
    for path in list(runs.iterdir())[:2]:
        path.unlink()
    # Two more may run now; a sweep that started afresh would need six.
    results = sweep(stop_at, [(4, runs)] * 6, seed=0, n_jobs=1)
    assert len(results) == 6


def test_an_edit_of_the_code_starts_afresh(folders, monkeypatch):
    runs, _ = folders
    sweep(draw, [(2, runs)], seed=0, n_jobs=1)
    for path in runs.iterdir():
        path.unlink()
    monkeypatch.setattr(module, "code_hash", lambda: "edited")
    sweep(draw, [(2, runs)], seed=0, n_jobs=1)
    assert len(list(runs.iterdir())) == 1


def test_code_hash_sees_every_top_module(tmp_path, monkeypatch):
    before = code_hash()
    (tmp_path / "sweep.py").write_text("x = 1")
    monkeypatch.setattr(module, "__file__", str(tmp_path / "sweep.py"))
    one = code_hash()
    (tmp_path / "sweep.py").write_text("x = 2")
    assert len({before, one, code_hash()}) == 3


@pytest.mark.parametrize("seed", [-1, 0.5, None])
def test_bad_seed_is_named(seed, folders):
    with pytest.raises((ValueError, TypeError), match="^seed "):
        sweep(draw, [], seed=seed)
    assert not folders[1].exists()


def test_bad_n_jobs_is_named(folders):
    with pytest.raises(ValueError, match="^n_jobs "):
        sweep(draw, [(2, folders[0])], seed=0, n_jobs=0)
