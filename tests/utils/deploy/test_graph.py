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

from utils.deploy import OnnxRunnable, to_int8_onnx, to_onnx
from utils.measure import peak_activation_bytes, traffic
from utils.measure.energy import model_energy


class Called(nn.Module):
    """A function as a layer."""

    def __init__(self, call) -> None:
        super().__init__()
        self.call = call

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.call(x)


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
    assert mixed.traffic is None and mixed.peak_activation_bytes is None and model_energy(mixed) is None
    assert whole.traffic is not None and whole.peak_activation_bytes is not None and model_energy(whole) is not None


def quantized(folder: Path, model: nn.Module, shape: tuple[int, ...]) -> OnnxRunnable:
    """The model in int8, calibrated with noise."""
    to_int8_onnx(model.eval(), None, folder / "int8.onnx", np.random.default_rng(0).normal(size=(8, *shape)).astype(np.float32))
    return OnnxRunnable(folder / "int8.onnx")


def layer_bytes(codes: int, channels: int) -> int:
    """What a layer stores: int8 codes; for each channel a float scale and an int8 zero point, and an int32 bias with both of its own."""
    return codes + channels * (4 + 1) + channels * (4 + 4 + 4)


def test_whole_numbers_take_a_byte_between_operations(tmp_path: Path) -> None:
    """By hand: two convolutions with their activation, a view, a linear layer; floats exist at the ends alone."""
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.ReLU6(), nn.Flatten(), nn.Linear(64, 3))
    file = quantized(tmp_path, model, (2, 8, 8))
    x, first, second, logits = 2 * 8 * 8, 4 * 6 * 6, 4 * 4 * 4, 3
    to_integers, to_floats = 4 * x + x, logits + 4 * logits
    assert file.traffic is not None
    assert file.traffic.activations == to_integers + (x + first) + (first + second) + (second + logits) + to_floats
    scalars = 4 * (4 + 1)  # scale and zero point of the input, of two maps, of the logits; the view has those of its map
    assert file.traffic.weights == layer_bytes(72, 4) + layer_bytes(144, 4) + layer_bytes(192, 3) + scalars
    assert file.peak_activation_bytes == to_integers
    assert (file.macs, file.number_format) == (72 * 36 + 144 * 16 + 192, "int8")


class Shortcut(nn.Module):
    """relu(conv2(relu(conv1(x))) + conv1's), then the mean over positions: no integer operation of the runtime does that."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: (n, 1, 8, 8) -> (n, 3)."""
        x = torch.relu(self.first(x))
        return self.last(torch.relu(self.second(x) + x).mean((2, 3)))


def test_additions_are_of_whole_numbers_and_a_mean_is_of_floats(tmp_path: Path) -> None:
    """By hand: the addition reads the shortcut only (it is fused), the mean is turned into floats and back."""
    file = quantized(tmp_path, Shortcut(), (1, 8, 8))
    x, wide = 64, 8 * 64
    ends = (4 * x + x) + (3 + 4 * 3)
    products = (x + wide) + (wide + wide) + (8 + 3)
    mean = (wide + 4 * wide) + (4 * wide + 4 * 8) + (4 * 8 + 8)
    assert file.traffic is not None and file.traffic.activations == ends + products + wide + mean
    assert file.peak_activation_bytes == wide + 4 * wide  # while the last map becomes floats; three maps are less
    assert file.number_format == "int8"


def test_an_average_pooling_is_of_whole_numbers(tmp_path: Path) -> None:
    """By hand, like the mean above but for the operation."""
    model = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3))
    file = quantized(tmp_path, model, (1, 8, 8))
    assert file.traffic is not None
    assert file.traffic.activations == (4 * 64 + 64) + (64 + 512) + (512 + 8) + (8 + 3) + (3 + 12)
    assert file.peak_activation_bytes == 64 + 512


def test_a_quantized_table_of_which_rows_are_looked_up_has_no_traffic(tmp_path: Path) -> None:
    """As in floats: one inference does not read it all."""
    file = tmp_path / "table.onnx"
    numbers = [
        numpy_helper.from_array(np.ones((50, 4), np.int8), "codes"),
        numpy_helper.from_array(np.float32(0.1), "scale"),
        numpy_helper.from_array(np.int8(0), "zero"),
    ]
    nodes = [
        helper.make_node("DequantizeLinear", ["codes", "scale", "zero"], ["table"]),
        helper.make_node("Gather", ["table", "x"], ["y"]),
    ]
    ends = [
        helper.make_tensor_value_info("x", TensorProto.INT64, ["n", 3]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3, 4]),
    ]
    graph = helper.make_graph(nodes, "table", ends[:1], ends[1:], numbers)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), file)
    assert OnnxRunnable(file).traffic is None


def test_a_sample_of_another_shape_is_refused(tmp_path: Path) -> None:
    to_onnx(nn.Conv2d(2, 4, 3), torch.zeros(1, 2, 8, 8), tmp_path / "net.onnx")
    for sample in ((3, 8, 8), (8, 8)):
        with pytest.raises(ValueError, match="is none: give one that fits"):
            OnnxRunnable(tmp_path / "net.onnx", sample=sample)


ELEMENTWISE = {
    **{kind.__name__: kind() for kind in (nn.ReLU, nn.RReLU, nn.Hardtanh, nn.Sigmoid, nn.Hardsigmoid, nn.Tanh, nn.ELU)},
    **{
        kind.__name__: kind()
        for kind in (nn.CELU, nn.SELU, nn.GELU, nn.LeakyReLU, nn.LogSigmoid, nn.Softplus, nn.PReLU, nn.Tanhshrink, nn.Hardswish)
    },
    **{
        call.__name__: Called(call)
        for call in (torch.abs, torch.exp, torch.sin, torch.cos, torch.round, torch.floor, torch.ceil, torch.sign)
    },
    **{call.__name__: Called(call) for call in (torch.erf, torch.atan, torch.square, torch.neg)},
    "sqrt": Called(lambda x: x.abs().sqrt()),
    "log": Called(lambda x: (x.abs() + 1).log()),
    "maximum": Called(lambda x: x.clamp(min=0.5)),
    "power": Called(lambda x: x**3),
    "division": Called(lambda x: 1 / (x.abs() + 1)),
    "Softsign": nn.Softsign(),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_an_elementwise_operation_takes_no_room_of_its_own_in_model_and_file(tmp_path: Path, name: str) -> None:
    """It writes over its operand, whatever it is called: the file's figures are the model's, by hand where it is one operation."""
    model, x = (
        nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), ELEMENTWISE[name], nn.Conv2d(8, 3, 3, padding=1)).eval(),
        torch.rand(1, 3, 16, 16),
    )
    to_onnx(model, x, tmp_path / "net.onnx")
    file = OnnxRunnable(tmp_path / "net.onnx")
    assert file.peak_activation_bytes == peak_activation_bytes(model, x)
    if name not in ("Tanhshrink", "Softsign"):  # these read the operand twice
        maps = 256 * 4
        assert file.peak_activation_bytes == (3 + 8) * maps
        assert file.traffic.activations == traffic(model, x).activations == (3 + 8 + 8 + 3) * maps


def test_scales_and_zero_points_are_no_parameters(tmp_path: Path) -> None:
    """A quantized file has as many as the float file: 10 x 4 weights and 4 biases, two of them zero."""
    model = nn.Linear(10, 4)
    with torch.no_grad():
        model.weight[0, :2] = 0
    x = torch.rand(32, 10)
    for how in ("float", "static", "dynamic", "one scale"):
        if how == "float":
            to_onnx(model, x, tmp_path / "net.onnx")
        else:
            calibration = None if how == "dynamic" else x
            to_int8_onnx(model, x, tmp_path / "net.onnx", calibration, dynamic=how == "dynamic", per_channel=how != "one scale")
        file = OnnxRunnable(tmp_path / "net.onnx")
        assert file.parameters == 44
        assert file.nonzero <= 42
