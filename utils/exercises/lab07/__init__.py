"""Lab 07, microcontroller: `check` for the notebook, `lab` (its exercises) for a grader."""

from utils.exercises import lab_attributes

__getattr__ = lab_attributes(__name__)
