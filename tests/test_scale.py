"""Many processes on one cache: Dask, shards, kills, full and read-only disks.

Run by `make test-scale`. Each task leaves a trace of every run; what the
cases found is printed at the end, as a table.
"""

import os
import signal
import subprocess
import sys

import counting
import numpy as np
import pytest

from nclib.sweep import sweep

pytestmark = pytest.mark.scale

TASKS, SECONDS = 24, 0.25
_table = []


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The hash of the results that one process finds."""
    runs = tmp_path_factory.mktemp("expected")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NCLIB_CACHE", str(runs / "cache"))
        results = [
            np.random.default_rng(child).standard_normal(3)
            for child in np.random.SeedSequence(0).spawn(TASKS)
        ]
        found = counting.run(runs, TASKS, 0)
    np.testing.assert_array_equal(found, results)
    return counting.digest(results)


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("NCLIB_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module", autouse=True)
def table():
    yield
    print("\ncase                       hash      begun  ended  twice")
    for row in _table:
        print("{:26} {:.8}  {:5d}  {:5d}  {:5d}".format(*row))


def check(name, runs, found, killed=0):
    """Every task ended once; begun again only where one was killed."""
    begun, ended = (counting.runs(runs, kind) for kind in ("begun", "ended"))
    twice = sum(count - 1 for count in ended.values())
    _table.append((name, found, begun.total(), ended.total(), twice))
    assert ended == dict.fromkeys(range(TASKS), 1)
    assert TASKS <= begun.total() <= TASKS + killed
    cache = runs.parent / "cache/sweep"
    assert len(list(cache.glob("*.result"))) == TASKS
    assert len(list(cache.iterdir())) == TASKS


@pytest.fixture
def dask(tmp_path):
    """A scheduler and three workers, processes of their own."""
    pytest.importorskip("distributed", reason="needs the extra [scale]")
    environment = counting.environment(tmp_path / "cache")
    started = []

    def start(*command):
        with open(tmp_path / f"dask-{len(started)}.log", "wb") as log:
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "distributed.cli." + command[0]]
                    + [*command[1:]],
                    env=environment,
                    stdout=log,
                    stderr=log,
                    cwd=tmp_path,
                )
            )
        return started[-1]

    contact = tmp_path / "scheduler.json"
    start(
        "dask_scheduler",
        *("--scheduler-file", str(contact)),
        *("--host", "127.0.0.1", "--port", "0", "--no-dashboard"),
    )
    counting.wait_for(contact.exists)
    workers = [
        start(
            "dask_worker",
            *("--scheduler-file", str(contact)),
            *("--nthreads", "1", "--no-nanny", "--no-dashboard"),
        )
        for _ in range(3)
    ]
    from distributed import Client

    with Client(scheduler_file=str(contact)) as client:
        client.wait_for_workers(3, timeout=60)
        address = client.scheduler.address
    yield address, [worker.pid for worker in workers]
    for process in started[::-1]:
        process.kill()
        process.wait()


def start(runs, *arguments, seconds=SECONDS):
    return counting.shell(
        runs.parent / "cache", runs, TASKS, seconds, 1, *arguments
    )


def test_three_dask_workers(dask, runs, expected):
    found = counting.printed(start(runs, "-s", dask[0]))
    check("three Dask workers", runs, found)
    assert found == expected
    used = {p.name.split("-")[2] for p in runs.iterdir()}
    assert used == set(map(str, dask[1]))


def test_a_dask_worker_is_killed(dask, runs, expected):
    driver = start(runs, "-s", dask[0])
    counting.wait_for(lambda: counting.runs(runs).total() >= 4)
    os.kill(counting.wait_for(lambda: counting.process(runs)), signal.SIGKILL)
    found = counting.printed(driver)
    check("one worker killed", runs, found, killed=1)
    assert found == expected


def test_the_driver_is_killed(dask, runs, expected):
    # Long enough for the next driver to come before its workers have ended.
    driver = start(runs, "-s", dask[0], seconds=1.0)
    counting.wait_for(lambda: counting.runs(runs).total() >= 4)
    os.killpg(driver.pid, signal.SIGKILL)
    driver.communicate()
    # What its workers have begun they end, and the next driver, which is
    # there at once, waits for it.
    results = counting.run(runs, TASKS, 1.0, scheduler=dask[0])
    found = counting.digest(results)
    check("the driver killed", runs, found)
    assert found == expected


def test_two_dask_drivers(dask, runs, expected):
    drivers = [start(runs, "-s", dask[0]) for _ in range(2)]
    one, two = map(counting.printed, drivers)
    check("two drivers at once", runs, one)
    assert one == two == expected


def test_two_shards(runs, expected):
    shells = [start(runs, "-k", k, "-m", 2) for k in range(2)]
    one, two = map(counting.printed, shells)
    assert one != two
    found = counting.printed(start(runs))
    check("two shards", runs, found)
    assert found == expected


def test_four_shells_of_which_one_is_killed(runs, expected):
    shells = [start(runs) for _ in range(4)]
    counting.wait_for(lambda: counting.runs(runs).total() >= 4)
    at_work = counting.wait_for(lambda: counting.process(runs))
    os.kill(at_work, signal.SIGKILL)
    found = set()
    for shell in shells:
        if shell.pid == at_work:
            shell.communicate()
        else:
            found.add(counting.printed(shell))
    check("four shells, one killed", runs, *found, killed=1)
    assert found == {expected}


@pytest.fixture
def disk(tmp_path):
    """A disk of 64 kB of its own, and how to mount it again."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(*options):
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options)]
        return subprocess.run(
            [*command, "tmpfs", str(place)], capture_output=True
        ).returncode

    try:
        refused = mount("size=64k")
    except FileNotFoundError:
        refused = True
    if refused:
        pytest.skip("only root may mount a disk")
    yield place, mount
    subprocess.run(["umount", str(place)], check=True)


def large(size, folder, seed):
    return counting.traced(size, 0, folder, seed)[0] * np.ones(size)


def test_a_full_disk(disk, runs, monkeypatch):
    place, mount = disk
    monkeypatch.setenv("NCLIB_CACHE", str(place / "cache"))
    tasks = [(size, str(runs)) for size in range(1000, 1020)]
    with pytest.raises(OSError, match="No space left on device"):
        sweep(large, tasks, seed=0, n_jobs=1)
    kept = list((place / "cache/sweep").iterdir())
    assert 3 <= len(kept) < 8 and all(p.suffix == ".result" for p in kept)
    assert mount("remount", "size=1m") == 0
    sweep(large, tasks, seed=0, n_jobs=1)
    # The one that found no place, or no claim, and nothing else.
    again = counting.runs(runs).total() - len(tasks)
    assert again <= 1
    print(f"\nfull after {len(kept)} of {len(tasks)}, run again: {again}")


def test_a_read_only_cache(disk, runs, monkeypatch):
    place, mount = disk
    monkeypatch.setenv("NCLIB_CACHE", str(place / "cache"))
    before = counting.run(runs, 5, 0)
    assert mount("remount", "ro") == 0
    np.testing.assert_array_equal(counting.run(runs, 5, 0), before)
    # What is missing is refused before it is computed.
    with pytest.raises(OSError, match=f"Read-only.*{place}"):
        counting.run(runs, 6, 0)
    assert counting.runs(runs).total() == 5
