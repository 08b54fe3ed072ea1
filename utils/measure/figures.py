"""The figures behind models of energy, carbon and cost: `figures.toml`, each with its source."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("figures.toml")


@cache
def figures() -> dict[str, Any]:
    """What `figures.toml` says: {"operations": ..., "grid": ..., "price": ...}."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
