"""Recordings from elsewhere: gaps, NaN, another rate or shape are refused in a sentence."""

import numpy as np
import pytest

from utils.data import checked_recording

CLEAN = np.random.default_rng(0).normal(size=(200, 6))
TIMES = np.arange(200) / 50


def changed(values, at, to):
    values = values.copy()
    values[at] = to
    return values


def test_a_clean_recording_is_taken_as_it_is():
    found = checked_recording(CLEAN, 50.0, TIMES)
    assert found.dtype == np.float32 and np.allclose(found, CLEAN)
    assert len(checked_recording(CLEAN[:1], 50.4)) == 1


def test_jitter_and_a_slow_clock_are_no_gap():
    jitter = TIMES * 1.01 + np.random.default_rng(1).uniform(0, 0.004, 200)
    assert len(checked_recording(CLEAN, 50.0, jitter)) == 200


@pytest.mark.parametrize(
    ("samples", "rate_hz", "times_s", "said"),
    [
        (CLEAN[:, :3], 50.0, None, r"must be \(samples, 6\).*got shape \(200, 3\)"),
        (CLEAN.T, 50.0, None, r"got shape \(6, 200\): check its columns"),
        (CLEAN[:0], 50.0, None, "at least one sample"),
        (changed(CLEAN, (17, 2), np.nan), 50.0, None, "1 of 200 samples are NaN or infinite, the first is sample 17"),
        (changed(CLEAN, (17, 2), -np.inf), 50.0, None, "NaN or infinite"),
        (CLEAN, 100.0, None, "has 100 Hz and the network was trained at 50 Hz: resample it"),
        (CLEAN, 20.0, None, "has 20 Hz"),
        (CLEAN, 0.0, None, "has 0 Hz"),
        (CLEAN, float("nan"), None, "has nan Hz"),
        (CLEAN, 50.0, TIMES[:-1], "times_s must be 200 finite numbers"),
        (CLEAN, 50.0, changed(TIMES, 3, np.nan), "times_s must be 200 finite numbers"),
        (CLEAN, 50.0, changed(TIMES, 3, TIMES[2]), "the time does not rise after sample 2"),
        (CLEAN, 50.0, TIMES[::-1], "the time does not rise after sample 0"),
        (CLEAN, 50.0, TIMES * 1000, r"the times tell of 0.05 Hz and not of 50 Hz: check the unit"),
        (CLEAN, 50.0, TIMES / 2, "the times tell of 100 Hz"),
        (CLEAN, 50.0, TIMES + 0.5 * (np.arange(200) > 99), "there is a gap of 0.52 s after sample 99: cut the recording there"),
    ],
)
def test_what_a_network_can_not_use_is_refused_in_a_sentence(samples, rate_hz, times_s, said):
    with pytest.raises(ValueError, match=said):
        checked_recording(samples, rate_hz, times_s)
