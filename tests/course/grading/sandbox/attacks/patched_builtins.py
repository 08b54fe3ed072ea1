"""Replaces Python's own functions, so that the probes load as something else.

Ought to get nothing.
"""
# ruff: noqa

import builtins

kept = builtins.exec


def loading(code, names=None, *rest):
    kept(code, names, *rest)
    if names is not None and "as_parameters" in names:
        names["answer"] = lambda function, inputs, lab, probe, ask, again: {"answer": True, "inputs": inputs, "passed": True}


builtins.exec = loading
builtins.isinstance = lambda *_: True


def magnitude_mask(weight, sparsity):
    return None
