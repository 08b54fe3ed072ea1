"""Which network runs on which device: a grid that names the resource that breaks, and sliders for what is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.patches import Rectangle

from utils.show.style import Chart, caption, figure, in_notebook, readable

Grid = Mapping[str, Mapping[str, str | None]]
_FITS, _BREAKS = (readable("#009E73"), "white"), ("#F3F3F3", "#8A3B00")


def fit_grid(cells: Grid, *, notes: Mapping[str, str] | None = None, finding: str = "") -> Chart:
    """Draw networks as rows and devices as columns; a cell is None where all holds, else the resource that breaks.

    cells: network -> device -> None or a word. notes: device -> a line below its name.

    Raises:
        ValueError: no cells, or rows with different devices.
    """
    columns = list(next(iter(cells.values()), ()))
    if not columns or any(list(row) != columns for row in cells.values()):
        raise ValueError("every network needs a cell for the same devices, and there must be one at least")
    chart = figure(height=1.0 + 0.36 * len(cells))
    axes = chart.add_subplot()
    for at, name in enumerate(cells):
        for column, device in enumerate(columns):
            broken = cells[name][device]
            fill, ink = _FITS if broken is None else _BREAKS
            axes.add_patch(Rectangle((column + 0.03, at + 0.06), 0.94, 0.88, color=fill, linewidth=0))
            axes.text(column + 0.5, at + 0.5, "fits" if broken is None else broken, ha="center", va="center", color=ink, fontsize=9.5)
    heads = [f"{device}\n{notes[device]}" if notes and device in notes else device for device in columns]
    axes.set_xticks([column + 0.5 for column in range(len(columns))], heads, fontsize=9)
    axes.set_yticks([at + 0.5 for at in range(len(cells))], list(cells))
    axes.set(xlim=(0, len(columns)), ylim=(len(cells), 0))
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return caption(chart, finding) if finding else chart  # type: ignore[return-value]


def explorer(
    find: Callable[..., Grid], sliders: Mapping[str, Sequence[Any]], start: Mapping[str, Any], *, labels: Mapping[str, str], **more: Any
) -> Chart:
    """Show sliders that redraw a `fit_grid`, and return the grid at the start values as the static twin.

    find: called with one keyword for each slider, gives the cells. sliders: keyword -> values. start: keyword -> value.
    labels: keyword -> what to write at the slider. more: for `fit_grid`.

    Raises:
        ValueError: a start value that its slider does not have.
    """
    for name, values in sliders.items():
        if start.get(name) not in values:
            raise ValueError(f"the start of {name} must be one of {list(values)}, got {start.get(name)}")
    if in_notebook():
        from IPython.display import display

        display(explorer_widget(find, sliders, start, labels=labels, **more))
    return fit_grid(find(**start), **more)


def explorer_widget(
    find: Callable[..., Grid], sliders: Mapping[str, Sequence[Any]], start: Mapping[str, Any], *, labels: Mapping[str, str], **more: Any
) -> Any:
    """The sliders above the grid, which is drawn anew whenever one of them moves, without the finding: that holds at the start."""
    import ipywidgets

    more = {**more, "finding": ""}
    wide = {"style": {"description_width": "210px"}, "layout": {"width": "560px", "max_width": "98%"}, "continuous_update": False}
    made = {
        name: ipywidgets.SelectionSlider(
            options=[(f"{value:g}", value) for value in values], value=start[name], description=labels[name], **wide
        )
        for name, values in sliders.items()
    }
    image = ipywidgets.Image(
        value=fit_grid(find(**start), **more).png(), format="png", width=700, layout={"max_width": "100%", "margin": "0"}
    )

    def redraw(_: Any) -> None:
        image.value = fit_grid(find(**{name: slider.value for name, slider in made.items()}), **more).png()

    for slider in made.values():
        slider.observe(redraw, names="value")
    return ipywidgets.VBox([*made.values(), image], layout={"margin": "0 0 8px"})
