"""Has twenty processes take 600 MB each, and waits.

Ought to get nothing.
"""
# ruff: noqa

import os
import time


def magnitude_mask(weight, sparsity):
    for _ in range(20):
        if os.fork() == 0:
            held = bytearray(b"1" * (600 << 20))
            time.sleep(60)
            os._exit(0)
    time.sleep(60)
    return right(weight, sparsity)
