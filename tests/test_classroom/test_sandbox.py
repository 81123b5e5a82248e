"""What a submission cannot do."""

import os
import shutil
import socket
import subprocess
import sys

import pytest
from helpers import ROOT

from classroom.sandbox import landlock_missing

confined = pytest.mark.skipif(
    landlock_missing() is not None, reason=f"no Landlock: {landlock_missing()}"
)
# The kernel is replaced by a script: what follows concerns any program.
START = """
import sys
sys.path.insert(0, {root!r})
import runpy
import classroom.sandbox
def instead(*arguments, **options):
    exec(compile(open("script.py").read(), "script.py", "exec"), {{}})
runpy.run_module = instead
classroom.sandbox.main()
"""


@pytest.fixture
def run(tmp_path):
    work, scratch = tmp_path / "work", tmp_path / "scratch"
    work.mkdir()
    scratch.mkdir()
    (tmp_path / "connection.json").write_text("{}")

    def script(text, memory=2**31, seconds=60):
        (work / "script.py").write_text(text)
        return subprocess.run(
            [
                sys.executable,
                "-c",
                START.format(root=str(ROOT)),
                tmp_path / "connection.json",
            ],
            cwd=work,
            capture_output=True,
            text=True,
            timeout=100,
            env={
                **os.environ,
                "NCLIB_SCRATCH": str(scratch),
                "NCLIB_MEMORY": str(memory),
                "NCLIB_SECONDS": str(seconds),
                "A_SECRET": "1",
            },
        )

    return script


def test_works_in_a_copy(run, tmp_path):
    done = run("import os; open('new', 'w').write('x'); print(os.getcwd())")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path / "scratch" / "work")
    assert not (tmp_path / "work" / "new").exists()


def test_sees_nothing_of_the_environment(run, tmp_path):
    done = run(
        "import os; print('A_SECRET' in os.environ, os.path.expanduser('~'))"
    )
    assert done.stdout.split() == ["False", str(tmp_path / "scratch/home")]


def test_memory_is_bounded(run):
    assert "MemoryError" in run("x = bytearray(3 * 2**30)").stderr


def test_processor_time_is_bounded(run):
    assert run("while True: pass", seconds=1).returncode < 0


def test_files_are_bounded(run):
    done = run("open('big', 'wb').write(bytes(100 * 2**20))")
    assert done.returncode != 0


@confined
@pytest.mark.parametrize(
    "attempt",
    [
        "open({outside!r}, 'w')",
        "open({outside!r})",
        "import os; os.remove({outside!r})",
        "import os; os.listdir({folder!r})",
        "import os; os.mkdir({folder!r} + '/new')",
        "import os; os.symlink({outside!r}, 'l'); open('l')",
        "open({master!r})",
        "import subprocess; subprocess.run(['cat', {outside!r}], check=True)",
    ],
)
def test_other_files_are_out_of_reach(run, tmp_path, attempt):
    outside = tmp_path / "outside"
    outside.write_text("other people's work")
    master = ROOT / "book" / "assignments" / "ps1.md"
    done = run(
        attempt.format(
            outside=str(outside), folder=str(tmp_path), master=str(master)
        )
    )
    assert done.returncode != 0
    assert "ermission" in done.stderr
    assert outside.read_text() == "other people's work"
    assert not (tmp_path / "new").exists()


def from_version(version):
    """Run where the kernel's Landlock has at least this version."""
    if landlock_missing() is None:
        from landlock import landlock_abi_version

        missing = landlock_abi_version() < version
    else:
        missing = True
    return pytest.mark.skipif(missing, reason=f"Landlock below {version}")


@from_version(6)
def test_no_other_process_is_ended(run):
    other = subprocess.Popen(["sleep", "60"])
    try:
        done = run(f"import os, signal; os.kill({other.pid}, signal.SIGTERM)")
        assert done.returncode != 0
        assert "not permitted" in done.stderr
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@from_version(4)
def test_no_connection_to_elsewhere(run):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        done = run(f"import socket; socket.create_connection({address})")
    assert "ermission" in done.stderr


@confined
def test_other_processes_are_not_read(run):
    done = run("import os; open(f'/proc/{os.getppid()}/environ').read()")
    assert "ermission" in done.stderr


@confined
def test_software_can_be_used(run):
    done = run(
        "import nclib, scipy.optimize, sklearn.datasets as s; "
        "s.load_digits(); import tempfile; tempfile.TemporaryFile()"
    )
    assert done.returncode == 0, done.stderr


def test_without_landlock_it_still_runs(run, tmp_path, monkeypatch):
    # A module of that name that cannot be imported, as on macOS.
    (tmp_path / "block").mkdir()
    (tmp_path / "block" / "landlock.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "block"))
    done = run("print('runs')")
    assert done.stdout == "runs\n"
    shutil.rmtree(tmp_path / "scratch")
