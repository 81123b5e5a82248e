"""The command line: what it prints, writes and exits with."""

import json
import os
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest

from nclib.__main__ import main
from nclib.data import GaussianMixture, orthonormal_means
from nclib.figures.phase import PhaseDiagram


@pytest.mark.parametrize(("d", "status"), [(40, 0), (12, 1)])
def test_decide(d, status, tmp_path, capsys):
    X, y = GaussianMixture(orthonormal_means(2, d), 1.0).sample(20, seed=0)
    np.savez(tmp_path / "data.npz", X=X, y=y)
    assert main(["decide", str(tmp_path / "data.npz")]) == status
    printed = capsys.readouterr().out
    assert f"occurs: {status == 0}" in printed and "class 1:" in printed


def test_decide_names_what_is_missing(tmp_path, capsys):
    np.savez(tmp_path / "data.npz", X=np.eye(3))
    assert main(["decide", str(tmp_path / "data.npz")]) == 3
    said = capsys.readouterr().err
    assert "must hold the arrays X and y, and lacks y" in said


def test_figure(tmp_path):
    out, record = tmp_path / "figure.png", tmp_path / "record.npz"
    arguments = ["figure", "2", "--scale", "quick", "--out", str(out)]
    assert main([*arguments, "--record", str(record)]) == 0
    # A picture, and not an empty one.
    assert np.ptp(plt.imread(out)[..., :3], axis=(0, 1)).min() > 0.5
    assert PhaseDiagram.load(record).provenance["seed"] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("1 --out {0}/a.png --method sgd", "figure 1 has no option --method"),
        ("3 --out {0}/a.png --width 50", "figure 3 has no option --width"),
        ("2 --out {0}/none/a.png", "No such file or directory"),
        ("2 --out {0}/a.bmp", "--out must end in one of"),
        ("2 --out {0}/a", "--out must end in one of"),
        ("2 --out {0}/folder.png", "folder.png is a folder"),
        ("2 --out {0}/a.png --record {0}/no/a.npz", "No such file"),
        ("2 --out {0}/a.png --jobs 0", "n_jobs must be at least 1"),
    ],
)
def test_a_figure_is_refused_before_it_is_simulated(
    options, message, tmp_path, capsys, monkeypatch
):
    def simulated(*_):
        raise AssertionError

    monkeypatch.setattr("nclib.sweep.joblib.Parallel", simulated)
    (tmp_path / "folder.png").mkdir()
    arguments = options.format(tmp_path).split()
    assert main(["figure", "--scale", "quick", *arguments]) == 3
    assert message in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["folder.png"]


def test_ledger(capsys):
    assert main(["ledger", "--id", "def-1", "--scale", "quick"]) == 0
    assert "1 hold, 0 fail" in capsys.readouterr().out


def test_chapters_side_by_side(tmp_path):
    ids = ["def-1", "upfm-gap", "lem-9"]
    command = [sys.executable, "-m", "nclib", "ledger", "--scale", "quick"]
    for id in ids:
        command += ["--id", id]
    found = []
    for jobs in ("1", "2"):
        path = tmp_path / f"{jobs}.json"
        subprocess.run(
            [*command, "--json", str(path), "--jobs", jobs],
            env=os.environ | {"NCLIB_CACHE": str(tmp_path / jobs)},
            check=True,
        )
        rows = json.loads(path.read_text())
        assert [row["id"] for row in rows] == ids
        found.append([row["measured"] for row in rows])
    assert found[0] == found[1]


def test_unknown_claim(capsys):
    assert main(["ledger", "--id", "thm-99"]) == 3
    assert "id must be one of" in capsys.readouterr().err
