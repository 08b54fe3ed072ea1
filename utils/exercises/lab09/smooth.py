"""smooth: posteriors averaged over the last frames, as a device can do it while the sound goes on."""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import uniform_filter1d
from torch import Tensor, from_numpy, nan, zeros

from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses

Span = Callable[[int, int], tuple[int, int]]


def last(frame: int, window: int) -> tuple[int, int]:
    """The frames of the window that ends with this frame: from, to (not included)."""
    return max(frame - window + 1, 0), frame + 1


def averaged(posteriors: np.ndarray, window: int, span: Span = last, middle: Callable[..., np.ndarray] = np.mean) -> np.ndarray:
    """The oracle: frame by frame."""
    spans = [span(frame, window) for frame in range(len(posteriors))]
    return np.array([middle(posteriors[begin:end].astype(np.float64), axis=0) for begin, end in spans])


def _over(span: Span) -> Callable[..., np.ndarray]:
    return lambda posteriors, window: averaged(posteriors, window, span)


def _divided_by_window(posteriors: np.ndarray, window: int) -> np.ndarray:
    spans = [last(frame, window) for frame in range(len(posteriors))]
    return np.array([posteriors[begin:end].sum(0) / window for begin, end in spans])


def _exponential(posteriors: np.ndarray, window: int) -> np.ndarray:
    found = [posteriors[0].astype(np.float64)]
    for row in posteriors[1:]:
        found.append(found[-1] + (row - found[-1]) / window)
    return np.array(found)


def _recursive(posteriors: np.ndarray, window: int) -> np.ndarray:
    """Averages what is smoothed already."""
    found = posteriors.astype(np.float64)
    for frame in range(len(found)):
        begin, end = last(frame, window)
        found[frame] = found[begin:end].mean(0)
    return found


_MEAN = ("Which frames does frame 9 average with a window of 4?", "Frames 6, 7, 8 and 9: the current one and the window - 1 before it.")
_FUTURE = ("Can a device hear what comes next?", "No: average the current frame and earlier ones only.")
_START = (
    "How many frames are there at the first frame?",
    "One: divide by the number of frames that exist, not by window.",
)
_COUNT = ("How many frames are averaged?", "window of them, the current one included.")
_ALL = ("How many frames do you return?", "One for each frame: the first ones are averages of fewer.")
_TIME = ("Over which axis is the mean?", "Over time, axis 0: each class is smoothed for itself.")
_CURRENT = ("Does the current frame count?", "It does: the window ends with it.")
_MEAN_OF = ("Is one outlier enough to change your result?", "In a mean it counts 1 / window: take no maximum or median.")
_RAW = ("Which values go into a later mean?", "The posteriors as they came, not those that are smoothed already.")
_WINDOW = ("What is the mean of no frame?", "Nothing: raise ValueError for a window below 1.")
_EMPTY = ("What is there to smooth?", "Nothing: raise ValueError for posteriors without frames.")
_NAN = ("How long does one NaN last in a running sum?", "Forever: raise ValueError.")
MISTAKES = (
    Mistake("centered", _over(lambda at, window: (max(at - window // 2, 0), at + (window - 1) // 2 + 1)), _FUTURE),
    Mistake("looks ahead", _over(lambda at, window: (at, at + window)), _FUTURE),
    Mistake("divides by the window", _divided_by_window, _START),
    Mistake("one frame more", _over(lambda at, window: last(at, window + 1)), _COUNT),
    Mistake("one frame less", _over(lambda at, window: last(at, max(window - 1, 1))), _COUNT),
    Mistake("without the current frame", _over(lambda at, window: (max(at - window, 0), max(at, 1))), _CURRENT),
    Mistake("whole windows only", lambda p, window: averaged(p, window)[min(window, len(p)) - 1 :], _ALL),
    Mistake("since the beginning", _over(lambda at, window: (0, at + 1)), _COUNT),
    Mistake("over classes", lambda p, window: averaged(p.T, window).T, _TIME),
    Mistake("the maximum", lambda p, window: averaged(p, window, middle=np.max), _MEAN_OF),
    Mistake("the median", lambda p, window: averaged(p, window, middle=np.median), _MEAN_OF),
    Mistake("exponential", _exponential, _MEAN),
    Mistake("smoothed again", _recursive, _RAW),
    Mistake("blocks", _over(lambda at, window: (at // window * window, at + 1)), _MEAN),
)
STEPS = "Refuse; for each frame t: the mean of posteriors[max(t - window + 1, 0) : t + 1] over axis 0; stack these."


def scipy_smooth(posteriors: Tensor, window: int) -> Tensor:
    """`smooth` by scipy's uniform filter; the frames before the first one count as zeros, and the mean is corrected for them."""
    rows = posteriors.detach().double().numpy()
    if rows.ndim != 2 or not rows.size or window < 1 or not np.isfinite(rows).all():
        raise ValueError(f"need finite posteriors (frames, classes) and a window of 1 frame or more, got {rows.shape} and {window}")
    found = uniform_filter1d(rows, window, axis=0, mode="constant", origin=(window - 1) // 2)
    share = np.minimum(np.arange(1, len(rows) + 1), window) / window
    return from_numpy(found / share[:, None]).to(posteriors.dtype)


@exercise(scipy_smooth, points=2, difficulty=2, minutes=10, judge=close_to(averaged, 1e-4, 1e-5), mistakes=MISTAKES, steps=STEPS)
def smooth(rng: Rng) -> Cases:
    """smooth(posteriors, window) -> (frames, classes) tensor."""

    def drawn(frames: int, classes: int = 4) -> Tensor:
        return from_numpy(rng.dirichlet(np.full(classes, 0.3), size=frames).astype(np.float32))

    window = int(rng.integers(4, 7))
    yield Case("probabilities of four classes", (drawn(4 * window), window), weight=2, hints=_MEAN)
    peak = zeros(5 * window, 2)
    peak[int(rng.integers(2 * window, 3 * window)), 1] = 1
    peak[:, 0] = 1 - peak[:, 1]
    yield Case("one loud frame", (peak, window), hints=_FUTURE)
    yield Case("an even window", (drawn(20, 3), 2 * int(rng.integers(1, 4))), hints=_COUNT)
    yield Case("one class", (drawn(3 * window, 2)[:, :1], window), hints=_TIME)
    yield Case("a window of one frame", (drawn(12), 1), hints=_CURRENT, hints_on_error=True)
    yield Case("a window longer than the stream", (drawn(window - 1), 2 * window), hints=_START, hints_on_error=True)
    yield Case("one frame", (drawn(1), window), weight=0.5, hints=_START, hints_on_error=True)
    yield refuses("a window of 0", (drawn(8), 0), hints=_WINDOW)
    yield refuses("a negative window", (drawn(8), -window), weight=0.5, hints=_WINDOW)
    yield refuses("no frame", (zeros(0, 3), window), weight=0.5, hints=_EMPTY)
    broken = drawn(3 * window)
    broken[int(rng.integers(window, 2 * window)), 1] = nan
    yield refuses("NaN", (broken, window), hints=_NAN)
    yield keeps_inputs(drawn(2 * window), window, name="leaves the posteriors as they were")
