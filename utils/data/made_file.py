"""The file of a data set that is made on the spot: the same bytes everywhere, or none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from safetensors.numpy import load

from utils.files import sha256_of, write_atomically


def made_once(file: Path, sha256: str, make: Callable[[], bytes]) -> Path:
    """Write what `make` gives, unless the file is there already; return where it lies."""
    if not (file.is_file() and sha256_of(file) == sha256):
        write_atomically(file, make())
    return file


def as_published(package: bytes, name: str, sha256: str, kind: str) -> bytes:
    """The bytes of a package. kind: how its file's name ends, such as ".whl".

    Raises:
        ValueError: they are not those of the package that the project was tested with.
    """
    if (found := hashlib.sha256(package).hexdigest()) != sha256:
        raise ValueError(f"this is not {name} (sha256 {found[:12]}..., expected {sha256[:12]}...): use the published {kind}")
    return package


def as_tested(data: bytes, sha256: str) -> bytes:
    """The bytes of a file that was just made.

    Raises:
        ValueError: they are not those that the course was tested with.
    """
    if (found := hashlib.sha256(data).hexdigest()) != sha256:
        raise ValueError(
            f"the converted file differs from the tested one (sha256 {found[:12]}..., expected {sha256[:12]}...): "
            "use the package versions of constraints.txt"
        )
    return data


def made_arrays(file: Path, sha256: str, remedy: str) -> dict[str, np.ndarray]:
    """The arrays of a file that was made before. remedy: the end of a sentence, "make it with ...".

    Raises:
        FileNotFoundError: it was not made yet. ValueError: it is damaged.
    """
    if not file.is_file():
        raise FileNotFoundError(f"{file} is not made yet: {remedy}")
    data = file.read_bytes()
    if (found := hashlib.sha256(data).hexdigest()) != sha256:
        raise ValueError(f"{file} is damaged (sha256 {found[:12]}..., expected {sha256[:12]}...): {remedy}")
    return load(data)
