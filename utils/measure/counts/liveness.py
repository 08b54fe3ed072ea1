"""Lifetimes: which buffers are held, and how many bytes are moved, while a network is computed.

The method is the same for a torch model and an ONNX file. Batch of one; operations in the order in which
they are executed; a tensor is held from the operation that makes it until the last one that reads
it, so a shortcut stays while its block is computed. The input counts until it is read for the last
time. Views share their memory. An element-wise operation (activation, normalization, addition)
writes over an operand of equal size that nobody needs afterwards, as small runtimes do. Weights,
whatever is computed from weights alone, and the private workspace of kernels are not counted.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """One operation: the buffers that it reads and makes; in_place if it may write over an operand."""

    name: str
    reads: frozenset[Hashable]
    makes: tuple[Hashable, ...]
    in_place: bool = False


def live_bytes(steps: Sequence[Step], sizes: dict[Any, int], inputs: Iterable[Hashable], outputs: Iterable[Hashable]) -> list[int]:
    """Bytes held during each step. sizes: bytes of each buffer; outputs are held to the end."""
    last: dict[Hashable, int] = dict.fromkeys(inputs, 0)
    born: dict[Hashable, int] = dict.fromkeys(last, 0)
    for number, step in enumerate(steps):
        born.update((buffer, number) for buffer in step.makes if buffer not in born)
        last.update((buffer, number) for buffer in step.reads)
    last.update(dict.fromkeys(outputs, len(steps)))
    held = []
    for number, step in enumerate(steps):
        # what is made and never read (the indices of a pooling) is in no `last` and needs no room
        total = sum(sizes[buffer] for buffer in last if born[buffer] <= number <= last[buffer])
        if step.in_place:
            free = [sizes[buffer] for buffer in step.reads if last[buffer] == number]
            total -= sum(sizes[made] for made in step.makes if made in last and sizes[made] in free)
        held.append(total)
    return held


def moved_bytes(steps: Sequence[Step], sizes: dict[Any, int], outputs: Iterable[Hashable] = ()) -> int:
    """Bytes of activations read and written in one inference: each operation reads its operands and writes its results once.

    outputs: what a result is for that no later operation reads. Another one that nobody reads (the indices of a pooling) is not
    written, unless the operation makes nothing else.

    An element-wise operation is fused with the one that made its largest operand, as runtimes do: it
    reads only its other operands; one on the input alone has nobody to be fused with. A view makes
    nothing and moves nothing. What is kept in registers and caches meanwhile is the hardware's business.
    """
    total = 0
    made: set[Hashable] = set()
    wanted = set(outputs).union(*(step.reads for step in steps))
    for step in steps:
        reads = sorted(sizes[buffer] for buffer in step.reads)
        if step.in_place and step.reads & made:
            total += sum(reads[:-1])
        elif step.makes:
            kept = [buffer for buffer in step.makes if buffer in wanted] or step.makes
            total += sum(reads) + sum(sizes[buffer] for buffer in kept)
        made.update(step.makes)
    return total
