"""Lab 01: what is said where no hint would help, and stand-ins on weights as training leaves them."""

import torch

from tests.utils.exercises.wrong_answers import hints_shown
from utils.compress.pruning import global_masks, magnitude_mask
from utils.exercises.checking import assess
from utils.exercises.lab01 import lab
from utils.exercises.lab01.global_masks import torch_masks
from utils.exercises.lab01.magnitude_mask import torch_mask


def test_a_type_that_says_enough_has_no_hint():
    result = assess(lab.exercises["magnitude_mask"], lambda weight, sparsity: magnitude_mask(weight.detach(), sparsity).numpy())
    assert hints_shown(result) == []


def test_an_unknown_sparsity_is_explained():
    def sensitivity_with_a_baseline(evaluate, names, sparsities):
        return {name: [evaluate(name, sparsity) / evaluate(name, 0.0) for sparsity in sparsities] for name in names}

    got = assess(lab.exercises["sensitivity"], sensitivity_with_a_baseline).outcomes[0].verdict.got
    assert got.startswith("ValueError: evaluate was asked for ('") and ", 0.0): ask for one of the names" in got


def test_stand_ins_take_weights_that_are_laid_out_channels_last():
    weight = torch.randn(6, 4, 3, 3, generator=torch.Generator().manual_seed(0)).to(memory_format=torch.channels_last)
    assert torch.equal(torch_mask(weight, 0.5), magnitude_mask(weight, 0.5))
    assert torch.equal(torch_masks({"w": weight}, 0.5)["w"], global_masks({"w": weight}, 0.5)["w"])
