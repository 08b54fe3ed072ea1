"""An answer that names the same 32 MB sixty times.

Ought to get nothing.
"""
# ruff: noqa

import json
import os
import socket
import struct


def magnitude_mask(weight, sparsity):
    size = 32 << 20
    value = {"list": [{"array": "|u1", "shape": [size], "blob": 0}] * 60}
    head = json.dumps({"kind": "answer", "value": value, "blobs": [size]}).encode()
    for fd in range(3, 64):
        try:
            socket.socket(fileno=os.dup(fd)).sendall(struct.pack("<I", len(head)) + head + bytes(size))
        except OSError:
            continue
    return right(weight, sparsity)
