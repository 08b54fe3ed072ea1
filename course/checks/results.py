"""What a step of the gate leaves: how it ended, pytest's own last line, and each test with its seconds."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from course.checks.recording import BROWSER, CPU, LEFT_FOR_NIGHT

SECONDS = (CPU, BROWSER)
CLOSING = re.compile(r"^(?:=+ )?(?P<said>\d+ (?:passed|failed|skipped|xfailed|error|deselected|warning).* in [\d.:]+ ?s.*?)(?: =+)?$")


@dataclass(frozen=True)
class Case:
    """One test.

    file: its path from the project's folder.
    seconds, cpu_s: on the clock, and of the processor.
    browser_s: processor seconds of a browser's processes, which end unseen.
    skipped: the reason, None if it ran.
    failed: whether it failed, or what it needs could not be set up.
    """

    file: str
    name: str
    seconds: float
    cpu_s: float
    skipped: str | None = None
    browser_s: float = 0.0
    failed: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a step ended. cpu_s: processor seconds of all its processes. closing: pytest's last line. notes: what to say at the end."""

    name: str
    code: int
    seconds: float
    cpu_s: float = 0.0
    closing: str = ""
    notes: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()

    @property
    def skipped(self) -> list[str]:
        """The reason of each test that was skipped."""
        return [case.skipped for case in self.cases if case.skipped is not None]


def read_cases(path: Path) -> tuple[Case, ...]:
    """The tests of a report that pytest wrote with --junitxml and junit_family=xunit1; none if there is no report."""
    if not path.is_file():
        return ()
    found = []
    for element in ET.parse(path).iter("testcase"):
        skipped = element.find("skipped")
        properties = {one.get("name"): float(one.get("value", 0)) for one in element.iter("property") if one.get("name") in SECONDS}
        found.append(
            Case(
                element.get("file", ""),
                element.get("name", ""),
                float(element.get("time", 0)),
                properties.get(CPU, 0.0),
                None if skipped is None else skipped.get("message", ""),
                properties.get(BROWSER, 0.0),
                element.find("failure") is not None or element.find("error") is not None,
            )
        )
    return tuple(found)


def closing_line(lines: Iterable[str]) -> str:
    """pytest's own last line, such as "3 passed, 1 skipped in 0.12s"; "" if there is none."""
    found = [match["said"] for line in lines if (match := CLOSING.match(line.strip()))]
    return found[-1] if found else ""


def notes(lines: Iterable[str]) -> tuple[str, ...]:
    """Lines that are said again at the end."""
    return tuple(line.strip() for line in lines if line.startswith(LEFT_FOR_NIGHT))
