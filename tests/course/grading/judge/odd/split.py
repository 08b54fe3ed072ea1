"""The function's last lines were split off into the next cell."""


def change(cells):
    at, cell = next((at, cell) for at, cell in enumerate(cells) if cell.get("id") == "magnitude_mask")
    lines = cell["source"].split("\n")
    cell["source"] = "\n".join(lines[:-2])
    cells.insert(at + 1, {"cell_type": "code", "id": "split-off", "metadata": {}, "source": "\n".join(lines[-2:]), "outputs": []})


NOTE = {"magnitude_mask": "split"}
