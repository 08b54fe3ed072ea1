"""The scorecard: what a network can do and what it costs, measured, counted or modelled, and which of the three."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from utils.measure.arrays import array_of
from utils.measure.constants import constants
from utils.measure.costs import carbon_g, cost_per_million, grid_g_per_kwh
from utils.measure.energy import Energy, model_energy
from utils.measure.latency import Latency
from utils.measure.runnable import Runnable, check_runnable, ready

MILLION = 1e6

Metric = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True, kw_only=True)
class Card:
    """One network on one data set.

    metric: value of `metric_name` over `samples` inputs; accuracy is in percent.
    size_bytes: of the file that ships. macs, peak_activation_bytes: of one inference, None if not counted.
    weight_bytes: of the weights as they are computed with, unpacked. number_format: "float32", "int8", ...
    latency: None until it was timed with `utils.measure.latency`. energy: by `utils.measure.energy`, its method inside.
    """

    name: str
    metric_name: str
    metric: float
    samples: int
    parameters: int
    nonzero: int
    size_bytes: int
    macs: int | None = None
    peak_activation_bytes: int | None = None
    weight_bytes: int | None = None
    number_format: str | None = None
    latency: Latency | None = None
    energy: Energy | None = None

    @property
    def latency_ms(self) -> float | None:
        """The median latency in milliseconds, None if not timed."""
        return self.latency.p50_ms if self.latency else None

    @property
    def energy_mj(self) -> float | None:
        """Millijoules of one inference, None if neither measured nor modelled."""
        return self.energy.value_mj if self.energy else None

    @property
    def carbon_g_per_million(self) -> float | None:
        """Grams of CO2e of a million inferences with the world's electricity, None without an energy."""
        return None if self.energy is None else carbon_g(self.energy.value_mj, MILLION, grid_g_per_kwh())

    @property
    def dollars_per_million(self) -> float | None:
        """Cloud cost of a million inferences on a vCPU as fast as the core that was timed here, None if not timed."""
        return None if self.latency is None else cost_per_million(self.latency.p50_ms / 1000, constants()["price"]["dollars_per_hour"], 1)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON holds them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Card:
        """The inverse of `to_dict`."""
        kinds = {"latency": Latency, "energy": Energy}
        data = {name: value for name, value in data.items() if name in cls.__dataclass_fields__}  # a later version may know more
        return cls(**data | {name: kind(**data[name]) for name, kind in kinds.items() if data.get(name)})


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Share of inputs whose largest logit is at the label, in percent. logits: (n, classes), labels: (n,) whole numbers.

    Raises:
        ValueError: other shapes, no input at all, or a label that has no logit.
    """
    if logits.ndim != 2 or labels.shape != logits.shape[:1] or not len(labels):
        raise ValueError(f"accuracy needs logits (n, classes) and labels (n,), at least one, got {logits.shape} and {labels.shape}")
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ValueError(f"labels must be integers in 0..{logits.shape[1] - 1}, one for each logit: check the data or the last layer")
    return float(100 * np.mean(logits.argmax(1) == labels))


def _arrays(data: Any) -> tuple[np.ndarray, np.ndarray]:
    """Inputs float32 and labels of a pair or of an object with `inputs` and `labels`."""
    pair = (data.inputs, data.labels) if hasattr(data, "inputs") else data
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise ValueError(f"data must be a pair (inputs, labels) or have .inputs and .labels, got {type(data).__name__}")
    inputs, labels = array_of(pair[0]), array_of(pair[1], "labels")
    if inputs.dtype == np.uint8:
        raise ValueError("inputs are uint8, as pixels are, and networks take floats: normalize them as in training")
    inputs = inputs.astype(np.float32, copy=False)
    if not len(labels) or len(inputs) != len(labels):
        raise ValueError(f"need as many labels as inputs and at least one, got {len(inputs)} inputs and {len(labels)} labels")
    return inputs, labels


def logits_of(runnable: Runnable, inputs: np.ndarray, batch_size: int = 200) -> np.ndarray:
    """Logits of all inputs, a batch at a time.

    Raises:
        ValueError: no inputs, a batch size below 1, not one row of logits an input, or a value that is not finite.
    """
    if not len(inputs) or batch_size < 1:
        raise ValueError(f"need at least one input and a batch size of at least 1, got {len(inputs)} and {batch_size}")
    with ready(runnable):
        parts = [np.asarray(runnable.run(inputs[at : at + batch_size])) for at in range(0, len(inputs), batch_size)]
    if any(part.ndim < 1 for part in parts) or sum(map(len, parts)) != len(inputs):
        raise ValueError(f"{runnable.name} must give one row of logits for each of {len(inputs)} inputs, got {parts[0].shape} for a batch")
    logits = np.concatenate(parts)
    if bad := int((~np.isfinite(logits.reshape(len(logits), -1))).any(1).sum()):
        raise ValueError(f"{runnable.name} gives NaN or infinite logits for {bad} of {len(logits)} inputs: check its weights")
    return logits


def scorecard(
    runnable: Runnable,
    data: Any,
    metric: Metric = accuracy,
    *,
    latency: Latency | None = None,
    energy: Energy | None = None,
    batch_size: int = 200,
) -> Card:
    """Measure a network on `data`; the network and the global state are left as they were.

    data: (inputs, labels) or an object with `inputs` and `labels`. metric: (logits, labels) -> a number.
    latency: its row of a run of `utils.measure.latency`, where all contestants were timed together.
    energy: likewise of `utils.measure.energy`; modelled if not given.

    Raises:
        ValueError: a bare model, empty or mismatched data, logits of a wrong shape or not finite, a metric that is not finite.

    >>> import torch
    >>> from utils.measure.torch_runnable import TorchRunnable
    >>> network = TorchRunnable(torch.nn.Linear(4, 2), torch.zeros(1, 4), size_bytes=64)
    >>> card = scorecard(network, (torch.rand(10, 4), torch.zeros(10, dtype=torch.int64)))
    >>> card.samples, card.parameters, card.macs, card.peak_activation_bytes
    (10, 10, 8, 24)
    """
    check_runnable(runnable)
    inputs, labels = _arrays(data)
    value = float(metric(logits_of(runnable, inputs, batch_size), labels))
    name = getattr(metric, "__name__", type(metric).__name__)
    if not np.isfinite(value):
        raise ValueError(f"{name} of {runnable.name} is {value}: check that the metric is defined for this data")
    traffic = runnable.traffic
    return Card(
        name=runnable.name,
        metric_name=name,
        metric=value,
        samples=len(labels),
        parameters=runnable.parameters,
        nonzero=runnable.nonzero,
        size_bytes=runnable.size_bytes,
        macs=runnable.macs,
        peak_activation_bytes=runnable.peak_activation_bytes,
        weight_bytes=None if traffic is None else traffic.weights,
        number_format=runnable.number_format,
        latency=latency,
        energy=energy or model_energy(runnable),
    )


def keep(card: Card) -> Card:
    """Record the card in the student's journey and hand it back."""
    from utils.ledger import record  # only who keeps a card needs the student's folder

    record("card", card.name, card.to_dict())
    return card
