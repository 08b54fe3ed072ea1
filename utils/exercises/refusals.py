"""A refusal counts only for a function that tells inputs apart: one that raises at everything has refused nothing."""

from __future__ import annotations

from collections.abc import Sequence

from utils.exercises.declare import REFUSALS, Case
from utils.exercises.judges import Verdict


def told_apart(cases: Sequence[Case], verdicts: Sequence[Verdict], raised: Sequence[str]) -> list[Verdict]:
    """The verdicts; but where no input at all got an answer, the exceptions that others ended in refuse nothing.

    raised: the class of the exception that each case ended in, "" where there was none.
    """
    kinds = {kind for case, kind in zip(cases, raised, strict=True) if case.probe not in REFUSALS}
    if "" in kinds:
        return list(verdicts)
    return [
        Verdict(False, verdict.expected, f"{verdict.expected}, as for other inputs, and no answer for any", "error")
        if verdict.passed and verdict.expected in kinds
        else verdict
        for verdict in verdicts
    ]
