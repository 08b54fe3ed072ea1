"""From a trained model to what a device runs: an .onnx file, a web page, a C program."""

from utils.deploy.browser import to_browser
from utils.deploy.int8 import int8_runnable, to_int8_onnx
from utils.deploy.mcu import IntegerNetwork, run_on_board, to_c
from utils.deploy.onnx import runnable, to_onnx
from utils.deploy.onnx_runnable import OnnxRunnable

__all__ = [
    "IntegerNetwork",
    "OnnxRunnable",
    "int8_runnable",
    "run_on_board",
    "runnable",
    "to_browser",
    "to_c",
    "to_int8_onnx",
    "to_onnx",
]
