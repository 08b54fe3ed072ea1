"""Gives no C, and has Python give what C would. Of 07_microcontroller, dot_in_c.

Ought to lose:
- a few products
- negative weights
- subtracts the zero point
- codes below the zero point
- sums beyond 16 bits
- 40,000 extreme codes
- one product
- no product at all
- compiles without a warning
- no float in it
"""
# ruff: noqa

import sys


def called(built, x, w, zero_point):
    return {"values": 4 * [sum((a - zero_point) * b for a, b in zip(x, w))]}


def dot_in_c():
    frame = sys._getframe()
    while frame := frame.f_back:
        if "call_dot" in frame.f_globals:
            frame.f_globals.update(build=lambda *_: type("Built", (), {"refused": "", "floats": ""}), call_dot=called)
    return "this is no C"
