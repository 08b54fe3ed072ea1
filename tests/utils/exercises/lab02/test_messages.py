"""Lab 02: what is said of floating point on the way and of a class; stand-ins on small dtypes, layers' weights and any scale."""

import pytest
import torch

from utils.compress import quantization
from utils.exercises.checking import assess, check
from utils.exercises.lab02 import lab
from utils.exercises.lab02.fake_quant import TorchFakeQuant
from utils.exercises.lab02.integer_linear import torch_linear
from utils.exercises.lab02.quantize import torch_codes
from utils.exercises.messages.inputs import shown_inputs

from .wrong import TABLE

WEIGHT = torch.randn(6, 4, 3, 3, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("bits", "signed", "dtype"),
    [(2, True, torch.int8), (8, True, torch.int8), (8, False, torch.uint8), (16, True, torch.int16), (16, False, torch.int32)],
)
def test_codes_come_in_the_smallest_dtype(bits, signed, dtype):
    codes = torch_codes(WEIGHT, 0.01, 0, bits, signed)
    assert codes.dtype == dtype
    assert torch.equal(codes, quantization.quantize(WEIGHT, 0.01, 0, bits, signed))


def test_codes_of_a_parameter_that_is_laid_out_channels_last():
    weight = torch.nn.Parameter(WEIGHT.to(memory_format=torch.channels_last))
    scale = quantization.per_channel_scales(WEIGHT, 4).view(6, 1, 1, 1)
    codes = torch_codes(weight, scale, 0, 4, True)
    assert torch.equal(codes, quantization.quantize(WEIGHT, scale, 0, 4)) and not codes.requires_grad


def test_a_layer_of_codes_has_int32_accumulators():
    q_x, q_w = torch.randint(0, 256, (5, 30), dtype=torch.uint8), torch.randint(-127, 128, (7, 30), dtype=torch.int8)
    q_b = torch.arange(7, dtype=torch.int32)
    sums = torch_linear(q_x, q_w, q_b, 131)
    assert sums.dtype == torch.int32
    assert torch.equal(sums, quantization.integer_linear(q_x, q_w, q_b, 131))


@pytest.mark.parametrize("scale", [0.05, torch.tensor(0.05), torch.rand(6, 1, 1, 1) / 10 + 0.02, torch.rand(1, 4, 3, 1) / 10 + 0.02])
def test_training_with_rounding_takes_any_scale(scale):
    results = []
    for fake in (TorchFakeQuant, quantization.FakeQuant):
        weight = WEIGHT.clone().requires_grad_()
        output = fake.apply(weight, scale, 0, -8, 7)
        (output**2).sum().backward()
        results.append((output, weight.grad))
    for ours, theirs in zip(*results, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_an_empty_class_gives_way_to_one_that_trains(home, monkeypatch):
    """Does the lab go on with FakeQuant.apply until the class is written?"""
    monkeypatch.delenv("TITANS_STRICT", raising=False)

    def stub(*_):
        raise NotImplementedError

    stubs = {"forward": staticmethod(stub), "backward": staticmethod(stub)}
    handed = check(lab, type("FakeQuant", (torch.autograd.Function,), stubs))
    assert "stand-in" in repr(handed)
    weight = WEIGHT.clone().requires_grad_()
    handed.apply(weight, 0.05, 0, -8, 7).sum().backward()
    assert 0 < weight.grad.mean() < 1


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
