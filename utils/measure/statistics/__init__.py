"""What a metric hides: recalls by class, and the interval that the choice of the samples leaves open."""

from utils.measure.statistics.bootstrap import Interval, bootstrap
from utils.measure.statistics.recall import balanced_recall, confusion, pooled_recall, recalls

__all__ = ["Interval", "balanced_recall", "bootstrap", "confusion", "pooled_recall", "recalls"]
