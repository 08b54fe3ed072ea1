"""Rounding in training: torch's fake quantization is the oracle; a frozen network is its codes."""

import copy

import pytest
import torch
from torch import nn

from utils.compress.quantization import FakeQuant, LearnedStep, best_steps, freeze_, per_channel_scales, qat_, weight_bits
from utils.models import ResidualConfig, ResidualNet, load_model, save_model


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def small():
    torch.manual_seed(0)
    return ResidualNet(ResidualConfig.of(4, (8, 2), (8, 1))).eval()


def both(function, x, upstream):
    x = x.clone().requires_grad_()
    y = function(x)
    y.backward(upstream)
    return y.detach(), x.grad


@pytest.mark.parametrize(("scale", "zero_point", "low", "high"), [(0.1, 0, -8, 7), (0.05, 3, 0, 15), (1.0, 128, 0, 255)])
def test_a_tensor_and_its_gradient_equal_torchs(scale, zero_point, low, high):
    x, upstream = 2 * normal(50, 7), normal(50, 7, seed=1)
    ours = both(lambda x: FakeQuant.apply(x, scale, zero_point, low, high), x, upstream)
    theirs = both(lambda x: torch.fake_quantize_per_tensor_affine(x, scale, zero_point, low, high), x, upstream)
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other)


def test_channels_and_their_gradients_equal_torchs():
    weight, upstream = normal(6, 4, 3, 3), normal(6, 4, 3, 3, seed=1)
    scales = per_channel_scales(weight, 4) * 0.7  # so that some are cut off
    ours = both(lambda w: FakeQuant.apply(w, scales.view(-1, 1, 1, 1), 0, -8, 7), weight, upstream)
    zero_points = torch.zeros(6, dtype=torch.int32)
    theirs = both(lambda w: torch.fake_quantize_per_channel_affine(w, scales, zero_points, 0, -8, 7), weight, upstream)
    assert (ours[1] == 0).any()
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other)


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_first_steps_beat_the_largest_magnitude(bits):
    """Is the squared error no larger than that of the step which just reaches the largest weight?"""
    weight = normal(10, 200)
    layer = LearnedStep(weight, bits)
    plain = per_channel_scales(weight, bits)[:, None]
    naive = (torch.round(weight / plain).clamp(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) * plain - weight).square().sum(1)
    assert ((layer(weight) - weight).square().sum(1) <= naive * (1 + 1e-5)).all()


def test_gradient_of_the_step_is_that_of_the_paper():
    """Esser et al. (2020), equation 3: -v + round(v) inside, the bound outside; damped by 1 / sqrt(weights * largest code)."""
    weight, layer = normal(3, 50), LearnedStep(normal(3, 50), 3)
    with torch.no_grad():
        layer.step.mul_(0.8)
    upstream = normal(3, 50, seed=5)
    layer(weight).backward(upstream)
    v = weight / layer.step.detach()[:, None]
    slope = torch.where(v <= -4, -4.0, torch.where(v >= 3, 3.0, torch.round(v) - v))
    torch.testing.assert_close(layer.step.grad, (upstream * slope).sum(1) / (50 * 3) ** 0.5)


def test_a_frozen_network_is_what_it_was_in_training(tmp_path):
    """Do the outputs, the codes and the file's weights agree to the last bit?"""
    model, x = qat_(small(), 3), normal(5, 1, 28, 28)
    with torch.no_grad():
        before = model(x)
    codes = freeze_(model)
    with torch.no_grad():
        torch.testing.assert_close(model(x), before)
    size = save_model(model, tmp_path / "m.safetensors", codes)
    back = load_model(tmp_path / "m.safetensors").state_dict()
    assert back.keys() == model.state_dict().keys()
    assert all(torch.equal(tensor, back[name]) for name, tensor in model.state_dict().items())
    assert size < save_model(small(), tmp_path / "dense.safetensors")
    assert {name: one.bits for name, one in codes.items()} == {f"{name}.weight": bits for name, bits in weight_bits(small(), 3).items()}


def test_training_moves_weights_and_steps():
    model = qat_(small(), 2).train()
    layer = model.blocks[0].conv1.parametrizations.weight
    before = layer.original.detach().clone(), layer[0].step.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(normal(8, 1, 28, 28)).square().mean().backward()
    optimizer.step()
    assert not torch.equal(layer.original, before[0])
    assert not torch.equal(layer[0].step, before[1])


def test_more_bits_are_closer():
    weight = normal(8, 100)
    errors = [(LearnedStep(weight, bits)(weight) - weight).square().mean().item() for bits in (2, 3, 4, 6, 8)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-3


def test_a_layer_of_zeros_stays_zero():
    weight = torch.zeros(3, 4)
    assert torch.equal(best_steps(weight, 4), torch.ones(3))
    assert torch.equal(LearnedStep(weight, 4)(weight), weight)


def test_bits_can_be_chosen_layer_by_layer():
    model = small()
    codes = freeze_(qat_(model, {"head": 4}))
    assert list(codes) == ["head.weight"] and codes["head.weight"].bits == 4


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"2\.\.16"):
        qat_(small(), 1)
    with pytest.raises(ValueError, match="nothing to quantize"):
        qat_(nn.ReLU(), 4)
    with pytest.raises(ValueError, match="prepared already"):
        qat_(qat_(small(), 4), 4)
    with pytest.raises(ValueError, match="call qat_ first"):
        freeze_(small())
    broken = small()
    broken.head.weight.data[0, 0] = torch.nan
    with pytest.raises(ValueError, match="NaN"):
        qat_(copy.deepcopy(broken), 4)
