"""peak_activation_bytes: the RAM that a chain of layers needs."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from utils.exercises.draws import between
from utils.exercises.kit import Case, Cases, Mistake, Rng, equal_to, exercise, integer, refuses

Shapes = Sequence[tuple[int, ...]]


def _bytes(shape: tuple[int, ...], bits: int) -> int:
    """Bit by bit: a tensor takes whole bytes."""
    used = bits
    for side in shape:
        used *= side
    return used // 8 + (1 if used % 8 else 0)


def largest_pair(layer_shapes: Shapes, bits: int) -> int:
    """Two neighbors are held at a time."""
    sizes = [_bytes(shape, bits) for shape in layer_shapes]
    return max([one + following for one, following in pairwise(sizes)], default=sizes[0])


def numpy_peak(layer_shapes: Shapes, bits: int) -> int:
    """`peak_activation_bytes` by a running sum over neighbors."""
    if not layer_shapes:
        raise ValueError("there is no layer: give at least the shape of the input")
    sizes = np.array([math.ceil(math.prod(shape) * bits / 8) for shape in layer_shapes])
    return int(np.convolve(sizes, [1, 1], "valid" if len(sizes) > 1 else "same").max())


def _of(pick: Callable[[list[int]], int]) -> Callable[[Shapes, int], int]:
    return lambda shapes, bits: pick([_bytes(shape, bits) for shape in shapes])


def _with(size: Callable[[int, int], float]) -> Callable[[Shapes, int], float]:
    """The right pair of other sizes. size: (number of values, bits) -> bytes."""

    def made(shapes: Shapes, bits: int) -> float:
        sizes = [size(math.prod(shape), bits) for shape in shapes]
        return max([one + following for one, following in pairwise(sizes)], default=sizes[0])

    return made


JUDGE = equal_to(largest_pair)
_PAIR = ("What is in memory while a layer runs?", "Its input and its output: the largest sum of two neighbors in the list.")
_ANY = ("Where is the peak here?", "Look at every pair of neighbors: the peak may be anywhere.")
_NEVER = ("Are the two largest tensors ever in memory together?", "Only neighbors in the list are: add each to the next one.")
_BITS = ("How many bytes is one value?", "bits / 8: 4 bytes for 32 bits, 1 for 8.")
_ROUND = ("Can a tensor end in the middle of a byte?", "Round each tensor up to whole bytes, then add: 5 values of 4 bits take 3 bytes.")
_ACROSS = ("Where do 10 values of 3 bits end?", "In 30 bits, 4 bytes: a value may lie across two bytes.")
MISTAKES = (
    Mistake("takes the largest tensor", _of(max), _PAIR),
    Mistake("keeps every tensor", _of(sum), _PAIR),
    Mistake("adds the two largest", _of(lambda sizes: sum(sorted(sizes)[-2:])), _NEVER),
    Mistake("looks at the first layer only", _of(lambda sizes: sum(sizes[:2])), _ANY),
    Mistake("always four bytes a value", _with(lambda count, bits: 4 * count), _BITS),
    Mistake("counts bits", _with(lambda count, bits: count * bits), _BITS),
    Mistake("rounds down", _with(lambda count, bits: count * bits // 8), _ROUND),
    Mistake("rounds the sum", lambda shapes, bits: math.ceil(_with(lambda count, b: count * b / 8)(shapes, bits)), _ROUND),
    Mistake("splits no value", _with(lambda count, bits: math.ceil(count / (8 // bits)) if bits < 8 else count * bits // 8), _ACROSS),
)
STEPS = (
    "Refuse an empty list. Compute the bytes of each tensor: the product of its shape, times bits, divided by 8, rounded up. "
    "Add each tensor to the next one and take the largest sum; of a single tensor, take its own bytes."
)


@exercise(numpy_peak, points=2, difficulty=2, minutes=10, judge=JUDGE, mistakes=MISTAKES, rtol=0, steps=STEPS)
def peak_activation_bytes(rng: Rng) -> Cases:
    """peak_activation_bytes(layer_shapes, bits) -> int."""
    width, side = 2 * between(rng, 4, 7), between(rng, 18, 22)
    yield Case("input and output at once", ([(1, side, side), (width, side, side), (width, 5, 5)], 32), weight=2, hints=_PAIR)
    yield Case("a peak at the end", ([(3, 8, 8), (4, 8, 8), (between(rng, 40, 59), 8, 8), (between(rng, 80, 99), 8, 8)], 32), hints=_ANY)
    middle = [(3, 16, 16), (9, 16, 16), (between(rng, 20, 29), 16, 16), (10, 8, 8), (10,)]
    yield Case("a peak in the middle", (middle, 32), hints=_ANY)
    apart = [(between(rng, 90, 110),), (2,), (between(rng, 80, 89),), (3,)]
    yield Case("two large tensors that never meet", (apart, 32), hints=_NEVER)
    yield Case("8 bits a value", ([(1, 28, 28), (width, 14, 14), (10,)], 8), hints=_BITS)
    odd = sorted(((2 * between(rng, 4, 90) + 1,) for _ in range(3)), reverse=True)
    yield Case("4 bits, odd counts", (odd, 4), hints=_ROUND)
    yield Case("3 bits a value", ([(8 * between(rng, 2, 60) + 2,), (7,), (2,)], 3), hints=_ROUND)
    yield Case("1 bit a value", ([(3, 3), (between(rng, 2, 90) * 8 + 1,), (2,)], 1), hints=_ROUND)
    alone = ("What if there is no layer at all?", "Then only the input is in memory.")
    yield Case("an input and no layer", ([(2, between(rng, 8, 14), 9)], 32), hints=alone, hints_on_error=True)
    whole = ("Is your answer an integer?", "Divide with // or round up to an int: bytes come whole.")
    yield Case("an integer comes out", ([(width, side), (side, 3)], 16), integer(JUDGE), hints=whole)
    yield refuses("an empty list", ([], between(rng, 4, 32)))
