"""mix_at_snr: speech with noise at a given signal-to-noise ratio."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, from_numpy, nan, zeros

from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses


def fitted(noise: np.ndarray, size: int) -> np.ndarray:
    """As many samples of the noise, which begins again where it ends."""
    return np.array([noise[at % len(noise)] for at in range(size)], dtype=np.float64)


def power(signal: np.ndarray) -> float:
    """The mean square."""
    return float(sum(float(value) ** 2 for value in signal) / len(signal))


def mixed(clean: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    """The oracle: the noise is scaled until the powers have the ratio that is asked for."""
    added = fitted(noise, len(clean))
    wanted = power(clean) / 10 ** (snr_db / 10)
    return clean + np.sqrt(wanted / power(added)) * added


def _scaled(gain: Callable[[float, float, float], float]) -> Callable[..., np.ndarray]:
    """gain: (power of the speech, power of the noise, decibels) -> the factor of the noise."""

    def made(clean: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
        added = fitted(noise, len(clean))
        return clean + gain(power(clean), power(added), snr_db) * added

    return made


def _with(noises: Callable[[np.ndarray, int], np.ndarray]) -> Callable[..., np.ndarray]:
    return lambda clean, noise, snr_db: mixed(clean, noises(noise, len(clean)), snr_db)


def _of_whole_noise(clean: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    return clean + np.sqrt(power(clean) / power(noise) / 10 ** (snr_db / 10)) * fitted(noise, len(clean))


def _zeros_behind(noise: np.ndarray, size: int) -> np.ndarray:
    return np.pad(noise[:size], (0, max(size - len(noise), 0)))


def _speech_scaled(clean: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    added = fitted(noise, len(clean))
    return np.sqrt(power(added) / power(clean) * 10 ** (snr_db / 10)) * clean + added


def _deviations(clean: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    added = fitted(noise, len(clean))
    return clean + clean.std() / added.std() / 10 ** (snr_db / 20) * added


_POWER = ("What is the power of a signal?", "The mean of its squares; the ratio of powers is 10 ** (snr_db / 10).")
_ROOT = ("By what is a signal multiplied to have four times its power?", "By 2: the gain is the square root of a ratio of powers.")
_TWENTY = ("Is it a ratio of powers or of amplitudes?", "Of powers 10 ** (snr_db / 10), of amplitudes 10 ** (snr_db / 20).")
_SIGN = ("Is there more noise at 20 dB or at 0 dB?", "At 0 dB: divide by 10 ** (snr_db / 10).")
_RAW = ("How loud was the noise before?", "Divide by its power too, so that the result doesn't depend on it.")
_SPEECH = ("Which of the two keeps its level?", "The speech: scale the noise.")
_USED = ("Which part of the noise is heard?", "The first len(clean) samples: take the power of that part.")
_REPEAT = ("What follows the end of a short noise?", "Its beginning: repeat it until it is long enough, then cut it.")
_MEAN = ("Is the standard deviation the root of the power?", "Only for a mean of 0: take the mean of the squares.")
_SILENT = ("What is the ratio to a power of 0?", "There is none: raise ValueError if speech or noise is silent.")
_NAN = ("What is the power of NaN?", "NaN, and so is every sample of the mixture: raise ValueError.")
MISTAKES = (
    Mistake("no root", _scaled(lambda p, n, db: p / n / 10 ** (db / 10)), _ROOT),
    Mistake("decibels of amplitudes", _scaled(lambda p, n, db: np.sqrt(p / n) / 10 ** (db / 10)), _TWENTY),
    Mistake("decibels by 20 in the power", _scaled(lambda p, n, db: np.sqrt(p / n / 10 ** (db / 20))), _TWENTY),
    Mistake("turned round", _scaled(lambda p, n, db: np.sqrt(p / n * 10 ** (db / 10))), _SIGN),
    Mistake("noise divided by speech", _scaled(lambda p, n, db: np.sqrt(n / p / 10 ** (db / 10))), _RAW),
    Mistake("the noise as it is", _scaled(lambda p, n, db: 1 / 10 ** (db / 20)), _RAW),
    Mistake("added unscaled", _scaled(lambda p, n, db: 1.0), _POWER),
    Mistake("the speech is scaled", _speech_scaled, _SPEECH),
    Mistake("the power of all the noise", _of_whole_noise, _USED),
    Mistake("zeros behind a short noise", _with(_zeros_behind), _REPEAT),
    Mistake("the end of a long noise", _with(lambda noise, size: fitted(noise[-size:], size)), _USED),
    Mistake("standard deviations", _deviations, _MEAN),
)
STEPS = (
    "Refuse; repeat the noise and cut it to len(clean); power = mean of the squares; gain = sqrt(power(clean) / power(noise) / "
    "10 ** (snr_db / 10)); clean + gain * noise."
)


def norm_mix(clean: Tensor, noise: Tensor, snr_db: float) -> Tensor:
    """`mix_at_snr` by the norms of both signals."""
    if clean.ndim != 1 or noise.ndim != 1 or not clean.numel() or not noise.numel():
        raise ValueError("need speech (samples,) and noise (samples,), each with at least one sample")
    added = noise.detach().double().repeat(-(-len(clean) // len(noise)))[: len(clean)]
    norms = torch.linalg.vector_norm(clean.detach().double()), torch.linalg.vector_norm(added)
    if not all(norm.isfinite() and norm > 0 for norm in norms) or not np.isfinite(snr_db):
        raise ValueError("speech or noise is silent or has NaN")
    return (clean.double() + norms[0] / norms[1] * 10 ** (-snr_db / 20) * added).to(clean.dtype)


@exercise(norm_mix, points=2, difficulty=2, minutes=15, judge=close_to(mixed, 1e-4, 1e-5), mistakes=MISTAKES, steps=STEPS)
def mix_at_snr(rng: Rng) -> Cases:
    """mix_at_snr(clean, noise, snr_db) -> (samples,) tensor."""

    def drawn(samples: int, level: float, offset: float = 0.0) -> Tensor:
        return from_numpy((offset + level * rng.normal(size=samples)).astype(np.float32))

    size = int(rng.integers(60, 90))
    level, loud = float(rng.uniform(0.05, 0.2)), float(rng.uniform(0.5, 2.0))
    snr = float(rng.integers(7, 16))
    yield Case("speech above the noise", (drawn(size, level), drawn(size, loud), snr), weight=2, hints=_POWER)
    yield Case("noise above the speech", (drawn(size, level), drawn(size, loud), -snr), hints=_SIGN)
    yield Case("equally loud", (drawn(size, level), drawn(size, loud), 0.0), hints=_RAW)
    grows = drawn(3 * size, loud) * torch.linspace(0.1, 3, 3 * size)
    yield Case("a noise that grows", (drawn(size, level), grows, snr), hints=_USED)
    yield Case("a noise that is too short", (drawn(size, level), drawn(size // 3, loud), snr), hints=_REPEAT, hints_on_error=True)
    yield Case("a microphone with an offset", (drawn(size, level), drawn(size, loud, 2 * loud), snr), hints=_MEAN)
    yield refuses("silent speech", (zeros(size), drawn(size, loud), snr), hints=_SILENT)
    yield refuses("silent noise", (drawn(size, level), zeros(size), snr), hints=_SILENT)
    later = torch.cat([zeros(size), drawn(size, loud)])
    yield refuses("noise that begins too late", (drawn(size, level), later, snr), weight=0.5, hints=_USED)
    broken = drawn(size, level)
    broken[int(rng.integers(size))] = nan
    yield refuses("NaN", (broken, drawn(size, loud), snr), weight=0.5, hints=_NAN)
    yield refuses("no noise at all", (drawn(size, level), zeros(0), snr), weight=0.5)
    yield keeps_inputs(drawn(9, level), drawn(20, loud), snr, name="leaves speech and noise as they were")
