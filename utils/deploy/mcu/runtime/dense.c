#include "dot.h"
#include "kernels.h"
#include "requantize.h"

void dense(const dense_t *layer, const uint8_t *restrict in, uint8_t *restrict out)
{
    const scales_t scales = layer->scales;
    const int inputs = layer->in_features, outputs = layer->out_features;
    for (int row = 0; row < layer->rows; row++, in += inputs) {
        const int8_t *weight = layer->weight;
        for (int i = 0; i < outputs; i++, weight += inputs) {
            const int32_t sum = scales.bias[i] + dot(weight, in, inputs);
            *out++ = requantize(sum, scales.multiplier[i], scales.shift[i], scales.out_zero);
        }
    }
}
