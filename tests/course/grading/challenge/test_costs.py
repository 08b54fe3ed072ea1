"""What a challenge's file costs: our own counts, and a name for everything that is not counted."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from course.grading.sandbox.inside.challenge_costs import costs
from tests.course.grading.challenge.files import int8, linear, saved, titan
from utils.compress.batch_norms import fold
from utils.data import fashion_mnist, smartwatch
from utils.deploy import OnnxRunnable
from utils.measure import count_macs, peak_activation_bytes
from utils.models import zoo

PHOTO = fashion_mnist("test", 1).images.numpy()


def counted(model, suffix=".onnx", example=PHOTO):
    data = model if isinstance(model, bytes) else model.SerializeToString()
    return costs(suffix, np.frombuffer(data, np.uint8), example)


@pytest.mark.parametrize("name", ["fashion_nano", "fashion_micro", "fashion_large_sparse95", "motion_watch"])
def test_a_checkpoint_costs_what_its_network_costs(name):
    example = smartwatch().windows[:1].numpy() if name == "motion_watch" else PHOTO
    model = zoo.load(name)
    expected = {"macs": count_macs(model, example), "activation_bytes": peak_activation_bytes(model, example), "uncounted": []}
    assert counted(saved(model), ".safetensors", example) == expected


def test_a_titan_file_costs_what_its_folded_network_costs():
    model = fold(zoo.load("fashion_nano"))
    expected = {"macs": count_macs(model, PHOTO), "activation_bytes": peak_activation_bytes(model, PHOTO), "uncounted": []}
    assert counted(titan("fashion_nano"), ".titan") == expected


@pytest.mark.parametrize("name", ["fashion_micro", "fashion_tiny", "start"])
def test_an_int8_file_costs_what_the_labs_say(name, tmp_path):
    (tmp_path / "a.onnx").write_bytes(int8(name))
    lab = OnnxRunnable(tmp_path / "a.onnx")
    assert lab.macs and counted(int8(name)) == {"macs": lab.macs, "activation_bytes": lab.peak_activation_bytes, "uncounted": []}


def test_products_of_constants_count():
    table = {"a": np.ones((50, 60), np.float32), "b": np.ones((60, 784), np.float32)}
    product = [helper.make_node("MatMul", ["a", "b"], ["c"]), helper.make_node("ReduceMean", ["c"], ["m"], keepdims=0)]
    plain = counted(linear())["macs"]
    found = counted(linear(*product, helper.make_node("Add", ["x", "m"], ["z"]), start="z", extra=table))
    assert (plain, found["macs"]) == (7840, 7840 + 50 * 60 * 784)


HIDDEN = {
    "Einsum": helper.make_node("Einsum", ["x"], ["z"], equation="abcd->abcd"),
    "Gather": helper.make_node("Gather", ["x", "zero"], ["z"], axis=0),
    "Expand": helper.make_node("Expand", ["x", "shape"], ["z"]),
    "Mul of each with each": helper.make_node("Mul", ["x", "wide"], ["z"]),
    "Where of each with each": helper.make_node("Where", ["yes", "x", "wide"], ["z"]),
    "com.microsoft.Gelu": helper.make_node("Gelu", ["x"], ["z"], domain="com.microsoft"),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_work_that_is_not_counted_is_named_and_never_0(name):
    extra = {
        "zero": np.zeros(1, np.int64),
        "shape": np.array([1, 2, 28, 28]),
        "wide": np.ones((2, 1, 1), np.float32),
        "yes": np.ones((1, 1, 1), bool),
    }
    features = 2 * 784 if name.startswith(("Expand", "Mul", "Where")) else 784
    model = linear(HIDDEN[name], start="z", features=features, extra=extra, domains=("", "com.microsoft"))
    found = counted(model)
    assert found["macs"] is None and found["activation_bytes"] is None
    assert name in found["uncounted"]


def test_dropout_that_does_nothing_is_no_chance():
    """A file exported in evaluation mode may hold it."""
    assert counted(linear(helper.make_node("Dropout", ["x"], ["z"]), start="z"))["uncounted"] in ([], ["Dropout"])


def test_arithmetic_on_shapes_is_no_work_but_whole_numbers_in_masses_are():
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["n"]),
        helper.make_node("Concat", ["n", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["z"]),
    ]
    extra = {"zero": np.zeros(1, np.int64), "rest": np.array([784])}
    assert counted(linear(*nodes, start="z", extra=extra)) == {"macs": 7840, "activation_bytes": 3176, "uncounted": []}
    many = helper.make_node("Einsum", ["t", "t"], ["u"], equation="ab,bc->ac")
    found = counted(linear(many, extra={"t": np.ones((100, 100), np.int64)}))
    assert found["macs"] is None and found["uncounted"] == ["Einsum"]


def test_sizes_that_a_file_states_of_itself_are_not_believed():
    model = linear(helper.make_node("Relu", ["x"], ["z"]), start="z")
    model.graph.value_info.append(helper.make_tensor_value_info("flat", TensorProto.FLOAT, [1, 1]))
    assert counted(model)["macs"] == 7840


def test_a_file_for_several_photos_at_once_has_no_macs():
    for batch in (2, 4):
        assert counted(linear(shape=(batch, 1, 28, 28), output=(batch, 10)))["uncounted"] == [f"a batch of {batch}"]
    assert counted(linear(shape=(1, 1, 28, 28), output=(1, 10)))["macs"] == 7840


def test_a_table_that_is_only_claimed_is_refused():
    model = linear()
    model.graph.initializer[0].dims[:] = [1 << 20, 1 << 20]
    with pytest.raises(ValueError, match="says it holds more than"):
        counted(model)


def add(repeated, times=1, **more):
    for _ in range(times):
        repeated.add(**more)


HIDES = {
    "work that only training does": (lambda model: add(model.training_info), "functions of its own"),
    "a place and no file": (lambda model: setattr(model.graph.initializer[0], "data_location", TensorProto.EXTERNAL), "in another file"),
    "sparse weights in another file": (
        lambda model: setattr(model.graph.sparse_initializer.add().values, "data_location", TensorProto.EXTERNAL),
        "in another file",
    ),
    "many axes": (lambda model: model.graph.initializer[0].dims.extend([1] * 7), "more than 8 axes"),
    "sizes below 0": (lambda model: model.graph.initializer.add(dims=[-1, -1]), "says it holds more than"),
    "thousands of tensors": (lambda model: add(model.graph.initializer, 5001), "5,002 tensors"),
    "a stored table before the input": (
        lambda model: model.graph.input.insert(0, helper.make_tensor_value_info("w", TensorProto.FLOAT, [784, 10])),
        "one input and one output",
    ),
}


@pytest.mark.parametrize("name", HIDES)
def test_what_hides_weights_or_work_is_refused(name):
    change, words = HIDES[name]
    model = linear()
    change(model)
    with pytest.raises(ValueError, match=words):
        counted(model)
