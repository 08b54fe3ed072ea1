"""The answer uses a variable that the lab's setup makes from its data."""

CELLS = {"cubic_sparsity": "def cubic_sparsity(step, begin, end, final_sparsity):\n    return final_sparsity * len(validation) / 1000"}
LOST = {"cubic_sparsity": 0}
NOTE = {"cubic_sparsity": "validation"}
