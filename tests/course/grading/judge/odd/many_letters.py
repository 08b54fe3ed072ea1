"""Names and comments are in many scripts."""

CELLS = {
    "cubic_sparsity": (
        "# größe 0 \u2264 t \u2264 1 \u0434\u043e\u043b\u044f \u4e2d\u6587 \U0001f643\n"
        "def cubic_sparsity(schritt, anfang, \u03b5\u03bd\u03b4, größe):\n"
        "    \u03c4 = min(max((schritt - anfang) / (\u03b5\u03bd\u03b4 - anfang), 0), 1)\n    return größe * (1 - (1 - \u03c4) ** 3)"
    )
}
