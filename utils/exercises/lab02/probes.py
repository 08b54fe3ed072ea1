"""Lab 02's probes: these run where the student's code runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from utils.exercises.probing import as_parameters, call, error_of, look_again

__all__ = [
    "apply_and_look_again",
    "as_parameters",
    "error_of",
    "forward_and_backward",
    "look_again",
    "two_calls",
    "with_a_trained_scale",
    "without_floats",
]

Function = Callable[..., Any]


class _Floats(TorchDispatchMode):
    """Notes which operations of torch gave floating point: the name, and the dtype."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = operation(*args, **(kwargs or {}))
        self.found += [f"{operation.overloadpacket.__name__}, {tensor.dtype}" for tensor in _tensors(result) if tensor.is_floating_point()]
        return result


class _Left(TorchFunctionMode):
    """Notes what hands a tensor's numbers to numpy, where no operation is seen. Python's numbers, by tolist(), are not seen either."""

    def __init__(self) -> None:
        super().__init__()
        self.by: list[str] = []

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(function, "__name__", "")
        if name in ("numpy", "__array__", "__dlpack__"):
            self.by.append(name)
        return function(*args, **(kwargs or {}))


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)


def without_floats(function: Function, *inputs: Any) -> dict[str, Any]:
    """The answer, the first few of torch's operations that gave floating point on the way to it, and of those that left torch."""
    with _Floats() as floats, _Left() as left:
        answer = function(*inputs)
    return {"answer": call(lambda *_: answer, *inputs), "floats": floats.found[:3], "left": left.by[:3]}


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


def apply_and_look_again(function: Any, *inputs: Any) -> dict[str, Any]:
    """As `look_again`, with `function.apply`."""
    return look_again(function.apply, *inputs)
