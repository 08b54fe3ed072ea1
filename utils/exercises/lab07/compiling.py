"""Compile a student's C function and call it, in a child process with limits: it may crash or loop, and nothing else does.

This runs where the student's code runs. The child is a bare Python that loads the function with ctypes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

SECONDS = 10.0  # for the compiler, and again for the call
MOST_CHARACTERS = 10_000  # of a source
GUARD = 8  # elements before and behind an array that a loop must not read
MISSING = "there is no C compiler here (install gcc or clang)"
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror")

_CHILD = """
import ctypes, json, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass
path, guard, x, w, zero_point = json.load(sys.stdin)
dot = ctypes.CDLL(path).dot
dot.restype = ctypes.c_int32
def guarded(kind, values, beside):
    return (kind * (len(values) + 2 * guard))(*[beside] * guard, *values, *[beside] * guard)
bytes_x, bytes_w = guarded(ctypes.c_uint8, x, 251), guarded(ctypes.c_int8, w, 113)
pointer = lambda held, kind: ctypes.cast(ctypes.byref(held, guard), ctypes.POINTER(kind))
found = dot(pointer(bytes_x, ctypes.c_uint8), pointer(bytes_w, ctypes.c_int8), ctypes.c_int32(len(x)), ctypes.c_int32(zero_point))
print(json.dumps([found, list(bytes_x[guard:guard + len(x)]), list(bytes_w[guard:guard + len(w)])]))
"""


def compiler() -> str | None:
    """Where a C compiler of this computer is, or None."""
    return next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)


@lru_cache(maxsize=32)
def compile_c(source: str, options: tuple[str, ...] = ("-std=c99",)) -> bytes | str:
    """The shared library as bytes, or what the compiler says against the source (str)."""
    found = compiler()
    if found is None:
        return MISSING
    with tempfile.TemporaryDirectory() as folder:
        path, library = Path(folder, "dot.c"), Path(folder, "dot.so")
        path.write_text(source, encoding="utf-8", errors="replace")
        command = [found, "-O2", "-shared", "-fPIC", *options, "dot.c", "-o", "dot.so"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return f"the compiler did not end within {SECONDS:g} s"
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "error" in line or "undefined" in line]
            return next(iter(lines), "the compiler refuses it, without a word")[:200]
        return library.read_bytes()


def call_dot(library: bytes, x: list[int], w: list[int], zero_point: int) -> dict[str, Any]:
    """{"value", "x", "w"}: what dot(x, w, n, zero_point) returns, and the arrays afterwards; or {"failed": a sentence}."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "dot.so")
        path.write_bytes(library)
        child = [sys.executable, "-I", "-S", "-c", _CHILD]
        given = json.dumps([str(path), GUARD, x, w, zero_point])
        try:
            done = subprocess.run(child, cwd=folder, input=given, capture_output=True, text=True, errors="replace", timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return {"failed": f"the function did not return within {SECONDS:g} s: where does its loop end?"}
    if done.returncode:
        said = "it has no function called dot" if "undefined symbol: dot" in done.stderr or "symbol not found" in done.stderr else ""
        crashed = "the function crashed or did not end: which memory does it read, and where does its loop end?"
        return {"failed": said or crashed}
    try:
        value, x, w = json.loads(done.stdout)
    except ValueError:
        return {"failed": "the function wrote something where only a number is asked for"}
    return {"value": value, "x": x, "w": w}
