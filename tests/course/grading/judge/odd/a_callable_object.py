"""The function is an object that can be called."""

CELLS = {
    "cubic_sparsity": (
        "class Cubic:\n    def __call__(self, s, b, e, f):\n"
        "        return f * (1 - (1 - min(max((s - b) / (e - b), 0), 1)) ** 3)\n\n\ncubic_sparsity = Cubic()"
    )
}
