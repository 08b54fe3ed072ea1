"""Folders of recordings from elsewhere, in the layout of the Free Spoken Digit Dataset (FSDD) or of Speech Commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from utils.data.speech.recordings import DIGITS, OTHER, Speech
from utils.data.speech.waves import is_clipped, one_second, read_wave

FSDD = re.compile(r"(?P<digit>[0-9])_(?P<speaker>.+)_(?P<take>[0-9]+)\.wav", re.IGNORECASE)
COMMANDS = re.compile(r"(?P<speaker>.+?)(_nohash)?(_[0-9]+)?\.wav", re.IGNORECASE)
NOISE = "_background_noise_"  # a folder of Speech Commands without words
LAYOUTS = "7_george_0.wav as in FSDD, or seven/0a7c2a8d_nohash_0.wav as in Speech Commands"


@dataclass(frozen=True)
class _Found:
    file: Path
    label: int
    speaker: str


def load(path: str | Path, *, other: bool = False, per_word: int | None = None, skip_bad: bool = False) -> Speech:
    """Recordings of spoken digits, each cut to one second and resampled to 8 kHz; speakers are kept apart.

    path: a folder in FSDD's layout (7_george_0.wav) or in that of Speech Commands (seven/0a7c2a8d_nohash_0.wav; folders 0 to 9
        will do too). An inner folder "recordings" is found.
    other: load further folders' words as an eleventh class, "other".
    per_word: at most so many recordings of each word, spread over the folder; a thousand recordings need 32 MB of memory.
    skip_bad: leave out what can't be read and list it in `Speech.skipped`, instead of raising ValueError.

    Raises:
        FileNotFoundError: no such folder.
        ValueError: no recording in one of the layouts, per_word below 1, or a file that can't be used: silent, cut off, no WAV,
            without a usable rate. The message names the first one.
    """
    folder = Path(path)
    if not folder.is_dir():
        what = "is a file: unpack it and give the folder" if folder.is_file() else "is not there: check the path"
        raise FileNotFoundError(f"{folder} {what}")
    if per_word is not None and per_word < 1:
        raise ValueError(f"per_word must be at least 1, got {per_word}: leave it out to load everything")
    found = _spread(sorted(_found(folder, other), key=lambda one: str(one.file)), per_word)
    if not found:
        raise ValueError(f"{folder} has no recording of a digit: name the files like {LAYOUTS}")
    good, waveforms, clipped, bad = [], [], [], []
    for one in found:
        try:
            waveform = read_wave(one.file)
        except ValueError as error:
            bad.append(str(error))
            continue
        good.append(one)
        clipped.append(is_clipped(waveform))
        waveforms.append(one_second(waveform))
    if bad and (not skip_bad or not good):
        raise ValueError(f"{len(bad)} of {len(found)} recordings can't be used, the first: {bad[0]} (or load with skip_bad=True)")
    names = tuple(sorted({one.speaker for one in good}))
    return Speech(
        waveforms=torch.from_numpy(np.stack(waveforms)),
        labels=torch.tensor([one.label for one in good]),
        speakers=torch.tensor([names.index(one.speaker) for one in good]),
        names=names,
        classes=(*DIGITS, OTHER) if other else DIGITS,
        clipped=torch.tensor(clipped),
        skipped=tuple(bad),
    )


def _spread(found: list[_Found], per_word: int | None) -> list[_Found]:
    """At most so many of each label, at equal distances in the list."""
    if per_word is None:
        return found
    kept: list[_Found] = []
    for label in sorted({one.label for one in found}):
        same = [one for one in found if one.label == label]
        count = min(per_word, len(same))
        kept += [same[at * len(same) // count] for at in range(count)]
    return kept


def _found(folder: Path, other: bool) -> Iterator[_Found]:
    """Every recording with its label and its speaker; files of other names are left alone."""
    for inside in (folder, folder / "recordings"):
        for file in sorted(inside.glob("*")) if inside.is_dir() else ():
            if file.is_file() and (parts := FSDD.fullmatch(file.name)):
                yield _Found(file, int(parts["digit"]), parts["speaker"])
    for inside in sorted(one for one in folder.iterdir() if one.is_dir() and one.name not in (NOISE, "recordings") and one.name[0] != "."):
        word = inside.name.lower()
        label = DIGITS.index(word) if word in DIGITS else int(word) if re.fullmatch("[0-9]", word) else len(DIGITS)
        if label == len(DIGITS) and not other:
            continue
        for file in sorted(inside.iterdir()):
            if file.is_file() and file.name[0] != "." and (parts := COMMANDS.fullmatch(file.name)):
                yield _Found(file, label, parts["speaker"])
