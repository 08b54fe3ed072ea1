"""Figures and widgets in one style; they take plain arrays and cards, and know no other part of the project."""

from utils.show.answers import answer_bars, answers
from utils.show.areas import areas
from utils.show.arena import arena, arena_at
from utils.show.curves import bars, curves, promised_and_measured
from utils.show.fit_grid import explorer, fit_grid
from utils.show.garments import garments
from utils.show.histogram import weight_histogram
from utils.show.latencies import latencies
from utils.show.live import Live
from utils.show.maps import filter_maps, heat_map, weight_maps
from utils.show.motion import motion
from utils.show.paired import Gain, gain, paired
from utils.show.pareto import pareto
from utils.show.people import people
from utils.show.pixels import pixels
from utils.show.predict import Guess, predict
from utils.show.ratios import ratios
from utils.show.rounding import grid_over, ranges, staircase
from utils.show.seeds import seeds
from utils.show.shares import shares
from utils.show.slider import slider_figure
from utils.show.stacks import stacks
from utils.show.style import PALETTE, Chart, caption, direct_label, figure, label_lines, use_style
from utils.show.timeline import timeline

__all__ = [
    "PALETTE",
    "Chart",
    "Gain",
    "Guess",
    "Live",
    "answer_bars",
    "answers",
    "areas",
    "arena",
    "arena_at",
    "bars",
    "caption",
    "curves",
    "direct_label",
    "explorer",
    "figure",
    "filter_maps",
    "fit_grid",
    "gain",
    "garments",
    "grid_over",
    "heat_map",
    "label_lines",
    "latencies",
    "motion",
    "paired",
    "pareto",
    "people",
    "pixels",
    "predict",
    "promised_and_measured",
    "ranges",
    "ratios",
    "seeds",
    "shares",
    "slider_figure",
    "stacks",
    "staircase",
    "timeline",
    "use_style",
    "weight_histogram",
    "weight_maps",
]
