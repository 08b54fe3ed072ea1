"""Lab 08: does a common mistake meet the hint that helps, and none that leads astray?"""

import importlib.util
from pathlib import Path

import pytest

from utils.exercises.checking import assess
from utils.exercises.lab08 import lab
from utils.exercises.view import Table

_SPEC = importlib.util.spec_from_file_location("lab08_wrong", Path(__file__).with_name("wrong.py"))
wrong = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(wrong)


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        (wrong.training_memory_as_if_all_learned, ["Which activations does nobody ask for"]),
        (wrong.training_memory_with_frozen_inputs, ["What is the input of a convolution good for when its weights"]),
        (wrong.training_memory_with_every_relu, ["How far back does the gradient run"]),
        (wrong.training_memory_without_relus, ["The gradient runs from the loss back to the first step that "]),
        (wrong.training_memory_reader_by_reader, ["Are there two tensors here, or one with two readers"]),
        (wrong.training_memory_inputs_of_biases, ["Does a bias need to know its input in order to learn"]),
        (wrong.training_memory_of_one_sample, ["Of how many samples are the activations"]),
        (wrong.training_memory_without_momentum, ["Which five parts are asked for, and in which unit"]),
        (wrong.training_memory_in_numbers, ["In which unit is memory counted"]),
        (wrong.training_memory_takes_any_name, ["Which error does the docstring name for this", "What could relu1 learn"]),
        (wrong.training_memory_sorts_the_steps, ["Print what you were given before and after."]),
        (wrong.select_trainable_by_substrings, ["Is a part of a word enough"]),
        (wrong.select_trainable_last_name, ["What is a layer's name, what the weight's"]),
        (wrong.select_trainable_first_part, ["How long is the name of the last layer"]),
        (wrong.select_trainable_block_alone, ["Where does the last block begin"]),
        (wrong.select_trainable_block_by_letters, ["Is blocks.1 the beginning of blocks.11"]),
        (wrong.select_trainable_backwards, ["In which order do they come"]),
        (wrong.select_trainable_as_a_set, []),
        (
            wrong.select_trainable_takes_any_policy,
            ["Which error does the docstring name for this", "What would a training without weights learn"],
        ),
        (wrong.reservoir_update_one_number_short, ["With which probability should sample number n be in a buffer"]),
        (wrong.reservoir_update_always, ["With which probability should sample number n be in a buffer"]),
        (wrong.reservoir_update_first_slot, ["Who stays too long in your buffer, the old or the new"]),
        (wrong.reservoir_update_random_from_the_start, ["Where does a sample go while there is room"]),
        (wrong.reservoir_update_own_chance, ["Where does your chance come from"]),
        (wrong.reservoir_update_returns_nothing, ["What does the docstring want back"]),
        (wrong.reservoir_update_looks_for_none, ["How does your function see that a slot is free"]),
        (wrong.fedavg_equal_shares, ["Whose weights count more"]),
        (wrong.fedavg_sum, ["Is this a mean"]),
        (wrong.fedavg_whole_numbers_cut, ["What does .long() do to 2.75"]),
        (wrong.fedavg_floats_everywhere, ["What type has a counter after the averaging"]),
        (wrong.fedavg_zips, ["What does zip do when one list is shorter"]),
        (wrong.fedavg_in_place, ["Print what you were given before and after."]),
        (wrong.forgetting_with_the_last_task, ["How many tasks can have been forgotten"]),
        (wrong.forgetting_from_the_diagonal, ["When was a task known best"]),
        (wrong.forgetting_from_the_start, ["When was a task known best"]),
        (wrong.forgetting_below_zero, ["Is it forgetting when the number is below 0"]),
        (wrong.forgetting_with_the_last_stage, ["Can the last stage be the best one"]),
        (wrong.forgetting_zeros_above, ["What is the maximum of NaN and 80"]),
        (wrong.clip_and_noise_part_by_part, ["What is the length of an update of several tensors"]),
        (wrong.clip_and_noise_value_by_value, ["Does clipping change the direction here"]),
        (wrong.clip_and_noise_always_scales, ["Is this update too long"]),
        (wrong.clip_and_noise_sigma_alone, ["How large is the noise"]),
        (wrong.clip_and_noise_divides_by_zero, ["How long is an update of zeros"]),
        (wrong.clip_and_noise_own_chance, ["Where does your chance come from"]),
    ],
)
def test_the_hints_that_a_mistake_meets(function, shown):
    exercise = next(exercise for name, exercise in lab.exercises.items() if function.__name__.startswith(name))
    table = Table(assess(exercise, function), {})
    found = [text for outcome in table.result.outcomes for label, text in table.details(outcome) if label == "hint"]
    assert [text[: len(beginning)] for text, beginning in zip(found, shown, strict=True)] == shown
