"""Detection in a stream: from the posteriors of each frame to detections, false accepts per hour and misses."""

from utils.measure.detection.events import detect, smooth
from utils.measure.detection.matching import Match, match, sweep
from utils.measure.detection.roc import roc_points

__all__ = ["Match", "detect", "match", "roc_points", "smooth", "sweep"]
