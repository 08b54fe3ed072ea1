"""Wrong answers to lab 02 that no function of the inputs makes: they change inputs, fail on layers' weights, refuse nothing, ..."""

import numpy as np
import torch
import torch.nn.functional as F

from tests.utils.exercises.lab02.right import FakeQuantWithASavedMask as RightQuant
from tests.utils.exercises.lab02.right import affine_params_by_cases as right_params
from tests.utils.exercises.lab02.right import calibrate_by_sorting as right_range
from tests.utils.exercises.lab02.right import dequantize_by_float as right_values
from tests.utils.exercises.lab02.right import kmeans_codebook_by_distances as right_codebook
from tests.utils.exercises.lab02.right import per_channel_scales_by_flatten as right_scales
from tests.utils.exercises.lab02.right import quantize_to_int32 as right_codes
from tests.utils.exercises.lab02.right import requantize_in_int64 as right_rescaled


def _number(value):
    return 0.0 if value != value else value


def _through_int32(steps):
    """As x86 converts what int32 can't hold; others may stop at the ends."""
    return torch.where(steps.abs() < 2**31, steps, -(2.0**31))


def _in_numpy(q_x, q_w, q_b, x_zero_point, kind):
    return torch.from_numpy(((q_x.astype(kind) - x_zero_point) @ q_w.astype(kind).T + q_b).astype(np.int32))


def _quant(forward=RightQuant.forward, backward=RightQuant.backward):
    """Right, but for one method."""
    return type("FakeQuant", (torch.autograd.Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


def _by_integers(ctx, x, scale, zero_point, low, high):
    codes = _through_int32(torch.round(x / scale)) + zero_point
    ctx.save_for_backward((codes >= low) & (codes <= high))
    return (codes.clamp(low, high) - zero_point) * scale


def _mask_after_clamping(ctx, x, scale, zero_point, low, high):
    codes = (torch.round(x / scale) + zero_point).clamp(low, high)
    ctx.save_for_backward((codes >= low) & (codes <= high))
    return (codes - zero_point) * scale


def _trained_scale(ctx, gradient):
    (inside,) = ctx.saved_tensors
    return gradient * inside, (gradient * ~inside).sum().expand_as(ctx.scale) if hasattr(ctx, "scale") else None, None, None, None


def _keeping_scale(ctx, x, scale, *others):
    if isinstance(scale, torch.Tensor):
        ctx.scale = scale
    return RightQuant.forward(ctx, x, scale, *others)


_LAST = []


def _on_the_class(ctx, *inputs):
    output = RightQuant.forward(ctx, *inputs)
    _LAST[:] = ctx.to_save
    return output


def _in_place(ctx, x, *others):
    output = RightQuant.forward(ctx, x, *others)
    if not x.requires_grad:
        x.detach().copy_(output)
    return output


def _not_written(ctx, gradient):
    raise NotImplementedError


_PARAMS, _EACH, _FLOAT = (
    "Hints: What does low > high say",
    "Hints: scale has a value for each channel",
    "Loses: no float on the way. Hints:",
)
_CLIPPED = "no gradient where it clips; the last codes *; the gradient with a *; two calls before their gradients"
_UNPACKED = f"Loses: the gradient passes inside; the scale gets none; {_CLIPPED}. Hints: Is this the tensor, or a tuple"
_GRADIENTS = f"Loses: the gradient passes inside; the scale gets none; {_CLIPPED}. Hints: backward gives one gradient"
TABLE = {
    "affine_params_dividing_by_zero": (
        "Loses: nothing but 0; symmetric, nothing but 0. Hints: This range has no width",
        lambda low, high, *x: right_params(low, high, *x) if low or high else 1 / high,
    ),
    "affine_params_of_numbers_only": (  # round() takes no tensor
        "Loses: takes 0-d tensors. Hints: low and high come as x.min() and x.max() give them",
        lambda low, *x: right_params(round(low, 20), *x),
    ),
    "affine_params_that_compare_nan": (
        f"Loses: refuses NaN *. {_PARAMS}",
        lambda low, high, *x: right_params(_number(low), _number(high), *x),
    ),
    "affine_params_that_ask_high_alone": (f"Loses: refuses NaN as low. {_PARAMS}", lambda low, *x: right_params(_number(low), *x)),
    "affine_params_that_ask_low_alone": (
        f"Loses: refuses NaN as high. {_PARAMS}",
        lambda low, high, *x: right_params(low, _number(high), *x),
    ),
    "affine_params_in_one_tensor": ("Loses: all but refuses *. Hints: What is returned", lambda *x: torch.tensor(right_params(*x))),
    "quantize_with_one_scale": (
        f"Loses: a scale for each channel. {_EACH}",
        lambda x, scale, zero_point, *more: right_codes(x, torch.as_tensor(scale).item(), int(zero_point), *more),
    ),
    "quantize_clamping_integers": (
        "Loses: very large values go to the ends. Hints: How large an integer",
        lambda x, scale, *more: right_codes(_through_int32(torch.round(x / scale)), 1.0, *more),
    ),
    "quantize_to_floats": ("Loses: an integer dtype. Hints: What is your result's dtype", lambda *x: right_codes(*x).float()),
    "dequantize_with_one_scale": (
        f"Loses: a scale for each channel. {_EACH}",
        lambda q, scale, zero_point: right_values(q, float(scale), int(zero_point)),
    ),
    "dequantize_in_float64": ("Loses: float32 comes out. Hints: What is your result's dtype", lambda *x: right_values(*x).double()),
    "per_channel_scales_of_wide_channels": (
        "Loses: one weight a channel. Hints: What is the shape of your result",
        lambda weight, bits, axis: [weight.transpose(0, axis).flatten(1).topk(2), right_scales(weight, bits, axis)][1],
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
        _quant(lambda ctx, x, scale, *others: RightQuant.forward(ctx, x, float(scale), *others)),
    ),
    "FakeQuantByIntegers": ("Loses: zeros and very large values. Hints: What is infinity as an integer", _quant(_by_integers)),
    "FakeQuantWithinTheLargest": (
        "Loses: no values. Hints: There is nothing in this input",
        _quant(lambda ctx, x, *others: RightQuant.forward(ctx, x.clamp(max=x.max()), *others)),
    ),
    "FakeQuantMaskAfterClamping": (f"Loses: {_CLIPPED}. Hints: Does the output change with x", _quant(_mask_after_clamping)),
    "FakeQuantGradientForTheScale": (
        "Loses: the scale gets none. Hints: The scale wants a gradient here",
        _quant(_keeping_scale, _trained_scale),
    ),
    "FakeQuantOneGradient": (_GRADIENTS, _quant(backward=lambda ctx, gradient: RightQuant.backward(ctx, gradient)[0])),
    "FakeQuantUnpacked": (_UNPACKED, _quant(backward=lambda ctx, gradient: (gradient * ctx.saved_tensors, *[None] * 4))),
    "FakeQuantForwardOnly": (_GRADIENTS, _quant(backward=_not_written)),
    "FakeQuantWrongPlace": (_GRADIENTS, _quant(backward=lambda ctx, gradient: (None, None, *RightQuant.backward(ctx, gradient)[:3]))),
    "FakeQuantOnTheClass": (
        "Loses: two calls before their gradients. Hints: A network has many layers",
        _quant(_on_the_class, lambda ctx, gradient: (gradient * _LAST[0], *[None] * 4)),
    ),
    "FakeQuantInPlace": ("Loses: leaves its inputs as they were. Hints: Print the inputs before and after", _quant(_in_place)),
    "calibrate_percentile_widened_below": (
        "Loses: percentile of negative values. Hints: 0.0 must have a code",
        lambda values, bits, method: (
            (right_range(values, bits, method)[0], float(np.quantile(values.numpy(), 0.9999)))
            if method == "percentile"
            else right_range(values, bits, method)
        ),
    ),
    "calibrate_dividing_by_the_width": (
        "Loses: mse of zeros. Hints: All values are 0",
        lambda values, *x: right_range(values, *x) if values.min() < values.max() or x[1] != "mse" else 1 / values.max().item(),
    ),
    "requantize_in_float32": (
        "Loses: products beyond any float. Hints: This product is a hair less",
        lambda acc, multiplier, shift, point: (
            (torch.floor(acc.float() * (multiplier / 2**shift) + 0.5) + point).clamp(0, 255).to(torch.uint8)
        ),
    ),
    "requantize_to_int64": ("Loses: uint8 comes out. Hints: What is your result's dtype", lambda *x: right_rescaled(*x).long()),
    "kmeans_codebook_with_codes_as_floats": (
        "Loses: codes are integers. Hints: What is the dtype of your codes",
        lambda *x: (right_codebook(*x)[0], right_codebook(*x)[1].float()),
    ),
}
