"""Recordings of sensors from elsewhere: what a network can't use is refused in a sentence, before it gives a wrong number."""

from __future__ import annotations

from typing import Any

import numpy as np

RATE_TOLERANCE = 0.02  # of the rate: clocks of cheap sensors are off by about so much
GAP = 1.5  # sampling periods between two samples: more is a gap


def checked_recording(samples: Any, rate_hz: float, times_s: Any = None, *, wanted_hz: float = 50.0, channels: int = 6) -> np.ndarray:
    """The samples as float32, if a network that was trained at `wanted_hz` with so many channels can use them.

    samples: (samples, channels) numbers, a row for each point in time. rate_hz: samples a second, as the sensor says.
    times_s: (samples,) seconds, when each sample was taken, if the recording has them; they show gaps and a wrong rate.

    >>> checked_recording(np.zeros((100, 6)), 50.0).shape
    (100, 6)
    >>> checked_recording(np.zeros((100, 6)), 100.0)
    Traceback (most recent call last):
        ...
    ValueError: the recording has 100 Hz and the network was trained at 50 Hz: resample it first, with scipy.signal.resample_poly

    Raises:
        ValueError: another shape, no samples, NaN or infinity, another rate, times that do not rise, that have a gap, or
            that tell of another rate than `rate_hz`.
    """
    rows = np.asarray(samples, dtype=np.float32)
    if rows.ndim != 2 or rows.shape[1] != channels or not len(rows):
        raise ValueError(f"the recording must be (samples, {channels}) with at least one sample, got shape {rows.shape}: check its columns")
    if len(bad := np.flatnonzero(~np.isfinite(rows).all(1))):
        raise ValueError(f"{len(bad)} of {len(rows)} samples are NaN or infinite, the first is sample {bad[0]}: cut the recording there")
    if not rate_hz > 0 or abs(rate_hz / wanted_hz - 1) > RATE_TOLERANCE:
        remedy = "resample it first, with scipy.signal.resample_poly"
        raise ValueError(f"the recording has {rate_hz:g} Hz and the network was trained at {wanted_hz:g} Hz: {remedy}")
    if times_s is not None:
        _check_times(np.asarray(times_s, dtype=np.float64), len(rows), rate_hz)
    return rows


def _check_times(times: np.ndarray, count: int, rate_hz: float) -> None:
    if times.shape != (count,) or not np.isfinite(times).all():
        raise ValueError(f"times_s must be {count} finite numbers, one for each sample, got shape {times.shape}")
    steps = np.diff(times)
    if len(back := np.flatnonzero(steps <= 0)):
        raise ValueError(f"the time does not rise after sample {back[0]}: sort the samples and remove doubles")
    if len(steps) and abs(np.median(steps) * rate_hz - 1) > RATE_TOLERANCE:
        raise ValueError(f"the times tell of {1 / np.median(steps):.4g} Hz and not of {rate_hz:g} Hz: check the unit of the times")
    if len(gaps := np.flatnonzero(steps > GAP / rate_hz)):
        raise ValueError(f"there is a gap of {steps[gaps[0]]:.3g} s after sample {gaps[0]}: cut the recording there")
