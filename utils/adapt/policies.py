"""Which parameters a device trains: all of them, or the few that fit its memory."""

from __future__ import annotations

import re
from collections.abc import Iterable

POLICIES = ("all", "last", "last_block", "norm", "bias")
_NORM = re.compile(r"(^|\.)(norm|bn)\d*\.(weight|bias)$")
_BLOCK = re.compile(r"^(.*?\.\d+)\.")


def select_trainable(names: Iterable[str], policy: str) -> tuple[str, ...]:
    """The names of the parameters that learn, in their order.

    names: of all parameters, in the model's order: `[name for name, _ in model.named_parameters()]`.
    policy: "all"; "last", the classifier at the end; "last_block", the last numbered block and what follows it; "norm",
        scales and shifts of the batch norms (parameters of a part that is called norm or bn); "bias", everything that
        is added, shifts of batch norms among it (Cai et al., TinyTL, 2020).

    >>> select_trainable(["conv.weight", "norm.weight", "norm.bias", "head.weight", "head.bias"], "last")
    ('head.weight', 'head.bias')

    Raises:
        ValueError: an unknown policy, or one that selects nothing here.
    """
    everything = tuple(names)
    if policy not in POLICIES:
        raise ValueError(f"policy must be one of {', '.join(POLICIES)}, got {policy!r}")
    if not everything:
        raise ValueError("there is no parameter to select: give the names of model.named_parameters()")
    if policy == "all":
        return everything
    if policy == "last":
        chosen = tuple(name for name in everything if _layer(name) == _layer(everything[-1]))
    elif policy == "last_block":
        blocks = [match[1] for name in everything if (match := _BLOCK.match(name))]
        first = next((i for i, name in enumerate(everything) if blocks and name.startswith(blocks[-1] + ".")), len(everything))
        chosen = everything[first:]
    else:
        chosen = tuple(name for name in everything if (_NORM.search(name) if policy == "norm" else name.rpartition(".")[2] == "bias"))
    if not chosen:
        raise ValueError(f"policy {policy!r} selects no parameter of {', '.join(everything)}")
    return chosen


def _layer(name: str) -> str:
    return name.rpartition(".")[0]
