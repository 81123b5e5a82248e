"""A task that leaves a trace of each run, and a driver in a shell of its own.

python counting.py FOLDER TASKS SECONDS JOBS [-k K -m M | -s SCHEDULER]
"""

import argparse
import hashlib
import importlib
import os
import subprocess
import sys
import time
import uuid
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import joblib
import numpy as np
from helpers import ROOT

from nclib.sweep import sweep


def traced(number, seconds, folder, seed):
    trace = f"{number}-{os.getpid()}-{uuid.uuid4().hex}"
    Path(folder, f"begun-{trace}").touch()
    time.sleep(seconds)
    value = np.random.default_rng(seed).standard_normal(3)
    Path(folder, f"ended-{trace}").touch()
    return value


def runs(folder, kind="ended"):
    """How often each task ran."""
    names = [p.name.split("-") for p in Path(folder).iterdir()]
    return Counter(int(name[1]) for name in names if name[0] == kind)


def process(folder):
    """Number of a process that has begun a task and not ended it."""
    names = [p.name.split("-", 1) for p in Path(folder).iterdir()]
    ended = {rest for kind, rest in names if kind == "ended"}
    for kind, rest in names:
        if kind == "begun" and rest not in ended:
            return int(rest.split("-")[1])


def wait_for(what, seconds=60):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.01)
    return found


def digest(results):
    return hashlib.sha256(np.array(results).tobytes()).hexdigest()


def tasks(count, seconds, folder):
    return [(i, seconds, str(folder)) for i in range(count)]


def run(folder, count, seconds, jobs=1, shard=None, scheduler=None):
    # By the name that other processes import: here it may be __main__.
    task = importlib.import_module("counting").traced
    with ExitStack() as stack:
        if scheduler:
            from distributed import Client

            stack.enter_context(Client(scheduler))
            stack.enter_context(joblib.parallel_config("dask"))
        return sweep(task, tasks(count, seconds, folder), 0, jobs, shard=shard)


def environment(cache):
    path = [str(Path(__file__).parent), str(ROOT), *sys.path]
    return os.environ | {
        "NCLIB_CACHE": str(cache),
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
    }


def shell(cache, *arguments):
    """Start a driver in a process and a group of its own."""
    return subprocess.Popen(
        [sys.executable, __file__, *map(str, arguments)],
        env=environment(cache),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def printed(shell):
    out, err = shell.communicate(timeout=120)
    assert shell.returncode == 0, err
    return out.strip()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("count", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("jobs", type=int)
    parser.add_argument("-k", type=int)
    parser.add_argument("-m", type=int)
    parser.add_argument("-s")
    a = parser.parse_args()
    shard = None if a.k is None else (a.k, a.m)
    print(digest(run(a.folder, a.count, a.seconds, a.jobs, shard, a.s)))


if __name__ == "__main__":
    main()
