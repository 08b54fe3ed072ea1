"""Spoken digits of 29 synthetic speakers, words and phrases without digits, and one real person: see datasets/spoken_digits/CARD.md.

The split is by voice. Voices of one program resemble each other, so a figure on held-out synthetic voices flatters: the real
person, and recordings of your own, say how a network does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from utils.data.speech.adpcm import decode
from utils.data.speech.recordings import DIGITS, Speech
from utils.data.speech.waves import one_second
from utils.files import DATASETS, verified

FOLDER = DATASETS / "spoken_digits"
FILE, SHA256 = FOLDER / "spoken_digits.npz", "beda8b6512340714e35a859659c7573660be346607481e2bbfc0ad2b2373c71e"
REAL_FILE, REAL_SHA256 = FOLDER / "real_person.npz", "0f3daa5513ac117a4f87c8220ac2d89fa871cafe0e3af5af5fe09b1153efc808"
SPLITS = ("train", "validation", "test")
FULL_SCALE = 32768.0
ALLISON = "Allison Smith"
# Words and phrases without a digit; none contains the sound of one, as "before" and "weight" do.
_PHRASES = (
    "yes,no,stop,go,up,down,left,right,off,bird,cat,dog,happy,house,bed,tree,visual,follow,learn,music,lamp,window,garden,water,"
    "table,orange,purple,silver,summer,winter,heaven,fire,nice,life,fish,sick,fix,hero,zebra,serious,throw,thread,free,shoes,"
    "good morning,thank you very much,see you soon,turn up the radio,where is my bag,it is raining,open the door,"
    "play some music,the kitchen is clean,call my mother,switch off the lamp,what is the weather like,"
    "he will be home later,the river is cold,please close the window,how was your summer,read me the news"
)
PHRASES = tuple(_PHRASES.split(","))


@dataclass(frozen=True)
class Voice:
    """A synthetic voice. name: of the speaker, whom two programs may share. how: what make.py gives the program."""

    name: str
    program: str
    how: str
    split: str


def _espeak(split: str, *variants: str) -> tuple[Voice, ...]:
    return tuple(Voice(f"espeak-ng {name}", "espeak-ng", name, split) for name in variants)


VOICES = (
    *_espeak("train", "m1", "m2", "m3", "m7", "f1", "f2", "f3", "klatt", "klatt2", "Andy", "Michael", "Gene", "linda", "steph"),
    *_espeak("validation", "m4", "f4", "klatt4"),
    *_espeak("test", "m6", "f5", "robert"),
    Voice("kal", "flite", "kal16", "train"),
    Voice("awb", "flite", "awb", "train"),
    Voice("rms", "flite", "rms", "train"),
    Voice("slt", "flite", "slt", "train"),
    Voice("kal", "festival", "kal_diphone", "train"),
    Voice("slt", "festival", "cmu_us_slt_arctic_hts", "train"),
    Voice("ked", "festival", "ked_diphone", "validation"),
    Voice("kokoro gongitsune", "kokoro", "jf_gongitsune", "train"),
    Voice("kokoro nezumi", "kokoro", "jf_nezumi", "train"),
    Voice("kokoro tebukuro", "kokoro", "jf_tebukuro", "train"),
    Voice("kokoro kumo", "kokoro", "jm_kumo", "test"),
)


@dataclass(frozen=True)
class Clip:
    """What was said once. waveform: (samples,) float32, trimmed. word: into `DIGITS`, then into `PHRASES`. speaker: a name."""

    waveform: np.ndarray
    word: int
    speaker: str

    @property
    def is_digit(self) -> bool:
        """Whether it is a digit."""
        return self.word < len(DIGITS)


def _cut(samples: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    """The clips of one long signal."""
    ends = lengths.cumsum()
    return [samples[end - length : end].astype(np.float32) / FULL_SCALE for length, end in zip(lengths, ends, strict=True)]


@cache
def clips(split: str) -> tuple[Clip, ...]:
    """All clips of the voices of a split, digits and phrases; "real" for the real person.

    Raises:
        ValueError: an unknown split, or a damaged file. FileNotFoundError: the file is missing.
    """
    if split not in (*SPLITS, "real"):
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, or real, got {split!r}")
    with np.load(verified(*((REAL_FILE, REAL_SHA256) if split == "real" else (FILE, SHA256)))) as archive:
        arrays = {name: archive[name] for name in archive.files}
    found = _cut(decode(arrays["codes"], arrays["firsts"], arrays["indices"]), arrays["lengths"])
    if split == "real":
        return tuple(Clip(waveform, int(word), ALLISON) for waveform, word in zip(found, arrays["words"], strict=True))
    who = [VOICES[number] for number in arrays["voices"]]
    parts = zip(found, arrays["words"], who, strict=True)
    return tuple(Clip(waveform, int(word), voice.name) for waveform, word, voice in parts if voice.split == split)


def _digits(split: str) -> Speech:
    chosen = [clip for clip in clips(split) if clip.is_digit]
    names = tuple(sorted({clip.speaker for clip in chosen}))
    return Speech(
        waveforms=torch.from_numpy(np.stack([one_second(clip.waveform) for clip in chosen])),
        labels=torch.tensor([clip.word for clip in chosen]),
        speakers=torch.tensor([names.index(clip.speaker) for clip in chosen]),
        names=names,
    )


def spoken_digits(split: str) -> Speech:
    """The digits of the synthetic voices of one split: "train", "validation" or "test". No voice is in two splits.

    >>> spoken_digits("test").names
    ('espeak-ng f5', 'espeak-ng m6', 'espeak-ng robert', 'kokoro kumo')

    Raises:
        ValueError: an unknown split, or a damaged file. FileNotFoundError: the file is missing.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, got {split!r}: the real person's digits are real_digits()")
    return _digits(split)


def real_digits() -> Speech:
    """The ten digits as Allison Smith says them on telephones; for testing only.

    >>> real_digits().counts.tolist()
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]

    Raises:
        ValueError: a damaged file. FileNotFoundError: the file is missing.
    """
    return _digits("real")


def other_speech(split: str) -> tuple[np.ndarray, ...]:
    """What the voices of a split say that is no digit, (samples,) float32 each; "real" for the real person's telephone prompts.

    Raises:
        ValueError: an unknown split, or a damaged file. FileNotFoundError: the file is missing.
    """
    return tuple(clip.waveform for clip in clips(split) if not clip.is_digit)
