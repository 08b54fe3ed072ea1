"""Is what a file costs read from its graph as it is computed: constants, frozen batches, and whole numbers in all or some places?"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
from torch import nn

from utils.deploy import OnnxRunnable, to_onnx
from utils.measure.energy import model_energy


def product(folder: Path, batch: int | str, constant: bool) -> OnnxRunnable:
    """A file of one product, (batch, 6) times (6, 3), its weight a constant node or in the file's list."""
    weight = numpy_helper.from_array(np.ones((6, 3), np.float32), "w")
    nodes = [helper.make_node("Constant", [], ["w"], value=weight)] if constant else []
    nodes.append(helper.make_node("MatMul", ["x", "w"], ["y"]))
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, size]) for name, size in (("x", 6), ("y", 3))]
    graph = helper.make_graph(nodes, "product", ends[:1], ends[1:], [] if constant else [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), folder / "product.onnx")
    return OnnxRunnable(folder / "product.onnx")


@pytest.mark.parametrize("constant", [True, False])
def test_weights_count_wherever_the_file_keeps_them(tmp_path: Path, constant: bool) -> None:
    file = product(tmp_path, "n", constant)
    assert (file.macs, file.parameters, file.number_format) == (18, 18, "float32")
    assert file.traffic is not None and (file.traffic.weights, file.traffic.activations) == (72, 36)


def test_a_frozen_batch_is_not_taken_for_one_input(tmp_path: Path) -> None:
    """Rather no figure than that of four inputs."""
    four = product(tmp_path, 4, constant=False)
    assert (four.macs, four.peak_activation_bytes, four.traffic) == (None, None, None)
    assert product(tmp_path, 1, constant=False).macs == 18


class Some(CalibrationDataReader):
    """Four random inputs."""

    def __init__(self) -> None:
        self.left = [{"x": np.random.default_rng(at).normal(size=(1, 2, 8, 8)).astype(np.float32)} for at in range(4)]

    def get_next(self) -> dict | None:
        return self.left.pop() if self.left else None


def test_int8_is_what_multiplies_whole_numbers_everywhere(tmp_path: Path) -> None:
    """A file that keeps one convolution in float has no single format, so no energy of it is told."""
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.Flatten(), nn.Linear(64, 3)).eval()
    to_onnx(model, torch.zeros(1, 2, 8, 8), tmp_path / "float.onnx")
    names = [node.name for node in onnx.load(tmp_path / "float.onnx").graph.node if node.op_type == "Conv"]
    logging.disable(logging.WARNING)
    try:
        for left_out, name in (([], "all"), (names[:1], "some")):
            quantize_static(
                tmp_path / "float.onnx", tmp_path / f"{name}.onnx", Some(), quant_format=QuantFormat.QDQ, nodes_to_exclude=left_out
            )
    finally:
        logging.disable(logging.NOTSET)
    whole, mixed = (OnnxRunnable(tmp_path / f"{name}.onnx") for name in ("all", "some"))
    assert whole.number_format == "int8" and whole.macs == OnnxRunnable(tmp_path / "float.onnx").macs
    assert mixed.number_format is None
    for file in (whole, mixed):
        assert file.traffic is None and file.peak_activation_bytes is None and model_energy(file) is None


def test_a_sample_of_another_shape_is_refused(tmp_path: Path) -> None:
    to_onnx(nn.Conv2d(2, 4, 3), torch.zeros(1, 2, 8, 8), tmp_path / "net.onnx")
    for sample in ((3, 8, 8), (8, 8)):
        with pytest.raises(ValueError, match="is none: give one that fits"):
            OnnxRunnable(tmp_path / "net.onnx", sample=sample)
