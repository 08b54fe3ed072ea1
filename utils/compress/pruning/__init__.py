"""Pruning: remove single weights (masks) or whole channels (surgery)."""

from utils.compress.pruning.channels import channel_importance, choose_channels, group_importance, prune_channels, remove_channels
from utils.compress.pruning.gradual import (
    GradualPruner,
    apply_masks,
    cubic_sparsity,
    nested_random_masks,
    prunable,
    sensitivity,
    sparsity_of,
)
from utils.compress.pruning.groups import ChannelGroup, channel_groups
from utils.compress.pruning.masks import global_masks, keep_largest, magnitude_mask, nm_mask, random_masks, rewind

__all__ = [
    "ChannelGroup",
    "GradualPruner",
    "apply_masks",
    "channel_groups",
    "channel_importance",
    "choose_channels",
    "cubic_sparsity",
    "global_masks",
    "group_importance",
    "keep_largest",
    "magnitude_mask",
    "nested_random_masks",
    "nm_mask",
    "prunable",
    "prune_channels",
    "random_masks",
    "remove_channels",
    "rewind",
    "sensitivity",
    "sparsity_of",
]
