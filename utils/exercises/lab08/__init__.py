"""Lab 08, on-device learning: `check` for the notebook, `lab` (its exercises) for a grader."""

from utils.exercises import lab_attributes

__getattr__ = lab_attributes(__name__, "training_memory", "select_trainable", "reservoir_update", "fedavg", "forgetting", "clip_and_noise")
