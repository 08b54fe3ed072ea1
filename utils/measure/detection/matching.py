"""Which detections are right: a matching rule, and what follows from it: misses in percent, false accepts per hour."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from utils.measure.detection.events import detect

Detection = tuple[float, int]  # seconds, keyword
Spoken = tuple[float, float, int]  # begin and end in seconds, keyword
SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Match:
    """What came of a stream's detections.

    hits: spoken keywords that were detected. misses: those that were not. false_accepts: detections of nothing that was said.
    seconds: the length of the stream.
    """

    hits: int
    misses: int
    false_accepts: int
    seconds: float

    @property
    def per_hour(self) -> float:
        """False accepts per hour."""
        return self.false_accepts * SECONDS_PER_HOUR / self.seconds

    @property
    def missed_percent(self) -> float:
        """The percentage of the spoken keywords that were missed; NaN where none was spoken."""
        spoken = self.hits + self.misses
        return 100 * self.misses / spoken if spoken else math.nan

    def __add__(self, other: Match) -> Match:
        """Both streams, one after the other."""
        names = ("hits", "misses", "false_accepts", "seconds")
        return Match(*(getattr(self, name) + getattr(other, name) for name in names))

    def __str__(self) -> str:
        missed = f"{self.missed_percent:.1f} % missed" if self.hits + self.misses else "no keyword spoken"
        return f"{missed}, {self.per_hour:.2f} false accepts per hour in {self.seconds / SECONDS_PER_HOUR:.2f} hours"


def match(detections: Iterable[Detection], spoken: Iterable[Spoken], seconds: float, tolerance_s: float = 0.5) -> Match:
    """Match detections with what was said.

    In order of time, a detection hits a spoken keyword of its kind that is not hit yet and is being spoken, or ended
    `tolerance_s` ago at most; of several, the one that ends first. Every other detection is a false accept: a keyword that is
    detected twice is a hit and a false accept.

    detections: (time in seconds, keyword). spoken: (begin, end in seconds, keyword). seconds: the length of the stream.

    >>> print(match([(1.2, 7), (1.9, 7), (30.0, 2)], [(1.0, 1.5, 7), (5.0, 5.4, 3)], seconds=3600))
    50.0 % missed, 2.00 false accepts per hour in 1.00 hours

    Raises:
        ValueError: a stream without length, a negative tolerance, a keyword that ends before it begins, or a time outside the stream.
    """
    if not (math.isfinite(seconds) and seconds > 0) or not tolerance_s >= 0:
        raise ValueError(f"need a stream with a length and a tolerance of 0 s or more, got {seconds} s and {tolerance_s} s")
    open_words = sorted(spoken, key=lambda word: word[1])
    if wrong := next((word for word in open_words if not 0 <= word[0] <= word[1] <= seconds), None):
        raise ValueError(f"a keyword is spoken from {wrong[0]} to {wrong[1]} s in a stream of {seconds} s: check begin and end")
    hits = false_accepts = 0
    for time, keyword in sorted(detections):
        if not 0 <= time <= seconds:
            raise ValueError(f"a detection at {time} s lies outside the stream of {seconds} s: check the unit of the times")
        fits = (at for at, (begin, end, said) in enumerate(open_words) if said == keyword and begin <= time <= end + tolerance_s)
        if (found := next(fits, None)) is None:
            false_accepts += 1
        else:
            hits += 1
            del open_words[found]
    return Match(hits, len(open_words), false_accepts, seconds)


def sweep(
    posteriors: Any,
    spoken: Sequence[Spoken],
    *,
    thresholds: Sequence[float],
    refractory: int,
    frame_s: float,
    begin_s: float = 0.0,
    tolerance_s: float = 0.5,
) -> list[Match]:
    """One `Match` for each threshold: the ROC curve of a detector over a stream.

    posteriors: (frames, keywords), smoothed; thresholds, refractory: as `detect` takes them. frame_s: seconds from a frame to
    the next. begin_s: when the first frame's posterior is known, as the end of the first window.

    Raises:
        ValueError: as `detect` and `match`.
    """
    seconds = begin_s + len(posteriors) * frame_s
    inside = [(begin, min(end, seconds), word) for begin, end, word in spoken if begin < seconds]
    return [
        match(
            [(begin_s + frame * frame_s, word) for frame, word in detect(posteriors, threshold, refractory)], inside, seconds, tolerance_s
        )
        for threshold in thresholds
    ]
