"""Tensors in one block of memory: a box for each, as long as it lives and as high as it is large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from utils.show.style import INK, PALETTE, Chart, caption, figure

Tensor = tuple[str, int, int, int]  # name, size in bytes, first and last step


def _alive(tensors: Sequence[Tensor], step: int) -> list[Tensor]:
    return [tensor for tensor in tensors if tensor[2] <= step <= tensor[3]]


def _checked(tensors: Sequence[Tensor], offsets: Mapping[str, Any]) -> tuple[dict[str, int], int]:
    """The offsets as numbers, and the end of the last byte."""
    if not tensors or {name for name, *_ in tensors} - offsets.keys():
        raise ValueError(f"need tensors and an offset for each, got {len(tensors)} tensors and {len(offsets)} offsets")
    places = {name: int(offsets[name]) for name, *_ in tensors}
    return places, max(places[name] + size for name, size, _, _ in tensors)


def _box(axes: Axes, tensor: Tensor, offset: int, left: float, width: float, *, marked: bool, named: bool) -> None:
    """A tensor's bytes, upwards from its offset; marked: darker and hatched."""
    name, size, _, _ = tensor
    color, hatch = (PALETTE["orange"], "//") if marked else (PALETTE["sky"], "")
    place = (left, offset / 1000)
    axes.add_patch(Rectangle(place, width, size / 1000, facecolor=color, hatch=hatch, edgecolor=PALETTE["blue"], linewidth=0.9))
    if named:
        box: dict[str, Any] = {"facecolor": color, "edgecolor": "none", "pad": 1}
        axes.text(left + width / 2, (offset + size / 2) / 1000, name, ha="center", va="center", fontsize=8.5, bbox=box)


def arena(tensors: Sequence[Tensor], offsets: Mapping[str, Any], *, bound: int | None = None, finding: str = "") -> Chart:
    """Steps to the right, bytes upwards; the tensors that are alive at the fullest step are darker and hatched.

    tensors: (name, size in bytes, first, last), alive from step first to step last, both included.
    offsets: name -> its first byte. bound: a line, the bytes that no plan can do without.

    Raises:
        ValueError: no tensors, or one without an offset.
    """
    places, peak = _checked(tensors, offsets)
    last_step = max(last for *_, last in tensors)
    full = max(range(last_step + 1), key=lambda step: sum(size for _, size, _, _ in _alive(tensors, step)))
    chart = figure(height=3.4)
    axes = chart.add_subplot()
    for tensor in tensors:
        name, size, first, last = tensor
        named = size >= 0.055 * peak and last > first
        _box(axes, tensor, places[name], first - 0.46, last - first + 0.92, marked=first <= full <= last, named=named)
    top = max(peak, bound or 0) / 1000
    axes.annotate(f"{peak / 1000:.1f} kB in all", (last_step + 0.5, peak / 1000), (0, 4), textcoords="offset points", ha="right", color=INK)
    if bound is not None:
        axes.axhline(bound / 1000, color=PALETTE["vermilion"], linestyle="--", linewidth=1.5)
        words = f"no plan does with less than {bound / 1000:.1f} kB"
        axes.annotate(words, (last_step + 0.5, bound / 1000), (0, -4), textcoords="offset points", ha="right", va="top", color=INK)
    axes.set(xlabel="operation", ylabel="place in memory (kB)", xlim=(-0.6, last_step + 0.6), ylim=(0, 1.12 * top))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(visible=False)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]


def arena_at(axes: Axes, tensors: Sequence[Tensor], offsets: Mapping[str, Any], step: int) -> None:
    """Draw what lies where while one step runs, for a slider: those that it needs by name, what is free in white.

    Raises:
        ValueError: no tensors, or one without an offset.
    """
    places, peak = _checked(tensors, offsets)
    alive = _alive(tensors, step)
    for tensor in alive:
        name, size, first, _ = tensor
        _box(axes, tensor, places[name], 0, 1, marked=first == step, named=size >= 0.07 * peak)
    held = sum(size for _, size, _, _ in alive) / 1000
    axes.set(xlim=(0, 1), ylim=(0, peak / 1000), xticks=[], ylabel="place in memory (kB)", xlabel=f"{held:.1f} kB in use")
    axes.grid(visible=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(True)
