"""The labs and the student's copies of them; a file of the student's is never overwritten."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from utils.files import ROOT, home

LABS = ROOT / "labs"


def copy_if_new(source: Path, target: Path) -> bool:
    """Copy a file unless the target exists; return whether it was copied. Nobody ever sees half a copy."""
    if target.exists():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    data = source.read_bytes()
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        try:
            os.link(temporary, target)  # unlike a rename, this refuses a target that appeared meanwhile
        except FileExistsError:
            return False
        except OSError:  # a file system without links
            try:
                with target.open("xb") as file:
                    file.write(data)
            except FileExistsError:
                return False
        return True
    finally:
        Path(temporary).unlink(missing_ok=True)


def copy_new_labs(labs: Path | None = None, to: Path | None = None) -> list[str]:
    """Copy the labs that the student does not have yet into `my_work/`; return their names, in order."""
    folder = to or home()
    folder.mkdir(parents=True, exist_ok=True)
    return [lab.name for lab in sorted((labs or LABS).glob("*.ipynb")) if copy_if_new(lab, folder / lab.name)]


def find_lab(number: str) -> Path:
    """The notebook of a lab: the student's own copy if there is one, else the one handed out.

    number: "1", "01" or the whole name, "01_pruning".

    Raises:
        FileNotFoundError: no such lab; the message lists those that exist.
    """
    wanted = number.removesuffix(".ipynb").zfill(2)
    for folder in (home(), LABS):
        for lab in sorted(folder.glob("*.ipynb")):
            if wanted in (lab.stem, lab.stem.split("_")[0]):
                return lab
    known = ", ".join(sorted(lab.stem for lab in LABS.glob("*.ipynb") if re.match(r"\d\d_", lab.name)))
    raise FileNotFoundError(f"there is no lab {number}: choose one of {known}" if known else f"there is no lab {number}: labs/ is empty")
