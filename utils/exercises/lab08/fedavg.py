"""fedavg: the mean of many networks, each weighted by its samples."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor, tensor, zeros

from utils import adapt
from utils.exercises.draws import normal
from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, describe, difference, exercise, keeps_inputs, refuses
from utils.exercises.messages.resemblance import resemblance

State = dict[str, np.ndarray]


def mean_of(states: list[State], shares: list[float], rounded: Callable[[Any], Any] = np.rint) -> State:
    """McMahan et al. (2017), number by number in double precision; integers are rounded."""
    mean = {}
    for name, first in states[0].items():
        total = np.zeros(first.shape)
        for state, share in zip(states, shares, strict=True):
            total = total + state[name].astype(float) * share
        mean[name] = (rounded(total + 0.0) if first.dtype.kind in "iu" else total).astype(first.dtype)
    return mean


def shares_of(sizes: list[int]) -> list[float]:
    """Each size's part of all."""
    return [size / sum(sizes) for size in sizes]


def averages(answer: Any, inputs: tuple[Any, ...], exactly: bool = False) -> Verdict:
    """inputs: (states, sizes). The weighted mean; integers stay integers (about "dtype" where they do not).

    exactly: every dtype is the first client's.
    """
    states, sizes = inputs
    wanted = mean_of(states, shares_of(sizes))
    fault = difference(answer, wanted, rtol=1e-4, atol=1e-6)
    if fault is None:
        for name, first in wanted.items():
            dtype = np.asarray(answer[name]).dtype
            if dtype != first.dtype if exactly else first.dtype.kind in "iu" and dtype.kind not in "iu":
                return Verdict(False, f"{name} of {first.dtype}", f"{name} of {dtype}", "dtype")
        return Verdict(True, describe(wanted), describe(answer))
    return Verdict(False, describe(wanted), fault, resemblance(answer, wanted, rtol=1e-4, atol=1e-6))


def _shared(shares: Callable[[list[int]], list[float]]) -> Callable[..., State]:
    return lambda states, sizes: mean_of(states, shares(sizes))


def _counted_by(by: Callable[[Any], Any]) -> Callable[..., State]:
    """Counters rounded in another way, where they are far enough from an integer to be no error of a sum."""
    return lambda states, sizes: mean_of(states, shares_of(sizes), lambda total: by(total.round(6)))


def _first_counters(states: list[State], sizes: list[int]) -> State:
    return mean_of(states, shares_of(sizes)) | {name: part for name, part in states[0].items() if part.dtype.kind in "iu"}


_SHARE = ("Whose weights count more?", "Those of clients with more samples: each state counts with its size / the sum of the sizes.")
_MEAN = ("Take one name and compute its mean by hand.", "The sum of size / sum(sizes) * state[name] over the states.")
_DIVIDED = ("Is this a mean?", "Divide by the sum of the sizes.")
_NEAREST = ("Which integer is nearest to a mean such as 2.75?", "3: torch.round finds it; .long(), .to() and // cut the fraction off.")
_DTYPE = (
    "Which dtype has a counter after the averaging?",
    "The one that the first client's has: average in float, round to the nearest integer, then .to(that dtype).",
)
_WHOSE = ("Whose counter is this?", "Average integers as well: their weighted mean, rounded to the nearest integer.")
MISTAKES = (
    Mistake("equal shares", _shared(lambda sizes: [1 / len(sizes)] * len(sizes)), _SHARE),
    Mistake("not divided", _shared(lambda sizes: [float(size) for size in sizes]), _DIVIDED),
    Mistake("divided by the largest", _shared(lambda sizes: [size / max(sizes) for size in sizes]), _DIVIDED),
    Mistake("shares turned round", _shared(lambda sizes: shares_of(sizes[::-1])), _SHARE),
    Mistake("rounded toward 0", _counted_by(np.trunc), _NEAREST, "counters are rounded"),
    Mistake("rounded up", _counted_by(np.ceil), _NEAREST, "counters are rounded"),
    Mistake("counters of the first", _first_counters, _WHOSE),
)
STEPS = (
    "Refuse; for each name add up share times tensor, in float; round and convert where the first client's tensor is not "
    "is_floating_point()."
)


def _state(rng: Rng) -> dict[str, Tensor]:
    return {"conv.weight": normal(rng, 3, 2, 4), "head.weight": normal(rng, 5, 3), "head.bias": normal(rng, 5), "gain": normal(rng)}


def _counted(rng: Rng, counters: Any) -> dict[str, Tensor]:
    """With the buffers of a batch norm."""
    mean = {"norm.weight": normal(rng, 4), "norm.running_mean": normal(rng, 4)}
    return mean | {"norm.num_batches_tracked": tensor(counters)}


@exercise(adapt.weighted_average, points=3, difficulty=2, minutes=15, judge=averages, mistakes=MISTAKES, steps=STEPS)
def fedavg(rng: Rng) -> Cases:
    """fedavg(states, sizes) -> dict of tensors."""
    case, size = partial(Case, hints_for={"dtype": _DTYPE}), int(rng.integers(20, 90))
    two, few = [_state(rng) for _ in range(2)], [_state(rng) for _ in range(3)]
    yield case("two clients of equal size", (two, [size, size]), weight=2, hints=_MEAN)
    sizes = [int(one) for one in rng.permutation([10, 60, 130]) + rng.integers(0, 9, 3)]
    yield case("three clients of other sizes", (few, sizes), weight=2, hints=_SHARE)
    alone = ("What is the mean of one network?", "The network itself.")
    yield case("a single client", ([_state(rng)], [size]), hints=alone)
    absent = ("What does a client without samples add?", "Nothing: its share is 0, and the others' shares add up to 1.")
    yield case("a client without samples", ([*two, _state(rng)], [size, 30, 0]), hints=absent)
    stay, counter = "counters stay integers", int(rng.integers(10, 99))
    whole = [_counted(rng, counter + more) for more in (0, 2, 2 * int(rng.integers(5, 20)) + 1)]  # their mean is an integer
    yield case(stay, (whole, [size, size, 2 * size]), hints=_DTYPE)
    apart = [int(more) for more in rng.permutation([1, 3, -1, 5])]  # means of .75 and .25 above an integer
    between = [_counted(rng, [counter] * 4), _counted(rng, [counter + more for more in apart])]
    yield case("counters are rounded", (between, [size, 3 * size]), hints=_NEAREST, basis=stay)
    large = 1_000_003 + 2 * int(rng.integers(1000))
    exact = (
        "Is a mean of equal numbers that number?",
        "In float16 or with rounded shares it is not: add up in float32 or float64, round, convert.",
    )
    yield case("equal counters stay", ([{"count": tensor(large)}, {"count": tensor(large)}], [1, 2]), hints=exact, basis=stay)
    first = {"weight": normal(rng, 3).double(), "count": tensor(counter).int()}
    mixed = [first, {"weight": normal(rng, 3), "count": tensor(counter)}]
    kept = ("Which dtypes has the first client?", "The result has them too: .to(first.dtype) at the end, for every name.")
    yield Case("the first client's dtypes", (mixed, [size, 30]), partial(averages, exactly=True), hints=kept, hints_for={"dtype": kept})
    lengths = (
        "What does zip do when one list is shorter?",
        "It stops there without a word: compare the lengths first and raise ValueError.",
    )
    nobody = ("What is the share of 0 among 0?", "There is none: raise ValueError where the sizes add up to 0.")
    negative = ("Can a client have -5 samples?", "It can't, and the sum would hide it: look at each size and raise ValueError.")
    yield refuses("a size too few", (few, sizes[:2]), hints=lengths)
    yield refuses("a size too many", (two, sizes), hints=lengths)
    yield refuses("no clients", ([], []))
    yield refuses("sizes that are all 0", (two, [0, 0]), hints=nobody)
    yield refuses("a negative size", (two, [-5, 30]), hints=negative)
    names = ("Do both networks have the same names?", "Compare the keys of all states with the first one's, both ways.")
    more, fewer = {**few[1], "extra.bias": zeros(2)}, {name: few[1][name] for name in list(few[1])[:2]}
    renamed = {name.replace("head", "out"): part for name, part in few[1].items()}
    for what, other in (("a name too many", more), ("a name too few", fewer), ("as many other names", renamed)):
        yield refuses(what, ([few[0], other], [1, 1]), hints=names)
    yield keeps_inputs([_state(rng), _state(rng)], [30, size], name="leaves the states as they were")
