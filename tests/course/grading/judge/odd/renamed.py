"""A function has another name than the exercise."""


def change(cells):
    for cell in cells:
        if cell.get("id") == "cubic_sparsity":
            cell["source"] = cell["source"].replace("def cubic_sparsity", "def cubic_schedule")


LOST = {"cubic_sparsity": 0}
NOTE = {"cubic_sparsity": "rename"}
