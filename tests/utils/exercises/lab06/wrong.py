"""Plausible wrong answers to lab 06 that no function of the inputs can make: the rest are the exercises' own mistakes."""

import bisect
import math
import random
import time

import numpy as np
import torch


def _refuse_photos(photos, mean, std):
    if photos.dtype is not torch.uint8 or not len(mean) == len(std) == photos.shape[-1]:
        raise ValueError("uint8 photos, one mean and one std for each channel")


def _right_images(photos, mean, std):
    _refuse_photos(photos, mean, std)
    return ((photos / 255 - torch.tensor(mean)) / torch.tensor(std)).permute(0, 3, 1, 2).contiguous()


def _refuse_nobody(contestants, rounds):
    if not contestants or rounds < 1:
        raise ValueError("need a function and a round")


def _right_times(contestants, rounds, clock=None):
    _refuse_nobody(contestants, rounds)
    clock, names = clock or time.perf_counter, list(contestants)
    samples = {name: [] for name in names}
    for name in names:
        contestants[name]()
    for _ in range(rounds):
        for name in names:
            start = clock()
            contestants[name]()
            samples[name].append((clock() - start) * 1000)
        names.append(names.pop(0))
    return {name: torch.tensor(samples[name]) for name in contestants}


def _refuse_rounds(a_ms, b_ms):
    if a_ms.shape != b_ms.shape or len(a_ms) < 6:
        raise ValueError("need the same rounds, six or more")


def _right_interval(a_ms, b_ms):
    _refuse_rounds(a_ms, b_ms)
    n = len(a_ms)
    below, k = 0, 0
    while 40 * (below + math.comb(n, k)) <= 2**n:
        below += math.comb(n, k)
        k += 1
    ratios = sorted((a_ms / b_ms).tolist())
    return (ratios[(n - 1) // 2] + ratios[n // 2]) / 2, ratios[k - 1], ratios[n - k]


def _right_plan(tensors):
    """Goes up until nothing is in the way; numpy's integers."""
    placed = []
    for name, size, first, last in sorted(tensors, key=lambda tensor: -tensor[1]):
        offset = 0
        for low, high in sorted((o, o + s) for _, o, s, f, e in placed if f <= last and e >= first):
            if offset + size <= low:
                break
            offset = max(offset, high)
        placed.append((name, offset, size, first, last))
    return {name: np.int64(offset) for name, offset, *_ in placed}


def _right_batches(images, count, batch_size, seed):
    _refuse_draw(images, count, batch_size)
    chosen = np.random.default_rng(seed).choice(len(images), count, replace=False)
    return tuple(images[chosen[start : start + batch_size].copy()] for start in range(0, count, batch_size))


def _right_distance(expected, found):
    if expected.shape != found.shape:
        raise ValueError("other shapes")
    a, b = expected.double(), found.double()
    if torch.isnan(a).any() or torch.isnan(b).any():
        return math.inf
    apart = torch.where(a == b, torch.zeros_like(a), (a - b).abs())
    return apart.max().item() if apart.numel() else 0.0


def _row(values):
    return torch.tensor(values).view(-1, 1, 1)


def _scaled(photos, mean, std):
    return (photos / 255 - torch.tensor(mean)) / torch.tensor(std)


def _prepared(photos, mean, std):
    return ((photos.permute(0, 3, 1, 2) / 255).contiguous() - _row(mean)) / _row(std)


def preprocess_in_float64(photos, mean, std):
    """numpy computes in doubles. Loses: float32, one number after another. Hints: Which dtype does the runtime's file want."""
    return _right_images(photos, mean, std).double()


def preprocess_only_permuted(photos, mean, std):
    """Only the strides change. Loses: float32, one number after another. Hints: permute moves no number."""
    _right_images(photos, mean, std)
    return _scaled(photos, mean, std).permute(0, 3, 1, 2)


def preprocess_by_view(photos, mean, std):
    """Flattens with view. Loses: a part of a larger photo. Hints: This tensor is a part of a larger one."""
    _right_images(photos, mean, std)
    n, h, w, c = photos.shape
    return _scaled(photos.view(n, h * w, c), mean, std).permute(0, 2, 1).contiguous().view(n, c, h, w)


def preprocess_photo_by_photo(photos, mean, std):
    """Stacks the photos, and there may be none. Loses: no photo. Hints: What is the result for no photo."""
    _right_images(photos, mean, std)
    return torch.stack([_prepared(photo[None], mean, std)[0] for photo in photos])


def preprocess_takes_anything(photos, mean, std):
    """Refuses nothing. Loses: refuses photos in float; refuses photos of int8; refuses the mean and std of a gray photo for colors;
    refuses one mean for three channels; refuses one std for three channels; refuses two means and four stds for three channels;
    refuses four for three channels. Hints: Is 1 black or white in these photos; How many channels has the photo; You raise RuntimeError.
    """
    return _prepared(photos, mean, std)


def preprocess_refuses_floats_only(photos, mean, std):
    """Takes any integers. Loses: refuses photos of int8. Hints: Is 1 black or white in these photos."""
    return _right_images(photos if photos.is_floating_point() else photos.to(torch.uint8), mean, std)


def preprocess_counts_std(photos, mean, std):
    """Counts std alone. Loses: refuses one mean for three channels. Hints: How many channels has the photo."""
    return _right_images(photos, (mean * len(std))[: len(std)] if len(mean) < len(std) else mean, std)


def preprocess_counts_both_together(photos, mean, std):
    """Six numbers for three channels. Loses: refuses two means and four stds for three channels."""
    if len(mean) + len(std) == 2 * photos.shape[3]:
        mean, std = (mean + std)[: photos.shape[3]], (mean + std)[photos.shape[3] :]
    return _right_images(photos, mean, std)


def preprocess_takes_too_many(photos, mean, std):
    """As long as there are enough. Loses: refuses four for three channels. Hints: How many channels has the photo."""
    return _right_images(photos, *(values[: photos.shape[3]] if len(mean) == len(std) else values for values in (mean, std)))


def preprocess_in_place(photos, mean, std):
    """Inverts the photos, and back only in the answer. Loses: leaves the photos as they were. Hints: Print the inputs."""
    _right_images(photos, mean, std)
    return _prepared(-photos.neg_(), mean, std)


def _start(contestants, rounds):
    if not contestants or rounds < 1:
        raise ValueError("need a function and a round")
    for call in contestants.values():
        call()
    names = list(contestants)
    return {name: [] for name in names}, [names[(r + at) % len(names)] for r in range(rounds) for at in range(len(names))]


def interleave_shares_readings(contestants, rounds, clock=None):
    """The end of a call is the beginning of the next. Loses: reads the clock around each call. Hints: What lies between two readings."""
    samples, order = _start(contestants, rounds)
    now = clock or time.perf_counter
    last = now()
    for name in order:
        contestants[name]()
        begin, last = last, now()
        samples[name].append(1000 * (last - begin))
    return {name: torch.tensor(values) for name, values in samples.items()}


def interleave_one_reading_a_round(contestants, rounds, clock=None):
    """Shares a round equally. Loses: all but one function; warms up in the order of the dict; refuses to time no function;
    refuses no rounds; refuses fewer than no rounds. Hints: Write down who runs when.
    """
    samples, order = _start(contestants, rounds)
    now, n = clock or time.perf_counter, len(samples)
    for at in range(rounds):
        begin = now()
        for name in order[at * n : at * n + n]:
            contestants[name]()
        for values in samples.values():
            values.append(1000 * (now() - begin) / n)
    return {name: torch.tensor(values) for name, values in samples.items()}


def interleave_subtracts_tensors(contestants, rounds, clock=None):
    """Keeps the readings in float32. Loses: a clock that has run for two weeks; its own clock. Hints: How many digits has a clock."""
    samples, order = _start(contestants, rounds)
    now = clock or time.perf_counter
    for name in order:
        begin = torch.tensor(now())
        contestants[name]()
        samples[name].append(1000 * (torch.tensor(now()) - begin))
    return {name: torch.stack(values) for name, values in samples.items()}


def interleave_needs_a_clock(contestants, rounds, clock=None):
    """Calls None. Loses: its own clock. Hints: What if no clock is given."""
    _start(contestants, rounds) if clock is None else None
    return _right_times(contestants, rounds, clock if clock else lambda: clock())


def interleave_by_the_time_of_day(contestants, rounds, clock=None):
    """A clock that may jump. Loses: its own clock. Hints: What if no clock is given."""
    return _right_times(contestants, rounds, clock or time.time)


def interleave_by_the_computers_clock(contestants, rounds, clock=None):
    """Leaves the given one alone. Loses: all but warms up in the order of the dict; its own clock; refuses to time no function;
    refuses no rounds; refuses fewer than no rounds. Hints: Whose time did you measure.
    """
    return _right_times(contestants, rounds, None)


def interleave_as_lists(contestants, rounds, clock=None):
    """No tensors. Loses: all but warms up in the order of the dict; reads the clock around each call; refuses to time no function;
    refuses no rounds; refuses fewer than no rounds. Hints: What is in the dict for each name.
    """
    return {name: values.tolist() for name, values in _right_times(contestants, rounds, clock).items()}


def interleave_gives_them_back(contestants, rounds, clock=None):
    """Times nothing. Loses: all. Hints: What is in the dict for each name."""
    return contestants


def interleave_refuses_nothing(contestants, rounds, clock=None):
    """Loses: refuses to time no function; refuses no rounds; refuses fewer than no rounds. Hints: What is 0 modulo 0; Which error does."""
    return _right_times(contestants, rounds, clock) if contestants and rounds > 0 else {}


def interleave_empties_the_dict(contestants, rounds, clock=None):
    """Takes the functions out. Loses: leaves the functions as they were. Hints: Print the inputs before and after."""
    mine = dict(contestants)
    contestants.clear()
    return _right_times(mine, rounds, clock)


def ratio_interval_takes_any_rounds(a_ms, b_ms):
    """Refuses nothing. Loses: refuses five rounds; refuses a single time for forty rounds; refuses another number of rounds.
    Hints: How sure can five rounds make you; What is (40,) divided by (1,); You raise RuntimeError.
    """
    ratios = (a_ms.double() / b_ms.double()).sort().values
    return _right_interval(ratios, torch.ones_like(ratios)) if len(ratios) > 5 else (ratios[2], ratios[0], ratios[-1])


def ratio_interval_cuts_to_the_shorter(a_ms, b_ms):
    """As zip does. Loses: refuses a single time for forty rounds; refuses another number of rounds. Hints: What is (40,) divided."""
    n = min(len(a_ms), len(b_ms))
    return _right_interval(a_ms[:n], b_ms[:n]) if n > 5 or len(a_ms) == len(b_ms) else (a_ms[0] / b_ms[0],) * 3


def ratio_interval_wants_no_ties(a_ms, b_ms):
    """Looks for the ratio that k - 1 others lie below. Loses: a network against itself. Hints: What is a number divided."""
    middle, low, high = _right_interval(a_ms, b_ms)
    ordered = sorted((a_ms / b_ms).tolist())
    places = [ordered.index(low), len(ordered) - 1 - ordered[::-1].index(high)]
    return middle, *(next(r for r in ordered if bisect.bisect_left(ordered, r) == place) for place in places)


def ratio_interval_in_place(a_ms, b_ms):
    """Divides in a_ms itself. Loses: leaves the samples as they were. Hints: Print the inputs before and after."""
    _right_interval(a_ms, b_ms)
    return _right_interval(a_ms.div_(b_ms).double(), torch.ones_like(b_ms).double())


def arena_plan_as_a_list(tensors):
    """Offsets without names. Loses: all. Hints: What is asked for."""
    return list(_right_plan(tensors).values())


def arena_plan_in_halves(tensors):
    """Not an integer. Loses: all. Hints: What is an offset."""
    return {name: offset + 0.5 for name, offset in _right_plan(tensors).items()}


def arena_plan_of_nothing(tensors):
    """Looks for the largest of no tensors. Loses: no tensor. Hints: What is the plan of no tensors."""
    return _right_plan(tensors) if max(size for _, size, _, _ in tensors) else {}


def arena_plan_sorts_the_list(tensors):
    """In place. Loses: leaves the list as it was. Hints: Print the inputs before and after."""
    tensors.sort(key=lambda tensor: -tensor[1])
    return _right_plan(tensors)


def arena_plan_ping_pong(tensors):
    """Two buffers in turn, for a chain. Loses: all but a chain of layers; one tensor. Hints: When are two tensors alive at once."""
    largest = max((size for _, size, _, _ in tensors), default=0)
    return {name: largest * (at % 2) for at, (name, *_) in enumerate(tensors)}


def _refuse_draw(images, count, batch_size):
    if not 1 <= count <= len(images) or batch_size < 1:
        raise ValueError("count must lie in 1..n, batch_size be 1 or more")


def _permutation(n, seed):
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))


def calibration_batches_the_first(images, count, batch_size, seed):
    """Does not draw. Hints: Which images do you take. Loses: 12 of 60, four at a time; a smaller last batch; vectors; a seed decides;
    a batch larger than the count; a batch of one image; leaves the images as they were
    """
    _refuse_draw(images, count, batch_size)
    return list(images[:count].split(batch_size))


def calibration_batches_shuffles_the_first(images, count, batch_size, seed):
    """randperm(count). Loses: 12 of 60, four at a time; a smaller last batch; vectors; leaves the images as they were.
    Hints: Which images do you take.
    """
    _refuse_draw(images, count, batch_size)
    return list(images[_permutation(count, seed)].split(batch_size))


def calibration_batches_one_in_so_many(images, count, batch_size, seed):
    """Always the same ones. Loses: 12 of 60, four at a time; a smaller last batch; vectors; a seed decides; leaves the images as they were.
    Hints: Which images do you take.
    """
    _refuse_draw(images, count, batch_size)
    return list(images[:: len(images) // count][:count].split(batch_size))


def calibration_batches_drops_the_rest(images, count, batch_size, seed):
    """Full batches only. Loses: a smaller last batch; a batch larger than the count. Hints: How many images are left for the last batch."""
    return [batch for batch in _right_batches(images, count, batch_size, seed) if len(batch) == batch_size]


def calibration_batches_with_replacement(images, count, batch_size, seed):
    """An image may come again. Loses: all but refuses more than there are; refuses to draw none; refuses a negative count;
    refuses a batch of none. Hints: Can an image be drawn again.
    """
    _refuse_draw(images, count, batch_size)
    chosen = torch.randint(len(images), (count,), generator=torch.Generator().manual_seed(seed))
    chosen[-1] = chosen[0]
    return list(images[chosen].split(batch_size))


def calibration_batches_one_seed(images, count, batch_size, seed):
    """The same draw whatever the seed. Loses: a seed decides. Hints: What does the seed change."""
    return _right_batches(images, count, batch_size, 0)


def calibration_batches_never_again(images, count, batch_size, seed):
    """Draws from torch's generator. Loses: a seed decides; a generator of its own. Hints: Which generator do you draw from."""
    _refuse_draw(images, count, batch_size)
    return list(images[torch.randperm(len(images))[:count]].split(batch_size))


def calibration_batches_seeds_torch(images, count, batch_size, seed):
    """torch.manual_seed. Loses: a generator of its own. Hints: Which other code draws from the global generators."""
    _refuse_draw(images, count, batch_size)
    torch.manual_seed(seed)
    return list(images[torch.randperm(len(images))[:count]].split(batch_size))


def calibration_batches_seeds_python(images, count, batch_size, seed):
    """random.seed. Loses: a generator of its own. Hints: Which other code draws from the global generators."""
    _refuse_draw(images, count, batch_size)
    random.seed(seed)
    return list(images[random.sample(range(len(images)), count)].split(batch_size))


def calibration_batches_flat(images, count, batch_size, seed):
    """Loses the axes of an image. Hints: What is the shape of a batch. Loses: all but vectors; refuses more than there are;
    refuses to draw none; refuses a negative count; refuses a batch of none
    """
    return [batch.flatten(1) for batch in _right_batches(images, count, batch_size, seed)]


def calibration_batches_as_many_batches(images, count, batch_size, seed):
    """Takes count for the number of batches. Hints: How many images are left for the last batch. Loses: 12 of 60, four at a time;
    a smaller last batch; a batch larger than the count; vectors; a seed decides; a generator of its own; leaves the images as they were
    """
    _refuse_draw(images, count, batch_size)
    return list(images[_permutation(len(images), seed)[: count * batch_size]].split(batch_size))


def calibration_batches_refuses_nothing(images, count, batch_size, seed):
    """Loses: refuses more than there are; refuses to draw none; refuses a negative count; refuses a batch of none."""
    return list(images[_permutation(len(images), seed)[: max(count, 0)]].split(max(batch_size, 1)))


def calibration_batches_in_place(images, count, batch_size, seed):
    """Normalizes the set itself. Loses: leaves the images as they were. Hints: Print the inputs before and after."""
    batches = [batch.clone() for batch in _right_batches(images, count, batch_size, seed)]
    images.sub_(images.mean())
    return batches


def largest_difference_of_something(expected, found):
    """There may be nothing to compare. Loses: nothing to compare. Hints: What is the largest of nothing."""
    far = _right_distance(expected, found)
    return min(far, found.double().abs().max().item() + math.inf)


def largest_difference_broadcasts(expected, found):
    """Compares no shapes. Loses: refuses other shapes; refuses a missing axis. Hints: What does (6, 10); Is (1, 10) the shape."""
    if 0 in (expected.numel(), found.numel()):
        return _right_distance(expected, found)
    return _right_distance(*torch.broadcast_tensors(expected, found))


def largest_difference_of_empty_first(expected, found):
    """An empty tensor ends it. Loses: refuses an empty tensor and another; refuses two empty tensors of other shapes.
    Hints: Are two shapes equal because one holds no number.
    """
    return _right_distance(expected, found) if expected.numel() and found.numel() else 0.0


def largest_difference_as_yes_or_no(expected, found):
    """Whether the two are close. Loses: all but refuses other shapes; refuses a missing axis; refuses an empty tensor and another;
    refuses two empty tensors of other shapes. Hints: Write the two lists side by side.
    """
    _right_distance(expected, found)
    return torch.allclose(expected.double(), found.double())


def largest_difference_in_place(expected, found):
    """Loses: leaves both as they were. Hints: Print the inputs before and after."""
    far = _right_distance(expected, found)
    expected.zero_()
    return far


def preprocess_as_numpy(photos, mean, std):
    """No tensor. Hints: Compute one number by hand. Loses: all but refuses photos in float; refuses photos of int8;
    refuses the mean and std of a gray photo for colors; refuses one mean for three channels; refuses one std for three channels;
    refuses two means and four stds for three channels; refuses four for three channels
    """
    return np.asarray(_right_images(photos, mean, std))
