"""Can every figure be read: nothing overlaps, nothing leaks, and what is wrong is refused in one sentence?"""

from __future__ import annotations

import io
from collections.abc import Callable
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import _pylab_helpers
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from matplotlib.text import Text

from utils.compress.search import pareto_front
from utils.measure import Card, Latency
from utils.show import Chart, caption, figure, garments, guess, label_lines, pareto, slider_figure, use_style, weight_histogram
from utils.show.charts.pareto import front
from utils.show.style import PALETTE, PAPER, readable


def cards(count: int = 6, *, costs: tuple[float, ...] = (), values: tuple[float, ...] = ()) -> list[Card]:
    """Networks from small to large, or with the given costs and values."""
    costs = costs or tuple(4.0**at for at in range(count))
    values = values or tuple(80 + 2.5 * at for at in range(count))
    return [
        Card(
            name=f"network {at}", metric_name="accuracy", metric=value, samples=10, size_bytes=int(cost),
            parameters=int(cost), nonzero=int(cost), macs=int(cost), peak_activation_bytes=int(cost), latency=Latency(cost, cost, cost, 9),
        )
        for at, (cost, value) in enumerate(zip(costs, values, strict=True))
    ]  # fmt: skip


def boxes(chart: Chart, texts: list[Text]) -> np.ndarray:
    """Where texts are drawn: (n, 4) pixels x0, y0, x1, y1."""
    chart.draw_without_rendering()
    return np.array([text.get_window_extent().extents for text in texts])


def overlapping(found: np.ndarray) -> int:
    """Pairs of boxes that share more than a sliver."""
    count = 0
    for at, a in enumerate(found):
        for b in found[at + 1 :]:
            width, height = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
            count += width > 1 and height > 2
    return count


WEIGHTS = np.random.default_rng(0).normal(size=(16, 8, 3, 3))
IMAGES = np.random.default_rng(0).normal(size=(10, 1, 28, 28))


def lines() -> Chart:
    """Three lines, two of which end at almost the same place."""
    chart = figure()
    axes = chart.add_subplot()
    for name, end in {"global": 90.0, "per layer": 89.9, "random": 40.0}.items():
        axes.plot([0, 50, 99], [94, 93, end], label=name)
    label_lines(axes)
    return chart


FIGURES: dict[str, Callable[[], Chart]] = {
    "pareto": lambda: pareto(cards(9)),
    "garments": lambda: garments(IMAGES, np.arange(10), "abcdefghij", np.zeros(10, int)),
    "histogram": lambda: weight_histogram(WEIGHTS, np.abs(WEIGHTS) > 1, WEIGHTS * (np.abs(WEIGHTS) > 1)),
    "slider": lambda: slider_figure(lambda axes, value: axes.plot([0, value]), [1, 2, 3, 4], "steps"),
    "guess": lambda: guess("key", "How many?", 0, 10).reveal(3),
    "lines": lines,
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_small_opaque_and_wide_enough(name: str) -> None:
    """At most 80 kB and 840 pixels; the corner is opaque paper, so that a dark page does not swallow the text."""
    data = FIGURES[name]().png()
    image = imread(io.BytesIO(data))
    assert len(data) < 80_000 and image.shape[1] <= 840
    np.testing.assert_allclose(image[0, 0], (*to_rgb(PAPER), 1.0), atol=0.01)


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_not_kept_alive_by_pyplot(name: str) -> None:
    """A lab draws many: none of them is registered."""
    FIGURES[name]()
    assert not _pylab_helpers.Gcf.get_all_fig_managers()


@pytest.mark.parametrize("name", FIGURES)
def test_same_figure_same_bytes(name: str) -> None:
    """Stored outputs change only when what they show does."""
    assert FIGURES[name]().png() == FIGURES[name]().png()


def test_palette_is_readable_as_text() -> None:
    """Each color, as it is used for text, has a contrast of 4.5 to 1 with the paper."""

    def luminance(color: str) -> float:
        linear = [value / 12.92 if value <= 0.04 else ((value + 0.055) / 1.055) ** 2.4 for value in to_rgb(color)]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    for color in PALETTE.values():
        assert (luminance(PAPER) + 0.05) / (luminance(readable(color)) + 0.05) >= 4.5
    assert readable(PALETTE["black"]) == "#000000"


def test_style_is_used_by_figures_made_with_pyplot() -> None:
    """After use_style, a student's own plots look like ours."""
    with mpl.rc_context():
        mpl.rcdefaults()
        use_style()
        assert mpl.rcParams["figure.facecolor"] == PAPER
        assert mpl.rcParams["axes.prop_cycle"].by_key()["color"][0] == PALETTE["blue"]


@pytest.mark.parametrize("seed", range(5))
def test_pareto_labels_do_not_cover_each_other(seed: int) -> None:
    """Eight random networks and two twins: every name can be read and lies inside the figure."""
    rng = np.random.default_rng(seed)
    costs, values = (*np.exp(rng.uniform(0, 6, 8)) + 1, 50.0, 52.0), (*rng.uniform(80, 95, 8), 90.0, 90.1)
    chart = pareto(cards(costs=costs, values=values))
    found = boxes(chart, [text for text in chart.axes[0].texts if text.get_text()])
    assert len(found) == 10 and overlapping(found) == 0
    assert found[:, 0].min() >= 0 and found[:, 2].max() <= 840


def test_line_labels_do_not_cover_each_other() -> None:
    """Two ends that almost meet: their names are moved apart, and lie inside the figure."""
    chart = lines()
    found = boxes(chart, list(chart.axes[0].texts))
    assert len(found) == 3 and overlapping(found) == 0
    assert found[:, 2].max() <= 840


def test_front_is_what_no_other_beats() -> None:
    """Dominated and equally cheap points are not on it; equal points are all on it."""
    costs, values = [1, 2, 2, 3, 4, 5], [10, 20, 15, 20, 30, 29]
    assert front(costs, values) == [0, 1, 4]
    assert front([1], [1]) == [0]
    assert front([2, 1, 2, 2], [5.0, 4.0, 5.0, 4.5]) == [1, 0, 2]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=14))
def test_front_is_that_of_the_search(points) -> None:
    """Do figures and searches mean the same by a front?"""
    assert front([cost for cost, _ in points], [value for _, value in points]) == pareto_front(points)


def test_axis_is_logarithmic_only_where_the_range_asks_for_it() -> None:
    """Costs from 1 to 1,024 are; costs from 10 to 20, and costs with a zero, are not."""
    scale = lambda *costs: pareto(cards(costs=costs, values=tuple(range(len(costs))))).axes[0].get_xscale()  # noqa: E731
    assert scale(1, 64, 1024) == "log"
    assert scale(10, 12, 20) == "linear"
    assert scale(0, 64, 1024) == "linear"


@pytest.mark.parametrize("x", ["macs", "size_bytes", "parameters", "nonzero", "peak_activation_bytes", "latency_ms"])
def test_every_cost_can_be_the_axis(x: str) -> None:
    """And is named below it."""
    assert pareto(cards(), x).axes[0].get_xlabel()


def test_pareto_refuses_what_it_can_not_draw() -> None:
    """No cards, an unknown axis, a card that was not timed."""
    with pytest.raises(ValueError, match="got 0 cards"):
        pareto([])
    with pytest.raises(ValueError, match="'price'"):
        pareto(cards(), "price")
    untimed = SimpleNamespace(name="untimed", metric=1.0, latency_ms=None)
    with pytest.raises(ValueError, match="latency_ms of untimed is not known"):
        pareto([*cards(1), untimed], "latency_ms")


def test_caption_is_wrapped_inside_the_figure() -> None:
    """A long finding takes more lines, not more width."""
    chart = figure()
    chart.add_subplot()
    caption(chart, "what this shows " * 20)
    label = next(text for text in chart.findobj(Text) if text.get_text().startswith("what"))
    found = boxes(chart, [label])
    assert found[0, 0] >= 0 and found[0, 2] <= 840 and "\n" in label.get_text()


def test_wrong_predictions_are_marked_by_words_and_a_frame() -> None:
    """Not by colour alone."""
    chart = garments(IMAGES[:2], [0, 1], ("boot", "bag"), [0, 0])
    right, wrong = ([text.get_text() for text in axes.texts] for axes in chart.axes)
    assert right == ["boot\nright"] and wrong == ["bag\nsaid boot"]
    assert [len(axes.patches) for axes in chart.axes] == [0, 1]


@pytest.mark.parametrize("images", [IMAGES, IMAGES[:, 0], torch.from_numpy(IMAGES), (IMAGES[:, 0] * 20).astype(np.uint8)])
def test_images_may_be_torch_or_numpy_with_or_without_channel(images: object) -> None:
    """An axes for each image."""
    assert len(garments(images, np.arange(10), "abcdefghij").axes) == 10


def test_garments_and_histogram_refuse_other_shapes() -> None:
    """Colour images, missing labels, another mask."""
    with pytest.raises(ValueError, match="images must be"):
        garments(np.zeros((2, 3, 8, 8)), [0, 0], "a")
    with pytest.raises(ValueError, match="one label and one prediction"):
        garments(IMAGES, [0], "a")
    with pytest.raises(ValueError, match="need one shape"):
        weight_histogram(WEIGHTS, np.ones(3))


def test_histogram_counts_every_weight_once() -> None:
    """The kept part and the removed part above it add up to all weights."""
    keep = np.abs(WEIGHTS) > 1
    removed, kept = weight_histogram(torch.tensor(WEIGHTS, requires_grad=True), torch.tensor(keep)).axes[0].patches
    assert kept.get_data().values.sum() == keep.sum()
    assert (removed.get_data().values - removed.get_data().baseline).sum() == (~keep).sum()
    assert removed.get_hatch()


def test_histogram_of_constant_weights_can_be_drawn() -> None:
    """All zero, all removed: a figure, not an error."""
    assert weight_histogram(np.zeros(9), np.zeros(9), np.zeros(9)).png()
