"""From a trained model to the file that a device runs."""

from utils.deploy.onnx import OnnxRunnable, runnable, to_onnx

__all__ = ["OnnxRunnable", "runnable", "to_onnx"]
