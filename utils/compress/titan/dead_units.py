"""Units of a network that are always zero, or that nothing reads: their weights need not be stored."""

from __future__ import annotations

import torch
from torch import nn

RELUS = (nn.ReLU, nn.ReLU6)
KEEP_ZERO = (*RELUS, nn.MaxPool2d, nn.AvgPool2d, nn.Flatten)  # and each channel to itself
Layer = nn.Linear | nn.Conv1d | nn.Conv2d


@torch.no_grad()
def silence_dead_units_(chain: nn.Sequential) -> int:
    """Set the weights to zero that can't change an answer, in place; return how many there were.

    A unit whose weights are all zero and whose bias is not positive is zero behind a ReLU: what the next layer multiplies it
    by is set to zero. A unit that the next layer multiplies by zero is not needed: its weights and its bias are set to zero.
    The answers stay the same to the last bit. Layers that something else than a ReLU, a pooling or a flattening separates are
    left as they are.

    >>> chain = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    >>> chain[0].weight.data, chain[0].bias.data = torch.tensor([[1.0, 1.0], [0.0, 0.0]]), torch.tensor([0.5, -1.0])
    >>> chain[2].weight.data = torch.tensor([[1.0, 7.0]])
    >>> silence_dead_units_(chain), chain[2].weight.tolist()
    (2, [[1.0, 0.0]])
    """
    pairs, total = list(_pairs(chain)), 0
    while changed := sum(_silence(*pair) for pair in pairs):
        total += changed
    return total


def _pairs(chain: nn.Sequential) -> list[tuple[Layer, bool, Layer]]:
    """(layer, whether a ReLU follows, the layer that reads it)"""
    found: list[tuple[Layer, bool, Layer]] = []
    before: Layer | None = None
    relu = False
    for module in chain:
        if isinstance(module, Layer):
            reads_all = isinstance(module, nn.Linear) or module.groups == 1
            if before is not None and reads_all and module.weight.shape[1] % len(before.weight) == 0:
                found.append((before, relu, module))
            before, relu = module, False
        elif isinstance(module, KEEP_ZERO):
            relu = relu or isinstance(module, RELUS)
        else:
            before = None
    return found


def _silence(layer: Layer, relu: bool, reader: Layer) -> int:
    weight, bias = layer.weight, layer.bias
    columns = reader.weight.view(len(reader.weight), len(weight), -1)  # a flattened channel is several columns
    always_zero = (weight == 0).flatten(1).all(1)
    if bias is not None:
        always_zero &= (bias <= 0) if relu else (bias == 0)
    unread = (columns == 0).all(2).all(0)
    tensors = [(columns, always_zero[None, :, None]), (weight.flatten(1), unread[:, None])]
    if bias is not None:
        tensors.append((bias, unread | always_zero))
    changed = 0
    for tensor, dead in tensors:
        changed += int(((tensor != 0) & dead).sum())
        tensor.masked_fill_(dead, 0.0)
    return changed
