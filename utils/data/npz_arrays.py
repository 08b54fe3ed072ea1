"""Arrays of an .npz file from elsewhere: nothing is unpickled, and nothing is unpacked before its size is known to be sensible."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import numpy as np

MAX_BYTES = 2 << 30  # of all arrays together
MAX_HEADER = 10_000


def read_npz(path: str | Path, wanted: Iterable[str]) -> dict[str, np.ndarray]:
    """Read those of the wanted arrays that the file has.

    wanted: names without ".npy". Arrays of Python objects are refused, because reading them would run code of the file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a file that is not a .npz file, is damaged, or has an array of objects or of a size that can't be right.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not a file: give the path of a .npz file")
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist() if info.filename.endswith(".npy")}
            chosen = {name: members[name] for name in wanted if name in members}
            _check_sizes(path, archive, chosen)
            return {name: _read(path, archive, info) for name, info in chosen.items()}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"{path} is damaged or is not a .npz file ({error}): get the file again") from error


def array_names(path: str | Path) -> list[str]:
    """The names of all arrays in a .npz file that `read_npz` accepted."""
    with zipfile.ZipFile(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist()]


def _check_sizes(path: Path, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> None:
    if (total := sum(info.file_size for info in members.values())) > MAX_BYTES:
        raise ValueError(f"{path} would unpack to {total / 1e9:.1f} GB, more than {MAX_BYTES / 1e9:.1f} GB: use the 28 x 28 version")
    for name, info in members.items():
        with archive.open(info) as file:
            shape, dtype = _header(path, name, file)
            declared = math.prod(shape) * dtype.itemsize + file.tell()
        if declared != info.file_size:
            raise ValueError(f"{path}: {name} declares {declared:,} bytes and has {info.file_size:,}: get the file again")


def _header(path: Path, name: str, file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file, max_header_size=MAX_HEADER)
    except ValueError as error:
        raise ValueError(f"{path}: {name} does not begin like an array ({error}): save it with numpy.savez") from error
    if dtype.hasobject:
        raise ValueError(f"{path}: {name} holds Python objects, and reading them could run code: save it as an array of numbers")
    return shape, dtype


def _read(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(info) as file:
        array: np.ndarray = np.lib.format.read_array(file, allow_pickle=False, max_header_size=MAX_HEADER)
        return array
