"""A refusal counts only for a function that tells inputs apart: one that raises at everything has refused nothing."""

from __future__ import annotations

from collections.abc import Sequence

from utils.exercises.declare import REFUSALS, Case
from utils.exercises.judges import Verdict


def told_apart(cases: Sequence[Case], verdicts: Sequence[Verdict], raised: Sequence[str]) -> list[Verdict]:
    """The verdicts; but where the same exception met all inputs that ask for an answer, none that asks for it passes.

    raised: the class of the exception that each case ended in, "" where there was none.
    """
    kinds = {kind for case, kind in zip(cases, raised, strict=True) if case.probe not in REFUSALS}
    if len(kinds) != 1:
        return list(verdicts)
    (kind,) = kinds
    blank = Verdict(False, kind, f"{kind}, as for every other input", "error")
    wanted = [bool(kind) and case.probe in REFUSALS and verdict.expected == kind for case, verdict in zip(cases, verdicts, strict=True)]
    return [blank if mine else verdict for mine, verdict in zip(wanted, verdicts, strict=True)]
