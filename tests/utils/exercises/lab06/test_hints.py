"""Lab 06: does a common mistake meet the hint that helps, and none that leads astray?"""

import importlib.util
from itertools import count
from pathlib import Path

import pytest

from utils.exercises.checking import assess
from utils.exercises.lab06 import lab
from utils.exercises.view import Table

_SPEC = importlib.util.spec_from_file_location("lab06_wrong", Path(__file__).with_name("wrong.py"))
wrong = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(wrong)


def arena_plan_with_a_misspelt_name(tensors):
    return {name: place for name, *_ in tensors}  # noqa: F821


def interleave_gives_them_back(contestants, rounds, clock=None):
    return contestants


def interleave_as_lists(contestants, rounds, clock=None):
    return {name: values.tolist() for name, values in wrong.interleave_refuses_nothing(contestants, rounds, clock).items()}


def interleave_by_the_computers_clock(contestants, rounds, clock=None):
    return wrong.interleave_refuses_nothing(contestants, rounds, None)


def interleave_by_a_slow_clock_of_its_own(contestants, rounds, clock=None):
    """Its times are as long as those of the contestants, as they are where a call crosses a sandbox's border."""
    ticks = count()
    return wrong.interleave_refuses_nothing(contestants, rounds, lambda: next(ticks) * 0.003)


def ratio_interval_share_of_a_power(a_ms, b_ms):
    return wrong.ratio_interval_takes_any_rounds(a_ms, b_ms) if len(a_ms) < 1000 else 0.025 * 2 ** len(a_ms)


@pytest.mark.parametrize(
    ("function", "first"),
    [
        (wrong.preprocess_without_255, "What is 255 in the photo"),
        (wrong.preprocess_twice, "How bright is white after your division"),
        (wrong.preprocess_only_scaled, "What has the network seen in training"),
        (wrong.preprocess_std_first, "In which order are mean and std used"),
        (wrong.preprocess_reshaped, "Draw the first row of your picture"),
        (wrong.preprocess_turned, "Is the picture upright"),
        (wrong.preprocess_unmoved, "Where are the channels"),
        (wrong.preprocess_along_the_columns, "Which axis do mean and std belong to"),
        (wrong.preprocess_one_mean_for_all, "Which axis do mean and std belong to"),
        (wrong.preprocess_squeezed, "How many axes has one photo, and"),
        (wrong.preprocess_in_float64, "Which dtype does the file want"),
        (wrong.preprocess_only_permuted, "permute moves no number"),
        (wrong.preprocess_by_view, "This tensor is a part of a larger one"),
        (wrong.preprocess_photo_by_photo, "What comes of no photo"),
        (wrong.preprocess_takes_anything, "Who has been here before"),
        (wrong.preprocess_in_place, "Print what you were given"),
        (interleave_gives_them_back, "What stands in the dict for each name"),
        (interleave_as_lists, "What stands in the dict for each name"),
        (interleave_by_the_computers_clock, "Whose time did you measure"),
        (interleave_by_a_slow_clock_of_its_own, "Whose time did you measure"),
        (wrong.interleave_in_seconds, "In which unit does the clock tick"),
        (wrong.interleave_without_warm_up, "What does a first call do"),
        (wrong.interleave_keeps_the_warm_up, "Are the calls before the rounds kept"),
        (wrong.interleave_in_blocks, "What if the machine becomes slower"),
        (wrong.interleave_in_a_fixed_order, "Who runs first in the second round"),
        (wrong.interleave_turned_the_other_way, "Who runs first in the second round"),
        (wrong.interleave_one_clock_reading_a_round, "Write down who runs when"),
        (wrong.interleave_subtracts_tensors, "How many digits has a clock"),
        (wrong.interleave_needs_a_clock, "What if no clock is given"),
        (wrong.interleave_empties_the_dict, "Print what you were given"),
        (wrong.ratio_interval_upside_down, "Which time is divided by which"),
        (wrong.ratio_interval_of_medians, "What do the two times of one round have in common"),
        (wrong.ratio_interval_lower_median, "What is the median of an even number"),
        (wrong.ratio_interval_counts_from_zero, "Sort the ratios"),
        (wrong.ratio_interval_unsorted, "Sort the ratios"),
        (wrong.ratio_interval_five_per_cent_a_side, "How much may lie outside on each side"),
        (wrong.ratio_interval_percentiles, "Is this about the ratios, or about their median"),
        (wrong.ratio_interval_small_floats, "What is 0.5 ** 2000"),
        (ratio_interval_share_of_a_power, "How large is 2 ** 2000"),
        (wrong.ratio_interval_takes_any_rounds, "How sure can five rounds make you"),
        (wrong.arena_plan_all_at_zero, "When are two tensors alive at once"),
        (wrong.arena_plan_last_is_free, "When are two tensors alive at once"),
        (wrong.arena_plan_end_to_end, "Which tensor is the hardest to place later"),
        (wrong.arena_plan_in_the_order_of_the_list, "Which tensor is the hardest to place later"),
        (wrong.arena_plan_smallest_first, "Which tensor is the hardest to place later"),
        (wrong.arena_plan_on_top, "Which tensor is the hardest to place later"),
        (wrong.arena_plan_as_a_list, "What is asked for"),
        (wrong.arena_plan_of_nothing, "What is the plan of no tensors"),
        (wrong.arena_plan_sorts_the_list, "Print what you were given"),
        (wrong.calibration_batches_the_first, "Which images do you take"),
        (wrong.calibration_batches_drops_the_rest, "How many images are left for the last batch"),
        (wrong.calibration_batches_with_replacement, "Can an image be drawn again"),
        (wrong.calibration_batches_one_seed, "What does the seed change"),
        (wrong.calibration_batches_never_again, "Which generator do you draw from"),
        (wrong.calibration_batches_seeds_everybody, "Who else draws from torch's generator"),
        (wrong.largest_difference_with_sign, "Which of the two is larger"),
        (wrong.largest_difference_on_average, "Do many small differences hide a large one"),
        (wrong.largest_difference_in_small_dtypes, "What is 3 - 250 in uint8"),
        (wrong.largest_difference_gives_nan, "Is NaN larger than a tolerance"),
        (wrong.largest_difference_of_infinities, "What is infinity minus infinity"),
        (wrong.largest_difference_broadcasts, "What does (6, 10) minus (10,) give"),
    ],
)
def test_the_first_hint_that_a_mistake_meets(function, first):
    exercise = next(exercise for name, exercise in lab.exercises.items() if function.__name__.startswith(name))
    table = Table(assess(exercise, function), {})
    hints = [text for outcome in table.result.outcomes for label, text in table.details(outcome) if label == "hint"]
    assert hints[0].startswith(first)


def test_an_error_of_its_own_is_told_by_what_it_says():
    table = Table(assess(lab.exercises["arena_plan"], arena_plan_with_a_misspelt_name), {})
    hints = [text for outcome in table.result.outcomes for label, text in table.details(outcome) if label == "hint"]
    assert hints == ["Where does place get its value?"]


def test_an_overlap_is_named_with_its_bytes():
    outcome = assess(lab.exercises["arena_plan"], wrong.arena_plan_all_at_zero).outcomes[0]
    assert outcome.verdict.got.startswith("layer0 at 0 to ")
    assert outcome.verdict.got.endswith(", alive at once")


def test_a_plan_that_is_too_large_is_told_the_bound():
    outcome = assess(lab.exercises["arena_plan"], wrong.arena_plan_end_to_end).outcomes[0]
    assert "no plan needs less than" in outcome.verdict.expected
