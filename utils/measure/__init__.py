"""The scorecard: metric, bytes, MACs, memory, latency, energy, carbon and cost; measuring never changes what is measured.

What needs torch is loaded when it is first used, so that a device with a small runtime can measure too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from utils.measure.card import Card, accuracy, keep, scorecard
from utils.measure.compare import Comparison, compare
from utils.measure.constants import constants
from utils.measure.costs import battery_hours, carbon_g, cost_per_million, grid_g_per_kwh
from utils.measure.devices import Budget, Device, Fit, devices, energy_range_mj, fits, hours_range, latency_range_ms
from utils.measure.duty_cycle import duty_cycle
from utils.measure.energy import Energy, energy, energy_mj, model_energy
from utils.measure.latency import Latency, Ratio, Timings, latency
from utils.measure.runnable import Runnable, Traffic
from utils.measure.sparse import csr_speedup
from utils.measure.statistics import Interval, balanced_recall, bootstrap, confusion, pooled_recall, recalls
from utils.measure.units import scaled

if TYPE_CHECKING:
    from utils.measure.counts.macs import NotCountedError, convolutions, count_macs, macs_by_layer
    from utils.measure.counts.memory import activation_timeline, peak_activation_bytes, traffic
    from utils.measure.torch_runnable import TorchRunnable

_NEEDS_TORCH = {
    "TorchRunnable": "torch_runnable",
    "NotCountedError": "counts.macs",
    "convolutions": "counts.macs",
    "count_macs": "counts.macs",
    "macs_by_layer": "counts.macs",
    "activation_timeline": "counts.memory",
    "peak_activation_bytes": "counts.memory",
    "traffic": "counts.memory",
}

__all__ = [
    "Budget",
    "Card",
    "Comparison",
    "Device",
    "Energy",
    "Fit",
    "Interval",
    "Latency",
    "NotCountedError",
    "Ratio",
    "Runnable",
    "Timings",
    "TorchRunnable",
    "Traffic",
    "accuracy",
    "activation_timeline",
    "balanced_recall",
    "battery_hours",
    "bootstrap",
    "carbon_g",
    "compare",
    "confusion",
    "constants",
    "convolutions",
    "cost_per_million",
    "count_macs",
    "csr_speedup",
    "devices",
    "duty_cycle",
    "energy",
    "energy_mj",
    "energy_range_mj",
    "fits",
    "grid_g_per_kwh",
    "hours_range",
    "keep",
    "latency",
    "latency_range_ms",
    "macs_by_layer",
    "model_energy",
    "peak_activation_bytes",
    "pooled_recall",
    "recalls",
    "scaled",
    "scorecard",
    "traffic",
]


def __getattr__(name: str) -> Any:
    if name in _NEEDS_TORCH:
        return getattr(import_module(f"utils.measure.{_NEEDS_TORCH[name]}"), name)
    raise AttributeError(f"module 'utils.measure' has no attribute {name!r}")
