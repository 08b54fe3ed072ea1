"""Lab 00's probes: these run where the student's code runs."""

from utils.exercises.probing import error_of, look_again

__all__ = ["error_of", "look_again"]
