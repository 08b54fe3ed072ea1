"""The labs and the student's copies of them; a file of the student's is never overwritten."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from utils.files import ROOT, my_work

LABS = ROOT / "labs"


def write_new(target: Path, data: bytes) -> bool:
    """Write a file unless the target exists; return whether it was written. No other program ever sees half of it.

    An empty target contains no work (a crash may have left it) and is filled.
    """
    if _holds_something(target):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        try:
            os.link(temporary, target)  # unlike a rename, this refuses a target that appeared meanwhile
        except FileExistsError:
            if _holds_something(target):
                return False
            os.replace(temporary, target)
        except OSError:  # a file system without links
            return _reserve_and_replace(temporary, target)
        return True
    finally:
        Path(temporary).unlink(missing_ok=True)


def _reserve_and_replace(temporary: str, target: Path) -> bool:
    """Do in two steps what a link does: an empty file takes the name, then the whole file replaces it."""
    try:
        target.open("xb").close()
    except FileExistsError:
        if _holds_something(target):
            return False
    os.replace(temporary, target)
    return True


def _holds_something(path: Path) -> bool:
    return path.is_symlink() or path.is_dir() or (path.exists() and path.stat().st_size > 0)


def write_next(folder: Path, stem: str, suffix: str, data: bytes, first: int = 1) -> Path:
    """Write "stem-3.suffix", one above the highest number in use, and return its path. first: the number to begin with."""
    taken = [number for path in folder.glob(f"*{suffix}") if (number := _number(path.name, stem, suffix)) is not None]
    number = max([first - 1, *taken]) + 1
    while not write_new(path := folder / f"{stem}-{number}{suffix}", data):
        number += 1
    return path


def _number(name: str, stem: str, suffix: str) -> int | None:
    """3 of "stem-3.suffix", 1 of "stem.suffix", None of anything else."""
    found = re.fullmatch(re.escape(stem) + r"(?:-([1-9]\d{0,8}))?" + re.escape(suffix), name)
    return int(found[1] or 1) if found else None


def copy_new_labs(labs: Path | None = None, to: Path | None = None) -> list[str]:
    """Copy the labs that the student has no copy of yet into `my_work/`; return their names, in order."""
    folder = to or my_work()
    folder.mkdir(parents=True, exist_ok=True)
    new = []
    for lab in sorted((labs or LABS).glob("*.ipynb")):
        numbered = any(_number(path.name, lab.stem, ".ipynb") and _holds_something(path) for path in folder.glob("*.ipynb"))
        if not numbered and write_new(folder / lab.name, lab.read_bytes()):
            new.append(lab.name)
    return new


def copies(number: str, folder: Path | None = None) -> list[Path]:
    """A student's notebooks of a lab, the newest first.

    First those with the course's numbers, by number; then those under other names ("01_pruning (1).ipynb"), the one that was
    saved last first; empty files come last.

    number: "1", "01", "01_pruning", or a part of its words, "01_pru".
    """
    files = sorted((folder or my_work()).glob("*.ipynb"))
    stems = [stem for stem in _stems() if is_called(stem, number)] or [_wanted(number)]
    prefixes = tuple(f"{stem[:2]}_" for stem in stems)
    numbered = {path: n for stem in stems for path in files if (n := _number(path.name, stem, ".ipynb"))}
    others = [path for path in files if path not in numbered and path.name.startswith(prefixes)]
    others.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    found = [*sorted(numbered, key=numbered.__getitem__, reverse=True), *others]
    return sorted(found, key=lambda path: not _holds_something(path))


def is_numbered(path: Path, lab: str) -> bool:
    """Whether a copy has a name that the course gives: "01_pruning.ipynb" or "01_pruning-2.ipynb"."""
    return _number(path.name, lab, ".ipynb") is not None


def handed_out(number: str) -> Path:
    """The lab itself, as it is today.

    number: as for `copies`; also the name of a numbered copy, "01_pruning-2".

    Raises:
        FileNotFoundError: there is no such lab; the message lists those that exist.
    """
    plain = re.sub(r"-[1-9]\d*$", "", number.removesuffix(".ipynb"))
    for stem in _stems():
        if is_called(stem, plain):
            return LABS / f"{stem}.ipynb"
    known = ", ".join(stem for stem in _stems() if re.match(r"\d\d_", stem))
    raise FileNotFoundError(f"there is no lab {number}: choose one of {known}" if known else f"there is no lab {number}: labs/ is empty")


def lab_of(name: str) -> Path:
    """The lab that a notebook was made from. name: as the notebook states it, perhaps an older name of the lab.

    Raises:
        FileNotFoundError: there is no such lab.
    """
    for stem in _stems():
        if name[:2].isdigit() and stem.startswith(f"{name[:2]}_"):
            return LABS / f"{stem}.ipynb"
    return handed_out(name)


def is_called(stem: str, text: str) -> bool:
    """Whether a text names a lab: "6", "06", "lab 6", "06_edge", "6-Edge-Runtimes", "edge_runtimes" for "06_edge_runtimes".

    Words may be left out or cut off at the end; a word that is not the lab's names another one.
    """
    found = re.fullmatch(r"(?:lab[ _-]*)?(\d*)[ _-]*(.*)", text.removesuffix(".ipynb").strip().casefold())
    number, words = found.groups() if found else ("", "")
    words = re.sub(r"[ _-]+", "_", words).strip("_")
    own_number, _, own_words = stem.casefold().partition("_")
    if number and number.lstrip("0").zfill(1) != own_number.lstrip("0").zfill(1):
        return False
    return own_words.startswith(words) if number else bool(words) and own_words == words


def _stems() -> list[str]:
    return sorted(lab.stem for lab in LABS.glob("*.ipynb"))


def find_lab(number: str) -> Path:
    """The notebook of a lab: the student's newest copy if there is one, else the one handed out.

    number: as for `copies`, or the path of a notebook.

    Raises:
        FileNotFoundError: no such lab; the message lists those that exist.
    """
    if path := named_file(number):
        return path
    return next(iter(copies(number)), None) or handed_out(number)


def named_file(text: str) -> Path | None:
    """The notebook that a path means, seen from `my_work/` or from here; None if it names none, or a lab itself."""
    paths = (my_work() / text, Path(text)) if text.endswith(".ipynb") else ()
    return next((path for path in paths if path.is_file() and path.resolve().parent != LABS.resolve()), None)


def _wanted(number: str) -> str:
    return number.removesuffix(".ipynb").zfill(2)
