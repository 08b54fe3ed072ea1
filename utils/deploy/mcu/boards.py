"""Boards: what each has, and a program as an image for it.

Flash and RAM are those of a chip that is sold with this core, so that "fits" means something; the emulator runs Arm's
reference board with the same core, whose memories are larger. Sources: flash, RAM and clock from the chips' data
sheets (the nRF52840's as in `utils/measure/devices.toml`); addresses and clocks of the emulated boards from Arm's
application notes, as QEMU 7.2 has them. Clocks for an instruction are assumed, by the cores' manuals: most take
one, a load that stands alone two, a branch that is taken two to four. That range belongs to every latency.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from utils.deploy.mcu.codegen import Program
from utils.deploy.mcu.toolchain import STRICT, built, names, tool
from utils.measure.devices import Named

FOLDER = Path(__file__).with_name("board")
ICOUNT_SHIFT = 6  # the emulator's clock moves 2^6 ns with each instruction
BENCH_BYTES = 0x10000


@dataclass(frozen=True, kw_only=True)
class Emulated:
    """QEMU's board: its machine name, the clock of its timer, where flash, RAM and the test bench lie and how large they are."""

    machine: str
    timer_hz: int
    flash_origin: int
    flash_length: int
    ram_origin: int
    ram_length: int
    bench_origin: int

    @property
    def ticks_per_instruction(self) -> float:
        """Of the timer."""
        return self.timer_hz * 2**ICOUNT_SHIFT / 1e9


@dataclass(frozen=True, kw_only=True)
class Board:
    """title: core and chip; cpu: as the compiler calls it; flash, RAM, clock: the chip's.

    clocks_per_instruction: least and most, assumed; QEMU counts instructions and knows no clocks.
    """

    title: str
    cpu: str
    flash_bytes: int
    ram_bytes: int
    clock_hz: int
    clocks_per_instruction: tuple[float, float]
    emulated: Emulated

    def latency_ms(self, instructions: float) -> tuple[float, float]:
        """Least and most milliseconds for so many instructions at the chip's clock: a model, not a measurement."""
        least, most = self.clocks_per_instruction
        return 1000 * instructions * least / self.clock_hz, 1000 * instructions * most / self.clock_hz


def _mps2(machine: str) -> Emulated:
    return Emulated(
        machine=machine, timer_hz=25_000_000, flash_origin=0, flash_length=0x200000, ram_origin=0x20000000, ram_length=0x200000,
        bench_origin=0x200000,
    )  # fmt: skip


BOARDS: dict[str, Board] = Named("board", {
    "cortex-m3": Board(
        title="Cortex-M3 (STM32F103C8)", cpu="cortex-m3", flash_bytes=65_536, ram_bytes=20_480, clock_hz=72_000_000,
        clocks_per_instruction=(1.0, 2.0), emulated=_mps2("mps2-an385"),
    ),
    "cortex-m4": Board(
        title="Cortex-M4 (nRF52840)", cpu="cortex-m4", flash_bytes=1_048_576, ram_bytes=262_144, clock_hz=64_000_000,
        clocks_per_instruction=(1.0, 2.0), emulated=_mps2("mps2-an386"),
    ),
    "cortex-m7": Board(
        title="Cortex-M7 (STM32H735IG)", cpu="cortex-m7", flash_bytes=1_048_576, ram_bytes=577_536, clock_hz=550_000_000,
        clocks_per_instruction=(0.5, 1.5), emulated=_mps2("mps2-an500"),
    ),
    "cortex-m33": Board(
        title="Cortex-M33 (STM32L552ZE)", cpu="cortex-m33", flash_bytes=524_288, ram_bytes=262_144, clock_hz=110_000_000,
        clocks_per_instruction=(1.0, 2.0),
        emulated=Emulated(
            machine="mps2-an505", timer_hz=20_000_000, flash_origin=0x10000000, flash_length=0x200000, ram_origin=0x38000000,
            ram_length=0x200000, bench_origin=0x10200000,
        ),
    ),
    "cortex-m55": Board(
        title="Cortex-M55 (Arm's MPS3 board, AN547)", cpu="cortex-m55", flash_bytes=524_288, ram_bytes=524_288, clock_hz=32_000_000,
        clocks_per_instruction=(1.0, 2.0),
        emulated=Emulated(
            machine="mps3-an547", timer_hz=32_000_000, flash_origin=0, flash_length=0x80000, ram_origin=0x20000000, ram_length=0x80000,
            bench_origin=0x01000000,
        ),
    ),
})  # fmt: skip


def board_of(board: str | Board) -> Board:
    """A board by its name in `BOARDS`; a `Board` is given back, so one with other limits can be made with `dataclasses.replace`.

    Raises:
        ValueError: no such name.

    >>> board_of("cortex-m4").ram_bytes
    262144
    """
    if isinstance(board, Board):
        return board
    try:
        return BOARDS[board]
    except KeyError as error:
        raise ValueError(error.args[0]) from None


def build_for_board(program: Program, board: str | Board = "cortex-m4") -> Path:
    """The linked image: the program, start-up code and, in a memory of its own, the test bench.

    Raises:
        FileNotFoundError: no cross compiler; the sentence says what to install.
        ValueError: no such board, sources that do not compile without a warning, tables or activations beyond the emulated memories.
    """
    board = board_of(board)
    place, network = board.emulated, program.network
    for what, needed, there in (
        ("tables", network.weight_bytes, place.flash_length),
        ("activations", network.arena.size_bytes, place.ram_length),
    ):
        if needed >= there:
            raise ValueError(f"{network.name} has {needed:,} bytes of {what} and {place.machine} holds {there:,}: make it smaller")
    core = [f"-mcpu={board.cpu}", "-mthumb", "-mfloat-abi=soft"]
    flags = [*STRICT, *core, "-O2", "-ffreestanding", "-ffunction-sections", "-fdata-sections", "-fcallgraph-info=su", *names(program)]
    memory = {
        "flash_origin": place.flash_origin, "flash_length": place.flash_length, "ram_origin": place.ram_origin,
        "ram_length": place.ram_length, "bench_origin": place.bench_origin, "bench_length": BENCH_BYTES,
    }  # fmt: skip
    link = ["-nostartfiles", "-nostdlib", "-Wl,--gc-sections", f"-T{FOLDER / 'board.ld'}"]
    link += [f"-Wl,--defsym={name}={value:#x}" for name, value in memory.items()]
    extra = [FOLDER / "startup.c", FOLDER / "bench.c", FOLDER / "board.ld"]
    return built(program, tool("arm-none-eabi-gcc"), flags, extra, "image.elf", [*link, "-lgcc"])
