"""Lab 01, pruning: `check` for the notebook, `lab` (its exercises) for a grader."""

from utils.exercises import lab_attributes

__getattr__ = lab_attributes(
    __name__,
    "magnitude_mask",
    "global_masks",
    "cubic_sparsity",
    "channel_importance",
    "remove_channels",
    "sensitivity",
    "nm_mask",
    "rewind",
)
