"""Plausible wrong answers to lab 08 that are not functions of the inputs alone; the others are made of the declared mistakes."""

import numpy as np
import torch


def _memory(layers, trainable, batch):
    """By the steps, one after the other; any name is taken."""
    sizes = [layers[0]["inputs"]] + [layer["outputs"] for layer in layers]
    needed, weights = set(), 0
    after = False
    for at, layer in enumerate(layers):
        needed |= {at + 1} if layer["needs_output"] and after else set()
        if layer["name"] in trainable:
            after, weights = True, weights + layer["weights"]
            needed |= {at} if layer["needs_input"] else set()
    parts = {"weights": 4 * sum(layer["weights"] for layer in layers), "gradients": 4 * weights, "momentum": 4 * weights}
    parts["activations"] = 4 * batch * sum(sizes[at] for at in needed)
    return parts | {"total": sum(parts.values())}


def training_memory_takes_any_name(layers, trainable, batch):
    """Names that no step has count nothing. Loses: refuses a name that no step has; refuses a step without weights.
    Hints: Which error does the docstring name for this; What could relu1 learn.
    """
    known = [layer["name"] for layer in layers if layer["weights"] and layer["name"] in trainable]
    return _memory(layers, known, batch)


def training_memory_takes_any_step(layers, trainable, batch):
    """Steps without weights are taken for steps that learn. Loses: refuses a step without weights. Hints: What could relu1 learn."""
    if not set(trainable) <= {layer["name"] for layer in layers}:
        raise ValueError("unknown")
    return _memory(layers, trainable, batch)


def training_memory_sorts_the_steps(layers, trainable, batch):
    """Changes the list of steps. Loses: leaves what it is given. Hints: Print the inputs before and after."""
    _known(layers, trainable)
    answer = _memory(layers, trainable, batch)
    layers.sort(key=lambda layer: layer["name"], reverse=True)
    return answer


def training_memory_empties_trainable(layers, trainable, batch):
    """Takes names out of trainable. Loses: leaves what it is given. Hints: Print the inputs before and after."""
    _known(layers, trainable)
    answer = _memory(layers, trainable, batch)
    while trainable:
        trainable.pop()
    return answer


def _known(layers, trainable):
    if not set(trainable) <= {layer["name"] for layer in layers if layer["weights"]}:
        raise ValueError("no step with weights has this name")


_POLICIES = ("all", "last", "last_block", "norm", "bias")


def _chosen(names, policy):
    """By the parts of each name; none where no block is."""
    parts = [name.split(".") for name in names]
    blocks = [next((part[: at + 1] for at in range(1, len(part) - 1) if part[at].isdigit()), None) for part in parts]
    last = next((block for block in reversed(blocks) if block), None)
    keeps = {
        "all": lambda at: True,
        "last": lambda at: parts[at][:-1] == parts[-1][:-1],
        "last_block": lambda at: last is not None and at >= blocks.index(last),
        "norm": lambda at: len(parts[at]) > 1 and parts[at][-2].rstrip("0123456789") in ("norm", "bn"),
        "bias": lambda at: parts[at][-1] == "bias",
    }[policy]
    return [name for at, name in enumerate(names) if keeps(at)]


def _select(names, policy):
    if policy not in _POLICIES or not _chosen(names, policy):
        raise ValueError("unknown, or nothing to train")
    return _chosen(names, policy)


def select_trainable_as_a_set(names, policy):
    """A set has no order. Loses: all but refuses an unknown policy; refuses a policy that finds nothing; refuses biases where
    there are none; refuses a last block where there is none.
    """
    return set(_select(names, policy))


def select_trainable_takes_any_policy(names, policy):
    """Knows no error. Loses: refuses an unknown policy; refuses a policy that finds nothing; refuses biases where there are none;
    refuses a last block where there is none. Hints: Which error does the docstring name for this; What would a training without.
    """
    return _chosen(names, policy) if policy in _POLICIES else []


def select_trainable_finds_nothing(names, policy):
    """An empty list is an answer. Loses: refuses a policy that finds nothing; refuses biases where there are none; refuses a last
    block where there is none. Hints: What would a training without weights learn.
    """
    if policy not in _POLICIES:
        raise ValueError("unknown policy")
    return _chosen(names, policy)


def select_trainable_removes(names, policy):
    """Takes the others out of the list that it is given. Loses: leaves the names. Hints: Print the inputs before and after."""
    names[:] = _select(names, policy)
    return names


def reservoir_update_one_number_short(buffer, seen, sample, rng):
    """Draws from `seen` numbers. Loses: the first one that finds no free slot; the one after it; after a stream all are equally
    likely; every slot gives way; a buffer of one slot. Hints: With which probability should sample number n be in a buffer.
    """
    j = seen if seen < len(buffer) else int(rng.integers(0, max(seen, 1)))
    if j < len(buffer):
        buffer[j] = sample
    return buffer


def reservoir_update_always(buffer, seen, sample, rng):
    """The new sample always gets in. Loses: the first one that finds no free slot; the one after it; after a stream all are
    equally likely; every slot gives way; a buffer of one slot. Hints: With which probability should sample number n be.
    """
    if buffer:
        buffer[seen if seen < len(buffer) else rng.integers(len(buffer))] = sample
    return buffer


def reservoir_update_ring(buffer, seen, sample, rng):
    """The oldest is replaced. Loses: the first one that finds no free slot; the one after it; after a stream all are equally
    likely; every slot gives way; a buffer of one slot; the same rng, the same samples.
    """
    if buffer:
        buffer[seen % len(buffer)] = sample
    return buffer


def reservoir_update_first_come(buffer, seen, sample, rng):
    """The first ones stay for ever. Loses: the first one that finds no free slot; the one after it; after a stream all are
    equally likely; every slot gives way; a buffer of one slot; the same rng, the same samples.
    """
    if seen < len(buffer):
        buffer[seen] = sample
    return buffer


def reservoir_update_half(buffer, seen, sample, rng):
    """Gets in by a coin. Loses: the first one that finds no free slot; the one after it; after a stream all are equally likely;
    every slot gives way; a buffer of one slot.
    """
    if seen < len(buffer):
        buffer[seen] = sample
    elif buffer and rng.random() < 0.5:
        buffer[rng.integers(len(buffer))] = sample
    return buffer


def reservoir_update_first_slot(buffer, seen, sample, rng):
    """With the right probability, but always into the first slot. Loses: after a stream all are equally likely; every slot gives
    way. Hints: Which samples stay too long in your buffer, old or new ones.
    """
    if seen < len(buffer):
        buffer[seen] = sample
    elif rng.random() < len(buffer) / (seen + 1):
        buffer[0] = sample
    return buffer


def reservoir_update_random_from_the_start(buffer, seen, sample, rng):
    """Draws a slot also while some are free. Loses: all but a buffer of one slot; a buffer without slots; the same rng, the same
    samples. Hints: Where does a sample go while there is room.
    """
    j = int(rng.integers(seen + 1)) if seen else len(buffer) - 1
    if 0 <= j < len(buffer):
        buffer[j] = sample
    return buffer


def reservoir_update_own_chance(buffer, seen, sample, rng):
    """Does not use the rng. Loses: the same rng, the same samples. Hints: Where does your randomness come from."""
    j = seen if seen < len(buffer) else np.random.randint(seen + 1)
    if j < len(buffer):
        buffer[j] = sample
    return buffer


def reservoir_update_returns_nothing(buffer, seen, sample, rng):
    """Forgets the return. Loses: all. Hints: What does the docstring want back."""
    j = seen if seen < len(buffer) else rng.integers(seen + 1)
    if j < len(buffer):
        buffer[j] = sample


def reservoir_update_appends(buffer, seen, sample, rng):
    """Makes the list longer. Loses: all but a buffer without slots. Hints: How many slots has the buffer after your line."""
    j = seen if seen < len(buffer) else int(rng.integers(seen + 1))
    if None in buffer:
        buffer.append(sample)
    elif j < len(buffer):
        buffer[j] = sample
    return buffer


def reservoir_update_one_slot_too_far(buffer, seen, sample, rng):
    """<= for <. Loses: all but fills the free slots; samples that are tensors. Hints: Which is the last valid index here."""
    if seen <= len(buffer):
        buffer[seen] = sample
        return buffer
    j = int(rng.integers(seen + 1))
    if j < len(buffer):
        buffer[j] = sample
    return buffer


def reservoir_update_looks_for_none(buffer, seen, sample, rng):
    """Compares tensors with ==. Loses: samples that are tensors. Hints: How does your function see that a slot is free."""
    free = [at for at, held in enumerate(buffer) if torch.as_tensor(held == None).all()]  # noqa: E711
    j = free[0] if free else int(rng.integers(seen + 1))
    if buffer and any(held is not None and held == sample for held in buffer):
        return buffer
    if j < len(buffer):
        buffer[j] = sample
    return buffer


def reservoir_update_needs_slots(buffer, seen, sample, rng):
    """Takes the remainder of a division by the number of slots. Loses: a buffer without slots. Hints: What can be kept without."""
    j = seen % len(buffer) if seen < len(buffer) else int(rng.integers(seen + 1))
    if seen // len(buffer) == 0 or j < len(buffer):
        buffer[j] = sample
    return buffer


def _refuse(states, sizes):
    if not states or len(states) != len(sizes) or min(sizes) < 0 or sum(sizes) == 0:
        raise ValueError("sizes do not fit")
    if any(set(state) != set(states[0]) for state in states):
        raise ValueError("other names")


def _average(states, sizes):
    mean = {}
    for name, first in states[0].items():
        total = sum(size / sum(sizes) * state[name].double() for state, size in zip(states, sizes, strict=True))
        mean[name] = (total if first.is_floating_point() else total.round()).to(first.dtype)
    return mean


def fedavg_floats_everywhere(states, sizes):
    """Counters become floats. Loses: counters stay integers; counters are rounded; equal counters stay; the first client's dtypes.
    Hints: Which dtype has a counter after the averaging.
    """
    _refuse(states, sizes)
    shares = [size / sum(sizes) for size in sizes]
    return {name: sum(s * state[name].float() for s, state in zip(shares, states, strict=True)).round(decimals=6) for name in states[0]}


def fedavg_in_common_dtypes(states, sizes):
    """int64 and float32, whatever the clients have. Loses: the first client's dtypes. Hints: Which dtypes has the first client."""
    _refuse(states, sizes)
    return {name: part.float() if part.is_floating_point() else part.long() for name, part in _average(states, sizes).items()}


def fedavg_counters_in_half(states, sizes):
    """Counters are added up in half precision. Loses: equal counters stay. Hints: Is a mean of equal numbers that number."""
    _refuse(states, sizes)
    mean = _average(states, sizes)
    for name, first in states[0].items():
        if not first.is_floating_point():
            total = sum(size / sum(sizes) * state[name].bfloat16().float() for state, size in zip(states, sizes, strict=True))
            mean[name] = total.round().to(first.dtype)
    return mean


def fedavg_zips(states, sizes):
    """Stops at the end of the shorter list. Loses: refuses a size too few; refuses a size too many.
    Hints: What does zip do when one list is shorter.
    """
    few = min(len(states), len(sizes))
    _refuse(states[:few], sizes[:few])
    return _average(states[:few], sizes[:few])


def fedavg_with_sizes_left_over(states, sizes):
    """Asks for enough sizes only. Loses: refuses a size too many. Hints: What does zip do when one list is shorter."""
    if len(sizes) < len(states):
        raise ValueError("a size is missing")
    _refuse(states, sizes[: len(states)])
    return _average(states, sizes[: len(states)])


def fedavg_counts_names(states, sizes):
    """As many names are the same names. Loses: refuses as many other names. Hints: Do both networks have the same names."""
    if any(len(state) != len(states[0]) for state in states):
        raise ValueError("other names")
    states = [dict(zip(states[0], state.values(), strict=True)) for state in states]
    _refuse(states, sizes)
    return _average(states, sizes)


def fedavg_takes_more_names(states, sizes):
    """Asks for the first one's names only. Loses: refuses a name too many. Hints: Do both networks have the same names."""
    if any(not set(states[0]) <= set(state) for state in states):
        raise ValueError("a name is missing")
    states = [{name: state[name] for name in states[0]} for state in states]
    _refuse(states, sizes)
    return _average(states, sizes)


def fedavg_takes_all(states, sizes):
    """Refuses nothing. Loses: refuses a size too few; refuses a size too many; refuses no clients; refuses sizes that are all 0;
    refuses a negative size; refuses a name too many; refuses a name too few; refuses as many other names.
    """
    if not states:
        return {}
    few = min(len(states), len(sizes))
    whole = sum(sizes) or 1
    known = [{name: state.get(name, first) for name, first in states[0].items()} for state in states[:few]]
    return _average(known, sizes[:few]) if sum(sizes[:few]) else {name: 0 * part / whole for name, part in states[0].items()}


def fedavg_in_place(states, sizes):
    """Adds up in the first state. Loses: leaves the states as they were. Hints: Print the inputs before and after."""
    _refuse(states, sizes)
    for name, mean in _average(states, sizes).items():
        states[0][name].copy_(mean)
    return states[0]


def forgetting_in_place(matrix):
    """Changes the matrix. Loses: leaves the matrix as it was. Hints: Print the inputs before and after."""
    lost = _forgotten(matrix)
    matrix[-1, :-1] -= lost
    return lost


def forgetting_of_one_task(matrix):
    """The mean of nothing is NaN. Loses: refuses a single task; refuses no task. Hints: Which error does the docstring name."""
    return torch.zeros(0).mean() if len(matrix) < 2 else _forgotten(matrix)


def forgetting_of_no_task(matrix):
    """One task is refused, and none is not. Loses: refuses no task. Hints: Which error does the docstring name for this."""
    return _forgotten(matrix) if len(matrix) else 0.0


def forgetting_what_is_left(matrix):
    """The accuracy that is left. Loses: all but refuses a single task; refuses no task."""
    if len(matrix) < 2:
        raise ValueError("two tasks at least")
    return matrix[-1, :-1].mean()


def forgetting_rounded(matrix):
    """Prints well. Loses: all but nothing is forgotten; refuses a single task; refuses no task. Hints: Take one task."""
    return float(round(_forgotten(matrix)))


def _forgotten(matrix):
    if len(matrix) < 2:
        raise ValueError("two tasks at least")
    last = len(matrix) - 1
    return float(sum(matrix[k:last, k].max() - matrix[last, k] for k in range(last)) / last)


def _length(update):
    return float(torch.cat([part.flatten() for part in update.values()]).norm())


def _draw(part, deviation, rng):
    return torch.from_numpy(rng.normal(0, deviation, part.shape)).to(part.dtype)


def _factor(update, clip, sigma):
    if clip <= 0 or sigma < 0:
        raise ValueError("clip above 0, sigma at least 0")
    return min(1.0, clip / max(1e-12, _length(update)))


def clip_and_noise_sigma_alone(update, clip, sigma, rng):
    """The noise does not grow with clip. Loses: the noise of a long clip; the noise of a short clip. Hints: How large is the noise."""
    factor = _factor(update, clip, sigma)
    return {name: part * factor + _draw(part, sigma, rng) for name, part in update.items()}


def clip_and_noise_clips_the_noise(update, clip, sigma, rng):
    """First noise, then clip. Loses: the noise of a long clip; the noise of a short clip. Hints: How large is the noise."""
    _factor(update, clip, sigma)
    loud = {name: part + _draw(part, sigma * clip, rng) for name, part in update.items()}
    return {name: part * _factor(loud, clip, sigma) for name, part in loud.items()}


def clip_and_noise_uniform(update, clip, sigma, rng):
    """Of the right size, but not normal. Loses: the noise of a long clip; the noise of a short clip.
    Hints: Which distribution does the noise have.
    """
    factor, reach = _factor(update, clip, sigma), 3**0.5 * sigma * clip
    return {name: part * factor + torch.from_numpy(rng.uniform(-reach, reach, part.shape)).float() for name, part in update.items()}


def clip_and_noise_own_chance(update, clip, sigma, rng):
    """Torch's own generator. Loses: the same rng, the same noise. Hints: Where does your randomness come from."""
    factor = _factor(update, clip, sigma)
    return {name: part * factor + sigma * clip * torch.randn(part.shape) for name, part in update.items()}


def clip_and_noise_one_number(update, clip, sigma, rng):
    """One draw for all. Loses: the noise of a long clip; the noise of a short clip. Hints: How large is the noise."""
    factor, noise = _factor(update, clip, sigma), float(rng.normal(0, sigma * clip))
    return {name: part * factor + noise for name, part in update.items()}


def clip_and_noise_the_same_twice(update, clip, sigma, rng):
    """Tensors of one shape share their noise. Loses: the noise of a long clip; the noise of a short clip. Hints: Do two tensors share."""
    factor, drawn = _factor(update, clip, sigma), {}
    for part in update.values():
        drawn.setdefault(part.shape, _draw(part, sigma * clip, rng))
    return {name: part * factor + drawn[part.shape] for name, part in update.items()}


def clip_and_noise_in_place(update, clip, sigma, rng):
    """Changes the update, and refuses nothing. Loses: refuses clip 0; refuses a negative clip; refuses a negative sigma;
    leaves the update as it was.
    """
    length = _length(update)
    for part in update.values():
        if length > clip:
            part.mul_(clip / length)
        part.add_(_draw(part, abs(sigma * clip), rng))
    return update
