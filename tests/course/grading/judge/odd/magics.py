"""Magics and shell lines stand in and around the exercises."""


def change(cells):
    for cell in cells:
        if cell.get("id") == "magnitude_mask":
            cell["source"] = (
                "%%time\n!pip install tiny-helpers\n%matplotlib inline\nfiles = !ls\n" + cell["source"] + "\nmagnitude_mask?\n%timeit 1 + 1"
            )
