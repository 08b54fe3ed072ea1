"""The choice of the hint: which failing cases are shown as one mistake, and what is said about it.

One mistake makes many cases fail, and most of their hints would accuse what is right. So:

- while an answer is wrong, one failing case is shown; refusals and inputs that were changed wait;
- a mistake that the judge recognises counts before a case's own hint, and an error's text before both;
- a case's own hint is shown where everything before it passes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from utils.exercises.declare import Hints
from utils.exercises.messages.error_hints import error_hints
from utils.exercises.outcomes import Outcome

RESEMBLING: dict[str, Hints] = {
    "a list": ("The numbers are right. What is asked for?", "A tensor: torch.tensor(...) makes one of a list."),
    "turned axes": ("The numbers are right. Which axis comes first?", "Two axes have changed places: permute or .T turns them back."),
    "other places": (
        "The right numbers, in other places.",
        "reshape and view keep the order in memory and cut it differently; permute moves an axis. Does the order of a loop matter here?",
    ),
    "opposite sign": ("Compare the signs.", "Every number has the opposite sign: which one is subtracted from which?"),
    "not a dict": ("What is asked for?", "A dict: the docstring says what its keys are."),
    "other keys": (
        "Compare the keys of your dict with those of the docstring.",
        "It asks for these keys and no others, spelled as they are there.",
    ),
    "not a tuple": ("What is asked for?", "A tuple: return the values with commas between them, in the order of the docstring."),
    "several numbers": ("How many numbers are asked for?", "One. Which operation makes one number of yours: max, mean, sum?"),
}
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
    mistake = _mistake(wrong)
    if mistake:
        shown = next(outcome for outcome in wrong if mistake in _fits(outcome))
        return shown, shown.case.hints_for[mistake]
    return first, _own(first)


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
    same_for_all = outcome is plain or own == plain.case.hints_about("error")
    return (general or own) if same_for_all else (own or general)


def _own(outcome: Outcome) -> Hints:
    about = outcome.verdict.about
    if about == "another error":
        return _ANOTHER_ERROR
    if about in RESEMBLING and about not in outcome.case.hints_for:
        return RESEMBLING[about]
    return outcome.case.hints_about(about)


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
