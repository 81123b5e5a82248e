"""Start a Jupyter kernel that can do little harm.

    python classroom/sandbox.py CONNECTION_FILE

The kernel runs in a throwaway copy of its folder, with an empty home, no
variables of the grader's environment, and bounds on memory, processor time
and the size of files. On Linux (5.13 or newer) the operating system also
refuses it to write anywhere else, and to read anything but the installed
software: not the masters, not other submissions, not the gradebook. It can
still use the network and start processes; the teaching page says what to add.
"""

import importlib.util
import os
import resource
import runpy
import shutil
import sys
from pathlib import Path

FILE_MIB = 64
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc", "/proc", "/dev", "/sys")
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


def confine(scratch, connection):
    """Let this process write below ``scratch`` only, and read software.

    Raises OSError or ImportError where the system has no Landlock.
    """
    from landlock import FSAccess, Ruleset

    look = FSAccess.READ_FILE | FSAccess.READ_DIR | FSAccess.EXECUTE
    rules = Ruleset()
    nclib = importlib.util.find_spec("nclib").submodule_search_locations
    software = {sys.prefix, sys.base_prefix, *nclib, *_SYSTEM}
    rules.allow(*filter(os.path.exists, software), rules=look)
    rules.allow(connection, rules=FSAccess.READ_FILE)
    rules.allow("/dev/null", rules=FSAccess.all_file() & ~FSAccess.EXECUTE)
    rules.allow(scratch)
    rules.apply()


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
    try:
        confine(scratch, connection)
    except (OSError, ImportError):
        # `classroom.grading` has told the teacher before it began.
        pass
    sys.argv = ["ipykernel_launcher", "-f", str(connection)]
    runpy.run_module("ipykernel_launcher", run_name="__main__")


if __name__ == "__main__":
    main()
