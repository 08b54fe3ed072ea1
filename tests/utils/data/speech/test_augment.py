"""Augmentation: seeded, bounded, and each part does what its name says."""

import numpy as np
import pytest
import torch

from utils.data.speech import VoiceAugment, mix_at_snr
from utils.data.speech.augment import colored_noise, power


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def tones(hz=500.0, n=4):
    inside = torch.zeros(8000)
    inside[2000:6000] = 0.5 * torch.sin(2 * torch.pi * hz * torch.arange(4000) / 8000) * torch.hann_window(4000)
    return inside.expand(n, -1).clone()


def peak_hz(waveforms):
    return torch.fft.rfft(waveforms).abs().argmax(-1).float()


def only(**parts):
    nothing = {"speed": 0.0, "tract": 0.0, "shift_s": 0.0, "gain_db": 0.0, "room": 0.0, "microphone_db": 0.0, "clip": 0.0, "noise": 0.0}
    return VoiceAugment(**{**nothing, **parts})


def test_the_same_generator_gives_the_same_and_another_one_does_not():
    words = tones()
    first, again, other = (VoiceAugment()(words, seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert first.shape == words.shape and first.dtype == torch.float32 and first.isfinite().all() and first.abs().max() <= 1
    assert torch.equal(words, tones())


def test_silence_stays_silence_and_is_no_error():
    assert VoiceAugment()(torch.zeros(3, 8000), seeded()).abs().max() < 1e-3


def test_speed_moves_the_pitch_within_its_bounds():
    hz = peak_hz(only(speed=0.2)(tones(n=64), seeded()))
    assert hz.min() >= 500 / 1.2 - 3 and hz.max() <= 600 + 3 and hz.std() > 20


def test_a_shift_moves_the_word():
    moved = only(shift_s=0.1)(tones(n=64), seeded()).square()
    centers = (moved * torch.arange(8000)).sum(1) / moved.sum(1)
    assert (centers - 4000).abs().max() <= 810 and centers.std() > 200


def test_another_vocal_tract_moves_formants_and_leaves_the_pitch():
    pulses = torch.zeros(32, 8000)
    pulses[:, ::80] = 1.0  # a voice of 100 Hz
    time = torch.arange(200) / 8000
    formant = torch.exp(-300 * time) * torch.sin(2 * torch.pi * 1000 * time)
    voice = torch.nn.functional.conv1d(pulses[:, None], formant.flip(0)[None, None], padding=199)[:, 0, :8000] * 0.1
    spectrum = torch.fft.rfft(only(tract=0.2)(voice, seeded())).abs().square()
    band = slice(600, 1500)
    middle = (spectrum[:, band] * torch.arange(600, 1500)).sum(1) / spectrum[:, band].sum(1)
    assert middle.std() > 40
    assert (spectrum[:, 100::100].sum(1) / spectrum.sum(1)).min() > 0.5  # the power is at harmonics of 100 Hz still


def test_a_room_leaves_a_tail_and_the_loudness():
    words = tones(n=16)
    there = only(room=1.0)(words, seeded())
    tails = [one[:, 6100:].square().sum(1) for one in (there, only()(words, seeded()))]
    assert (tails[0] > 100 * tails[1]).all() and tails[0].median() > 0.01
    assert torch.allclose(power(there), power(words), rtol=0.05)


@pytest.mark.parametrize("snr_db", [-10.0, 0.0, 20.0])
def test_noise_has_the_ratio_that_is_asked_for(snr_db):
    clean, noise = tones(), colored_noise(4, 9000, seeded())
    added = mix_at_snr(clean, noise, snr_db) - clean
    assert torch.allclose(10 * torch.log10(power(clean) / power(added)), torch.tensor(snr_db), atol=1e-3)
    each = torch.tensor([[0.0], [5.0], [10.0], [15.0]])
    assert torch.allclose(10 * torch.log10(power(clean) / power(mix_at_snr(clean, noise, each) - clean)), each, atol=1e-3)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"noise": 1.5}, "noise is a share and must lie in 0..1, got 1.5"),
        ({"room": -0.1}, "room is a share"),
        ({"speed": -0.1}, "speed must be 0 or more"),
        ({"gain_db": float("nan")}, "gain_db must be 0 or more"),
        ({"room_s": 0.0}, "room_s of 0.1 s or more"),
        ({"snr_db": (20.0, 5.0)}, "snr_db that rises"),
    ],
)
def test_impossible_augmentations_are_refused(part, said):
    with pytest.raises(ValueError, match=said):
        VoiceAugment(**part)


def test_too_little_noise_is_refused():
    with pytest.raises(ValueError, match="300 samples of noise for 8000 of speech: repeat the noise"):
        mix_at_snr(tones(), torch.ones(300), 3.0)


def test_noise_has_the_colors_between_white_and_brown():
    spectrum = torch.fft.rfft(colored_noise(64, 8000, seeded())).abs().square()
    low, high = spectrum[:, 20:200].mean(1), spectrum[:, 2000:].mean(1)
    ratio = np.log10((low / high).numpy())
    assert ratio.min() < 0.4 and ratio.max() > 2
