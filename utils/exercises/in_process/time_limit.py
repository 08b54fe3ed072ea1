"""A limit on computing: code that loops is stopped after some seconds of processor time, in a notebook on any system.

A thread looks at the process's clock and raises TookTooLong in the thread that computes. Python delivers it between two of
its own instructions, so a single call into C that never returns is not stopped; the notebook's interrupt button does not
stop that either. Waiting (sleep, input) costs no processor time and is not counted.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")
_LOOKS_PER_LIMIT, _FASTEST_S, _SLOWEST_S = 20, 0.02, 0.5


class TookTooLongError(BaseException):
    """The code did not end within its limit. Not an Exception, so that `except Exception` in a loop does not keep it going."""


def limited(function: Callable[[], Answer], seconds: float) -> Answer:
    """What the function returns.

    Raises:
        TookTooLongError: the process has computed for so many seconds; raised again and again while the function catches it.
        BaseException: whatever the function raises.
    """
    watch = _Watch(threading.get_ident(), seconds)
    watch.start()
    try:
        try:
            return function()
        finally:
            watch.end()
    except TookTooLongError:
        watch.end()  # it may have come just as the function ended
        raise


class _Watch(threading.Thread):
    def __init__(self, computing: int, seconds: float) -> None:
        super().__init__(name="time limit of a check", daemon=True)
        self._computing, self._seconds = computing, seconds
        self._over, self._lock = threading.Event(), threading.Lock()

    def run(self) -> None:
        pause = min(max(self._seconds / _LOOKS_PER_LIMIT, _FASTEST_S), _SLOWEST_S)
        start = time.process_time()
        while not self._over.wait(pause):
            if time.process_time() - start > self._seconds:
                self._raise()

    def _raise(self) -> None:
        with self._lock:
            if not self._over.is_set():
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._computing), ctypes.py_object(TookTooLongError))

    def end(self) -> None:
        """Stop looking, and take back what was raised and has not arrived."""
        with self._lock:
            self._over.set()
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._computing), None)
