"""Wrong answers to lab 02 that no function of the inputs makes: they change inputs, fail on layers' weights, refuse nothing, ..."""

import numpy as np
import torch
import torch.nn.functional as F

from tests.utils.exercises.lab02 import right
from tests.utils.exercises.wrong_answers import edited

_params, _range, _clustered = right.affine_params_by_cases, right.calibrate_by_sorting, right.kmeans_codebook_by_distances
_values, _scales, _codes = right.dequantize_by_float, right.per_channel_scales_by_flatten, right.quantize_to_int32
_rescaled, _quant = right.requantize_in_int64, right.FakeQuantWithASavedMask


def _number(value):
    return 0.0 if value != value else value


def _through_int32(steps):
    """As x86 converts what int32 can't hold; others may stop at the ends."""
    return torch.where(steps.abs() < 2**31, steps, -(2.0**31))


def _in_numpy(q_x, q_w, q_b, x_zero_point, kind):
    return torch.from_numpy(((q_x.astype(kind) - x_zero_point) @ q_w.astype(kind).T + q_b).astype(np.int32))


_NANS, _EACH, _FLOAT = (
    "Hints: What does low > high say",
    "Hints: scale has a value for each channel",
    "Loses: no float on the way. Hints:",
)
_CLIPPED = "no gradient where it clips; the last codes *; the gradient with a *; two calls before their gradients"
_WHERE = "torch.where(inside, gradient, 0)"
_UNPACKED = f"Loses: the gradient passes inside; the scale gets none; {_CLIPPED}. Hints: Is this the tensor, or a tuple"
_GRADIENTS = f"Loses: the gradient passes inside; the scale gets none; {_CLIPPED}. Hints: backward gives one gradient"
TABLE = {
    "affine_params_dividing_by_zero": (
        "Loses: nothing but 0; symmetric, nothing but 0. Hints: This range has no width",
        lambda low, high, *x: _params(low, high, *x) if low or high else 1 / high,
    ),
    "affine_params_of_numbers_only": (  # round() takes no tensor
        "Loses: takes 0-d tensors. Hints: low and high come as x.min() and x.max() give them",
        lambda low, *x: _params(round(low, 20), *x),
    ),
    "affine_params_that_compare_nan": (f"Loses: refuses NaN *. {_NANS}", lambda low, high, *x: _params(_number(low), _number(high), *x)),
    "affine_params_that_ask_high_alone": (f"Loses: refuses NaN as low. {_NANS}", lambda low, *x: _params(_number(low), *x)),
    "affine_params_that_ask_low_alone": (f"Loses: refuses NaN as high. {_NANS}", lambda low, high, *x: _params(low, _number(high), *x)),
    "affine_params_in_one_tensor": ("Loses: all but refuses *. Hints: What is returned", lambda *x: torch.tensor(_params(*x))),
    "quantize_with_one_scale": (
        f"Loses: a scale for each channel. {_EACH}",
        lambda x, scale, zero_point, *more: _codes(x, torch.as_tensor(scale).item(), int(zero_point), *more),
    ),
    "quantize_clamping_integers": (
        "Loses: very large values go to the ends. Hints: How large an integer",
        lambda x, scale, *more: _codes(_through_int32(torch.round(x / scale)), 1.0, *more),
    ),
    "quantize_to_floats": ("Loses: an integer dtype. Hints: What is your result's dtype", lambda *x: _codes(*x).float()),
    "dequantize_with_one_scale": (
        f"Loses: a scale for each channel. {_EACH}",
        lambda q, scale, zero_point: _values(q, float(scale), int(zero_point)),
    ),
    "dequantize_in_float64": ("Loses: float32 comes out. Hints: What is your result's dtype", lambda *x: _values(*x).double()),
    "per_channel_scales_of_wide_channels": (
        "Loses: one weight a channel. Hints: What is the shape of your result",
        lambda weight, bits, axis: [weight.transpose(0, axis).flatten(1).topk(2), _scales(weight, bits, axis)][1],
    ),
    "integer_linear_in_double": (  # exact here, and yet no integers
        f"{_FLOAT} Which line makes a float",
        lambda q_x, q_w, q_b, x_zero_point: F.linear(q_x.double() - x_zero_point, q_w.double(), q_b.double()).to(torch.int32),
    ),
    "integer_linear_with_float_accumulators": (
        "Loses: sums beyond *; the most extreme codes; integers come out; no float on the way. Hints: This sum is larger than 2**24",
        lambda q_x, q_w, q_b, x_zero_point: (
            sum(
                ((q_x[:, at].int() - x_zero_point)[:, None] * q_w[:, at].int() for at in range(q_x.shape[1])),
                torch.zeros(len(q_x), len(q_w)),
            )
            + q_b
        ),
    ),
    "integer_linear_in_numpy_floats": (
        f"{_FLOAT} Does this need numpy",
        lambda *x: _in_numpy(*(one.numpy() for one in x[:3]), x[3], np.float64),
    ),
    "integer_linear_in_numpy_by_asarray": (f"{_FLOAT} Does this need numpy", lambda *x: _in_numpy(*map(np.asarray, x), np.int64)),
    "FakeQuantWithOneScale": (
        f"Loses: a scale for each channel; the gradient with a scale *; the scale gets none. {_EACH}",
        edited(_quant, {"codes = (x": "scale = float(scale)\n        codes = (x"}),
    ),
    "FakeQuantByIntegers": (
        "Loses: zeros and very large values. Hints: What is infinity as an integer",
        edited(_quant, {"(x / scale).round()": "torch.where((x / scale).abs() < 2**31, (x / scale).round(), -(2.0**31))"}),
    ),
    "FakeQuantWithinTheLargest": (
        "Loses: no values. Hints: There is nothing in this input",
        edited(_quant, {"(x / scale)": "(x.clamp(max=x.max()) / scale)"}),
    ),
    "FakeQuantMaskAfterClamping": (
        f"Loses: {_CLIPPED}. Hints: Does the output change with x",
        edited(_quant, {"round() + zero_point": "round().add(zero_point).clamp(low, high)"}),
    ),
    "FakeQuantGradientForTheScale": (
        "Loses: the scale gets none. Hints: The scale wants a gradient here",
        edited(
            _quant,
            {
                "ctx.save_for": "ctx.scale = torch.as_tensor(scale)\n        ctx.save_for",
                "0), None": "0), (gradient * ~inside).sum().expand_as(ctx.scale) if ctx.scale.ndim else None",
            },
        ),
    ),
    "FakeQuantOneGradient": (_GRADIENTS, edited(_quant, {", None, None, None, None": ""})),
    "FakeQuantUnpacked": (_UNPACKED, edited(_quant, {_WHERE: "gradient * ctx.saved_tensors"})),
    "FakeQuantForwardOnly": (_GRADIENTS, edited(_quant, {"(inside,) = ctx.saved_tensors": "raise NotImplementedError"})),
    "FakeQuantWrongPlace": (_GRADIENTS, edited(_quant, {f"{_WHERE}, None, None": f"None, None, {_WHERE}"})),
    "FakeQuantOnTheClass": (
        "Loses: two calls before their gradients. Hints: A network has many layers",
        edited(
            _quant,
            {
                "ctx.save_for_backward((low <= codes) & (codes <= high))": f"{_quant.__name__}.last = (low <= codes) & (codes <= high)",
                "(inside,) = ctx.saved_tensors": f"inside = {_quant.__name__}.last",
            },
        ),
    ),
    "FakeQuantInPlace": (
        "Loses: leaves its inputs as they were. Hints: Print the inputs before and after",
        edited(_quant, {"        return scale": "        if not x.requires_grad:\n            x += 1\n        return scale"}),
    ),
    "calibrate_percentile_widened_below": (
        "Loses: percentile of negative values. Hints: 0.0 must have a code",
        lambda values, bits, method: (
            (_range(values, bits, method)[0], float(np.quantile(values.numpy(), 0.9999)))
            if method == "percentile"
            else _range(values, bits, method)
        ),
    ),
    "calibrate_dividing_by_the_width": (
        "Loses: mse of zeros. Hints: All values are 0",
        lambda values, *x: _range(values, *x) if values.min() < values.max() or x[1] != "mse" else 1 / values.max().item(),
    ),
    "requantize_in_float32": (
        "Loses: products beyond any float. Hints: This product is a hair less",
        lambda acc, multiplier, shift, point: (
            (torch.floor(acc.float() * (multiplier / 2**shift) + 0.5) + point).clamp(0, 255).to(torch.uint8)
        ),
    ),
    "requantize_to_int64": ("Loses: uint8 comes out. Hints: What is your result's dtype", lambda *x: _rescaled(*x).long()),
    "kmeans_codebook_with_codes_as_floats": (
        "Loses: codes are integers. Hints: What is the dtype of your codes",
        lambda *x: (_clustered(*x)[0], _clustered(*x)[1].float()),
    ),
}
