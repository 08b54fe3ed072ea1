"""Right answers to lab 01, each written another way. The name begins with the exercise's; all must get full marks."""

import numpy as np
import torch

from tests.utils.exercises.right_answers import refuse_if


def magnitude_mask_in_numpy(weight, sparsity):
    size = np.abs(weight.detach().numpy()).ravel()
    order = sorted(range(size.size), key=lambda at: (size[at], -at))  # another choice among ties
    mask = np.ones(size.size, dtype=np.int64)
    mask[order[: round(sparsity * size.size)]] = 0
    return torch.from_numpy(mask.reshape(tuple(weight.shape)))


def magnitude_mask_by_rank(weight, sparsity):
    rank = weight.abs().flatten().argsort().argsort()
    return (rank >= round(sparsity * weight.numel())).view_as(weight)


def global_masks_by_rank(weights, sparsity):
    rank = torch.cat([weight.flatten() for weight in weights.values()]).abs().argsort().argsort()
    keep, masks, start = rank >= round(sparsity * len(rank)), {}, 0
    for name, weight in weights.items():
        masks[name] = keep[start : start + weight.numel()].view(weight.shape)
        start += weight.numel()
    return masks


def global_masks_one_by_one(weights, sparsity):
    entries = [(abs(float(value)), name, at) for name, weight in weights.items() for at, value in enumerate(weight.detach().flatten())]
    masks = {name: torch.ones(weight.numel(), dtype=torch.uint8) for name, weight in weights.items()}
    for _, name, at in sorted(entries)[: round(sparsity * len(entries))]:
        masks[name][at] = 0
    return {name: mask.reshape(weights[name].shape) for name, mask in masks.items()}


def cubic_sparsity_by_cases(step, begin, end, final_sparsity):
    if step <= begin:
        return 0  # an int is a number too
    if step >= end:
        return final_sparsity
    t = (step - begin) / (end - begin)
    return final_sparsity * (3 * t - 3 * t**2 + t**3)


def cubic_sparsity_as_tensor(step, begin, end, final_sparsity):
    t = torch.clamp(torch.tensor((step - begin) / (end - begin)), 0, 1)
    return final_sparsity * (1 - (1 - t).pow(3))


def channel_importance_by_sums(weight, criterion):
    if criterion == "l1":
        return weight.abs().sum(dim=(1, 2, 3))
    if criterion == "l2":
        return weight.double().square().sum(dim=(1, 2, 3)).sqrt()
    raise ValueError(criterion)


def channel_importance_by_norms(weight, criterion):
    order = {"l1": 1, "l2": 2}
    refuse_if(criterion not in order)
    return torch.stack([torch.linalg.vector_norm(channel, order[criterion]) for channel in weight])


def remove_channels_by_index_select(conv_weight, conv_bias, next_weight, keep):
    bias = conv_bias.index_select(0, keep) if conv_bias is not None else None
    return [conv_weight.index_select(0, keep), bias, next_weight.index_select(1, keep)]


def remove_channels_by_stacking(conv_weight, conv_bias, next_weight, keep):
    bias = torch.zeros(len(keep)) if conv_bias is None else torch.stack([conv_bias[k] for k in keep])  # zeros compute what None does
    return torch.stack([conv_weight[k] for k in keep]), bias, torch.stack([next_weight[:, k] for k in keep], dim=1)


def sensitivity_by_comprehension(evaluate, names, sparsities):
    return {name: [evaluate(name, sparsity) for sparsity in sparsities] for name in names}


def sensitivity_by_loops(evaluate, names, sparsities):
    table = {}
    for name in reversed(names):
        table[name] = ()
        for sparsity in sparsities:
            table[name] += (evaluate(name=name, sparsity=sparsity),)
    return table


def nm_mask_by_topk(weight, n=2, m=4):
    refuse_if(weight.shape[1] % m != 0)
    groups = weight.abs().reshape(-1, m)
    mask = torch.zeros(groups.shape, dtype=torch.bool)
    mask.scatter_(1, groups.topk(n, dim=1).indices, True)
    return mask.reshape(weight.shape)


def nm_mask_by_loops(weight, n=2, m=4):
    refuse_if(weight.shape[1] % m)
    mask = torch.zeros_like(weight)
    for row in range(weight.shape[0]):
        for start in range(0, weight.shape[1], m):
            group = sorted(range(start, start + m), key=lambda at: -abs(weight[row, at].item()))
            for at in group[:n]:
                mask[row, at] = 1
    return mask


def rewind_by_product(initial, final, mask):
    return initial * mask


def rewind_by_copy(initial, final, mask):
    ticket = initial.clone()
    ticket[~mask.bool()] = 0
    return ticket.double()
