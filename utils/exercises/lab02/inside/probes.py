"""Lab 02's probes: these run where the student's code runs."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from utils.exercises.inside.probing import call

__all__ = ["forward_and_backward", "two_calls", "with_a_trained_scale"]

Function = Callable[..., Any]


def forward_and_backward(
    function: Any, x: Tensor, scale: Tensor | float, zero_point: int, low: int, high: int, upstream: Tensor | None
) -> dict[str, Any]:
    """The output of `function.apply`, and the gradients of x and of the scale when the output's is `upstream`.

    Without an upstream gradient nothing wants one and no backward pass is run.
    """
    if upstream is not None:
        x.requires_grad_()
    output = function.apply(x, scale, zero_point, low, high)
    answer = {"output": call(lambda _: output, x), "gradient": None, "scale": None}
    if upstream is not None:
        if not isinstance(output, Tensor):
            raise TypeError(f"apply gave {type(output).__name__} where a tensor is asked for: what does forward return?")
        output.backward(upstream)
        answer |= {"gradient": x.grad, "scale": scale.grad if isinstance(scale, Tensor) else None}
    return answer


def with_a_trained_scale(function: Any, x: Tensor, scale: Tensor, *others: Any) -> dict[str, Any]:
    """As `forward_and_backward`, with a scale that wants a gradient, as a parameter does."""
    return forward_and_backward(function, x, scale.requires_grad_(), *others)


def two_calls(
    function: Any, x: Tensor, scale: Tensor | float, zero_point: int, low: int, high: int, upstream: Tensor
) -> dict[str, Tensor | None]:
    """Two forward passes, x and then x upside down, before the two backward passes: a network has many layers."""
    first, second = x.clone().requires_grad_(), x.flip(0).requires_grad_()
    outputs = [function.apply(each, scale, zero_point, low, high) for each in (first, second)]
    for output in outputs:
        output.backward(upstream)
    return {"first": first.grad, "second": second.grad}
