"""Lab 08's last exercises: the mean of many networks, what is forgotten, and what hides one person in the mean."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, from_numpy, ones, tensor, zeros

from utils import adapt
from utils.exercises.declare import Case
from utils.exercises.judges import close_to, raises, recognising
from utils.exercises.lab08 import hints as say
from utils.exercises.lab08 import oracles as right
from utils.exercises.lab08.judges import again, averages, noisy
from utils.exercises.lab08.mistakes import CLIPPED, FORGOTTEN, MEAN
from utils.exercises.lab08.reservoir import lab
from utils.exercises.standins import package

__all__ = ["lab"]


def _normal(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Tensor:
    return from_numpy((scale * rng.normal(size=shape)).astype(np.float32))


def _state(rng: np.random.Generator) -> dict[str, Tensor]:
    return {"conv.weight": _normal(rng, 3, 2, 4), "head.weight": _normal(rng, 5, 3), "head.bias": _normal(rng, 5)}


def _counted(rng: np.random.Generator, batches: int) -> dict[str, Tensor]:
    """With the buffers of a batch norm."""
    return {"norm.weight": _normal(rng, 4), "norm.running_mean": _normal(rng, 4), "norm.num_batches_tracked": tensor(batches)}


@lab.exercise(points=3, difficulty=2, minutes=15, stand_in=package(adapt.weighted_average))
def fedavg(rng: np.random.Generator) -> Iterator[Case]:
    """fedavg(states, sizes) -> dict of tensors."""
    judge, of = recognising(averages, MEAN), say.OF_MEAN
    mean = ("Take one name. What is its mean?", "The sum of size / sum(sizes) * state[name] over the states.")
    two = [_state(rng) for _ in range(2)]
    yield Case("two clients of equal size", (two, [40, 40]), judge, 2, mean, hints_for=of)
    few = [_state(rng) for _ in range(3)]
    sizes = [int(size) for size in rng.permutation([10, 60, 130])]
    yield Case("three clients of other sizes", (few, sizes), judge, 2, say.SHARE, hints_for=of)
    alone = ("What is the mean of one network?", "The network itself.")
    yield Case("a single client", ([_state(rng)], [7]), judge, hints=alone, hints_for=of)
    absent = ("What does a client without samples say?", "Nothing: its share is 0, and the others' shares add up to 1.")
    yield Case("a client without samples", ([*few[:2], _state(rng)], [20, 30, 0]), judge, hints=absent, hints_for=of)
    counters = ([_counted(rng, 10), _counted(rng, 12), _counted(rng, 31)], [50, 50, 100])
    yield Case("counters stay whole numbers", counters, judge, hints=say.INTEGERS, hints_for=of)
    nearest = ("What is the nearest whole number?", "torch.round gives it; .long() and // cut off.")
    upward = ([_counted(rng, 10), _counted(rng, 11)], [10, 30])  # 10.75
    yield Case("counters are rounded", upward, judge, hints=nearest, hints_for=of, basis="counters stay whole numbers")
    large = ([{"count": tensor(1_000_003)}, {"count": tensor(1_000_003)}], [1, 2])
    exact = (
        "Is a mean of equal numbers that number?",
        "In float16 or with rounded shares it is not: add up in float32 or float64, round, convert.",
    )
    yield Case("equal counters stay", large, judge, hints=exact, hints_for=of, basis="counters stay whole numbers")
    refuses, count = raises("ValueError"), (few, sizes[:2])
    lengths = (
        "What does zip do when one list is shorter?",
        "It stops there without a word: compare the lengths first and raise ValueError.",
    )
    yield Case("refuses a size too few", count, refuses, hints=lengths, about="refusal")
    yield Case("refuses no clients", ([], []), refuses, hints=say.REFUSE, about="refusal")
    nobody = ("What is the share of 0 among 0?", "There is none: raise ValueError where the sizes add up to 0.")
    yield Case("refuses sizes that are all 0", (two, [0, 0]), refuses, hints=nobody, about="refusal")
    negative = ("Can a client have -5 samples?", "No, and the sum would hide it: look at each size and raise ValueError.")
    yield Case("refuses a negative size", (two, [-5, 30]), refuses, hints=negative, about="refusal")
    other = ({**few[1], "extra.bias": zeros(2)}, {name: few[1][name] for name in list(few[1])[:2]})
    names = ("Do both networks have the same names?", "Compare the keys of all states with the first one's, both ways.")
    yield Case("refuses a name too many", ([few[0], other[0]], [1, 1]), refuses, hints=names, about="refusal")
    yield Case("refuses a name too few", ([few[0], other[1]], [1, 1]), refuses, hints=names, about="refusal")
    before, changed = ([_state(rng) for _ in range(2)], [30, 10]), {"changed": say.CHANGED}
    yield Case("leaves the states as they were", before, judge, hints_for={**of, **changed}, about="inputs")


def _stages(rng: np.random.Generator, count: int) -> Tensor:
    """Accuracies that fall from stage to stage, in percent: every task is best known when it was learnt."""
    fall = np.abs(rng.normal(4, 1, size=(count, count))).cumsum(0)
    return from_numpy((95 - fall - np.triu(np.full((count, count), 40.0), 1)).astype(np.float32))


@lab.exercise(points=2, difficulty=1, minutes=10, core=False, stand_in=package(adapt.forgetting))
def forgetting(rng: np.random.Generator) -> Iterator[Case]:
    """forgetting(matrix) -> float."""
    judge, of = recognising(close_to(right.forgotten, atol=1e-4), FORGOTTEN), say.OF_FORGETTING
    best = (
        "Take one task. What was its best, and what is left?",
        "The largest of its column, from the row in which it was learnt to the last but one; minus the last row.",
    )
    yield Case("four tasks", (_stages(rng, 4),), judge, 2, best, hints_for=of)
    yield Case("two tasks", (_stages(rng, 2),), judge, hints=best, hints_for=of)
    later = _stages(rng, 4)
    later[2, 0] = 99  # better than when it was learnt
    yield Case("a task that was best later", (later,), judge, hints=of["learnt"], hints_for=of)
    earlier = _stages(rng, 4)
    earlier[0, 1] = 98  # better than when it was learnt
    luck = ("Can a task be forgotten that was never learnt?", "No: its column counts from row k on, where task k was learnt.")
    yield Case("a task that was easy before it was learnt", (earlier,), judge, hints=luck, hints_for=of)
    unmeasured = _stages(rng, 4)
    unmeasured[np.triu_indices(4, 1)] = torch.nan
    nan = ("What is the maximum of NaN and 80?", "NaN in torch, and chance in Python: leave out what lies above the diagonal.")
    yield Case("later tasks are not measured yet", (unmeasured,), judge, hints=nan)
    gains = _stages(rng, 3)
    gains[-1, :-1] = gains[:-1, :-1].max(0).values + tensor([2.0, 3.0])
    below = ("What if the last stage is the best?", "Then forgetting is below 0, and that is right: later tasks helped.")
    yield Case("later tasks helped", (gains,), judge, hints=below, hints_for=of)
    yield Case("nothing is forgotten", (ones(3, 3) * 80,), judge, hints=best, hints_for=of)
    yield Case("refuses a single task", (ones(1, 1) * 80,), raises("ValueError"), hints=say.REFUSE, about="refusal")
    kept = ("Print the matrix before and after.", "Assigning to a part of it changes it.")
    yield Case("leaves the matrix as it was", (_stages(rng, 3),), judge, hints_for={**of, "changed": kept}, about="inputs")


@lab.exercise(points=3, difficulty=2, minutes=15, core=False, stand_in=package(adapt.clip_and_noise))
def clip_and_noise(rng: np.random.Generator) -> Iterator[Case]:
    """clip_and_noise(update, clip, sigma, rng) -> dict of tensors."""
    lot = lambda: int(rng.integers(1 << 30))  # noqa: E731
    exact = lambda update, clip, sigma, seed: right.clipped(update, clip)  # noqa: E731
    named = {name: (lambda update, clip, sigma, seed, made=made: made(update, clip)) for name, made in CLIPPED.items()}
    judge, of = recognising(close_to(exact, atol=1e-5), named), say.OF_CLIPPING
    long = {"a": _normal(rng, 4, 5, scale=2.0), "b": _normal(rng, 6, scale=0.5)}
    yield Case("a long update", (long, 1.5, 0.0, lot()), judge, 2, say.LENGTH, hints_for=of, probe="noised")
    inside = ("Is this update too long?", "No: min(1, clip / length) leaves it as it is; it is never made longer.")
    short = {"a": _normal(rng, 4, 5, scale=0.01), "b": _normal(rng, 6, scale=0.01)}
    yield Case("a short update stays", (short, 1.0, 0.0, lot()), judge, hints=inside, hints_for=of, probe="noised")
    parts = {"a": 0.9 * ones(1), "b": 0.9 * ones(1)}  # each shorter than clip, together longer
    yield Case("parts that are short, together long", (parts, 1.0, 0.0, lot()), judge, hints=say.LENGTH, hints_for=of, probe="noised")
    nothing = {"a": zeros(3), "b": zeros(2, 2)}
    zero = ("How long is an update of zeros?", "0, and clip / 0 is no number: an update of zeros stays.")
    yield Case("an update of zeros", (nothing, 1.0, 0.0, lot()), judge, hints=zero, hints_for={**of, "error": zero}, probe="noised")
    wide = {"a": _normal(rng, 60, 70, scale=0.02), "b": _normal(rng, 60, 70, scale=0.02)}
    large, small = (wide, 3.0, 0.7, lot()), (wide, 0.5, 0.02, lot())
    anew = {
        "same": (
            "Do two tensors share their noise?",
            "Draw anew for each: with the same noise twice, a difference would show what is hidden.",
        )
    }
    loud = "the noise of a long clip"
    yield Case(loud, large, noisy, 2, say.NOISE, hints_for=anew, probe="noised")
    yield Case("the noise of a short clip", small, noisy, hints=say.NOISE, hints_for=anew, probe="noised", basis=loud)
    brief = ({"a": _normal(rng, 3), "b": _normal(rng, 2)}, 1.0, 1.0, lot())
    yield Case("the same rng, the same noise", brief, again, hints=say.AGAIN, probe="noised_twice")
    refuses = raises("ValueError")
    yield Case("refuses clip 0", (long, 0.0, 1.0, lot()), refuses, hints=say.REFUSE, probe="noised", about="refusal")
    yield Case("refuses a negative sigma", (long, 1.0, -0.5, lot()), refuses, hints=say.REFUSE, probe="noised", about="refusal")
    changed = {"changed": say.CHANGED}
    yield Case("leaves the update as it was", (long, 1.5, 0.0, lot()), judge, hints_for={**of, **changed}, probe="noised", about="inputs")
