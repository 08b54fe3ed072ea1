"""Compile a student's C function, and the probes that look at what the compiler says.

This runs where the student's code runs. What is compiled is the preprocessed text, and that text is looked through first:
no macro, comment or joined line can hide anything in it. The library that comes of it has no other library in reach.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from utils.exercises.inside.answers import plain
from utils.exercises.inside.tools import NO_COMPILER, compiler

Function = Callable[..., Any]
SECONDS = 10.0  # for each call of the compiler
MAX_CHARACTERS = 10_000  # of a source
MAX_PREPROCESSED = 200_000  # characters: a macro can double itself
C99 = ("-std=c99", "-ffreestanding", "-fno-builtin")
STRICT = ("-Wall", "-Wextra", "-Werror", "-pedantic-errors")
INTEGERS = ("-mgeneral-regs-only",)  # no register that holds floats: x86 and arm64
HEADERS = {"stdint.h", "stddef.h", "stdbool.h", "limits.h"}  # those that come without a library

_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
      | (?P<name>[A-Za-z_$]\w*)
      | (?P<pragma>^[ \t]*\#[^\n]*)
      | (?P<other>\S)""",
    re.VERBOSE | re.MULTILINE | re.ASCII,
)
_FLOAT_NAME = re.compile(r"float|double|_Float\w*|_Decimal\w*|_Complex|_Imaginary|__float\w*|__fp16|__bf16")
_FLOAT_NUMBER = re.compile(r"(?!0[xX])[\d.]*(?:\.|[eE])\w*.*|0[xX][\da-fA-F]*(?:\.|[pP]).*")


@dataclass(frozen=True)
class Built:
    """What became of a source.

    libraries: the function compiled without and with optimization; empty if it was refused.
    refused: why not, in the compiler's or in our own words, "" if it was not.
    floats: the first token of floating point in it, "" if there is none.
    """

    libraries: tuple[bytes, ...] = ()
    refused: str = ""
    floats: str = ""


@lru_cache(maxsize=128)
def build(source: str, options: tuple[str, ...] = ()) -> Built:
    """Compile one function in C99. options: further ones of the compiler, such as STRICT."""
    found = compiler()
    if found is None:
        return Built(refused=NO_COMPILER)
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        (at / "function.c").write_text(source, encoding="utf-8", errors="replace")
        if said := _compile(found, at, "function.c", ("-O2", "-fsyntax-only", *options)):  # the lines that it names are the student's
            return Built(refused=said)
        text, fault = _preprocessed(found, at, options)
        if fault:
            return Built(refused=fault)
        floats = next(_floats(text), "")
        (at / "function.i").write_text(text, encoding="utf-8", errors="replace")
        for name, optimized in (("plain.so", "-O0"), ("fast.so", "-O2")):
            shared = ("-x", "cpp-output", optimized, "-shared", "-fPIC", *_alone(), *options)
            if said := _compile(found, at, "function.i", (*shared, "-o", name)):
                return Built(refused=said, floats=floats)
        if not floats and _takes(found, INTEGERS) and _compile(found, at, "function.i", ("-x", "cpp-output", "-O1", "-c", *INTEGERS)):
            floats = "arithmetic in floating point"
        return Built(((at / "plain.so").read_bytes(), (at / "fast.so").read_bytes()), floats=floats)


def _alone() -> tuple[str, ...]:
    """Linked with nothing: a name that the source does not define is an error."""
    return ("-nostdlib", "-Wl,-z,defs") if os.uname().sysname == "Linux" else ()


@lru_cache(maxsize=4)
def _takes(found: str, options: tuple[str, ...]) -> bool:
    """Whether the compiler knows these options."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "one.c").write_text("int one(int x) { return x + 1; }\n")
        return not _compile(found, Path(folder), "one.c", ("-c", *options))


def _compile(found: str, folder: Path, name: str, options: tuple[str, ...]) -> str:
    """What the compiler says against a file, in a line; "" if nothing."""
    done = run_compiler(found, folder, (*C99, *options, name))
    if isinstance(done, str):
        return done
    if not done.returncode:
        return ""
    if missing := re.search(r"undefined (?:reference to|symbol:?) [`'\"]?(\w+)", done.stderr):
        return f"nothing defines {missing[1]}: no library is there, write the loop yourself"
    lines = [line for line in done.stderr.splitlines() if "error" in line]
    return next(iter(lines), "the compiler refuses it, without a word")[:200]


def run_compiler(found: str, folder: Path, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str] | str:
    """What the compiler did in this folder, or a sentence if it did not end. found: its path."""
    try:
        command = [found, *arguments]
        return subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"the compiler did not end within {SECONDS:g} s"


def _preprocessed(found: str, folder: Path, options: tuple[str, ...]) -> tuple[str, str]:
    """The text without macros, comments and included lines' marks, and what is wrong with it ("" if nothing)."""
    done = run_compiler(found, folder, (*C99, "-O2", "-E", "-P", "-H", *options, "function.c"))
    if isinstance(done, str):
        return "", done
    direct = [Path(line[2:].strip()).name for line in done.stderr.splitlines() if line.startswith(". ")]
    if odd := next((name for name in direct if name not in HEADERS), None):
        return "", f"it includes {odd}: only {', '.join(sorted(HEADERS))} come without a library"
    if len(done.stdout) > MAX_PREPROCESSED:
        return "", f"its macros grow to more than {MAX_PREPROCESSED} characters"
    for token in _TOKEN.finditer(done.stdout):
        word = token[0]
        if token.lastgroup == "pragma":
            return "", f"it holds {' '.join(word.split()[:2])}: plain C99 is asked for, without #pragma"
        if token.lastgroup == "name" and _is_extension(word):
            return "", f"it holds {word[:40]}, which belongs to the compiler and not to C99"
    return done.stdout, ""


def _is_extension(name: str) -> bool:
    """Whether a name is the compiler's own: __attribute__, __builtin_trap, asm. One of a float is told as a float."""
    return (name.startswith("__") or "$" in name or name in ("asm", "typeof")) and not _FLOAT_NAME.fullmatch(name)


def _floats(text: str) -> Iterator[str]:
    for token in _TOKEN.finditer(text):
        name, number = token.lastgroup == "name", token.lastgroup == "number"
        if (name and _FLOAT_NAME.fullmatch(token[0])) or (number and _FLOAT_NUMBER.fullmatch(token[0])):
            yield token[0][:40]


def source_of(function: Function) -> str:
    """The source that the student's function returns.

    Raises:
        TypeError: it returns something else.
        ValueError: it is longer than a function.
    """
    source = plain(function())
    if type(source) is not str:
        raise TypeError(f"the C source is asked for, a str; yours is of type {type(source).__name__}")
    if len(source) > MAX_CHARACTERS:
        raise ValueError(f"one function is asked for; yours has {len(source)} characters, at most {MAX_CHARACTERS} are compiled")
    return source


def compiled(function: Function) -> dict[str, Any]:
    """A probe: what the compiler says against the source ("" if nothing), and the first float in what it compiled ("" if none)."""
    built = build(source_of(function))
    return {"floats": built.floats, "refused": built.refused}


def compiled_strictly(function: Function) -> dict[str, Any]:
    """As `compiled`, by a compiler that treats warnings, and what C99 does not have, as errors."""
    built = build(source_of(function), STRICT)
    return {"floats": built.floats, "refused": built.refused}
