"""Right answers to lab 06, each written another way. The name begins with the exercise's; all must get full marks."""

import itertools
import math
import time

import numpy as np
import torch

from tests.utils.exercises.right_answers import refuse_if


def preprocess_normalize_then_move(photos, mean, std):
    refuse_if(photos.dtype is not torch.uint8 or not len(mean) == len(std) == photos.shape[-1])
    return ((photos / 255 - torch.tensor(mean)) / torch.tensor(std)).permute(0, 3, 1, 2).contiguous()


def preprocess_by_one_factor(photos, mean, std):
    """One multiplication and one addition, as a device would do it."""
    refuse_if(photos.dtype is not torch.uint8 or not len(mean) == len(std) == photos.shape[-1])
    gain = torch.tensor([1 / (255 * s) for s in std], dtype=torch.float64).view(-1, 1, 1)
    shift = torch.tensor([-m / s for m, s in zip(mean, std, strict=True)], dtype=torch.float64).view(-1, 1, 1)
    return torch.addcmul(shift, photos.movedim(3, 1).double(), gain).float().contiguous()


def interleave_rotating_a_list(contestants, rounds, clock=None):
    refuse_if(not contestants or rounds < 1)
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


def interleave_into_tensors(contestants, rounds, clock=None, own=time.perf_counter):
    """Knows time.perf_counter from before the check; times the warm-up too, and drops it."""
    clock = own if clock is None else clock
    refuse_if(not contestants or rounds < 1)
    pairs = list(contestants.items())
    samples = {name: torch.zeros(rounds + 1, dtype=torch.float64) for name in contestants}
    for number in range(-1, rounds):
        for place in range(len(pairs)):
            name, run = pairs[(max(number, 0) + place) % len(pairs)]
            before = clock()
            run()
            after = clock()
            samples[name][number + 1] = 1e3 * (after - before)
    return {name: values[1:] for name, values in samples.items()}


def ratio_interval_by_integers(a_ms, b_ms):
    refuse_if(a_ms.shape != b_ms.shape or len(a_ms) < 6)
    n = len(a_ms)
    below, k = 0, 0
    while 40 * (below + math.comb(n, k)) <= 2**n:
        below += math.comb(n, k)
        k += 1
    ratios = sorted((a_ms / b_ms).tolist())
    return (ratios[(n - 1) // 2] + ratios[n // 2]) / 2, ratios[k - 1], ratios[n - k]


def ratio_interval_by_logarithms(a_ms, b_ms):
    """The chances by lgamma, which no number of rounds is too many for; tensors come back."""
    refuse_if(a_ms.shape != b_ms.shape or len(a_ms) < 6)
    n = len(a_ms)
    counts = torch.arange(n + 1, dtype=torch.float64)
    chances = (torch.lgamma(torch.tensor(n + 1.0).double()) - torch.lgamma(counts + 1) - torch.lgamma(n - counts + 1)) - n * math.log(2)
    k = int((chances.exp().cumsum(0) <= 0.025).sum())
    ratios = (a_ms.double() / b_ms.double()).sort().values
    return [torch.quantile(ratios, 0.5), ratios[k - 1], ratios[-k]]


def arena_plan_by_walking_up(tensors):
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


def arena_plan_best_of_many_orders(tensors):
    """Largest first, by length of life, by area, and some more: the smallest peak of all."""

    def place(order):
        offsets = {}
        for name, size, first, last in order:
            busy = [(offsets[n], offsets[n] + s) for n, s, f, e in tensors if n in offsets and f <= last and first <= e]
            starts = [0, *sorted(high for _, high in busy)]
            offsets[name] = next(at for at in starts if all(at + size <= low or high <= at for low, high in busy))
        return max((offsets[n] + s for n, s, *_ in tensors), default=0), offsets

    keys = (lambda t: -t[1], lambda t: -(t[3] - t[2]), lambda t: -t[1] * (t[3] - t[2] + 1), lambda t: t[2])
    plans = [place(sorted(tensors, key=key)) for key in keys]
    if len(tensors) < 6:
        plans += [place(order) for order in itertools.permutations(tensors)]
    return min(plans, key=lambda plan: plan[0])[1]


def calibration_batches_by_numpy(images, count, batch_size, seed):
    refuse_if(not 1 <= count <= len(images) or batch_size < 1)
    chosen = np.random.default_rng(seed).choice(len(images), count, replace=False)
    return tuple(images[chosen[start : start + batch_size].copy()] for start in range(0, count, batch_size))


def calibration_batches_one_by_one(images, count, batch_size, seed):
    """A generator; in the order of the set, since the docstring asks for none."""
    refuse_if(not 1 <= count <= len(images) or batch_size < 1)
    chosen = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))[:count].sort().values.tolist()
    return (torch.stack([images[at] for at in chosen[start : start + batch_size]]) for start in range(0, count, batch_size))


def largest_difference_by_masks(expected, found):
    refuse_if(expected.shape != found.shape)
    a, b = expected.double(), found.double()
    if torch.isnan(a).any() or torch.isnan(b).any():
        return math.inf
    apart = torch.where(a == b, torch.zeros_like(a), (a - b).abs())
    return apart.max().item() if apart.numel() else 0.0


def largest_difference_of_those_that_differ(expected, found):
    refuse_if(expected.size() != found.size())
    a, b = expected.to(torch.float64), found.to(torch.float64)
    return torch.cat([torch.zeros(1), (a - b)[a != b].abs()]).nan_to_num(nan=math.inf, posinf=math.inf).max()
