"""JupyterLab, started by the README's command and ended with everything that it started."""

from __future__ import annotations

import importlib.util
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest import mock

import psutil

from utils.files import ROOT

SECONDS = 300  # for whatever is waited for: machines differ, and a wait ends as soon as it may
ENDING_SECONDS = 20
ADDRESS = re.compile(r"http://(?:localhost|127\.0\.0\.1):\d+/\S*\btoken=\w+")
# what a test run sets and a student's terminal does not: figures belong into the notebook, settings into my_work/
FOREIGN = re.compile(r"MPLBACKEND|IPYTHONDIR|JUPYTER_\w+|PYTEST_\w+|TITANS_STRICT|HTTPS?_PROXY", re.IGNORECASE)


def handed_over(arguments: list[str]) -> list[str]:
    """The command by which start.py replaces itself once the environment, here the one that runs the tests, is found."""
    spec = importlib.util.spec_from_file_location("start_of_the_browser_tests", ROOT / "start.py")
    assert spec and spec.loader
    start = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(start)
    with mock.patch("os.execv") as execv:
        start.hand_over(sys.executable, arguments, own=False)
    command: list[str] = execv.call_args.args[1]
    return command


def free_port() -> int:
    """A port that nobody listens on, far from those that other tests count up from."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def jupyterlab(home: Path) -> Iterator[str]:
    """Serve `home`, which need not be there yet; yields the address that is printed, token included."""
    from course.checks.gate import BRIEF  # not at the top: this file is run by itself, too

    command = handed_over(["lab", "--no-browser", "--port", str(free_port())])
    environment = {name: value for name, value in os.environ.items() if not FOREIGN.fullmatch(name)}
    log = home.parent / "jupyterlab.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command,
            cwd=home.parent,
            env={**environment, **BRIEF, "TITANS_HOME": str(home), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        watcher = subprocess.Popen([sys.executable, __file__, str(server.pid)], stdin=subprocess.PIPE, start_new_session=True)
        try:
            yield _answering(server, log)
        finally:
            watcher.communicate()  # closes its standard input, as does the death of this process in whatever way
            server.wait(ENDING_SECONDS)


def _answering(server: subprocess.Popen[bytes], log: Path) -> str:
    """The address in the log, as soon as there is one and something answers there."""
    limit = time.monotonic() + SECONDS
    while server.poll() is None and time.monotonic() < limit:
        if found := ADDRESS.search(log.read_text(encoding="utf-8")):
            try:
                with urllib.request.urlopen(found[0], timeout=10):
                    return found[0]
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                pass
        time.sleep(0.2)
    raise AssertionError(f"JupyterLab does not answer:\n{log.read_text(encoding='utf-8')}")


def end(server: psutil.Process) -> None:
    """Ask a process to end; what is left of it and of those it started, kernels included, is killed."""
    family = [server, *server.children(recursive=True)]
    server.terminate()
    deadline = time.monotonic() + ENDING_SECONDS
    while (left := [process for process in family if alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def alive(process: psutil.Process) -> bool:
    """Whether it still runs; one that ended and whose parent has not looked yet does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def watch(pid: int) -> None:
    """End a process as soon as the one that started this one is gone or says so: as soon as standard input ends."""
    with suppress(psutil.NoSuchProcess):
        server = psutil.Process(pid)
        sys.stdin.read()
        end(server)


if __name__ == "__main__":
    watch(int(sys.argv[1]))
