"""Learning on the device: what it costs in memory, a person's own model, and many people's without their data."""

from utils.adapt.augment import MotionAugment
from utils.adapt.batch_norm import adapt_batch_norm
from utils.adapt.federated import FederatedHistory, fedavg, weighted_average
from utils.adapt.forgetting import forgetting
from utils.adapt.memory import TrainingMemory, training_memory
from utils.adapt.personal import personalise
from utils.adapt.policies import POLICIES, select_trainable
from utils.adapt.privacy import clip_and_noise
from utils.adapt.reservoir import Reservoir
from utils.adapt.steps import accuracy, one_cycle, predict, train

__all__ = [
    "POLICIES",
    "FederatedHistory",
    "MotionAugment",
    "Reservoir",
    "TrainingMemory",
    "accuracy",
    "adapt_batch_norm",
    "clip_and_noise",
    "fedavg",
    "forgetting",
    "one_cycle",
    "personalise",
    "predict",
    "select_trainable",
    "train",
    "training_memory",
    "weighted_average",
]
