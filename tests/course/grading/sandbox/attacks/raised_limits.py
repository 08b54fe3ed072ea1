"""Lifts its limits; gets points if it could.

Ought to get nothing.
"""
# ruff: noqa

import resource


def magnitude_mask(weight, sparsity):
    for which in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
        _, hard = resource.getrlimit(which)
        try:
            resource.setrlimit(which, (hard + 1, hard + 1))
        except (OSError, ValueError):
            continue
        return right(weight, sparsity)
    raise RuntimeError("none was lifted")
