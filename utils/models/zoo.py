"""The zoo: trained checkpoints that ship with the course, each with its recipe and its record.

zoo/NAME/recipe.toml         everything the training depended on
zoo/NAME/seedN.json          what each seed reached
zoo/NAME/model.safetensors   the checkpoint of the first seed in the recipe
zoo/NAME/model.titan         in its place after training for the code length
zoo/NAME/foldK.safetensors   in its place where people are split into folds: the network that has never met those of fold K
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from utils.files import ZOO
from utils.models.store import load_model


@dataclass(frozen=True)
class Record:
    """What the seeds of one recipe reached.

    title: of the recipe; file: the checkpoint that ships, trained with the first seed of the recipe.
    seeds: those that were run, which may be fewer than the recipe lists.
    validation, test: accuracy in percent, one figure a seed; size_bytes, hours: likewise.
    """

    name: str
    title: str
    file: Path
    seeds: tuple[int, ...]
    validation: tuple[float, ...]
    test: tuple[float, ...]
    size_bytes: tuple[int, ...]
    hours: tuple[float, ...]

    @property
    def mean_test(self) -> float:
        """Mean test accuracy over the seeds that were run, in percent."""
        return sum(self.test) / len(self.test)


def zoo_names(suffix: str = ".safetensors") -> list[str]:
    """Every model of the zoo that ships as a checkpoint, or as a file of another suffix, ".titan"."""
    return sorted(path.parent.name for path in ZOO.glob(f"*/model{suffix}"))


def recipe(name: str) -> dict:
    """Read zoo/NAME/recipe.toml.

    Raises:
        FileNotFoundError: there is no such recipe; the message lists those that exist.
    """
    path = ZOO / name / "recipe.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.parent.name for p in ZOO.glob("*/recipe.toml")))
        raise FileNotFoundError(f"the zoo has no {name!r}: choose one of {known}")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def record(name: str) -> Record:
    """What training NAME reached, over the seeds that were run: `record(NAME).seeds` says which.

    Raises:
        FileNotFoundError: no such recipe, or it was not trained yet.
    """
    what = recipe(name)
    files = [ZOO / name / f"seed{seed}.json" for seed in what["seeds"]]
    runs = [json.loads(file.read_text(encoding="utf-8")) for file in files if file.is_file()]
    if not runs:
        raise FileNotFoundError(f"{name} has no results in {ZOO / name}: unpack the course again, or train it as zoo/README.md says")
    column = lambda key: tuple(run[key] for run in runs)  # noqa: E731
    return Record(
        name,
        what["title"],
        _file(name, what),
        column("seed"),
        column("validation"),
        column("test"),
        column("bytes"),
        column("hours"),
    )


def load(name: str, fold: int | None = None) -> nn.Module:
    """The trained network NAME, in evaluation mode.

    fold: which of the networks that were trained on other people each; the one that its recipe names unless given.

    Raises:
        FileNotFoundError: the zoo has no such model.
        ValueError: its file is damaged or a .titan file, or it has no such fold.
    """
    what = recipe(name)  # names the choices if there is no such model
    if "rate" in what:
        raise ValueError(f"{name} is stored as a .titan file: give zoo.record({name!r}).file to utils.compress.titan.read_titan")
    return load_model(_file(name, what, fold))


def _file(name: str, what: dict, fold: int | None = None) -> Path:
    if fold is not None and fold not in range(what.get("folds", 0)):
        choices = f"use 0 to {what['folds'] - 1}" if "folds" in what else "leave it out"
        raise ValueError(f"{name} has no fold {fold}: {choices}")
    which = what.get("ships") if fold is None else fold
    if "rate" in what:
        return ZOO / name / "model.titan"
    return ZOO / name / ("model.safetensors" if which is None else f"fold{which}.safetensors")
