"""The C code on this computer: the same sources, this computer's compiler, codes through a pipe."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from utils.deploy.mcu.codegen import Program
from utils.deploy.mcu.toolchain import STRICT, built, host_compiler, missing_tools, names

MAIN = Path(__file__).with_name("host") / "main.c"
PIPE_BYTES = 4096  # of outputs that may wait in a pipe: every system's pipe holds as much, so neither side blocks the other


def build_for_host(program: Program, flags: Sequence[str] = ("-O2",)) -> Path:
    """The program as an executable for this computer.

    Raises:
        FileNotFoundError: no C compiler; the sentence says what to install.
        ValueError: the sources do not compile without a warning.
    """
    if (compiler := host_compiler()) is None:
        raise FileNotFoundError(missing_tools(board=False)[0])
    return built(program, compiler, [*STRICT, *flags, *names(program)], [MAIN], "model.out")


class HostProcess:
    """The program, running: `run` sends codes and reads codes. Ends with `close`, or as a context manager.

    timeout_s: for each call of `run`; by default a minute and what its multiply-accumulates take on a slow computer.
    """

    def __init__(self, program: Program, flags: Sequence[str] = ("-O2",), timeout_s: float | None = None) -> None:
        self.program, self.timeout_s = program, timeout_s
        executable = str(build_for_host(program, flags).resolve())
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  a pipe that nobody reads would stop a program that says much
        self._process = subprocess.Popen([executable], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said)

    def run(self, codes: np.ndarray) -> np.ndarray:
        """codes: (n, *sample_shape) uint8 -> (n, *shape of the output) uint8.

        Raises:
            ValueError: codes that are not uint8, or of another shape.
            RuntimeError: the program ended before it had answered; the sentence says how.
            TimeoutError: it did not answer in time, and was ended.
        """
        network = self.program.network
        if np.asarray(codes).dtype != np.uint8:
            raise ValueError(f"codes must be uint8, got {np.asarray(codes).dtype}: make them with network.codes(x)")
        rows, out = network.to_c_order(codes), network.output.size_bytes
        at_once = max(1, PIPE_BYTES // out)
        limit = self.timeout_s or 60 + len(rows) * network.macs / 1e6
        late = threading.Event()

        def end() -> None:
            late.set()
            self._process.kill()

        watch = threading.Timer(limit, end)
        watch.start()
        try:
            made = [self._exchange(rows[at : at + at_once], out) for at in range(0, len(rows), at_once)]
        except RuntimeError as error:
            if late.is_set():
                raise TimeoutError(f"the C program did not answer within {limit:.0f} s: look for a loop without an end") from error
            raise
        finally:
            watch.cancel()
        return network.from_c_order(np.frombuffer(b"".join(made), dtype=np.uint8).reshape(-1, out))

    def _exchange(self, rows: np.ndarray, out: int) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        try:
            stdin.write(rows.tobytes())
            stdin.flush()
            answer = stdout.read(len(rows) * out)
        except BrokenPipeError:
            answer = b""
        if len(answer) == len(rows) * out:
            return answer
        code = self._process.wait()
        self._said.seek(0)
        said = self._said.read(100_000).decode(errors="replace").splitlines()
        line = next((line for line in said if "error" in line.lower()), "it said nothing of an error")
        raise RuntimeError(f"the C program ended with code {code} before it had answered ({line.strip()[:300]}): look at its sources")

    def close(self) -> None:
        """End the program."""
        self._process.kill()  # it has answered all that was asked, and waits
        self._process.communicate()
        self._said.close()

    def __enter__(self) -> HostProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def run_on_host(program: Program, codes: np.ndarray, flags: Sequence[str] = ("-O2",), timeout_s: float | None = None) -> np.ndarray:
    """What the C code makes of codes on this computer: (n, *sample_shape) uint8 -> (n, classes) uint8.

    flags: of the compiler, beside those that make every warning an error. timeout_s: see `HostProcess`.

    Raises:
        FileNotFoundError: no C compiler; the sentence says what to install.
        ValueError: sources that do not compile, codes that are not uint8 or of another shape.
        RuntimeError: the program crashed.
        TimeoutError: it did not answer in time.
    """
    with HostProcess(program, flags, timeout_s) as process:
        return process.run(codes)
