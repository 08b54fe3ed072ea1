"""The front end: against scipy, in pieces as in whole, and refused in a sentence."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import get_window

from utils.data.speech import LogMelStream, MelConfig, log_mel, mel_filters, normalized, windows


def sound(samples, seed=0):
    return 0.2 * torch.randn(samples, generator=torch.Generator().manual_seed(seed))


def test_features_are_those_of_scipy():
    config, waveform = MelConfig(), sound(8000)
    window = get_window("hann", config.size)
    frames = np.array([waveform[at : at + config.size].numpy() * window for at in range(0, 8000 - config.size + 1, config.hop)])
    power = np.abs(np.fft.rfft(frames, config.points)) ** 2
    expected = np.log(power @ mel_filters().numpy().T.astype(np.float64) + config.floor)
    assert log_mel(waveform).shape == (49, 40)
    assert np.allclose(log_mel(waveform).numpy(), expected, atol=1e-5)


def test_filters_are_triangles_that_leave_no_bin_out():
    filters, hz = mel_filters(), torch.linspace(0, 4000, 129)
    assert filters.shape == (40, 129) and (filters >= 0).all() and (filters <= 1).all() and (filters.sum(1) > 0.3).all()
    centers = (filters * hz).sum(1) / filters.sum(1)
    assert (centers[1:] > centers[:-1]).all()
    inside = (hz > 130) & (hz < 3600)
    assert (filters.sum(0)[inside] - 1).abs().max() < 1e-5


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 1500), min_size=1, max_size=12), st.integers(0, 9))
def test_a_stream_gives_the_features_of_the_whole(pieces, seed):
    whole, stream = sound(sum(pieces) + 240, seed), LogMelStream()
    parts = [stream(piece) for piece in whole.split([*pieces, 240])]
    assert torch.allclose(torch.cat(parts), log_mel(whole), atol=1e-6, rtol=0)
    stream.reset()
    assert torch.allclose(stream(whole), log_mel(whole), atol=1e-6, rtol=0)


def test_a_batch_gives_the_features_of_each():
    waveforms = torch.stack([sound(2000, seed) for seed in range(5)])
    assert torch.allclose(log_mel(waveforms), torch.stack([log_mel(one) for one in waveforms]), atol=1e-6, rtol=0)
    assert torch.equal(log_mel(waveforms), log_mel(waveforms))


def test_silence_is_the_logarithm_of_the_floor():
    assert torch.allclose(log_mel(torch.zeros(400)), torch.tensor(1e-6).log())


def test_normalized_features_have_no_loudness():
    swelling = sound(8000) * torch.logspace(-1, 1, 8000)
    features = log_mel(torch.stack([swelling, 0.1 * swelling]))
    loud, soft = normalized(features)
    assert torch.allclose(loud, soft, atol=0.05) and loud.mean().abs() < 1e-5 and loud.std(correction=0) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("stride", [1, 5, 49])
def test_a_window_of_a_stream_has_the_features_of_that_second(stride):
    waveform = sound(24_000)
    found = windows(waveform, 8000, stride)
    assert found.shape == (1 + (149 - 49) // stride, 1, 49, 40)
    for at in (0, len(found) - 1):
        start = at * stride * 160
        assert torch.allclose(found[at, 0], normalized(log_mel(waveform[start : start + 8000])), atol=1e-5)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: windows(torch.zeros(7999), 8000, 5), "need a stride of 1 frame or more and 8000 samples, got 5 and 7999"),
        (lambda: windows(torch.zeros(8000), 8000, 0), "need a stride of 1 frame or more"),
        (lambda: log_mel(torch.zeros(239)), r"needs 240 samples or more, got shape \(239,\)"),
        (lambda: log_mel(torch.tensor(1.0)), "needs 240 samples"),
        (lambda: log_mel(torch.full((400,), torch.nan)), "NaN or infinity"),
        (lambda: LogMelStream()(torch.zeros(2, 400)), "mix channels down"),
        (lambda: MelConfig(size=300), "size <= points"),
        (lambda: MelConfig(hop=0), "hop >= 1"),
        (lambda: MelConfig(high_hz=5000.0), "between 0 and 4000 Hz"),
        (lambda: mel_filters(MelConfig(bands=120)), "bands have no bin of 256 points: use fewer bands"),
    ],
)
def test_what_can_not_be_is_refused_in_a_sentence(call, said):
    with pytest.raises(ValueError, match=said):
        call()
