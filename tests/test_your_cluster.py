"""What the page on clusters shows and does not run is what it says it is."""

import ast
import re
import shutil
import subprocess

import pytest
from helpers import BOOK

PAGE = (BOOK / "your_cluster.md").read_text()


def blocks(language):
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)
    assert found
    return found


def test_the_script_of_the_array():
    (script,) = blocks("bash")
    if shutil.which("bash"):
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    head, *body = re.split(r"^(?!#)", script, maxsplit=1, flags=re.M)
    assert head.startswith("#!/bin/bash\n")
    # SLURM reads options only before the first command.
    options = re.findall(r"^#SBATCH --([\w-]+)=(\S+)$", head, re.M)
    assert len(options) == head.count("#SBATCH") == script.count("#SBATCH")
    first, last = dict(options)["array"].split("-")
    assert first == "0" and int(last) > 0
    assert "export NCLIB_CACHE=" in script and "run.py" in script
    for variable in ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT"):
        assert f'os.environ["{variable}"]' in PAGE


def test_the_program_for_dask():
    (program,) = blocks("python")
    tree = ast.parse(program)
    calls = {
        ast.unparse(node.func): node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    # The sweep is the page's own, but for the shard.
    names = [ast.unparse(a) for a in calls["sweep"].args]
    assert f"sweep({', '.join(names)}, seed=0, shard=" in PAGE
    assert ast.unparse(calls["joblib.parallel_config"]) == (
        "joblib.parallel_config('dask')"
    )


def test_the_program_for_dask_knows_its_cluster():
    jobqueue = pytest.importorskip("dask_jobqueue")
    (program,) = blocks("python")
    (call,) = (
        node
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "SLURMCluster"
    )
    options = {k.arg: ast.literal_eval(k.value) for k in call.keywords}
    cluster = jobqueue.SLURMCluster(**options)
    script = cluster.job_script()
    cluster.close()
    assert all(line in script for line in options["job_script_prologue"])
    assert "--nworkers 4" in script
