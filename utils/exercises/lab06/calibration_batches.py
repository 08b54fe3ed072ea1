"""calibration_batches: different images of the whole set, at random, in batches."""

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor, arange, float32, zeros

from utils.exercises.chances import same_for_equal_generators
from utils.exercises.kit import Case, Cases, Hints, Judge, Mistake, Rng, Verdict, describe, difference, exercise, keeps_inputs, refuses

MIN_TO_TELL = 8  # images drawn, for neighbors in the set to be no accident
_DRAW = ("Which images of the set can be drawn?", "All: torch.randperm(len(images), generator=...)[:count].")
_SIZES = ("How many images are left for the last batch?", "count, in pieces of batch_size: the last one may be smaller.")
_TWICE = (
    "Can an image be drawn again?",
    "It should not: one randperm for all batches draws none twice; randint, or a draw for each batch, does.",
)
_AXES = ("What is the shape of a batch?", "(batch, ...), followed by the axes of one image.")
_NEIGHBORS = ("Which images do you take?", "Neighbors in the set, perhaps all of one class: draw from len(images), not from count.")
_STEPS = ("Which images do you take?", "One in so many, always the same ones: draw them at random.")
_AGAIN = ("Which generator do you draw from?", "One of your own, made with the seed at each call.")
_ALWAYS = ("What does the seed change?", "The draw: torch.Generator().manual_seed(seed).")
_OWN = (
    "Which other code draws from the global generators of torch, numpy and Python?",
    "All of it: manual_seed and seed would change its numbers. Give randperm a torch.Generator() of its own.",
)
_KINDS = ("sizes", "twice", "axes", "neighbors", "steps", "again", "always")  # what verdicts are about
_FEWER = ("How many different images are there?", "Fewer than asked for: raise ValueError.")


def _numbers(answer: Any, images: np.ndarray) -> tuple[list[list[int]] | None, str]:
    """Which images each batch holds; every image is filled with a number of its own."""
    if type(answer) not in (list, tuple):
        return None, describe(answer)
    known = {float(image.flat[0]): at for at, image in enumerate(images)}
    found = []
    for batch in answer:
        if type(batch) is not np.ndarray or batch.shape[1:] != images.shape[1:] or batch.ndim != images.ndim:
            return None, f"a batch of {describe(batch)}"
        found.append([known.get(float(row.flat[0]), -1) for row in batch])
        if -1 in found[-1] or not np.array_equal(batch, images[found[-1]]):
            return None, "an image that is not in the set"
    return found, ""


def _pattern(chosen: list[int], of: int) -> str:
    """ "neighbors" or "steps" where so many images were hardly drawn at random, in whatever order; else ""."""
    if len(chosen) == of or len(chosen) < 2:
        return ""
    if chosen == list(range(chosen[0], chosen[0] + len(chosen))) and len(chosen) > 5:
        return "neighbors"
    gaps = set(np.diff(sorted(chosen)).tolist())
    return "" if len(chosen) < MIN_TO_TELL or len(gaps) > 1 else "neighbors" if gaps == {1} else "steps"


def batches_of(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """inputs: (images, count, batch_size, seed). Different images of these at random, in batches of this size; about one of _KINDS."""
    images, count, batch_size, _ = inputs
    sizes = [min(batch_size, count - start) for start in range(0, count, batch_size)]
    expected = f"{count} different images of {len(images)}, in batches of {_few(sizes)}"
    numbers, fault = _numbers(answer, images)
    if numbers is None:
        return Verdict(False, expected, fault, "axes" if fault.startswith("a batch") else "")
    if [len(batch) for batch in numbers] != sizes:
        return Verdict(False, expected, f"batches of {_few([len(batch) for batch in numbers])}", "sizes")
    chosen = [one for batch in numbers for one in batch]
    if len(set(chosen)) < count:
        return Verdict(False, expected, f"{count - len(set(chosen))} of {count} came again", "twice")
    pattern = _pattern(chosen, len(images))
    return Verdict(not pattern, expected, f"images {_few(sorted(chosen))} of {len(images)}", pattern)


def _few(values: list[int]) -> str:
    return ", ".join(map(str, values[:6])) + (", ..." if len(values) > 6 else "")


def _beside(expected: str, batches: str, others: set[str], judge: Judge) -> Judge:
    """For a probe that gives a dict with these keys: the batches are such, at random or not, and `judge` accepts the rest."""

    def judged(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        if type(answer) is not dict or set(answer) != {batches, *others}:
            return Verdict(False, expected, describe(answer))
        found = batches_of(answer[batches], inputs[:4])
        return judge(answer, inputs) if found.passed or found.about in ("neighbors", "steps") else found

    return judged


def _unmoved(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `drawn_and_next`: the next numbers of the global generators are those of a fresh one. inputs: (..., dice, more)."""
    *_, dice, more = inputs
    torch_next = torch.rand(more, generator=torch.Generator().manual_seed(dice)).numpy()
    fresh = {"torch": torch_next, "numpy": np.random.RandomState(dice).rand(more), "Python": [Random(dice).random()]}
    moved = [name for name, numbers in fresh.items() if difference(answer[name], numbers) is not None]
    return Verdict(not moved, _LEFT, f"the generator of {', '.join(moved)} was moved" if moved else _LEFT)


_LEFT = "the global generators are left alone"
seeded = _beside("batches from three runs", "first", {"second", "other"}, same_for_equal_generators("batches"))
leaves_the_generators = _beside(_LEFT, "batches", {"torch", "numpy", "Python"}, _unmoved)


def _batches(images: np.ndarray, chosen: np.ndarray, batch_size: int) -> list[np.ndarray]:
    return [images[chosen[start : start + batch_size]] for start in range(0, len(chosen), batch_size)]


def _choosing(chosen: Callable[[int, int, int], np.ndarray]) -> Callable[..., list[np.ndarray]]:
    """Another choice. chosen: (images there are, images wanted, seed) -> their numbers."""
    return lambda images, count, batch_size, seed: _batches(images, chosen(len(images), count, seed), batch_size)


def _at_random(n: int, count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(n)[:count]


def _as_many_batches(images: np.ndarray, count: int, batch_size: int, seed: int) -> list[np.ndarray]:
    return _batches(images, _at_random(len(images), count * batch_size, seed), batch_size)


_RIGHT = _choosing(_at_random)
_TOLD = "12 of 60*; a smaller last batch; vectors; leaves *"  # by enough images, of which not all are drawn
MISTAKES = (
    Mistake("the first", _choosing(lambda n, *x: np.arange(x[0])), _NEIGHBORS, "all but all images; a generator of its own; refuses *"),
    Mistake("shuffles the first", _choosing(lambda n, *x: _at_random(x[0], *x)), _NEIGHBORS, _TOLD),
    Mistake("one in so many", _choosing(lambda n, count, seed: np.arange(n)[:: n // count][:count]), _STEPS, f"{_TOLD}; a seed decides"),
    Mistake("drops the rest", lambda *x: [one for one in _RIGHT(*x) if len(one) == x[2]], _SIZES, "a smaller *; a batch larger *"),
    Mistake("with replacement", _choosing(lambda *x: np.append(_at_random(*x)[1:], _at_random(*x)[-1])), _TWICE, "all but refuses *"),
    Mistake("one seed", _choosing(lambda n, count, seed: _at_random(n, count, 0)), _ALWAYS, "a seed decides"),
    Mistake("flat", lambda images, *x: _RIGHT(images.reshape(len(images), -1), *x), _AXES, "all but vectors; refuses *"),
    Mistake("as many batches", _as_many_batches, _SIZES, "all but all images; a batch of one image; refuses *"),
)
_ABOUT = dict(zip(_KINDS, (_SIZES, _TWICE, _AXES, _NEIGHBORS, _STEPS, _AGAIN, _ALWAYS), strict=True))
STEPS = "Refuse; make a torch.Generator() with the seed; take the first count of a random permutation of all images; split."


def torch_batches(images: Tensor, count: int, batch_size: int, seed: int) -> list[Tensor]:
    """`calibration_batches` by torch's own sampler and loader."""
    if not 0 < count <= len(images) or batch_size < 1:
        raise ValueError(f"need 1 to {len(images)} images and a batch of at least 1, got {count} and {batch_size}")
    order = torch.utils.data.RandomSampler(range(len(images)), num_samples=count, generator=torch.Generator().manual_seed(seed))
    return [images[numbers] for numbers in torch.utils.data.BatchSampler(order, batch_size, drop_last=False)]


@exercise(torch_batches, points=2, difficulty=2, core=False, judge=batches_of, mistakes=MISTAKES, hints_for=_ABOUT, steps=STEPS)
def calibration_batches(rng: Rng) -> Cases:
    """calibration_batches(images, count, batch_size, seed) -> list of tensors."""
    seed = int(rng.integers(1, 1000))

    def images(n: int, *shape: int) -> Tensor:
        """Each filled with a number of its own, so that a judge knows it again."""
        numbers = arange(1, n + 1, dtype=float32).view(-1, *[1] * len(shape or (1, 2, 2)))
        return zeros(n, *(shape or (1, 2, 2))) + numbers + int(rng.integers(0, 99))

    def drawn(name: str, n: int, count: int, size: int, hints: Hints, *shape: int, **options: Any) -> Case:
        return Case(name, (images(n, *shape), count, size, seed), hints=hints, **{"probe": "drawn", **options})

    yield drawn("12 of 60, four at a time", 60, 12, 4, _DRAW, weight=2)
    yield drawn("a smaller last batch", 60, 11, 4, _SIZES)
    yield drawn("all images", 20, 20, 5, _TWICE)
    yield drawn("a batch larger than the count", 30, 7, 16, _SIZES)
    yield drawn("a batch of one image", 30, 6, 1, _SIZES)
    yield drawn("vectors", 50, 8, 4, _AXES, 3)
    yield drawn("a seed decides", 60, 12, 4, _AGAIN, judge=seeded, probe="drawn_twice")
    dice = (images(60), 12, 4, seed, int(rng.integers(1 << 30)), 5)
    yield Case("a generator of its own", dice, leaves_the_generators, hints=_OWN, probe="drawn_and_next")
    yield refuses("more than there are", (images(10), 11, 4, seed), hints=_FEWER)
    for name, count, size in (("to draw none", 0, 4), ("a negative count", -3, 4), ("a batch of none", 5, 0)):
        yield refuses(name, (images(10), count, size, seed))
    yield keeps_inputs(images(20), 8, 4, seed, name="leaves the images as they were", probe="drawn")
