"""Inside the sandbox: run a file of an open challenge. The grader sends this as a cell, after the file's costs are known.

The file is data of a student's, so whoever runs it may be led astray; it is the only thing in its process that is not
ours. It sees photos or windows, never their labels: what it could forge is its own answers.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

import numpy as np
import torch

_loaded: dict[str, Any] = {}


def evaluate(step: str, *given: Any) -> Any:
    """`load`(suffix, bytes) reads the file; `run`(inputs) gives the classes."""
    return _load(*given) if step == "load" else _run(*given)


def _load(suffix: str, data: np.ndarray) -> None:
    if suffix == ".onnx":
        _loaded["answers"] = _of_onnx(data.tobytes())
        return
    model = _of_titan(data.tobytes()) if suffix == ".titan" else _of_safetensors(data)
    _loaded["answers"] = lambda inputs: model(torch.from_numpy(inputs)).numpy()


def _of_titan(data: bytes) -> Any:
    from utils.compress.titan.reading import decode_titan

    return decode_titan(data)


def _of_safetensors(data: np.ndarray) -> Any:
    from utils.models.store import load_model

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "challenge.safetensors")
        with open(path, "wb") as file:
            file.write(data.tobytes())
        return load_model(path).eval()


def _of_onnx(data: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    first = session.get_inputs()[0]
    kind = np.float16 if first.type == "tensor(float16)" else np.float32

    def answers(inputs: np.ndarray) -> np.ndarray:
        at_once = first.shape[0] if isinstance(first.shape[0], int) else len(inputs)
        parts = [inputs[at : at + at_once].astype(kind) for at in range(0, len(inputs), at_once)]
        return np.concatenate([session.run(None, {first.name: part})[0] for part in parts])

    return answers


def _run(inputs: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        scores = np.asarray(_loaded["answers"](inputs))
    if scores.ndim != 2 or len(scores) != len(inputs):
        raise ValueError(f"scores of shape (inputs, classes) are asked for, these have {scores.shape}")
    if not np.isfinite(scores).all():
        raise ValueError("its scores are not finite numbers")
    return scores.argmax(1)
