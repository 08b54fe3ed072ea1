"""The programs that a lab or a test needs in addition to Python."""

from __future__ import annotations

import shutil
from dataclasses import dataclass


@dataclass(frozen=True)
class Tool:
    """A program that a lab or a test needs.

    commands: any of these will do.
    package: Debian's name of it.
    wanted_by: what a user gets by it.
    tests: which tests are left out without it, as in "tests of C code on this computer"; "" if none is:
        `start.py test --all` installs what the tests need.
    """

    commands: tuple[str, ...]
    package: str
    wanted_by: str
    tests: str = ""

    def path(self) -> str | None:
        """The program's path, or None."""
        return next((found for command in self.commands if (found := shutil.which(command))), None)

    @property
    def remedy(self) -> str:
        """The command that installs it."""
        return f"sudo apt install {self.package}"


TOOLS = (
    Tool(("chromium", "chromium-browser", "google-chrome"), "chromium", "lab 06", "tests of the labs and pages in a browser"),
    Tool(("arm-none-eabi-gcc",), "gcc-arm-none-eabi", "labs 07 and 11", "tests of code for a board"),
    Tool(("qemu-system-arm",), "qemu-system-arm", "labs 07 and 11", "tests on an emulated board"),
    Tool(("cc", "gcc", "clang"), "gcc", "lab 07, its C code on this computer", "tests of C code on this computer"),
    Tool(("bwrap",), "bubblewrap", "grading a class", "tests of the grader's sandbox"),
    Tool(("node", "nodejs"), "nodejs", "lab 06, to rebuild its page"),
    Tool(("git",), "git", "updates of the course", "tests of what the repository holds"),
)
