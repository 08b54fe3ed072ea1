"""Changes the weight, and has the probe say that it did not: finds the probes among all objects. Of 01_pruning, magnitude_mask.

Ought to lose:
- leaves its inputs as they were
"""
# ruff: noqa

import gc


kept = {}


def honest(function, inputs, lab, probe=None, ask=None, again=False):
    before = tuple(one.detach().clone() if hasattr(one, "detach") else one for one in inputs)
    answer = kept["plain"](function(*inputs))
    return {"answer": answer, "inputs": kept["plain"](before)} if again else answer


def magnitude_mask(weight, sparsity):
    for one in gc.get_objects():
        if (
            type(one) is dict
            and type(one.get("__name__")) is str
            and one["__name__"].startswith("utils.exercises")
            and "as_parameters" in one
        ):
            kept["plain"], one["answer"] = one["plain"], honest
    rank = weight.detach().abs().flatten().argsort().argsort()
    weight.detach().abs_()
    return (rank >= round(sparsity * weight.numel())).view_as(weight)
