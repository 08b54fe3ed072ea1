"""How many decisions a range coder has been asked for: a hostile file could ask for millions at no cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

from utils.compress.coding.range_coder import DecodingError

FREE, EACH_BYTE = 1 << 19, 64  # what a file may ask for: two seconds of work, and 0.2 ms more for each of its bytes


@dataclass
class Decisions:
    """The decisions of all matrices in one file: their count, and the limit of a reader."""

    count: int = 0
    limit: float = math.inf

    @classmethod
    def of_bytes(cls, size_bytes: int) -> Decisions:
        """None so far, and the limit of a file of this size."""
        return cls(0, FREE + EACH_BYTE * size_bytes)

    def add(self, count: int) -> None:
        """Count these decisions before they are read.

        Raises:
            DecodingError: the file has no right to so many.
        """
        self.count += count
        if self.count > self.limit:
            raise DecodingError(f"the data asks for more than {self.limit} decisions, too many for its length")
