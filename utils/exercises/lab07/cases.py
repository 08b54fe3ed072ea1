"""Lab 07's exercises: what each function must do, and what stands in for it.

The judges compute with Python's whole numbers and fractions; C text is parsed and never compiled on their side. The exercises are
declared in the order of the notebook, in three files: arithmetic.py, shipping.py and inner_loop.py.
"""

from __future__ import annotations

from utils.exercises.lab07.inner_loop import lab

__all__ = ["lab"]
