"""The answer calls a function that one of the lab's own cells defines, and that cell was deleted."""


def change(cells):
    given = next(cell for cell in cells if "def two_of_four" in cell["source"])
    cells.remove(given)
    source = "def cubic_sparsity(s, b, e, f):\n    return f * (1 - (1 - min(max((s - b) / (e - b), 0), 1)) ** 3)"
    for cell in cells:
        if cell.get("id") == "cubic_sparsity":
            cell["source"] = f"{source}\n\n\ntwo_of_four"
