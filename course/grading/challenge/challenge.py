"""Files of the open challenges: the mark that a file gets.

The trusted side takes the size, draws the inputs and keeps their labels; costs are read from the file by our own code
in a process of its own, and only then the file is run in another one (`evaluate.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from course.grading.challenge.asked import Challenge, File, Rival
from course.grading.challenge.by_lab import CHALLENGES
from course.grading.challenge.evaluate import UnusableError
from course.grading.challenge.loss import Loss
from course.grading.challenge.photos import Photos
from course.grading.sandbox.keeper import Sandboxes
from utils.exercises.judges import short
from utils.exercises.messages.view import legible
from utils.student.challenge import MAX_BYTES

_WORDS = {
    "size_bytes": "bytes",
    "macs": "MACs",
    "activation_bytes": "bytes of activations",
    "flash_bytes": "bytes of flash",
    "ram_bytes": "bytes of RAM",
    "false_alarms_percent": "% of false alarms",
}


def challenge_marks(lab: str, artifacts: dict[str, bytes], seed: int, sandboxes: Sandboxes, hidden: Photos | None = None) -> dict[str, Any]:
    """What a challenge's file reached; empty where the lab has none that can be scored, or no file came.

    lab: "01". Keys: file, size_bytes, on ("changed", "new" or "hidden", and whose), photos, windows, beats or lesions (how many),
    right_percent (also balanced_percent where classes are rare, sensitivity_percent and false_alarms_percent of a finding), the costs
    that are counted (macs, activation_bytes, flash_bytes, ram_bytes), points_lost with uncertainty_points, within_budget, and note, what
    is to be said in one or more sentences. Without within_budget it could not be decided, and the note says why.
    A file that can't be used has a note and no percentage.
    """
    if not artifacts:
        return {}
    if lab not in CHALLENGES:
        return {"file": legible(sorted(artifacts)[0]), "note": "The grader does not score this challenge: give manual points."}
    asked = CHALLENGES[lab]
    named = sorted(artifacts, key=lambda name: (PurePath(name).suffix != asked.suffix, not name.startswith(f"{lab}_challenge"), name))
    name, data = named[0], artifacts[named[0]]
    found: dict[str, Any] = {"file": legible(short(name, 100)), "size_bytes": len(data)}
    try:
        if PurePath(name).suffix != asked.suffix:
            raise UnusableError(f"A file that ends in {asked.suffix} is asked for.")
        if len(data) > MAX_BYTES:
            raise UnusableError(f"It has {len(data):,} bytes, and {MAX_BYTES:,} are the most that is read.")
        measured = asked.measure(File(asked.suffix, data, seed, sandboxes, hidden))
    except UnusableError as error:
        return {**found, "note": str(error)}
    return verdict_on(asked, found | measured.figures, measured.loss, measured.notes)


def verdict_on(asked: Challenge, found: dict[str, Any], loss: Loss | None, notes: Sequence[str]) -> dict[str, Any]:
    """The figures with within_budget, where that can be said, and the note."""
    known = {key: found.get(key, found.get(f"least_{key}", 0)) for key in asked.budgets}
    over = [f"{known[key]:,} {_WORDS[key]}, {most:,} are allowed" for key, most in asked.budgets.items() if known[key] > most]
    within: bool | None = False if over else None if asked.budgets.keys() - found.keys() else True
    said = [f"Over the budget: {'; '.join(over)}."] if over else []
    if loss is not None and asked.rival is not None:
        found |= {"points_lost": round(loss.points, 2), "uncertainty_points": round(loss.uncertainty, 2)}
        fits = loss.within(asked.rival.may_lose, below=asked.rival.exclusive)
        within = within and fits
        said.append(_about(loss, asked.rival, fits))
    verdict = {} if within is None else {"within_budget": within}
    note = " ".join([*said, *notes])
    return {**found, **verdict, **({"note": note} if note else {})}


def _about(loss: Loss, rival: Rival, fits: bool) -> str:
    """How a loss was decided, in a sentence or two."""
    change = f"loses {loss.points:.2f} points to" if loss.points >= 0 else f"gains {-loss.points:.2f} points over"
    text = f"It {change} {rival.name} on the same {rival.inputs}, give or take {loss.uncertainty:.2f}; "
    limit = f"{rival.may_lose:g} point{'' if rival.may_lose <= 1 else 's'}"
    text += f"a loss of {'less than ' if rival.exclusive else ''}{limit} is allowed."
    if not fits:
        return f"{text} That is over the limit, and chance does not explain it."
    return f"{text} That is too close to call, and counts as within." if loss.is_close(rival.may_lose) else text
