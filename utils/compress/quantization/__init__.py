"""Quantization: fewer bits for each number, after training or while it goes on."""

from utils.compress.quantization.affine import affine_params, along, code_range, dequantize, per_channel_scales, quantize
from utils.compress.quantization.calibration import calibrate
from utils.compress.quantization.codebook import kmeans_codebook
from utils.compress.quantization.fake import FakeQuant, LearnedStep, best_steps, freeze_, qat_, weight_bits
from utils.compress.quantization.integer import integer_linear, requantize, to_fixed_point

__all__ = [
    "FakeQuant",
    "LearnedStep",
    "affine_params",
    "along",
    "best_steps",
    "calibrate",
    "code_range",
    "dequantize",
    "freeze_",
    "integer_linear",
    "kmeans_codebook",
    "per_channel_scales",
    "qat_",
    "quantize",
    "requantize",
    "to_fixed_point",
    "weight_bits",
]
