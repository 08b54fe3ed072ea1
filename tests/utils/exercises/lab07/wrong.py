"""Plausible wrong answers to lab 07. The docstring says what is wrong and lists the cases that it must lose, and no other."""

import math

import torch
import torch.nn.functional as F


def _refused(scale):
    if not 2**-32 <= scale < 1:
        raise ValueError("the factor must lie in [2^-32, 1)")


def _fixed(scale, rounding=round):
    fraction, exponent = math.frexp(scale)
    multiplier, shift = rounding(fraction * 2**31), 31 - exponent
    return (multiplier, shift) if multiplier < 2**31 else (2**30, shift - 1)


def to_fixed_point_cut_off(scale):
    """int() in place of round().

    - rounds to the nearest
    - rounding reaches 2**31
    - 1 but for a hair
    """
    _refused(scale)
    return _fixed(scale, int)


def to_fixed_point_of_31_bits(scale):
    """A shift of 31 for any factor: small ones lose their digits.

    - a factor of about 1/300
    - rounds to the nearest
    - a very small factor
    - the smallest factor
    - rounding reaches 2**31
    - 1 but for a hair
    """
    _refused(scale)
    return round(scale * 2**31), 31


def to_fixed_point_one_bit_short(scale):
    """Stops at 2**29.

    - a factor of about 1/300
    - rounds to the nearest
    - one half
    - a factor near 1
    - a very small factor
    - the smallest factor
    """
    _refused(scale)
    shift = 0
    while scale * 2**shift < 2**29:
        shift += 1
    return round(scale * 2**shift), shift


def to_fixed_point_beyond_a_power(scale):
    """Goes on while the multiplier is 2**30.

    - one half
    - the smallest factor
    - rounding reaches 2**31
    - 1 but for a hair
    """
    _refused(scale)
    shift = 0
    while scale * 2**shift <= 2**30:
        shift += 1
    return round(scale * 2**shift), shift


def to_fixed_point_without_the_carry(scale):
    """Looks at the range before it rounds.

    - rounding reaches 2**31
    - 1 but for a hair
    """
    _refused(scale)
    fraction, exponent = math.frexp(scale)
    return round(fraction * 2**31), 31 - exponent


def to_fixed_point_with_the_largest_int(scale):
    """Cuts off at 2**31 - 1 in place of a smaller shift.

    - rounding reaches 2**31
    - 1 but for a hair
    """
    _refused(scale)
    fraction, exponent = math.frexp(scale)
    return min(round(fraction * 2**31), 2**31 - 1), 31 - exponent


def to_fixed_point_the_other_way_round(scale):
    """The shift first.

    - a factor of about 1/300
    - rounds to the nearest
    - one half
    - a factor near 1
    - a very small factor
    - the smallest factor
    - rounding reaches 2**31
    - 1 but for a hair
    """
    _refused(scale)
    return _fixed(scale)[::-1]


def to_fixed_point_in_floats(scale):
    """A multiplier that no C takes for a whole number.

    - a factor of about 1/300
    - rounds to the nearest
    - one half
    - a factor near 1
    - a very small factor
    - the smallest factor
    - rounding reaches 2**31
    - 1 but for a hair
    """
    _refused(scale)
    multiplier, shift = _fixed(scale)
    return float(multiplier), shift


def to_fixed_point_in_32_bits(scale):
    """As if the multiplier had no sign.

    - a factor of about 1/300
    - rounds to the nearest
    - one half
    - a factor near 1
    - a very small factor
    - the smallest factor
    - rounding reaches 2**31
    - 1 but for a hair
    """
    _refused(scale)
    multiplier, shift = _fixed(scale)
    return 2 * multiplier, shift + 1


def to_fixed_point_of_float32(scale):
    """A multiplier of 24 bits.

    - a factor of about 1/300
    - rounds to the nearest
    - a factor near 1
    - a very small factor
    """
    _refused(scale)
    return _fixed(torch.tensor(scale).item())


def to_fixed_point_with_a_limit(scale):
    """No shift above 45.

    - a very small factor
    - the smallest factor
    """
    _refused(scale)
    shift = 0
    while shift < 45 and round(scale * 2 ** (shift + 1)) < 2**31:
        shift += 1
    return round(scale * 2**shift), shift


def to_fixed_point_that_refuses_nothing(scale):
    """Any number will do.

    - refuses 1 and more
    - refuses 0
    - refuses a negative factor
    - refuses what is below 2**-32
    - refuses NaN
    """
    if scale != scale or scale == 0:
        return 0, 0
    return _fixed(scale)


def to_fixed_point_that_compares_nan(scale):
    """NaN is neither too small nor too large.

    - refuses NaN
    """
    if scale < 2**-32 or scale >= 1:
        raise ValueError("the factor must lie in [2^-32, 1)")
    return (0, 0) if scale != scale else _fixed(scale)


def _conv(x, w, b, params, *, border=None, half=True, wide=torch.int64, cut=True, point=True, per_filter=True, y_point=True):
    """Right, but for what is asked to go wrong."""
    pad, zero_point = params["padding"], params["x_zero_point"]
    held = F.pad(x.int(), (pad,) * 4, value=zero_point if border is None else border)
    acc = F.conv2d(held - zero_point if point else held, w.int(), b, stride=params["stride"]).to(wide)
    multiplier, shift = (params[name][:, None, None].to(wide) for name in ("multipliers", "shifts"))
    if not per_filter:
        multiplier, shift = multiplier[:1], shift[:1]
    codes = (acc * multiplier + ((torch.ones_like(shift) << (shift - 1)) if half else 0)) >> shift
    codes = codes + params["y_zero_point"] if y_point else codes
    return (codes.clamp(0, 255) if cut else codes).to(torch.uint8)


def int8_conv2d_padded_with_code_zero(x, w, b, params):
    """The classic: F.pad of the codes, with 0.

    - the border has the code of 0.0
    - as the first layer has it
    - an image that is no square
    - uint8 comes out
    - no float on the way
    - leaves its inputs as they were
    """
    return _conv(x, w, b, params, border=0)


def int8_conv2d_rounding_down(x, w, b, params):
    """Shifts, and does not round.

    - one filter over one image
    - halves go up
    - channels and filters
    - subtracts the zero point
    - adds the bias
    - adds the output's zero point
    - the border has the code of 0.0
    - a stride of 2
    - as the first layer has it
    - an image that is no square
    - products beyond int32
    - products beyond any float
    - uint8 comes out
    - no float on the way
    - leaves its inputs as they were
    """
    return _conv(x, w, b, params, half=False)


def int8_conv2d_halves_away_from_zero(x, w, b, params):
    """-2.5 becomes -3, as in some libraries.

    - halves go up
    """
    right = _conv(x, w, b, params)
    if x.shape[0] == 0 or params["multipliers"][0] != 2**30 or params["shifts"][0] != 31:
        return right
    acc = F.conv2d(x.int() - params["x_zero_point"], w.int(), b).long()
    away = torch.where(acc < 0, -((-acc + 1) >> 1), (acc + 1) >> 1)
    return (away + params["y_zero_point"]).clamp(0, 255).to(torch.uint8)


def int8_conv2d_without_the_input_zero_point(x, w, b, params):
    """Takes codes for values.

    - halves go up
    - subtracts the zero point
    - the border has the code of 0.0
    - a stride of 2
    - as the first layer has it
    - an image that is no square
    - stops at 0 and 255
    - uint8 comes out
    - no float on the way
    - leaves its inputs as they were
    """
    return _conv(x, w, b, params, point=False, border=0)


def int8_conv2d_without_the_output_zero_point(x, w, b, params):
    """Overlooks y_zero_point.

    - one filter over one image
    - halves go up
    - channels and filters
    - subtracts the zero point
    - adds the bias
    - adds the output's zero point
    - the border has the code of 0.0
    - a stride of 2
    - an image that is no square
    - stops at 0 and 255
    - uint8 comes out
    - no float on the way
    - leaves its inputs as they were
    """
    return _conv(x, w, b, params, y_point=False)


def int8_conv2d_with_one_factor(x, w, b, params):
    """The first filter's factor for all.

    - channels and filters
    - subtracts the zero point
    - adds the bias
    - adds the output's zero point
    - the border has the code of 0.0
    - a stride of 2
    - as the first layer has it
    - an image that is no square
    - uint8 comes out
    - no float on the way
    - leaves its inputs as they were
    """
    return _conv(x, w, b, params, per_filter=False)


def int8_conv2d_without_bias(x, w, b, params):
    """Overlooks it.

    - adds the bias
    - as the first layer has it
    - products beyond int32
    - products beyond any float
    """
    return _conv(x, w, torch.zeros_like(b), params)


def int8_conv2d_wrapping_around(x, w, b, params):
    """uint8 does not cut off.

    - as the first layer has it
    - stops at 0 and 255
    """
    return _conv(x, w, b, params, cut=False)


def int8_conv2d_in_int32(x, w, b, params):
    """The sum times the multiplier does not fit.

    - one filter over one image
    - halves go up
    - channels and filters
    - subtracts the zero point
    - adds the bias
    - adds the output's zero point
    - the border has the code of 0.0
    - a stride of 2
    - as the first layer has it
    - an image that is no square
    - stops at 0 and 255
    - products beyond int32
    - products beyond any float
    - uint8 comes out
    - no float on the way
    - leaves its inputs as they were
    """
    return _conv(x, w, b, params, wide=torch.int32)


def int8_conv2d_in_uint8(x, w, b, params):
    """Subtracts the zero point before it leaves uint8.

    - halves go up
    - subtracts the zero point
    - the border has the code of 0.0
    - a stride of 2
    - as the first layer has it
    - an image that is no square
    - stops at 0 and 255
    - uint8 comes out
    - no float on the way
    - leaves its inputs as they were
    """
    pad = params["padding"]
    held = F.pad(x - torch.tensor(params["x_zero_point"], dtype=torch.uint8), (pad,) * 4)
    return _conv(held, w, b, params | {"padding": 0, "x_zero_point": 0})


def int8_conv2d_without_stride(x, w, b, params):
    """Moves by one place.

    - a stride of 2
    - as the first layer has it
    """
    return _conv(x, w, b, params | {"stride": 1})


def int8_conv2d_without_padding(x, w, b, params):
    """Loses the border.

    - the border has the code of 0.0
    - as the first layer has it
    - an image that is no square
    - uint8 comes out
    - no float on the way
    - leaves its inputs as they were
    """
    return _conv(x, w, b, params | {"padding": 0})


def int8_conv2d_turned(x, w, b, params):
    """A convolution as mathematicians write it.

    - one filter over one image
    - channels and filters
    - subtracts the zero point
    - adds the bias
    - the border has the code of 0.0
    - a stride of 2
    - as the first layer has it
    - an image that is no square
    - uint8 comes out
    - no float on the way
    - leaves its inputs as they were
    """
    return _conv(x, w.flip(2, 3), b, params)


def int8_conv2d_of_squares(x, w, b, params):
    """Takes the height for the width.

    - halves go up
    - an image that is no square
    - stops at 0 and 255
    - products beyond int32
    - products beyond any float
    """
    side, pad, zero_point = w.shape[2], params["padding"], params["x_zero_point"]
    held = F.pad(x.int() - zero_point, (pad,) * 4)
    size = (x.shape[2] + 2 * pad - side) // params["stride"] + 1
    held = held[..., : x.shape[2] + 2 * pad]
    held = F.pad(held, (0, max(0, x.shape[2] + 2 * pad - held.shape[3])))
    out = _conv(held + zero_point, w, b, params | {"padding": 0})
    return out[..., :size]


def int8_conv2d_in_floats(x, w, b, params):
    """Right to the last bit mostly, with a unit that the chip does not have.

    - products beyond any float
    - no float on the way
    """
    acc = F.conv2d(x.double() - params["x_zero_point"], w.double(), b.double(), params["stride"], params["padding"])
    factor = (params["multipliers"].double() / 2.0 ** params["shifts"].double())[:, None, None]
    return (torch.floor(acc * factor + 0.5) + params["y_zero_point"]).clamp(0, 255).to(torch.uint8)


def int8_conv2d_halves_to_even(x, w, b, params):
    """torch.round in place of the shift.

    - halves go up
    - no float on the way
    """
    acc = F.conv2d(x.double() - params["x_zero_point"], w.double(), b.double(), params["stride"], params["padding"])
    factor = (params["multipliers"].double() / 2.0 ** params["shifts"].double())[:, None, None]
    return (torch.round(acc * factor) + params["y_zero_point"]).clamp(0, 255).to(torch.uint8)


def int8_conv2d_to_int64(x, w, b, params):
    """Right numbers, eight bytes each.

    - uint8 comes out
    """
    return _conv(x, w, b, params).long()


def int8_conv2d_in_place(x, w, b, params):
    """Pads the caller's dict away.

    - leaves its inputs as they were
    """
    out = _conv(x, w, b, params)
    params["padding"] = 0
    return out


def int8_conv2d_one_image_at_least(x, w, b, params):
    """Goes through the images one by one.

    - no image
    """
    return torch.cat([_conv(image[None], w, b, params) for image in x])


_TYPES = {torch.int8: "int8_t", torch.uint8: "uint8_t", torch.int16: "int16_t", torch.int32: "int32_t"}


def _check(name, array):
    if array.dtype not in _TYPES or array.numel() == 0 or not (name.isidentifier() and name.isascii()):
        raise ValueError("a name of C, whole numbers of 8, 16 or 32 bits, at least one")


def _text(name, array, kind=None, count=None, numbers=None, const="const "):
    numbers = array.flatten().tolist() if numbers is None else numbers
    kind = kind or _TYPES[array.dtype]
    return f"static {const}{kind} {name}[{array.numel() if count is None else count}] = {{{', '.join(map(str, numbers))}}};\n"


def weights_to_c_that_may_change(name, array):
    """No const.

    - five numbers
    - has the name asked for
    - a filter of four axes
    - a transposed matrix
    - uint8
    - int16
    - int32, to its ends
    - 5,000 numbers
    - one number
    - leaves the array as it was
    """
    _check(name, array)
    return _text(name, array, const="")


def weights_to_c_always_int8(name, array):
    """Overlooks the dtype.

    - uint8
    - int16
    - int32, to its ends
    """
    _check(name, array)
    return _text(name, array, kind="int8_t")


def weights_to_c_in_int(name, array):
    """Four bytes for each.

    - five numbers
    - has the name asked for
    - a filter of four axes
    - a transposed matrix
    - uint8
    - int16
    - int32, to its ends
    - 5,000 numbers
    - one number
    - leaves the array as it was
    """
    _check(name, array)
    return _text(name, array, kind="int")


def weights_to_c_counting_rows(name, array):
    """len() counts rows.

    - a filter of four axes
    - a transposed matrix
    - 5,000 numbers
    - leaves the array as it was
    """
    _check(name, array)
    return _text(name, array, count=len(array) if array.ndim else 1)


def weights_to_c_by_str(name, array):
    """As numpy writes it: no commas, and dots in the middle.

    - five numbers
    - has the name asked for
    - a filter of four axes
    - a transposed matrix
    - uint8
    - int16
    - int32, to its ends
    - 5,000 numbers
    - leaves the array as it was
    """
    _check(name, array)
    return f"const {_TYPES[array.dtype]} {name}[{array.numel()}] = {{{str(array.flatten().numpy())[1:-1]}}};"


def weights_to_c_by_str_of_a_list(name, array):
    """Nested brackets where there are rows.

    - a filter of four axes
    - a transposed matrix
    - 5,000 numbers
    - one number
    - leaves the array as it was
    """
    _check(name, array)
    return f"const {_TYPES[array.dtype]} {name}[{array.numel()}] = {array.tolist()};".replace("= [", "= {").replace("];", "};")


def weights_to_c_as_stored(name, array):
    """In the order of memory.

    - a transposed matrix
    """
    _check(name, array)
    stored = torch.as_strided(array, (array.numel(),), (1,))
    return _text(name, array, numbers=stored.tolist())


def weights_to_c_of_another_name(name, array):
    """A name of its own.

    - has the name asked for
    - a filter of four axes
    - a transposed matrix
    - uint8
    - int16
    - int32, to its ends
    - 5,000 numbers
    - one number
    - leaves the array as it was
    """
    _check(name, array)
    return _text("weights", array)


def weights_to_c_without_semicolon(name, array):
    """Forgets it.

    - five numbers
    - has the name asked for
    - a filter of four axes
    - a transposed matrix
    - uint8
    - int16
    - int32, to its ends
    - 5,000 numbers
    - one number
    - leaves the array as it was
    """
    _check(name, array)
    return _text(name, array).rstrip(";\n")


def weights_to_c_as_a_list(name, array):
    """No text at all.

    - five numbers
    - has the name asked for
    - a filter of four axes
    - a transposed matrix
    - uint8
    - int16
    - int32, to its ends
    - 5,000 numbers
    - one number
    - leaves the array as it was
    """
    _check(name, array)
    return array.tolist()


def weights_to_c_that_refuses_nothing(name, array):
    """Writes whatever it gets.

    - refuses floats
    - refuses int64
    - refuses an empty array
    - refuses a name with a dot
    - refuses a name that begins with a digit
    - refuses a name beyond ASCII
    """
    return _text(name, array, kind=_TYPES.get(array.dtype, "int8_t"))


def weights_to_c_that_checks_letters(name, array):
    """Letters, digits and _ in any place.

    - refuses a name that begins with a digit
    - refuses a name beyond ASCII
    """
    if array.dtype not in _TYPES or array.numel() == 0 or not name.replace("_", "").isalnum():
        raise ValueError("a name of C, whole numbers of 8, 16 or 32 bits, at least one")
    return _text(name, array)


def weights_to_c_that_asks_python(name, array):
    """Python allows more names than C.

    - refuses a name beyond ASCII
    """
    if array.dtype not in _TYPES or array.numel() == 0 or not name.isidentifier():
        raise ValueError("a name of C, whole numbers of 8, 16 or 32 bits, at least one")
    return _text(name, array)


def weights_to_c_of_axes_only(name, array):
    """Iterates over the first axis.

    - one number
    """
    _check(name, array)
    return _text(name, array, numbers=[int(value) for row in array for value in row.flatten()])


def weights_to_c_in_place(name, array):
    """Counts the numbers away.

    - leaves the array as it was
    """
    _check(name, array)
    text = _text(name, array)
    array.zero_()
    return text


def _memory(sizes, device, flash=("text", "data"), ram=("data", "bss", "stack")):
    used = {"flash": sum(sizes[name] for name in flash), "ram": sum(sizes[name] for name in ram)}
    share = {name: used[name] / device[f"{name}_bytes"] for name in used}
    worst = max(share, key=share.get)
    over = max(0, used[worst] - device[f"{worst}_bytes"])
    return {**used, "fits": not over, "breaks": worst if over else None, "excess": over}


def fits_flash_and_ram_without_data_in_flash(sizes, device):
    """Where do variables get their first values from?

    - a program that fits
    - too large for flash
    - too large for RAM
    - both, RAM by the larger share
    - both, flash by the larger share
    - full to the last byte
    - one byte too many
    - data alone breaks RAM
    - leaves its inputs as they were
    """
    return _memory(sizes, device, flash=("text",))


def fits_flash_and_ram_without_data_in_ram(sizes, device):
    """Data that cannot change.

    - a program that fits
    - too large for flash
    - too large for RAM
    - both, RAM by the larger share
    - both, flash by the larger share
    - full to the last byte
    - one byte too many
    - data alone breaks RAM
    - leaves its inputs as they were
    """
    return _memory(sizes, device, ram=("bss", "stack"))


def fits_flash_and_ram_without_stack(sizes, device):
    """What the linker does not see.

    - a program that fits
    - too large for flash
    - too large for RAM
    - both, RAM by the larger share
    - both, flash by the larger share
    - both, the larger share has fewer bytes
    - full to the last byte
    - one byte too many
    - leaves its inputs as they were
    """
    return _memory(sizes, device, ram=("data", "bss"))


def fits_flash_and_ram_with_bss_in_flash(sizes, device):
    """Stores zeros.

    - a program that fits
    - too large for flash
    - too large for RAM
    - both, RAM by the larger share
    - both, flash by the larger share
    - both, the larger share has fewer bytes
    - full to the last byte
    - one byte too many
    - leaves its inputs as they were
    """
    return _memory(sizes, device, flash=("text", "data", "bss"))


def fits_flash_and_ram_flash_first(sizes, device):
    """Looks at RAM only where flash holds.

    - both, RAM by the larger share
    - both, the larger share has fewer bytes
    """
    right = _memory(sizes, device)
    over = right["flash"] - device["flash_bytes"]
    return right | {"breaks": "flash", "excess": over} if over > 0 else right


def fits_flash_and_ram_by_bytes(sizes, device):
    """The most bytes above, not the largest share.

    - both, the larger share has fewer bytes
    """
    right = _memory(sizes, device)
    over = {name: right[name] - device[f"{name}_bytes"] for name in ("flash", "ram")}
    worst = max(over, key=over.get)
    return right if right["fits"] else right | {"breaks": worst, "excess": over[worst]}


def fits_flash_and_ram_below_the_limit(sizes, device):
    """Equal does not fit.

    - full to the last byte
    """
    right = _memory(sizes, device)
    return right | {"fits": right["flash"] < device["flash_bytes"] and right["ram"] < device["ram_bytes"]}


def fits_flash_and_ram_with_a_margin(sizes, device):
    """A byte more does not matter.

    - one byte too many
    """
    right = _memory(sizes, device)
    return right | {"fits": True, "breaks": None, "excess": 0} if right["excess"] == 1 else right


def fits_flash_and_ram_of_negative_excess(sizes, device):
    """What is left, where nothing is missing.

    - a program that fits
    - leaves its inputs as they were
    """
    right = _memory(sizes, device)
    left = max(right[name] - device[f"{name}_bytes"] for name in ("flash", "ram"))
    return right | {"excess": left} if right["fits"] else right


def fits_flash_and_ram_in_place(sizes, device):
    """Takes the stack out of the caller's dict.

    - leaves its inputs as they were
    """
    right = _memory(sizes, device)
    sizes["bss"] += sizes.pop("stack")
    return right


_HEAD = "#include <stdint.h>\nint32_t dot(const uint8_t *x, const int8_t *w, int32_t n, int32_t x_zero_point)\n"


def _loop(body="sum += (x[i] - x_zero_point) * w[i];", start="int32_t sum = 0;", loop="for (int32_t i = 0; i < n; i++)", end="return sum;"):
    return f"{_HEAD}{{ {start} {loop} {{ {body} }} {end} }}\n"


def dot_in_c_in_int8():
    """An accumulator of a byte.

    - subtracts the zero point
    - codes below the zero point
    - sums beyond 16 bits
    - 40,000 extreme codes
    """
    return _loop(start="int8_t sum = 0;")


def dot_in_c_in_int16():
    """An accumulator of two bytes.

    - sums beyond 16 bits
    - 40,000 extreme codes
    """
    return _loop(start="int16_t sum = 0;")


def dot_in_c_one_too_far():
    """<= in place of <.

    - a few products
    - negative weights
    - subtracts the zero point
    - codes below the zero point
    - sums beyond 16 bits
    - 40,000 extreme codes
    - one product
    - no product at all
    """
    return _loop(loop="for (int32_t i = 0; i <= n; i++)")


def dot_in_c_from_one():
    """Counts from 1, and to n - 1.

    - a few products
    - negative weights
    - subtracts the zero point
    - codes below the zero point
    - sums beyond 16 bits
    - 40,000 extreme codes
    - one product
    """
    return _loop(loop="for (int32_t i = 1; i < n; i++)")


def dot_in_c_without_zero_point():
    """Multiplies codes as if they were values.

    - subtracts the zero point
    - codes below the zero point
    - one product
    - compiles without a warning
    """
    return _loop("sum += x[i] * w[i];")


def dot_in_c_with_one_zero_point():
    """Subtracts it once.

    - subtracts the zero point
    - codes below the zero point
    - one product
    - no product at all
    """
    return _loop("sum += x[i] * w[i];", end="return sum - x_zero_point;")


def dot_in_c_with_a_wrapping_difference():
    """A difference of eight bits.

    - codes below the zero point
    """
    return _loop("uint8_t difference = x[i] - x_zero_point; sum += difference * w[i];")


def dot_in_c_of_unsigned_weights():
    """Weights without a sign.

    - negative weights
    - 40,000 extreme codes
    """
    return _loop("sum += (x[i] - x_zero_point) * (uint8_t)w[i];")


def dot_in_c_in_float():
    """float32 sums, of which those beyond 2**24 are rounded.

    - no float in it
    """
    return _loop(start="float sum = 0.0f;", end="return (int32_t)sum;")


def dot_in_c_in_double():
    """Right numbers on a unit that the chip does not have.

    - no float in it
    """
    return _loop(start="double sum = 0;", end="return (int32_t)sum;")


def dot_in_c_that_does_not_compile():
    """A semicolon is missing.

    - a few products
    - negative weights
    - subtracts the zero point
    - codes below the zero point
    - sums beyond 16 bits
    - 40,000 extreme codes
    - one product
    - no product at all
    - compiles without a warning
    - no float in it
    """
    return _loop("sum += (x[i] - x_zero_point) * w[i]")


def dot_in_c_with_a_spare_variable():
    """A compiler warns of what is never used.

    - compiles without a warning
    """
    return _loop(start="int32_t sum = 0; int32_t spare;")


def dot_in_c_of_another_name():
    """Nobody finds it.

    - a few products
    - negative weights
    - subtracts the zero point
    - codes below the zero point
    - sums beyond 16 bits
    - 40,000 extreme codes
    - one product
    - no product at all
    """
    return _loop().replace("dot(", "product(")


def dot_in_c_that_writes():
    """Shifts the codes where they lie.

    - a few products
    - negative weights
    - subtracts the zero point
    - codes below the zero point
    - sums beyond 16 bits
    - 40,000 extreme codes
    - one product
    """
    return _loop("((uint8_t *)x)[i] = 0;", start="int32_t sum = 0; for (int32_t j = 0; j < n; j++) sum += (x[j] - x_zero_point) * w[j];")


def dot_in_c_that_crashes():
    """Reads from where nothing is.

    - a few products
    - negative weights
    - subtracts the zero point
    - codes below the zero point
    - sums beyond 16 bits
    - 40,000 extreme codes
    - one product
    - compiles without a warning
    """
    return _loop("sum += *(volatile const int8_t *)(uintptr_t)(16 + i);")


def dot_in_c_that_remembers():
    """A sum that the next call goes on with.

    - a few products
    - negative weights
    - subtracts the zero point
    - codes below the zero point
    - sums beyond 16 bits
    - 40,000 extreme codes
    - one product
    """
    return _loop(start="static int32_t sum;")


def dot_in_c_without_a_first_value():
    """A sum that begins with what happens to be there.

    - a few products
    - negative weights
    - subtracts the zero point
    - codes below the zero point
    - sums beyond 16 bits
    - 40,000 extreme codes
    - one product
    - no product at all
    - compiles without a warning
    """
    return _loop(start="volatile int32_t noise[64]; for (int32_t k = 0; k < 64; k++) noise[k] = k; int32_t sum; sum += noise[n % 64] + 1;")


def dot_in_c_that_looks_one_further():
    """Reads x[n] and does nothing with it.

    - a few products
    - negative weights
    - subtracts the zero point
    - codes below the zero point
    - sums beyond 16 bits
    - 40,000 extreme codes
    - one product
    - no product at all
    """
    return _loop(end="int32_t next = x[n]; (void)next; return sum;")


def dot_in_c_that_looks_one_back():
    """Reads w[-1] and does nothing with it.

    - a few products
    - negative weights
    - subtracts the zero point
    - codes below the zero point
    - sums beyond 16 bits
    - 40,000 extreme codes
    - one product
    - no product at all
    """
    return _loop(end="int32_t last = w[-1]; (void)last; return sum;")


_ALL = """
    - a few products
    - negative weights
    - subtracts the zero point
    - codes below the zero point
    - sums beyond 16 bits
    - 40,000 extreme codes
    - one product
    - no product at all
    - compiles without a warning
    - no float in it
"""


def dot_in_c_with_malloc():
    return (
        _HEAD.replace("int32_t dot", "void *malloc(unsigned long);\nint32_t dot")
        + "{ return malloc(4) != 0 && x && w && n && x_zero_point; }"
    )


dot_in_c_with_malloc.__doc__ = "A library's function, declared by hand." + _ALL


def dot_in_c_of_stdlib():
    return "#include <stdlib.h>\n" + _loop()


dot_in_c_of_stdlib.__doc__ = "A library's header." + _ALL


def dot_in_c_before_the_start():
    return _loop() + "__attribute__((constructor)) static void go(void) { }"


dot_in_c_before_the_start.__doc__ = "Code that runs before anybody calls it." + _ALL


def dot_in_c_that_silences():
    return '#pragma GCC diagnostic ignored "-Wunused-variable"\n' + _loop(start="int32_t sum = 0; int32_t spare;")


dot_in_c_that_silences.__doc__ = "Switches a warning off." + _ALL


def dot_in_c_that_silences_in_a_macro():
    return '_Pragma("GCC diagnostic ignored \\"-Wunused-variable\\"")\n' + _loop(start="int32_t sum = 0; int32_t spare;")


dot_in_c_that_silences_in_a_macro.__doc__ = "Switches a warning off by the operator." + _ALL


def dot_in_c_of_gnu_c():
    """A braced group within an expression, which C99 does not have.

    - compiles without a warning
    """
    return _loop(end="return ({ sum; });")


def dot_in_c_of_c11():
    """_Static_assert came with C11.

    - compiles without a warning
    """
    return _loop() + '\n_Static_assert(sizeof(int32_t) == 4, "four bytes");\n'


def dot_in_c_in_joined_float():
    """The word is made by a macro.

    - no float in it
    """
    return "#define JOINED(a, b) a##b\n" + _loop(start="JOINED(dou, ble) sum = 0;", end="return (int32_t)sum;")


def dot_in_c_in_split_float():
    """The word is on two lines.

    - no float in it
    """
    return _loop(start="dou\\\nble sum = 0;", end="return (int32_t)sum;")


def dot_in_c_in_float_between_strings():
    """The word stands between what looks like a comment.

    - no float in it
    """
    return _loop(start='const char *a = "/*"; double sum = 0; const char *b = "*/"; (void)a, (void)b;', end="return (int32_t)sum;")


def dot_in_c_in_float64():
    """A float by another name.

    - compiles without a warning
    - no float in it
    """
    return _loop(start="_Float64 sum = 0;", end="return (int32_t)sum;")


def dot_in_c_in_a_float_constant():
    """1e0 has no point.

    - no float in it
    """
    return _loop("sum += (int32_t)((x[i] - x_zero_point) * w[i] * 1e0);")


def dot_in_c_of_a_type_of():
    return _loop(start="__typeof__(1e0) sum = 0;", end="return (int32_t)sum;")


dot_in_c_of_a_type_of.__doc__ = "A float by the type of a constant, in the compiler's own words." + _ALL


def dot_in_c_that_asks_afterwards():
    """Reads one product before it asks for n.

    - no product at all
    """
    return _loop(start="int32_t sum = 0, i = 0;", loop="do", body="sum += (x[i] - x_zero_point) * w[i];").replace(
        "} return", "} while (++i < n); return"
    )
