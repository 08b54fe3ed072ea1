/* The loop in which nearly all the time goes: one multiply-accumulate for each pair of a weight and a code. */
#ifndef DOT_H
#define DOT_H

#include <stdint.h>

static inline int32_t dot(const int8_t *weight, const uint8_t *code, int count)
{
    int32_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += weight[i] * code[i];
    return sum;
}

#endif
