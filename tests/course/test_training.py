"""Recipes run from a fresh clone, go on after an interruption, and never go on from what belongs to another."""

import json
from pathlib import Path

import pytest
import torch

from course import training
from utils.data import fashion_mnist
from utils.models import load_model, zoo

DENSE = """
title = "Dense"
seeds = [3, 4]
[model]
stem = 4
blocks = [[8, 2]]
[train]
epochs = 2
batch_size = 16
"""
SPARSE = """
title = "Sparse"
from = "dense"
seeds = [3, 4]
[prune]
kind = "weights"
sparsity = 0.75
choose = "magnitude"
[train]
epochs = 2
batch_size = 16
"""


def silent(text: str) -> None:
    """Nobody needs to hear it."""


LONGER = """
title = "Trained on, nothing removed"
from = "dense"
seeds = [3]
[distil]
temperature = 4.0
alpha = 0.7
[train]
epochs = 1
batch_size = 16
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo of two recipes, and 64 images a split."""
    for name, text in (("dense", DENSE), ("sparse", SPARSE), ("longer", LONGER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "recipe.toml").write_text(text)
    monkeypatch.setattr(training, "ZOO", tmp_path)
    monkeypatch.setattr(training, "RUNS", tmp_path / ".runs")
    monkeypatch.setattr(zoo, "ZOO", tmp_path)
    monkeypatch.setattr(training, "fashion_mnist", lambda split: fashion_mnist(split, 64))
    return tmp_path


def interrupt(name: str, seed: int) -> None:
    """Stop after the first epoch."""

    def stop(text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.train(name, seed, stop)


def weights(file: Path) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in load_model(file).parameters()])


def test_a_run_leaves_its_record_and_the_first_seed_ships(folder: Path) -> None:
    for seed in (4, 3):
        record = training.train("dense", seed, silent)
        assert json.loads((folder / "dense" / f"seed{seed}.json").read_text()) == record
        assert (folder / "dense" / "model.safetensors").is_file() == (seed == 3)
    assert sorted(path.name for path in (folder / ".runs" / "dense").iterdir() if path.suffix != ".seconds") == [
        "seed3.safetensors",
        "seed4.safetensors",
    ]


def test_on_a_fresh_clone_a_recipe_starts_from_the_shipped_weights_of_their_seed_only(folder: Path) -> None:
    training.train("dense", 3, silent)
    training.checkpoint("dense", 3).unlink()
    assert training.train("sparse", 3, silent)["nonzero"] < training.train("dense", 4, silent)["nonzero"]
    training.checkpoint("dense", 4).unlink()
    with pytest.raises(FileNotFoundError, match=r"train dense first: python3 start\.py train dense --seed 4"):
        training.train("sparse", 4, silent)


def test_an_interrupted_pruning_ends_where_a_whole_one_does(folder: Path) -> None:
    training.train("dense", 3, silent)
    training.train("sparse", 3, silent)
    whole = weights(training.checkpoint("sparse", 3))
    training.checkpoint("sparse", 3).unlink()
    interrupt("sparse", 3)
    training.train("sparse", 3, silent)
    assert torch.equal(weights(training.checkpoint("sparse", 3)), whole)


@pytest.mark.parametrize("change", ["recipe", "weights", "note"])
def test_a_state_of_another_recipe_or_other_weights_is_refused(folder: Path, change: str) -> None:
    """Nothing in the loop's own configuration differs here."""
    training.train("dense", 3, silent)
    interrupt("sparse", 3)
    if change == "recipe":
        (folder / "sparse" / "recipe.toml").write_text(SPARSE.replace("0.75", "0.5"))
    elif change == "weights":
        (folder / "dense" / "recipe.toml").write_text(DENSE.replace("epochs = 2", "epochs = 1"))
        training.train("dense", 3, silent)
    else:
        (folder / ".runs" / "sparse" / "seed3.recipe").unlink()
    with pytest.raises(ValueError, match="made with another recipe of sparse"):
        training.train("sparse", 3, silent)


def test_another_title_or_more_seeds_do_not_make_another_recipe(folder: Path) -> None:
    interrupt("dense", 3)
    (folder / "dense" / "recipe.toml").write_text(DENSE.replace("Dense", "Thick").replace("[3, 4]", "[3, 4, 5]"))
    training.train("dense", 3, silent)


def test_a_control_may_train_on_without_removing_anything(folder: Path) -> None:
    """It starts from the other network's weights, learns from them as its teacher, and keeps every weight."""
    training.train("dense", 3, silent)
    record = training.train("longer", 3, silent)
    before, after = (load_model(training.checkpoint(name, 3)).state_dict() for name in ("dense", "longer"))
    assert record["parameters"] - record["nonzero"] < 10
    assert before.keys() == after.keys() and not torch.equal(before["stem.weight"], after["stem.weight"])
