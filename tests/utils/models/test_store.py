"""A checkpoint comes back bit for bit, is as small as its zeros allow, and a bad one is refused."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from utils.compress.pruning import apply_masks, choose_channels, global_masks, prunable, prune_channels
from utils.models import ResidualConfig, ResidualNet, load_model, save_model
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


@given(st.lists(st.sampled_from([0.0, 1.5, -2.0, float("nan")]), min_size=1, max_size=40))
def test_packing_is_exact(values):
    tensor = torch.tensor(values)
    packed, shapes = pack_tensors({"w": tensor})
    assert torch.equal(unpack_tensors(packed, shapes)["w"].nan_to_num(7), tensor.nan_to_num(7))


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
    from utils.models import BlockConfig

    with pytest.raises(ValueError, match="identity shortcut"):
        ResidualNet(ResidualConfig(8, (BlockConfig(8, 16, 1, project=False),)))
