"""Augmentation of spoken words: what a corpus of few voices lacks is other voices, rooms, microphones and noise."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from utils.data.speech.waves import RATE_HZ

_SHORT = 64  # samples of the short spectra in which a vocal tract is changed: too short to resolve the pitch
SILENT = 1e-8  # a mean square below this is silence


def power(waveforms: Tensor) -> Tensor:
    """(..., 1): the mean square of each waveform (..., samples)."""
    return waveforms.square().mean(-1, keepdim=True)


def mix_at_snr(clean: Tensor, noise: Tensor, snr_db: float | Tensor) -> Tensor:
    """Speech with noise that is scaled to a signal-to-noise ratio in decibels.

    clean, noise: (..., samples); noise may have more samples, and only as many as the speech has are used. snr_db: a number, or
    (..., 1), one for each. What is silent stays as it is.

    >>> mixed = mix_at_snr(torch.ones(4), torch.tensor([2.0, -2.0, 2.0, -2.0]), 0.0)
    >>> (mixed - 1).tolist()
    [1.0, -1.0, 1.0, -1.0]

    Raises:
        ValueError: less noise than speech.
    """
    if noise.shape[-1] < clean.shape[-1]:
        raise ValueError(f"there are {noise.shape[-1]} samples of noise for {clean.shape[-1]} of speech: repeat the noise")
    noise = noise[..., : clean.shape[-1]]
    wanted = power(clean) / torch.as_tensor(10.0) ** (torch.as_tensor(snr_db) / 10)
    return clean + (wanted / power(noise).clamp(min=SILENT)).sqrt() * noise


@dataclass(frozen=True)
class VoiceAugment:
    """An augmentation of waveforms (n, samples), each drawn for itself.

    speed: faster or slower, and higher or lower, by up to this share. tract: length of the vocal tract, which moves the formants
    and leaves the pitch, likewise. shift_s: to either side. gain_db: softer or louder. room: the share of waveforms that get an
    echo of a room with a reverberation time of up to room_s. microphone_db: how uneven its frequency response may be.
    clip: the share that is overdriven. snr_db: from and to, of the noise that is added; noise: the share that gets some.

    >>> words = torch.randn(5, 8000, generator=torch.Generator().manual_seed(0)) / 10
    >>> VoiceAugment()(words, torch.Generator().manual_seed(1)).shape
    torch.Size([5, 8000])
    """

    speed: float = 0.15
    tract: float = 0.15
    shift_s: float = 0.08
    gain_db: float = 10.0
    room: float = 0.5
    room_s: float = 0.5
    microphone_db: float = 6.0
    clip: float = 0.15
    noise: float = 0.8
    snr_db: tuple[float, float] = (3.0, 40.0)

    def __post_init__(self) -> None:
        """Refuse shares that are none, and negative amounts."""
        if bad := [name for name in ("room", "clip", "noise") if not 0 <= getattr(self, name) <= 1]:
            raise ValueError(f"{bad[0]} is a share and must lie in 0..1, got {getattr(self, bad[0])}")
        if bad := [name for name in ("speed", "tract", "shift_s", "gain_db", "microphone_db") if not getattr(self, name) >= 0]:
            raise ValueError(f"{bad[0]} must be 0 or more, got {getattr(self, bad[0])}: it goes to both sides")
        if not (self.room_s >= 0.1 and self.snr_db[0] <= self.snr_db[1]):
            raise ValueError(f"need room_s of 0.1 s or more and snr_db that rises, got {self.room_s} and {self.snr_db}")

    def __call__(self, waveforms: Tensor, generator: torch.Generator) -> Tensor:
        """waveforms: (n, samples) float32 -> the same shape."""
        changed = self.paced(waveforms, generator)
        changed = self.other_tract(changed, generator)
        changed = self.recorded(changed, generator)
        changed = changed * 10 ** (self.gain_db * _signed(len(changed), generator) / 20)
        driven = torch.tanh(4 * changed / changed.abs().amax(-1, keepdim=True).clamp(min=SILENT)) * changed.abs().amax(-1, keepdim=True)
        changed = torch.where(_chosen(len(changed), self.clip, generator), driven, changed)
        low, high = self.snr_db
        snr_db = low + (high - low) * torch.rand(len(changed), 1, generator=generator)
        noisy = mix_at_snr(changed, colored_noise(len(changed), changed.shape[-1], generator), snr_db)
        return torch.where(_chosen(len(changed), self.noise, generator), noisy, changed).clamp(-1, 1)

    def paced(self, waveforms: Tensor, generator: torch.Generator) -> Tensor:
        """Other speeds and places, by cubic interpolation; what moves in is silent."""
        n, samples = waveforms.shape
        middle, time = (samples - 1) / 2, torch.arange(samples, dtype=torch.float32)
        rate = (1 + self.speed) ** _signed(n, generator)
        places = middle + (time - middle) * rate + self.shift_s * RATE_HZ * _signed(n, generator)
        padded = torch.nn.functional.pad(waveforms, (2, 3))
        inside = places.clamp(-1, samples) + 2
        below = inside.floor().long().clamp(1, samples + 2)
        part = inside - below
        a, b, c, d = (padded.gather(1, below + at) for at in (-1, 0, 1, 2))  # Catmull and Rom, 1974
        return b + 0.5 * part * (c - a + part * (2 * a - 5 * b + 4 * c - d + part * (3 * (b - c) + d - a)))

    def other_tract(self, waveforms: Tensor, generator: torch.Generator) -> Tensor:
        """Other lengths of the vocal tract: the short spectra are stretched along the frequency."""
        window = torch.hann_window(_SHORT)
        spectra = torch.stft(waveforms, _SHORT, _SHORT // 2, window=window, return_complex=True)
        bins = spectra.shape[1]
        places = (torch.arange(bins) * (1 + self.tract) ** _signed(len(waveforms), generator)).clamp(max=bins - 1.001)
        below = places.floor().long()
        part, size = (places - below)[..., None], spectra.abs()
        low, high = (size.gather(1, (below + at)[..., None].expand_as(size)) for at in (0, 1))
        moved = (low + part * (high - low)) * torch.exp(1j * spectra.angle())
        return torch.istft(moved, _SHORT, _SHORT // 2, window=window, length=waveforms.shape[-1])

    def recorded(self, waveforms: Tensor, generator: torch.Generator) -> Tensor:
        """In a room, by a microphone: an impulse response and a frequency response, in one product of spectra."""
        n, samples = waveforms.shape
        points = 2 * samples
        spectrum = torch.fft.rfft(waveforms, points) * torch.fft.rfft(self.impulse_response(n, samples, generator), points)
        spectrum = spectrum * self.frequency_response(n, points // 2 + 1, generator)
        found = torch.fft.irfft(spectrum, points)[:, :samples]
        return found * (power(waveforms) / power(found).clamp(min=SILENT)).sqrt()

    def impulse_response(self, n: int, samples: int, generator: torch.Generator) -> Tensor:
        """(n, samples): the direct sound, and in a room noise behind it that decays by 60 dB in the reverberation time."""
        time = torch.arange(samples) / RATE_HZ
        decay_s = 0.1 + (self.room_s - 0.1) * torch.rand(n, 1, generator=generator)
        echo = torch.randn(n, samples, generator=generator) * 10 ** (-3 * time / decay_s)
        echo = echo / echo.square().sum(-1, keepdim=True).sqrt()
        level = 0.2 + 0.8 * torch.rand(n, 1, generator=generator)  # of the echo against the direct sound
        response = torch.where(_chosen(n, self.room, generator), level, 0.0) * echo
        response[:, 0] += 1
        return response

    def frequency_response(self, n: int, bins: int, generator: torch.Generator) -> Tensor:
        """(n, bins): a smooth curve over the logarithm of the frequency, and a high pass at up to 300 Hz."""
        hz = torch.linspace(0, RATE_HZ / 2, bins)
        octave = torch.log2(1 + hz / 100)
        turns = torch.pi * octave / octave[-1]
        waves = [_signed(n, generator) * torch.cos(k * turns + torch.pi * _signed(n, generator)) for k in (1, 2, 3)]
        cutoff_hz = 300 * torch.rand(n, 1, generator=generator)
        high_pass = hz / (hz.square() + cutoff_hz.square()).sqrt().clamp(min=1e-3)
        return high_pass * 10 ** (self.microphone_db * torch.stack(waves).mean(0) / 20)


def colored_noise(n: int, samples: int, generator: torch.Generator) -> Tensor:
    """(n, samples) noise with a power that falls with the frequency to a power between 0 (white) and 2 (brown), mean square 1."""
    spectrum = torch.fft.rfft(torch.randn(n, samples, generator=generator))
    slope = 2 * torch.rand(n, 1, generator=generator)
    bins = torch.arange(spectrum.shape[-1], dtype=torch.float32).clamp(min=1)
    found = torch.fft.irfft(spectrum * bins ** (-slope / 2), samples)
    return found / power(found).sqrt()


def _signed(n: int, generator: torch.Generator) -> Tensor:
    """(n, 1) uniform in -1..1."""
    return 2 * torch.rand(n, 1, generator=generator) - 1


def _chosen(n: int, share: float, generator: torch.Generator) -> Tensor:
    """(n, 1) bool: this share of them, on average."""
    return torch.rand(n, 1, generator=generator) < share
