"""The zip that is handed in: the notebook, the challenge's file and a manifest; the same work gives the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import utils
from utils import ledger
from utils.files import my_work, write_atomically
from utils.student import challenge
from utils.student.challenge import Entry
from utils.student.course import announced
from utils.student.folder import write_next
from utils.student.forecast import forecast
from utils.student.notebook import as_text, mapping, read_notebook, titans, without_outputs
from utils.student.transplant import transplant
from utils.student.update import lab_and_copy, own_copies, renamed

MAX_BYTES = 5_000_000  # of a notebook with its outputs
NAME = ".name"


@dataclass(frozen=True)
class Submission:
    """The packed files, and the sentences about them.

    path: the zip. notebook: the file that was taken; others: further notebooks of the same lab, not taken; newer: those of them that
    were saved later. challenge: the file of the open challenge, None if there is none; sentences: about it and about files left out.
    stubs: exercises that were not begun. unsolved: those written in that have not passed their public checks.
    forecast: sentences on what a grader will see. stripped: whether outputs were left out because of their size.
    """

    path: Path
    notebook: Path
    others: tuple[Path, ...]
    newer: tuple[Path, ...]
    challenge: Entry | None
    sentences: tuple[str, ...]
    stubs: tuple[str, ...]
    unsolved: tuple[str, ...]
    forecast: tuple[str, ...]
    stripped: bool


def known_name() -> str | None:
    """The student's name as it was given the last time; None if it never was."""
    try:
        return (my_work() / NAME).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def proper_name(name: str) -> str:
    """The name in one line, without blanks around it.

    Raises:
        ValueError: nothing is left of it, or it is longer than 200 characters or not printable.
    """
    name = " ".join(name.split())
    if not name or len(name) > 200 or not name.isprintable():
        raise ValueError("a name has 1 to 200 printable characters: give yours with --name")
    return name


def submit(number: str, name: str) -> Submission:
    """Write "01_pruning-submission-1.zip" into `my_work/` and remember the name.

    number: "1", "01", "01_pruning", or the path of one notebook. name: the student's.

    Raises:
        FileNotFoundError: there is no such lab, or no copy of it.
        ValueError: the file is not a notebook, or the name is not a name.
    """
    lab_path, path = lab_and_copy(number)
    name = proper_name(name)
    notebook, lab = read_notebook(path), read_notebook(lab_path)
    data = path.read_bytes()
    if stripped := len(data) > MAX_BYTES:
        data = as_text(without_outputs(notebook)).encode()
    _, report = transplant(lab, notebook)
    number = lab_path.stem[:2]
    verdicts, (entry, left) = _verdicts(number), challenge.entry(number)
    artifacts = {entry.name: entry.path.read_bytes()} if entry else {}
    manifest = {
        "lab": lab_path.stem,
        "student": name,
        "notebook": path.name,
        "notebook_sha256": hashlib.sha256(data).hexdigest(),
        "challenge_sha256": {file: hashlib.sha256(content).hexdigest() for file, content in artifacts.items()},
        "lab_source_sha256": titans(notebook).get("source_sha256"),
        "versions": {"python": platform.python_version(), "tiny_titans": utils.__version__, **_versions("torch", "numpy")},
        "public_verdicts": verdicts,
    }
    if known_name() != name:
        write_atomically(my_work() / NAME, name + "\n")
    files = {path.name: data, **artifacts, "manifest.json": (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()}
    target = write_next(my_work(), f"{lab_path.stem}-submission", ".zip", zipped(files))
    passed = {one for one, verdict in verdicts.items() if verdict["points"] == verdict["of"]}
    extra = {one.name for one in announced(lab) if not one.core}
    stubs = tuple(fate.name for fate in report.exercises if fate.how == "stub" and fate.name not in extra)
    unsolved = tuple(fate.name for fate in report.exercises if fate.written and fate.name not in passed)
    others = tuple(other for other in [*own_copies(lab_path.stem), *renamed(lab_path.stem)] if not other.samefile(path))
    newer = tuple(other for other in others if other.stat().st_mtime_ns > path.stat().st_mtime_ns)
    sentences = (*(entry.sentences if entry else ()), *left)
    seen = (*forecast(lab, notebook), *([entry.fault] if entry and entry.fault else []))
    return Submission(target, path, others, newer, entry, sentences, stubs, unsolved, seen, stripped)


def _verdicts(number: str) -> dict[str, dict[str, float]]:
    """The public verdicts on a lab's exercises, as the ledger has them: name -> points, of."""
    found = {}
    for key, entry in sorted(ledger.read().get("exercise", {}).items()):
        lab, _, name = key.partition("/")
        points, of = mapping(entry).get("points"), mapping(entry).get("of")
        if lab == number and mapping(entry).get("attempted") is True and isinstance(points, int | float) and isinstance(of, int | float):
            found[name] = {"points": points, "of": of}
    return found


def _versions(*packages: str) -> dict[str, str | None]:
    """The installed versions of packages, without importing them; None for a package that is not there."""
    found: dict[str, str | None] = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The files as a zip whose bytes depend on nothing else: no time, no owner, one system."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()
