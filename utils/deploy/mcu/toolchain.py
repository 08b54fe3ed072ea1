"""Compilers: which are there, and a folder of C sources as a program, kept until a source changes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from utils.deploy.mcu.codegen import Program

STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror")
SECONDS = 120  # for one compilation; it takes less than two
HOST_COMPILERS = ("cc", "gcc", "clang")
PACKAGES = {"arm-none-eabi-gcc": "gcc-arm-none-eabi", "qemu-system-arm": "qemu-system-arm"}


def missing_tools(board: bool = True) -> list[str]:
    """Sentences that say what to install for running on this computer and, with `board`, on an emulated board; [] if all is there."""
    found = []
    if host_compiler() is None:
        found.append("There is no C compiler here: install one, on Debian and Ubuntu with 'apt install gcc'.")
    for command, package in PACKAGES.items() if board else ():
        if shutil.which(command) is None:
            found.append(f"{command} is not here: install it, on Debian and Ubuntu with 'apt install {package}'.")
    return found


def host_compiler() -> str | None:
    """The path of the first C compiler that is there."""
    return next((path for command in HOST_COMPILERS if (path := shutil.which(command))), None)


def tool(command: str) -> str:
    """The path of a program for boards.

    Raises:
        FileNotFoundError: it is not here; the sentence names the package.
    """
    if (path := shutil.which(command)) is None:
        package = PACKAGES.get(command, "binutils-arm-none-eabi")
        raise FileNotFoundError(f"{command} is not here: install it, on Debian and Ubuntu with 'apt install {package}'")
    return path


def names(program: Program) -> list[str]:
    """Flags for a main file, which says model_run whatever the model is called."""
    name = program.name
    small = [f"-Dmodel_{what}={name}_{what}" for what in ("run", "input", "output") if name != "model"]
    large = [f"-DMODEL_{what}_BYTES={name.upper()}_{what}_BYTES" for what in ("INPUT", "OUTPUT") if name != "model"]
    return [f'-DMODEL_HEADER="{name}.h"', *small, *large]


def built(program: Program, compiler: str, flags: Sequence[str], extra: Sequence[Path], product: str, link: Sequence[str] = ()) -> Path:
    """The file `product` made of a program's sources and the `extra` ones, in a folder of its own under `build/`.

    The folder's name comes from all sources and flags, so what was compiled before is used again until one of them changes.
    Beside the product lie the object files and what else the flags make the compiler write. link: flags for linking only.

    Raises:
        ValueError: the sources do not compile; the sentence holds the first complaint.
        TimeoutError: the compiler does not end.
    """
    inputs = [*sorted(program.folder.glob("*.[ch]")), *extra]
    digest = hashlib.sha256("\0".join([compiler, product, *flags, *link]).encode())
    for path in inputs:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    target = program.folder / "build" / digest.hexdigest()[:16]
    if (target / product).is_file():
        return target / product
    sources = [path.resolve() for path in (*program.sources, *extra) if path.suffix == ".c"]
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = Path(folder) / "made"
        made.mkdir()
        _call([compiler, *flags, f"-I{program.folder.resolve()}", "-c", *map(str, sources)], made, program)
        _call([compiler, *flags, *(f"{path.stem}.o" for path in sources), *link, "-o", product], made, program)
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)  # at once, so that no half of a build is ever found
    return target / product


def _call(command: Sequence[str], folder: Path, program: Program) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"the compiler did not end within {SECONDS} s: look for a loop in the sources") from error
    if done.returncode:
        telling = (line for line in done.stderr.splitlines() if any(word in line for word in ("error", "undefined", "overflowed")))
        complaint = next(telling, done.stderr.strip())[:300].replace(f"{program.folder.resolve()}/", "")
        raise ValueError(f"the C sources in {program.folder.name} do not compile ({complaint}): mend them or write them again with to_c")
