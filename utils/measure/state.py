"""Measuring is looking, not touching: everything that a measurement sets is put back, also after an error."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import nn  # loaded only by those who have a model

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@contextmanager
def one_thread() -> Iterator[None]:
    """One computing thread, as a small device has; the former number comes back afterwards.

    The variables count for libraries that are loaded inside; torch, if it is loaded already, is told directly.
    """
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else None
    try:
        os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
        if torch:
            torch.set_num_threads(1)
        yield
    finally:
        if torch:
            torch.set_num_threads(threads)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def no_collection() -> Iterator[None]:
    """No garbage collection inside: a pause of the interpreter is not the network's latency."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def untouched(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; each module's mode and the random generators are put back."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    modes = [(module, module.training) for module in model.modules()]
    torch_random, numpy_random = torch.get_rng_state(), np.random.get_state()
    fast_path = torch.backends.mha.get_fastpath_enabled()
    try:
        model.eval()
        torch.backends.mha.set_fastpath_enabled(False)  # a fused attention hides what it computes
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        for module, training in modes:
            module.training = training
        torch.backends.mha.set_fastpath_enabled(fast_path)
        torch.set_rng_state(torch_random)
        np.random.set_state(numpy_random)
