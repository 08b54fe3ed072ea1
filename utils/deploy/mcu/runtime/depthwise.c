#include "kernels.h"
#include "requantize.h"
#include "window.h"

/* The sum of one output: the taps of one channel lie a pixel apart, in the weights as in the picture. */
static int32_t taps(const conv2d_t *layer, const place_t *place, const uint8_t *in, const int8_t *weight)
{
    const window_t *window = &layer->window;
    const int step = window->channels;
    int32_t sum = 0;
    for (int row = place->rows_from; row < place->rows_to; row++) {
        const uint8_t *code = pixel(window, in, place, row, place->columns_from);
        const int8_t *tap = weight + (row * window->kernel_width + place->columns_from) * step;
        for (int column = place->columns_from; column < place->columns_to; column++, code += step, tap += step)
            sum += *tap * *code;
    }
    return sum;
}

/* Taps beyond the picture read the zero point. */
static int32_t taps_beyond(const conv2d_t *layer, const place_t *place, const int8_t *weight)
{
    const window_t *window = &layer->window;
    int32_t sum = 0;
    for (int row = 0; row < window->kernel_height; row++)
        for (int column = 0; column < window->kernel_width; column++, weight += window->channels)
            if (row < place->rows_from || row >= place->rows_to || column < place->columns_from || column >= place->columns_to)
                sum += *weight;
    return sum * layer->scales.in_zero;
}

void depthwise_conv2d(const conv2d_t *layer, const uint8_t *restrict in, uint8_t *restrict out)
{
    const window_t *window = &layer->window;
    const scales_t *scales = &layer->scales;
    for (int y = 0; y < window->out_height; y++)
        for (int x = 0; x < window->out_width; x++) {
            const place_t place = place_at(window, y, x);
            for (int channel = 0; channel < window->channels; channel++) {
                int32_t sum = scales->bias[channel] + taps(layer, &place, in + channel, layer->weight + channel);
                if (scales->in_zero != 0)
                    sum += taps_beyond(layer, &place, layer->weight + channel);
                *out++ = requantize(sum, scales->multiplier[channel], scales->shift[channel], scales->out_zero);
            }
        }
}
