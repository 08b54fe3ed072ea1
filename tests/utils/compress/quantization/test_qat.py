"""Rounding in training: torch's fake quantization is the oracle; a frozen network is its codes."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from utils.compress.quantization import FakeQuant, LearnedStep, best_steps, freeze_, per_channel_scales, qat_, weight_bits
from utils.models import MotionNet, ResidualConfig, ResidualNet, load_model, save_model


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


def test_no_gradient_passes_where_it_was_cut_off_not_even_an_infinite_one():
    upstream = torch.tensor([math.inf, 1.0])
    assert both(lambda x: FakeQuant.apply(x, 1.0, 0, -1, 1), torch.tensor([5.0, 0.5]), upstream)[1].tolist() == [0, 1]


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_first_steps_are_the_best_of_their_candidates(bits):
    """Each of 37 tried by hand; on heavy tails the best one is far from the largest magnitude."""
    weight = normal(6, 300) ** 3
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    for row, found in zip(weight, best_steps(weight, bits), strict=True):
        steps = [row.abs().max() * share / 40 / high for share in range(4, 41)]
        errors = [(torch.round(row / step).clamp(low, high) * step - row).square().sum().item() for step in steps]
        assert (torch.round(row / found).clamp(low, high) * found - row).square().sum().item() == pytest.approx(min(errors))
        assert bits > 3 or found < 0.9 * steps[-1]


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


@pytest.mark.parametrize("bits", [2, 4, 8, 12])
def test_codes_are_what_forward_rounds_to(bits):
    """Steps of any size and sign, so that many weights are cut off and some steps have crossed 0."""
    weight, layer = normal(40, 30), LearnedStep(normal(40, 30), bits)
    with torch.no_grad():
        layer.step.mul_(torch.linspace(-1.5, 1.5, 40))
        codes, rounded = layer.codes(weight), layer(weight)
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    assert codes.values.dtype == (torch.int8 if bits <= 8 else torch.int16)
    assert torch.equal(codes.values_as_float(), rounded)
    step = layer.step.detach().abs()[:, None]
    expected = torch.tensor([[min(max(round((w / s).item()), low), high) for w in row] for row, s in zip(weight, step[:, 0], strict=True)])
    off = (codes.values - expected).abs()
    assert off.max() <= 1 and off.float().mean() < 0.002  # the step is the parameter's own but for its last digit
    assert (codes.values == high).any() and (codes.values == low).any()


def test_a_step_that_crossed_zero_finds_back():
    """Does a negative step round as a positive one does, and is it pulled the other way?"""
    weight, upstream = normal(3, 50), normal(3, 50, seed=5)
    outputs, slopes = [], []
    for sign in (1, -1):
        layer = LearnedStep(weight, 3)
        layer.step.data.mul_(sign)
        output = layer(weight)
        output.backward(upstream)
        outputs.append(output)
        slopes.append(layer.step.grad)
    assert torch.equal(*outputs) and torch.equal(slopes[0], -slopes[1]) and slopes[0].all()


def test_a_frozen_network_is_what_it_was_in_training(tmp_path):
    """Do the outputs, the codes and the file's weights agree to the last bit?"""
    model, x = qat_(small(), 3), normal(5, 1, 28, 28)
    with torch.no_grad():
        before = model(x)
    codes = freeze_(model)
    with torch.no_grad():
        assert torch.equal(model(x), before)
    size = save_model(model, tmp_path / "m.safetensors", codes)
    back = load_model(tmp_path / "m.safetensors").state_dict()
    assert back.keys() == model.state_dict().keys()
    assert all(torch.equal(tensor, back[name]) for name, tensor in model.state_dict().items())
    assert size < save_model(small(), tmp_path / "dense.safetensors")
    assert {name: one.bits for name, one in codes.items()} == {f"{name}.weight": bits for name, bits in weight_bits(small(), 3).items()}


def test_the_first_and_the_last_layer_have_bits_of_their_own():
    inner = {f"blocks.{block}.{name}": 3 for block in range(2) for name in ("conv1", "conv2")}
    assert weight_bits(small(), 3) == {"stem": 8, **inner, "blocks.0.shortcut.0": 3, "head": 8}
    assert weight_bits(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2)), 2, 5) == {"0": 5, "1": 2, "2": 5}


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


def test_a_single_layer_can_be_rounded():
    assert list(freeze_(qat_(nn.Linear(3, 2), 4))) == ["weight"]


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"2\.\.16"):
        qat_(small(), 1)
    with pytest.raises(ValueError, match="nothing to quantize"):
        qat_(nn.ReLU(), 4)
    with pytest.raises(ValueError, match="prepared already"):
        qat_(qat_(small(), 4), 4)
    with pytest.raises(ValueError, match="call qat_ first"):
        freeze_(small())
    for scale in (0.0, -1.0, math.inf):
        with pytest.raises(ValueError, match="scale must be positive"):
            FakeQuant.apply(torch.ones(2), scale, 0, -8, 7)


@pytest.mark.parametrize(
    ("bits", "message"),
    [
        ({"stem": 4, "neck": 4}, "'neck' is not a convolution"),
        ({"stem": 4, "blocks.0": 4}, "'blocks.0' is not a convolution"),
        ({"stem": 4, "head": 1}, r"2\.\.16"),
        ({}, "no layer is named"),
        (4.0, "bits must be an integer"),
        (True, "bits must be an integer"),
    ],
)
def test_a_plan_that_can_not_be_followed_leaves_the_model_as_it_was(bits, message):
    model = small()
    before = model.state_dict().keys()
    with pytest.raises(ValueError, match=message):
        qat_(model, bits)
    assert model.state_dict().keys() == before


def test_a_weight_that_can_not_be_rounded_leaves_the_model_as_it_was():
    model = small()
    before = model.state_dict().keys()
    with pytest.raises(ValueError, match=r"stem is torch\.bfloat16: call model\.float"):
        qat_(copy.deepcopy(model).bfloat16(), 4)
    model.head.weight.data[0, 0] = torch.nan
    with pytest.raises(ValueError, match="NaN"):
        qat_(model, 4)
    assert model.state_dict().keys() == before


def test_every_kind_of_convolution_is_rounded_the_transposed_along_its_outputs():
    """One-, two- and three-dimensional, transposed, grouped: nothing is passed over, and the codes are the weights."""
    for kind, size in ((nn.Conv1d, 1), (nn.Conv2d, 2), (nn.Conv3d, 3), (nn.ConvTranspose1d, 1), (nn.ConvTranspose2d, 2)):
        torch.manual_seed(0)
        model = nn.Sequential(kind(4, 6, 3, groups=2), nn.ReLU(), kind(6, 2, 3))
        assert weight_bits(model, 4) == {"0": 8, "2": 8}
        x, codes = normal(2, 4, *[9] * size), freeze_(qat_(model, 3, ends=3))
        assert codes["0.weight"].scale.shape == ((6,) if "Transpose" not in kind.__name__ else (3,))
        assert codes["2.weight"].axis == int("Transpose" in kind.__name__)
        for name, each in codes.items():
            assert torch.equal(each.values_as_float(), model.get_parameter(name)) and each.values.abs().max() <= 4
        assert model(x).isfinite().all()
    assert weight_bits(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ConvTranspose2d(4, 4, 3), nn.Linear(4, 2)), 4) == {"0": 8, "1": 4, "2": 8}


def test_the_watchs_network_is_rounded_whole():
    """Its convolutions are one-dimensional; the file that ships is a seventh of float32."""
    model = MotionNet()
    codes = freeze_(qat_(model, 2, ends=2))
    weights = {name for name, parameter in model.named_parameters() if parameter.ndim > 1}
    assert codes.keys() == weights and all(len(model.get_parameter(name).unique()) > 1 for name in weights)
    assert all(torch.equal(codes[name].values_as_float(), model.get_parameter(name)) for name in weights)


def tied():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))
    model[2].weight = model[0].weight
    return model


def test_a_weight_that_layers_share_has_one_step_and_stays_shared():
    """Training moves it from both sides; freezing changes no answer, and both names have the codes that are the weight."""
    model, x = qat_(tied(), 3, ends=3), normal(64, 8)
    assert weight_bits(tied(), 4) == {"0": 8, "4": 8}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(20):
        optimizer.zero_grad()
        model(x).square().sum(1).mean().backward()
        optimizer.step()
    before = model(x)
    codes = freeze_(model)
    assert torch.equal(model(x), before)
    assert model[0].weight is model[2].weight
    assert list(codes) == ["0.weight", "2.weight", "4.weight"]
    assert all(torch.equal(each.values_as_float(), model.get_parameter(name)) for name, each in codes.items())


def test_what_shares_a_weight_in_another_way_is_refused_and_left_as_it_was():
    book = nn.Sequential(nn.Embedding(10, 4), nn.Linear(4, 10, bias=False))
    book[1].weight = book[0].weight
    mirror = nn.Sequential(nn.Conv2d(4, 4, 3), nn.ConvTranspose2d(4, 4, 3))
    mirror[1].weight = mirror[0].weight
    view = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    view[1].weight = nn.Parameter(view[0].weight.data)
    for model in (book, mirror, view):
        before = list(model.state_dict())
        with pytest.raises(ValueError, match=r"shares its weight with .* give each its own"):
            qat_(model, 4)
        assert list(model.state_dict()) == before
    with pytest.raises(ValueError, match="0 and 2 share one weight and are to have 3 and 4 bits"):
        qat_(tied(), {"0": 3, "2": 4})


@pytest.mark.parametrize(
    ("wrap", "message"),
    [
        (lambda layer: prune.l1_unstructured(layer, "weight", 0.5), "1 computes its weight in each pass, from a mask or a norm"),
        (lambda layer: nn.utils.weight_norm(layer), "1 computes its weight in each pass, from a mask or a norm"),
        (lambda layer: nn.utils.spectral_norm(layer), "1 computes its weight in each pass, from a mask or a norm"),
        (lambda layer: nn.utils.parametrizations.weight_norm(layer), "1 computes its weight in each pass: .*remove_parametrizations"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
def test_a_weight_that_is_computed_is_refused_and_the_other_layers_are_left_as_they_were(wrap, message):
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3), nn.Linear(4, 2))
    wrap(model[1])
    before = list(model.state_dict())
    with pytest.raises(ValueError, match=message):
        qat_(model, 4)
    assert list(model.state_dict()) == before


def test_a_layer_that_has_no_weight_yet_is_refused():
    with pytest.raises(ValueError, match="0 is a LazyConv2d without a weight: give the model a first batch"):
        qat_(nn.Sequential(nn.LazyConv2d(4, 3)), 4)
