"""Lab 06, edge runtimes: `check` for the notebook, `lab` (its exercises) for a grader."""

from utils.exercises import lab_attributes

__getattr__ = lab_attributes(
    __name__, "preprocess", "interleave", "ratio_interval", "arena_plan", "calibration_batches", "largest_difference"
)
