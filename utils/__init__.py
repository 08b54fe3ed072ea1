"""Tiny Titans: the shared package behind the labs.

Importing it is cheap: torch and matplotlib are loaded by the modules that need them.
"""

from __future__ import annotations

import os

__version__ = "0.1.0"
__all__ = ["lab_setup"]

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # before ONNX Runtime is loaded, or it writes an id and a log into the user's home


def lab_setup(lab: str, seed: int = 0) -> None:
    """Prepare a lab: one thread, fixed seeds, the figure style, guesses kept in the ledger; prints the versions used.

    lab: its number, "01".
    """
    import platform

    import matplotlib as mpl
    import numpy as np
    import torch

    from utils import ledger
    from utils.show import record_guesses, use_style

    torch.set_num_threads(1)  # what a small device has; also keeps timings comparable
    torch.manual_seed(seed)
    np.random.seed(seed)
    mpl.rcdefaults()  # a matplotlibrc of the user's would change or stop every figure
    use_style()
    record_guesses(ledger.record)
    print(f"Tiny Titans lab {lab}: Python {platform.python_version()}, torch {torch.__version__}, numpy {np.__version__}, 1 thread")
