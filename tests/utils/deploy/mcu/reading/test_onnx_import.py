"""Is every int8 file that has layers in whole numbers read as ONNX Runtime runs it, and every other one refused by name?"""

import subprocess
import sys
import warnings

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper
from torch import nn

from utils.data import fashion_mnist
from utils.deploy import OnnxRunnable, to_int8_onnx
from utils.deploy.mcu import IntegerNetwork
from utils.deploy.runtime import session
from utils.files import ROOT
from utils.models import zoo


def with_intermediates(path, network):
    """The file with the codes of every layer among its outputs: name of the tensor -> what ONNX Runtime makes of inputs."""
    model = onnx.load(path)
    for tensor in network.tensors.values():
        model.graph.output.append(onnx.helper.make_tensor_value_info(tensor.onnx_name, onnx.TensorProto.UINT8, None))
    runtime = session(model.SerializeToString())
    names = [output.name for output in runtime.get_outputs()]

    def run(x):
        made = dict(zip(names, runtime.run(None, {runtime.get_inputs()[0].name: x}), strict=True))
        return {name: made[tensor.onnx_name] for name, tensor in network.tensors.items()}

    return run


def test_each_layer_alone_is_within_a_code_of_onnx_runtime(files, inputs, build):
    """Fed with the runtime's own codes. Half of the means of two are halves, and the two round half of those apart."""
    network, x = IntegerNetwork.from_onnx(files[build]), inputs(build)
    theirs = with_intermediates(files[build], network)(x)
    np.testing.assert_array_equal(network.codes(x).reshape(theirs["input"].shape), theirs["input"])
    for layer in network.layers:
        read = [theirs[tensor.name].reshape(-1, *tensor.shape) for tensor in layer.inputs]  # a sequence as a picture
        apart = np.abs(layer.compute(*read).astype(int) - theirs[layer.name].reshape(-1, *layer.output.shape))
        assert apart.max() <= 1, layer.name
        assert (apart > 0).mean() < (0.3 if layer.name.startswith("avgpool") else 0.004), layer.name


def test_a_whole_network_follows_onnx_runtime(files, inputs, build):
    network, x, file = IntegerNetwork.from_onnx(files[build]), inputs(build), OnnxRunnable(files[build])
    found = network.logits(network.run(network.codes(x)))
    np.testing.assert_allclose(found, file.run(x), atol=2.01 * network.output.grid.scale)
    assert network.macs == file.macs


@pytest.mark.parametrize("name", ["fashion_micro", "fashion_tiny", "fashion_nano"])
def test_networks_of_the_zoo_choose_the_same_class(name, tmp_path):
    """The tolerance that IntegerNetwork states: two codes of the output, 99.5 % of the first choices."""
    images = fashion_mnist("validation", 500).images.numpy()
    to_int8_onnx(zoo.load(name), None, tmp_path / "net.onnx", fashion_mnist("train", 256).images)
    network = IntegerNetwork.from_onnx(tmp_path / "net.onnx")
    found, expected = network.logits(network.run(network.codes(images))), OnnxRunnable(tmp_path / "net.onnx").run(images)
    assert np.abs(found - expected).max() <= 2.01 * network.output.grid.scale
    assert (found.argmax(1) == expected.argmax(1)).mean() >= 0.995


def test_a_pixel_of_fashion_mnist_is_its_own_code(tmp_path):
    """With min-max calibration the input needs no arithmetic at all."""
    images = fashion_mnist("validation", 10).images
    to_int8_onnx(zoo.load("fashion_nano"), None, tmp_path / "net.onnx", fashion_mnist("train", 256).images)
    codes = IntegerNetwork.from_onnx(tmp_path / "net.onnx").codes(images.numpy())
    assert codes.min() == 0 and codes.max() == 255
    pixels = (images - images.min()) / (images.max() - images.min()) * 255
    assert np.abs(codes - pixels.numpy()).max() < 0.01


def test_one_scale_for_all_channels_is_read_too(tmp_path, inputs):
    torch.manual_seed(1)
    model, x = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(400, 3)).eval(), inputs("linear")
    to_int8_onnx(model, None, tmp_path / "net.onnx", x, per_channel=False)
    network = IntegerNetwork.from_onnx(tmp_path / "net.onnx")
    np.testing.assert_allclose(
        network.logits(network.run(network.codes(x))), OnnxRunnable(tmp_path / "net.onnx").run(x), atol=2.01 * network.output.grid.scale
    )


def test_what_it_holds(files):
    network = IntegerNetwork.from_onnx(files["micro"])
    assert [layer.name for layer in network.layers] == ["conv1", "depthwise2", "conv3", "depthwise4", "conv5", "mean6", "dense7"]
    assert list(network.tensors) == ["input", *(layer.name for layer in network.layers)]
    weights = 6 * 9 + 6 * 9 + 6 * 10 + 10 * 9 + 10 * 12 + 12 * 10
    assert network.weight_bytes == weights + 9 * (6 + 6 + 10 + 10 + 12 + 10)
    assert network.sample_shape == (1, 12, 12) and network.output.shape == (10,)
    params = network.layers[0].params
    assert (params["stride"], params["padding"], len(params["multipliers"]), len(params["shifts"])) == (2, 1, 6, 6)


def test_activations_are_the_steps_of_a_run(files, inputs, build):
    network = IntegerNetwork.from_onnx(files[build])
    codes = network.codes(inputs(build, 35))  # more than one batch
    steps = network.activations(codes)
    assert {name: step.shape for name, step in steps.items()} == {name: (35, *tensor.shape) for name, tensor in network.tensors.items()}
    assert all(step.dtype == np.uint8 for step in steps.values())
    np.testing.assert_array_equal(steps[network.output.name], network.run(codes))
    np.testing.assert_array_equal(network.run(codes)[20:21], network.run(codes[20:21]))
    assert network.run(codes[:0]).shape == (0, *network.output.shape) and network.activations(codes[:0])["input"].shape[0] == 0


class Plus(nn.Module):
    """A number is added between two convolutions."""

    def __init__(self, number):
        super().__init__()
        self.first, self.second, self.number = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3), number

    def forward(self, x):
        return self.second(self.first(x) + self.number)


class Gate(nn.Module):
    """Two branches are multiplied."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 4, 3), nn.Conv2d(1, 4, 3)

    def forward(self, x):
        return self.first(x) * self.second(x)


def normed(channels):
    norm = nn.BatchNorm2d(channels)
    norm.running_mean.fill_(0.5)
    return norm


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.LeakyReLU(), nn.Conv2d(4, 4, 3)), "operation LeakyRelu"),
        (nn.Sequential(nn.Flatten(), nn.Linear(144, 4), nn.Softmax(1)), "operation Softmax"),
        (nn.Sequential(nn.ReLU(), nn.Conv2d(1, 4, 3)), "operation Relu"),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(4, 6, 3, groups=2)), "Conv from 4 to 6 channels in 2 groups"),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(4, 8, 3, groups=4)), "Conv from 4 to 8 channels in 4 groups"),
        (nn.Sequential(nn.Conv2d(1, 4, 3, dilation=2)), "Conv with dilations"),
        (nn.Sequential(nn.Conv2d(1, 4, 3, padding=3)), "padding as wide as its kernel"),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.MaxPool2d(3, 2, ceil_mode=True)), "MaxPool with ceil_mode"),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.AvgPool2d(2, 2, 1, count_include_pad=False), nn.Conv2d(4, 2, 1)), "padding out of the mean"),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(2), nn.Linear(100, 3)), "the operation \\w+"),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.GELU(), nn.Conv2d(4, 4, 3)), "operation Gelu: use ReLU or ReLU6 right behind"),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.Sigmoid(), nn.Conv2d(4, 4, 3)), "operation Sigmoid: use ReLU or ReLU6"),
        (
            nn.Sequential(nn.Conv2d(1, 4, 3), nn.LeakyReLU(), nn.Conv2d(4, 4, 3)),
            "LeakyRelu: use ReLU .*only for Conv.*a ReLU or ReLU6 behind",
        ),
        (nn.Sequential(nn.Flatten(), nn.Linear(144, 4), nn.Softmax(1)), "operation Softmax: leave it out at the end.*the largest logit"),
        (nn.Sequential(nn.Flatten(), nn.Linear(144, 4), nn.LogSoftmax(1)), "operation LogSoftmax: leave it out at the end"),
        (
            nn.Sequential(nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), normed(4), nn.Conv2d(4, 4, 3)),
            "BatchNormalization: use batch norm right behind a convolution",
        ),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.LayerNorm(10), nn.Conv2d(4, 4, 3)), "LayerNormalization: use batch norm right behind"),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.ConvTranspose2d(4, 4, 3)), "ConvTranspose: no layer here makes a map larger"),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.AvgPool2d(3, 2, ceil_mode=True), nn.Conv2d(4, 4, 2)), "an AveragePool with ceil_mode"),
        (Plus(1.0), "an Add of a constant: only activations have layers here, put constants into a bias"),
        (Plus(-1.0), "an Add of a constant"),
        (Gate(), "operation Mul: of two activations only their sum has a layer"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_has_no_layer_is_refused_by_name(tmp_path, model, why, inputs):
    torch.manual_seed(0)
    to_int8_onnx(model.eval(), None, tmp_path / "net.onnx", inputs("linear"))
    with pytest.raises(ValueError, match=why) as caught:
        IntegerNetwork.from_onnx(tmp_path / "net.onnx")
    assert str(caught.value).startswith("net.onnx has ") and "\n" not in str(caught.value)


def changed(path, target, change):
    """A copy of a file with one change of its graph."""
    model = onnx.load(path)
    change(model.graph)
    onnx.save(model, target)
    return target


def replace(graph, name, array):
    for tensor in graph.initializer:
        if tensor.name == name:
            tensor.CopyFrom(numpy_helper.from_array(array, name))


def names_read_by(graph, op_type, at, number=0):
    """The names of what the DequantizeLinear before input `at` of a node reads: codes, scale, zero point."""
    node = [node for node in graph.node if node.op_type == op_type][number]
    return next(other for other in graph.node if other.output[0] == node.input[at]).input


def stored(graph, name):
    return next(numpy_helper.to_array(tensor) for tensor in graph.initializer if tensor.name == name)


def test_codes_of_another_making_are_refused(tmp_path, files):
    def weight_zero(graph):
        _, _, zero = names_read_by(graph, "Conv", 1)
        replace(graph, zero, stored(graph, zero) + np.int8(1))

    def unsigned_weights(graph):
        codes, _, zero = names_read_by(graph, "Conv", 1)
        replace(graph, codes, stored(graph, codes).view(np.uint8))
        replace(graph, zero, stored(graph, zero).view(np.uint8))

    def other_bias_scale(graph):
        _, scale, _ = names_read_by(graph, "Conv", 2)
        replace(graph, scale, stored(graph, scale) * np.float32(2))

    def negative_scale(graph):
        _, scale, _ = names_read_by(graph, "Conv", 0)
        replace(graph, scale, -stored(graph, scale))

    def signed_activations(graph):
        for node in graph.node:
            if node.op_type == "QuantizeLinear":
                replace(graph, node.input[2], stored(graph, node.input[2]).astype(np.int8))

    def other_reading_scale(graph):
        _, scale, _ = names_read_by(graph, "Gemm", 0)
        node = next(node for node in graph.node if node.op_type == "DequantizeLinear" and node.input[1] == scale)
        graph.initializer.append(numpy_helper.from_array(np.float32(3), "another"))
        node.input[1] = "another"

    def square_weights_with_scales_along_the_inputs(graph):
        name = names_read_by(graph, "Gemm", 1)[0]
        next(node for node in graph.node if node.op_type == "DequantizeLinear" and node.input[0] == name).attribute[0].i = 1
        codes, scale = stored(graph, name), names_read_by(graph, "Gemm", 1)[1]
        replace(graph, name, np.ascontiguousarray(codes[:, : len(codes)]))
        assert stored(graph, scale).shape == (len(codes),)

    def alpha(graph):
        next(node for node in graph.node if node.op_type == "Gemm").attribute.append(onnx.helper.make_attribute("alpha", 2.0))

    for change, why in (
        (weight_zero, "weights with a zero point other than 0"),
        (unsigned_weights, "weights are not stored int8 codes"),
        (other_bias_scale, "bias has another scale"),
        (negative_scale, "positive float32 scale"),
        (signed_activations, "activations in int8"),
        (other_reading_scale, "another scale than it was made with"),
        (square_weights_with_scales_along_the_inputs, "scales lie along axis 1, its outputs along axis 0"),
        (alpha, "alpha, beta or transA|not a valid ONNX model"),
    ):
        with pytest.raises(ValueError, match=why):
            IntegerNetwork.from_onnx(changed(files["micro"], tmp_path / "changed.onnx", change))


def test_other_files_are_refused_in_a_sentence(tmp_path, files):
    with pytest.raises(FileNotFoundError, match="write it first with to_int8_onnx"):
        IntegerNetwork.from_onnx(tmp_path / "none.onnx")
    for data in (b"", b"not a model", files["micro"].read_bytes()[:1000]):
        (tmp_path / "broken.onnx").write_bytes(data)
        with pytest.raises(ValueError, match=r"broken.onnx (is not a valid ONNX model|has)"):
            IntegerNetwork.from_onnx(tmp_path / "broken.onnx")
    dynamic = tmp_path / "dynamic.onnx"
    to_int8_onnx(zoo.load("fashion_nano"), fashion_mnist("validation", 1).images, dynamic, dynamic=True)
    with pytest.raises(ValueError, match="DynamicQuantizeLinear"):
        IntegerNetwork.from_onnx(dynamic)


@settings(max_examples=80)
@given(st.integers(0, 10**6), st.integers(1, 255), st.booleans())
def test_a_damaged_file_never_ends_in_anything_but_a_sentence(files, tmp_path_factory, at, flip, cut):
    data = bytearray(files["pooling"].read_bytes())
    data[at % len(data)] ^= flip
    path = tmp_path_factory.mktemp("damaged") / "net.onnx"
    path.write_bytes(data[: at % len(data)] if cut else data)
    try:
        network = IntegerNetwork.from_onnx(path)
    except ValueError as error:
        assert "\n" not in str(error) and len(str(error)) < 400
    else:
        network.run(np.zeros((1, *network.sample_shape), dtype=np.uint8))


def test_a_device_needs_no_torch():
    """Does reading and running leave the training framework out?"""
    said = subprocess.run(
        [sys.executable, "-c", "import utils.deploy.mcu, sys; print('torch' in sys.modules)"], cwd=ROOT, capture_output=True
    )
    assert said.stdout.split() == [b"False"]


def test_inputs_of_another_kind_are_refused(files):
    network = IntegerNetwork.from_onnx(files["micro"])
    for call, given_, why in (
        (network.run, np.zeros((2, 1, 12, 12)), "codes must be uint8, got float64"),
        (network.run, np.zeros((1, 12, 12), dtype=np.uint8), r"takes a batch \(n, 1, 12, 12\)"),
        (network.activations, np.zeros((2, 1, 12, 11), dtype=np.uint8), "got shape"),
        (network.codes, np.zeros((2, 12, 12)), "takes a batch"),
        (network.codes, np.full((1, 1, 12, 12), np.nan), "NaN"),
        (network.codes, np.zeros((1, 1, 12, 12), dtype=np.uint8), r"takes normalized floats, got uint8, .*give them to run\(\)"),
        (network.codes, torch.zeros(1, 1, 12, 12, dtype=torch.int64), "takes normalized floats, got int64"),
    ):
        with pytest.raises(ValueError, match=why):
            call(given_)


def test_inputs_that_are_cut_off_are_told(files, inputs):
    """Pixels from 0 to 255 where values around zero were calibrated: nearly all become the largest code."""
    network = IntegerNetwork.from_onnx(files["micro"])
    with pytest.warns(UserWarning, match=r"\d+ % of the values lie beyond the codes .*normalize them as in training".replace(" %", "%")):
        network.codes(np.random.default_rng(0).uniform(0, 255, size=(2, 1, 12, 12)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network.codes(inputs("micro", 5))
        assert network.codes(torch.zeros(2, 1, 12, 12, requires_grad=True)).dtype == np.uint8
