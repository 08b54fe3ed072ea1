"""Learning on the device: what it costs in memory, a person's own model, and many people's without their data."""

from utils.adapt.federated import FederatedHistory, average, fedavg
from utils.adapt.forgetting import forgetting
from utils.adapt.memory import TrainingMemory, training_memory
from utils.adapt.norms import own_statistics
from utils.adapt.personal import personalise
from utils.adapt.policies import POLICIES, select_trainable
from utils.adapt.private import clip_and_noise
from utils.adapt.reservoir import Reservoir
from utils.adapt.shaking import Shaken
from utils.adapt.steps import accuracy, one_cycle, predict, train

__all__ = [
    "POLICIES",
    "FederatedHistory",
    "Reservoir",
    "Shaken",
    "TrainingMemory",
    "accuracy",
    "average",
    "clip_and_noise",
    "fedavg",
    "forgetting",
    "one_cycle",
    "own_statistics",
    "personalise",
    "predict",
    "select_trainable",
    "train",
    "training_memory",
]
