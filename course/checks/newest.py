"""`start.py test --newest`: the gate in a scratch environment that takes the newest packages pyproject.toml allows.

constraints.txt plays no part in it, and .venv is not touched: so we learn of a release that breaks the course before a user does.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType, SimpleNamespace

from utils.files import ROOT

SCRATCH = ".venv-newest"
FROM_TORCH = ("torch", "torchvision")
PIP = ("-m", "pip", "install", "--progress-bar=off", "--disable-pip-version-check", "--no-input")

Call = Callable[[list[str]], int]


def _call(command: list[str]) -> int:
    """Run a command in the project's folder, free of what belongs to the environment that is running."""
    dropped = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_CONSTRAINT")
    return subprocess.call(command, cwd=ROOT, env={name: value for name, value in os.environ.items() if name not in dropped})


def _front_door() -> ModuleType:
    """start.py, which knows where torch comes from on this machine."""
    spec = importlib.util.spec_from_file_location("start", ROOT / "start.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commands(index: str | None, root: Path = ROOT) -> list[list[str]]:
    """The arguments of pip's one or two runs: the ranges of pyproject.toml, no exact versions. index: torch's own, if it has one."""
    lines = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    torch = [line for line in lines if re.split(r"[^\w-]", line, maxsplit=1)[0] in FROM_TORCH]
    return [*([["--index-url", index, "--no-deps", *torch]] if index else []), ["--editable", "."]]


def make(folder: Path, index: str | None, call: Call = _call) -> Path:
    """Make the environment afresh; return its interpreter.

    Raises:
        RuntimeError: it could not be made; what pip said stands above.
    """
    shutil.rmtree(folder, ignore_errors=True)
    base = getattr(sys, "_base_executable", None) or sys.executable
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if call([base, "-m", "venv", str(folder)]):
        raise RuntimeError(f"the environment in {folder.name} could not be made: look at the report above")
    *first, rest = commands(index)
    for arguments in first:
        if call([str(python), *PIP, *arguments]):
            print("PyTorch's CPU-only index did not serve: using the default one.", flush=True)
    if call([str(python), *PIP, *rest]):
        raise RuntimeError("the newest allowed packages do not go together: see pip's report above, narrow a range in pyproject.toml")
    return python


def installed(python: Path) -> dict[str, str]:
    """What lies in an environment: package -> version."""
    listed = subprocess.run([str(python), "-m", "pip", "list", "--format=json"], check=True, capture_output=True, text=True).stdout
    return {entry["name"]: entry["version"] for entry in json.loads(listed)}


def differences(found: dict[str, str], pins: Iterable[tuple[str, str]]) -> list[str]:
    """A line for each package whose version is not the tested one, or that was not there when the versions were tested."""
    normal = lambda name: re.sub(r"[-_.]+", "-", name).lower()  # noqa: E731
    tested = {normal(name): version for name, version in pins}
    lines = []
    for name, version in sorted(found.items(), key=lambda item: item[0].lower()):
        known = tested.get(normal(name))
        if known is None and not re.match(r"nvidia-|cuda-|triton|pip$|setuptools$|tiny-titans$", normal(name)):
            lines.append(f"{name} {version}, not among the tested ones")
        elif known is not None and version.split("+")[0] != known:
            lines.append(f"{name} {version}, tested with {known}")
    return lines


def run_newest(options: list[str], folder: Path = ROOT / SCRATCH, call: Call = _call) -> int:
    """Make the scratch environment, print how it differs, run the gate in it; return the gate's exit code.

    options: of the gate, such as --quick. The folder is removed unless something failed.

    Raises:
        RuntimeError: the environment could not be made.
    """
    door = _front_door()
    index = door.torch_index(SimpleNamespace(wheelhouse=None, torch_index=None))
    try:
        door.check_disk("cpu" if index else "default")
    except door.StartError as error:
        raise RuntimeError(error) from error
    python = make(folder, index, call)
    pins = re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M)
    lines = differences(installed(python), pins)
    print("\n== the newest against the tested ==\n" + ("\n".join(lines) or "nothing differs"), flush=True)
    code = call([str(python), "-P", "-m", "utils.cli", "test", *options])
    if code:
        print(f"{folder.name} is kept to look into: remove it when you are done.")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return code
