"""Jupyter with files of its own: the user's settings, kernels and start-up files neither disturb it nor are changed by it."""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from utils.files import my_work, write_atomically
from utils.student.file_format import well_formed
from utils.student.notebook import read_notebook, short_line

FIRST_PORT = 8888
SETTINGS = {
    # no question about news and no look for updates
    "config/lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    # Markdown is shown, not edited: the course page
    "config/lab/user-settings/@jupyterlab/docmanager-extension/plugin.jupyterlab-settings": {
        "defaultViewers": {"markdown": "Markdown Preview"},
    },
    # no warning in the terminal for every kernel that it talks without encryption to this same computer
    "ipython/profile_default/ipython_kernel_config.json": {"IPKernelApp": {"log_level": "ERROR"}},
}


class NotebookFailedError(Exception):
    """A cell of a notebook raised; the text names the notebook and the cell."""


def own_corner(folder: Path) -> dict[str, str]:
    """The environment variables that keep all files of Jupyter, IPython and matplotlib in `folder`, which is made.

    A user without a home directory gets one there: Jupyter does not start without.
    """
    folder.mkdir(parents=True, exist_ok=True)  # IPython takes a temporary folder instead of a missing one
    names = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "ipython"}
    variables = {variable: str(folder / name) for variable, name in names.items()}
    (folder / "matplotlibrc").touch()  # empty: the user's own one would change or stop every figure
    variables["MATPLOTLIBRC"] = str(folder / "matplotlibrc")
    if not os.path.isabs(os.path.expanduser("~")):
        (folder / "home").mkdir(exist_ok=True)
        variables["HOME"] = str(folder / "home")
    return variables


def write_settings(folder: Path) -> None:
    """Make Jupyter quiet; settings that are there stay as they are."""
    for name, values in SETTINGS.items():
        if not (path := folder / name).exists():
            write_atomically(path, json.dumps(values, indent=1) + "\n")


def is_free(port: int) -> bool:
    """Whether a server can listen on this port at every address of localhost, IPv4 and IPv6, as Jupyter does."""
    return all(_can_listen(family, address) for family, address in _addresses(port))


def _addresses(port: int) -> list[tuple[int, tuple[Any, ...]]]:
    """The addresses of localhost, each with its family; 127.0.0.1 is always one of them."""
    found: dict[tuple[Any, ...], int] = {("127.0.0.1", port): socket.AF_INET}
    with suppress(OSError):  # a computer may not know the name
        found |= {address: family for family, _, _, _, address in socket.getaddrinfo("localhost", port, type=socket.SOCK_STREAM)}
    return [(family, address) for address, family in found.items()]


def _can_listen(family: int, address: tuple[Any, ...]) -> bool:
    try:
        probe = socket.socket(family)
    except OSError:  # a family that this computer does not have: nobody listens there
        return True
    with probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a server that just ended does not count
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            probe.bind(address)
        except OSError as error:
            return error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
    return True


def free_port(first: int = FIRST_PORT, tries: int = 100) -> int:
    """The first free port from `first` on.

    Raises:
        OSError: none of them is free.
    """
    for port in range(first, min(first + tries, 65536)):
        if is_free(port):
            return port
    raise OSError(f"no free port from {first} to {first + tries - 1}: give one with --port")


def lab_command(folder: Path, port: int, browser: bool, page: str | None = None) -> list[str]:
    """The command that opens JupyterLab in `folder` without a word to the outside. page: the file in it to open on."""
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={folder}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
        "--LabApp.news_url=None",
    ]
    if page:
        command.append(f"--LabApp.default_url=/lab/tree/{quote(page)}")
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return command


def run_notebook(path: Path, on_cell: Callable[[int, int], None] | None = None) -> str:
    """Run a notebook from top to bottom in memory; return its scorecard as text.

    That is what the cell with the id "scorecard" shows, or without one the last cell with output.

    on_cell: called after every code cell with its number and the count of code cells.

    Raises:
        NotebookFailedError: a cell raised or the kernel died.
        ValueError: the file is not a notebook.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    corner = my_work().resolve() / ".jupyter"
    os.environ.update(own_corner(corner))
    write_settings(corner)
    notebook = nbformat.from_dict(well_formed(read_notebook(path)))
    places = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    at = 0

    def started(cell_index: int, **_: object) -> None:
        nonlocal at
        at = cell_index

    def done(cell_index: int, **_: object) -> None:
        if on_cell:
            on_cell(places.index(cell_index) + 1, len(places))

    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_start=started,
        on_cell_executed=done,
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise NotebookFailedError(f"{_where(path, notebook, at)}: {_said(notebook.cells[at], error)}") from error
    except DeadKernelError as error:
        raise NotebookFailedError(f"{_where(path, notebook, at)}: its kernel died, perhaps for lack of memory") from error
    card = [cell for cell in notebook.cells if cell.get("id") == "scorecard"]
    texts = [text for cell in card or map(notebook.cells.__getitem__, places) if (text := _text(cell))]
    return texts[-1] if texts else ""


def _where(path: Path, notebook: dict, index: int) -> str:
    source = next((line for line in notebook["cells"][index]["source"].splitlines() if line.strip()), "")
    return f'{path.name} stopped in the cell "{short_line(source)}"'


def _said(cell: dict, error: Any) -> str:
    """The exception as "ValueError: its first line". What fails while a result is shown, a figure, stands in the output alone."""
    shown = [out for out in cell["outputs"] if out.get("output_type") == "error"]
    name, text = (shown[-1]["ename"], shown[-1]["evalue"]) if shown else (error.ename, error.evalue)
    drawn = "its result can't be shown: " if shown and error.ename != name else ""
    return f"{drawn}{name}: {next(iter(text.strip().splitlines()), 'no message')}"


def _text(cell: dict) -> str:
    """A cell's output as text: streams and plain representations."""
    parts = [
        out["text"] if "text" in out else out.get("data", {}).get("text/plain", "")
        for out in cell["outputs"]
        if out.get("name") != "stderr"
    ]
    return "\n".join(part.rstrip("\n") for part in parts if part)
