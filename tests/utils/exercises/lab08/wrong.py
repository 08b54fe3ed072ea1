"""Plausible wrong answers to lab 08 that are not functions of the inputs alone; the others are made of the declared mistakes."""

import numpy as np
import torch

from tests.utils.exercises.lab08.right import clip_and_noise_part_by_part as right_noisy
from tests.utils.exercises.lab08.right import fedavg_by_sums as right_mean
from tests.utils.exercises.lab08.right import forgetting_by_loops as right_forgetting
from tests.utils.exercises.lab08.right import select_trainable_by_parts as right_names
from tests.utils.exercises.lab08.right import training_memory_by_a_set as right_memory

_ONE_OR_NONE = "refuses a single task; refuses no task"
_WHICH_ERROR = "Hints: Which error does the docstring name for this"


def _without_weightless(layers, trainable):
    weightless = {layer["name"] for layer in layers if not layer["weights"]}
    return [name for name in trainable if name not in weightless]


TABLE = {
    "training_memory_takes_any_step": (
        "Loses: refuses a step without weights. Hints: What could relu1 learn",
        lambda layers, trainable, batch: right_memory(layers, _without_weightless(layers, trainable), batch),
    ),
    "select_trainable_as_a_set": ("Loses: all but refuses *", lambda *given: set(right_names(*given))),
}


def select_trainable_finds_nothing(names, policy):
    """An empty list is an answer. Loses: refuses a policy that finds nothing; refuses biases where there are none; refuses a last
    block where there is none. Hints: What would a training without weights learn.
    """
    try:
        return right_names(names, policy)
    except ValueError:
        if policy in ("last_block", "norm", "bias"):
            return []
        raise


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
TABLE |= {
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


def fedavg_takes_more_names(states, sizes):
    """Asks for the first one's names only. Loses: refuses a name too many. Hints: Do both networks have the same names."""
    if any(not set(states[0]) <= set(state) for state in states):
        raise ValueError("a name is missing")
    return right_mean([{name: state[name] for name in states[0]} for state in states], sizes)


def _each(states, change):
    """change: tensor -> tensor."""
    return [{name: change(part) for name, part in state.items()} for state in states]


def _renamed(states):
    """By the first one's names, where there are as many."""
    return [dict(zip(states[0], state.values(), strict=True)) if len(state) == len(states[0]) else {} for state in states]


_LENGTHS = "Hints: What does zip do when one list is shorter"
TABLE |= {
    "fedavg_floats_everywhere": (
        "Loses: counters *; equal counters stay; the first client's dtypes. Hints: Which dtype has a counter after the averaging",
        lambda states, sizes: right_mean(_each(states, torch.Tensor.double), sizes),
    ),
    "fedavg_in_common_dtypes": (
        "Loses: the first client's dtypes. Hints: Which dtypes has the first client",
        lambda *given: _each([right_mean(*given)], lambda part: part.float() if part.is_floating_point() else part.long())[0],
    ),
    "fedavg_counters_in_half": (
        "Loses: equal counters stay. Hints: Is a mean of equal numbers that number",
        lambda states, sizes: right_mean(
            _each(states, lambda part: part if part.is_floating_point() else part.bfloat16().to(part.dtype)), sizes
        ),
    ),
    "fedavg_zips": (
        f"Loses: refuses a size too *. {_LENGTHS}",
        lambda states, sizes: right_mean(states[: len(sizes)], sizes[: len(states)]),
    ),
    "fedavg_with_sizes_left_over": (
        f"Loses: refuses a size too many. {_LENGTHS}",
        lambda states, sizes: right_mean(states, sizes[: len(states)]),
    ),
    "fedavg_counts_names": (
        "Loses: refuses as many other names. Hints: Do both networks have the same names",
        lambda states, sizes: right_mean(_renamed(states), sizes),
    ),
    "forgetting_of_one_task": (
        f"Loses: {_ONE_OR_NONE}. {_WHICH_ERROR}",
        lambda matrix: right_forgetting(matrix) if len(matrix) > 1 else torch.nan,
    ),
    "forgetting_of_no_task": (f"Loses: refuses no task. {_WHICH_ERROR}", lambda matrix: right_forgetting(matrix) if len(matrix) else 0.0),
    "forgetting_what_is_left": (f"Loses: all but {_ONE_OR_NONE}", lambda matrix: 0 * right_forgetting(matrix) + matrix[-1, :-1].mean()),
    "forgetting_rounded": (
        f"Loses: all but nothing is forgotten; {_ONE_OR_NONE}. Hints: Where are the other digits",
        lambda matrix: float(round(right_forgetting(matrix))),
    ),
}


def _draw(part, deviation, rng):
    return torch.from_numpy(rng.normal(0, deviation, part.shape)).to(part.dtype)


def _noisy(noise):
    """noise: (part, clip, sigma, rng) -> what is added to a clipped part."""

    def answer(update, clip, sigma, rng):
        clipped = right_noisy(update, clip, min(sigma, 0.0), rng)
        return {name: part + noise(part, clip, sigma, rng) for name, part in clipped.items()}

    return answer


def clip_and_noise_in_place(update, clip, sigma, rng):
    """Changes the update, and refuses nothing. Loses: refuses *; leaves the update as it was."""
    for name, part in right_noisy(update, abs(clip) or 1.0, 0.0, rng).items():
        update[name].copy_(part + _draw(part, abs(sigma * clip), rng))
    return update


def clip_and_noise_one_number(update, clip, sigma, rng):
    """One draw for all. Loses: the noise of a * clip. Hints: How large is the noise."""
    noise = float(rng.normal(0, abs(sigma * clip)))
    return _noisy(lambda *_: noise)(update, clip, sigma, rng)


def clip_and_noise_the_same_twice(update, clip, sigma, rng):
    """Tensors of one shape share their noise. Loses: the noise of a * clip. Hints: Do two tensors share."""
    drawn = {part.shape: _draw(part, abs(sigma * clip), rng) for part in update.values()}
    return _noisy(lambda part, *_: drawn[part.shape])(update, clip, sigma, rng)


TABLE |= {
    "clip_and_noise_sigma_alone": (
        "Loses: the noise of a * clip. Hints: How large is the noise",
        lambda update, clip, sigma, rng: right_noisy(update, clip, sigma / (clip or 1.0), rng),
    ),
    "clip_and_noise_clips_the_noise": (
        "Loses: the noise of a * clip. Hints: How large is the noise",
        lambda update, clip, sigma, rng: right_noisy(
            {name: part + _draw(part, abs(sigma * clip), rng) for name, part in update.items()}, clip, min(sigma, 0.0), rng
        ),
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
