"""depthwise_separable_macs: the MACs of a depthwise convolution and the 1x1 convolution behind it."""

from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from torch import nn

from utils.exercises.draws import between
from utils.exercises.kit import Case, Cases, Mistake, Rng, equal_to, exercise, integer, refuses
from utils.exercises.lab05.networks import counted_macs, separable


@cache
def macs(in_channels: int, out_channels: int, kernel: int, height: int, width: int, stride: int = 1) -> int:
    """Counted by torch on the two layers."""
    with torch.device("meta"):
        layers = nn.Sequential(*separable(in_channels, out_channels, kernel, stride))
    return counted_macs(layers, in_channels, height, width)


def torch_macs(in_channels: int, out_channels: int, kernel: int, height: int, width: int, stride: int = 1) -> int:
    """`depthwise_separable_macs` by torch.utils.flop_counter."""
    if kernel % 2 == 0:
        raise ValueError(f"the kernel must be odd, got {kernel}: use 3 or 5")
    return macs(in_channels, out_channels, kernel, height, width, stride)


def _of(
    depthwise: Callable[[int, int, int], float], pointwise: Callable[[int, int], float], rounded: Callable[[float], int] = int
) -> Callable[..., float]:
    """A mistake. depthwise: (inputs, outputs, kernel) -> MACs at a position, pointwise likewise; rounded: the size behind the stride."""

    def made(i: int, o: int, k: int, h: int, w: int, stride: int = 1) -> float:
        return rounded(h / stride) * rounded(w / stride) * (depthwise(i, o, k) + pointwise(i, o))

    return made


def _up(size: float) -> int:
    return int(np.ceil(size))


def _depthwise_first(i: int, o: int, k: int, h: int, w: int, stride: int = 1) -> int:
    return i * k * k * h * w + i * o * _up(h / stride) * _up(w / stride)


JUDGE = equal_to(macs)
_TWO_LAYERS = ("Which layers does the block have?", "Two: one kernel for each channel, then a 1x1 convolution. Add their MACs.")
_ALONE = ("How many channels does one kernel of the depthwise convolution read?", "One: it makes in_channels channels out of in_channels.")
_SIZE = ("How many positions does the output have?", "The height and the width, each divided by the stride and rounded up.")
_WHERE = ("Which layer has the stride?", "The depthwise one: it computes only the outputs that stay, and the 1x1 layer sees only these.")
_UP = ("How many outputs has a line of 7 at stride 2?", "4: at 0, 2, 4 and 6. Round up.")
_SQUARE = ("How many numbers does a kernel have?", "kernel * kernel: it is a square.")
_TWICE = ("Is a MAC one operation or two?", "A multiplication together with its addition counts once.")
_WIDE = ("Is the image a square?", "height times width: images are often wider than high.")
MISTAKES = (
    Mistake("counts an ordinary convolution", _of(lambda i, o, k: i * o * k * k, lambda i, o: 0, _up), _ALONE),
    Mistake("forgets the 1x1 convolution", _of(lambda i, o, k: i * k * k, lambda i, o: 0, _up), _TWO_LAYERS),
    Mistake("forgets the depthwise convolution", _of(lambda i, o, k: 0, lambda i, o: i * o, _up), _TWO_LAYERS),
    Mistake("multiplies the two", _of(lambda i, o, k: i * k * k * i * o, lambda i, o: 0, _up), _TWO_LAYERS),
    Mistake("one kernel for each output", _of(lambda i, o, k: o * k * k, lambda i, o: i * o, _up), _ALONE),
    Mistake("every kernel reads every channel", _of(lambda i, o, k: i * i * k * k, lambda i, o: i * o, _up), _ALONE),
    Mistake("counts a line of the kernel", _of(lambda i, o, k: i * k, lambda i, o: i * o, _up), _SQUARE),
    Mistake("counts operations", lambda *sizes: 2 * macs(*sizes), _TWICE),
    Mistake("takes the image for a square", lambda i, o, k, h, w, stride=1: macs(i, o, k, h, h, stride), _WIDE),
    Mistake("ignores the stride", lambda *sizes: macs(*sizes[:5]), _SIZE),
    Mistake("gives the stride to the 1x1 layer", _depthwise_first, _WHERE),
    Mistake("rounds down", _of(lambda i, o, k: i * k * k, lambda i, o: i * o), _UP),
)
STEPS = (
    "Refuse an even kernel. Divide height and width by the stride and round up. At each of these positions count kernel * kernel "
    "products for each input channel, and in_channels * out_channels for the 1x1 layer."
)


@exercise(torch_macs, points=2, difficulty=1, minutes=8, judge=JUDGE, mistakes=MISTAKES, rtol=1e-12, steps=STEPS)
def depthwise_separable_macs(rng: Rng) -> Cases:
    """depthwise_separable_macs(in_channels, out_channels, kernel, height, width, stride=1) -> int."""

    def sizes(kernel: int, low: int = 6, high: int = 12) -> tuple[int, ...]:
        side = 2 * between(rng, low, high)
        return between(rng, 3, 9), between(rng, 10, 20), kernel, side, side

    yield Case("a 3x3 kernel", sizes(3), weight=2, hints=_TWO_LAYERS)
    yield Case("a 5x5 kernel", sizes(5), hints=_TWO_LAYERS)
    yield Case("fewer outputs than inputs", (between(rng, 20, 30), between(rng, 4, 9), *sizes(3)[2:]), hints=_ALONE)
    yield Case("an image that is not a square", (*sizes(3)[:4], between(rng, 30, 40)), hints=_WIDE)
    yield Case("a stride of 2", (*sizes(3), 2), hints=_WHERE)
    yield Case("an odd side and a stride of 2", (*sizes(3)[:3], 2 * between(rng, 5, 9) + 1, 2 * between(rng, 10, 14) + 1, 2), hints=_UP)
    exact = ("Is your answer an integer?", "Use ints: -(-a // b) rounds a / b up; math.ceil gives an int, torch and numpy give floats.")
    yield Case("an integer comes out", (*sizes(3)[:3], 2 * between(rng, 10, 14) + 1, between(rng, 20, 30), 2), integer(JUDGE), hints=exact)
    yield refuses("an even kernel", (*sizes(2 * between(rng, 1, 3)), 1))
