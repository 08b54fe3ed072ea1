"""Which of the course's own files go into the sandbox, as source.

Beside students' code those of utils/exercises/inside and of the lab's own inside/, and nothing else. It is an allow-list:
a file in any other place is refused, whatever it is called.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from utils.files import ROOT

SHARED = "utils.exercises.inside"
PROBING = f"{SHARED}.probing"

_COUNTS = ("utils.measure.counts.macs", "utils.measure.counts.memory")
ARTIFACTS = {
    "safetensors": ("utils.models.store", *_COUNTS),
    "titan": ("utils.compress.titan.reading", *_COUNTS),
    "onnx": ("utils.deploy.graph",),
    "chip": ("utils.deploy.mcu.network", "utils.deploy.mcu.sizes"),
}

Modules = tuple[tuple[str, str | None], ...]


@cache
def modules_for(lab: str, root: Path = ROOT) -> Modules:
    """What runs in the student's process for a lab, "01": (name, source), each after what it imports, packages first without a source.

    Raises:
        ValueError: a probe imports what lies elsewhere.
    """
    package = f"utils.exercises.lab{lab}"
    folders = (f"{SHARED}.", f"{package}.inside.")
    own = [f"{package}.inside.probes"] if _path(f"{package}.inside.probes", root).is_file() else []
    return _closed((PROBING, *own), lambda name: name.startswith(folders), root, late=True)


@cache
def modules_for_artifacts(what: str, root: Path = ROOT) -> Modules:
    """What a file of an open challenge needs, in the same form; no student's code runs beside it.

    what: "safetensors" and "titan" read and measure one, "onnx" measures one, "chip" makes one a program of integers.
    """
    return _closed(ARTIFACTS[what], lambda name: True, root, late=False)


def _path(name: str, root: Path) -> Path:
    return root.joinpath(*name.split(".")).with_suffix(".py")


def _closed(starts: tuple[str, ...], allowed: Callable[[str], bool], root: Path, late: bool) -> Modules:
    found: dict[str, str] = {}
    for start in starts:
        _add(start, found, set(), allowed, root, late)
    packages = {".".join(name.split(".")[:depth]) for name in found for depth in range(1, name.count(".") + 1)}
    return (*((name, None) for name in sorted(packages)), *found.items())


def _add(name: str, found: dict[str, str], begun: set[str], allowed: Callable[[str], bool], root: Path, late: bool) -> None:
    if name in begun or name in found:
        return
    if not allowed(name):
        raise ValueError(f"{name} must not be where students' code runs: let the probes do without it")
    begun.add(name)
    source = _path(name, root).read_text(encoding="utf-8")
    for needed in _imported(source, late):
        _add(needed, found, begun, allowed, root, late)
    found[name] = source


def _imported(source: str, late: bool) -> Iterator[str]:
    """The course's modules that a source imports. late: also within its functions."""
    tree = ast.parse(source)
    for node in ast.walk(tree) if late else tree.body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        yield from (name for name in names if name.partition(".")[0] in ("utils", "course"))
