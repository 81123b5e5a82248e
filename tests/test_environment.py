"""environment.yml, constraints.txt and pyproject.toml must agree."""

import tomllib

import yaml
from helpers import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

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


def requirements(extras):
    lines = list(PROJECT["dependencies"])
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


def test_every_requirement_is_pinned_inside_its_range():
    pinned = pins()
    for requirement in requirements(PROJECT["optional-dependencies"]):
        name = canonicalize_name(requirement.name)
        assert name in pinned, f"{name} is not pinned"
        assert pinned[name] in requirement.specifier, name


def test_pins_are_portable():
    for name, version in pins().items():
        assert version.local is None, f"{name}: local version {version}"
    assert "nclib" not in pins()


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
    here = Requirement("nclib" + editable.removeprefix("-e ."))
    assert here.extras <= set(PROJECT["optional-dependencies"])
    assert "book" in here.extras
    # What is neither the package nor an option must not contradict it.
    for line in section:
        if not line.startswith("-"):
            requirement = Requirement(line)
            version = pins()[canonicalize_name(requirement.name)]
            assert version in requirement.specifier
