"""Run one case on the student's function: whatever the function does ends in an outcome."""

from __future__ import annotations

import copy
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from utils.exercises.declare import Case
from utils.exercises.in_process.time_limit import TookTooLongError, limited
from utils.exercises.inside import probing
from utils.exercises.inside.answers import UnacceptableError, plain
from utils.exercises.judges import Verdict, verdict_of
from utils.exercises.messages.values import short
from utils.exercises.messages.view import legible
from utils.exercises.outside import Outside
from utils.exercises.refusals import is_refusal
from utils.exercises.results import Outcome

SECONDS = 20.0  # of processor time for one case; the longest takes less than one
SECONDS_AFTERWARDS = 5.0  # for each case behind one that did not end

Function = Callable[..., Any]
_PLACES = {str(Path(__file__).parents[1]), *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))}
_NOT_STUDENTS = (*_PLACES, "<frozen", "<__array")
_PACKAGES = ("site-packages", "dist-packages")


def run_case(lab: str, case: Case, function: Function, others: set[str], seconds: float = SECONDS) -> Outcome:
    """The outcome of one case.

    others: the names of the lab's other exercises, to say which one is missing where this function calls it.

    Raises:
        KeyboardInterrupt: the student stopped it.
    """
    outside = None if case.outside is None else Outside(case.outside())
    inputs, again = copy.deepcopy(case.inputs), case.about == "inputs"
    try:
        answer = limited(lambda: probing.answer(function, inputs, lab, case.probe, outside, again), seconds)
        answer = {"returned": answer} if case.about == "refusal" else answer
    except KeyboardInterrupt:
        raise
    except TookTooLongError:
        return unjudged(case, f"it did not end within {seconds:g} s of computing", raised=TookTooLongError.__name__)
    except UnacceptableError as error:
        return unjudged(case, _told(error, []))
    except BaseException as error:  # SystemExit too: exit() in an exercise must not end the notebook
        kinds = [kind.__name__ for kind in type(error).__mro__][:20]
        if case.about != "refusal" or not is_refusal(kinds):
            return _raised(case, error, others)
        answer = {"raised": kinds}
    answer = answer if outside is None else outside.beside(answer)
    return Outcome(case, verdict_of(case.judged, answer, plain(case.inputs)))


def unjudged(case: Case, why: str, empty: bool = False, raised: str = "", ran: bool = True) -> Outcome:
    """The outcome of a case without an answer."""
    return Outcome(case, Verdict(False, "", why, "error"), empty, raised, ran)


def _raised(case: Case, error: BaseException, others: set[str]) -> Outcome:
    """The outcome of an exception. A stub, this one or another that it calls, is told from a library's refusal."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_students(frame)]
    stub = own[-1] if type(error) is NotImplementedError and not error.args and own[-1:] == frames[-1:] else None
    if stub is not None and (name := _defined_as(error)) in others:
        return unjudged(case, f"{name} is not solved yet: run its check first, then this one")
    return unjudged(case, _told(error, own), stub is not None and len(own) == 1, type(error).__name__)


def _is_students(frame: traceback.FrameSummary) -> bool:
    """Whether the frame is of the student's code: in no installed package, and Python that can be read or was typed in.

    Compiled packages give frames too, with the names of files that are not there: "numpy/random/_generator.pyx".
    """
    path = frame.filename
    if path.startswith(_NOT_STUDENTS) or any(name in Path(path).parts for name in _PACKAGES):
        return False
    return bool(frame.line) or path.startswith("<") or path.endswith(".py")


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
        return legible(said)
    return legible(": ".join(filter(None, (type(error).__name__, said))) + _place(own))


def _place(own: list[traceback.FrameSummary]) -> str:
    if not own:
        return ""
    line = short(own[-1].line, 80) if own[-1].line else ""
    return f"  (line {own[-1].lineno}: {line})" if line else f"  (line {own[-1].lineno})"
