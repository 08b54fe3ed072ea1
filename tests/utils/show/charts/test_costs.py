"""Do the figures of size, memory, time, energy and fit show every number that they were given, and nothing else?"""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from utils.show import Chart, areas, explorer, fit_grid, latencies, shares, timeline
from utils.show.widgets.fit_grid import explorer_widget


def words(chart: Chart) -> list[str]:
    return [text.get_text() for text in chart.axes[0].texts]


def inside(chart: Chart) -> bool:
    """Whether every text lies within the figure."""
    chart.draw_without_rendering()
    width, height = chart.get_size_inches() * chart.dpi
    boxes = [text.get_window_extent() for text in chart.axes[0].texts]
    return all(box.x0 > -1 and box.y0 > -1 and box.x1 < width + 1 and box.y1 < height + 1 for box in boxes)


def apart(chart: Chart) -> bool:
    """Whether no two texts overlap."""
    chart.draw_without_rendering()
    boxes = [text.get_window_extent() for text in chart.axes[0].texts]
    return not any(a.overlaps(b) for at, a in enumerate(boxes) for b in boxes[at + 1 :])


SIZES = {"large": 11_080_000, "medium": 1_832_000, "small": 273_000, "tiny": 53_700, "nano": 11_592}


def test_an_area_is_proportional_to_its_value() -> None:
    chart = areas(SIZES, {name: f"{size:,} bytes\n90 %\nright" for name, size in SIZES.items()})
    squares = [patch for patch in chart.axes[0].patches if isinstance(patch, Rectangle)]
    drawn = np.array([square.get_width() * square.get_height() for square in squares])
    np.testing.assert_allclose(drawn / drawn[0], np.array(list(SIZES.values())) / SIZES["large"])
    assert inside(chart) and apart(chart)


@pytest.mark.parametrize("values", [{}, {"a": 0}, {"a": 1, "b": -1}])
def test_areas_need_something_to_draw(values: dict) -> None:
    with pytest.raises(ValueError, match="above 0"):
        areas(values)


def test_the_peak_of_each_network_is_written() -> None:
    chart = timeline({"large": [50, 100.4, 20], "nano": [10, 22, 5]}, limit=20, limit_name="20 kB of RAM")
    assert words(chart) == ["large: peak 100", "nano: peak 22", "20 kB of RAM"]
    assert timeline({"nano": [1, 2]}, limit=50).axes[0].get_ylim()[1] > 50
    for wrong in ({}, {"a": []}, {name: [1] for name in "abcd"}):
        with pytest.raises(ValueError, match="need one to 3 networks"):
            timeline(wrong)


def test_every_run_is_a_dot_and_the_strokes_are_the_marks() -> None:
    """Strokes stand where the student's function says, also where it is wrong."""
    runs = {"large": [1.0, 1.1, 5.0], "nano": [0.05, 0.06, 0.07]}
    chart = latencies(runs, {"large": (1.1, 4.6, 4.9), "nano": (0.06, 0.07, 0.07)}, notes={"nano": "18x faster"}, controls=["nano"])
    dots, *strokes = chart.axes[0].lines[:4]
    assert list(dots.get_xdata()) == runs["large"]
    assert [stroke.get_xdata()[0] for stroke in strokes] == [1.1, 4.6, 4.9]
    assert {"1.1", "p95 4.6", "0.06", "p95 0.07", "18x faster"} == set(words(chart)) and inside(chart)
    with pytest.raises(ValueError, match="at least one sample"):
        latencies({"a": []}, {"a": (1, 2, 3)})
    with pytest.raises(ValueError, match="a needs its p50, p95 and p99"):
        latencies({"a": [1.0]}, {"a": (1, 2)})


def test_shares_add_up_and_small_ones_carry_no_words() -> None:
    parts = {"large": {"compute": 4.0, "move": 96.0}, "nano": {"compute": 1.0, "move": 1.0}}
    chart = shares(parts, {"large": "100 µJ", "nano": "2 µJ"}, x="share (%)")
    widths = [patch.get_width() for patch in chart.axes[0].patches]
    assert widths == pytest.approx([4, 96, 50, 50])
    assert words(chart) == ["96 %", "100 µJ", "50 %", "50 %", "2 µJ"] and inside(chart)
    for wrong in ({}, {"a": {"x": 1.0}}, {"a": {"x": 1.0, "y": 1.0}, "b": {"x": 1.0, "z": 1.0}}):
        with pytest.raises(ValueError, match="same two or three parts"):
            shares(wrong, {}, x="")
    for wrong in ({"a": {"x": 0.0, "y": 0.0}}, {"a": {"x": -1.0, "y": 2.0}}):
        with pytest.raises(ValueError, match="0 or more"):
            shares(wrong, {"a": ""}, x="")


CELLS = {"large": {"chip": "storage", "phone": None}, "nano": {"chip": None, "phone": None}}


def test_a_cell_fits_or_names_what_breaks() -> None:
    """In words, so that nothing depends on colour."""
    chart = fit_grid(CELLS, notes={"chip": "$2"})
    assert words(chart) == ["storage", "fits", "fits", "fits"] and apart(chart)
    assert [tick.get_text() for tick in chart.axes[0].get_xticklabels()] == ["chip\n$2", "phone"]
    for wrong in ({}, {"a": {}}, {"a": {"x": None}, "b": {"y": None}}):
        with pytest.raises(ValueError, match="the same devices"):
            fit_grid(wrong)


def find(limit: int, other: str = "x") -> dict:
    """Networks of 1, 10 and 100; those above the limit break."""
    return {str(size): {"chip": None if size <= limit else "memory"} for size in (1, 10, 100)}


def test_a_slider_redraws_the_grid() -> None:
    """The twin shows the start values; moving a slider gives another picture, moving it back the first one."""
    sliders, start = {"limit": [1, 10, 100], "other": [2, 3]}, {"limit": 10, "other": 2}
    labels = {"limit": "a limit", "other": "another"}
    twin = explorer(find, sliders, start, labels=labels)
    assert words(twin) == ["fits", "fits", "memory"]
    slider, _, image = explorer_widget(find, sliders, start, labels=labels).children
    first = image.value
    assert first == fit_grid(find(10)).png()
    slider.value = 1
    assert image.value == fit_grid(find(1)).png() != first
    slider.value = 10
    assert image.value == first
    with pytest.raises(ValueError, match="the start of limit must be one of"):
        explorer(find, sliders, {"limit": 7, "other": 2}, labels=labels)
