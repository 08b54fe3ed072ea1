"""How values are shown: short for reading, with digits until two differ, and exactly."""

import numpy as np
import pytest
import torch

from utils.exercises.declare import Case, Lab
from utils.exercises.judges import Verdict, close_to, equal_to, verdict_of
from utils.exercises.messages.inputs import exact_call, shown_inputs
from utils.exercises.messages.values import apart, describe, exact
from utils.exercises.messages.view import Table
from utils.exercises.results import Outcome, Result

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.2141847580132044, "1.214"),
        (50_001.0, "50001"),
        (12_345_678.0, "1.235e+07"),
        (-0.00001234567, "-1.235e-05"),
        (NAN, "nan"),
        (float("-inf"), "-inf"),
        (3.0, "3"),
        (2**62, "4611686018427387904"),
        (True, "True"),
        (None, "None"),
        ("none", "'none'"),
        ({"flash": 13_992, "fits": True, "breaks": None}, "{'flash': 13992, 'fits': True, 'breaks': None}"),
        ({}, "{}"),
        ([None, None, 3], "[None, None, 3]"),
        (["conv.weight", "fc.bias"], "['conv.weight', 'fc.bias']"),
        ((1.5,), "(1.5,)"),
        ([], "[]"),
        (np.array([1.5]), "shape (1,): 1.5"),
        (np.eye(4), "shape (4, 4): [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]"),
        (np.zeros((0, 3)), "shape (0, 3), no numbers"),
        (np.arange(40), "shape (40,): 0, 1, 2, 3, 4, 5, ..."),
        (np.array(0.25), "0.25"),
        ({"a": np.array([1.5, 2.0])}, "{'a': [1.5, 2]}"),
        ({"a": np.zeros((6, 10))}, "{'a': shape (6, 10)}"),
        (list(range(1000)), "list of 1000: " + ", ".join(map(str, range(1000)))),
    ],
)
def test_values_in_a_few_words(value, shown):
    assert describe(value) == (shown if len(shown) <= 90 else shown[:87] + "...")


@pytest.mark.parametrize(
    ("got", "expected", "shown"),
    [
        (7.9612, 7.9604, ("7.961", "7.96")),
        (7.96012, 7.96009, ("7.96012", "7.96009")),
        (8.0190001, 8.0190002, ("8.0190001", "8.0190002")),
        (1 / 3, np.float32(1 / 3), ("0.333333333", "0.333333343")),
        (91, 92, ("91", "92")),
        (1.0, NAN, ("1", "nan")),
    ],
)
def test_digits_until_two_numbers_differ(got, expected, shown):
    assert apart(got, expected) == shown


@pytest.mark.parametrize("pair", [(7.960012, 7.960009), ([7.960012], [7.960009]), ({"a": 7.960012}, {"a": 7.960009})])
def test_got_never_prints_as_expected(pair):
    verdict = close_to(lambda: pair[1], rtol=1e-9, atol=0)(pair[0], ())
    assert verdict.got != verdict.expected and "7.96," not in verdict.got
    assert "7.96001" in verdict.got


def test_a_verdict_of_two_equal_texts_says_so():
    @Lab("99").exercise(stand_in=abs)
    def double(rng):
        yield Case("a", (1,), equal_to(abs))

    outcome = Outcome(double.cases()[0], Verdict(False, "7.96", "7.96"))
    assert "prints like the expected value" in repr(Table(Result(double, (outcome,)), {}))


@pytest.mark.parametrize(
    "value",
    [1.2141847580132044, [1, 2.5, None], (3,), {"a": [1]}, NAN, True, "text", (1, (2, 3))],
)
def test_exact_values_can_be_run(value):
    again = eval(exact(value), {"float": float})
    assert again == value or (value != value and again != again)


@pytest.mark.parametrize(
    "value",
    [
        torch.tensor([[0.1, NAN], [3.0, -np.inf]]),
        torch.tensor([1, 255], dtype=torch.uint8),
        torch.tensor(0.1, dtype=torch.float64),
        torch.zeros(0, 3),
        np.array([0.1, 1 / 3]),
        np.arange(4, dtype=np.int8),
        torch.tensor([True, False]),
    ],
)
def test_exact_arrays_can_be_run(value):
    again = eval(exact(value), {"torch": torch, "np": np, "float": float})
    assert again.dtype == value.dtype
    assert np.array_equal(np.asarray(again).reshape(value.shape), np.asarray(value), equal_nan=value.dtype not in (torch.bool,))


@pytest.fixture
def scaled():
    @Lab("99").exercise(stand_in=abs)
    def scaled(rng):
        """scaled(x, scale, names) -> x times the scale."""
        yield Case("a", (torch.tensor([0.123456, 2.0]), 1.2141847580132044, ["a", "b"]), equal_to(abs))
        yield Case("long", (torch.zeros(6, 10), 1.0, ["a"]), equal_to(abs))
        yield Case("huge", (torch.zeros(60, 10), 1.0, ["a"]), equal_to(abs))
        yield Case("short", (torch.ones(2), 0.5, []), equal_to(abs))

    return scaled


def test_inputs_are_short_and_to_be_had_exactly(scaled):
    a, long, huge, short = scaled.cases()
    assert shown_inputs(scaled, a) == "x=tensor([0.1235, 2]), scale=1.214, names=['a', 'b']"
    assert exact_call(scaled, a) == "x=torch.tensor([0.123456, 2.0]), scale=1.2141847580132044, names=['a', 'b']"
    assert shown_inputs(scaled, long) == "x of shape (6, 10), scale=1, names=['a']"
    assert exact_call(scaled, long).startswith("x=torch.tensor([[0.0, ")
    assert exact_call(scaled, huge) == ""
    assert shown_inputs(scaled, short) == "x=tensor([1, 1]), scale=0.5, names=[]"


@pytest.mark.parametrize(
    ("oracle", "answer", "got"),
    [
        (lambda: 1.0, None, "None (is the return missing?)"),
        (lambda: {"breaks": None}, {"breaks": "none"}, "['breaks']: 'none', expected None"),
        (lambda: None, 3, "3"),
        (lambda: [None, 1], [None, None], "[1]: None, expected 1"),
        (lambda: [1.0], None, "None (is the return missing?)"),
    ],
)
def test_a_missing_return_is_asked_for_where_the_answer_is_none(oracle, answer, got):
    verdict = verdict_of(equal_to(oracle), answer, ())
    assert verdict.got == got and "return" not in verdict.expected
