"""The function is right, but for one case it never ends."""

CELLS = {
    "cubic_sparsity": (
        "def cubic_sparsity(step, begin, end, final_sparsity):\n    while step > end:\n        pass\n"
        "    t = min(max((step - begin) / (end - begin), 0), 1)\n    return final_sparsity * (1 - (1 - t) ** 3)"
    )
}
LOST = {"cubic_sparsity": 16 / 9}
