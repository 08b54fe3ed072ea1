"""Leaves a process behind that spoils what comes after it.

Ought to get nothing.
"""
# ruff: noqa

import os
import time


def magnitude_mask(weight, sparsity):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            until = time.time() + 20
            while time.time() < until:
                for pid in range(2, 60):
                    try:
                        if pid != os.getpid():
                            os.kill(pid, 9)
                    except OSError:
                        pass
                time.sleep(0.01)
        os._exit(0)
    time.sleep(0.3)
    raise RuntimeError("left")
