"""Makes 20,000 empty files; gets points if it could.

Ought to get nothing.
"""
# ruff: noqa


def magnitude_mask(weight, sparsity):
    for number in range(20_000):
        open(f"/tmp/{number}", "w").close()
    return right(weight, sparsity)
