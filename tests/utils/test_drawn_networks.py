"""Every network that can be drawn is pruned, rounded, exported and counted rightly, or refused in one sentence.

More examples than are run here: `pytest --hypothesis-seed 1 -p no:cacheprovider tests/utils/test_drawn_networks.py` with
TITANS_EXAMPLES=1000 in the environment.
"""

from __future__ import annotations

import copy
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from tests.utils.drawn_networks import Drawn, networks
from utils.compress.pruning import apply_masks, channel_groups, global_masks, prunable, prune_channels, sparsity_of
from utils.compress.quantization import freeze_, qat_, weight_bits
from utils.deploy import OnnxRunnable, to_int8_onnx, to_onnx
from utils.deploy import onnx as exporting
from utils.deploy.agreement import FLOAT_TOLERANCE, decibels, difference
from utils.deploy.mcu import IntegerNetwork, run_on_host, to_c, toolchain
from utils.measure import NotCountedError, count_macs, peak_activation_bytes, traffic

EXAMPLES = int(os.environ.get("TITANS_EXAMPLES", "0"))
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def drawn(count: int) -> settings:
    """So many examples, or as many as the environment asks for."""
    return settings(max_examples=EXAMPLES or count, suppress_health_check=SLOW, print_blob=False, phases=(Phase.generate, Phase.shrink))


@contextmanager
def refusals() -> Iterator[list[str]]:
    """What is refused must be refused by a ValueError of one sentence; any other exception fails."""
    said: list[str] = []
    try:
        yield said
    except ValueError as error:
        said.append(str(error))
        assert "\n" not in str(error) and "\x1b" not in str(error) and 20 < len(str(error)) < 700, str(error)


def answers(model: nn.Module, x: torch.Tensor) -> np.ndarray:
    with torch.no_grad():
        return model(x).numpy()


def weights(model: nn.Module) -> dict[int, torch.Tensor]:
    """What has more than one axis is a weight of a convolution or a linear layer: these networks have no other."""
    return {id(parameter): parameter for parameter in model.parameters() if parameter.ndim > 1}


@drawn(60)
@given(networks())
def test_masks_remove_the_share_that_was_asked_for(one: Drawn) -> None:
    """Of all weights, transposed, grouped and shared ones, each once."""
    every = weights(one.model)
    total = sum(weight.numel() for weight in every.values())
    assert {id(weight) for weight in prunable(one.model).values()} == every.keys()
    masks = global_masks(prunable(one.model), 0.5)
    apply_masks(one.model, masks)
    zeros = sum(int((weight == 0).sum()) for weight in every.values())
    assert zeros == round(0.5 * total) == total - sum(int(mask.sum()) for mask in masks.values())
    assert sparsity_of(one.model) == pytest.approx(zeros / total)


@drawn(60)
@given(networks() | networks(narrow=True))
def test_channels_that_are_zero_can_be_cut(one: Drawn) -> None:
    """Half of a group's channels set to zero wherever they are made: the smaller network gives the same answers."""
    with refusals():
        groups = channel_groups(one.model)
        model, keep = copy.deepcopy(one.model), {}
        for group in groups:
            keep[group.name] = torch.arange(0, group.channels, 2)
            cut = torch.arange(1, group.channels, 2)
            for layer in map(model.get_submodule, (*group.producers, *group.followers)):
                for name in ("weight", "bias", "running_mean"):
                    if getattr(layer, name, None) is not None:
                        getattr(layer, name).data[cut] = 0
        assert difference(answers(model, one.x), answers(prune_channels(model, keep), one.x)) < FLOAT_TOLERANCE


@drawn(60)
@given(networks())
def test_rounded_weights_are_their_codes_and_freezing_changes_no_answer(one: Drawn) -> None:
    model, count = one.model, len(weights(one.model))
    assert len(weight_bits(model, 4)) == count
    with refusals():
        qat_(model, 3, ends=4)
        before = answers(model, one.x)
        codes = freeze_(model)
        assert difference(before, answers(model, one.x)) < FLOAT_TOLERANCE
        assert len(weights(model)) == count <= len(codes)
        for name, each in codes.items():
            assert torch.equal(each.values_as_float(), model.get_parameter(name)) and each.bits in (3, 4)
            assert -(2 ** (each.bits - 1)) <= each.values.min() and each.values.max() < 2 ** (each.bits - 1)
        assert {id(model.get_parameter(name)) for name in codes} == weights(model).keys()


@drawn(60)
@given(networks())
def test_products_are_those_that_torch_counts(one: Drawn) -> None:
    with FlopCounterMode(display=False) as counter:
        answers(one.model, one.x[:1])
    assert 2 * count_macs(one.model, one.x) == counter.get_total_flops()


def exported(model: nn.Module, x: torch.Tensor, path: Path) -> OnnxRunnable:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        to_onnx(model, x, path)
    return OnnxRunnable(path)


# the exporter writes one operation for each of torch's: then both sides of the house count the same
SINGLE = {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "Flatten", "Gemm", "Relu", "BatchNormalization"}


@drawn(20)
@given(networks())
def test_a_file_answers_and_costs_what_its_network_does(one: Drawn) -> None:
    fresh = torch.randn(5, *one.x.shape[1:], generator=torch.Generator().manual_seed(1))
    with tempfile.TemporaryDirectory() as folder, refusals(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting, "_export", exporting._trace)  # the newer exporter takes seconds
        file = exported(one.model, one.x, Path(folder, "net.onnx"))
        assert difference(answers(one.model, fresh), file.run(fresh)) < 10 * FLOAT_TOLERANCE
        assert file.macs == count_macs(one.model, one.x)
        kinds = {node.op_type for node in onnx.load(file.path).graph.node}
        if kinds <= SINGLE:
            assert file.peak_activation_bytes == peak_activation_bytes(one.model, one.x)
            assert file.traffic.activations == traffic(one.model, one.x).activations


@drawn(15)
@given(networks() | networks(narrow=True))
def test_integers_answer_what_floats_do_as_a_file_and_as_c(one: Drawn) -> None:
    """The int8 file against the network, the layers in integers against the file, the C program against the layers."""
    with tempfile.TemporaryDirectory() as folder, refusals(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting, "_export", exporting._trace)
        path = Path(folder, "int8.onnx")
        to_int8_onnx(one.model, None, path, one.x)
        file = OnnxRunnable(path)
        assert decibels(answers(one.model, one.x), file.run(one.x)) > 0
        network = IntegerNetwork.from_onnx(path)
        codes = network.codes(one.x.numpy())
        assert np.abs(network.logits(network.run(codes)) - file.run(one.x)).max() <= 8 * network.output.grid.scale
        if toolchain.host_compiler() is not None:
            np.testing.assert_array_equal(run_on_host(to_c(path, folder), codes), network.run(codes))


def test_what_can_not_be_counted_is_a_value_error() -> None:
    assert issubclass(NotCountedError, ValueError)
