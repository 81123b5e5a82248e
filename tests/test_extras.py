"""The core needs numpy and scipy; the rest says what is missing."""

import json
import shutil
import subprocess
import sys

import pytest
from helpers import ROOT

from nclib._extras import _EXTRAS, MissingExtra, load

# Refuses what the core must not need, as if it were not installed.
FORBID = """
import json, sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        package = name.partition(".")[0]
        if package in forbidden:
            raise ModuleNotFoundError(f"no {package}", name=package)

forbidden = set(json.loads(sys.argv[1]))
sys.meta_path.insert(0, Absent())
"""
OTHERS = ("requests", "pandas", "IPython", "dask", "distributed", "yaml")


def without(script, *arguments, absent=(*_EXTRAS, *OTHERS)):
    """What a script prints in a Python that lacks some packages."""
    done = subprocess.run(
        [sys.executable, "-c", FORBID + script, json.dumps(absent)]
        + list(map(str, arguments)),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


CORE = """
import numpy as np, nclib
from nclib import bounds, designs, finite, joint, kernels, transition
for name in nclib.__all__:
    getattr(nclib, name)
means = nclib.orthonormal_means(3, 90)
X, y = nclib.GaussianMixture(means, 0.5).sample(20, seed=0)
decision = nclib.decide(X, y)
assert decision.occurs and decision.verified
net = nclib.collapsed_network(X, y, 1e-3, 1e-6)
H = net.features(X)
assert max(nclib.nc_metrics(H, net.W, y)) < 1e-8
solution = nclib.upfm_minimizer(3, 20, 1e-3, 1e-6)
risk = net.risk(X, y, 1e-3, 1e-6)
assert np.isclose(risk, solution.risk, rtol=1e-9), (risk, solution.risk)
assert nclib.certify_minimum(net, X, y, 1e-3, 1e-6).kind == "global"
best = nclib.best_collapsed_neuron(X, y, means[0], 0)
assert best.ratio > 0
assert nclib.phase_boundary(means, 0.5).delta > 0
assert 0 <= nclib.feasibility_bound(means, 0.5, 20, 90) <= 1
assert nclib.layer_width(means, 0.5, 20, 90).width > 0
nclib.kkt_certificate(3, 20, 1e-3, 1e-6)
print("all of it")
"""


def test_the_core_runs_without_any_extra():
    assert without(CORE) == "all of it\n"


def test_the_command_line_decides_without_any_extra(tmp_path):
    script = """
import numpy as np
from nclib.__main__ import main
X = np.eye(4)
np.savez(sys.argv[2], X=X, y=[0, 0, 1, 1])
assert main(["decide", sys.argv[2]]) == 0
"""
    assert "class 0" in without(script, tmp_path / "data.npz")


def test_to_import_nclib_imports_nothing_else():
    script = """
import nclib
print([m for m in ("numpy", "scipy", "nclib.feasibility") if m in sys.modules])
nclib.decide
print([m for m in ("scipy.stats", "nclib.training") if m in sys.modules])
"""
    assert without(script) == "[]\n[]\n"


@pytest.mark.parametrize(
    "call, extra",
    {
        "nclib.digits()": "data",
        "nclib.fashion_mnist()": "data",
        "nclib.flow(X, y, T=1)": "train",
        "nclib.minimise(X, y)": "train",
        "nclib.train(X, y)": "train",
        "nclib.upfm_sdp([2, 2], 1e-3, 1e-3)": "sdp",
        "import nclib.figures.style": "figures",
    }.items(),
)
def test_a_missing_extra_is_one_sentence(call, extra, tmp_path):
    script = f"""
import os
os.environ |= dict(NCLIB_OFFLINE="0", NCLIB_DATA="", XDG_CACHE_HOME="nowhere")
import nclib
X, y = nclib.GaussianMixture(nclib.simplex_means(2, 9), 0.1).sample(4, 0)
try:
    {call}
except ImportError as error:
    print(error)
"""
    said = without(script)
    function = call.removeprefix("import ").removesuffix(".style")
    function = function.partition("(")[0]
    start = f"{function} needs the package "
    end = f': pip install "nclib-collapse[{extra}]"\n'
    assert said.startswith(start) and said.endswith(end), said
    assert said.count("\n") == 1


def test_a_fine_gradient_names_its_extra():
    script = """
from nclib.minimality import _fine_gradient
try:
    _fine_gradient(*[None] * 5)
except ImportError as error:
    print(error)
"""
    assert without(script) == (
        "nclib.certify_minimum needs the package mpmath, which is not "
        'installed: pip install "nclib-collapse[minima]"\n'
    )


def test_a_package_that_is_there_and_broken_says_so(tmp_path, monkeypatch):
    (tmp_path / "pooch").mkdir()
    (tmp_path / "pooch" / "__init__.py").write_text("import no_such_part")
    monkeypatch.delitem(sys.modules, "pooch", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match="no_such_part") as caught:
        load("pooch", "nclib.fashion_mnist")
    assert not isinstance(caught.value, MissingExtra)


def test_sockets_installed_over_this_package_are_noticed(tmp_path):
    package = tmp_path / "nclib"
    shutil.copytree(ROOT / "nclib", package)
    (package / "__init__.py").write_text("class Netcat: ...\n")
    done = subprocess.run(
        [sys.executable, "-m", "nclib", "decide", "data.npz"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
    )
    last = done.stderr.strip().splitlines()[-1]
    assert "library of sockets" in last and "pip uninstall -y nclib" in last


def test_names_of_the_package_are_found_without_imports():
    import nclib

    assert set(nclib.__all__) <= set(dir(nclib))
    with pytest.raises(AttributeError, match="no attribute 'netcat'"):
        nclib.netcat  # noqa: B018
    with pytest.raises(ImportError, match="netcat"):
        from nclib import netcat  # noqa: F401
