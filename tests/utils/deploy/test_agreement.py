"""Is a file compared with its network, operation by operation, before it gets its name?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from utils.deploy import OnnxRunnable, agreement, quantizer, to_int8_onnx, to_onnx
from utils.deploy import onnx as exporting
from utils.files import ROOT


def ramp(*shape: int) -> torch.Tensor:
    """32 pictures, each of one grey."""
    return torch.linspace(0.1, 1, 32).view(-1, *[1] * len(shape)).expand(32, *shape).contiguous()


def ones(kind: type[nn.Module]) -> nn.Module:
    layer = kind(1, 1, 1, bias=False)
    nn.init.ones_(layer.weight)
    return layer


class Convolved(nn.Module):
    """A convolution and its input, added: the runtime's shapes of both must agree."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = ones(nn.Conv1d)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layer(x)


@pytest.mark.parametrize(
    ("layer", "pooling", "shape"),
    [
        (nn.Conv2d, nn.AvgPool2d(2, 2, ceil_mode=True), (1, 3, 3)),
        (nn.Conv2d, nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False), (1, 6, 6)),
        (nn.Conv2d, nn.AvgPool2d((1, 3), (1, 2), ceil_mode=True), (1, 3, 4)),
        (nn.Conv1d, nn.AvgPool1d(2, 2, ceil_mode=True), (1, 3)),
        (nn.Conv2d, nn.MaxPool2d(2, 2, ceil_mode=True), (1, 3, 3)),
        (nn.Conv1d, nn.Sequential(nn.AvgPool1d(2, 2, 1, ceil_mode=True), Convolved()), (1, 13)),
    ],
    ids=str,
)
def test_a_window_that_reaches_beyond_the_picture_is_right_in_int8(tmp_path: Path, layer: type, pooling: nn.Module, shape: tuple) -> None:
    """What the runtime computes wrongly in integers stays in floats: a grey picture stays grey, at its edges too."""
    model, x = nn.Sequential(ones(layer), pooling).eval(), ramp(*shape)
    to_int8_onnx(model, None, tmp_path / "net.onnx", x)
    with torch.no_grad():
        expected = model(x).numpy()
    np.testing.assert_allclose(OnnxRunnable(tmp_path / "net.onnx").run(x.numpy()), expected, atol=2.1 / 255 * expected.max())


def test_an_operation_of_codes_that_differs_is_found_by_name() -> None:
    """The oracle itself: a pooling that divides by the whole window at the edge is off by far more than two codes."""
    x = ramp(1, 3, 3).numpy()
    codes = np.round(x * 255).astype(np.uint8)
    scale, zero = helper.make_tensor("s", TensorProto.FLOAT, [], [1 / 255]), helper.make_tensor("z", TensorProto.UINT8, [], [0])
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        helper.make_node("AveragePool", ["d"], ["p"], name="pool", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
        helper.make_node("QuantizeLinear", ["p", "s", "z"], ["r"]),
        helper.make_node("DequantizeLinear", ["r", "s", "z"], ["y"]),
    ]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 1, size, size]) for name, size in (("x", 3), ("y", 2))]
    graph = helper.make_graph(nodes, "pooling", values[:1], values[1:], [scale, zero])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    right = np.pad(codes, ((0, 0), (0, 0), (0, 1), (0, 1)), mode="edge")[:, :, ::2, ::2]
    wrong = right.copy()
    wrong[:, :, 1, :] //= 2
    assert agreement.differing(model, x, {"q": codes, "r": right}) == {}
    assert agreement.differing(model, x, {"q": codes, "r": wrong}) == {"r": int(right.max()) - int(right.max()) // 2}
    assert agreement.called(agreement.operation_of(model, "r")) == "AveragePool 'pool'"


def test_the_network_s_answers_bound_the_int8_file_s(tmp_path: Path) -> None:
    """One scale for channels whose sizes differ by a million leaves nothing of the small ones: refused, with what to do."""
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Linear(8, 8, bias=False), nn.Linear(8, 2, bias=False)), torch.rand(64, 8)
    with torch.no_grad():
        model[0].weight[0] *= 1e6
        model[1].weight[:, 0] = 0
    with pytest.raises(ValueError, match=r"as far from the network's as zeros are \(.* dB over 32 inputs, from .*\): .* per_channel"):
        to_int8_onnx(model, None, tmp_path / "net.onnx", x, per_channel=False)
    assert not (tmp_path / "net.onnx").exists()


def test_a_file_that_differs_from_its_network_names_the_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX has no divisor of one's own for a pooling: both exporters write another mean."""
    monkeypatch.setattr(exporting, "_export", exporting._trace)  # the newer one takes seconds
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.AvgPool2d(2, divisor_override=3), nn.Conv2d(2, 1, 1))
    with pytest.raises(ValueError, match=r"the file's answers differ by \d\.\de-\d\d from '1' \(AvgPool2d\) on"):
        to_onnx(model, torch.rand(4, 1, 8, 8), tmp_path / "net.onnx")


def test_the_example_is_compared_too_not_noise_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A difference that only real inputs show stops the export."""
    layer = nn.Linear(3, 3)
    other = nn.Linear(3, 3)
    other.load_state_dict(layer.state_dict())

    def wrong(model: nn.Module, batch: torch.Tensor, path: Path) -> None:
        torch.onnx.export(
            nn.Sequential(layer, nn.Hardtanh(-20, 20)), (batch,), str(path), dynamo=False, input_names=["x"], output_names=["y"],
            dynamic_axes={"x": {0: "n"}, "y": {0: "n"}},
        )  # fmt: skip

    monkeypatch.setattr(exporting, "_trace", wrong)
    monkeypatch.setattr(exporting, "_export", wrong)
    assert to_onnx(layer, torch.ones(2, 3), tmp_path / "net.onnx")
    with pytest.raises(ValueError, match="answers differ"):
        to_onnx(layer, 1000 * torch.ones(2, 3), tmp_path / "net.onnx")


@pytest.mark.parametrize("per_channel", [True, False])
def test_what_the_quantizer_stumbles_over_stays_in_floats(tmp_path: Path, per_channel: bool) -> None:
    """A grouped transposed convolution, a layer norm: the rest is int8, the answers are the network's."""
    torch.manual_seed(0)
    x = torch.randn(64, 4, 6)
    for layer in (nn.ConvTranspose1d(4, 4, 3, groups=2), nn.LayerNorm(6), nn.LayerNorm([4, 6]), nn.GroupNorm(2, 4)):
        model = nn.Sequential(nn.Conv1d(4, 4, 1), layer, nn.Conv1d(4, 2, 1)).eval()
        to_int8_onnx(model, None, tmp_path / "net.onnx", x, per_channel=per_channel)
        with torch.no_grad():
            assert agreement.decibels(model(x).numpy(), OnnxRunnable(tmp_path / "net.onnx").run(x.numpy())) > 25


def test_a_percentile_of_what_hardly_changes_is_refused_with_the_method_that_works(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    with torch.no_grad():
        model[0].weight *= 1e-7
        model[0].bias.fill_(1)
    with pytest.raises(ValueError, match=r"method='percentile' finds no range .* use method='minmax'"):
        to_int8_onnx(model, None, tmp_path / "net.onnx", torch.rand(64, 4), method="percentile")
    assert to_int8_onnx(model, None, tmp_path / "net.onnx", torch.rand(64, 4))


@pytest.mark.parametrize(
    ("calibration", "message"),
    [
        ((torch.rand(8, 4), torch.zeros(8)), "calibration takes the inputs alone"),
        ([torch.rand(8, 4), torch.zeros(8, dtype=torch.int64)], "calibration takes the inputs alone"),
        (torch.utils.data.DataLoader(torch.rand(8, 4)), "must be a tensor or an array, not a DataLoader"),
        (iter([torch.rand(8, 4)]), "must be a tensor or an array, not a list_iterator"),
        ("photos", "must be a tensor or an array, not a str"),
        ([torch.rand(8, 4)], None),
        ([[1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 1.0, 0.5]], None),
    ],
    ids=["a pair", "a list of two", "a loader", "an iterator", "a text", "a list of one", "rows of numbers"],
)
def test_a_calibration_that_is_no_tensor_is_told_what_to_give(tmp_path: Path, calibration: object, message: str | None) -> None:
    give = lambda: to_int8_onnx(nn.Linear(4, 2), torch.rand(1, 4), tmp_path / "net.onnx", calibration)  # noqa: E731
    if message is None:
        if isinstance(calibration[0], torch.Tensor):  # type: ignore[index]
            with pytest.raises(ValueError, match="calibration inputs have shape"):
                give()
        else:
            assert give()
        return
    with pytest.raises(ValueError, match=message):
        give()


@pytest.mark.parametrize(
    ("given", "taken"),
    [(torch.rand(2, 4), True), (torch.ones(2, 4).bfloat16(), True), (np.random.rand(2, 4), True), (np.ones((2, 4), np.uint8), False)],
)
def test_a_runnable_takes_floats_in_any_form(tmp_path: Path, given: object, taken: bool) -> None:
    """Tensors and double precision are converted; bytes are no normalized inputs, and are refused in a sentence."""
    to_onnx(layer := nn.Linear(4, 2), torch.rand(1, 4), tmp_path / "net.onnx")
    file = OnnxRunnable(tmp_path / "net.onnx")
    if taken:
        with torch.no_grad():
            np.testing.assert_allclose(file.run(given), layer(torch.as_tensor(given).float()), rtol=1e-5)
    else:
        with pytest.raises(ValueError, match=r"takes float32 inputs, got uint8: normalize them as in training"):
            file.run(given)


def scalar_input(path: Path, shape: list | None) -> Path:
    """x + 1 for an input of this shape, None for none."""
    value = helper.make_tensor_value_info
    one = helper.make_tensor("one", TensorProto.FLOAT, [], [1.0])
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "one"], ["y"])],
        "g",
        [value("x", TensorProto.FLOAT, shape)],
        [value("y", TensorProto.FLOAT, shape)],
        [one],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
    return path


@pytest.mark.parametrize("shape", [None, []])
def test_a_file_whose_input_is_no_batch_is_refused(tmp_path: Path, shape: list | None) -> None:
    with pytest.raises(ValueError, match=r"net\.onnx takes no batch"):
        OnnxRunnable(scalar_input(tmp_path / "net.onnx", shape))


SPEAKING = """
import torch
from torch import nn
from utils.deploy import onnx as exporting, to_onnx
class Unsteady(nn.Module):
    def forward(self, x):
        return torch.linalg.lstsq(x @ x.mT, x).solution
x = torch.randn(4, 3, 3)
print("before", flush=False)
exporting._export = exporting._trace  # the newer exporter takes seconds, and its messages are Python's own
for model in (nn.utils.parametrizations.spectral_norm(nn.Linear(3, 3)), Unsteady(), nn.LSTM(3, 3)):
    try:
        to_onnx(model, x, TARGET)
        raise SystemExit(1)
    except ValueError as error:
        assert "\\x1b" not in str(error) and "\\n" not in str(error), str(error)
print("after")
"""


def test_an_export_that_is_refused_prints_nothing(tmp_path: Path) -> None:
    """Neither Python's streams nor those of the process below: a notebook shows both."""
    code = SPEAKING.replace("TARGET", repr(str(tmp_path / "net.onnx")))
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("before\nafter\n", "", 0)


def test_folders_may_have_names_that_are_not_utf_8(tmp_path: Path) -> None:
    """On Linux a name is bytes: an old disk's folder says M\\xfcller."""
    import os

    from utils.models import MotionNet, load_model, save_model

    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/M\xfcller"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 names alone")
    x = torch.rand(16, 4)
    to_onnx(nn.Linear(4, 2), x, folder / "net.onnx")
    to_int8_onnx(folder / "net.onnx", None, folder / "int8.onnx", x)
    for name in ("net.onnx", "int8.onnx"):
        assert OnnxRunnable(folder / name).run(x.numpy()).shape == (16, 2)
    model = MotionNet()
    save_model(model, folder / "net.safetensors")
    for name, tensor in load_model(folder / "net.safetensors").state_dict().items():
        assert torch.equal(tensor, model.state_dict()[name])


def test_few_and_evenly_spaced_inputs_are_compared() -> None:
    assert agreement.spread(np.arange(100), 5).tolist() == [0, 25, 50, 74, 99]
    assert agreement.spread(np.arange(3), 5).tolist() == [0, 1, 2]
    assert quantizer.COMPARED == 32


class Pair(nn.Module):
    """Two answers."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x, x


def broken() -> nn.Module:
    layer = nn.Linear(4, 2)
    nn.init.constant_(layer.weight, torch.nan)
    return layer


@pytest.mark.parametrize(
    ("model", "example", "message"),
    [
        (broken(), torch.rand(2, 4), "Linear gives NaN or infinity for the example: check its weights"),
        (Pair(), torch.rand(2, 4), "Pair gives a tuple and a file here has one output: return one tensor"),
        (nn.Linear(4, 2), torch.rand(2, 5), "Linear does not take the example .*: give a batch as in training"),
        (nn.Linear(4, 2), (torch.rand(2, 4),), "the example takes the inputs alone"),
        (nn.Linear(4, 2), (torch.rand(2, 4), torch.zeros(2)), "the example takes the inputs alone"),
        (nn.Linear(4, 2), torch.utils.data.DataLoader(torch.rand(8, 4)), "the example must be a tensor or an array, not a DataLoader"),
        (torch.relu, torch.rand(2, 4), "a module of torch can be exported, got builtin_function_or_method"),
    ],
)
def test_what_is_no_network_with_its_batch_is_told(tmp_path: Path, model: nn.Module, example: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        to_onnx(model, example, tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())
