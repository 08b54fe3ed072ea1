"""Learning on the device: what it costs in memory, a person's own model, and many people's without their data."""

from utils.adapt.augment import MotionAugment
from utils.adapt.batch_norm import adapt_batch_norm
from utils.adapt.federated import FederatedConfig, FederatedHistory, fedavg, weighted_average
from utils.adapt.forgetting import forgetting
from utils.adapt.memory import TrainingMemory, training_memory
from utils.adapt.personal import AdaptConfig, personalise
from utils.adapt.policies import POLICIES, select_trainable
from utils.adapt.privacy import clip_and_noise
from utils.adapt.reservoir import Reservoir

__all__ = [
    "POLICIES",
    "AdaptConfig",
    "FederatedConfig",
    "FederatedHistory",
    "MotionAugment",
    "Reservoir",
    "TrainingMemory",
    "adapt_batch_norm",
    "clip_and_noise",
    "fedavg",
    "forgetting",
    "personalise",
    "select_trainable",
    "training_memory",
    "weighted_average",
]
