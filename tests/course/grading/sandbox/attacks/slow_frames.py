"""Sends a header letter by letter, never the last.

Ought to get nothing.
"""
# ruff: noqa

import os
import struct
import time


def magnitude_mask(weight, sparsity):
    for fd in range(3, 32):
        try:
            os.write(fd, struct.pack("<I", 1000))
            while True:
                os.write(fd, b" ")
                time.sleep(0.5)
        except OSError:
            continue
