"""Hours of sound for a detector that listens all the time, rendered from the corpus when they are used.

A stream is noise that changes, in which the voices of one split say phrases without digits and, if they are asked for, digits.
Every utterance gets a speed, a loudness and a room of its own, and some phrases and digits run backwards: they have the sound
of speech and are no word. The same seed gives the same stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.signal import fftconvolve
from torch import Tensor

from utils.data.speech.corpus import Clip, clips
from utils.data.speech.waves import RATE_HZ

PART_S = 10.0  # the noise changes so often


@dataclass(frozen=True)
class StreamConfig:
    """minutes: of one stream. digits_per_minute: 0 for a stream in which every detection is false. phrases_per_minute: of other speech.

    backwards: the share of the other utterances that run backwards. speed: faster and slower by up to this share. room: the
    share of utterances with an echo. gap_s: the least silence around a digit. level_db: loudness of speech, from and to.
    snr_db: of speech against the noise, from and to.
    """

    minutes: float = 10.0
    digits_per_minute: float = 0.0
    phrases_per_minute: float = 15.0
    backwards: float = 0.3
    speed: float = 0.12
    room: float = 0.5
    gap_s: float = 0.4
    level_db: tuple[float, float] = (-16.0, 0.0)
    snr_db: tuple[float, float] = (8.0, 30.0)

    def __post_init__(self) -> None:
        """Refuse what does not fit into a minute, and shares and ranges that are none."""
        per_minute = self.digits_per_minute + self.phrases_per_minute
        if not (self.minutes > 0 and min(self.digits_per_minute, self.phrases_per_minute) >= 0 and per_minute <= 25):
            raise ValueError(f"a stream needs a length and at most 25 utterances a minute, got {self.minutes} min and {per_minute}")
        if not (0 <= self.backwards <= 1 and 0 <= self.room <= 1 and self.speed >= 0 and self.gap_s >= 0):
            raise ValueError(f"backwards and room are shares in 0..1, speed and gap_s 0 or more, got {self}")
        if self.level_db[0] > self.level_db[1] or self.snr_db[0] > self.snr_db[1]:
            raise ValueError(f"level_db and snr_db go from the lower to the higher, got {self.level_db} and {self.snr_db}")


@dataclass(frozen=True)
class Stream:
    """waveform: (samples,) float32, 8 kHz. spoken: (begin, end in seconds, digit) of each digit, in order."""

    waveform: Tensor
    spoken: tuple[tuple[float, float, int], ...]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.waveform) / RATE_HZ


DEFAULT = StreamConfig()


def streams(split: str, hours: float, seed: int = 0, config: StreamConfig = DEFAULT) -> Iterator[Stream]:
    """Streams of `config.minutes` that are `hours` long together, rounded up; each is rendered when it is asked for.

    split: "train", "validation" or "test" of the synthetic voices, or "real" for the real person.

    >>> sum(stream.seconds for stream in streams("test", hours=0.05, config=StreamConfig(minutes=1.0)))
    180.0

    Raises:
        ValueError: an unknown split, or hours that are not above 0.
    """
    if not hours > 0:
        raise ValueError(f"hours must be above 0, got {hours}: 3 hours bound false accepts per hour well")
    said = clips(split)
    for number in range(int(np.ceil(round(60 * hours / config.minutes, 6)))):
        yield _stream(said, config, np.random.default_rng([seed, number]))


def _stream(said: tuple[Clip, ...], config: StreamConfig, rng: np.random.Generator) -> Stream:
    samples = round(60 * config.minutes * RATE_HZ)
    speech, noise = np.zeros(samples, np.float32), _noise(samples, rng)
    digits = [clip for clip in said if clip.is_digit]
    phrases = [clip for clip in said if not clip.is_digit]
    count = rng.poisson(config.minutes * np.array([config.digits_per_minute, config.phrases_per_minute]))
    kinds = rng.permutation(np.repeat([True, False], count))
    spoken, busy = [], 0
    for kind, start in zip(kinds, np.sort(rng.uniform(0, samples, len(kinds))), strict=True):
        backwards = not kind and rng.random() < config.backwards
        clip = _pick(digits if kind else (said if backwards else phrases), rng)
        length, sound = _uttered(clip.waveform[::-1] if backwards else clip.waveform, config, rng)
        at = max(int(start), busy)
        if at + len(sound) + RATE_HZ > samples:
            break
        speech[at : at + len(sound)] += sound
        if kind:
            spoken.append((at / RATE_HZ, (at + length) / RATE_HZ, clip.word))
        busy = at + len(sound) + round((config.gap_s + rng.exponential(0.2)) * RATE_HZ)
    level = 10 ** (-rng.uniform(*config.snr_db, len(noise)) / 20) * 0.1  # a tenth of full scale is speech of middling loudness
    mixed = speech + (level[:, None] * noise).reshape(-1)[:samples]
    return Stream(torch.from_numpy(np.clip(mixed, -1, 1).astype(np.float32)), tuple(spoken))


def _pick(choices: list[Clip] | tuple[Clip, ...], rng: np.random.Generator) -> Clip:
    return choices[int(rng.integers(len(choices)))]


def _uttered(waveform: np.ndarray, config: StreamConfig, rng: np.random.Generator) -> tuple[int, np.ndarray]:
    """The waveform with another speed, loudness and room, and its samples without the echo behind it."""
    rate = (1 + config.speed) ** rng.uniform(-1, 1)
    places = np.arange(0, len(waveform) - 1, rate)
    sound = np.interp(places, np.arange(len(waveform)), waveform)
    if rng.random() < config.room:
        time = np.arange(RATE_HZ // 2) / RATE_HZ
        echo = rng.normal(size=len(time)) * 10 ** (-3 * time / rng.uniform(0.1, 0.5))
        echo *= rng.uniform(0.2, 0.8) / np.linalg.norm(echo)
        echo[0] += 1
        sound = fftconvolve(sound, echo)
    peak = 10 ** (rng.uniform(*config.level_db) / 20)
    return len(places), (0.9 * peak / max(float(np.abs(sound).max()), 1e-6) * sound).astype(np.float32)


def _noise(samples: int, rng: np.random.Generator) -> np.ndarray:
    """(parts, samples of a part) float32: noise of another color and swell in each part, at times with a hum or with clicks."""
    size = round(PART_S * RATE_HZ)
    parts = -(-samples // size)
    bins = np.maximum(np.arange(size // 2 + 1), 20)
    found, time = np.empty((parts, size), np.float32), np.arange(size) / RATE_HZ
    for part in range(parts):
        spectrum = np.fft.rfft(rng.normal(size=size)) * bins ** (-rng.uniform(0, 1.0))
        noise = np.fft.irfft(spectrum, size)
        noise *= 1 + 0.8 * np.sin(2 * np.pi * (rng.uniform(0.1, 3) * time + rng.random()))
        noise /= noise.std()
        if rng.random() < 0.3:
            hum = rng.uniform(50, 1500)
            noise += rng.uniform(0.3, 1.5) * np.sin(2 * np.pi * hum * time) + 0.3 * np.sin(4 * np.pi * hum * time)
        if rng.random() < 0.3:
            noise[rng.integers(size, size=int(rng.integers(3, 30)))] += rng.uniform(5, 30)
        found[part] = noise / noise.std()
    return found
