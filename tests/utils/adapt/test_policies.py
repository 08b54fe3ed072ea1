"""Which parameters learn is told from their names."""

import pytest

from utils.adapt import POLICIES, select_trainable
from utils.models import MotionNet

NAMES = [name for name, _ in MotionNet().named_parameters()]
EXPECTED = {
    "all": NAMES,
    "last": ["head.weight", "head.bias"],
    "last_block": ["blocks.2.conv.weight", "blocks.2.norm.weight", "blocks.2.norm.bias", "head.weight", "head.bias"],
    "norm": [f"blocks.{i}.norm.{part}" for i in range(3) for part in ("weight", "bias")],
    "bias": [*(f"blocks.{i}.norm.bias" for i in range(3)), "head.bias"],
}


@pytest.mark.parametrize("policy", POLICIES)
def test_each_policy_selects_its_parameters_in_order(policy):
    assert select_trainable(iter(NAMES), policy) == tuple(EXPECTED[policy])


@pytest.mark.parametrize(
    ("names", "policy", "expected"),
    [
        (["fc.weight"], "last", ("fc.weight",)),
        (["weight", "bias"], "last", ("weight", "bias")),
        (["features.0.weight", "features.10.weight", "fc.weight"], "last_block", ("features.10.weight", "fc.weight")),
        (["normal.weight", "bn1.weight", "bn1.bias"], "norm", ("bn1.weight", "bn1.bias")),
        (["a.0.weight", "a.1.weight", "a.10.bias"], "last_block", ("a.10.bias",)),
    ],
)
def test_names_of_other_networks(names, policy, expected):
    assert select_trainable(names, policy) == expected


@pytest.mark.parametrize(
    ("names", "policy", "message"),
    [
        (NAMES, "first", "all, last, last_block, norm, bias"),
        ([], "all", "no parameter to select"),
        (["fc.weight"], "bias", "'bias' selects no parameter"),
        (["fc.weight"], "last_block", "'last_block' selects no parameter"),
    ],
)
def test_a_policy_that_selects_nothing_is_refused(names, policy, message):
    with pytest.raises(ValueError, match=message):
        select_trainable(names, policy)
