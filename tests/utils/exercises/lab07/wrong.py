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
_PRODUCT = "(x[i] - x_zero_point) * w[i]"


def _loop(body=f"sum += {_PRODUCT};", start="int32_t sum = 0;", loop="for (int32_t i = 0; i < n; i++)", end="return sum;"):
    return f"{_HEAD}{{ {start} {loop} {{ {body} }} {end} }}\n"


def _in_float(start):
    return _loop(start=start, end="return (int32_t)sum;")


_SPARE = _loop(start="int32_t sum = 0; int32_t spare;")
_MALLOC = "void *malloc(unsigned long);\n" + _HEAD + "{ return malloc(4) != 0 && x && w && n && x_zero_point; }"
_NOISE = "volatile int32_t noise[64]; for (int32_t k = 0; k < 64; k++) noise[k] = k; int32_t sum; sum += noise[n % 64] + 1;"
_STRINGS = 'const char *a = "/*"; double sum = 0; const char *b = "*/"; (void)a, (void)b;'
_RUNS, _RUNS_ON_NOTHING = ("all but compiles*; no float in it", "all but no product at all; compiles*; no float in it")
_LOOPS = {  # the cases that are lost, the beginning of a hint where there is one -> name -> source
    f"{_RUNS}. Hints: Which is the last element": {
        "one_too_far": _loop(loop="for (int32_t i = 0; i <= n; i++)"),
        "that_looks_one_back": _loop(end="int32_t last = w[-1]; (void)last; return sum;"),
    },
    _RUNS: {"that_looks_one_further": _loop(end="int32_t next = x[n]; (void)next; return sum;")},
    f"{_RUNS}. Hints: What is your function called": {"of_another_name": _loop().replace("dot(", "product(")},
    _RUNS_ON_NOTHING: {"from_one": _loop(loop="for (int32_t i = 1; i < n; i++)")},
    f"{_RUNS_ON_NOTHING}. Hints: Does the loop write to x or w": {
        "that_writes": _loop(start=f"int32_t sum = 0; for (int32_t i = 0; i < n; i++) sum += {_PRODUCT};", body="((uint8_t *)x)[i] = 0;"),
    },
    f"{_RUNS_ON_NOTHING}. Hints: What does your function remember": {"that_remembers": _loop(start="static int32_t sum;")},
    "all but no product at all; no float in it. Hints: When does your loop end": {
        "that_crashes": _loop("sum += *(volatile const int8_t *)(uintptr_t)(16 + i);"),
    },
    "all but no float in it": {"without_a_first_value": _loop(start=_NOISE)},
    "all. Hints: Read what the compiler says": {"that_does_not_compile": _loop(f"sum += {_PRODUCT}")},
    "all": {
        "with_malloc": _MALLOC,
        "of_stdlib": "#include <stdlib.h>\n" + _loop(),
        "before_the_start": _loop() + "__attribute__((constructor)) static void go(void) { }",
        "that_silences": '#pragma GCC diagnostic ignored "-Wunused-variable"\n' + _SPARE,
        "that_silences_in_a_macro": '_Pragma("GCC diagnostic ignored \\"-Wunused-variable\\"")\n' + _SPARE,
        "of_a_type_of": _in_float("__typeof__(1e0) sum = 0;"),
    },
    "compiles without a warning. Hints: What does the compiler warn of": {"with_a_spare_variable": _SPARE},
    "compiles without a warning": {
        "of_gnu_c": _loop(end="return ({ sum; });"),
        "of_c11": _loop() + '\n_Static_assert(sizeof(int32_t) == 4, "four bytes");\n',
    },
    "compiles without a warning; no float in it": {"in_float64": _in_float("_Float64 sum = 0;")},
    "no float in it. Hints: Is there a float": {"in_double": _in_float("double sum = 0;")},
    "no float in it": {
        "in_float": _in_float("float sum = 0.0f;"),  # sums beyond 2**24 are rounded
        "in_joined_float": "#define JOINED(a, b) a##b\n" + _in_float("JOINED(dou, ble) sum = 0;"),
        "in_split_float": _in_float("dou\\\nble sum = 0;"),
        "in_float_between_strings": _in_float(_STRINGS),
        "in_a_float_constant": _loop(f"sum += (int32_t)({_PRODUCT} * 1e0);"),
    },
    "no product at all": {
        "that_asks_afterwards": _loop(start="int32_t sum = 0, i = 0;", loop="do").replace("} return", "} while (++i < n); return"),
    },
}
TABLE = {
    f"dot_in_c_{name}": (f"Loses: {note}", lambda source=source: source) for note, loops in _LOOPS.items() for name, source in loops.items()
}
