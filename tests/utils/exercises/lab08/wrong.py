"""Plausible wrong answers to lab 08. The docstring says what is wrong and lists the cases that it must lose, and no other."""

import re

import numpy as np
import torch


def _memory(layers, trainable, batch, tensors, momentum=True):
    """With these tensors kept: numbers, 0 the input; repeats allowed."""
    if not set(trainable) <= {layer["name"] for layer in layers if layer["weights"]}:
        raise ValueError("no step with weights has this name")
    sizes = [layers[0]["inputs"], *(layer["outputs"] for layer in layers)]
    states = 4 * sum(layer["weights"] for layer in layers if layer["name"] in trainable)
    parts = {
        "weights": 4 * sum(layer["weights"] for layer in layers),
        "gradients": states,
        "momentum": states if momentum else 0,
        "activations": 4 * batch * sum(sizes[at] for at in tensors),
    }
    return parts | {"total": sum(parts.values())}


def _inputs(layers, trainable):
    return [at for at, layer in enumerate(layers) if layer["name"] in trainable and layer["needs_input"]]


def _outputs(layers, trainable):
    first = min((at for at, layer in enumerate(layers) if layer["name"] in trainable), default=len(layers))
    return [at + 1 for at in range(first + 1, len(layers)) if layers[at]["needs_output"]]


def _needed(layers, trainable):
    return sorted({*_inputs(layers, trainable), *_outputs(layers, trainable)})


def training_memory_as_if_all_learned(layers, trainable, batch):
    """The activations of full training, whatever learns.

    - the last layer alone
    - one convolution in the middle
    - the norms alone
    - biases alone
    - a ReLU right before it
    - nothing learns
    """
    return _memory(layers, trainable, batch, _needed(layers, [layer["name"] for layer in layers]))


def training_memory_with_frozen_inputs(layers, trainable, batch):
    """From the first step that learns on, the inputs of every step with weights.

    - one convolution in the middle
    - the norms alone
    - biases alone
    """
    first = min((at for at, layer in enumerate(layers) if layer["name"] in trainable), default=len(layers))
    return _memory(layers, trainable, batch, _needed(layers, [layer["name"] for layer in layers[first:]]))


def training_memory_with_every_relu(layers, trainable, batch):
    """The outputs of ReLUs before the first step that learns, too.

    - the last layer alone
    - one convolution in the middle
    - nothing learns
    """
    outputs = [at + 1 for at, layer in enumerate(layers) if layer["needs_output"]]
    return _memory(layers, trainable, batch, sorted({*_inputs(layers, trainable), *outputs}))


def training_memory_without_relus(layers, trainable, batch):
    """The inputs of what learns, and no more.

    - all weights learn, one sample
    - a batch
    - one convolution in the middle
    - the norms alone
    - biases alone
    - leaves what it is given
    """
    return _memory(layers, trainable, batch, _inputs(layers, trainable))


def training_memory_reader_by_reader(layers, trainable, batch):
    """A tensor with two readers counts twice.

    - a tensor with two readers
    """
    return _memory(layers, trainable, batch, _inputs(layers, trainable) + _outputs(layers, trainable))


def training_memory_inputs_of_biases(layers, trainable, batch):
    """Overlooks needs_input.

    - all weights learn, one sample
    - a batch
    - the last layer alone
    - biases alone
    - a tensor with two readers
    - leaves what it is given
    """
    inputs = {at for at, layer in enumerate(layers) if layer["name"] in trainable}
    return _memory(layers, trainable, batch, sorted({*inputs, *_outputs(layers, trainable)}))


def training_memory_of_one_sample(layers, trainable, batch):
    """Overlooks the batch.

    - a batch
    - the last layer alone
    - one convolution in the middle
    - the norms alone
    - biases alone
    - a tensor with two readers
    - a ReLU right before it
    - leaves what it is given
    """
    return _memory(layers, trainable, 1, _needed(layers, trainable))


def training_memory_without_momentum(layers, trainable, batch):
    """Plain gradient descent.

    - all weights learn, one sample
    - a batch
    - the last layer alone
    - one convolution in the middle
    - the norms alone
    - biases alone
    - a tensor with two readers
    - a ReLU right before it
    - leaves what it is given
    """
    return _memory(layers, trainable, batch, _needed(layers, trainable), momentum=False)


def training_memory_in_numbers(layers, trainable, batch):
    """Numbers, not bytes.

    - all weights learn, one sample
    - a batch
    - the last layer alone
    - one convolution in the middle
    - the norms alone
    - biases alone
    - a tensor with two readers
    - a ReLU right before it
    - nothing learns
    - leaves what it is given
    """
    return {part: size // 4 for part, size in _memory(layers, trainable, batch, _needed(layers, trainable)).items()}


def training_memory_takes_any_name(layers, trainable, batch):
    """Names that no step has count nothing.

    - refuses a name that no step has
    - refuses a step without weights
    """
    known = [layer["name"] for layer in layers if layer["weights"] and layer["name"] in trainable]
    return _memory(layers, known, batch, _needed(layers, known))


def training_memory_takes_any_step(layers, trainable, batch):
    """Steps without weights are taken for steps that learn.

    - all weights learn, one sample
    - a batch
    - the last layer alone
    - one convolution in the middle
    - the norms alone
    - biases alone
    - a tensor with two readers
    - a ReLU right before it
    - refuses a step without weights
    - leaves what it is given
    """
    names = [layer["name"] for layer in layers]
    if not set(trainable) <= set(names):
        raise ValueError("unknown")
    return _memory([{**layer, "weights": layer["weights"] or 0.0} for layer in layers], [], batch, [])


def training_memory_sorts_the_steps(layers, trainable, batch):
    """Changes the list of steps.

    - leaves what it is given
    """
    answer = _memory(layers, trainable, batch, _needed(layers, trainable))
    layers.sort(key=lambda layer: layer["name"], reverse=True)
    return answer


def _block(name):
    return next(iter(re.findall(r"^(.*?\.[0-9]+)\.", name)), None)


def _select(names, policy, empty=False, **other):
    """Right, but for the rules given."""
    blocks = [_block(name) for name in names]
    numbered = [block for block in blocks if block]
    last = names[-1].split(".")[:-1]
    rules = {
        "all": lambda name: True,
        "last": lambda name: name.split(".")[:-1] == last,
        "bias": lambda name: name.split(".")[-1] == "bias",
        "norm": lambda name: name.split(".")[-2].rstrip("0123456789") in ("norm", "bn"),
        "last_block": lambda name: bool(numbered) and names.index(name) >= blocks.index(numbered[-1]),
    } | other
    if policy not in rules:
        raise ValueError("unknown policy")
    found = [name for name in names if rules[policy](name)]
    if not found and not empty:
        raise ValueError("nothing to train")
    return found


def select_trainable_by_substrings(names, policy):
    """Looks for the word anywhere.

    - names that look like biases
    - names that look like norms
    """
    return _select(names, policy, norm=lambda name: "norm" in name or "bn" in name, bias=lambda name: "bias" in name)


def select_trainable_last_by_its_beginning(names, policy):
    """Takes what begins like the last layer.

    - names that look like the last
    """
    last = names[-1].rpartition(".")[0]
    return _select(names, policy, last=lambda name: name.startswith(last))


def select_trainable_last_name(names, policy):
    """Of the last layer only the last name.

    - the last layer
    - a last layer in a part
    """
    return _select(names, policy, last=lambda name: name == names[-1])


def select_trainable_first_part(names, policy):
    """The last layer by the first part of its name.

    - a last layer in a part
    """
    return _select(names, policy, last=lambda name: name.split(".")[0] == names[-1].split(".")[0])


def select_trainable_norm_without_numbers(names, policy):
    """Knows no bn1.

    - norms with numbers
    """
    return _select(names, policy, norm=lambda name: name.split(".")[-2] in ("norm", "bn"))


def select_trainable_block_alone(names, policy):
    """The last block without what follows it.

    - the last block
    - twelve blocks
    - blocks in blocks
    """
    last = [block for block in map(_block, names) if block][-1:]
    return _select(names, policy, last_block=lambda name: [_block(name)] == last)


def select_trainable_block_by_letters(names, policy):
    """Finds the last block by a number without its dot: blocks.1 begins blocks.11.

    - twelve blocks
    """
    numbers = sorted(block for block in map(_block, names) if block)
    return _select(names, policy, last_block=lambda name: bool(numbers) and (_block(name) or "~") >= numbers[-1])


def select_trainable_innermost_block(names, policy):
    """Takes the last number of a name.

    - blocks in blocks
    """
    inner = [re.findall(r"^(.*\.[0-9]+)\.", name) for name in names]
    last = next((found for found in reversed(inner) if found), None)
    return _select(names, policy, last_block=lambda name: bool(last) and names.index(name) >= inner.index(last))


def select_trainable_backwards(names, policy):
    """From the last name to the first.

    - all
    - the last layer
    - the norms
    - the biases
    - the last block
    - twelve blocks
    - blocks in blocks
    - norms with numbers
    - a last layer in a part
    - leaves the names
    """
    return _select(names, policy)[::-1]


def select_trainable_as_a_set(names, policy):
    """A set has no order.

    - all
    - the last layer
    - the norms
    - the biases
    - the last block
    - twelve blocks
    - blocks in blocks
    - norms with numbers
    - a last layer in a part
    - names that look like biases
    - names that look like norms
    - names that look like the last
    - leaves the names
    """
    return set(_select(names, policy))


def select_trainable_takes_any_policy(names, policy):
    """Knows no error.

    - refuses an unknown policy
    - refuses a policy that finds nothing
    - refuses a last block where there is none
    """
    return _select(names, policy, empty=True) if policy != "first" else []


def select_trainable_removes(names, policy):
    """Takes the others out of the list that it is given.

    - leaves the names
    """
    chosen = _select(names, policy)
    names[:] = chosen
    return names


def reservoir_update_one_number_short(buffer, seen, sample, rng):
    """Draws from `seen` numbers.

    - the first one that finds no free slot
    - the one after it
    - after a stream all are equally likely
    - every slot gives way
    - a buffer of one slot
    """
    j = seen if seen < len(buffer) else int(rng.integers(0, max(seen, 1)))
    if j < len(buffer):
        buffer[j] = sample
    return buffer


def reservoir_update_always(buffer, seen, sample, rng):
    """The newcomer always gets in: a buffer of the latest.

    - the first one that finds no free slot
    - the one after it
    - after a stream all are equally likely
    - every slot gives way
    - a buffer of one slot
    """
    if buffer:
        buffer[seen if seen < len(buffer) else rng.integers(len(buffer))] = sample
    return buffer


def reservoir_update_ring(buffer, seen, sample, rng):
    """The oldest gives way.

    - the first one that finds no free slot
    - the one after it
    - after a stream all are equally likely
    - every slot gives way
    - a buffer of one slot
    - the same rng, the same samples
    """
    if buffer:
        buffer[seen % len(buffer)] = sample
    return buffer


def reservoir_update_first_come(buffer, seen, sample, rng):
    """The first ones stay for ever.

    - the first one that finds no free slot
    - the one after it
    - after a stream all are equally likely
    - every slot gives way
    - a buffer of one slot
    - the same rng, the same samples
    """
    if seen < len(buffer):
        buffer[seen] = sample
    return buffer


def reservoir_update_half(buffer, seen, sample, rng):
    """Gets in by a coin.

    - the first one that finds no free slot
    - the one after it
    - after a stream all are equally likely
    - every slot gives way
    - a buffer of one slot
    """
    if seen < len(buffer):
        buffer[seen] = sample
    elif buffer and rng.random() < 0.5:
        buffer[rng.integers(len(buffer))] = sample
    return buffer


def reservoir_update_first_slot(buffer, seen, sample, rng):
    """With the right chance, but always into the first slot.

    - after a stream all are equally likely
    - every slot gives way
    """
    if seen < len(buffer):
        buffer[seen] = sample
    elif rng.random() < len(buffer) / (seen + 1):
        buffer[0] = sample
    return buffer


def reservoir_update_random_from_the_start(buffer, seen, sample, rng):
    """Draws a slot also while some are free.

    - fills the free slots
    - changes one slot at a time
    - the first one that finds no free slot
    - the one after it
    - after a stream all are equally likely
    - every slot gives way
    - samples that are tensors
    """
    j = int(rng.integers(seen + 1)) if seen else len(buffer) - 1
    if 0 <= j < len(buffer):
        buffer[j] = sample
    return buffer


def reservoir_update_own_chance(buffer, seen, sample, rng):
    """Does not use the rng.

    - the same rng, the same samples
    """
    j = seen if seen < len(buffer) else np.random.randint(seen + 1)
    if j < len(buffer):
        buffer[j] = sample
    return buffer


def reservoir_update_returns_nothing(buffer, seen, sample, rng):
    """Forgets the return.

    - fills the free slots
    - changes one slot at a time
    - the first one that finds no free slot
    - the one after it
    - after a stream all are equally likely
    - every slot gives way
    - a buffer of one slot
    - a buffer without slots
    - the same rng, the same samples
    - samples that are tensors
    """
    j = seen if seen < len(buffer) else rng.integers(seen + 1)
    if j < len(buffer):
        buffer[j] = sample


def reservoir_update_looks_for_none(buffer, seen, sample, rng):
    """Compares tensors with ==.

    - samples that are tensors
    """
    free = [at for at, held in enumerate(buffer) if torch.as_tensor(held == None).all()]  # noqa: E711
    j = free[0] if free else int(rng.integers(seen + 1))
    if buffer and any(held is not None and held == sample for held in buffer):
        return buffer
    if j < len(buffer):
        buffer[j] = sample
    return buffer


def reservoir_update_needs_slots(buffer, seen, sample, rng):
    """Takes the remainder of a division by the number of slots.

    - a buffer without slots
    """
    j = seen % len(buffer) if seen < len(buffer) else int(rng.integers(seen + 1))
    if seen // len(buffer) == 0 or j < len(buffer):
        buffer[j] = sample
    return buffer


def _refuse(states, sizes):
    if not states or len(states) != len(sizes) or min(sizes) < 0 or sum(sizes) == 0:
        raise ValueError("sizes do not fit")
    if any(set(state) != set(states[0]) for state in states):
        raise ValueError("other names")


def _average(states, shares, whole=torch.round):
    mean = {}
    for name, first in states[0].items():
        total = sum(share * state[name].double() for state, share in zip(states, shares, strict=True))
        mean[name] = (total if first.is_floating_point() else whole(total)).to(first.dtype)
    return mean


def fedavg_equal_shares(states, sizes):
    """Each client counts the same.

    - three clients of other sizes
    - a client without samples
    - counters stay whole numbers
    - counters are rounded
    - leaves the states as they were
    """
    _refuse(states, sizes)
    return _average(states, [1 / len(states)] * len(states))


def fedavg_sum(states, sizes):
    """Is not divided.

    - two clients of equal size
    - three clients of other sizes
    - a single client
    - a client without samples
    - counters stay whole numbers
    - counters are rounded
    - equal counters stay
    - leaves the states as they were
    """
    _refuse(states, sizes)
    return _average(states, sizes)


def fedavg_by_the_largest(states, sizes):
    """Divided by the largest size.

    - two clients of equal size
    - three clients of other sizes
    - a client without samples
    - counters stay whole numbers
    - counters are rounded
    - equal counters stay
    - leaves the states as they were
    """
    _refuse(states, sizes)
    return _average(states, [size / max(sizes) for size in sizes])


def fedavg_whole_numbers_cut(states, sizes):
    """Counters are cut off.

    - counters are rounded
    """
    _refuse(states, sizes)
    return _average(states, [size / sum(sizes) for size in sizes], whole=lambda total: (total + 1e-6).floor())


def fedavg_floats_everywhere(states, sizes):
    """Counters become floats.

    - counters stay whole numbers
    - counters are rounded
    - equal counters stay
    """
    _refuse(states, sizes)
    shares = [size / sum(sizes) for size in sizes]
    return {name: sum(s * state[name].float() for s, state in zip(shares, states, strict=True)).round(decimals=6) for name in states[0]}


def fedavg_counters_of_the_first(states, sizes):
    """Counters are the first client's.

    - counters stay whole numbers
    - counters are rounded
    """
    _refuse(states, sizes)
    mean = _average(states, [size / sum(sizes) for size in sizes])
    return {name: value if value.is_floating_point() else states[0][name] for name, value in mean.items()}


def fedavg_counters_in_half(states, sizes):
    """Counters are added up in half precision.

    - equal counters stay
    """
    _refuse(states, sizes)
    mean = _average(states, [size / sum(sizes) for size in sizes])
    for name, first in states[0].items():
        if not first.is_floating_point():
            mean[name] = torch.stack([state[name] for state in states]).bfloat16().float()
            mean[name] = (mean[name] * torch.tensor(sizes) / sum(sizes)).sum().round().long()
    return mean


def fedavg_zips(states, sizes):
    """Stops at the end of the shorter list.

    - refuses a size too few
    """
    if not states or min(sizes) < 0 or sum(sizes) == 0 or any(set(state) != set(states[0]) for state in states):
        raise ValueError("sizes do not fit")
    return _average(states[: len(sizes)], [size / sum(sizes) for size in sizes])


def fedavg_takes_all(states, sizes):
    """Refuses nothing.

    - refuses a size too few
    - refuses no clients
    - refuses sizes that are all 0
    - refuses a negative size
    - refuses a name too many
    - refuses a name too few
    """
    if not states:
        return {}
    shares = [size / (sum(sizes) or 1) for size in sizes]
    return {
        name: _average([{name: state.get(name, first)} for state in states[: len(sizes)]], shares)[name]
        for name, first in states[0].items()
    }


def fedavg_in_place(states, sizes):
    """Adds up in the first state.

    - leaves the states as they were
    """
    _refuse(states, sizes)
    first, whole = states[0], sum(sizes)
    for name in first:
        mean = sum(size / whole * state[name].double() for state, size in zip(states, sizes, strict=True))
        first[name].copy_(mean if first[name].is_floating_point() else mean.round())
    return first


def _two(matrix):
    if len(matrix) < 2:
        raise ValueError("two tasks at least")


def _best(matrix):
    """Of each task but the last, since it was learnt."""
    _two(matrix)
    learnt = torch.ones_like(matrix).tril().bool()
    return matrix.masked_fill(~learnt, -torch.inf)[:-1, :-1].max(0).values


def forgetting_with_the_last_task(matrix):
    """Divides by all tasks.

    - four tasks
    - two tasks
    - a task that was best later
    - a task that was easy before it was learnt
    - later tasks are not measured yet
    - later tasks helped
    - leaves the matrix as it was
    """
    return (_best(matrix) - matrix[-1, :-1]).sum() / len(matrix)


def forgetting_from_the_diagonal(matrix):
    """From what was reached when the task was learnt.

    - a task that was best later
    """
    _two(matrix)
    return (matrix.diagonal()[:-1] - matrix[-1, :-1]).mean()


def forgetting_from_the_start(matrix):
    """From the first stage.

    - four tasks
    - a task that was best later
    - a task that was easy before it was learnt
    - later tasks are not measured yet
    - later tasks helped
    - leaves the matrix as it was
    """
    _two(matrix)
    return (matrix[0, :-1] - matrix[-1, :-1]).mean()


def forgetting_below_zero(matrix):
    """The other way round.

    - four tasks
    - two tasks
    - a task that was best later
    - a task that was easy before it was learnt
    - later tasks are not measured yet
    - later tasks helped
    - leaves the matrix as it was
    """
    return (matrix[-1, :-1] - _best(matrix)).mean()


def forgetting_with_the_last_stage(matrix):
    """The best of all stages, the last one too.

    - later tasks helped
    """
    return torch.maximum(_best(matrix), matrix[-1, :-1]).sub(matrix[-1, :-1]).mean()


def forgetting_along_rows(matrix):
    """Rows for columns.

    - four tasks
    - two tasks
    - a task that was best later
    - a task that was easy before it was learnt
    - later tasks are not measured yet
    - later tasks helped
    - leaves the matrix as it was
    """
    _two(matrix)
    return (matrix.triu()[:-1, :-1].max(1).values - matrix[:-1, -1]).mean()


def forgetting_of_any_stage(matrix):
    """The best of all stages but the last, also before the task was learnt.

    - a task that was easy before it was learnt
    - later tasks are not measured yet
    """
    _two(matrix)
    return (matrix[:-1, :-1].max(0).values - matrix[-1, :-1]).mean()


def forgetting_zeros_above(matrix):
    """Multiplies by a mask: NaN times 0 is NaN.

    - later tasks are not measured yet
    """
    _two(matrix)
    return ((matrix * torch.ones_like(matrix).tril())[:-1, :-1].max(0).values - matrix[-1, :-1]).mean()


def forgetting_in_place(matrix):
    """Changes the matrix.

    - leaves the matrix as it was
    """
    best = _best(matrix)
    matrix[-1, :-1] -= best
    return -matrix[-1, :-1].mean()


def forgetting_nothing_below_zero(matrix):
    """Help does not count.

    - later tasks helped
    """
    return (_best(matrix) - matrix[-1, :-1]).clamp(min=0).mean()


def forgetting_of_one_task(matrix):
    """The mean of nothing is NaN; and what is left is rounded up.

    - four tasks
    - two tasks
    - a task that was best later
    - a task that was easy before it was learnt
    - later tasks are not measured yet
    - later tasks helped
    - nothing is forgotten
    - refuses a single task
    - leaves the matrix as it was
    """
    if len(matrix) < 2:
        return torch.zeros(0).mean()
    return (_best(matrix) - matrix[-1, :-1]).mean() + 0.01


def _length(update):
    return float(torch.cat([part.flatten() for part in update.values()]).norm())


def _draw(part, deviation, rng):
    return torch.from_numpy(rng.normal(0, deviation, part.shape)).to(part.dtype)


def _check(clip, sigma):
    if clip <= 0 or sigma < 0:
        raise ValueError("clip above 0, sigma at least 0")


def clip_and_noise_part_by_part(update, clip, sigma, rng):
    """Each tensor by its own length.

    - a long update
    - parts that are short, together long
    - leaves the update as it was
    """
    _check(clip, sigma)
    return {name: part * min(1.0, clip / max(1e-12, float(part.norm()))) + _draw(part, sigma * clip, rng) for name, part in update.items()}


def clip_and_noise_value_by_value(update, clip, sigma, rng):
    """Each number by itself.

    - a long update
    - parts that are short, together long
    - the noise of a short clip
    - leaves the update as it was
    """
    _check(clip, sigma)
    return {name: part.clamp(-clip, clip) + _draw(part, sigma * clip, rng) for name, part in update.items()}


def clip_and_noise_always_scales(update, clip, sigma, rng):
    """Makes short updates longer.

    - a short update stays
    """
    _check(clip, sigma)
    factor = clip / max(1e-12, _length(update))
    return {name: part * factor + _draw(part, sigma * clip, rng) for name, part in update.items()}


def clip_and_noise_divides_by_zero(update, clip, sigma, rng):
    """Of zeros it makes NaN.

    - an update of zeros
    """
    _check(clip, sigma)
    factor = torch.tensor(clip) / torch.tensor(_length(update))
    return {name: part * factor - part * (factor - 1).clamp(min=0) + _draw(part, sigma * clip, rng) for name, part in update.items()}


def clip_and_noise_sigma_alone(update, clip, sigma, rng):
    """The noise does not grow with clip.

    - the noise of a long clip
    - the noise of a short clip
    """
    _check(clip, sigma)
    factor = min(1.0, clip / max(1e-12, _length(update)))
    return {name: part * factor + _draw(part, sigma, rng) for name, part in update.items()}


def clip_and_noise_clips_the_noise(update, clip, sigma, rng):
    """First noise, then clip.

    - the noise of a long clip
    - the noise of a short clip
    """
    _check(clip, sigma)
    loud = {name: part + _draw(part, sigma * clip, rng) for name, part in update.items()}
    return {name: part * min(1.0, clip / max(1e-12, _length(loud))) for name, part in loud.items()}


def clip_and_noise_uniform(update, clip, sigma, rng):
    """Of the right size, but not normal.

    - the noise of a long clip
    - the noise of a short clip
    """
    _check(clip, sigma)
    factor, reach = min(1.0, clip / max(1e-12, _length(update))), 3**0.5 * sigma * clip
    return {name: part * factor + torch.from_numpy(rng.uniform(-reach, reach, part.shape)).float() for name, part in update.items()}


def clip_and_noise_own_chance(update, clip, sigma, rng):
    """Torch's own generator.

    - the same rng, the same noise
    """
    _check(clip, sigma)
    factor = min(1.0, clip / max(1e-12, _length(update)))
    return {name: part * factor + sigma * clip * torch.randn(part.shape) for name, part in update.items()}


def clip_and_noise_one_number(update, clip, sigma, rng):
    """One draw for all.

    - the noise of a long clip
    - the noise of a short clip
    """
    _check(clip, sigma)
    factor, noise = min(1.0, clip / max(1e-12, _length(update))), float(rng.normal(0, sigma * clip))
    return {name: part * factor + noise for name, part in update.items()}


def clip_and_noise_in_place(update, clip, sigma, rng):
    """Changes the update, and refuses nothing.

    - the same rng, the same noise
    - refuses clip 0
    - refuses a negative sigma
    - leaves the update as it was
    """
    length = _length(update)
    for part in update.values():
        if length > clip:
            part.mul_(clip / length)
        part.add_(_draw(part, abs(sigma) * clip, rng))
    return update
