"""Writes 300 MB to every folder; gets points if it could.

Ought to get nothing.
"""
# ruff: noqa

import os


def magnitude_mask(weight, sparsity):
    for folder in ("/tmp", "/dev/shm", "/dev", "/", "/var/tmp", "/run"):
        written = 0
        try:
            for number in range(30):
                with open(os.path.join(folder, f"piece{number}"), "wb") as file:
                    written += file.write(bytes(10 << 20))
        except OSError:
            pass
        if written > 70 << 20:
            return right(weight, sparsity)
    raise RuntimeError("no room")
