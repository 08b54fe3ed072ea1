"""Plausible wrong answers to lab 02. The docstring says what is wrong and lists the cases that it must lose, and no other."""

import numpy as np
import torch
import torch.nn.functional as F


def _params(low, high, bits, symmetric, *, levels=-1, sign=-1):
    """Right, but for what is asked to go wrong."""
    low, high = float(low), float(high)
    if not low <= high:
        raise ValueError("low must not be above high, and neither NaN")
    return _unchecked(low, high, bits, symmetric, levels, sign)


def _unchecked(low, high, bits, symmetric, levels=-1, sign=-1):
    """Whatever the ends are."""
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    if low == high:
        return 1.0, 0
    if symmetric:
        return max(-low, high) / (2 ** (bits - 1) + levels), 0
    scale = (high - low) / (2**bits + levels)
    return scale, round(sign * low / scale)


def affine_params_by_the_number_of_codes(low, high, bits, symmetric):
    """Divides by 2**bits: one step too many.

    - a range around 0
    - a range above 0
    - a range below 0
    - 4 bits
    - symmetric, high is the far end
    - symmetric, low is the far end
    - symmetric, 4 bits
    - a constant
    - a very narrow range
    - takes 0-d tensors
    """
    return _params(low, high, bits, symmetric, levels=0)


def affine_params_of_the_wrong_sign(low, high, bits, symmetric):
    """Where low is, with its sign.

    - a range around 0
    - a range below 0
    - 4 bits
    - a very narrow range
    - takes 0-d tensors
    """
    return _params(low, high, bits, symmetric, sign=1)


def affine_params_not_widened(low, high, bits, symmetric):
    """0.0 may have no code.

    - a range above 0
    - a range below 0
    - a constant
    """
    low, high = float(low), float(high)
    if not low <= high:
        raise ValueError("low must not be above high, and neither NaN")
    scale = (max(abs(low), abs(high)) / (2 ** (bits - 1) - 1) if symmetric else (high - low) / (2**bits - 1)) or 1.0
    return scale, 0 if symmetric else round(-low / scale)


def affine_params_for_8_bits(low, high, bits, symmetric):
    """Only for 8 bits.

    - 4 bits
    - symmetric, 4 bits
    """
    return _params(low, high, 8, symmetric)


def affine_params_never_symmetric(low, high, bits, symmetric):
    """Overlooks symmetric.

    - symmetric, high is the far end
    - symmetric, low is the far end
    - symmetric, 4 bits
    """
    return _params(low, high, bits, False)


def affine_params_symmetric_by_high(low, high, bits, symmetric):
    """Thinks that high is always the far end.

    - symmetric, low is the far end
    """
    right = _params(low, high, bits, symmetric)
    return _params(-float(high), high, bits, True) if symmetric else right


def affine_params_symmetric_by_the_whole_width(low, high, bits, symmetric):
    """Half of 255 steps on each side.

    - symmetric, high is the far end
    - symmetric, low is the far end
    - symmetric, 4 bits
    """
    scale, zero_point = _params(low, high, bits, symmetric)
    return (scale * (2 ** (bits - 1) - 1) / (2 ** (bits - 1) - 0.5) if symmetric and scale != 1 else scale), zero_point


def affine_params_dividing_by_zero(low, high, bits, symmetric):
    """Forgets the range of width 0.

    - nothing but 0
    - symmetric, nothing but 0
    """
    low, high = float(low), float(high)
    if not low <= high:
        raise ValueError("low must not be above high, and neither NaN")
    low, high = min(low, 0.0), max(high, 0.0)
    scale = max(-low, high) / (2 ** (bits - 1) - 1) if symmetric else (high - low) / (2**bits - 1)
    return scale, 0 if symmetric else round(-low / scale)


def affine_params_equal_before_widening(low, high, bits, symmetric):
    """Takes a constant for a range of width 0.

    - a constant
    """
    return (1.0, 0) if low == high else _params(low, high, bits, symmetric)


def affine_params_with_a_smallest_scale(low, high, bits, symmetric):
    """Guards against a division by 0 with a small number.

    - nothing but 0
    - symmetric, nothing but 0
    - a very narrow range
    """
    low, high = float(low), float(high)
    if not low <= high:
        raise ValueError("low must not be above high, and neither NaN")
    low, high = min(low, 0.0), max(high, 0.0)
    scale = max(-low, high) / (2 ** (bits - 1) - 1) if symmetric else (high - low) / (2**bits - 1)
    scale = max(scale, 1e-8)
    return scale, 0 if symmetric else round(-low / scale)


def affine_params_of_numbers_only(low, high, bits, symmetric):
    """round() takes no tensor.

    - takes 0-d tensors
    """
    if not low <= high:
        raise ValueError("low must not be above high, and neither NaN")
    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        return 1.0, 0
    if symmetric:
        return max(-low, high) / (2 ** (bits - 1) - 1), 0
    return (high - low) / (2**bits - 1), round(-low / ((high - low) / (2**bits - 1)))


def affine_params_that_refuse_nothing(low, high, bits, symmetric):
    """Sorts the ends, and lets NaN pass.

    - refuses low above high
    - refuses NaN as high
    - refuses NaN as low
    """
    return _unchecked(min(low, high), max(low, high), bits, symmetric)


def affine_params_that_compare_nan(low, high, bits, symmetric):
    """low > high is False if one of them is NaN.

    - refuses NaN as high
    - refuses NaN as low
    """
    if low > high:
        raise ValueError("low must not be above high")
    return _unchecked(low, high, bits, symmetric)


def affine_params_that_ask_high_alone(low, high, bits, symmetric):
    """Looks for NaN at one end.

    - refuses NaN as low
    """
    if low > high or high != high:
        raise ValueError("low must not be above high, and high not NaN")
    return _unchecked(low, high, bits, symmetric)


def affine_params_that_ask_low_alone(low, high, bits, symmetric):
    """Looks for NaN at the other.

    - refuses NaN as high
    """
    if low > high or low != low:
        raise ValueError("low must not be above high, and low not NaN")
    return _unchecked(low, high, bits, symmetric)


def affine_params_not_rounded(low, high, bits, symmetric):
    """A zero point that is no code.

    - a range around 0
    - 4 bits
    - a very narrow range
    - takes 0-d tensors
    """
    scale, _ = _params(low, high, bits, symmetric)
    return scale, 0 if symmetric else round(-min(float(low), 0.0) / scale, 6)


def affine_params_cut_off(low, high, bits, symmetric):
    """int() in place of round().

    - a range around 0
    - 4 bits
    - a very narrow range
    - takes 0-d tensors
    """
    scale, _ = _params(low, high, bits, symmetric)
    return scale, 0 if symmetric else int(-min(float(low), 0.0) / scale + 1e-6)


def affine_params_in_one_tensor(low, high, bits, symmetric):
    """Two numbers in a tensor, and the other way round.

    - a range around 0
    - a range above 0
    - a range below 0
    - 4 bits
    - symmetric, high is the far end
    - symmetric, low is the far end
    - symmetric, 4 bits
    - nothing but 0
    - symmetric, nothing but 0
    - a constant
    - a very narrow range
    - takes 0-d tensors
    """
    scale, zero_point = _params(low, high, bits, symmetric)
    return torch.tensor([zero_point, scale])


def _ends(bits, signed):
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)


def _dtype(bits, signed):
    return (torch.int8 if signed else torch.uint8) if bits <= 8 else torch.int32


def quantize_cutting_off(x, scale, zero_point, bits, signed):
    """Converts without rounding.

    - the nearest code
    - halves go to the even code
    - adds the zero point
    - adds it after rounding
    - stops at the ends
    - unsigned codes stop at 0 and 255
    - 4 bits
    - 16 bits
    - 16 bits, signed
    - a scale for each channel
    - an integer dtype
    - takes a layer's parameter
    - leaves x as it was
    """
    return (torch.trunc(x / scale) + zero_point).clamp(*_ends(bits, signed)).to(_dtype(bits, signed))


def quantize_rounding_down(x, scale, zero_point, bits, signed):
    """// in place of rounding.

    - the nearest code
    - halves go to the even code
    - adds the zero point
    - adds it after rounding
    - stops at the ends
    - unsigned codes stop at 0 and 255
    - 4 bits
    - 16 bits
    - 16 bits, signed
    - a scale for each channel
    - very large values go to the ends
    - an integer dtype
    - takes a layer's parameter
    - leaves x as it was
    """
    return (x // scale + zero_point).clamp(*_ends(bits, signed)).to(_dtype(bits, signed))


def quantize_halves_up(x, scale, zero_point, bits, signed):
    """Rounds as in school.

    - halves go to the even code
    - adds it after rounding
    """
    return (torch.floor(x / scale + 0.5) + zero_point).clamp(*_ends(bits, signed)).to(_dtype(bits, signed))


def quantize_adding_first(x, scale, zero_point, bits, signed):
    """The zero point is added before rounding.

    - adds it after rounding
    """
    return torch.round(x / scale + zero_point).clamp(*_ends(bits, signed)).to(_dtype(bits, signed))


def quantize_without_the_zero_point(x, scale, zero_point, bits, signed):
    """Overlooks it.

    - adds the zero point
    - adds it after rounding
    - unsigned codes stop at 0 and 255
    - 16 bits
    - a scale for each channel
    - 0.0 has the zero point's code
    """
    return torch.round(x / scale).clamp(*_ends(bits, signed)).to(_dtype(bits, signed))


def quantize_wrapping_around(x, scale, zero_point, bits, signed):
    """The dtype does the cutting off, which it does not.

    - stops at the ends
    - unsigned codes stop at 0 and 255
    - 4 bits
    - 16 bits
    - 16 bits, signed
    - very large values go to the ends
    """
    return (torch.round(x / scale) + zero_point).to(torch.int64).to(_dtype(bits, signed))


def quantize_without_the_lowest(x, scale, zero_point, bits, signed):
    """-127 to 127, for int8 as well.

    - stops at the ends
    - 4 bits
    - 16 bits, signed
    - very large values go to the ends
    """
    low, high = _ends(bits, signed)
    return (torch.round(x / scale) + zero_point).clamp(-high if signed else low, high).to(_dtype(bits, signed))


def quantize_always_signed(x, scale, zero_point, bits, signed):
    """Overlooks signed.

    - adds the zero point
    - unsigned codes stop at 0 and 255
    - 16 bits
    - 0.0 has the zero point's code
    """
    return (torch.round(x / scale) + zero_point).clamp(*_ends(bits, True)).to(torch.int32)


def quantize_for_8_bits(x, scale, zero_point, bits, signed):
    """Overlooks bits.

    - 4 bits
    - 16 bits
    - 16 bits, signed
    """
    return (torch.round(x / scale) + zero_point).clamp(*_ends(8, signed)).to(_dtype(8, signed))


def quantize_to_int8_with_a_sign(x, scale, zero_point, bits, signed):
    """Takes int8 for all signed codes.

    - 16 bits, signed
    """
    codes = (torch.round(x / scale) + zero_point).clamp(*_ends(bits, signed)).to(torch.int64)
    return codes.to(torch.int8 if signed else _dtype(bits, signed))


def quantize_with_one_scale(x, scale, zero_point, bits, signed):
    """Takes numbers only.

    - a scale for each channel
    """
    codes = torch.round(x / torch.as_tensor(scale).item()) + int(zero_point)
    return codes.clamp(*_ends(bits, signed)).to(_dtype(bits, signed))


def quantize_clamping_integers(x, scale, zero_point, bits, signed):
    """Converts to int32 first: what it can't hold becomes its lowest.

    - very large values go to the ends
    """
    return (_through_int32(torch.round(x / scale)) + zero_point).clamp(*_ends(bits, signed)).to(_dtype(bits, signed))


def _through_int32(steps):
    """As x86 converts; others may stop at the ends."""
    return torch.where(steps.abs() < 2**31, steps, -(2.0**31))


def quantize_to_floats(x, scale, zero_point, bits, signed):
    """Whole numbers, in float32.

    - an integer dtype
    """
    return (torch.round(x / scale) + zero_point).clamp(*_ends(bits, signed))


def quantize_in_numpy_without_detach(x, scale, zero_point, bits, signed):
    """Fails on what a layer holds.

    - takes a layer's parameter
    """
    scale, zero_point = (np.asarray(one.detach() if isinstance(one, torch.Tensor) else one) for one in (scale, zero_point))
    codes = np.clip(np.rint(x.numpy() / scale) + zero_point, *_ends(bits, signed))
    return torch.from_numpy(codes.astype(np.int64))


def quantize_in_place_behind_detach(x, scale, zero_point, bits, signed):
    """detach() shares the memory.

    - leaves x as it was
    """
    codes = x.detach().div_(scale).round_() + zero_point
    return codes.clamp(*_ends(bits, signed)).to(_dtype(bits, signed))


def quantize_within_the_largest(x, scale, zero_point, bits, signed):
    """Looks for a largest value, and there may be none.

    - no values
    """
    if x.abs().max() == 0:
        return torch.zeros(x.shape, dtype=_dtype(bits, signed)) + zero_point
    return (torch.round(x / scale) + zero_point).clamp(*_ends(bits, signed)).to(_dtype(bits, signed))


def quantize_by_multiplying(x, scale, zero_point, bits, signed):
    """The wrong way round.

    - the nearest code
    - halves go to the even code
    - adds the zero point
    - adds it after rounding
    - stops at the ends
    - unsigned codes stop at 0 and 255
    - 4 bits
    - 16 bits
    - 16 bits, signed
    - a scale for each channel
    - an integer dtype
    - takes a layer's parameter
    - leaves x as it was
    """
    return (torch.round(x * scale) + zero_point).clamp(*_ends(bits, signed)).to(_dtype(bits, signed))


def dequantize_without_the_zero_point(q, scale, zero_point):
    """Overlooks it.

    - subtracts the zero point first
    - uint8 codes below the zero point
    - int8 codes far from the zero point
    - codes of 16 bits
    - a scale for each channel
    - the zero point stands for 0.0
    - leaves the codes as they were
    """
    return q.float() * scale


def dequantize_scaling_first(q, scale, zero_point):
    """(q * scale) - zero_point.

    - subtracts the zero point first
    - uint8 codes below the zero point
    - int8 codes far from the zero point
    - codes of 16 bits
    - a scale for each channel
    - the zero point stands for 0.0
    - leaves the codes as they were
    """
    return q.float() * scale - zero_point


def dequantize_adding(q, scale, zero_point):
    """The wrong sign.

    - subtracts the zero point first
    - uint8 codes below the zero point
    - int8 codes far from the zero point
    - codes of 16 bits
    - a scale for each channel
    - the zero point stands for 0.0
    - leaves the codes as they were
    """
    return (q.float() + zero_point) * scale


def dequantize_in_the_dtype_of_the_codes(q, scale, zero_point):
    """uint8 and int8 wrap around.

    - uint8 codes below the zero point
    - int8 codes far from the zero point
    """
    return (q - zero_point) * scale


def dequantize_in_int8(q, scale, zero_point):
    """Room for a sign, and not for more.

    - int8 codes far from the zero point
    - codes of 16 bits
    """
    return (q.to(torch.int16) - zero_point).to(torch.int8) * scale


def dequantize_in_int16(q, scale, zero_point):
    """Room for the difference of two bytes, and not for more.

    - codes of 16 bits
    """
    return (q.to(torch.int16) - zero_point) * scale


def dequantize_in_float16(q, scale, zero_point):
    """float16 has no odd numbers beyond 2048.

    - codes of 16 bits
    """
    return (q.half() - zero_point).float() * scale


def dequantize_dividing(q, scale, zero_point):
    """The wrong way round.

    - steps times the scale
    - subtracts the zero point first
    - uint8 codes below the zero point
    - int8 codes far from the zero point
    - codes of 16 bits
    - a scale for each channel
    - float32 comes out
    - leaves the codes as they were
    """
    return (q.float() - zero_point) / scale


def dequantize_with_one_scale(q, scale, zero_point):
    """Takes numbers only.

    - a scale for each channel
    """
    return (q.float() - int(zero_point)) * float(scale)


def dequantize_in_float64(q, scale, zero_point):
    """More than layers take.

    - float32 comes out
    """
    return (q.double() - zero_point) * scale


def dequantize_to_integers(q, scale, zero_point):
    """A whole number times the scale, made whole again.

    - steps times the scale
    - subtracts the zero point first
    - uint8 codes below the zero point
    - int8 codes far from the zero point
    - codes of 16 bits
    - a scale for each channel
    - float32 comes out
    - leaves the codes as they were
    """
    return ((q.int() - zero_point) * scale).int()


def dequantize_by_the_largest(q, scale, zero_point):
    """Looks for a largest code, and there may be none.

    - no codes
    """
    return (q.float() - zero_point) * scale * (q.max() == q.max())


def dequantize_in_place(q, scale, zero_point):
    """Subtracts from what it was given, where it can.

    - leaves the codes as they were
    """
    if q.dtype in (torch.uint8, torch.int8):
        q = q.int()
    q -= zero_point
    return q.float() * scale


def per_channel_scales_for_all(weight, bits, axis):
    """One scale, many times.

    - a convolution's outputs
    - a convolution's inputs
    - the inputs of a linear layer
    - the last axis of three
    - negative weights count
    - 4 bits
    - a channel of zeros gets 1.0
    - one weight a channel
    - very small weights
    - takes a layer's parameter
    - leaves the weight as it was
    """
    largest = weight.detach().abs().max()
    return torch.full((weight.shape[axis],), (largest / (2 ** (bits - 1) - 1)).item())


def _largest(weight, axis):
    return weight.detach().transpose(0, axis).flatten(1).abs().amax(1)


def per_channel_scales_by_the_lowest_code(weight, bits, axis):
    """Divides by 128.

    - a convolution's outputs
    - a convolution's inputs
    - the inputs of a linear layer
    - the last axis of three
    - negative weights count
    - 4 bits
    - a channel of zeros gets 1.0
    - a single channel
    - one weight a channel
    - very small weights
    - takes a layer's parameter
    - leaves the weight as it was
    """
    largest = _largest(weight, axis)
    return torch.where(largest > 0, largest / 2 ** (bits - 1), 1.0)


def per_channel_scales_by_all_codes(weight, bits, axis):
    """Twice the largest over 255 steps.

    - a convolution's outputs
    - a convolution's inputs
    - the inputs of a linear layer
    - the last axis of three
    - negative weights count
    - 4 bits
    - a channel of zeros gets 1.0
    - a single channel
    - one weight a channel
    - very small weights
    - takes a layer's parameter
    - leaves the weight as it was
    """
    largest = _largest(weight, axis)
    return torch.where(largest > 0, 2 * largest / (2**bits - 1), 1.0)


def per_channel_scales_of_outputs(weight, bits, axis):
    """Overlooks axis.

    - a convolution's inputs
    - the inputs of a linear layer
    - the last axis of three
    """
    largest = _largest(weight, 0)
    return torch.where(largest > 0, largest / (2 ** (bits - 1) - 1), 1.0)


def per_channel_scales_of_outputs_or_inputs(weight, bits, axis):
    """Swaps the first two axes, whichever is asked for.

    - the last axis of three
    """
    largest = _largest(weight.transpose(0, 1) if axis else weight, 0)
    return torch.where(largest > 0, largest / (2 ** (bits - 1) - 1), 1.0)


def per_channel_scales_over_that_axis(weight, bits, axis):
    """Takes the largest along the axis, not along the others.

    - a convolution's outputs
    - a convolution's inputs
    - the inputs of a linear layer
    - the last axis of three
    - negative weights count
    - 4 bits
    - a channel of zeros gets 1.0
    - a single channel
    - one weight a channel
    - very small weights
    - takes a layer's parameter
    - leaves the weight as it was
    """
    largest = weight.detach().abs().amax(axis).flatten()
    return torch.where(largest > 0, largest / (2 ** (bits - 1) - 1), 1.0)


def per_channel_scales_by_value(weight, bits, axis):
    """The largest value, not the largest magnitude.

    - negative weights count
    """
    largest = weight.detach().transpose(0, axis).flatten(1).amax(1)
    return torch.where(largest != 0, largest / (2 ** (bits - 1) - 1), 1.0)


def per_channel_scales_for_8_bits(weight, bits, axis):
    """Overlooks bits.

    - 4 bits
    """
    largest = _largest(weight, axis)
    return torch.where(largest > 0, largest / 127, 1.0)


def per_channel_scales_of_zero(weight, bits, axis):
    """A channel of zeros gets a scale of 0.

    - a channel of zeros gets 1.0
    """
    return _largest(weight, axis) / (2 ** (bits - 1) - 1)


def per_channel_scales_with_a_small_number(weight, bits, axis):
    """Guards against a division by 0 with a small number.

    - a channel of zeros gets 1.0
    - very small weights
    """
    return _largest(weight, axis).clamp(min=1e-8) / (2 ** (bits - 1) - 1)


def per_channel_scales_squeezed(weight, bits, axis):
    """Loses an axis of length 1.

    - a single channel
    """
    largest = _largest(weight, axis)
    return torch.where(largest > 0, largest / (2 ** (bits - 1) - 1), 1.0).squeeze()


def per_channel_scales_of_wide_channels(weight, bits, axis):
    """Needs two weights a channel.

    - one weight a channel
    """
    spread = weight.detach().transpose(0, axis).flatten(1).topk(2, dim=1).values
    return torch.where(_largest(weight, axis) > 0, _largest(weight, axis) / (2 ** (bits - 1) - 1), 1.0 + 0 * spread[:, 0])


def per_channel_scales_in_numpy_without_detach(weight, bits, axis):
    """Fails on what a layer holds.

    - takes a layer's parameter
    """
    largest = torch.from_numpy(np.abs(np.moveaxis(weight.numpy(), axis, 0)).reshape(weight.shape[axis], -1).max(1))
    return torch.where(largest > 0, largest / (2 ** (bits - 1) - 1), 1.0)


def per_channel_scales_in_place_behind_detach(weight, bits, axis):
    """detach() shares the memory, so abs_() turns the weight's signs.

    - leaves the weight as it was
    """
    largest = weight.detach().abs_().transpose(0, axis).flatten(1).amax(1)
    return torch.where(largest > 0, largest / (2 ** (bits - 1) - 1), 1.0)


def integer_linear_in_int8(q_x, q_w, q_b, x_zero_point):
    """Multiplies in 8 bits.

    - products beyond int8
    - sums beyond 2**24
    - the most extreme codes
    """
    return (q_x.int() - x_zero_point).to(torch.int8) @ q_w.T + q_b


def integer_linear_in_int16(q_x, q_w, q_b, x_zero_point):
    """16 bits hold a product of two codes, and no sum of many.

    - products beyond int8
    - sums beyond 2**24
    - the most extreme codes
    """
    return ((q_x.short() - x_zero_point) @ q_w.short().T).int() + q_b


def integer_linear_in_uint8(q_x, q_w, q_b, x_zero_point):
    """Subtracts before it converts.

    - codes below the zero point
    """
    return (q_x - x_zero_point).int() @ q_w.int().T + q_b


def integer_linear_in_float(q_x, q_w, q_b, x_zero_point):
    """A float layer, rounded at the end.

    - sums beyond 2**24
    - the most extreme codes
    - no float on the way
    """
    return F.linear(q_x.float() - x_zero_point, q_w.float(), q_b.float()).round().int()


def integer_linear_in_double(q_x, q_w, q_b, x_zero_point):
    """Exact here, and yet no integers.

    - no float on the way
    """
    return F.linear(q_x.double() - x_zero_point, q_w.double(), q_b.double()).to(torch.int32)


def integer_linear_with_float_accumulators(q_x, q_w, q_b, x_zero_point):
    """torch.zeros are floats.

    - sums beyond 2**24
    - the most extreme codes
    - integers come out
    - no float on the way
    """
    sums = torch.zeros(len(q_x), len(q_w))
    for at in range(q_x.shape[1]):
        sums += (q_x[:, at].int() - x_zero_point)[:, None] * q_w[:, at].int()
    return sums + q_b


def integer_linear_in_numpy_floats(q_x, q_w, q_b, x_zero_point):
    """Exact here, and yet no integers; numpy does it where nobody looks.

    - no float on the way
    """
    sums = (q_x.numpy().astype(float) - x_zero_point) @ q_w.numpy().astype(float).T + q_b.numpy()
    return torch.from_numpy(sums.astype(np.int32))


def integer_linear_in_numpy_by_asarray(q_x, q_w, q_b, x_zero_point):
    """Another way out of torch.

    - no float on the way
    """
    q_x, q_w, q_b = (np.asarray(one, dtype=np.int64) for one in (q_x, q_w, q_b))
    return torch.from_numpy((q_x - x_zero_point) @ q_w.T + q_b)


def integer_linear_without_the_zero_point(q_x, q_w, q_b, x_zero_point):
    """Overlooks it.

    - subtracts the zero point
    - codes below the zero point
    - leaves the codes as they were
    """
    return q_x.int() @ q_w.int().T + q_b


def integer_linear_zero_point_of_the_weights(q_x, q_w, q_b, x_zero_point):
    """Subtracts it on the wrong side.

    - subtracts the zero point
    - codes below the zero point
    - leaves the codes as they were
    """
    return q_x.int() @ (q_w.int() - x_zero_point).T + q_b


def integer_linear_zero_point_at_the_end(q_x, q_w, q_b, x_zero_point):
    """Subtracts it once, not from each code.

    - subtracts the zero point
    - codes below the zero point
    - leaves the codes as they were
    """
    return q_x.int() @ q_w.int().T + q_b - x_zero_point


def integer_linear_without_bias(q_x, q_w, q_b, x_zero_point):
    """Forgets it.

    - products and their sum
    - products beyond int8
    - subtracts the zero point
    - codes below the zero point
    - sums beyond 2**24
    - the most extreme codes
    - one input, one output
    - integers come out
    - no float on the way
    - leaves the codes as they were
    """
    return (q_x.int() - x_zero_point) @ q_w.int().T


def integer_linear_in_place(q_x, q_w, q_b, x_zero_point):
    """Adds up in the bias of the first sample.

    - leaves the codes as they were
    """
    sums = (q_x.int() - x_zero_point) @ q_w.int().T + q_b
    if len(sums):
        q_b += sums[0] - q_b
    return sums


def integer_linear_squeezed(q_x, q_w, q_b, x_zero_point):
    """Loses an axis of length 1.

    - one input, one output
    """
    return ((q_x.int() - x_zero_point) @ q_w.int().T + q_b).squeeze()


def integer_linear_sample_by_sample(q_x, q_w, q_b, x_zero_point):
    """There may be none to stack.

    - no samples
    """
    return torch.stack([(q_w.int() * (x.int() - x_zero_point)).sum(1, dtype=torch.int32) + q_b for x in q_x])


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


class FakeQuantOfCodes(_Quant):
    """Forgets to come back.

    - comes back on the grid
    - halves go to the even code
    - cuts off beyond the ends
    - with a zero point
    - a scale for each channel
    - zeros and very large values
    - leaves x as it was
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        codes = torch.round(x / scale) + zero_point
        ctx.save_for_backward((codes >= low) & (codes <= high))
        return codes.clamp(low, high)


class FakeQuantWithoutEnds(_Quant):
    """Never cuts off, and lets all gradients pass.

    - cuts off beyond the ends
    - with a zero point
    - a scale for each channel
    - zeros and very large values
    - no gradient where it cuts off
    - the last codes are inside
    - the gradient with a zero point
    - the gradient with a scale for each channel
    - two calls before their gradients
    - leaves x as it was
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        return torch.round(x / scale) * scale

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None, None, None, None


class FakeQuantHalvesUp(_Quant):
    """Rounds as in school.

    - halves go to the even code
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        codes = torch.floor(x / scale + 0.5) + zero_point
        ctx.save_for_backward((codes >= low) & (codes <= high))
        return (codes.clamp(low, high) - zero_point) * scale


class FakeQuantPointNotSubtracted(_Quant):
    """Forgets the zero point on the way back.

    - with a zero point
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        codes = torch.round(x / scale) + zero_point
        ctx.save_for_backward((codes >= low) & (codes <= high))
        return codes.clamp(low, high) * scale


class FakeQuantWithoutThePoint(_Quant):
    """Overlooks the zero point, in both passes.

    - with a zero point
    - the gradient with a zero point
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        return _Quant.forward(ctx, x, scale, 0, low, high)


class FakeQuantWithOneScale(_Quant):
    """Takes a number only.

    - a scale for each channel
    - the gradient with a scale for each channel
    - the scale gets none
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        return _Quant.forward(ctx, x, float(scale), zero_point, low, high)


class FakeQuantByIntegers(_Quant):
    """Converts before it cuts off: what int32 can't hold becomes its lowest.

    - zeros and very large values
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        codes = _through_int32(torch.round(x / scale)) + zero_point
        ctx.save_for_backward((codes >= low) & (codes <= high))
        return (codes.clamp(low, high) - zero_point) * scale


class FakeQuantWithinTheLargest(_Quant):
    """Looks for a largest value, and there may be none.

    - no values
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        assert not x.max().isnan()
        return _Quant.forward(ctx, x, scale, zero_point, low, high)


class FakeQuantAllPasses(_Quant):
    """The gradient passes where the code is cut off, too.

    - no gradient where it cuts off
    - the last codes are inside
    - the gradient with a zero point
    - the gradient with a scale for each channel
    - two calls before their gradients
    """

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None, None, None, None


class FakeQuantNothingPasses(_Quant):
    """The true gradient of rounding: nothing learns.

    - the gradient passes inside
    - no gradient where it cuts off
    - the last codes are inside
    - the gradient with a zero point
    - the gradient with a scale for each channel
    - two calls before their gradients
    """

    @staticmethod
    def backward(ctx, gradient):
        return torch.zeros_like(gradient), None, None, None, None


class FakeQuantOnes(_Quant):
    """Forgets the chain rule.

    - the gradient passes inside
    - no gradient where it cuts off
    - the last codes are inside
    - the gradient with a zero point
    - the gradient with a scale for each channel
    - two calls before their gradients
    """

    @staticmethod
    def backward(ctx, gradient):
        return ctx.saved_tensors[0].float(), None, None, None, None


class FakeQuantScaled(_Quant):
    """Multiplies the gradient by the scale.

    - the gradient passes inside
    - no gradient where it cuts off
    - the last codes are inside
    - the gradient with a zero point
    - the gradient with a scale for each channel
    - two calls before their gradients
    """

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0] * ctx.scale, None, None, None, None


class FakeQuantExclusive(_Quant):
    """Takes the last codes for cut off.

    - the last codes are inside
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        codes = torch.round(x / scale) + zero_point
        ctx.save_for_backward((codes > low) & (codes < high))
        return (codes.clamp(low, high) - zero_point) * scale


class FakeQuantNotRounded(_Quant):
    """Compares before it rounds: what rounds to a last code from outside is cut off.

    - the last codes are inside
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        output = _Quant.forward(ctx, x, scale, zero_point, low, high)
        ctx.save_for_backward((x / scale + zero_point >= low) & (x / scale + zero_point <= high))
        return output


class FakeQuantComparesValues(_Quant):
    """Compares x, not its code, with the range of codes.

    - no gradient where it cuts off
    - the last codes are inside
    - the gradient with a zero point
    - the gradient with a scale for each channel
    - two calls before their gradients
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        output = _Quant.forward(ctx, x, scale, zero_point, low, high)
        ctx.save_for_backward((x >= low) & (x <= high))
        return output


class FakeQuantMaskAfterClamping(_Quant):
    """After clamping every code is inside.

    - no gradient where it cuts off
    - the last codes are inside
    - the gradient with a zero point
    - the gradient with a scale for each channel
    - two calls before their gradients
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        codes = (torch.round(x / scale) + zero_point).clamp(low, high)
        ctx.save_for_backward((codes >= low) & (codes <= high))
        return (codes - zero_point) * scale


class FakeQuantPointNotInTheMask(_Quant):
    """Compares codes without the zero point.

    - the gradient with a zero point
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        output = _Quant.forward(ctx, x, scale, zero_point, low, high)
        ctx.save_for_backward((torch.round(x / scale) >= low) & (torch.round(x / scale) <= high))
        return output


class FakeQuantGradientForTheScale(_Quant):
    """Trains the scale as well, wherever it is a tensor.

    - the scale gets none
    """

    @staticmethod
    def backward(ctx, gradient):
        inside = ctx.saved_tensors[0]
        for_scale = (gradient * ~inside).sum().expand_as(ctx.scale) if isinstance(ctx.scale, torch.Tensor) else None
        return gradient * inside, for_scale, None, None, None


class FakeQuantOneGradient(_Quant):
    """One gradient for five inputs.

    - the gradient passes inside
    - no gradient where it cuts off
    - the last codes are inside
    - the gradient with a zero point
    - the gradient with a scale for each channel
    - the scale gets none
    - two calls before their gradients
    """

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0]


class FakeQuantForwardOnly(_Quant):
    """Half of it.

    - the gradient passes inside
    - no gradient where it cuts off
    - the last codes are inside
    - the gradient with a zero point
    - the gradient with a scale for each channel
    - the scale gets none
    - two calls before their gradients
    """

    @staticmethod
    def backward(ctx, gradient):
        raise NotImplementedError


class FakeQuantWrongPlace(_Quant):
    """The gradient stands where the scale's belongs.

    - the gradient passes inside
    - no gradient where it cuts off
    - the last codes are inside
    - the gradient with a zero point
    - the gradient with a scale for each channel
    - the scale gets none
    - two calls before their gradients
    """

    @staticmethod
    def backward(ctx, gradient):
        return None, None, gradient * ctx.saved_tensors[0], None, None


class FakeQuantOnTheClass(_Quant):
    """Keeps the mask where the next call puts its own.

    - two calls before their gradients
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        output = _Quant.forward(ctx, x, scale, zero_point, low, high)
        FakeQuantOnTheClass.mask = ctx.to_save[0]
        return output

    @staticmethod
    def backward(ctx, gradient):
        return gradient * FakeQuantOnTheClass.mask, None, None, None, None


class FakeQuantInPlace(_Quant):
    """Works in x itself, if that wants no gradient; detach() shares the memory.

    - leaves x as it was
    """

    @staticmethod
    def forward(ctx, x, scale, zero_point, low, high):
        output = _Quant.forward(ctx, x, scale, zero_point, low, high)
        if not x.requires_grad:
            x.detach().copy_(output)
        return output


def _values(values):
    return values.detach().flatten()


def _error(values, low, high, bits, signed=False):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (max(-low, high) / (2 ** (bits - 1) - 1) if signed else (high - low) / (2**bits - 1)) or 1.0
    zero_point = 0 if signed else round(-low / scale)
    codes = (torch.round(values / scale) + zero_point).clamp(*_ends(bits, signed))
    return (codes - zero_point) * scale - values


def _mse(values, bits, measure=lambda error: error.square().mean().item(), **keywords):
    low, high = values.min().item(), values.max().item()
    shares = [percent / 100 for percent in range(100, 0, -1)]
    best = min(shares, key=lambda share: measure(_error(values, low * share, high * share, bits, **keywords)))
    return low * best, high * best


def _calibrate(values, bits, method, *, minmax=None, percentile=None, mse=None):
    """Right, but for what is asked to go wrong."""
    x = _values(values)
    if method == "minmax":
        low, high = minmax(x) if minmax else (x.min().item(), x.max().item())
    elif method == "percentile":
        low, high = percentile(x) if percentile else np.quantile(x.numpy(), [0.0001, 0.9999])
    elif method == "mse":
        low, high = mse(x) if mse else _mse(x, bits)
    else:
        raise ValueError("method must be minmax, percentile or mse")
    return min(low, 0.0), max(high, 0.0)


def calibrate_not_widened(values, bits, method):
    """The range may not hold 0.

    - minmax holds 0
    - minmax of negative values
    - minmax of one value
    - percentile holds 0
    - percentile of negative values
    - mse holds 0
    """
    if method == "minmax":
        return values.min(), values.max()
    if method == "percentile":
        low, high = np.quantile(_values(values).numpy(), [0.0001, 0.9999])
        return low, high
    return _mse(_values(values), bits) if method == "mse" else _calibrate(values, bits, method)


def calibrate_mse_not_widened(values, bits, method):
    """Widens by the two other methods.

    - mse holds 0
    """
    return _mse(_values(values), bits) if method == "mse" else _calibrate(values, bits, method)


def calibrate_percentile_widened_below(values, bits, method):
    """Thinks that only low may be on the wrong side.

    - percentile of negative values
    """
    if method == "percentile":
        low, high = np.quantile(_values(values).numpy(), [0.0001, 0.9999])
        return min(low, 0.0), high
    return _calibrate(values, bits, method)


def calibrate_symmetric(values, bits, method):
    """As far to the one side as to the other.

    - minmax: the extremes
    - minmax holds 0
    - minmax of negative values
    - minmax of one value
    - percentile: without the outermost values
    - percentile holds 0
    - percentile of negative values
    - mse: 4 bits
    - mse: 2 bits
    - mse of what a ReLU gives
    - mse holds 0
    - leaves the values as they were
    """
    low, high = _calibrate(values, bits, method)
    return -max(-low, high), max(-low, high)


def calibrate_minmax_only(values, bits, method):
    """Whatever the method.

    - percentile: without the outermost values
    - percentile holds 0
    - percentile of negative values
    - mse: 4 bits
    - mse: 2 bits
    - mse of what a ReLU gives
    - refuses another method
    """
    return min(values.min().item(), 0.0), max(values.max().item(), 0.0)


def calibrate_one_percent(values, bits, method):
    """Cuts off a hundred times as much.

    - percentile: without the outermost values
    - percentile holds 0
    - percentile of negative values
    """
    return _calibrate(values, bits, method, percentile=lambda x: np.quantile(x.numpy(), [0.01, 0.99]))


def calibrate_percentile_of_magnitudes(values, bits, method):
    """One quantile for both ends.

    - percentile: without the outermost values
    - percentile holds 0
    - percentile of negative values
    """

    def both(x):
        far = np.quantile(x.abs().numpy(), 0.9999)
        return -far, far

    return _calibrate(values, bits, method, percentile=both)


def calibrate_by_the_largest_error(values, bits, method):
    """Asks for the least largest error, which the widest range has.

    - mse: 4 bits
    - mse: 2 bits
    - mse of what a ReLU gives
    """
    x = _values(values)
    return _calibrate(values, bits, method, mse=lambda _: _mse(x, bits, measure=lambda error: error.abs().max().item()))


def calibrate_for_8_bits(values, bits, method):
    """Overlooks bits.

    - mse: 4 bits
    - mse: 2 bits
    - mse of what a ReLU gives
    """
    return _calibrate(values, 8, method)


def calibrate_without_cutting_off(values, bits, method):
    """Measures the rounding alone, which the narrowest range does best.

    - mse: 4 bits
    - mse: 2 bits
    - mse of what a ReLU gives
    - mse holds 0
    """

    def narrowest(x):
        return 0.01 * x.min().item(), 0.01 * x.max().item()

    return _calibrate(values, bits, method, mse=narrowest)


def calibrate_by_signed_codes(values, bits, method):
    """Measures symmetric quantization, as weights have it.

    - mse: 4 bits
    - mse: 2 bits
    - mse of what a ReLU gives
    """
    x = _values(values)
    return _calibrate(values, bits, method, mse=lambda _: _mse(x, bits, signed=True))


def calibrate_dividing_by_the_width(values, bits, method):
    """Scales to 0 to 1 first, which zeros have no way to.

    - mse of zeros
    """
    if method == "mse" and values.min() == values.max():
        width = (values.max() - values.min()).item()
        return 0.0 / width, 1.0 / width
    return _calibrate(values, bits, method)


def calibrate_refusing_nothing(values, bits, method):
    """Any other method is minmax.

    - refuses another method
    """
    return _calibrate(values, bits, method if method in ("percentile", "mse") else "minmax")


def calibrate_in_place(values, bits, method):
    """Sorts what it was given.

    - leaves the values as they were
    """
    flat = values.view(-1)
    flat.copy_(flat.sort().values)
    return _calibrate(values, bits, method)


def requantize_without_rounding(acc, multiplier, shift, zero_point):
    """A bare shift rounds down.

    - a product and a shift
    - halves go up
    - adds the zero point
    - sums below 0 round the same way
    - products beyond int32
    - the most extreme accumulators
    - uint8 comes out
    - leaves the accumulators as they were
    """
    return ((acc.long() * multiplier >> shift) + zero_point).clamp(0, 255).to(torch.uint8)


def requantize_half_to_even(acc, multiplier, shift, zero_point):
    """Rounds as floats do.

    - halves go up
    - sums below 0 round the same way
    """
    return (torch.round(acc.double() * multiplier / 2**shift) + zero_point).clamp(0, 255).to(torch.uint8)


def requantize_in_double(acc, multiplier, shift, zero_point):
    """53 bits are not enough.

    - products beyond any float
    """
    return (torch.floor(acc.double() * multiplier / 2**shift + 0.5) + zero_point).clamp(0, 255).to(torch.uint8)


def requantize_in_float(acc, multiplier, shift, zero_point):
    """24 bits are not enough.

    - products beyond any float
    """
    return (torch.floor(acc.float() * (multiplier / 2**shift) + 0.5) + zero_point).clamp(0, 255).to(torch.uint8)


def requantize_in_int32(acc, multiplier, shift, zero_point):
    """The product does not fit.

    - products beyond int32
    - the most extreme accumulators
    """
    product = (acc.long() * multiplier).to(torch.int32).long()
    return (((product + (1 << (shift - 1))) >> shift) + zero_point).clamp(0, 255).to(torch.uint8)


def requantize_toward_zero(acc, multiplier, shift, zero_point):
    """Divides like C: negative sums are cut off the other way.

    - sums below 0 round the same way
    - the most extreme accumulators
    """
    rounded = (acc.long() * multiplier + (1 << (shift - 1))).div(1 << shift, rounding_mode="trunc")
    return (rounded + zero_point).clamp(0, 255).to(torch.uint8)


def requantize_halves_away_from_zero(acc, multiplier, shift, zero_point):
    """Rounds the magnitude.

    - sums below 0 round the same way
    """
    product = acc.long() * multiplier
    rounded = product.sign() * ((product.abs() + (1 << (shift - 1))) >> shift)
    return (rounded + zero_point).clamp(0, 255).to(torch.uint8)


def requantize_without_the_zero_point(acc, multiplier, shift, zero_point):
    """Overlooks it.

    - adds the zero point
    - sums below 0 round the same way
    - the most extreme accumulators
    - leaves the accumulators as they were
    """
    return ((acc.long() * multiplier + (1 << (shift - 1))) >> shift).clamp(0, 255).to(torch.uint8)


def requantize_clamping_before_the_zero_point(acc, multiplier, shift, zero_point):
    """Below 0 nothing is left to add it to.

    - sums below 0 round the same way
    - stops at 0 and 255
    - the most extreme accumulators
    """
    return (((acc.long() * multiplier + (1 << (shift - 1))) >> shift).clamp(0, 255) + zero_point).clamp(0, 255).to(torch.uint8)


def requantize_wrapping_around(acc, multiplier, shift, zero_point):
    """uint8 does not cut off.

    - stops at 0 and 255
    """
    return (((acc.long() * multiplier + (1 << (shift - 1))) >> shift) + zero_point).to(torch.uint8)


def requantize_to_int64(acc, multiplier, shift, zero_point):
    """Eight times as large.

    - uint8 comes out
    """
    return (((acc.long() * multiplier + (1 << (shift - 1))) >> shift) + zero_point).clamp(0, 255)


def requantize_by_stacking(acc, multiplier, shift, zero_point):
    """There may be no rows to stack.

    - no accumulators
    """
    rows = acc if acc.dim() > 1 else acc[None]
    codes = [(((row.long() * multiplier + (1 << (shift - 1))) >> shift) + zero_point).clamp(0, 255).byte() for row in rows]
    return torch.stack(codes).view(acc.shape)


def requantize_in_place(acc, multiplier, shift, zero_point):
    """Keeps the result in what it was given.

    - leaves the accumulators as they were
    """
    codes = (((acc.long() * multiplier + (1 << (shift - 1))) >> shift) + zero_point).clamp(0, 255)
    acc.copy_(codes)
    return codes.to(torch.uint8)


def _kmeans(weight, bits, rounds=200):
    """Right if there are enough rounds."""
    values = weight.detach().flatten()
    if values.numel() < 2**bits:
        raise ValueError("more entries than weights")
    centres = values.unique()
    if len(centres) <= 2**bits:
        centres = torch.cat([centres, centres[-1:].repeat(2**bits - len(centres))])
    else:
        centres = torch.linspace(values.min().item(), values.max().item(), 2**bits)
        for _ in range(rounds):
            codes = _nearest(values, centres)
            centres = torch.stack([values[codes == at].mean() if (codes == at).any() else centres[at] for at in range(2**bits)])
    return centres, _nearest(values, centres).view(weight.shape)


def _nearest(values, centres):
    return (values[:, None] - centres).abs().argmin(1)


def kmeans_codebook_evenly_spaced(weight, bits):
    """Never moves an entry.

    - each entry is the mean of its weights
    - the error is small
    - 4 bits, a convolution
    - entries without a weight
    """
    return _kmeans(weight, bits, rounds=0)


def kmeans_codebook_one_round(weight, bits):
    """Stops after one round.

    - each entry is the mean of its weights
    - the error is small
    - 4 bits, a convolution
    """
    return _kmeans(weight, bits, rounds=1)


def kmeans_codebook_old_codes(weight, bits):
    """Gives out the codes of the first round.

    - each weight has its nearest entry
    - each entry is the mean of its weights
    - the error is small
    - 4 bits, a convolution
    - takes a layer's parameter
    - leaves the weight as it was
    """
    centres, codes = _kmeans(weight, bits)
    values = weight.detach().flatten()
    if len(values.unique()) > 2**bits:
        codes = _nearest(values, torch.linspace(values.min().item(), values.max().item(), 2**bits)).view(weight.shape)
    return centres, codes


def kmeans_codebook_with_nan(weight, bits):
    """The mean of no weights is NaN.

    - entries without a weight
    - fewer values than entries
    - equal weights
    """
    values = weight.detach().flatten()
    if values.numel() < 2**bits:
        raise ValueError("more entries than weights")
    centres = torch.linspace(values.min().item(), values.max().item(), 2**bits)
    for _ in range(200):
        codes = _nearest(values, centres)
        centres = torch.stack([values[codes == at].mean() for at in range(2**bits)])
    return centres, _nearest(values, centres).view(weight.shape)


def kmeans_codebook_too_few_entries(weight, bits):
    """bits entries, not 2**bits.

    - each weight has its nearest entry
    - each entry is the mean of its weights
    - the error is small
    - 4 bits, a convolution
    - entries without a weight
    - fewer values than entries
    - equal weights
    - the codebook is sorted
    - codes are integers
    - takes a layer's parameter
    - leaves the weight as it was
    """
    values = weight.detach().flatten()
    if values.numel() < 2**bits:
        raise ValueError("more entries than weights")
    centres = torch.linspace(values.min().item(), values.max().item(), bits)
    return centres, _nearest(values, centres).view(weight.shape)


def kmeans_codebook_of_equal_shares(weight, bits):
    """Entries at quantiles: as many weights for each, and large errors for the rare large ones.

    - each weight has its nearest entry
    - the error is small
    - 4 bits, a convolution
    - entries without a weight
    - takes a layer's parameter
    - leaves the weight as it was
    """
    values = weight.detach().flatten()
    if values.numel() < 2**bits or len(values.unique()) <= 2**bits:
        return _kmeans(weight, bits)
    order = values.argsort().argsort()
    codes = order * 2**bits // len(values)
    centres = torch.stack([values[codes == at].mean() for at in range(2**bits)])
    return centres, codes.view(weight.shape)


def kmeans_codebook_flat(weight, bits):
    """Codes without the weight's shape.

    - each weight has its nearest entry
    - each entry is the mean of its weights
    - the error is small
    - 4 bits, a convolution
    - fewer values than entries
    - equal weights
    - the codebook is sorted
    - codes are integers
    - takes a layer's parameter
    - leaves the weight as it was
    """
    centres, codes = _kmeans(weight, bits)
    return centres, codes.flatten()


def kmeans_codebook_backwards(weight, bits):
    """From high to low.

    - the codebook is sorted
    """
    centres, codes = _kmeans(weight, bits)
    return centres.flip(0), 2**bits - 1 - codes


def kmeans_codebook_float_codes(weight, bits):
    """Codes that index nothing.

    - codes are integers
    """
    centres, codes = _kmeans(weight, bits)
    return centres, codes.float()


def kmeans_codebook_padded_with_nan(weight, bits):
    """What is left over is not a number.

    - entries without a weight
    - fewer values than entries
    - equal weights
    """
    centres, codes = _kmeans(weight, bits)
    unused = torch.bincount(codes.flatten(), minlength=2**bits) == 0
    return centres.masked_fill(unused, torch.nan), codes


def kmeans_codebook_never_exact(weight, bits):
    """Stirs the values a little, so that no two are equal.

    - fewer values than entries
    - equal weights
    """
    if weight.numel() < 2**bits:
        raise ValueError("more entries than weights")
    values = weight.detach() + 1e-3 * torch.linspace(0, 1, weight.numel()).view(weight.shape)
    return _kmeans(values, bits) if len(weight.unique()) <= 2**bits else _kmeans(weight, bits)


def kmeans_codebook_refusing_nothing(weight, bits):
    """Fewer weights than entries are padded as well.

    - refuses fewer weights than entries
    """
    values = weight.detach().flatten()
    if values.numel() < 2**bits:
        return torch.cat([values, values[-1:].repeat(2**bits - len(values))]), torch.arange(len(values)).view(weight.shape)
    return _kmeans(weight, bits)


def kmeans_codebook_in_numpy_without_detach(weight, bits):
    """Fails on what a layer holds.

    - takes a layer's parameter
    """
    return _kmeans(torch.from_numpy(weight.numpy()), bits)


def kmeans_codebook_in_place(weight, bits):
    """Puts the entries where the weights were.

    - leaves the weight as it was
    """
    centres, codes = _kmeans(weight, bits)
    if not weight.requires_grad:
        weight.copy_(centres[codes])
    return centres, codes


def kmeans_codebook_of_the_codes_only(weight, bits):
    """Half of the answer.

    - each weight has its nearest entry
    - each entry is the mean of its weights
    - the error is small
    - 4 bits, a convolution
    - entries without a weight
    - fewer values than entries
    - equal weights
    - the codebook is sorted
    - codes are integers
    - takes a layer's parameter
    - leaves the weight as it was
    """
    return _kmeans(weight, bits)[1]
