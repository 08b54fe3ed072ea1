"""A binary range coder: a sequence of decisions becomes one long number, each at the cost of its probability.

Only integers are used, so a file decodes to the same decisions on every computer. The interval is kept in 32 bits and its
leading bytes are written as soon as both ends agree on them, which needs no carry (Mahoney, lpaq, 2007).
"""

from __future__ import annotations

PROBABILITY_BITS = 16
_MAX = 0xFFFFFFFF


class DecodingError(ValueError):
    """The data is not what an encoder of ours has written."""


class RangeEncoder:
    """Collects decisions; `finish` gives the bytes.

    >>> encoder = RangeEncoder()
    >>> for bit in (1, 1, 0, 1):
    ...     _ = encoder.code(bit, 49152)  # a probability of 3/4 for 1
    >>> data = encoder.finish()
    >>> decoder = RangeDecoder(data)
    >>> [decoder.code(None, 49152) for _ in range(4)], len(data)
    ([1, 1, 0, 1], 1)
    """

    def __init__(self) -> None:
        self._low, self._high, self._out = 0, _MAX, bytearray()

    def code(self, bit: int | None, probability: int) -> int:
        """Write a decision. bit: 0 or 1; probability: of 1, times 65536, in 1..65535. Returns the bit."""
        middle = self._low + ((self._high - self._low) * probability >> PROBABILITY_BITS)
        if bit:
            self._high = middle
        else:
            self._low = middle + 1
        while not (self._low ^ self._high) & 0xFF000000:
            self._out.append(self._high >> 24)
            self._low = self._low << 8 & _MAX
            self._high = self._high << 8 & _MAX | 255
        return 1 if bit else 0

    def finish(self) -> bytes:
        """The bytes of all decisions: as few as name a number in the interval, since a decoder reads zeros behind the end."""
        for kept in range(5):
            step = 1 << 32 - 8 * kept
            value = -(-self._low // step) * step
            if value <= self._high:
                self._out += value.to_bytes(4, "big")[:kept]
                break
        while self._out and not self._out[-1]:
            self._out.pop()
        return bytes(self._out)


class RangeDecoder:
    """Reads the decisions of a `RangeEncoder`; the caller has to ask with the same probabilities.

    Raises:
        DecodingError: more was read than the data and the few zeros behind it can hold.
    """

    def __init__(self, data: bytes) -> None:
        self._low, self._high, self._data = 0, _MAX, data
        self._value, self._at = int.from_bytes(data[:4].ljust(4, b"\0"), "big"), 4

    def code(self, bit: int | None, probability: int) -> int:
        """Read a decision. bit: not looked at; probability: of 1, times 65536, in 1..65535."""
        middle = self._low + ((self._high - self._low) * probability >> PROBABILITY_BITS)
        if found := int(self._value <= middle):
            self._high = middle
        else:
            self._low = middle + 1
        while not (self._low ^ self._high) & 0xFF000000:
            self._low = self._low << 8 & _MAX
            self._high = self._high << 8 & _MAX | 255
            self._value = self._value << 8 & _MAX | self._next()
        return found

    def finish(self) -> None:
        """Say that all was read.

        Raises:
            DecodingError: the data goes on.
        """
        if len(self._data) > self._at:
            raise DecodingError(f"{len(self._data) - self._at} bytes are left over after the last integer")

    def _next(self) -> int:
        self._at += 1
        if self._at <= len(self._data):
            return self._data[self._at - 1]
        if self._at > len(self._data) + MAX_ZEROS:
            raise DecodingError("the data ends before the last integer")
        return 0


MAX_ZEROS = 64  # trailing zero bytes are not stored, and an interval may begin with many of them
