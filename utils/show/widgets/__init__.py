"""Widgets of a notebook: a guess, a slider, figures that grow during training and during a search, an explorer of devices."""

from utils.show.widgets.fit_grid import explorer, fit_grid
from utils.show.widgets.guess import Guess, guess, record_guesses
from utils.show.widgets.live import Live
from utils.show.widgets.live_front import LiveFront
from utils.show.widgets.slider import slider_figure

__all__ = ["Guess", "Live", "LiveFront", "explorer", "fit_grid", "guess", "record_guesses", "slider_figure"]
