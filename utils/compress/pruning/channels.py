"""Remove whole channels: the network gets smaller tensors, so it does less arithmetic everywhere.

Channels hang together. A channel of a convolution is also a row of the batch norm behind it and
an input of every layer that reads it; an addition ties both its sides. `channel_groups` finds
these ties; `prune_channels` cuts a group everywhere at once.
"""

from __future__ import annotations

import copy
import warnings
from typing import cast

import torch
from torch import Tensor, nn

from utils.compress.pruning.groups import ChannelGroup, channel_groups
from utils.compress.pruning.masks import keep_largest


def channel_importance(weight: Tensor, criterion: str = "l2") -> Tensor:
    """Size of each filter. weight: (out, in, kh, kw) -> (out,).

    criterion: "l1", the sum of magnitudes (Li et al., 2017), or "l2", the Euclidean norm.

    Raises:
        ValueError: another criterion.
    """
    if criterion not in ("l1", "l2"):
        raise ValueError(f'criterion must be "l1" or "l2", got {criterion!r}')
    return weight.detach().flatten(1).norm(1 if criterion == "l1" else 2, dim=1)


def remove_channels(
    conv_weight: Tensor, conv_bias: Tensor | None, next_weight: Tensor, keep: Tensor
) -> tuple[Tensor, Tensor | None, Tensor]:
    """Surgery on one pair of layers: drop output channels here and the inputs that read them there.

    conv_weight: (out, in, kh, kw); conv_bias: (out,) or None; next_weight: (next, out, kh, kw) or
    (next, out); keep: (k,) long, the channels that stay. Returns the three, smaller.
    """
    return conv_weight[keep], None if conv_bias is None else conv_bias[keep], next_weight[:, keep]


def group_importance(model: nn.Module, group: ChannelGroup, criterion: str = "l2") -> Tensor:
    """Importance of a group's channels, (channels,): how loud they are and how much they are listened to.

    Loud: the scale of the batch norm behind them (Liu et al., 2017), since it undoes whatever size the
    filter has; the size of the filter where there is no batch norm. Listened to: the size of the weights
    that read them. Each layer's scores are divided by their mean, so that a large layer does not outvote
    a small one.
    """
    layers = {name: model.get_submodule(name) for name in (*group.producers, *group.followers, *group.consumers)}
    norms = [layers[name].weight for name in group.followers if isinstance(layers[name], (nn.BatchNorm1d, nn.BatchNorm2d))]
    loud = [norm.detach().abs() for norm in norms if isinstance(norm, Tensor)]
    if not loud:
        loud = [channel_importance(cast("Tensor", layers[name].weight), criterion) for name in group.producers]
    readers = [cast("Tensor", layers[name].weight).detach() for name in group.consumers]
    listened = [channel_importance(weight.transpose(0, 1).reshape(group.channels, -1), criterion) for weight in readers]
    return torch.stack([score / score.mean().clamp_min(1e-12) for score in loud + listened]).sum(0)


def choose_channels(
    model: nn.Module,
    fraction: float | dict[str, float],
    *,
    criterion: str = "l2",
    multiple: int | None = None,
    generator: torch.Generator | None = None,
) -> dict[str, Tensor]:
    """Which channels of every group stay: group name -> sorted indices.

    fraction: share that stays, one for all groups or one a group (those not named stay whole).
    criterion: "l1", "l2", or "random" (the control).
    multiple: widths are rounded to it, since odd widths can be slower than larger even ones; a share of 1 keeps all. If it is
        not given, 8, and 1 in groups of fewer than 16 channels. If shares below 1 keep all channels of all groups, a warning says so.

    Raises:
        ValueError: a fraction outside (0, 1], a multiple below 1, or a group that the model does not have.

    >>> network = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 2, 3))
    >>> {name: len(kept) for name, kept in choose_channels(network, 0.5).items()}
    {'0': 4}
    """
    if multiple is not None and multiple < 1:
        raise ValueError(f"multiple must be 1 or more, got {multiple}: use 1 for any width")
    groups = {group.name: group for group in channel_groups(model)}
    fractions = dict(fraction) if isinstance(fraction, dict) else dict.fromkeys(groups, fraction)
    if unknown := set(fractions) - set(groups):
        raise ValueError(f"no channel group {sorted(unknown)}: choose among {', '.join(groups)}")
    keep, whole = {}, []
    for name, share in fractions.items():
        if not 0 < share <= 1:
            raise ValueError(f"the fraction of channels to keep must lie in (0, 1], got {share} for {name}")
        total = groups[name].channels
        unit = multiple or (8 if total >= 16 else 1)
        width = total if share == 1 else min(total, max(unit, unit * round(share * total / unit)))
        if width == total and share < 1:
            remedy = "give multiple=1 or a smaller share" if unit > 1 else "give a smaller share"
            whole.append(f"{name} keeps all its {total} channels, a share of {share} rounded to a multiple of {unit}: {remedy}")
        scores = torch.rand(total, generator=generator) if criterion == "random" else group_importance(model, groups[name], criterion)
        keep[name] = keep_largest(scores, 1 - width / total).nonzero().flatten()
    if whole and len(whole) == len(fractions):
        warnings.warn(f"no channel is removed; {whole[0]}", stacklevel=2)
    return keep


def prune_channels(model: nn.Module, keep: dict[str, Tensor]) -> nn.Module:
    """A smaller copy of the model that has only the channels in `keep` (group name -> indices).

    Exact: where the removed channels were zero, the outputs are the same. The model is not changed.

    Raises:
        ValueError: an unknown group, or indices that are empty, repeated or out of range.

    >>> network = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 2, 3))
    >>> prune_channels(network, {"0": torch.tensor([0, 3, 4])})[2]
    Conv2d(3, 2, kernel_size=(3, 3), stride=(1, 1))
    """
    groups = {group.name: group for group in channel_groups(model)}
    small = copy.deepcopy(model)
    for name, index in keep.items():
        if name not in groups:
            raise ValueError(f"no channel group {name!r}: choose among {', '.join(groups)}")
        index = torch.as_tensor(index, dtype=torch.long)
        group = groups[name]
        if not len(index) or len(index.unique()) != len(index) or not 0 <= int(index.min()) <= int(index.max()) < group.channels:
            raise ValueError(f"{name}: keep at least one channel, each once, out of 0..{group.channels - 1}")
        for layer in map(small.get_submodule, (*group.producers, *group.followers)):
            _cut_outputs(layer, index)
        for layer in map(small.get_submodule, group.consumers):
            _cut_inputs(layer, index, group.channels)
    return small


def _cut_outputs(layer: nn.Module, index: Tensor) -> None:
    for name in ("weight", "bias"):
        if (old := getattr(layer, name, None)) is not None:
            setattr(layer, name, nn.Parameter(old.detach()[index].clone(), requires_grad=old.requires_grad))
    for name in ("running_mean", "running_var"):
        if getattr(layer, name, None) is not None:
            setattr(layer, name, getattr(layer, name)[index].clone())
    width = len(index)
    if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
        layer.num_features = width
    elif isinstance(layer, nn.Linear):
        layer.out_features = width
    elif isinstance(layer, nn.Conv2d):
        if layer.groups > 1:
            layer.groups = layer.in_channels = width
        layer.out_channels = width


def _cut_inputs(layer: nn.Module, index: Tensor, channels: int) -> None:
    weight = cast("nn.Parameter", layer.weight)
    positions = weight.shape[1] // channels  # a linear layer behind flattened h x w maps reads h * w values a channel
    columns = (index[:, None] * positions + torch.arange(positions)).flatten()
    layer.weight = nn.Parameter(weight.detach()[:, columns].clone(), requires_grad=weight.requires_grad)
    if isinstance(layer, nn.Linear):
        layer.in_features = len(columns)
    elif isinstance(layer, nn.Conv2d):
        layer.in_channels = len(columns)
