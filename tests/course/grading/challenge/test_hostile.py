"""Files that are broken, lie, or would do harm: each ends with one sentence, and who comes next is not touched."""

import json
import re
import struct

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper
from safetensors.torch import save

from course.grading.challenge import on_photos
from course.grading.challenge.photos import changed_photos
from tests.course.grading.challenge import files as files
from tests.course.grading.challenge.files import int8, linear, of_zoo, saved, scored
from tests.course.grading.sandboxed import sandboxes
from utils.models import MicroConfig, MicroNet, zoo
from utils.student.challenge import MAX_BYTES

__all__ = ["sandboxes"]

pytestmark = pytest.mark.usefixtures("few_photos")


def claims(config, architecture="ResidualNet"):
    return save({"answer": torch.ones(1)}, {"architecture": architecture, "packed": "{}", "config": config})


def header(told, data=b""):
    text = json.dumps(told).encode()
    return struct.pack("<Q", len(text)) + text + data


def without_numbers():
    model = zoo.load("fashion_nano")
    with torch.no_grad():
        model.head.weight.fill_(torch.nan)
    return saved(model)


CHECKPOINTS = {
    "empty": (b"", "not a whole checkpoint"),
    "text": (b"my network is very good", "header is longer"),
    "a pickle": (b"\x80\x04cos\nsystem\n(S'sleep 60'\ntR.", "header is longer"),
    "a zip": (files.zipped(), "header is longer"),
    "truncated": (of_zoo("fashion_nano")[:-100], "not a whole checkpoint"),
    "a header without an end": ((2**63 - 1).to_bytes(8, "little") + b"{}", "header is longer"),
    "a header of megabytes": (struct.pack("<Q", 2_000_000) + b" " * 2_000_000, "header is longer"),
    "a tensor larger than the file": (header({"a": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}}), "not a whole"),
    "another's tensors": (save({"answer": torch.ones(3)}), "not a whole checkpoint"),
    "a large network in a small file": (claims('{"stem": 16384, "blocks": [{"mid": 16384, "out": 16384}], "classes": 10}'), "not a whole"),
    "a configuration without an end": (claims("[" * 100_000), "not a whole checkpoint"),
    "an architecture of its own": (claims("{}", "os.system"), "not a whole checkpoint"),
    "no numbers": (without_numbers(), "not finite numbers"),
    "a network for something else": (saved(zoo.load("motion_watch")), "a network for other inputs"),
}

OTHER_SHAPE = linear(shape=("n", 1, 14, 14), features=196)
OPEN_SHAPE = linear(shape=("n", 1, "h", "w"))
OWN_DOMAIN = linear(helper.make_node("Sleep", ["x"], ["z"], domain="../mine"), start="z", domains=("", "../mine"))
NAN = files.made(
    [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("MatMul", ["f", "w"], ["y"])],
    {"w": np.full((784, 10), np.nan, np.float32)},
)
TWO_INPUTS = linear()
TWO_INPUTS.graph.input.append(helper.make_tensor_value_info("labels", TensorProto.INT64, ["n"]))
MANY = linear(*(helper.make_node("Relu", ["x"], [f"r{at}"]) for at in range(6000)))
PICTURES = files.made([helper.make_node("Relu", ["x"], ["y"])], output=("n", 1, 28, 28))

DICE = linear(helper.make_node("RandomNormalLike", ["x"], ["z"]), start="z")
COIN = linear(helper.make_node("Bernoulli", ["x"], ["z"]), start="z")
TRAINS = linear(helper.make_node("Dropout", ["x", "half", "yes"], ["z"]), start="z", extra={"half": np.float32(0.5), "yes": np.array(True)})

GRAPHS = {
    "numbers drawn at each run": (DICE, "RandomNormalLike, which gives other answers at each run"),
    "a coin": (COIN, "Bernoulli, which gives other answers at each run"),
    "dropout that is told to train": (TRAINS, "Dropout, which gives other answers at each run"),
    "empty": (b"", "not a whole ONNX model"),
    "text": (b"my network is very good", "not a whole ONNX model"),
    "a zip": (files.zipped(), "not a whole ONNX model"),
    "truncated": (int8("start")[:-100], "not a whole ONNX model"),
    "weights in another file": (files.external(), "another file"),
    "weights in this system's files": (files.external("/proc/self/environ"), "another file"),
    "a loop without an end": (files.looped(), r"a graph within a node \(Loop\)"),
    "graphs within graphs": (files.nested(), r"a graph within a node \(If\)"),
    "functions of its own": (files.with_function(), "functions of its own"),
    "an operation of its own": (OWN_DOMAIN, "not an operation of ONNX"),
    "photos of another shape": (OTHER_SHAPE, r"inputs of shape \(n, 1, 14, 14\)"),
    "photos of any shape": (OPEN_SHAPE, r"no size but n may be open"),
    "two inputs": (TWO_INPUTS, "one input and one output"),
    "thousands of nodes": (MANY, "6,002 nodes"),
    "no numbers": (NAN, "not finite numbers"),
    "pictures for answers": (PICTURES, "scores of shape"),
}

OTHERS_FOR_CHIPS = {"no numbers": "a MatMul that reads the input itself", "pictures for answers": "the operation Relu"}


def one_sentence(found):
    assert "right_percent" not in found and "within_budget" not in found
    assert re.fullmatch(r"It .{10,280}\.", found["note"]), found["note"]
    assert not re.search(r"/tmp|/site|Traceback|\n", found["note"]), "no path of the grader's"


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_checkpoint_that_is_none_gets_a_sentence(name, sandboxes):
    data, why = CHECKPOINTS[name]
    found = scored("03", data, sandboxes)
    one_sentence(found)
    assert re.search(why, found["note"]), found["note"]


def test_a_network_of_photos_is_no_network_of_windows(sandboxes):
    found = scored("08", of_zoo("fashion_nano"), sandboxes)
    one_sentence(found)
    assert "a network for other inputs than (n, 6, 200)" in found["note"]


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("lab", ["06", "07"])
def test_a_graph_that_is_none_gets_a_sentence(lab, name, sandboxes):
    data, why = GRAPHS[name]
    found = scored(lab, data if isinstance(data, bytes) else data.SerializeToString(), sandboxes)
    one_sentence(found)
    assert re.search(why if lab == "06" or name not in OTHERS_FOR_CHIPS else OTHERS_FOR_CHIPS[name], found["note"]), found["note"]


@pytest.mark.slow
def test_a_file_that_works_without_an_end_costs_its_own_time_and_nobody_elses(sandboxes):
    good = of_zoo("fashion_nano")
    before = scored("03", good, sandboxes)
    found = scored("06", files.endless(), sandboxes)
    one_sentence(found)
    assert "took too long" in found["note"] or "memory" in found["note"]
    assert scored("03", good, sandboxes) == before


def test_who_comes_next_gets_what_is_due(sandboxes):
    good = int8("fashion_micro")
    before = scored("06", good, sandboxes)
    for name in ("truncated", "weights in another file", "no numbers", "pictures for answers"):
        data, _ = GRAPHS[name]
        scored("06", data if isinstance(data, bytes) else data.SerializeToString(), sandboxes)
    assert before["right_percent"] > 75 and scored("06", good, sandboxes) == before


def test_a_file_that_is_too_large_is_not_even_read(sandboxes):
    found = scored("01", bytes(MAX_BYTES + 1), sandboxes)
    assert found["note"] == "It has 16,000,001 bytes, and 16,000,000 are the most that is read."


def test_work_that_is_not_counted_is_said_and_the_file_still_scored(sandboxes):
    model = linear(helper.make_node("Einsum", ["x"], ["z"], equation="abcd->abcd"), start="z")
    found = scored("06", model.SerializeToString(), sandboxes)
    assert "macs" not in found and "Its MACs and activations are not counted: it has Einsum." in found["note"]
    assert found["right_percent"] < 40 and found["within_budget"] is False


def test_labels_never_go_inside(sandboxes):
    class Watched:
        def answers(self, job, calls):
            seen.extend(calls)
            return sandboxes.answers(job, calls)

    seen, watched = [], Watched()
    scored("03", of_zoo("fashion_nano"), watched)
    scored("06", int8("start"), watched)
    scored("07", int8("start"), watched)
    scored("08", saved(zoo.load("motion_watch")), watched)
    kinds = {(part.dtype.name, part.ndim) for call in seen for part in call.inputs if isinstance(part, np.ndarray)}
    assert kinds == {("uint8", 1), ("float32", 4), ("float32", 3)}, "the file's bytes, photos and windows, and nothing else"
    others = {type(part) for call in seen for part in call.inputs} - {np.ndarray}
    assert others == {str, tuple, dict}, "what is asked, a shape, our own C sources"


def test_a_small_network_of_another_family_is_scored(sandboxes):
    torch.manual_seed(0)
    found = scored("03", saved(MicroNet(MicroConfig.of(8, (16, 2)))), sandboxes)
    assert found["within_budget"] and 0 <= found["right_percent"] < 40


def test_work_that_leads_nowhere_makes_no_loss_less_sure(sandboxes, monkeypatch):
    """A file that claims much work is tried on no fewer photos where a loss decides, and on fewer where none does."""
    monkeypatch.setattr(on_photos, "changed_photos", changed_photos)
    monkeypatch.setattr(on_photos, "costs_of", lambda *_: ({"macs": 10**9}, []))
    assert scored("06", int8("fashion_micro"), sandboxes)["photos"] == 10_000
    assert scored("03", of_zoo("fashion_nano"), sandboxes)["photos"] == 1000


def test_what_a_photo_holds_is_not_told_by_a_librarys_words(sandboxes):
    steps = [helper.make_node("ReduceMax", ["x"], ["most"], keepdims=0), helper.make_node("Cast", ["m"], ["at"], to=TensorProto.INT64)]
    steps.insert(1, helper.make_node("Mul", ["most", "many"], ["m"]))
    steps += [helper.make_node("Gather", ["few", "at"], ["told"]), helper.make_node("Add", ["x", "told"], ["z"])]
    model = linear(*steps, start="z", extra={"many": np.array(1e6, np.float32), "few": np.zeros(3, np.float32)})
    found = scored("06", model.SerializeToString(), sandboxes)
    one_sentence(found)
    assert "fails on some of the inputs" in found["note"] and not re.search(r"\d{3}", found["note"]), found["note"]
