"""What lab 06 goes on with until an exercise is solved, in other words than the reference's."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from scipy import stats
from torch import Tensor


def torch_photos(photos: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """`preprocess` by torchvision, photo by photo where there are any."""
    from torchvision.transforms import functional as transform

    if photos.dtype != torch.uint8 or not len(mean) == len(std) == photos.shape[3]:
        raise ValueError("need uint8 photos, and one mean and one std for each channel")
    moved = transform.convert_image_dtype(photos.permute(0, 3, 1, 2), torch.float32)
    return transform.normalize(moved, list(mean), list(std)).contiguous()


def timed_in_turns(
    contestants: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] | None = None
) -> dict[str, Tensor]:
    """`interleave`: a table of rounds times contestants, filled row by row."""
    names, now = list(contestants), clock or time.perf_counter
    if not names or rounds < 1:
        raise ValueError(f"need a contestant and a round, got {len(names)} and {rounds}")
    table = np.zeros((rounds, len(names)))
    for run in contestants.values():
        run()
    for number, row in enumerate(table):
        for column in np.roll(np.arange(len(names)), -number):
            start = now()
            contestants[names[column]]()
            row[column] = 1000 * (now() - start)
    return dict(zip(names, torch.from_numpy(table.T.copy()).float(), strict=True))


def scipy_interval(a_ms: Tensor, b_ms: Tensor) -> tuple[float, float, float]:
    """`ratio_interval` by scipy.stats.quantile_test."""
    if a_ms.shape != b_ms.shape or len(a_ms) < 6:
        raise ValueError(f"need two samples of the same six rounds or more, got {tuple(a_ms.shape)} and {tuple(b_ms.shape)}")
    ratios = a_ms.double().numpy() / b_ms.double().numpy()
    interval = stats.quantile_test(ratios, p=0.5).confidence_interval(0.95)
    return float(np.median(ratios)), float(interval.low), float(interval.high)


def planned(tensors: Sequence[tuple[str, int, int, int]]) -> dict[str, int]:
    """`arena_plan` by the planner of the microcontroller lab, which is loaded when it is needed."""
    from utils.deploy.mcu import plan_arena

    return plan_arena(tensors)


def torch_batches(images: Tensor, count: int, batch_size: int, seed: int) -> list[Tensor]:
    """`calibration_batches` by torch's own sampler and loader."""
    if not 0 < count <= len(images) or batch_size < 1:
        raise ValueError(f"need 1 to {len(images)} images and a batch of at least 1, got {count} and {batch_size}")
    order = torch.utils.data.RandomSampler(range(len(images)), num_samples=count, generator=torch.Generator().manual_seed(seed))
    return [images[numbers] for numbers in torch.utils.data.BatchSampler(order, batch_size, drop_last=False)]


def numpy_difference(expected: Tensor, found: Tensor) -> float:
    """`largest_difference` by numpy."""
    if expected.shape != found.shape:
        raise ValueError(f"shapes differ: {tuple(expected.shape)} and {tuple(found.shape)}")
    a, b = expected.detach().double().numpy(), found.detach().double().numpy()
    with np.errstate(invalid="ignore"):
        apart = np.where(a == b, 0.0, np.abs(a - b))
    return float(np.nan_to_num(apart, nan=np.inf, posinf=np.inf).max(initial=0.0))
