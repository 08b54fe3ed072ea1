"""What a program in C must know to use a network: `model.h`."""

from __future__ import annotations

from utils.deploy.mcu.network import IntegerNetwork


def _order(shape: tuple[int, ...]) -> str:
    """How the codes of a tensor lie in memory."""
    if len(shape) == 1:
        return f"{shape[0]} codes"
    channels, height, width = shape
    places = f"[{width}]" if height == 1 else f"[{height}][{width}]"
    return f"{places}[{channels}] codes, the {channels} channels of a place side by side" if channels > 1 else f"{places} codes"


def header(network: IntegerNetwork, name: str) -> str:
    """The text of `name.h`: sizes, scales, zero points and the order of the codes of input and output."""
    upper, ends = name.upper(), {"INPUT": network.input, "OUTPUT": network.output}
    facts = "".join(
        f"""
#define {upper}_{end}_BYTES {tensor.size_bytes} /* {_order(tensor.shape)} */
#define {upper}_{end}_ZERO_POINT {tensor.grid.zero_point} /* scale {tensor.grid.scale:.9g} */
"""
        for end, tensor in ends.items()
    )
    return f"""\
/* {network.name}: {network.macs:,} multiply-accumulates, {network.weight_bytes:,} bytes of tables. Made by utils.deploy.mcu.to_c.

   One sample of the model has the shape ({", ".join(map(str, network.sample_shape))}). A code q is one byte and stands for
   scale * (q - ZERO_POINT): to write an input x, round x / scale + ZERO_POINT and cut it off at 0 and 255; to read an
   output, compute scale * (q - ZERO_POINT), or compare the codes, which are in the same order. */
#ifndef {upper}_H
#define {upper}_H

#include <stdint.h>
{facts}
#define {upper}_ARENA_BYTES {network.arena.size_bytes}

extern uint8_t *const {name}_input; /* write the codes of a sample here; running may write over them */
extern const uint8_t *const {name}_output;

void {name}_run(void);

#endif
"""
