"""The small architectures and their checkpoints."""

from utils.models.residual import BlockConfig, ResidualConfig, ResidualNet
from utils.models.store import load_model, save_model

__all__ = ["BlockConfig", "ResidualConfig", "ResidualNet", "load_model", "save_model"]
