"""The function uses another and a constant from cells of the student's own."""

CELLS = {
    "magnitude_mask": "def magnitude_mask(weight, sparsity):\n    return keep(weight.detach(), round(sparsity * weight.numel() * HALF * 2))"
}


def change(cells):
    cells.insert(
        0, {"cell_type": "code", "id": "a", "metadata": {}, "source": "from operator import ge\nHALF = 0.5\nprint(large)\nx = fit(large)"}
    )
    source = "def keep(w, n):\n    order = w.abs().flatten().argsort().argsort()\n    return ge(order, n).view_as(w)"
    cells.insert(4, {"cell_type": "code", "id": "b", "metadata": {}, "source": source})


NOTE = {"magnitude_mask": "cell 1, 5 defines"}
