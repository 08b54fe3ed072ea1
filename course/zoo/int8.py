"""Networks of the zoo that are converted, not trained: what int8 costs, for each seed.

The file is not kept: it is made in a second from the network that it starts from, and equals itself to the last byte.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import onnxruntime

from course.zoo.recipe import weights_of
from utils.data import Images, fashion_mnist
from utils.deploy import OnnxRunnable, to_int8_onnx
from utils.measure import scorecard
from utils.models import load_model


def convert(name: str, what: dict, seed: int, say: Callable[[str], None] = print) -> dict:
    """Make one seed of a recipe with [int8] and measure it.

    Returns the record: validation and test accuracy in percent, bytes of the .onnx file, hours.

    Raises:
        FileNotFoundError: the network that it starts from was not trained yet.
    """
    began, how = time.perf_counter(), what["int8"]
    model = load_model(weights_of(what["from"], seed))
    calibration = fashion_mnist("train", how["calibration"]).images
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "int8.onnx"
        size = to_int8_onnx(model, None, file, calibration, per_channel=how["per_channel"], method=how["method"])
        network = OnnxRunnable(file, name="int8")
        right = {split: round(_accuracy(network, fashion_mnist(split)), 2) for split in ("validation", "test")}
        counted = {"parameters": network.parameters, "nonzero": network.nonzero}
    hours = round((time.perf_counter() - began) / 3600, 4)
    return {
        "seed": seed,
        **right,
        "bytes": size,
        **counted,
        "hours": hours,
        "onnxruntime": onnxruntime.__version__,
        "config": {"seed": seed},
    }


def _accuracy(network: OnnxRunnable, data: Images) -> float:
    return scorecard(network, data).metric
