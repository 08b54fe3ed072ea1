"""Plausible wrong answers to lab 07 that are not functions of the inputs alone; the others are made of the declared mistakes."""

import math
import re

import torch
import torch.nn.functional as F

from tests.utils.exercises.lab07.right import HEAD
from tests.utils.exercises.lab07.right import int8_conv2d_by_conv2d as right_conv2d
from tests.utils.exercises.lab07.right import to_fixed_point_by_frexp as right_factor

TABLE = {
    "to_fixed_point_that_compares_nan": (
        "Loses: refuses NaN. Hints: What does NaN < 1 say",
        lambda scale: (0, 0) if math.isnan(scale) else right_factor(scale),
    ),
    "to_fixed_point_without_the_lowest": (
        "Loses: the smallest factor. Hints: This input is valid",
        lambda scale: right_factor(scale if scale > 2**-32 else 0.0),
    ),
    "to_fixed_point_up_to_1": (
        "Loses: refuses 1. Hints: Which error does the docstring name for this",
        lambda scale: (2**30, 30) if scale == 1 else right_factor(scale),
    ),
}


def int8_conv2d_in_floats(x, w, b, params):
    """Right to the last bit mostly, with a unit that the chip does not have. Loses: products beyond any float; no float on the way.
    Hints: float32 holds no odd number beyond 2**24.
    """
    acc = F.conv2d(x.double() - params["x_zero_point"], w.double(), b.double(), params["stride"], params["padding"])
    factor = (params["multipliers"].double() / 2.0 ** params["shifts"].double())[:, None, None]
    return (torch.floor(acc * factor + 0.5) + params["y_zero_point"]).clamp(0, 255).to(torch.uint8)


_ROWS = "halves go up; stops at 0 and 255; products beyond *"  # one row of codes through one weight
TABLE |= {
    "int8_conv2d_in_int32": (
        "Loses: all but no image. Hints: How large is a sum times its multiplier",
        lambda *layer: right_conv2d(*layer, wide=torch.int32),
    ),
    "int8_conv2d_without_axes": (
        f"Loses: all but one filter over one image; no image; {_ROWS}. Hints: 3 numbers meet an axis of length 4",
        lambda *layer: right_conv2d(*layer, shape=(-1,)),
    ),
    "int8_conv2d_of_squares": (
        f"Loses: an image that is not a square; {_ROWS}",
        lambda x, *layer: right_conv2d(F.pad(x, (0, x.shape[2] - x.shape[3])), *layer),
    ),
    "int8_conv2d_with_a_float_table": (
        "Loses: no float on the way. Hints: Which line makes a float",
        lambda *layer: right_conv2d(*layer) + torch.zeros(1).to(torch.uint8),
    ),
    "int8_conv2d_to_int64": ("Loses: uint8 comes out. Hints: What is your result's dtype", lambda *layer: right_conv2d(*layer).long()),
    "int8_conv2d_one_image_at_least": (
        "Loses: no image. Hints: There is no image here",
        lambda x, *layer: torch.cat([right_conv2d(image[None], *layer) for image in x]),
    ),
}


def _in_c(name, array, kind="", count=None, numbers=None, allowed=lambda name: name.isidentifier() and name.isascii()):
    if array.dtype not in (torch.int8, torch.uint8, torch.int16, torch.int32) or array.numel() == 0 or not allowed(name):
        raise ValueError("a name of C, integers of 8, 16 or 32 bits, at least one")
    kind = kind or f"{str(array.dtype).removeprefix('torch.')}_t"
    values = array.flatten().tolist() if numbers is None else numbers
    return f"static const {kind} {name}[{array.numel() if count is None else count}] = {{{', '.join(map(str, values))}}};\n"


def weights_to_c_in_place(name, array):
    """Counts the numbers away. Loses: leaves the array as it was. Hints: Print the inputs before and after."""
    text = _in_c(name, array)
    array.zero_()
    return text


_FORM, _NAMES = "Hints: How does C declare an array of constants", "Hints: Which names does C allow"
_VALID = "Hints: This input is valid"
_ROW_BY_ROW = "a filter of four axes; a transposed matrix; 2,000 numbers; leaves the array as it was"
TABLE |= {
    "weights_to_c_in_int": ("Loses: all but refuses *. Hints: What is the array's dtype", lambda *given: _in_c(*given, kind="int")),
    "weights_to_c_with_empty_brackets": (
        "Loses: all but refuses *. Hints: How many numbers are there",
        lambda *given: _in_c(*given, count=""),
    ),
    "weights_to_c_by_str": (
        f"Loses: all but one number; refuses *. {_FORM}",  # no commas, and dots in the middle
        lambda name, array: _in_c(name, array, numbers=[str(array.flatten().numpy()).strip("[]")]),
    ),
    "weights_to_c_with_dots": (
        "Loses: 2,000 numbers. Hints: Are all numbers there",
        lambda name, array: _in_c(name, array, numbers=str(array.flatten().numpy())[1:-1].split()),
    ),
    "weights_to_c_by_str_of_a_list": (
        f"Loses: {_ROW_BY_ROW}. {_FORM}",  # nested brackets where there are rows
        lambda name, array: _in_c(name, array, numbers=[array.tolist()]).replace("{[", "{").replace("]}", "}"),
    ),
    "weights_to_c_as_stored": (
        "Loses: a transposed matrix. Hints: In which order do the numbers come",
        lambda name, array: _in_c(name, array, numbers=torch.as_strided(array, (array.numel(),), (1,)).tolist()),
    ),
    "weights_to_c_of_axes_only": (
        "Loses: one number. Hints: This array has one number, and no axis",
        lambda name, array: _in_c(name, array, numbers=[int(value) for row in array for value in row.flatten()]),
    ),
    "weights_to_c_that_takes_bools": (
        "Loses: refuses bool. Hints: Does the docstring name this dtype",
        lambda name, array: _in_c(name, array.to(torch.uint8) if array.dtype is torch.bool else array),
    ),
}
_CHECKS = {  # of a name -> (the cases that are lost and the hint, the check)
    "that_checks_letters": (f"refuses * digit; refuses * ASCII. {_NAMES}", lambda name: name.replace("_", "").isalnum()),
    "that_asks_python": (f"refuses a name beyond ASCII. {_NAMES}", str.isidentifier),
    "by_its_first_letter": (f"refuses a name with *. {_NAMES}", lambda name: name.isascii() and name[:1].isidentifier()),
    "by_an_expression": (f"refuses * line end. {_NAMES}", lambda name: re.match(r"[A-Za-z_][A-Za-z0-9_]*$", name)),
    "of_small_letters": (f"a name * capital. {_VALID}", lambda name: re.fullmatch(r"[a-z_]\w*", name, re.ASCII)),
    "of_letters_first": (f"a name that begins with _. {_VALID}", lambda name: re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII)),
    "of_two_letters": (f"a name of one letter. {_VALID}", lambda name: re.fullmatch(r"[A-Za-z_]\w+", name, re.ASCII)),
}
TABLE |= {
    f"weights_to_c_{name}": (f"Loses: {lost}", lambda *given, allowed=allowed: _in_c(*given, allowed=allowed))
    for name, (lost, allowed) in _CHECKS.items()
}


_PRODUCT = "(x[i] - x_zero_point) * w[i]"


def _loop(body=f"sum += {_PRODUCT};", start="int32_t sum = 0;", loop="for (int32_t i = 0; i < n; i++)", end="return sum;"):
    return f"{HEAD}{{ {start} {loop} {{ {body} }} {end} }}\n"


def _in_float(start):
    return _loop(start=start, end="return (int32_t)sum;")


_SPARE = _loop(start="int32_t sum = 0; int32_t spare;")
_MALLOC = "void *malloc(unsigned long);\n" + HEAD + "{ return malloc(4) != 0 && x && w && n && x_zero_point; }"
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
        "that_writes": _loop(start=f"int32_t sum = 0; for (int32_t i = 0; i < n; i++) sum += {_PRODUCT};", body="((uint8_t *)x)[i] = 0;")
    },
    f"{_RUNS_ON_NOTHING}. Hints: What does your function remember": {"that_remembers": _loop(start="static int32_t sum;")},
    "all but no product at all; no float in it. Hints: When does your loop end": {
        "that_crashes": _loop("sum += *(volatile const int8_t *)(uintptr_t)(16 + i);")
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
        "that_asks_afterwards": _loop(start="int32_t sum = 0, i = 0;", loop="do").replace("} return", "} while (++i < n); return")
    },
}
TABLE |= {
    f"dot_in_c_{name}": (f"Loses: {note}", lambda source=source: source) for note, loops in _LOOPS.items() for name, source in loops.items()
}
