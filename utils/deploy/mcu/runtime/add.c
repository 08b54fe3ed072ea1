#include "kernels.h"
#include "requantize.h"

/* Both inputs are brought to the scale of the output over one power of two, so the sum is rounded once. */
void add(const add_t *layer, const uint8_t *a, const uint8_t *b, uint8_t *out)
{
    for (uint32_t i = 0; i < layer->count; i++) {
        const int64_t sum = (int64_t)(a[i] - layer->a_zero) * layer->a_multiplier + (int64_t)(b[i] - layer->b_zero) * layer->b_multiplier;
        out[i] = to_code(sum, layer->shift, layer->out_zero);
    }
}
