"""Sweeps: worker count, cache, interruption, edits, damaged files."""

import importlib
import os
import signal
import stat
import subprocess
import sys

import counting
import joblib
import numpy as np
import pytest
from helpers import ROOT

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


def no_numbers(folder, result, seed):
    (folder / f"{np.random.default_rng(seed).random()}").touch()
    return {"dict": {}, "ragged": [[1.0], [1.0, 2.0]]}[result]


nameless = lambda x, seed: x  # noqa: E731


@pytest.fixture
def folders(tmp_path, monkeypatch):
    runs = tmp_path / "runs"
    runs.mkdir()
    monkeypatch.setenv("NCLIB_CACHE", str(tmp_path / "cache"))
    return runs, tmp_path / "cache"


def count_and_forget(runs):
    """How many tasks ran since the last call."""
    paths = list(runs.iterdir())
    for path in paths:
        path.unlink()
    return len(paths)


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
    assert count_and_forget(runs) == 3
    again = sweep(draw, tasks, seed=0, n_jobs=1)
    assert count_and_forget(runs) == 0
    np.testing.assert_array_equal(first, again)
    sweep(draw, tasks, seed=1, n_jobs=1)
    assert count_and_forget(runs) == 3


def test_interrupted_sweep_resumes(folders):
    runs, cache = folders
    with pytest.raises(KeyboardInterrupt):
        sweep(stop_at, [(4, runs)] * 6, seed=0, n_jobs=1)
    assert len(list((cache / "sweep").iterdir())) == 4
    for path in list(runs.iterdir())[:2]:
        path.unlink()
    # Two more may run now; a sweep that started afresh would need six.
    results = sweep(stop_at, [(4, runs)] * 6, seed=0, n_jobs=1)
    assert len(results) == 6


def test_an_edit_of_the_code_starts_afresh(folders, monkeypatch):
    runs, _ = folders
    sweep(draw, [(2, runs)], seed=0, n_jobs=1)
    count_and_forget(runs)
    monkeypatch.setattr(module, "code_hash", lambda: "edited")
    sweep(draw, [(2, runs)], seed=0, n_jobs=1)
    assert count_and_forget(runs) == 1


def test_code_hash_sees_every_module_but_the_ledger(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "__file__", str(tmp_path / "sweep.py"))
    hashes = {code_hash()}
    for count, name in enumerate(("sweep.py", "figures/style.py"), 2):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1")
        hashes.add(code_hash())
        assert len(hashes) == count
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger/theorem_2.py").write_text('"""A claim."""')
    assert code_hash() in hashes


@pytest.fixture
def my_module(tmp_path, monkeypatch):
    """A user's module of one function, and how to rewrite it."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("sys.dont_write_bytecode", True)

    def write(text):
        (tmp_path / "users_own_module.py").write_text(text)
        importlib.invalidate_caches()

    write("def task(x, seed):\n    return x + 1.0\n")
    yield importlib.import_module("users_own_module"), write
    monkeypatch.delitem("sys.modules", "users_own_module", raising=False)


def test_an_edit_of_the_task_starts_afresh(folders, my_module):
    users, write = my_module
    assert sweep(users.task, [(1.0,)], 0, 1) == [2.0]
    write("def task(x, seed):\n    return x + 10.0\n")
    # The edit is on the disk only: what runs here is still the old code.
    assert sweep(users.task, [(1.0,)], 0, 1) == [2.0]
    importlib.reload(users)
    assert sweep(users.task, [(1.0,)], 0, 1) == [11.0]
    write("step = 5\n\ndef task(x, seed):\n    return x + step\n")
    importlib.reload(users)
    assert sweep(users.task, [(1.0,)], 0, 1) == [6.0]
    write("step = 6\n\ndef task(x, seed):\n    return x + step\n")
    importlib.reload(users)
    assert sweep(users.task, [(1.0,)], 0, 1) == [7.0]


def test_another_process_knows_the_same_task(tmp_path):
    # The order of a set of texts differs from process to process.
    (tmp_path / "users.py").write_text(
        "def task(name, seed):\n"
        "    return 1.0 if name in {'a', 'b', 'c', 'd', 'e'} else 0.0\n"
    )
    program = (
        "import joblib, users; from nclib.sweep import _identity;"
        "print(joblib.hash(_identity(users.task)))"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(found) == 1


def test_a_function_without_a_name_is_refused(folders):
    def local(x, seed):
        return x

    for task in (nameless, local):
        with pytest.raises(ValueError, match="^task must .* importable"):
            sweep(task, [(1.0,)], 0, 1)
    own = {"__name__": "__main__"}
    exec("def task(x, seed): return x", own)
    with pytest.raises(ValueError, match="^task must .* __main__.task"):
        sweep(own["task"], [(1.0,)], 0, 1)
    with pytest.raises(TypeError, match="^task must be a function"):
        sweep(np.sin, [(1.0,)], 0, 1)
    assert not folders[1].exists()


@pytest.mark.parametrize("result", ["dict", "ragged"])
def test_what_cannot_be_stored_is_refused_at_once(folders, result):
    runs, cache = folders
    with pytest.raises(TypeError, match="^task must return an array"):
        sweep(no_numbers, [(runs, result)] * 5, 0, 1)
    assert count_and_forget(runs) == 1
    assert not list((cache / "sweep").iterdir())


@pytest.mark.parametrize("kept", [0, 10, -1, "flipped"])
def test_a_damaged_file_is_computed_again_and_said_so(folders, kept):
    runs, cache = folders
    tasks = [(50, runs)] * 3
    first = sweep(draw, tasks, seed=0, n_jobs=1)
    count_and_forget(runs)
    path = next((cache / "sweep").iterdir())
    content = path.read_bytes()
    if kept == "flipped":
        content = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
    path.write_bytes(content if kept == "flipped" else content[:kept])
    with pytest.warns(UserWarning, match=f"{path.name} is damaged") as seen:
        again = sweep(draw, tasks, seed=0, n_jobs=1)
    assert len(seen) == 1 and seen[0].filename == __file__
    assert count_and_forget(runs) == 1
    np.testing.assert_array_equal(first, again)
    assert sweep(draw, tasks, seed=0, n_jobs=1) and not count_and_forget(runs)


def test_a_full_disk_leaves_nothing_behind(folders):
    runs, cache = folders
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file may grow beyond 4 kB, as if the disk were full then.
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            sweep(draw, [(2000, runs)], seed=0, n_jobs=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list((cache / "sweep").iterdir())
    sweep(draw, [(2, runs)], seed=0, n_jobs=1)
    (path,) = (cache / "sweep").iterdir()
    # As for any new file: a group shares a cache.
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("seed", [-1, 0.5, None])
def test_bad_seed_is_named(seed, folders):
    with pytest.raises((ValueError, TypeError), match="^seed "):
        sweep(draw, [], seed=seed)
    assert not folders[1].exists()


def test_bad_n_jobs_is_named(folders):
    with pytest.raises(ValueError, match="^n_jobs "):
        sweep(draw, [(2, folders[0])], seed=0, n_jobs=0)


@pytest.mark.parametrize(
    "shard", [(3, 3), (-1, 3), (0, 0), (0.0, 2), 3, (1, 2, 3), "01", [0, True]]
)
def test_bad_shard_is_named(shard, folders):
    with pytest.raises((ValueError, TypeError), match="^shard "):
        sweep(draw, [(2, folders[0])], seed=0, shard=shard)
    assert not folders[1].exists()


def test_keys_are_what_they_always_were(folders):
    runs, cache = folders
    tasks = [(2, runs), (3, runs)]
    sweep(draw, tasks, seed=5, n_jobs=1)
    identity = module._identity(draw)
    assert {path.name for path in (cache / "sweep").iterdir()} == {
        f"{joblib.hash((identity, 5, i, task))}.result"
        for i, task in enumerate(tasks)
    }


def test_a_task_gets_the_seed_it_always_got(folders):
    runs, _ = folders
    found = sweep(draw, [(2, runs)] * 3, seed=7, n_jobs=1)
    for value, child in zip(
        found, np.random.SeedSequence(7).spawn(3), strict=True
    ):
        np.testing.assert_array_equal(
            value, np.random.default_rng(child).standard_normal(2)
        )


def test_shards_divide_the_work(folders):
    runs, cache = folders
    tasks = counting.tasks(7, 0, runs)
    parts = [
        sweep(counting.traced, tasks, 0, n_jobs=1, shard=(k, 3))
        for k in range(3)
    ]
    assert counting.runs(runs) == dict.fromkeys(range(7), 1)
    whole = sweep(counting.traced, tasks, 0, n_jobs=1)
    assert counting.runs(runs) == dict.fromkeys(range(7), 1)
    for k, part in enumerate(parts):
        np.testing.assert_array_equal(part, whole[k::3])
    assert sweep(counting.traced, tasks, 0, shard=(8, 9)) == []
    assert all(p.suffix == ".result" for p in (cache / "sweep").iterdir())


def test_two_shells_divide_the_work(folders, tmp_path, monkeypatch):
    runs, cache = folders
    shells = [counting.shell(cache, runs, 16, 0.2, 1) for _ in range(2)]
    printed = {counting.printed(shell) for shell in shells}
    assert counting.runs(runs) == dict.fromkeys(range(16), 1)
    monkeypatch.setenv("NCLIB_CACHE", str(tmp_path / "other"))
    assert printed == {counting.digest(counting.run(runs, 16, 0))}
    assert all(p.suffix == ".result" for p in (cache / "sweep").iterdir())


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_shell_that_ends_leaves_no_claim_that_stands(how, jobs, folders):
    runs, cache = folders
    shell = counting.shell(cache, runs, 8, 0.2, jobs)
    counting.wait_for(lambda: len(counting.runs(runs)) >= 2)
    counting.wait_for(lambda: counting.process(runs))
    os.killpg(shell.pid, how)
    shell.communicate(timeout=60)
    assert shell.returncode != 0
    kept = len(list((cache / "sweep").glob("*.result")))
    assert kept >= 2
    before = counting.runs(runs).total()
    counting.run(runs, 8, 0.2)
    # Only what was not kept ran again, and at once.
    assert counting.runs(runs).total() == before + 8 - kept
    assert all(p.suffix == ".result" for p in (cache / "sweep").iterdir())


def test_the_free_memory_bounds_the_workers(monkeypatch):
    monkeypatch.setattr(module.joblib, "cpu_count", lambda: 64)
    for fit, expected in ((None, 64), (1000, 64), (10, 10), (0, 1)):
        monkeypatch.setattr(module, "copies", lambda fit=fit: fit)
        assert module.workers() == expected
    assert module.workers(3) == 3
