"""The filter of system calls, on both processors: its numbers are the kernel's, and it decides as it says. Nothing is filtered here."""

import re
import struct
from pathlib import Path

import pytest

from course.grading.sandbox.inside.confine import DENIED, MACHINES, program_for

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
ALLOW, KILL, REFUSE, UNKNOWN, FAMILY = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026, 0x00050061
NEWUSER, NEWNET = 0x10000000, 0x40000000


def numbers(machine):
    """name -> number, from the kernel's own header."""
    text = HEADERS[machine].read_text()
    return {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}


def decided(program, architecture, number, first=0):
    """What the kernel would do: the classic BPF machine on struct seccomp_data, with the few instructions that are used."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, first, 0, 0, 0, 0, 0)
    steps = [struct.unpack_from("<HBBI", program, at) for at in range(0, len(program), 8)]
    register, at = 0, 0
    while True:
        code, yes, no, k = steps[at]
        at += 1
        if code == 0x20:
            register = struct.unpack_from("<I", data, k)[0]
        elif code == 0x06:
            return k
        else:
            holds = {0x15: register == k, 0x35: register >= k, 0x45: bool(register & k)}[code]
            at += yes if holds else no


@pytest.mark.parametrize("machine", MACHINES)
def test_numbers_are_the_kernels(machine):
    if not HEADERS[machine].is_file():
        pytest.skip(f"the kernel's header for {machine} is missing; sudo apt install linux-libc-dev")
    found, (_, column, clone, socket) = numbers(machine), MACHINES[machine]
    assert {name: both[column] for name, both in DENIED.items()} == {name: found[name] for name in DENIED}
    assert (clone, socket, 435) == (found["clone"], found["socket"], found["clone3"])


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_decides_as_it_says(machine):
    architecture, column, clone, socket = MACHINES[machine]
    program = program_for(*MACHINES[machine])
    other = next(one[0] for name, one in MACHINES.items() if name != machine)

    def ask(number, first=0, of=architecture):
        return decided(program, of, number, first)

    denied = {both[column] for both in DENIED.values()}
    assert all(ask(number) == REFUSE for number in denied)
    assert all(ask(number) == ALLOW for number in range(500) if number not in {*denied, 435, clone, socket})
    assert ask(435) == UNKNOWN, "clone3 hides its flags in memory: libraries fall back to clone"
    assert [ask(clone, flags) for flags in (0x11, NEWUSER, NEWUSER | NEWNET, NEWNET)] == [ALLOW, REFUSE, REFUSE, ALLOW]
    assert [ask(socket, family) for family in (1, 2, 10, 16, 17, 38, 40)] == [ALLOW, ALLOW, ALLOW, *[FAMILY] * 4]
    assert ask(0, of=other) == KILL and ask(0x40000000 + 1) == REFUSE
