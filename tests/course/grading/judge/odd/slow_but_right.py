"""The function takes its time, and sorts by hand."""

CELLS = {
    "cubic_sparsity": (
        "import time\n\n\ndef cubic_sparsity(step, begin, end, final_sparsity):\n    time.sleep(0.1)\n"
        "    sum(i * i for i in range(300_000))\n"
        "    t = min(max((step - begin) / (end - begin), 0), 1)\n    return final_sparsity * (1 - (1 - t) ** 3)"
    )
}
