"""Lab 07, microcontroller: `check` for the notebook, `lab` (its exercises) for a grader."""

from utils.exercises import lab_attributes

__getattr__ = lab_attributes(__name__, "to_fixed_point", "int8_conv2d", "weights_to_c", "fits_flash_and_ram", "dot_in_c")
