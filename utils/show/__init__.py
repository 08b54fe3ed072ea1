"""Figures and widgets in one style; they take plain arrays and cards, and know no other part of the project."""

from utils.show.curves import bars, curves, promised_and_measured
from utils.show.garments import garments
from utils.show.histogram import weight_histogram
from utils.show.live import Live
from utils.show.maps import filter_maps, heat_map, weight_maps
from utils.show.pareto import pareto
from utils.show.predict import Guess, predict
from utils.show.seeds import seeds
from utils.show.slider import slider_figure
from utils.show.style import PALETTE, Chart, caption, direct_label, figure, label_lines, use_style

__all__ = [
    "PALETTE",
    "Chart",
    "Guess",
    "Live",
    "bars",
    "caption",
    "curves",
    "direct_label",
    "figure",
    "filter_maps",
    "garments",
    "heat_map",
    "label_lines",
    "pareto",
    "predict",
    "promised_and_measured",
    "seeds",
    "slider_figure",
    "use_style",
    "weight_histogram",
    "weight_maps",
]
