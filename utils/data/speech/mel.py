"""Log-mel features as the front end of a microcontroller computes them: frames of 30 ms every 20 ms, 40 mel bands.

The same numbers come out of a whole recording and of a stream in pieces. The mel scale is that of O'Shaughnessy (1987).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor


@dataclass(frozen=True)
class MelConfig:
    """A front end.

    rate_hz: samples a second. size, hop: of a frame and from one to the next, in samples. points: of the Fourier transform.
    bands: mel bands between low_hz and high_hz. floor: added to a band's power before the logarithm.
    """

    rate_hz: int = 8000
    size: int = 240
    hop: int = 160
    points: int = 256
    bands: int = 40
    low_hz: float = 60.0
    high_hz: float = 3800.0
    floor: float = 1e-6

    def __post_init__(self) -> None:
        """Refuse what can't be a front end."""
        if not (self.hop >= 1 and 1 <= self.size <= self.points and self.bands >= 1 and self.floor > 0):
            raise ValueError(f"a front end needs hop >= 1, 1 <= size <= points, a band and a floor above 0, got {self}")
        if not 0 <= self.low_hz < self.high_hz <= self.rate_hz / 2:
            raise ValueError(f"bands must lie between 0 and {self.rate_hz / 2:g} Hz, got {self.low_hz:g} to {self.high_hz:g} Hz")

    def frames(self, samples: int) -> int:
        """How many frames lie within so many samples."""
        return max(0, 1 + (samples - self.size) // self.hop)


DEFAULT = MelConfig()


def mel(hz: Tensor) -> Tensor:
    """Frequencies in mel."""
    return 2595 * torch.log10(1 + hz / 700)


@cache
def mel_filters(config: MelConfig = DEFAULT) -> Tensor:
    """(bands, points // 2 + 1) float32: triangles that overlap by half and are equally wide in mel.

    >>> mel_filters().shape
    torch.Size([40, 129])

    Raises:
        ValueError: so many bands that one lies between two bins.
    """
    ends = mel(torch.tensor([config.low_hz, config.high_hz], dtype=torch.float64))
    edges = 700 * (10 ** (torch.linspace(ends[0].item(), ends[1].item(), config.bands + 2, dtype=torch.float64) / 2595) - 1)
    bins = torch.linspace(0, config.rate_hz / 2, config.points // 2 + 1, dtype=torch.float64)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    filters = torch.minimum(rising, falling).clamp(min=0)
    if empty := int((filters.sum(1) == 0).sum()):
        raise ValueError(f"{empty} of {config.bands} bands have no bin of {config.points} points: use fewer bands or more points")
    return filters.float()


def log_mel(waveforms: Tensor, config: MelConfig = DEFAULT) -> Tensor:
    """(..., frames, bands) float32: the natural logarithm of the power in each band.

    waveforms: (..., samples) float32. Computed in float64, so that batches of any size give the same numbers.

    >>> log_mel(torch.zeros(2, 8000)).shape
    torch.Size([2, 49, 40])

    Raises:
        ValueError: less than a frame of samples, or NaN or infinity.
    """
    if not waveforms.ndim or waveforms.shape[-1] < config.size:
        raise ValueError(f"a waveform needs {config.size} samples or more, got shape {tuple(waveforms.shape)}: fill it up with zeros")
    if not waveforms.isfinite().all():
        raise ValueError("the waveform has NaN or infinity: look at the recording")
    frames = waveforms.double().unfold(-1, config.size, config.hop) * torch.hann_window(config.size, dtype=torch.float64)
    power = torch.fft.rfft(frames, n=config.points).abs().square()
    return torch.log(power @ mel_filters(config).double().T + config.floor).float()


def normalized(features: Tensor) -> Tensor:
    """Features (..., frames, bands) of a window with mean 0 and standard deviation 1: a network then hears no loudness.

    Where the features hardly differ, as in silence, the standard deviation counts as 1.

    >>> normalized(torch.zeros(49, 40)).abs().max().item()
    0.0
    """
    mean = features.mean((-2, -1), keepdim=True)
    deviation = features.std((-2, -1), keepdim=True, correction=0)
    return (features - mean) / deviation.clamp(min=1.0)


def windows(waveform: Tensor, samples: int, stride: int, config: MelConfig = DEFAULT) -> Tensor:
    """(n, 1, frames, bands): the normalized features of windows of a long waveform, as a network takes them.

    waveform: (length,). samples: of a window, such as one second. stride: frames from one window to the next.

    >>> windows(torch.zeros(80_000), samples=8000, stride=5).shape
    torch.Size([91, 1, 49, 40])

    Raises:
        ValueError: a stride below 1, or a waveform that is shorter than a window.
    """
    if stride < 1 or len(waveform) < samples:
        raise ValueError(f"need a stride of 1 frame or more and {samples} samples, got {stride} and {len(waveform)} samples")
    return normalized(log_mel(waveform, config).unfold(0, config.frames(samples), stride).transpose(1, 2))[:, None]


class LogMelStream:
    """The front end of a stream: give samples as they come, get the frames that are complete.

    >>> stream = LogMelStream()
    >>> [len(stream(torch.zeros(200))) for _ in range(4)]
    [0, 2, 1, 1]
    """

    def __init__(self, config: MelConfig = DEFAULT) -> None:
        self.config = config
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self.kept = torch.zeros(0)

    def __call__(self, samples: Tensor) -> Tensor:
        """samples: (n,) float32, however many -> (frames, bands) float32, none or more.

        Raises:
            ValueError: samples of another shape, or NaN or infinity.
        """
        if samples.ndim != 1:
            raise ValueError(f"a stream takes samples (n,), got shape {tuple(samples.shape)}: mix channels down first")
        self.kept = torch.cat([self.kept, samples.detach().float()])
        if not (count := self.config.frames(len(self.kept))):
            return torch.zeros(0, self.config.bands)
        found = log_mel(self.kept, self.config)
        self.kept = self.kept[count * self.config.hop :]
        return found
