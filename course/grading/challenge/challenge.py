"""Files of the open challenges: what each challenge asks for, and the mark that a file gets.

The trusted side takes the size, draws the inputs and keeps their labels; costs are read from the file by our own code
in a process of its own, and only then the file is run in another one (`evaluate.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import numpy as np

from course.grading.challenge.evaluate import UnusableError, classes_of, costs_of, on_chip
from course.grading.challenge.paired_loss import Loss, large_is_right, lost, shipped_is_right
from course.grading.challenge.testsets import Photos, changed_photos, changed_windows, hidden_photos
from course.grading.sandbox.keeper import Sandboxes
from utils.exercises.judges import short
from utils.exercises.messages.view import legible

__all__ = ["CHALLENGES", "Challenge", "challenge_marks", "hidden_photos"]

MOST_BYTES = 16_000_000  # of a file; the largest budget is an eighth of it
_MOST_MACS = {"photos": 300e9, "chip": 4e9}  # about five seconds of one thread; whole numbers are slower
_LEAST_PHOTOS = 1000
_WORDS = {
    "size_bytes": "bytes",
    "macs": "MACs",
    "activation_bytes": "bytes of activations",
    "flash_bytes": "bytes of flash",
    "ram_bytes": "bytes of RAM",
}
_MEMORY = "How much memory training needed can't be seen in a file: look at the notebook."


@dataclass(frozen=True)
class Challenge:
    """What an open challenge asks for.

    suffix: of its file. budgets: figure -> the most that is allowed. may_lose: points to the network that it is compared with,
    None if it is compared with none. judged: on "photos", on a "chip" (photos in integers, flash, RAM) or on "windows" of motion.
    """

    suffix: str
    budgets: Mapping[str, int] = field(default_factory=dict)
    may_lose: float | None = None
    judged: str = "photos"


# By lab; the budgets are those that the labs state.
CHALLENGES = {
    "00": Challenge(".safetensors", {"size_bytes": 20_000, "macs": 500_000, "activation_bytes": 26_000}),
    "01": Challenge(".safetensors", {"size_bytes": 2_000_000}),
    "02": Challenge(".safetensors", {"size_bytes": 900_000}),
    "03": Challenge(".safetensors", {"size_bytes": 60_000}),
    "06": Challenge(".onnx", may_lose=0.5),
    "07": Challenge(".onnx", {"flash_bytes": 32 * 1024, "ram_bytes": 16 * 1024}, judged="chip"),
    "08": Challenge(".safetensors", {"size_bytes": 147_456}, may_lose=1.0, judged="windows"),
}


def challenge_marks(lab: str, artifacts: dict[str, bytes], seed: int, sandboxes: Sandboxes, hidden: Photos | None = None) -> dict[str, Any]:
    """What a challenge's file reached; empty where the lab has none that can be scored, or no file came.

    lab: "01". Keys: file, size_bytes, on ("changed" or "hidden", and whose), photos or windows (how many), right_percent, the costs
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
    loss: Loss | None
    try:
        if PurePath(name).suffix != asked.suffix:
            raise UnusableError(f"A file that ends in {asked.suffix} is asked for.")
        if len(data) > MOST_BYTES:
            raise UnusableError(f"It has {len(data):,} bytes, and {MOST_BYTES:,} are the most that is read.")
        if asked.judged == "windows":
            figures, loss, notes = _on_windows(data, seed, sandboxes)
        else:
            figures, loss, notes = _on_photos(asked, data, hidden or changed_photos(seed), sandboxes)
            figures |= {"on": "hidden" if hidden else "changed"}
    except UnusableError as error:
        return {**found, "note": str(error)}
    return verdict_on(asked, found | figures, loss, notes)


def verdict_on(asked: Challenge, found: dict[str, Any], loss: Loss | None, notes: list[str]) -> dict[str, Any]:
    """The figures with within_budget, where that can be said, and the note."""
    known = {key: found.get(key, found.get(f"least_{key}", 0)) for key in asked.budgets}
    over = [f"{known[key]:,} {_WORDS[key]}, {most:,} are allowed" for key, most in asked.budgets.items() if known[key] > most]
    within: bool | None = False if over else None if asked.budgets.keys() - found.keys() else True
    said = [f"Over the budget: {'; '.join(over)}."] if over else []
    if loss is not None and asked.may_lose is not None:
        found |= {"points_lost": round(loss.points, 2), "uncertainty_points": round(loss.uncertainty, 2)}
        fits = loss.within(asked.may_lose, below=asked.judged == "windows")
        within = within and fits
        said.append(_about(loss, asked.may_lose, fits, asked.judged))
    verdict = {} if within is None else {"within_budget": within}
    note = " ".join([*said, *notes])
    return {**found, **verdict, **({"note": note} if note else {})}


def _about(loss: Loss, limit: float, fits: bool, judged: str) -> str:
    """How a loss was decided, in a sentence or two."""
    other, same = ("the network as shipped", "windows of the people it knew") if judged == "windows" else ("fashion_large", "photos")
    change = f"loses {loss.points:.2f} points to" if loss.points >= 0 else f"gains {-loss.points:.2f} points over"
    text = f"It {change} {other} on the same {same}, give or take {loss.uncertainty:.2f}; "
    text += f"a loss of {'less than 1 point' if judged == 'windows' else f'{limit} point'} is allowed."
    if not fits:
        return f"{text} That is over the limit, and chance does not explain it."
    return f"{text} That is too close to call, and counts as within." if loss.is_close(limit) else text


def _on_photos(asked: Challenge, data: bytes, photos: Photos, sandboxes: Sandboxes) -> tuple[dict[str, Any], Loss | None, list[str]]:
    """Figures, the loss if one is asked for, and what else is to be said."""
    costs, notes = costs_of(asked.suffix, data, photos.images[:1], sandboxes)
    count = len(photos.labels)
    if asked.may_lose is None:  # where a loss decides, fewer photos would make it less sure, which is to the file's good
        count = min(count, max(_LEAST_PHOTOS, int(_MOST_MACS[asked.judged] // max(1, costs.get("macs", 1)) // 500 * 500)))
    images, labels = photos.images[:count], photos.labels[:count]
    if asked.judged == "chip":
        classes, sizes, why = on_chip(data, images, sandboxes)
        costs, notes = costs | sizes, notes + ([f"Not linked: {why}."] if why else [])
    else:
        classes = classes_of(asked.suffix, data, images, sandboxes)
    right = classes == labels
    loss = None if asked.may_lose is None else lost(large_is_right(photos)[:, None], right[:, None])
    return {"photos": count, "right_percent": round(100 * float(right.mean()), 2), **costs}, loss, notes


def _on_windows(data: bytes, seed: int, sandboxes: Sandboxes) -> tuple[dict[str, Any], Loss, list[str]]:
    """As `_on_photos`: person 2's later windows give the percentage, those of the known people the loss."""
    windows = changed_windows(seed)
    costs, _ = costs_of(".safetensors", data, windows.later[0, :1], sandboxes)
    inputs = np.concatenate([windows.later.reshape(-1, *windows.later.shape[2:]), windows.kept.reshape(-1, *windows.kept.shape[2:])])
    classes = classes_of(".safetensors", data, inputs, sandboxes)
    copies, count = windows.later.shape[:2]
    later, kept = classes[: copies * count].reshape(copies, count), classes[copies * count :].reshape(copies, -1)
    figures = {"windows": count, "right_percent": round(100 * float((later == windows.later_labels).mean()), 2)}
    return {**figures, **costs, "on": "changed, person 2"}, lost(shipped_is_right(seed), kept == windows.kept_labels), [_MEMORY]
