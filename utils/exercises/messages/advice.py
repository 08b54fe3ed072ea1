"""The choice of the hint: which failing cases are shown as one mistake, and what is said about it.

One mistake makes many cases fail, and most of their hints would accuse what is right. So:

- while an answer is wrong, one failing case is shown; refusals and inputs that were changed wait;
- an answer that is missing, and a valid input that the function's own raise refuses, are said before all else;
- a mistake that the judge recognises counts before a case's own hint, and an error's text before both;
- a case's own hint is shown where everything before it passes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from utils.exercises.declare import Hints
from utils.exercises.judges import MISSING
from utils.exercises.messages.error_hints import error_hints
from utils.exercises.outcomes import Outcome

RESEMBLING: dict[str, Hints] = {
    "a list": ("The numbers are right. What is asked for?", "A tensor: torch.tensor(...) makes one of a list."),
    "another order": ("The right numbers, in another order.", "Return them in the order of the docstring."),
    "another shape": (
        "The numbers are right, and they have another shape.",
        "keepdim keeps an axis of length 1; flatten, squeeze and an integer index take axes away; reshape gives the right shape.",
    ),
    "another size": ("Compare the two shapes: is the right axis summed over, or left?",),
    "another type": ("Which type does the docstring ask for?", "You return {got}. Print type(...) of your result."),
    "another unit": (
        "Divide your number by the expected one.",
        "A round factor is left. Powers of ten come from milli, kilo, percent or a count that is missing; 3600 from hours and seconds; "
        "8 from bits and bytes.",
    ),
    "one number": (
        "One number came. How many are asked for?",
        "An operation without an axis makes one number of all: sum(), max(), mean().",
    ),
    "opposite number": ("Compare the signs.", "The sign is the only difference: what is subtracted from what?"),
    "opposite sign": ("Compare the signs.", "Every number has the opposite sign: which one is subtracted from which?"),
    "other places": (
        "The right numbers, in other places.",
        "reshape and view keep the order in memory and cut it differently; permute moves an axis. Does the order of a loop matter here?",
    ),
    "not a mask": (
        "A mask says yes or no: is yours applied already?",
        "True or 1 where something stays, False or 0 where it goes; the numbers themselves, or their places, are not asked for.",
    ),
    "not a dict": ("What is asked for?", "A dict: the docstring says what its keys are."),
    "other keys": (
        "Compare the keys of your dict with those of the docstring.",
        "It asks for these keys and no others, spelled as they are there.",
    ),
    "not a tuple": ("What is asked for?", "A tuple: return the values with commas between them, in the order of the docstring."),
    "reciprocal": ("Multiply your number by the expected one.", "The product is 1: what is divided by what?"),
    "rounded": (
        "Where are the other digits?",
        "int(), round(), // and an integer dtype cut them off: compute with floats, and do not round.",
    ),
    "several numbers": ("One number is asked for, and several came.", "Something is left to add up or to average: sum(), max() or mean()."),
    "turned axes": ("The numbers are right. Which axis comes first?", "Two axes have changed places: permute or .T turns them back."),
    "wrapped": (
        "An integer dtype that is too small wraps around: 256 apart in 8 bits, 65,536 apart in 16.",
        "Which dtype can store the expected numbers? Convert to that one, before you compute.",
    ),
}
_NOTHING: Hints = ("Your function returns nothing.", "Its last line, or a branch of an if, needs return in front of the result.")
_REFUSED = "This input is valid, and your own raise refuses it. Which condition led there?"
# of the first case alone: a later one may be about this, and its own hint says more
_OF_THE_FIRST = ("another shape", "another size", "another unit", "one number", "opposite number", "reciprocal", "several numbers")
_ANOTHER_ERROR = (
    "You raise {got}; the docstring asks for {expected}.",
    "Write raise {expected}(...), with a sentence that says what was wrong.",
)


@dataclass(frozen=True)
class Advice:
    """One mistake. outcome: the case that shows it; also: the other cases that fail, for the same reason as far as can be told."""

    outcome: Outcome
    hints: Hints
    also: tuple[Outcome, ...] = ()


def advise(outcomes: Sequence[Outcome], of_a_class: bool = False) -> list[Advice]:
    """The mistakes of one result, the plainest first. of_a_class: whether the exercise is a class.

    While some answer is wrong, it is one mistake; then each hint that the other failing cases have is another.
    """
    failing = [outcome for outcome in outcomes if not outcome.verdict.passed and outcome.ran]
    wrong = [outcome for outcome in failing if _about_answer(outcome)]
    if wrong:
        shown, hints = _plainest(outcomes, wrong, of_a_class)
        return [Advice(shown, hints, tuple(one for one in failing if one is not shown))]
    found: list[Advice] = []
    for outcome in failing:
        hints = _own(outcome)
        same = next((at for at, one in enumerate(found) if one.hints == hints), None)
        if same is None:
            found.append(Advice(outcome, hints))
        else:
            found[same] = replace(found[same], also=(*found[same].also, outcome))
    return found


def _about_answer(outcome: Outcome) -> bool:
    """Whether what failed is the answer: not a refusal, and not what became of the inputs."""
    return outcome.case.about != "refusal" and outcome.verdict.about != "changed"


def _plainest(outcomes: Sequence[Outcome], wrong: list[Outcome], of_a_class: bool) -> tuple[Outcome, Hints]:
    first = wrong[0]
    if first.verdict.about == "error":
        return first, _of_error(outcomes[0], first, of_a_class)
    if first.verdict.got == MISSING:
        return first, _NOTHING
    mistake = _mistake(wrong)
    if mistake:
        shown = next(outcome for outcome in wrong if mistake in _fits(outcome))
        return shown, shown.case.hints_for[mistake]
    return first, _own(first, first is outcomes[0])


def _mistake(wrong: list[Outcome]) -> str:
    """The recognized mistake that explains most of the wrong answers, and the first of them or at least half; "" if none does."""
    first = _fits(wrong[0])
    counts = Counter(mistake for outcome in wrong for mistake in _fits(outcome) if mistake in (*first, *outcome.verdict.fits))
    if not counts:
        return ""
    most = max(counts.values())
    best = next(mistake for mistake, count in counts.items() if count == most)
    return best if best in first or 2 * most >= len(wrong) else next(iter(first), "")


def _fits(outcome: Outcome) -> tuple[str, ...]:
    """The mistakes that explain this answer, and that this case has a hint for."""
    verdict = outcome.verdict
    names = dict.fromkeys((verdict.about, *verdict.fits))
    return tuple(name for name in names if name and name != "error" and outcome.case.hints_for.get(name))


def _of_error(plain: Outcome, outcome: Outcome, of_a_class: bool) -> Hints:
    own = outcome.case.hints_about("error")
    general = error_hints(outcome.verdict.got, of_a_class)
    if of_a_class and general != error_hints(outcome.verdict.got):
        return general
    same_for_all = outcome is plain or own == plain.case.hints_about("error")
    if re.search(r"\(line \d+: raise (?!NotImplementedError)", outcome.verdict.got):
        return (_REFUSED, *own)
    return (general or own) if same_for_all else (own or general)


def _own(outcome: Outcome, is_first: bool = False) -> Hints:
    about, own = outcome.verdict.about, outcome.case.hints_about(outcome.verdict.about)
    if about == "another error":
        return _ANOTHER_ERROR
    if about == "error":
        return own or error_hints(outcome.verdict.got)
    if about not in RESEMBLING or about in outcome.case.hints_for or (about in _OF_THE_FIRST and not is_first):
        return own
    return (*RESEMBLING[about], *own) if about == "another size" else RESEMBLING[about]


def written_out(hints: Sequence[Any], outcome: Outcome) -> tuple[str, ...]:
    """The hints with this outcome's numbers in them.

    A hint is a text, in which {expected} and {got} are replaced, or a function (inputs, expected, got) -> text, where the
    last two are what the table shows. A function that fails gives no hint.
    """
    return tuple(filter(None, (_written(hint, outcome) for hint in hints)))


def _written(hint: Any, outcome: Outcome) -> str:
    expected, got = outcome.verdict.expected, outcome.verdict.got
    if callable(hint):
        try:
            return str(hint(outcome.case.inputs, expected, got))
        except Exception:  # made for answers of another form
            return ""
    return str(hint).replace("{expected}", expected).replace("{got}", got)
