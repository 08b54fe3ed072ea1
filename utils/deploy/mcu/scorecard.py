"""The C code as a contestant of the scorecard, run on this computer."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from utils.deploy.mcu.boards import Board
from utils.deploy.mcu.codegen import Program
from utils.deploy.mcu.host import HostProcess, build_for_host
from utils.deploy.mcu.layers import Flatten, Weighted
from utils.deploy.mcu.sizes import link_sizes
from utils.measure.counts.liveness import Step, moved_bytes
from utils.measure.runnable import Traffic


class HostRunnable:
    """A program on this computer's processor, one process, fed through a pipe (some tens of microseconds of a latency are the pipe's).

    size_bytes: what ships. With a cross compiler that is the flash image for a board: code and tables, without a header
    or names. Without one it is the code and the constants in this computer's object files, which is near it; `sized_by`
    says which it was.
    """

    def __init__(self, program: Program, *, name: str = "int8 C", board: str | Board = "cortex-m4") -> None:
        """Builds the program, so that one that can't run is refused here.

        Raises:
            FileNotFoundError, ValueError: as `run_on_host`.
        """
        self.program, self.name = program, name
        executable = build_for_host(program)
        if shutil.which("arm-none-eabi-gcc") is None:
            self.size_bytes, self.sized_by = _object_bytes(executable.parent), "this computer's object files"
        else:
            self.size_bytes, self.sized_by = link_sizes(program, board).flash_bytes, "the flash image of a board"
        self._process: HostProcess | None = None

    @contextmanager
    def ready(self) -> Iterator[None]:
        """The process, started once for many runs."""
        if self._process is not None:
            yield
            return
        with HostProcess(self.program) as self._process:
            try:
                yield
            finally:
                self._process = None

    def run(self, batch: np.ndarray) -> np.ndarray:
        """batch: (n, ...) float32 -> logits (n, classes) float32."""
        if self._process is None:
            with self.ready():
                return self.run(batch)
        network = self.program.network
        return network.logits(self._process.run(network.codes(batch)))

    @property
    def _tables(self) -> list[np.ndarray]:
        layers = (layer for layer in self.program.network.layers if isinstance(layer, Weighted))
        return [table for layer in layers for table in (layer.weight, layer.bias)]

    @property
    def parameters(self) -> int:
        """Weights and biases; the multipliers and shifts that bring sums to codes are none."""
        return sum(table.size for table in self._tables)

    @property
    def nonzero(self) -> int:
        """Those of `parameters` that are not zero."""
        return sum(int(np.count_nonzero(table)) for table in self._tables)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return self.program.network.macs

    @property
    def peak_activation_bytes(self) -> int:
        """Bytes of the arena."""
        return self.program.network.arena.size_bytes

    @property
    def traffic(self) -> Traffic:
        """All tables once; each layer reads its inputs and writes its output once. A flattening moves nothing."""
        network = self.program.network
        home = {name: name for name in network.tensors}
        steps = []
        for layer in network.layers:
            if isinstance(layer, Flatten):
                home[layer.name] = home[layer.inputs[0].name]
            else:
                steps.append(Step(layer.name, frozenset(home[tensor.name] for tensor in layer.inputs), (layer.name,)))
        sizes = {name: tensor.size_bytes for name, tensor in network.tensors.items()}
        return Traffic(network.weight_bytes, moved_bytes(steps, sizes))

    @property
    def number_format(self) -> str:
        """Of what is multiplied."""
        return "int8"


def _object_bytes(folder: Path) -> int:
    """Code, constants and variables with a value in the object files of a folder, without the main file's."""
    objects = sorted(str(path) for path in folder.glob("*.o") if path.stem != "main")
    if (size := shutil.which("size")) is None:
        raise FileNotFoundError("the program 'size' is not here: install it, on Debian and Ubuntu with 'apt install binutils'")
    said = subprocess.run([size, *objects], capture_output=True, text=True, check=True, timeout=60).stdout
    return sum(int(text) + int(data) for text, data in re.findall(r"^\s*(\d+)\s+(\d+)", said, re.MULTILINE))
