"""Train the networks of the zoo for spoken digits, and record what each is as an int8 file.

zoo/NAME/model.safetensors is the network of the recipe's first seed: logits of the ten digits and of "other", from a second of
normalized log-mel features, (n, 1, 49, 40). seedN.json holds, in float32 and in int8, the accuracy on held-out synthetic voices
and on the real person; and, in int8, what a detector does in hours of sound: misses in percent, false accepts per hour.

[augment]   copies of each recording, and how they are changed (`VoiceAugment`)
[other]     how many examples of each kind of "other" a copy has (`utils.data.speech.negatives`)
[detector]  hours of each stream, stride and window in frames, refractory time in frames
[export]    options of `to_int8_onnx`
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course.zoo.exported import exported
from course.zoo.recipe import checkpoint
from utils.data.speech import (
    DIGITS,
    RATE_HZ,
    MelConfig,
    Speech,
    StreamConfig,
    VoiceAugment,
    log_mel,
    negatives,
    normalized,
    real_digits,
    spoken_digits,
    streams,
    windows,
)
from utils.files import ZOO
from utils.measure.card import logits_of
from utils.measure.detection import Match, smooth, sweep
from utils.models import MicroConfig, MicroNet, save_model
from utils.train import TrainConfig, fit, predict

KNOWN = ("title", "data", "seeds", "model", "train", "augment", "other", "detector", "export")
CLASSES = len(DIGITS) + 1
THRESHOLDS = tuple(np.round(1 / (1 + np.exp(-np.arange(-1.0, 8.0, 0.1))), 5).tolist())  # equal steps of the logit
MAX_PER_HOUR = 1.0  # false accepts, when the threshold is chosen
PART = 256  # recordings that are augmented at once
Logits = Callable[[Tensor], np.ndarray]


def check_recipe(what: dict) -> None:
    """Refuse what nothing would read.

    Raises:
        ValueError: an unknown part, or a network without a class for "other".
    """
    if unknown := sorted(what.keys() - set(KNOWN)):
        raise ValueError(f"nothing reads {unknown[0]!r} in a recipe of spoken digits: use {', '.join(KNOWN)}")
    if what["model"].get("classes") != CLASSES:
        raise ValueError(f"a network for spoken digits has {CLASSES} classes, the digits and other: set classes = {CLASSES} in [model]")


def train_keywords(name: str, what: dict, seed: int, say: Callable[[str], None] = print) -> dict:
    """Train one seed on the training voices, save it, and judge it on other voices, on the real person and in streams.

    Raises:
        ValueError: a recipe with a part that nothing reads.
    """
    check_recipe(what)
    began = time.perf_counter()
    inputs, labels = examples(what, seed)
    torch.manual_seed(seed)
    model = MicroNet(MicroConfig.from_dict(what["model"]))
    state = checkpoint(name, seed).with_suffix(".state")
    state.parent.mkdir(parents=True, exist_ok=True)
    fit(model, (inputs, labels), TrainConfig(seed=seed, augment=False, **what["train"]), resume=state)
    size = save_model(model, checkpoint(name, seed))
    if seed == what["seeds"][0]:
        save_model(model, ZOO / name / "model.safetensors")
    floats = recognized(lambda x: predict(model, x).numpy())
    with exported(model, inputs[:: max(1, len(inputs) // 500)], what.get("export", {})) as (network, int8_size):

        def answers(x: Tensor) -> np.ndarray:
            return logits_of(network, x.numpy())

        int8 = {"bytes": int8_size, **recognized(answers), "detector": detected(answers, what["detector"])}
    say(f"{name} seed {seed}: {int8}")
    return {
        "seed": seed,
        "validation": floats["validation"],
        "test": floats["test"],
        "bytes": size,
        "parameters": sum(p.numel() for p in model.parameters()),
        "float32": floats,
        "int8": int8,
        "hours": round((time.perf_counter() - began) / 3600, 4),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "config": {**what["train"], "seed": seed},
    }


def features(waveforms: Tensor) -> Tensor:
    """(n, 8000) waveforms -> (n, 1, 49, 40), what the network takes."""
    return normalized(log_mel(waveforms))[:, None]


def examples(what: dict, seed: int) -> tuple[Tensor, Tensor]:
    """Features and labels of all copies: every digit of the training voices, and other sound, each changed in its own way."""
    digits, how = spoken_digits("train"), dict(what["augment"])
    copies, rng, generator = how.pop("copies"), np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    augment, inputs, labels = VoiceAugment(**how), [], []
    for _ in range(copies):
        other = negatives(digits, what["other"], rng)
        waveforms = torch.cat([digits.waveforms, other])
        inputs += [features(augment(waveforms[at : at + PART], generator)) for at in range(0, len(waveforms), PART)]
        labels += [digits.labels, torch.full((len(other),), len(DIGITS))]
    return torch.cat(inputs), torch.cat(labels)


def recognized(answers: Logits) -> dict[str, float]:
    """The percentage of the digits that get the largest logit among the digits, by split."""
    parts: dict[str, Speech] = {"validation": spoken_digits("validation"), "test": spoken_digits("test"), "real": real_digits()}
    found = {}
    for split, speech in parts.items():
        said = answers(features(speech.waveforms))[:, : len(DIGITS)].argmax(1)
        found[split] = round(float(100 * (said == speech.labels.numpy()).mean()), 3)
    return found


def listened(answers: Logits, split: str, how: dict[str, Any], per_minute: float) -> list[Match]:
    """What the detector does at each threshold in `hours` of sound of the voices of a split, with so many digits a minute."""
    total = [Match(0, 0, 0, 0.0)] * len(THRESHOLDS)
    frame_s = how["stride"] * MelConfig().hop / RATE_HZ
    for stream in streams(split, how["hours"], seed=int(per_minute), config=StreamConfig(digits_per_minute=per_minute)):
        logits = torch.from_numpy(answers(windows(stream.waveform, RATE_HZ, how["stride"])))
        posteriors = smooth(logits.softmax(1), how["window"])[:, : len(DIGITS)]
        found = sweep(
            posteriors, stream.spoken, thresholds=THRESHOLDS, refractory=how["refractory"], frame_s=frame_s, begin_s=1.0, tolerance_s=1.0
        )
        total = [before + more for before, more in zip(total, found, strict=True)]
    return total


def detected(answers: Logits, how: dict[str, Any]) -> dict[str, Any]:
    """The lowest threshold with at most one false accept an hour on the validation voices, and what it does for the others."""
    quiet = listened(answers, "validation", how, per_minute=0.0)
    at = next((place for place, one in enumerate(quiet) if one.per_hour <= MAX_PER_HOUR), len(THRESHOLDS) - 1)
    found: dict[str, Any] = {"threshold": THRESHOLDS[at]}
    for split in ("validation", "test", "real"):
        silent = quiet[at] if split == "validation" else listened(answers, split, how, per_minute=0.0)[at]
        spoken = listened(answers, split, how, per_minute=4.0)[at]
        found[split] = {"per_hour": round(silent.per_hour, 3), "missed_percent": round(spoken.missed_percent, 3)}
    return found
