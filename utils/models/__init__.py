"""The small architectures and the zoo of trained ones."""

from utils.models import zoo
from utils.models.chain import Architecture, Block, ChainNet
from utils.models.codes import Codes
from utils.models.lenet import LeNet, LeNetConfig, Perceptron, PerceptronConfig
from utils.models.micro import MicroConfig, MicroNet
from utils.models.motion import MotionConfig, MotionNet
from utils.models.residual import BlockConfig, ResidualConfig, ResidualNet
from utils.models.store import load_model, save_model
from utils.models.supernet import StageSize, Supernet, SupernetConfig

__all__ = [
    "Architecture",
    "Block",
    "BlockConfig",
    "ChainNet",
    "Codes",
    "LeNet",
    "LeNetConfig",
    "MicroConfig",
    "MicroNet",
    "MotionConfig",
    "MotionNet",
    "Perceptron",
    "PerceptronConfig",
    "ResidualConfig",
    "ResidualNet",
    "StageSize",
    "Supernet",
    "SupernetConfig",
    "load_model",
    "save_model",
    "zoo",
]
