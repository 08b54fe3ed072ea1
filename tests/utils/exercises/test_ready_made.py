"""An answer that calls the course's own function for the exercise is told so; one that calls anything else is not."""

import pytest
import torch
import torch as t

from utils import ledger
from utils.compress import quantization
from utils.compress.quantization import affine_params as theirs
from utils.deploy import mcu
from utils.exercises.checking import check
from utils.exercises.in_process.ready_made import ready_made
from utils.exercises.lab02 import lab as lab02
from utils.exercises.lab06 import lab as lab06
from utils.exercises.standins import StandIn

AFFINE = lab02.exercises["affine_params"].stand_in


def by_attribute(low, high, bits, symmetric):
    return quantization.affine_params(low, high, bits, symmetric)


def by_name(low, high, bits, symmetric):
    return theirs(low, high, bits, symmetric)


def by_import(low, high, bits, symmetric):
    from utils.compress.quantization import affine_params as found

    return found(low, high, bits, symmetric)


def by_module(low, high, bits, symmetric):
    import utils.compress.quantization as q

    return q.affine_params(low, high, bits, symmetric)


def by_helper(low, high, bits, symmetric):
    return by_name(low, high, bits, symmetric)


def within(low, high, bits, symmetric):
    return next(quantization.affine_params(low, high, bits, one) for one in (symmetric,))


def by_lambda(low, high, bits, symmetric):
    return (lambda: theirs(low, high, bits, symmetric))()


class ByMethod:
    @staticmethod
    def apply(low, high, bits, symmetric):
        return theirs(low, high, bits, symmetric)


@pytest.mark.parametrize("function", [by_attribute, by_name, by_import, by_module, by_helper, within, by_lambda, ByMethod])
def test_a_call_is_noticed(function):
    assert ready_made(function, AFFINE).rpartition(".")[2] in ("affine_params", "theirs")


def around(tensors):
    return mcu.plan_arena(tensors)


def test_so_is_what_the_stand_in_is_a_few_lines_around():
    assert ready_made(around, lab06.exercises["arena_plan"].stand_in) == "mcu.plan_arena"


def own_steps(low, high, bits, symmetric):
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    return t.tensor(high - low).item() / (2**bits - 1), round(low)


def of_the_same_name(low, high, bits, symmetric):
    affine_params = own_steps
    return affine_params(low, high, bits, symmetric)


def another_of_the_course(low, high, bits, symmetric):
    return quantization.dequantize(torch.tensor([low]), high, bits)


def a_parameter_of_that_name(low, high, bits, theirs):
    return theirs(low, high, bits)


stood_in = StandIn("affine_params", lab02.exercises["affine_params"].stand_in, "not solved yet")


def by_an_earlier_stand_in(x):
    return stood_in(x.min(), x.max(), 8, False)


@pytest.mark.parametrize(
    "function", [own_steps, of_the_same_name, another_of_the_course, a_parameter_of_that_name, by_an_earlier_stand_in, print, AFFINE]
)
def test_anything_else_is_not(function):
    assert ready_made(function, AFFINE) == ""


def test_the_check_says_what_it_is_and_gives_nothing(home, capsys, monkeypatch):
    monkeypatch.delenv("TITANS_STRICT", raising=False)

    def affine_params(low, high, bits, symmetric):
        return quantization.affine_params(low, high, bits, symmetric)

    handed = check(lab02, affine_params)
    assert type(handed) is StandIn
    text = " ".join(capsys.readouterr().out.split())
    assert "got: this calls the course's ready function, quantization.affine_params" in text and text.count("FAILED") == 1
    entry = ledger.read()["exercise"]["02/affine_params"]
    assert entry["points"] == 0 and entry["attempted"] and not any(entry["cases"].values())
