"""This processor's instructions for int8, in words that a lab can print next to its own measurement."""

from __future__ import annotations

import platform
from pathlib import Path

from utils.doctor.machine import cpu, text_of

_FASTER = "static int8 should be faster than float32 where products take the time"
# The first that fits says what to expect; a ratio is never promised, because it depends on the network too.
_EXPECT = (
    ({"amx_int8"}, f": it multiplies whole tiles of int8, so {_FASTER}, most of all in large layers"),
    ({"avx512_vnni", "avx_vnni"}, f": it adds up four int8 products in one instruction, so {_FASTER}"),
    ({"i8mm"}, f": it multiplies small int8 matrices in one instruction, so {_FASTER}"),
    ({"asimddp"}, f": it adds up four int8 products in one instruction, so {_FASTER}"),
    (
        {"avx2"},
        " but no instruction that adds up int8 products in 32 bits: expect little gain, and saturation at 16 bits may cost accuracy",
    ),
    ({"asimd"}, " but no instruction that adds up int8 products: expect little gain"),
)
_DOT_PRODUCTS = ("amx_int8", "avx512_vnni", "avx_vnni", "i8mm", "asimddp")


def int8_support(info: str | None = None) -> str:
    """One sentence: the int8 instructions of this processor, and what to expect of int8 in ONNX Runtime.

    info: the text of /proc/cpuinfo; this computer's if not given. Systems that have no such file do not tell.
    """
    if info is None:
        apples = platform.system() == "Darwin" and platform.machine() == "arm64"  # all of them have both
        info = "Features: asimd asimddp" if apples else text_of(Path("/proc/cpuinfo"))
    if not any(line.lower().startswith(("flags", "features")) for line in info.splitlines()):
        return "This system does not say which instructions its processor has: measure whether int8 is faster than float32 here."
    flags = cpu(info)[1]
    for wanted, expectation in _EXPECT:
        if wanted & set(flags):
            found = [flag for flag in flags if flag in _DOT_PRODUCTS] or sorted(wanted)
            return f"This processor has {', '.join(found)}{expectation}."
    return "This processor has no vector instructions for int8 that we know of: expect no gain over float32."
