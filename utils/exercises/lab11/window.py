"""window: a recording cut into overlapping pieces, without those that a gap runs through."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor, from_numpy, nan, zeros

from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses

Starts = Callable[[int, int, int], Any]


def every_start(samples: int, size: int, stride: int) -> list[int]:
    """Where a window begins that lies within the recording."""
    return [start for start in range(0, samples, stride) if start + size <= samples]


def cut(signal: np.ndarray, size: int, stride: int, starts: Starts = every_start, keep_gaps: bool = False) -> np.ndarray:
    """The oracle: window by window, sample by sample."""
    found = []
    for start in starts(len(signal), size, stride):
        rows = [[float(signal[start + at][channel]) for at in range(size)] for channel in range(signal.shape[1])]
        if keep_gaps or not np.isnan(rows).any():
            found.append(rows)
    return np.array(found).reshape(len(found), signal.shape[1], size)


def _from(starts: Starts) -> Callable[..., np.ndarray]:
    return lambda signal, size, stride: cut(signal, size, stride, starts)


def _closed(signal: np.ndarray, size: int, stride: int) -> np.ndarray:
    """What is missing is taken out first."""
    return cut(signal[~np.isnan(signal).any(1)], size, stride)


def _ragged(signal: np.ndarray, size: int, stride: int) -> list[np.ndarray]:
    """Every piece, also those that the end of the recording cuts short."""
    pieces = [signal[start : start + size].T for start in range(0, len(signal), stride)]
    return [piece for piece in pieces if not np.isnan(piece).any()]


def _padded(signal: np.ndarray, size: int, stride: int) -> np.ndarray:
    more = np.zeros(((-(len(signal) - size)) % stride, signal.shape[1]))
    return cut(np.concatenate([signal, more]), size, stride)


_START = (
    "Where does the second window begin?",
    "stride samples behind the first; window k has the samples k * stride to k * stride + size.",
)
_LAST = ("Does the last window that fits begin at samples - size?", "It may: the starts are range(0, samples - size + 1, stride).")
_AXES = ("Which axis is time in your windows?", "The last one: a convolution over time takes (n, channels, size).")
_ROWS = ("Is a reshape the same as a transposition?", "It is not: it mixes time and channels. Use transpose or permute.")
_STRIDE = ("How far apart are two windows?", "stride samples, which may be less than size (they overlap) or more.")
_GAP = ("What does a network answer for NaN?", "NaN: leave out every window with a missing sample.")
_CLOSED = (
    "Which samples stand side by side once you have removed the missing ones?",
    "Some that were seconds apart: cut first, then leave out the windows with NaN.",
)
_FILLED = ("Is 0 what the sensor measured?", "Nobody knows what it would have measured: leave out the window, fill nothing in.")
_REST = ("How long is the last window?", "As long as all others: what is left at the end gives none.")
_SHORT = ("How many samples has your last piece?", "Fewer than size: the last piece is shorter, so leave it out.")
_NONE = ("What is left if there is no window?", "Nothing to classify: raise ValueError instead of returning an empty tensor.")
_ONE = ("Does the recording itself count as a window?", "It does if it has exactly size samples.")
MISTAKES = (
    Mistake("keeps gaps", lambda x, size, stride: cut(x, size, stride, keep_gaps=True), _GAP, "a gap; a gap in one channel"),
    Mistake("closes gaps", _closed, _CLOSED, "a gap; a gap in one channel"),
    Mistake("fills gaps", lambda x, *more: cut(np.nan_to_num(x), *more), _FILLED, "a gap; a gap in one channel"),
    Mistake("side by side", _from(lambda samples, size, stride: every_start(samples, size, size)), _STRIDE),
    Mistake("one window short", _from(lambda *x: every_start(*x)[:-1]), _LAST),
    Mistake("pads the end", _padded, _REST),
    Mistake("shorter pieces at the end", _ragged, _SHORT),
    Mistake("from the end", _from(lambda samples, size, stride: range((samples - size) % stride, samples - size + 1, stride)), _START),
    Mistake("time before channels", lambda *x: cut(*x).transpose(0, 2, 1), _AXES),
    Mistake("reshaped", lambda *x: cut(*x).transpose(0, 2, 1).reshape(cut(*x).shape), _ROWS),
)
STEPS = (
    "Refuse; go through range(0, samples - size + 1, stride); take signal[start : start + size], transpose it, leave it out if "
    "any value isnan(); refuse if none is left; stack."
)


def unfolded(signal: Tensor, size: int, stride: int) -> Tensor:
    """`window` by torch.Tensor.unfold."""
    if size < 1 or stride < 1 or len(signal) < size:
        raise ValueError(f"need 1 <= size <= {len(signal)} samples and a stride of 1 or more, got {size} and {stride}")
    windows = signal.detach().unfold(0, size, stride)
    whole = windows[~windows.isnan().any(2).any(1)]
    if not len(whole):
        raise ValueError("every window has a missing sample: use a smaller size")
    return whole


@exercise(unfolded, points=3, difficulty=2, minutes=15, judge=close_to(cut), mistakes=MISTAKES, steps=STEPS)
def window(rng: Rng) -> Cases:
    """window(signal, size, stride) -> (n, channels, size) tensor."""

    def recording(samples: int, channels: int = 3) -> Tensor:
        return from_numpy(rng.normal(size=(samples, channels)).astype(np.float32))

    size = int(rng.integers(6, 11))
    stride = int(rng.integers(2, 5))
    yield Case("overlapping windows", (recording(6 * size + 1), size, stride), weight=2, hints=_START)
    yield Case("windows with space between", (recording(9 * size + 2), size, 2 * size + 1), hints=_STRIDE)
    yield Case("the last one ends with the recording", (recording(size + 5 * stride), size, stride), hints=_LAST)
    yield Case("one channel", (recording(5 * size + 3, 1), size, stride), hints=_AXES)
    yield Case("a recording of one window", (recording(size), size, stride), hints=_ONE, hints_on_error=True)
    broken = recording(8 * size)
    begin = int(rng.integers(2 * size, 4 * size))
    broken[begin : begin + 3] = nan
    yield Case("a gap", (broken, size, stride), weight=2, hints=_GAP)
    partly = recording(6 * size)
    partly[int(rng.integers(size, 4 * size)), int(rng.integers(3))] = nan
    yield Case("a gap in one channel", (partly, size, stride), hints=_GAP)
    yield refuses("a recording that is too short", (recording(size - 1), size, stride), hints=_NONE)
    holes = recording(4 * size)
    holes[:: size - 1] = nan
    yield refuses("gaps in every window", (holes, size, stride), hints=_NONE)
    yield refuses("a size of 0", (recording(20), 0, stride), weight=0.5)
    yield refuses("a stride of 0", (recording(20), size, 0), weight=0.5)
    yield refuses("no sample", (zeros(0, 3), size, stride), weight=0.5, hints=_NONE)
    yield keeps_inputs(recording(3 * size), size, stride, name="leaves the recording as it was")
