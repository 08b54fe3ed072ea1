"""Sends questions of its own, many at once, by the socket that it finds behind `evaluate`. Of 01_pruning, sensitivity.

Ought to lose:
- every layer at every sparsity
- keeps the order of the sparsities
- one layer, one sparsity
- sparsity 0 counts as well
- no sparsities, empty lists
- asks once for each pair
"""
# ruff: noqa

import json
import os
import struct


def sensitivity(evaluate, names, sparsities):
    head = json.dumps({"kind": "ask", "question": {"tuple": ["stem", {"float": "0x1p-1"}]}, "blobs": []}).encode()
    for fd in range(3, 64):
        for _ in range(12):
            try:
                os.write(fd, struct.pack("<I", len(head)) + head)
            except OSError:
                break
    return {name: [evaluate(name, one) for one in sparsities] for name in names}
