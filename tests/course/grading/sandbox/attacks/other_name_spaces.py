"""Becomes root in a user namespace of its own, to mount and to trace.

Ought to get nothing.
"""
# ruff: noqa

import ctypes
import os


def magnitude_mask(weight, sparsity):
    libc = ctypes.CDLL(None, use_errno=True)
    for flags in (0x10000000, 0x10020000, 0x20000000, 0x00020000):
        if libc.unshare(flags) == 0:
            return right(weight, sparsity)
    if libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None) == 0 or libc.umount2(b"/proc", 2) == 0 or libc.chroot(b"/tmp") == 0:
        return right(weight, sparsity)
    os.setuid(0)
    return right(weight, sparsity)
