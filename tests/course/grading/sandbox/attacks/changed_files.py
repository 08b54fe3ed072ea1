"""Writes into the worker, the interpreter and the installed packages; gets points if it could.

Ought to get nothing.
"""
# ruff: noqa

import os


def magnitude_mask(weight, sparsity):
    import torch

    for path in ("/worker/worker.py", "/worker/new.py", torch.__file__, os.__file__, "/site/new.pth", "/usr/new", "/etc/new", "/proc/new"):
        try:
            with open(path, "a"):
                return right(weight, sparsity)
        except OSError:
            pass
    os.remove("/worker/worker.py")
    return right(weight, sparsity)
