"""Plausible wrong answers to lab 01. The docstring says what is wrong and lists the cases that it must lose, and no other."""

import numpy as np
import torch


def magnitude_mask_by_value(weight, sparsity):
    """Orders the values, not the magnitudes.

    - counts the magnitude, not the sign
    """
    rank = weight.flatten().argsort().argsort()
    return (rank >= round(sparsity * weight.numel())).view_as(weight)


def magnitude_mask_inverted(weight, sparsity):
    """True where the weight goes.

    - keeps the largest half
    - counts the magnitude, not the sign
    - removes exactly round(sparsity * n)
    - counts weights that are already zero
    - sparsity 0 keeps all
    - 98 % of a convolution
    - a single weight
    - takes a layer's parameter
    - leaves the weight as it was
    """
    rank = weight.abs().flatten().argsort().argsort()
    return (rank < round(sparsity * weight.numel())).view_as(weight)


def magnitude_mask_rounded_down(weight, sparsity):
    """int() in place of round().

    - removes exactly round(sparsity * n)
    - takes a layer's parameter
    """
    rank = weight.abs().flatten().argsort().argsort()
    return (rank >= int(sparsity * weight.numel())).view_as(weight)


def magnitude_mask_by_threshold(weight, sparsity):
    """One threshold with >, so equal weights go together.

    - splits equal magnitudes
    - counts weights that are already zero
    - sparsity 0 keeps all
    """
    removed = round(sparsity * weight.numel())
    threshold = weight.abs().flatten().kthvalue(removed).values if removed else 0.0
    return weight.abs() > threshold


def magnitude_mask_in_place(weight, sparsity):
    """Takes the absolute values in place, and prunes the weight too; a parameter does not even allow it.

    - takes a layer's parameter
    - leaves the weight as it was
    """
    rank = weight.abs_().flatten().argsort().argsort()
    mask = (rank >= round(sparsity * weight.numel())).view_as(weight)
    weight *= mask
    return mask


def magnitude_mask_in_place_behind_detach(weight, sparsity):
    """detach() shares the memory, so abs_() turns the weight's signs.

    - leaves the weight as it was
    """
    rank = weight.detach().abs_().flatten().argsort().argsort()
    return (rank >= round(sparsity * weight.numel())).view_as(weight)


def magnitude_mask_one_too_few(weight, sparsity):
    """Off by one.

    - keeps the largest half
    - counts the magnitude, not the sign
    - removes exactly round(sparsity * n)
    - splits equal magnitudes
    - counts weights that are already zero
    - 98 % of a convolution
    - takes a layer's parameter
    - leaves the weight as it was
    """
    rank = weight.abs().flatten().argsort().argsort()
    return (rank >= round(sparsity * weight.numel()) - 1).view_as(weight)


def magnitude_mask_as_numpy(weight, sparsity):
    """Right, but no later cell can use it.

    - keeps the largest half
    - counts the magnitude, not the sign
    - removes exactly round(sparsity * n)
    - splits equal magnitudes
    - counts weights that are already zero
    - sparsity 0 keeps all
    - 98 % of a convolution
    - a single weight
    - takes a layer's parameter
    - leaves the weight as it was
    """
    rank = weight.abs().flatten().argsort().argsort()
    return (rank >= round(sparsity * weight.numel())).view_as(weight).numpy()


def magnitude_mask_flat(weight, sparsity):
    """Forgets the shape.

    - keeps the largest half
    - counts the magnitude, not the sign
    - removes exactly round(sparsity * n)
    - splits equal magnitudes
    - sparsity 0 keeps all
    - 98 % of a convolution
    - takes a layer's parameter
    - leaves the weight as it was
    """
    return weight.abs().flatten().argsort().argsort() >= round(sparsity * weight.numel())


def magnitude_mask_in_numpy_without_detach(weight, sparsity):
    """Fails on what a layer holds.

    - takes a layer's parameter
    """
    size = torch.from_numpy(abs(weight.numpy()))
    return (size.flatten().argsort().argsort() >= round(sparsity * weight.numel())).view(weight.shape)


def magnitude_mask_at_least_one(weight, sparsity):
    """Always removes something.

    - sparsity 0 keeps all
    - a single weight
    """
    rank = weight.abs().flatten().argsort().argsort()
    return (rank >= max(1, round(sparsity * weight.numel()))).view_as(weight)


def _by_rank(size, removed):
    return (size.flatten().argsort().argsort() >= removed).view_as(size)


def global_masks_layer_by_layer(weights, sparsity):
    """The same share of each layer.

    - one threshold for all layers
    - 90 % of all weights
    - a layer may lose everything
    - counts the magnitude, not the sign
    - removes exactly round(sparsity * total)
    - takes parameters of layers
    - leaves the weights as they were
    """
    return {name: _by_rank(weight.abs(), round(sparsity * weight.numel())) for name, weight in weights.items()}


def global_masks_by_value(weights, sparsity):
    """Orders the values, not the magnitudes.

    - counts the magnitude, not the sign
    """
    joined = torch.cat([weight.flatten() for weight in weights.values()])
    parts = _by_rank(joined, round(sparsity * joined.numel())).split([weight.numel() for weight in weights.values()])
    return {name: part.view(weights[name].shape) for name, part in zip(weights, parts, strict=True)}


def global_masks_by_threshold(weights, sparsity):
    """One threshold with >, so equal weights go together.

    - splits equal magnitudes
    - sparsity 0 keeps all
    """
    joined = torch.cat([weight.abs().flatten() for weight in weights.values()])
    removed = round(sparsity * joined.numel())
    threshold = joined.sort().values[removed - 1] if removed else 0
    return {name: weight.abs() > threshold for name, weight in weights.items()}


def global_masks_flat(weights, sparsity):
    """Forgets the shapes of what was cut.

    - one threshold for all layers
    - 90 % of all weights
    - a layer may lose everything
    - counts the magnitude, not the sign
    - splits equal magnitudes
    - sparsity 0 keeps all
    - takes parameters of layers
    - leaves the weights as they were
    """
    joined = torch.cat([weight.abs().flatten() for weight in weights.values()])
    parts = _by_rank(joined, round(sparsity * joined.numel())).split([weight.numel() for weight in weights.values()])
    return dict(zip(weights, parts, strict=True))


def global_masks_in_place_behind_detach(weights, sparsity):
    """detach() shares the memory, so abs_() turns the weights' signs.

    - leaves the weights as they were
    """
    joined = torch.cat([weight.detach().abs_().flatten() for weight in weights.values()])
    parts = _by_rank(joined, round(sparsity * joined.numel())).split([weight.numel() for weight in weights.values()])
    return {name: part.view(weights[name].shape) for name, part in zip(weights, parts, strict=True)}


def global_masks_as_numpy(weights, sparsity):
    """Right, but no later cell can use it.

    - one threshold for all layers
    - 90 % of all weights
    - a layer may lose everything
    - counts the magnitude, not the sign
    - removes exactly round(sparsity * total)
    - splits equal magnitudes
    - sparsity 0 keeps all
    - takes parameters of layers
    - leaves the weights as they were
    """
    joined = torch.cat([weight.flatten() for weight in weights.values()]).abs()
    parts = _by_rank(joined, round(sparsity * joined.numel())).split([weight.numel() for weight in weights.values()])
    return {name: part.view(weights[name].shape).numpy() for name, part in zip(weights, parts, strict=True)}


def global_masks_writes_into_the_dict(weights, sparsity):
    """Puts the masks where the weights were.

    - leaves the weights as they were
    """
    joined = torch.cat([weight.abs().flatten() for weight in weights.values()])
    parts = _by_rank(joined, round(sparsity * joined.numel())).split([weight.numel() for weight in weights.values()])
    for name, part in zip(weights, parts, strict=True):
        weights[name] = part.view(weights[name].shape)
    return weights


def global_masks_rounded_layer_by_layer(weights, sparsity):
    """Rounds for each layer and adds up.

    - removes exactly round(sparsity * total)
    """
    joined = torch.cat([weight.abs().flatten() for weight in weights.values()])
    removed = sum(round(sparsity * weight.numel()) for weight in weights.values())
    parts = _by_rank(joined, removed).split([weight.numel() for weight in weights.values()])
    return {name: part.view(weights[name].shape) for name, part in zip(weights, parts, strict=True)}


def cubic_sparsity_unbounded(step, begin, end, final_sparsity):
    """No bound on either side.

    - 0 before begin
    - final_sparsity after end
    """
    return final_sparsity * (1 - (1 - (step - begin) / (end - begin)) ** 3)


def cubic_sparsity_wrong_way_up(step, begin, end, final_sparsity):
    """Slow at first: t cubed.

    - halfway it is 7/8 of the final sparsity
    - counts from begin
    - takes fractions too
    """
    return final_sparsity * min(max((step - begin) / (end - begin), 0), 1) ** 3


def cubic_sparsity_linear(step, begin, end, final_sparsity):
    """No cube.

    - halfway it is 7/8 of the final sparsity
    - counts from begin
    - takes fractions too
    """
    return final_sparsity * min(max((step - begin) / (end - begin), 0), 1)


def cubic_sparsity_from_zero(step, begin, end, final_sparsity):
    """Counts from step 0, not from begin.

    - counts from begin
    - takes fractions too
    """
    if step <= begin:
        return 0.0
    return final_sparsity * (1 - (1 - min(step / end, 1)) ** 3)


def cubic_sparsity_in_integers(step, begin, end, final_sparsity):
    """// in place of /.

    - halfway it is 7/8 of the final sparsity
    - counts from begin
    - takes fractions too
    """
    return final_sparsity * (1 - (1 - min(max((step - begin) // (end - begin), 0), 1)) ** 3)


def cubic_sparsity_a_step_early(step, begin, end, final_sparsity):
    """Off by one.

    - 0 at begin
    - halfway it is 7/8 of the final sparsity
    - counts from begin
    - takes fractions too
    """
    return final_sparsity * (1 - (1 - min(max((step + 1 - begin) / (end - begin), 0), 1)) ** 3) if step >= begin else 0.0


def cubic_sparsity_only_between(step, begin, end, final_sparsity):
    """Zero after the end as well.

    - final_sparsity at end
    - final_sparsity after end
    """
    if not begin <= step < end:
        return 0.0
    return final_sparsity * (1 - (1 - (step - begin) / (end - begin)) ** 3)


def cubic_sparsity_to_one(step, begin, end, final_sparsity):
    """Forgets where it should end.

    - halfway it is 7/8 of the final sparsity
    - counts from begin
    - final_sparsity at end
    - final_sparsity after end
    - takes fractions too
    - final_sparsity 0 prunes nothing
    """
    return 1 - (1 - min(max((step - begin) / (end - begin), 0), 1)) ** 3


def channel_importance_of_inputs(weight, criterion):
    """Sums over the outputs, so each input gets a number.

    - l1 is the sum of magnitudes
    - l2 is the Euclidean norm
    - negative weights count
    - a single channel
    - kernels of 1 x 1
    - an empty channel counts 0
    - leaves the weight as it was
    """
    if criterion not in ("l1", "l2"):
        raise ValueError(criterion)
    return weight.transpose(0, 1).flatten(1).norm(1 if criterion == "l1" else 2, dim=1)


def channel_importance_without_abs(weight, criterion):
    """Adds up signed values.

    - l1 is the sum of magnitudes
    - negative weights count
    """
    if criterion not in ("l1", "l2"):
        raise ValueError(criterion)
    return weight.sum((1, 2, 3)) if criterion == "l1" else weight.square().sum((1, 2, 3)).sqrt()


def channel_importance_mean(weight, criterion):
    """A mean for l1: right order, wrong number.

    - l1 is the sum of magnitudes
    - negative weights count
    """
    if criterion not in ("l1", "l2"):
        raise ValueError(criterion)
    return weight.abs().mean((1, 2, 3)) if criterion == "l1" else weight.flatten(1).norm(dim=1)


def channel_importance_without_root(weight, criterion):
    """The squared norm, and l2 for everything that is not l1.

    - l2 is the Euclidean norm
    - a single channel
    - an empty channel counts 0
    - refuses another criterion
    - leaves the weight as it was
    """
    return weight.abs().sum((1, 2, 3)) if criterion == "l1" else weight.square().sum((1, 2, 3))


def channel_importance_l1_in_place(weight, criterion):
    """detach() shares the memory, so abs_() turns the weight's signs.

    - leaves the weight as it was
    """
    if criterion not in ("l1", "l2"):
        raise ValueError(criterion)
    return weight.detach().abs_().sum((1, 2, 3)) if criterion == "l1" else weight.square().sum((1, 2, 3)).sqrt()


def channel_importance_l2_in_place(weight, criterion):
    """The same for the squares.

    - leaves the weight as it was
    """
    if criterion not in ("l1", "l2"):
        raise ValueError(criterion)
    return weight.abs().sum((1, 2, 3)) if criterion == "l1" else weight.detach().pow_(2).sum((1, 2, 3)).sqrt()


def channel_importance_as_numpy(weight, criterion):
    """Right, but no later cell can use it.

    - l1 is the sum of magnitudes
    - l2 is the Euclidean norm
    - negative weights count
    - a single channel
    - kernels of 1 x 1
    - an empty channel counts 0
    - leaves the weight as it was
    """
    if criterion not in ("l1", "l2"):
        raise ValueError(criterion)
    return weight.flatten(1).norm(1 if criterion == "l1" else 2, dim=1).numpy()


def channel_importance_squeezed(weight, criterion):
    """Drops an axis of one.

    - a single channel
    """
    if criterion not in ("l1", "l2"):
        raise ValueError(criterion)
    return weight.flatten(1).norm(1 if criterion == "l1" else 2, dim=1).squeeze()


def remove_channels_wrong_axis(conv_weight, conv_bias, next_weight, keep):
    """Cuts the next layer's outputs.

    - keeps three of eight
    - the first channels go
    - without a bias
    - a single channel
    - as many inputs as outputs
    - keeps all
    - leaves the tensors as they were
    """
    return conv_weight[keep], None if conv_bias is None else conv_bias[keep], next_weight[keep % len(next_weight)]


def remove_channels_first_ones(conv_weight, conv_bias, next_weight, keep):
    """Takes keep for a number: the first channels stay.

    - keeps three of eight
    - the first channels go
    - without a bias
    - a single channel
    - as many inputs as outputs
    - leaves the tensors as they were
    """
    k = len(keep)
    return conv_weight[:k], None if conv_bias is None else conv_bias[:k], next_weight[:, :k]


def remove_channels_keeps_the_bias(conv_weight, conv_bias, next_weight, keep):
    """Forgets to cut the bias.

    - keeps three of eight
    - the first channels go
    - a single channel
    - as many inputs as outputs
    - leaves the tensors as they were
    """
    return conv_weight[keep], conv_bias, next_weight[:, keep]


def remove_channels_rescales(conv_weight, conv_bias, next_weight, keep):
    """Makes up for what goes, by very little: values are not to change.

    - keeps three of eight
    - the first channels go
    - without a bias
    - a single channel
    - as many inputs as outputs
    - keeps all
    - leaves the tensors as they were
    """
    return conv_weight[keep], None if conv_bias is None else conv_bias[keep], 1.01 * next_weight[:, keep]


def remove_channels_in_place(conv_weight, conv_bias, next_weight, keep):
    """Cuts rightly, and writes into the tensor that it got.

    - leaves the tensors as they were
    """
    result = conv_weight[keep], None if conv_bias is None else conv_bias[keep], next_weight[:, keep]
    conv_weight.detach().abs_()
    return result


def remove_channels_needs_a_bias(conv_weight, conv_bias, next_weight, keep):
    """Indexes None.

    - without a bias
    """
    return conv_weight[keep], conv_bias[keep], next_weight[:, keep]


def remove_channels_zeroes(conv_weight, conv_bias, next_weight, keep):
    """Sets to zero, in place, what should go: the shapes stay.

    - keeps three of eight
    - the first channels go
    - without a bias
    - a single channel
    - as many inputs as outputs
    - leaves the tensors as they were
    """
    gone = [channel for channel in range(len(conv_weight)) if channel not in keep]
    conv_weight[gone] = 0
    next_weight[:, gone] = 0
    return conv_weight, conv_bias, next_weight


def remove_channels_squeezed(conv_weight, conv_bias, next_weight, keep):
    """Drops an axis of one.

    - a single channel
    - as many inputs as outputs
    """
    return conv_weight[keep].squeeze(), None if conv_bias is None else conv_bias[keep], next_weight[:, keep].squeeze()


def sensitivity_transposed(evaluate, names, sparsities):
    """One list for each sparsity.

    - every layer at every sparsity
    - keeps the order of the sparsities
    - one layer, one sparsity
    - sparsity 0 counts as well
    - no sparsities, empty lists
    """
    return {sparsity: [evaluate(name, sparsity) for name in names] for sparsity in sparsities}


def sensitivity_sorted(evaluate, names, sparsities):
    """Sorts the sparsities.

    - keeps the order of the sparsities
    """
    return {name: [evaluate(name, sparsity) for sparsity in sorted(sparsities)] for name in names}


def sensitivity_last_only(evaluate, names, sparsities):
    """Overwrites instead of appending.

    - every layer at every sparsity
    - keeps the order of the sparsities
    - sparsity 0 counts as well
    - no sparsities, empty lists
    """
    table = {}
    for name in names:
        for sparsity in sparsities:
            table[name] = [evaluate(name, sparsity)]
    return table


def sensitivity_asks_twice(evaluate, names, sparsities):
    """Every value measured twice.

    - asks once for each pair
    """
    return {name: [max(evaluate(name, sparsity), evaluate(name, sparsity)) for sparsity in sparsities] for name in names}


def sensitivity_in_tensors(evaluate, names, sparsities):
    """Values rounded to a tensor's float32.

    - every layer at every sparsity
    - keeps the order of the sparsities
    - one layer, one sparsity
    - sparsity 0 counts as well
    """
    return {name: [torch.tensor(evaluate(name, sparsity)) for sparsity in sparsities] for name in names}


def sensitivity_with_a_baseline(evaluate, names, sparsities):
    """Asks for a sparsity that nobody gave.

    - every layer at every sparsity
    - keeps the order of the sparsities
    - one layer, one sparsity
    - no sparsities, empty lists
    - asks once for each pair
    """
    unpruned = {name: evaluate(name, 0.0) for name in names}
    return {name: [evaluate(name, sparsity) if sparsity else unpruned[name] for sparsity in sparsities] for name in names}


def sensitivity_of_lists(evaluate, names, sparsities):
    """One value is not put in a list; sparsity 0 counts as false.

    - one layer, one sparsity
    - sparsity 0 counts as well
    """
    table = {name: [evaluate(name, sparsity) for sparsity in sparsities if sparsity] for name in names}
    return {name: values[0] if len(sparsities) == 1 else values for name, values in table.items()}


def nm_mask_along_outputs(weight, n=2, m=4):
    """Groups down the outputs.

    - 2 of 4 in every group
    - 1 of 4
    - 5 of 8
    - counts the magnitude, not the sign
    - exactly n among equal weights
    - takes a layer's parameter
    - leaves the weight as it was
    """
    if weight.shape[1] % m:
        raise ValueError("in must be a multiple of m")
    groups = weight.abs().t().reshape(-1, m)
    mask = torch.zeros_like(groups, dtype=torch.bool).scatter_(1, groups.topk(n, 1).indices, True)
    return mask.reshape(weight.shape[1], weight.shape[0]).t()


def nm_mask_by_value(weight, n=2, m=4):
    """Orders the values, not the magnitudes.

    - counts the magnitude, not the sign
    """
    if weight.shape[1] % m:
        raise ValueError("in must be a multiple of m")
    groups = weight.reshape(-1, m)
    return torch.zeros_like(groups).scatter_(1, groups.topk(n, 1).indices, 1.0).reshape(weight.shape)


def nm_mask_by_threshold(weight, n=2, m=4):
    """Keeps all that equal the n-th.

    - exactly n among equal weights
    """
    if weight.shape[1] % m:
        raise ValueError("in must be a multiple of m")
    groups = weight.abs().reshape(-1, m)
    return (groups >= groups.topk(n, 1).values[:, -1:]).reshape(weight.shape)


def nm_mask_always_two_of_four(weight, n=2, m=4):
    """Does not look at n and m, and refuses nothing by name.

    - 1 of 4
    - 5 of 8
    - refuses inputs that m does not divide
    """
    groups = weight.abs().reshape(weight.shape[0], -1, 4)
    return torch.zeros_like(groups).scatter_(2, groups.topk(2, 2).indices, 1.0).reshape(weight.shape)


def nm_mask_writes_into_the_weight(weight, n=2, m=4):
    """Makes the mask in a view of the weight; a parameter does not even allow it.

    - takes a layer's parameter
    - leaves the weight as it was
    """
    if weight.shape[1] % m:
        raise ValueError("in must be a multiple of m")
    groups = weight.view(-1, m)
    kept = groups.abs().topk(n, 1).indices
    groups.zero_().scatter_(1, kept, 1.0)
    return weight


def nm_mask_in_place_behind_detach(weight, n=2, m=4):
    """detach() shares the memory, so abs_() turns the weight's signs.

    - leaves the weight as it was
    """
    if weight.shape[1] % m:
        raise ValueError("in must be a multiple of m")
    groups = weight.detach().abs_().reshape(-1, m)
    return torch.zeros_like(groups).scatter_(1, groups.topk(n, 1).indices, 1.0).reshape(weight.shape)


def nm_mask_in_numpy_without_detach(weight, n=2, m=4):
    """Fails on what a layer holds.

    - takes a layer's parameter
    """
    if weight.shape[1] % m:
        raise ValueError("in must be a multiple of m")
    rank = (-np.abs(weight.numpy())).reshape(-1, m).argsort(1).argsort(1)
    return torch.from_numpy((rank < n).reshape(weight.shape))


def rewind_keeps_final(initial, final, mask):
    """Ordinary pruning: the trained weights stay.

    - kept weights go back to the start
    - a convolution
    - a mask of numbers
    - a mask that keeps all
    - leaves the tensors as they were
    """
    return final * mask


def rewind_inverted(initial, final, mask):
    """The losing ticket.

    - kept weights go back to the start
    - a convolution
    - a mask of numbers
    - a mask that keeps all
    - a mask that removes all
    - leaves the tensors as they were
    """
    return initial * (1 - mask.float())


def rewind_without_the_mask(initial, final, mask):
    """Mask not applied.

    - kept weights go back to the start
    - a convolution
    - a mask of numbers
    - a mask that removes all
    - leaves the tensors as they were
    """
    return initial.clone()


def rewind_in_place(initial, final, mask):
    """Writes into the initial weights.

    - leaves the tensors as they were
    """
    return initial.mul_(mask)


def rewind_final_elsewhere(initial, final, mask):
    """The final weights stay where the mask removes.

    - kept weights go back to the start
    - a convolution
    - a mask of numbers
    - a mask that removes all
    - leaves the tensors as they were
    """
    return torch.where(mask.bool(), initial, final)


def rewind_bools_only(initial, final, mask):
    """~ fails on a mask of numbers.

    - a mask of numbers
    """
    return initial.masked_fill(~mask, 0)
