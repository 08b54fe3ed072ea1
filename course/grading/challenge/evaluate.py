"""What the trusted side asks of a sandbox about a challenge's file, and takes of what comes back.

Two jobs, each in a process of its own: the costs are read while nothing of the file has run, then it is run. What comes
back is plain numbers, and checked; whatever ends badly becomes one sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import PurePath
from typing import Any

import numpy as np

from course.grading.sandbox.bubblewrap import INSIDE
from course.grading.sandbox.jobs import Answered, Call, Ended, Job, Raised
from course.grading.sandbox.keeper import Sandboxes
from course.grading.sandbox.modules import modules_for_artifacts
from utils.deploy.mcu import boards, codegen
from utils.exercises.judges import short
from utils.exercises.messages.view import legible

AT_ONCE = 250  # inputs in one call, which has five seconds of the processor
_PROBING = "def answer(function, inputs, lab, probe, ask, again):\n    return function(*inputs)\n"


class UnusableError(Exception):
    """A file that can't be scored; the message is the sentence that says so."""


def costs_of(suffix: str, data: bytes, example: np.ndarray, sandboxes: Sandboxes) -> tuple[dict[str, int], list[str]]:
    """The counted costs, and a sentence about what is not."""
    job = _job("challenge_costs.py", "costs", modules_for_artifacts(suffix[1:]))
    (told,) = _values(job, [Call((suffix, _bytes(data), example))], sandboxes)
    uncounted = told.get("uncounted") if type(told) is dict else None
    if type(uncounted) is not list or not all(type(one) is str for one in uncounted):
        raise UnusableError("It can't be used: its costs could not be read.")
    found = {key: told[key] for key in ("macs", "activation_bytes") if _is_count(told.get(key))}
    notes = [f"Its MACs and activations are not counted: it has {legible(short(', '.join(uncounted), 150))}."] if uncounted else []
    return found, notes


def on_chip(data: bytes, images: np.ndarray, sandboxes: Sandboxes) -> tuple[np.ndarray, dict[str, int], str]:
    """(classes in integers, flash_bytes and ram_bytes of the linked program, "").

    Where it can't be linked: least_flash_bytes and least_ram_bytes, of tables and activations alone, and why.
    """
    job = _job("challenge_chip.py", "evaluate", modules_for_artifacts("chip"))
    calls = [Call(("load", _bytes(data), images.shape[1:])), Call(("link", program_sources()))]
    loaded, linked, *classes = _values(job, [*calls, *_runs(images)], sandboxes)
    loaded, linked = (one if type(one) is dict else {} for one in (loaded, linked))
    sizes = {key: linked[key] for key in ("flash_bytes", "ram_bytes") if _is_count(linked.get(key))}
    least = {
        key: loaded[part] for key, part in (("least_flash_bytes", "tables"), ("least_ram_bytes", "arena")) if _is_count(loaded.get(part))
    }
    missing = linked.get("missing")
    why = "" if sizes else legible(short(missing if type(missing) is str else "no sizes came back", 200).rstrip("."))
    return _joined(classes, images), sizes or least, why


@cache
def program_sources() -> dict[str, dict[str, str]]:
    """The C sources and the linker script that a program is made of: "runtime" and "board" -> name -> text."""
    folders = {"runtime": codegen.RUNTIME, "board": boards.FOLDER}
    return {name: {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} for name, folder in folders.items()}


def classes_of(suffix: str, data: bytes, inputs: np.ndarray, sandboxes: Sandboxes) -> np.ndarray:
    """(n,) the classes that a file gives to inputs (n, ...) float32. Raises `UnusableError` if it does not."""
    modules = modules_for_artifacts(suffix[1:]) if suffix != ".onnx" else ()
    _, *classes = _values(_job("challenge_run.py", "evaluate", modules), [Call(("load", suffix, _bytes(data))), *_runs(inputs)], sandboxes)
    return _joined(classes, inputs)


def _job(file: str, function: str, modules: Sequence[tuple[str, str | None]]) -> Job:
    source = (INSIDE / file).read_text(encoding="utf-8")
    return Job(((PurePath(file).stem, source),), function, "00", (*modules, ("titans_artifact", _PROBING)), "titans_artifact")


def _runs(inputs: np.ndarray) -> list[Call]:
    return [Call(("run", inputs[at : at + AT_ONCE])) for at in range(0, len(inputs), AT_ONCE)]


def _bytes(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _values(job: Job, calls: Sequence[Call], sandboxes: Sandboxes) -> list[Any]:
    """What came back for each call.

    Raises:
        UnusableError: one had no answer.
    """
    _, replies = sandboxes.answers(job, calls)
    for call, reply in zip(calls, replies, strict=False):
        if isinstance(reply, Raised) and call.inputs[0] == "run" and reply.type != "ValueError":  # a library's words may tell hidden inputs
            raise UnusableError(f"It can't be used: it fails on some of the inputs ({legible(reply.type)}).")
        if isinstance(reply, Raised):
            said = reply.said if reply.type in ("ValueError", "Fail") else f"{reply.type}: {reply.said}"
            raise UnusableError(legible(f"It can't be used: {short(said, 250).rstrip('.')}."))
        if isinstance(reply, Ended):
            raise UnusableError(f"It can't be used: {reply.why}.")
    if len(replies) != len(calls):
        raise UnusableError("It can't be used: it was not run.")
    return [reply.value for reply in replies if isinstance(reply, Answered)]


def _joined(answers: Sequence[Any], inputs: np.ndarray) -> np.ndarray:
    """(n,) classes, one for each input.

    Raises:
        UnusableError: the answers are none.
    """
    fits = all(type(answer) is np.ndarray and answer.dtype.kind == "i" and answer.ndim == 1 for answer in answers)
    if not fits or sum(map(len, answers)) != len(inputs):
        raise UnusableError("It does not answer with one class for each input.")
    return np.concatenate(answers)
