"""Examples of what is no digit, made of the training voices: phrases, and digits that are damaged so that no word is left."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from utils.data.speech.corpus import other_speech
from utils.data.speech.recordings import Speech
from utils.data.speech.waves import SECOND, one_second

_LATE = np.arange(SECOND) >= SECOND // 2
QUIET = 1e-3  # standard deviation of the noise of silence


def _phrase(digits: np.ndarray, said: tuple[np.ndarray, ...], rng: np.random.Generator) -> np.ndarray:
    wave = said[int(rng.integers(len(said)))]
    start = int(rng.integers(max(1, len(wave) - SECOND + 1)))
    return one_second(wave[start : start + SECOND])


def _word(digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    word: np.ndarray = digits[int(rng.integers(len(digits)))]
    return word


def _backwards(digits: np.ndarray, said: tuple[np.ndarray, ...], rng: np.random.Generator) -> np.ndarray:
    return _word(digits, rng)[::-1]


def _cut(digits: np.ndarray, said: tuple[np.ndarray, ...], rng: np.random.Generator) -> np.ndarray:
    """The second half of a word at the beginning, or the first half at the end, as a window that comes late or early hears it."""
    half = np.roll(_word(digits, rng), SECOND // 2)
    return half * (_LATE if rng.random() < 0.5 else ~_LATE)


def _joined(digits: np.ndarray, said: tuple[np.ndarray, ...], rng: np.random.Generator) -> np.ndarray:
    """The end of one word, then the beginning of another."""
    return np.where(_LATE, *(np.roll(_word(digits, rng), SECOND // 2) for _ in range(2)))


def _silence(digits: np.ndarray, said: tuple[np.ndarray, ...], rng: np.random.Generator) -> np.ndarray:
    return QUIET * rng.normal(size=SECOND)


KINDS = {"phrases": _phrase, "backwards": _backwards, "cut": _cut, "joined": _joined, "silence": _silence}


def negatives(digits: Speech, counts: Mapping[str, int], rng: np.random.Generator) -> Tensor:
    """(n, 8000) float32 waveforms of the class "other".

    digits: whose recordings are damaged. counts: how many of each kind: "phrases" of the training voices without a digit,
    "backwards", "cut" in two, "joined" of the end of one digit and the beginning of another, "silence".

    >>> from utils.data.speech import spoken_digits
    >>> negatives(spoken_digits("train"), {"phrases": 3, "cut": 2}, np.random.default_rng(0)).shape
    torch.Size([5, 8000])

    Raises:
        ValueError: an unknown kind, or no example at all.
    """
    if unknown := sorted(counts.keys() - KINDS.keys()):
        raise ValueError(f"nothing makes {unknown[0]!r} of digits: use {', '.join(KINDS)}")
    words, said = digits.waveforms.numpy(), other_speech("train")
    found = [KINDS[kind](words, said, rng) for kind, count in counts.items() for _ in range(count)]
    if not found:
        raise ValueError("no example is asked for: give a count for one kind at least")
    return torch.from_numpy(np.stack(found).astype(np.float32))
