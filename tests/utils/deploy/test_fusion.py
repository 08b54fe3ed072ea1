"""Are the operations that we say are computed in whole numbers those that ONNX Runtime says it computes so?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from utils.deploy import to_int8_onnx
from utils.deploy.fusion import Fusion, Operation


class Net(nn.Module):
    """Three convolutions and a linear layer, put together by a function of the network and its input."""

    def __init__(self, put: Callable[[Net, Tensor], Tensor], inside: int = 4) -> None:
        super().__init__()
        self.put = put
        self.a, self.b = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(3, 4, 1)
        self.c, self.d = nn.Conv2d(inside, 2, 3, 2), nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, 3, 8, 8) -> whatever `put` makes of it."""
        return self.put(self, x)


def attention(net: nn.ModuleList, x: Tensor) -> Tensor:
    """Products of two activations."""
    return torch.softmax(net[0](x) @ net[1](x).mT, -1) @ x


class Attention(nn.Module):
    """One head over a sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 8)])

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, 5, 8) -> (n, 5, 8)."""
        return attention(self.parts, x)


def between(*layers: nn.Module) -> nn.Module:
    """Layers between two convolutions."""
    return nn.Sequential(nn.Conv2d(3, 4, 3), *layers, nn.Conv2d(4, 2, 3))


IMAGE = (3, 8, 8)
NETS: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    **{
        type(layer).__name__: (between(layer), IMAGE)
        for layer in (nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(), nn.Sigmoid(), nn.Tanh(), nn.GELU())
    },
    **{type(layer).__name__: (between(layer), IMAGE) for layer in (nn.Hardswish(), nn.AvgPool2d(2), nn.MaxPool2d(2))},
    "normalised behind": (between(nn.ReLU(), nn.BatchNorm2d(4)), IMAGE),
    "depthwise": (nn.Sequential(nn.Conv2d(3, 6, 3, groups=3), nn.ReLU(), nn.Conv2d(6, 4, 1)), IMAGE),
    "one dimension": (nn.Sequential(nn.Conv1d(3, 4, 3), nn.ReLU(), nn.Conv1d(4, 2, 3)), (3, 8)),
    "pooled to one": (nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)), IMAGE),
    "flattened": (nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 5)), IMAGE),
    "linear": (nn.Sequential(nn.Linear(6, 9), nn.ReLU(), nn.Linear(9, 4)), (6,)),
    "linear without bias": (nn.Sequential(nn.Linear(6, 9, bias=False), nn.ReLU(), nn.Linear(9, 4, bias=False)), (6,)),
    "linear on a sequence": (nn.Sequential(nn.Linear(6, 9), nn.ReLU(), nn.Linear(9, 4)), (5, 6)),
    "layer norm": (nn.Sequential(nn.Linear(6, 9), nn.LayerNorm(9), nn.Linear(9, 4)), (6,)),
    "softmax": (nn.Sequential(nn.Linear(6, 9), nn.Softmax(1)), (6,)),
    "attention": (Attention(), (5, 8)),
    "added": (Net(lambda net, x: net.c(torch.relu(net.a(x) + net.b(x)))), IMAGE),
    "subtracted": (Net(lambda net, x: net.c(net.a(x) - net.b(x))), IMAGE),
    "gated": (Net(lambda net, x: net.c(net.a(x) * torch.sigmoid(net.b(x)))), IMAGE),
    "joined": (Net(lambda net, x: net.c(torch.cat([torch.relu(net.a(x)), net.b(x)], 1)), 8), IMAGE),
    "mean": (Net(lambda net, x: net.d(torch.relu(net.a(x)).mean((2, 3)))), IMAGE),
    "padded with zeros": (Net(lambda net, x: net.c(F.pad(torch.relu(net.a(x)), (0, 1, 0, 1)))), IMAGE),
    "padded with its mirror": (Net(lambda net, x: net.c(F.pad(torch.relu(net.a(x)), (0, 1, 0, 1), mode="reflect"))), IMAGE),
    "cut": (Net(lambda net, x: net.c(net.a(x)[:, :, 1:, :-1])), IMAGE),
    "enlarged": (Net(lambda net, x: net.c(F.interpolate(net.a(x), scale_factor=2))), IMAGE),
    "read twice, once in floats": (Net(lambda net, x: net.d(torch.tanh(y := torch.relu(net.a(x))).mean((2, 3)) + y.amax((2, 3)))), IMAGE),
}


def runs(path: Path) -> Counter[str]:
    """What ONNX Runtime says that it runs: kinds of operations without those that prepare constants or change the layout."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath, options.log_severity_level = str(path.with_name("optimized.onnx")), 3
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    graph = onnx.load(path.with_name("optimized.onnx")).graph
    constants = {tensor.name for tensor in graph.initializer}
    kinds = [node.op_type for node in graph.node if node.op_type != "Transpose" and not set(node.input) <= constants]
    return Counter(kind.removeprefix("QLinear").removeprefix("Nhwc").replace("QGemm", "Gemm") for kind in kinds)


def told(path: Path) -> Counter[str] | None:
    """The same as `Fusion` sees it."""
    graph = onnx.load(path).graph
    constants = {tensor.name for tensor in graph.initializer}
    operations = Fusion(graph).operations()
    return operations and Counter(one.kind for one in operations if one.kind != "Transpose" and not set(one.reads) <= constants)


@pytest.mark.parametrize("name", NETS)
def test_the_runtime_runs_just_these_operations(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model, shape = NETS[name]
    to_int8_onnx(model.eval(), None, tmp_path / "net.onnx", torch.randn(16, *shape))
    assert told(tmp_path / "net.onnx") == runs(tmp_path / "net.onnx")


def test_a_product_that_the_runtime_has_in_floats_only_is_not_told(tmp_path: Path) -> None:
    """A transposed convolution between two that are of whole numbers."""
    to_int8_onnx(between(nn.ConvTranspose2d(4, 4, 2, 2)), None, tmp_path / "net.onnx", torch.randn(16, *IMAGE))
    graph = onnx.load(tmp_path / "net.onnx").graph
    products = Fusion(graph).products()
    assert [node.op_type for node in products[False]] == ["ConvTranspose"] and len(products[True]) == 2
    assert told(tmp_path / "net.onnx") is None and runs(tmp_path / "net.onnx")["ConvTranspose"] == 1


def test_a_graph_of_floats_is_as_it_stands() -> None:
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"]), helper.make_node("MaxPool", ["y"], ["z"])], "plain", [], [])
    assert Fusion(graph).operations() == [Operation("Relu", ("x",), ("y",), ("y",)), Operation("MaxPool", ("y",), ("z",), ("z",))]


def pooled(scale_behind: float, readers: int = 1, name: str = "second") -> onnx.GraphProto:
    """codes -> floats -> MaxPool -> codes, the second scale under a name of its own; read by so many."""
    nodes = [
        helper.make_node("DequantizeLinear", ["codes", "first", "zero"], ["float"]),
        helper.make_node("MaxPool", ["float"], ["most"], kernel_shape=[2]),
        *(helper.make_node("QuantizeLinear", ["most", name, "zero"], [f"out{at}"]) for at in range(readers)),
    ]
    numbers = {"first": np.float32(0.5), "second": np.float32(scale_behind), "zero": np.uint8(3)}
    ends = [helper.make_tensor_value_info(n, TensorProto.UINT8, [1, 2, size]) for n, size in (("codes", 8), ("out0", 4))]
    return helper.make_graph(nodes, "pooled", ends[:1], ends[1:], [numpy_helper.from_array(v, n) for n, v in numbers.items()])


@pytest.mark.parametrize(
    ("graph", "kinds"),
    [
        (pooled(0.5), ["MaxPool"]),
        (pooled(0.5, name="first"), ["MaxPool"]),
        (pooled(0.25), ["DequantizeLinear", "MaxPool", "QuantizeLinear"]),
        (pooled(0.5, readers=2), ["DequantizeLinear", "MaxPool", "QuantizeLinear", "QuantizeLinear"]),
    ],
    ids=["equal scales", "one scale", "other scales", "two readers"],
)
def test_what_only_picks_values_is_of_whole_numbers_if_the_grid_stays(graph: onnx.GraphProto, kinds: list[str]) -> None:
    operations = Fusion(graph).operations()
    assert operations is not None and [one.kind for one in operations] == kinds
    if kinds == ["MaxPool"]:
        assert (operations[0].reads, operations[0].makes) == (("codes",), ("out0",))


def test_ranges_measured_at_run_time_are_not_told(tmp_path: Path) -> None:
    to_int8_onnx(between(nn.ReLU()), torch.zeros(1, *IMAGE), tmp_path / "net.onnx", dynamic=True)
    assert told(tmp_path / "net.onnx") is None
