"""Pages of HTML that need nothing but themselves: one style, no script, every text escaped."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from course.grading.table import number
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
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"points": number, "breakable": breakable}
    return environment


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


def figure_name(name: str) -> str:
    """How a figure of an open challenge is called: "size_bytes" is "size (bytes)"."""
    rest, _, unit = name.rpartition("_")
    words = f"{rest} ({'%' if unit == 'percent' else unit})" if rest and unit in ("bytes", "percent") else name
    return {"macs": "MACs", "on": "tried on", "right (%)": "right answers (%)"}.get(words, words.replace("_", " "))


def figure(value: Any) -> str:
    """A figure of an open challenge, or a sentence about it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def plural(count: int, one: str, more: str | None = None) -> str:
    """ "1 student", "2 students"."""
    return f"{count} {one if count == 1 else more or one + 's'}"


def title_of(lab: str) -> str:
    """How people call "01_pruning": "Lab 01: pruning"."""
    return f"Lab {lab[:2]}: {lab[3:].replace('_', ' ')}"
