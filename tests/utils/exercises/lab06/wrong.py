"""Plausible wrong answers to lab 06 that no function of the inputs can make: the rest are the exercises' own mistakes."""

import random
import time

import torch

from tests.utils.exercises.lab06 import right
from tests.utils.exercises.wrong_answers import edited

_plan, _batches, _times = right.arena_plan_by_walking_up, right.calibration_batches_by_numpy, right.interleave_rotating_a_list
_distance, _images, _interval = right.largest_difference_by_masks, right.preprocess_normalize_then_move, right.ratio_interval_by_integers


def _without_ties(a_ms, b_ms):
    """Looks for the ratio that k - 1 others lie below."""
    (middle, low, high), ordered = _interval(a_ms, b_ms), sorted((a_ms / b_ms).tolist())
    places = ordered.index(low), len(ordered) - 1 - ordered[::-1].index(high)
    return middle, *(next(one for one in ordered if ordered.index(one) == place) for place in places)


def _drawn(images, count, batch_size, numbers):
    _batches(images, count, batch_size, 0)
    return images[numbers[:count]].split(batch_size)


_MEMORY = "Loses: float32, one number after another"
_EACH = "all but warms up in the order of the dict"
_ROUNDS, _START = "    for _ in range(rounds):", "            start = clock()\n"
_NAMES, _TURN = "        for name in names:\n", "        names.append("
_SAMPLE = "            samples[name].append((clock() - start) * 1000)\n"
_EACH_PART = _SAMPLE.replace("1000)", "1000 / len(names))")
TABLE = {
    "preprocess_in_float64": (f"{_MEMORY}. Hints: Which dtype does the runtime's file want", lambda *x: _images(*x).double()),
    "preprocess_only_permuted": (
        f"{_MEMORY}. Hints: permute moves no number",
        lambda *x: _images(*x).to(memory_format=torch.channels_last),
    ),
    "preprocess_by_view": (
        "Loses: a part of a larger photo. Hints: This tensor is a part of a larger one",
        lambda photos, *x: _images(photos.view(-1).view(photos.shape), *x),
    ),
    "preprocess_photo_by_photo": (
        "Loses: no photo. Hints: What is the result for no photo",
        lambda photos, *x: torch.cat([_images(photos[at : at + 1], *x) for at in range(len(photos))]),
    ),
    "preprocess_refuses_floats_only": (
        "Loses: refuses photos of int8. Hints: Is 1 black or white in these photos",
        lambda photos, *x: _images(photos if photos.is_floating_point() else photos.to(torch.uint8), *x),
    ),
    "preprocess_counts_std": (
        "Loses: refuses one mean for three channels. Hints: How many channels has the photo",
        lambda photos, mean, std: _images(photos, (mean * len(std))[: len(std)] if len(mean) < len(std) else mean, std),
    ),
    "preprocess_counts_both_together": (
        "Loses: refuses two means and four stds for three channels",
        lambda photos, *x: _images(photos, *(x if len(x[0] + x[1]) != 6 else ((x[0] + x[1])[:3], (x[0] + x[1])[3:]))),
    ),
    "preprocess_takes_too_many": (
        "Loses: refuses four for three channels. Hints: How many channels has the photo",
        lambda photos, *x: _images(photos, *(one[: photos.shape[3]] if len(x[0]) == len(x[1]) else one for one in x)),
    ),
    "interleave_shares_readings": (
        "Loses: reads the clock around each call. Hints: What lies between two readings",
        edited(_times, {_START: "", _ROUNDS: f"    start = clock()\n{_ROUNDS}", "clock() - start)": "-start + (start := clock()))"}),
    ),
    "interleave_one_reading_a_round": (
        "Loses: all but one function; warms up in the order of the dict; refuses *. Hints: Write down who runs when",
        edited(
            _times, {f"{_NAMES}{_START}": f"{_START[4:]}{_NAMES}", _SAMPLE: "", _TURN: f"{_NAMES}{_SAMPLE[:-2]} / len(names))\n{_TURN}"}
        ),
    ),
    "interleave_subtracts_tensors": (
        "Loses: a clock that has run for two weeks; its own clock. Hints: How many digits has a clock",
        edited(_times, {"clock()": "torch.tensor(clock())"}),
    ),
    "interleave_needs_a_clock": (
        "Loses: its own clock. Hints: What if no clock is given",
        lambda contestants, rounds, clock=None: _times(contestants, rounds, lambda: clock()),
    ),
    "interleave_by_the_time_of_day": (
        "Loses: its own clock. Hints: What if no clock is given",
        lambda contestants, rounds, clock=None: _times(contestants, rounds, clock or time.time),
    ),
    "interleave_by_the_computers_clock": (
        f"Loses: {_EACH}; its own clock; refuses *. Hints: Whose time did you measure",
        lambda contestants, rounds, clock=None: _times(contestants, rounds),
    ),
    "interleave_as_lists": (
        f"Loses: {_EACH}; reads the clock around each call; refuses *. Hints: What is in the dict for each name",
        lambda *x: {name: values.tolist() for name, values in _times(*x).items()},
    ),
    "interleave_gives_them_back": ("Loses: all. Hints: What is in the dict for each name", lambda contestants, *_: contestants),
    "interleave_empties_the_dict": (
        "Loses: leaves the functions as they were. Hints: Print the inputs before and after",
        lambda contestants, *x: _times({name: contestants.pop(name) for name in list(contestants)}, *x),
    ),
    "ratio_interval_cuts_to_the_shorter": (
        "Loses: refuses a single *; refuses another number of rounds. Hints: What is (40,) divided",
        lambda *x: _interval(*(one.repeat(40)[: max(6, min(map(len, x)))] if len(x[0]) != len(x[1]) else one for one in x)),
    ),
    "ratio_interval_wants_no_ties": ("Loses: a network against itself. Hints: What is a number divided", _without_ties),
    "arena_plan_of_nothing": (  # looks for the largest of no tensors
        "Loses: no tensor. Hints: What is the plan of no tensors",
        lambda tensors: _plan(tensors) if max(size for _, size, _, _ in tensors) else {},
    ),
    "calibration_batches_never_again": (
        "Loses: a seed decides; a generator of its own. Hints: Which generator do you draw from",
        lambda *x: _drawn(*x[:3], torch.randperm(len(x[0]))),
    ),
    "calibration_batches_seeds_torch": (
        "Loses: a generator of its own. Hints: Which other code draws from the global generators",
        lambda *x: _drawn(*x[:3], (torch.manual_seed(x[3]), torch.randperm(len(x[0])))[1]),
    ),
    "calibration_batches_seeds_python": (
        "Loses: a generator of its own. Hints: Which other code draws from the global generators",
        lambda *x: _drawn(*x[:3], (random.seed(x[3]), random.sample(range(len(x[0])), len(x[0])))[1]),
    ),
    "calibration_batches_in_place": (
        "Loses: leaves the images as they were. Hints: Print the inputs before and after",
        lambda images, *x: [_batches(images, *x), images.sub_(images.mean())][0],
    ),
    "largest_difference_broadcasts": (
        "Loses: refuses other shapes; refuses a missing axis. Hints: What does (6, 10); Is (1, 10) the shape",
        lambda a, b: _distance(*(torch.broadcast_tensors(a, b) if a.numel() and b.numel() else (a, b))),
    ),
    "largest_difference_of_empty_first": (
        "Loses: refuses an empty *; refuses two empty *. Hints: Are two shapes equal because one holds no number",
        lambda a, b: _distance(a, b) if a.numel() and b.numel() else 0.0,
    ),
}
