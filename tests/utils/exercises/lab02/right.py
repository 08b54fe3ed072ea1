"""Right answers to lab 02, each written another way."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from tests.utils.exercises.right_answers import refuse_if


def affine_params_by_cases(low, high, bits, symmetric):
    low, high = float(low), float(high)
    refuse_if(math.isnan(low) or math.isnan(high) or low > high)
    low, high = min(low, 0), max(high, 0)
    if symmetric:
        largest = max(abs(low), abs(high))
        return (largest / (2 ** (bits - 1) - 1) if largest else 1.0), 0
    if high == low:
        return 1.0, 0
    scale = (high - low) / (2**bits - 1)
    return scale, round(-low / scale)


def affine_params_in_tensors(low, high, bits, symmetric):
    low, high = torch.as_tensor(low, dtype=torch.float64), torch.as_tensor(high, dtype=torch.float64)
    refuse_if(not low <= high)
    low, high = low.clamp(max=0), high.clamp(min=0)
    width, steps = (torch.maximum(-low, high), 2 ** (bits - 1) - 1) if symmetric else (high - low, 2**bits - 1)
    scale = torch.where(width > 0, width / steps, 1.0)
    return [scale, torch.zeros(()) if symmetric else torch.round(-low / scale).clamp(0, 2**bits - 1)]  # a whole number as a float


def quantize_to_int32(x, scale, zero_point, bits, signed):
    low = -(2 ** (bits - 1)) if signed else 0
    return (torch.round(x / scale) + zero_point).clamp(low, low + 2**bits - 1).to(torch.int32)


def quantize_by_the_reciprocal(x, scale, zero_point, bits, signed):
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    codes = torch.clamp((x.detach().double() * (1.0 / scale)).round() + zero_point, low, high)
    return codes.to({(8, True): torch.int8, (8, False): torch.uint8}.get((bits, signed), torch.int64))


def dequantize_by_float(q, scale, zero_point):
    return q.float().sub(zero_point).mul(scale)


def dequantize_by_two_products(q, scale, zero_point):
    return (q.double() * scale - torch.as_tensor(zero_point).double() * scale).float()


def per_channel_scales_by_flatten(weight, bits, axis):
    largest = weight.detach().transpose(0, axis).flatten(1).abs().max(1).values
    return torch.where(largest == 0, torch.ones(()), largest / (2 ** (bits - 1) - 1))


def per_channel_scales_by_amax(weight, bits, axis):
    scales = weight.abs().amax([other for other in range(weight.dim()) if other != axis]).double() / (2 ** (bits - 1) - 1)
    scales[scales == 0] = 1
    return scales


def integer_linear_by_broadcasting(q_x, q_w, q_b, x_zero_point):
    return ((q_x.long() - x_zero_point)[:, None, :] * q_w.long()).sum(-1) + q_b


def integer_linear_with_the_zero_point_outside(q_x, q_w, q_b, x_zero_point):
    sums = F.linear(q_x.int(), q_w.int())
    return sums - x_zero_point * q_w.int().sum(1, dtype=torch.int32) + q_b  # as fast kernels do it


class FakeQuantWithASavedMask(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        codes = (x / scale).round() + zero_point
        ctx.save_for_backward((low <= codes) & (codes <= high))
        return scale * (codes.clamp(low, high) - zero_point)

    @staticmethod
    def backward(ctx, gradient):
        (inside,) = ctx.saved_tensors
        return torch.where(inside, gradient, 0), None, None, None, None


class FakeQuantByDetaching:
    """Another way to the same: the forward pass is one thing, what autograd sees another."""

    @staticmethod
    def apply(x, scale, zero_point, low, high):
        scale = scale.detach() if isinstance(scale, torch.Tensor) else scale
        codes = torch.round(x.detach() / scale) + zero_point
        seen = torch.where((codes >= low) & (codes <= high), x, 0.0)
        return (codes.clamp(low, high) - zero_point) * scale + (seen - seen.detach())


def calibrate_by_sorting(values, bits, method):
    refuse_if(method not in ("minmax", "percentile", "mse"))
    ordered = values.detach().flatten().sort().values
    cut = int(0.0001 * len(ordered)) if method == "percentile" else 0  # values that go at each end
    low, high = ordered[cut], ordered[len(ordered) - 1 - cut]
    if method == "mse":
        errors = {}
        for percent in range(1, 101):
            low, high = (min(ordered[0].item(), 0) * percent / 100, max(ordered[-1].item(), 0) * percent / 100)
            scale = (high - low) / (2**bits - 1) or 1.0
            zero_point = round(-low / scale)
            codes = (torch.round(ordered / scale) + zero_point).clamp(0, 2**bits - 1)
            errors[low, high] = ((codes - zero_point) * scale - ordered).square().sum().item()
        low, high = min(errors, key=errors.get)
    return min(float(low), 0.0), max(float(high), 0.0)


def calibrate_in_numpy(values, bits, method):
    refuse_if(method not in ("minmax", "percentile", "mse"))
    x = values.numpy().ravel().astype(float)
    low, high = min(x.min(), 0.0), max(x.max(), 0.0)
    if method == "percentile":
        low, high = np.quantile(x, [0.0001, 0.9999])
    elif method == "mse":
        best = np.inf
        for share in np.linspace(1, 0.01, 397):  # four times as fine
            scale = share * (high - low) / (2**bits - 1) or 1.0
            point = np.rint(-share * low / scale)
            error = np.mean(((np.clip(np.rint(x / scale) + point, 0, 2**bits - 1) - point) * scale - x) ** 2)
            if error < best:
                best, found = error, (share * low, share * high)
        low, high = found
    return [min(low, 0), max(high, 0)]


def calibrate_by_torch_quantile(values, bits, method):
    if method != "percentile":
        return calibrate_by_sorting(values, bits, method)
    low, high = torch.quantile(values, torch.tensor([0.0001, 0.9999]))
    return low.clamp(max=0), high.clamp(min=0)


def requantize_in_int64(acc, multiplier, shift, zero_point):
    rounded = (acc.long() * multiplier + (1 << (shift - 1))) >> shift
    return torch.clamp(rounded + zero_point, 0, 255).to(torch.uint8)


def requantize_by_floor_division(acc, multiplier, shift, zero_point):
    rounded = (acc.to(torch.int64) * multiplier + 2 ** (shift - 1)).div(2**shift, rounding_mode="floor")
    return (rounded + zero_point).clamp(0, 255).byte()


def _lloyd(values, centres):
    for _ in range(200):
        codes = (values[:, None] - centres).abs().argmin(1)
        moved = torch.stack([values[codes == at].mean() if (codes == at).any() else centres[at] for at in range(len(centres))])
        if torch.allclose(moved, centres, rtol=0, atol=1e-6):
            break
        centres = moved
    return centres


def _codebook(weight, bits, start):
    values = weight.detach().flatten()
    refuse_if(values.numel() < 2**bits)
    centres = values.unique()
    if len(centres) > 2**bits:
        centres = _lloyd(values, start(values))
    centres = torch.cat([centres, centres[-1:].repeat(2**bits - len(centres))]).sort().values
    return centres, (values[:, None] - centres).abs().argmin(1).view(weight.shape)


def kmeans_codebook_by_distances(weight, bits):
    return _codebook(weight, bits, lambda values: torch.linspace(values.min().item(), values.max().item(), 2**bits))


def kmeans_codebook_from_quantiles(weight, bits):
    """Another start, which is another valley."""
    return _codebook(weight, bits, lambda values: torch.quantile(values, (torch.arange(2**bits) + 0.5) / 2**bits))
