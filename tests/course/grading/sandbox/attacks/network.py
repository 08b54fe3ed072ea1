"""Fetches the answer from the network, or from a port of this machine.

Ought to get nothing.
"""
# ruff: noqa

import socket


def magnitude_mask(weight, sparsity):
    for host, port in (("192.0.2.1", 80), ("127.0.0.1", 8888), ("127.0.0.1", 22), ("::1", 8888), ("169.254.169.254", 80)):
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            continue
        return right(weight, sparsity)
    raise RuntimeError("nobody there")
