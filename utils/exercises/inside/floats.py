"""Notes which of torch's operations compute in floating point, for exercises that ask for integer arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode


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
    """Notes what hands a tensor's numbers to numpy, where no operation is seen. tolist() is not seen either."""

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


def watched(function: Callable[..., Any], *inputs: Any) -> tuple[Any, list[str], list[str]]:
    """What the function returns, the first operations that gave floating point, and the first that left torch."""
    with _Floats() as floats, _Left() as left:
        answer = function(*inputs)
    return answer, floats.found[:3], left.by[:3]
