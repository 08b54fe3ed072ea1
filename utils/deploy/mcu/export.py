"""From an int8 file to C sources that were tried: each layer against the file, the program against the layers."""

from __future__ import annotations

import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import onnx

from utils.deploy.agreement import differing
from utils.deploy.mcu.codegen import RUNTIME, Program, write_program
from utils.deploy.mcu.host import MAIN
from utils.deploy.mcu.network import IntegerNetwork
from utils.deploy.mcu.toolchain import host_compiler, names

FLAGS = ("-std=c99", "-O2")
DRAWN = 4  # inputs that are tried: two of random codes, one of the smallest, one of the largest


def to_c(network: IntegerNetwork | str | Path, folder: str | Path, name: str = "model") -> Program:
    """Write a network as C99 sources into a folder: `model.c`, `model.h` and the kernels that they call.

    No malloc, no floating point, no library: `model_run()` reads codes at `model_input` and leaves those of the output
    at `model_output`; it may write over the input. `model.h` says what the codes stand for and how they lie in memory: a
    picture's channels side by side, pixel by pixel (`IntegerNetwork.to_c_order`). Files of the same names are replaced.

    The files appear only after two comparisons on drawn codes: of a file, each layer in integers with what the file says in
    floats, to two codes (`utils.deploy.agreement`); and, where there is a C compiler, the program's answers on this computer
    with those of the network, to the bit.

    network: or the path of an int8 .onnx file. name: of the files and functions.

    Raises:
        FileNotFoundError: no file at that path.
        ValueError: a name that C does not take or that a kernel has, what `IntegerNetwork.from_onnx` refuses, or answers that
            differ, by the name of the layer.

    >>> import torch
    >>> from utils.deploy import to_int8_onnx
    >>> folder = getfixture("tmp_path")
    >>> size = to_int8_onnx(torch.nn.Linear(4, 2), None, folder / "net.onnx", torch.rand(100, 4))
    >>> to_c(folder / "net.onnx", folder / "c").network.macs
    8
    """
    file = None if isinstance(network, IntegerNetwork) else Path(network)
    if not isinstance(network, IntegerNetwork):
        network = IntegerNetwork.from_onnx(network)
    codes = _drawn(network.sample_shape)
    if file is not None:
        _check_layers(network, file, codes)
    if (compiler := host_compiler()) is not None:
        with tempfile.TemporaryDirectory() as draft:
            _check_program(write_program(network, draft, name), compiler, codes)
    return write_program(network, folder, name)


def _drawn(shape: tuple[int, ...]) -> np.ndarray:
    codes = np.random.default_rng(0).integers(0, 256, size=(DRAWN, *shape), dtype=np.uint8)
    codes[-2], codes[-1] = 0, 255
    return codes


def _check_layers(network: IntegerNetwork, file: Path, codes: np.ndarray) -> None:
    """Raise unless each layer gives the codes that the file's operations give for the same operands."""
    grid, made = network.input.grid, network.activations(codes)
    known = {tensor.onnx_name: name for name, tensor in network.tensors.items() if tensor.onnx_name}
    values = {own: made[name] for own, name in known.items()}
    if len(network.sample_shape) == 2:  # a sequence is read as a picture of height one
        values = {own: one.squeeze(2) if one.ndim == 4 else one for own, one in values.items()}
    inputs = (codes.astype(np.float32) - grid.zero_point) * np.float32(grid.scale)
    if off := differing(onnx.load(file), inputs, values):
        first = next(iter(off))
        raise ValueError(f"{known[first]} of {file.name} is off by {off[first]} codes in integers: write the file again with to_int8_onnx")


def _check_program(program: Program, compiler: str, codes: np.ndarray) -> None:
    """Raise unless the compiled sources give the network's codes, to the bit."""
    network, folder = program.network, program.folder
    model, product = folder / f"{program.name}.c", folder / "tried"
    kernels = [str(path) for path in sorted(_kernels(compiler).glob("*.o"))]
    try:
        command = [compiler, *FLAGS, *names(program), f"-I{folder}", str(model), str(MAIN), *kernels, "-o", str(product)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        rows = network.to_c_order(codes)
        said = subprocess.run([product], input=rows.tobytes(), check=True, capture_output=True, timeout=60 + network.macs / 1e5).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise ValueError(f"the C sources of {network.name} do not run on this computer ({str(error)[:150]}): report it") from error
    expected = network.run(codes)
    found = np.frombuffer(said, dtype=np.uint8)
    if found.size != expected.size or (network.from_c_order(found.reshape(len(codes), -1)) != expected).any():
        raise ValueError(f"the C sources of {network.name} give other codes than the network: report it, and run the network in Python")


_folders: list[tempfile.TemporaryDirectory] = []  # removed when Python ends


@cache
def _kernels(compiler: str) -> Path:
    """A folder with the kernels' object files, compiled once for all programs that are tried."""
    _folders.append(tempfile.TemporaryDirectory())
    folder = Path(_folders[-1].name)
    sources = [str(path.resolve()) for path in sorted(RUNTIME.glob("*.c"))]
    subprocess.run([compiler, *FLAGS, "-c", *sources], cwd=folder, check=True, capture_output=True, timeout=120)
    return folder
