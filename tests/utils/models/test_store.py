"""A checkpoint comes back bit for bit, is as small as its zeros allow, and a bad one is refused."""

import json
import struct

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save
from torch import nn
from torch.nn.utils import prune

from utils.compress.pruning import apply_masks, choose_channels, global_masks, prunable, prune_channels
from utils.models import BlockConfig, ResidualConfig, ResidualNet, load_model, save_model
from utils.models.store import pack_tensors, unpack_tensors

CONFIG = ResidualConfig.of(8, (16, 2), (16, 1), (24, 2))


@pytest.fixture
def model():
    torch.manual_seed(0)
    return ResidualNet(CONFIG).eval()


def same(a: nn.Module, b: nn.Module) -> bool:
    one, two = a.state_dict(), b.state_dict()
    return one.keys() == two.keys() and all(torch.equal(one[k], two[k]) for k in one)


def test_dense_model_comes_back_bit_for_bit(model, tmp_path):
    size = save_model(model, tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    assert same(model, again)
    assert again.config == CONFIG
    assert not again.training
    assert size == (tmp_path / "m.safetensors").stat().st_size


def test_the_same_model_gives_the_same_bytes(model, tmp_path):
    """The library writes its metadata in another order each time; sorted, the file is as long as its own."""
    apply_masks(model, global_masks(prunable(model), 0.5))
    files = {save_model(model, tmp_path / "m.safetensors") and (tmp_path / "m.safetensors").read_bytes() for _ in range(12)}
    assert len(files) == 1
    with safe_open(tmp_path / "m.safetensors", "pt") as file:
        theirs = save({name: file.get_tensor(name) for name in file.keys()}, file.metadata())  # noqa: SIM118
    assert len(theirs) == len(*files) and theirs[-1000:] == (*files,)[0][-1000:]


def test_sparse_model_is_stored_by_mask_and_values(model, tmp_path):
    dense = save_model(model, tmp_path / "dense.safetensors")
    apply_masks(model, global_masks(prunable(model), 0.9))
    sparse = save_model(model, tmp_path / "sparse.safetensors")
    assert same(model, load_model(tmp_path / "sparse.safetensors"))
    weights = sum(w.numel() for w in prunable(model).values())
    assert dense - sparse == pytest.approx(weights * (4 - 0.4 - 1 / 8), rel=0.02)


def test_model_with_fewer_channels_comes_back(model, tmp_path):
    small = prune_channels(model, choose_channels(model, 0.5, multiple=4))
    save_model(small, tmp_path / "s.safetensors")
    again = load_model(tmp_path / "s.safetensors")
    assert same(small, again)
    assert again.config.stem == 4


DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.float64)


@given(st.lists(st.sampled_from([0.0, -0.0, 1.5, -2.0, float("nan")]), min_size=1, max_size=40), st.sampled_from(DTYPES))
def test_packing_is_exact_to_the_bit_and_keeps_the_type(values, dtype):
    tensor = torch.tensor(values, dtype=dtype)
    packed, shapes = pack_tensors({"w": tensor})
    again = unpack_tensors(packed, shapes)["w"]
    assert again.dtype == dtype
    assert torch.equal(again.view(torch.uint8), tensor.view(torch.uint8))


def test_a_name_that_would_clash_with_packed_parts_is_refused():
    with pytest.raises(ValueError, match="without #"):
        pack_tensors({"w#mask": torch.zeros(3)})


def test_a_model_that_would_come_back_different_is_refused(model, tmp_path):
    """Half precision would come back single, and a mask of torch's would be lost."""
    with pytest.raises(ValueError, match=r"float16.*model\.float"):
        save_model(model.half(), tmp_path / "m.safetensors")
    prune.l1_unstructured(model.float().stem, "weight", 0.5)
    with pytest.raises(ValueError, match=r"stem\.weight.*prune\.remove"):
        save_model(model, tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())


def forge(path, change):
    """Write a file again after `change(header)`, its first bytes as JSON; the tensors' bytes stay."""
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    change(header)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + size :])


def configured(**changes):
    def change(header):
        config = json.loads(header["__metadata__"]["config"])
        header["__metadata__"]["config"] = json.dumps({**config, **changes})

    return change


def meta(key, value):
    return lambda header: header["__metadata__"].__setitem__(key, value)


BLOCK = {"mid": 16, "out": 16, "stride": 2, "project": True}
FORGERIES = {
    "huge width": configured(stem=10**9),
    "width above the bound": configured(stem=16_385),
    "width as large as the bound": configured(stem=16_384),
    "no width": configured(stem=0),
    "half a channel": configured(stem=8.5),
    "a truth for a width": configured(in_channels=True),
    "text": configured(classes="10"),
    "stride 0": configured(blocks=[{**BLOCK, "stride": 0}]),
    "a word for project": configured(blocks=[{**BLOCK, "project": "no"}]),
    "very many blocks": configured(blocks=[BLOCK] * 100_000),
    "no blocks": configured(blocks=[]),
    "blocks that are no blocks": configured(blocks=[1, 2]),
    "unknown key": configured(depth=3),
    "a list for a configuration": meta("config", "[]"),
    "no JSON": meta("config", "{"),
    "nested without end": meta("config", "[" * 100_000),
    "unknown architecture": meta("architecture", "Transformer"),
    "packed to a huge tensor": meta("packed", json.dumps({"stem.weight": [10**6, 10**6]})),
    "packed to another shape": meta("packed", json.dumps({"blocks.0.conv1.weight": [8, 16, 3, 3]})),
    "packed to a negative shape": meta("packed", json.dumps({"blocks.0.conv1.weight": [-16, -8, 3, 3]})),
    "packed is a list": meta("packed", "[1]"),
    "packed is nothing": meta("packed", "null"),
    "no longer packed": meta("packed", "{}"),
    "no metadata": lambda header: header.pop("__metadata__"),
    "a tensor has another name": lambda header: header.__setitem__("stem.wait", header.pop("stem.weight")),
    "a tensor has another type": lambda header: header["stem.weight"].__setitem__("dtype", "I32"),
    "a tensor has another shape": lambda header: header["stem.weight"].__setitem__("shape", [72]),
    "values have another type": lambda header: header["blocks.0.conv1.weight#values"].__setitem__("dtype", "I32"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_file_is_refused_in_one_sentence_with_its_name(model, tmp_path, forgery):
    path = tmp_path / "m.safetensors"
    apply_masks(model, {"blocks.0.conv1.weight": torch.zeros(16, 8, 3, 3).index_fill(0, torch.tensor([1]), 1)})
    save_model(model, path)
    assert same(model, load_model(path))
    forge(path, FORGERIES[forgery])
    with pytest.raises(ValueError, match=r"m\.safetensors is not a whole checkpoint"):
        load_model(path)


def test_a_mask_that_promises_more_values_than_there_are_is_refused(model, tmp_path):
    path = tmp_path / "m.safetensors"
    apply_masks(model, {"blocks.0.conv1.weight": torch.zeros(16, 8, 3, 3)})
    save_model(model, path)
    data, size = bytearray(path.read_bytes()), struct.unpack("<Q", path.read_bytes()[:8])[0]
    begin, _ = json.loads(data[8 : 8 + size])["blocks.0.conv1.weight#mask"]["data_offsets"]
    data[8 + size + begin] = 255
    path.write_bytes(data)
    with pytest.raises(ValueError, match="not a whole checkpoint"):
        load_model(path)


@pytest.mark.parametrize("content", [b"", b"junk", b"\xff" * 100, struct.pack("<Q", 2) + b"{}"])
def test_junk_is_refused(tmp_path, content):
    (tmp_path / "m.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match="not a whole checkpoint"):
        load_model(tmp_path / "m.safetensors")


def test_half_a_file_is_refused(model, tmp_path):
    path = tmp_path / "m.safetensors"
    save_model(model, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="not a whole checkpoint"):
        load_model(path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing"):
        load_model(tmp_path / "nothing.safetensors")


def test_unknown_architecture_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Linear can't be stored"):
        save_model(nn.Linear(2, 2), tmp_path / "m.safetensors")


def test_identity_shortcut_with_other_width_is_refused():
    with pytest.raises(ValueError, match="identity shortcut"):
        ResidualNet(ResidualConfig(8, (BlockConfig(8, 16, 1, project=False),)))
