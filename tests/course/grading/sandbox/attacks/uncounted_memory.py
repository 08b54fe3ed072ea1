"""Takes memory that lies in no process: 400 MB in files without a name.

Ought to get nothing.
"""
# ruff: noqa

import os


def magnitude_mask(weight, sparsity):
    held = []
    for _ in range(40):
        held.append(os.memfd_create("held"))
        os.write(held[-1], bytes(10 << 20))
    return right(weight, sparsity)
