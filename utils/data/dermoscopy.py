"""Synthetic pictures of skin lesions, drawn by a program after the clinical ABCD rule. They have no clinical meaning.

Asymmetry, border roughness, number of colors and diameter (Nachbar et al., 1994) are four numbers of each lesion, drawn
from a normal distribution with variance 1 whose mean is 0 for benign lesions and SHIFT for malignant ones. So the best that anybody
can do from the four numbers is known exactly (`dermoscopy_ceiling`). Skin tone is independent of the label: what a
network does to one tone and not to another is the network's doing, or that of the share which the tone has in training.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch

from utils.data.exams import Exams, as_inputs
from utils.data.lesion_drawing import Drawing, draw

SYNTHETIC = "synthetic, no clinical meaning"  # the title of every figure of this data
CLASSES = ("benign", "malignant")
TONES = ("light", "medium", "dark")
TRAITS = ("asymmetry", "border", "colors", "diameter")
SHIFT = np.array([1.2, 1.2, 1.3, 1.3])  # of the four traits' means, from benign to malignant
MALIGNANT = 0.3  # fraction of the lesions
TRAINING_TONES, EQUAL_TONES = (0.6, 0.3, 0.1), (1 / 3, 1 / 3, 1 / 3)
SPLITS = {  # seed, pictures, fractions of the tones
    "train": (101, 3000, TRAINING_TONES),
    "validation": (102, 1500, EQUAL_TONES),
    "test": (103, 3000, EQUAL_TONES),
}
SIZE = 32  # pixels on a side


@dataclass(frozen=True)
class Traits:
    """What the generator drew for each lesion.

    values: (n, 4) float64, asymmetry, border, colors and diameter. tones: (n,) int64 into TONES. labels: (n,) int64.
    """

    values: np.ndarray
    tones: np.ndarray
    labels: np.ndarray

    @property
    def evidence(self) -> np.ndarray:
        """(n,) float64: the log-likelihood ratio of malignant against benign, the score of an ideal observer of the four traits."""
        return self.values @ SHIFT - float(SHIFT @ SHIFT) / 2


def drawn_traits(count: int, tones: tuple[float, ...], rng: np.random.Generator) -> Traits:
    """Draw labels, tones and traits of so many lesions. tones: fractions, the sum is 1."""
    labels = (rng.random(count) < MALIGNANT).astype(np.int64)
    values = rng.standard_normal((count, len(TRAITS))) + labels[:, None] * SHIFT
    return Traits(values, rng.choice(len(TONES), count, p=tones), labels)


def _split(split: str) -> tuple[Traits, np.random.Generator]:
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, got {split!r}")
    seed, count, tones = SPLITS[split]
    rng = np.random.default_rng(seed)
    return drawn_traits(count, tones, rng), rng


def dermoscopy(split: str) -> Exams:
    """Draw one split, the same pictures every time: "train" (3,000), "validation" (1,500) or "test" (3,000).

    inputs: (n, 3, 32, 32) float32. labels: 1 is malignant, about 30 %. groups: the skin tone. In training 60 % are light,
    30 % medium and 10 % dark, as collections of pictures have it; in the other splits each tone is a third.

    Raises:
        ValueError: an unknown split.
    """
    return _drawn(split)[:]  # the tensors are shared: a caller that writes into them spoils the next call


@cache
def _drawn(split: str) -> Exams:
    traits, rng = _split(split)
    return _exams(traits, draw(Drawing(SIZE), traits.values, traits.tones, rng))


def draw_lesions(count: int, seed: int = 0, tones: tuple[float, float, float] = EQUAL_TONES, **changed: float) -> Exams:
    """Draw lesions of one's own, as many as wanted.

    seed: of the traits and of the pictures. tones: fractions of light, medium and dark skin.
    changed: fields of `Drawing`, such as hair=0 or noise=0.1.

    >>> draw_lesions(5, hair=0.0).inputs.shape
    torch.Size([5, 3, 32, 32])

    Raises:
        ValueError: no lesions, tones that are not three fractions with sum 1, or a field that a drawing does not have.
    """
    if count < 1 or len(tones) != len(TONES) or min(tones) < 0 or abs(sum(tones) - 1) > 1e-9:
        raise ValueError(f"need at least one lesion and three fractions of tones with sum 1, got {count} and {tones}")
    if unknown := sorted(changed.keys() - Drawing.__dataclass_fields__.keys()):
        raise ValueError(f"a drawing has no {unknown[0]!r}: use {', '.join(Drawing.__dataclass_fields__)}")
    rng = np.random.default_rng(seed)
    traits = drawn_traits(count, tones, rng)
    return _exams(traits, draw(replace(Drawing(SIZE), **changed), traits.values, traits.tones, rng))  # type: ignore[arg-type]


def _exams(traits: Traits, pixels: np.ndarray) -> Exams:
    labels, tones = (torch.from_numpy(one.astype(np.int64)) for one in (traits.labels, traits.tones))
    return Exams(as_inputs(pixels), labels, CLASSES, SYNTHETIC, tones, TONES)


def dermoscopy_traits(split: str) -> Traits:
    """What the generator drew for the pictures of a split, in their order.

    >>> dermoscopy_traits("validation").values.shape
    (1500, 4)

    Raises:
        ValueError: an unknown split.
    """
    return _split(split)[0]


def dermoscopy_ceiling() -> float:
    """The AUC of an ideal observer of the four traits, which no network can exceed except by chance: Phi(|SHIFT| / sqrt(2)).

    For two normal distributions with equal covariance the log-likelihood ratio is normal in both classes, with means |SHIFT|
    standard deviations apart (Green and Swets, 1966).

    >>> round(dermoscopy_ceiling(), 3)
    0.962
    """
    return 0.5 * (1 + math.erf(float(np.linalg.norm(SHIFT)) / 2))
