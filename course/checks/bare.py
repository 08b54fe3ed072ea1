"""Another computer for the tests: nothing installed but Python, started just now or a year ago, in another zone and language.

Python's own view is changed, for all processes that a test starts; whoever wants the real thing runs the gate in a bare container.
"""

from __future__ import annotations

import locale
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from utils.files import ROOT

STARTUP = Path(__file__).parent / "startup"
# what the essential packages of Debian bring and scripts rely on
ESSENTIAL = """
[ bash cat chmod chown cp cut date dd df dir dirname du echo env expr false find grep gzip head hostname id kill link ln ls mkdir
mkfifo mktemp mount mv nice nohup printf pwd readlink realpath rm rmdir sed seq setpriv sh sleep sort stat stty su sync tail tar
tee test timeout touch tr true tty umount uname uniq unshare wc which who whoami xargs yes
"""
FAR_ZONE = "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45"  # Chatham Islands, written out: no list of zones is needed
COMMA_LOCALES = ("de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8", "pt_BR.UTF-8", "ru_RU.UTF-8")
YEAR_S = 366 * 24 * 3600.0
# of the user's own: none of it is there on another computer
PERSONAL = ("CONDA", "GIT_", "JUPYTER", "LANG", "LC_", "PIP_", "SSH_", "SUDO_", "VIRTUAL_ENV", "XDG_", "DISPLAY", "EDITOR", "TERM")


UMASK = 0o077
SHIFT = "TITANS_CLOCK_SHIFT_S"  # what startup/sitecustomize.py reads
# Tests that ask what a computer has or is, or tell the time; at every commit these alone run there.
ASKING = (
    "tests/test_start.py",
    "tests/test_environment.py",
    "tests/browser",
    "tests/course/checks/test_bare.py",
    "tests/course/checks/test_install.py",
    "tests/course/grading/sandbox",
    "tests/course/handout",
    "tests/utils/deploy/browser",
    "tests/utils/deploy/mcu",
    "tests/utils/student",
    "tests/utils/test_cli.py",
    "tests/utils/test_doctor.py",
    "tests/utils/test_needs.py",
)
TIMED = ("tests/course/grading/sandbox", "tests/utils/measure", "tests/utils/exercises/test_answers_to_exercises.py")
CLOCKED = "interleave"  # the exercise that is given a clock
KEYWORDS = f"not test_crash and (not test_answers_to_exercises or {CLOCKED})"


@dataclass(frozen=True)
class Computer:
    """Another computer. name: in a few words. uptime_s: how long ago it was started. language: its locale."""

    name: str
    uptime_s: float
    language: str


def computers() -> tuple[Computer, Computer]:
    """One that was started just now and knows English letters alone, and one that ran for a year where decimals have a comma."""
    return Computer("a bare computer", 1.0, "C"), Computer("a computer that ran for a year", YEAR_S, comma_locale() or "C.UTF-8")


def paths(computer: Computer) -> tuple[str, ...]:
    """The tests for it at every commit: all that ask and tell the time on the new one, those that tell the time on the old one."""
    return tuple(dict.fromkeys((*ASKING, *TIMED))) if computer.uptime_s < YEAR_S else TIMED


def comma_locale() -> str | None:
    """The first locale of this computer that writes decimals with a comma, if there is one."""
    before = locale.setlocale(locale.LC_ALL)
    try:
        for name in COMMA_LOCALES:
            try:
                locale.setlocale(locale.LC_ALL, name)
                return name
            except locale.Error:
                continue
    finally:
        locale.setlocale(locale.LC_ALL, before)
    return None


def environment(computer: Computer, scratch: Path) -> dict[str, str]:
    """The whole environment of a process there. scratch: an empty folder, for its programs and for the user's home."""
    home = scratch / "home of José"
    home.mkdir(parents=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PERSONAL)}
    return kept | {
        "PATH": str(programs(scratch / "bin")),
        "HOME": str(home),
        "TZ": FAR_ZONE,
        "LC_ALL": computer.language,
        "COLUMNS": "40",
        SHIFT: repr(computer.uptime_s - time.monotonic() + float(os.environ.get(SHIFT, 0))),
        "PYTHONPATH": os.pathsep.join([str(STARTUP), str(ROOT)]),
    }


def programs(folder: Path) -> Path:
    """A folder for PATH that has links to what every Debian has, to Python, and to nothing else."""
    folder.mkdir(parents=True)
    for name in ESSENTIAL.split():
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    (folder / "python3").symlink_to(getattr(sys, "_base_executable", None) or sys.executable)
    return folder
