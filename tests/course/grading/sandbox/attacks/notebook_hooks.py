"""Asks IPython to turn every later cell into pass.

Ought to get nothing.
"""
# ruff: noqa

get_ipython().input_transformers_cleanup.append(lambda lines: ["pass\n"])


def magnitude_mask(weight, sparsity):
    return get_ipython().user_ns["magnitude_mask"]
