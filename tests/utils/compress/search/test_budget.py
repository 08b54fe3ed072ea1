"""Counts without a network are those of the network, of its int8 file and of its C program."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from tests.utils.compress.search.drawn import ARCHITECTURES, SPACE, looks_trained
from utils.compress.search import Architecture, Block, Budget, Counts, counts, int8_file_bytes
from utils.deploy import IntegerNetwork, to_int8_onnx
from utils.measure import count_macs, peak_activation_bytes
from utils.models import ChainNet

IMAGE = torch.zeros(1, 1, 28, 28)
PLAIN = Architecture(Block(4, stride=2, kind="plain"), ((Block(8, kind="plain"), Block(8, kind="plain", skip=True)),))
WIDE = Architecture(  # a name of one, two and three digits, 128 groups and more, each kind of skip
    Block(8, 5, 2, "plain"),
    (
        (Block(8, skip=True), Block(8, 5, expansion=2, skip=True)),
        (Block(16, 5, 2),),
        (Block(48), Block(48, expansion=3, skip=True)),
        (Block(16),),
        (Block(16), Block(16)),
    ),
)


@given(ARCHITECTURES)
@settings(max_examples=25)
def test_parameters_macs_and_memory_are_those_of_the_network(architecture):
    net, found = ChainNet(architecture).eval(), counts(architecture)
    assert found.parameters == sum(parameter.numel() for parameter in net.parameters())
    assert found.macs == count_macs(net, IMAGE)
    assert 4 * found.peak_activation_bytes == peak_activation_bytes(net, IMAGE)


def check_file(architecture, per_channel, path):
    """Do file and C program have the bytes that were counted?"""
    images = torch.randn(32, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    written = to_int8_onnx(looks_trained(architecture), None, path, images, per_channel=per_channel)
    signed = 2 + sum(block.skip for stage in architecture.stages for block in stage)  # input, logits, what is added
    assert 0 <= int8_file_bytes(architecture, per_channel=per_channel) - written <= signed
    assert IntegerNetwork.from_onnx(path).arena.lower_bound == counts(architecture).peak_activation_bytes


@pytest.mark.parametrize(("architecture", "per_channel"), [(PLAIN, False), (WIDE, True)], ids=["plain", "wide"])
def test_file_and_memory_are_those_of_the_int8_network(architecture, per_channel, tmp_path):
    check_file(architecture, per_channel, tmp_path / "net.onnx")


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(12))
def test_files_of_many_architectures(seed, tmp_path):
    check_file(SPACE.draw(np.random.default_rng(seed)), seed % 2 == 0, tmp_path / "net.onnx")


def test_a_limit_is_kept_when_it_is_met_exactly():
    found = Counts(parameters=5, macs=100, file_bytes=20, peak_activation_bytes=8)
    assert Budget(ram_bytes=8, file_bytes=20, macs=100).excess(found) is None
    assert Budget(ram_bytes=7, file_bytes=20, macs=100).excess(found) == "RAM: 8 of 7, 1 too many"
    assert Budget(file_bytes=15).excess(found) == "the file: 20 of 15, 5 too many"


@given(ARCHITECTURES)
@settings(max_examples=25)
def test_a_budget_allows_what_its_counts_allow(architecture):
    for limits in ({"file_bytes": 8_000}, {"macs": 300_000}, {"ram_bytes": 5_000}, {"file_bytes": 6_000, "per_channel": False}):
        budget = Budget(**limits)
        assert budget.allows(architecture) == (budget.excess(budget.counts(architecture)) is None)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({}, "at least one limit"),
        ({"macs": 0}, "macs must be a positive integer"),
        ({"macs": 10, "ram_bytes": -1}, "ram_bytes must"),
        ({"file_bytes": 1.5e4}, "file_bytes must"),
        ({"file_bytes": True}, "file_bytes must"),
    ],
)
def test_a_budget_of_nothing_is_refused(limits, said):
    with pytest.raises(ValueError, match=said):
        Budget(**limits)
