"""Plausible wrong answers to lab 08 that are not functions of the inputs alone; the others are made of the declared mistakes."""

import torch

from tests.utils.exercises.lab08 import right
from tests.utils.exercises.wrong_answers import edited

_memory, _names, _update = right.training_memory_by_a_set, right.select_trainable_by_parts, right.reservoir_update_in_place
_mean, _forgetting, _noisy = right.fedavg_by_sums, right.forgetting_by_loops, right.clip_and_noise_part_by_part

_ONE_OR_NONE = "refuses a single task; refuses no task"
_WHICH_ERROR = "Hints: Which error does the docstring name for this"
_FAIR = "the first one that finds no free slot; the one after it; after a stream *; every slot gives way; a buffer of one slot"
_OFTEN = f"Loses: {_FAIR}. Hints: With which probability should sample number n be in a buffer"
_SAME = "the same rng, the same samples"
_DRAW = "rng.integers(0, seen + 1)"
TABLE = {
    "training_memory_takes_any_step": (
        "Loses: refuses a step without weights. Hints: What could relu1 learn",
        edited(_memory, {' if layer["weights"]}': "}"}),
    ),
    "select_trainable_as_a_set": ("Loses: all but refuses *", lambda *given: set(_names(*given))),
    "select_trainable_finds_nothing": (
        "Loses: refuses a policy that finds nothing; refuses biases where there are none; refuses a last block where there is none. "
        "Hints: What would a training without weights learn",
        edited(_names, {"not found": "False"}),
    ),
    "reservoir_update_returns_nothing": ("Loses: all. Hints: What does the docstring want back", edited(_update, {"return buffer": ""})),
    "reservoir_update_appends": (
        "Loses: all but a buffer without slots. Hints: How many slots has the buffer after your line",
        edited(_update, {"buffer[seen] = sample": "buffer.append(sample)"}),
    ),
    "reservoir_update_one_slot_too_far": (
        "Loses: all but fills the free slots; samples that are tensors. Hints: Which is the last valid index here",
        edited(_update, {"seen < len(buffer)": "seen <= len(buffer)"}),
    ),
    "reservoir_update_looks_for_the_sample": (  # compares tensors with ==
        "Loses: samples that are tensors. Hints: How does your function see that a slot is free",
        edited(_update, {"    if seen": "    if sample in buffer:\n        return buffer\n    if seen"}),
    ),
    "reservoir_update_one_number_short": (_OFTEN, edited(_update, {_DRAW: "rng.integers(0, max(seen, 1))"})),
    "reservoir_update_always": (_OFTEN, edited(_update, {_DRAW: "rng.integers(len(buffer)) if buffer else 0"})),
    "reservoir_update_ring": (f"Loses: {_FAIR}; {_SAME}", edited(_update, {_DRAW: "seen % max(len(buffer), 1)"})),
    "reservoir_update_first_come": (f"Loses: {_FAIR}; {_SAME}", edited(_update, {_DRAW: "len(buffer)"})),
    "reservoir_update_half": (f"Loses: {_FAIR}", edited(_update, {_DRAW: "rng.integers(2 * len(buffer)) if buffer else 0"})),
    "reservoir_update_first_slot": (
        "Loses: after a stream *; every slot gives way. Hints: Which samples stay too long in your buffer, old or new ones",
        edited(_update, {"buffer[j]": "buffer[0]"}),
    ),
    "reservoir_update_random_from_the_start": (
        f"Loses: all but a buffer of one slot; a buffer without slots; {_SAME}. Hints: Where does a sample go while there is room",
        edited(_update, {"seen < len(buffer)": "buffer and seen == 0", "buffer[seen]": "buffer[-1]"}),
    ),
    "reservoir_update_own_chance": (
        f"Loses: {_SAME}. Hints: Where does your randomness come from",
        edited(_update, {"rng.integers": "np.random.randint"}),
    ),
    "reservoir_update_needs_slots": (  # divides by their number
        "Loses: a buffer without slots. Hints: What can be kept without",
        edited(_update, {"seen < len(buffer)": "seen // len(buffer) == 0"}),
    ),
}


def _each(states, change):
    """change: tensor -> tensor."""
    return [{name: change(part) for name, part in state.items()} for state in states]


def _renamed(states):
    """By the first one's names, where there are as many."""
    return [dict(zip(states[0], state.values(), strict=True)) if len(state) == len(states[0]) else {} for state in states]


_LENGTHS = "Hints: What does zip do when one list is shorter"
TABLE |= {
    "fedavg_takes_more_names": (
        "Loses: refuses a name too many. Hints: Do both networks have the same names",
        edited(_mean, {"_checked(states": "_checked([{name: state[name] for name in states[0] if name in state} for state in states]"}),
    ),
    "fedavg_floats_everywhere": (
        "Loses: counters *; equal counters stay; the first client's dtypes. Hints: Which dtype has a counter after the averaging",
        lambda states, sizes: _mean(_each(states, torch.Tensor.double), sizes),
    ),
    "fedavg_in_common_dtypes": (
        "Loses: the first client's dtypes. Hints: Which dtypes has the first client",
        lambda *given: _each([_mean(*given)], lambda part: part.float() if part.is_floating_point() else part.long())[0],
    ),
    "fedavg_counters_in_half": (
        "Loses: equal counters stay. Hints: Is a mean of equal numbers that number",
        lambda states, sizes: _mean(
            _each(states, lambda part: part if part.is_floating_point() else part.bfloat16().to(part.dtype)), sizes
        ),
    ),
    "fedavg_zips": (f"Loses: refuses a size too *. {_LENGTHS}", lambda states, sizes: _mean(states[: len(sizes)], sizes[: len(states)])),
    "fedavg_with_sizes_left_over": (
        f"Loses: refuses a size too many. {_LENGTHS}",
        lambda states, sizes: _mean(states, sizes[: len(states)]),
    ),
    "fedavg_counts_names": (
        "Loses: refuses as many other names. Hints: Do both networks have the same names",
        lambda states, sizes: _mean(_renamed(states), sizes),
    ),
    "forgetting_of_one_task": (
        f"Loses: {_ONE_OR_NONE}. {_WHICH_ERROR}",
        lambda matrix: _forgetting(matrix) if len(matrix) > 1 else torch.nan,
    ),
    "forgetting_of_no_task": (f"Loses: refuses no task. {_WHICH_ERROR}", lambda matrix: _forgetting(matrix) if len(matrix) else 0.0),
    "forgetting_what_is_left": (f"Loses: all but {_ONE_OR_NONE}", lambda matrix: 0 * _forgetting(matrix) + matrix[-1, :-1].mean()),
    "forgetting_rounded": (
        f"Loses: all but nothing is forgotten; {_ONE_OR_NONE}. Hints: Where are the other digits",
        lambda matrix: float(round(_forgetting(matrix))),
    ),
}
_SIZE = "Loses: the noise of a * clip. Hints: How large is the noise"
_NORMAL, _BEFORE = "rng.normal(size=part.shape)", "    factor ="
TABLE |= {
    "clip_and_noise_in_place": (
        "Loses: refuses *; leaves the update as it was",
        edited(_noisy, {"not clip > 0 or not sigma >= 0": "False", "part.double() * factor": "part.mul_(factor).double()"}),
    ),
    "clip_and_noise_one_number": (
        _SIZE,
        edited(_noisy, {_BEFORE: f"    noise = rng.normal()\n{_BEFORE}", _NORMAL: "np.full(part.shape, noise)"}),
    ),
    "clip_and_noise_the_same_twice": (  # tensors of one shape share their noise
        "Loses: the noise of a * clip. Hints: Do two tensors share",
        edited(_noisy, {_BEFORE: f"    seed = rng.integers(2**30)\n{_BEFORE}", "rng.normal": "np.random.default_rng(seed).normal"}),
    ),
    "clip_and_noise_sigma_alone": (_SIZE, edited(_noisy, {"clip * sigma": "sigma"})),
    "clip_and_noise_clips_the_noise": (
        _SIZE,
        lambda update, clip, sigma, rng: _noisy(_noisy(update, 1e9 * (clip > 0), 1e-9 * sigma * clip, rng), clip, 0.0, rng),
    ),
    "clip_and_noise_uniform": (
        "Loses: the noise of a * clip. Hints: Which distribution does the noise have",
        edited(_noisy, {_NORMAL: "rng.uniform(-(3**0.5), 3**0.5, part.shape)"}),
    ),
    "clip_and_noise_own_chance": (
        "Loses: the same rng, the same noise. Hints: Where does your randomness come from",
        edited(_noisy, {"rng.normal": "np.random.normal"}),
    ),
}
