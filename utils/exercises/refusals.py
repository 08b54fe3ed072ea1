"""Which exceptions refuse an input, and when a refusal counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from utils.exercises.declare import Case
from utils.exercises.judges import Verdict


def is_refusal(kinds: Any) -> bool:
    """Whether an exception of these classes, by name, is one that a function raises on purpose.

    An empty exercise raises NotImplementedError at everything, and an answer that no judge looks at is none.
    """
    names = kinds if type(kinds) is list and len(kinds) <= 20 and all(type(name) is str and len(name) <= 60 for name in kinds) else []
    return "Exception" in names and not {"NotImplementedError", "UnacceptableError"} & set(names)


def told_apart(cases: Sequence[Case], verdicts: Sequence[Verdict], raised: Sequence[str]) -> list[Verdict]:
    """The verdicts; but where no input at all got an answer, the exceptions that others ended in refuse nothing.

    raised: the class of the exception that each case ended in, "" where there was none.
    """
    kinds = {kind for case, kind in zip(cases, raised, strict=True) if case.about != "refusal"}
    if "" in kinds:
        return list(verdicts)
    return [
        Verdict(False, verdict.expected, f"{verdict.expected} for every input: raise it only for invalid ones", "error")
        if verdict.passed and verdict.expected in kinds
        else verdict
        for verdict in verdicts
    ]
