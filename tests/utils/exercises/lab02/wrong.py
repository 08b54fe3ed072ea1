"""Wrong answers to lab 02 that no function of the inputs makes: they change inputs, fail on layers' weights, refuse nothing, ..."""

import numpy as np
import torch
import torch.nn.functional as F


def _params(low, high, bits, symmetric):
    """Right, whatever the ends are."""
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    if low == high:
        return 1.0, 0
    scale = max(-low, high) / (2 ** (bits - 1) - 1) if symmetric else (high - low) / (2**bits - 1)
    return scale, 0 if symmetric else round(-low / scale)


def affine_params_dividing_by_zero(low, high, bits, symmetric):
    """Forgets the range of width 0.

    Loses: nothing but 0; symmetric, nothing but 0. Hints: This range has no width.
    """
    if not low <= high:
        raise ValueError("low must not be above high, and neither NaN")
    return _params(low, high, bits, symmetric) if low or high else 1 / float(high)


def affine_params_of_numbers_only(low, high, bits, symmetric):
    """round() takes no tensor. Loses: takes 0-d tensors. Hints: low and high come as x.min() and x.max() give them."""
    if not low <= high:
        raise ValueError("low must not be above high, and neither NaN")
    return _params(round(low, 20), high, bits, symmetric)


def affine_params_that_compare_nan(low, high, bits, symmetric):
    """low > high is False for NaN.

    Loses: refuses NaN as high; refuses NaN as low. Hints: What does low > high say.
    """
    if low > high:
        raise ValueError("low must not be above high")
    return _params(low, high, bits, symmetric)


def affine_params_that_ask_high_alone(low, high, bits, symmetric):
    """Looks for NaN at one end. Loses: refuses NaN as low. Hints: What does low > high say."""
    if low > high or high != high:
        raise ValueError("low must not be above high, and high not NaN")
    return _params(low, high, bits, symmetric)


def affine_params_that_ask_low_alone(low, high, bits, symmetric):
    """Looks for NaN at the other end. Loses: refuses NaN as high. Hints: What does low > high say."""
    if low > high or low != low:
        raise ValueError("low must not be above high, and low not NaN")
    return _params(low, high, bits, symmetric)


def affine_params_in_one_tensor(low, high, bits, symmetric):
    """Two numbers in a tensor.

    Loses: all but refuses low above high; refuses NaN as high; refuses NaN as low. Hints: What is returned.
    """
    if not low <= high:
        raise ValueError("low must not be above high, and neither NaN")
    return torch.tensor(_params(low, high, bits, symmetric))


def _ends(bits, signed):
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)


def _dtype(bits, signed):
    return (torch.int8 if signed else torch.uint8) if bits <= 8 else torch.int32


def _quantized(x, scale, zero_point, bits, signed):
    return (torch.round(x / scale) + zero_point).clamp(*_ends(bits, signed)).to(_dtype(bits, signed))


def quantize_with_one_scale(x, scale, zero_point, bits, signed):
    """Takes numbers only. Loses: a scale for each channel. Hints: scale has a value for each channel."""
    return _quantized(x, torch.as_tensor(scale).item(), int(zero_point), bits, signed)


def _through_int32(steps):
    """As x86 converts what int32 can't hold; others may stop at the ends."""
    return torch.where(steps.abs() < 2**31, steps, -(2.0**31))


def quantize_clamping_integers(x, scale, zero_point, bits, signed):
    """Converts to int32 first. Loses: very large values go to the ends. Hints: How large an integer."""
    return (_through_int32(torch.round(x / scale)) + zero_point).clamp(*_ends(bits, signed)).to(_dtype(bits, signed))


def quantize_to_floats(x, scale, zero_point, bits, signed):
    """Integers, in float32. Loses: an integer dtype. Hints: What is your result's dtype."""
    return _quantized(x, scale, zero_point, bits, signed).float()


def dequantize_with_one_scale(q, scale, zero_point):
    """Takes numbers only. Loses: a scale for each channel. Hints: scale has a value for each channel."""
    return (q.float() - int(zero_point)) * float(scale)


def dequantize_in_float64(q, scale, zero_point):
    """More than layers take. Loses: float32 comes out. Hints: What is your result's dtype."""
    return (q.double() - zero_point) * scale


def per_channel_scales_of_wide_channels(weight, bits, axis):
    """Needs two weights a channel. Loses: one weight a channel. Hints: What is the shape of your result."""
    largest = weight.detach().transpose(0, axis).flatten(1).abs().topk(2).values[:, 0]
    return torch.where(largest > 0, largest / (2 ** (bits - 1) - 1), 1.0)


def integer_linear_in_double(q_x, q_w, q_b, x_zero_point):
    """Exact here, and yet no integers. Loses: no float on the way. Hints: Which line makes a float."""
    return F.linear(q_x.double() - x_zero_point, q_w.double(), q_b.double()).to(torch.int32)


def integer_linear_with_float_accumulators(q_x, q_w, q_b, x_zero_point):
    """torch.zeros are floats.

    Loses: sums beyond 2**24; the most extreme codes; integers come out; no float on the way.
    Hints: This sum is larger than 2**24.
    """
    sums = torch.zeros(len(q_x), len(q_w))
    for at in range(q_x.shape[1]):
        sums += (q_x[:, at].int() - x_zero_point)[:, None] * q_w[:, at].int()
    return sums + q_b


def integer_linear_in_numpy_floats(q_x, q_w, q_b, x_zero_point):
    """Exact here, and yet no integers. Loses: no float on the way. Hints: Does this need numpy."""
    sums = (q_x.numpy().astype(float) - x_zero_point) @ q_w.numpy().astype(float).T + q_b.numpy()
    return torch.from_numpy(sums.astype(np.int32))


def integer_linear_in_numpy_by_asarray(q_x, q_w, q_b, x_zero_point):
    """Another way out of torch. Loses: no float on the way. Hints: Does this need numpy."""
    q_x, q_w, q_b = (np.asarray(one, dtype=np.int64) for one in (q_x, q_w, q_b))
    return torch.from_numpy((q_x - x_zero_point) @ q_w.T + q_b)


class _Quant(torch.autograd.Function):
    """Right; the wrong ones below change one method."""

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        codes = torch.round(x / scale) + zero_point
        ctx.save_for_backward((codes >= low) & (codes <= high))
        ctx.scale = scale
        return (codes.clamp(low, high) - zero_point) * scale

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0], None, None, None, None


class FakeQuantWithOneScale(_Quant):
    """Takes a number only.

    Loses: a scale for each channel; the gradient with a scale for each channel; the scale gets none. Hints: scale has a value.
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        return _Quant.forward(ctx, x, float(scale), zero_point, low, high)


class FakeQuantByIntegers(_Quant):
    """Converts before it clips. Loses: zeros and very large values. Hints: What is infinity as an integer."""

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        codes = _through_int32(torch.round(x / scale)) + zero_point
        ctx.save_for_backward((codes >= low) & (codes <= high))
        return (codes.clamp(low, high) - zero_point) * scale


class FakeQuantWithinTheLargest(_Quant):
    """Looks for a largest value. Loses: no values. Hints: There is nothing in this input."""

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        return _Quant.forward(ctx, x.clamp(max=x.max()), scale, zero_point, low, high)


class FakeQuantMaskAfterClamping(_Quant):
    """After clamping every code is inside.

    Loses: no gradient where it clips; the last codes are inside; the gradient with a zero point;
    the gradient with a scale for each channel; two calls before their gradients. Hints: Does the output change with x.
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        codes = (torch.round(x / scale) + zero_point).clamp(low, high)
        ctx.save_for_backward((codes >= low) & (codes <= high))
        return (codes - zero_point) * scale


class FakeQuantGradientForTheScale(_Quant):
    """Trains the scale as well. Loses: the scale gets none. Hints: The scale wants a gradient here."""

    @staticmethod
    def backward(ctx, gradient):
        inside = ctx.saved_tensors[0]
        for_scale = (gradient * ~inside).sum().expand_as(ctx.scale) if isinstance(ctx.scale, torch.Tensor) else None
        return gradient * inside, for_scale, None, None, None


class FakeQuantOneGradient(_Quant):
    """One gradient for five inputs.

    Loses: the gradient passes inside; no gradient where it clips; the last codes are inside; the gradient with a zero point;
    the gradient with a scale for each channel; the scale gets none; two calls before their gradients. Hints: backward gives one gradient.
    """

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0]


class FakeQuantUnpacked(_Quant):
    """saved_tensors is a tuple.

    Loses: the gradient passes inside; no gradient where it clips; the last codes are inside; the gradient with a zero point;
    the gradient with a scale for each channel; the scale gets none; two calls before their gradients. Hints: backward gives one gradient.
    """

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors, None, None, None, None


class FakeQuantForwardOnly(_Quant):
    """Half of it.

    Loses: the gradient passes inside; no gradient where it clips; the last codes are inside; the gradient with a zero point;
    the gradient with a scale for each channel; the scale gets none; two calls before their gradients. Hints: backward gives one gradient.
    """

    @staticmethod
    def backward(ctx, gradient):
        raise NotImplementedError


class FakeQuantWrongPlace(_Quant):
    """The gradient is returned where that of the zero point belongs.

    Loses: the gradient passes inside; no gradient where it clips; the last codes are inside; the gradient with a zero point;
    the gradient with a scale for each channel; the scale gets none; two calls before their gradients. Hints: backward gives one gradient.
    """

    @staticmethod
    def backward(ctx, gradient):
        return None, None, gradient * ctx.saved_tensors[0], None, None


class FakeQuantOnTheClass(_Quant):
    """Keeps the mask where the next call puts its own. Loses: two calls before their gradients. Hints: A network has many layers."""

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        output = _Quant.forward(ctx, x, scale, zero_point, low, high)
        FakeQuantOnTheClass.mask = ctx.to_save[0]
        return output

    @staticmethod
    def backward(ctx, gradient):
        return gradient * FakeQuantOnTheClass.mask, None, None, None, None


class FakeQuantInPlace(_Quant):
    """Works in x itself. Loses: leaves its inputs as they were. Hints: Print the inputs before and after."""

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        output = _Quant.forward(ctx, x, scale, zero_point, low, high)
        if not x.requires_grad:
            x.detach().copy_(output)
        return output


def _error(values, low, high, bits):
    scale, zero_point = _params(low, high, bits, False)
    codes = (torch.round(values / scale) + zero_point).clamp(0, 2**bits - 1)
    return ((codes - zero_point) * scale - values).square().mean().item()


def _range(values, bits, method):
    if method not in ("minmax", "percentile", "mse"):
        raise ValueError("method must be minmax, percentile or mse")
    low, high = np.quantile(values.numpy(), [0.0001, 0.9999]) if method == "percentile" else (values.min().item(), values.max().item())
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    factors = [one / 100 for one in range(100, 0, -1)] if method == "mse" else [1.0]
    best = min(factors, key=lambda factor: _error(values, low * factor, high * factor, bits))
    return low * best, high * best


def calibrate_percentile_widened_below(values, bits, method):
    """Thinks that only low may be on the wrong side. Loses: percentile of negative values. Hints: 0.0 must have a code."""
    low, high = _range(values, bits, method)
    return low, float(np.quantile(values.numpy(), 0.9999)) if method == "percentile" else high


def calibrate_dividing_by_the_width(values, bits, method):
    """Scales to 0 to 1 first. Loses: mse of zeros. Hints: All values are 0."""
    return _range(values, bits, method) if values.min() < values.max() or method != "mse" else (0.0, 1 / values.max().item())


def _rescaled(acc, multiplier, shift, zero_point):
    return (((acc.long() * multiplier + (1 << (shift - 1))) >> shift) + zero_point).clamp(0, 255)


def requantize_in_float32(acc, multiplier, shift, zero_point):
    """24 bits are not enough. Loses: products beyond any float. Hints: This product is a hair less."""
    return (torch.floor(acc.float() * (multiplier / 2**shift) + 0.5) + zero_point).clamp(0, 255).to(torch.uint8)


def requantize_to_int64(acc, multiplier, shift, zero_point):
    """Eight times as large. Loses: uint8 comes out. Hints: What is your result's dtype."""
    return _rescaled(acc, multiplier, shift, zero_point)


def kmeans_codebook_with_codes_as_floats(weight, bits):
    """Codes that index nothing. Loses: codes are integers. Hints: What is the dtype of your codes."""
    values = weight.detach().flatten()
    if values.numel() < 2**bits:
        raise ValueError("more entries than weights")
    few = values.unique().numel() <= 2**bits
    even = torch.linspace(values.min().item(), values.max().item(), 2**bits)
    centers = torch.cat([values.unique(), values.max().repeat(2**bits)])[: 2**bits] if few else even
    for _ in range(0 if few else 200):
        codes = (values[:, None] - centers).abs().argmin(1)
        centers = torch.stack([values[codes == at].mean() if (codes == at).any() else centers[at] for at in range(2**bits)])
    return centers, (values[:, None] - centers).abs().argmin(1).view(weight.shape).float()
