"""Plausible wrong answers to lab 08 that are not functions of the inputs alone; the others are made of the declared mistakes."""

import numpy as np
import torch

_WHICH_ERROR = "Hints: Which error does the docstring name for this"


def training_memory_takes_any_step(layers, trainable, batch):
    """Steps without weights are taken for steps that learn. Loses: refuses a step without weights. Hints: What could relu1 learn."""
    if not set(trainable) <= {layer["name"] for layer in layers}:
        raise ValueError("no step has this name")
    sizes = [layers[0]["inputs"]] + [layer["outputs"] for layer in layers]
    needed, weights, after = set(), 0, False
    for at, layer in enumerate(layers):
        needed |= {at + 1} if layer["needs_output"] and after else set()
        if layer["name"] in trainable:
            after, weights = True, weights + layer["weights"]
            needed |= {at} if layer["needs_input"] else set()
    parts = {"weights": 4 * sum(layer["weights"] for layer in layers), "gradients": 4 * weights, "momentum": 4 * weights}
    parts["activations"] = 4 * batch * sum(sizes[at] for at in needed)
    return parts | {"total": sum(parts.values())}


def _chosen(names, policy, nothing_is_refused=True):
    """By the parts of each name."""
    parts = [name.split(".") for name in names]
    blocks = [next((part[: at + 1] for at in range(1, len(part) - 1) if part[at].isdigit()), None) for part in parts]
    last = next((block for block in reversed(blocks) if block), None)
    keeps = {
        "all": lambda at: True,
        "last": lambda at: parts[at][:-1] == parts[-1][:-1],
        "last_block": lambda at: last is not None and at >= blocks.index(last),
        "norm": lambda at: len(parts[at]) > 1 and parts[at][-2].rstrip("0123456789") in ("norm", "bn"),
        "bias": lambda at: parts[at][-1] == "bias",
    }
    found = [name for at, name in enumerate(names) if policy in keeps and keeps[policy](at)]
    if policy not in keeps or (nothing_is_refused and not found):
        raise ValueError("unknown, or nothing to train")
    return found


def select_trainable_finds_nothing(names, policy):
    """An empty list is an answer. Loses: refuses a policy that finds nothing; refuses biases where there are none; refuses a last
    block where there is none. Hints: What would a training without weights learn.
    """
    return _chosen(names, policy, nothing_is_refused=False)


def select_trainable_as_a_set(names, policy):
    """A set has no order. Loses: all but refuses *."""
    return set(_chosen(names, policy))


def _reservoir(drawn, fills=True):
    """drawn: (buffer, seen, rng) -> the slot, or a number that is none. fills: free slots first."""

    def answer(buffer, seen, sample, rng):
        slot = seen if fills and seen < len(buffer) else drawn(buffer, seen, rng)
        if 0 <= slot < len(buffer):
            buffer[slot] = sample
        return buffer

    return answer


_drawn = _reservoir(lambda buffer, seen, rng: int(rng.integers(seen + 1)))


def reservoir_update_returns_nothing(buffer, seen, sample, rng):
    """Forgets the return. Loses: all. Hints: What does the docstring want back."""
    _drawn(buffer, seen, sample, rng)


def reservoir_update_appends(buffer, seen, sample, rng):
    """Makes the list longer. Loses: all but a buffer without slots. Hints: How many slots has the buffer after your line."""
    if None not in buffer:
        return _drawn(buffer, seen, sample, rng)
    buffer.append(sample)
    return buffer


def reservoir_update_one_slot_too_far(buffer, seen, sample, rng):
    """<= for <. Loses: all but fills the free slots; samples that are tensors. Hints: Which is the last valid index here."""
    if seen != len(buffer):
        return _drawn(buffer, seen, sample, rng)
    buffer[seen] = sample
    return buffer


def reservoir_update_looks_for_none(buffer, seen, sample, rng):
    """Compares tensors with ==. Loses: samples that are tensors. Hints: How does your function see that a slot is free."""
    free = [at for at, held in enumerate(buffer) if torch.as_tensor(held == None).all()]  # noqa: E711
    if buffer and any(held is not None and held == sample for held in buffer):
        return buffer
    return _drawn(buffer, free[0] if free else seen, sample, rng)


_FAIR = "the first one that finds no free slot; the one after it; after a stream *; every slot gives way; a buffer of one slot"
_OFTEN = f"Loses: {_FAIR}. Hints: With which probability should sample number n be in a buffer"
_SAME = "the same rng, the same samples"
TABLE = {
    "reservoir_update_one_number_short": (_OFTEN, _reservoir(lambda buffer, seen, rng: int(rng.integers(max(seen, 1))))),
    "reservoir_update_always": (_OFTEN, _reservoir(lambda buffer, seen, rng: rng.integers(len(buffer)) if buffer else 0)),
    "reservoir_update_ring": (f"Loses: {_FAIR}; {_SAME}", _reservoir(lambda buffer, seen, rng: seen % len(buffer) if buffer else 0)),
    "reservoir_update_first_come": (f"Loses: {_FAIR}; {_SAME}", _reservoir(lambda buffer, seen, rng: len(buffer))),
    "reservoir_update_half": (
        f"Loses: {_FAIR}",
        _reservoir(lambda buffer, seen, rng: rng.integers(len(buffer)) if buffer and rng.random() < 0.5 else -1),
    ),
    "reservoir_update_first_slot": (
        "Loses: after a stream *; every slot gives way. Hints: Which samples stay too long in your buffer, old or new ones",
        _reservoir(lambda buffer, seen, rng: 0 if rng.random() < len(buffer) / (seen + 1) else -1),
    ),
    "reservoir_update_random_from_the_start": (
        f"Loses: all but a buffer of one slot; a buffer without slots; {_SAME}. Hints: Where does a sample go while there is room",
        _reservoir(lambda buffer, seen, rng: int(rng.integers(seen + 1)) if seen else len(buffer) - 1, fills=False),
    ),
    "reservoir_update_own_chance": (
        f"Loses: {_SAME}. Hints: Where does your randomness come from",
        _reservoir(lambda buffer, seen, rng: np.random.randint(seen + 1)),
    ),
    "reservoir_update_needs_slots": (  # divides by their number
        "Loses: a buffer without slots. Hints: What can be kept without",
        _reservoir(lambda buffer, seen, rng: int(rng.integers(seen + 1)) if seen // len(buffer) else seen),
    ),
}


def _refuse(states, sizes):
    if not states or len(states) != len(sizes) or min(sizes) < 0 or sum(sizes) == 0:
        raise ValueError("sizes do not fit")
    if any(set(state) != set(states[0]) for state in states):
        raise ValueError("other names")


def _average(states, sizes, counted=lambda counter: counter.double()):
    """counted: what is added up of a counter."""
    _refuse(states, sizes)
    mean = {}
    for name, first in states[0].items():
        parts = [state[name].double() if first.is_floating_point() else counted(state[name]) for state in states]
        total = sum(size / sum(sizes) * part for size, part in zip(sizes, parts, strict=True))
        mean[name] = (total if first.is_floating_point() else total.round()).to(first.dtype)
    return mean


def fedavg_floats_everywhere(states, sizes):
    """Counters become floats. Loses: counters *; equal counters stay; the first client's dtypes.
    Hints: Which dtype has a counter after the averaging.
    """
    _refuse(states, sizes)
    shares = [size / sum(sizes) for size in sizes]
    return {name: sum(s * state[name].float() for s, state in zip(shares, states, strict=True)).round(decimals=6) for name in states[0]}


def fedavg_takes_more_names(states, sizes):
    """Asks for the first one's names only. Loses: refuses a name too many. Hints: Do both networks have the same names."""
    if any(not set(states[0]) <= set(state) for state in states):
        raise ValueError("a name is missing")
    return _average([{name: state[name] for name in states[0]} for state in states], sizes)


def fedavg_with_sizes_left_over(states, sizes):
    """Asks for enough sizes only. Loses: refuses a size too many. Hints: What does zip do when one list is shorter."""
    if len(sizes) < len(states):
        raise ValueError("a size is missing")
    return _average(states, sizes[: len(states)])


TABLE |= {
    "fedavg_in_common_dtypes": (
        "Loses: the first client's dtypes. Hints: Which dtypes has the first client",  # int64 and float32
        lambda *given: {name: part.float() if part.is_floating_point() else part.long() for name, part in _average(*given).items()},
    ),
    "fedavg_counters_in_half": (
        "Loses: equal counters stay. Hints: Is a mean of equal numbers that number",
        lambda *given: _average(*given, counted=lambda counter: counter.bfloat16().float()),
    ),
    "fedavg_zips": (
        "Loses: refuses a size too *. Hints: What does zip do when one list is shorter",
        lambda states, sizes: _average(states[: len(sizes)], sizes[: len(states)]),
    ),
    "fedavg_counts_names": (
        "Loses: refuses as many other names. Hints: Do both networks have the same names",
        lambda states, sizes: _average(
            [dict(zip(states[0], state.values(), strict=True)) if len(state) == len(states[0]) else {} for state in states], sizes
        ),
    ),
}


def _of_two(matrix):
    if len(matrix) < 2:
        raise ValueError("two tasks at least")
    return matrix


def _forgotten(matrix):
    last = len(_of_two(matrix)) - 1
    return float(sum(matrix[k:last, k].max() - matrix[last, k] for k in range(last)) / last)


_ONE_OR_NONE = "refuses a single task; refuses no task"
TABLE |= {
    "forgetting_of_one_task": (
        f"Loses: {_ONE_OR_NONE}. {_WHICH_ERROR}",
        lambda matrix: _forgotten(matrix) if len(matrix) > 1 else torch.nan,
    ),
    "forgetting_of_no_task": (f"Loses: refuses no task. {_WHICH_ERROR}", lambda matrix: _forgotten(matrix) if len(matrix) else 0.0),
    "forgetting_what_is_left": (f"Loses: all but {_ONE_OR_NONE}", lambda matrix: _of_two(matrix)[-1, :-1].mean()),
    "forgetting_rounded": (
        f"Loses: all but nothing is forgotten; {_ONE_OR_NONE}. Hints: Take one task",
        lambda matrix: float(round(_forgotten(matrix))),
    ),
}


def _factor(update, clip, sigma):
    if clip <= 0 or sigma < 0:
        raise ValueError("clip above 0, sigma at least 0")
    return min(1.0, clip / max(1e-12, float(torch.cat([part.flatten() for part in update.values()]).norm())))


def _draw(part, deviation, rng):
    return torch.from_numpy(rng.normal(0, deviation, part.shape)).to(part.dtype)


def _noisy(noise):
    """noise: (part, clip, sigma, rng) -> what is added to a clipped part."""

    def answer(update, clip, sigma, rng):
        factor = _factor(update, clip, sigma)
        return {name: part * factor + noise(part, clip, sigma, rng) for name, part in update.items()}

    return answer


def clip_and_noise_in_place(update, clip, sigma, rng):
    """Changes the update, and refuses nothing. Loses: refuses *; leaves the update as it was."""
    length = float(torch.cat([part.flatten() for part in update.values()]).norm())
    for part in update.values():
        part.mul_(min(1.0, clip / max(1e-12, length))).add_(_draw(part, abs(sigma * clip), rng))
    return update


def clip_and_noise_clips_the_noise(update, clip, sigma, rng):
    """First noise, then clip. Loses: the noise of a * clip. Hints: How large is the noise."""
    _factor(update, clip, sigma)
    loud = {name: part + _draw(part, sigma * clip, rng) for name, part in update.items()}
    return {name: part * _factor(loud, clip, sigma) for name, part in loud.items()}


def clip_and_noise_one_number(update, clip, sigma, rng):
    """One draw for all. Loses: the noise of a * clip. Hints: How large is the noise."""
    _factor(update, clip, sigma)
    noise = float(rng.normal(0, sigma * clip))
    return _noisy(lambda *_: noise)(update, clip, sigma, rng)


def clip_and_noise_the_same_twice(update, clip, sigma, rng):
    """Tensors of one shape share their noise. Loses: the noise of a * clip. Hints: Do two tensors share."""
    _factor(update, clip, sigma)
    drawn = {part.shape: _draw(part, sigma * clip, rng) for part in update.values()}
    return _noisy(lambda part, *_: drawn[part.shape])(update, clip, sigma, rng)


TABLE |= {
    "clip_and_noise_sigma_alone": (
        "Loses: the noise of a * clip. Hints: How large is the noise",
        _noisy(lambda part, clip, sigma, rng: _draw(part, sigma, rng)),
    ),
    "clip_and_noise_uniform": (
        "Loses: the noise of a * clip. Hints: Which distribution does the noise have",
        _noisy(lambda part, clip, sigma, rng: 3**0.5 * sigma * clip * torch.from_numpy(rng.uniform(-1, 1, part.shape)).float()),
    ),
    "clip_and_noise_own_chance": (
        "Loses: the same rng, the same noise. Hints: Where does your randomness come from",
        _noisy(lambda part, clip, sigma, rng: sigma * clip * torch.randn(part.shape)),
    ),
}
