"""Changes the weight, and has the probe say that it did not, by the frames that called it. Of 01_pruning, magnitude_mask.

Ought to lose:
- leaves its inputs as they were
"""
# ruff: noqa

import ctypes
import sys


def magnitude_mask(weight, sparsity):
    rank = weight.detach().abs().flatten().argsort().argsort()
    before = weight.detach().clone()
    weight.detach().abs_()
    frame = sys._getframe()
    while frame := frame.f_back:
        if frame.f_code.co_name in ("call", "answer") and "inputs" in frame.f_locals:
            frame.f_locals["inputs"] = (before, sparsity)
            ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
    return (rank >= round(sparsity * weight.numel())).view_as(weight)
