"""What a recipe of the zoo puts together: a network to start from, images, a loss, steps, and what is stored.

[model]      a new network                     from = "NAME"   or the same seed of another entry
             with kind = "found": the winner of the same seed of a recorded search
[prune]      weights or channels to remove     [quantize]      bits of the weights
[distil]     a teacher's answers as the loss   [few]           only so many labeled images of each class
[pseudo]     a teacher's answers in place of the labels that [few] took away
[sandwich]   networks of the model's space that learn along with a supernet
[augment]    how images are shifted, mirrored and covered, instead of as [train] says
[rate]       training for the code length; the network is stored as a .titan file
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from utils.compress.distillation import from_teacher, pseudo_label
from utils.compress.pruning import GradualPruner, choose_channels, global_masks, nested_random_masks, prune_channels
from utils.compress.quantization import freeze_, qat_
from utils.compress.search import Budget, Space, recorded_searches, sandwich
from utils.data import Images, fashion_mnist, mnist
from utils.files import ZOO
from utils.models import (
    Architecture,
    ChainNet,
    Codes,
    LeNet,
    MicroConfig,
    MicroNet,
    Perceptron,
    PerceptronConfig,
    ResidualConfig,
    ResidualNet,
    Supernet,
    load_model,
)
from utils.models.zoo import recipe
from utils.train import augmented, predict

RUNS = ZOO / ".runs"  # checkpoints of every epoch and of the seeds that do not ship; not in git
KNOWN = (
    "title",
    "data",
    "seeds",
    "model",
    "from",
    "prune",
    "quantize",
    "distil",
    "few",
    "pseudo",
    "sandwich",
    "int8",
    "train",
    "augment",
    "rate",
)


@dataclass
class Start:
    """What training begins with. extras: further arguments of `fit`."""

    model: nn.Module
    data: Images
    quantized: bool = False
    extras: dict[str, Any] = field(default_factory=dict)

    def finish(self) -> dict[str, Codes]:
        """Make what was rounded in training final; the codes to store, none if nothing was rounded."""
        return freeze_(self.model) if self.quantized else {}


def check_recipe(what: dict) -> None:
    """Refuse what nothing would read: a part with a misspelt name would be left out without a word.

    Raises:
        ValueError: an unknown part, [pseudo] without [few], [rate] with what changes its integers, or [sandwich] without a
            supernet.
    """
    if unknown := sorted(what.keys() - set(KNOWN)):
        raise ValueError(f"nothing reads {unknown[0]!r} in a recipe: use {', '.join(KNOWN)}")
    if "pseudo" in what and "few" not in what:
        raise ValueError("[pseudo] answers for the images whose labels [few] takes away: add [few], or use [distil]")
    if "rate" in what and (other := next((part for part in ("prune", "quantize", "sandwich") if part in what), None)):
        raise ValueError(f"[rate] trains integers, which [{other}] would change: leave one of the two out")
    if "sandwich" in what and what.get("model", {}).get("kind") != "supernet":
        raise ValueError('[sandwich] trains the networks inside a supernet: set kind = "supernet" in [model], or leave it out')


def checkpoint(name: str, seed: int) -> Path:
    """Where the weights of one seed lie after training."""
    return RUNS / name / f"seed{seed}.safetensors"


def shipped(name: str, seed: int) -> Path:
    """A checkpoint in the repository: of a recipe's first seed, and of all seeds where many recipes start from them."""
    return ZOO / name / ("model.safetensors" if seed == recipe(name)["seeds"][0] else f"seed{seed}.safetensors")


def weights_of(name: str, seed: int) -> Path:
    """The weights of a seed that a recipe starts from: from a run here, or the ones that ship."""
    for file in (checkpoint(name, seed), shipped(name, seed)):
        if file.is_file():
            return file
    raise FileNotFoundError(f"seed {seed} of {name} is not here: train {name} first: python3 start.py train {name} --seed {seed}")


def parents(what: dict, seed: int) -> dict[str, Path]:
    """The files that a recipe depends on: what it starts from, the search that found it, shared weights, and who teaches.

    A teacher is the one network that ships, whatever the seed; with `same_seed = true` it is its recipe's same seed.

    Raises:
        FileNotFoundError: one of them was not trained yet.
    """
    found = {"from": weights_of(what["from"], seed)} if "from" in what else {}
    if what.get("model", {}).get("kind") == "found":
        found["searches"] = ZOO / what["model"]["searches"] / f"seed{seed}.json"
    if (name := what.get("search", {}).get("supernet")) is not None:
        found["supernet"] = weights_of(name, recipe(name)["seeds"][0])
    for part in ("distil", "pseudo"):
        if (name := what.get(part, {}).get("teacher")) is not None:
            found[part] = weights_of(name, seed if what[part].get("same_seed") else recipe(name)["seeds"][0])
    return found


def gather(what: dict, seed: int) -> Start:
    """All that the recipe `what` puts together for one seed."""
    files = parents(what, seed)
    model = load_model(files["from"]) if "from" in what else _new(what["model"], seed)
    start = Start(model, _images(what, seed, files.get("pseudo")))
    if "distil" in what:
        teacher = load_model(files["distil"]) if "distil" in files else model
        how = {key: value for key, value in what["distil"].items() if key not in ("teacher", "same_seed")}
        start.extras["loss"] = from_teacher(teacher, **how, seed=seed)
    if "sandwich" in what:
        how = dict(what["sandwich"])
        budget = Budget(**how.pop("budget")) if "budget" in how else None
        space = Space.from_dict(what["model"]["space"])
        start.extras["loss"] = sandwich(space, **how, budget=budget, loss=start.extras.get("loss"), seed=seed)
    if "augment" in what:
        start.extras["augment"] = partial(augmented, **what["augment"])
    if "prune" in what:
        _prune(start, what["prune"], seed)
    if "quantize" in what:
        qat_(start.model, **what["quantize"])
        start.quantized = True
    return start


def _new(shape: dict, seed: int) -> nn.Module:
    kind = shape.get("kind", "residual")
    if kind in ("lenet_300_100", "lenet_5"):
        return Perceptron() if kind == "lenet_300_100" else LeNet()
    if kind == "perceptron":
        return Perceptron(PerceptronConfig(tuple(shape["hidden"])))
    if kind == "micro":
        return MicroNet(MicroConfig.of(shape["stem"], *shape["blocks"]))
    if kind == "supernet":
        return Supernet(Space.from_dict(shape["space"]).supernet())
    if kind == "found":
        (found,) = recorded_searches(shape["budget"], shape["method"], shape["searches"], [seed])
        return ChainNet(found.winner.architecture)
    if kind == "chain":
        return ChainNet(Architecture.from_dict({name: value for name, value in shape.items() if name != "kind"}))
    return ResidualNet(ResidualConfig.of(shape["stem"], *shape["blocks"]))


def _prune(start: Start, how: dict, seed: int) -> None:
    if how["kind"] == "channels":
        generator = torch.Generator().manual_seed(seed)
        keep = choose_channels(start.model, how["keep"], criterion=how["choose"], generator=generator)
        start.model = prune_channels(start.model, keep)
        return
    choose = nested_random_masks(seed) if how["choose"] == "random" else global_masks
    start.extras["after_step"] = GradualPruner(start.model, how["sparsity"], choose=choose)


def images_of(what: dict, split: str) -> Images:
    """A split of the images that a recipe names, Fashion-MNIST unless it says otherwise."""
    return mnist(split) if what.get("data") == "mnist" else fashion_mnist(split)


def _images(what: dict, seed: int, teacher: Path | None) -> Images:
    """The training images of a recipe: all 50,000; or the few labeled ones, with or without what a teacher says of the others."""
    data = images_of(what, "train")
    if "few" not in what:
        return data
    few = labelled(data.labels, what["few"]["per_class"], seed)
    repeated = few.repeat(what["few"].get("repeat", 1))
    if teacher is None:
        return data[repeated]
    others = torch.ones(len(data), dtype=torch.bool).index_fill_(0, few, False)
    labels, sure = pseudo_label(predict(load_model(teacher), data.images), what["pseudo"]["threshold"])
    answered = Images(data.images, labels, data.classes)[(sure & others).nonzero().flatten()]
    mine = data[repeated]
    return Images(torch.cat([mine.images, answered.images]), torch.cat([mine.labels, answered.labels]), data.classes)


def labelled(labels: Tensor, per_class: int, seed: int) -> Tensor:
    """Which images keep their labels: `per_class` of each class, drawn by the seed. Returns indices, ascending."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    return torch.cat([order[labels[order] == one][:per_class] for one in labels.unique()]).sort().values
