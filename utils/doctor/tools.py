"""The programs that a lab or a test wants beside Python."""

from __future__ import annotations

import shutil
from dataclasses import dataclass


@dataclass(frozen=True)
class Tool:
    """A program that a lab or a test wants.

    commands: any of these will do.
    package: Debian's name of it.
    tested: the tests need it, so `start.py test --all` installs it.
    """

    commands: tuple[str, ...]
    package: str
    wanted_by: str
    tested: bool = False

    def path(self) -> str | None:
        """Where it is, or None."""
        return next((found for command in self.commands if (found := shutil.which(command))), None)


TOOLS = (
    Tool(("chromium", "chromium-browser", "google-chrome"), "chromium", "lab 06, the browser tests", tested=True),
    Tool(("arm-none-eabi-gcc",), "gcc-arm-none-eabi", "lab 07", tested=True),
    Tool(("qemu-system-arm",), "qemu-system-arm", "lab 07", tested=True),
    Tool(("cc", "gcc", "clang"), "gcc", "lab 07, its C code on this computer", tested=True),
    Tool(("bwrap",), "bubblewrap", "grading a class", tested=True),
    Tool(("node", "nodejs"), "nodejs", "lab 06, to rebuild its page"),
    Tool(("git",), "git", "updates of the course"),
)
