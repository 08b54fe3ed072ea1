"""interleave: time functions in turns, so that a disturbance hits all alike."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle
from typing import Any

import numpy as np
import torch
from torch import Tensor

from utils.exercises.judges import Judge, Verdict, close_to, describe, difference, knowing, recognising
from utils.exercises.kit import CHANGED, ERROR, Case, Cases, Hints, Mistake, Rng, exercise, refuses

_BACKWARDS = "warms up backwards"
WEEKS_S = 1_234_567.0  # a clock that has run for two weeks
_TURNS = (
    "Write down who runs when, for three functions and two rounds.",
    "a b c (warm-up, not kept), then a b c, then b c a: start round r with function r modulo n.",
)
_UNIT = ("In which unit does the clock count?", "In seconds: multiply by 1000 for milliseconds.")
_BLOCKS = (
    "What if the machine becomes slower in the second half?",
    "All of one, then all of the other: it hits one alone. Loop over the rounds outside, over the functions inside.",
)
_SECOND = ("Which function runs first in the second round?", "The second: names[r:] + names[:r], r modulo n.")
_FIRST = ("Which function begins round 0?", "The first: rounds are counted from 0, and the warm-up is not a round.")
_ORDER = ("In which order do the names come in the dict?", "list(contestants) has it: neither sorted nor turned around.")
_WARM = ("What does a first call do that later ones need not?", "It fills caches: call each function once before the rounds.")
_PRECISE = (
    "How many digits has a clock that has run for two weeks, and how many does float32 hold?",
    "float32 holds seven: subtract in Python's numbers first, and make a tensor of the differences.",
)
_DIRECTLY = (
    "What lies between two readings of the clock, besides the call?",
    "Nothing should: read it right before each call and right after it, also where one call follows another.",
)
_OWN = ("What if no clock is given?", "Then clock is None: use time.perf_counter. time.time may jump.")
_TENSORS = ("What is in the dict for each name?", "A tensor of its times, one for each round, in milliseconds.")
_WHOSE = (
    "Whose time did you measure?",
    "Your computer's: a function here moves only the clock that was given. Call clock(), and time.perf_counter() if it is None.",
)
_KEPT = ("Are the calls before the rounds kept?", "No: rounds samples of each; the warm-up is not among them.")
_ALONE = ("Which other function is there?", "None: the rounds are the same function each time, after one warm-up.")
_NOBODY = ("What is 0 modulo 0?", "An error of another kind: raise ValueError before you begin.")
Names = Sequence[str]


def in_turns(names: Names, rounds: int, step: int = 1) -> list[str]:
    """Who runs when, the warm-up included; each round begins a step further in the list."""
    n = len(names)
    return [*names, *(names[(step * number + place) % n] for number in range(rounds) for place in range(n))]


class Machine:
    """A machine with a clock that knows no time but its own: a call moves it on by its cost times the pace of that moment.

    It stays on the trusted side and answers the probe `interleaved`: ("clock",) with the time in seconds, ("work", name) when the
    work is done. So the samples alone tell who ran when. costs: ms of each function. pace: how many times slower it is at each call.
    """

    def __init__(self, names: Names, costs: Sequence[float], pace: Sequence[float], start_s: float) -> None:
        self._costs, self._pace = dict(zip(names, costs, strict=True)), cycle(pace)
        self._now_s = start_s

    def __call__(self, what: str, name: str = "") -> float | None:
        """The time, or None after the work.

        Raises:
            ValueError: there is no function of this name.
        """
        if what == "clock":
            return self._now_s
        if name not in self._costs:
            raise ValueError(f"there is no function {name!r}")
        self._now_s += self._costs[name] * next(self._pace) / 1000
        return None


@dataclass(frozen=True)
class Way:
    """A way to time functions: the order of all calls; the first `warm` of each are not kept; unit: of a sample, in ms."""

    order: Callable[[Names, int], list[str]]
    warm: int = 1
    unit: float = 1.0

    def __call__(self, names: Names, costs: Sequence[float], pace: Sequence[float], rounds: int, start_s: float) -> dict[str, np.ndarray]:
        """The samples that it finds on a `Machine`."""
        ask: Callable[..., Any] = Machine(names, costs, pace, start_s)
        found = self.answer({name: partial(ask, "work", name) for name in names}, rounds, partial(ask, "clock"))
        return {name: values.numpy() for name, values in found.items()}

    def answer(self, contestants: Mapping[str, Any], rounds: int, clock: Callable[[], float] | None = None) -> dict[str, Tensor]:
        """What a student's function that does it this way returns."""
        if not contestants or rounds < 1:
            raise ValueError("need a function and a round")
        now = clock or time.perf_counter
        samples: dict[str, list[float]] = {name: [] for name in contestants}
        for name in self.order(list(contestants), rounds):
            start = now()
            contestants[name]()
            samples[name].append(1000 * self.unit * (now() - start))
        return {name: torch.tensor(values[self.warm :]) for name, values in samples.items()}


RIGHT = Way(in_turns)
MISTAKES = (
    Mistake("in seconds", Way(in_turns, unit=1e-3), _UNIT),
    Mistake("in microseconds", Way(in_turns, unit=1e3), _UNIT),
    Mistake("without a warm-up", Way(lambda names, rounds: in_turns(names, rounds)[len(names) :], warm=0), _WARM),
    Mistake("keeps the warm-up", Way(in_turns, warm=0), _KEPT),
    Mistake("in blocks", Way(lambda names, rounds: [*names, *(name for name in names for _ in range(rounds))]), _BLOCKS),
    Mistake("in blocks, each warmed up", Way(lambda names, rounds: [name for name in names for _ in range(rounds + 1)]), _BLOCKS),
    Mistake("in a fixed order", Way(lambda names, rounds: [*names] * (rounds + 1)), _SECOND),
    Mistake("turned the other way", Way(lambda names, rounds: in_turns(names, rounds, step=-1)), _SECOND),
    Mistake("without modulo", Way(lambda names, rounds: [*names, *(n for r in range(rounds) for n in (*names[r:], *names[:r]))]), _SECOND),
    Mistake("begins with the second", Way(lambda names, rounds: [*names, *in_turns(names, rounds + 1)[2 * len(names) :]]), _FIRST),
    Mistake("sorts the names", Way(lambda names, rounds: in_turns(sorted(names), rounds)), _ORDER),
    Mistake(_BACKWARDS, Way(lambda n, rounds: [*n[::-1], *in_turns(n, rounds)[len(n) :]]), _ORDER, "warms up in the order of the dict"),
)
_ABOUT = {"tensors": _TENSORS, "clock": _WHOSE}
STEPS = (
    "Refuse. Call each function once, in the order of the dict, and keep nothing. Then in round r (from 0) begin with function r "
    "modulo n, go on with the next ones in the order of the dict, and after the last with the first. Read the clock directly before "
    "and after each call and keep the difference as a Python number; make tensors last."
)


def _samples(answer: Any, whole: tuple[Any, ...]) -> Verdict:
    """whole: what `Way` is called with. About "tensors", or "clock" if the machine's was never read.

    How long the times are says nothing: in a sandbox a call takes the time of a question and its answer.
    """
    times, asked, (names, *_, rounds, _) = answer["answer"], answer["asked"], whole
    verdict = recognising(close_to(RIGHT), {mistake.name: mistake.made for mistake in MISTAKES})(times, whole)
    if verdict.passed:
        return verdict
    values = list(times.values()) if type(times) is dict else [times]
    if any(type(one) is not np.ndarray or (one.shape != (rounds,) and not verdict.about) for one in values):
        return replace(verdict, about="tensors")
    ran, wanted = [one[1] for one in asked if one[0] == "work"], in_turns(names, rounds)
    if ran and ran != wanted:
        verdict = replace(verdict, expected=f"calls {_in_rounds(wanted, len(names))}", got=f"calls {_in_rounds(ran, len(names))}")
    return replace(verdict, about=verdict.about or ("" if ("clock",) in asked else "clock"))


def _in_rounds(calls: list[str], n: int) -> str:
    return ", ".join(" ".join(calls[at : at + n]) for at in range(0, min(len(calls), 5 * n), n)) + (", ..." if len(calls) > 5 * n else "")


def _warms_up_in_order(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """The first calls are one of each, in the order of the dict."""
    names = inputs[0]
    first = [one[1] for one in answer["asked"] if one[0] == "work"][: len(names)]
    return Verdict(first == names, f"calls {' '.join(names)} first", f"calls {' '.join(first)} first", "" if first == names else _BACKWARDS)


def _reads_directly(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """Behind the warm-up each call has two readings of its own around it."""
    names, _, _, rounds, _ = inputs
    asked, count, expected = [one[0] for one in answer["asked"]], len(names) * rounds, "the clock is read before and after each call"
    works = [at for at, what in enumerate(asked) if what == "work"][-count:]
    around = [at + step for at in works for step in (-1, 1)]
    read = len(works) == count and all(0 <= at < len(asked) and asked[at] == "clock" for at in around)
    shared = f"{len(around) - len(set(around))} readings are the end of one call and the beginning of the next"
    passed = read and len(set(around)) == 2 * count
    return Verdict(passed, expected, expected if passed else shared if read else f"{asked.count('clock')} readings for {count} calls")


def _by_its_own_clock(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe of this name: the samples of its clock if time.perf_counter was read as it is called, else times of some clock."""
    names, costs, rounds = inputs
    expected = f"{rounds} times of time.perf_counter for each of {', '.join(names)}"
    times, read = (answer.get("times"), answer.get("read")) if type(answer) is dict else (answer, None)
    if type(times) is not dict:
        return Verdict(False, expected, describe(times))
    if read == "perf_counter":
        fault = difference(times, {name: np.full(rounds, cost) for name, cost in zip(names, costs, strict=True)}, 1e-4, 1e-6)
        return Verdict(fault is None, expected, fault or expected)
    if read:
        return Verdict(False, expected, f"time.{str(read)[:20]} is read")
    whole = set(times) == set(names) and all(type(one) is np.ndarray and one.shape == (rounds,) for one in times.values())
    passed = whole and all(one.dtype.kind == "f" and bool((np.isfinite(one) & (one >= 0)).all()) for one in times.values())
    return Verdict(passed, expected, describe(times))


@exercise(
    RIGHT.answer, points=4, difficulty=3, minutes=15, mistakes=MISTAKES, hints_for=_ABOUT, answer_of=lambda way: way.answer, steps=STEPS
)
def interleave(rng: Rng) -> Cases:
    """interleave(contestants, rounds, clock=None) -> dict of (rounds,) tensors."""

    def machine(rounds: int, count: int, start_s: float = 0.0, warm: tuple[float, ...] = ()) -> tuple[Any, ...]:
        """Names that are not sorted, and a machine whose pace changes from call to call."""
        names = [str(name) for name in rng.permutation(list("abcdefgh"))[:count]]
        names = names[::-1] if names == sorted(names) else names
        costs = [round(float(cost), 3) for cost in rng.uniform(0.5, 4, count)]
        return names, costs, [*warm, *(round(float(pace), 3) for pace in rng.uniform(1, 3, 97))], rounds, start_s

    def timed(name: str, whole: tuple[Any, ...], hints: Hints = _TURNS, judge: Judge = _samples, **options: Any) -> Case:
        names, costs, pace, rounds, start_s = whole
        given = {"hints": hints, "probe": "interleaved", "outside": partial(Machine, names, costs, pace, start_s)}
        return Case(name, (names, rounds), knowing(judge, *whole), **{**given, **options})

    yield timed("three functions, four rounds", machine(4, 3), weight=2)
    yield timed("two functions", machine(5, 2))
    yield timed("one function", machine(4, 1), _ALONE)
    yield timed("more functions than rounds", machine(2, 5), _SECOND)
    yield timed("a slow first call", machine(6, 2, warm=(80.0, 60.0)), _WARM)
    names = machine(8, 2)[0]
    yield timed("two equals on a machine that slows down", (names, [1.5, 1.5], [1.0 + 0.25 * call for call in range(60)], 8, 0.0), _BLOCKS)
    yield timed("a clock that has run for two weeks", machine(4, 2, start_s=WEEKS_S), _PRECISE)
    yield timed("warms up in the order of the dict", machine(2, 4), _ORDER, _warms_up_in_order)
    yield timed("reads the clock around each call", machine(3, 3), _DIRECTLY, _reads_directly)
    names, costs, *_ = machine(3, 2)
    yield Case("its own clock", (names, costs, 3), _by_its_own_clock, hints=_OWN, hints_on_error=True, probe="by_its_own_clock")
    nothing = machine(int(rng.integers(2, 9)), 0), machine(0, 2), machine(-int(rng.integers(1, 9)), 2)
    named = ("to time no function", _NOBODY), ("no rounds", ERROR), ("fewer than no rounds", ERROR)
    for whole, (what, hints) in zip(nothing, named, strict=True):
        of = timed("", whole)
        yield refuses(what, of.inputs, weight=0.5, hints=hints, probe=of.probe, outside=of.outside)
    kept = timed("leaves the functions as they were", machine(3, 2), (), about="inputs", hints_for={"changed": CHANGED})
    yield replace(kept, judge=lambda answer, inputs: kept.judged({"answer": answer, "asked": [("clock",)]}, inputs))
