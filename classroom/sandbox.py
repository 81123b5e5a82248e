"""Start a Jupyter kernel that can do little harm.

    python classroom/sandbox.py CONNECTION_FILE

The kernel runs in a throwaway copy of its folder, with an empty home, no
variables of the grader's environment, and bounds on memory, processor time
and the size of files. On Linux (5.13 or newer) the operating system also
refuses it to write anywhere else, and to read anything but the installed
software: not the masters, not other submissions, not the gradebook. Newer
kernels also refuse connections by TCP (6.7) and signals to other processes
(6.12). It can still start processes; the teaching page says what to add.
"""

import ctypes
import importlib.util
import os
import resource
import runpy
import shutil
import sys
from pathlib import Path

FILE_MIB = 64
_SYSTEM = (
    *("/usr", "/lib", "/lib64", "/bin", "/etc", "/dev", "/sys"),
    # Of other processes one could read what they were told in secret.
    *("/proc/self", "/proc/sys"),
)
_SYSTEM_FILES = ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat")
_KEPT = ("PATH", "LANG", "LC_ALL", "JPY_PARENT_PID", "JPY_SESSION_NAME")


def limit(memory, seconds):
    """Bound memory (bytes), processor time (seconds) and file sizes."""
    for name, value in (
        ("RLIMIT_AS", memory),
        ("RLIMIT_CPU", seconds),
        ("RLIMIT_FSIZE", FILE_MIB * 2**20),
        ("RLIMIT_CORE", 0),
    ):
        try:
            resource.setrlimit(getattr(resource, name), (value, value))
        except (ValueError, OSError):
            # macOS refuses some; the grader's own clock remains.
            pass


def landlock_missing():
    """Why the system cannot confine a submission; None if it can."""
    try:
        from landlock import landlock_abi_version

        landlock_abi_version()
    except (ImportError, OSError, AttributeError) as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return None


def confine(scratch, connection):
    """Let this process write below ``scratch`` only, and read software.

    Raises OSError if the system refuses a rule.
    """
    from landlock import FSAccess, Ruleset

    look = FSAccess.READ_FILE | FSAccess.READ_DIR | FSAccess.EXECUTE
    rules = Ruleset()
    nclib = importlib.util.find_spec("nclib").submodule_search_locations
    software = {sys.prefix, sys.base_prefix, *nclib, *_SYSTEM}
    rules.allow(*filter(os.path.exists, software), rules=look)
    files = filter(os.path.exists, _SYSTEM_FILES)
    rules.allow(connection, *files, rules=FSAccess.READ_FILE)
    rules.allow("/dev/null", rules=FSAccess.all_file() & ~FSAccess.EXECUTE)
    rules.allow(scratch)
    rules.apply()
    _seal()


# Of linux/landlock.h, version 6: the fields of the structure, and the bits.
_CONNECT_TCP, _ABSTRACT_UNIX, _SIGNAL = 1 << 1, 1 << 0, 1 << 1


def _seal():
    """No connections to elsewhere and no signals, where the kernel knows."""
    from landlock import landlock_abi_version
    from landlock.plumbing import SYSCALL_CREATE_RULESET, get_restrict_self

    version = landlock_abi_version()
    if version < 4:
        return
    fields = [0, _CONNECT_TCP]
    if version >= 6:
        fields.append(_ABSTRACT_UNIX | _SIGNAL)
    rules = (ctypes.c_uint64 * len(fields))(*fields)
    descriptor = ctypes.CDLL(None, use_errno=True).syscall(
        SYSCALL_CREATE_RULESET,
        ctypes.byref(rules),
        ctypes.c_size_t(ctypes.sizeof(rules)),
        ctypes.c_uint32(0),
    )
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "Landlock refused its rules")
    get_restrict_self()(descriptor, 0)
    os.close(descriptor)


def main():
    connection = Path(sys.argv[1]).resolve()
    scratch = Path(os.environ["NCLIB_SCRATCH"]).resolve()
    memory, seconds = (
        int(os.environ[name]) for name in ("NCLIB_MEMORY", "NCLIB_SECONDS")
    )
    work, home = scratch / "work", scratch / "home"
    shutil.copytree(os.getcwd(), work)
    home.mkdir()
    os.chdir(work)
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    os.environ.clear()
    os.environ.update(
        kept,
        HOME=str(home),
        TMPDIR=str(home),
        IPYTHONDIR=str(home),
        MPLCONFIGDIR=str(home),
        NCLIB_CACHE=str(home),
        MPLBACKEND="agg",
        OMP_NUM_THREADS="1",
        OPENBLAS_NUM_THREADS="1",
        PYTHONWARNINGS="ignore",
        PYTHONDONTWRITEBYTECODE="1",
    )
    limit(memory, seconds)
    # Where there is none, `classroom.grading` has told the teacher.
    if landlock_missing() is None:
        confine(scratch, connection)
    sys.argv = ["ipykernel_launcher", "-f", str(connection)]
    runpy.run_module("ipykernel_launcher", run_name="__main__")


if __name__ == "__main__":
    main()
