"""Lab 01's stand-ins work on weights as training leaves them."""

import torch

from utils.compress.pruning import global_masks, magnitude_mask
from utils.exercises.lab01.standins import torch_mask, torch_masks


def test_stand_ins_take_weights_that_are_laid_out_channels_last():
    weight = torch.randn(6, 4, 3, 3, generator=torch.Generator().manual_seed(0)).to(memory_format=torch.channels_last)
    assert torch.equal(torch_mask(weight, 0.5), magnitude_mask(weight, 0.5))
    assert torch.equal(torch_masks({"w": weight}, 0.5)["w"], global_masks({"w": weight}, 0.5)["w"])
