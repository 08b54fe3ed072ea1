/* Which taps of a kernel lie on the picture when it stands at one place of the output. */
#ifndef WINDOW_H
#define WINDOW_H

#include "kernels.h"

typedef struct {
    int top, left;     /* of the kernel's first tap, in pixels of the input; negative on the padding */
    int rows_from, rows_to, columns_from, columns_to; /* taps on the picture: from, and up to but without to */
} place_t;

static inline place_t place_at(const window_t *window, int y, int x)
{
    place_t place = {y * window->stride_y - window->pad_top, x * window->stride_x - window->pad_left, 0, 0, 0, 0};
    place.rows_from = place.top < 0 ? -place.top : 0;
    place.columns_from = place.left < 0 ? -place.left : 0;
    place.rows_to = window->in_height - place.top;
    place.columns_to = window->in_width - place.left;
    if (place.rows_to > window->kernel_height)
        place.rows_to = window->kernel_height;
    if (place.columns_to > window->kernel_width)
        place.columns_to = window->kernel_width;
    return place;
}

/* Where the codes of a tap begin. */
static inline const uint8_t *pixel(const window_t *window, const uint8_t *in, const place_t *place, int row, int column)
{
    return in + ((place->top + row) * window->in_width + place->left + column) * window->channels;
}

#endif
