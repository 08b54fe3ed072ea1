"""Quantization: fewer bits for each number, after training or while it goes on."""

from utils.compress.quantization.affine import affine_params, broadcast_along, code_range, dequantize, per_channel_scales, quantize
from utils.compress.quantization.blocks import int4_blocks, mxfp4
from utils.compress.quantization.calibration import calibrate
from utils.compress.quantization.codebook import kmeans_codebook
from utils.compress.quantization.integer import integer_linear, requantize, to_fixed_point
from utils.compress.quantization.qat import FakeQuant, LearnedStep, best_steps, freeze_, qat_, weight_bits

__all__ = [
    "FakeQuant",
    "LearnedStep",
    "affine_params",
    "best_steps",
    "broadcast_along",
    "calibrate",
    "code_range",
    "dequantize",
    "freeze_",
    "int4_blocks",
    "integer_linear",
    "kmeans_codebook",
    "mxfp4",
    "per_channel_scales",
    "qat_",
    "quantize",
    "requantize",
    "to_fixed_point",
    "weight_bits",
]
