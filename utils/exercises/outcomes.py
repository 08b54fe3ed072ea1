"""The outcome of one case."""

from __future__ import annotations

from dataclasses import dataclass

from utils.exercises.declare import Case
from utils.exercises.judges import Verdict


@dataclass(frozen=True)
class Outcome:
    """A case and its verdict. empty: the function is a stub, which raises a bare NotImplementedError itself.

    raised: the class of the exception that ended it, "" if there was none. ran: whether the function was called at all.
    """

    case: Case
    verdict: Verdict
    empty: bool = False
    raised: str = ""
    ran: bool = True
