"""Many independent tasks: workers, seeds, cache, progress, resume.

Each task gets its own child of the seed, and its result is stored under a
hash of the task and its module, its arguments, its seed and the code of
nclib. So results do not depend on the number of workers or on their order,
an interrupted sweep continues where it stopped, and an edit of the task or
of nclib starts afresh. The wording of the ledger is no such edit. Sweeps
that run at the same time on one cache divide their tasks.
"""

import hashlib
import inspect
import os
import platform
import sys
import time
import warnings
from functools import cache
from importlib import metadata
from pathlib import Path

import joblib
import numpy as np
import platformdirs
from threadpoolctl import ThreadpoolController
from tqdm import tqdm

from nclib._checks import check_integer, check_shard
from nclib._claims import SILENCE, Watch, claimed
from nclib._files import read_array, write_array
from nclib._memory import copies

__all__ = [
    "PATIENCE",
    "cache_folder",
    "code_hash",
    "sweep",
    "workers",
]

#: Seconds until the task of another machine that has fallen silent is free.
PATIENCE = SILENCE


def code_hash():
    """Hash of what a result depends on besides its arguments.

    That is the source of nclib, except the ledger, which only asks, and the
    versions of Python and of the libraries that compute.

    Examples
    --------
    >>> from nclib.sweep import code_hash
    >>> len(code_hash())
    64
    """
    digest = hashlib.sha256(_versions().encode())
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if not name.startswith("ledger/"):
            digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@cache
def _versions():
    libraries = ("cvxpy", "numpy", "scikit-learn", "scipy", "torch")
    found = [f"{name} {_version(name)}" for name in libraries]
    return ", ".join([f"Python {platform.python_version()}", *found])


def _version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"


def cache_folder():
    """``$NCLIB_CACHE``, or the user's cache folder.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nclib.sweep import cache_folder
    >>> isinstance(cache_folder(), Path)
    True
    """
    return Path(
        os.environ.get("NCLIB_CACHE") or platformdirs.user_cache_dir("nclib")
    )


def workers(n_jobs=None):
    """``n_jobs``, or as many as the cores and the memory allow.

    The cores this process may use are counted by joblib: its affinity, a
    container's quota of CPU time and ``LOKY_MAX_CPU_COUNT`` are respected.
    The memory that is free must hold so many processes as large as this one.

    Examples
    --------
    >>> from nclib.sweep import workers
    >>> workers(2)
    2
    """
    if n_jobs is not None:
        return check_integer("n_jobs", n_jobs, 1)
    cores, fit = joblib.cpu_count(), copies()
    return cores if fit is None else max(1, min(cores, fit))


def _identity(task):
    """What a stored result depends on beside arguments and seed.

    The source is that on the disk, which workers import; the code is that in
    memory, which differs from it after an edit without a reload.
    """
    if not inspect.isfunction(task):
        raise TypeError(
            "task must be a function, which workers import by its name, got "
            f"{task!r} ({type(task).__name__})"
        )
    name = f"{task.__module__}.{task.__qualname__}"
    file = inspect.getsourcefile(task)
    if task.__module__ == "__main__" or "<" in task.__qualname__ or not file:
        raise ValueError(
            f"task must be a function of an importable module, got {name}: "
            "its name does not say which function it is, so that workers "
            "and the cache could take another for it. Put it into a file "
            "of its own, as a function with a name, and import it"
        )
    source = Path(file).read_bytes()
    return name, code_hash(), source, _instructions(task.__code__)


def _instructions(code):
    constants = [_constant(c) for c in code.co_consts]
    return code.co_code, code.co_names, code.co_varnames, constants


def _constant(value):
    if inspect.iscode(value):
        return _instructions(value)
    if isinstance(value, frozenset):
        # Its order changes from process to process.
        return sorted(map(repr, value))
    return repr(value)


def _numbers(result, task):
    """A copy of the result as an array, if it can be stored as one."""
    try:
        array = np.array(result)
    except ValueError:
        array = None
    if array is None or array.dtype.hasobject:
        raise TypeError(
            f"task must return an array of numbers, {task.__qualname__} "
            f"returned {str(result)[:60]!r} ({type(result).__name__})"
        )
    return array


@cache
def _libraries(_):
    return ThreadpoolController()


def _alone(task, arguments, seed, i):
    # One thread a worker: the fastest split of the cores, and sums that do
    # not depend on how many workers there are. To find the libraries takes
    # a millisecond, so it is done again only after an import.
    child = np.random.SeedSequence(seed, spawn_key=(i,))
    with _libraries(len(sys.modules)).limit(limits=1):
        return _numbers(task(*arguments, child), task)


def _computed(path, number, task, arguments, seed, i):
    """Task i's number, result and whether it ran here; no result: held."""
    with claimed(path, number) as mine:
        if not mine:
            return i, None, False
        result = _kept(path)
        if result is not None:
            return i, result, False
        started = time.monotonic()
        result = _alone(task, arguments, seed, i)
        # A power cut may damage what was quick to compute: the checksum
        # tells. To force each result onto the disk takes milliseconds.
        write_array(path, result, flush=time.monotonic() - started > 1)
        return i, result, True


def _kept(path):
    """The result in the cache, or None; a damaged file is removed."""
    try:
        return read_array(path)
    except FileNotFoundError:
        return None
    except ValueError as error:
        warnings.warn(f"{error}; computed again", stacklevel=3)
        Path(path).unlink(missing_ok=True)
        return None


def sweep(task, arguments, seed, n_jobs=None, title=None, shard=None):
    """Run ``task(*arguments[i], seed_i)`` for every i, in parallel.

    Parameters
    ----------
    task : function
        Of an importable module, returning an array of numbers; its last
        argument is a SeedSequence. What it imports from other modules of
        your own is not watched for edits.
    arguments : sequence of tuples
        Arrays, numbers, strings and sequences of them.
    seed : int
        Task i receives child i of ``SeedSequence(seed)``.
    n_jobs : int, optional
        Worker processes; by default all available cores. A joblib backend
        chosen with ``joblib.parallel_config`` (Dask, say) is respected.
    title : str, optional
        Name on the progress bar, which shows on terminals only.
    shard : (int, int), optional
        ``(k, m)`` runs only the tasks k, k + m, k + 2 m, ..., with
        0 <= k < m: one of m jobs on a cluster.

    Returns
    -------
    list of arrays
        In the order of ``arguments``; of ``arguments[k::m]`` for a shard.

    Raises
    ------
    TypeError, ValueError
        If ``seed`` or ``n_jobs`` is not an integer in range, ``shard`` no
        pair of them; if ``task`` is a lambda, local or defined in the
        running script or notebook, or returns what is no array of numbers.
    OSError
        If a result is missing and the cache cannot be written.

    Notes
    -----
    Finished tasks are kept under `cache_folder`, each written at once and
    whole, with a checksum, so the sweep may be interrupted and run again; a
    damaged file is computed again, with a warning.

    Several processes, on several machines that share the folder, may run the
    same sweep at once. Each task is computed by one of them, and all return
    all results; with shards, each its own. The tasks of a process that is
    killed are taken over: at once on its machine, after 150 seconds on
    another.

    Examples
    --------
    >>> import numpy as np, nclib
    >>> from nclib.sweep import sweep
    >>> from nclib.transition import Design, column
    >>> means = nclib.two_cluster_means(2, np.pi)
    >>> tasks = [(Design(means, s, 20, [20, 40], trials=5),) for s in (0.2, 1)]
    >>> sweep(column, tasks, seed=0, n_jobs=1)
    [array([0, 5]), array([0, 5])]
    """
    seed = check_integer("seed", seed, 0)
    n_jobs = workers(n_jobs)
    first, step = (0, 1) if shard is None else check_shard("shard", shard)
    chosen = range(first, len(arguments), step)
    identity = _identity(task)
    folder = cache_folder() / "sweep"
    # Texts, since a task may take no longer than to build a Path.
    keys = (joblib.hash((identity, seed, i, arguments[i])) for i in chosen)
    paths = {
        i: f"{folder}{os.sep}{key}.result"
        for i, key in zip(chosen, keys, strict=True)
    }
    results = {}
    for i in chosen:
        results[i] = _kept(paths[i])
    open_tasks = {i for i in chosen if results[i] is None}
    if not open_tasks:
        return list(results.values())
    folder.mkdir(parents=True, exist_ok=True)
    run = joblib.Parallel(n_jobs, return_as="generator_unordered")
    bar = tqdm(
        total=len(chosen),
        initial=len(chosen) - len(open_tasks),
        desc=title,
        disable=None,
    )
    watch, elsewhere = Watch(), 0
    # The number of the claim to try, of each task that nobody else holds.
    free = dict.fromkeys(open_tasks, 0)
    with bar:
        while free:
            done = run(
                joblib.delayed(_computed)(
                    paths[i], number, task, arguments[i], seed, i
                )
                for i, number in sorted(free.items())
            )
            for i, result, here in done:
                if result is None:
                    continue
                open_tasks.remove(i)
                results[i] = result
                elsewhere += not here
                if elsewhere:
                    bar.set_postfix_str(f"{elsewhere} elsewhere", False)
                bar.update()
            free = watch.wait({i: paths[i] for i in open_tasks})
    return list(results.values())
