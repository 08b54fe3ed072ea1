"""Train the zoo from its recipes: `start.py train NAME`.

A recipe (zoo/NAME/recipe.toml) holds everything a run depends on. Every seed leaves its figures
in zoo/NAME/seedN.json; the first seed of the recipe is the one that ships, never the best one.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch
from torch import nn

from utils.compress.distillation import from_teacher
from utils.compress.pruning import GradualPruner, by_lot, choose_channels, global_masks, prune_channels
from utils.data import fashion_mnist
from utils.files import ZOO, sha256_of, write_atomically
from utils.models import ResidualConfig, ResidualNet, load_model, save_model
from utils.models.zoo import recipe
from utils.train import TrainConfig, accuracy, fit

RUNS = ZOO / ".runs"  # checkpoints of every epoch and of the seeds that do not ship; not in git


def train(name: str, seed: int, say: Callable[[str], None] = print) -> dict:
    """Run one seed of a recipe (resuming where it stopped) and write its record.

    Returns the record: validation and test accuracy in percent, bytes of the file, hours.

    Raises:
        FileNotFoundError: no such recipe, or the network that it starts from was not trained yet.
        ValueError: a state was left by another recipe.
    """
    what = recipe(name)
    config = TrainConfig(seed=seed, **what["train"])
    torch.manual_seed(seed)
    model, extras = _start(what, seed, config)
    state = RUNS / name / f"seed{seed}.state"
    _claim(state, name, what, seed)
    spent = RUNS / name / f"seed{seed}.seconds"
    before, began = float(spent.read_text()) if state.is_file() and spent.is_file() else 0.0, time.perf_counter()

    def on_epoch(epoch, history):
        spent.write_text(str(before + time.perf_counter() - began))
        say(f"{name} seed {seed}: epoch {epoch}/{config.epochs}, loss {history.loss[-1]:.4f}, validation {history.accuracy[-1]:.2f} %")

    train_data, validation, test = (fashion_mnist(split) for split in ("train", "validation", "test"))
    fit(model, train_data, config, validation=validation, on_epoch=on_epoch, resume=state, **extras)
    size = save_model(model, checkpoint(name, seed))
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
    write_atomically(ZOO / name / f"seed{seed}.json", (json.dumps(record, indent=1) + "\n").encode())
    if seed == what["seeds"][0]:
        save_model(model, ZOO / name / "model.safetensors")
    state.unlink(missing_ok=True)
    state.with_suffix(".recipe").unlink(missing_ok=True)
    say(f"{name} seed {seed}: validation {record['validation']} %, test {record['test']} %, {size:,} bytes")
    return record


def checkpoint(name: str, seed: int) -> Path:
    """Where the weights of one seed lie after training."""
    return RUNS / name / f"seed{seed}.safetensors"


def _parent(name: str, seed: int) -> Path:
    """The weights of a seed that a recipe starts from: from a run here, or the ones that ship."""
    shipped = ZOO / name / "model.safetensors"
    if checkpoint(name, seed).is_file():
        return checkpoint(name, seed)
    if seed == recipe(name)["seeds"][0] and shipped.is_file():
        return shipped
    raise FileNotFoundError(f"seed {seed} of {name} is not here: train {name} first: python3 start.py train {name} --seed {seed}")


def _claim(state: Path, name: str, what: dict, seed: int) -> None:
    """Say beside the state which recipe and which starting weights it belongs to; refuse a state of others."""
    depends = {key: value for key, value in what.items() if key not in ("title", "seeds")}
    weights = sha256_of(_parent(what["from"], seed)) if "from" in what else ""
    digest = hashlib.sha256((json.dumps(depends, sort_keys=True) + weights).encode()).hexdigest()
    note = state.with_suffix(".recipe")
    if state.is_file() and (not note.is_file() or note.read_text(encoding="utf-8") != digest):
        raise ValueError(f"{state} was made with another recipe of {name} or from other weights: delete it or use the old one")
    write_atomically(note, digest)


def _start(what: dict, seed: int, config: TrainConfig) -> tuple[nn.Module, dict]:
    """The model that a recipe starts from and what it adds to the training loop."""
    extras: dict = {}
    if "from" not in what:
        shape = what["model"]
        return ResidualNet(ResidualConfig.of(shape["stem"], *shape["blocks"])), extras
    model = load_model(_parent(what["from"], seed))
    if "distil" in what:
        extras["loss"] = from_teacher(model, **what["distil"])
    if (prune := what.get("prune")) is None:
        return model, extras
    if prune["kind"] == "channels":
        generator = torch.Generator().manual_seed(seed)
        keep = choose_channels(model, prune["keep"], criterion=prune["choose"], generator=generator)
        return prune_channels(model, keep), extras
    choose = by_lot(seed) if prune["choose"] == "random" else global_masks
    extras["after_step"] = GradualPruner(model, prune["sparsity"], choose=choose)
    return model, extras


if __name__ == "__main__":
    import sys

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    train(sys.argv[1], int(sys.argv[2]), lambda text: print(text, flush=True))
