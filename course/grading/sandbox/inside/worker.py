"""The side that runs students' code: one process that has numpy and torch loaded, and forks for every visit.

Usage: worker.py FD WAY, where FD is a socket to the trusted side and WAY is
    nested  every fork gets namespaces of its own: one worker serves many visits
    single  the fork stays in the worker's: good for one visit
    open    no sandbox at all: limits only

Nothing of the course lies here but channel.py, confine.py and this file. What probes need comes with the
job as source and is loaded after the student's cells have run, so that these cannot reach it before.
"""

from __future__ import annotations
import __future__

import ast
import contextlib
import gc
import os
import random
import select
import signal
import socket
import sys
import threading
import traceback
import types
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import torch
import torch.nn.utils.prune
import torch.overrides
import torch.utils._python_dispatch
from channel import pack, receive, send, unpack
from confine import allow_cpu, can_filter, die_with_parent, drop_capabilities, filter_calls, limit, look_around, nest, not_dumpable

SEED = 20  # of torch, numpy and Python before every call


def serve(control: socket.socket, way: str) -> None:
    """Fork for every visit, until `control` is closed; tell how each fork ended.

    An order is four bytes, the visit's number: with a socket it begins, without one it is to end.
    """
    send(control, {"kind": "ready", "versions": {"python": sys.version.split()[0], "torch": torch.__version__, "numpy": np.__version__}})
    children: dict[int, int] = {}
    while True:
        if select.select([control], [], [], 0.002 if children else None)[0]:
            order, fds, _, _ = socket.recv_fds(control, 4, 1, socket.MSG_WAITALL)
            if not order:
                return
            number = int.from_bytes(order, "little")
            if fds:
                children[number] = _begin(fds[0], control, way)
            elif number in children:
                _kill(children[number])
        for number, child in list(children.items()):
            if (code := _code(child)) is not None:
                del children[number]
                send(control, {"kind": "ended", "number": number, "code": code})


def _begin(fd: int, control: socket.socket, way: str) -> int:
    """A fork that serves the socket."""
    if child := os.fork():
        os.close(fd)
        return child
    visit = socket.socket(fileno=fd)
    control.close()
    os._exit(_guarded(visit, way))


def _kill(child: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # it leads a group, if it came so far


def _code(child: int) -> int | None:
    """The exit status of a child that has ended, or 128 and the number of the signal that ended it."""
    ended, status = os.waitpid(child, os.WNOHANG)
    code = os.waitstatus_to_exitcode(status)
    return None if not ended else 128 - code if code < 0 else code


def _guarded(job: socket.socket, way: str) -> int:
    """In the fork: confine it, run the jobs that come; the exit status."""
    try:
        os.setsid()
        head, _ = receive(job)
        limits = head["limits"]
        if way == "nested":
            nest(limits["tmp_bytes"])
            drop_capabilities()
        elif way == "open":
            die_with_parent()
        if way != "open" and can_filter():
            filter_calls()
        limit(limits, processes=way != "open")
    except BaseException as error:
        with contextlib.suppress(OSError):
            send(job, {"kind": "unconfined", "said": f"{type(error).__name__}: {error}"[:300]})
        return 3
    with contextlib.suppress(EOFError, OSError):
        send(job, {"kind": "confined"})
        while True:
            _run(job, head)
            head, _ = receive(job)
    return 0


def _run(job: socket.socket, head: dict[str, Any]) -> None:
    """Run the cells, then every call that is asked for, until the trusted side has enough."""
    allow_cpu(head["limits"]["cpu_s"], head["limits"]["cpu_hard_s"])
    _seed()
    main = types.ModuleType("__main__")
    main.__dict__.update(display=_nothing, get_ipython=_nothing)
    sys.modules["__main__"] = main
    errors, futures = [], 0
    for cell in head["cells"]:
        told, futures = _run_cell(cell, main.__dict__, futures)
        errors += [[cell["name"], *one] for one in told]
    send(job, {"kind": "loaded", "errors": errors[:20], "found": callable(main.__dict__.get(head["function"]))})
    _load(head["modules"])
    probing = import_module(head["probing"])
    hard_s = head["limits"]["cpu_hard_s"]
    while True:
        call, blobs = receive(job)
        if call["kind"] != "call":
            return
        allow_cpu(head["limits"]["cpu_s"], hard_s)
        inputs = unpack(call["inputs"], blobs, tensors=True)
        about = [head["lab"], call["probe"], _asking(job) if call["asks"] else None, call["again"]]
        _reply(job, partial(probing.answer, main.__dict__.get(head["function"]), inputs, *about), head["limits"]["answer_bytes"])


def _asking(job: socket.socket) -> Callable[..., Any]:
    """What a probe asks the trusted side with: names and numbers, one question after the other."""
    one = threading.Lock()

    def ask(*question: Any) -> Any:
        with one:
            send(job, {"kind": "ask", "question": pack(question, [])})
            told, blobs = receive(job)
        if "refused" in told:
            raise ValueError(told["refused"])
        return unpack(told["value"], blobs)

    return ask


def _reply(job: socket.socket, answered: Callable[[], Any], most_bytes: int) -> None:
    _seed()
    blobs: list[bytes] = []
    try:
        answer = answered()
        packed = pack(answer, blobs)
    except BaseException as error:
        send(job, {"kind": "raised", **_told(error)})
        return
    if sum(map(len, blobs)) > most_bytes:
        send(
            job,
            {
                "kind": "raised",
                "type": "UnacceptableError",
                "kinds": [],
                "said": "the answer is too large to be looked at",
                "line": 0,
                "cell": "",
            },
        )
    else:
        send(job, {"kind": "answer", "value": packed}, blobs)


def _seed() -> None:
    torch.manual_seed(SEED)
    np.random.seed(SEED)
    random.seed(SEED)


def _run_cell(cell: dict[str, str], names: dict[str, Any], futures: int) -> tuple[list[tuple[str, str, int]], int]:
    """Run a cell statement by statement: one that fails, because it needs the notebook, does not keep the others from running.

    futures: what the cells before imported from __future__, which holds for all that come after, as in a notebook.
    Returns: the errors, and `futures` for the next cell.
    """
    errors: list[tuple[str, str, int]] = []
    try:
        body = ast.parse(cell["source"]).body
    except BaseException as error:
        return [(type(error).__name__[:60], str(error)[:160], getattr(error, "lineno", 0) or 0)], futures
    for statement in body:
        try:
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                futures |= sum(getattr(__future__, alias.name).compiler_flag for alias in statement.names)
            code = compile(ast.Module([statement], []), f"<cell {cell['name']}>", "exec", futures, dont_inherit=True)
            exec(code, names)
        except BaseException as error:
            told = _told(error)
            errors.append((told["type"], told["said"], statement.lineno))
    return errors, futures


def _load(modules: list[list[str]]) -> None:
    """Make the probes' modules: (name, source), each after those that it imports; no source is a package."""
    for name, _ in modules:
        sys.modules.pop(name, None)
    for name, source in modules:
        module = types.ModuleType(name)
        if source is None:
            module.__path__ = []
        else:
            module.__package__, module.__file__ = name.rpartition(".")[0], f"/nowhere/{name.replace('.', '/')}.py"
            sys.modules[name] = module  # dataclasses look for it there
            exec(compile(source, f"<{name}>", "exec", dont_inherit=True), module.__dict__)
        sys.modules[name] = module
        parent, _, last = name.rpartition(".")
        if parent in sys.modules:
            setattr(sys.modules[parent], last, module)


def _told(error: BaseException) -> dict[str, Any]:
    """An exception as plain data: its type and those that it is derived from, its message, and the last line of a cell that led to it."""
    try:
        said = " ".join(str(error).split())[:160]
    except BaseException:
        said = "its message cannot be shown"
    line, cell, own = 0, "", 0
    with contextlib.suppress(BaseException):
        frames = [(frame.f_code.co_filename, number, frame.f_code.co_qualname) for frame, number in traceback.walk_tb(error.__traceback__)]
        of_cells = [frame for frame in frames if frame[0].startswith("<cell ")]
        own = len(of_cells)
        if of_cells:
            cell, line, _ = of_cells[-1]
    stub = type(error) is NotImplementedError and not error.args
    kinds = [kind.__name__[:60] for kind in type(error).__mro__][:20]
    return {"type": type(error).__name__[:60], "kinds": kinds, "said": said, "line": line, "cell": cell, "stub": stub and own == 1}


def _warm_up() -> None:
    """Have torch look at the processor and choose its kernels before the forks: it does so late, and no fork should do it again.

    No backward pass: its threads would not survive a fork.
    """
    for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64):
        one = torch.ones(2, 2, dtype=dtype)
        torch.nn.functional.conv2d(one.view(1, 1, 2, 2), one.view(1, 1, 2, 2))
        (one @ one + 1).softmax(0)
    torch.fake_quantize_per_tensor_affine(torch.ones(4), 1.0, 0, -8, 7)
    torch.quantize_per_tensor(torch.ones(4), 1.0, 0, torch.quint8)
    torch.linalg.svd(torch.eye(2))
    torch.fft.fft(torch.ones(4))


def _nothing(*_: Any, **__: Any) -> None:
    """What IPython's names do here."""


def main() -> None:
    """Load, then serve."""
    control, way = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    torch.set_num_threads(1)
    not_dumpable()
    look_around()
    _warm_up()
    gc.collect()
    gc.freeze()  # forks share these objects' memory as long as nothing touches them
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)
    serve(control, way)


if __name__ == "__main__":
    main()
