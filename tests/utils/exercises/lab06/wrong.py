"""Plausible wrong answers to lab 06. The docstring says what is wrong and lists the cases that it must lose, and no other."""

import bisect
import math
import statistics
import time

import numpy as np
import torch


def _refuse_photos(photos, mean, std):
    if photos.dtype is not torch.uint8 or not len(mean) == len(std) == photos.shape[3]:
        raise ValueError("uint8 photos, one mean and one std for each channel")


def _along_channels(values):
    return torch.tensor(values).view(-1, 1, 1)


def preprocess_without_255(photos, mean, std):
    """Takes the mean off the bytes.

    - grey photos
    - colour photos
    - three rows, three columns, three channels
    - a single photo
    - a part of a larger photo
    - black and white
    - float32, one number after another
    - leaves the photos as they were
    """
    _refuse_photos(photos, mean, std)
    return (photos.permute(0, 3, 1, 2).float().contiguous() - _along_channels(mean)) / _along_channels(std)


def preprocess_twice(photos, mean, std):
    """Divides by 255 once more.

    - grey photos
    - colour photos
    - three rows, three columns, three channels
    - a single photo
    - a part of a larger photo
    - black and white
    - float32, one number after another
    - leaves the photos as they were
    """
    _refuse_photos(photos, mean, std)
    return (photos.permute(0, 3, 1, 2).contiguous() / 255 / 255 - _along_channels(mean)) / _along_channels(std)


def preprocess_only_scaled(photos, mean, std):
    """Forgets mean and std.

    - grey photos
    - colour photos
    - three rows, three columns, three channels
    - a single photo
    - a part of a larger photo
    - black and white
    - float32, one number after another
    - leaves the photos as they were
    """
    _refuse_photos(photos, mean, std)
    return photos.permute(0, 3, 1, 2).contiguous() / 255


def preprocess_std_first(photos, mean, std):
    """Divides by std, then takes the mean off.

    - grey photos
    - colour photos
    - three rows, three columns, three channels
    - a single photo
    - a part of a larger photo
    - black and white
    - float32, one number after another
    - leaves the photos as they were
    """
    _refuse_photos(photos, mean, std)
    return photos.permute(0, 3, 1, 2).contiguous() / 255 / _along_channels(std) - _along_channels(mean)


def preprocess_reshaped(photos, mean, std):
    """Cuts the numbers anew in place of moving the axes.

    - colour photos
    - three rows, three columns, three channels
    - a part of a larger photo
    - float32, one number after another
    - leaves the photos as they were
    """
    _refuse_photos(photos, mean, std)
    n, h, w, c = photos.shape
    return ((photos / 255 - torch.tensor(mean)) / torch.tensor(std)).reshape(n, c, h, w)


def preprocess_turned(photos, mean, std):
    """Columns before rows.

    - grey photos
    - colour photos
    - three rows, three columns, three channels
    - a single photo
    - a part of a larger photo
    - black and white
    - no photo
    - float32, one number after another
    - leaves the photos as they were
    """
    _refuse_photos(photos, mean, std)
    return ((photos / 255 - torch.tensor(mean)) / torch.tensor(std)).permute(0, 3, 2, 1).contiguous()


def preprocess_unmoved(photos, mean, std):
    """Leaves the channels where the camera puts them.

    - grey photos
    - colour photos
    - three rows, three columns, three channels
    - a single photo
    - a part of a larger photo
    - black and white
    - no photo
    - float32, one number after another
    - leaves the photos as they were
    """
    _refuse_photos(photos, mean, std)
    return ((photos / 255 - torch.tensor(mean)) / torch.tensor(std)).contiguous()


def preprocess_along_the_columns(photos, mean, std):
    """mean and std broadcast along the last axis after the move.

    - colour photos
    - three rows, three columns, three channels
    - a part of a larger photo
    - no photo
    - float32, one number after another
    - leaves the photos as they were
    """
    _refuse_photos(photos, mean, std)
    return (photos.permute(0, 3, 1, 2).contiguous() / 255 - torch.tensor(mean)) / torch.tensor(std)


def preprocess_one_mean_for_all(photos, mean, std):
    """Takes the first mean and std for every channel.

    - colour photos
    - three rows, three columns, three channels
    - a part of a larger photo
    - float32, one number after another
    - leaves the photos as they were
    """
    _refuse_photos(photos, mean, std)
    return (photos.permute(0, 3, 1, 2).contiguous() / 255 - mean[0]) / std[0]


def preprocess_squeezed(photos, mean, std):
    """Drops every axis of length 1.

    - grey photos
    - a single photo
    - black and white
    """
    _refuse_photos(photos, mean, std)
    return ((photos / 255 - torch.tensor(mean)) / torch.tensor(std)).permute(0, 3, 1, 2).contiguous().squeeze()


def preprocess_in_float64(photos, mean, std):
    """numpy computes in doubles, and nobody goes back.

    - float32, one number after another
    """
    _refuse_photos(photos, mean, std)
    scaled = (photos.numpy() / 255 - np.array(mean)) / np.array(std)
    return torch.from_numpy(scaled.transpose(0, 3, 1, 2).copy())


def preprocess_only_permuted(photos, mean, std):
    """The numbers stay where they are; only the strides say otherwise.

    - float32, one number after another
    """
    _refuse_photos(photos, mean, std)
    return ((photos / 255 - torch.tensor(mean)) / torch.tensor(std)).permute(0, 3, 1, 2)


def preprocess_by_view(photos, mean, std):
    """Flattens with view, which wants numbers without gaps.

    - a part of a larger photo
    """
    _refuse_photos(photos, mean, std)
    n, h, w, c = photos.shape
    scaled = (photos.view(n, h * w, c) / 255 - torch.tensor(mean)) / torch.tensor(std)
    return scaled.permute(0, 2, 1).contiguous().view(n, c, h, w)


def preprocess_photo_by_photo(photos, mean, std):
    """Stacks the photos, and there may be none.

    - no photo
    """
    _refuse_photos(photos, mean, std)
    return torch.stack([(photo.permute(2, 0, 1).contiguous() / 255 - _along_channels(mean)) / _along_channels(std) for photo in photos])


def preprocess_takes_anything(photos, mean, std):
    """Refuses nothing: floats are scaled again, one mean does for three channels.

    - refuses photos in float
    - refuses the mean of a grey photo for colours
    - refuses one std for three channels
    """
    return ((photos.permute(0, 3, 1, 2) / 255).contiguous() - _along_channels(mean)) / _along_channels(std)


def preprocess_centres_in_bytes(photos, mean, std):
    """Takes the mean off in uint8, which has no negative numbers.

    - grey photos
    - colour photos
    - three rows, three columns, three channels
    - a single photo
    - a part of a larger photo
    - black and white
    - float32, one number after another
    - leaves the photos as they were
    """
    _refuse_photos(photos, mean, std)
    centred = photos.permute(0, 3, 1, 2) - (_along_channels(mean) * 255).round().to(torch.uint8)
    return (centred.float() / 255 / _along_channels(std)).contiguous()


def preprocess_in_place(photos, mean, std):
    """Inverts the photos where they are, and back only in the answer.

    - leaves the photos as they were
    """
    _refuse_photos(photos, mean, std)
    photos.neg_()
    return (((-photos).permute(0, 3, 1, 2) / 255).contiguous() - _along_channels(mean)) / _along_channels(std)


def _refuse_nobody(contestants, rounds):
    if not contestants or rounds < 1:
        raise ValueError("need a contestant and a round")


def _timed(contestants, order, clock, keep_from=1, unit=1000.0):
    """The samples of calls in this order; those before the number `keep_from` of each are dropped."""
    samples = {name: [] for name in contestants}
    for name in order:
        start = clock()
        contestants[name]()
        samples[name].append(unit * (clock() - start))
    return {name: torch.tensor(values[keep_from:]) for name, values in samples.items()}


def _turns(names, rounds):
    n = len(names)
    return [names[(number + place) % n] for number in range(rounds) for place in range(n)]


def interleave_in_seconds(contestants, rounds, clock=None):
    """As the clock says it.

    - three contestants, four rounds
    - two contestants
    - one contestant
    - more contestants than rounds
    - a slow first call
    - two equals on a machine that slows down
    - a clock that has run for two weeks
    - leaves the contestants as they were
    """
    _refuse_nobody(contestants, rounds)
    names = list(contestants)
    return _timed(contestants, [*names, *_turns(names, rounds)], clock or time.perf_counter, unit=1.0)


def interleave_without_warm_up(contestants, rounds, clock=None):
    """Counts the first call.

    - three contestants, four rounds
    - two contestants
    - one contestant
    - more contestants than rounds
    - a slow first call
    - two equals on a machine that slows down
    - a clock that has run for two weeks
    - leaves the contestants as they were
    """
    _refuse_nobody(contestants, rounds)
    return _timed(contestants, _turns(list(contestants), rounds), clock or time.perf_counter, keep_from=0)


def interleave_keeps_the_warm_up(contestants, rounds, clock=None):
    """Runs it and keeps it too.

    - three contestants, four rounds
    - two contestants
    - one contestant
    - more contestants than rounds
    - a slow first call
    - two equals on a machine that slows down
    - a clock that has run for two weeks
    - its own clock
    - leaves the contestants as they were
    """
    _refuse_nobody(contestants, rounds)
    names = list(contestants)
    return _timed(contestants, [*names, *_turns(names, rounds)], clock or time.perf_counter, keep_from=0)


def interleave_in_blocks(contestants, rounds, clock=None):
    """All rounds of one contestant, then of the next.

    - three contestants, four rounds
    - two contestants
    - more contestants than rounds
    - a slow first call
    - two equals on a machine that slows down
    - a clock that has run for two weeks
    - leaves the contestants as they were
    """
    _refuse_nobody(contestants, rounds)
    order = [*contestants, *(name for name in contestants for _ in range(rounds))]
    return _timed(contestants, order, clock or time.perf_counter)


def interleave_in_a_fixed_order(contestants, rounds, clock=None):
    """The first contestant always runs first.

    - three contestants, four rounds
    - two contestants
    - more contestants than rounds
    - a slow first call
    - two equals on a machine that slows down
    - a clock that has run for two weeks
    - leaves the contestants as they were
    """
    _refuse_nobody(contestants, rounds)
    return _timed(contestants, list(contestants) * (rounds + 1), clock or time.perf_counter)


def interleave_turned_the_other_way(contestants, rounds, clock=None):
    """The last contestant begins the second round.

    - three contestants, four rounds
    - more contestants than rounds
    """
    _refuse_nobody(contestants, rounds)
    names, order = list(contestants), list(contestants)
    for _ in range(rounds):
        order += names
        names = [names[-1], *names[:-1]]
    return _timed(contestants, order, clock or time.perf_counter)


def interleave_slices_beyond_the_end(contestants, rounds, clock=None):
    """Rotates by r, not by r modulo n, which stops turning after n rounds.

    - two contestants
    - a slow first call
    - two equals on a machine that slows down
    - a clock that has run for two weeks
    """
    _refuse_nobody(contestants, rounds)
    names = list(contestants)
    order = list(names)
    for number in range(rounds):
        order += names[number:] + names[:number]
    return _timed(contestants, order, clock or time.perf_counter)


def interleave_one_clock_reading_a_round(contestants, rounds, clock=None):
    """Takes the end of one call for the beginning of the first of the next round, and shares a round equally.

    - three contestants, four rounds
    - two contestants
    - more contestants than rounds
    - a slow first call
    - two equals on a machine that slows down
    - a clock that has run for two weeks
    - leaves the contestants as they were
    """
    _refuse_nobody(contestants, rounds)
    clock, names = clock or time.perf_counter, list(contestants)
    for run in contestants.values():
        run()
    samples = {name: [] for name in names}
    for number in range(rounds):
        start = clock()
        for place in range(len(names)):
            contestants[names[(number + place) % len(names)]]()
        for name in names:
            samples[name].append(1000 * (clock() - start) / len(names))
    return {name: torch.tensor(values) for name, values in samples.items()}


def interleave_subtracts_tensors(contestants, rounds, clock=None):
    """Keeps the readings of the clock in float32.

    - a clock that has run for two weeks
    - its own clock
    """
    _refuse_nobody(contestants, rounds)
    clock, names = clock or time.perf_counter, list(contestants)
    starts, ends = ({name: [] for name in names} for _ in range(2))
    for at, name in enumerate([*names, *_turns(names, rounds)]):
        start = clock()
        contestants[name]()
        if at >= len(names):
            starts[name].append(start)
            ends[name].append(clock())
    return {name: 1000 * (torch.tensor(ends[name]) - torch.tensor(starts[name])) for name in names}


def interleave_needs_a_clock(contestants, rounds, clock=None):
    """Calls None.

    - its own clock
    """
    _refuse_nobody(contestants, rounds)
    names = list(contestants)
    return _timed(contestants, [*names, *_turns(names, rounds)], clock)


def interleave_refuses_nothing(contestants, rounds, clock=None):
    """Gives back what there is, perhaps nothing.

    - refuses to time nobody
    - refuses no rounds
    """
    names = list(contestants)
    return _timed(contestants, [*names, *(_turns(names, rounds) if names else [])], clock or time.perf_counter)


def interleave_empties_the_dict(contestants, rounds, clock=None):
    """Takes the contestants out as it goes.

    - leaves the contestants as they were
    """
    _refuse_nobody(contestants, rounds)
    mine = {}
    while contestants:
        name, run = contestants.popitem()
        mine = {name: run, **mine}
    names = list(mine)
    return _timed(mine, [*names, *_turns(names, rounds)], clock or time.perf_counter)


def _refuse_rounds(a_ms, b_ms):
    if a_ms.shape != b_ms.shape or len(a_ms) < 6:
        raise ValueError("need the same rounds, six or more")


def _k(n, share=0.025):
    below = k = 0
    while 1000 * (below + math.comb(n, k)) <= round(1000 * share) * 2**n:
        below += math.comb(n, k)
        k += 1
    return k


def _answer(ratios, k=None, middle=statistics.median):
    ordered = sorted(ratios.tolist())
    k = _k(len(ordered)) if k is None else k
    return middle(ratios.tolist()), ordered[k - 1], ordered[-k]


def ratio_interval_upside_down(a_ms, b_ms):
    """Divides b by a.

    - 301 rounds
    - an even number of rounds
    - six rounds
    - a machine that is slow for both
    - one pause of half a second
    - 2,000 rounds
    - leaves the samples as they were
    """
    _refuse_rounds(a_ms, b_ms)
    return _answer(b_ms / a_ms)


def ratio_interval_of_medians(a_ms, b_ms):
    """The median of one over the median of the other.

    - 301 rounds
    - an even number of rounds
    - six rounds
    - a machine that is slow for both
    - one pause of half a second
    - 2,000 rounds
    - leaves the samples as they were
    """
    _refuse_rounds(a_ms, b_ms)
    return _answer(a_ms / b_ms, middle=lambda _: statistics.median(a_ms.tolist()) / statistics.median(b_ms.tolist()))


def ratio_interval_by_means(a_ms, b_ms):
    """Mean and standard error, as for a bell curve.

    - 301 rounds
    - an even number of rounds
    - six rounds
    - a machine that is slow for both
    - one pause of half a second
    - 2,000 rounds
    - leaves the samples as they were
    """
    _refuse_rounds(a_ms, b_ms)
    ratios = a_ms / b_ms
    half = 1.96 * ratios.std() / len(ratios) ** 0.5
    return ratios.mean(), ratios.mean() - half, ratios.mean() + half


def ratio_interval_lower_median(a_ms, b_ms):
    """torch.median, which takes the lower of two.

    - an even number of rounds
    - six rounds
    - 2,000 rounds
    - leaves the samples as they were
    """
    _refuse_rounds(a_ms, b_ms)
    return _answer(a_ms / b_ms, middle=lambda ratios: torch.tensor(ratios).median())


def ratio_interval_counts_from_zero(a_ms, b_ms):
    """sorted[k] and sorted[-k - 1]: one place too far in.

    - 301 rounds
    - an even number of rounds
    - six rounds
    - a machine that is slow for both
    - one pause of half a second
    - 2,000 rounds
    - leaves the samples as they were
    """
    _refuse_rounds(a_ms, b_ms)
    return _answer(a_ms / b_ms, k=_k(len(a_ms)) + 1)


def ratio_interval_unsorted(a_ms, b_ms):
    """Takes the k-th round, not the k-th ratio.

    - 301 rounds
    - an even number of rounds
    - six rounds
    - a machine that is slow for both
    - one pause of half a second
    - 2,000 rounds
    - leaves the samples as they were
    """
    _refuse_rounds(a_ms, b_ms)
    ratios, k = (a_ms / b_ms).tolist(), _k(len(a_ms))
    return statistics.median(ratios), ratios[k - 1], ratios[-k]


def ratio_interval_five_per_cent_a_side(a_ms, b_ms):
    """5 % below and 5 % above.

    - 301 rounds
    - an even number of rounds
    - a machine that is slow for both
    - one pause of half a second
    - 2,000 rounds
    """
    _refuse_rounds(a_ms, b_ms)
    return _answer(a_ms / b_ms, k=_k(len(a_ms), 0.05))


def ratio_interval_percentiles(a_ms, b_ms):
    """Where 95 % of the ratios lie.

    - 301 rounds
    - an even number of rounds
    - six rounds
    - a machine that is slow for both
    - one pause of half a second
    - 2,000 rounds
    - leaves the samples as they were
    """
    _refuse_rounds(a_ms, b_ms)
    ratios = (a_ms / b_ms).double()
    return tuple(torch.quantile(ratios, share).item() for share in (0.5, 0.025, 0.975))


def ratio_interval_small_floats(a_ms, b_ms):
    """0.5 ** n as a float, which is 0 for many rounds.

    - 2,000 rounds
    """
    _refuse_rounds(a_ms, b_ms)
    n, below, k = len(a_ms), 0.0, 0
    while k < n // 2 and below + math.comb(n, k) % 10**300 * 0.5**n <= 0.025:
        below += math.comb(n, k) % 10**300 * 0.5**n
        k += 1
    return _answer(a_ms / b_ms, k=max(k, 1))


def ratio_interval_takes_any_rounds(a_ms, b_ms):
    """Refuses nothing: the ends are then the smallest and the largest, and one time does for all rounds.

    - refuses five rounds
    - refuses rounds that are no pairs
    """
    ratios = a_ms / b_ms
    return _answer(ratios, k=max(_k(len(ratios)), 1))


def ratio_interval_wants_no_ties(a_ms, b_ms):
    """Looks for the ratio that exactly k - 1 others lie below.

    - a contestant against itself
    """
    _refuse_rounds(a_ms, b_ms)
    ordered, k = sorted((a_ms.double() / b_ms.double()).tolist()), _k(len(a_ms))
    low, high = (next(r for r in ordered if bisect.bisect_left(ordered, r) == place) for place in (k - 1, len(ordered) - k))
    return statistics.median(ordered), low, high


def ratio_interval_in_place(a_ms, b_ms):
    """Divides in a_ms itself.

    - leaves the samples as they were
    """
    _refuse_rounds(a_ms, b_ms)
    return _answer(a_ms.div_(b_ms))


def _place(tensors, order, meets=lambda one, other: one[2] <= other[3] and other[2] <= one[3]):
    """Each of `order` at the lowest offset that is free."""
    offsets = {}
    for one in order:
        busy = [(offsets[other[0]], offsets[other[0]] + other[1]) for other in tensors if other[0] in offsets and meets(one, other)]
        starts = [0, *sorted(high for _, high in busy)]
        offsets[one[0]] = next(at for at in starts if all(at + one[1] <= low or high <= at for low, high in busy))
    return offsets


def arena_plan_end_to_end(tensors):
    """One after the other, as if all were alive.

    - a chain of layers
    - a shortcut is held until it is added
    - one after the other
    - the largest comes last
    - a gap below
    - sixty tensors
    - leaves the list as it was
    """
    offsets, end = {}, 0
    for name, size, _, _ in tensors:
        offsets[name] = end
        end += size
    return offsets


def arena_plan_all_at_zero(tensors):
    """Forgets who is alive.

    - a chain of layers
    - a shortcut is held until it is added
    - read and written in one step
    - all at once
    - the largest comes last
    - a gap below
    - sixty tensors
    - leaves the list as it was
    """
    return dict.fromkeys((name for name, *_ in tensors), 0)


def arena_plan_in_the_order_of_the_list(tensors):
    """First come, first served.

    - a chain of layers
    - a shortcut is held until it is added
    - the largest comes last
    - sixty tensors
    """
    return _place(tensors, tensors)


def arena_plan_smallest_first(tensors):
    """Sorted the wrong way round.

    - a shortcut is held until it is added
    - the largest comes last
    - a gap below
    - sixty tensors
    """
    return _place(tensors, sorted(tensors, key=lambda tensor: tensor[1]))


def arena_plan_last_is_free(tensors):
    """Takes `last` for the first step at which a tensor is dead.

    - a chain of layers
    - read and written in one step
    - the largest comes last
    - a gap below
    - sixty tensors
    - leaves the list as it was
    """
    return _place(tensors, sorted(tensors, key=lambda t: -t[1]), lambda one, other: one[2] < other[3] and other[2] < one[3])


def arena_plan_on_top(tensors):
    """Above everything that is alive at once, never between.

    - a shortcut is held until it is added
    - the largest comes last
    - a gap below
    - sixty tensors
    """
    offsets = {}
    for name, _, first, last in sorted(tensors, key=lambda tensor: -tensor[1]):
        busy = [offsets[n] + s for n, s, f, e in tensors if n in offsets and first <= e and f <= last]
        offsets[name] = max(busy, default=0)
    return offsets


def arena_plan_ping_pong(tensors):
    """Two buffers in turn, which a chain needs and nothing else.

    - a shortcut is held until it is added
    - read and written in one step
    - one after the other
    - all at once
    - the largest comes last
    - a gap below
    - sixty tensors
    - leaves the list as it was
    """
    largest = max((size for _, size, _, _ in tensors), default=0)
    return {name: largest * (at % 2) for at, (name, *_) in enumerate(tensors)}


def arena_plan_as_a_list(tensors):
    """Offsets without names.

    - a chain of layers
    - a shortcut is held until it is added
    - read and written in one step
    - one after the other
    - all at once
    - the largest comes last
    - a gap below
    - sixty tensors
    - one tensor
    - no tensor
    - leaves the list as it was
    """
    plan = _place(tensors, sorted(tensors, key=lambda tensor: -tensor[1]))
    return [plan[name] for name, *_ in tensors]


def arena_plan_of_nothing(tensors):
    """Looks for the largest of no tensors.

    - no tensor
    """
    largest = max(size for _, size, _, _ in tensors)
    return _place(tensors, sorted(tensors, key=lambda tensor: largest - tensor[1]))


def arena_plan_sorts_the_list(tensors):
    """In place.

    - leaves the list as it was
    """
    tensors.sort(key=lambda tensor: -tensor[1])
    return _place(tensors, tensors)


def _refuse_draw(images, count, batch_size):
    if not 1 <= count <= len(images) or batch_size < 1:
        raise ValueError("count must lie in 1..n, batch_size be 1 or more")


def _permutation(images, seed):
    return torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))


def calibration_batches_the_first(images, count, batch_size, seed):
    """Does not draw.

    - 12 of 60, four at a time
    - a smaller last batch
    - a batch larger than the count
    - a batch of one image
    - vectors
    - a seed decides
    """
    _refuse_draw(images, count, batch_size)
    return list(images[:count].split(batch_size))


def calibration_batches_drops_the_rest(images, count, batch_size, seed):
    """Whole batches only.

    - a smaller last batch
    - a batch larger than the count
    """
    _refuse_draw(images, count, batch_size)
    chosen = _permutation(images, seed)[:count]
    return [images[chosen[at : at + batch_size]] for at in range(0, count - batch_size + 1, batch_size)]


def calibration_batches_with_replacement(images, count, batch_size, seed):
    """An image may come again.

    - 12 of 60, four at a time
    - a smaller last batch
    - all images
    - a batch larger than the count
    - a batch of one image
    - vectors
    - a seed decides
    - a generator of its own
    """
    _refuse_draw(images, count, batch_size)
    chosen = torch.randint(len(images), (count,), generator=torch.Generator().manual_seed(seed))
    chosen[-1] = chosen[0]
    return list(images[chosen].split(batch_size))


def calibration_batches_one_seed(images, count, batch_size, seed):
    """The same draw whatever the seed.

    - a seed decides
    """
    _refuse_draw(images, count, batch_size)
    return list(images[_permutation(images, 0)[:count]].split(batch_size))


def calibration_batches_never_again(images, count, batch_size, seed):
    """Draws from everybody's generator, whatever the seed.

    - a seed decides
    - a generator of its own
    """
    _refuse_draw(images, count, batch_size)
    return list(images[torch.randperm(len(images))[:count]].split(batch_size))


def calibration_batches_seeds_everybody(images, count, batch_size, seed):
    """torch.manual_seed.

    - a generator of its own
    """
    _refuse_draw(images, count, batch_size)
    torch.manual_seed(seed)
    return list(images[torch.randperm(len(images))[:count]].split(batch_size))


def calibration_batches_flat(images, count, batch_size, seed):
    """Loses the axes of an image.

    - 12 of 60, four at a time
    - a smaller last batch
    - all images
    - a batch larger than the count
    - a batch of one image
    - a seed decides
    - a generator of its own
    """
    _refuse_draw(images, count, batch_size)
    return list(images[_permutation(images, seed)[:count]].flatten(1).split(batch_size))


def calibration_batches_as_many_batches(images, count, batch_size, seed):
    """Takes count for the number of batches, as far as the images go.

    - 12 of 60, four at a time
    - a smaller last batch
    - a batch larger than the count
    - vectors
    - a seed decides
    - a generator of its own
    """
    _refuse_draw(images, count, batch_size)
    return list(images[_permutation(images, seed)[: count * batch_size]].split(batch_size))


def calibration_batches_refuses_nothing(images, count, batch_size, seed):
    """Gives what there is.

    - refuses more than there are
    - refuses to draw none
    - refuses a batch of none
    """
    return list(images[_permutation(images, seed)[:count]].split(max(batch_size, 1)))


def _same_shape(expected, found):
    if expected.shape != found.shape:
        raise ValueError("other shapes")


def largest_difference_with_sign(expected, found):
    """Forgets the magnitude.

    - logits
    - far below
    - codes of uint8
    - codes of int8
    - equal infinities
    - leaves both as they were
    """
    _same_shape(expected, found)
    if expected.isnan().any() or found.isnan().any():
        return math.inf
    apart = torch.where(expected == found, 0.0, expected.double() - found.double())
    return apart.max().item() if apart.numel() else 0.0


def largest_difference_on_average(expected, found):
    """The mean.

    - logits
    - far below
    - codes of uint8
    - codes of int8
    - equal infinities
    - leaves both as they were
    """
    _same_shape(expected, found)
    if expected.isnan().any() or found.isnan().any():
        return math.inf
    apart = torch.where(expected == found, 0.0, (expected.double() - found.double()).abs())
    return apart.mean().item() if apart.numel() else 0.0


def largest_difference_in_small_dtypes(expected, found):
    """Subtracts codes as they are.

    - codes of uint8
    - codes of int8
    """
    _same_shape(expected, found)
    if expected.isnan().any() or found.isnan().any():
        return math.inf
    apart = torch.where(expected == found, torch.zeros_like(expected), (expected - found).abs())
    return float(apart.max()) if apart.numel() else 0.0


def largest_difference_skips_nan(expected, found):
    """Leaves out what is no number.

    - NaN in what was found
    - NaN in what was expected
    """
    _same_shape(expected, found)
    apart = torch.where(expected == found, 0.0, (expected.double() - found.double()).abs())
    return apart.nan_to_num(nan=0.0, posinf=math.inf).max().item() if apart.numel() else 0.0


def largest_difference_gives_nan(expected, found):
    """max passes a NaN on.

    - NaN in what was found
    - NaN in what was expected
    """
    _same_shape(expected, found)
    apart = torch.where(expected == found, 0.0, (expected.double() - found.double()).abs())
    return apart.max().item() if apart.numel() else 0.0


def largest_difference_of_infinities(expected, found):
    """inf - inf is NaN, and NaN is taken for infinitely far.

    - equal infinities
    """
    _same_shape(expected, found)
    apart = (expected.double() - found.double()).abs().nan_to_num(nan=math.inf, posinf=math.inf)
    return apart.max().item() if apart.numel() else 0.0


def largest_difference_of_something(expected, found):
    """There may be nothing to compare.

    - nothing to compare
    """
    _same_shape(expected, found)
    if expected.isnan().any() or found.isnan().any():
        return math.inf
    return torch.where(expected == found, 0.0, (expected.double() - found.double()).abs()).max().item()


def largest_difference_broadcasts(expected, found):
    """Compares no shapes.

    - refuses other shapes
    - refuses a missing axis
    """
    if expected.isnan().any() or found.isnan().any():
        return math.inf
    apart = torch.where(expected == found, 0.0, (expected.double() - found.double()).abs())
    return apart.max().item() if apart.numel() else 0.0


def largest_difference_as_yes_or_no(expected, found):
    """Whether the two are close.

    - logits
    - the same
    - far below
    - codes of uint8
    - codes of int8
    - NaN in what was found
    - NaN in what was expected
    - equal infinities
    - an infinity on one side
    - nothing to compare
    - leaves both as they were
    """
    _same_shape(expected, found)
    return torch.allclose(expected.double(), found.double())


def largest_difference_cleans_first(expected, found):
    """Replaces what is no number, on both sides, before it looks.

    - NaN in what was found
    - NaN in what was expected
    - an infinity on one side
    """
    _same_shape(expected, found)
    apart = (expected.double().nan_to_num() - found.double().nan_to_num()).abs()
    return apart.max().item() if apart.numel() else 0.0


def largest_difference_in_place(expected, found):
    """Replaces what is equal, in the tensor it was given.

    - leaves both as they were
    """
    _same_shape(expected, found)
    if expected.isnan().any() or found.isnan().any():
        return math.inf
    apart = (expected.double() - found.double()).abs()
    apart[expected == found] = 0.0
    expected.zero_()
    return apart.max().item() if apart.numel() else 0.0
