"""Changes the weight, and rewrites what the worker sends. Of 01_pruning, magnitude_mask.

Ought to lose:
- leaves its inputs as they were
"""
# ruff: noqa

import sys


def magnitude_mask(weight, sparsity):
    rank = weight.detach().abs().flatten().argsort().argsort()
    mask, before = (rank >= round(sparsity * weight.numel())).view_as(weight), weight.detach().clone().numpy()
    weight.detach().abs_()
    frame = sys._getframe()
    while frame := frame.f_back:
        if frame.f_code.co_name == "_reply":
            real = frame.f_globals["pack"]

            def pack(value, blobs):
                frame.f_globals["pack"] = real
                if isinstance(value, dict) and "inputs" in value:
                    value = {"answer": mask.numpy(), "inputs": (before, sparsity)}
                return real(value, blobs)

            frame.f_globals["pack"] = pack
            break
    return mask
