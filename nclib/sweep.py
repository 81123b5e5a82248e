"""Many independent tasks: workers, seeds, cache, progress, resume.

Each task gets its own child of the seed, and its result is stored under a
hash of the task and its module, its arguments, its seed and the code of
nclib. So results do not depend on the number of workers or on their order,
an interrupted sweep continues where it stopped, and an edit of the task or
of nclib starts afresh. The wording of the ledger is no such edit.
"""

import hashlib
import inspect
import os
import platform
import warnings
from functools import cache
from importlib import metadata
from pathlib import Path

import joblib
import numpy as np
import platformdirs
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from nclib._checks import check_integer
from nclib._files import read_array, write_array

__all__ = [
    "cache_folder",
    "code_hash",
    "sweep",
    "workers",
]


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
    """``n_jobs``, or as many as the cores this process may use.

    Counted by joblib: its affinity, a container's quota of CPU time and
    ``LOKY_MAX_CPU_COUNT`` are respected.

    Examples
    --------
    >>> from nclib.sweep import workers
    >>> workers(2)
    2
    """
    if n_jobs is not None:
        return check_integer("n_jobs", n_jobs, 1)
    return joblib.cpu_count()


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
    """The result as an array, if it can be stored as one."""
    try:
        array = np.asarray(result)
    except ValueError:
        array = None
    if array is None or array.dtype.hasobject:
        raise TypeError(
            f"task must return an array of numbers, {task.__qualname__} "
            f"returned {str(result)[:60]!r} ({type(result).__name__})"
        )
    return array


def _stored(path, task, arguments, seed):
    # One thread a worker: the fastest split of the cores, and sums that do
    # not depend on how many workers there are.
    with threadpool_limits(1):
        result = _numbers(task(*arguments, seed), task)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_array(path, result)


def _kept(path):
    """The result in the cache, or None; a damaged file is removed."""
    try:
        return read_array(path)
    except FileNotFoundError:
        return None
    except ValueError as error:
        warnings.warn(f"{error}; computed again", stacklevel=3)
        path.unlink(missing_ok=True)
        return None


def sweep(task, arguments, seed, n_jobs=None, title=None):
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

    Returns
    -------
    list of arrays
        In the order of ``arguments``.

    Raises
    ------
    TypeError, ValueError
        If ``seed`` or ``n_jobs`` is not an integer in range; if ``task`` is
        a lambda, local or defined in the running script or notebook, or
        returns what is no array of numbers.

    Notes
    -----
    Finished tasks are kept under `cache_folder`, each written at once and
    whole, with a checksum, so the sweep may be interrupted and run again; a
    damaged file is computed again, with a warning.

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
    children = np.random.SeedSequence(seed).spawn(len(arguments))
    identity = _identity(task)
    folder = cache_folder() / "sweep"
    paths = [
        folder / f"{joblib.hash((identity, seed, i, args))}.result"
        for i, args in enumerate(arguments)
    ]
    results = []
    for path in paths:
        results.append(_kept(path))
    missing = [i for i, result in enumerate(results) if result is None]
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
    for i in missing:
        results[i] = read_array(paths[i])
    return results
