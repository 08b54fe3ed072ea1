"""Another editor saved it: no ids, no tags."""


def change(cells):
    for cell in cells:
        cell.pop("id", None)
        cell["metadata"] = {}


NOTE = {"magnitude_mask": "function's name"}
