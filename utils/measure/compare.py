"""Cards side by side, each cost with its ratio to the first card."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from utils.measure.card import Card
from utils.measure.constants import constants
from utils.measure.costs import GRID, grid_g_per_kwh
from utils.measure.units import counts, dollars, in_one_unit, kilobytes

Write = Callable[[Sequence[float]], list[str]]  # the values of a row, in one unit
WIDE = 10.0  # an energy between bounds that are further apart than this has no factor
BUSY = 5.0  # times the median: a p95 beyond it is another program's doing


def _milliseconds(values: Sequence[float]) -> list[str]:
    return [f"{value:.3f} ms" for value in values]


def _joules(values: Sequence[float]) -> list[str]:
    return in_one_unit([value / 1000 for value in values], "J")


def _energy(bound: str) -> Callable[[Card], float | None]:
    return lambda card: getattr(card.energy, bound) if card.energy else None


# title, how to read it from a card, how to write those of all cards
COSTS: tuple[tuple[str, Callable[[Card], float | None], Write], ...] = (
    ("file", lambda card: card.size_bytes, kilobytes),
    ("parameters", lambda card: card.parameters, counts),
    ("not zero", lambda card: card.nonzero, counts),
    ("MACs", lambda card: card.macs, counts),
    ("peak activations", lambda card: card.peak_activation_bytes, kilobytes),
    ("latency p50", lambda card: card.latency_ms, _milliseconds),
    ("latency p95", lambda card: card.latency.p95_ms if card.latency else None, _milliseconds),
    ("latency p99", lambda card: card.latency.p99_ms if card.latency else None, _milliseconds),
    ("energy", _energy("value_mj"), _joules),
    ("energy, low", _energy("low_mj"), _joules),
    ("energy, high", _energy("high_mj"), _joules),
    ("CO2e per million", lambda card: card.carbon_g_per_million, lambda values: in_one_unit(values, "g")),
    ("cloud cost per million", lambda card: card.dollars_per_million, lambda values: [dollars(value) for value in values]),
)
ENERGIES = ("energy", "energy, low", "energy, high")  # in one unit, all three
# a ratio of two tails says more about the machine than about the networks, one of two bounds more about the model
NO_RATIO = ("latency p95", "latency p99", "energy, low", "energy, high")


def is_vague(card: Card) -> bool:
    """Whether the bounds of a card's energy are so far apart that a factor made from it would say nothing."""
    return card.energy is not None and card.energy.high_mj > WIDE * card.energy.low_mj


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
        """Title, then value and gain of each card, in one unit; a gain of 4.00x means four times less than the first card.

        Energy and CO2e have no gain where the model's bounds for one of the two are more than ten times apart.
        """
        first = self.cards[0]
        unit = " %" if first.metric_name == "accuracy" else ""
        rows = [[first.metric_name]]
        for card in self.cards:
            rows[0] += [f"{card.metric:.2f}{unit}", "" if card is first else f"{card.metric - first.metric:+.2f}"]
        energies = [value for title, read, _ in COSTS if title in ENERGIES for card in self.cards if (value := read(card)) is not None]
        for title, read, write in COSTS:
            values = [read(card) for card in self.cards]
            known = [value for value in values if value is not None]
            if not known:
                continue
            texts = iter(write([*known, *energies] if title in ENERGIES else known))
            row = [f"energy, {self.method}" if title == "energy" else title]
            for card, value in zip(self.cards, values, strict=True):
                missing = "not timed" if title.startswith(("latency", "cloud cost")) else "not counted"
                vague = title.startswith(("energy", "CO2e")) and (is_vague(first) or is_vague(card))
                gain = "" if card is first or title in NO_RATIO or vague else _ratio(values[0], value)
                row += [missing if value is None else next(texts), gain]
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
        if vague := [card.name for card in self.cards if is_vague(card)]:
            parts.append(
                f"The energy of {' and of '.join(vague)} may lie anywhere between bounds more than {WIDE:.0f} times apart, "
                "since nobody knows in which memory its bytes lie: no factor is given."
            )
        if timed := [card.latency for card in self.cards if card.latency]:
            parts.append(f"Latency: one input, one thread, median and tails of {min(one.rounds for one in timed)} rounds.")
            tails = {card.name: card.latency.p95_ms / card.latency.p50_ms for card in self.cards if card.latency}
            if busy := [f"{times:.0f} times the p50 of {name}" for name, times in tails.items() if times > BUSY]:
                parts.append(f"p95 is {' and '.join(busy)}: something else was running, so run this cell again.")
            price = constants()["price"]
            parts.append(
                f"Cloud cost: a million times p50 at {dollars(price['dollars_per_hour'])} an hour ({price['name']}); "
                "to keep p95 costs p95 / p50 times as much."
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

    >>> card = Card(name="net", metric_name="accuracy", metric=90.0, samples=100, parameters=1200, nonzero=1200, size_bytes=5000)
    >>> compare([card]).rows()
    [['accuracy', '90.00 %', ''], ['file', '5.0 kB', ''], ['parameters', '1.2 k', ''], ['not zero', '1.2 k', '']]
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
