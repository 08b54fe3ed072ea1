"""The setting in which Python runs here: its environment, the packages' versions, names that hide others, my_work."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from utils.files import ROOT

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
# what a student's file may not be called: a notebook imports what lies beside it first
TAKEN = ("utils", "course", "torch", "torchvision", "numpy", "onnx", "onnxruntime", "matplotlib", "random", "copy")


@dataclass(frozen=True)
class Package:
    """A package as it is installed (None: missing) and as it was tested (None: not pinned); optional: in a group of its own."""

    name: str
    installed: str | None
    tested: str | None
    needed: bool
    optional: bool = False

    @property
    def pinned(self) -> str:
        """As pip takes it, with the tested version if there is one."""
        return self.name + (f"=={self.tested}" if self.tested else "")

    @property
    def differs(self) -> bool:
        """Whether another version is here than the tested one; a build of it, such as 2.14.1+cpu, does not differ."""
        return bool(self.installed and self.tested) and str(self.installed).split("+")[0] != self.tested


def environment() -> tuple[str, str]:
    """The kind of the Python environment that is running and where it lies: "venv", "conda" or "none"."""
    if (Path(sys.prefix) / "conda-meta").is_dir():
        return "conda", sys.prefix
    return ("venv", sys.prefix) if sys.prefix != sys.base_prefix else ("none", sys.prefix)


def packages(root: Path = ROOT) -> list[Package]:
    """The packages that pyproject.toml requires and constraints.txt pins, sorted by name."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = lambda lines: {_normal(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in lines}  # noqa: E731
    wanted = names(project["dependencies"])
    extra = names(line for group in project.get("optional-dependencies", {}).values() for line in group) - wanted
    pins = re.findall(r"^([\w.-]+)==(\S+)$", (root / "constraints.txt").read_text(encoding="utf-8"), re.M)
    tested = {_normal(name): pin for name, pin in pins}
    known = sorted(wanted | extra | tested.keys())
    return [Package(name, _installed(name), tested.get(name), name in wanted, name in extra) for name in known]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def hiding(folder: Path) -> list[Path]:
    """Files and packages in a folder of the student's that would be imported instead of the ones that are meant."""
    if folder.resolve() == ROOT.resolve():
        return []
    return [path for name in TAKEN for path in (folder / f"{name}.py", folder / name / "__init__.py") if path.is_file()]


def writable(folder: Path) -> bool:
    """Whether files can be made in a folder, or the folder itself where it is not there yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def threads() -> dict[str, str]:
    """Those of the variables for the number of threads that are set."""
    return {name: os.environ[name] for name in THREADS if os.environ.get(name)}
