"""Judges of randomness: how far a frequency may lie from its probability, and equal generators."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.exercises.declare import Hints
from utils.exercises.judges import Judge, Verdict, describe, difference

DEVIATIONS = 5.0  # enough for a right answer with any seed, and too few for the mistakes of wrong.py
SAME: Hints = ("Where does your randomness come from?", "Only from the rng that you are given: an equal generator gives the same result.")


def far(share: np.ndarray | float, chance: float, count: int) -> np.ndarray:
    """Whether a share of `count` trials is too far from its probability."""
    return np.abs(np.asarray(share) - chance) > DEVIATIONS * np.sqrt(chance * (1 - chance) / count) + 1e-12


def same_for_equal_generators(what: str) -> Judge:
    """For a probe that gives {"first", "second", "other"}: equal where the generators were equal, and else not. what: "samples".

    Verdicts are about "again" where the second run differs, and about "always" where the other one does not.
    """

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        expected = f"the same {what} from an equal generator"
        if type(answer) is not dict or not all(type(answer.get(run)) is list for run in ("first", "second", "other")):
            parts = answer.values() if type(answer) is dict else [answer]
            return Verdict(False, f"{what} from three runs", describe(next((run for run in parts if type(run) is not list), answer)))
        if difference(answer["second"], answer["first"]) is not None:
            return Verdict(False, expected, f"other {what} in the second run", "again")
        same = difference(answer["other"], answer["first"]) is None
        return Verdict(not same, f"other {what} from another generator", f"the same {what} from any generator", "always" if same else "")

    return judge
