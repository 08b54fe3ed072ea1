"""Ignores the signals of its limits, then never ends.

Ought to get nothing.
"""
# ruff: noqa

import signal


def magnitude_mask(weight, sparsity):
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        pass
