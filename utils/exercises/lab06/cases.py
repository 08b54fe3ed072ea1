"""Lab 06's exercises: what each function must do, and what stands in for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from torch import Tensor, arange, float32, from_numpy, inf, int8, nan, tensor, uint8, zeros

from utils.exercises.declare import Case, Lab
from utils.exercises.judges import close_to, knowing, raises, recognising
from utils.exercises.lab06 import hints as say
from utils.exercises.lab06 import judges
from utils.exercises.lab06 import oracles as right
from utils.exercises.lab06 import standins as other
from utils.exercises.lab06.machine import Machine
from utils.exercises.lab06.mistakes import APART, PREPARED, RATIO, TIMED
from utils.exercises.standins import Substitute, library

lab = Lab("06")


@lab.exercise(points=3, difficulty=1, minutes=10, stand_in=library(other.torch_photos, "torchvision"))
def preprocess(rng: np.random.Generator) -> Iterator[Case]:
    """preprocess(photos, mean, std) -> (n, c, h, w) float32 tensor."""
    judge = recognising(close_to(right.prepared, atol=1e-5), PREPARED)
    grey = ([0.286], [0.353])

    def shot(n: int, height: int, width: int, channels: int) -> Tensor:
        return from_numpy(rng.integers(0, 256, (n, height, width, channels), dtype=np.uint8))

    def colours() -> tuple[list[float], list[float]]:
        means, stds = rng.uniform(0.2, 0.4, 3) + np.array([0, 0.1, 0.2]), rng.uniform(0.2, 0.4, 3)
        return means.round(3).tolist(), stds.round(3).tolist()

    special = say.OF_PHOTOS
    yield Case("grey photos", (shot(2, 3, 4, 1), *grey), judge, 2, say.STEPS, hints_for=special)
    yield Case("colour photos", (shot(2, 4, 5, 3), *colours()), judge, 2, say.CHANNELS, hints_for=special | {"error": say.CHANNELS})
    square = (shot(2, 3, 3, 3), *colours())
    yield Case("three rows, three columns, three channels", square, judge, hints=say.CHANNELS, hints_for=special)
    yield Case("a single photo", (shot(1, 3, 4, 1), *grey), judge, hints=say.AXES, hints_for=special)
    corner = shot(2, 8, 9, 3)[:, 2:5, 3:7]
    crop = (
        "This tensor is a part of a larger one, with gaps in memory.",
        "view wants numbers that lie one after another: use permute, and contiguous() at the end.",
    )
    yield Case("a part of a larger photo", (corner, *colours()), judge, hints=crop, hints_for=special | {"error": crop})
    black = (tensor([[[[0], [255]], [[255], [0]], [[1], [254]]]], dtype=uint8), *grey)
    yield Case("black and white", black, judge, hints=say.BYTES, hints_for=special)
    none = ("What comes of no photo?", "A tensor of shape (0, c, h, w): no loop, no stack, no division by n.")
    yield Case("no photo", (shot(0, 3, 4, 3), *colours()), judge, hints=none, hints_for={"error": none})
    lies = judges.lies_in_memory
    yield Case("float32, one number after another", (shot(2, 3, 4, 3), *colours()), lies, hints_for=special, probe="as_it_lies")
    floats = (
        "Who has been here before?",
        "Somebody who divided by 255 already: raise ValueError unless the dtype is torch.uint8.",
    )
    refuses = raises("ValueError")
    yield Case("refuses photos in float", (shot(2, 3, 4, 1) / 255, *grey), refuses, hints=floats, about="refusal")
    numbers = (
        "One mean and three channels: what does torch do?",
        "It uses the one for all, silently: compare the counts and raise ValueError.",
    )
    yield Case("refuses the mean of a grey photo for colours", (shot(2, 3, 4, 3), *grey), refuses, hints=numbers, about="refusal")
    half = (shot(2, 3, 4, 3), colours()[0], [0.353])
    yield Case("refuses one std for three channels", half, refuses, hints=numbers, about="refusal")
    changed = {"changed": say.CHANGED}
    yield Case("leaves the photos as they were", (shot(2, 3, 4, 3), *colours()), judge, hints_for=changed, about="inputs")


@lab.exercise(points=4, difficulty=3, minutes=15, stand_in=library(other.timed_in_turns, "numpy"))
def interleave(rng: np.random.Generator) -> Iterator[Case]:
    """interleave(contestants, rounds, clock=None) -> dict of (rounds,) tensors."""
    samples = close_to(lambda names, costs, pace, rounds, start_s: right.interleaved(names, costs, pace, rounds))
    judge = judges.tensors_of_times(recognising(samples, TIMED))

    def machine(rounds: int, *names: str, start_s: float = 0.0) -> tuple[list[str], list[float], list[float], int, float]:
        """Contestants, and a machine whose pace changes from call to call."""
        costs = [round(float(cost), 3) for cost in rng.uniform(0.5, 4, len(names))]
        pace = [round(float(pace), 3) for pace in rng.uniform(1, 3, 97)]
        return list(names), costs, pace, rounds, start_s

    def timed(name: str, case: tuple, weight: float = 1, hints: tuple[str, ...] = say.TURNS) -> Case:
        names, costs, pace, rounds, start_s = case
        judged, outside = judges.by_the_clock(knowing(judge, *case)), partial(Machine, names, costs, pace, start_s)
        return Case(name, (names, rounds), judged, weight, hints, hints_for=say.OF_TURNS, probe="interleaved", outside=outside)

    yield timed("three contestants, four rounds", machine(4, "a", "b", "c"), 2)
    yield timed("two contestants", machine(5, "large", "slim"))
    alone = ("Who else is there?", "Nobody: the rounds are the same contestant each time, after one warm-up.")
    yield timed("one contestant", machine(4, "only"), hints=alone)
    more = ("Who begins in the second of two rounds?", "The second contestant; the others follow, and the first comes last.")
    yield timed("more contestants than rounds", machine(2, "a", "b", "c", "d", "e"), hints=more)
    names, costs, pace, rounds, start_s = machine(6, "a", "b")
    yield timed("a slow first call", (names, costs, [80.0, 60.0, *pace], rounds, start_s), hints=say.OF_TURNS["warm"])
    slower = [1.0 + 0.25 * call for call in range(60)]
    equal = (["a", "the same again"], [1.5, 1.5], slower, 8, 0.0)
    yield timed("two equals on a machine that slows down", equal, hints=say.OF_TURNS["fixed"])
    weeks = machine(4, "a", "b", start_s=right.START_S)
    yield timed("a clock that has run for two weeks", weeks, hints=say.PRECISE)
    own = ("What if no clock is given?", "Then clock is None: use time.perf_counter.")
    yield Case("its own clock", (["a", "b"], 3), judges.as_samples, hints=own, hints_for={"error": own}, probe="by_its_own_clock")
    nobody = ("What is 0 modulo 0?", "An error of another kind: raise ValueError before you begin.")
    for name, given, hints in (("refuses to time nobody", machine(3), nobody), ("refuses no rounds", machine(0, "a", "b"), say.REFUSE)):
        yield replace(timed(name, given, hints=hints), judge=raises("ValueError"), hints_for={}, about="refusal")
    changed = {"changed": say.CHANGED}
    few = machine(3, "a", "b")
    kept = timed("leaves the contestants as they were", few, hints=())
    yield replace(kept, judge=knowing(judge, *few), hints_for=changed, about="inputs")


@lab.exercise(points=3, difficulty=3, minutes=15, stand_in=library(other.scipy_interval, "scipy.stats.quantile_test"))
def ratio_interval(rng: np.random.Generator) -> Iterator[Case]:
    """ratio_interval(a_ms, b_ms) -> tuple of three floats: ratio, low, high."""
    judge = recognising(close_to(right.median_and_interval, rtol=1e-5), RATIO, rtol=1e-5)

    def times(rounds: int, factor: float = 1.6) -> tuple[Tensor, Tensor]:
        b = 0.2 + rng.gamma(2.0, 0.1, rounds)
        a = factor * b * rng.lognormal(0, 0.15, rounds)
        return from_numpy(a.astype("f4")), from_numpy(b.astype("f4"))

    special = say.OF_RATIOS
    yield Case("301 rounds", times(301), judge, 2, say.ORDER, hints_for=special)
    yield Case("an even number of rounds", times(140), judge, hints=say.MIDDLE, hints_for=special)
    fewest = ("How large is k for six rounds?", "1: the chance of no head in six tosses is 1.6 %, that of at most one 11 %.")
    yield Case("six rounds", times(6), judge, hints=fewest, hints_for=special)
    a, b = times(161)
    drift = from_numpy(np.exp(np.linspace(0, 3, 161)[rng.permutation(161)]).astype("f4"))
    yield Case("a machine that is slow for both", (a * drift, b * drift), judge, hints=special["medians"], hints_for=special)
    a, b = times(175)
    a[rng.integers(175)] = 500.0
    yield Case("one pause of half a second", (a, b), judge, hints=special["mean"], hints_for=special)
    a, _ = times(30)
    same = ("What is a number divided by itself?", "1, in every round: so are the median and both ends.")
    yield Case("a contestant against itself", (a, a.clone()), judge, hints=same, hints_for=special)
    yield Case("2,000 rounds", times(2000, 8.0), judge, hints=say.HUGE, hints_for=special | {"error": say.LARGE})
    five = (
        "How sure can five rounds make you?",
        "All five above the median: 3 %, more than 2.5 %. k would be 0, and there is no 0-th value: raise ValueError.",
    )
    yield Case("refuses five rounds", times(5), raises("ValueError"), hints=five, about="refusal")
    shapes = ("What is (40,) divided by (1,)?", "Forty numbers: torch broadcasts. Compare the lengths and raise ValueError.")
    a, b = times(40)
    yield Case("refuses rounds that are no pairs", (a, b[:1]), raises("ValueError"), hints=shapes, about="refusal")
    yield Case("leaves the samples as they were", times(20), judge, hints_for={"changed": say.CHANGED}, about="inputs")


Tensors = list[tuple[str, int, int, int]]


@lab.exercise(points=4, difficulty=4, minutes=20, stand_in=Substitute(other.planned, "utils.deploy.mcu.plan_arena"))
def arena_plan(rng: np.random.Generator) -> Iterator[Case]:
    """arena_plan(tensors) -> dict of offsets."""
    judge = judges.fits_the_arena
    special = say.OF_PLANS

    def sizes(count: int, low: int = 8, high: int = 60) -> list[int]:
        """Different ones: equal sizes could be placed in another order with another peak."""
        return [int(size) for size in rng.choice(np.arange(low, high), count, replace=False)]

    def chain(*ranks: int) -> Tensors:
        """Layer after layer, each read by the next; ranks: which of the sizes, from small to large."""
        ordered = sorted(sizes(len(ranks)))
        return [(f"layer{at}", ordered[rank], at, at + 1) for at, rank in enumerate(ranks)]

    def crowd() -> Tensors:
        """Sixty, drawn until it matters which comes first."""
        while True:
            lives = zip(sizes(60, 1, 100), rng.integers(0, 12, 60).tolist(), rng.integers(0, 6, 60).tolist(), strict=True)
            tensors = [(f"t{at}", size, first, first + length) for at, (size, first, length) in enumerate(lives)]
            others = (tensors, sorted(tensors, key=lambda tensor: tensor[1]))
            if right.peak(tensors, right.greedy(tensors)) < min(right.peak(tensors, right.placed(order)) for order in others):
                return tensors

    def planned(name: str, tensors: Tensors, weight: float = 1, hints: tuple[str, ...] = say.PLACE) -> Case:
        return Case(name, (tensors,), judge, weight, hints, hints_for=special)

    yield planned("a chain of layers", chain(3, 0, 2, 1, 4), 2, special["overlap"])
    a, b, c, d = sorted(sizes(4, 20, 60))
    shortcut = [("x", b, 0, 1), ("trunk", c, 1, 4), ("inside", d, 2, 3), ("sum", a, 4, 5)]
    yield planned("a shortcut is held until it is added", shortcut)
    touching = [("before", a, 0, 2), ("after", b, 2, 4)]
    yield planned("read and written in one step", touching, hints=special["overlap"])
    following = [("one", b, 0, 1), ("two", d, 2, 3), ("three", a, 4, 5)]
    yield planned("one after the other", following)
    together = [(f"branch{at}", size, 0, 3) for at, size in enumerate(sizes(4))]
    yield planned("all at once", together)
    small, large, small2 = 10, 40, int(rng.integers(11, 15))
    later = [("first", small, 0, 1), ("second", small2, 1, 2), ("large", large, 2, 3), ("last", small + 6, 0, 3)]
    yield planned("the largest comes last", later)
    gap = [("held", 40, 0, 9), ("early", 30, 0, 4), ("meets", 20, 4, 9), ("fits", int(rng.integers(5, 12)), 6, 9)]
    yield planned("a gap below", gap)
    yield planned("sixty tensors", crowd(), 2)
    yield planned("one tensor", [("alone", 17, 0, 3)])
    nothing, of_nothing = ([("alone", 17, 0, 3)],), special | {"error": say.NOTHING}
    yield Case("no tensor", nothing, judges.plans_nothing_too, hints=say.NOTHING, hints_for=of_nothing, probe="and_of_nothing")
    changed = {"changed": say.CHANGED}
    yield Case("leaves the list as it was", (chain(3, 0, 2, 1)[::-1],), judge, hints_for=changed, about="inputs")


@lab.exercise(points=2, difficulty=2, minutes=10, core=False, stand_in=library(other.torch_batches, "torch.utils.data"))
def calibration_batches(rng: np.random.Generator) -> Iterator[Case]:
    """calibration_batches(images, count, batch_size, seed) -> list of tensors."""
    judge, seed = judges.batches_of, int(rng.integers(1, 1000))
    special = say.OF_BATCHES

    def photos(n: int, *shape: int) -> Tensor:
        """Each filled with a number of its own, so that a judge knows it again."""
        return zeros(n, *(shape or (1, 2, 2))) + arange(1, n + 1, dtype=float32).view(-1, *[1] * len(shape or (1, 2, 2)))

    yield Case("12 of 60, four at a time", (photos(60), 12, 4, seed), judge, 2, say.DRAW, hints_for=special, probe="drawn")
    yield Case("a smaller last batch", (photos(60), 11, 4, seed), judge, hints=special["sizes"], hints_for=special, probe="drawn")
    yield Case("all images", (photos(20), 20, 5, seed), judge, hints=special["twice"], hints_for=special, probe="drawn")
    yield Case("a batch larger than the count", (photos(30), 7, 16, seed), judge, hints=special["sizes"], hints_for=special, probe="drawn")
    yield Case("a batch of one image", (photos(30), 6, 1, seed), judge, hints=special["sizes"], hints_for=special, probe="drawn")
    axes = ("What is the shape of a batch?", "(batch, ...), with the axes of the images behind it.")
    yield Case("vectors", (photos(50, 3), 8, 4, seed), judge, hints=axes, hints_for=special, probe="drawn")
    twice = (photos(60), 12, 4, seed)
    yield Case("a seed decides", twice, judges.seeded, hints=special["again"], hints_for=special, probe="drawn_twice")
    dice = (*twice, int(rng.integers(1 << 30)), 5)
    yield Case("a generator of its own", dice, judges.leaves_the_dice, hints=say.OWN, probe="drawn_and_next")
    many = ("How many different images are there?", "Fewer than asked for: raise ValueError.")
    yield Case("refuses more than there are", (photos(10), 11, 4, seed), raises("ValueError"), hints=many, about="refusal")
    yield Case("refuses to draw none", (photos(10), 0, 4, seed), raises("ValueError"), hints=say.REFUSE, about="refusal")
    yield Case("refuses a batch of none", (photos(10), 5, 0, seed), raises("ValueError"), hints=say.REFUSE, about="refusal")


@lab.exercise(points=2, difficulty=2, minutes=10, core=False, stand_in=library(other.numpy_difference, "numpy"))
def largest_difference(rng: np.random.Generator) -> Iterator[Case]:
    """largest_difference(expected, found) -> float."""
    judge = recognising(close_to(right.farthest, rtol=1e-5), APART, rtol=1e-5)

    def logits(*shape: int) -> Tensor:
        return from_numpy(rng.normal(size=shape).astype(np.float32))

    expected = logits(6, 10)
    found = expected + 0.001 * logits(6, 10)
    found[int(rng.integers(6)), int(rng.integers(10))] += 0.25
    yield Case("logits", (expected, found), judge, 2, say.APART, hints_for=say.OF_DIFFERENCE)
    yield Case("the same", (expected, expected.clone()), judge, hints=say.APART)
    yield Case("far below", (found - 9, expected - 2), judge, hints=say.APART, hints_for=say.OF_DIFFERENCE)
    codes = from_numpy(rng.integers(0, 256, (5, 8), dtype=np.uint8))
    nudged = codes.clone()
    codes[2, 3], nudged[2, 3] = 3, 250
    yield Case("codes of uint8", (codes, nudged), judge, hints=say.WRAP, hints_for={"error": say.WRAP})
    signed = tensor([[-128, 5], [7, 127]], dtype=int8), tensor([[127, 5], [7, -100]], dtype=int8)
    yield Case("codes of int8", signed, judge, hints=say.WRAP)
    broken = found.clone()
    broken[3, 4] = nan
    yield Case("NaN in what was found", (expected, broken), judge, hints=say.NAN, hints_for={"error": say.NAN})
    yield Case("NaN in what was expected", (broken, expected), judge, hints=say.NAN, hints_for={"error": say.NAN})
    masked = logits(4, 6)
    masked[1, 2], masked[2, 3] = -inf, inf
    yield Case("equal infinities", (masked, masked + tensor([0, 0, 0, 0, 0, 0.5])), judge, hints=say.INFINITE)
    yield Case("an infinity on one side", (logits(4, 6), masked), judge, hints=say.APART)
    yield Case("nothing to compare", (zeros(0, 10), zeros(0, 10)), judge, hints=say.EMPTY, hints_for={"error": say.EMPTY})
    broadcast = ("What does (6, 10) minus (10,) give?", "Torch repeats the row: compare the shapes and raise ValueError.")
    yield Case("refuses other shapes", (expected, logits(10)), raises("ValueError"), hints=broadcast, about="refusal")
    turned = ("Is (1, 10) the shape (10,)?", "No: somebody lost an axis. Compare the shapes and raise ValueError.")
    yield Case("refuses a missing axis", (expected[:1], expected[0]), raises("ValueError"), hints=turned, about="refusal")
    changed = {"changed": say.CHANGED}
    yield Case("leaves both as they were", (expected, expected + logits(6, 10).abs()), judge, hints_for=changed, about="inputs")
