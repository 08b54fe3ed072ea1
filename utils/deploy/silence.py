"""Exporters and runtimes without their prints, and their errors in one line."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Neither warnings nor prints nor log lines, those of compiled code included: a notebook stores every one of them."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        python = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
        with warnings.catch_warnings(), _descriptors_closed(), python[0], python[1]:
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


@contextlib.contextmanager
def _descriptors_closed() -> Iterator[None]:
    """What C++ writes to the process's own output and error streams goes nowhere; both come back afterwards."""
    saved: dict[int, int] = {}
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(OSError, ValueError):  # a closed one
            if stream is not None:
                stream.flush()  # what was said before is still said
    try:
        with open(os.devnull, "wb") as nowhere:
            for descriptor in (1, 2):
                with contextlib.suppress(OSError):  # a program without that stream
                    saved[descriptor] = os.dup(descriptor)
                    os.dup2(nowhere.fileno(), descriptor)
            yield
    finally:
        for descriptor, before in saved.items():
            os.dup2(before, descriptor)
            os.close(before)


def reason(error: BaseException, length: int = 150) -> str:
    """The first line of an error's text, without the codes that color a terminal, cut to so many characters.

    >>> reason(RuntimeError("\\x1b[96mno such layer\\x1b[0m\\nand 30 lines of trace"))
    'no such layer'
    """
    plain = re.sub(r"\x1b\[[0-9;?]*[ -/]*[@-~]", "", str(error)).strip()
    return (plain.splitlines() or [""])[0][:length]
