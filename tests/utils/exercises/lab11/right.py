"""Right answers to lab 11, each written another way."""

import numpy as np
import torch

from tests.utils.exercises.right_answers import refuse_if


def window_by_index(signal, size, stride):
    refuse_if(size < 1 or stride < 1 or signal.shape[0] < size)
    starts = torch.arange(0, signal.shape[0] - size + 1, stride)
    windows = signal[starts[:, None] + torch.arange(size)].permute(0, 2, 1)
    windows = windows[torch.isfinite(windows).flatten(1).all(1)]
    refuse_if(windows.shape[0] == 0)
    return windows


def window_by_numpy(signal, size, stride):
    refuse_if(min(size, stride) < 1 or len(signal) < size)
    views = np.lib.stride_tricks.sliding_window_view(signal.detach().numpy(), size, axis=0)[::stride]
    kept = [view.copy() for view in views if not np.isnan(view).any()]
    refuse_if(not kept)
    return torch.tensor(np.array(kept))


def subject_split_by_permutation(subjects, test_fraction, rng):
    people = np.unique(subjects.numpy())
    refuse_if(len(people) < 2 or not 0 < test_fraction < 1)
    count = int(np.clip(np.rint(test_fraction * len(people)), 1, len(people) - 1))
    tested = torch.from_numpy(rng.permutation(people)[:count])
    mask = (subjects[:, None] == tested).any(1)
    return (~mask).nonzero().flatten(), mask.nonzero().flatten()


def subject_split_by_lists(subjects, test_fraction, rng):
    people = sorted(set(subjects.tolist()))
    refuse_if(len(people) < 2 or test_fraction <= 0 or test_fraction >= 1)
    rng.shuffle(people)
    tested = set(people[: max(1, min(len(people) - 1, round(test_fraction * len(people))))])
    return (
        [at for at, who in enumerate(subjects.tolist()) if who not in tested],
        [at for at, who in enumerate(subjects.tolist()) if who in tested],
    )


def balanced_accuracy_by_sums(predicted, labels):
    classes, counts = labels.unique(return_counts=True)
    refuse_if(len(predicted) != len(labels) or len(classes) < 2)
    hits = torch.stack([((predicted == labels) & (labels == one)).sum() for one in classes])
    return (100 * hits / counts).mean()


def balanced_accuracy_by_weights(predicted, labels):
    """Each sample counts 1 / (the samples of its class)."""
    refuse_if(predicted.shape != labels.shape or labels.numel() == 0 or (labels == labels[0]).all())
    weight = 1 / (labels[:, None] == labels).sum(1).double()
    return float(100 * weight[predicted == labels].sum() / weight.sum())


def per_class_damage_by_diagonals(before, after):
    refuse_if(before.shape != after.shape or before.ndim != 2 or before.shape[0] != before.shape[1] or before.numel() == 0)
    refuse_if(before.min() < 0 or after.min() < 0 or not torch.equal(before.sum(1), after.sum(1)))
    return 100 * (before - after).diagonal() / before.sum(1)


def per_class_damage_by_loops(before, after):
    refuse_if(before.shape != after.shape or before.ndim != 2 or before.shape[0] != before.shape[1] or not len(before))
    found = []
    for first, second, at in zip(before.tolist(), after.tolist(), range(len(before)), strict=True):
        if min(first) < 0 or min(second) < 0 or sum(first) != sum(second):
            raise ValueError("counts")
        found.append(100 * (first[at] / sum(first) - second[at] / sum(second)) if sum(first) else float("nan"))
    return torch.tensor(found)


def duty_cycle_by_weights(active_mw, sleep_mw, active_ms, period_ms, battery_mah, battery_volts):
    refuse_if(min(active_mw, sleep_mw, active_ms) < 0 or min(period_ms, battery_mah, battery_volts) <= 0 or active_ms > period_ms)
    duty = active_ms / period_ms
    mean = duty * active_mw + (1 - duty) * sleep_mw
    refuse_if(mean == 0)
    return {"duty": duty, "mean_mw": mean, "days": battery_mah * battery_volts / mean / 24}


def duty_cycle_by_charge(active_mw, sleep_mw, active_ms, period_ms, battery_mah, battery_volts):
    """By the mean current."""
    refuse_if(active_ms > period_ms or any(one < 0 for one in (active_mw, sleep_mw, active_ms)))
    refuse_if(period_ms <= 0 or battery_mah <= 0 or battery_volts <= 0)
    share = active_ms / period_ms
    current_ma = (sleep_mw + share * (active_mw - sleep_mw)) / battery_volts
    refuse_if(current_ma <= 0)
    return {"mean_mw": torch.tensor(current_ma * battery_volts, dtype=torch.float64), "duty": share, "days": battery_mah / current_ma / 24}
