"""Streams: seeded, as long as they say, with the digits where they say, and without any where none is asked for."""

import numpy as np
import pytest
import torch

from utils.data.speech import StreamConfig, streams

MINUTE = StreamConfig(minutes=1.0, digits_per_minute=8.0, phrases_per_minute=8.0)


def test_the_same_seed_gives_the_same_stream_and_another_one_does_not():
    first, again, other = (next(streams("test", 0.01, seed, MINUTE)) for seed in (3, 3, 4))
    assert torch.equal(first.waveform, again.waveform) and first.spoken == again.spoken
    assert not torch.equal(first.waveform, other.waveform)
    one, two = streams("test", 2 / 60, 3, MINUTE)
    assert torch.equal(one.waveform, first.waveform) and not torch.equal(one.waveform, two.waveform)


@pytest.mark.parametrize("split", ["train", "validation", "test", "real"])
def test_digits_are_where_they_are_said_to_be(split):
    quiet = StreamConfig(minutes=2.0, digits_per_minute=8.0, phrases_per_minute=0.0, snr_db=(45.0, 45.0), level_db=(0.0, 0.0), room=0.0)
    stream = next(streams(split, 0.01, 0, quiet))
    assert stream.waveform.dtype == torch.float32 and stream.seconds == 120 and stream.waveform.abs().max() <= 1
    assert len(stream.spoken) >= 5
    loud = stream.waveform.abs().numpy() > 0.1
    inside = np.zeros(len(loud), bool)
    for begin, end, word in stream.spoken:
        assert 0 <= begin < end <= 120 and word in range(10)
        inside[round(begin * 8000) : round(end * 8000) + 1] = True
        assert loud[round(begin * 8000) : round(end * 8000)].any()
    assert not (loud & ~inside).any()
    begins = [begin for begin, _, _ in stream.spoken]
    assert begins == sorted(begins)


def test_a_stream_for_false_accepts_has_speech_and_no_digit():
    stream = next(streams("test", 0.01, 0, StreamConfig(minutes=1.0)))
    assert stream.spoken == () and (stream.waveform.abs() > 0.2).float().mean() > 0.005


def test_hours_are_rounded_up():
    assert sum(1 for _ in streams("test", 3.5 / 60, 0, MINUTE)) == 4
    assert sum(1 for _ in streams("test", 3 / 60, 0, MINUTE)) == 3


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: next(streams("test", 0.0)), "hours must be above 0, got 0.0"),
        (lambda: next(streams("everything", 1.0)), "split must be one of train, validation, test, or real"),
        (lambda: StreamConfig(minutes=0.0), "a stream needs a length"),
        (lambda: StreamConfig(digits_per_minute=30.0), "at most 25 utterances a minute"),
        (lambda: StreamConfig(backwards=2.0), "backwards and room are shares"),
        (lambda: StreamConfig(speed=-0.5), "speed and gap_s 0 or more"),
        (lambda: StreamConfig(snr_db=(30.0, 8.0)), "from the lower to the higher"),
    ],
)
def test_what_can_not_be_is_refused_in_a_sentence(call, said):
    with pytest.raises(ValueError, match=said):
        call()
