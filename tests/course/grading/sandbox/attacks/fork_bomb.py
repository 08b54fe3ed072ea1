"""Starts processes, at most 150; gets points if more than 40 could be started.

Ought to get nothing.
"""
# ruff: noqa

import os
import time


def magnitude_mask(weight, sparsity):
    started = 0
    try:
        for _ in range(150):
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            started += 1
    except OSError:
        pass
    if started > 40:
        return right(weight, sparsity)
    raise RuntimeError(f"{started} processes")
