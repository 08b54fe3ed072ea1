"""Codes of any width in a file, and files that lie about them."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

from utils.compress.quantization import freeze_, qat_
from utils.models import Codes, ResidualConfig, ResidualNet, load_model, save_model
from utils.models.codes import pack_codes, packed_bytes, unpack_codes


@given(st.integers(1, 16), st.integers(1, 40), st.integers(0, 100))
def test_codes_come_back_and_take_their_bits(bits, count, seed):
    values = torch.randint(-(2 ** (bits - 1)), 2 ** (bits - 1), (1, count), generator=torch.Generator().manual_seed(seed))
    packed = pack_codes(Codes(values, torch.ones(1), bits))
    assert packed.dtype == torch.uint8 and len(packed) == packed_bytes(count, bits) == -(-count * bits // 8)
    assert torch.equal(unpack_codes(packed, torch.ones(1), bits, [1, count]).values.long(), values)


def test_a_layout_worked_out_by_hand():
    """Are codes raised to start at 0 and written from the highest bit on?"""
    assert pack_codes(Codes(torch.tensor([[-2, -1, 0, 1, 1]]), torch.ones(1), 2)).tolist() == [0b00011011, 0b11000000]


def test_codes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="does not fit 2 bits"):
        pack_codes(Codes(torch.tensor([[2]]), torch.ones(1), 2))
    with pytest.raises(ValueError, match="not a weight of shape"):
        unpack_codes(torch.zeros(2, dtype=torch.uint8), torch.ones(1), 4, [1, 5])


@pytest.fixture
def stored(tmp_path):
    torch.manual_seed(0)
    model = qat_(ResidualNet(ResidualConfig.of(4, (8, 2))), 4)
    codes = freeze_(model)
    file = tmp_path / "model.safetensors"
    save_model(model, file, codes)
    return model, codes, file


def test_codes_of_another_model_are_refused(stored, tmp_path):
    model, codes, _ = stored
    model.head.weight.data += 1
    with pytest.raises(ValueError, match=r"head\.weight.*do not give its weights"):
        save_model(model, tmp_path / "other.safetensors", codes)


def tampered(file, metadata=None, tensors=None):
    with safe_open(file, "pt") as opened:
        old, parts = opened.metadata(), {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    save_file({**parts, **(tensors or {})}, file, {**old, **(metadata or {})})
    return file


@pytest.mark.parametrize(
    "metadata",
    [
        {"bits": "{}"},
        {"bits": json.dumps({"head.weight": 2})},
        {"bits": "[]"},
        {"bits": json.dumps({"head.weight": 4.5})},
        {"bits": json.dumps({"head.weight": 10**9})},
        {"bits": json.dumps({"nowhere": 4})},
        {"bits": json.dumps({"head.bias": 4})},
    ],
)
def test_files_whose_bits_are_a_lie_are_refused(stored, metadata):
    with pytest.raises(ValueError, match="not a whole checkpoint"):
        load_model(tampered(stored[2], metadata))


def test_files_with_strange_codes_are_refused(stored):
    for name, tensor in {"head.weight#codes": torch.zeros(3, dtype=torch.uint8), "head.weight#scale": torch.ones(11)}.items():
        with pytest.raises(ValueError, match="not a whole checkpoint"):
            load_model(tampered(stored[2], tensors={name: tensor}))
