"""The two LeNets have the sizes that the literature names, and come back from a file."""

import pytest
import torch

from utils.models import LeNet, LeNetConfig, Perceptron, PerceptronConfig, load_model, save_model
from utils.models.steps import exponent_of, step_of


@pytest.mark.parametrize(("model", "parameters"), [(Perceptron(), 266_610), (LeNet(), 431_080)], ids=["LeNet-300-100", "LeNet-5"])
def test_sizes_and_answers(model, parameters, tmp_path):
    assert sum(parameter.numel() for parameter in model.parameters()) == parameters
    x = torch.randn(3, 1, 28, 28)
    save_model(model, tmp_path / "net.safetensors")
    again = load_model(tmp_path / "net.safetensors")
    assert again(x).shape == (3, 10) and torch.equal(again(x), model.eval()(x))
    assert again.config == model.config == type(model.config)()


def test_other_widths_are_read_from_the_layers():
    assert Perceptron(PerceptronConfig((30, 20, 10), 4, 50)).config == PerceptronConfig((30, 20, 10), 4, 50)
    assert LeNet(LeNetConfig(4, 6, 20, 3)).config == LeNetConfig(4, 6, 20, 3)


@pytest.mark.parametrize(
    "make", [lambda: PerceptronConfig(()), lambda: PerceptronConfig((0,)), lambda: LeNetConfig(1.5), lambda: LeNetConfig(10**6)]
)
def test_impossible_widths_are_refused(make):
    with pytest.raises(ValueError, match="must be an integer in"):
        make()


def test_steps_are_eight_to_the_octave_and_exact():
    """The roots are the nearest float32 to 2^(i / 8): squared twice and more they meet the powers of two."""
    steps = step_of(range(-512, 512))
    assert (steps[8:] == 2 * steps[:-8]).all() and step_of(0) == 1
    assert abs(steps.astype(float) ** 8 / 2.0 ** torch.arange(-512, 512).double().numpy() - 1).max() < 5e-7
    assert (exponent_of(steps) == range(-512, 512)).all()
    assert exponent_of(step_of(3) * 1.04) == 3 and exponent_of(1e30) == 511
    with pytest.raises(ValueError, match=r"exponent of a step must lie in -512\.\.511"):
        step_of(512)
