"""The labs and the student's copies of them; a file of the student's is never overwritten."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from utils.files import ROOT, my_work

LABS = ROOT / "labs"


def write_new(target: Path, data: bytes) -> bool:
    """Write a file unless the target exists; return whether it was written. Nobody ever sees half of it.

    An empty target holds nobody's work (a crash may have left it) and is filled.
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
    """What a link does, in two steps: an empty file takes the name, then the whole one its place."""
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
    """A student's notebooks of a lab, the newest first: by the number in the name, then those under other names, last empty files.

    number: "1", "01" or the whole name, "01_pruning".
    """
    wanted = _wanted(number)
    files = sorted((folder or my_work()).glob("*.ipynb"))
    stems = [lab.stem for lab in LABS.glob("*.ipynb") if _is_called(lab.stem, wanted)] or [wanted]
    numbered = {path: n for stem in stems for path in files if (n := _number(path.name, stem, ".ipynb"))}
    others = [path for path in files if path not in numbered and _is_called(path.stem, wanted)]
    found = [*sorted(numbered, key=numbered.__getitem__, reverse=True), *others]
    return sorted(found, key=lambda path: not _holds_something(path))


def handed_out(number: str) -> Path:
    """The lab itself, as it is today.

    Raises:
        FileNotFoundError: no such lab; the message lists those that exist.
    """
    wanted = _wanted(number)
    labs = sorted(LABS.glob("*.ipynb"))
    for called in (_is_called, lambda stem, text: text.startswith(f"{stem}-") or (text[:3] == stem[:3] and text[:2].isdigit())):
        for lab in labs:
            if called(lab.stem, wanted):
                return lab
    known = ", ".join(lab.stem for lab in labs if re.match(r"\d\d_", lab.name))
    raise FileNotFoundError(f"there is no lab {number}: choose one of {known}" if known else f"there is no lab {number}: labs/ is empty")


def find_lab(number: str) -> Path:
    """The notebook of a lab: the student's newest copy if there is one, else the one handed out.

    number: "1", "01", the whole name, "01_pruning", or the path of a notebook.

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


def _is_called(stem: str, wanted: str) -> bool:
    return wanted in (stem, stem.split("_")[0])
