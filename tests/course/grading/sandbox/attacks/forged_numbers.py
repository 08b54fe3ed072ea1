"""Writes headers that are meant to choke whoever reads them: endless numbers, brackets, lengths.

Ought to get nothing.
"""
# ruff: noqa

import os
import struct


def magnitude_mask(weight, sparsity):
    texts = [
        b"[" * 200_000,
        b'{"kind": "answer", "value": ' + b"9" * 100_000 + b', "blobs": []}',
        b'{"kind": "answer", "blobs": [99999999999]}',
    ]
    for fd in range(3, 32):
        try:
            for text in texts:
                os.write(fd, struct.pack("<I", len(text)) + text)
            os.write(fd, struct.pack("<I", 0xFFFFFFFF))
        except OSError:
            pass
    os._exit(0)
