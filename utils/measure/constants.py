"""The figures behind models of energy, carbon and cost: `constants.toml`, each with its source."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("constants.toml")


@cache
def constants() -> dict[str, Any]:
    """What `constants.toml` says: {"operations": ..., "grid": ..., "price": ...}."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
