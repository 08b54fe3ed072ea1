"""What can be learned from: inputs and their labels, whatever the inputs are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import torch
from torch import Tensor


class Labelled(Protocol):
    """Inputs with labels: `utils.data.Images`, `utils.data.Motion`, or anything else with these two."""

    @property
    def inputs(self) -> Tensor:
        """(n, ...): images, windows of a signal, token numbers."""
        ...

    @property
    def labels(self) -> Tensor:
        """(n, ...), usually (n,) int64."""
        ...


@dataclass(frozen=True)
class Samples:
    """The least that can be learned from. inputs: (n, ...). labels: (n, ...), usually (n,) int64.

    >>> Samples(inputs=torch.zeros(2, 5), labels=torch.tensor([1, 0])).labels.tolist()
    [1, 0]
    """

    inputs: Tensor
    labels: Tensor


Data: TypeAlias = Labelled | tuple[Tensor, Tensor]


def labelled(data: Data | Any) -> Labelled:
    """Return data with `inputs` and `labels` as it is, and a pair (inputs, labels) as `Samples`.

    >>> labelled((torch.zeros(3, 2), torch.tensor([0, 1, 0]))).labels
    tensor([0, 1, 0])

    Raises:
        ValueError: neither of the two, or not as many labels as inputs.
    """
    if isinstance(data, tuple | list):
        if len(data) != 2:
            raise ValueError(f"data must be a pair (inputs, labels), got {len(data)} values: give fit(model, (inputs, labels), config)")
        data = Samples(torch.as_tensor(data[0]), torch.as_tensor(data[1]))
    elif not hasattr(data, "inputs") or not hasattr(data, "labels"):
        raise ValueError(f"data must have .inputs and .labels or be a pair (inputs, labels), got {type(data).__name__}")
    if len(data.inputs) != len(data.labels):
        raise ValueError(f"need a label for each input, got {len(data.inputs)} inputs and {len(data.labels)} labels")
    return data
