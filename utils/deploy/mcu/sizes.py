"""What a program takes on a board: flash and RAM of the linked image itself, part by part."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from utils.deploy.mcu.boards import Board, board_of, build_for_board
from utils.deploy.mcu.codegen import Program
from utils.deploy.mcu.toolchain import tool

REST = "alignment"  # bytes that belong to no symbol
TABLES = ("_weight", "_bias", "_multiplier", "_shift")  # how the names of a layer's tables end


@dataclass(frozen=True)
class Sizes:
    """Bytes of a linked image, without the test bench: model, runtime and start-up code.

    text: code and constants. data: variables with a value, which take flash and RAM. bss: variables that begin as
    zeros, the arena above all. stack: the frame of the reset and those of the deepest chain of calls from model_run
    on, as the compiler tells them (-fcallgraph-info=su); what an application and its interrupts take comes on top.
    parts: "flash" and "ram" -> C name -> bytes, the largest first; they sum to flash_bytes and ram_bytes.
    """

    text: int
    data: int
    bss: int
    stack: int
    parts: dict[str, dict[str, int]] = field(repr=False)
    alive: tuple[tuple[str, int], ...] = field(repr=False, default=())  # the tensors that fill the arena at its fullest

    @property
    def flash_bytes(self) -> int:
        """What lies in flash: text, and the first values of data."""
        return self.text + self.data

    @property
    def ram_bytes(self) -> int:
        """What lies in RAM: data, bss and stack."""
        return self.data + self.bss + self.stack

    @property
    def moved(self) -> dict[str, int]:
        """Tables that lie in RAM, the largest first: C name -> bytes. A table that is not const is copied there at the start."""
        return {name: size for name, size in self.parts["ram"].items() if name.endswith(TABLES)}

    @property
    def weights(self) -> int:
        """Bytes of flash that are weights."""
        return sum(size for name, size in self.parts["flash"].items() if name.endswith("_weight"))

    @property
    def tables(self) -> int:
        """Bytes of flash that are biases, multipliers and shifts."""
        return sum(size for name, size in self.parts["flash"].items() if name.endswith(TABLES[1:]))

    def excess(self, flash_bytes: int, ram_bytes: int) -> str | None:
        """A sentence if so much flash or RAM is too little: by how much, and the largest part or what should not be there.

        None if it fits.
        """
        for memory, needed, there in (("flash", self.flash_bytes, flash_bytes), ("RAM", self.ram_bytes, ram_bytes)):
            if needed > there:
                name, size = next(iter(self.parts[memory.lower()].items()))
                together = " and ".join(f"{tensor} ({bytes_:,})" for tensor, bytes_ in self.alive)
                if memory == "RAM" and (tables := sum(self.moved.values())):
                    first = next(iter(self.moved))
                    part = f"{tables:,} bytes of tables lie there because they are not const, {first} above all: declare them static const"
                    return f"RAM is over by {needed - there:,} bytes ({needed:,} of {there:,}); {part}"
                part = f"{name} with {size:,} bytes" + (f", where {together} lie at once" if name == "arena" and together else "")
                return f"{memory} is over by {needed - there:,} bytes ({needed:,} of {there:,}); the largest part is {part}"
        return None


def link_sizes(program: Program, board: str | Board = "cortex-m4") -> Sizes:
    """What the program takes on a board, read from the linked image.

    Raises:
        FileNotFoundError: no cross compiler; the sentence says what to install.
        ValueError: what `build_for_board` refuses.
    """
    board = board_of(board)
    image = build_for_board(program, board)
    sections = dict(re.findall(r"^(\.\w+)\s+(\d+)", _said("arm-none-eabi-size", "-A", image), re.MULTILINE))
    text, data, bss = (int(sections.get(name, 0)) for name in (".text", ".data", ".bss"))
    stack = _deepest(image.parent, "Reset_Handler") + _deepest(image.parent, f"{program.name}_run")
    place = board.emulated
    flash = _symbols(image, place.flash_origin, text)
    ram = _symbols(image, place.ram_origin, data + bss) | {"stack": stack}
    if data:
        flash["data"] = data
    parts = {"flash": _sorted(flash), "ram": _sorted(ram)}
    return Sizes(text, data, bss, stack, parts, tuple((name, size) for name, size, *_ in program.network.arena.fullest))


def _sorted(parts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(parts.items(), key=lambda part: -part[1]))


def _said(command: str, option: str, image: Path) -> str:
    return subprocess.run([tool(command), option, str(image)], capture_output=True, text=True, check=True, timeout=60).stdout


def _symbols(image: Path, begin: int, length: int) -> dict[str, int]:
    """C name -> bytes in a stretch of memory; two names of one place count once; what has no name is alignment."""
    named: dict[int, tuple[str, int]] = {}
    for address, size, name in re.findall(r"^([0-9a-f]+) ([0-9a-f]+) \w (\S+)$", _said("arm-none-eabi-nm", "-S", image), re.MULTILINE):
        if begin <= int(address, 16) < begin + length:
            named.setdefault(int(address, 16), (name, int(size, 16)))
    parts: dict[str, int] = {}
    for name, size in named.values():
        parts[name] = parts.get(name, 0) + size
    if rest := length - sum(parts.values()):
        parts[REST] = rest
    return parts


def _deepest(folder: Path, function: str) -> int:
    """Bytes of stack of the deepest chain of calls from a function on, by the compiler's call graphs, without the test bench."""
    frames: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    for path in folder.glob("*.ci"):
        if path.stem.endswith("bench"):
            continue
        text = path.read_text(encoding="utf-8")
        frames |= {match[1]: int(match[2]) for match in re.finditer(r'node: \{ title: "([^"]+)" label: "[^"]*?(\d+) bytes', text)}
        for match in re.finditer(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', text):
            calls.setdefault(match[1], set()).add(match[2])

    def depth(name: str, above: frozenset[str]) -> int:
        if name in above:
            raise ValueError(f"{name} calls itself, so its stack has no bound: write it as a loop")
        below = [depth(called, above | {name}) for called in sorted(calls.get(name, ()))]
        return frames.get(name, 0) + max(below, default=0)

    return depth(function, frozenset())
