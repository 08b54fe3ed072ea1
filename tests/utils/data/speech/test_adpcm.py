"""IMA ADPCM: what comes back is near what went in, and a damaged file is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from utils.data.speech.adpcm import BLOCK, CHANGES, STEPS, decode, encode


def slowly(codes, first, index):
    """One block, sample by sample, as the standard says it."""
    found, value = [], int(first)
    for code in codes:
        step = int(STEPS[index])
        change = step >> 3
        for bit, part in ((4, step), (2, step >> 1), (1, step >> 2)):
            change += part if code & bit else 0
        value = max(-32768, min(32767, value - change if code & 8 else value + change))
        index = max(0, min(88, index + int(CHANGES[code])))
        found.append(value)
    return found


@settings(max_examples=30, deadline=None)
@given(arrays(np.int16, st.integers(1, 3000)))
def test_the_decoder_is_that_of_the_standard(samples):
    codes, firsts, indices = encode(samples)
    nibbles = np.stack([codes & 15, codes >> 4], 2).reshape(len(codes), BLOCK)
    slow = np.concatenate([slowly(*block) for block in zip(nibbles.tolist(), firsts, indices.astype(int), strict=True)])
    assert np.array_equal(decode(codes, firsts, indices), slow)


def test_a_voice_keeps_its_shape_in_a_quarter_of_the_bytes():
    time = np.arange(8000)
    voice = (9000 * np.sin(time / 8) * np.sin(time / 900) + 3000 * np.sin(time / 3)).astype(np.int16)
    codes, firsts, indices = encode(voice)
    back = decode(codes, firsts, indices)[:8000]
    noise = np.square(back.astype(float) - voice).mean()
    assert 10 * np.log10(np.square(voice.astype(float)).mean() / noise) > 25
    assert codes.nbytes + firsts.nbytes + indices.nbytes < 0.27 * voice.nbytes


def test_what_does_not_fit_is_refused():
    codes, firsts, indices = encode(np.zeros(2000, np.int16))
    for damaged in ((codes[:1], firsts, indices), (codes, firsts, indices[:1]), (codes, firsts, indices + 89)):
        with pytest.raises(ValueError, match="ADPCM of 2 blocks"):
            decode(*damaged)
    for samples in (np.zeros(0, np.int16), np.zeros(5), np.zeros((5, 2), np.int16)):
        with pytest.raises(ValueError, match="ADPCM takes int16 samples"):
            encode(samples)
