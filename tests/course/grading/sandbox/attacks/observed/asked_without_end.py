"""Asks and asks, whatever is said. Of 01_pruning, sensitivity.

Ought to lose:
- every layer at every sparsity
- keeps the order of the sparsities
- one layer, one sparsity
- sparsity 0 counts as well
- no sparsities, empty lists
- asks once for each pair
"""
# ruff: noqa


def sensitivity(evaluate, names, sparsities):
    while True:
        try:
            evaluate(names[0], 0.5)
        except ValueError:
            pass
