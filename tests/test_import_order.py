"""Imports point one way: a part may import what stands left of it, never what stands right."""

import ast
import subprocess
import sys

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from utils.files import ROOT

# Left to right; what shares a place may import each other.
ORDER = (
    {"files", "cluster"},
    {"data", "models"},
    {"train"},
    {"compress", "adapt"},
    {"deploy"},
    {"exercises"},
    {"student"},
    {"cli", "doctor", "jupyter", "sentences", "terminal"},
    {"course"},
)
APART = {"show": set(), "ledger": set(), "measure": {"show", "ledger"}}  # of the above they import files alone; of each other, this
# The same inside course/grading/: files and folders, left to right.
GRADING = (
    ("text", "marks", "submission"),
    ("intake", "sandbox"),
    ("challenge",),
    ("judge",),
    ("workers",),
    ("report",),
    ("run",),
    ("progress",),
)
FILES = sorted([*(ROOT / "utils").rglob("*.py"), *(ROOT / "course").rglob("*.py")])


def part_of(module):
    """The part that a dotted module name belongs to; None outside utils and course, "" for `utils` itself."""
    names = module.split(".")
    if names[0] == "course":
        return "course"
    if names[0] != "utils":
        return None
    return names[1] if len(names) > 1 else ""


def imported(path):
    """(line, dotted name) of everything of ours that a file imports, anywhere in it."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1]] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            # `from utils import x` may name a part; `from utils.models import x` names one already
            yield from ((node.lineno, f"{module}.{name.name}" if module == "utils" else module) for name in node.names)


def allowed(importer, target):
    """May `importer` (a part) import `target` (a part)?"""
    if target in (None, "", importer, "files"):
        return True
    if importer in APART:
        return target in APART[importer]
    rank = {part: place for place, parts in enumerate(ORDER) for part in parts}
    if importer == "":  # utils/__init__: only figures and the ledger, and only when a lab calls it
        return target in ("show", "ledger")
    if target in APART:
        return importer != "files"
    return target in rank and rank[target] <= rank[importer]


def test_the_rule_tells_right_from_wrong():
    assert allowed("compress", "train")
    assert allowed("deploy", "measure")
    assert allowed("course", "exercises")
    assert not allowed("train", "compress")
    assert not allowed("measure", "models")
    assert allowed("measure", "show")
    assert not allowed("show", "measure")
    assert not allowed("cli", "course")
    assert not allowed("data", "no_such_part")


def test_every_part_has_its_place():
    """Is a new part of utils given a place in the order before it is used?"""
    parts = {path.relative_to(ROOT / "utils").parts[0].removesuffix(".py") for path in (ROOT / "utils").rglob("*.py")}
    assert parts - {"__init__"} <= set(APART).union(*ORDER)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_left(path):
    where = path.relative_to(ROOT).with_suffix("").parts
    importer = part_of(".".join(where)) if where != ("utils", "__init__") else ""
    wrong = [f"line {line}: {name}" for line, name in imported(path) if not allowed(importer, part_of(name))]
    assert not wrong


def file_of(name):
    """The file of ours that a dotted name means; None if there is none. A package is its __init__.py."""
    base = ROOT.joinpath(*name.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def imported_files(path):
    """The files of ours that a file imports, anywhere in it."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (file_of(name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1]] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (file_of(f"{module}.{name.name}") or file_of(module) for name in node.names)


def circles(graph):
    """The sets of files that import each other, directly or by way of others, lazily or not. graph: file -> files that it imports."""
    names = sorted(graph)
    edges = np.array([[target in graph[name] for target in names] for name in names])
    _, group = connected_components(edges, directed=True, connection="strong")
    found = [frozenset(np.array(names)[group == one].tolist()) for one in np.unique(group)]
    return {one for one in found if len(one) > 1}


def test_circles_of_any_length_are_found():
    assert circles({"a": {"b"}, "b": {"a"}, "c": {"a"}, "d": {"e"}, "e": {"f"}, "f": {"d"}}) == {frozenset("ab"), frozenset("def")}
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == set()


def test_no_two_files_import_each_other():
    graph = {
        path.relative_to(ROOT).as_posix(): {found.relative_to(ROOT).as_posix() for found in imported_files(path) if found} for path in FILES
    }
    assert circles(graph) == set()


def test_imports_of_the_grader_point_left():
    rank = {part: place for place, parts in enumerate(GRADING) for part in parts}
    base = ROOT / "course" / "grading"
    parts = {path: path.relative_to(base).parts[0].removesuffix(".py") for path in base.rglob("*.py")}
    assert set(parts.values()) - {"__init__"} == set(rank)
    wrong = [
        f"{path.relative_to(ROOT)} imports {found.relative_to(ROOT)}"
        for path, part in parts.items()
        for found in imported_files(path)
        if found in parts and parts[found] != part and rank[parts[found]] >= rank[part]
    ]
    assert not wrong


def modules_after(statement):
    """The names of all modules that are loaded after a statement in a fresh interpreter."""
    code = f"{statement}; import sys; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize(
    "statement", ["import utils", "import utils.cli", "import utils.files", "import utils.jupyter", "import course.cli"]
)
def test_the_door_opens_without_heavy_packages(statement):
    heavy = {"torch", "matplotlib", "onnx", "onnxruntime", "jupyterlab", "nbclient", "IPython"}
    assert not heavy & modules_after(statement)
