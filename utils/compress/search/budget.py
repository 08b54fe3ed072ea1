"""Costs of an architecture, computed from its configuration: no network is built, trained or exported. Limits on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from utils.compress.search.file_size import int8_file_bytes
from utils.compress.search.space import Space
from utils.models.chain import Architecture

TRIES = 20_000  # architectures over the budget in a row, before an error says that it is too tight
# limit of a budget -> the count that it limits, and its name in a message
LIMITS = {"ram_bytes": ("peak_activation_bytes", "RAM"), "file_bytes": ("file_bytes", "the file"), "macs": ("macs", "MACs")}


@dataclass(frozen=True)
class Counts:
    """Costs of one inference and of the file that ships.

    parameters: as of `utils.models.ChainNet`, batch norms included. macs: as `utils.measure.count_macs` counts them.
    file_bytes: of the int8 .onnx file (`int8_file_bytes`).
    peak_activation_bytes: the most activations that are alive at once, as `utils.measure.peak_activation_bytes` counts them,
        with one byte for each value. It is the lower bound of the arena of the C program (`utils.deploy.mcu`). The arena of one
        in eight drawn architectures is larger, by a third at most (400 drawn): read the winner's from its program.
    """

    parameters: int
    macs: int
    file_bytes: int
    peak_activation_bytes: int


@lru_cache(maxsize=100_000)
def counts(architecture: Architecture, *, per_channel: bool = True, size: int = 28) -> Counts:
    """Return the costs of an architecture.

    per_channel: of the int8 weights, as `utils.deploy.to_int8_onnx` has it. size: side of the square input in pixels.

    >>> from utils.models.chain import Block
    >>> found = counts(Architecture(Block(8, stride=2, kind="plain"), ((Block(16),),)))
    >>> found.parameters, found.macs, found.peak_activation_bytes
    (506, 53472, 4704)
    """
    head = architecture.features * architecture.classes
    parameters, macs, kept = head + architecture.classes, head, 0
    peak = side = size
    for shape in architecture.convolutions(size):
        parameters += shape.weights + 2 * shape.outputs
        macs += shape.weights * shape.out_size**2
        before, after = shape.inputs * shape.in_size**2, shape.outputs * shape.out_size**2
        kept = before if shape.opens else kept
        peak = max(peak, before + after + (kept if shape.skip and not shape.opens else 0))
        side = shape.out_size
    peak = max(peak, architecture.features * (side**2 + 1))  # the mean over positions
    return Counts(parameters, macs, int8_file_bytes(architecture, per_channel=per_channel, size=size), peak)


@dataclass(frozen=True)
class Budget:
    """Limits that no candidate of a search exceeds; None means no limit.

    ram_bytes: of `Counts.peak_activation_bytes`; what the program's stack and the application take comes on top.
    file_bytes, macs: of the same in `Counts`. A limit itself is allowed.
    per_channel: of the int8 weights in the file.

    Raises:
        ValueError: a limit that is not a positive integer, or none at all.
    """

    ram_bytes: int | None = None
    file_bytes: int | None = None
    macs: int | None = None
    per_channel: bool = True

    def __post_init__(self) -> None:
        limits = {name: getattr(self, name) for name in LIMITS}
        if all(limit is None for limit in limits.values()):
            raise ValueError("a budget needs at least one limit: give ram_bytes, file_bytes or macs")
        for name, limit in limits.items():
            if limit is not None and (type(limit) is not int or limit < 1):
                raise ValueError(f"{name} must be a positive integer or None, got {limit!r}: give the limit in whole units")

    def counts(self, architecture: Architecture) -> Counts:
        """Return the costs of an architecture, with this budget's number of scales in its file."""
        return counts(architecture, per_channel=self.per_channel)

    def allows(self, architecture: Architecture) -> bool:
        """Return whether an architecture exceeds no limit.

        >>> from utils.models.chain import Block
        >>> Budget(macs=50_000).allows(Architecture(Block(8, stride=2, kind="plain"), ((Block(16),),)))
        False
        """
        if self.file_bytes is not None and sum(shape.weights for shape in architecture.convolutions()) > self.file_bytes:
            return False  # decides most random architectures early: their weights alone are too many bytes
        return self.excess(self.counts(architecture)) is None

    def excess(self, found: Counts) -> str | None:
        """Return a sentence about the first limit that is exceeded, or None.

        >>> Budget(macs=10).excess(Counts(parameters=1, macs=12, file_bytes=1, peak_activation_bytes=1))
        'MACs: 12 of 10, 2 too many'
        """
        for name, (counted, what) in LIMITS.items():
            limit, needed = getattr(self, name), getattr(found, counted)
            if limit is not None and needed > limit:
                return f"{what}: {needed:,} of {limit:,}, {needed - limit:,} too many"
        return None


def draw_within(space: Space, budget: Budget, rng: np.random.Generator) -> tuple[Architecture, int]:
    """Draw an architecture uniformly among those within the budget; return it and the number of rejected ones.

    Raises:
        ValueError: 20,000 in a row were over it.
    """
    for refused in range(TRIES):
        if budget.allows(found := space.draw(rng)):
            return found, refused
    excess = budget.excess(budget.counts(space.smallest()))
    why = f"the smallest architecture is over it ({excess})" if excess else f"none of {TRIES:,} drawn ones is within it"
    raise ValueError(f"the budget is too tight for this space, {why}: raise the limit or add smaller choices")
