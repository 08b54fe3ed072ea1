"""A small coverage-guided fuzzer: an input that reaches a new step of the code is kept, and mutated further.

A step is a pair of lines that are executed one after the other in a function, as in AFL (Zalewski, 2013). It needs nothing but
`sys.settrace`, so it runs where no other fuzzer can be installed.
"""

import random
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any


class Steps:
    """Collects the steps of all functions in some folders while it is active."""

    def __init__(self, *folders: Path) -> None:
        self.folders, self.seen, self.before = tuple(map(str, folders)), set(), {}
        self.other = sys.gettrace()

    def __enter__(self) -> "Steps":
        sys.settrace(self._call)
        return self

    def __exit__(self, *_: Any) -> None:
        sys.settrace(self.other)

    def _call(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        return self._line if frame.f_code.co_filename.startswith(self.folders) else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        code, line = frame.f_code, frame.f_lineno
        self.seen.add((code, self.before.get(code), line))
        self.before[code] = line
        return self._line


def fuzz(
    run: Callable[[bytes], Any], corpus: list[bytes], mutate: Callable[[bytes, random.Random], bytes], count: int, seed: int, *folders: Path
) -> tuple[int, int]:
    """Run so many mutated inputs; return how many of them reached something new, and how many steps were reached in all.

    run: called with each input; whatever it raises ends the fuzzing. corpus: inputs to begin with. folders: the code to watch.
    """
    rng, steps, kept = random.Random(seed), Steps(*folders), list(corpus)

    def is_new(data: bytes) -> bool:
        known = len(steps.seen)
        with steps:
            run(data)
        return len(steps.seen) > known

    for data in corpus:
        is_new(data)
    for _ in range(count):
        data = mutate(rng.choice(kept[-50:] if rng.random() < 0.5 else kept), rng)
        if is_new(data):
            kept.append(data)
    return len(kept) - len(corpus), len(steps.seen)
