"""macs_and_params: what a network costs, from its description alone."""

from collections.abc import Callable
from functools import partial
from typing import Any

from utils.exercises.kit import Case, Cases, Mistake, Rng, equal_to, exercise, keeps_inputs, refuses
from utils.exercises.lab05.networks import Config, Pair, counted, network, plain_block, separable_block


def torch_counts(config: Config) -> Pair:
    """`macs_and_params` by torch.utils.flop_counter."""
    if unknown := [block["kind"] for block in config["blocks"] if block["kind"] not in ("plain", "separable")]:
        raise ValueError(f"there is no kind of block called {unknown[0]!r}: use plain or separable")
    return counted(config)


def _with(change: Callable[[Config], dict[str, Any]]) -> Callable[[Config], Pair]:
    """The counts of another network. change: block -> fields that are different."""
    return lambda config: counted({**config, "blocks": [{**block, **change(block)} for block in config["blocks"]]})


def _plus(change: Callable[[Config], Pair]) -> Callable[[Config], Pair]:
    """The right counts with something added. change: network -> MACs and parameters."""
    return lambda config: (counted(config)[0] + change(config)[0], counted(config)[1] + change(config)[1])


def _norms(config: Config) -> int:
    """Channels that have a batch norm."""
    widths = [config["in_channels"], *(block["width"] for block in config["blocks"])]
    inside = [before * block.get("expansion", 0) for before, block in zip(widths, config["blocks"], strict=False)]
    return sum(widths[1:]) + sum(wide * (2 if wide > before else 1) for wide, before in zip(inside, widths, strict=False))


def _features(config: Config) -> int:
    return config["blocks"][-1]["width"]


def _blocks_of_the_input(config: Config) -> Pair:
    """Each block reads the network's input channels."""
    first = [counted({**config, "blocks": [block], "classes": 1}) for block in config["blocks"]]
    head = _features(config) * config["classes"]
    ones = [(macs - block["width"], params - block["width"] - 1) for (macs, params), block in zip(first, config["blocks"], strict=True)]
    return sum(macs for macs, _ in ones) + head, sum(params for _, params in ones) + head + config["classes"]


_BLOCKS = ("What does the second block read?", "What the first one made: its width in channels, its size behind the stride.")
_STRIDE = ("How large is the output of a block with stride 2?", "Half the size, rounded up; all later blocks see that size.")
_EXPAND = (
    "Which convolutions does a separable block with expansion 3 have?",
    "A 1x1 to 3 times its input channels, at its input's size; the depthwise one, with that many channels; and a 1x1 to the width.",
)
_KIND = ("Does every block have the same layers?", "Look at block['kind']: plain is one ordinary convolution.")
_NORM = ("Does only the convolution have parameters?", "Each convolution has a batch norm: two numbers for each output channel.")
_BIAS = ("Do the convolutions have a bias?", "No: the batch norm behind each has its own shift. Only the classifier has a bias.")
_HEAD = ("What follows the last block?", "The classifier: last width times classes MACs, as many weights, and a bias for each class.")
_TWO = ("Is a MAC one operation or two?", "A multiplication together with its addition counts once.")
_ORDER = ("Which of the two numbers comes first?", "The MACs, then the parameters.")
MISTAKES = (
    Mistake("turned round", lambda config: counted(config)[::-1], _ORDER),
    Mistake("counts operations", _plus(lambda config: (counted(config)[0], 0)), _TWO),
    Mistake("without batch norms", _plus(lambda config: (0, -2 * _norms(config))), _NORM),
    Mistake("one number for each batch norm's channel", _plus(lambda config: (0, -_norms(config))), _NORM),
    Mistake("counts the running statistics", _plus(lambda config: (0, 2 * _norms(config))), _NORM),
    Mistake("gives the convolutions a bias", _plus(lambda config: (0, _norms(config))), _BIAS),
    Mistake(
        "without the classifier",
        _plus(lambda config: (-_features(config) * config["classes"], -(_features(config) + 1) * config["classes"])),
        _HEAD,
    ),
    Mistake("without the classifier's bias", _plus(lambda config: (0, -config["classes"])), _HEAD),
    Mistake("ignores the expansion", _with(lambda block: {"expansion": 1}), _EXPAND),
    Mistake("ignores the strides", _with(lambda block: {"stride": 1}), _STRIDE),
    Mistake("all blocks are plain", _with(lambda block: {"kind": "plain"}), _KIND),
    Mistake("all blocks are separable", _with(lambda block: {"kind": "separable", "expansion": block.get("expansion", 1)}), _KIND),
    Mistake("every block reads the input", _blocks_of_the_input, _BLOCKS),
)
STEPS = (
    "Keep three numbers while you go through the blocks: channels, size and a list of convolutions (inputs, outputs, kernel, "
    "groups, output size). A convolution has outputs * inputs / groups * kernel**2 weights; its MACs are these times the output "
    "size squared, its parameters these and 2 for each output. Add the classifier last."
)


@exercise(torch_counts, points=4, difficulty=3, minutes=20, judge=equal_to(counted), mistakes=MISTAKES, rtol=0, steps=STEPS)
def macs_and_params(rng: Rng) -> Cases:
    """macs_and_params(config) -> (macs, params)."""
    plain, separable, net = partial(plain_block, rng), partial(separable_block, rng), partial(network, rng)
    yield Case("a plain block", (net(plain()),), weight=2, hints=_HEAD)
    yield Case("a separable block", (net(plain(), separable(kernel=5)),), hints=_KIND)
    yield Case("an expansion", (net(plain(), separable(expansion=3)),), hints=_EXPAND)
    yield Case("an expansion and a stride", (net(plain(), separable(stride=2, expansion=2)),), hints=_EXPAND)
    yield Case("strides on odd sizes", (net(plain(stride=2), plain(stride=2), plain(stride=2)),), hints=_STRIDE)
    yield Case("a colored image", (net(separable(kernel=5), plain(), in_channels=3, size=32),), hints=_BLOCKS)
    whole = net(plain(stride=2), separable(expansion=2), separable(stride=2), separable(kernel=5, expansion=3), plain(), size=27)
    yield Case("five blocks", (whole,), weight=2, hints=_BLOCKS)
    yield refuses("an unknown kind of block", (net(plain(), {**separable(), "kind": "dense"}),))
    yield keeps_inputs(net(plain(stride=2), separable(expansion=2)))
