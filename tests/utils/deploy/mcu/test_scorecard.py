"""The C code on the scorecard: what it weighs, counts and answers."""

from itertools import pairwise

import numpy as np
import pytest

from utils.deploy import OnnxRunnable
from utils.deploy.mcu import HostRunnable, link_sizes, scorecard
from utils.measure.runnable import ready

pytestmark = pytest.mark.needs("gcc")


def test_its_logits_are_those_of_the_network(programs, inputs, build):
    network, x = programs[build].network, inputs(build, 6)
    contestant = HostRunnable(programs[build])
    expected = network.logits(network.run(network.codes(x)))
    np.testing.assert_array_equal(contestant.run(x), expected)
    with ready(contestant):
        assert contestant._process is not None
        for one in range(6):
            np.testing.assert_array_equal(contestant.run(x[one : one + 1]), expected[one : one + 1])
    assert contestant._process is None


def test_what_it_counts(files, programs):
    network = programs["micro"].network
    contestant, file = HostRunnable(programs["micro"], name="micro in C"), OnnxRunnable(files["micro"])
    assert contestant.name == "micro in C" and contestant.number_format == "int8"
    assert contestant.macs == file.macs
    assert contestant.peak_activation_bytes == network.arena.size_bytes
    channels = 6 + 6 + 10 + 10 + 12 + 10
    assert contestant.parameters == network.weight_bytes - 9 * channels + channels == file.parameters
    assert 0.9 * contestant.parameters < contestant.nonzero <= contestant.parameters
    assert contestant.traffic.weights == network.weight_bytes
    steps = [144, 6 * 36, 6 * 36, 10 * 36, 10 * 9, 12 * 9, 12, 10]
    assert contestant.traffic.activations == sum(a + b for a, b in pairwise(steps))


def test_a_flattening_moves_nothing(programs):
    contestant = HostRunnable(programs["pooling"])
    steps = [144, 5 * 144, 5 * 36, 7 * 36, 7 * 16, 11, 4]
    assert contestant.traffic.activations == sum(a + b for a, b in pairwise(steps))


@pytest.mark.needs("gcc", "gcc-arm-none-eabi", "qemu-system-arm")
def test_it_weighs_the_flash_image(programs):
    program = programs["micro"]
    contestant = HostRunnable(program)
    assert (contestant.size_bytes, contestant.sized_by) == (link_sizes(program).flash_bytes, "the flash image of a board")


def test_without_a_cross_compiler_it_weighs_the_objects(programs, monkeypatch):
    """More than the tables, and no more than the code of all kernels beside them."""
    which = scorecard.shutil.which
    monkeypatch.setattr(scorecard.shutil, "which", lambda command: None if command.startswith("arm-") else which(command))
    program = programs["micro"]
    contestant = HostRunnable(program)
    assert contestant.sized_by == "this computer's object files"
    assert program.network.weight_bytes + 500 < contestant.size_bytes < program.network.weight_bytes + 12_000
