"""Stale notebooks: those that differ from their source, and those that were executed with other versions of utils/, zoo/ or datasets/."""

from __future__ import annotations

import hashlib
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course.authoring.notebook import as_text, lab_notebook, lab_path, solution_notebook, unexecuted
from course.authoring.rules import load
from course.authoring.source import BuildError, Source
from utils.files import ROOT, sha256_of

RAN_ON = {
    "utils": ("*",),
    "zoo": ("*.safetensors", "*.onnx", "recipe.toml"),
    "datasets": ("*",),
}


def environment_sha256(root: Path = ROOT) -> str:
    """One hash of what labs run on: the shared package, the zoo's models and recipes, the data sets.

    Hidden and compiled files are left out, and so is every folder whose name begins with a dot.
    """
    digest = hashlib.sha256()
    for folder, patterns in RAN_ON.items():
        files = {path for pattern in patterns for path in (root / folder).rglob(pattern) if path.is_file()}
        for path in sorted(files, key=lambda path: path.relative_to(root).as_posix()):
            name = path.relative_to(root)
            if not any(part.startswith(".") or part == "__pycache__" for part in name.parts):
                digest.update(f"{name.as_posix()}\0{sha256_of(path)}\n".encode())
    return digest.hexdigest()


def stale_labs(root: Path = ROOT) -> dict[str, str]:
    """Notebooks of labs/ and solutions/ that differ from what their source builds, each with the reason; empty when all is well.

    Nothing is executed. A source that breaks a rule is listed with that rule.
    """
    stale: dict[str, str] = {}
    sources = sorted((root / "solutions").glob("[0-9][0-9]_*.py"))
    for path in sources:
        try:
            source = load(path)
        except BuildError as error:
            stale[f"solutions/{path.name}"] = str(error)
            continue
        for notebook in (lab_path(path), path.with_suffix(".ipynb")):
            if reason := _difference(notebook, source):
                stale[f"{notebook.parent.name}/{notebook.name}"] = reason
    names = {path.stem for path in sources}
    for notebook in sorted([*(root / "labs").glob("*.ipynb"), *(root / "solutions").glob("*.ipynb")]):
        if notebook.stem not in names:
            stale[f"{notebook.parent.name}/{notebook.name}"] = (
                f"there is no solutions/{notebook.stem}.py: restore it or remove the notebook"
            )
    return stale


def other_environment(root: Path = ROOT) -> dict[str, str]:
    """Executed solutions that ran on another state of utils/, zoo/ or datasets/, each with the reason. Worth knowing, no defect."""
    now, aged = environment_sha256(root), {}
    for path in sorted((root / "solutions").glob("[0-9][0-9]_*.ipynb")):
        notebook = _read(path)
        if notebook is not None and notebook.metadata.get("titans", {}).get("environment_sha256") != now:
            aged[f"solutions/{path.name}"] = "utils/, zoo/ or datasets/ have changed since it was executed"
    return aged


def _difference(path: Path, source: Source) -> str | None:
    """Why a notebook is not what its source builds; None when it is."""
    remedy = f"run 'build {source.name[:2]}'"
    if not path.is_file():
        return f"it was never built: {remedy}"
    notebook = _read(path)
    if notebook is None:
        return f"it is not a notebook: {remedy}"
    if notebook.metadata.get("titans", {}).get("source_sha256") != source.sha256:
        return f"its source has changed since it was built: {remedy}"
    if path.parent.name == "labs":
        same = path.read_text(encoding="utf-8") == as_text(lab_notebook(source))
    else:
        same = as_text(unexecuted(notebook)) == as_text(solution_notebook(source))
    return None if same else f"it was changed by hand or by another version of the builder: edit the source and {remedy}"


def _read(path: Path) -> NotebookNode | None:
    try:
        return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    except (ValueError, nbformat.reader.NotJSONError):
        return None
