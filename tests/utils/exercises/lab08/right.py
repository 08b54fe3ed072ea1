"""Right answers to lab 08, each written another way. The name begins with the exercise's; all must get full marks."""

import re

import numpy as np
import torch

from tests.utils.exercises.right_answers import refuse_if


def training_memory_by_a_set(layers, trainable, batch):
    places = {layer["name"]: at for at, layer in enumerate(layers) if layer["weights"]}
    refuse_if(not set(trainable) <= set(places))
    learns = sorted(places[name] for name in trainable)
    sizes = [layers[0]["inputs"], *(layer["outputs"] for layer in layers)]
    keep = {at for at in learns if layers[at]["needs_input"]}
    if learns:
        keep |= {at + 1 for at in range(learns[0] + 1, len(layers)) if layers[at]["needs_output"]}
    states = 4 * sum(layers[at]["weights"] for at in learns)
    parts = {
        "weights": 4 * sum(layer["weights"] for layer in layers),
        "gradients": states,
        "momentum": states,
        "activations": 4 * batch * sum(sizes[at] for at in keep),
    }
    parts["total"] = sum(parts.values())
    return parts


def training_memory_backwards(layers, trainable, batch):
    """From the loss back, until nothing is left that learns. Keeps flags in place of a set."""
    left = {layer["name"] for layer in layers if layer["weights"]} & set(trainable)
    refuse_if(len(left) < len(set(trainable)))
    answer = dict.fromkeys(("total", "activations", "momentum", "gradients"), 0)
    answer["weights"] = sum(4 * layer["weights"] for layer in layers)
    output_is_kept = False
    for layer in reversed(layers):
        if not left:
            break
        learns = layer["name"] in left
        left -= {layer["name"]}
        if layer["needs_output"] and left and not output_is_kept:
            answer["activations"] += 4 * batch * layer["outputs"]
        output_is_kept = learns and layer["needs_input"]
        if output_is_kept:
            answer["activations"] += 4 * batch * layer["inputs"]
        if learns:
            answer["gradients"] += 4 * layer["weights"]
            answer["momentum"] += 4 * layer["weights"]
    answer["total"] = answer["weights"] + answer["gradients"] + answer["momentum"] + answer["activations"]
    return answer


def select_trainable_by_expressions(names, policy):
    layer = lambda name: name.rpartition(".")[0]  # noqa: E731
    if policy == "all":
        found = names[:]
    elif policy == "last":
        found = [name for name in names if layer(name) == layer(names[-1])]
    elif policy == "bias":
        found = [name for name in names if re.search(r"(^|\.)bias$", name)]
    elif policy == "norm":
        found = [name for name in names if re.fullmatch(r"(norm|bn)[0-9]*", layer(name).rpartition(".")[2])]
    elif policy == "last_block":
        blocks = [match[0] for match in (re.match(r".+?\.[0-9]+\.", name) for name in names) if match]
        start = [name.startswith(blocks[-1]) for name in names].index(True) if blocks else len(names)
        found = names[start:]
    else:
        raise ValueError(f"unknown policy {policy}")
    refuse_if(not found)
    return tuple(found)


def select_trainable_by_parts(names, policy):
    split = [name.split(".") for name in names]

    def block(parts):
        digits = [part.isdigit() for part in parts]
        return parts[: digits.index(True) + 1] if True in digits else None

    numbered = [block(parts) for parts in split]
    rules = {
        "all": lambda at: True,
        "last": lambda at: split[at][:-1] == split[-1][:-1],
        "bias": lambda at: split[at][-1] == "bias",
        "norm": lambda at: split[at][-2].strip("0123456789") in {"norm", "bn"},
        "last_block": lambda at: any(numbered) and at >= numbered.index([one for one in numbered if one][-1]),
    }
    refuse_if(policy not in rules)
    found = [name for at, name in enumerate(names) if rules[policy](at)]
    refuse_if(not found)
    return found


def reservoir_update_in_place(buffer, seen, sample, rng):
    if seen < len(buffer):
        buffer[seen] = sample
    else:
        j = rng.integers(0, seen + 1)
        if j < len(buffer):
            buffer[j] = sample
    return buffer


def reservoir_update_with_two_draws(buffer, seen, sample, rng):
    """First whether, then where; a new list."""
    kept = list(buffer)
    if seen < len(kept):
        kept[seen] = sample
    elif rng.random() < len(kept) / (seen + 1):
        kept[rng.choice(len(kept))] = sample
    return kept


def _checked(states, sizes):
    refuse_if(not states or len(states) != len(sizes) or min(sizes) < 0 or sum(sizes) == 0)
    refuse_if(any(set(state) != set(states[0]) for state in states))


def fedavg_by_sums(states, sizes):
    _checked(states, sizes)
    mean = {}
    for name, first in states[0].items():
        total = torch.zeros(first.shape)
        for state, size in zip(states, sizes, strict=True):
            total = total + state[name] * (size / sum(sizes))
        mean[name] = (total if first.is_floating_point() else total.round()).to(first.dtype)
    return mean


def fedavg_as_a_running_mean(states, sizes):
    _checked(states, sizes)
    mean, so_far = {name: value.double() for name, value in states[0].items()}, sizes[0]
    for state, size in zip(states[1:], sizes[1:], strict=True):
        so_far += size
        if so_far:
            mean = {name: value + (state[name].double() - value) * (size / so_far) for name, value in mean.items()}
    return {
        name: (value if states[0][name].is_floating_point() else torch.round(value)).to(states[0][name].dtype)
        for name, value in mean.items()
    }


def forgetting_by_loops(matrix):
    last = len(matrix) - 1
    refuse_if(last < 1)
    lost = [max(matrix[t][k] for t in range(k, last)) - matrix[last][k] for k in range(last)]
    return sum(float(one) for one in lost) / len(lost)


def forgetting_by_amax(matrix):
    refuse_if(len(matrix) < 2)
    best = torch.amax(torch.where(torch.ones_like(matrix).tril() > 0, matrix, -1.0)[:-1], dim=0)
    return (best - matrix[-1])[:-1].double().mean()


def clip_and_noise_by_one_vector(update, clip, sigma, rng):
    refuse_if(clip <= 0 or sigma < 0)
    whole = torch.cat([part.flatten() for part in update.values()])
    whole = whole / max(1.0, float(whole.norm()) / clip)
    whole = whole + torch.as_tensor(rng.standard_normal(len(whole), dtype=np.float32)) * sigma * clip
    parts = whole.split([part.numel() for part in update.values()])
    return {name: part.view(update[name].shape) for name, part in zip(update, parts, strict=True)}


def clip_and_noise_part_by_part(update, clip, sigma, rng):
    refuse_if(not clip > 0 or not sigma >= 0)
    length = sum(float((part.double() ** 2).sum()) for part in update.values()) ** 0.5
    factor = clip / length if length > clip else 1.0
    return {name: part.double() * factor + clip * sigma * torch.from_numpy(rng.normal(size=part.shape)) for name, part in update.items()}
