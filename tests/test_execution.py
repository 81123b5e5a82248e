"""The extension that runs the pages: side by side, and no fault is hidden."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from helpers import BOOK, ROOT

CONF = f"""
import sys
sys.path.insert(0, {str(BOOK / "_ext")!r})
extensions = ["myst_nb", "sphinx.ext.autodoc", "nclib_build", "execution"]
exclude_patterns = ["_build"]
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
"""
INDEX = """# Index

```{toctree}
:glob:
page_*
```
"""
PAGE = """---
jupytext:
  text_representation:
    format_name: myst
kernelspec: {name: python3, display_name: Python 3}
---

# Page

```{code-cell} python3
open("runs", "a").write(__import__("os").environ["LOKY_MAX_CPU_COUNT"])
import matplotlib.pyplot as plt
```

```{code-cell} python3
---
mystnb:
  figure: {name: fig-NAME, caption: A line.}
---
BODY
```
"""
LINE = "plt.plot([0, 1])\nplt.title('One')\nplt.show()"


def build(folder, **environment):
    return subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-b", "html"]
        + [str(folder), str(folder / "_build/html")],
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


def test_what_goes_wrong_stops_the_build_and_the_rest_is_kept(tmp_path):
    pytest.importorskip("myst_nb")
    (tmp_path / "conf.py").write_text(CONF)
    (tmp_path / "index.md").write_text(INDEX)
    pages = {
        "good": LINE,
        "misspelled": LINE.replace("One", r"$\\dleta$"),
        "missing": "1 + 1",
        "raising": "1 / 0",
    }
    for name, body in pages.items():
        text = PAGE.replace("NAME", name).replace("BODY", body)
        (tmp_path / f"page_{name}.md").write_text(text)
    # What the author has at home must not reach the pages.
    home = tmp_path / "home"
    profile = home / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_config.py").write_text(
        "get_config().InteractiveShellApp.exec_lines = ['1 / 0']"
    )
    (home / "matplotlibrc").write_text("text.usetex: True")
    home = dict.fromkeys(("IPYTHONDIR", "MPLCONFIGDIR", "MATPLOTLIBRC"), home)
    home = {name: str(folder) for name, folder in home.items()}

    first = build(tmp_path, MPLBACKEND="agg", **home)
    assert first.returncode
    said = re.sub(r"\x1b\[[\d;]*m", "", first.stderr)
    for name, why in {
        "misspelled": r"line 16:(?s:.*)Unknown symbol: \\dleta",
        "missing": "line 16: the figure 'fig-missing' has no picture",
        "raising": "ZeroDivisionError: division by zero",
    }.items():
        assert re.search(rf"page_{name}.md: ERROR:(?s:.*){why}", said), said
    assert "page_good.md: ERROR" not in said
    assert "page_good: ran in" in first.stdout

    for name in ("misspelled", "missing", "raising"):
        text = PAGE.replace("NAME", name).replace("BODY", LINE)
        (tmp_path / f"page_{name}.md").write_text(text)
    second = build(tmp_path, MPLBACKEND="agg", **home)
    assert second.returncode == 0, second.stderr
    assert "page_good" not in re.findall(r"(\S+): ran in", second.stdout)
    for name in pages:
        html = (tmp_path / f"_build/html/page_{name}.html").read_text()
        assert "<img" in html and "Traceback" not in html
    third = build(tmp_path)
    assert third.returncode == 0 and ": ran in" not in third.stdout


def test_a_folder_that_the_data_base_misreads_is_one_sentence(tmp_path):
    folder = tmp_path / "a%2Fb"
    folder.mkdir()
    (folder / "conf.py").write_text(CONF)
    (folder / "index.md").write_text("# Index\n")
    done = build(folder)
    assert done.returncode
    assert "must lie in a folder without %2F in its name" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def checkout(tmp_path):
    for name in ("pyproject.toml", "book/assignments", "nclib"):
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, target)
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "nclib/bounds.py",
        "book/assignments/ps1.md",
        "book/assignments/mistakes/ps1.py",
    ],
)
def test_what_a_page_reads_is_in_its_key(checkout, name, monkeypatch):
    monkeypatch.syspath_prepend(BOOK / "_ext")
    from nclib_build import package_hash

    before = package_hash(checkout)
    with (checkout / name).open("a") as file:
        file.write("\n")
    assert package_hash(checkout) != before


@pytest.mark.parametrize("name", ["matplotlib", "numpy", "scipy", "torch"])
def test_another_version_runs_the_pages_again(name, monkeypatch):
    monkeypatch.syspath_prepend(BOOK / "_ext")
    import nclib_build

    before = nclib_build.package_hash()
    real = nclib_build.metadata.version
    monkeypatch.setattr(
        nclib_build.metadata,
        "version",
        lambda asked: "0" if asked == name else real(asked),
    )
    assert nclib_build.package_hash() != before
