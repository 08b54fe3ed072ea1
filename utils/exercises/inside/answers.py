"""What may be an answer: plain values and arrays, nothing that can lie about itself.

This runs where the student's code runs. Types are compared exactly: a subclass could override
`__eq__` or `shape` and agree with every judge.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from typing import Any

import numpy as np
import torch

NUMPY = "a torch tensor is asked for; yours is a numpy array: wrap it in torch.from_numpy"
MAX_DEPTH = 8
MAX_ITEMS = 100_000  # in all lists, tuples and dicts together
MAX_ELEMENTS = 8_000_000  # in all arrays together
MAX_CHARACTERS = 100_000  # in all strings together
MAX_BITS = 63  # of one int: what a numpy integer holds

_TENSORS = (torch.Tensor, torch.nn.Parameter)
_DICTS = (dict, OrderedDict, defaultdict, Counter)
_SCALARS = tuple(set(np.sctypeDict.values()))
_KINDS = "biufc"  # numpy's kinds of bool, int, unsigned, float, complex


class UnacceptableError(TypeError):
    """The answer, or a part of it, is nothing that a judge looks at."""


def plain(value: Any, numpy: bool = True) -> Any:
    """A copy of `value` in which every tensor and numpy scalar is an ndarray (bfloat16 becomes float32).

    Accepted: None, bool, int, float, str, list, tuple, dict, numpy.ndarray, torch.Tensor.
    numpy: whether an ndarray may stand for a tensor; nobody can tell them apart afterwards.

    Raises:
        UnacceptableError: any other type, or too deep, too long, too large.
    """
    return _Copier(numpy).copy(value, 0)


class _Copier:
    """Counts what it copied, so that the bounds hold for the whole answer."""

    def __init__(self, numpy: bool) -> None:
        self.numpy = numpy
        self.items = self.elements = self.characters = 0

    def copy(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind is int:
            return _within(value, value.bit_length(), MAX_BITS, "bits in a number")
        if kind is str:
            self.characters += len(value)
            return _within(value, self.characters, MAX_CHARACTERS, "characters")
        if kind is not tuple and issubclass(
            kind, tuple
        ):  # a named tuple, or what torch.sort returns: read by tuple's own methods, which it can't change
            value, kind = tuple(tuple.__iter__(value)), tuple
        if kind is list or kind is tuple or _is_one_of(kind, _DICTS):
            self.items += len(value)
            _within(None, self.items, MAX_ITEMS, "items")
            _within(None, depth, MAX_DEPTH - 1, "levels")
            if _is_one_of(kind, _DICTS):
                return {_key(key): self.copy(item, depth + 1) for key, item in value.items()}
            items = [self.copy(item, depth + 1) for item in value]
            return items if kind is list else tuple(items)
        return self.array(value)

    def array(self, value: Any) -> np.ndarray:
        kind = type(value)
        if _is_one_of(kind, _TENSORS):
            value = self.tensor(value)
        elif _is_one_of(kind, _SCALARS):
            value = np.asarray(value)
        elif kind is not np.ndarray:
            raise UnacceptableError(
                f"an answer of type {kind.__name__[:60]} is not accepted: "
                "return None, bool, int, float, str, list, tuple, dict, array or tensor"
            )
        elif not self.numpy:
            raise UnacceptableError(NUMPY)
        else:
            self.elements += value.size
            _within(None, self.elements, MAX_ELEMENTS, "elements")
        if value.dtype.kind not in _KINDS:
            raise UnacceptableError(f"an array of dtype {str(value.dtype)[:60]} is not accepted: return numbers or bools")
        return value.copy()

    def tensor(self, value: torch.Tensor) -> np.ndarray:
        if value.layout is not torch.strided or value.is_meta or value.is_quantized:
            raise UnacceptableError("a sparse, quantized or meta tensor is not accepted: return an ordinary one")
        self.elements += value.numel()
        _within(None, self.elements, MAX_ELEMENTS, "elements")
        value = value.detach().cpu().resolve_conj().resolve_neg()
        return (value.float() if value.dtype is torch.bfloat16 else value).numpy()


def _is_one_of(kind: type, kinds: tuple[type, ...]) -> bool:
    """By identity: a class can lie about `==` as well."""
    return any(kind is one for one in kinds)


def _key(key: Any) -> Any:
    if type(key) is str:
        return _within(key, len(key), 1000, "characters in a key")
    if type(key) is int:
        return _within(key, key.bit_length(), MAX_BITS, "bits in a number")
    if key is None or _is_one_of(type(key), (bool, float)):
        return key
    raise UnacceptableError(f"a dict key of type {type(key).__name__[:60]} is not accepted: use str or numbers")


def _within(value: Any, size: int, limit: int, what: str) -> Any:
    if size > limit:
        raise UnacceptableError(f"the answer is too large to be looked at: more than {limit} {what}")
    return value
