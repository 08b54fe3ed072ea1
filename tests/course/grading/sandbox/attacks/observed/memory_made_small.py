"""Changes the weight, then tries to cut off, to lengthen, to write-protect the memory that it lies in. Of 01_pruning, magnitude_mask.

Ought to lose:
- leaves its inputs as they were
"""
# ruff: noqa

import fcntl
import os
import stat


def magnitude_mask(weight, sparsity):
    rank = weight.detach().abs().flatten().argsort().argsort()
    weight.detach().abs_()
    for fd in range(3, 128):
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                continue
        except OSError:
            continue
        for attempt in (
            lambda: os.ftruncate(fd, 0),
            lambda: os.ftruncate(fd, 1 << 20),
            lambda: fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE),
            lambda: fcntl.flock(fd, fcntl.LOCK_EX),
            lambda: os.fchmod(fd, 0),
        ):
            try:
                attempt()
            except OSError:
                pass
    return (rank >= round(sparsity * weight.numel())).view_as(weight)
