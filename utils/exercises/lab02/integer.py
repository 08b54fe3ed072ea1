"""Lab 02's exercise about a layer without floats."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch import Tensor, from_numpy, full, int8, int32, tensor, uint8

from utils.exercises.declare import Case
from utils.exercises.dtypes import no_floats, of_dtype
from utils.exercises.judges import equal_to, recognising
from utils.exercises.lab02 import oracles
from utils.exercises.lab02.codes import CHANGED, lab
from utils.exercises.lab02.draws import whole
from utils.exercises.lab02.standins import torch_linear
from utils.exercises.standins import library


def _parity(q_x: Tensor, q_w: Tensor, q_b: Tensor, x_zero_point: int) -> Tensor:
    """The bias, changed by one where the accumulator of the first input would be even: float32 has no odd numbers up there."""
    odd = oracles.accumulators(q_x.numpy()[:1], q_w.numpy(), q_b.numpy(), x_zero_point)[0] % 2
    return q_b + (1 - from_numpy(odd)).to(int32)


@lab.exercise(points=3, difficulty=2, minutes=10, stand_in=library(torch_linear, "torch.nn.functional.linear"))
def integer_linear(rng: np.random.Generator) -> Iterator[Case]:
    """integer_linear(q_x, q_w, q_b, x_zero_point) -> (n, out) int32 tensor."""
    mistakes = {
        "transposed": lambda q_x, q_w, q_b, _: (q_x.astype(int) @ q_w.astype(int).T).T,
        "bias": lambda q_x, q_w, q_b, zero_point: oracles.accumulators(q_x, q_w, 0 * q_b, zero_point),
        "point": lambda q_x, q_w, q_b, _: oracles.accumulators(q_x, q_w, q_b, 0),
    }
    judge = recognising(equal_to(oracles.accumulators), mistakes, rtol=0)

    def layer(n: int, inputs: int, out: int, x: tuple[int, int], w: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
        q_x, q_w = from_numpy(whole(rng, *x, n, inputs)).to(uint8), from_numpy(whole(rng, *w, out, inputs)).to(int8)
        return q_x, q_w, from_numpy(whole(rng, 5, 9, out)).to(int32)

    sums = ("What is one number of the output?", "The sum over the inputs of q_x times q_w, plus the bias: q_x @ q_w.T + q_b.")
    meet = (
        "Which shapes and which dtypes meet there?",
        "q_w is (out, in): q_x @ q_w.T. Both sides of @ need one dtype: .to(torch.int32) first.",
    )
    special = {
        "error": meet,
        "bias": ("What is missing is the same in every row.", "Add q_b: one number for each output."),
        "transposed": ("What is the shape of your result?", "(n, out): a row for each sample."),
        "numpy": ("Does this need numpy?", "It does not: tensors do all of it, and the check watches torch's operations alone."),
        "float": ("Which line makes a float?", "Keep to .to(torch.int32), @, sum() and +: torch.zeros and / give floats."),
    }
    small = (*layer(3, 5, 4, (0, 3), (-3, 3)), 0)
    yield Case("products and their sum", small, judge, 2, sums, hints_for=special)
    wide = ("What is 100 * 100 in int8?", "16: it wraps around. Convert to int32 before you multiply.")
    large = (*layer(4, 40, 6, (60, 255), (40, 127)), 0)
    products = "products beyond int8"
    yield Case(products, large, judge, 2, wide, hints_for={"error": meet})
    point = ("Which value has the code x_zero_point?", "0.0: subtract it from q_x before you multiply. The weights' zero point is 0.")
    shifted = "subtracts the zero point"
    yield Case(shifted, (*layer(3, 5, 4, (10, 13), (-3, 3)), 10), judge, hints=point, hints_for={"error": meet, "point": point})
    below = ("What is 3 - 128 in uint8?", "131: it has no negative numbers. Convert to int32 before you subtract.")
    low = layer(3, 5, 4, (124, 127), (-3, 3))
    yield Case("codes below the zero point", (*low, 128), judge, hints=below, basis=shifted)
    exact = (
        "This sum is larger than 2**24 = 16777216.",
        "float32 holds no odd numbers beyond it: add up in int32, also the bias.",
    )
    q_x, q_w, q_b = layer(2, 900, 3, (250, 255), (120, 127))
    yield Case("sums beyond 2**24", (q_x, q_w, _parity(q_x, q_w, q_b, 0), 0), judge, hints=exact, basis=products)
    extremes = full((2, 4), 255, dtype=uint8), full((3, 4), -128, dtype=int8), tensor([0, 2_000_000_001, -2_000_000_001], dtype=int32)
    yield Case("the most extreme codes", (*extremes, 0), judge, hints=exact, basis=products)
    one = ("What is the shape of your result?", "(n, out), also if both are 1.")
    yield Case("one input, one output", (*layer(1, 1, 1, (1, 5), (1, 5)), 0), judge, hints=one, hints_for={"error": one})
    nothing = ("There is no sample here.", "The shape is (0, out): work on the whole tensor.")
    yield Case("no samples", (*layer(0, 5, 4, (0, 3), (-3, 3)), 0), judge, hints=nothing, hints_for={"error": nothing})
    dtype = ("What is your result's dtype?", "int32 accumulators are asked for: it stays whole.")
    yield Case("integers come out", small, of_dtype(judge, "an integer dtype", "i", "u"), hints=dtype)
    q_x, q_w, q_b = layer(3, 5, 4, (0, 3), (-3, 3))
    odd = (q_x, q_w, _parity(q_x, q_w, q_b + 2**24 + 100, 0), 0)  # so that who gets past the probe has still computed exactly
    yield Case("no float on the way", odd, no_floats(judge), hints=special["float"], hints_for=special, probe="without_floats")
    again = (*layer(3, 6, 4, (10, 13), (-3, 3)), 10)
    yield Case("leaves the codes as they were", again, judge, hints_for=CHANGED, about="inputs", basis=shifted)
