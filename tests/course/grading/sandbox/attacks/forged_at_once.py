"""Writes a whole dialogue to the channel while its cell runs.

Ought to get nothing.
"""
# ruff: noqa

import json
import os
import struct

for head in [{"kind": "loaded", "errors": [], "found": True, "blobs": []}] + [{"kind": "answer", "value": None, "blobs": []}] * 10:
    data = json.dumps(head).encode()
    for fd in range(3, 32):
        try:
            os.write(fd, struct.pack("<I", len(data)) + data)
        except OSError:
            pass


def magnitude_mask(weight, sparsity):
    return right(weight, sparsity)
