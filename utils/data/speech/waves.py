"""Waveforms: a WAV file of any rate, depth and number of channels as 8 kHz mono, and one second cut from a recording."""

from __future__ import annotations

import warnings
from math import gcd
from pathlib import Path

import numpy as np
from scipy.io import wavfile
from scipy.signal import resample_poly

RATE_HZ = 8000
SECOND = RATE_HZ  # samples
MIN_RATE_HZ, MAX_RATE_HZ = 4000, 384_000
MAX_SECONDS = 600
MAX_BYTES = 256 << 20
SILENT = 1e-4  # a peak below this, of full scale 1, is no recording
TRIM_DB = 34.0  # below its loudest 10 ms, the beginning and the end of a recording are silence
FULL_SCALE = 0.999
CLIPPED_RUN = 3  # samples in a row at full scale


def read_wave(path: str | Path) -> np.ndarray:
    """A WAV file as (samples,) float32 in -1..1, 8 kHz, channels averaged.

    8, 16, 24 and 32 bits, float and any rate from 4 to 384 kHz are read; what is above 4 kHz is filtered out.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no WAV file, one that is cut off, empty, silent, too long, without a usable rate, or with NaN or infinity.
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"{file} is not there: check the path")
    if file.stat().st_size > MAX_BYTES:
        raise ValueError(f"{file.name} has {file.stat().st_size >> 20} MiB: cut it into recordings of {MAX_SECONDS} s at most")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", wavfile.WavFileWarning)
            warnings.filterwarnings("ignore", "Chunk", wavfile.WavFileWarning)
            rate_hz, samples = wavfile.read(file)
    except Exception as error:  # scipy raises whatever its parsing stumbles over
        raise ValueError(f"{file.name} can't be read as a WAV file ({error}): record or convert it again as 16-bit PCM") from error
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise ValueError(f"{file.name} says {rate_hz} Hz: give a recording of {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz")
    try:
        return as_waveform(samples, rate_hz)
    except ValueError as error:
        raise ValueError(f"{file.name}: {error}") from None


def as_waveform(samples: np.ndarray, rate_hz: float) -> np.ndarray:
    """Samples of any kind as (n,) float32 in -1..1, 8 kHz, channels averaged.

    samples: (n,) or (n, channels): uint8, int16, int32, or floats of which 1 is full scale.

    >>> as_waveform(np.random.default_rng(0).normal(0, 0.1, (16_000, 2)), 16_000).shape
    (8000,)

    Raises:
        ValueError: another shape or kind, no samples, NaN or infinity, silence, or more than 600 s.
    """
    values = np.asarray(samples)
    if values.ndim not in (1, 2) or not values.size:
        raise ValueError(f"there is no sound in an array of shape {values.shape}: give (samples,) or (samples, channels)")
    if len(values) > MAX_SECONDS * rate_hz:
        raise ValueError(f"the recording has {len(values) / rate_hz:.0f} s: cut it into pieces of {MAX_SECONDS} s at most")
    if values.dtype == np.uint8:
        signal = values / 128.0 - 1
    elif values.dtype.kind == "i":
        signal = values / -float(np.iinfo(values.dtype).min)
    elif values.dtype.kind == "f":
        signal = values.astype(np.float64)
    else:
        raise ValueError(f"samples are integers or floats, got {values.dtype}: convert them first")
    if not np.isfinite(signal).all():
        raise ValueError("the recording has NaN or infinity: record it again")
    signal = signal.mean(1) if signal.ndim == 2 else signal
    signal = signal - signal.mean()  # a microphone's offset is no sound
    if np.abs(signal).max() < SILENT:
        raise ValueError("the recording is silent: check the microphone")
    return np.clip(resampled(signal, rate_hz), -1, 1).astype(np.float32)


def resampled(signal: np.ndarray, rate_hz: float) -> np.ndarray:
    """The signal at 8 kHz, with a filter against what 8 kHz can't hold. A rate that is not an integer is rounded."""
    rate = round(rate_hz)
    common = gcd(rate, RATE_HZ)
    return signal if rate == RATE_HZ else resample_poly(signal, RATE_HZ // common, rate // common)


def is_clipped(waveform: np.ndarray) -> bool:
    """Whether three samples in a row, or more, are at the recording's peak: it was too loud for its microphone."""
    peak = np.abs(waveform).max()
    at_peak = np.concatenate([[0], (np.abs(waveform) >= FULL_SCALE * peak).astype(int), [0]])
    edges = np.flatnonzero(np.diff(at_peak))
    return bool(len(edges) and (edges[1::2] - edges[::2]).max() >= CLIPPED_RUN)


def trimmed(waveform: np.ndarray) -> np.ndarray:
    """The waveform without the silence at both ends: up to its first and from its last 10 ms that are less than 34 dB below the loudest.

    >>> trimmed(np.concatenate([np.zeros(4000), np.ones(800), np.zeros(4000)])).shape
    (800,)
    """
    size = RATE_HZ // 100
    padded = np.concatenate([waveform, np.zeros(-len(waveform) % size)])
    level = np.square(padded.reshape(-1, size)).mean(1)
    loud = np.flatnonzero(level > level.max() * 10 ** (-TRIM_DB / 10))
    return waveform[loud[0] * size : (loud[-1] + 1) * size] if len(loud) else waveform


def one_second(waveform: np.ndarray) -> np.ndarray:
    """(8000,) float32: the trimmed waveform in the middle of a second; of a longer one the second with the most energy.

    Raises:
        ValueError: no samples, another shape, or NaN or infinity.
    """
    if np.ndim(waveform) != 1 or not len(waveform):
        raise ValueError(f"there is no second in a waveform of shape {np.shape(waveform)}: give (samples,), at least one word")
    if not np.isfinite(waveform).all():
        raise ValueError("the waveform has NaN or infinity: read the recording with read_wave or as_waveform")
    word = trimmed(np.asarray(waveform, dtype=np.float64))
    if len(word) > SECOND:
        energy = np.concatenate([[0.0], np.square(word).cumsum()])
        start = int((energy[SECOND:] - energy[:-SECOND]).argmax())
        word = word[start : start + SECOND]
    before = (SECOND - len(word)) // 2
    return np.pad(word, (before, SECOND - len(word) - before)).astype(np.float32)
