"""A loop printed 20 MB into the notebook."""


def change(cells):
    cells[3]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["epoch 1 of 1000000\n"] * 1_000_000}]
