"""A network of the zoo as an int8 file that lives as long as it is judged."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from utils.deploy import OnnxRunnable, to_int8_onnx


@contextmanager
def exported(model: nn.Module, calibration: Tensor, how: dict[str, Any]) -> Iterator[tuple[OnnxRunnable, int]]:
    """Yield (the network as ONNX Runtime runs it in int8, the bytes of its file). how: options of `to_int8_onnx`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "int8.onnx"
        size = to_int8_onnx(model, None, file, calibration, **how)
        yield OnnxRunnable(file, name="int8"), size
