"""Is the memory that we report what a careful runtime would hold? Small networks are counted by hand, in floats of 4 bytes."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from utils.measure import activation_timeline, peak_activation_bytes
from utils.measure.counts.liveness import Step, live_bytes
from utils.models import ResidualConfig, ResidualNet


class Residual(nn.Module):
    """x + conv(relu(conv(x))): the shortcut must be held."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.second(torch.relu(self.first(x)))


class LongShortcut(nn.Module):
    """Keeps its input in a Python variable to the end but reads it only once."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x.sum(1, keepdim=True)
        z = y.repeat(1, 2)
        return z.sum(1)


class Concatenate(nn.Module):
    """Two branches and their concatenation."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x.cumsum(1), x.flip(1)], 1)


IMAGE = 4 * 8 * 8  # elements of a (4, 8, 8) tensor
HAND = {
    "a chain holds the input and the output of its largest layer": (
        nn.Sequential(nn.Linear(10, 30), nn.Linear(30, 20), nn.Linear(20, 5)),
        (10,),
        30 + 20,
    ),
    "an activation writes over its operand": (nn.Sequential(nn.Linear(10, 30), nn.ReLU(), nn.Linear(30, 5)), (10,), 10 + 30),
    "hardswish writes over its operand": (nn.Sequential(nn.Linear(10, 30), nn.Hardswish(), nn.Linear(30, 5)), (10,), 10 + 30),
    "batch normalisation writes over its operand": (
        nn.Sequential(nn.Conv2d(1, 4, 1), nn.BatchNorm2d(4)),
        (1, 8, 8),
        IMAGE // 4 + IMAGE,
    ),
    "a view costs nothing": (nn.Sequential(nn.Flatten(), nn.Linear(IMAGE, 3)), (4, 8, 8), IMAGE + 3),
    "a shortcut stays while its block is computed": (Residual(), (4, 8, 8), 3 * IMAGE),
    "the unread indices of a pooling are not held": (nn.MaxPool2d(2), (4, 8, 8), IMAGE + IMAGE // 4),
    "a variable that is not read again is free": (LongShortcut(), (100,), 101),
    "both branches are held for a concatenation": (Concatenate(), (10,), 10 + 10 + 20),
}


@pytest.mark.parametrize("claim", HAND)
def test_hand_counts(claim: str) -> None:
    """Each claim is the title of its case; the batch of the example does not matter."""
    model, shape, elements = HAND[claim]
    assert peak_activation_bytes(model, torch.zeros(3, *shape)) == 4 * elements


def test_residual_net_by_hand() -> None:
    """Worst in the first block: its input (8 channels, 28x28), the first convolution's output and the second's (16, 14x14)."""
    net = ResidualNet(ResidualConfig.of(8, (16, 2), (16, 1)))
    assert peak_activation_bytes(net, torch.zeros(1, 1, 28, 28)) == 4 * (8 * 28 * 28 + 16 * 14 * 14 * 2)


def test_half_precision_needs_half() -> None:
    """The memory follows the model's precision."""
    model, x = nn.Sequential(nn.Linear(10, 30), nn.Linear(30, 20)), torch.zeros(1, 10)
    assert 2 * peak_activation_bytes(model.half(), x) == 4 * 50


def test_weights_do_not_count() -> None:
    """Not the weights, nor what is computed from weights alone (here: a mask that is applied in every pass)."""
    from torch.nn.utils import prune

    model, x = nn.Linear(10, 30), torch.zeros(1, 10)
    prune.l1_unstructured(model, "weight", 0.5)
    assert peak_activation_bytes(model, x) == 4 * 40


def test_timeline_names_the_operation_of_the_peak() -> None:
    """The table says where the peak is, which is what one needs to lower it."""
    timeline = activation_timeline(Residual(), torch.zeros(1, 4, 8, 8))
    assert [name for name, _ in timeline] == ["convolution", "relu", "convolution", "add"]
    assert [held // (4 * IMAGE) for _, held in timeline] == [2, 2, 3, 2]


def test_reused_sizes_are_matched_to_dying_operands_only() -> None:
    """An element-wise step must not write over an operand that is read later."""
    sizes = {"x": 10, "y": 10, "z": 10}
    steps = [Step("relu", frozenset("x"), ("y",), in_place=True), Step("add", frozenset("xy"), ("z",), in_place=True)]
    assert live_bytes(steps, sizes, ["x"], ["z"]) == [20, 20]


@given(st.data())
def test_lifetimes_equal_a_slow_reference(data: st.DataObject) -> None:
    """Any chain of reads: walk through it and throw away what no later step and no output needs."""
    count = data.draw(st.integers(1, 6))
    sizes = dict(enumerate(data.draw(st.lists(st.integers(1, 3), min_size=count + 1, max_size=count + 1))))
    steps = []
    for made in range(1, count + 1):
        reads = data.draw(st.frozensets(st.integers(0, made - 1), min_size=1))
        steps.append(Step("step", reads, (made,), data.draw(st.booleans())))
    held, expected = {0}, []
    for number, step in enumerate(steps):
        later = {buffer for following in steps[number + 1 :] for buffer in following.reads} | {count}
        held = {buffer for buffer in held if buffer in later | step.reads}
        during = held | ({*step.makes} & later)
        reused = step.in_place and {*step.makes} <= later and any(sizes[b] == sizes[step.makes[0]] for b in step.reads - later)
        expected.append(sum(sizes[buffer] for buffer in during) - reused * sizes[step.makes[0]])
        held |= {*step.makes} & later
    assert live_bytes(steps, sizes, [0], [count]) == expected


def test_a_network_that_does_nothing_is_refused() -> None:
    """There is no operation at which anything could be counted."""
    with pytest.raises(ValueError, match="does nothing"):
        peak_activation_bytes(nn.Identity(), torch.zeros(1, 3))
