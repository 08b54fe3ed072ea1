"""A cell was made a text cell by a slip of the fingers, another a raw one."""


def change(cells):
    for cell in cells:
        if cell.get("id") in ("magnitude_mask", "cubic_sparsity"):
            cell["cell_type"] = "markdown" if cell["id"] == "magnitude_mask" else "raw"
            cell.pop("outputs", None)


NOTE = {"magnitude_mask": "markdown"}
