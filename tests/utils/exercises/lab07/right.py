"""Right answers to lab 07, each written another way."""

import math

import torch
import torch.nn.functional as F

from tests.utils.exercises.right_answers import refuse_if


def to_fixed_point_by_frexp(scale):
    refuse_if(not 2**-32 <= scale < 1)
    fraction, exponent = math.frexp(scale)
    multiplier, shift = round(fraction * 2**31), 31 - exponent
    return (multiplier, shift) if multiplier < 2**31 else (2**30, shift - 1)


def to_fixed_point_by_doubling(scale):
    refuse_if(not (scale >= 2.0**-32 and scale < 1.0))
    shift, value = 0, scale
    while value < 2**30:
        value, shift = value * 2, shift + 1
    multiplier = math.floor(value + 0.5)
    if multiplier == 2**31:
        multiplier, shift = 2**30, shift - 1
    return [multiplier, shift]


def to_fixed_point_in_tensors(scale):
    refuse_if(math.isnan(scale) or scale < 2**-32 or scale >= 1)
    value = torch.tensor(scale, dtype=torch.float64)
    shift = 30 - torch.floor(torch.log2(value)).long()
    multiplier = torch.round(value * 2.0**shift).long()
    while multiplier >= 2**31:
        shift = shift - 1
        multiplier = torch.round(value * 2.0**shift).long()
    return multiplier, shift


def int8_conv2d_by_conv2d(x, w, b, params, wide=torch.int64, shape=(-1, 1, 1)):
    acc = F.conv2d(x.int() - params["x_zero_point"], w.int(), b, stride=params["stride"], padding=params["padding"]).to(wide)
    multiplier, shift = (params[name].view(shape).to(wide) for name in ("multipliers", "shifts"))
    codes = (acc * multiplier + (torch.ones_like(shift) << (shift - 1))) >> shift
    return (codes + params["y_zero_point"]).clamp(0, 255).to(torch.uint8)


def int8_conv2d_with_the_zero_point_outside(x, w, b, params):
    zero_point, pad = params["x_zero_point"], params["padding"]
    held = F.pad(x.int(), (pad,) * 4, value=zero_point)
    acc = F.conv2d(held, w.int(), stride=params["stride"]) - (zero_point * w.int().sum((1, 2, 3)) - b)[:, None, None]
    channels = [
        ((acc[:, at].long() * int(m) + (1 << int(s) - 1)) >> int(s)) + params["y_zero_point"]
        for at, (m, s) in enumerate(zip(params["multipliers"], params["shifts"], strict=True))
    ]
    return torch.stack(channels, dim=1).clamp(0, 255).byte()


_TYPES = {torch.int8: "int8_t", torch.uint8: "uint8_t", torch.int16: "int16_t", torch.int32: "int32_t"}


def _refuse(name, array):
    refuse_if(array.dtype not in _TYPES or array.numel() == 0 or not (name.isidentifier() and name.isascii()))


def weights_to_c_in_lines(name, array):
    _refuse(name, array)
    numbers = [str(value) for value in array.reshape(-1).tolist()]
    lines = ["    " + ", ".join(numbers[at : at + 12]) + "," for at in range(0, len(numbers), 12)]
    return "\n".join(
        [f"/* {name}, by hand: 3 = {{ */", f"static const {_TYPES[array.dtype]} {name}[{len(numbers)}] = {{", *lines, "};", ""]
    )


def weights_to_c_in_hex(name, array):
    _refuse(name, array)
    numbers = ",".join(("-" if value < 0 else "") + hex(abs(value)) for value in array.contiguous().view(-1).tolist())
    return f"#include <stdint.h>\n{_TYPES[array.dtype]} const {name} [ {array.numel()} ] = {{{numbers}}} ; // end"


def fits_flash_and_ram_by_cases(sizes, device):
    flash, ram = sizes["text"] + sizes["data"], sizes["data"] + sizes["bss"] + sizes["stack"]
    breaks, excess = None, 0
    if flash > device["flash_bytes"]:
        breaks, excess = "flash", flash - device["flash_bytes"]
    if ram > device["ram_bytes"] and (breaks is None or ram / device["ram_bytes"] > flash / device["flash_bytes"]):
        breaks, excess = "ram", ram - device["ram_bytes"]
    return {"flash": flash, "ram": ram, "fits": breaks is None, "breaks": breaks, "excess": excess}


def fits_flash_and_ram_by_shares(sizes, device):
    used = {"flash": sizes["text"] + sizes["data"], "ram": sizes["data"] + sizes["bss"] + sizes["stack"]}
    limits = {"flash": device["flash_bytes"], "ram": device["ram_bytes"]}
    worst = max(used, key=lambda name: used[name] / limits[name])
    over = max(used[worst] - limits[worst], 0)
    return {**used, "fits": over == 0, "breaks": worst if over else None, "excess": over}


HEAD = "#include <stdint.h>\nint32_t dot(const uint8_t *x, const int8_t *w, int32_t n, int32_t x_zero_point)\n"


def dot_in_c_by_index():
    return f"""
    {HEAD} {{
        int32_t sum = 0;  /* 2.5 would be a float */
        for (int32_t i = 0; i < n; ++i) {{
            const int32_t difference = (int32_t)x[i] - x_zero_point;
            sum += difference * (int32_t)w[i];
        }}
        return sum;
    }}
    """


def dot_in_c_by_pointer():
    return f"{HEAD}{{ int32_t sum = 0; while (n-- > 0) sum += (*x++ - x_zero_point) * *w++; return sum; }}"


def dot_in_c_with_the_zero_point_outside():
    products, weights = (" + ".join(part.format(f"i + {at}") for at in range(4)) for part in ("x[{0}] * w[{0}]", "w[{0}]"))
    return f"""{HEAD}{{
    int32_t products = 0, weights = 0, i = 0;
    for (; i + 4 <= n; i += 4) {{
        products += {products};
        weights += {weights};
    }}
    for (; i < n; i++) {{
        products += x[i] * w[i];
        weights += w[i];
    }}
    return products - x_zero_point * weights;
}}
"""


def dot_in_c_with_a_prototype():
    declared = HEAD.rstrip().partition("\n")[2]
    return f"""/* int32_t dot product, as the chip's loop */
#include <stddef.h>
{HEAD.rstrip()}; // int32_t dot
static int32_t product(int32_t code, int32_t weight) {{ return code * weight; }}
{declared}
{{
    int32_t sum = 0;
    for (size_t i = 0; i < (size_t)n; i++)
        sum += product(x[i] - x_zero_point, w[i]);
    return sum;
}}
"""


def dot_in_c_by_a_table():
    return f"""#include <limits.h>
enum {{ HALF = 1 << 3 }};
static const int signs[2] = {{1, -1}};
{HEAD}{{
    int32_t parts[HALF] = {{0}}, sum = 0;
    for (int32_t i = 0; i < n; i++)
        parts[i % HALF] += signs[w[i] < 0] * (x[i] - x_zero_point) * (w[i] < 0 ? -w[i] : w[i]);
    for (int32_t k = 0; k < HALF; k++)
        sum += parts[k];
    return sum < INT_MIN ? 0 : sum;
}}
"""
