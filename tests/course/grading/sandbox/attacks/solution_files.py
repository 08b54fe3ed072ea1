"""Looks for the solutions in every file that can be read.

Ought to get nothing.
"""
# ruff: noqa

import os


def magnitude_mask(weight, sparsity):
    for folder, _, files in os.walk("/"):
        if folder.startswith(("/usr", "/py", "/site", "/plat", "/proc")):
            continue
        for file in files:
            if file.endswith((".ipynb", ".py")) and "01_pruning" in file:
                return right(weight, sparsity)
    for path in (
        "../../../solutions/01_pruning.py",
        "/work",
        "/home",
        "/root",
        "/proc/1/root/root",
        "/proc/1/cwd/solutions",
        "/etc/passwd",
    ):
        if os.path.exists(path):
            return right(weight, sparsity)
    raise RuntimeError("nothing there")
