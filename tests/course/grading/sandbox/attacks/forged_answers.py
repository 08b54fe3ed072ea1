"""Writes answers of its own to every file that is open, as the worker would.

Ought to get nothing.
"""
# ruff: noqa

import json
import os
import struct


def magnitude_mask(weight, sparsity):
    head = json.dumps({"kind": "answer", "value": True, "passed": True, "points": 3, "blobs": []}).encode()
    for fd in range(3, 64):
        for _ in range(12):
            try:
                os.write(fd, struct.pack("<I", len(head)) + head)
            except OSError:
                break
    return right(weight, sparsity)
