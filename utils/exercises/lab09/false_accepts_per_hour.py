"""false_accepts_per_hour: what a detector does wrong in a stream, by a rule that says which detection is right."""

from collections.abc import Callable
from math import nan
from typing import Any

from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses
from utils.measure import detection

Heard = tuple[float, int]
Said = tuple[float, float, int]
Figures = dict[str, float]


def figures(false_accepts: float, misses: float, spoken: int, seconds: float) -> Figures:
    """What is returned."""
    return {"per_hour": false_accepts / (seconds / 3600), "missed_percent": 100 * misses / spoken if spoken else nan}


def fits(heard: Heard, said: Said, tolerance_s: float) -> bool:
    """Whether a detection is of this keyword, in time."""
    return heard[1] == said[2] and said[0] <= heard[0] <= said[1] + tolerance_s


def counted(heard: list[Heard], said: list[Said], tolerance_s: float, fit: Callable[..., bool] = fits) -> tuple[int, int]:
    """False accepts and misses."""
    open_words, false_accepts = list(said), 0
    for one in sorted(heard):
        candidates = [word for word in open_words if fit(one, word, tolerance_s)]
        if candidates:
            open_words.remove(min(candidates, key=lambda word: word[1]))
        else:
            false_accepts += 1
    return false_accepts, len(open_words)


def judged(heard: list[Heard], said: list[Said], seconds: float, tolerance_s: float) -> Figures:
    """The oracle."""
    return figures(*counted(heard, said, tolerance_s), len(said), seconds)


def _fitting(fit: Callable[[Heard, Said, float], bool]) -> Callable[..., Figures]:
    return lambda heard, said, seconds, tolerance: figures(*counted(heard, said, tolerance, fit), len(said), seconds)


def _again_and_again(heard: list[Heard], said: list[Said], seconds: float, tolerance_s: float) -> Figures:
    """A spoken word may be hit twice."""
    wrong = [one for one in heard if not any(fits(one, word, tolerance_s) for word in said)]
    missed = [word for word in said if not any(fits(one, word, tolerance_s) for one in heard)]
    return figures(len(wrong), len(missed), len(said), seconds)


def _changed(change: Callable[[Figures, float, int, int], Any]) -> Callable[..., Any]:
    """change: (the right figures, seconds, detections, spoken keywords) -> others."""
    return lambda heard, said, seconds, tolerance: change(judged(heard, said, seconds, tolerance), seconds, len(heard), len(said))


_RULE = ("When does a detection fit a spoken keyword?", "Same keyword, and begin <= time <= end + tolerance_s.")
_TWICE = ("What is the second detection of one word?", "A false accept: each spoken keyword is hit once.")
_WORD = ("Is it right to hear a 3 where a 7 was said?", "No: that is a false accept, and the 7 is missed.")
_LATE = ("Must a detector answer before the word ends?", "No, smoothing takes time: it may come tolerance_s after the end.")
_EARLY = ("Can a detector know a word before it begins?", "No: the tolerance is after the end only.")
_HOUR = ("How many hours has a stream of 1,800 seconds?", "Half of one: divide by seconds / 3600.")
_ALARMS = ("Is every detection false?", "Only those that fit no spoken keyword.")
_PERCENT = ("Of what is the percentage taken?", "Of the spoken keywords: 100 * missed / len(spoken).")
_MISSED = ("Is it what was found or what was missed?", "What was missed.")
_NOTHING = ("How many percent of no keyword are missed?", "Nobody knows: float('nan').")
_LENGTH = ("How many false accepts an hour has a stream of 0 seconds?", "It has no rate: raise ValueError.")
_OUTSIDE = ("Can a detection come after the stream has ended?", "No: its time has another unit. Raise ValueError.")
MISTAKES = (
    Mistake("a word is hit twice", _again_and_again, _TWICE),
    Mistake("any keyword", _fitting(lambda one, word, t: word[0] <= one[0] <= word[1] + t), _WORD),
    Mistake("no tolerance", _fitting(lambda one, word, t: fits(one, word, 0.0)), _LATE),
    Mistake("tolerance on both sides", _fitting(lambda one, word, t: fits(one, (word[0] - t, *word[1:]), t)), _EARLY),
    Mistake("tolerance from the beginning", _fitting(lambda one, word, t: fits(one, (word[0], word[0], word[2]), t)), _LATE),
    Mistake("all detections", _changed(lambda right, s, heard, said: {**right, "per_hour": heard * 3600 / s}), _ALARMS),
    Mistake("not by the hour", _changed(lambda right, s, *_: {**right, "per_hour": right["per_hour"] * s / 3600}), _HOUR),
    Mistake("by the minute", _changed(lambda right, *_: {**right, "per_hour": right["per_hour"] / 60}), _HOUR),
    Mistake("as a fraction", _changed(lambda right, *_: {**right, "missed_percent": right["missed_percent"] / 100}), _PERCENT),
    Mistake("found", _changed(lambda right, *_: {**right, "missed_percent": 100 - right["missed_percent"]}), _MISSED),
    Mistake(
        "misses of all detections",
        _changed(lambda right, s, heard, said: {**right, "missed_percent": right["missed_percent"] * said / heard}),
        _PERCENT,
    ),
    Mistake("0 % of nothing", _changed(lambda right, s, heard, said: {**right, "missed_percent": 0.0} if not said else right), _NOTHING),
)
STEPS = (
    "Refuse; go through the detections in order of time: among the spoken keywords that are not hit yet look for those that fit, "
    "take the one that ends first off the list, else count a false accept. What is left on the list was missed."
)


def matched(detections: list[Heard], spoken: list[Said], seconds: float, tolerance_s: float) -> Figures:
    """`false_accepts_per_hour` by the course's own rule."""
    found = detection.match(detections, spoken, seconds, tolerance_s)
    return {"per_hour": found.per_hour, "missed_percent": found.missed_percent}


@exercise(matched, points=3, difficulty=3, minutes=20, core=False, judge=close_to(judged), mistakes=MISTAKES, steps=STEPS)
def false_accepts_per_hour(rng: Rng) -> Cases:
    """false_accepts_per_hour(detections, spoken, seconds, tolerance_s) -> dict of two floats."""
    tolerance = round(float(rng.uniform(0.4, 0.8)), 2)

    def at(time: float) -> float:
        return round(time + float(rng.uniform(0, 0.05)), 3)

    def stream(begin: float, words: list[int]) -> list[Said]:
        """A word every ten seconds, each half a second long."""
        return [(round(begin + 10 * number, 2), round(begin + 10 * number + 0.5, 2), word) for number, word in enumerate(words)]

    begin = round(float(rng.uniform(2, 5)), 2)
    seconds = float(rng.integers(400, 2400))
    words = [int(word) for word in rng.permutation(10)[:5]]
    said = stream(begin, words)
    hits = [(at(said[number][0] + 0.3), words[number]) for number in (0, 1, 3)]
    alarms = [(at(begin + time), words[0]) for time in (14.0, 25.0, 36.0, 57.0)]
    yield Case("hits, misses and false accepts", (sorted(hits + alarms), said, seconds, tolerance), weight=2, hints=_RULE)
    late = [(at(said[0][1] + tolerance - 0.1), words[0]), (at(said[1][1] + tolerance + 0.1), words[1])]
    yield Case("a detection after the word's end", (late, said, seconds, tolerance), hints=_LATE)
    early = [(at(said[2][0] - 0.2), words[2]), (at(said[3][0] + 0.1), words[3])]
    yield Case("a detection before the word", (early, said, seconds, tolerance), hints=_EARLY)
    twice = [(at(said[2][0] + 0.1), words[2]), (at(said[2][0] + 0.4), words[2]), (at(said[4][0] + 0.2), words[4])]
    yield Case("a word that is detected twice", (twice, said, seconds, tolerance), hints=_TWICE)
    other = [(at(said[0][0] + 0.2), words[0]), (at(said[1][0] + 0.3), words[2])]
    yield Case("another word than was said", (other, said, seconds, tolerance), hints=_WORD)
    again = [*said, (round(said[4][1] + 0.1, 2), round(said[4][1] + 0.4, 2), words[4])]
    both = [(round(said[4][1] + 0.15, 3), words[4]), (round(said[4][1] + 0.35, 3), words[4])]
    yield Case("the same word again at once", (both, again, seconds, tolerance), hints=_TWICE)
    yield Case("detections in any order", (sorted(hits + alarms)[::-1], said, seconds, tolerance), weight=0.5, hints=_RULE)
    yield Case("no keyword spoken", (alarms[: int(rng.integers(2, 5))], [], seconds, tolerance), hints=_NOTHING, hints_on_error=True)
    yield Case("nothing detected", ([], said, seconds, tolerance), weight=0.5, hints=_MISSED, hints_on_error=True)
    yield refuses("a stream of 0 seconds", ([], [], 0.0, tolerance), weight=0.5, hints=_LENGTH)
    yield refuses("a negative tolerance", (hits, said, seconds, -tolerance), weight=0.5)
    yield refuses(
        "a detection after the stream", ([*hits, (seconds + 30.0, words[0])], said, seconds, tolerance), weight=0.5, hints=_OUTSIDE
    )
    yield refuses("a word that ends before it begins", (hits, [(9.0, 8.0, words[0])], seconds, tolerance), weight=0.5)
    yield keeps_inputs(sorted(hits + alarms), said, seconds, tolerance, name="leaves both lists as they were")
