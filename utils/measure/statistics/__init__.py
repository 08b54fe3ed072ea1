"""What a metric hides: recalls by class, ranking, calibration, abstaining, and the interval that the choice of samples leaves open."""

from utils.measure.statistics.abstaining import ClinicLoad, Coverage, clinic_load, coverage_curve
from utils.measure.statistics.bootstrap import Interval, bootstrap
from utils.measure.statistics.calibration import (
    Reliability,
    brier,
    calibration_error,
    fit_temperature,
    negative_log_likelihood,
    probabilities,
    reliability,
)
from utils.measure.statistics.ranking import auc, predictive_value, roc, sensitivity_and_specificity, threshold_at_specificity
from utils.measure.statistics.recall import balanced_recall, confusion, pooled_recall, recalls

__all__ = [
    "ClinicLoad",
    "Coverage",
    "Interval",
    "Reliability",
    "auc",
    "balanced_recall",
    "bootstrap",
    "brier",
    "calibration_error",
    "clinic_load",
    "confusion",
    "coverage_curve",
    "fit_temperature",
    "negative_log_likelihood",
    "pooled_recall",
    "predictive_value",
    "probabilities",
    "recalls",
    "reliability",
    "roc",
    "sensitivity_and_specificity",
    "threshold_at_specificity",
]
