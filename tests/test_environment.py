"""pyproject.toml, environment.yml and constraints.txt name one and the same environment."""

import ast
import re
import tomllib
from importlib.metadata import distributions, version

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from utils.files import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
PINS = {
    canonicalize_name(name): pin
    for name, pin in re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M)
}
DEPENDENCIES = [Requirement(line) for line in PROJECT["dependencies"]]


def conda_pip_lines():
    (pip,) = (entry["pip"] for entry in CONDA["dependencies"] if isinstance(entry, dict))
    return pip


def test_conda_asks_for_the_same_packages():
    wanted = [line for line in conda_pip_lines() if not line.startswith("--")]
    assert wanted == PROJECT["dependencies"]


def test_conda_asks_for_the_same_python():
    assert f"python{PROJECT['requires-python']}" in CONDA["dependencies"]


def test_conda_pins_by_the_same_file_and_installs_the_project():
    options = [line for line in conda_pip_lines() if line.startswith("--")]
    assert options == ["--constraint constraints.txt", "--editable ."]


def test_start_accepts_exactly_the_pythons_of_the_project():
    text = (ROOT / "start.py").read_text(encoding="utf-8")
    oldest, newest = ast.literal_eval(re.search(r"^OLDEST, NEWEST = (.*)$", text, re.M)[1])
    accepted = {(3, minor) for minor in range(6, 20) if SpecifierSet(PROJECT["requires-python"]).contains(f"3.{minor}")}
    assert accepted == {(3, minor) for minor in range(oldest[1], newest[1] + 1)}


@pytest.mark.parametrize("wanted", DEPENDENCIES, ids=lambda wanted: wanted.name)
def test_every_dependency_has_an_exact_version_that_it_allows(wanted):
    pin = PINS.get(canonicalize_name(wanted.name))
    assert pin, f"{wanted.name} has no line in constraints.txt"
    assert wanted.specifier.contains(pin)


def test_a_cpu_only_build_satisfies_the_constraints():
    """Do the pins leave out NVIDIA's libraries and any local version such as +cu130?"""
    assert not [name for name in PINS if name.startswith(("nvidia-", "cuda-", "triton"))]
    assert not [pin for pin in PINS.values() if "+" in pin]


def test_the_project_itself_is_not_pinned():
    assert canonicalize_name(PROJECT["name"]) not in PINS


@pytest.mark.parametrize("wanted", DEPENDENCIES, ids=lambda wanted: wanted.name)
def test_this_environment_satisfies_the_project(wanted):
    assert wanted.specifier.contains(version(wanted.name), prereleases=True)


@pytest.mark.parametrize("python", ["3.11.2", "3.12.0", "3.13.0"])
def test_every_pinned_package_accepts_every_python_of_the_project(python):
    """Debian 12 has Python 3.11.2, and some packages ask for a later 3.11: is none of those among the pins?"""
    refusing = [
        f"{package.metadata['Name']} {package.version}"
        for package in distributions()
        if PINS.get(canonicalize_name(package.metadata["Name"])) == package.version
        and not SpecifierSet(package.metadata["Requires-Python"] or "").contains(python)
    ]
    assert not refusing
