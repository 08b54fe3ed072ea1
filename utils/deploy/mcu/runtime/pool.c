#include "kernels.h"
#include "requantize.h"
#include "window.h"

static uint8_t largest(const window_t *window, const place_t *place, const uint8_t *in)
{
    uint8_t most = 0;
    for (int row = place->rows_from; row < place->rows_to; row++)
        for (int column = place->columns_from; column < place->columns_to; column++) {
            const uint8_t code = *pixel(window, in, place, row, column);
            if (code > most)
                most = code;
        }
    return most;
}

/* Codes less their zero point; what lies beyond the picture stands for 0.0 and adds nothing. */
static int32_t total(const window_t *window, const place_t *place, const uint8_t *in, int32_t zero)
{
    int32_t sum = 0;
    for (int row = place->rows_from; row < place->rows_to; row++)
        for (int column = place->columns_from; column < place->columns_to; column++)
            sum += *pixel(window, in, place, row, column) - zero;
    return sum;
}

void max_pool(const pool_t *layer, const uint8_t *restrict in, uint8_t *restrict out)
{
    const window_t *window = &layer->window;
    for (int y = 0; y < window->out_height; y++)
        for (int x = 0; x < window->out_width; x++) {
            const place_t place = place_at(window, y, x);
            for (int channel = 0; channel < window->channels; channel++)
                *out++ = largest(window, &place, in + channel);
        }
}

void average_pool(const pool_t *layer, const uint8_t *restrict in, uint8_t *restrict out)
{
    const window_t *window = &layer->window;
    for (int y = 0; y < window->out_height; y++)
        for (int x = 0; x < window->out_width; x++) {
            const place_t place = place_at(window, y, x);
            for (int channel = 0; channel < window->channels; channel++) {
                const int32_t sum = total(window, &place, in + channel, layer->in_zero);
                *out++ = requantize(sum, layer->multiplier, layer->shift, layer->out_zero);
            }
        }
}
