"""What tests need and a computer may lack: the same words in `doctor`, in a skipped test and in the summary of `start.py test`."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from utils.doctor.setting import packages
from utils.doctor.tools import TOOLS, Tool
from utils.files import ROOT

CONTOURS = ROOT / "datasets" / "contours" / "contours.safetensors"
HAPT = ROOT / "datasets" / "hapt" / "hapt.safetensors"
MNIST = ROOT / "datasets" / "mnist" / "mnist.safetensors"
# Never part of the course: its file is named in TITANS_MEDMNIST, or lies in a folder "data" beside the course.
_GIVEN = [Path(os.environ["TITANS_MEDMNIST"])] if "TITANS_MEDMNIST" in os.environ else ROOT.parent.glob("*/data/pneumoniamnist*.npz")
PNEUMONIA = next((path for path in _GIVEN if path.is_file()), None)

SAID = re.compile(r"(?P<name>.+?) is missing; (?P<remedy>.+)", re.DOTALL)


@dataclass(frozen=True)
class Need:
    """Something that tests need.

    name: what is missing, as in "chromium is missing".
    tests: which tests are left out without it.
    remedy: how to get it.
    is_there: whether this computer has it.
    """

    name: str
    tests: str
    remedy: str
    is_there: Callable[[], bool]

    @property
    def reason(self) -> str:
        """The reason of a test that is skipped for it."""
        return f"{self.name} is missing; {self.remedy}"


@cache
def needs() -> dict[str, Need]:
    """name -> what the tests need: programs by Debian's name, optional packages by pip's, the history, data by its name."""
    tools = [Need(tool.package, tool.tests, tool.remedy, partial(_has, tool)) for tool in TOOLS if tool.tests]
    optional = [
        Need(one.name, f"tests of {one.name}", f"pip install --no-deps {one.pinned}", partial(bool, one.installed))
        for one in packages()
        if one.optional
    ]
    history = Need(".git", "tests of what is handed out", "get the course by 'git clone'", (ROOT / ".git").exists)
    contours = Need("contours", "tests on outlines of bones", "python3 start.py data 13", CONTOURS.is_file)
    hapt = Need("HAPT", "tests on HAPT", "python3 start.py data 08", HAPT.is_file)
    mnist = Need("MNIST", "tests on MNIST", "python3 start.py data 04", MNIST.is_file)
    remedy = "name its .npz file in the environment variable TITANS_MEDMNIST"
    pneumonia = Need("PneumoniaMNIST", "tests on real X-rays", remedy, lambda: PNEUMONIA is not None)
    return {need.name: need for need in (*tools, *optional, history, contours, hapt, mnist, pneumonia)}


def lacking(*names: str) -> str | None:
    """Why a test that needs all of these is skipped here; None if all of them are there.

    Raises:
        KeyError: none of our needs has this name.
    """
    return next((needs()[name].reason for name in names if not needs()[name].is_there()), None)


def left_out(reasons: Iterable[str]) -> list[str]:
    """One line for each cause from the reasons of all skipped tests, the most frequent cause first."""
    lines = []
    for reason, count in Counter(reasons).most_common():
        said = SAID.fullmatch(reason)
        need = needs().get(said["name"]) if said else None
        tests = need.tests if need else "tests"
        counted = f"1 {tests.replace('tests', 'test', 1)} was left out" if count == 1 else f"{count} {tests} were left out"
        lines.append(f"{said['name']} is missing: {counted}; {said['remedy']}" if said else f"{counted}: {reason}")
    return lines


def _has(tool: Tool) -> bool:
    return bool(tool.path())
