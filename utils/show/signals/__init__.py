"""Signals over time: a movement in six channels, heartbeats in a strip."""

from utils.show.signals.motion import motion
from utils.show.signals.strip import strip

__all__ = ["motion", "strip"]
