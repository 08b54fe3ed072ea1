"""A figure with a slider, and beside it the same figure at a few fixed values for those who only read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.axes import Axes

from utils.show.style import WIDTH, Chart, figure, in_notebook

Draw = Callable[[Axes, Any], None]


def _one(draw: Draw, value: Any, label: str, height: float) -> Chart:
    chart = figure(WIDTH * 0.6, height)
    axes = chart.add_subplot()
    draw(axes, value)
    axes.set_title(f"{label} = {value}")
    return chart


def slider_figure(draw: Draw, values: Sequence[Any], label: str, *, static: Sequence[Any] | None = None, height: float = 2.6) -> Chart:
    """Show a slider over `values` that redraws a figure, and return the static twin (a row of panels).

    draw: (axes, value) draws one panel. static: the values of the twin; first, middle and last unless given.

    Raises:
        ValueError: fewer than two values.
    """
    values = list(values)
    if len(values) < 2:
        raise ValueError(f"a slider needs at least two values, got {len(values)}: draw one figure instead")
    chosen = list(static) if static is not None else [values[at] for at in sorted({0, len(values) // 2, len(values) - 1})]
    twin = figure(WIDTH, height)
    for at, value in enumerate(chosen):
        axes = twin.add_subplot(1, len(chosen), at + 1)
        draw(axes, value)
        axes.set_title(f"{label} = {value}")
    if in_notebook():
        from IPython.display import display

        display(slider_widget(draw, values, label, height))
    return twin


def slider_widget(draw: Draw, values: Sequence[Any], label: str, height: float = 2.6) -> Any:
    """A selection slider above a picture; a value's picture is drawn once and then remembered."""
    import ipywidgets

    pictures: dict[int, bytes] = {}

    def picture(at: int) -> bytes:
        if at not in pictures:
            pictures[at] = _one(draw, values[at], label, height).png()
        return pictures[at]

    start = len(values) // 2
    options = [(str(value), at) for at, value in enumerate(values)]
    whole = {"description_width": "initial"}  # or a long label is cut off
    slider = ipywidgets.SelectionSlider(options=options, value=start, description=label, continuous_update=False, style=whole)
    image = ipywidgets.Image(value=picture(start), format="png", width=round(WIDTH * 60), layout={"max_width": "100%", "margin": "0"})

    def redraw(change: Any) -> None:
        image.value = picture(change["new"])

    slider.observe(redraw, names="value")
    return ipywidgets.VBox([slider, image], layout={"margin": "0 0 8px"})
