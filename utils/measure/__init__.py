"""The scorecard: metric, bytes, MACs, memory and latency, always measured and never changing what is measured.

What needs torch is loaded when it is first used, so that a device with a small runtime can measure too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from utils.measure.card import Card, accuracy, keep, scorecard
from utils.measure.compare import Comparison, compare
from utils.measure.latency import Latency, Ratio, Timings, latency
from utils.measure.runnable import Runnable, TorchRunnable
from utils.measure.sparse import csr_speedup

if TYPE_CHECKING:
    from utils.measure.macs import NotCountedError, count_macs, macs_by_layer
    from utils.measure.memory import activation_timeline, peak_activation_bytes

_NEEDS_TORCH = {
    "NotCountedError": "macs",
    "count_macs": "macs",
    "macs_by_layer": "macs",
    "activation_timeline": "memory",
    "peak_activation_bytes": "memory",
}

__all__ = [
    "Card",
    "Comparison",
    "Latency",
    "NotCountedError",
    "Ratio",
    "Runnable",
    "Timings",
    "TorchRunnable",
    "accuracy",
    "activation_timeline",
    "compare",
    "count_macs",
    "csr_speedup",
    "keep",
    "latency",
    "macs_by_layer",
    "peak_activation_bytes",
    "scorecard",
]


def __getattr__(name: str) -> Any:
    if name in _NEEDS_TORCH:
        return getattr(import_module(f"utils.measure.{_NEEDS_TORCH[name]}"), name)
    raise AttributeError(f"module 'utils.measure' has no attribute {name!r}")
