"""`check`: run the public cases, show the table, keep the verdict, hand back a function that the lab can go on with.

Both sides of an exercise meet here in one process, which is right for a notebook and only there: a
grader calls `probing.answer` in its worker and the judges outside.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from utils import ledger
from utils.exercises.declare import PUBLIC_SEED, Case, Exercise, Lab
from utils.exercises.in_process.ready_made import ready_made
from utils.exercises.in_process.running import SECONDS, SECONDS_AFTERWARDS, run_case, unjudged
from utils.exercises.in_process.time_limit import TookTooLongError
from utils.exercises.messages import view
from utils.exercises.needs import missing
from utils.exercises.refusals import told_apart
from utils.exercises.results import Outcome, Result
from utils.exercises.standins import StandIn

MAX_ENDLESS = 2  # cases that did not end; the others are not run then

Function = Callable[..., Any]


def assess(exercise: Exercise, function: Function, seed: int = PUBLIC_SEED, others: Iterable[str] = ()) -> Result:
    """Judge a function by the cases of this seed. Whatever the function does ends in a verdict.

    others: the names of the lab's exercises, to say which one is missing where this function calls it.
    A KeyboardInterrupt (the stop button in a notebook) ends this: the cases that are left do not pass. So do two cases
    that do not end.
    """
    outcomes, stopped = _run_all(exercise, exercise.cases(seed), function, set(others) - {exercise.name})
    verdicts = told_apart([one.case for one in outcomes], [one.verdict for one in outcomes], [one.raised for one in outcomes])
    judged = (replace(outcome, verdict=verdict) for outcome, verdict in zip(outcomes, verdicts, strict=True))
    return Result(exercise, tuple(judged), stopped)


def _run_all(exercise: Exercise, cases: Iterable[Case], function: Function, others: set[str]) -> tuple[list[Outcome], bool]:
    """An outcome for each case, and whether the student stopped the check."""
    outcomes: list[Outcome] = []
    stopped, endless = False, 0
    for case in cases:
        if stopped or endless == MAX_ENDLESS:
            outcomes.append(_not_run(case, "not run: you stopped the check" if stopped else "not run: two cases did not end"))
            continue
        try:
            outcome = run_case(exercise.lab, case, function, others, SECONDS_AFTERWARDS if endless else SECONDS)
        except KeyboardInterrupt:
            stopped, outcome = True, unjudged(case, "you stopped this case")
        endless += outcome.raised == TookTooLongError.__name__
        outcomes.append(outcome)
    return outcomes, stopped


def _not_run(case: Case, why: str) -> Outcome:
    return unjudged(case, why, raised="not run", ran=False)


def _refused(exercise: Exercise, address: str) -> Result:
    """The result of an answer that calls the course's own function for this exercise: no case is run."""
    return Result(exercise, tuple(_not_run(case, "not run") for case in exercise.cases()), ready_made=address)


def check(lab: Lab, function: Any) -> Any:
    """Check a function (or a class) of the student's by the public cases and show the table; never raises.

    An answer that calls the course's own function for the exercise is not run and gets no points, as when work is graded.
    Returns it if all cases pass, else its stand-in. With the environment variable
    TITANS_STRICT=1 it raises AssertionError instead of handing back a stand-in.
    """
    name = _name_of(function)
    exercise = lab.exercises.get(name or "")
    if exercise is None:
        what = f"no exercise is called {name}" if name else f"check takes a function, and this is of type {type(function).__name__}"
        names = ", ".join(declared.signature for declared in lab.exercises.values())
        how = "def (class for a class)" if any(declared.is_class for declared in lab.exercises.values()) else "def"
        return _nothing_to_judge(f"nothing was checked: {what}. Write {how} and the exercise's name, one of {names}", function)
    if type(function) is StandIn:
        return _nothing_to_judge(f"{name}: {function.status}", function)
    if lacking := missing(exercise.needs):
        status = f"not judged: {lacking}. The lab goes on with a stand-in; nothing is recorded"
        view.show(view.Sentence(f"{name}: {status}"))
        return StandIn(exercise.name, exercise.stand_in, status)
    address = ready_made(function, exercise.stand_in)
    result = _refused(exercise, address) if address else assess(exercise, function, others=lab.exercises)
    entry = ledger.read().get("exercise", {}).get(exercise.key)
    failing_runs = before = _failing_runs(entry)
    if result.attempted and not result.stopped:
        failing_runs = {case: before.get(case, 0) + 1 for case in result.failed}
        _keep(result, failing_runs)
    elif entry is None and not result.stopped:  # a stub: the last honest verdict stands, if there is one
        _keep(result, failing_runs)
    if not result.failed:
        view.show(view.Table(result, failing_runs))
        return function
    status = view.status(result)
    if result.attempted:
        view.show(view.Table(result, failing_runs))
        status += "; this is the stand-in: run the cell with your function, then this one"
    else:
        view.show(view.Sentence(f"{name}: {status}"))
    if _strict():
        raise AssertionError(f"{exercise.key} fails {len(result.failed)} of {len(result.outcomes)} cases: {', '.join(result.failed)}")
    return StandIn(exercise.name, exercise.stand_in, status)


def _name_of(function: Any) -> str | None:
    try:
        name = function.__name__ if callable(function) else None
    except Exception:  # an object can refuse even this
        return None
    return name if type(name) is str else None


def _nothing_to_judge(text: str, function: Any) -> Any:
    """Say that nothing was judged, and give back what came."""
    if _strict():
        raise AssertionError(text)
    view.show(view.Sentence(view.legible(text)))
    return function


def _strict() -> bool:
    return os.environ.get("TITANS_STRICT") == "1"


def _failing_runs(entry: Any) -> dict[str, int]:
    """How many runs in a row each case has failed before, by the ledger's entry."""
    runs = entry.get("failing_runs") if isinstance(entry, dict) else None
    return {str(case): count for case, count in runs.items() if isinstance(count, int)} if isinstance(runs, dict) else {}


def _keep(result: Result, failing_runs: dict[str, int]) -> None:
    """Record the verdict; failing_runs: case -> how often in a row it has failed (it opens the second hint)."""
    exercise = result.exercise
    ledger.record(
        "exercise",
        exercise.key,
        {
            "points": result.points,
            "of": exercise.points,
            "core": exercise.core,
            "attempted": result.attempted,
            "cases": {outcome.case.name: outcome.verdict.passed for outcome in result.outcomes},
            "failing_runs": failing_runs,
        },
    )
