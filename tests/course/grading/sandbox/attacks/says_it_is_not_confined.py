"""Says that its sandbox could not be had, which is nobody's fault and would leave the submission without a mark.

Ought to get nothing.
"""
# ruff: noqa

import json
import os
import struct

head = json.dumps({"kind": "unconfined", "said": "sorry", "blobs": []}).encode()
for fd in range(3, 64):
    try:
        os.write(fd, struct.pack("<I", len(head)) + head)
    except OSError:
        continue


def magnitude_mask(weight, sparsity):
    return right(weight, sparsity)
