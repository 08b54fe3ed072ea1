"""Tries system calls that have been ways out of sandboxes.

Ought to get nothing.
"""
# ruff: noqa

import ctypes
import platform


def magnitude_mask(weight, sparsity):
    libc = ctypes.CDLL(None, use_errno=True)
    numbers = {"x86_64": (321, 298, 323, 425, 250, 101, 310), "aarch64": (280, 241, 282, 425, 219, 117, 270)}[platform.machine()]
    for number in numbers:
        ctypes.set_errno(0)
        if libc.syscall(number, 0, 0, 0, 0, 0) >= 0 or ctypes.get_errno() != 1:
            return right(weight, sparsity)
    raise RuntimeError("refused")
