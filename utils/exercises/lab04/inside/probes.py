"""Lab 04's probes: these run where the student's code runs."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

__all__ = ["with_gradient"]


def with_gradient(function: Callable[..., Any], symbols: Tensor, probabilities: Tensor) -> dict[str, Any]:
    """The code length, and its gradient with respect to the probabilities."""
    bits = function(symbols, probabilities.requires_grad_())
    if not isinstance(bits, Tensor):
        raise TypeError(f"the code length is a {type(bits).__name__} here, which has no gradient: return the tensor itself")
    if bits.numel() != 1:
        raise ValueError(f"the code length has {bits.numel()} values: return the sum")
    bits.backward()
    return {"bits": bits.detach(), "gradient": probabilities.grad}
