"""Returns an object that would run a command where it is unpickled.

Ought to get nothing.
"""
# ruff: noqa

import os


class Order:
    def __reduce__(self):
        return os.system, ("touch /tmp/titans-pickled",)


def magnitude_mask(weight, sparsity):
    return [Order()]
