"""Memory of a torch model: the RAM that the tensors between the layers need, and the bytes that are moved.

The operations of one inference are recorded as torch executes them; `utils.measure.counts.liveness` says
how long each tensor is held and what each operation moves.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from utils.measure.counts.dispatch import Watcher
from utils.measure.counts.liveness import Step, live_bytes, moved_bytes
from utils.measure.counts.macs import first_of, fitted
from utils.measure.runnable import Traffic
from utils.measure.state import untouched

# element-wise, but not marked so in torch's table of operations
IN_PLACE = {
    "native_batch_norm",
    "_native_batch_norm_legit_no_training",
    "cudnn_batch_norm",
    "miopen_batch_norm",
    "hardswish",
    "_prelu_kernel",
    "log_sigmoid_forward",
    "rrelu_with_noise",
}
SHAPE_ALONE = {  # they read no value
    *("empty_like", "zeros_like", "ones_like", "full_like", "rand_like", "randn_like"),
    *("new_zeros", "new_ones", "new_empty", "new_full"),
}


class _Recorder(Watcher):
    """Notes for each tensor operation which storages it reads and makes."""

    def __init__(self, inputs: Tensor) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self.kept = [inputs]  # as long as a storage is held, its address is its name
        self.sizes = {_address(inputs): inputs.untyped_storage().nbytes()}

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        result = func(*args, **(kwargs or {}))
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        name = func.overloadpacket.__name__
        reads = frozenset(filter(self.sizes.__contains__, map(_address, tensors)))
        if not reads or name in SHAPE_ALONE:
            return result  # made from weights or constants alone
        mutable = func._schema.is_mutable
        made = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor) and _address(leaf) not in self.sizes]
        self.kept += made
        self.sizes.update((_address(tensor), tensor.untyped_storage().nbytes()) for tensor in made)
        in_place = torch.Tag.pointwise in func.tags or name in IN_PLACE
        touched = reads if made or mutable else frozenset()  # a view reads nothing: who reads it does
        self.steps.append(Step(name, touched, tuple(map(_address, made)), in_place))
        return result


def _address(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


def _watch(model: nn.Module, example: Any) -> tuple[_Recorder, int, set[int]]:
    """A recorded inference, the address of its input and those of its outputs."""
    batch = fitted(model, first_of(example)).contiguous()
    with untouched(model), _Recorder(batch) as recorder:
        result = model(batch)
    outputs = {_address(leaf) for leaf in tree_leaves(result) if isinstance(leaf, Tensor)} & recorder.sizes.keys()
    if not recorder.steps:
        raise ValueError(f"{type(model).__name__} does nothing with its input: give a model that computes")
    return recorder, _address(batch), outputs


def activation_timeline(model: nn.Module, example: Any) -> list[tuple[str, int]]:
    """Each operation of one inference with the bytes that are held during it.

    Raises:
        ValueError: the example is no batch, or the network does nothing with it.

    >>> [count for _, count in activation_timeline(nn.Sequential(nn.Conv1d(1, 2, 1), nn.ReLU()), torch.zeros(1, 1, 4))]
    [48, 32]
    """
    recorder, start, outputs = _watch(model, example)
    held = live_bytes(recorder.steps, recorder.sizes, [start], outputs)
    return [(step.name, count) for step, count in zip(recorder.steps, held, strict=True)]


def traffic(model: nn.Module, example: Any) -> Traffic:
    """Bytes that one inference has to move: every weight and buffer once, activations by `utils.measure.counts.liveness`.

    Raises:
        ValueError: the example is no batch, or the network does nothing with it.

    >>> traffic(nn.Linear(8, 100), torch.zeros(1, 8))  # 900 weights and biases; 8 read, 100 written
    Traffic(weights=3600, activations=432)
    """
    recorder, _, outputs = _watch(model, example)
    tensors = chain(model.parameters(), model.buffers())
    stored = {(_address(tensor), tensor.storage_offset(), tensor.shape): tensor.nbytes for tensor in tensors}  # a shared one once
    return Traffic(sum(stored.values()), moved_bytes(recorder.steps, recorder.sizes, outputs))


def peak_activation_bytes(model: nn.Module, example: Any) -> int:
    """Bytes of activations at the worst moment of one inference, by the method of `utils.measure.counts.liveness`; weights not counted.

    >>> peak_activation_bytes(nn.Sequential(nn.Linear(8, 100), nn.ReLU(), nn.Linear(100, 2)), torch.zeros(1, 8))  # 8 + 100 floats
    432
    """
    return max(count for _, count in activation_timeline(model, example))
