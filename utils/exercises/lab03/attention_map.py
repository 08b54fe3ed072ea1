"""attention_map: where a layer is active."""

from collections.abc import Callable

import numpy as np
from torch import tensor

from utils.compress import distillation
from utils.exercises.draws import normal
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs


def attention(feat: np.ndarray) -> np.ndarray:
    """Position by position; a map of zeros has no direction and stays."""
    n, _, height, width = feat.shape
    maps = np.array([[(image[:, i, j].astype(float) ** 2).sum() for i in range(height) for j in range(width)] for image in feat])
    lengths = [np.sqrt((one**2).sum()) or 1.0 for one in maps]
    return (maps / np.reshape(lengths, (n, 1))).reshape(n, height * width)


def _energies(feat: np.ndarray) -> np.ndarray:
    return (feat.astype(float) ** 2).sum(1).reshape(len(feat), -1)


def _unit(maps: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """Other maps, each of length 1."""
    return lambda feat: (
        (found := maps(feat.astype(float)).reshape(len(feat), -1)) / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
    )


_SQUARES = ("What is added up at each position?", "The squares of all channels; then each image's map is divided by its length.")
_ROWS = ("In which order are the positions?", "Row by row, as flatten does it.")
_LENGTH = ("What is the length of a map?", "The root of its sum of squares, for each image by itself.")
_SHAPE = ("What is the shape of your answer?", "(n, h * w): flatten rows and columns, keep the images.")
MISTAKES = (
    Mistake("not divided", _energies, _LENGTH),
    Mistake("sums to one", lambda feat: _energies(feat) / np.maximum(_energies(feat).sum(1, keepdims=True), 1e-12), _LENGTH),
    Mistake("one length for all images", lambda feat: _energies(feat) / np.linalg.norm(_energies(feat)), _LENGTH),
    Mistake("one length for each position", lambda feat: _energies(feat) / np.linalg.norm(_energies(feat), axis=0), _LENGTH),
    Mistake("not flat", lambda feat: attention(feat).reshape(len(feat), *feat.shape[2:]), _SHAPE),
    Mistake("column by column", _unit(lambda feat: (feat**2).sum(1).swapaxes(1, 2)), _ROWS),
    Mistake("square of the sum", _unit(lambda feat: feat.sum(1) ** 2), _SQUARES),
    Mistake("magnitudes", _unit(lambda feat: np.abs(feat).sum(1)), _SQUARES),
)
JUDGE = close_to(attention, atol=1e-5)
STEPS = "Square, add up over axis 1, flatten rows and columns, and F.normalize along axis 1, which leaves zeros as they are."


@exercise(distillation.attention_map, points=2, core=False, judge=JUDGE, mistakes=MISTAKES, rtol=1e-3, steps=STEPS)
def attention_map(rng: Rng) -> Cases:
    """attention_map(feat) -> (n, h * w) tensor."""
    yield Case("a map for each image", (normal(rng, 3, 4, 5, 5),), weight=2, hints=_SQUARES)
    yield Case("an image that is not square", (normal(rng, 2, 3, 4, 6),), hints=_ROWS)
    yield Case("a single channel", (normal(rng, 2, 1, 3, 4),), hints=_SQUARES)
    yield Case("a single image", (normal(rng, 1, 3, 4, 4),), hints=_SHAPE)
    scales = normal(rng, 3, 4, 4, 4) * tensor([1.0, 20.0, 400.0]).view(3, 1, 1, 1)
    yield Case("images of other brightness", (scales,), hints=_LENGTH)
    nothing = normal(rng, 3, 2, 4, 4)
    nothing[int(rng.integers(3))] = 0
    dark = ("What is the length of a map of zeros?", "0, and 0 / 0 is NaN: F.normalize bounds the length from below.")
    yield Case("an image of zeros", (nothing,), hints=dark)
    small = ("The lengths of these maps are about 1e-7, and that is right.", "Add no small number: bound the length from below, by 1e-12.")
    yield Case("faint features", (normal(rng, 2, 3, 4, 4, scale=1e-4),), hints=small)
    yield keeps_inputs(normal(rng, 2, 3, 4, 4))
