"""Lab 02's stand-ins do what the lab needs of them: small dtypes, layers' weights, any scale that broadcasts."""

import pytest
import torch

from utils.compress import quantization
from utils.exercises.checking import check
from utils.exercises.lab02 import lab
from utils.exercises.lab02.fake_quant import TorchFakeQuant
from utils.exercises.lab02.integer_linear import torch_linear
from utils.exercises.lab02.quantize import torch_codes

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
