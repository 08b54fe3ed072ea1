"""interleave: time functions in turns, so that a disturbance hits all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from utils.exercises.declare import Case, Mistake, exercise
from utils.exercises.judges import Judge, Verdict, close_to, describe, difference, recognising
from utils.exercises.lab06.machine import Machine
from utils.exercises.standins import library
from utils.exercises.stock import CHANGED, ERROR, refuses

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
_SPECIAL = {
    "tensors": ("What is in the dict for each name?", "A tensor of its times, one for each round, in milliseconds."),
    "clock": (
        "Whose time did you measure?",
        "Your computer's: a function here moves only the clock that was given. Call clock(), and time.perf_counter() if it is None.",
    ),
}
Names = Sequence[str]


def in_turns(names: Names, rounds: int) -> list[str]:
    """Who runs when, the warm-up included."""
    n = len(names)
    return [*names, *(names[(number + place) % n] for number in range(rounds) for place in range(n))]


@dataclass(frozen=True)
class Way:
    """A way to time functions: the order of all calls; the first `warm` of each are not kept; unit: of a sample, in ms."""

    order: Callable[[Names, int], list[str]]
    warm: int = 1
    unit: float = 1.0

    def __call__(self, names: Names, costs: Sequence[float], pace: Sequence[float], rounds: int, start_s: float) -> dict[str, np.ndarray]:
        """The samples that it finds on a `Machine`."""
        found: dict[str, list[float]] = {name: [] for name in names}
        for place, name in enumerate(self.order(names, rounds)):
            found[name].append(self.unit * costs[names.index(name)] * pace[place % len(pace)])
        return {name: np.array(values[self.warm :]) for name, values in found.items()}

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
    Mistake(
        "keeps the warm-up",
        Way(in_turns, warm=0),
        ("Are the calls before the rounds kept?", "No: rounds samples of each; the warm-up is not among them."),
    ),
    Mistake("in blocks", Way(lambda names, rounds: [*names, *(name for name in names for _ in range(rounds))]), _BLOCKS),
    Mistake("in blocks, each warmed up", Way(lambda names, rounds: [name for name in names for _ in range(rounds + 1)]), _BLOCKS),
    Mistake("in a fixed order", Way(lambda names, rounds: [*names] * (rounds + 1)), _SECOND),
    Mistake(
        "turned the other way",
        Way(lambda names, rounds: [*names, *(names[(place - r) % len(names)] for r in range(rounds) for place in range(len(names)))]),
        _SECOND,
    ),
    Mistake("without modulo", Way(lambda names, rounds: [*names, *(n for r in range(rounds) for n in (*names[r:], *names[:r]))]), _SECOND),
    Mistake(
        "begins with the second",
        Way(lambda names, rounds: in_turns(names, rounds + 1)[: len(names)] + in_turns(names, rounds + 1)[2 * len(names) :]),
        ("Which function begins round 0?", "The first: rounds are counted from 0, and the warm-up is not a round."),
    ),
    Mistake("sorts the names", Way(lambda names, rounds: in_turns(sorted(names), rounds)), _ORDER),
    Mistake(_BACKWARDS, Way(lambda n, rounds: [*n[::-1], *in_turns(n, rounds)[len(n) :]]), _ORDER, "warms up in the order of the dict"),
)


def _judge(whole: tuple[Any, ...]) -> Judge:
    """Judge the answer and what was asked of the machine. About "tensors", or "clock" if the machine's was never read.

    How long the times are says nothing: in a sandbox a call takes the time of a question and its answer.
    """
    names, _, _, rounds, _ = whole
    samples = recognising(close_to(RIGHT), {mistake.name: mistake.made for mistake in MISTAKES})

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        times, asked = answer["answer"], answer["asked"]
        verdict = samples(times, whole)
        if verdict.passed:
            return verdict
        values = list(times.values()) if type(times) is dict else [times]
        if any(type(value) is not np.ndarray for value in values):
            return replace(verdict, about="tensors")
        if not verdict.about and any(value.shape != (rounds,) for value in values):
            return replace(verdict, about="tensors")
        ran, wanted = [one[1] for one in asked if one[0] == "work"], in_turns(names, rounds)
        if ran and ran != wanted:
            verdict = replace(verdict, expected=f"calls {_in_rounds(wanted, len(names))}", got=f"calls {_in_rounds(ran, len(names))}")
        return replace(verdict, about=verdict.about or ("" if ("clock",) in asked else "clock"))

    return judge


def _in_rounds(calls: list[str], n: int) -> str:
    return ", ".join(" ".join(calls[at : at + n]) for at in range(0, min(len(calls), 5 * n), n)) + (", ..." if len(calls) > 5 * n else "")


def warms_up_in_order(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """The first calls are one of each, in the order of the dict."""
    names, ran = inputs[0], [one[1] for one in answer["asked"] if one[0] == "work"]
    first = ran[: len(names)]
    about = "" if first == names else _BACKWARDS
    return Verdict(not about, f"calls {' '.join(names)} first", f"calls {' '.join(first)} first", about)


def reads_directly(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """Behind the warm-up each call has two readings of its own around it."""
    names, rounds = inputs
    asked, count, expected = [one[0] for one in answer["asked"]], len(names) * rounds, "the clock is read before and after each call"
    works = [at for at, what in enumerate(asked) if what == "work"][-count:]
    around = [at + step for at in works for step in (-1, 1)]
    read = len(works) == count and all(0 <= at < len(asked) and asked[at] == "clock" for at in around)
    shared = f"{len(around) - len(set(around))} readings are the end of one call and the beginning of the next"
    passed = read and len(set(around)) == 2 * count
    return Verdict(passed, expected, expected if passed else shared if read else f"{asked.count('clock')} readings for {count} calls")


def by_its_own_clock(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe of this name: the samples of its clock if time.perf_counter was read as it is called, else times of some clock."""
    names, costs, rounds = inputs
    expected = f"{rounds} times of time.perf_counter for each of {', '.join(names)}"
    if type(answer) is not dict or type(answer.get("times")) is not dict:
        return Verdict(False, expected, describe(answer.get("times") if type(answer) is dict else answer))
    times, read = answer["times"], answer.get("read")
    if read == "perf_counter":
        fault = difference(times, {name: np.full(rounds, cost) for name, cost in zip(names, costs, strict=True)}, 1e-4, 1e-6)
        return Verdict(fault is None, expected, fault or expected)
    if read:
        return Verdict(False, expected, f"time.{str(read)[:20]} is read")
    values = list(times.values())
    if set(times) != set(names) or any(type(one) is not np.ndarray or one.shape != (rounds,) for one in values):
        return Verdict(False, expected, describe(times))
    passed = all(one.dtype.kind == "f" and bool((np.isfinite(one) & (one >= 0)).all()) for one in values)
    return Verdict(passed, expected, describe(times))


@exercise(
    library(RIGHT.answer, "time.perf_counter"),
    points=4,
    difficulty=3,
    minutes=15,
    mistakes=MISTAKES,
    answer_of=lambda way: way.answer,
    steps="Refuse. Call each function once, in the order of the dict, and keep nothing. Then in round r (from 0) begin with function r "
    "modulo n, go on with the next ones in the order of the dict, and after the last with the first. Read the clock directly before "
    "and after each call and keep the difference as a Python number; make tensors last.",
)
def interleave(rng: np.random.Generator) -> Iterator[Case]:
    """interleave(contestants, rounds, clock=None) -> dict of (rounds,) tensors."""

    def machine(rounds: int, count: int, start_s: float = 0.0, warm: tuple[float, ...] = ()) -> tuple[Any, ...]:
        """Names that are not sorted, and a machine whose pace changes from call to call."""
        names = [str(name) for name in rng.permutation(list("abcdefgh"))[:count]]
        names = names[::-1] if names == sorted(names) else names
        costs = [round(float(cost), 3) for cost in rng.uniform(0.5, 4, count)]
        return names, costs, [*warm, *(round(float(pace), 3) for pace in rng.uniform(1, 3, 97))], rounds, start_s

    def timed(name: str, whole: tuple[Any, ...], hints: tuple[str, ...] = _TURNS, judge: Judge | None = None, **options: Any) -> Case:
        names, costs, pace, rounds, start_s = whole
        given = {"hints": hints, "hints_for": _SPECIAL, "probe": "interleaved", "outside": partial(Machine, names, costs, pace, start_s)}
        return Case(name, (names, rounds), judge or _judge(whole), **{**given, **options})

    yield timed("three functions, four rounds", machine(4, 3), weight=2)
    yield timed("two functions", machine(5, 2))
    alone = ("Which other function is there?", "None: the rounds are the same function each time, after one warm-up.")
    yield timed("one function", machine(4, 1), alone)
    yield timed("more functions than rounds", machine(2, 5), _SECOND)
    yield timed("a slow first call", machine(6, 2, warm=(80.0, 60.0)), _WARM)
    names = machine(8, 2)[0]
    yield timed("two equals on a machine that slows down", (names, [1.5, 1.5], [1.0 + 0.25 * call for call in range(60)], 8, 0.0), _BLOCKS)
    yield timed("a clock that has run for two weeks", machine(4, 2, start_s=WEEKS_S), _PRECISE)
    yield timed("warms up in the order of the dict", machine(2, 4), _ORDER, warms_up_in_order)
    yield timed("reads the clock around each call", machine(3, 3), _DIRECTLY, reads_directly)
    names, costs, *_ = machine(3, 2)
    yield Case("its own clock", (names, costs, 3), by_its_own_clock, hints=_OWN, hints_on_error=True, probe="by_its_own_clock")
    nobody = ("What is 0 modulo 0?", "An error of another kind: raise ValueError before you begin.")
    nothing = machine(int(rng.integers(2, 9)), 0), machine(0, 2), machine(-int(rng.integers(1, 9)), 2)
    for what, whole, hints in zip(
        ("to time no function", "no rounds", "fewer than no rounds"), nothing, (nobody, ERROR, ERROR), strict=True
    ):
        of = timed("", whole)
        yield refuses(what, of.inputs, weight=0.5, hints=hints, probe=of.probe, outside=of.outside)
    whole = machine(3, 2)
    kept = timed("leaves the functions as they were", whole, (), about="inputs", hints_for={"changed": CHANGED, **_SPECIAL})
    yield replace(kept, judge=lambda answer, inputs: _judge(whole)({"answer": answer, "asked": [("clock",)]}, inputs))
