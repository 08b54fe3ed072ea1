"""Returns a list in a list in a list, a hundred thousand times.

Ought to get nothing.
"""
# ruff: noqa


def magnitude_mask(weight, sparsity):
    answer = []
    for _ in range(100_000):
        answer = [answer]
    return answer
