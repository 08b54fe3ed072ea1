"""Damaged and hostile files end in one sentence: no crash, no hang, no gigabytes."""

import os
import random
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import torch
from torch import nn

from utils.compress.coding import decisions, encode_integers
from utils.compress.titan import TitanConfig, TitanError, TitanNet, compress_to_titan, decode_titan
from utils.compress.titan.byte_stream import framed, signed, unsigned
from utils.files import ROOT
from utils.models import Codes, LeNet, LeNetConfig, Perceptron, PerceptronConfig
from utils.models.steps import step_of


def integers(model, seed=0):
    """Codes for all tensors of a model, which it then has as its weights."""
    generator, codes = torch.Generator().manual_seed(seed), {}
    for name, parameter in model.named_parameters():
        drawn = torch.randn(parameter.shape, generator=generator) * (torch.rand(parameter.shape, generator=generator) < 0.2)
        scale = torch.from_numpy(step_of([-20] * len(parameter)))
        codes[name] = Codes((2 * drawn).round().to(torch.int16), scale, 16)
        parameter.data = codes[name].values_as_float()
    return codes


def files():
    """A file of each coding, with each kind of layer that matters here."""
    torch.manual_seed(0)
    small, rated = Perceptron(PerceptronConfig((6,), 4, 16)), LeNet(LeNetConfig(2, 2, 5))
    motion = nn.Sequential(nn.Conv1d(2, 3, 3, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(18, 2))
    return [
        compress_to_titan(small, TitanConfig(bits=3, index_bits=3, input_shape=(16,))).data,
        compress_to_titan(rated, codes=integers(rated)).data,
        compress_to_titan(motion, TitanConfig(half=False, input_shape=(2, 8)), integers(motion)).data,
    ]


def sealed(body):
    """A file with this body and a right checksum: what an attacker would write."""
    return b"\x89TTN\x01" + struct.pack("<I", zlib.crc32(body)) + body


def mutated(body, rng):
    """A body with some bytes changed, cut out, doubled, or set to extreme values."""
    body = bytearray(body)
    for _ in range(rng.choice([1, 1, 1, 2, 4, 16])):
        if not body:
            break
        at, length = rng.randrange(len(body)), rng.randint(1, 8)
        way = rng.randrange(5)
        if way == 0:
            body[at] ^= 1 << rng.randrange(8)
        elif way == 1:
            body[at : at + length] = bytes(rng.choice([0, 1, 127, 128, 255]) for _ in range(length))
        elif way == 2:
            del body[at : at + length]
        elif way == 3:
            body[at:at] = body[at : at + length]
        else:
            del body[at:]
    return bytes(body)


def mutate_and_read(count, seed):
    """How many of so many mutated files were refused; whatever was read must be a network of finite weights."""
    rng, originals = random.Random(seed), files()
    return sum(is_refused(mutated(originals[number % len(originals)][9:], rng)) for number in range(count))


def is_refused(body):
    """Whether a file with this body is refused, in a sentence; otherwise it is a network of finite weights."""
    try:
        net = decode_titan(sealed(body))
    except TitanError as error:
        assert 10 < len(str(error)) < 200
        return True
    assert isinstance(net, TitanNet) and all(torch.isfinite(parameter).all() for parameter in net.parameters())
    return False


def test_three_hundred_mutated_files_end_in_a_sentence():
    assert mutate_and_read(300, seed=0) > 150


@pytest.mark.nightly
def test_twelve_thousand_mutated_files_end_in_a_sentence_and_in_little_memory():
    resource = pytest.importorskip("resource")  # not on every system
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert mutate_and_read(12_000, seed=1) > 6000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # kB


@pytest.mark.nightly
def test_five_thousand_files_of_atheris_end_in_a_sentence(tmp_path):
    """Where that fuzzer is installed (pip install atheris): it sees the code's branches and comparisons."""
    pytest.importorskip("atheris")
    for at, data in enumerate(files()):
        (tmp_path / str(at)).write_bytes(data[9:])
    harness = ROOT / "tests" / "utils" / "compress" / "titan" / "atheris_harness.py"
    command = [sys.executable, str(harness), "-runs=5000", "-seed=1", "-timeout=60", f"-artifact_prefix={tmp_path}/", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-2000:]


def test_any_changed_byte_of_a_file_is_noticed():
    data = files()[2]
    for at in range(len(data)):
        with pytest.raises(TitanError):
            decode_titan(data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :])
        with pytest.raises(TitanError):
            decode_titan(data[:at])


INPUT = bytes([3, 1, 28, 28])
FLATTEN = unsigned(8)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "should follow"),
        (bytes([4]), "3 is the largest"),
        (INPUT + unsigned(300), "256 is the largest"),
        (INPUT + unsigned(1) + unsigned(77), "kind 77 are not known"),
        (INPUT + unsigned(1) + unsigned(1) + unsigned(65_536) * 2 + unsigned(1), "4295032832 parameters"),
        (INPUT + unsigned(1) + unsigned(1) + unsigned(1 << 20), "65536 is the largest"),
        (INPUT + unsigned(1) + unsigned(2) + bytes([1, 2, 3, 3, 0, 0, 0, 0, 1, 0]), "a size is 0"),
        (INPUT + unsigned(1) + unsigned(2) + bytes([1, 2, 3, 3, 1, 1, 0, 0, 0, 0]), "a size is 0"),
        (INPUT + unsigned(1) + unsigned(2) + bytes([1, 2, 3, 3, 1, 1, 0, 0, 5, 0]), "impossible sizes"),
        (INPUT + unsigned(1) + unsigned(6) + bytes([2, 2, 1, 1, 9, 9]), "do not fit each other"),
        (INPUT + unsigned(2) + FLATTEN + unsigned(1) + unsigned(783) + bytes([4, 0]), "do not fit each other"),
        (INPUT + unsigned(1) + FLATTEN + b"more", "4 bytes are left over"),
        (INPUT + unsigned(1) + bytes([10, 1, 10, 1, 10, 1, 10]), "nested too deeply"),
        (bytes([3, 1]) + unsigned(65_536) * 2 + unsigned(1) + unsigned(6) + bytes([1, 1, 1, 1, 0, 0]), "16777216 are the most"),
    ],
)
def test_impossible_descriptions_are_refused(body, said):
    with pytest.raises(TitanError, match=said):
        decode_titan(sealed(body))


LAYER = INPUT + unsigned(2) + FLATTEN + unsigned(1) + unsigned(784) + bytes([2, 0])


@pytest.mark.parametrize(
    ("tensor", "said"),
    [
        (bytes([9, 0]), "coding 9 are not known"),
        (bytes([0, 4]) + bytes(4), "4 bytes where 6272 are needed"),
        (bytes([3, 1, 7]), "2 is the largest"),
        (bytes([3, 2, 0, 0]), "has no data"),
        (bytes([3]) + unsigned(9) + bytes([2]) + struct.pack("<2f", float("nan"), 1.0), "has no data"),
        (bytes([2, 3, 2, 0, 0]), "belong|before|none|should follow|code"),
        (bytes([2]) + unsigned(2000), "should follow"),
        (bytes([0]) + unsigned(6272) + struct.pack("<f", float("inf")) * 1568, "not finite"),
    ],
)
def test_impossible_tensors_are_refused(tensor, said):
    with pytest.raises(TitanError, match=said):
        decode_titan(sealed(LAYER + tensor))


def test_many_full_tensors_in_a_small_file_are_refused(monkeypatch):
    """Each of them alone would be within the limit."""
    layers = unsigned(5) + (unsigned(1) + unsigned(100) * 2 + b"\0") * 5
    tensor = unsigned(3) + framed(unsigned(0) + signed(0) + encode_integers(np.eye(100, dtype=np.int64)))
    monkeypatch.setattr(decisions, "FREE", 1 << 14)
    one = decode_titan(sealed(bytes([1, 100]) + unsigned(1) + unsigned(1) + unsigned(100) * 2 + b"\0" + tensor))
    assert torch.equal(one[0].weight, torch.eye(100))
    with pytest.raises(TitanError, match="decisions, too many for its length"):
        decode_titan(sealed(bytes([1, 100]) + layers + tensor * 5))


def test_layers_without_end_are_not_built():
    """256 layers in each of three nested chains would be millions."""
    inner = unsigned(200) + bytes([4]) * 200
    with pytest.raises(TitanError, match="more than 256 layers"):
        decode_titan(sealed(INPUT + unsigned(2) + (bytes([10]) + inner + unsigned(0)) * 2))


def test_a_file_that_is_too_long_is_not_read():
    with pytest.raises(TitanError, match="more than 8388608 bytes"):
        decode_titan(bytes((8 << 20) + 1))
