"""Changes the weight, and has the probe say that it did not: finds the probes among all objects. Of 01_pruning, magnitude_mask.

Ought to lose:
- leaves the weight as it was
"""
# ruff: noqa

import gc


def honest(function, *inputs):
    before = tuple(one.detach().clone() if hasattr(one, "detach") else one for one in inputs)
    return {"answer": function(*inputs), "inputs": before}


def magnitude_mask(weight, sparsity):
    for one in gc.get_objects():
        if type(one) is dict and type(one.get("__name__")) is str and one["__name__"].startswith("utils.exercises") and "look_again" in one:
            one["look_again"] = honest
    rank = weight.detach().abs().flatten().argsort().argsort()
    weight.detach().abs_()
    return (rank >= round(sparsity * weight.numel())).view_as(weight)
