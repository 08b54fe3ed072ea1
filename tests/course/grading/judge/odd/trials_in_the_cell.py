"""The cell also tries the function on the lab's networks, above and below it."""


def change(cells):
    for cell in cells:
        if cell.get("id") == "magnitude_mask":
            trial = "show.curves(magnitude_mask(large.blocks[3].conv1.weight, 0.5))\nassert validation.images.shape[0] == 1000"
            cell["source"] = f"{trial}\n\n\n{cell['source']}\n\n\n{trial}"
