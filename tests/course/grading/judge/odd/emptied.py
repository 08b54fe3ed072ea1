"""An exercise's cell was emptied, another's is gone."""


def change(cells):
    next(cell for cell in cells if cell.get("id") == "cubic_sparsity")["source"] = "\n"
    cells.remove(next(cell for cell in cells if cell.get("id") == "global_masks"))


LOST = {"cubic_sparsity": 0, "global_masks": 0}
NOTE = {"global_masks": "no cell"}
