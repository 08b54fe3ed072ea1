"""Multiply-accumulates (MACs) of one inference, layer by layer.

A hook on each convolution and each linear layer counts what the layer multiplies for a batch of one.
torch's own formulas watch the same pass: where the two differ, the network multiplies somewhere that
no hook sees, and we say so instead of giving a number that is too small; a product that is written as
a multiplication and a sum is found as one, too. Element-wise work (bias, outer product, activation, normalization,
pooling, embedding look-up) counts nothing, as is usual. Products inside the padding count, because the usual
kernels do them.
"""

from __future__ import annotations

import math
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from utils.measure.arrays import array_of
from utils.measure.counts.dispatch import Watcher
from utils.measure.counts.product_sums import ProductSums
from utils.measure.state import untouched

# torch's formulas are blind here, so the comparison below would not notice what is missing.
UNCOUNTABLE = (nn.RNNBase, nn.RNNCellBase, nn.MultiheadAttention, nn.Bilinear)


# They multiply, and torch has no formula for them.
NO_FORMULA = {
    *("mv", "addmv", "dot", "vdot", "addbmm", "addr", "_cdist_forward", "_trilinear", "_int_mm", "conv_tbc", "linalg_vecdot"),
    *("_fft_r2c", "_fft_c2r", "_fft_c2c", "grid_sampler_2d", "grid_sampler_3d", "deform_conv2d"),
}


MOVES = {
    *("view", "_unsafe_view", "_reshape_alias", "reshape", "permute", "transpose", "t", "unsqueeze", "squeeze", "expand", "unfold"),
    *("clone", "_to_copy", "alias", "detach", "slice", "select", "flip"),
}
LINEAR = {"add", "sub", "rsub", "neg"}
SUMS = {"sum", "mean", "nansum", "cumsum"}
POOLINGS = {"avg_pool1d": 1, "avg_pool2d": 2, "avg_pool3d": 3, "_adaptive_avg_pool2d": 2, "_adaptive_avg_pool3d": 3}  # name -> dimensions


class _TorchFormulas(Watcher):
    """Adds up torch's formulas for the operations of a pass (its FlopCounterMode does too, but first loads a compiler)."""

    def __init__(self) -> None:
        super().__init__()
        self.macs = 0
        self._sums = ProductSums()
        self._kept: list[Tensor] = []  # as long as a storage is held, its address is its name

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        name = func.overloadpacket.__name__
        if name in NO_FORMULA:
            raise NotCountedError(f"the model calls {name}, whose products are not counted here: count it by hand")
        result = func(*args, **(kwargs or {}))
        if formula := flop_registry.get(func.overloadpacket):
            self.macs += formula(*args, **(kwargs or {}), out_val=result) // 2
        self._follow(func, name.removesuffix("_"), args, kwargs or {}, result)
        return result

    def _follow(self, func: Any, name: str, args: tuple, kwargs: dict, result: Any) -> None:
        """Refuse a sum over what two tensors multiplied, if neither is a function of the other."""
        if not isinstance(result, Tensor):
            return
        operands = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        keys, key = [tensor.untyped_storage()._cdata for tensor in operands], result.untyped_storage()._cdata
        self._kept.append(result)
        factors = operands[1:3] if name == "addcmul" else operands[:2] if name == "mul" else []
        if len(factors) == 2:
            self._sums.multiplied(key, *((tensor.untyped_storage()._cdata, _varying(tensor)) for tensor in factors))
        elif name in SUMS or name in POOLINGS:
            over = kwargs.get("dim", args[1] if len(args) > 1 and name in SUMS else None)
            over = range(-POOLINGS[name], 0) if name in POOLINGS else [over] if isinstance(over, int) else over
            if self._sums.is_product(keys[0], operands[0].shape, over or None):
                raise NotCountedError("the model multiplies two tensors and sums up: make this product a linear layer or count it by hand")
        elif name in MOVES | LINEAR or (len(operands) == 1 and name in ("mul", "div")):
            for operand in keys:
                self._sums.passed(operand, key)
        if torch.Tag.pointwise in func.tags:
            self._sums.elementwise(keys, key)


def _varying(tensor: Tensor) -> list[int]:
    """The shape, 1 where a dimension only repeats what is stored once."""
    return [size if stride else 1 for size, stride in zip(tensor.shape, tensor.stride(), strict=True)]


class NotCountedError(ValueError):
    """The network computes in a way that the counter can't follow."""


def first_of(example: Any) -> Tensor:
    """The first sample of a batch, as a batch of one: (1, ...) with the type it came in.

    Raises:
        ValueError: an empty batch, a single number, or a tuple or loader instead of one batch.
    """
    batch = example if isinstance(example, Tensor) else torch.from_numpy(array_of(example, "the example").copy())
    if batch.ndim < 2 or not len(batch):
        raise ValueError(f"the example must be a batch such as (1, channels, height, width), got shape {tuple(batch.shape)}")
    return batch[:1].detach()


def fitted(model: nn.Module, batch: np.ndarray | Tensor) -> Tensor:
    """A copy of the batch on the model's device and, if it holds floats, in the model's precision."""
    tensor = batch if isinstance(batch, Tensor) else torch.from_numpy(np.require(batch, requirements=("C", "W")))
    for weight in chain(model.parameters(), model.buffers()):
        if weight.is_floating_point():
            return tensor.to(weight.device, weight.dtype if tensor.is_floating_point() else None, copy=True)
    return tensor.clone()


def layer_macs(module: nn.Module, inputs: Tensor, output: Tensor) -> int:
    """MACs of one call of a convolution (any groups, transposed or not) or a linear layer."""
    if isinstance(module, nn.Linear):
        return output.numel() * module.in_features
    assert isinstance(module, _ConvNd)
    positions, other_channels = (inputs, module.out_channels) if module.transposed else (output, module.in_channels)
    return positions.numel() * other_channels // module.groups * math.prod(module.kernel_size)


def convolutions(model: nn.Module, example: Any) -> dict[str, dict[str, int]]:
    """What determines the MACs of each square convolution: name -> in_channels, out_channels, kernel, out_h, out_w, groups.

    In the order of their first call. example: a batch (n, ...) of which the first sample is used.

    Raises:
        NotCountedError: a convolution that is no square one in two dimensions.
        ValueError: the example is no batch.
    """
    found: dict[str, dict[str, int]] = {}
    names = {module: name for name, module in model.named_modules() if isinstance(module, _ConvNd)}

    def note(module: nn.Module, args: tuple, output: Tensor) -> None:
        if not isinstance(module, nn.Conv2d) or len(set(module.kernel_size)) > 1:
            raise NotCountedError(f"{names[module]} is not a convolution with a square kernel: count it with macs_by_layer")  # type: ignore[index]
        sizes = {"in_channels": module.in_channels, "out_channels": module.out_channels, "kernel": module.kernel_size[0]}
        found[names[module]] = {**sizes, "out_h": output.shape[2], "out_w": output.shape[3], "groups": module.groups}

    handles = [module.register_forward_hook(note) for module in names]
    try:
        with untouched(model):
            model(fitted(model, first_of(example)))
    finally:
        for handle in handles:
            handle.remove()
    return found


def macs_by_layer(model: nn.Module, example: Any) -> dict[str, int]:
    """MACs of each convolution and linear layer for a batch of one, in the order of their first call.

    A layer that is called twice counts twice. The model and the global state are left as they were.

    example: a batch (n, ...) of which the first sample is used.

    Raises:
        NotCountedError: a recurrent, attention or quantized layer, or a product outside of modules.
        ValueError: the example is no batch.

    >>> macs_by_layer(nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(4 * 6 * 6, 10)), torch.zeros(1, 1, 8, 8))
    {'0': 1296, '2': 1440}
    """
    counts: dict[str, int] = {}
    handles = []
    for name, module in model.named_modules():
        if isinstance(module, UNCOUNTABLE) or ".quantized" in type(module).__module__:
            raise NotCountedError(f"{name or 'the model'} is a {type(module).__name__}, which is not counted here: count it by hand")
    try:
        for name, module in model.named_modules():
            if isinstance(module, nn.Linear | _ConvNd):

                def count(module: nn.Module, args: tuple[Tensor, ...], named: dict[str, Tensor], output: Tensor, name: str = name) -> None:
                    counts[name] = counts.get(name, 0) + layer_macs(module, args[0] if args else named["input"], output)

                handles.append(module.register_forward_hook(count, with_kwargs=True))
        with untouched(model), _TorchFormulas() as formulas:
            model(fitted(model, first_of(example)))
    finally:
        for handle in handles:
            handle.remove()
    if (total := formulas.macs) != sum(counts.values()):
        raise NotCountedError(
            f"{type(model).__name__} multiplies outside of its convolutions and linear layers "
            f"({total:,} MACs in all, {sum(counts.values()):,} in layers): make these products modules or count them by hand"
        )
    return counts


def count_macs(model: nn.Module, example: Any) -> int:
    """MACs of one inference: the sum of `macs_by_layer`, which also says what is refused.

    >>> count_macs(nn.Linear(8, 100), torch.zeros(1, 8))
    800
    """
    return sum(macs_by_layer(model, example).values())
