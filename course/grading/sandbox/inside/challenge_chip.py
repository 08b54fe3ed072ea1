"""Inside the sandbox: a file of lab 07 as whole numbers and as a program for a chip. The grader sends this as a cell.

All code here is ours: the file gives numbers, which are read, multiplied in numpy and written into C sources as digits.
No name of the file gets into a source, a path or a command, and no product of the compiler is run. So the figures can
be trusted as those of `challenge_costs.py` can; accuracy too, which is that of the network whose flash is counted, code by code.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

BOARD = "cortex-m4"
MOST_TABLES, MOST_LAYERS = 1 << 19, 200  # bytes; what has more is far over the budget and is not compiled
PATHS = "/usr/local/bin:/usr/bin:/bin"
_loaded: dict[str, Any] = {}


def evaluate(step: str, *given: Any) -> Any:
    """`load`(bytes, shape) gives the network's sizes, `run`(photos) the classes, `link`(files) flash and RAM of the linked program."""
    if step == "load":
        return _load(*given)
    return _run(*given) if step == "run" else _link(*given)


def _load(data: np.ndarray, sample: tuple[int, ...]) -> dict[str, int]:
    """tables: bytes of weights and scales; arena: of activations. The program takes more, so they are lower bounds."""
    from utils.deploy.mcu.network import IntegerNetwork

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "07_challenge.onnx")
        path.write_bytes(data.tobytes())
        network = IntegerNetwork.from_onnx(path)
    if network.sample_shape != tuple(sample):
        raise ValueError(f"it takes photos of shape {network.sample_shape}, {tuple(sample)} is asked for")
    _loaded["network"] = network
    return {"macs": network.macs, "tables": network.weight_bytes, "arena": network.arena.size_bytes}


def _run(photos: np.ndarray) -> np.ndarray:
    network = _loaded["network"]
    codes = network.run(network.codes(photos))
    if codes.ndim != 2:
        raise ValueError(f"codes of shape (photos, classes) are asked for, these have {codes.shape}")
    return codes.argmax(1)


def _link(files: dict[str, dict[str, str]]) -> dict[str, Any]:
    """files: "runtime" and "board" -> name -> text, our own sources. Where it can't be linked the one key `missing` says why."""
    from utils.deploy.mcu import boards, codegen, sizes, toolchain

    network = _loaded["network"]
    if network.weight_bytes > MOST_TABLES or len(network.layers) > MOST_LAYERS:
        return {"missing": f"{network.weight_bytes:,} bytes of tables in {len(network.layers)} layers are too much to be compiled"}
    os.environ["PATH"] = os.pathsep.join([PATHS, os.environ.get("PATH", "")])
    toolchain.SECONDS = 20
    with tempfile.TemporaryDirectory() as name:
        for folder, texts in files.items():
            Path(name, folder).mkdir()
            for file, text in texts.items():
                Path(name, folder, file).write_text(text, encoding="utf-8")
        codegen.RUNTIME, boards.FOLDER = Path(name, "runtime"), Path(name, "board")
        try:
            found = sizes.link_sizes(codegen.write_program(network, Path(name, "model")), BOARD)
        except FileNotFoundError as error:
            return {"missing": str(error)}
    return {"flash_bytes": found.flash_bytes, "ram_bytes": found.ram_bytes}
