/* The network as a filter: reads the codes of one input after the other, writes the codes of each output. */
#include <stdio.h>

#include MODEL_HEADER

int main(void)
{
    while (fread(model_input, 1, MODEL_INPUT_BYTES, stdin) == MODEL_INPUT_BYTES) {
        model_run();
        if (fwrite(model_output, 1, MODEL_OUTPUT_BYTES, stdout) != MODEL_OUTPUT_BYTES || fflush(stdout) != 0)
            return 1;
    }
    return 0;
}
