"""Architectures at random, within a budget."""

from __future__ import annotations

import numpy as np

from utils.compress.search.counts import Budget
from utils.compress.search.space import Space
from utils.models.chain import Architecture

TRIES = 20_000  # drawn architectures over the budget, before it is called too tight


def draw_within(space: Space, budget: Budget, rng: np.random.Generator) -> tuple[Architecture, int]:
    """An architecture within the budget, uniformly among those of the space, and how many were over it before.

    Raises:
        ValueError: 20,000 in a row were over it.
    """
    for refused in range(TRIES):
        if budget.allows(found := space.draw(rng)):
            return found, refused
    excess = budget.excess(budget.counts(space.smallest()))
    why = f"the smallest architecture is over it ({excess})" if excess else f"none of {TRIES:,} drawn ones is within it"
    raise ValueError(f"the budget is too tight for this space, {why}: raise the limit or add smaller choices")
