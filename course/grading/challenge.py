"""Files of the open challenges: measured inside the sandbox, on photos that a secret seed changes, or on the instructor's own.

The test photos are public, so a network can be trained on them; moved, brighter or noisier by a secret seed they are
at least not the same ones. Only a test set of the instructor's own (`hidden`) is safe from that.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath
from typing import Any
from zlib import crc32

import numpy as np

from course.grading.inside import modules_for_artifacts
from course.grading.jobs import Answered, Call, Ended, Job, Raised, Reply
from course.grading.sandbox import Sandboxes
from utils.data import fashion_mnist
from utils.data.fashion_mnist import CLASSES, normalise
from utils.exercises.judges import short
from utils.exercises.view import legible

PHOTOS = 1000
_AT_ONCE = 250
_PROBING = "def answer(function, inputs, lab, probe):\n    return function(*inputs)\n"


@dataclass(frozen=True)
class Challenge:
    """What an open challenge asks for: the kind of its file, and its budgets; None where there is none, or it can't be counted here."""

    suffix: str
    size_bytes: int | None = None
    macs: int | None = None
    activation_bytes: int | None = None


# By lab; the budgets are those that the labs state. Lab 07's flash and lab 08's memory of training are the instructor's to look at.
CHALLENGES = {
    "00": Challenge(".safetensors", 20_000, 500_000, 26_000),
    "01": Challenge(".safetensors", 2_000_000),
    "02": Challenge(".safetensors", 900_000),
    "03": Challenge(".safetensors", 60_000),
    "06": Challenge(".onnx"),
    "07": Challenge(".onnx"),
}


@dataclass(frozen=True)
class Photos:
    """images: (n, 1, 28, 28) float32, normalised. labels: (n,) of whole numbers."""

    images: np.ndarray
    labels: np.ndarray


@cache
def hidden_photos(path: Path) -> Photos:
    """An instructor's own test set: an .npz with images (n, 28, 28) uint8 and labels (n,) in 0..9.

    Raises:
        ValueError: it is none. OSError: it can't be read.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            images, labels = archive["images"], archive["labels"]
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is no test set: save it with numpy.savez(file, images=..., labels=...)") from error
    if (
        images.dtype != np.uint8
        or images.shape != (len(labels), 28, 28)
        or not len(labels)
        or not np.isin(labels, range(len(CLASSES))).all()
    ):
        raise ValueError(f"{path} holds no test set: images must be (n, 28, 28) uint8, labels n whole numbers in 0..{len(CLASSES) - 1}")
    return Photos(normalise(images).numpy(), labels.astype(np.int64))


@cache
def changed_photos(seed: int, count: int = PHOTOS) -> Photos:
    """Public test photos, drawn and changed by a seed: moved by up to a pixel, up to a tenth brighter or darker, with some noise."""
    rng, test = np.random.default_rng([seed, crc32(b"challenge")]), fashion_mnist("test")
    chosen = rng.choice(len(test), count, replace=False)
    images, dark = test.images.numpy()[chosen], float(test.images.min())
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=dark)
    moves = rng.integers(0, 3, size=(count, 2))
    moved = np.stack([one[:, down : down + 28, right : right + 28] for one, (down, right) in zip(padded, moves, strict=True)])
    light = rng.uniform(0.9, 1.1, size=(count, 1, 1, 1))
    noisy = (moved - dark) * light + dark + rng.normal(scale=0.05, size=moved.shape)
    return Photos(np.maximum(noisy, dark).astype(np.float32), test.labels.numpy()[chosen])


def challenge_marks(lab: str, artifacts: dict[str, bytes], seed: int, sandboxes: Sandboxes, hidden: Photos | None = None) -> dict[str, Any]:
    """What a challenge's file reached; empty where the lab has none that can be scored, or no file came.

    lab: "01". Keys: file, size_bytes, macs, activation_bytes, photos, right_percent, on ("changed" or "hidden"), within_budget,
    and note, a sentence, where something is to be said. A file that can't be used has a note and no percentage.
    """
    if not artifacts:
        return {}
    if lab not in CHALLENGES:
        return {"file": legible(sorted(artifacts)[0]), "note": "The grader does not score this challenge: give manual points."}
    asked = CHALLENGES[lab]
    named = sorted(artifacts, key=lambda name: (PurePath(name).suffix != asked.suffix, not name.startswith(f"{lab}_challenge"), name))
    name, data = named[0], artifacts[named[0]]
    found: dict[str, Any] = {"file": legible(short(name, 100)), "size_bytes": len(data)}
    if PurePath(name).suffix != asked.suffix:
        return {**found, "note": f"A file that ends in {asked.suffix} is asked for."}
    photos = hidden or changed_photos(seed)
    replies = _replies(asked.suffix, data, photos, sandboxes)
    if fault := next((_fault(reply) for reply in replies if not isinstance(reply, Answered)), None):
        return {**found, "note": fault}
    costs = replies[0].value if isinstance(replies[0], Answered) and type(replies[0].value) is dict else {}
    costs = {key: costs.get(key) for key in ("macs", "activation_bytes") if type(costs.get(key)) is int}
    right = _right(replies[1:], photos)
    if right is None:
        return {**found, "note": "It does not answer with one class for each photo."}
    found |= {**costs, "photos": len(photos.labels), "right_percent": round(100 * right, 2), "on": "hidden" if hidden else "changed"}
    budgets = {"size_bytes": asked.size_bytes, "macs": asked.macs, "activation_bytes": asked.activation_bytes}
    over = [
        f"{found[key]:,} {key.replace('_', ' ')}, {most:,} are allowed"
        for key, most in budgets.items()
        if most and found.get(key, 0) > most
    ]
    return {**found, "within_budget": not over, **({"note": f"Over the budget: {'; '.join(over)}."} if over else {})}


def _replies(suffix: str, data: bytes, photos: Photos, sandboxes: Sandboxes) -> list[Reply]:
    source = Path(__file__).with_name("artifact.py").read_text(encoding="utf-8")
    modules = (*modules_for_artifacts(), ("titans_artifact", _PROBING))
    job = Job((("artifact", source),), "evaluate", "00", modules, "titans_artifact")
    calls = [Call(("load", suffix, np.frombuffer(data, np.uint8), photos.images[:1]))]
    calls += [Call(("run", photos.images[at : at + _AT_ONCE])) for at in range(0, len(photos.labels), _AT_ONCE)]
    return sandboxes.answers(job, calls)[1]


def _fault(reply: Reply) -> str:
    if isinstance(reply, Raised):
        return legible(f"It can't be used: {reply.type}: {short(reply.said, 150)}.")
    return f"It can't be used: {reply.why}." if isinstance(reply, Ended) else ""


def _right(replies: list[Reply], photos: Photos) -> float | None:
    """The share of photos whose class is right; None if the answers are no classes."""
    answers = [reply.value for reply in replies if isinstance(reply, Answered)]
    if not all(type(answer) is np.ndarray and answer.dtype.kind == "i" and answer.ndim == 1 for answer in answers) or not answers:
        return None
    classes = np.concatenate(answers)
    return float((classes == photos.labels).mean()) if classes.shape == photos.labels.shape else None
