"""Does measuring leave the model and the global state exactly as they were, also when it fails?"""

from __future__ import annotations

import gc
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch import nn

from utils.measure import TorchRunnable, activation_timeline, count_macs, latency, scorecard


class Fails(nn.Module):
    """Stands for a student's model with a mistake in it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("a mistake in the model")


class Draws(nn.Module):
    """Uses the random generators also when it is evaluated."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + 0 * (torch.rand(1) + float(np.random.rand()))


def network(*last: nn.Module) -> nn.Module:
    """Parts of it train, parts do not, and one parameter is frozen: a state that a careless restore would level."""
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.Flatten(), nn.Linear(144, 3), Draws(), *last)
    model.train()
    model[1].eval()
    model[0].weight.requires_grad_(False)
    model[4].register_forward_hook(lambda module, inputs, output: None)
    return model


def state(model: nn.Module) -> dict:
    """All that a measurement could disturb."""
    return {
        "modes": [module.training for module in model.modules()],
        "weights": {name: tensor.clone().numpy() for name, tensor in model.state_dict().items()},
        "addresses": [parameter.data_ptr() for parameter in model.parameters()],
        "requires_grad": [parameter.requires_grad for parameter in model.parameters()],
        "grads": [parameter.grad is None for parameter in model.parameters()],
        "hooks": [len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in model.modules()],
        "grad mode": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "threads": torch.get_num_threads(),
        "attention": torch.backends.mha.get_fastpath_enabled(),
        "torch random": torch.get_rng_state().numpy(),
        "numpy random": np.random.get_state()[1],
        "python random": random.getstate(),
        "environment": dict(os.environ),
        "collector": gc.isenabled(),
    }


def assert_same(before: dict, after: dict) -> None:
    """Equal, tensor by tensor."""
    for key in before:
        np.testing.assert_equal(before[key], after[key], err_msg=key)


X = np.random.default_rng(0).normal(size=(6, 1, 8, 8)).astype(np.float32)
Y = np.array([0, 1, 2, 0, 1, 2])
MEASUREMENTS: dict[str, Callable[[nn.Module], object]] = {
    "count_macs": lambda model: count_macs(model, X),
    "activation_timeline": lambda model: activation_timeline(model, X),
    "run": lambda model: TorchRunnable(model, X, size_bytes=1).run(X),
    "latency": lambda model: latency({"a": TorchRunnable(model, X, size_bytes=1)}, X, rounds=3, warmup=1),
    "scorecard": lambda model: scorecard(TorchRunnable(model, X, size_bytes=1), (X, Y)),
}


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest) -> Iterator[None]:
    """Two numbers of threads, so that a restored constant is found out."""
    former = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(former)


@pytest.mark.parametrize("measurement", MEASUREMENTS)
def test_nothing_is_changed(measurement: str, threads: None) -> None:
    """Modes, weights, gradients, hooks, threads, random generators, environment: as before."""
    model = network()
    before = state(model)
    MEASUREMENTS[measurement](model)
    assert_same(before, state(model))


@pytest.mark.parametrize("measurement", MEASUREMENTS)
def test_nothing_is_changed_by_a_failure(measurement: str, threads: None) -> None:
    """The model raises in the middle of the measurement."""
    model = network(Fails())
    before = state(model)
    with pytest.raises(RuntimeError, match="a mistake"):
        MEASUREMENTS[measurement](model)
    assert_same(before, state(model))


def test_measuring_inside_no_grad_stays_inside() -> None:
    """A caller without gradients gets them back switched off."""
    with torch.no_grad():
        count_macs(network(), X)
        assert not torch.is_grad_enabled()


def test_dropout_is_off_while_measuring() -> None:
    """Two runs of a model in training mode agree, because it is evaluated."""
    runnable = TorchRunnable(network(), X, size_bytes=1)
    np.testing.assert_array_equal(runnable.run(X), runnable.run(X))


def test_inputs_are_not_written() -> None:
    """A model that works in place gets a copy."""
    model, x = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(4, 2)), -torch.ones(1, 4)
    activation_timeline(model, x), count_macs(model, x)
    scorecard(TorchRunnable(model, x, size_bytes=1), (x, torch.tensor([0])))
    assert (x == -1).all()


def test_read_only_data_is_measured_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    """As a file that is mapped into memory gives it."""
    x = X.copy()
    x.flags.writeable = False
    model = network()
    TorchRunnable(model, x, size_bytes=1).run(x), count_macs(model, x)
    assert not recwarn.list


def test_the_first_measurement_of_a_process_loads_no_compiler() -> None:
    """It would take a second and leave a variable in the environment."""
    code = (
        "import os, sys, torch; before = dict(os.environ); from utils.measure import count_macs, peak_activation_bytes\n"
        "model, x = torch.nn.Linear(2, 2), torch.zeros(1, 2); count_macs(model, x), peak_activation_bytes(model, x)\n"
        "sys.exit(dict(os.environ) != before or 'torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
