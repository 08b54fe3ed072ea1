"""MedMNIST's layout: what fits is read, and of everything else one sentence says what is wrong. Nothing is ever unpickled."""

import io
import zipfile

import numpy as np
import pytest
import torch

from utils.data import load_medmnist, npz_arrays
from utils.doctor.needs import PNEUMONIA


def images(n=6, shape=(28, 28)):
    return np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)


LABELS = np.array([[0], [1], [0], [1], [1], [0]], dtype=np.uint8)


def saved(tmp_path, **arrays):
    np.savez_compressed(tmp_path / "mine.npz", **arrays)
    return tmp_path / "mine.npz"


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (64, 48), (28, 28, 3)])
@pytest.mark.parametrize("labels", [LABELS, LABELS[:, 0], LABELS.astype(np.int64), LABELS.astype(bool)])
def test_grey_and_color_images_with_labels_in_either_shape(tmp_path, shape, labels):
    found = load_medmnist(saved(tmp_path, train_images=images(shape=shape), train_labels=labels))
    assert list(found) == ["train"]
    exams = found["train"]
    assert exams.inputs.shape == (6, 3 if shape[2:] == (3,) else 1, *shape[:2]) and exams.inputs.dtype == torch.float32
    assert exams.labels.tolist() == [0, 1, 0, 1, 1, 0] and exams.labels.dtype == torch.int64
    assert exams.classes == ("0", "1") and exams.title == "mine"


@pytest.mark.parametrize("parts", [("train", "val"), ("test",), ("train", "val", "test"), ("val", "test")])
def test_any_of_the_splits_may_be_there(tmp_path, parts):
    arrays = {f"{part}_{what}": value for part in parts for what, value in (("images", images()), ("labels", LABELS))}
    assert list(load_medmnist(saved(tmp_path, **arrays))) == ["validation" if part == "val" else part for part in parts]


def test_wide_integers_of_bytes_and_other_arrays_in_the_file_do_no_harm(tmp_path):
    path = saved(tmp_path, train_images=images().astype(np.int32), train_labels=LABELS, notes=np.array(["x"]))
    assert load_medmnist(path, ["healthy", "ill"])["train"].classes == ("healthy", "ill")


def test_more_than_two_classes_and_one_against_the_rest(tmp_path):
    path = saved(tmp_path, train_images=images(), train_labels=np.array([0, 1, 2, 3, 4, 5]), test_images=images(), test_labels=LABELS)
    found = load_medmnist(path)
    assert found["train"].classes == found["test"].classes == tuple("012345")
    assert found["train"].one_against_rest(4).counts.tolist() == [5, 1]


def wrong(**changed):
    """Arrays of a good file, some changed, those that are None left out."""
    arrays = {"train_images": images(), "train_labels": LABELS, **changed}
    return {name: value for name, value in arrays.items() if value is not None}


OBJECTS = np.array([{"a": 1}] * 6, dtype=object)
HOLED = images().astype(np.float32)
HOLED[2, 3, 4] = np.nan


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (wrong(train_labels=None), "has train_images and no train_labels: labels are missing"),
        (wrong(train_images=None), "has train_labels and no train_images"),
        (wrong(test_images=images()), "has test_images and no test_labels"),
        ({"x": images(), "y": LABELS}, "does not have the layout of MedMNIST: .*its arrays are x, y"),
        ({"TRAIN_images": images()}, "does not have the layout"),
        (wrong(train_labels=LABELS[:5]), "train has 6 images and 5 labels"),
        (wrong(train_labels=LABELS * 0), "train_labels are all 0: with one class only"),
        (wrong(train_labels=LABELS * 0 + 1), "train_labels are all 1: with one class only"),
        (wrong(val_images=images(), val_labels=LABELS * 0), "val_labels are all 0"),
        (wrong(train_labels=np.repeat(LABELS, 14, 1)), "has 14 labels for each image"),
        (wrong(train_labels=LABELS.astype(np.float32)), "train_labels must hold integers, got float32"),
        (wrong(train_labels=np.where(LABELS, np.nan, 0)), "train_labels must hold integers, got float64"),
        (wrong(train_labels=np.array(["ill", "healthy"] * 3)), "train_labels must hold integers, got <U7"),
        (wrong(train_labels=LABELS.astype(int) - 1), r"train_labels must lie in 0\.\.999, got -1\.\.0"),
        (wrong(train_labels=LABELS.astype(int) * 10**9), r"train_labels must lie in 0\.\.999"),
        (wrong(train_labels=LABELS[:0]), r"train_labels must be \(n,\) or \(n, 1\)"),
        (wrong(train_labels=np.array(1)), r"train_labels must be \(n,\) or \(n, 1\)"),
        (wrong(train_labels=OBJECTS), "train_labels holds Python objects, and reading them could run code"),
        (wrong(train_images=OBJECTS), "train_images holds Python objects"),
        (wrong(train_images=HOLED), "train_images holds NaN or infinity"),
        (wrong(train_images=np.where(np.isnan(HOLED), np.inf, HOLED)), "train_images holds NaN or infinity"),
        (wrong(train_images=images() / 255), "train_images must hold uint8 pixels in 0..255, got float64"),
        (wrong(train_images=images().astype(int) * 16), "train_images must hold uint8 pixels"),
        (wrong(train_images=images().astype(int) - 128), "train_images must hold uint8 pixels"),
        (wrong(train_images=images().astype(bool)), "train_images must hold uint8 pixels in 0..255, got bool"),
        (wrong(train_images=images(shape=(784,))), r"train_images must be \(n, h, w\)"),
        (wrong(train_images=images(shape=(28, 28, 28))), r"train_images must be \(n, h, w\)"),
        (wrong(train_images=images(shape=(28, 28, 4))), r"train_images must be \(n, h, w\)"),
        (wrong(train_images=images(shape=(3, 28, 28))), r"train_images must be \(n, h, w\)"),
        (wrong(train_images=images(0), train_labels=LABELS[:0]), "with at least one image"),
        (wrong(val_images=images(shape=(64, 64)), val_labels=LABELS), "images of different sizes"),
        (wrong(val_images=images(shape=(28, 28, 3)), val_labels=LABELS), "images of different sizes"),
    ],
)
def test_another_layout_is_refused_in_a_sentence(tmp_path, arrays, said):
    with pytest.raises(ValueError, match=said):
        load_medmnist(saved(tmp_path, **arrays))


@pytest.mark.parametrize("classes", [["one"], [], "ab"])
def test_names_must_be_one_for_each_class(tmp_path, classes):
    with pytest.raises(ValueError, match="labels up to 1: give 2 names or more as a list"):
        load_medmnist(saved(tmp_path, **wrong()), classes)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.npz", tmp_path, str(tmp_path / "none.npz")):
        with pytest.raises(FileNotFoundError, match=r"is not a file: give the path of a \.npz file"):
            load_medmnist(path)


def test_a_truncated_file_and_other_files_are_refused(tmp_path):
    whole = saved(tmp_path, **wrong()).read_bytes()
    path = tmp_path / "part.npz"
    bad = [b"", b"not a zip", whole[: len(whole) // 2], whole[:-30], whole[: len(whole) // 3] + bytes(200) + whole[len(whole) // 3 + 200 :]]
    for content in bad:
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"damaged or is not a \.npz file"):
            load_medmnist(path)


def test_every_cut_and_every_changed_byte_is_read_right_or_refused(tmp_path):
    whole = saved(tmp_path, **wrong()).read_bytes()
    path, rng = tmp_path / "changed.npz", np.random.default_rng(0)
    for _ in range(150):
        content = bytearray(whole)
        content[rng.integers(len(content))] ^= int(rng.integers(1, 256))
        path.write_bytes(content if rng.random() < 0.7 else whole[: rng.integers(len(whole))])
        try:
            found = load_medmnist(path)
        except ValueError as error:
            assert str(path) in str(error)
        else:
            assert found["train"].labels.tolist() == [0, 1, 0, 1, 1, 0]


def header(shape, dtype="|u1", data=b""):
    """The bytes of a .npy file that says what it likes."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": dtype, "fortran_order": False, "shape": shape})
    return out.getvalue() + data


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (header((10**9, 28, 28)), "declares .* bytes and has"),
        (header((10**18, 10**18, 10**18)), "declares .* bytes and has"),
        (header((6, 28, 28), data=bytes(10)), "declares .* bytes and has"),
        (header((2, 28, 28), data=bytes(5000)), "declares .* bytes and has"),
        (b"\x93NUMPY\x01\x00\xff\xff{'descr'", "does not begin like an array"),
        (b"nonsense", "does not begin like an array"),
        (b"", "does not begin like an array"),
        (header((6,), dtype="|O", data=b"cos\nsystem\n(S'echo harm'\ntR."), "holds Python objects"),
    ],
)
def test_an_array_that_declares_another_size_is_refused_before_it_is_read(tmp_path, member, said):
    path = tmp_path / "odd.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train_images.npy", member)
    with pytest.raises(ValueError, match=said):
        load_medmnist(path)


def test_a_file_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(npz_arrays, "MAX_BYTES", 10_000)
    monkeypatch.setattr(npz_arrays, "_read", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(ValueError, match=r"would unpack to .* GB, more than .*: use the 28 x 28 version"):
        load_medmnist(saved(tmp_path, train_images=np.zeros((20, 28, 28), np.uint8), train_labels=np.arange(20) % 2))


@pytest.mark.nightly  # its file is never part of the course
@pytest.mark.needs("PneumoniaMNIST")
def test_real_x_rays_are_read():
    found = load_medmnist(PNEUMONIA, ("healthy", "pneumonia"))
    assert set(found) >= {"train", "validation"} and len(found["validation"]) == 524
    assert found["train"].inputs.shape[1:] == (1, 28, 28) and found["train"].counts.min() > 300
