"""The setup cells are edited, one of them to something that fails."""


def change(cells):
    for cell in cells:
        if "setup" in cell["metadata"].get("tags", []):
            cell["source"] = "import pytorch_from_home\n1 / 0"
