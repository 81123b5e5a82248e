"""environment.yml, constraints.txt and pyproject.toml must agree."""

import os
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import yaml
from helpers import ROOT
from jupyterlab_server.settings_utils import _get_overrides as get_overrides
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from nclib import _extras

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())


def pins():
    """Every line of constraints.txt as {canonical name: version}."""
    found = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        requirement = Requirement(line)
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", line
        name = canonicalize_name(requirement.name)
        assert name not in found, f"{name} is pinned twice"
        found[name] = Version(specifier.version)
    return found


EXTRAS = PROJECT["optional-dependencies"]


def requirements(extras):
    """All packages that the core and these extras need, but this one."""
    lines = list(PROJECT["dependencies"])
    for extra in extras:
        lines += EXTRAS[extra]
    found = []
    for requirement in map(Requirement, lines):
        if requirement.name == PROJECT["name"]:
            found += requirements(requirement.extras)
        else:
            found.append(requirement)
    return found


def test_every_requirement_is_pinned_inside_its_range():
    pinned = pins()
    for requirement in requirements(EXTRAS):
        name = canonicalize_name(requirement.name)
        assert name in pinned, f"{name} is not pinned"
        assert pinned[name] in requirement.specifier, name


def test_pins_are_portable():
    for name, version in pins().items():
        assert version.local is None, f"{name}: local version {version}"
    assert not {"nclib", PROJECT["name"]} & set(pins())


def test_each_extra_brings_what_its_sentence_promises():
    assert _extras.DISTRIBUTION == PROJECT["name"]
    core = {requirement.name for requirement in requirements(())}
    assert core == {
        *("numpy", "scipy"),
        *("joblib", "platformdirs", "threadpoolctl", "tqdm"),
    }
    (everything,) = map(Requirement, EXTRAS["all"])
    assert everything.extras == set(_extras._EXTRAS.values())
    for module, extra in _extras._EXTRAS.items():
        name = _extras._INSTALLED.get(module, module)
        assert name in {one.name for one in requirements([extra])} - core
    for extra in ("book", "test", "teach", "bench"):
        assert f"{PROJECT['name']}[all]" in EXTRAS[extra]


def test_no_other_nclib_is_installed():
    for one in metadata.distributions(name="nclib"):
        files = {file.as_posix() for file in one.files or ()}
        assert "nclib/netcat.py" not in files, (
            "the library of sockets that PyPI calls nclib is installed here "
            "and hides this one: pip uninstall nclib"
        )


def test_environment_python_is_supported():
    (python,) = [
        Requirement(line.replace("=", "==", 1) + ".*")
        for line in ENVIRONMENT["dependencies"]
        if isinstance(line, str) and line.startswith("python=")
    ]
    (specifier,) = python.specifier
    version = Version(specifier.version.removesuffix(".*"))
    requires = Requirement(f"python{PROJECT['requires-python']}")
    assert version in requires.specifier


def test_environment_installs_this_package_with_the_same_pins():
    (section,) = [
        line["pip"]
        for line in ENVIRONMENT["dependencies"]
        if isinstance(line, dict)
    ]
    assert "-c constraints.txt" in section
    (editable,) = [line for line in section if line.startswith("-e ")]
    here = Requirement(PROJECT["name"] + editable.removeprefix("-e ."))
    assert here.extras <= set(EXTRAS)
    assert "book" in here.extras
    # What is neither the package nor an option must not contradict it.
    for line in section:
        if not line.startswith("-"):
            requirement = Requirement(line)
            version = pins()[canonicalize_name(requirement.name)]
            assert version in requirement.specifier


def test_lab_opens_pages_as_notebooks_here_and_nothing_elsewhere(tmp_path):
    # What `make lab` does before it starts, in a home of its own.
    home, settings = tmp_path / "home", tmp_path / "lab" / "overrides.json"
    home.mkdir()
    commands = subprocess.run(
        [
            *("make", "-n", "--no-print-directory", "lab", "STAMP="),
            f"BIN={Path(sys.executable).parent}",
            f"LAB_SETTINGS={settings}",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    first, last = commands.replace("\\\n", "").splitlines()
    assert last.endswith("jupyter lab book")
    subprocess.run(
        first, shell=True, check=True, env={**os.environ, "HOME": str(home)}
    )
    assert not list(home.iterdir())
    # Lab reads the settings of its environment from a folder like this one.
    found, _ = get_overrides(str(settings.parent))
    (plugin,) = found.values()
    assert set(plugin["defaultViewers"]) == {"markdown", "myst"}
