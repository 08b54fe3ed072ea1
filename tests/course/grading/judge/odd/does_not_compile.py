"""A bracket is missing in one exercise."""


def change(cells):
    for cell in cells:
        if cell.get("id") == "cubic_sparsity":
            cell["source"] += "\n    return max(1"


LOST = {"cubic_sparsity": 0}
NOTE = {"cubic_sparsity": "compile"}
