"""Returns an object that agrees with everything.

Ought to get nothing.
"""
# ruff: noqa


class Agrees:
    shape, dtype, ndim = (8, 16), "bool", 2

    def __eq__(self, other):
        return True

    def __bool__(self):
        return True

    def __getattr__(self, name):
        return self

    def __call__(self, *_, **__):
        return self


def magnitude_mask(weight, sparsity):
    return Agrees()
