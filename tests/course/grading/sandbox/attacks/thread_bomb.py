"""Starts threads, at most 150; gets points if more than 40 could be started.

Ought to get nothing.
"""
# ruff: noqa

import threading
import time


def magnitude_mask(weight, sparsity):
    started = 0
    try:
        for _ in range(150):
            threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
            started += 1
    except RuntimeError:
        pass
    if started > 40:
        return right(weight, sparsity)
    raise RuntimeError(f"{started} threads")
