"""Searches of the zoo: under each budget of a recipe, and some of the networks that they find trained for a few epochs.

A recipe has [search] (the supernet and the settings), [distil] and [train], and for each budget
[budgets.NAME]   limits: of `Budget`. methods: "evolution", "random" or both. best: how many of the highest estimates are trained.
                 drawn: how many are trained whatever their estimates, of those that random search draws first.
`utils.compress.search.records` reads what is recorded here.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from torch import nn

from course.zoo.images import claim
from course.zoo.recipe import checkpoint, gather, parents
from utils.compress.search import Architecture, Budget, Candidate, SearchConfig, SharedWeights, Space, random_search, search
from utils.data import Images, fashion_mnist
from utils.deploy import OnnxRunnable, to_int8_onnx
from utils.files import write_atomically
from utils.measure import scorecard
from utils.models.zoo import recipe
from utils.train import TrainConfig, accuracy, fit

KNOWN = ("title", "data", "seeds", "search", "budgets", "distil", "train")
OF_BUDGET = {"limits", "methods", "best", "drawn"}
METHODS = {"evolution": search, "random": random_search}
CALIBRATION = 512  # images of the training split that give the ranges of int8 activations, as in the recipes with [int8]
Say = Callable[[str], None]


def check_recipe(what: dict) -> None:
    """Refuse what nothing would read, and what a search lacks.

    Raises:
        ValueError: an unknown part, or one that is missing.
    """
    if unknown := sorted(what.keys() - set(KNOWN)):
        raise ValueError(f"nothing reads {unknown[0]!r} in a recipe of searches: use {', '.join(KNOWN)}")
    if missing := [part for part in ("search", "budgets", "train") if part not in what]:
        raise ValueError(f"a recipe of searches needs [{missing[0]}]: add it")
    for name, how in what["budgets"].items():
        if how.keys() != OF_BUDGET or not set(how["methods"]) <= METHODS.keys():
            raise ValueError(f"[budgets.{name}] needs {', '.join(sorted(OF_BUDGET))}, and methods out of {', '.join(METHODS)}, got {how}")


def run_searches(name: str, what: dict, seed: int, say: Say = print) -> dict:
    """Run all searches of a recipe with one seed; go on behind the last finished search or training.

    Returns the record: for each budget and method the costs and estimates of all candidates, CPU seconds, and the finalists,
    which were trained alone.

    Raises:
        FileNotFoundError: the supernet or the teacher was not trained yet.
        ValueError: a recipe with a part that nothing reads, or a state that was left by another recipe.
    """
    check_recipe(what)
    settings = dict(what["search"])
    supernet = settings.pop("supernet")
    judged = {part: settings.pop(part) for part in ("calibration", "validation")}
    weights = parents(what, seed)["supernet"]
    judge, space = SharedWeights(weights, **judged), Space.from_dict(recipe(supernet)["model"]["space"])
    stale = SharedWeights(weights, calibration=0, validation=judged["validation"])
    state = checkpoint(name, seed).with_suffix(".state")
    claim(state, name, what, seed)
    notes = _Notes(state)
    record: dict = {"seed": seed, "config": {**what["train"], "seed": seed}, "searches": {}}
    for budget, how in what["budgets"].items():
        record["searches"][budget] = {}
        for method in how["methods"]:
            key = f"{budget}, {method}"
            config = SearchConfig(**settings, seed=seed)
            found = notes.kept(key, partial(_searched, method, space, how, judge, config))
            say(f"{name} seed {seed}: {key}: {found['cpu_s']:.0f} CPU seconds")
            trained = []
            for at, one in enumerate(found.pop("to_train")):
                more = notes.kept(f"{key}, {at}", partial(_trained, one["architecture"], how["limits"], what, seed, stale))
                trained.append(one | more)
                reached = f"trained {more['validation']} %, in int8 {more['int8']} %"
                say(f"{name} seed {seed}: {key}, {at}: estimate {one['estimate']} %, {reached}")
            record["searches"][budget][method] = found | {"trained": trained}
    record |= {"hours": round(notes.seconds / 3600, 3), "threads": torch.get_num_threads(), "torch": torch.__version__}
    return record


class _Notes:
    """Results that are kept in a file as soon as they are there, so that an interrupted run goes on behind them."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}

    @property
    def seconds(self) -> float:
        """All results together, wall clock."""
        return sum(one["seconds"] for one in self._known.values())

    def kept(self, key: str, make: Callable[[], dict]) -> dict:
        """The result of this key, made if there is none yet."""
        if key not in self._known:
            began = time.perf_counter()
            value = make()
            self._known[key] = {"value": value, "seconds": time.perf_counter() - began}
            write_atomically(self._file, json.dumps(self._known).encode())
        return json.loads(json.dumps(self._known[key]["value"]))  # a copy: the caller changes it


def _searched(method: str, space: Space, how: dict, judge: SharedWeights, config: SearchConfig) -> dict:
    """One search: costs and estimates of all candidates in their order, and which of them are trained alone."""
    result = METHODS[method](space, Budget(**how["limits"]), judge, config)
    order = sorted(range(len(result.candidates)), key=lambda at: (-result.candidates[at].accuracy, result.candidates[at].counts.macs, at))
    ranks = {at: rank for rank, at in enumerate(order[: how["best"]])}
    drawn = range(how["drawn"]) if method == "random" else range(0)  # these were drawn uniformly among all within the budget
    return {
        "evaluations": len(result.candidates),
        "refused": result.refused,
        "cpu_s": round(result.cpu_s, 1),
        **{cost: [getattr(one.counts, cost) for one in result.candidates] for cost in ("macs", "file_bytes")},
        "estimates": [round(one.accuracy, 2) for one in result.candidates],
        "to_train": [_chosen(result.candidates[at], ranks.get(at), at in drawn) for at in dict.fromkeys([*ranks, *drawn])],
    }


def _chosen(one: Candidate, rank: int | None, drawn: bool) -> dict:
    counted = {"counts": asdict(one.counts), "architecture": one.architecture.to_dict()}
    return {"rank": rank, "drawn": drawn, "estimate": round(one.accuracy, 2), **counted}


def _trained(architecture: dict, limits: dict, what: dict, seed: int, stale: SharedWeights) -> dict:
    """What a network reaches on the validation images after the recipe's training, as floats and as the int8 file that would ship.

    unadjusted: its estimate with the largest network's statistics. bytes: of the file. cpu_s: of the training. int8 and bytes are
    None where `to_int8_onnx` refuses to write a file whose answers are too far from the network's.
    """
    config = TrainConfig(seed=seed, **what["train"])
    torch.manual_seed(seed)
    parts = {part: what[part] for part in ("data", "distil") if part in what}
    start = gather({**parts, "model": {"kind": "chain", **architecture}}, seed)
    began = time.process_time()
    fit(start.model, start.data, config, **start.extras)
    found: dict[str, float | None] = {"cpu_s": round(time.process_time() - began, 1)}
    images, model = fashion_mnist("validation"), start.model.eval()
    found["unadjusted"] = round(stale(Architecture.from_dict(architecture)), 2)
    found["validation"] = round(accuracy(model, images), 2)
    return found | dict(zip(("int8", "bytes"), _in_int8(model, images, limits.get("per_channel", True)), strict=True))


def _in_int8(model: nn.Module, images: Images, per_channel: bool) -> tuple[float | None, int | None]:
    """Accuracy in percent and bytes of the int8 file, None each if it is refused."""
    calibration = fashion_mnist("train")[:CALIBRATION].images
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "int8.onnx"
        try:
            size = to_int8_onnx(model, None, file, calibration, per_channel=per_channel)
        except ValueError:
            return None, None
        return round(scorecard(OnnxRunnable(file, name="int8"), images).metric, 2), size
