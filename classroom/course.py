"""The course folder: masters in, release versions and handouts out.

    course/
        handout/ps1.zip           for the students
        source/  release/         what nbgrader makes them from
        submitted/  autograded/  feedback/
        gradebook.db  grades.csv  checks.csv  logs/

Everything here is made by the program, but for the marks that a person gives
to written answers: these are in ``gradebook.db``.
"""

import hashlib
import json
import multiprocessing
import os
import re
import signal
import sys
import zipfile
from pathlib import Path

import jupytext
import nbformat
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
KERNEL = "nclib-sandbox"

CONFIG = """\
# Written by `python -m classroom`; the settings are in the file named here.
import sys
from pathlib import Path

sys.path.insert(0, {root!r})
from classroom.course import gradebook

load_subconfig({path!r})
# Here and nowhere else, whatever another course of this site has set.
here = Path(__file__).resolve().parent
c.CourseDirectory.root = str(here)
c.CourseDirectory.db_url = gradebook(here)
"""

ENVIRONMENT = """\
name: nclib-{name}
channels: [conda-forge]
dependencies:
  - python=3.11
  - pip
  - pip: ["-r requirements.txt"]
"""

README = """\
Problem set {number}

Unpack this archive and open {name}.ipynb in JupyterLab, in this folder.
Python 3.11 or newer and the packages of requirements.txt are needed:

    python -m venv .venv
    .venv/bin/pip install -r requirements.txt
    .venv/bin/jupyter lab {name}.ipynb

On Windows write py for python and .venv\\Scripts for .venv/bin. With conda:
conda env create -f environment.yml, conda activate nclib-{name}, and then
jupyter lab {name}.ipynb.

The package nclib is in this archive. Do not install another one: what
"pip install nclib" fetches is a library of sockets.

Write only into the cells that say YOUR CODE HERE or YOUR ANSWER HERE. You
may add cells of your own. Do not delete or copy the cells with checks: they
are put back before grading. Lines that begin with ! may not run when your
work is graded. Before you hand in, restart the kernel and run
all cells. Hand in the one file {name}.ipynb, under this name.
"""

_PACKAGES = (
    "cvxpy",
    "joblib",
    "jupyterlab",
    "matplotlib",
    "mpmath",
    "numpy",
    "platformdirs",
    "pooch",
    "scikit-learn",
    "scipy",
    "threadpoolctl",
    "torch",
    "tqdm",
)


def masters():
    """The masters by name, in order.

    Those of the book, or of the folder ``$NCLIB_MASTERS``, in which an
    instructor keeps other exercises out of sight.
    """
    folder = os.environ.get("NCLIB_MASTERS")
    folder = Path(folder) if folder else ROOT / "book" / "assignments"
    found = {path.stem: path for path in sorted(folder.glob("ps*.md"))}
    if not found:
        raise ValueError(
            f"NCLIB_MASTERS must name a folder with masters ps*.md, "
            f"got {folder}"
        )
    return found


def ps2_data():
    """Handwritten digits, 20 of each."""
    import nclib

    X, y = nclib.digits(20)
    return dict(X=X, y=y)


DATA = {"ps2": ps2_data}


def gradebook(course):
    """Address of the course's data base; SQLAlchemy decodes it."""
    return f"sqlite:///{str(course / 'gradebook.db').replace('%', '%25')}"


def nbgrader(course, *arguments, log, timeout=None, **environment):
    """Run one nbgrader command in the course folder.

    Returns its exit status, or None if it had to be killed after
    ``timeout`` seconds, together with all that it had started.
    """
    environment = {
        **os.environ,
        # nbgrader calls alembic by name.
        "PATH": os.pathsep.join(
            [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
        ),
        "JUPYTER_PATH": str(course / "jupyter"),
        "JUPYTER_PLATFORM_DIRS": "1",
        # Settings of the whole site, or of the user, are for other courses.
        "JUPYTER_NO_CONFIG": "1",
        **environment,
    }
    log.parent.mkdir(parents=True, exist_ok=True)
    process = _context.Process(
        target=_nbgrader, args=(course, arguments, environment, log)
    )
    process.start()
    try:
        process.join(timeout)
        return process.exitcode
    finally:
        # Also after Ctrl-C, which a session of its own does not hear.
        if process.is_alive():
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                # It has not yet become a session of its own.
                process.kill()
            process.join()


# To import nbgrader takes seconds, so it is done once: each command runs in
# a fork of a process that has.
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["nbgrader.apps"])


def _nbgrader(course, arguments, environment, log):
    os.setsid()
    with open(log, "wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(course)
    from nbgrader.apps import NbGraderApp

    NbGraderApp.launch_instance(list(arguments))


def prepare(course, names=None):
    """Bring the course folder up to date with the masters.

    Parameters
    ----------
    course : Path
    names : sequence of str, optional
        Problem sets; all of them by default.

    Returns
    -------
    dict
        From each name to a hash of its master and data.

    Raises
    ------
    ValueError
        If there is no such problem set.
    RuntimeError
        If nbgrader refuses a master, with the end of what it said.
    """
    known = masters()
    names = list(known if names is None else names)
    for name in names:
        if name not in known:
            raise ValueError(
                f"assignments must be among {', '.join(known)}, got {name!r}"
            )
    course.mkdir(parents=True, exist_ok=True)
    settings = Path(__file__).with_name("nbgrader_config.py")
    (course / "nbgrader_config.py").write_text(
        CONFIG.format(root=str(ROOT), path=str(settings)), encoding="utf-8"
    )
    _kernel(course)
    state = course / "prepared.json"
    done = json.loads(state.read_text()) if state.exists() else {}
    for name in names:
        digest = _source(course, name, known[name])
        notebook = course / "release" / name / f"{name}.ipynb"
        if done.get(name) != digest or not notebook.is_file():
            log = course / "logs" / f"release-{name}.log"
            status = nbgrader(
                course, "generate_assignment", name, "--force", log=log
            )
            if status != 0 or not notebook.is_file():
                raise RuntimeError(
                    f"nbgrader could not release {name}, see {log}:\n"
                    + "\n".join(log.read_text().splitlines()[-5:])
                )
            done[name] = digest
            state.write_text(json.dumps(done))
    return {name: done[name] for name in names}


def _kernel(course):
    folder = course / "jupyter" / "kernels" / KERNEL
    folder.mkdir(parents=True, exist_ok=True)
    sandbox = Path(__file__).with_name("sandbox.py")
    spec = dict(
        argv=[sys.executable, "-P", str(sandbox), "{connection_file}"],
        display_name="nclib, in a sandbox",
        language="python",
    )
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def _source(course, name, master):
    """Write the source notebook and its data; return their hash."""
    notebook = jupytext.read(master, fmt="md:myst")
    # jupytext draws new ids at every reading.
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"{name}-{number}"
    text = nbformat.writes(notebook)
    digest = hashlib.sha256(text.encode())
    folder = course / "source" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
    if name in DATA:
        arrays = DATA[name]()
        for key in sorted(arrays):
            digest.update(np.ascontiguousarray(arrays[key]).tobytes())
        (folder / "data").mkdir(exist_ok=True)
        np.savez_compressed(folder / "data" / f"{name}.npz", **arrays)
    return digest.hexdigest()


def requirements():
    """What a student installs: the packages of nclib, as pinned here."""
    pins = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        match = re.match(r"([\w.-]+)==(\S+)", line)
        if match:
            pins[match[1].lower()] = match[0]
    return "".join(f"{pins[name]}\n" for name in _PACKAGES)


def release(course, names=None):
    """Write the handouts ``handout/NAME.zip``.

    An archive holds the release version, its data, nclib itself, and what to
    install. The same masters give the same bytes.

    Returns
    -------
    list of Path
    """
    archives = []
    for name in prepare(course, names):
        folder = course / "release" / name
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        for path in (ROOT / "nclib").rglob("*.py"):
            files[path.relative_to(ROOT).as_posix()] = path.read_bytes()
        files["nclib/LICENSE"] = (ROOT / "LICENSE").read_bytes()
        files["requirements.txt"] = requirements().encode()
        files["environment.yml"] = ENVIRONMENT.format(name=name).encode()
        files["README.txt"] = README.format(
            name=name, number=name.removeprefix("ps")
        ).encode()
        archive = course / "handout" / f"{name}.zip"
        archive.parent.mkdir(exist_ok=True)
        partial = archive.with_suffix(".partial")
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as file:
            for path in sorted(files):
                file.writestr(
                    zipfile.ZipInfo(f"{name}/{path}"),
                    files[path],
                    zipfile.ZIP_DEFLATED,
                )
        os.replace(partial, archive)
        archives.append(archive)
    return archives
