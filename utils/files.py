"""Paths of the project, files verified by their hash, and writing that a crash never leaves half done."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATASETS = ROOT / "datasets"
ZOO = ROOT / "zoo"


def my_work() -> Path:
    """The student's folder: `my_work/`, or where the environment variable TITANS_HOME points."""
    return Path(os.environ.get("TITANS_HOME") or ROOT / "my_work")


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file, read in blocks of 1 MiB."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def verified(path: Path, sha256: str) -> Path:
    """Return `path` if the file is there and has this hash.

    Raises:
        FileNotFoundError: the file is missing.
        ValueError: the file is not the one that the project was tested with.
    """
    remedy = f"get it back with 'git checkout -- {path.name}' in {path.parent}" if (ROOT / ".git").exists() else "unpack the course again"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: {remedy}")
    if (found := sha256_of(path)) != sha256:
        raise ValueError(f"{path} is damaged or was changed (sha256 {found[:12]}..., expected {sha256[:12]}...): {remedy}")
    return path


def write_atomically(path: Path, data: bytes | str) -> None:
    """Write beside the target, then rename: a crash leaves the old file or the new one, never half."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
