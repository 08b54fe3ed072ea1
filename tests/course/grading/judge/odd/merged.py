"""Two exercises and a check stand in one cell."""


def change(cells):
    one, two, check = (
        next(cell for cell in cells if cell.get("id") == name) for name in ("magnitude_mask", "global_masks", "check-magnitude_mask")
    )
    one["source"] = "\n\n".join(cell["source"] for cell in (one, check, two))
    cells.remove(two)
    cells.remove(check)


NOTE = {"magnitude_mask": "also contains"}
