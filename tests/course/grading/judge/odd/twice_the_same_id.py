"""A cell was copied with its id before it was solved; the copy is still the stub's first try."""


def change(cells):
    at, solved = next((at, cell) for at, cell in enumerate(cells) if cell.get("id") == "magnitude_mask")
    copy = {**solved, "source": "def magnitude_mask(weight, sparsity):\n    return weight > 0"}
    cells.insert(at, copy)


NOTE = {"magnitude_mask": "duplicated"}
