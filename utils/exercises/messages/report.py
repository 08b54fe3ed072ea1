"""The words of a verdict: the status in one line, and a section for each mistake, whatever it is shown with."""

from __future__ import annotations

import math
from dataclasses import dataclass

from utils.exercises.messages.inputs import exact_call, shown_inputs
from utils.exercises.results import Outcome, Result

FAILED, PASSED, NOT_RUN = "FAILED", "passed", "not run"
_SAME = "prints like the expected value: they differ in later digits, or in their type"
_READY = "this calls the course's ready function, {address}"
_WRITE = "The exercise asks for its steps. A grader does not have that function, so the grade would be 0."

Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class Section:
    """A part of the table: a mistake with the case that shows it, the cases that were not run, or those that passed.

    names: the case's name, or all of them. rows: (label, text). exact: the inputs with every digit.
    others: the other cases that fail, each with its rows. steps: how to solve it, once nothing else has helped.
    """

    word: str
    names: tuple[str, ...]
    rows: Rows
    exact: str = ""
    others: tuple[tuple[str, Rows], ...] = ()
    steps: str = ""


def points(value: float) -> str:
    """Points with at most two decimals, rounded down: 2.999 is not yet 3."""
    return f"{math.floor(value * 100 + 1e-6) / 100:.2f}".rstrip("0").rstrip(".")


def score(result: Result) -> str:
    """Cases and points: "14 of 15 cases (2.81 of 3 points)"; the points alone where all or nothing passed."""
    given = f"{points(result.points)} of {points(result.exercise.points)} points"
    passed = len(result.outcomes) - len(result.failed)
    return f"{passed} of {len(result.outcomes)} cases ({given})" if result.failed and passed else given


def status(result: Result) -> str:
    """What the lab goes on with, and the points, in one line."""
    return f"{_goes_on(result)}; {score(result)}"


def _goes_on(result: Result) -> str:
    if not result.failed:
        return "all public checks pass: the lab goes on with your function"
    solved = "not all public checks pass yet" if result.attempted else "not solved yet"
    solved = "you stopped the check, so nothing is recorded" if result.stopped else solved
    return f"{solved}: the lab goes on with a stand-in"


def title(result: Result) -> str:
    """The exercise, that these are public checks, the score."""
    return f"{result.exercise.name}: public checks, {score(result)}"


def last_line(result: Result, failing_runs: dict[str, int]) -> str:
    """What the lab goes on with, and whether another run of the check says more."""
    said = _goes_on(result)
    more = any(level(one.outcome, failing_runs) < _most(result, one.outcome) for one in result.advice) and not result.stopped
    return f"{said[0].upper()}{said[1:]}.{' Run the check again and the hint says more.' if more else ''}"


def level(outcome: Outcome, failing_runs: dict[str, int]) -> int:
    """How many hints are shown: one more with each failing run in a row."""
    return max(failing_runs.get(outcome.case.name, 1), 1)


def _most(result: Result, outcome: Outcome) -> int:
    return len(result.hints(outcome)) + bool(result.steps(outcome))


def sections(result: Result, failing_runs: dict[str, int]) -> list[Section]:
    """What failed first, then what was not run, then what passed."""
    if result.ready_made:
        rows = [("got", _READY.format(address=result.ready_made)), ("hint", _WRITE)]
        return [Section(FAILED, ("no case was run",), rows)]
    found = [_mistake(result, one.outcome, one.also, failing_runs) for one in result.advice]
    unrun = [outcome for outcome in result.outcomes if not outcome.ran]
    if unrun:
        why = unrun[0].verdict.got.partition(": ")[2]
        found.append(Section(NOT_RUN, _names(unrun), [("because", why)] if why else []))
    passed = [outcome for outcome in result.outcomes if outcome.verdict.passed]
    return [*found, Section(PASSED, _names(passed), [])] if passed else found


def _names(outcomes: list[Outcome]) -> tuple[str, ...]:
    return tuple(outcome.case.name for outcome in outcomes)


def _mistake(result: Result, shown: Outcome, also: tuple[Outcome, ...], failing_runs: dict[str, int]) -> Section:
    hints, opened = result.hints(shown), level(shown, failing_runs)
    rows = _rows(result, shown) + [("hint", " ".join(hints[:opened]))] * bool(hints)
    others = tuple((other.case.name, _rows(result, other, shown)) for other in also)
    last = result.steps(shown) if opened > len(hints) else ""
    return Section(FAILED, (shown.case.name,), rows, exact_call(result.exercise, shown.case), others, last)


def _rows(result: Result, outcome: Outcome, above: Outcome | None = None) -> Rows:
    """What it was called with, what was expected, what came; an error that another case met too is not said again."""
    verdict = outcome.verdict
    if above is not None and verdict.about == "error" and verdict == above.verdict:
        return [("got", "the same error")]
    got = _SAME if verdict.got == verdict.expected else verdict.got
    rows = [("input", shown_inputs(result.exercise, outcome.case)), ("expected", verdict.expected), ("got", got)]
    return [(label, text) for label, text in rows if text]
