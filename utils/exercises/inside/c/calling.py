"""Call a compiled C function in a process of its own, with limits: it may crash or loop, and nothing else does.

This runs where the student's code runs. No Python is in the process that calls, and pages that nobody may touch lie around
the arrays.
"""

from __future__ import annotations

import os
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from utils.exercises.inside.c.compiling import Built, run_compiler
from utils.exercises.inside.tools import compiler

SECONDS = 10.0  # for all calls of a function together
_CODES = {"int8_t": "b", "uint8_t": "B", "int16_t": "h", "uint16_t": "H", "int32_t": "i"}  # those of struct


@dataclass(frozen=True)
class Signature:
    """`int32_t NAME(const TYPE *array, ..., int32_t number, ...)`. arrays: (name, type) of each. numbers: how many follow them."""

    name: str
    arrays: tuple[tuple[str, str], ...]
    numbers: int

    @property
    def in_c(self) -> str:
        """What the calling program must know of it."""
        types = [kind for _, kind in self.arrays]
        kinds = [f"const {kind} *" for kind in types] + ["int32_t"] * self.numbers
        values = [f"(const {kind} *)arrays[{at}].first" for at, kind in enumerate(types)]
        values += [f"numbers[{at}]" for at in range(self.numbers)]
        return f"""
#include <stdint.h>
#define NAME "{self.name}"
#define ARRAYS {len(types)}
#define NUMBERS {self.numbers}
#define CALL(function) function({", ".join(values)})
typedef int32_t (*function_t)({", ".join(kinds)});
static const uint32_t sizes[] = {{{", ".join(f"sizeof({kind})" for kind in types)}}};
"""


_PROGRAM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* caller LIBRARY...: reads the arrays' lengths, the numbers (int32 each) and the arrays from its input. It calls the function
   of each library twice, with the arrays directly before and directly behind a page that must not be touched, and writes a
   line for each call: "value V", or "fault ARRAY BYTE" where a read or a write ended it (ARRAY is -1 for other memory). */

typedef struct { uint8_t *whole, *first; size_t inner, page; } guarded;

static guarded arrays[ARRAYS];
static int32_t lengths[ARRAYS], numbers[NUMBERS];

static guarded around(const uint8_t *bytes, size_t n, int at_the_end, int beside)
{
    guarded made;
    made.page = (size_t)sysconf(_SC_PAGESIZE);
    made.inner = (n / made.page + 1) * made.page;
    made.whole = mmap(NULL, made.inner + 2 * made.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (made.whole == MAP_FAILED)
        exit(3);
    memset(made.whole, beside, made.inner + 2 * made.page);
    made.first = made.whole + made.page + (at_the_end ? made.inner - n : 0);
    if (n)
        memcpy(made.first, bytes, n);
    mprotect(made.whole, made.page, PROT_NONE);
    mprotect(made.whole + made.page, made.inner, PROT_READ);
    mprotect(made.whole + made.page + made.inner, made.page, PROT_NONE);
    return made;
}

static void told(int signal, siginfo_t *info, void *context)
{
    uint8_t *address = info->si_addr;
    (void)signal, (void)context;
    int which = ARRAYS - 1;
    while (which >= 0 && (address < arrays[which].whole || address >= arrays[which].whole + arrays[which].inner + 2 * arrays[which].page))
        which--;
    printf("fault %d %ld\n", which, which < 0 ? 0L : (long)(address - arrays[which].first));
    fflush(stdout);
    _exit(0);
}

int main(int given, char **names)
{
    static uint8_t stack[1 << 16];
    struct rlimit seconds = {2, 2}, none = {0, 0};
    stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {0};
    uint8_t *bytes[ARRAYS];
    setrlimit(RLIMIT_CPU, &seconds);
    setrlimit(RLIMIT_CORE, &none);
    if (fread(lengths, sizeof *lengths, ARRAYS, stdin) != ARRAYS || fread(numbers, sizeof *numbers, NUMBERS, stdin) != NUMBERS)
        return 3;
    for (int which = 0; which < ARRAYS; which++) {
        size_t size = (size_t)lengths[which] * sizes[which];
        bytes[which] = malloc(size + 1);
        if (!bytes[which] || fread(bytes[which], 1, size, stdin) != size)
            return 3;
    }
    sigaltstack(&own, NULL);
    action.sa_sigaction = told;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    for (int at = 1; at < given; at++) {
        void *library = dlopen(names[at], RTLD_NOW | RTLD_LOCAL), *found = library ? dlsym(library, NAME) : NULL;
        function_t function;
        if (!found) {
            printf("nameless\n");
            return 0;
        }
        memcpy(&function, &found, sizeof function);
        for (int at_the_end = 1; at_the_end >= 0; at_the_end--) {
            for (int which = 0; which < ARRAYS; which++)
                arrays[which] = around(bytes[which], (size_t)lengths[which] * sizes[which], at_the_end, which % 2 ? 113 : 251);
            printf("value %ld\n", (long)CALL(function));
            fflush(stdout);
        }
    }
    return 0;
}
"""


@lru_cache(maxsize=8)
def _caller(found: str, signature: Signature) -> bytes | str:
    """The program that calls the function, or what is wrong with the compiler."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "caller.c").write_text("#define _GNU_SOURCE" + signature.in_c + _PROGRAM, encoding="utf-8")
        linked = ("-ldl",) if os.uname().sysname == "Linux" else ()
        done = run_compiler(found, Path(folder), ("-O1", "caller.c", "-o", "caller", *linked))
        if isinstance(done, str) or done.returncode:
            return "the compiler here can't make a program: reinstall it"
        return (Path(folder) / "caller").read_bytes()


def call(built: Built, signature: Signature, arrays: Sequence[list[int]], numbers: Sequence[int]) -> dict[str, Any]:
    """What the function does with these inputs, each library called twice.

    Returns: {"values"}: of two calls without and two with optimization; {"fault": [array, index]}: it read or wrote outside,
    or wrote at all; or {"failed": a sentence}.
    """
    caller = _caller(compiler() or "", signature)
    if isinstance(caller, str):
        return {"failed": caller}
    given = struct.pack(f"={len(arrays) + len(numbers)}i", *map(len, arrays), *numbers)
    given += b"".join(
        struct.pack(f"={len(array)}{_CODES[kind]}", *array) for (_, kind), array in zip(signature.arrays, arrays, strict=True)
    )
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        names = [f"./{number}.so" for number in range(len(built.libraries))]
        for name, library in zip(names, built.libraries, strict=True):
            (at / name).write_bytes(library)
        (at / "caller").write_bytes(caller)
        (at / "caller").chmod(0o700)
        try:
            done = subprocess.run([str(at / "caller"), *names], cwd=folder, env={}, input=given, capture_output=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return {"failed": f"the function did not return within {SECONDS:g} s: where does its loop end?"}
    return _heard(done.stdout.decode("ascii", "replace").split("\n"), done.returncode, 2 * len(names), signature)


def _heard(lines: list[str], code: int, calls: int, signature: Signature) -> dict[str, Any]:
    said = [line.split() for line in lines if line]
    if ["nameless"] in said:
        return {"failed": f"it has no function called {signature.name}"}
    if fault := next((words for words in said if words[0] == "fault" and len(words) == 3), None):
        which, byte = int(fault[1]), int(fault[2])
        if which < 0:
            return {"failed": "the function reads or writes other memory"}
        name, kind = signature.arrays[which]
        return {"fault": [name, byte // struct.calcsize(_CODES[kind])]}
    values = [int(words[1]) for words in said if words[0] == "value" and len(words) == 2]
    if code or len(values) != calls:
        return {"failed": "the function crashed or did not end: where does its loop end, and what does it divide by?"}
    return {"values": values}
