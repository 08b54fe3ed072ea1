"""Lab 00, why small: `check` for the notebook, `lab` (its exercises) for a grader."""

from utils.exercises import lab_attributes

__getattr__ = lab_attributes(
    __name__,
    "conv_macs",
    "peak_activation_bytes",
    "latency_percentiles",
    "energy_per_inference_mj",
    "cost_per_million",
    "battery_hours",
    "carbon_g",
)
