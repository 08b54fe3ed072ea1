"""`check`: run the public cases, show the table, keep the verdict, hand back a function that the lab can go on with.

Both sides of an exercise meet here in one process, which is right for a notebook and only there: a
grader calls `probing.answer` in its worker and the judges outside.
"""

from __future__ import annotations

import copy
import os
import sysconfig
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from utils import ledger
from utils.exercises import view
from utils.exercises.declare import PUBLIC_SEED, Case, Exercise, Lab
from utils.exercises.inside import probing
from utils.exercises.inside.answers import UnacceptableError, plain
from utils.exercises.judges import Verdict, short
from utils.exercises.needs import missing
from utils.exercises.outside import Outside
from utils.exercises.refusals import is_refusal, told_apart
from utils.exercises.results import Outcome, Result
from utils.exercises.standins import StandIn

Function = Callable[..., Any]
_NOT_STUDENTS = (str(Path(__file__).parents[1]), sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), "<frozen", "<__array")


def assess(exercise: Exercise, function: Function, seed: int = PUBLIC_SEED, others: Iterable[str] = ()) -> Result:
    """Judge a function by the cases of this seed. Whatever the function does ends in a verdict.

    others: the names of the lab's exercises, to say which one is missing where this function calls it.
    A KeyboardInterrupt (the stop button in a notebook) ends this: the cases that are left do not pass.
    """
    others = set(others) - {exercise.name}
    outcomes: list[Outcome] = []
    stopped = False
    for case in exercise.cases(seed):
        if stopped:
            outcomes.append(_unjudged(case, "not run: you stopped the check"))
            continue
        try:
            outcomes.append(_run(exercise.lab, case, function, others))
        except KeyboardInterrupt:
            stopped = True
            outcomes.append(_unjudged(case, "you stopped this case"))
    verdicts = told_apart([one.case for one in outcomes], [one.verdict for one in outcomes], [one.raised for one in outcomes])
    judged = (replace(outcome, verdict=verdict) for outcome, verdict in zip(outcomes, verdicts, strict=True))
    return Result(exercise, tuple(judged), stopped)


def _run(lab: str, case: Case, function: Function, others: set[str]) -> Outcome:
    outside = None if case.outside is None else Outside(case.outside())
    try:
        again = case.about == "inputs"
        answer = probing.answer(function, copy.deepcopy(case.inputs), lab, case.probe, outside, again)
        answer = {"returned": answer} if case.about == "refusal" else answer
    except KeyboardInterrupt:
        raise
    except UnacceptableError as error:
        return _unjudged(case, _told(error, []))
    except BaseException as error:  # SystemExit too: exit() in an exercise must not end the notebook
        kinds = [kind.__name__ for kind in type(error).__mro__][:20]
        if case.about != "refusal" or not is_refusal(kinds):
            return _raised(case, error, others)
        answer = {"raised": kinds}
    try:
        answer = answer if outside is None else outside.beside(answer)
        return Outcome(case, case.judged(answer, plain(case.inputs)))
    except Exception as error:  # a judge is meant never to raise; if one does, the lab goes on
        return _unjudged(case, f"an answer that could not be compared ({type(error).__name__})")


def _unjudged(case: Case, why: str, empty: bool = False, raised: str = "") -> Outcome:
    return Outcome(case, Verdict(False, "", why, "error"), empty, raised)


def _raised(case: Case, error: BaseException, others: set[str]) -> Outcome:
    """The outcome of an exception. A stub, this one or another that it calls, is told from a library's refusal."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_NOT_STUDENTS)]
    stub = own[-1] if type(error) is NotImplementedError and not error.args and own[-1:] == frames[-1:] else None
    if stub is not None and (name := _defined_as(error)) in others:
        return _unjudged(case, f"{name} is not solved yet: run its check first, then this one")
    return _unjudged(case, _told(error, own), stub is not None and len(own) == 1, type(error).__name__)


def _defined_as(error: BaseException) -> str:
    """The function that raised, or the class whose method did."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return frame.f_code.co_qualname.rpartition("<locals>.")[2].partition(".")[0]


def _told(error: BaseException, own: list[traceback.FrameSummary]) -> str:
    """The exception's type and message, and the last line of the student's own that led to it."""
    try:
        said = short(" ".join(str(error).split()), 160)
    except BaseException:
        said = "its message cannot be shown"
    if isinstance(error, UnacceptableError):  # a sentence about the answer
        return view.legible(said)
    where = f"  (line {own[-1].lineno}: {short(own[-1].line or '?', 80)})" if own else ""
    return view.legible(": ".join(filter(None, (type(error).__name__, said))) + where)


def check(lab: Lab, function: Any) -> Any:
    """Check a function (or a class) of the student's by the public cases and show the table; never raises.

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
        status = f"not judged: {lacking}. The lab goes on with {exercise.stand_in.label}; nothing is recorded"
        view.show(view.Sentence(f"{name}: {status}"))
        return StandIn(exercise.name, exercise.stand_in, status)
    result = assess(exercise, function, others=lab.exercises)
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
