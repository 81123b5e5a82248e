"""What `sweep` costs a task that takes no time, beside joblib alone.

    python benchmarks/overhead.py [--folder /dev/shm]

Milliseconds a task, the fastest of three turns: CPU time in one process,
wall time with two workers that run already. The cache lies in ``--folder``,
by default where temporary files do; on a disk the first run waits for it.
"""

import argparse
import os
import tempfile
import time
from importlib import import_module
from pathlib import Path

import joblib
import numpy as np

from nclib.sweep import sweep

TASKS = 4000


def draw(size, seed):
    return np.random.default_rng(seed).standard_normal(size)


def bare(n_jobs):
    children = np.random.SeedSequence(0).spawn(TASKS)
    run = joblib.Parallel(n_jobs)
    return run(joblib.delayed(draw)(3, child) for child in children)


def milliseconds(call, n_jobs):
    clock = time.process_time if n_jobs == 1 else time.perf_counter
    start = clock()
    call()
    return 1e3 * (clock() - start) / TASKS


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder")
    place = parser.parse_args().folder
    # By its importable name, which workers and the cache know.
    task = import_module(Path(__file__).stem).draw
    print("workers  joblib alone  first run  again  (ms a task)")
    for n_jobs in (1, 2):
        bare(n_jobs)
        turns = []
        for seed in range(3):
            with tempfile.TemporaryDirectory(dir=place) as folder:
                os.environ["NCLIB_CACHE"] = folder

                def call(seed=seed, n_jobs=n_jobs):
                    sweep(task, [(3,)] * TASKS, seed, n_jobs)

                turns.append(
                    [
                        milliseconds(lambda n=n_jobs: bare(n), n_jobs),
                        milliseconds(call, n_jobs),
                        milliseconds(call, n_jobs),
                    ]
                )
        alone, first, again = np.min(turns, axis=0)
        print(f"{n_jobs:7d} {alone:13.3f} {first:10.3f} {again:6.3f}")


if __name__ == "__main__":
    main()
