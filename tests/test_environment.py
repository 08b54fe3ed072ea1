"""pyproject.toml, environment.yml, constraints.txt, Binder's copy and the development container name one and the same environment."""

import ast
import importlib.util
import json
import os
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
OPTIONAL = [Requirement(line) for group in PROJECT["optional-dependencies"].values() for line in group]


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


@pytest.mark.parametrize("wanted", DEPENDENCIES + OPTIONAL, ids=lambda wanted: wanted.name)
def test_every_dependency_has_an_exact_version_that_it_allows(wanted):
    pin = PINS.get(canonicalize_name(wanted.name))
    assert pin, f"{wanted.name} has no line in constraints.txt"
    assert wanted.specifier.contains(pin)


@pytest.mark.parametrize("wanted", OPTIONAL, ids=lambda wanted: wanted.name)
def test_an_optional_package_is_asked_for_exactly_as_it_is_pinned(wanted):
    """Its files are checked by hash: no other version will do."""
    assert str(wanted.specifier) == f"=={PINS[canonicalize_name(wanted.name)]}"


def test_an_optional_package_is_not_needed():
    """Neither by the course nor by another optional one's name: who has none of them installs as before."""
    assert not {canonicalize_name(wanted.name) for wanted in OPTIONAL} & {canonicalize_name(wanted.name) for wanted in DEPENDENCIES}


def test_what_the_loader_asks_for_is_the_optional_group():
    from utils.models import pretrained

    assert sorted([pretrained.WEIGHTS_PACKAGE, pretrained.PHOTOS_PACKAGE]) == sorted(PROJECT["optional-dependencies"]["pretrained"])


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
        and not SpecifierSet(package.metadata.get("Requires-Python", "")).contains(python)
    ]
    assert not refusing


# Binder and the development container: neither can run here, so their files are held against the rest

BINDER = ROOT / ".binder"
CONTAINER = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
ONE_PYTHON = "3.12"


def test_binder_has_the_same_environment_seen_from_its_folder():
    """One Python (its builder reads no ranges), torch without NVIDIA's libraries, paths from .binder: is the rest equal?"""
    text = (ROOT / "environment.yml").read_text(encoding="utf-8").split("\n", 1)[1]
    index = re.search(r'^CPU_INDEX = "(.+)"$', (ROOT / "start.py").read_text(encoding="utf-8"), re.M)[1]
    text = text.replace(f"python{PROJECT['requires-python']}", f"python={ONE_PYTHON}").replace("--editable .", "--editable ..")
    text = text.replace("--constraint constraints.txt", f"--extra-index-url {index}\n      - --constraint ../constraints.txt")
    copy = (BINDER / "environment.yml").read_text(encoding="utf-8")
    assert "".join(line for line in copy.splitlines(True) if not line.startswith("#")) == text
    assert SpecifierSet(PROJECT["requires-python"]).contains(f"{ONE_PYTHON}.0")


def test_what_binder_installs_from_this_project_is_there():
    assert (BINDER / "../constraints.txt").resolve() == ROOT / "constraints.txt"
    assert (BINDER / ".." / "pyproject.toml").is_file()


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_binders_scripts_can_be_run(name):
    """Are they executable, with the line that says by what, and with no trace of Windows' line ends?"""
    text = (BINDER / name).read_bytes()
    assert text.startswith(b"#!/bin/bash\n") and b"\r" not in text
    assert os.name == "nt" or os.access(BINDER / name, os.X_OK)


def test_binder_hands_over_to_jupyterlab():
    assert (BINDER / "start").read_text(encoding="utf-8").splitlines()[-1] == 'exec "$@"'


def statements(text):
    """The Python statements that a script runs by python -c."""
    return [statement for line in re.findall(r"-c '([^']+)'", text) for statement in line.split("; ")]


@pytest.mark.parametrize(
    "text", [(BINDER / "postBuild").read_text(encoding="utf-8"), CONTAINER["postCreateCommand"]], ids=["Binder", "container"]
)
def test_the_labs_are_copied_where_jupyterlab_looks(text, home):
    """Do the very statements of the script put the labs into my_work?"""
    assert statements(text)
    exec("\n".join(statements(text)), {})
    assert {path.name for path in home.glob("*.ipynb")} == {path.name for path in (ROOT / "labs").glob("*.ipynb")}


def test_binders_settings_lie_where_its_jupyterlab_reads_them(home):
    exec("\n".join(statements((BINDER / "postBuild").read_text(encoding="utf-8"))), {})
    (told,) = re.findall(r'JUPYTERLAB_SETTINGS_DIR="\$PWD/my_work/(.+)"', (BINDER / "start").read_text(encoding="utf-8"))
    (settings,) = (home / told).rglob("notification.jupyterlab-settings")
    assert json.loads(settings.read_text(encoding="utf-8"))["fetchNews"] == "false"


def test_the_container_has_a_python_of_the_project_and_adds_nothing():
    image, _, version = CONTAINER["image"].rpartition(":")
    assert image == "mcr.microsoft.com/devcontainers/python" and version == ONE_PYTHON
    assert not CONTAINER.get("features")


def test_the_container_installs_by_the_front_door_without_a_browser():
    first = CONTAINER["postCreateCommand"].split(" && ")[0]
    assert first == "python3 start.py doctor"
    assert (ROOT / "start.py").is_file()


def test_the_container_forwards_the_port_that_jupyterlab_takes():
    from utils.jupyter import FIRST_PORT

    assert CONTAINER["forwardPorts"] == [FIRST_PORT]
    assert set(CONTAINER["portsAttributes"]) == {str(FIRST_PORT)}


def test_the_container_has_room_for_the_environment():
    spec = importlib.util.spec_from_file_location("start_for_its_numbers", ROOT / "start.py")
    start = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(start)
    assert int(CONTAINER["hostRequirements"]["storage"].removesuffix("gb")) >= start.NEEDED_GIB["default"]


def test_editors_in_the_container_use_the_environment_and_read_notebooks():
    code = CONTAINER["customizations"]["vscode"]
    assert code["settings"]["python.defaultInterpreterPath"] == "${containerWorkspaceFolder}/.venv/bin/python"
    assert {"ms-python.python", "ms-toolsai.jupyter"} <= set(code["extensions"])
