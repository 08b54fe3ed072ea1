"""A network for a microcontroller: a plain chain whose configuration says all, and whose layers fit where it is meant to run."""

import pytest
import torch
from torch import nn

from utils.measure import count_macs
from utils.models import MicroConfig, MicroNet, load_model, save_model

CONFIG = MicroConfig.of(4, (8, 1), (12, 2), (12, 1))


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(0)
    return MicroNet(CONFIG).eval()


def test_configuration_is_read_from_the_layers(model):
    assert model.config == CONFIG
    assert MicroConfig.from_dict(CONFIG.to_dict()) == CONFIG


def test_logits_of_each_size_of_picture(model):
    """The stem and a block halve it; an odd side is rounded up."""
    assert model(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
    assert model.blocks(model.stem(torch.zeros(1, 1, 13, 9))).shape == (1, 12, 4, 3)


def test_work_is_what_the_widths_say(model):
    """Counted by hand: stem, a depthwise and a pointwise convolution for each block, classifier."""
    blocks = sum(side**2 * before * (9 + out * scale) for before, out, side, scale in ((4, 8, 14, 1), (12, 12, 7, 1)))
    blocks += 7**2 * 8 * (9 + 12)
    assert count_macs(model, torch.zeros(1, 1, 28, 28)) == 14**2 * 4 * 9 + blocks + 12 * 10


def test_checkpoint_comes_back(model, tmp_path):
    save_model(model, tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    assert type(again) is MicroNet and again.config == CONFIG and not again.training
    x = torch.randn(2, 1, 28, 28)
    assert torch.equal(again(x), model(x))


@pytest.mark.parametrize(
    ("stem", "blocks", "said"),
    [(0, ((8, 1),), "stem"), (4, (), "number of blocks"), (4, ((8.0, 1),), "channels"), (4, ((8, 0),), "stride")],
)
def test_impossible_configuration_is_refused(stem, blocks, said):
    with pytest.raises(ValueError, match=said):
        MicroConfig(stem, blocks)
