"""A teacher in the training loop."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import torch
from torch import Tensor, nn

from utils.compress.distillation.checks import check_setting
from utils.compress.distillation.labels import shuffled_teacher
from utils.compress.distillation.losses import kd_training_loss
from utils.train import Data, History, Loss, TrainConfig, fit


def from_teacher(teacher: nn.Module, temperature: float = 4.0, alpha: float = 0.7, *, shuffle: bool = False, seed: int = 0) -> Loss:
    """A loss for `fit`: the teacher sees the same augmented images and is not changed.

    shuffle: the control, a teacher that knows how sure to be and nothing else (`shuffled_teacher`).
    seed: of the shuffling. What is dealt follows from it and from the labels of the batch, so a training that is
        resumed is the same training.

    Raises:
        ValueError: a temperature outside [0.001, 1000], or an alpha outside [0, 1].
    """
    check_setting(temperature, alpha)
    teacher = copy.deepcopy(teacher).eval().to(memory_format=torch.channels_last)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            soft = teacher(x).float()
        if shuffle:
            soft = shuffled_teacher(soft, torch.Generator().manual_seed(crc32(y.numpy().tobytes(), seed % 2**32)))
        return kd_training_loss(model(x).float(), soft, y, temperature, alpha)

    return loss


def distil(
    student: nn.Module,
    teacher: nn.Module,
    data: Data,
    config: TrainConfig,
    temperature: float = 4.0,
    alpha: float = 0.7,
    *,
    validation: Data | None = None,
    shuffle: bool = False,
    after_step: Callable[[float], None] | None = None,
    on_epoch: Callable[[int, History], None] | None = None,
    resume: Path | None = None,
) -> History:
    """Train `student` in place by `kd_loss` against `teacher`, which stays as it is; all else as `utils.train.fit`.

    config.label_smoothing plays no part: the teacher does the smoothing. config.seed also deals where `shuffle` asks for it.

    Raises:
        ValueError: what `fit` and `from_teacher` refuse.
        FloatingPointError: the loss is no longer finite.
    """
    loss = from_teacher(teacher, temperature, alpha, shuffle=shuffle, seed=config.seed)
    return fit(student, data, config, validation=validation, loss=loss, after_step=after_step, on_epoch=on_epoch, resume=resume)
