"""Ways to make a network smaller: pruning, and distillation to heal what it cost."""
