"""`start.py test --changed`: the tests and notebooks that depend on a file which has changed since they last passed.

A test file depends on what it imports, directly or not, on the conftest.py files above it, and on every file or folder of
the project that a text in one of these names. A notebook depends on itself and on what `build --stale` takes for its environment.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from course.authoring import environment_sha256
from course.checks.results import Outcome
from utils.files import ROOT

RECORD = ".pytest_cache/passed.json"
IN_BROWSER = "tests/browser/test_labs.py"
EVERYWHERE = ("pyproject.toml", "constraints.txt")
PACKAGES = ("utils", "course", "tests")
NO_SOURCE = {"__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".ruff_cache", ".mypy_cache", ".runs"}
MODULE = re.compile(r"\b(?:utils|course)(?:\.\w+)+")  # in a text: the name of a module, as in a command or a piece of code


def fingerprints(root: Path = ROOT) -> dict[str, str]:
    """path of a test file or notebook -> sha256 of all that it depends on."""
    found = {path.relative_to(root).as_posix(): _sha256(dependencies(path, root)) for path in sorted((root / "tests").rglob("test_*.py"))}
    notebooks = [path for folder in ("labs", "solutions") for path in sorted((root / folder).glob("*.ipynb"))]
    environment = environment_sha256(root) if notebooks else ""
    return found | {path.relative_to(root).as_posix(): _sha256([path]) + environment for path in notebooks}


def changed(root: Path = ROOT) -> list[str]:
    """The test files and notebooks that have not passed since something that they depend on changed."""
    passed = _read(root)
    return [path for path, now in fingerprints(root).items() if passed.get(path) != now]


def note_passed(outcomes: Iterable[Outcome], before: dict[str, str], root: Path = ROOT) -> None:
    """Note the files of which every test passed. before: the fingerprints when the tests began."""
    cases = [case for outcome in outcomes for case in outcome.cases]
    failed = {case.file for case in cases if case.failed}
    passed = _read(root)
    ran = {case.file for case in cases}
    if {case.skipped for case in cases if case.file == IN_BROWSER} == {None}:  # it ran every lab to its end
        ran |= {path for path in before if path.startswith("labs/")}
        failed |= {path for path in ran if path.startswith("labs/")} if IN_BROWSER in failed else set()
    for path in ran:
        if path in failed:
            passed.pop(path, None)
        elif path in before:
            passed[path] = before[path]
    (root / RECORD).parent.mkdir(exist_ok=True)
    (root / RECORD).write_text(json.dumps(passed, indent=1, sort_keys=True), encoding="utf-8")


def dependencies(path: Path, root: Path = ROOT) -> list[Path]:
    """Every file of the project that a test file depends on, itself included, sorted."""
    above = [folder / "conftest.py" for folder in path.parents if folder.is_relative_to(root / "tests")]
    waiting, seen = [path, *(one for one in above if one.is_file())], set()
    found = {root / name for name in EVERYWHERE}
    while waiting:
        if (source := waiting.pop()) not in seen:
            seen.add(source)
            imports, named = _mentioned(source, root)
            waiting += imports
            found |= named
    return sorted(found | seen)


@cache
def _mentioned(source: Path, root: Path) -> tuple[frozenset[Path], frozenset[Path]]:
    """(modules of ours that a module imports, files of the project that a text in it names)"""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    imports = frozenset(path for name in _imported(tree, source, root) for path in _files_of(name, root))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    imports |= {path for text in texts for name in MODULE.findall(text) for path in _files_of(name, root)}
    begun = [node.values[0] for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) and node.values]
    imports |= {path for node in begun if isinstance(node, ast.Constant) for path in _begun(str(node.value), root)}
    return imports, frozenset(path for text in texts for path in _named(text, root))


def _imported(tree: ast.Module, source: Path, root: Path) -> Iterator[str]:
    package = source.relative_to(root).parent.parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*(package[: len(package) - node.level + 1] if node.level else ()), *([node.module] if node.module else [])])
            yield from (f"{base}.{name.name}" for name in node.names)  # a module, or a name in the module above it


def _begun(text: str, root: Path) -> Iterator[Path]:
    """The modules whose name begins with a text such as "utils.exercises.lab", which is completed when the program runs."""
    folder, _, start = text.rpartition(".")
    if folder.partition(".")[0] in PACKAGES and folder.replace(".", "").isidentifier():
        yield from (path for path in root.joinpath(*folder.split(".")).glob(f"{start}*/**/*.py"))
        yield from root.joinpath(*folder.split(".")).glob(f"{start}*.py")


def _files_of(name: str, root: Path) -> Iterator[Path]:
    """The file of a module, and of each package that it lies in."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1) if parts[0] in PACKAGES else ():
        place = root.joinpath(*parts[:end])
        yield from (path for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file())


@cache
def _named(text: str, root: Path) -> frozenset[Path]:
    """The files that a text names: a file, or all files of a folder; our packages are not meant, whose modules are imported."""
    if not text or len(text) > 200 or text in PACKAGES or not text[0].isalnum() or "\n" in text or "\0" in text:
        return frozenset()
    place = root / text
    if place.is_file():
        return frozenset([place])
    inside = place.rglob("*") if place.is_dir() else ()
    return frozenset(path for path in inside if path.is_file() and not NO_SOURCE & set(path.parts))


def _sha256(paths: Iterable[Path]) -> str:
    return hashlib.sha256("".join(_file_sha256(path, path.stat().st_mtime_ns) for path in paths).encode()).hexdigest()


@cache
def _file_sha256(path: Path, changed_ns: int) -> str:
    return f"{path} {hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def _read(root: Path) -> dict[str, str]:
    """path -> fingerprint with which it last passed; nothing if that can't be read."""
    try:
        found = json.loads((root / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
