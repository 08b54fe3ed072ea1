"""Plausible wrong answers to lab 07 that are not functions of the inputs alone; the others are made of the declared mistakes."""

import math
import re

import torch
import torch.nn.functional as F


def _fixed_point(scale):
    fraction, exponent = math.frexp(scale)
    multiplier, shift = round(fraction * 2**31), 31 - exponent
    return (multiplier, shift) if multiplier < 2**31 else (2**30, shift - 1)


def to_fixed_point_that_refuses_nothing(scale):
    """Any number will do. Loses: refuses 1; refuses more than 1; refuses 0; refuses a negative factor; refuses what is below 2**-32;
    refuses NaN.
    """
    return (0, 0) if scale != scale or scale <= 0 else _fixed_point(scale) if scale < 2**30 else (0, 0)


def to_fixed_point_that_compares_nan(scale):
    """NaN is neither too small nor too large. Loses: refuses NaN. Hints: What does NaN < 1 say."""
    if scale < 2**-32 or scale >= 1:
        raise ValueError("the factor must lie in [2^-32, 1)")
    return (0, 0) if scale != scale else _fixed_point(scale)


def to_fixed_point_without_the_lowest(scale):
    """< for <=. Loses: the smallest factor. Hints: Which bounds does the docstring give."""
    if not 2**-32 < scale < 1:
        raise ValueError("the factor must lie in (2^-32, 1)")
    return _fixed_point(scale)


def to_fixed_point_up_to_1(scale):
    """<= for <. Loses: refuses 1. Hints: Which error does the docstring name for this."""
    if not 2**-32 <= scale <= 1:
        raise ValueError("the factor must lie in [2^-32, 1]")
    return _fixed_point(scale)


def _conv(x, w, b, params, wide=torch.int64):
    pad, zero_point = params["padding"], params["x_zero_point"]
    held = F.pad(x.int() - zero_point, (pad,) * 4)
    acc = F.conv2d(held, w.int(), b, stride=params["stride"]).to(wide)
    multiplier, shift = (params[name][:, None, None].to(wide) for name in ("multipliers", "shifts"))
    codes = (acc * multiplier + (torch.ones_like(shift) << (shift - 1))) >> shift
    return (codes + params["y_zero_point"]).clamp(0, 255).to(torch.uint8)


def int8_conv2d_in_int32(x, w, b, params):
    """The sum times the multiplier does not fit. Loses: all but no image. Hints: How large is a sum times its multiplier."""
    return _conv(x, w, b, params, wide=torch.int32)


def int8_conv2d_without_axes(x, w, b, params):
    """multipliers and shifts as they are. Loses: all but one filter over one image; halves go up; stops at 0 and 255; products
    beyond int32; products beyond any float; no image. Hints: 3 numbers meet an axis of length 4.
    """
    acc = F.conv2d(x.int() - params["x_zero_point"], w.int(), b, params["stride"], params["padding"]).long()
    codes = (acc * params["multipliers"] + (torch.ones_like(params["shifts"]) << (params["shifts"] - 1))) >> params["shifts"]
    return (codes + params["y_zero_point"]).clamp(0, 255).to(torch.uint8)


def int8_conv2d_of_squares(x, w, b, params):
    """Takes the height for the width. Loses: an image that is not a square; halves go up; stops at 0 and 255; products beyond int32;
    products beyond any float.
    """
    side, pad, zero_point = w.shape[2], params["padding"], params["x_zero_point"]
    held = F.pad(x.int() - zero_point, (pad,) * 4)
    size = (x.shape[2] + 2 * pad - side) // params["stride"] + 1
    held = held[..., : x.shape[2] + 2 * pad]
    held = F.pad(held, (0, max(0, x.shape[2] + 2 * pad - held.shape[3])))
    return _conv(held + zero_point, w, b, params | {"padding": 0})[..., :size]


def int8_conv2d_in_floats(x, w, b, params):
    """Right to the last bit mostly, with a unit that the chip does not have. Loses: products beyond any float; no float on the way.
    Hints: float32 holds no odd number beyond 2**24.
    """
    acc = F.conv2d(x.double() - params["x_zero_point"], w.double(), b.double(), params["stride"], params["padding"])
    factor = (params["multipliers"].double() / 2.0 ** params["shifts"].double())[:, None, None]
    return (torch.floor(acc * factor + 0.5) + params["y_zero_point"]).clamp(0, 255).to(torch.uint8)


def int8_conv2d_with_a_float_table(x, w, b, params):
    """One float on the way, and exact. Loses: no float on the way. Hints: Which line makes a float."""
    return _conv(x, w, b, params) + torch.zeros(1).to(torch.uint8)


def int8_conv2d_to_int64(x, w, b, params):
    """Right numbers, eight bytes each. Loses: uint8 comes out. Hints: What is your result's dtype."""
    return _conv(x, w, b, params).long()


def int8_conv2d_in_place(x, w, b, params):
    """Pads the caller's dict away. Loses: leaves its inputs as they were. Hints: Print the inputs before and after."""
    out = _conv(x, w, b, params)
    params["padding"] = 0
    return out


def int8_conv2d_one_image_at_least(x, w, b, params):
    """Goes through the images one by one. Loses: no image. Hints: There is no image here."""
    return torch.cat([_conv(image[None], w, b, params) for image in x])


_TYPES = {torch.int8, torch.uint8, torch.int16, torch.int32}


def _check(name, array, allowed=lambda name: name.isidentifier() and name.isascii()):
    if array.dtype not in _TYPES or array.numel() == 0 or not allowed(name):
        raise ValueError("a name of C, integers of 8, 16 or 32 bits, at least one")


def _text(name, array, kind="", count=None, numbers=None, const="const "):
    kind = kind or f"{str(array.dtype).removeprefix('torch.')}_t"
    values = array.flatten().tolist() if numbers is None else numbers
    return f"static {const}{kind} {name}[{array.numel() if count is None else count}] = {{{', '.join(map(str, values))}}};\n"


def weights_to_c_in_int(name, array):
    """Four bytes for each. Loses: all but refuses floats; refuses float16; refuses int64; refuses bool; refuses an empty array;
    refuses a name with a dot; refuses a name with a hyphen; refuses a name with a space; refuses a name with a line end; refuses
    a name that begins with a digit; refuses a name beyond ASCII; refuses a name without a letter. Hints: What is the array's
    dtype.
    """
    _check(name, array)
    return _text(name, array, kind="int")


def weights_to_c_with_empty_brackets(name, array):
    """C counts them itself. Loses: all but refuses floats; refuses float16; refuses int64; refuses bool; refuses an empty array;
    refuses a name with a dot; refuses a name with a hyphen; refuses a name with a space; refuses a name with a line end; refuses
    a name that begins with a digit; refuses a name beyond ASCII; refuses a name without a letter. Hints: How many numbers are
    there.
    """
    _check(name, array)
    return _text(name, array, count="")


def weights_to_c_by_str(name, array):
    """As numpy writes it: no commas, and dots in the middle. Loses: five numbers; has the name asked for; a name that begins with a
    capital; a name that begins with _; a name of one letter; a filter of four axes; a transposed matrix; uint8; int16; int32, to
    its ends; 2,000 numbers; leaves the array as it was. Hints: How does C declare an array of constants.
    """
    _check(name, array)
    return _text(name, array, numbers=[str(array.flatten().numpy())[1:-1]])


def weights_to_c_with_dots(name, array):
    """numpy leaves numbers out of a long array. Loses: 2,000 numbers. Hints: Are all numbers there."""
    _check(name, array)
    return _text(name, array, numbers=str(array.flatten().numpy())[1:-1].split())


def weights_to_c_by_str_of_a_list(name, array):
    """Nested brackets where there are rows. Loses: a filter of four axes; a transposed matrix; 2,000 numbers; leaves the array as
    it was. Hints: How does C declare an array of constants.
    """
    _check(name, array)
    return _text(name, array, numbers=[array.tolist()]).replace("{[", "{").replace("]}", "}")


def weights_to_c_as_stored(name, array):
    """In the order of memory. Loses: a transposed matrix. Hints: In which order do the numbers come."""
    _check(name, array)
    return _text(name, array, numbers=torch.as_strided(array, (array.numel(),), (1,)).tolist())


def weights_to_c_of_axes_only(name, array):
    """Iterates over the first axis. Loses: one number. Hints: This array has one number, and no axis."""
    _check(name, array)
    return _text(name, array, numbers=[int(value) for row in array for value in row.flatten()])


def weights_to_c_that_refuses_nothing(name, array):
    """Writes whatever it gets. Loses: refuses floats; refuses float16; refuses int64; refuses bool; refuses an empty array;
    refuses a name with a dot; refuses a name with a hyphen; refuses a name with a space; refuses a name with a line end;
    refuses a name that begins with a digit; refuses a name beyond ASCII; refuses a name without a letter.
    """
    return _text(name, array, kind="" if array.dtype in _TYPES else "int8_t")


def weights_to_c_that_takes_bools(name, array):
    """A bool is a byte. Loses: refuses bool. Hints: Does the docstring name this dtype."""
    array = array.to(torch.uint8) if array.dtype is torch.bool else array
    _check(name, array)
    return _text(name, array)


def weights_to_c_that_checks_letters(name, array):
    """Letters, digits and _ in any place. Loses: refuses a name that begins with a digit; refuses a name beyond ASCII.
    Hints: Which names does C allow.
    """
    _check(name, array, lambda name: name.replace("_", "").isalnum())
    return _text(name, array)


def weights_to_c_that_asks_python(name, array):
    """Python allows more names than C. Loses: refuses a name beyond ASCII. Hints: Which names does C allow."""
    _check(name, array, str.isidentifier)
    return _text(name, array)


def weights_to_c_by_its_first_letter(name, array):
    """What follows may be anything. Loses: refuses a name with a dot; refuses a name with a hyphen; refuses a name with a space;
    refuses a name with a line end. Hints: Which names does C allow.
    """
    _check(name, array, lambda name: name.isascii() and name[:1].isidentifier())
    return _text(name, array)


def weights_to_c_by_an_expression(name, array):
    """$ stops before a line end. Loses: refuses a name with a line end. Hints: Which names does C allow."""
    _check(name, array, lambda name: re.match(r"[A-Za-z_][A-Za-z0-9_]*$", name))
    return _text(name, array)


def weights_to_c_of_small_letters(name, array):
    """Knows no capitals. Loses: a name that begins with a capital. Hints: Which names does C allow."""
    _check(name, array, lambda name: re.fullmatch(r"[a-z_]\w*", name, re.ASCII))
    return _text(name, array)


def weights_to_c_of_letters_first(name, array):
    """A name of C may begin with _. Loses: a name that begins with _. Hints: Which names does C allow."""
    _check(name, array, lambda name: re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII))
    return _text(name, array)


def weights_to_c_of_two_letters(name, array):
    """One letter is a name, too. Loses: a name of one letter. Hints: Which names does C allow."""
    _check(name, array, lambda name: re.fullmatch(r"[A-Za-z_]\w+", name, re.ASCII))
    return _text(name, array)


def weights_to_c_in_place(name, array):
    """Counts the numbers away. Loses: leaves the array as it was. Hints: Print the inputs before and after."""
    _check(name, array)
    text = _text(name, array)
    array.zero_()
    return text


def _sections(sizes, device):
    used = {"flash": sizes["text"] + sizes["data"], "ram": sizes["data"] + sizes["bss"] + sizes["stack"]}
    first = max(used, key=lambda name: used[name] / device[f"{name}_bytes"])
    over = used[first] - device[f"{first}_bytes"]
    return {**used, "fits": over <= 0, "breaks": first if over > 0 else None, "excess": max(0, over)}


def fits_flash_and_ram_in_place(sizes, device):
    """Takes the stack out of the caller's dict. Loses: leaves its inputs as they were. Hints: Print the inputs before and after."""
    right = _sections(sizes, device)
    sizes["bss"] += sizes.pop("stack")
    return right


_HEAD = "#include <stdint.h>\nint32_t dot(const uint8_t *x, const int8_t *w, int32_t n, int32_t x_zero_point)\n"


def _loop(body="sum += (x[i] - x_zero_point) * w[i];", start="int32_t sum = 0;", loop="for (int32_t i = 0; i < n; i++)", end="return sum;"):
    return f"{_HEAD}{{ {start} {loop} {{ {body} }} {end} }}\n"


def dot_in_c_in_int8():
    """An accumulator of a byte. Loses: subtracts the zero point; codes below the zero point; sums beyond 16 bits; 40,000 extreme
    codes. Hints: How large does the sum become.
    """
    return _loop(start="int8_t sum = 0;")


def dot_in_c_in_int16():
    """An accumulator of two bytes. Loses: sums beyond 16 bits; 40,000 extreme codes. Hints: How large does the sum become."""
    return _loop(start="int16_t sum = 0;")


def dot_in_c_one_too_far():
    """<= for <. Loses: all but compiles without a warning; no float in it. Hints: Which is the last element."""
    return _loop(loop="for (int32_t i = 0; i <= n; i++)")


def dot_in_c_without_the_tail():
    """Four at once, and what is left over is dropped. Loses: all but 40,000 extreme codes; no product at all; compiles without a
    warning; no float in it. Hints: Which products are left over.
    """
    four = " + ".join(f"(x[i + {k}] - x_zero_point) * w[i + {k}]" for k in range(4))
    return _loop(loop="for (int32_t i = 0; i + 4 <= n; i += 4)", body=f"sum += {four};")


def dot_in_c_from_one():
    """Counts from 1, and to n - 1. Loses: all but no product at all; compiles without a warning; no
    float in it.
    """
    return _loop(loop="for (int32_t i = 1; i < n; i++)")


def dot_in_c_without_zero_point():
    """Multiplies codes as if they were values. Loses: subtracts the zero point; codes below the zero point; one product; compiles
    without a warning. Hints: Which value has the code x_zero_point.
    """
    return _loop("sum += x[i] * w[i];")


def dot_in_c_with_one_zero_point():
    """Subtracts it once. Loses: subtracts the zero point; codes below the zero point; one product; no product at all. Hints: How
    often is the zero point subtracted.
    """
    return _loop("sum += x[i] * w[i];", end="return sum - x_zero_point;")


def dot_in_c_with_a_wrapping_difference():
    """A difference of eight bits. Loses: codes below the zero point. Hints: What is 3 - 128 in uint8_t."""
    return _loop("uint8_t difference = x[i] - x_zero_point; sum += difference * w[i];")


def dot_in_c_of_unsigned_weights():
    """Weights without a sign. Loses: negative weights; 40,000 extreme codes."""
    return _loop("sum += (x[i] - x_zero_point) * (uint8_t)w[i];")


def dot_in_c_in_float():
    """float32 sums, of which those beyond 2**24 are rounded. Loses: no float in it."""
    return _loop(start="float sum = 0.0f;", end="return (int32_t)sum;")


def dot_in_c_in_double():
    """Right numbers on a unit that the chip does not have. Loses: no float in it. Hints: Is there a float."""
    return _loop(start="double sum = 0;", end="return (int32_t)sum;")


def dot_in_c_that_does_not_compile():
    """A semicolon is missing. Loses: all. Hints: Read what the compiler says."""
    return _loop("sum += (x[i] - x_zero_point) * w[i]")


def dot_in_c_with_a_spare_variable():
    """A compiler warns of what is never used. Loses: compiles without a warning. Hints: What does the compiler warn of."""
    return _loop(start="int32_t sum = 0; int32_t spare;")


def dot_in_c_of_another_name():
    """Nobody finds it. Loses: all but compiles without a warning; no float in it. Hints: What is your function called."""
    return _loop().replace("dot(", "product(")


def dot_in_c_that_writes():
    """Shifts the codes where they lie. Loses: all but no product at all; compiles without a warning; no float in it. Hints: Does
    the loop write to x or w.
    """
    return _loop("((uint8_t *)x)[i] = 0;", start="int32_t sum = 0; for (int32_t j = 0; j < n; j++) sum += (x[j] - x_zero_point) * w[j];")


def dot_in_c_that_crashes():
    """Reads from where nothing is. Loses: all but no product at all; no float in it. Hints: When does your loop end."""
    return _loop("sum += *(volatile const int8_t *)(uintptr_t)(16 + i);")


def dot_in_c_that_remembers():
    """A sum that the next call goes on with. Loses: all but no product at all; compiles without a warning; no float in it. Hints:
    What does your function remember.
    """
    return _loop(start="static int32_t sum;")


def dot_in_c_without_a_first_value():
    """A sum that begins with what happens to be there. Loses: all but no float in it."""
    return _loop(start="volatile int32_t noise[64]; for (int32_t k = 0; k < 64; k++) noise[k] = k; int32_t sum; sum += noise[n % 64] + 1;")


def dot_in_c_that_looks_one_further():
    """Reads x[n] and does nothing with it. Loses: all but compiles without a warning; no float in it."""
    return _loop(end="int32_t next = x[n]; (void)next; return sum;")


def dot_in_c_that_looks_one_back():
    """Reads w[-1] and does nothing with it. Loses: all but compiles without a warning; no float in it. Hints: Which is the last
    element.
    """
    return _loop(end="int32_t last = w[-1]; (void)last; return sum;")


def dot_in_c_with_malloc():
    """A library's function, declared by hand. Loses: all."""
    return (
        _HEAD.replace("int32_t dot", "void *malloc(unsigned long);\nint32_t dot")
        + "{ return malloc(4) != 0 && x && w && n && x_zero_point; }"
    )


def dot_in_c_of_stdlib():
    """A library's header. Loses: all."""
    return "#include <stdlib.h>\n" + _loop()


def dot_in_c_before_the_start():
    """Code that runs before anybody calls it. Loses: all."""
    return _loop() + "__attribute__((constructor)) static void go(void) { }"


def dot_in_c_that_silences():
    """Switches a warning off. Loses: all."""
    return '#pragma GCC diagnostic ignored "-Wunused-variable"\n' + _loop(start="int32_t sum = 0; int32_t spare;")


def dot_in_c_that_silences_in_a_macro():
    """Switches a warning off by the operator. Loses: all."""
    return '_Pragma("GCC diagnostic ignored \\"-Wunused-variable\\"")\n' + _loop(start="int32_t sum = 0; int32_t spare;")


def dot_in_c_of_gnu_c():
    """A braced group within an expression, which C99 does not have. Loses: compiles without a warning."""
    return _loop(end="return ({ sum; });")


def dot_in_c_of_c11():
    """_Static_assert came with C11. Loses: compiles without a warning."""
    return _loop() + '\n_Static_assert(sizeof(int32_t) == 4, "four bytes");\n'


def dot_in_c_in_joined_float():
    """The word is made by a macro. Loses: no float in it."""
    return "#define JOINED(a, b) a##b\n" + _loop(start="JOINED(dou, ble) sum = 0;", end="return (int32_t)sum;")


def dot_in_c_in_split_float():
    """The word is on two lines. Loses: no float in it."""
    return _loop(start="dou\\\nble sum = 0;", end="return (int32_t)sum;")


def dot_in_c_in_float_between_strings():
    """The word stands between what looks like a comment. Loses: no float in it."""
    return _loop(start='const char *a = "/*"; double sum = 0; const char *b = "*/"; (void)a, (void)b;', end="return (int32_t)sum;")


def dot_in_c_in_float64():
    """A float by another name. Loses: compiles without a warning; no float in it."""
    return _loop(start="_Float64 sum = 0;", end="return (int32_t)sum;")


def dot_in_c_in_a_float_constant():
    """1e0 has no point. Loses: no float in it."""
    return _loop("sum += (int32_t)((x[i] - x_zero_point) * w[i] * 1e0);")


def dot_in_c_of_a_type_of():
    """A float by the type of a constant, in the compiler's own words. Loses: all."""
    return _loop(start="__typeof__(1e0) sum = 0;", end="return (int32_t)sum;")


def dot_in_c_that_asks_afterwards():
    """Reads one product before it asks for n. Loses: no product at all."""
    return _loop(start="int32_t sum = 0, i = 0;", loop="do", body="sum += (x[i] - x_zero_point) * w[i];").replace(
        "} return", "} while (++i < n); return"
    )
