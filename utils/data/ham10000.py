"""A folder of dermoscopic photos in the layout of HAM10000 (Tschandl et al., 2018): a table and folders of .jpg files.

Several photos show the same lesion. All photos of a lesion are in one split: a network that has seen a lesion recognizes it.
"""

from __future__ import annotations

import csv
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from utils.data.exams import Exams, as_inputs

TABLE = "HAM10000_metadata.csv"
CODES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
CLASSES = (
    "actinic keratosis",
    "basal cell carcinoma",
    "benign keratosis",
    "dermatofibroma",
    "melanoma",
    "nevus",
    "vascular lesion",
)
MELANOMA = CODES.index("mel")
SHARES = {"validation": 0.15, "test": 0.15}  # of the lesions of each class; the rest is for training
MAX_PIXELS = 50_000_000  # of one photo
_SAFE = re.compile(r"[A-Za-z0-9_-]+")  # a name that can't leave the folder


@dataclass(frozen=True)
class _Row:
    image: str
    lesion: str
    label: int


def load_ham10000(folder: str | Path, size: int = 32, seed: int = 0) -> dict[str, Exams]:
    """Read a folder and split it by lesion into "train" (70 %), "validation" and "test" (15 % each).

    folder: has HAM10000_metadata.csv (columns lesion_id, image_id, dx) and, in itself or in folders below, image_id.jpg.
    size: the photos are resized to size x size; the whole photo is kept, its shape is not. seed: of the split.
    Inputs are (n, 3, size, size) float32. For melanoma against the rest: `exams.one_against_rest(MELANOMA)`.

    Raises:
        FileNotFoundError: no folder, no table, or a photo of the table is missing.
        ValueError: a table without those columns or rows, an unknown diagnosis, an image twice, one class only, too few lesions
            for a split, a photo that can't be read, or a size below 8.
    """
    folder = Path(folder)
    if isinstance(size, bool) or not isinstance(size, int) or not 8 <= size <= 600:
        raise ValueError(f"size must be an integer in 8..600 pixels, got {size!r}: use 32")
    rows = _rows(folder)
    files = {path.stem: path for path in sorted(folder.rglob("*.jpg"))}
    if missing := [row.image for row in rows if row.image not in files]:
        raise FileNotFoundError(
            f"{len(missing)} of {len(rows)} photos are not in {folder}, the first is {missing[0]}.jpg: unpack all parts"
        )
    places = split_lesions([row.lesion for row in rows], [row.label for row in rows], seed)
    pixels = np.stack([_photo(files[row.image], size) for row in rows])
    labels = torch.tensor([row.label for row in rows])
    everything = Exams(as_inputs(pixels), labels, CLASSES, folder.name)
    return {split: everything[torch.from_numpy(where)] for split, where in places.items()}


def split_lesions(lesions: list[str], labels: list[int], seed: int = 0) -> dict[str, np.ndarray]:
    """The places of each split's photos, rising; no lesion is in two splits, and each class is spread over all as its count allows.

    Raises:
        ValueError: one class only, or a split without a photo.
    """
    if len(set(labels)) < 2:
        raise ValueError(f"all {len(labels)} photos have one diagnosis: with one class only nothing can be told apart, give more photos")
    of_lesion = dict(zip(lesions, labels, strict=True))  # a lesion has one diagnosis
    rng = np.random.default_rng(seed)
    chosen: dict[str, str] = {}
    for label in sorted(set(of_lesion.values())):
        names = sorted(lesion for lesion, one in of_lesion.items() if one == label)
        rng.shuffle(names)
        start = 0
        for split, share in SHARES.items():
            count = round(share * len(names))
            chosen.update(dict.fromkeys(names[start : start + count], split))
            start += count
    splits = np.array([chosen.get(lesion, "train") for lesion in lesions])
    places = {split: np.flatnonzero(splits == split) for split in ("train", *SHARES)}
    if empty := [split for split, where in places.items() if not len(where)]:
        raise ValueError(f"{len(of_lesion)} lesions are too few, {empty[0]} has none: give at least 7 lesions of a diagnosis")
    return places


def _rows(folder: Path) -> list[_Row]:
    path = folder / TABLE
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: give the folder that has {TABLE} and the photos")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            if lacking := [name for name in ("lesion_id", "image_id", "dx") if name not in (table.fieldnames or ())]:
                raise ValueError(f"{path} has no column {lacking[0]}: use the table that came with the photos")
            rows = [_row(path, table.line_num, line) for line in table]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not a table of text ({error}): use the table that came with the photos") from error
    if not rows:
        raise ValueError(f"{path} has no photo: use the table that came with the photos")
    seen: set[str] = set()
    if twice := next((row.image for row in rows if row.image in seen or seen.add(row.image)), None):  # type: ignore[func-returns-value]
        raise ValueError(f"{path} has the photo {twice} twice: remove one of the two rows")
    return rows


def _row(path: Path, line: int, values: dict[str, str | None]) -> _Row:
    lesion, image, code = ((values[name] or "").strip() for name in ("lesion_id", "image_id", "dx"))
    if not lesion or not _SAFE.fullmatch(image):
        raise ValueError(f"{path}, line {line}: lesion_id {lesion!r} or image_id {image!r} is missing or odd: mend that row")
    if code not in CODES:
        raise ValueError(f"{path}, line {line}: dx must be one of {', '.join(CODES)}, got {code!r}: mend that row or leave it out")
    return _Row(image, lesion, CODES.index(code))


def _photo(path: Path, size: int) -> np.ndarray:
    """(size, size, 3) uint8."""
    try:
        with warnings.catch_warnings(action="error", category=Image.DecompressionBombWarning), Image.open(path) as photo:
            if photo.width * photo.height > MAX_PIXELS:
                raise ValueError(f"it declares {photo.width} x {photo.height} pixels")
            return np.asarray(photo.convert("RGB").resize((size, size), Image.Resampling.BILINEAR, reducing_gap=3.0))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(f"{path} can't be read as a photo ({error}): get that file again or remove its row from {TABLE}") from error
