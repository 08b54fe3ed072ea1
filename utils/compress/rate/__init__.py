"""Training for the code length: weights that are integers times a step, and few bits."""

from utils.compress.rate.density import LogisticMixture, straight_through
from utils.compress.rate.integer_weight import IntegerWeight
from utils.compress.rate.rate_training import RateConfig, RateResult, train_for_rate

__all__ = ["IntegerWeight", "LogisticMixture", "RateConfig", "RateResult", "straight_through", "train_for_rate"]
