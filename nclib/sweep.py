"""Many independent tasks: workers, seeds, cache, progress, resume.

Each task gets its own child of the seed, and its result is stored under a
hash of the task, its arguments, its seed and the code of nclib. So results
do not depend on the number of workers or on their order, an interrupted
sweep continues where it stopped, and an edit of nclib starts afresh.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import joblib
import numpy as np
import platformdirs
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from nclib.data import check_integer


def code_hash():
    """Hash of the source of every module of nclib."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def cache_folder():
    """``$NCLIB_CACHE``, or the user's cache folder."""
    return Path(
        os.environ.get("NCLIB_CACHE") or platformdirs.user_cache_dir("nclib")
    )


def workers(n_jobs=None):
    """``n_jobs``, or as many as the cores this process may use."""
    if n_jobs is not None:
        return check_integer("n_jobs", n_jobs, 1)
    return (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count()
    )


def _stored(path, task, arguments, seed):
    # One thread a worker: the fastest split of the cores, and sums that do
    # not depend on how many workers there are.
    with threadpool_limits(1):
        result = np.asarray(task(*arguments, seed))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".npy")
    with os.fdopen(handle, "wb") as file:
        np.save(file, result)
    os.replace(temporary, path)


def sweep(task, arguments, seed, n_jobs=None, title=None):
    """Run ``task(*arguments[i], seed_i)`` for every i, in parallel.

    Parameters
    ----------
    task : function
        Importable, returning an array; its last argument is a SeedSequence.
    arguments : sequence of tuples
        Arrays, numbers, strings and sequences of them.
    seed : int
        Task i receives child i of ``SeedSequence(seed)``.
    n_jobs : int, optional
        Worker processes; by default all available cores. A joblib backend
        chosen with ``joblib.parallel_config`` (Dask, say) is respected.
    title : str, optional
        Name on the progress bar, which shows on terminals only.

    Returns
    -------
    list of arrays
        In the order of ``arguments``.

    Raises
    ------
    TypeError, ValueError
        If ``seed`` or ``n_jobs`` is not an integer in range.

    Notes
    -----
    Finished tasks are kept under `cache_folder`, each written at once and
    whole, so the sweep may be interrupted and run again.
    """
    seed = check_integer("seed", seed, 0)
    children = np.random.SeedSequence(seed).spawn(len(arguments))
    name = f"{task.__module__}.{task.__qualname__}"
    code = code_hash()
    folder = cache_folder() / "sweep"
    paths = [
        folder / (joblib.hash((name, code, seed, i, args)) + ".npy")
        for i, args in enumerate(arguments)
    ]
    missing = [i for i, path in enumerate(paths) if not path.exists()]
    run = joblib.Parallel(
        n_jobs=workers(n_jobs), return_as="generator_unordered"
    )
    jobs = (
        joblib.delayed(_stored)(paths[i], task, arguments[i], children[i])
        for i in missing
    )
    with tqdm(
        total=len(paths),
        initial=len(paths) - len(missing),
        desc=title,
        disable=None,
    ) as bar:
        for _ in run(jobs):
            bar.update()
    return [np.load(path) for path in paths]
