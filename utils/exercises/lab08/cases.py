"""Lab 08's exercises: what each function must do, and what stands in for it.

The oracles are sums written out, one by one. Where chance is in it, the student's function runs thousands of times and the
judge looks at frequencies: which of the generator's methods it calls is free. The exercises are declared in the order of the
notebook, in three files: memory.py (what learns and what that costs), reservoir.py (what to keep) and federated.py.
"""

from __future__ import annotations

from utils.exercises.lab08.federated import lab

__all__ = ["lab"]
