"""Tools of this machine that run what a student writes."""

from __future__ import annotations

import os
import shutil

NO_COMPILER = "there is no C compiler here (install gcc or clang; on Windows, inside WSL2)"


def compiler() -> str | None:
    """The path of a C compiler of this machine that answers in C can be run with, or None."""
    if os.name != "posix":
        return None
    return next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
