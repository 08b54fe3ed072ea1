"""Ways to make a network smaller: pruning, quantization, search for an architecture, and distillation to heal what it cost."""
