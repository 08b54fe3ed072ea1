"""log_mel: a waveform as a microcontroller's front end describes it, the logarithm of its power in mel bands."""

from collections.abc import Callable

import numpy as np
import torch
from scipy.fft import rfft
from scipy.signal import get_window
from torch import Tensor, from_numpy, nan, zeros

from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses

FLOOR = 1e-6


def power(waveform: np.ndarray, bins: int, size: int, hop: int, periodic: bool = True, rectangular: bool = False) -> np.ndarray:
    """(frames, bins): frame by frame, by scipy's windows and its Fourier transform."""
    window = np.ones(size) if rectangular else get_window("hann", size, fftbins=periodic)
    frames = [waveform[start : start + size] * window for start in range(0, len(waveform) - size + 1, hop)]
    return np.array([np.abs(rfft(frame, 2 * (bins - 1))) ** 2 for frame in frames])


def bands(waveform: np.ndarray, filters: np.ndarray, size: int, hop: int) -> np.ndarray:
    """The oracle."""
    return np.log(power(waveform, filters.shape[1], size, hop) @ filters.T.astype(np.float64) + FLOOR)


def _by(made: Callable[[np.ndarray, np.ndarray], np.ndarray], **how: bool) -> Callable[..., np.ndarray]:
    """made: (power, filters) -> features."""
    return lambda x, filters, size, hop: made(power(x, filters.shape[1], size, hop, **how), filters)


def _padded(side: int) -> Callable[..., np.ndarray]:
    """side: 0 for zeros at the end only, 1 at both sides."""
    return lambda x, filters, size, hop: bands(np.pad(x, (side * (size // 2), size // 2)), filters, size, hop)


_POWER = ("Is it the magnitude of the spectrum that is summed?", "Its square, the power: spectrum.abs() ** 2.")
_WINDOW = ("What does a frame that begins and ends abruptly sound like?", "It clicks: multiply each frame by torch.hann_window(size).")
_PERIODIC = ("Which Hann window is it?", "The periodic one, which torch.hann_window(size) gives; np.hanning is symmetric.")
_LOG = ("Which logarithm is it?", "The natural one, torch.log.")
_FLOOR = ("What is the logarithm of 0?", "Minus infinity: add 1e-6 to each band's power first.")
_ADDED = ("Is the floor a minimum?", "It is added: log(power + 1e-6).")
_ORDER = ("What comes first, the sum over a band or the logarithm?", "The sum: power @ filters.T, and then the logarithm.")
_AXES = ("Which axis is time?", "The first one: (frames, bands).")
_FRAMES = ("Where does the last frame end?", "Within the waveform: there are 1 + (samples - size) // hop frames, and nothing is padded.")
_HOP = ("How far apart are two frames?", "hop samples, so that they overlap.")
_FFT = ("How many bins have the filters?", "filters.shape[1]; a Fourier transform of n = 2 * (bins - 1) samples gives as many.")
_SHORT = ("How many frames has a waveform that is shorter than one?", "None: raise ValueError.")
_NAN = ("What is the power of NaN?", "NaN, and every later answer too: raise ValueError.")
MISTAKES = (
    Mistake("magnitude", _by(lambda p, f: np.log(np.sqrt(p) @ f.T + FLOOR)), _POWER),
    Mistake("without a window", _by(lambda p, f: np.log(p @ f.T + FLOOR), rectangular=True), _WINDOW),
    Mistake("symmetric window", _by(lambda p, f: np.log(p @ f.T + FLOOR), periodic=False), _PERIODIC),
    Mistake("decimal logarithm", _by(lambda p, f: np.log10(p @ f.T + FLOOR)), _LOG),
    Mistake("decibels", _by(lambda p, f: 10 * np.log10(p @ f.T + FLOOR)), _LOG),
    Mistake("no logarithm", _by(lambda p, f: p @ f.T), _LOG),
    Mistake("no floor", _by(lambda p, f: np.log(p @ f.T)), _FLOOR),
    Mistake("floor as a minimum", _by(lambda p, f: np.log(np.maximum(p @ f.T, FLOOR))), _ADDED),
    Mistake("logarithm first", _by(lambda p, f: np.log(p + FLOOR) @ f.T), _ORDER),
    Mistake("bands before frames", lambda *x: bands(*x).T, _AXES),
    Mistake("zeros at the end", _padded(0), _FRAMES),
    Mistake("zeros at both ends", _padded(1), _FRAMES),
    Mistake("frames side by side", lambda x, f, size, hop: bands(x, f, size, size), _HOP),
)
STEPS = (
    "Refuse; waveform.unfold(0, size, hop) times torch.hann_window(size); torch.fft.rfft(frames, n=2 * (bins - 1)); the square of "
    "its abs(); @ filters.T; the log of that + 1e-6."
)


def torch_log_mel(waveform: Tensor, filters: Tensor, size: int, hop: int) -> Tensor:
    """`log_mel` by torch.stft."""
    points = 2 * (filters.shape[1] - 1)
    if waveform.ndim != 1 or not 1 <= size <= min(len(waveform), points) or hop < 1:
        raise ValueError(f"need a waveform of {size} samples or more, a size up to {points} and a hop of 1 or more")
    if not waveform.isfinite().all():
        raise ValueError("the waveform has NaN or infinity")
    frames = 1 + (len(waveform) - size) // hop
    signal = torch.cat([waveform.detach().double(), zeros(points - size)])  # torch.stft's frames have `points` samples
    window = torch.cat([torch.hann_window(size, dtype=torch.float64), zeros(points - size)])
    spectrum = torch.stft(signal, points, hop, points, window, center=False, return_complex=True)[:, :frames]
    return torch.log(filters.double() @ spectrum.abs().square() + FLOOR).T.float()


@exercise(torch_log_mel, points=4, difficulty=3, minutes=25, judge=close_to(bands, 1e-3, 1e-3), mistakes=MISTAKES, steps=STEPS, rtol=1e-3)
def log_mel(rng: Rng) -> Cases:
    """log_mel(waveform, filters, size, hop) -> (frames, bands) tensor."""

    def sound(samples: int, level: float = 0.3) -> Tensor:
        """A tone that rises, in noise."""
        time = np.arange(samples)
        tone = np.sin(2 * np.pi * (rng.uniform(0.02, 0.1) * time + rng.uniform(1e-5, 1e-4) * time**2))
        return from_numpy((level * (tone + 0.3 * rng.normal(size=samples))).astype(np.float32))

    def triangles(count: int, bins: int) -> Tensor:
        """Overlapping filters, wider from one to the next."""
        edges = np.cumsum(1 + np.arange(count + 2) * rng.uniform(0.5, 1.0))
        edges *= (bins - 1) / edges[-1]
        at = np.arange(bins)[None]
        rise = (at - edges[:-2, None]) / np.diff(edges)[:-1, None]
        return from_numpy(np.clip(np.minimum(rise, (edges[2:, None] - at) / np.diff(edges)[1:, None]), 0, None).astype(np.float32))

    filters, hop = triangles(6, 33), int(rng.integers(18, 27))
    yield Case("frames that overlap", (sound(64 + 7 * hop), filters, 64, hop), weight=2, hints=_POWER)
    yield Case("a frame shorter than the transform", (sound(40 + 5 * hop), filters, 40, hop), hints=_FFT, hints_on_error=True)
    yield Case("samples left at the end", (sound(64 + 4 * hop + int(rng.integers(3, hop - 3))), filters, 64, hop), hints=_FRAMES)
    yield Case("one frame", (sound(64), filters, 64, hop), hints=_FRAMES, hints_on_error=True)
    yield Case("a soft sound", (sound(64 + 5 * hop, 3e-4), filters, 64, hop), hints=_ADDED)
    yield Case("silence", (zeros(64 + 2 * int(rng.integers(30, 60))), filters, 64, int(rng.integers(9, 14))), weight=0.5, hints=_FLOOR)
    yield Case("one band", (sound(64 + 6 * hop), triangles(1, 33), 64, hop), weight=0.5, hints=_AXES)
    yield refuses("a waveform shorter than a frame", (sound(63), filters, 64, hop), hints=_SHORT)
    broken = sound(200)
    broken[int(rng.integers(70, 130))] = nan
    yield refuses("NaN", (broken, filters, 64, hop), hints=_NAN)
    yield refuses("a frame longer than the transform", (sound(300), filters, 65, hop), weight=0.5, hints=_FFT)
    yield refuses("a hop of 0", (sound(100), filters, 64, 0), weight=0.5)
    yield keeps_inputs(sound(64 + 2 * hop), filters, 64, hop, name="leaves waveform and filters as they were")
