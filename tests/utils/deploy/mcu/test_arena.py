"""Is the plan of the arena right, near the bound, and true of a network that really runs in it?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.deploy.mcu import IntegerNetwork, plan_arena
from utils.deploy.mcu.arena import planned
from utils.deploy.mcu.layers import Add, Flatten

LIFETIMES = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 8), st.integers(0, 4)), max_size=12).map(
    lambda drawn: [(f"t{at}", size, first, first + length) for at, (size, first, length) in enumerate(drawn)]
)


def overlap(a, b, offsets):
    at_once = a[2] <= b[3] and b[2] <= a[3]
    return at_once and offsets[a[0]] < offsets[b[0]] + b[1] and offsets[b[0]] < offsets[a[0]] + a[1] and a[1] and b[1]


@given(LIFETIMES)
def test_no_two_that_live_at_once_overlap(tensors):
    offsets = plan_arena(tensors)
    assert set(offsets) == {name for name, *_ in tensors} and all(offset >= 0 for offset in offsets.values())
    assert not any(overlap(a, b, offsets) for at, a in enumerate(tensors) for b in tensors[:at])


@given(LIFETIMES)
def test_its_size_lies_between_the_bound_and_the_sum(tensors):
    arena = planned(tensors)
    alive = [sum(size for _, size, first, last in tensors if first <= step <= last) for step in range(14)]
    assert arena.lower_bound == max(alive)
    assert arena.lower_bound <= arena.size_bytes <= sum(size for _, size, *_ in tensors)
    assert sum(size for _, size, *_ in arena.fullest) == arena.lower_bound


@given(LIFETIMES.filter(len))
def test_no_tensor_could_lie_lower_among_the_larger_ones(tensors):
    """Greedy: at each lower offset it would overlap one that is placed before it."""
    offsets = plan_arena(tensors)
    order = sorted(tensors, key=lambda tensor: -tensor[1])
    for at, tensor in enumerate(order):
        for lower in range(offsets[tensor[0]]):
            assert any(overlap(tensor, other, offsets | {tensor[0]: lower}) for other in order[:at]) or not tensor[1]


def test_a_chain_by_hand():
    """Two neighbours at a time; the third takes the place of the first."""
    assert plan_arena([("x", 4, 0, 1), ("a", 6, 1, 2), ("b", 3, 2, 3)]) == {"a": 0, "x": 6, "b": 6}


def test_a_gap_is_used():
    tensors = [("big", 10, 0, 1), ("long", 8, 1, 9), ("small", 5, 2, 3)]
    assert plan_arena(tensors) == {"big": 0, "long": 10, "small": 0}


@pytest.mark.parametrize(
    ("tensors", "why"),
    [([("a", 1, 0, 0), ("a", 2, 1, 1)], "same name"), ([("a", -1, 0, 0)], "a has -1 bytes"), ([("a", 1, 3, 2)], "from step 3 to step 2")],
)
def test_bad_lifetimes_are_refused(tensors, why):
    with pytest.raises(ValueError, match=why):
        plan_arena(tensors)


def test_nothing_needs_nothing():
    assert (plan_arena([]), planned([]).size_bytes, planned([]).fullest) == ({}, 0, ())


def test_a_network_runs_in_its_arena(files, inputs, build):
    """Each layer reads its codes from one block of bytes and writes them there, as the C code does: the answer stays the same."""
    network = IntegerNetwork.from_onnx(files[build])
    arena, codes = network.arena, network.codes(inputs(build, 3))
    for one, expected in zip(codes, network.run(codes), strict=True):
        memory = np.full(arena.size_bytes, 170, dtype=np.uint8)
        at = {name: slice(arena.offsets[name], arena.offsets[name] + tensor.size_bytes) for name, tensor in network.tensors.items()}
        memory[at["input"]] = one.reshape(-1)
        for layer in network.layers:
            read = [memory[at[tensor.name]].reshape(1, *tensor.shape).copy() for tensor in layer.inputs]
            memory[at[layer.name]] = layer.compute(*read).reshape(-1)
        np.testing.assert_array_equal(memory[at[network.output.name]].reshape(expected.shape), expected)
    assert arena.size_bytes >= arena.lower_bound


def test_only_what_may_share_bytes_does(files, build):
    """A layer that is not in place never has an input where its output lies."""
    network = IntegerNetwork.from_onnx(files[build])
    offsets = network.arena.offsets
    for layer in network.layers:
        for tensor in layer.inputs:
            apart = offsets[tensor.name] + tensor.size_bytes <= offsets[layer.name] or (
                offsets[layer.name] + layer.output.size_bytes <= offsets[tensor.name]
            )
            same = offsets[tensor.name] == offsets[layer.name] and isinstance(layer, Add | Flatten)
            assert apart or same, (layer.name, tensor.name)


def test_an_addition_writes_over_what_nobody_needs_but_never_over_a_shortcut(files):
    """branches: x + f(x) may take f(x)'s place, not x's, which is read twice more; the last one may take x's."""
    network = IntegerNetwork.from_onnx(files["branches"])
    adds = [layer for layer in network.layers if isinstance(layer, Add)]
    assert [layer.name for layer in adds] == ["add3", "add5", "add6"]
    assert network.buffers["add3"] == "depthwise2" != network.buffers["conv1"]
    assert network.buffers["add5"] == network.buffers["conv4"]
    assert network.buffers["add6"] in (network.buffers["add5"], network.buffers["conv1"])
