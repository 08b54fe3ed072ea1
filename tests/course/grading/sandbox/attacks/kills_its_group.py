"""Ends its process group and its session.

Ought to get nothing.
"""
# ruff: noqa

import os
import signal


def magnitude_mask(weight, sparsity):
    os.killpg(0, signal.SIGKILL)
