"""detect: keywords in a stream of posteriors, each once."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from torch import Tensor, from_numpy, nan, zeros

from utils.exercises.kit import Case, Cases, Mistake, Rng, equal_to, exercise, keeps_inputs, refuses
from utils.measure import detection

Found = list[tuple[int, int]]


def peaks(posteriors: np.ndarray, threshold: float) -> Found:
    """Each frame that is loud enough, with its keyword."""
    rows = posteriors.tolist()
    return [(frame, row.index(max(row))) for frame, row in enumerate(rows) if max(row) >= threshold]


def detections(posteriors: np.ndarray, threshold: float, refractory: int) -> Found:
    """The oracle: frame by frame, with a countdown."""
    found, silent = [], 0
    loud = dict(peaks(posteriors, threshold))
    for frame in range(len(posteriors)):
        if not silent and frame in loud:
            found.append((frame, loud[frame]))
            silent = refractory
        silent = max(silent - 1, 0)
    return found


def _kept(apart: Callable[[tuple[int, int], tuple[int, int], int], bool]) -> Callable[..., Found]:
    """apart: (the last detection, a loud frame, refractory) -> whether the second one counts."""

    def made(posteriors: np.ndarray, threshold: float, refractory: int) -> Found:
        found: Found = []
        for one in peaks(posteriors, threshold):
            if not found or apart(found[-1], one, refractory):
                found.append(one)
        return found

    return made


def _by_keyword(posteriors: np.ndarray, threshold: float, refractory: int) -> Found:
    found: Found = []
    for frame, word in peaks(posteriors, threshold):
        if all(frame - before >= refractory for before, said in found if said == word):
            found.append((frame, word))
    return found


def _extended(posteriors: np.ndarray, threshold: float, refractory: int) -> Found:
    """Every loud frame begins the refractory time again."""
    loud = peaks(posteriors, threshold)
    return loud[:1] + [one for before, one in pairwise(loud) if one[0] - before[0] >= refractory]


def _first_word(posteriors: np.ndarray, threshold: float, refractory: int) -> Found:
    first = [int(np.argmax(row >= threshold)) for row in posteriors]
    return [(frame, first[frame]) for frame, _ in detections(posteriors, threshold, refractory)]


def _at_the_peak(posteriors: np.ndarray, threshold: float, refractory: int) -> Found:
    """The loudest frame of the refractory time."""
    found = []
    for frame, _ in detections(posteriors, threshold, refractory):
        part = posteriors[frame : frame + refractory]
        at, word = np.unravel_index(int(part.argmax()), part.shape)
        found.append((frame + int(at), int(word)))
    return found


_ONCE = ("How many frames long is one word?", "Many: after a detection there is none for `refractory` frames.")
_EQUAL = ("Is a posterior of exactly the threshold enough?", "It is: the threshold or more.")
_OFF = (
    "A detection at frame 10, refractory 5: when may the next one come?",
    "At frame 15: it counts if frame - last >= refractory.",
)
_ANY = ("May two words be detected in the same moment?", "No: after any detection nothing is detected, whichever the keyword.")
_EXTEND = ("From which frame is the refractory time counted?", "From the last detection, not from the last loud frame.")
_LARGEST = ("Which keyword is it if two are above the threshold?", "The one with the larger posterior: argmax.")
_FIRST = ("When does a device answer?", "In the first loud frame: it cannot know whether a louder one comes.")
_ORDER = ("What is a detection?", "A pair (frame, keyword), in this order.")
_LIST = ("What is returned where nothing was heard?", "An empty list.")
_THRESHOLD = ("Between which numbers does a posterior lie?", "Between 0 and 1: raise ValueError for a threshold outside (0, 1].")
_REFRACTORY = ("How many detections are there in one frame?", "One at most: raise ValueError for a refractory time below 1 frame.")
_NAN = ("Is NaN above the threshold?", "No comparison says so, and every word would be missed in silence: raise ValueError.")
MISTAKES = (
    Mistake("by keyword", _by_keyword, _ANY),
    Mistake("another keyword at once", _kept(lambda last, one, r: one[0] - last[0] >= r or one[1] != last[1]), _ANY),
    Mistake("every loud frame", lambda p, t, r: peaks(p, t), _ONCE),
    Mistake("above the threshold only", lambda p, t, r: detections(p, np.nextafter(t, 2), r), _EQUAL),
    Mistake("one frame too late", lambda p, t, r: detections(p, t, r + 1), _OFF),
    Mistake("one frame too early", lambda p, t, r: detections(p, t, max(r - 1, 0)), _OFF),
    Mistake("extended by every loud frame", _extended, _EXTEND),
    Mistake("the first keyword above", _first_word, _LARGEST),
    Mistake("at the peak", _at_the_peak, _FIRST),
    Mistake("keyword before frame", lambda *x: [(word, frame) for frame, word in detections(*x)], _ORDER),
    Mistake("frames only", lambda *x: [frame for frame, _ in detections(*x)], _ORDER),
    Mistake("the first one only", lambda *x: detections(*x)[:1], _ONCE),
)
STEPS = (
    "Refuse; remember the frame of the last detection; go through the frames in order: if max() of the frame is the threshold or "
    "more, and frame - last >= refractory (or there is no last one), append (frame, argmax)."
)


@exercise(detection.detect, points=3, difficulty=2, minutes=20, judge=equal_to(detections), mistakes=MISTAKES, steps=STEPS)
def detect(rng: Rng) -> Cases:
    """detect(posteriors, threshold, refractory) -> list of (frame, keyword)."""

    def quiet(frames: int, keywords: int = 3) -> Tensor:
        return from_numpy(rng.uniform(0, 0.2, size=(frames, keywords)).astype(np.float32))

    def said(posteriors: Tensor, frame: int, keyword: int, length: int) -> int:
        """A word that grows louder to its middle. Returns the frame behind it."""
        rise = np.linspace(0.55, 0.75, length) - 0.15 * np.abs(np.linspace(-1, 1, length)) + rng.uniform(0, 0.02, length)
        posteriors[frame : frame + length, keyword] = from_numpy(np.maximum(rise, 0.51).astype(np.float32))
        return frame + length

    refractory = int(rng.integers(5, 9))
    words = quiet(80)
    begin = int(rng.integers(3, 10))
    for number, keyword in enumerate(rng.permutation(3)):
        said(words, begin + 25 * number, int(keyword), refractory - 2)
    yield Case("three words", (words, 0.5, refractory), weight=2, hints=_ONCE)
    long = quiet(50)
    said(long, int(rng.integers(2, 9)), int(rng.integers(3)), 3 * refractory + 2)
    yield Case("a word longer than the refractory time", (long, 0.5, refractory), hints=_EXTEND)
    close = quiet(40)
    at = int(rng.integers(3, 9))
    close[at, 0] = close[at + 2, 1] = close[at + refractory, 2] = close[at + 2 * refractory - 1, 0] = 0.875
    yield Case("two words in one refractory time", (close, 0.5, refractory), hints=_ANY)
    exact = quiet(30)
    exact[int(rng.integers(4, 20)), int(rng.integers(3))] = 0.75
    yield Case("exactly the threshold", (exact, 0.75, refractory), hints=_EQUAL)
    both = quiet(30)
    both[int(rng.integers(4, 20))] = from_numpy(np.array([0.6, 0.55, 0.8], dtype=np.float32))
    yield Case("two keywords above the threshold", (both, 0.5, refractory), hints=_LARGEST)
    every = quiet(12, 1)
    every[int(rng.integers(4)) :] = 0.625
    yield Case("a refractory time of one frame", (every, 0.5, 1), hints=_OFF, hints_on_error=True)
    first = quiet(20)
    first[0, int(rng.integers(3))] = first[-1, int(rng.integers(3))] = 0.9
    yield Case("the first frame and the last", (first, 0.5, refractory), hints=_OFF, hints_on_error=True)
    yield Case("nothing said", (quiet(30), 0.5, refractory), weight=0.5, hints=_LIST, hints_on_error=True)
    yield refuses("a threshold of 0", (quiet(9), 0.0, refractory), weight=0.5, hints=_THRESHOLD)
    yield refuses("a threshold in percent", (quiet(9), 50.0, refractory), weight=0.5, hints=_THRESHOLD)
    yield refuses("a refractory time of 0", (quiet(9), 0.5, 0), weight=0.5, hints=_REFRACTORY)
    broken = quiet(20)
    broken[int(rng.integers(20)), 1] = nan
    yield refuses("NaN", (broken, 0.5, refractory), weight=0.5, hints=_NAN)
    yield refuses("no frame", (zeros(0, 3), 0.5, refractory), weight=0.5)
    yield keeps_inputs(words[:30], 0.5, refractory, name="leaves the posteriors as they were")
