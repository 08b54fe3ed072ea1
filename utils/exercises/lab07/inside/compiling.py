"""Compile a student's C function and call it, in a process with limits: it may crash or loop, and nothing else does.

This runs where the student's code runs. What is compiled is the preprocessed text, and that text is looked through first:
no macro, comment or joined line can hide anything in it. The library that comes of it has no other library in reach.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from utils.exercises.inside.tools import NO_COMPILER, compiler
from utils.exercises.lab07.inside.caller import SOURCE as CALLER

SECONDS = 10.0  # for each call of the compiler, and for the function's
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


@lru_cache(maxsize=32)
def build(source: str, options: tuple[str, ...] = ()) -> Built:
    """Compile one function in C99. options: further ones of the compiler, such as STRICT."""
    found = compiler()
    if found is None:
        return Built(refused=NO_COMPILER)
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        (at / "dot.c").write_text(source, encoding="utf-8", errors="replace")
        if said := _compile(found, at, "dot.c", ("-O2", "-fsyntax-only", *options)):  # the lines that it names are the student's
            return Built(refused=said)
        text, fault = _preprocessed(found, at, options)
        if fault:
            return Built(refused=fault)
        floats = next(_floats(text), "")
        (at / "dot.i").write_text(text, encoding="utf-8", errors="replace")
        for name, optimized in (("plain.so", "-O0"), ("fast.so", "-O2")):
            shared = ("-x", "cpp-output", optimized, "-shared", "-fPIC", *_alone(), *options)
            if said := _compile(found, at, "dot.i", (*shared, "-o", name)):
                return Built(refused=said, floats=floats)
        if not floats and _takes(found, INTEGERS) and _compile(found, at, "dot.i", ("-x", "cpp-output", "-O1", "-c", *INTEGERS)):
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
    done = _run(found, folder, (*C99, *options, name))
    if isinstance(done, str):
        return done
    if not done.returncode:
        return ""
    if missing := re.search(r"undefined (?:reference to|symbol:?) [`'\"]?(\w+)", done.stderr):
        return f"nothing defines {missing[1]}: no library is there, write the loop yourself"
    lines = [line for line in done.stderr.splitlines() if "error" in line]
    return next(iter(lines), "the compiler refuses it, without a word")[:200]


def _run(found: str, folder: Path, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str] | str:
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
    done = _run(found, folder, (*C99, "-O2", "-E", "-P", "-H", *options, "dot.c"))
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


@lru_cache(maxsize=2)
def _caller(found: str) -> bytes | str:
    """The program that calls the function, or what is wrong with the compiler."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "caller.c").write_text(CALLER, encoding="utf-8")
        done = _run(found, Path(folder), ("-O1", "caller.c", "-o", "caller", *(("-ldl",) if os.uname().sysname == "Linux" else ())))
        if isinstance(done, str) or done.returncode:
            return "the compiler here can't make a program: reinstall it"
        return (Path(folder) / "caller").read_bytes()


def call_dot(built: Built, x: list[int], w: list[int], zero_point: int) -> dict[str, Any]:
    """{"values"}: what dot(x, w, n, zero_point) returns, called twice each without and with optimization;
    {"fault": [array, index]}: it read or wrote outside, or wrote at all; or {"failed": a sentence}.
    """
    caller = _caller(compiler() or "")
    if isinstance(caller, str):
        return {"failed": caller}
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        names = [f"./dot{number}.so" for number in range(len(built.libraries))]
        for name, library in zip(names, built.libraries, strict=True):
            (at / name).write_bytes(library)
        (at / "caller").write_bytes(caller)
        (at / "caller").chmod(0o700)
        given = struct.pack(f"=2i{len(x)}B{len(w)}b", len(x), zero_point, *x, *w)
        try:
            done = subprocess.run([str(at / "caller"), *names], cwd=folder, env={}, input=given, capture_output=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return {"failed": f"the function did not return within {SECONDS:g} s: where does its loop end?"}
    return _heard(done.stdout.decode("ascii", "replace").split("\n"), done.returncode, 2 * len(names))


def _heard(lines: list[str], code: int, calls: int) -> dict[str, Any]:
    said = [line.split() for line in lines if line]
    if ["nameless"] in said:
        return {"failed": "it has no function called dot"}
    if fault := next((words for words in said if words[0] == "fault" and len(words) == 3), None):
        return {"fault": [fault[1], int(fault[2])]} if fault[1] in ("x", "w") else {"failed": "the function reads or writes other memory"}
    values = [int(words[1]) for words in said if words[0] == "value" and len(words) == 2]
    if code or len(values) != calls:
        return {"failed": "the function crashed or did not end: where does its loop end, and what does it divide by?"}
    return {"values": values}
