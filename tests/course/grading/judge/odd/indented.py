"""The whole cell is indented, with tabs."""


def change(cells):
    for cell in cells:
        if cell.get("id") == "cubic_sparsity":
            cell["source"] = "\n".join(f"\t{line}" for line in cell["source"].split("\n"))
