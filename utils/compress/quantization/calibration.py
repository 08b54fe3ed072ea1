"""Which range to quantize: the extremes, or less of them, so that the many values get finer steps."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from utils.compress.quantization.affine import affine_params, check_bits, check_finite, dequantize, quantize

CUT = 0.0001  # the share that "percentile" cuts off at each end
FACTORS = tuple(factor / 100 for factor in range(100, 0, -1))  # how far "mse" shrinks the range, the widest first


def calibrate(values: Tensor, bits: int = 8, method: str = "minmax") -> tuple[float, float]:
    """The range (low, high) to clip to, which holds 0.

    values: any shape, what a tensor was seen to hold.
    method: "minmax", the extremes; "percentile", without the outermost 0.01 % at each end; "mse", the extremes times the
        factor in 1.00, 0.99, ..., 0.01 whose unsigned affine quantization has the least mean squared error.

    Raises:
        ValueError: another method, bits outside 1..16, values that are empty or not finite.
    """
    check_bits(bits)
    values = values.detach().flatten().float()
    check_finite(values, "the tensor to calibrate on")
    low, high = values.min().item(), values.max().item()
    if method == "percentile":  # numpy: torch.quantile refuses more than 16 million values
        low, high = (float(q) for q in np.quantile(values.numpy(), (CUT, 1 - CUT)))
    elif method == "mse":
        factor = min(FACTORS, key=lambda f: _error(values, low * f, high * f, bits))
        low, high = low * factor, high * factor
    elif method != "minmax":
        raise ValueError(f"method must be 'minmax', 'percentile' or 'mse', got {method!r}")
    return min(low, 0.0), max(high, 0.0)


def _error(values: Tensor, low: float, high: float, bits: int) -> float:
    scale, zero_point = affine_params(low, high, bits)
    restored = dequantize(quantize(values, scale, zero_point, bits, signed=False), scale, zero_point)
    return (restored.double() - values.double()).square().mean().item()  # in float32 the squares depend on the unit
