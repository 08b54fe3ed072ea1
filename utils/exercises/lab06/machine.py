"""What `interleave` is tried on: a machine with a clock that knows no time but its own. It stays on the trusted side.

A call moves the clock on by its cost times the pace of the machine at that moment, so the samples alone tell who ran when.
"""

from __future__ import annotations

from collections.abc import Sequence


class Machine:
    """Answers the probe `interleaved`: ("clock",) with the time in seconds, ("work", name) when the work is done.

    costs: ms of each function. pace: how many times slower the machine is at each call. start_s: the time at first.
    """

    def __init__(self, names: Sequence[str], costs: Sequence[float], pace: Sequence[float], start_s: float) -> None:
        self._costs, self._pace = dict(zip(names, costs, strict=True)), pace
        self._now_s, self._calls = start_s, 0

    def __call__(self, what: str, name: str = "") -> float | None:
        """The time, or None after the work.

        Raises:
            ValueError: there is no function of this name.
        """
        if what == "clock":
            return self._now_s
        if name not in self._costs:
            raise ValueError(f"there is no function {name!r}")
        self._now_s += self._costs[name] * self._pace[self._calls % len(self._pace)] / 1000
        self._calls += 1
        return None
