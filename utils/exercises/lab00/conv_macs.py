"""conv_macs: count the MACs of a convolution."""

from torch.utils.flop_counter import conv_flop_count

from utils.exercises.draws import between
from utils.exercises.kit import Case, Cases, Mistake, Rng, equal_to, exercise, integer, refuses


def macs(in_channels: int, out_channels: int, kernel: int, out_h: int, out_w: int, groups: int = 1) -> int:
    """torch's own formula for a convolution; it counts a MAC as two operations."""
    weight = [out_channels, in_channels // groups, kernel, kernel]
    return conv_flop_count([1, in_channels, out_h, out_w], weight, [1, out_channels, out_h, out_w]) // 2


def torch_macs(in_channels: int, out_channels: int, kernel: int, out_h: int, out_w: int, groups: int = 1) -> int:
    """`conv_macs` by torch.utils.flop_counter, which checks nothing."""
    if in_channels % groups or out_channels % groups:
        raise ValueError(f"{groups} groups must divide {in_channels} inputs and {out_channels} outputs")
    return macs(in_channels, out_channels, kernel, out_h, out_w, groups)


JUDGE = equal_to(macs)
_SQUARE = ("How many numbers has a kernel of side k?", "k * k: the kernel is a square.")
_WIDE = ("Is the output a square?", "out_h times out_w: images are often wider than high.")
_GROUP = ("How many inputs does one filter read if there are groups?", "in_channels // groups. The number of outputs stays the same.")
_BIAS = ("Does a bias multiply anything?", "It is added, and an addition alone is not a MAC.")
_TWO = ("Is a MAC one operation or two?", "A multiplication together with its addition counts once.")
MISTAKES = (
    Mistake("counts the bias", lambda *sizes: macs(*sizes) + sizes[1] * sizes[3] * sizes[4], _BIAS),
    Mistake("counts operations", lambda *sizes: 2 * macs(*sizes), _TWO),
    Mistake("counts a line of the kernel", lambda *sizes: macs(*sizes) // sizes[2], _SQUARE),
    Mistake("lets every filter read every input", lambda *sizes: macs(*sizes[:5]), _GROUP),
    Mistake("takes the output for a square", lambda i, o, k, h, w, groups=1: macs(i, o, k, h, h, groups), _WIDE),
    Mistake("counts the outputs of one group", lambda i, o, k, h, w, groups=1: macs(i, o, k, h, w, groups) // groups, _GROUP),
)
STEPS = "How many numbers has the output? How many products make one of them? Multiply the two. Refuse bad groups first."


@exercise(torch_macs, points=3, difficulty=1, minutes=10, judge=JUDGE, mistakes=MISTAKES, rtol=1e-12, steps=STEPS)
def conv_macs(rng: Rng) -> Cases:
    """conv_macs(in_channels, out_channels, kernel, out_h, out_w, groups=1) -> int."""
    one = (
        "How many products make one number of the output?",
        "in_channels * kernel * kernel, for each of the out_channels * out_h * out_w numbers.",
    )

    def sizes(kernel: int) -> tuple[int, ...]:
        side = between(rng, 8, 20)
        return between(rng, 3, 9), between(rng, 10, 20), kernel, side, side

    yield Case("a 3x3 convolution", sizes(3), weight=2, hints=one)
    yield Case("a 5x5 kernel", sizes(5), hints=_SQUARE)
    yield Case("a 1x1 kernel", sizes(1), hints=one)
    yield Case("an output that is not a square", (*sizes(3)[:4], between(rng, 30, 40)), hints=_WIDE)
    groups = between(rng, 4, 6)
    yield Case("several groups", (groups * between(rng, 2, 6), groups * between(rng, 7, 9), *sizes(3)[2:], groups), hints=_GROUP)
    channels = between(rng, 8, 30)
    yield Case("depthwise: as many groups as channels", (channels, channels, *sizes(3)[2:], channels), hints=_GROUP)
    exact = ("Is your answer an integer?", "Use // and ints: a float can't represent every large integer.")
    odd = [
        2 * between(rng, 4000, 4095) + 1,
        2 * between(rng, 4096, 4400) + 1,
        7,
        *(2 * between(rng, at, at + 50) + 1 for at in (1000, 1100)),
    ]
    yield Case("large and exact", tuple(odd), integer(JUDGE), hints=exact)
    rest = between(rng, 1, groups - 1)
    few, many, tail = groups * between(rng, 2, 4), groups * between(rng, 5, 7), (3, between(rng, 4, 9), 4, groups)
    yield refuses("groups that do not divide the inputs", (few + rest, many, *tail))
    yield refuses("groups that do not divide the outputs", (few, many + rest, *tail))
    yield refuses("groups that divide neither", (few + rest, many + rest, *tail))
