"""The bytes of a file as numbers and pieces, every size checked before anything is read."""

from __future__ import annotations


class TitanError(ValueError):
    """A file is not a .titan file of this project, or it is damaged."""


class ByteReader:
    """Reads from the front.

    >>> reader = ByteReader(unsigned(300) + signed(-2) + b"xyz")
    >>> reader.unsigned(), reader.signed(), reader.take(3)
    (300, -2, b'xyz')
    """

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> int:
        """Bytes that were not read yet."""
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        """The next `count` bytes.

        Raises:
            TitanError: there are not so many.
        """
        if not 0 <= count <= self.left:
            raise TitanError(f"{count} bytes should follow, {self.left} are there")
        self._at += count
        return self._data[self._at - count : self._at]

    def unsigned(self, most: int = (1 << 31) - 1) -> int:
        """The next number of at least 0: seven bits in each byte, the lowest first; the highest bit says that more follow.

        Raises:
            TitanError: larger than `most`, not in its shortest form, or not whole.
        """
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                break
            shift += 7
            if shift > 28:
                raise TitanError("a number has more than five bytes")
        if value > most or (shift and not byte):
            raise TitanError(f"a number is {value} where {most} is the largest" if value > most else "a number is not in its shortest form")
        return value

    def positive(self, most: int) -> int:
        """The next number, which is at least 1.

        Raises:
            TitanError: 0, larger than `most`, or not whole.
        """
        if not (value := self.unsigned(most)):
            raise TitanError("a size is 0")
        return value

    def signed(self, most: int = (1 << 30) - 1) -> int:
        """The next number of either sign: 0, -1, 1, -2, ... are 0, 1, 2, 3, ...

        Raises:
            TitanError: larger in magnitude than `most`, or not whole.
        """
        value = self.unsigned(2 * most + 1)
        return value >> 1 if not value & 1 else -(value + 1 >> 1)

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(self.left)

    def end(self, what: str) -> None:
        """Say that nothing should be left.

        Raises:
            TitanError: something is.
        """
        if self.left:
            raise TitanError(f"{self.left} bytes are left over after {what}")


def unsigned(value: int) -> bytes:
    """The bytes that `ByteReader.unsigned` reads.

    Raises:
        ValueError: a negative number.
    """
    if value < 0:
        raise ValueError(f"an unsigned number is at least 0, got {value}")
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def signed(value: int) -> bytes:
    """The bytes that `ByteReader.signed` reads."""
    return unsigned(2 * value if value >= 0 else -2 * value - 1)


def framed(data: bytes) -> bytes:
    """A piece with its length before it."""
    return unsigned(len(data)) + data
