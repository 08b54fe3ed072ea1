"""What lab 02's checks say: of floating point on the way, and of a class."""

from utils.exercises.checking import assess
from utils.exercises.lab02 import lab
from utils.exercises.messages.inputs import shown_inputs

from .wrong import TABLE


def no_float_got(way):
    outcomes = assess(lab.exercises["integer_linear"], TABLE[f"integer_linear_{way}"][1]).outcomes
    return next(outcome.verdict.got for outcome in outcomes if outcome.case.name == "no float on the way")


def test_what_was_floating_point_and_what_left_torch_is_named():
    """Integers in numpy are no exception: the check does not see them."""
    assert no_float_got("with_float_accumulators") == "floating point on the way (zeros, torch.float32)"
    assert no_float_got("in_numpy_by_asarray") == "a part of the way in numpy, which the check does not see"


def test_to_print_a_tensor_on_the_way_is_no_float(capsys):
    def integer_linear(q_x, q_w, q_b, x_zero_point):
        print(q_x, q_w, q_b)
        return (q_x.int() - x_zero_point) @ q_w.int().T + q_b

    assert assess(lab.exercises["integer_linear"], integer_linear).failed == ()
    assert "tensor(" in capsys.readouterr().out


def test_a_class_whose_backward_is_empty_gets_the_points_of_forward():
    result = assess(lab.exercises["FakeQuant"], TABLE["FakeQuantForwardOnly"][1])
    assert result.attempted and 0 < result.points < result.exercise.points
    assert len([outcome for outcome in result.outcomes if outcome.empty]) == len(result.failed)


def test_the_check_says_what_a_class_was_called_with():
    exercise = lab.exercises["FakeQuant"]
    said = shown_inputs(exercise, next(case for case in exercise.cases() if case.name == "clips beyond the ends"))
    assert said.startswith("x of shape (5, 8), scale=0.") and said.endswith("zero_point=0, low=-8, high=7")
