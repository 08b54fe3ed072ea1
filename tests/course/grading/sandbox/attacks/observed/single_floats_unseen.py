"""Computes in float32, and takes the observer's classes away. Of 02_quantization, integer_linear.

Ought to lose:
- sums beyond 2**24
- the most extreme codes
- no float on the way
"""
# ruff: noqa

import sys

import torch.nn.functional as F


class Blind:
    found, by = [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


def integer_linear(q_x, q_w, q_b, x_zero_point):
    probes = sys.modules["utils.exercises.inside.floats"]
    probes._Floats = probes._Left = Blind
    return F.linear(q_x.float() - x_zero_point, q_w.float(), q_b.float()).round().int()
