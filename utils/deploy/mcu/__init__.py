"""An int8 .onnx file as a network in integers, and as C for a microcontroller without an operating system."""

from utils.deploy.mcu.arena import Arena, plan_arena
from utils.deploy.mcu.arithmetic import fixed_point, requantize
from utils.deploy.mcu.boards import BOARDS, Board
from utils.deploy.mcu.codegen import Program, weights_to_c
from utils.deploy.mcu.export import to_c
from utils.deploy.mcu.host import run_on_host
from utils.deploy.mcu.network import IntegerNetwork
from utils.deploy.mcu.qemu import BoardRun, run_on_board
from utils.deploy.mcu.scorecard import HostRunnable
from utils.deploy.mcu.sizes import Sizes, link_sizes
from utils.deploy.mcu.toolchain import missing_tools

__all__ = [
    "BOARDS",
    "Arena",
    "Board",
    "BoardRun",
    "HostRunnable",
    "IntegerNetwork",
    "Program",
    "Sizes",
    "fixed_point",
    "link_sizes",
    "missing_tools",
    "plan_arena",
    "requantize",
    "run_on_board",
    "run_on_host",
    "to_c",
    "weights_to_c",
]
