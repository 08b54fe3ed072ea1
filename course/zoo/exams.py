"""Train the networks of the zoo for medical examinations, and record what each is in float32 and as an int8 file.

seedN.json holds, for both: the AUC, sensitivity and specificity at the threshold that leaves SPECIFICITY of the healthy
validation patients alone, calibration before and after the temperature that was fitted on validation data, and intervals.
zoo/NAME/model.safetensors is the network of the recipe's first seed, unless its data may not be handed on (NOT_SHIPPED).

[model]  kind = "residual", "micro", "motion" or "perceptron"      [augment]  fields of PhotoAugment or SignalAugment
[distil] a teacher's answers as the loss                           [export]   options of `to_int8_onnx`
against = "NAME": the network whose same seed it is compared with, case by case
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from course.zoo.exam_figures import Answers, figures, lost
from course.zoo.exported import exported
from course.zoo.recipe import checkpoint, weights_of
from utils.compress.distillation import from_teacher
from utils.data import Exams, biopsies, contours, dermoscopy, load_medmnist
from utils.doctor.needs import PNEUMONIA
from utils.files import ZOO
from utils.measure.card import logits_of
from utils.models import load_model, save_model
from utils.models.zoo import recipe
from utils.train import predict, train_by_recipe
from utils.train.by_recipe import KINDS

KNOWN = ("title", "data", "seeds", "against", "model", "train", "augment", "distil", "export")
NOT_SHIPPED = ("contours", "pneumoniamnist")  # their data may not be handed on, so the networks are not either
CALIBRATION = 500  # training inputs that show the ranges of activations


def pneumonia(split: str) -> Exams:
    """PneumoniaMNIST without its test split: four fifths of its training split, the held-out fifth, and its validation split as "test"."""
    if PNEUMONIA is None:
        raise FileNotFoundError("PneumoniaMNIST is not here: name its .npz file in the environment variable TITANS_MEDMNIST")
    given = load_medmnist(PNEUMONIA, ("healthy", "pneumonia"))
    if split == "test":
        return given["validation"]
    return given["train"].hold_out(0.2, seed=0)[split == "validation"]


DATA: dict[str, Callable[[str], Exams]] = {
    "biopsies": biopsies,
    "contours": contours,
    "dermoscopy": dermoscopy,
    "pneumoniamnist": pneumonia,
}


def check_recipe(what: dict) -> None:
    """Refuse what nothing would read.

    Raises:
        ValueError: an unknown part or kind of network.
    """
    if unknown := sorted(what.keys() - set(KNOWN)):
        raise ValueError(f"nothing reads {unknown[0]!r} in a recipe of examinations: use {', '.join(KNOWN)}")
    if (kind := what["model"].get("kind")) not in KINDS:
        raise ValueError(f"a network for examinations is of kind {', '.join(KINDS)}, got {kind!r}: choose one")


def train_exams(name: str, what: dict, seed: int, say: Callable[[str], None] = print) -> dict:
    """Train one seed on the training split, save it, fit threshold and temperature on validation, and judge it on the test split.

    Raises:
        ValueError: a recipe with a part that nothing reads.
        FileNotFoundError: the teacher, or the network to compare with, was not trained yet, or the data is not here.
    """
    check_recipe(what)
    began, data = time.perf_counter(), {split: DATA[what["data"]](split) for split in ("train", "validation", "test")}
    model = trained(what, data["train"], seed)
    size = save_model(model, checkpoint(name, seed))
    if seed == what["seeds"][0] and what["data"] not in NOT_SHIPPED:
        save_model(model, ZOO / name / "model.safetensors")
    hours = round((time.perf_counter() - began) / 3600, 4)
    floats, (int8, size_int8) = in_floats(model, data), in_int8(model, what.get("export", {}), data)
    found = {"float32": figures(floats), "int8": {"bytes": size_int8, **figures(int8)}}
    if "against" in what:
        large = in_floats(load_model(weights_of(what["against"], seed)), data)
        found |= {"lost_float32": lost(large, floats), "lost_int8": lost(large, int8)}
    say(f"{name} seed {seed}: AUC {found['float32']['auc']:.4f}, int8 {found['int8']['auc']:.4f} in {size_int8:,} bytes")
    return {
        "seed": seed,
        "validation": found["float32"]["validation_accuracy"],
        "test": found["float32"]["accuracy"],
        "bytes": size,
        "parameters": sum(p.numel() for p in model.parameters()),
        **found,
        "hours": hours,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "config": {**what["train"], "seed": seed},
    }


def trained(what: dict, exams: Exams, seed: int) -> nn.Module:
    """A new network, trained on these examinations as the recipe says."""
    loss = None
    if "distil" in what:
        how = dict(what["distil"])
        teacher, same = how.pop("teacher"), how.pop("same_seed", False)
        loss = from_teacher(load_model(weights_of(teacher, seed if same else recipe(teacher)["seeds"][0])), **how)
    return train_by_recipe(what, exams, seed, loss)


def in_floats(model: nn.Module, data: dict[str, Exams]) -> Answers:
    """What the network says of the validation and of the test split."""
    return Answers.of(lambda inputs: predict(model, inputs).numpy(), data)


def in_int8(model: nn.Module, how: dict, data: dict[str, Exams]) -> tuple[Answers, int]:
    """The same of the network as an int8 .onnx file, calibrated on training inputs; and the bytes of the file."""
    with exported(model, data["train"].inputs[:CALIBRATION], how) as (network, size):
        run: Callable[[Any], np.ndarray] = lambda inputs: logits_of(network, inputs.numpy())  # noqa: E731
        return Answers.of(partial(run), data), size
