"""Lab 03, distillation: `check` for the notebook, `lab` (its exercises) for a grader."""

from utils.exercises import lab_attributes

__getattr__ = lab_attributes(__name__, "kd_loss", "feature_loss", "relational_loss", "pseudo_label", "attention_map", "agreement")
