"""Pages of HTML that need nothing but themselves: one style, no script, every text escaped."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from course.grading.report.grades_csv import number
from course.grading.text import printable
from utils.files import write_atomically

TEMPLATES = Path(__file__).parent / "templates"


@cache
def _style() -> str:
    return (TEMPLATES / "style.css").read_text(encoding="utf-8")


def policy() -> str:
    """What a browser may load for a page, in CSP's words: nothing but the one style that is in it."""
    style = b64encode(sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_seen,
    )
    environment.filters |= {"points": number, "breakable": breakable}
    return environment


def _seen(value: Any) -> Any:
    """A value of a page as it is shown: no text of a student's moves a cursor or turns the direction of writing."""
    from markupsafe import Markup

    return value if not isinstance(value, str) else Markup(printable(value)) if isinstance(value, Markup) else printable(value)


def render(template: str, **values: Any) -> str:
    """A page from a template of templates/, for which `values` are escaped."""
    from markupsafe import Markup

    style = Markup(_style())
    return str(_environment().get_template(template).render(css=style, policy=policy(), **values))


def write_page(path: Path, text: str) -> None:
    """Write a page if it is another than the one that is there. Half a surrogate pair, which no file can hold, becomes a question mark."""
    data = text.encode("utf-8", "replace")
    if not path.exists() or path.read_bytes() != data:
        write_atomically(path, data)


def breakable(name: str) -> Any:
    """A function's name that a narrow column breaks behind an underscore."""
    from markupsafe import Markup, escape

    return Markup("_<wbr>").join(escape(part) for part in name.split("_"))


_NAMES = {
    "macs": "MACs",
    "on": "inputs",
    "photos": "photos tried",
    "windows": "windows tried",
    "beats": "beats tried",
    "lesions": "lesions tried",
    "sensitivity_percent": "sensitivity (%)",
    "false_alarms_percent": "false alarms (%)",
    "balanced_percent": "balanced recall (%)",
    "right_percent": "right answers (%)",
    "points_lost": "loss (points)",
    "uncertainty_points": "give or take (points)",
    "activation_bytes": "activations (bytes)",
    "ram_bytes": "RAM (bytes)",
}
_VERDICT = (
    "file",
    "within_budget",
    "balanced_percent",
    "sensitivity_percent",
    "false_alarms_percent",
    "right_percent",
    "points_lost",
    "uncertainty_points",
)
_FIRST = (*_VERDICT, "size_bytes", "flash_bytes", "ram_bytes", "macs", "activation_bytes")
_LAST = ("photos", "windows", "beats", "lesions", "on", "note")


def figure_name(name: str) -> str:
    """How a figure of an open challenge is called: "size_bytes" is "size (bytes)"."""
    rest, _, unit = name.rpartition("_")
    words = f"{rest} ({unit})" if rest and unit == "bytes" else name
    return _NAMES.get(name, words.replace("_", " "))


def figure(value: Any) -> str:
    """A figure of an open challenge, or a sentence about it. Percentages and points have two decimals: they align."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def ranked(names: Iterable[str]) -> list[str]:
    """Names of the figures of a challenge in the order in which they are read: the verdict, what decides it, the rest, the note."""
    there = dict.fromkeys(names)
    rest = [name for name in there if name not in _FIRST + _LAST]
    return [name for name in _FIRST if name in there] + rest + [name for name in _LAST if name in there]


def plural(count: int, one: str, more: str | None = None) -> str:
    """ "1 student", "2 students"."""
    return f"{count} {one if count == 1 else more or one + 's'}"


def title_of(lab: str) -> str:
    """How people call "01_pruning": "Lab 01: pruning"."""
    return f"Lab {lab[:2]}: {lab[3:].replace('on_device', 'on-device').replace('_', ' ')}"
