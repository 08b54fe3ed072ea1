"""Plausible wrong answers to lab 09 that are not functions of the inputs alone; the others are made of the declared mistakes."""

from tests.utils.exercises.lab09 import right
from tests.utils.exercises.wrong_answers import edited

TABLE = {
    "detect_gives_none_in_silence": (
        "Loses: nothing said. Hints: Your function returns nothing",
        edited(right.detect_by_frames, {"return found": "return found or None"}),
    ),
    "smooth_takes_a_negative_window": (
        "Loses: refuses a window of 0; refuses a negative window. Hints: What is the mean of no frame",
        edited(right.smooth_by_slices, {"window < 1 or ": ""}),
    ),
}
