"""Files of the open challenges: each gets what it reaches, and a word where it is over the budget or can't be scored."""

import copy
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch

from course.grading.challenge.by_lab import CHALLENGES
from course.grading.challenge.challenge import challenge_marks, verdict_on
from course.grading.challenge.evaluate import UnusableError, classes_of, costs_of, on_chip
from course.grading.challenge.loss import Loss, lost
from course.grading.challenge.on_beats import changed_beats
from course.grading.challenge.on_lesions import new_lesions
from course.grading.challenge.on_photos import large_is_right
from course.grading.challenge.on_windows import COPIES, changed_windows, shipped_is_right
from course.grading.challenge.photos import Photos, changed_photos, hidden_photos
from course.grading.judge.grade import grade_submission
from course.grading.sandbox.jobs import Answered, Loaded
from course.grading.submission import Submission
from tests.course.grading.challenge.files import int8, of_zoo, saved, scored
from tests.course.grading.sandboxed import SEED, lab_notebook, sandboxes
from utils import deploy
from utils.adapt import AdaptConfig, Reservoir, personalise
from utils.data import dermoscopy, ecg5000, fashion_mnist, folds, smartwatch, standardise
from utils.data.fashion_mnist import normalise
from utils.measure import balanced_recall
from utils.models import MicroConfig, MicroNet, ResidualConfig, ResidualNet, zoo

__all__ = ["sandboxes"]


def personal(old=98):
    """Lab 08's start: the last layer learns from person 2's minute, with or without old windows beside it."""
    everyone, finely = smartwatch(), smartwatch(stride=7)
    known, new = folds(everyone.people)[1]
    seen = everyone.only(known)
    train, new_ones = standardise(seen.between(0, -6), finely.only(new))
    buffer = Reservoir(max(1, old), np.random.default_rng(5))
    buffer.extend(range(len(train)))
    minute, shipped = new_ones.only([2]).between(0, 4.28), zoo.load("motion_watch")
    rehearsal = train[torch.tensor(buffer.items)] if old else None
    return personalise(shipped, minute, AdaptConfig(epochs=67, lr=1.0), rehearsal=rehearsal)


def softened(model, share=0.5):
    """A network half way from the one as shipped: it learns less of the person and forgets less, within lab 08's limit."""
    made, shipped = copy.deepcopy(model), zoo.load("motion_watch").state_dict()
    made.load_state_dict({key: share * value + (1 - share) * shipped[key] for key, value in model.state_dict().items()}, strict=False)
    return made


def untrained(*widths):
    torch.manual_seed(0)
    return saved(ResidualNet(ResidualConfig.of(*widths)).eval())


def quantized(model, inputs):
    """A network in int8."""
    with TemporaryDirectory() as folder:
        deploy.to_int8_onnx(model, None, Path(folder, "a.onnx"), inputs)
        return Path(folder, "a.onnx").read_bytes()


def heartbeats(name):
    """A network for heartbeats in int8."""
    return quantized(zoo.load(name), ecg5000("train").signals)


def lesions(network=None, more=0.0):
    """An untrained network for synthetic lesions in int8. more: is added to the finding's logit, so that more lesions are called one."""
    torch.manual_seed(0)
    model = network or MicroNet(MicroConfig(8, ((16, 2), (24, 2)), classes=2, in_channels=3))
    last = [layer for layer in model.modules() if isinstance(layer, torch.nn.Linear)][-1]
    with torch.no_grad():
        last.bias[1] += more
    return quantized(model.eval(), dermoscopy("train").inputs[:200])


def large_for_lesions():
    return ResidualNet(ResidualConfig.from_dict(ResidualConfig.of(16, (32, 2), (64, 2)).to_dict() | {"classes": 2, "in_channels": 3}))


# lab: (a file as its own start makes it, or near it, percent right at least, what is counted)
STARTS = {
    "00": (lambda: untrained(4, (6, 2), (8, 2)), 0, {"macs", "activation_bytes"}),
    "01": (lambda: of_zoo("fashion_large_sparse95"), 90, {"macs", "activation_bytes"}),
    "02": (lambda: of_zoo("fashion_large_w2"), 90, {"macs", "activation_bytes"}),
    "03": (lambda: untrained(4, (8, 2), (12, 2), (24, 2)), 0, {"macs", "activation_bytes"}),
    "06": (lambda: int8("fashion_large_slim4", per_channel=False), 90, {"macs", "activation_bytes", "points_lost", "uncertainty_points"}),
    "07": (lambda: int8("start"), 0, {"macs", "activation_bytes"}),
    "08": (lambda: saved(softened(personal())), 72, {"macs", "activation_bytes", "points_lost", "uncertainty_points"}),
    "11": (lambda: heartbeats("ecg_tiny"), 88, {"macs", "activation_bytes", "balanced_percent", "beats"}),
    "13": (lambda: lesions(more=-1.0), 0, {"macs", "activation_bytes", "sensitivity_percent", "false_alarms_percent", "lesions"}),
}
# lab: (a file over its budget, what the note says)
OVER = {
    "00": (lambda: untrained(6, (16, 2), (32, 2)), ("20,000", "500,000 are", "26,000")),
    "01": (lambda: of_zoo("fashion_large"), ("11,079,904 bytes, 2,000,000 are allowed",)),
    "02": (lambda: of_zoo("fashion_large_w4"), ("1,435,424 bytes, 900,000 are allowed",)),
    "03": (lambda: of_zoo("fashion_small"), ("60,000 are allowed",)),
    "06": (lambda: int8("fashion_medium"), ("to fashion_large on the same photos", "0.5 point is allowed", "chance does not explain it")),
    "07": (lambda: int8("fashion_large_slim4"), ("bytes of flash, 32,768 are allowed", "bytes of RAM, 16,384 are allowed")),
    "11": (lambda: heartbeats("ecg_large"), ("5,000 are allowed",)),
    "13": (lambda: lesions(large_for_lesions(), more=60.0), ("10,000 are allowed", "% of false alarms, 15 are allowed")),
    "08": (lambda: saved(personal(old=0)), ("the network as shipped", "less than 1 point is allowed", "chance does not explain it")),
}


@pytest.mark.parametrize("lab", STARTS)
def test_a_labs_own_start_is_scored(lab, sandboxes, few_photos):
    make, least, counted = STARTS[lab]
    data = make()
    found = scored(lab, data, sandboxes)
    assert found["size_bytes"] == len(data) and found["on"] == {"08": "changed, person 2", "13": "new"}.get(lab, "changed")
    assert least <= found["right_percent"] < 97 and found.keys() >= counted
    assert found.get("within_budget", True) is True, found
    assert ("note" in found) is (lab in ("06", "08")) or lab == "07"


@pytest.mark.parametrize("lab", OVER)
def test_a_file_over_the_budget_says_by_what(lab, sandboxes, request):
    make, words = OVER[lab]
    if CHALLENGES[lab].rival is None:
        request.getfixturevalue("few_photos")
    found = scored(lab, make(), sandboxes)
    assert found["within_budget"] is False and all(word in found["note"] for word in words), found["note"]


def test_balanced_recall_is_that_of_the_changed_beats(sandboxes, tmp_path):
    """Is a network that calls every beat normal worth a fifth, whatever its accuracy?"""
    (tmp_path / "a.onnx").write_bytes(heartbeats("ecg_tiny"))
    signals, labels = changed_beats(SEED)
    own = deploy.OnnxRunnable(tmp_path / "a.onnx").run(signals)
    found = scored("11", heartbeats("ecg_tiny"), sandboxes)
    assert found["beats"] == 4500 and found["balanced_percent"] == pytest.approx(balanced_recall(own, labels), abs=0.006)
    always = np.eye(5, dtype=np.float32)[np.zeros(4500, dtype=int)]
    assert balanced_recall(always, labels) == 20


def test_sensitivity_and_false_alarms_are_those_of_new_lesions(sandboxes, tmp_path):
    """Are the lesions drawn by the seed, so that nobody can train on them, and is a file that finds nothing worth nothing?"""
    (tmp_path / "a.onnx").write_bytes(lesions())
    inputs, labels = new_lesions(SEED)
    assert not np.array_equal(inputs, new_lesions(SEED + 1)[0])
    called = deploy.OnnxRunnable(tmp_path / "a.onnx").run(inputs).argmax(1) == 1
    found = scored("13", lesions(), sandboxes)
    assert found["lesions"] == len(labels) == 3000
    assert found["sensitivity_percent"] == pytest.approx(100 * called[labels == 1].mean(), abs=0.006)
    assert found["false_alarms_percent"] == pytest.approx(100 * called[labels == 0].mean(), abs=0.006)
    never = scored("13", lesions(more=-60.0), sandboxes)
    assert (never["sensitivity_percent"], never["false_alarms_percent"]) == (0, 0)


def test_the_same_seed_gives_the_same_figures_and_another_one_others(sandboxes):
    data = int8("fashion_micro")
    found = scored("06", data, sandboxes)
    assert found == scored("06", data, sandboxes) and found["photos"] == 10_000
    again = challenge_marks("06", {"06_challenge.onnx": data}, SEED + 1, sandboxes)
    assert again["right_percent"] != found["right_percent"] and abs(again["right_percent"] - found["right_percent"]) < 1.5


def test_a_loss_is_that_to_the_large_network_on_the_very_same_photos(sandboxes, tmp_path):
    (tmp_path / "a.onnx").write_bytes(int8("fashion_micro"))
    photos = changed_photos(SEED)
    own = deploy.OnnxRunnable(tmp_path / "a.onnx").run(photos.images).argmax(1) == photos.labels
    loss, found = lost(large_is_right(photos)[:, None], own[:, None]), scored("06", int8("fashion_micro"), sandboxes)
    assert found["points_lost"] == pytest.approx(loss.points, abs=0.006) and found["points_lost"] > 1
    assert found["uncertainty_points"] == pytest.approx(loss.uncertainty, abs=0.006)
    assert found["right_percent"] == pytest.approx(100 * own.mean(), abs=0.006)
    assert large_is_right(photos).mean() > 0.92


def test_what_training_needed_is_said_not_to_be_known(sandboxes):
    found = scored("08", saved(zoo.load("motion_watch")), sandboxes)
    assert (found["points_lost"], found["uncertainty_points"], found["within_budget"]) == (0, 0, True)
    assert found["windows"] == 442 and 60 < found["right_percent"] < 80
    assert found["note"].endswith("How much memory training needed can't be seen in a file: look at the notebook.")


def test_windows_are_turned_a_little_and_keep_their_people():
    one, same, other = changed_windows(1), changed_windows.__wrapped__(1), changed_windows(2)
    assert np.array_equal(one.kept, same.kept) and not np.array_equal(one.kept, other.kept)
    assert one.kept.shape == (COPIES, 225, 6, 200) and one.later.shape == (COPIES, 442, 6, 200)
    assert one.kept.dtype == np.float32 and not np.array_equal(one.kept[0], one.kept[1])
    public = smartwatch().only([2]).between(5)
    scale = np.linalg.norm(one.later[0], axis=(1, 2)) / np.linalg.norm(one.later[1], axis=(1, 2))
    assert np.array_equal(one.later_labels, public.labels.numpy()) and (scale > 0.93).all() and (scale < 1.07).all()
    assert shipped_is_right(1).shape == (COPIES, 225) and shipped_is_right(1).mean() > 0.85


def test_files_that_are_no_challenges_get_a_sentence(sandboxes):
    found = scored("01", b"", sandboxes, name="01_challenge.pkl")
    assert found["note"] == "A file that ends in .safetensors is asked for."
    assert "manual points" in challenge_marks("09", {"09_challenge.safetensors": b""}, SEED, sandboxes)["note"]
    assert challenge_marks("01", {}, SEED, sandboxes) == {}
    both = {"other.safetensors": b"", "03_challenge.safetensors": of_zoo("fashion_nano"), "03_challenge.onnx": b""}
    assert challenge_marks("03", both, SEED, sandboxes)["file"] == "03_challenge.safetensors"


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


def test_photos_are_moved_by_up_to_a_pixel():
    changed, public = changed_photos(1, 12).images[:, 0, 2:-2, 2:-2], fashion_mnist("test").images.numpy()[:, 0]
    places = [(down, right) for down in (1, 2, 3) for right in (1, 2, 3)]
    shifted = {place: public[:, place[0] : place[0] + 24, place[1] : place[1] + 24] for place in places}
    moves = set()
    for photo in changed:
        near = {place: np.abs(images - photo).mean((1, 2)).min() for place, images in shifted.items()}
        moves.add(min(near, key=near.get))
        assert min(near.values()) < 0.12
    assert len(moves) > 3


def test_every_public_photo_is_tried_once():
    assert np.array_equal(np.bincount(changed_photos(SEED).labels), np.bincount(fashion_mnist("test").labels))


def test_what_moves_into_a_photo_is_as_dark_as_its_border():
    photos, dark = changed_photos(1, 50).images[:, 0], float(fashion_mnist("test").images.min())
    border = np.concatenate([photos[:, 0], photos[:, -1], photos[:, :, 0], photos[:, :, -1]], axis=1)
    assert (np.median(border, axis=1) < dark + 0.02).all() and (border < dark + 0.1).mean() > 0.88, "whatever the light; 0 is a gray"


def test_an_instructors_photos_are_normalised_as_all_others(tmp_path):
    pixels = np.arange(2 * 28 * 28).reshape(2, 28, 28).astype(np.uint8)
    np.savez(tmp_path / "own.npz", images=pixels, labels=[3, 4])
    photos = hidden_photos(tmp_path / "own.npz")
    assert np.array_equal(photos.images, normalise(pixels).numpy()) and photos.labels.tolist() == [3, 4]


class Harmful:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_a_test_set_is_not_unpickled(tmp_path):
    np.savez(tmp_path / "own.npz", images=np.array([Harmful(tmp_path / "made")]), labels=[0])
    with pytest.raises(ValueError, match="is not a test set"):
        hidden_photos(tmp_path / "own.npz")
    assert not (tmp_path / "made").exists()


def test_an_instructors_own_photos_are_used(sandboxes, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, size=(30, 28, 28)).astype(np.uint8)
    np.savez(tmp_path / "own.npz", images=pixels, labels=np.zeros(30, dtype=int))
    photos = hidden_photos(tmp_path / "own.npz")
    assert isinstance(photos, Photos) and photos.images.shape == (30, 1, 28, 28)
    found = scored("03", of_zoo("fashion_tiny"), sandboxes, hidden=photos)
    assert (found["photos"], found["on"]) == (30, "hidden")
    found = scored("06", int8("fashion_micro"), sandboxes, hidden=photos)
    assert (found["photos"], found["on"]) == (30, "hidden") and "points_lost" in found


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"images": np.zeros((2, 28, 28)), "labels": np.zeros(2)},
        {"images": np.zeros((2, 28, 28), np.uint8), "labels": [0, 10]},
        {"images": np.zeros((1, 28, 28), np.uint8), "labels": 3},
        {"images": np.zeros((0, 28, 28), np.uint8), "labels": np.zeros(0, int)},
    ],
)
def test_a_file_that_is_no_test_set_is_refused(arrays, tmp_path):
    np.savez(tmp_path / "own.npz", **arrays)
    with pytest.raises(ValueError, match="test set"):
        hidden_photos(tmp_path / "own.npz")


def judged(lab, loss=None, **found):
    return verdict_on(CHALLENGES[lab], found, loss, [])


def test_a_budget_may_be_used_up_and_not_be_passed():
    assert judged("01", size_bytes=2_000_000) == {"size_bytes": 2_000_000, "within_budget": True}
    assert judged("01", size_bytes=2_000_001)["within_budget"] is False
    parts = {"least_flash_bytes": 32_768, "least_ram_bytes": 16_384}
    assert "within_budget" not in judged("07", **parts), "there is more than its parts"
    assert judged("07", **parts | {"least_ram_bytes": 16_385})["within_budget"] is False


def test_both_the_budget_and_the_loss_must_be_kept():
    """Lab 06 allows the limit itself, lab 08 what is less."""
    fits = {loss: judged("08", Loss(loss, 0), size_bytes=147_456)["within_budget"] for loss in (0, 0.99, 1.0)}
    assert fits == {0: True, 0.99: True, 1.0: False}
    assert judged("08", Loss(0, 0), size_bytes=147_457)["within_budget"] is False, "a file that is too large, and loses nothing"
    assert judged("06", Loss(0.5, 0))["within_budget"] is True and judged("06", Loss(0.51, 0))["within_budget"] is False


def test_how_a_loss_was_decided_is_said():
    loses, gains = (judged("06", Loss(points, 0.05))["note"] for points in (0.4, -0.4))
    assert "loses 0.40 points to fashion_large" in loses and "gains 0.40 points over fashion_large" in gains
    close = [points for points in (0.2, 0.4, 0.6, 0.8) if "too close to call" in judged("06", Loss(points, 0.2))["note"]]
    assert close == [0.4, 0.6]


class Says:
    """Sandboxes whose process answers what it is told to, as a hostile file might have it."""

    def __init__(self, *values):
        self.values = values

    def answers(self, job, calls):
        return Loaded((), True), [Answered(value) for value in self.values]


THREE = np.zeros((3, 1, 28, 28), np.float32)


@pytest.mark.parametrize("told", [None, {}, {"uncounted": "Einsum"}, {"uncounted": [1]}], ids=str)
def test_costs_that_are_none_are_not_taken(told):
    with pytest.raises(UnusableError, match="its costs could not be read"):
        costs_of(".onnx", b"", THREE[:1], Says(told))


def test_a_cost_that_is_no_count_is_left_out():
    assert costs_of(".onnx", b"", THREE[:1], Says({"uncounted": [], "macs": -1, "activation_bytes": True})) == ({}, [])


@pytest.mark.parametrize("classes", [np.zeros(3), np.zeros((3, 1), int), np.zeros(2, int), np.zeros(4, int), [0, 0, 0], None], ids=repr)
def test_answers_that_are_no_classes_are_not_taken(classes):
    with pytest.raises(UnusableError, match="one class for each input"):
        classes_of(".onnx", b"", THREE, Says(None, classes))


def test_what_was_not_run_is_said():
    with pytest.raises(UnusableError, match="it was not run"):
        classes_of(".onnx", b"", THREE, Says(None))


def test_sizes_by_parts_stand_in_only_where_nothing_was_linked():
    parts, classes = {"tables": 100, "arena": 20}, np.zeros(3, int)
    linked = on_chip(b"", THREE, Says(parts, {"flash_bytes": 500, "ram_bytes": 60}, classes))
    assert linked[1:] == ({"flash_bytes": 500, "ram_bytes": 60}, "")
    missing = on_chip(b"", THREE, Says(parts, {"missing": "no compiler."}, classes))
    assert missing[1:] == ({"least_flash_bytes": 100, "least_ram_bytes": 20}, "no compiler")
