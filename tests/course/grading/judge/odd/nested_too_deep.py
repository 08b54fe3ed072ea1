"""An expression is nested ten thousand times, another is twenty thousand terms long."""


def change(cells):
    texts = [
        "x = " + "(" * 10_000 + ")" * 10_000,
        "x = " + "-" * 50_000 + "1",
        "x = 1" + " + 1" * 20_000,
        "x = a" + ".a" * 30_000,
        "x = " + "[" * 190 + "]" * 190,
    ]
    texts += [
        "if x:\n" + "".join(" " * depth + "if x:\n" for depth in range(1, 95)) + " " * 96 + "pass",
        "x = 1 if " * 3000 + "1" + " else 1" * 3000,
    ]
    for at, text in enumerate(texts):
        cells.insert(0, {"cell_type": "code", "id": f"deep-{at}", "metadata": {}, "source": text})
    cells.insert(0, {"cell_type": "code", "id": "null", "metadata": {}, "source": "x = 1\0"})
