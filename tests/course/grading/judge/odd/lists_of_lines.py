"""Sources are lists of lines, some cells lack what a cell has."""


def change(cells):
    for cell in cells:
        cell["source"] = cell["source"].splitlines(keepends=True)
    cells.insert(0, {})
    cells.insert(0, {"cell_type": "code"})
    cells.insert(0, None)
    cells.insert(0, {"cell_type": "code", "source": None, "metadata": None, "id": 7})
    cells.append("text")
