"""What can be measured: anything that turns a batch of inputs into logits and knows what it weighs."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np


@dataclass(frozen=True)
class Traffic:
    """Bytes that one inference has to move at least: weights read, activations read and written."""

    weights: int
    activations: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.weights + self.activations


class Runnable(Protocol):
    """A network in the form in which it would be shipped."""

    @property
    def name(self) -> str:
        """How tables and figures call it."""
        ...

    @property
    def size_bytes(self) -> int:
        """Of the file that ships, with all that is needed to run it."""
        ...

    @property
    def parameters(self) -> int:
        """Numbers that were learned."""
        ...

    @property
    def nonzero(self) -> int:
        """Those of them that are not zero."""
        ...

    @property
    def macs(self) -> int | None:
        """Multiply-accumulates for a batch of one; None where they can't be counted."""
        ...

    @property
    def peak_activation_bytes(self) -> int | None:
        """Activation memory for a batch of one; None where it can't be counted."""
        ...

    @property
    def traffic(self) -> Traffic | None:
        """Bytes moved for a batch of one; None where they can't be counted."""
        ...

    @property
    def number_format(self) -> str | None:
        """What it multiplies: "float32", "float16", "int8"; None if that is not one format or not known."""
        ...

    def run(self, batch: np.ndarray) -> np.ndarray:
        """batch: (n, ...) float32 -> logits (n, classes) float32."""
        ...


def check_runnable(thing: Any) -> None:
    """Raise ValueError, which says how to wrap it, for what can't be run and weighed: a bare model, the path of a file."""
    if hasattr(thing, "run"):
        return
    if isinstance(thing, str | Path):
        remedy = "open the file with utils.deploy.OnnxRunnable(path)"
    else:
        remedy = "wrap it with utils.deploy.runnable(model, example, name), or with TorchRunnable(model, example, file=...)"
    raise ValueError(f"what is measured must run and know its size, got {type(thing).__name__}: {remedy}")


def ready(runnable: Runnable) -> AbstractContextManager:
    """Prepare for many runs in a row; a runnable may offer `ready()` to spare each run the preparation."""
    prepare = getattr(runnable, "ready", None)
    return prepare() if prepare else nullcontext()
