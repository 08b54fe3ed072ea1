"""How busy this computer is."""

from __future__ import annotations

import os

Load = tuple[float, float, float] | None


def load_average() -> Load:
    """Processes that wanted to run over the last 1, 5 and 15 minutes; None where the system does not say."""
    return os.getloadavg() if hasattr(os, "getloadavg") else None
