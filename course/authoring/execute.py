"""Run a notebook in a kernel of its own and keep what it shows: no widgets, no versions, no paths of this machine."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from course.authoring.notebook import WIDGET, output_text
from course.authoring.source import BuildError, Source
from utils.files import ROOT

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"Cell In\[(\d+)\], line (\d+)")


class _ThisPython(KernelSpecManager):
    """The kernel is the Python that builds, whatever kernels its user has installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


def execute(notebook: NotebookNode, source: Source, timeout: int = 120, say: Callable[[str], None] | None = None) -> None:
    """Run all cells in place, strictly (TITANS_STRICT=1) and on one thread.

    The kernel works in an empty temporary folder, so a lab that reads files by relative path fails here
    and not on a student's machine; `my_work/` lies in that folder too.

    notebook: its cells are those of `source`, in order.
    timeout: seconds a cell may take.

    Raises:
        BuildError: a cell fails, takes too long or kills its kernel, or its output names a path of this machine.
    """
    started: list[int] = []

    def on_cell_start(cell: NotebookNode, cell_index: int) -> None:
        if cell.cell_type == "code":
            started.append(cell_index)
            if say is not None:
                say(f"cell {source.cells[cell_index].id}")

    with tempfile.TemporaryDirectory(prefix="titans-") as folder:
        place = Path(folder)
        (place / "cwd").mkdir()
        address = {} if sys.platform == "win32" else {"transport": "ipc", "ip": str(place / "k")}  # over tcp ipykernel warns into the log
        client = NotebookClient(
            notebook,
            km=AsyncKernelManager(kernel_name="python3", kernel_spec_manager=_ThisPython(), **address),
            timeout=timeout,
            resources={"metadata": {"path": str(place / "cwd")}},
            record_timing=False,
            store_widget_state=False,
            coalesce_streams=True,
        )
        client.on_cell_start = on_cell_start
        try:
            client.execute(cleanup_kc=True, env=_environment(place, source.path.parents[1]))
        except CellExecutionError as error:
            raise _failure(source, started, error) from None
        except CellTimeoutError:
            raise source.refuse(source.cells[started[-1]], f"the cell takes longer than {timeout} s: make it smaller") from None
        except DeadKernelError:
            raise source.refuse(source.cells[started[-1]], "the cell killed its kernel: see whether it ran out of memory") from None
        tidy(notebook)
        refuse_paths(notebook, source, place)


def _environment(place: Path, project: Path) -> dict[str, str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith(("TITANS_", "IPYTHON", "MPL"))}
    path = [str(project), str(ROOT), *filter(None, [env.get("PYTHONPATH")])]
    return env | {
        **dict.fromkeys(THREADS, "1"),
        "TITANS_STRICT": "1",
        "TITANS_HOME": str(place / "home"),
        "IPYTHONDIR": str(place / "ipython"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(path)),
    }


def _failure(source: Source, started: list[int], error: CellExecutionError) -> BuildError:
    """Name the cell that failed, its line, and the line in an earlier cell if the exception came from there."""
    cell = source.cells[started[-1]]
    frames = [(int(count), int(line)) for count, line in _FRAME.findall(_ANSI.sub("", error.traceback))]
    line = next((line for count, line in frames if count == len(started)), 1)
    text = f"{error.ename}: {_ANSI.sub('', error.evalue).strip()}".splitlines()[0]
    if frames and frames[-1][0] < len(started):
        deeper, at = source.cells[started[frames[-1][0] - 1]], frames[-1][1]
        text += f"\n  raised in cell {deeper.id}, line {deeper.line + at - 1}"
    return source.refuse(cell, text, line)


def tidy(notebook: NotebookNode) -> None:
    """Drop what changes with every run or means nothing in a file: widget views, widget state, versions."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info = {"name": "python"}  # the kernel adds its version
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
            cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]


def refuse_paths(notebook: NotebookNode, source: Source, *more: Path) -> None:
    """Outputs must not tell where the project, its Python or its user's home lie.

    Raises:
        BuildError: an output does; the message names its cell.
    """
    home = Path.home()
    places = [
        ROOT,
        source.path.parents[1],
        Path(sysconfig.get_path("purelib")),
        *more,
        *([home] if home != Path(home.anchor) else []),
    ]
    pattern = re.compile("|".join(sorted({re.escape(str(place)) + r"(?![\w.-])" for place in places}, key=len, reverse=True)))
    for cell, place in zip(notebook.cells, source.cells, strict=True):
        for output in cell.get("outputs", []):
            if found := pattern.search(output_text(output)):
                raise source.refuse(place, f"the output holds {found[0]}, a path of this machine: print the name alone or a relative path")
