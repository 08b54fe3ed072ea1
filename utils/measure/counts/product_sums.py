"""Matrix products that are written as an element-wise multiplication and a sum: `(x[:, None] * weight).sum(-1)`.

No layer and no formula of torch sees them, yet they multiply and add up as a linear layer does. The rule: a sum (or a mean) over a
dimension along which *both* factors have more than one value. A gate that is the same for a whole channel only rescales, and a
value times a function of itself (SiLU, a norm) is an activation.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

Shape = tuple[int, ...]


@dataclass
class ProductSums:
    """Follows the results of multiplications. Values have any names that can be keys; a dimension of one value has size 1."""

    _results: dict[Hashable, tuple[Shape, tuple[bool, ...]]] = field(default_factory=dict)
    _roots: dict[Hashable, Hashable] = field(default_factory=dict)

    def elementwise(self, operands: Iterable[Hashable], result: Hashable) -> None:
        """Note that each value of the result depends on the values at its own place alone."""
        roots = {self._roots.get(operand, operand) for operand in operands}
        if len(roots) == 1:
            self._roots[result] = roots.pop()

    def multiplied(self, result: Hashable, a: tuple[Hashable, Sequence[int]], b: tuple[Hashable, Sequence[int]]) -> None:
        """Note a multiplication of two values, each with its shape, broadcast as usual; a dimension that is only repeated counts as 1."""
        if self._roots.get(a[0], a[0]) == self._roots.get(b[0], b[0]):
            return
        sizes = list(zip_longest(reversed(a[1]), reversed(b[1]), fillvalue=1))[::-1]
        both = tuple(min(pair) > 1 for pair in sizes)
        if any(both):
            self._results[result] = tuple(max(pair) for pair in sizes), both

    def passed(self, operand: Hashable, result: Hashable) -> None:
        """Note that an operation only moves, copies, scales or adds up values: a sum of its result is one of theirs."""
        if operand in self._results and operand != result:
            self._results[result] = self._results[operand]

    def is_product(self, operand: Hashable, shape: Sequence[int], dimensions: Iterable[int] | None = None) -> bool:
        """Whether a sum of this operand over these dimensions, None for all, is a matrix product.

        >>> sums = ProductSums()
        >>> sums.multiplied("rows times weights", ("rows", (1, 1, 8)), ("weights", (100, 8)))
        >>> sums.is_product("rows times weights", (1, 100, 8), [-1])
        True
        """
        if operand not in self._results:
            return False
        before, both = self._results[operand]
        if dimensions is None or tuple(shape) != before:  # all of them, or moved: which is which is not known
            return True
        return any(both[dimension] for dimension in dimensions)
