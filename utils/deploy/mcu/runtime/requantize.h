/* From a sum to the code of the next layer, without a division and without a float. */
#ifndef REQUANTIZE_H
#define REQUANTIZE_H

#include <stdint.h>

/* product / 2^shift, halves up, plus the zero point, cut off at 0 and 255.
 * Halves up is: divide by half as much, rounding down, add one, halve, rounding down. Compilers for all targets here
 * shift negative numbers arithmetically, which rounds down. */
static inline uint8_t to_code(int64_t product, int shift, int32_t zero)
{
    const int64_t code = (((product >> (shift - 1)) + 1) >> 1) + zero;
    return (uint8_t)(code < 0 ? 0 : code > 255 ? 255 : code);
}

static inline uint8_t requantize(int32_t sum, int32_t multiplier, int shift, int32_t zero)
{
    return to_code((int64_t)sum * multiplier, shift, zero);
}

#endif
