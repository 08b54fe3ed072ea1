"""Is an int8 file the model in whole numbers, small, honest about its making, and refused where it would be none?"""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from utils.data import fashion_mnist
from utils.deploy import OnnxRunnable, int8, int8_runnable, quantizer, runnable, to_int8_onnx, to_onnx
from utils.deploy.fusion import Fusion
from utils.files import ROOT
from utils.measure import TorchRunnable, accuracy, model_energy, scorecard
from utils.measure.card import logits_of
from utils.models import ResidualConfig, ResidualNet, zoo

X = np.random.default_rng(0).normal(size=(70, 1, 28, 28)).astype(np.float32)


@pytest.fixture
def net() -> nn.Module:
    """A residual network in training mode, its batch statistics as after some training."""
    torch.manual_seed(0)
    model = ResidualNet(ResidualConfig.of(4, (8, 2), (8, 1)))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.running_mean, module.running_var, module.weight.data, module.bias.data):
                tensor.uniform_(0.5, 1.5)
    return model.train()


def signal_to_noise(expected: np.ndarray, found: np.ndarray) -> float:
    """Decibels; each bit of the codes gives about six."""
    return float(10 * np.log10((expected**2).sum() / ((found - expected) ** 2).sum()))


def stored(path: Path) -> dict[str, np.ndarray]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}


@pytest.mark.parametrize("options", [{}, {"per_channel": False}, {"method": "percentile"}, {"method": "entropy"}], ids=str)
def test_static_file_gives_the_models_logits_for_any_batch(tmp_path: Path, options: dict) -> None:
    """The noise of 8 bits through seven layers and three additions, and no more; a sample's logits do not depend on its batch."""
    model, images = zoo.load("fashion_tiny"), fashion_mnist("validation", 200).images.numpy()
    size = to_int8_onnx(model, images[:1], tmp_path / "net.onnx", fashion_mnist("train", 256).images, **options)
    file = OnnxRunnable(tmp_path / "net.onnx")
    assert size == file.size_bytes
    assert signal_to_noise(TorchRunnable(model, images, size_bytes=1).run(images), file.run(images)) > 28
    np.testing.assert_array_equal(file.run(images)[:1], file.run(images[:1]))


def test_dynamic_file_gives_them_too(tmp_path: Path) -> None:
    """Without any calibration; integer products in the file."""
    model, images = zoo.load("fashion_tiny"), fashion_mnist("validation", 200).images.numpy()
    to_int8_onnx(model, images[:1], tmp_path / "net.onnx", dynamic=True)
    file, expected = OnnxRunnable(tmp_path / "net.onnx"), TorchRunnable(model, images, size_bytes=1)
    assert signal_to_noise(expected.run(images), file.run(images)) > 28
    kinds = {node.op_type for node in onnx.load(file.path).graph.node}
    assert {"ConvInteger", "MatMulInteger"} <= kinds and not {"Conv", "Gemm", "MatMul"} & kinds
    assert file.number_format == "int8" and file.macs == expected.macs
    assert (file.peak_activation_bytes, file.traffic, model_energy(file)) == (None, None, None)


@pytest.mark.parametrize("per_channel", [True, False])
def test_every_product_is_of_whole_numbers_the_classifier_too(net: nn.Module, tmp_path: Path, per_channel: bool) -> None:
    """Weights int8 with a scale for each output channel or for all, biases int32, activations uint8, no normalisation left."""
    to_int8_onnx(net, None, tmp_path / "net.onnx", X, per_channel=per_channel)
    graph, values = onnx.load(tmp_path / "net.onnx").graph, stored(tmp_path / "net.onnx")
    makers = {name: node for node in graph.node for name in node.output}
    products = Fusion(graph).products()
    assert [node.op_type for node in products[True]] == ["Conv"] * 6 + ["Gemm"] and not products[False]
    assert "BatchNormalization" not in {node.op_type for node in graph.node}
    for node in products[True]:
        activation, weight, bias = (makers[name] for name in node.input)
        codes, scale = values[weight.input[0]], values[weight.input[1]]
        assert codes.dtype == np.int8 and scale.shape == ((len(codes),) if per_channel else ())
        assert values[bias.input[0]].dtype == np.int32 and values[activation.input[2]].dtype == np.uint8


def test_the_runtime_computes_what_the_integers_in_the_file_say(tmp_path: Path) -> None:
    """One linear layer by hand: codes, 32-bit sums, one rescaling, rounded; the runtime may round a tie to the other side."""
    torch.manual_seed(1)
    model, inputs = nn.Linear(20, 6), np.random.default_rng(1).uniform(-2, 3, size=(50, 20)).astype(np.float32)
    to_int8_onnx(model, None, tmp_path / "net.onnx", inputs)
    graph, values = onnx.load(tmp_path / "net.onnx").graph, stored(tmp_path / "net.onnx")
    makers = {name: node for node in graph.node for name in node.output}
    readers = {name: node for node in graph.node for name in node.input}
    (gemm,) = (node for node in graph.node if node.op_type == "Gemm")
    parts = [[values.get(name) for name in makers[read].input] for read in gemm.input]
    (_, x_scale, x_zero), (weight, w_scale, w_zero), (bias, _, _) = parts
    y_scale, y_zero = (values[name] for name in readers[gemm.output[0]].input[1:])
    assert not w_zero.any()
    codes = np.clip(np.round(inputs / x_scale) + x_zero, 0, 255).astype(np.int64)
    sums = (codes - int(x_zero)) @ weight.astype(np.int64).T + bias
    expected = (np.clip(np.round(sums * (x_scale * w_scale / y_scale)) + y_zero, 0, 255) - float(y_zero)) * y_scale
    found = OnnxRunnable(tmp_path / "net.onnx").run(inputs)
    assert np.abs(found - expected).max() <= y_scale * 1.001
    assert np.mean(np.abs(found - expected) > y_scale / 2) < 0.01


def input_step(path: Path) -> float:
    """The scale of the input."""
    (first,) = (node for node in onnx.load(path).graph.node if node.op_type == "QuantizeLinear" and node.input[0] == "x")
    return float(stored(path)[first.input[1]])


def test_methods_differ_in_where_the_range_ends(tmp_path: Path) -> None:
    """Min-max at the extremes; the others leave an outlier out, one of a million values, in the last batch."""
    inputs = np.random.default_rng(0).normal(size=(20_000, 50)).astype(np.float32)
    inputs[-1, 0] = 30.0
    steps = {}
    for method in int8.METHODS:
        to_int8_onnx(nn.Linear(50, 3), None, tmp_path / "net.onnx", inputs, method=method)
        steps[method] = input_step(tmp_path / "net.onnx")
    assert steps["minmax"] == pytest.approx((30 - inputs.min()) / 255, rel=1e-3)
    assert steps["entropy"] < steps["minmax"] / 2 and steps["percentile"] < steps["minmax"] / 2


def test_calibration_is_read_whole_in_small_batches_and_by_parts() -> None:
    """So that any number of inputs fits into memory, the last batch being smaller."""
    inputs = np.arange(70 * 784, dtype=np.float32).reshape(70, 1, 28, 28)
    reader = quantizer.reader(inputs, "x")
    batches = []
    while batch := reader.get_next():
        batches.append(batch["x"])
    np.testing.assert_array_equal(np.concatenate(batches), inputs)
    assert len(batches) == len(reader) == 2 and max(batch.size for batch in batches) <= quantizer.BATCH_VALUES
    reader.set_range(1, 2)
    np.testing.assert_array_equal(reader.get_next()["x"], batches[1])
    assert reader.get_next() is None
    assert len(quantizer.reader(np.zeros((3, 100_000), np.float32), "x")) == 3


def test_batches_of_the_calibration_do_not_change_the_range(net: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = []
    for values in (784, 50_000, 1_000_000):
        monkeypatch.setattr(quantizer, "BATCH_VALUES", values)
        to_int8_onnx(net, None, tmp_path / "net.onnx", X)
        files.append((tmp_path / "net.onnx").read_bytes())
    assert len(set(files)) == 1


SAME = """
import sys, numpy as np, torch
from utils.deploy import to_int8_onnx
from utils.models import ResidualConfig, ResidualNet
torch.manual_seed(0)
inputs = np.random.default_rng(0).normal(size=(20, 1, 28, 28)).astype(np.float32)
to_int8_onnx(ResidualNet(ResidualConfig.of(4, (8, 2))), None, sys.argv[1], inputs, method="percentile")
"""


def test_same_input_same_bytes_in_any_process(tmp_path: Path) -> None:
    """Sets of strings have another order in every process: does it reach the file?"""
    for seed in ("1", "2"):
        subprocess.run([sys.executable, "-c", SAME, str(tmp_path / seed)], check=True, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed})
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_a_file_gives_what_its_model_gives(net: nn.Module, tmp_path: Path) -> None:
    """The float file as the source, as path or as text."""
    to_onnx(net, X, tmp_path / "float.onnx")
    to_int8_onnx(net, None, tmp_path / "a.onnx", X)
    to_int8_onnx(tmp_path / "float.onnx", None, tmp_path / "b.onnx", X)
    to_int8_onnx(str(tmp_path / "float.onnx"), None, str(tmp_path / "c.onnx"), torch.from_numpy(X).double())
    assert len({(tmp_path / f"{name}.onnx").read_bytes() for name in "abc"}) == 1


def test_nothing_else_is_written_said_or_changed(net: nn.Module, tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    """One file, no warning, no print, the model and the calibration as they were, no word about the machine."""
    before, inputs, filters = {name: t.clone() for name, t in net.state_dict().items()}, X.copy(), list(warnings.filters)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for method in int8.METHODS:
            to_int8_onnx(net, X, tmp_path / "net.onnx", inputs, method=method)
        to_int8_onnx(net, X, tmp_path / "net.onnx", dynamic=True)
    assert not seen and capfd.readouterr() == ("", "") and warnings.filters == filters
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())
    assert all(module.training for module in net.modules()) and np.array_equal(inputs, X)
    model = onnx.load(tmp_path / "net.onnx")
    assert not model.metadata_props and not model.graph.value_info and not any(node.name or node.doc_string for node in model.graph.node)
    assert b"/tmp" not in (tmp_path / "net.onnx").read_bytes() and b".py" not in (tmp_path / "net.onnx").read_bytes()


def without(value: float) -> np.ndarray:
    """Inputs of which one number is this one."""
    inputs = X.copy()
    inputs[3, 0, 5, 5] = value
    return inputs


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"calibration": None}, "give calibration, some hundred inputs"),
        ({"calibration": X[:0]}, "at least one input"),
        ({"calibration": np.float32(1.0)}, "must be a batch"),
        ({"calibration": without(np.nan)}, "NaN or infinite"),
        ({"calibration": without(np.inf)}, "NaN or infinite"),
        ({"calibration": without(1e30).astype(np.float64) ** 10}, "NaN or infinite in float32"),
        ({"calibration": np.full_like(X, 0.5)}, "is 0.5 everywhere"),
        ({"calibration": np.zeros(X.shape, np.uint8)}, "got uint8: normalize"),
        ({"calibration": X[:, :, :14]}, r"shape \(1, 14, 28\) and the model takes \(1, 28, 28\)"),
        ({"calibration": X, "dynamic": True}, "give calibration=None"),
        ({"calibration": X, "method": "mse"}, "one of minmax, percentile, entropy, got 'mse'"),
    ],
)
def test_what_can_not_calibrate_is_refused_in_one_sentence(net: nn.Module, tmp_path: Path, options: dict, message: str) -> None:
    """And the file that was there stays."""
    (tmp_path / "net.onnx").write_bytes(b"old")
    with pytest.raises(ValueError, match=message):
        to_int8_onnx(net, X[:1], tmp_path / "net.onnx", **options)
    assert (tmp_path / "net.onnx").read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


def test_a_model_without_an_example_is_refused_where_nothing_says_its_shape(net: nn.Module, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="give an example"):
        to_int8_onnx(net, None, tmp_path / "net.onnx", dynamic=True)


def test_a_calibration_in_bfloat16_is_taken_for_its_values(net: nn.Module, tmp_path: Path) -> None:
    coarse = torch.from_numpy(X).bfloat16()
    to_onnx(net, X, tmp_path / "float.onnx")
    to_int8_onnx(tmp_path / "float.onnx", coarse, tmp_path / "a.onnx", coarse)
    to_int8_onnx(tmp_path / "float.onnx", None, tmp_path / "b.onnx", coarse.float())
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_one_input_calibrates(net: nn.Module, tmp_path: Path) -> None:
    assert to_int8_onnx(net, None, tmp_path / "net.onnx", X[:1]) > 0


@pytest.mark.parametrize("dynamic", [True, False])
@pytest.mark.parametrize("model", [nn.ReLU(), nn.Sequential(nn.MaxPool2d(2), nn.Flatten()), nn.Sigmoid()], ids=["relu", "pool", "sigmoid"])
def test_a_model_with_nothing_to_quantize_is_refused(model: nn.Module, tmp_path: Path, dynamic: bool) -> None:
    """The quantizer itself writes it in floats without a word."""
    with pytest.raises(ValueError, match="no convolution or linear layer"):
        to_int8_onnx(model, X[:1], tmp_path / "net.onnx", None if dynamic else X, dynamic=dynamic)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("model", [nn.Conv2d(1, 2, 3).half(), nn.Conv2d(1, 2, 3).double()], ids=["half", "double"])
def test_models_in_other_precisions_are_refused(model: nn.Module, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"call model\.float\(\)"):
        to_int8_onnx(model, X, tmp_path / "net.onnx", X)


def float_file(path: Path, kind: int, batch: int | str) -> None:
    """A file of one product, (batch, 6) times (6, 3)."""
    weight = numpy_helper.from_array(np.ones((6, 3), helper.tensor_dtype_to_np_dtype(kind)), "w")
    ends = [helper.make_tensor_value_info(name, kind, [batch, size]) for name, size in (("x", 6), ("y", 3))]
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "product", ends[:1], ends[1:], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)


@pytest.mark.parametrize(
    ("kind", "batch", "message"),
    [
        (TensorProto.FLOAT16, "n", "takes float16: export it in float32"),
        (TensorProto.FLOAT, 4, "takes 4 inputs at a time"),
    ],
)
def test_files_that_can_not_be_quantized_are_named(tmp_path: Path, kind: int, batch: int | str, message: str) -> None:
    float_file(tmp_path / "float.onnx", kind, batch)
    with pytest.raises(ValueError, match=message):
        to_int8_onnx(tmp_path / "float.onnx", None, tmp_path / "net.onnx", X[:, 0, 0, :6])


def test_a_file_needs_no_example_where_its_shape_is_known(tmp_path: Path) -> None:
    float_file(tmp_path / "float.onnx", TensorProto.FLOAT, "n")
    assert to_int8_onnx(tmp_path / "float.onnx", None, tmp_path / "net.onnx", dynamic=True) > 0


def test_quantizing_twice_and_missing_files_are_refused(net: nn.Module, tmp_path: Path) -> None:
    to_int8_onnx(net, None, tmp_path / "net.onnx", X)
    with pytest.raises(ValueError, match="quantized already: start from the float32 file"):
        to_int8_onnx(tmp_path / "net.onnx", None, tmp_path / "again.onnx", X)
    with pytest.raises(FileNotFoundError, match="export it first"):
        to_int8_onnx(tmp_path / "none.onnx", None, tmp_path / "again.onnx", X)


def test_a_model_that_the_runtime_can_not_run_in_int8_leaves_no_file(
    net: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(int8, "slim", lambda model, like: b"no model")
    with pytest.raises(ValueError, match="does not run"):
        to_int8_onnx(net, None, tmp_path / "net.onnx", X)
    assert not list(tmp_path.iterdir())


def test_runnable_has_a_whole_scorecard(home: Path) -> None:
    """A quarter of the activations, an energy by the model, and the file of its name in the student's folder."""
    model, images = zoo.load("fashion_tiny"), fashion_mnist("train", 100).images
    whole, small = runnable(model, images, "whole"), int8_runnable(model, None, images, name="small one")
    assert small.path == home / "onnx" / "small-one.onnx" and small.name == "small one"
    assert (small.number_format, small.macs) == ("int8", whole.macs)
    assert whole.peak_activation_bytes == 4 * small.peak_activation_bytes
    modelled = {name: model_energy(r) for name, r in (("whole", whole), ("small", small))}
    assert modelled["small"].value_mj < modelled["whole"].value_mj / 3
    card = scorecard(small, (images, whole.run(images.numpy()).argmax(1)), energy=modelled["small"])
    assert card.weight_bytes == small.traffic.weights and card.energy is not None and card.metric > 90


@pytest.mark.parametrize(
    ("name", "ratio"),
    [("fashion_tiny", 2.5), ("fashion_small", 3.4), pytest.param("fashion_large", 3.7, marks=pytest.mark.nightly)],
)
def test_the_zoo_in_int8_loses_at_most_a_fifth_of_a_point(name: str, ratio: float, home: Path) -> None:
    """On 10,000 validation images; names and scales weigh more in a small file."""
    model, images = zoo.load(name), fashion_mnist("validation")
    whole = runnable(model, images.images, "whole")
    small = int8_runnable(model, None, fashion_mnist("train", 256).images)
    scores = [accuracy(logits_of(r, images.images.numpy()), images.labels.numpy()) for r in (whole, small)]
    assert scores[0] - scores[1] <= 0.2
    assert whole.size_bytes / small.size_bytes >= ratio
