"""Looking at each tensor operation of a pass of a torch model."""

from __future__ import annotations

from torch.utils._python_dispatch import TorchDispatchMode


class Watcher(TorchDispatchMode):
    """A dispatch mode that never meets torch's compiler.

    Without the method below torch would hide the mode from the compiler, and load all of it to do so:
    a second, 800 modules and a new environment variable, at the first measurement.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False
