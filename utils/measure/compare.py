"""Cards side by side, each cost with its ratio to the first card."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from utils.measure.card import Card
from utils.measure.constants import constants
from utils.measure.costs import GRID, grid_g_per_kwh


def si(value: float) -> str:
    """A count with three digits: 950, 12.3 k, 4.56 M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g} {letter}" if abs(value) < 999.5 * size else f"{value / size:.0f} {letter}"
    return f"{value:.0f}"


def kilobytes(value: float) -> str:
    """Bytes in kB of 1,000 bytes, as the sizes of files are given; few of them as they are."""
    if value < 950:
        return f"{value:.0f} B"
    return f"{value / 1000:,.1f} kB" if value < 99_950 else f"{value / 1000:,.0f} kB"


def scaled(value: float, unit: str) -> str:
    """A quantity with three digits and an SI prefix: 12.3 mJ given 0.0123 and "J"."""
    if not value:
        return f"0 {unit}"
    prefixes = {-12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M"}
    power = next((power for power in prefixes if abs(value) < 999.5 * 10.0**power), 6)
    return f"{value / 10.0**power:#.3g}".rstrip(".") + f" {prefixes[power]}{unit}"


def dollars(value: float) -> str:
    """An amount with two digits that count: $1.20, $0.0034."""
    digits = 2 if value >= 1 or not value else 1 - math.floor(math.log10(value))
    return f"${value:,.{digits}f}"


# title, how to read it from a card, how to write it; None for the metric, whose difference is shown instead of a ratio
COSTS: tuple[tuple[str, Callable[[Card], float | None], Callable[[float], str]], ...] = (
    ("file", lambda card: card.size_bytes, kilobytes),
    ("parameters", lambda card: card.parameters, si),
    ("not zero", lambda card: card.nonzero, si),
    ("MACs", lambda card: card.macs, si),
    ("peak activations", lambda card: card.peak_activation_bytes, kilobytes),
    ("latency p50", lambda card: card.latency_ms, lambda value: f"{value:.3f} ms"),
    ("latency p95", lambda card: card.latency.p95_ms if card.latency else None, lambda value: f"{value:.3f} ms"),
    ("latency p99", lambda card: card.latency.p99_ms if card.latency else None, lambda value: f"{value:.3f} ms"),
    ("energy", lambda card: card.energy_mj, lambda value: scaled(value / 1000, "J")),
    ("energy, low", lambda card: card.energy.low_mj if card.energy else None, lambda value: scaled(value / 1000, "J")),
    ("energy, high", lambda card: card.energy.high_mj if card.energy else None, lambda value: scaled(value / 1000, "J")),
    ("CO2e, a million", lambda card: card.carbon_g_per_million, lambda value: scaled(value, "g")),
    ("rent, a million", lambda card: card.dollars_per_million, dollars),
)
# a ratio of two tails says more about the machine than about the networks, one of two bounds more about the model
NO_RATIO = ("latency p95", "latency p99", "energy, low", "energy, high")


def _ratio(first: float | None, value: float | None) -> str:
    """How many times less than the first card: 4.0x; empty where there is nothing to divide."""
    if not first or not value:
        return ""
    ratio = first / value
    return f"{ratio:.{2 if ratio < 10 else 1 if ratio < 100 else 0}f}x"


@dataclass(frozen=True)
class Comparison:
    """A table of cards: HTML in a notebook, text elsewhere."""

    cards: tuple[Card, ...]

    def rows(self) -> list[list[str]]:
        """Title, then value and gain of each card; a gain of 4.00x means four times less than the first card."""
        first = self.cards[0]
        unit = " %" if first.metric_name == "accuracy" else ""
        rows = [[first.metric_name]]
        for card in self.cards:
            rows[0] += [f"{card.metric:.2f}{unit}", "" if card is first else f"{card.metric - first.metric:+.2f}"]
        for title, read, write in COSTS:
            values = [read(card) for card in self.cards]
            if all(value is None for value in values):
                continue
            row = [f"energy, {self.method}" if title == "energy" else title]
            for card, value in zip(self.cards, values, strict=True):
                missing = "not timed" if title.startswith(("latency", "rent")) else "not counted"
                gain = "" if card is first or title in NO_RATIO else _ratio(values[0], value)
                row += [missing if value is None else write(value), gain]
            rows.append(row)
        return rows

    def __str__(self) -> str:
        header = ["", *(text for card in self.cards for text in (card.name, ""))]
        table = [header, *self.rows()]
        widths = [max(len(row[at]) for row in table) for at in range(len(header))]
        lines = []
        for row in table:
            cells = [row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))]
            lines.append("  ".join(cell for cell, width in zip(cells, widths, strict=True) if width).rstrip())
        return "\n".join([*lines, self.note])

    __repr__ = __str__

    @property
    def method(self) -> str:
        """How the energies were found: "model" or "counter"; empty if no card has one."""
        return next((card.energy.method for card in self.cards if card.energy), "")

    @property
    def note(self) -> str:
        """What the numbers are and how they were found, in a few sentences."""
        first = self.cards[0]
        parts = [f"{first.metric_name} on {first.samples:,} inputs; 2.00x: half of what {first.name} needs; kB: 1,000 bytes."]
        if detail := next((card.energy.detail for card in self.cards if card.energy), ""):
            parts.append(f"Energy by {self.method}: {detail}; CO2e: energy, low to high, times {grid_g_per_kwh():.0f} g a kWh ({GRID}).")
        if timed := [card.latency for card in self.cards if card.latency]:
            parts.append(f"Latency: one input, one thread, median and tails of {min(one.rounds for one in timed)} rounds.")
            price = constants()["price"]
            parts.append(
                f"Rent: p50 at {dollars(price['dollars_per_hour'])} an hour ({price['name']}); p95 would make it dearer by its ratio."
            )
        return " ".join(parts)

    def _repr_html_(self) -> str:
        right = 'style="text-align:right;white-space:nowrap;padding:2px 0 2px {}px{}"'.format
        cell = f"<td {right(20, '')}>{{}}</td><td {right(6, ';opacity:.7')}>{{}}</td>"
        head = "".join(f'<th colspan="2" {right(20, "")}>{html.escape(card.name)}</th>' for card in self.cards)
        body = ""
        for title, *cells in self.rows():
            pairs = "".join(cell.format(*map(html.escape, cells[at : at + 2])) for at in range(0, len(cells), 2))
            body += f'<tr><th style="text-align:left;white-space:nowrap">{html.escape(title)}</th>{pairs}</tr>'
        note = f"<p><small>{html.escape(self.note)}</small></p>"
        return f'<table style="color:inherit"><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>{note}'


def compare(cards: Sequence[Card]) -> Comparison:
    """Show cards side by side; the first one is what the others are compared with.

    Raises:
        ValueError: no cards, two of one name, cards of different metrics or numbers of inputs, or energies by different methods.
    """
    cards = tuple(cards)
    if not cards:
        raise ValueError("nothing to compare: give at least one card")
    names = [card.name for card in cards]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two cards are called {twice[0]!r}: give each its own name")
    if len({(card.metric_name, card.samples) for card in cards}) > 1:
        measured = ", ".join(f"{card.name}: {card.metric_name} on {card.samples}" for card in cards)
        raise ValueError(f"cards must share the metric and the number of inputs, got {measured}: measure them on the same data")
    if len({card.energy.method for card in cards if card.energy}) > 1:
        raise ValueError("some energies are measured and others modelled: find all of them in one call of utils.measure.energy")
    return Comparison(cards)
