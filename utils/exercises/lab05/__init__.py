"""Lab 05, efficient architectures: `check` for the notebook, `lab` (its exercises) for a grader."""

from utils.exercises import lab_attributes

__getattr__ = lab_attributes(
    __name__, "depthwise_separable_macs", "macs_and_params", "peak_memory_of_schedule", "mutate", "pareto_front", "evolve"
)
