"""Train one seed of an image network: resumable, with validation after each epoch."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from course.zoo.recipe import Start, checkpoint, gather, images_of, parents
from utils.compress.rate import RateConfig, train_for_rate
from utils.compress.titan import compress_to_titan
from utils.files import ZOO, sha256_of, write_atomically
from utils.models import Codes, save_model
from utils.train import History, TrainConfig, accuracy, fit

WATCHED = 2000  # validation images after each epoch, to see that it goes well; the record counts all of them


def train_images(name: str, what: dict, seed: int, say: Callable[[str], None]) -> dict:
    """Train one seed of a recipe of images and save its network; go on where an earlier run stopped.

    Returns the record: validation and test accuracy in percent, bytes of the file, hours.

    Raises:
        FileNotFoundError: the network that it starts from was not trained yet.
        ValueError: a state was left by another recipe.
    """
    config = TrainConfig(seed=seed, **what["train"])
    torch.manual_seed(seed)
    start = gather(what, seed)
    state = checkpoint(name, seed).with_suffix(".state")
    claim(state, name, what, seed)
    spent = state.with_suffix(".seconds")
    before, began = float(spent.read_text()) if state.is_file() and spent.is_file() else 0.0, time.perf_counter()

    def on_epoch(epoch: int, history: History) -> None:
        spent.write_text(str(before + time.perf_counter() - began))
        say(f"{name} seed {seed}: epoch {epoch}/{config.epochs}, loss {history.loss[-1]:.4f}, validation {history.accuracy[-1]:.2f} %")

    validation, test = (images_of(what, split) for split in ("validation", "test"))
    watched = validation[:WATCHED]
    model, codes = start.model, _train(start, what, config, validation=watched, on_epoch=on_epoch, resume=state)
    size = _save(model, checkpoint(name, seed), codes, what)
    record = {
        "seed": seed,
        "validation": round(accuracy(model, validation), 2),
        "test": round(accuracy(model, test), 2),
        "bytes": size,
        "parameters": sum(p.numel() for p in model.parameters()),
        "nonzero": sum(int((p != 0).sum()) for p in model.parameters()),
        "hours": round((before + time.perf_counter() - began) / 3600, 3),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "config": asdict(config),
    }
    if seed == what["seeds"][0]:
        _save(model, ZOO / name / "model.safetensors", codes, what)
    return record


def _train(start: Start, what: dict, config: TrainConfig, on_epoch: Callable[[int, History], None], **given: Any) -> dict[str, Codes]:
    """Train in place; the codes to store, none if nothing was rounded."""
    if "rate" not in what:
        fit(start.model, start.data, config, on_epoch=on_epoch, **given, **start.extras)
        return start.finish()
    how = RateConfig(config, **what["rate"])
    result = train_for_rate(
        start.model, start.data, how, on_epoch=lambda epoch, so_far: on_epoch(epoch, so_far.history), **given, **start.extras
    )
    return result.codes


def _save(model: nn.Module, path: Path, codes: dict[str, Codes], what: dict) -> int:
    """Write a checkpoint, or a .titan file in its place after training for the code length; return its size in bytes."""
    if "rate" in what:
        return compress_to_titan(model, codes=codes).write(path.with_suffix(".titan"))
    return save_model(model, path, codes)


def forget_state(name: str, seed: int) -> None:
    """Remove what an interrupted training would have been resumed from: the record of this seed is written."""
    state = checkpoint(name, seed).with_suffix(".state")
    state.unlink(missing_ok=True)
    state.with_suffix(".recipe").unlink(missing_ok=True)


def claim(state: Path, name: str, what: dict, seed: int) -> None:
    """Say beside the state which recipe and which starting weights it belongs to; refuse a state of others."""
    depends = {key: value for key, value in what.items() if key not in ("title", "seeds")}
    weights = "".join(sha256_of(file) for file in parents(what, seed).values())
    digest = hashlib.sha256((json.dumps(depends, sort_keys=True) + weights).encode()).hexdigest()
    note = state.with_suffix(".recipe")
    if state.is_file() and (not note.is_file() or note.read_text(encoding="utf-8") != digest):
        raise ValueError(f"{state} was made with another recipe of {name} or from other weights: delete it or use the old one")
    write_atomically(note, digest)
