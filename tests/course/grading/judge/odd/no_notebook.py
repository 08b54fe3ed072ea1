"""It is a web page."""


def file(notebook):
    return b"<!DOCTYPE html><html><body>Sign in</body></html>"


LOST = {"magnitude_mask": 0, "global_masks": 0, "cubic_sparsity": 0}
