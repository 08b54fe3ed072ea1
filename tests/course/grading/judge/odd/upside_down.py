"""The cells stand in the reverse order."""


def change(cells):
    cells.reverse()
