#include "dot.h"
#include "kernels.h"
#include "requantize.h"
#include "window.h"

/* A tap beyond the picture reads the zero point, so a row of such taps adds the zero point times its weights. */
static int32_t times_zero(const int8_t *weight, int count, int32_t zero)
{
    int32_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += weight[i];
    return sum * zero;
}

/* The sum of one output: a row of the kernel lies side by side, in the weights as in the picture. */
static int32_t taps(const conv2d_t *layer, const place_t *place, const uint8_t *in, const int8_t *weight)
{
    const window_t *window = &layer->window;
    const int width = window->kernel_width * window->channels;
    const int from = place->columns_from * window->channels;
    const int to = place->columns_to * window->channels;
    const int32_t zero = layer->scales.in_zero;
    int32_t sum = 0;
    for (int row = 0; row < window->kernel_height; row++, weight += width) {
        if (row < place->rows_from || row >= place->rows_to) {
            sum += times_zero(weight, width, zero);
            continue;
        }
        sum += dot(weight + from, pixel(window, in, place, row, place->columns_from), to - from);
        if (to - from < width)
            sum += times_zero(weight, from, zero) + times_zero(weight + to, width - to, zero);
    }
    return sum;
}

void conv2d(const conv2d_t *layer, const uint8_t *restrict in, uint8_t *restrict out)
{
    const window_t *window = &layer->window;
    const scales_t *scales = &layer->scales;
    const int size = window->kernel_height * window->kernel_width * window->channels;
    for (int y = 0; y < window->out_height; y++)
        for (int x = 0; x < window->out_width; x++) {
            const place_t place = place_at(window, y, x);
            const int8_t *weight = layer->weight;
            for (int channel = 0; channel < layer->out_channels; channel++, weight += size) {
                const int32_t sum = scales->bias[channel] + taps(layer, &place, in, weight);
                *out++ = requantize(sum, scales->multiplier[channel], scales->shift[channel], scales->out_zero);
            }
        }
}
