"""The hand-out for a class: a zip of all that students need, without solutions/, course/ and tests/, which can check itself."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import utils
from course.handout.self_check import LIST
from utils.files import ROOT
from utils.student.course import header
from utils.student.notebook import read_notebook

FOLDER = "tiny-titans"
EXERCISES_OF_A_LAB = re.compile(r"utils/exercises/lab\d\d/")
WHOLE = ("datasets/", "utils/", "zoo/")  # with all that belongs to the course in them
SINGLE = (".gitignore", "CITATION.cff", "LICENSE", "constraints.txt", "docs/student.md", "environment.yml", "start.py")

README = """# Tiny Titans

Labs in Jupyter that teach you to make neural networks small enough for phones, watches, drones and microcontrollers.
You need Python 3.11, 3.12 or 3.13, about 9 GB of disk (3 GB where PyTorch's CPU-only build can be reached), and after the
installation no network.

```
python3 start.py         # makes the environment, opens JupyterLab with your labs in my_work/
python3 start.py test    # proves that everything works here
```

Then read [docs/student.md](docs/student.md): half an hour to your first solved exercise.

The labs in this folder:

LABS

License: MIT ([LICENSE](LICENSE)). Each data set has its own license, which its card in `datasets/` names.
"""
OTHERS = "The texts also mention other labs of the course; they are not in this folder."


def bundle(target: Path, labs: Sequence[str] = (), root: Path = ROOT) -> list[str]:
    """Write the hand-out as a zip; the same course gives the same bytes. Returns the names of its labs.

    labs: names of those to hand out, "01_pruning"; all if empty.

    Raises:
        ValueError: this is not a checkout by git, which knows what belongs to the course; or there is no such lab.
        OSError: the zip can't be written.
    """
    contents = files(labs, root)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in sorted(contents.items()):
                entry = zipfile.ZipInfo(f"{FOLDER}/{name}", (1980, 1, 1, 0, 0, 0))
                entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
                entry.external_attr = (0o755 if name == "start.py" else 0o644) << 16
                archive.writestr(entry, content if isinstance(content, bytes) else content.read_bytes())
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return sorted(Path(name).stem for name in contents if name.startswith("labs/"))


def files(labs: Sequence[str] = (), root: Path = ROOT) -> dict[str, Path | bytes]:
    """All files of the hand-out: name -> where it is, or what it holds. Raises as `bundle` does."""
    ours = _belonging(root)
    found: dict[str, Path | bytes] = {name: root / name for name in ours if name.startswith(WHOLE) or name in SINGLE}
    notebooks = {Path(name).stem: name for name in ours if re.fullmatch(r"labs/\d\d_\w+\.ipynb", name)}
    ready = {f"utils/exercises/lab{lab[:2]}/" for lab in notebooks}  # a lab without a notebook is not finished
    found = {name: file for name, file in found.items() if not (lab := EXERCISES_OF_A_LAB.match(name)) or lab[0] in ready}
    if unknown := [lab for lab in labs if lab not in notebooks]:
        raise ValueError(f"there is no lab {unknown[0]}: use {', '.join(notebooks)}")
    found |= {name: root / name for lab, name in notebooks.items() if lab in labs or not labs}
    pages = (root / "docs/student.md").read_text(encoding="utf-8")
    found |= {name: root / name for name in ours if name.startswith("docs/") and f"]({name.removeprefix('docs/')})" in pages}
    found |= {
        "README.md": _readme(root, found, len(notebooks)).encode(),
        "pyproject.toml": handed_out((root / "pyproject.toml").read_text(encoding="utf-8")).encode(),
        "utils/handout.py": (root / "course/handout/self_check.py").read_bytes(),
    }
    return {**found, LIST: _listed(found)}


def _readme(root: Path, found: Iterable[str], known: int) -> str:
    """The README of a hand-out, with the titles of its labs. known: how many labs the course has."""
    names = sorted(name for name in found if name.startswith("labs/"))
    titles = [f"- {Path(name).stem[:2]} {header(read_notebook(root / name))[0] or Path(name).stem}" for name in names]
    return README.replace("LABS", "\n".join([*titles, *([] if len(names) == known else ["", OTHERS])]))


def handed_out(pyproject: str) -> str:
    """pyproject.toml for a hand-out: no course package, and the commands that check it.

    Raises:
        ValueError: it has not the lines that are to be changed.
    """
    for ours, theirs in (
        ('course = "course.cli:add_commands"', 'handout = "utils.handout:add_commands"'),
        ('include = ["utils*", "course*"]', 'include = ["utils*"]'),
    ):
        if pyproject.count(ours) != 1:
            raise ValueError(f"pyproject.toml has not the one line {ours}: mend course/handout/bundle.py")
        pyproject = pyproject.replace(ours, theirs)
    return pyproject


def _belonging(root: Path) -> list[str]:
    """The files of the course, by git: what was made here and may not be handed on is ignored by it."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        told = subprocess.run(command, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ValueError(f"{root} is not a checkout by git, which knows what belongs to the course: bundle from one") from error
    return sorted(name for name in told.decode("utf-8", "surrogateescape").split("\0") if name and (root / name).is_file())


def _listed(found: Mapping[str, Path | bytes]) -> bytes:
    """The list by which a hand-out checks itself."""
    digests = {name: sha256(one if isinstance(one, bytes) else one.read_bytes()).hexdigest() for name, one in sorted(found.items())}
    return (json.dumps({"version": utils.__version__, "files": digests}, indent=1) + "\n").encode()
