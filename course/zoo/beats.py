"""Train the networks of the zoo for single heartbeats, and record what each is as an int8 file.

zoo/NAME/model.safetensors is the network of the recipe's first seed. seedN.json holds accuracy, balanced recall and the
recall of the rare classes taken together, in float32 and in int8, with both confusion matrices of the official test split.

[balance]  kind = "sampling", "weights" or "logits", and its strength      [augment]  how beats are changed
[distil]   a teacher's answers as the loss                                  [export]   options of `to_int8_onnx`
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course.zoo.exported import exported
from course.zoo.recipe import checkpoint, weights_of
from utils.compress.distillation import from_teacher
from utils.data.ecg import RARE, Beats, ecg5000
from utils.files import ZOO
from utils.measure.card import logits_of
from utils.measure.statistics.recall import balanced_recall, confusion, pooled_recall
from utils.models import MotionConfig, MotionNet, load_model, save_model
from utils.models.zoo import recipe
from utils.train import Loss, TrainConfig, cross_entropy, fit, predict
from utils.train.imbalance import class_weighted, logit_adjusted, oversampled
from utils.train.signal_augment import SignalAugment

KNOWN = ("title", "data", "seeds", "model", "train", "balance", "augment", "distil", "export")
BALANCES = ("sampling", "weights", "logits")


def check_recipe(what: dict) -> None:
    """Refuse what nothing would read.

    Raises:
        ValueError: an unknown part, an unknown way to balance, or a teacher and a balanced loss at once.
    """
    if unknown := sorted(what.keys() - set(KNOWN)):
        raise ValueError(f"nothing reads {unknown[0]!r} in a recipe of heartbeats: use {', '.join(KNOWN)}")
    kind = what.get("balance", {}).get("kind")
    if "balance" in what and kind not in BALANCES:
        raise ValueError(f"heartbeats are balanced by {', '.join(BALANCES)}, got {kind!r}: choose one")
    if "distil" in what and kind in ("weights", "logits"):
        raise ValueError("a teacher's answers are the loss, so [balance] can't change it: use kind = 'sampling'")


def train_beats(name: str, what: dict, seed: int, say: Callable[[str], None] = print) -> dict:
    """Train one seed on the 500 official training beats, save it, and judge it on the 4,500 test beats.

    `validation` is that of another network, trained in the same way on three quarters and judged on the held-out quarter.

    Raises:
        ValueError: a recipe with a part that nothing reads.
        FileNotFoundError: the teacher was not trained yet.
    """
    check_recipe(what)
    began, (train, test) = time.perf_counter(), (of_task(what, split) for split in ("train", "test"))
    rest, held = train.hold_out()
    validation = judged(trained(what, rest, seed), held)
    model = trained(what, train, seed)
    size = save_model(model, checkpoint(name, seed))
    if seed == what["seeds"][0]:
        save_model(model, ZOO / name / "model.safetensors")
    floats, int8 = judged(model, test), in_int8(model, what.get("export", {}), train, test)
    say(f"{name} seed {seed}: test {floats['accuracy']:.2f} %, balanced {floats['balanced']:.2f} %, int8 {int8['balanced']:.2f} %")
    return {
        "seed": seed,
        "validation": validation["accuracy"],
        "validation_balanced": validation["balanced"],
        "test": floats["accuracy"],
        "bytes": size,
        "parameters": sum(p.numel() for p in model.parameters()),
        "float32": floats,
        "int8": int8,
        "hours": round((time.perf_counter() - began) / 3600, 4),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "config": {**what["train"], "seed": seed},
    }


def of_task(what: dict, split: str) -> Beats:
    """The beats with five labels, or with two where the recipe's network has two classes."""
    beats = ecg5000(split)
    return beats.normal_or_not() if what["model"]["classes"] == 2 else beats


def trained(what: dict, beats: Beats, seed: int) -> nn.Module:
    """A new network, trained on these beats as the recipe says."""
    torch.manual_seed(seed)
    model = MotionNet(MotionConfig.from_dict(what["model"]))
    balance, smoothing = what.get("balance", {}), what["train"].get("label_smoothing", 0.0)
    config = TrainConfig(seed=seed, **{"label_smoothing": smoothing, **what["train"]})
    data = beats[oversampled(beats.labels, balance.get("power", 1.0))] if balance.get("kind") == "sampling" else beats
    augment = SignalAugment(**what["augment"]) if "augment" in what else None
    fit(model, data, config, loss=_loss(what, beats.counts, seed, smoothing), augment=augment)
    return model


def _loss(what: dict, counts: Tensor, seed: int, smoothing: float) -> Loss:
    balance = what.get("balance", {})
    if "distil" in what:
        how = {key: value for key, value in what["distil"].items() if key != "teacher"}
        return from_teacher(load_model(weights_of(what["distil"]["teacher"], recipe(what["distil"]["teacher"])["seeds"][0])), **how)
    if balance.get("kind") == "logits":
        return logit_adjusted(counts, balance.get("tau", 1.0), smoothing)
    if balance.get("kind") == "weights":
        return class_weighted(counts, balance.get("power", 1.0), smoothing)
    return cross_entropy(smoothing)


def judged(model: nn.Module, beats: Beats) -> dict[str, Any]:
    """What a network does on beats, in percent, with its confusion matrix."""
    return figures(predict(model, beats.signals).numpy(), beats)


def figures(logits: np.ndarray, beats: Beats) -> dict[str, Any]:
    """Accuracy, balanced recall, recall of the rare classes together (five classes only) and the confusion matrix."""
    labels, said = beats.labels.numpy(), logits.argmax(1)
    found: dict[str, Any] = {"accuracy": float(100 * (said == labels).mean()), "balanced": balanced_recall(logits, labels)}
    if len(beats.classes) > 2:
        found["rare"] = pooled_recall(labels, said, RARE)
    rounded = {name: round(value, 3) for name, value in found.items()}
    return {**rounded, "confusion": confusion(labels, said, len(beats.classes)).tolist()}


def in_int8(model: nn.Module, how: dict, train: Beats, test: Beats) -> dict[str, Any]:
    """The network as an int8 .onnx file, calibrated on the training beats: its bytes and what it does."""
    with exported(model, train.signals, how) as (network, size):
        return {"bytes": size, **figures(logits_of(network, test.signals.numpy()), test)}
