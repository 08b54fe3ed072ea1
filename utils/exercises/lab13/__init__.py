"""Lab 13, medical imaging: `check` for the notebook, `lab` (its exercises, in the notebook's order) for a grader."""

from utils.exercises import lab_attributes

__getattr__ = lab_attributes(__name__, "auc", "sensitivity_at_specificity", "calibration_error", "temperature_scale", "abstain")
