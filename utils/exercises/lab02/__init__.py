"""Lab 02, quantization: `check` for the notebook, `lab` (its exercises, in the notebook's order) for a grader."""

from utils.exercises import lab_attributes

__getattr__ = lab_attributes(
    __name__,
    "affine_params",
    "quantize",
    "dequantize",
    "per_channel_scales",
    "integer_linear",
    "FakeQuant",
    "calibrate",
    "requantize",
    "kmeans_codebook",
)
