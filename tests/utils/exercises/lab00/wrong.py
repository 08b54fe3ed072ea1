"""Wrong answers to lab 00 that are not declared as mistakes: types, refusals, what happens to the inputs."""

import torch

from tests.utils.exercises.lab00 import right
from tests.utils.exercises.wrong_answers import edited

_macs, _peak, _cost = right.conv_macs_from_the_output, right.peak_activation_bytes_by_pairs, right.cost_per_million_by_throughput
_tail, _energy = right.latency_percentiles_by_torch, right.energy_per_inference_mj_in_joules
_battery = right.battery_hours_in_joules

TABLE = {
    "conv_macs_in_floats": (  # float32, and nothing is refused
        "Loses: large and exact; refuses *",
        lambda i, o, kernel, h, w, groups=1: int(torch.tensor([i / groups, o, kernel, kernel, h, w]).prod()),
    ),
    "conv_macs_of_equal_rests": (
        "Loses: refuses groups that divide neither",
        edited(_macs, {"!= 0 or out_channels % groups != 0": "!= out_channels % groups"}),
    ),
    "conv_macs_divided": ("Loses: large and exact. Hints: Is your answer an integer", edited(_macs, {"//": "/"})),
    "peak_activation_bytes_of_nothing": (
        "Loses: an input and no layer; refuses an empty list",
        edited(_peak, {"not layer_shapes": "False", "sizes[0]": "0"}),
    ),
    "peak_activation_bytes_without_an_answer": (
        "Loses: an input and no layer. Hints: What if there is no layer at all",
        edited(_peak, {"sizes[0], ": ""}),
    ),
    "peak_activation_bytes_as_a_float": (
        "Loses: an integer comes out. Hints: Is your answer an integer",
        lambda *given: float(_peak(*given)),
    ),
    "latency_percentiles_of_pairs": (  # sort returns two tensors
        "Loses: all but refuses an empty tensor. Hints: What does sort return",
        edited(_tail, {"torch.quantile(samples_ms, torch.tensor([0.5, 0.95, 0.99])).tolist()": "(*samples_ms.sort(), samples_ms)"}),
    ),
    "latency_percentiles_in_place": (  # without samples there is another error
        "Loses: leaves its inputs as they were; refuses an empty tensor",
        edited(_tail, {"samples_ms.numel() == 0": "False", "quantile(samples_ms": "quantile(samples_ms.copy_(samples_ms.sort().values)"}),
    ),
    "latency_percentiles_beyond_the_end": (
        "Loses: a single sample. Hints: Where is position 0 of one sample",
        lambda samples_ms: _tail(samples_ms) if len(samples_ms) != 1 else samples_ms[1],
    ),
    "latency_percentiles_of_different": (
        "Loses: equal samples",
        lambda samples_ms: _tail(samples_ms * 0 if len(samples_ms) > len(samples_ms.unique()) == 1 else samples_ms),
    ),
    "energy_per_inference_mj_of_the_known": (
        "Loses: refuses a place that the table lacks. Hints: What does a byte from an unknown place cost",
        edited(_energy, {'raise ValueError(f"no figure for {place}")': "continue"}),
    ),
    "energy_per_inference_mj_at_least_one": (
        "Loses: memory only; nothing to do, nothing to pay",
        lambda macs, *given: _energy(max(macs, 1000), *given),
    ),
    "cost_per_million_of_no_core": (
        "Loses: refuses a machine without cores. Hints: You raise ZeroDivisionError",
        edited(_cost, {"not cores": "False"}),
    ),
    "battery_hours_of_nothing": ("Loses: refuses *", edited(_battery, {"capacity_mah <= 0 or volts <= 0": "False"})),
    "battery_hours_of_the_product": ("Loses: refuses both below 0", edited(_battery, {"mah <= 0 or volts <= 0": "mah * volts <= 0"})),
    "battery_hours_without_a_voltage": ("Loses: refuses a voltage of 0", edited(_battery, {"volts <= 0": "volts < 0"})),
}
