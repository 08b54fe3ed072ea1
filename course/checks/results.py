"""What a step of the gate leaves: how it ended, pytest's own last line, and each test with its seconds."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from course.checks.recording import LEFT_FOR_NIGHT, PROPERTY

CLOSING = re.compile(r"^(?:=+ )?(?P<said>\d+ (?:passed|failed|skipped|xfailed|error|deselected|warning).* in [\d.:]+ ?s.*?)(?: =+)?$")


@dataclass(frozen=True)
class Case:
    """One test. file: its path from the project's folder. cpu_s: processor seconds. skipped: the reason, None if it ran."""

    file: str
    name: str
    seconds: float
    cpu_s: float
    skipped: str | None = None


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
        spent = element.find(f"properties/property[@name='{PROPERTY}']")
        found.append(
            Case(
                element.get("file", ""),
                element.get("name", "").rpartition("@")[0] or element.get("name", ""),
                float(element.get("time", 0)),
                0.0 if spent is None else float(spent.get("value", 0)),
                None if skipped is None else skipped.get("message", ""),
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
