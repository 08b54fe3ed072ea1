"""The one training loop, for images, windows of a signal and whatever else has labels; prediction and accuracy."""

from utils.train.batches import batch_sizes, check_size
from utils.train.by_recipe import train_by_recipe
from utils.train.config import History, TrainConfig
from utils.train.evaluation import accuracy, predict
from utils.train.image_augment import augmented
from utils.train.imbalance import class_weighted, logit_adjusted, oversampled
from utils.train.loop import Augment, Loss, MakeOptimizer, cross_entropy, fit
from utils.train.modes import buffers_kept, mode, only_trainable, random_numbers
from utils.train.photo_augment import PhotoAugment
from utils.train.samples import Data, Labelled, Samples, labelled
from utils.train.schedules import Schedule, constant, one_cycle, smooth_one_cycle
from utils.train.signal_augment import SignalAugment

__all__ = [
    "Augment",
    "Data",
    "History",
    "Labelled",
    "Loss",
    "MakeOptimizer",
    "PhotoAugment",
    "Samples",
    "Schedule",
    "SignalAugment",
    "TrainConfig",
    "accuracy",
    "augmented",
    "batch_sizes",
    "buffers_kept",
    "check_size",
    "class_weighted",
    "constant",
    "cross_entropy",
    "fit",
    "labelled",
    "logit_adjusted",
    "mode",
    "one_cycle",
    "only_trainable",
    "oversampled",
    "predict",
    "random_numbers",
    "smooth_one_cycle",
    "train_by_recipe",
]
