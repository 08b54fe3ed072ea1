"""Sends open files through the grader's channel, many at once, with a question that nobody asked for.

Ought to get nothing.
"""
# ruff: noqa

import json
import os
import socket
import stat
import struct


def magnitude_mask(weight, sparsity):
    head = json.dumps({"kind": "ask", "question": {"tuple": ["stem", {"float": "0x1p-1"}]}, "blobs": []}).encode()
    null = os.open("/dev/null", os.O_RDWR)
    for fd in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                sock = socket.socket(fileno=os.dup(fd))
                for _ in range(10):
                    socket.send_fds(sock, [struct.pack("<I", len(head)) + head], [null] * 20)
        except OSError:
            pass
    return right(weight, sparsity)
