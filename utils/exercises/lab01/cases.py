"""Lab 01's exercises: what each function must do, and what stands in for it.

Weights are drawn float32 like a layer's. The judges compare with invariants and slow numpy; the
stand-ins are torch.nn.utils.prune where it has the function, else the course's own package.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor, from_numpy, tensor

from utils.compress import pruning
from utils.exercises.declare import Case, Lab
from utils.exercises.judges import Judge, answered, close_to, equal_to, knowing, raises
from utils.exercises.lab01.judges import (
    asks_once,
    computes_the_same,
    keeps_largest,
    keeps_largest_of_all,
    keeps_n_of_m,
    table_of,
)
from utils.exercises.lab01.oracles import cubic, importance, looked_up, ticket
from utils.exercises.lab01.standins import torch_mask, torch_masks
from utils.exercises.standins import library, package

lab = Lab("01")

_SIGN = ("Is -3 a large weight or a small one?", "Compare absolute values: the sign says nothing about the size.")
_TIES = (
    "Many of these weights have the same magnitude.",
    "A threshold takes all equal weights or none: order them and take as many as you need.",
)
_NOTHING = ("What goes at sparsity 0?", "With nothing to remove there is no threshold: also a weight of zero stays.")
_PARAMETER = (
    "A layer's weight is a parameter; the error says what it does not allow.",
    "Call weight.detach() first: a mask needs no gradient.",
)
_CHANGED = (
    "Print the inputs before and after.",
    "Methods that end in _ (abs_, mul_) change a tensor, and what shares its memory: detach(), view().",
)


def _weights(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Tensor:
    return from_numpy((scale * rng.normal(size=shape)).astype(np.float32))


def _sizes(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Tensor:
    """Positive weights: for the cases that are about something else than the sign, so that one mistake costs one case."""
    return _weights(rng, *shape, scale=scale).abs() + 0.01 * scale


def _smallest_negative(sizes: Tensor, count: int) -> Tensor:
    """Of each row the `count` smallest become negative: abs_() would change them, and to forget abs() changes no mask."""
    return sizes.scatter(-1, smallest := sizes.topk(count, largest=False).indices, -sizes.gather(-1, smallest))


@lab.exercise(points=3, difficulty=1, minutes=10, stand_in=library(torch_mask, "torch.nn.utils.prune"))
def magnitude_mask(rng: np.random.Generator) -> Iterator[Case]:
    """magnitude_mask(weight, sparsity) -> bool tensor of the weight's shape."""
    half = (
        "Which weights change the output least when they are set to zero?",
        "The mask is True where the weight stays, not where it goes.",
    )
    count = (
        "Count the False entries of your mask.",
        "Remove exactly round(sparsity * n) weights: int() cuts off, and a quantile lies between two weights.",
    )
    shape = ("What is the shape of your mask?", "Flatten to order the weights, then give the mask the weight's shape.")
    special = {"count": count, "shape": shape}
    yield Case("keeps the largest half", (_sizes(rng, 8, 16), 0.5), keeps_largest, 2, half, hints_for=special)
    yield Case("counts the magnitude, not the sign", (_weights(rng, 6, 10) - 1, 0.3), keeps_largest, 2, _SIGN, hints_for=special)
    yield Case("removes exactly round(sparsity * n)", (_sizes(rng, 3, 5), 0.25), keeps_largest, hints=count)
    yield Case("splits equal magnitudes", (tensor([0.5, -0.5] * 6).view(3, 4), 0.5), keeps_largest, hints=_TIES)
    zeros = _sizes(rng, 40) * from_numpy(rng.permutation(40) < 16)
    yield Case("counts weights that are already zero", (zeros, 0.25), keeps_largest, hints=_TIES)
    none = zeros.view(5, 8).double()
    yield Case("sparsity 0 keeps all", (none, 0.0), keeps_largest, hints=_NOTHING, hints_for={"error": _NOTHING})
    yield Case("98 % of a convolution", (_sizes(rng, 8, 6, 3, 3, scale=0.05), 0.98), keeps_largest, hints=count, hints_for=special)
    one = ("Work it through by hand: n is 1, a quarter goes.", "round(0.25) is 0, so the weight stays.")
    yield Case("a single weight", (_sizes(rng, 1), 0.25), keeps_largest, hints=one, hints_for={"error": one})
    layer = (_sizes(rng, 4, 9), 0.6)
    yield Case("takes a layer's parameter", layer, keeps_largest, hints_for={"error": _PARAMETER}, probe="as_parameters", as_given=True)
    signed = (_smallest_negative(_sizes(rng, 24), 12).view(4, 6), 0.5)
    yield Case("leaves the weight as it was", signed, keeps_largest, hints_for={"changed": _CHANGED}, about="inputs")


@lab.exercise(points=3, difficulty=2, minutes=10, stand_in=library(torch_masks, "torch.nn.utils.prune"))
def global_masks(rng: np.random.Generator) -> Iterator[Case]:
    """global_masks(weights, sparsity) -> dict of bool tensors, one threshold over all."""
    layers = {"first": _sizes(rng, 4, 3, 3, 3), "second": _sizes(rng, 10, 12, scale=0.4), "third": _sizes(rng, 20, scale=2.0)}
    one = ("Should each layer lose the same share?", "Join all weights first, then find one threshold.")
    count = (
        "Count the False entries of all masks together.",
        "round(sparsity * total) for all tensors together: rounding layer by layer adds up.",
    )
    shape = (
        "Which names and shapes has your answer?",
        "Cut the joined mask into pieces of the weights' sizes, and give each the shape and the name of its weight.",
    )
    special = {"count": count, "shape": shape}
    yield Case("one threshold for all layers", (layers, 0.5), keeps_largest_of_all, 2, one, hints_for=special)
    yield Case("90 % of all weights", (layers, 0.9), keeps_largest_of_all, hints=one)
    small = {"small": _sizes(rng, 3, 4, scale=0.001), "large": _sizes(rng, 6, 6) + 1}
    whole = ("May a layer lose all its weights?", "Under one threshold it may: here the small layer goes first.")
    yield Case("a layer may lose everything", (small, 0.25), keeps_largest_of_all, hints=whole)
    signed = {"a": _weights(rng, 5, 5) - 1, "b": _weights(rng, 15)}
    yield Case("counts the magnitude, not the sign", (signed, 0.4), keeps_largest_of_all, 2, _SIGN)
    odd = {name: _sizes(rng, 3) for name in "abcde"}
    yield Case("removes exactly round(sparsity * total)", (odd, 0.25), keeps_largest_of_all, hints=count)
    yield Case("splits equal magnitudes", ({"a": tensor([0.5] * 6), "b": tensor([[-0.5] * 4])}, 0.5), keeps_largest_of_all, hints=_TIES)
    none = ({"a": tensor([0.0, 1.0]), "b": tensor([[0.0]])}, 0.0)
    yield Case("sparsity 0 keeps all", none, keeps_largest_of_all, hints=_NOTHING, hints_for={"error": _NOTHING})
    parameters: dict[str, Any] = {"hints_for": {"error": _PARAMETER}, "probe": "as_parameters", "as_given": True}
    yield Case("takes parameters of layers", (layers, 0.3), keeps_largest_of_all, **parameters)
    changed = ("Print the weights and the dict before and after.", "Make a new dict; methods that end in _ (abs_, mul_) change a tensor.")
    negative = ({"small": -small["small"], "large": small["large"]}, 0.25)  # to forget abs() changes no mask
    yield Case("leaves the weights as they were", negative, keeps_largest_of_all, hints_for={"changed": changed}, about="inputs")


@lab.exercise(points=2, difficulty=1, minutes=5, stand_in=package(pruning.cubic_sparsity))
def cubic_sparsity(rng: np.random.Generator) -> Iterator[Case]:
    """cubic_sparsity(step, begin, end, final_sparsity) -> float."""
    judge, final = close_to(cubic, atol=1e-5), round(float(rng.uniform(0.5, 0.95)), 2)
    early = (
        "What is pruned before pruning begins?",
        "Bound the share of the way that is done to 0 from below, or the cubic goes negative.",
    )
    yield Case("0 before begin", (100, 200, 1000, final), judge, hints=early)
    yield Case("0 at begin", (200, 200, 1000, final), judge, hints=early)
    half = ("Put t = 0.5 into the formula by hand: 1 - 0.5 ** 3 is 0.875.", "The third power is of (1 - t), and it is taken from 1.")
    middle = "halfway it is 7/8 of the final sparsity"
    yield Case(middle, (500, 0, 1000, final), judge, hints=half)
    shift = ("Where is t = 0 when begin is not 0?", "t = (step - begin) / (end - begin).")
    yield Case("counts from begin", (int(rng.integers(300, 500)), 200, 700, final), judge, 2, shift, basis=middle)
    late = ("What happens after the last pruning step?", "Bound the share of the way that is done to 1 from above.")
    yield Case("final_sparsity at end", (1000, 200, 1000, final), judge, hints=late, basis=middle)
    yield Case("final_sparsity after end", (1700, 200, 1000, final), judge, hints=late, basis=middle)
    share = ("Here the three are shares of the training, between 0 and 1.", "Do not round, and do not use // : it gives 0 here.")
    fractions = (float(rng.uniform(0.2, 0.5)), 0.1, 0.6, final)
    yield Case("takes fractions too", fractions, judge, hints=share, basis="counts from begin")
    zero = ("Nothing is to go.", "The result is a multiple of final_sparsity.")
    yield Case("final_sparsity 0 prunes nothing", (300, 0, 1000, 0.0), judge, hints=zero, basis=middle)


@lab.exercise(points=2, difficulty=1, minutes=5, stand_in=package(pruning.channel_importance))
def channel_importance(rng: np.random.Generator) -> Iterator[Case]:
    """channel_importance(weight, criterion) -> (out,) tensor."""
    judge, weight = close_to(importance), _weights(rng, 6, 4, 3, 3)
    l1 = (
        "One number for each output channel: what is added up?",
        'The first axis counts the outputs. "l1" is the sum of absolute values, not their mean.',
    )
    yield Case("l1 is the sum of magnitudes", (weight, "l1"), judge, hints=l1)
    l2 = (
        "One number for each output channel: what is added up?",
        'The first axis counts the outputs. "l2" is the root of the sum of squares.',
    )
    norm = "l2 is the Euclidean norm"
    yield Case(norm, (weight, "l2"), judge, hints=l2)
    sign = ("All these weights are negative.", "Take the absolute value of each weight before adding up.")
    yield Case("negative weights count", (-weight.abs() - 0.1, "l1"), judge, hints=sign)
    one = ("What is the shape of your result?", "Shape (out,), also when out or in is 1: squeeze() takes too much.")
    yield Case("a single channel", (_weights(rng, 1, 3, 3, 3), "l2"), judge, hints=one, basis=norm)
    yield Case("kernels of 1 x 1", (_sizes(rng, 5, 1, 1, 1), "l1"), judge, hints=one)
    empty = weight.clone()
    empty[2] = 0
    zero = ("What is the norm of zeros?", "No division by the largest or the mean is asked for.")
    yield Case("an empty channel counts 0", (empty, "l2"), judge, hints=zero, basis=norm)
    refuse = ("What should happen with a criterion that is neither?", 'raise ValueError("criterion must be ...") says it.')
    yield Case("refuses another criterion", (weight, "l3"), raises("ValueError"), hints=refuse, about="refusal")
    both = {"changed": _CHANGED}
    yield Case("leaves the weight as it was", (weight, "l2"), judge, hints_for=both, probe="after_l1", about="inputs")


@lab.exercise(points=4, difficulty=3, minutes=15, stand_in=package(pruning.remove_channels))
def remove_channels(rng: np.random.Generator) -> Iterator[Case]:
    """remove_channels(conv_weight, conv_bias, next_weight, keep) -> the first three, smaller."""
    first, bias, second = _weights(rng, 8, 3, 3, 3), _weights(rng, 8) + 0.5, _weights(rng, 5, 8, 3, 3)
    which = (
        "Which axis of the next weight reads these channels?",
        "Outputs are axis 0 of conv_weight and of the bias, and axis 1 of next_weight.",
    )
    cut = ("How many numbers has the bias of a convolution with k outputs?", "Cut conv_bias like axis 0 of conv_weight.")
    index = ("Which channels are kept here?", "keep holds the indices themselves: not how many, not those that go.")
    special = {"bias": cut, "values": index}
    yield Case("keeps three of eight", (first, bias, second, tensor([1, 4, 6])), computes_the_same, 2, which, hints_for=special)
    yield Case("the first channels go", (first, bias, second, tensor([5, 6, 7])), computes_the_same, hints=index)
    none = ("There is no bias here.", "conv_bias may be None: give None back.")
    yield Case("without a bias", (first, None, second, tensor([0, 2, 3, 7])), computes_the_same, hints=none, hints_for={"error": none})
    one = ("What are the shapes of what you return?", "Indexing with a list or tensor keeps the axis; an integer, or squeeze(), drops it.")
    yield Case("a single channel", (first, bias, second, tensor([3])), computes_the_same, hints=one)
    square = _weights(rng, 4, 4, 1, 1), _weights(rng, 4), _weights(rng, 4, 4, 3, 3), tensor([0, 3])
    yield Case("as many inputs as outputs", square, computes_the_same, hints=which, hints_for={"axes": one})
    yield Case("keeps all", (first, bias, second, tensor(range(8))), computes_the_same, hints=index)
    changed = {"changed": ("Print the three tensors before and after.", "Return new tensors; do not write into the ones you got.")}
    two = (first, bias, second, tensor([2, 5]))
    yield Case("leaves the tensors as they were", two, computes_the_same, hints_for=changed, about="inputs")


@lab.exercise(points=2, difficulty=2, minutes=10, core=False, stand_in=package(pruning.sensitivity))
def sensitivity(rng: np.random.Generator) -> Iterator[Case]:
    """sensitivity(evaluate, names, sparsities) -> dict, name -> list of evaluate(name, sparsity)."""

    def case(
        name: str, names: list[str], sparsities: list[float], hints: tuple[str, str], weight: int = 1, judge: Judge | None = None
    ) -> Case:
        table = {layer: [round(float(value), 3) for value in rng.uniform(10, 95, len(sparsities))] for layer in names}
        values = answered(knowing(equal_to(looked_up), names, sparsities, table))
        return Case(name, (names, sparsities), judge or values, weight, hints, "look_up", outside=lambda: table_of(table, sparsities))

    every = ("A dict of lists: what is the key, and what is in the list?", "The keys are names; each list has one value for each sparsity.")
    yield case("every layer at every sparsity", ["stem", "block", "head"], [0.2, 0.5, 0.8, 0.9], every, 2)
    order = ("In which order are the values?", "The values stand in the order of the sparsities as given: nothing is sorted.")
    yield case("keeps the order of the sparsities", ["stem", "head"], [0.9, 0.1, 0.5], order)
    yield case("one layer, one sparsity", ["stem"], [0.5], ("One value is still a list.", "A list of one value, not the value itself."))
    twice = ("How many values are asked for?", "One value for each entry of sparsities, with sparsity 0 too.")
    yield case("sparsity 0 counts as well", ["stem", "block"], [0.0, 0.5], twice)
    yield case("no sparsities, empty lists", ["stem", "block"], [], ("The names are still there.", "Make the list before the inner loop."))
    once = ("How often does your function call evaluate?", "Each call takes seconds on a real network: keep its result in the list.")
    yield case("asks once for each pair", ["stem", "block"], [0.3, 0.6, 0.9], once, judge=asks_once)


@lab.exercise(points=2, difficulty=2, minutes=10, core=False, stand_in=package(pruning.nm_mask))
def nm_mask(rng: np.random.Generator) -> Iterator[Case]:
    """nm_mask(weight, n=2, m=4) -> bool tensor (out, in)."""
    groups = (
        "Which weights share a group?",
        "m consecutive inputs of one output: reshape to (out, in // m, m) and work along the last axis.",
    )
    yield Case("2 of 4 in every group", (_sizes(rng, 8, 16),), keeps_n_of_m, 2, groups)
    numbers = ("Do you use n and m?", "n is how many stay, m how large a group is.")
    yield Case("1 of 4", (_sizes(rng, 4, 8), 1, 4), keeps_n_of_m, hints=numbers, hints_for={"error": numbers})
    yield Case("5 of 8", (_sizes(rng, 6, 24), 5, 8), keeps_n_of_m, hints=numbers, hints_for={"error": numbers})
    yield Case("counts the magnitude, not the sign", (_weights(rng, 4, 8) - 1,), keeps_n_of_m, hints=_SIGN)
    ties = ("Some groups hold equal weights, or only zeros.", "A threshold takes all equal weights or none; topk gives exactly n.")
    equal = tensor([[0.5, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0], [1.0, 2.0, 2.0, 2.0, 0.0, 3.0, 0.0, 0.0]])
    yield Case("exactly n among equal weights", (equal,), keeps_n_of_m, hints=ties)
    refuse = (
        "What if the last group is not full?",
        "raise ValueError if in is not a multiple of m; check before reshaping, which raises another error.",
    )
    yield Case("refuses inputs that m does not divide", (_weights(rng, 4, 10),), raises("ValueError"), hints=refuse, about="refusal")
    layer = (_sizes(rng, 4, 12),)
    yield Case("takes a layer's parameter", layer, keeps_n_of_m, hints_for={"error": _PARAMETER}, probe="as_parameters", as_given=True)
    signed = (_smallest_negative(_sizes(rng, 4, 2, 4), 2).view(4, 8),)
    yield Case("leaves the weight as it was", signed, keeps_n_of_m, hints_for={"changed": _CHANGED}, about="inputs")


@lab.exercise(points=1, difficulty=1, minutes=5, core=False, stand_in=package(pruning.rewind))
def rewind(rng: np.random.Generator) -> Iterator[Case]:
    """rewind(initial, final, mask) -> tensor: initial where the mask keeps, zero elsewhere."""
    judge = close_to(ticket)

    def layer(*shape: int) -> tuple[Tensor, Tensor, Tensor]:
        return _weights(rng, *shape), _weights(rng, *shape), from_numpy(rng.random(shape) < 0.4)

    which = (
        "Which weights does a winning ticket start from?",
        "From the initial ones where the mask is True; the final ones only gave the mask.",
    )
    yield Case("kept weights go back to the start", layer(6, 8), judge, 2, which)
    yield Case("a convolution", layer(4, 3, 3, 3), judge, hints=which)
    initial, final, mask = layer(5, 5)
    numbers = ("This mask holds 0.0 and 1.0.", "mask.bool() accepts both; ~ works on bools only.")
    yield Case("a mask of numbers", (initial, final, mask.float()), judge, hints=numbers, hints_for={"error": numbers})
    yield Case("a mask that keeps all", (initial, final, mask | True), judge, hints=which)
    yield Case("a mask that removes all", (initial, final, mask & False), judge, hints=("What is left?", "Zeros of the same shape."))
    changed = {"changed": ("Print the tensors before and after.", "Return a new tensor: the next ticket needs the initial weights.")}
    yield Case("leaves the tensors as they were", (initial, final, mask), judge, hints_for=changed, about="inputs")
