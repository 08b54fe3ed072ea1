"""From a trained model to the file that a device runs."""

from utils.deploy.int8 import int8_runnable, to_int8_onnx
from utils.deploy.onnx import OnnxRunnable, runnable, to_onnx

__all__ = ["OnnxRunnable", "int8_runnable", "runnable", "to_int8_onnx", "to_onnx"]
