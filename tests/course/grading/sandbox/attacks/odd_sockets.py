"""Opens sockets that know no network: to a virtual machine's host, to the kernel, raw ones.

Ought to get nothing.
"""
# ruff: noqa

import socket


def magnitude_mask(weight, sparsity):
    for family, kind in (
        (40, socket.SOCK_STREAM),
        (16, socket.SOCK_RAW),
        (17, socket.SOCK_RAW),
        (38, socket.SOCK_SEQPACKET),
        (2, socket.SOCK_RAW),
    ):
        try:
            socket.socket(family, kind).close()
        except OSError:
            continue
        return right(weight, sparsity)
    raise RuntimeError("none to be had")
