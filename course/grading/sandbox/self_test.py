"""Proof of a sandbox: what a hostile process would try is tried in it, before any student's code runs.

escape_attempts.py runs inside as a student's code would, and reports what it could do; the sentences are made here.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from course.grading.sandbox import bubblewrap
from course.grading.sandbox.jobs import Answered, Call, Job, Limits, SandboxError
from course.grading.sandbox.sandbox import Sandbox
from utils.files import ROOT

_SECRET = ("/etc/passwd", "/etc/shadow", "/root", "/sys/kernel", "/run")
_PROBING = "def answer(function, inputs, lab, probe, ask, again):\n    return function(*inputs)\n"
_ATTEMPTS = bubblewrap.INSIDE / "escape_attempts.py"


def prove(limits: Limits | None = None) -> tuple[Sandbox | None, list[str]]:
    """A sandbox that holds, warm, or None; and what does not hold, in sentences, [] if there is one."""
    if faults := bubblewrap.missing():
        return None, faults
    limits = limits or Limits()
    first: list[str] = []
    for way in ("nested", "single"):  # the second costs a start for every exercise, and needs less of the kernel
        sandbox = Sandbox(way, limits)
        import torch  # noqa: F401 - meanwhile: judges need it too, and it takes as long as the worker does

        try:
            faults = trials(sandbox.ready(), limits)
        except SandboxError as error:
            faults = [f"{str(error)[:1].upper()}{str(error)[1:].rstrip('.')}.{_advice(str(error))}"]
        if not faults:
            return sandbox, []
        sandbox.close()
        first = first or faults
    return None, first


def self_test() -> list[str]:
    """What does not hold on this machine, in sentences; [] if a sandbox is proven. Takes some seconds."""
    sandbox, faults = prove()
    if sandbox is not None:
        sandbox.close()
    return faults


def trials(sandbox: Sandbox, limits: Limits) -> list[str]:
    """Try everything in this sandbox; a sentence for each thing that should have failed.

    Raises:
        SandboxError: a process could not be confined.
    """
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        name = f"titans-proof-{secrets.token_hex(8)}"
        abstract.bind(f"\0{name}")
        abstract.listen()
        asked = {
            "limits": {"memory_bytes": limits.memory_bytes, "file_bytes": limits.file_bytes},
            "port": server.getsockname()[1],
            "abstract": name,
            "folders": ["/", "/usr", "/usr/lib", "/etc", "/py", "/site", "/worker", "/dev", "/proc", "/sys", "/run", "/var", str(ROOT)],
            "secrets": [path for path in (*_SECRET, str(ROOT), str(ROOT / "solutions"), str(Path.home())) if path not in ("/", "/tmp")],
            "modules": ["utils", "course"],
            "pid": os.getpid(),
            "held": np.ones(1),
            "variables": [name for name in os.environ if name not in ("PATH", "HOME", "LANG", "PWD", "SHLVL") and name.isupper()],
        }
        asked["variables"] = [
            name for name in asked["variables"] if not name.startswith(("OMP_", "MKL_", "OPENBLAS_", "PYTHON", "CUDA", "LD_"))
        ]
        job = Job((("proof", _ATTEMPTS.read_text(encoding="utf-8")),), "trial", "00", (("titans_proof", _PROBING),), "titans_proof")
        with sandbox.visit() as visit:
            loaded, replies = visit.answers(job, [Call((asked,), about="inputs", shared=True)])
    if not replies or not isinstance(replies[0], Answered) or type(replies[0].value["answer"]) is not dict:
        return [f"The trials did not come to an end: {replies[-1] if replies else loaded}."]
    found, (afterwards,) = replies[0].value.values()
    return list(findings({**found, "held": afterwards["held"][0] == 2}, limits))


def findings(found: dict[str, Any], limits: Limits) -> Iterator[str]:
    """What each finding means."""
    allowed = {
        "capabilities": "A process inside has capabilities.",
        "root": "A process inside is root.",
        "route": "There is a way into the network from inside.",
        "port": "A port of this machine can be reached from inside.",
        "abstract": "An abstract socket of this machine can be reached from inside.",
        "vsock": "A socket to the host of a virtual machine can be opened inside.",
        "signalled": "The grader's own process can be signalled from inside.",
        "traced": "A process inside can trace the worker.",
        "spaces": "A process inside can make user namespaces.",
        "memory": f"A process inside can have more than {limits.memory_bytes >> 20} MiB.",
        "dev": "Files can be written to /dev.",
    }
    yield from (sentence for name, sentence in allowed.items() if found[name])
    for name, what in (
        ("written", "can be written to"),
        ("read", "can be seen"),
        ("imported", "can be imported"),
        ("variables", "is visible"),
    ):
        if found[name]:
            yield f"From inside, {', '.join(found[name])} {what}."
    if not found["held"]:
        yield "What a process inside does to its inputs can't be seen from outside."
    if not found["tmp"]:
        yield "Nothing can be written to /tmp inside."
    if found["seen"] > 8:
        yield "Processes outside can be seen from inside."
    if found["processes"] > limits.processes:
        yield f"The kernel does not hold a process inside to {limits.processes} processes: {found['processes']} of 150 could be started."
    if found["uncounted"]:
        yield f"A process inside can take memory that nobody counts: {', '.join(found['uncounted'])}."
    if found["file"] > limits.file_bytes:
        yield f"A file inside can be longer than {limits.file_bytes >> 20} MiB."
    for folder, written in found["filled"].items():
        if written > limits.tmp_bytes:
            yield f"The folder {folder} inside holds more than {limits.tmp_bytes >> 20} MiB."
    if found["descriptors"] > 2:  # its end of the channel, and the memory of its inputs
        yield f"Open files of the grader can be used inside: {found['descriptors'] - 2}."
    if found["cpu"] != limits.cpu_hard_s:
        yield "The processor time of a process inside is not limited."


def _advice(said: str) -> str:
    """What to do about a start that failed, where that is known."""
    if "uid map" in said or "namespace" in said or "not permitted" in said:
        return (
            " Ordinary users may not make user namespaces here: on Ubuntu give bwrap an AppArmor profile that allows `userns`; "
            "in a container allow `unshare` and `mount` (seccomp, AppArmor), or grade on the machine itself."
        )
    return ""
