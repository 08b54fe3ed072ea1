"""The student imports under names of their own, and what the lab does not."""

CELLS = {
    "magnitude_mask": (
        "from __future__ import annotations\nimport torch as t\nimport typing\nfrom functools import lru_cache\n\n\n"
        "def magnitude_mask(weight: t.Tensor, sparsity: float, *_: typing.Any) -> t.BoolTensor:\n"
        "    rank = weight.detach().abs().flatten().argsort().argsort()\n"
        "    return (rank >= round(sparsity * weight.numel())).view_as(weight)"
    )
}
