"""Training for the code length: the price of a bit buys shorter files, and the integers are the weights."""

import copy
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from utils.compress.coding import encode_integers, entropy_bits
from utils.compress.distillation import from_teacher
from utils.compress.quantization import qat_
from utils.compress.rate import LogisticMixture, RateConfig, straight_through, train_for_rate
from utils.compress.rate.density import _CodeLength, _discretized_logistic
from utils.compress.rate.integer_weight import prepare_
from utils.models.steps import exponent_of, step_of
from utils.train import TrainConfig, accuracy, fit


@pytest.fixture(scope="module")
def data():
    """Points of a plane, which of four corners they are in; ten further values mean nothing."""
    inputs = torch.randn(1024, 12, generator=torch.Generator().manual_seed(0))
    return inputs, (inputs[:, 0] > 0).long() + 2 * (inputs[:, 1] > 0).long()


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 4))


HOW = TrainConfig(epochs=12, lr=6e-3, batch_size=128, label_smoothing=0.0)


@pytest.fixture(scope="module")
def trained(data):
    """price -> network, result"""
    found = {}
    for price in (0.0, 3e-4, 2e-3):
        model = network()
        found[price] = model, train_for_rate(model, data, RateConfig(HOW, price))
    return found


def stored(result):
    """Bytes of all integers in a file."""
    return sum(len(encode_integers(codes.values.view(len(codes.values), -1).numpy())) for codes in result.codes.values())


def test_the_price_buys_shorter_files(trained):
    sizes = [stored(result) for _, result in trained.values()]
    assert sizes[0] > 1.3 * sizes[1] > 2 * sizes[2]
    assert trained[2e-3][1].bits[-1] < 0.5 * trained[2e-3][1].bits[0]


def test_without_a_price_the_accuracy_is_that_of_plain_training(trained, data):
    plain = network()
    fit(plain, data, TrainConfig(epochs=12, lr=0.1, batch_size=64, label_smoothing=0.0))
    assert accuracy(trained[0.0][0], data) >= accuracy(plain, data) - 1.5
    assert accuracy(trained[3e-4][0], data) >= accuracy(plain, data) - 2.0


def test_what_means_nothing_is_no_longer_read(trained):
    weight = trained[2e-3][0][0].weight
    assert (weight[:, 2:] == 0).double().mean() > 0.97
    assert (weight[:, :2] != 0).any()


def test_the_integers_are_the_weights_to_the_last_bit(trained):
    for model, result in trained.values():
        assert list(result.codes) == ["0.weight", "0.bias", "2.weight", "2.bias"] == list(dict(model.named_parameters()))
        for name, codes in result.codes.items():
            assert torch.equal(codes.values_as_float(), model.get_parameter(name))
            assert len(codes.scale.unique()) == 1
            assert torch.equal(torch.from_numpy(step_of(exponent_of(codes.scale.numpy()))), codes.scale)
        assert not any(nn.utils.parametrize.is_parametrized(module) for module in model.modules()) and not model.training


def test_the_densities_say_about_what_the_file_takes(trained):
    for price in (0.0, 3e-4):
        result = trained[price][1]
        assert 8 * stored(result) == pytest.approx(result.bits[-1], rel=0.35)


def test_two_equal_trainings_give_equal_integers_and_a_resumed_one_goes_on(data, tmp_path):
    how = RateConfig(TrainConfig(epochs=4, lr=4e-3, batch_size=128), 1e-4)
    models = [network(), network(), network()]
    first, second = (train_for_rate(model, data, how) for model in models[:2])

    def stop(epoch, _):
        if epoch == 2:
            raise KeyboardInterrupt

    state = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        train_for_rate(models[2], data, how, on_epoch=stop, resume=state)
    again = network(1)
    third = train_for_rate(again, data, how, resume=state)
    for name, codes in first.codes.items():
        assert torch.equal(codes.values, second.codes[name].values)
        assert torch.equal(codes.values, third.codes[name].values) and torch.equal(codes.scale, third.codes[name].scale)
    assert first.bits == third.bits and len(third.bits) == 4


def test_a_step_for_each_row_a_teacher_and_a_validation_set(data):
    teacher, model, seen = network(1), network(), []
    fit(teacher, data, TrainConfig(epochs=8, lr=0.1, batch_size=64))
    how = RateConfig(TrainConfig(epochs=10, lr=4e-3, batch_size=64), 1e-4, per_row=True, structured=False, ramp=0.0)
    loss = from_teacher(teacher, temperature=2.0, alpha=1.0)
    result = train_for_rate(model, data, how, loss=loss, validation=data, on_epoch=lambda epoch, _: seen.append(epoch))
    assert len(result.codes["0.weight"].scale.unique()) > 1 and len(result.codes["0.bias"].scale.unique()) == 1
    assert seen == list(range(1, 11)) and result.history.accuracy[-1] > 90


def test_convolutions_and_what_is_not_coded_are_trained_along():
    torch.manual_seed(0)
    images = torch.randn(96, 1, 8, 8)
    labels = (images.mean((1, 2, 3)) > 0).long()
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    before = copy.deepcopy(model)
    result = train_for_rate(model, (images, labels), RateConfig(TrainConfig(epochs=2, lr=4e-3, batch_size=32, augment=False), 1e-4))
    assert list(result.codes) == ["0.weight", "0.bias", "4.weight", "4.bias"]
    assert not torch.equal(model[1].weight, before[1].weight)
    assert model[0].weight.is_contiguous()


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (nn.ReLU(), "no convolution and no linear layer"),
        (qat_(nn.Sequential(nn.Linear(4, 4)), {"0": 4}), "computed in each pass"),
        (nn.Linear(4, 4).double(), "call model.float"),
    ],
)
def test_networks_that_can_not_be_trained_so_are_refused(model, said):
    with pytest.raises(ValueError, match=said):
        prepare_(model, 0.1, False, False)


def test_shared_weights_are_refused():
    layer = nn.Linear(4, 4)
    other = nn.Linear(4, 4)
    other.weight = layer.weight
    with pytest.raises(ValueError, match="share one weight"):
        prepare_(nn.Sequential(layer, other), 0.1, False, False)


@pytest.mark.parametrize("wrong", [{"price": -1.0}, {"price": float("nan")}, {"price": 1.0, "ramp": 1.5}, {"price": 1.0, "step": 0.0}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=r"need a price|must be positive"):
        RateConfig(HOW, **wrong)


@given(st.integers(0, 1000), st.floats(0.05, 0.5), st.floats(0.6, 5.0), st.booleans())
@settings(max_examples=20)
def test_the_gradient_of_the_code_length_is_that_of_torch(seed, narrow, wide, full):
    generator = torch.Generator().manual_seed(seed)
    draw = partial(torch.randn, generator=generator, dtype=torch.float64)
    values, scales = 2 * draw(3, 4), torch.tensor([narrow, wide], dtype=torch.float64)
    odds = draw(*((3, 4) if full else (1, 1))).exp()
    ours, theirs = ([tensor.clone().requires_grad_() for tensor in (values, scales, odds)] for _ in range(2))
    code_length = _CodeLength.apply(*ours)
    v, s, o = theirs
    first, second = (_discretized_logistic(v.abs(), scale) for scale in s)
    reference = -((first + o * second) / (1 + o) + 1e-9).log().sum()
    torch.testing.assert_close(code_length, reference)
    code_length.backward()
    reference.backward()
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.grad, other.grad)


def test_a_density_sums_to_one_and_its_bits_are_near_the_entropy():
    density = LogisticMixture(1, 1)
    assert density.probability(torch.arange(-60.0, 61)[None]).sum().item() == pytest.approx(1, abs=1e-4)
    integers = (torch.rand(1, 4000, generator=torch.Generator().manual_seed(0)) < 0.1).float()
    optimizer = torch.optim.Adam(density.parameters(), lr=0.05)
    for _ in range(150):
        optimizer.zero_grad()
        bits = density.bits(integers)
        bits.backward()
        optimizer.step()
    assert (
        entropy_bits(integers.long().numpy()) < bits.item() < 1.3 * entropy_bits(integers.long().numpy())
    )  # it is symmetric: a bit of sign


def test_rounding_looks_through():
    x = torch.tensor([0.4, -1.6], requires_grad=True)
    (straight_through(x) * torch.tensor([2.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [2.0, 3.0]
