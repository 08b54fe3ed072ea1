"""The function is a lambda."""

CELLS = {"cubic_sparsity": "cubic_sparsity = lambda s, b, e, f: f * (1 - (1 - min(max((s - b) / (e - b), 0), 1)) ** 3)"}
