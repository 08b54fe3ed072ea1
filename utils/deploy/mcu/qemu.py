"""A program on an emulated board: codes in, codes and instruction counts out.

QEMU executes the very image that a chip with this core would, one instruction after the other, and its clock moves by
a fixed step with each (-icount), so counts are exact and the same every time. It models no pipeline, no cache and no
wait states of the flash: instructions are counted, clocks are not.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from utils.deploy.mcu.boards import ICOUNT_SHIFT, Board, board_of, build_for_board
from utils.deploy.mcu.codegen import Program
from utils.deploy.mcu.sizes import Sizes, link_sizes
from utils.deploy.mcu.toolchain import tool

LOOP_INSTRUCTIONS = 100_000  # of the known loop in board/bench.c
ENDS = {
    10: "could not open its files of inputs and answers",
    11: "could not write its answers",
    12: "ended in a hard fault: a forbidden address or instruction, look at the arena and the tables",
}


@dataclass(frozen=True)
class BoardRun:
    """What came of a run on an emulated board.

    codes: (n, classes) uint8. instructions: (n,) int64, of each inference; instructions_per_inference: their mean, rounded.
    stack_bytes: the most that one inference took, seen on a painted stack; an interrupt of the timer may be in it.
    latency_ms: least and most milliseconds at the chip's clock, a model: see `Board`.
    """

    codes: np.ndarray = field(repr=False)
    instructions_per_inference: int
    sizes: Sizes
    board: Board = field(repr=False)
    instructions: np.ndarray = field(repr=False)
    stack_bytes: int

    @property
    def latency_ms(self) -> tuple[float, float]:
        """Least and most for the mean inference, by assumed clocks an instruction: a labeled range, not a measurement."""
        return self.board.latency_ms(self.instructions_per_inference)


def run_on_board(program: Program, codes: np.ndarray, board: str | Board = "cortex-m4", timeout_s: float | None = None) -> BoardRun:
    """Run a program on an emulated board: (n, *sample_shape) uint8 codes -> its codes, instructions and sizes.

    timeout_s: after which it is ended; by default a minute and what its multiply-accumulates take on a slow computer.

    Raises:
        FileNotFoundError: no cross compiler or no emulator; the sentence says what to install.
        ValueError: no such board, sources that do not compile, codes that are not uint8 or of another shape, or a program
            that takes more flash or RAM than the board has; the sentence names the largest part.
        RuntimeError: the program or the emulator failed; the sentence says how.
        TimeoutError: it did not end in time.
    """
    board, network = board_of(board), program.network
    if np.asarray(codes).dtype != np.uint8 or not len(codes):
        found = f"{np.asarray(codes).dtype} of shape {np.shape(codes)}"
        raise ValueError(f"codes must be uint8 and at least one sample, got {found}: make them with network.codes(x)")
    rows = network.to_c_order(codes)
    sizes = link_sizes(program, board)
    if sentence := sizes.excess(board.flash_bytes, board.ram_bytes):
        raise ValueError(f"{network.name} does not fit the {board.title}: {sentence}")
    limit = timeout_s or 60 + len(rows) * network.macs / 1e6
    answers = _emulate(build_for_board(program, board), rows, board, limit)
    return _read(answers, program, sizes, board, len(rows))


def _emulate(image: Path, rows: np.ndarray, board: Board, timeout_s: float) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "codes.bin").write_bytes(rows.tobytes())
        command = [
            tool("qemu-system-arm"), "-M", board.emulated.machine, "-kernel", str(image.resolve()), "-icount", f"shift={ICOUNT_SHIFT}",
            "-semihosting-config", "enable=on,target=native", "-nographic", "-monitor", "none", "-serial", "none",
        ]  # fmt: skip
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"the program did not end on the emulated board within {timeout_s:.0f} s: run fewer samples") from error
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["it said nothing"])[0][:200]
            why = ENDS.get(done.returncode, f"ended with code {done.returncode} ({said}): look at its sources")
            raise RuntimeError(f"the program on the emulated {board.emulated.machine} {why}")
        answers = Path(folder) / "answers.bin"
        return answers.read_bytes() if answers.is_file() else b""


def _read(answers: bytes, program: Program, sizes: Sizes, board: Board, count: int) -> BoardRun:
    out = program.network.output.size_bytes
    record = np.dtype([("codes", "u1", (out,)), ("ticks", "<u8"), ("stack", "<u4")])
    if len(answers) != 8 + count * record.itemsize:
        wanted = 8 + count * record.itemsize
        raise RuntimeError(f"the program answered {len(answers):,} bytes for {count:,} samples, not {wanted:,}: look at its sources")
    per_instruction = board.emulated.ticks_per_instruction
    loop = int.from_bytes(answers[:8], "little") / per_instruction
    if not LOOP_INSTRUCTIONS <= loop <= 1.001 * LOOP_INSTRUCTIONS:
        raise RuntimeError(f"the emulator counted {loop:,.0f} instructions for a loop of {LOOP_INSTRUCTIONS:,}: use QEMU 7.2 or newer")
    rows = np.frombuffer(answers, dtype=record, offset=8)
    instructions = np.rint(rows["ticks"] / per_instruction).astype(np.int64)
    codes = program.network.from_c_order(np.ascontiguousarray(rows["codes"]))
    return BoardRun(codes, round(float(instructions.mean())), sizes, board, instructions, int(rows["stack"].max()))
