"""Plausible wrong answers to lab 01 that are not declared as mistakes: types, refusals, callbacks, what happens to the inputs."""

import numpy as np
import torch


def magnitude_mask_in_place(weight, sparsity):
    """Takes the absolute values in place, and prunes the weight too; a parameter does not even allow
    it. Loses: takes a layer's parameter; leaves its inputs as they were.
    """
    rank = weight.abs_().flatten().argsort().argsort()
    mask = (rank >= round(sparsity * weight.numel())).view_as(weight)
    weight *= mask
    return mask


def magnitude_mask_in_place_behind_detach(weight, sparsity):
    """detach() shares the memory, so abs_() turns the weight's signs. Loses: leaves its inputs as they were. Hints: Print the inputs
    before and after."""
    rank = weight.detach().abs_().flatten().argsort().argsort()
    return (rank >= round(sparsity * weight.numel())).view_as(weight)


def magnitude_mask_as_numpy(weight, sparsity):
    """Right, but no later cell can use it. Loses: all."""
    rank = weight.abs().flatten().argsort().argsort()
    return (rank >= round(sparsity * weight.numel())).view_as(weight).numpy()


def magnitude_mask_in_numpy_without_detach(weight, sparsity):
    """Fails on what a layer holds. Loses: takes a layer's parameter. Hints: A layer's weight is a parameter."""
    size = torch.from_numpy(abs(weight.numpy()))
    return (size.flatten().argsort().argsort() >= round(sparsity * weight.numel())).view(weight.shape)


def _by_rank(size, removed):
    return (size.flatten().argsort().argsort() >= removed).view_as(size)


def global_masks_in_place_behind_detach(weights, sparsity):
    """detach() shares the memory, so abs_() turns the weights' signs. Loses: leaves its inputs as they
    were.
    """
    joined = torch.cat([weight.detach().abs_().flatten() for weight in weights.values()])
    parts = _by_rank(joined, round(sparsity * joined.numel())).split([weight.numel() for weight in weights.values()])
    return {name: part.view(weights[name].shape) for name, part in zip(weights, parts, strict=True)}


def global_masks_as_numpy(weights, sparsity):
    """Right, but no later cell can use it. Loses: all."""
    joined = torch.cat([weight.flatten() for weight in weights.values()]).abs()
    parts = _by_rank(joined, round(sparsity * joined.numel())).split([weight.numel() for weight in weights.values()])
    return {name: part.view(weights[name].shape).numpy() for name, part in zip(weights, parts, strict=True)}


def global_masks_writes_into_the_dict(weights, sparsity):
    """Puts the masks where the weights were. Loses: leaves its inputs as they were."""
    joined = torch.cat([weight.abs().flatten() for weight in weights.values()])
    parts = _by_rank(joined, round(sparsity * joined.numel())).split([weight.numel() for weight in weights.values()])
    for name, part in zip(weights, parts, strict=True):
        weights[name] = part.view(weights[name].shape)
    return weights


def channel_importance_l1_in_place(weight, criterion):
    """detach() shares the memory, so abs_() turns the weight's signs. Loses: leaves its inputs as they
    were.
    """
    if criterion not in ("l1", "l2"):
        raise ValueError(criterion)
    return weight.detach().abs_().sum((1, 2, 3)) if criterion == "l1" else weight.square().sum((1, 2, 3)).sqrt()


def channel_importance_l2_in_place(weight, criterion):
    """The same for the squares. Loses: leaves its inputs as they were."""
    if criterion not in ("l1", "l2"):
        raise ValueError(criterion)
    return weight.abs().sum((1, 2, 3)) if criterion == "l1" else weight.detach().pow_(2).sum((1, 2, 3)).sqrt()


def channel_importance_as_numpy(weight, criterion):
    """Right, but no later cell can use it. Loses: all but refuses another criterion."""
    if criterion not in ("l1", "l2"):
        raise ValueError(criterion)
    return weight.flatten(1).norm(1 if criterion == "l1" else 2, dim=1).numpy()


def remove_channels_in_place(conv_weight, conv_bias, next_weight, keep):
    """Cuts rightly, and writes into the tensor that it got. Loses: leaves its inputs as they were."""
    result = conv_weight[keep], None if conv_bias is None else conv_bias[keep], next_weight[:, keep]
    conv_weight.detach().abs_()
    return result


def remove_channels_needs_a_bias(conv_weight, conv_bias, next_weight, keep):
    """Indexes None. Loses: without a bias. Hints: There is no bias here."""
    return conv_weight[keep], conv_bias[keep], next_weight[:, keep]


def remove_channels_zeroes(conv_weight, conv_bias, next_weight, keep):
    """Sets to zero, in place, what should go: the shapes stay. Loses: all but keeps all."""
    gone = [channel for channel in range(len(conv_weight)) if channel not in keep]
    conv_weight[gone] = 0
    next_weight[:, gone] = 0
    return conv_weight, conv_bias, next_weight


def sensitivity_transposed(evaluate, names, sparsities):
    """One list for each sparsity. Loses: all but asks once for each pair."""
    return {sparsity: [evaluate(name, sparsity) for name in names] for sparsity in sparsities}


def sensitivity_sorted(evaluate, names, sparsities):
    """Sorts the sparsities. Loses: keeps the order of the sparsities."""
    return {name: [evaluate(name, sparsity) for sparsity in sorted(sparsities)] for name in names}


def sensitivity_last_only(evaluate, names, sparsities):
    """Overwrites instead of appending. Loses: all but one layer, one sparsity; asks once for each
    pair.
    """
    table = {}
    for name in names:
        for sparsity in sparsities:
            table[name] = [evaluate(name, sparsity)]
    return table


def sensitivity_asks_twice(evaluate, names, sparsities):
    """Every value measured twice. Loses: asks once for each pair. Hints: How often does your function call evaluate."""
    return {name: [max(evaluate(name, sparsity), evaluate(name, sparsity)) for sparsity in sparsities] for name in names}


def sensitivity_in_tensors(evaluate, names, sparsities):
    """Values rounded to a tensor's float32. Loses: all but no sparsities, empty lists; asks once for
    each pair.
    """
    return {name: [torch.tensor(evaluate(name, sparsity)) for sparsity in sparsities] for name in names}


def sensitivity_with_a_baseline(evaluate, names, sparsities):
    """Asks for a sparsity that nobody gave. Loses: all but sparsity 0 counts as well."""
    unpruned = {name: evaluate(name, 0.0) for name in names}
    return {name: [evaluate(name, sparsity) if sparsity else unpruned[name] for sparsity in sparsities] for name in names}


def sensitivity_of_lists(evaluate, names, sparsities):
    """One value is not put in a list; sparsity 0 counts as false. Loses: one layer, one sparsity;
    sparsity 0 counts as well.
    """
    table = {name: [evaluate(name, sparsity) for sparsity in sparsities if sparsity] for name in names}
    return {name: values[0] if len(sparsities) == 1 else values for name, values in table.items()}


def nm_mask_writes_into_the_weight(weight, n=2, m=4):
    """Makes the mask in a view of the weight; a parameter does not even allow it. Loses: takes a
    layer's parameter; leaves its inputs as they were.
    """
    if weight.shape[1] % m:
        raise ValueError("in must be a multiple of m")
    groups = weight.view(-1, m)
    kept = groups.abs().topk(n, 1).indices
    groups.zero_().scatter_(1, kept, 1.0)
    return weight


def nm_mask_in_place_behind_detach(weight, n=2, m=4):
    """detach() shares the memory, so abs_() turns the weight's signs. Loses: leaves its inputs as they
    were.
    """
    if weight.shape[1] % m:
        raise ValueError("in must be a multiple of m")
    groups = weight.detach().abs_().reshape(-1, m)
    return torch.zeros_like(groups).scatter_(1, groups.topk(n, 1).indices, 1.0).reshape(weight.shape)


def nm_mask_in_numpy_without_detach(weight, n=2, m=4):
    """Fails on what a layer holds. Loses: takes a layer's parameter. Hints: A layer's weight is a parameter."""
    if weight.shape[1] % m:
        raise ValueError("in must be a multiple of m")
    rank = (-np.abs(weight.numpy())).reshape(-1, m).argsort(1).argsort(1)
    return torch.from_numpy((rank < n).reshape(weight.shape))


def rewind_in_place(initial, final, mask):
    """Writes into the initial weights. Loses: leaves its inputs as they were."""
    return initial.mul_(mask)


def rewind_bools_only(initial, final, mask):
    """~ fails on a mask of numbers. Loses: a mask of numbers. Hints: This mask has the numbers 0.0 and 1.0."""
    return initial.masked_fill(~mask, 0)


def channel_importance_of_anything(weight, criterion):
    """l2 for all that is not l1. Loses: refuses another criterion. Hints: What should happen with a criterion."""
    return weight.abs().sum((1, 2, 3)) if criterion == "l1" else weight.square().sum((1, 2, 3)).sqrt()


def nm_mask_reshapes_first(weight, n=2, m=4):
    """Lets reshape raise its own error. Loses: refuses inputs that m does not divide. Hints: You raise RuntimeError."""
    groups = weight.abs().reshape(weight.shape[0], -1, m)
    return (groups.argsort(2, descending=True).argsort(2) < n).view(weight.shape)


def nm_mask_one_at_least(weight, n=2, m=4):
    """Always removes one of a group. Loses: all of a group."""
    if weight.shape[1] % m:
        raise ValueError("in must be a multiple of m")
    groups = weight.abs().reshape(-1, m)
    return (groups.argsort(1, descending=True).argsort(1) < min(n, m - 1)).view(weight.shape)
