"""Lab 11, health monitoring: `check` for the notebook, `lab` (its exercises, in the notebook's order) for a grader."""

from utils.exercises import lab_attributes

__getattr__ = lab_attributes(__name__, "window", "subject_split", "balanced_accuracy", "per_class_damage", "duty_cycle")
