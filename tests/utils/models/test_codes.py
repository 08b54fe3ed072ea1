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


@pytest.mark.parametrize("code", [2, -3, 2**40])
def test_codes_that_do_not_fit_are_refused(code):
    with pytest.raises(ValueError, match="does not fit 2 bits"):
        pack_codes(Codes(torch.tensor([[code]]), torch.ones(1), 2))


@pytest.mark.parametrize("values", [torch.tensor([[0.5]]), torch.tensor([[1.0]])])
def test_codes_that_are_no_integers_are_refused(values):
    """They would be cut off without a word."""
    with pytest.raises(ValueError, match="integer dtype"):
        pack_codes(Codes(values, torch.ones(1), 4))


@pytest.mark.parametrize("bits", [0, 17, 2.0])
def test_bits_that_can_not_be_read_again_are_refused(bits):
    with pytest.raises(ValueError, match="1 to 16 bits"):
        pack_codes(Codes(torch.tensor([[0]]), torch.ones(1), bits))


@pytest.mark.parametrize(("size", "scales"), [(2, 1), (3, 2), (3, 0)])
def test_parts_that_do_not_belong_together_are_refused(size, scales):
    with pytest.raises(ValueError, match="not a weight of shape"):
        unpack_codes(torch.zeros(size, dtype=torch.uint8), torch.ones(scales), 4, [1, 5])


def test_values_are_codes_times_scales_in_float32():
    codes = Codes(torch.tensor([[2047, -2048, 1], [5, 1023, 0]]), torch.tensor([0.1, 3.3]), 12)
    assert torch.equal(codes.values_as_float(), (codes.values.double() * codes.scale.double()[:, None]).float())


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


def test_what_could_not_be_read_again_is_not_written(stored):
    """Does the good file stay?"""
    model, codes, file = stored
    before = file.read_bytes()
    norm = next(name for name, tensor in model.named_parameters() if tensor.ndim == 1)
    ones = Codes(torch.ones_like(model.get_parameter(norm), dtype=torch.int8), model.get_parameter(norm).detach(), 4)
    wide = Codes(codes["head.weight"].values, codes["head.weight"].scale, 20)
    for name, one in {norm: ones, "head.weight": wide}.items():
        with pytest.raises(ValueError, match=r"should be|1 to 16 bits"):
            save_model(model, file, {**codes, name: one})
    assert file.read_bytes() == before


def test_scales_may_lie_apart_in_memory(stored, tmp_path):
    model, codes, file = stored
    apart = {name: Codes(one.values, one.scale.repeat_interleave(2)[::2], one.bits) for name, one in codes.items()}
    save_model(model, tmp_path / "again.safetensors", apart)
    assert (tmp_path / "again.safetensors").read_bytes() == file.read_bytes()


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
        {"packed": json.dumps({"head.weight": [10, 8]})},
    ],
)
def test_files_whose_bits_are_a_lie_are_refused(stored, metadata):
    with pytest.raises(ValueError, match="not a whole checkpoint"):
        load_model(tampered(stored[2], metadata))


def test_files_with_strange_codes_are_refused(stored):
    for name, tensor in {"head.weight#codes": torch.zeros(3, dtype=torch.uint8), "head.weight#scale": torch.ones(11)}.items():
        with pytest.raises(ValueError, match="not a whole checkpoint"):
            load_model(tampered(stored[2], tensors={name: tensor}))
