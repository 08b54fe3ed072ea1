"""Numbers for a table: three digits, a prefix, and one unit for all that stand in one row."""

from __future__ import annotations

import math
from collections.abc import Sequence

PREFIXES = {-12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}


def scaled(value: float, unit: str) -> str:
    """A quantity with three digits and an SI prefix.

    >>> scaled(0.0123, "J")
    '12.3 mJ'
    """
    return in_one_unit([value], unit)[0]


def in_one_unit(values: Sequence[float], unit: str, least: int = -12, most: int = 6) -> list[str]:
    """Quantities with one SI prefix for all, so that they can be compared at a glance.

    The prefix of the smallest that is not 0; a larger one if that leaves the smallest a digit behind the point. least, most: powers
    of ten of the prefixes to choose from.

    >>> in_one_unit([0.0028, 7.79e-6], "J")
    ['2,800 µJ', '7.79 µJ']
    >>> in_one_unit([0.002, 0.0005], "J")
    ['2.00 mJ', '0.500 mJ']
    """
    power = _power(values, least, most)
    return [f"{_digits(value / 10.0**power)} {PREFIXES[power]}{unit}" for value in values]


def _power(values: Sequence[float], least: int, most: int) -> int:
    """The power of ten of the prefix for all values."""
    powers = [power for power in PREFIXES if least <= power <= most]
    known = [abs(value) for value in values if value] or [1.0]
    low, high = min(known), max(known)
    power = next((power for power in powers if low < 999.5 * 10.0**power), powers[-1])
    while power < powers[-1] and high >= 999.5 * 10.0**power and low >= 0.1 * 10.0 ** (power + 3):
        power += 3
    return power


def _digits(value: float) -> str:
    """Three digits that count, all of those before the point."""
    if not value:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:#.3g}".rstrip(".")


def counts(values: Sequence[float]) -> list[str]:
    """Numbers of things: 950, 12.3 k, 4.56 M; below a thousand they are whole.

    >>> counts([4_560_000, 12_300])
    ['4,560 k', '12.3 k']
    """
    power = _power(values, 0, 9)
    if not power or min(map(abs, values)) < 1000:
        return [f"{value:,.0f}" for value in values]
    numbers = [value / 10.0**power for value in values]
    return [f"{number:,.0f} {PREFIXES[power]}" if number >= 99.95 else f"{number:.3g} {PREFIXES[power]}" for number in numbers]


def kilobytes(values: Sequence[float]) -> list[str]:
    """Bytes in kB of 1,000 bytes, as the sizes of files are given; all of them in bytes where one of them is small.

    >>> kilobytes([394_705, 24_560])
    ['395 kB', '24.6 kB']
    """
    if min(values, default=0) < 950:
        return [f"{value:,.0f} B" for value in values]
    return [f"{value / 1000:,.1f} kB" if value < 99_950 else f"{value / 1000:,.0f} kB" for value in values]


def dollars(value: float) -> str:
    """An amount with two digits that count: $1.20, $0.0034."""
    digits = 2 if value >= 1 or not value else 1 - math.floor(math.log10(value))
    return f"${value:,.{digits}f}"
