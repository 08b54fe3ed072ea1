"""Files of the open challenges: good ones get what they reach, others a sentence, and none does any harm."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save

from course.grading.challenge import CHALLENGES, Photos, challenge_marks, changed_photos, hidden_photos
from course.grading.grade import grade_submission
from course.grading.submissions import Submission
from utils import deploy
from utils.data import fashion_mnist
from utils.files import ZOO
from utils.models import MicroConfig, MicroNet, ResidualConfig, ResidualNet, save_model, zoo

from .core import SEED, lab_notebook, sandboxes

__all__ = ["sandboxes"]


def scored(lab, data, sandboxes, name=None, **more):
    return challenge_marks(lab, {name or f"{lab}_challenge{CHALLENGES[lab].suffix}": data}, SEED, sandboxes, **more)


def of_zoo(name, suffix=".safetensors"):
    return next((ZOO / name).glob(f"*{suffix}")).read_bytes()


def test_a_network_of_the_zoo_gets_what_it_reaches(sandboxes):
    found = scored("03", of_zoo("fashion_tiny"), sandboxes)
    assert found["within_budget"] is (found["size_bytes"] <= 60_000)
    assert 75 < found["right_percent"] < 92 and found["photos"] == 1000 and found["on"] == "changed"
    assert found == scored("03", of_zoo("fashion_tiny"), sandboxes), "the same seed gives the same percentage"


def test_an_onnx_file_too(sandboxes, tmp_path):
    deploy.to_int8_onnx(zoo.load("fashion_tiny"), None, tmp_path / "a.onnx", fashion_mnist("validation", 200).images)
    found = scored("06", (tmp_path / "a.onnx").read_bytes(), sandboxes)
    assert "right_percent" in found, found
    assert found["right_percent"] > 75 and found["within_budget"]


def test_costs_over_the_budget_are_named(sandboxes, tmp_path):
    torch.manual_seed(0)
    size = save_model(ResidualNet(ResidualConfig.of(16, (32, 1), (64, 1))), tmp_path / "large.safetensors")
    found = scored("00", (tmp_path / "large.safetensors").read_bytes(), sandboxes)
    assert not found["within_budget"] and found["size_bytes"] == size
    assert all(word in found["note"] for word in ("20,000", "500,000", "26,000"))


BROKEN = {
    "empty": b"",
    "text": b"my network is very good",
    "endless header": (2**63 - 1).to_bytes(8, "little") + b"{}",
    "another's tensors": save({"answer": torch.ones(3)}),
    "a large network in a small file": save(
        {"answer": torch.ones(1)},
        {
            "architecture": "ResidualNet",
            "packed": "{}",
            "config": '{"stem": 16384, "blocks": [{"mid": 16384, "out": 16384}], "classes": 10}',
        },
    ),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("lab", ["01", "06"])
def test_a_file_that_is_none_gets_a_sentence(lab, data, sandboxes):
    found = scored(lab, data, sandboxes)
    assert found["note"].startswith("It can't be used") and "right_percent" not in found
    assert len(found["note"]) < 300


def test_answers_that_are_no_classes_get_a_sentence(sandboxes, tmp_path):
    save_model(MicroNet(MicroConfig.of(8, (16, 2))), tmp_path / "a.safetensors")
    assert "right_percent" in scored("01", (tmp_path / "a.safetensors").read_bytes(), sandboxes)
    found = scored("01", b"", sandboxes, name="01_challenge.pkl")
    assert found["note"] == "A file that ends in .safetensors is asked for."
    assert "manual points" in challenge_marks("08", {"08_challenge.safetensors": b""}, SEED, sandboxes)["note"]
    assert challenge_marks("01", {}, SEED, sandboxes) == {}


def test_a_submissions_file_is_in_its_mark(sandboxes):
    data = json.dumps(lab_notebook("03_distillation")).encode()
    files = {"03_challenge.safetensors": of_zoo("fashion_tiny")}
    mark = grade_submission(Submission("Ada", "03_distillation", data, files, (), "0"), SEED, sandboxes)
    assert mark.points == 0 and mark.challenge["right_percent"] > 75
    assert json.loads(json.dumps(mark.to_dict()))["challenge"] == mark.challenge


def test_the_photos_change_with_the_seed_and_stay_photos():
    one, same, other = changed_photos(1, 50), changed_photos.__wrapped__(1, 50), changed_photos(2, 50)
    assert np.array_equal(one.images, same.images) and not np.array_equal(one.images, other.images)
    test = fashion_mnist("test")
    assert one.images.shape == (50, 1, 28, 28) and one.images.dtype == np.float32
    assert one.images.min() >= float(test.images.min()) - 1e-6
    near = np.abs(test.images.numpy()[:, 0] - one.images[0, 0]).mean((1, 2)).min()
    assert 0 < near < 0.6, "a changed photo still resembles a public one, and equals none"


def test_an_instructors_own_photos_are_used(sandboxes, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, size=(30, 28, 28)).astype(np.uint8)
    np.savez(tmp_path / "own.npz", images=pixels, labels=np.zeros(30, dtype=int))
    photos = hidden_photos(tmp_path / "own.npz")
    assert isinstance(photos, Photos) and photos.images.shape == (30, 1, 28, 28)
    found = scored("03", of_zoo("fashion_tiny"), sandboxes, hidden=photos)
    assert (found["photos"], found["on"]) == (30, "hidden")


@pytest.mark.parametrize(
    "arrays", [{}, {"images": np.zeros((2, 28, 28)), "labels": np.zeros(2)}, {"images": np.zeros((2, 28, 28), np.uint8), "labels": [0, 10]}]
)
def test_a_file_that_is_no_test_set_is_refused(arrays, tmp_path):
    np.savez(tmp_path / "own.npz", **arrays)
    with pytest.raises(ValueError, match="test set"):
        hidden_photos(tmp_path / "own.npz")
