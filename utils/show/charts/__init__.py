"""Charts of numbers: curves, bars, dots and intervals, tensors over time."""

from utils.show.charts.areas import areas
from utils.show.charts.arena import arena, arena_at
from utils.show.charts.calibration import coverage_chart, reliability_diagram, severity_chart
from utils.show.charts.curves import bars, curves, promised_and_measured
from utils.show.charts.histogram import weight_histogram
from utils.show.charts.latencies import latencies
from utils.show.charts.paired import Gain, gain, paired
from utils.show.charts.pareto import pareto
from utils.show.charts.people import people
from utils.show.charts.ratios import ratios
from utils.show.charts.rounding import grid_over, ranges, staircase
from utils.show.charts.seeds import seeds
from utils.show.charts.shares import shares
from utils.show.charts.stacks import stacks
from utils.show.charts.timeline import timeline

__all__ = [
    "Gain",
    "areas",
    "arena",
    "arena_at",
    "bars",
    "coverage_chart",
    "curves",
    "gain",
    "grid_over",
    "latencies",
    "paired",
    "pareto",
    "people",
    "promised_and_measured",
    "ranges",
    "ratios",
    "reliability_diagram",
    "seeds",
    "severity_chart",
    "shares",
    "stacks",
    "staircase",
    "timeline",
    "weight_histogram",
]
