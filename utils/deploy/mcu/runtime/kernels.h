/* The layers of a network in whole numbers.
 *
 * Activations are uint8_t codes, row by row, the channels of a pixel side by side. A code q stands for
 * scale * (q - zero). Weights are int8_t, sums int32_t. Beyond the picture lies the zero point of the input.
 *
 * bias holds what the zero point of the input adds at all weights already, so kernels multiply codes as they are.
 */
#ifndef KERNELS_H
#define KERNELS_H

#include <stdint.h>

/* A kernel that moves over a picture. */
typedef struct {
    uint16_t in_height, in_width, channels; /* channels: of the input */
    uint16_t out_height, out_width;
    uint8_t kernel_height, kernel_width;
    uint8_t stride_y, stride_x;
    uint8_t pad_top, pad_left;
} window_t;

/* From sums to codes: one multiplier and one shift for each output channel. */
typedef struct {
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    uint8_t in_zero, out_zero;
} scales_t;

typedef struct {
    window_t window;
    uint16_t out_channels;
    const int8_t *weight; /* (out, kernel_height, kernel_width, in); depthwise: (kernel_height, kernel_width, channels) */
    scales_t scales;
} conv2d_t;

/* A linear layer; over the rows of a picture, a pixel each, it is a convolution of 1x1. */
typedef struct {
    uint16_t rows, in_features, out_features;
    const int8_t *weight; /* (out, in) */
    scales_t scales;
} dense_t;

typedef struct {
    window_t window;
    int32_t multiplier;
    int8_t shift;
    uint8_t in_zero, out_zero;
} pool_t;

typedef struct {
    uint32_t count;
    int32_t a_multiplier, b_multiplier;
    int8_t shift;
    uint8_t a_zero, b_zero, out_zero;
} add_t;

void conv2d(const conv2d_t *layer, const uint8_t *restrict in, uint8_t *restrict out);
void depthwise_conv2d(const conv2d_t *layer, const uint8_t *restrict in, uint8_t *restrict out);
void dense(const dense_t *layer, const uint8_t *restrict in, uint8_t *restrict out);
void max_pool(const pool_t *layer, const uint8_t *restrict in, uint8_t *restrict out);
void average_pool(const pool_t *layer, const uint8_t *restrict in, uint8_t *restrict out);
void add(const add_t *layer, const uint8_t *a, const uint8_t *b, uint8_t *out); /* out may be a or b */

#endif
