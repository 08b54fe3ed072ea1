"""Returns, raises and is named what can't be written in UTF-8.

Ought to get nothing.
"""
# ruff: noqa


def magnitude_mask(weight, sparsity):
    if sparsity > 0.4:
        return ["\ud800", {"\udfff": "\x00"}]
    raise ValueError("\ud800 \x1b[31m <script>alert(1)</script>")
