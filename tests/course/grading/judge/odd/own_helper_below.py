"""The helper stands below the function that uses it, in the cell of another exercise."""

CELLS = {
    "magnitude_mask": "def magnitude_mask(weight, sparsity):\n    return _ranks(weight) >= round(sparsity * weight.numel())",
    "cubic_sparsity": (
        "def _ranks(w):\n    return w.detach().abs().flatten().argsort().argsort().view_as(w)\n\n\n"
        "def cubic_sparsity(step, begin, end, final_sparsity):\n"
        "    t = min(max((step - begin) / (end - begin), 0), 1)\n    return final_sparsity * (1 - (1 - t) ** 3)"
    ),
}
