"""The ledger: what was recorded is there, whatever happens to the file."""

import subprocess
import sys

import pytest

from utils import ledger
from utils.files import ROOT


def test_it_begins_empty_and_leaves_no_file(home):
    assert ledger.read() == {}
    assert list(home.iterdir()) == []


def test_the_last_value_stands_last(home):
    for key, value in (("a", 1), ("b", {"points": 2.5}), ("a", 3)):
        assert ledger.record("exercise", key, value)
    ledger.record("card", "large", [1, None])
    assert ledger.read() == {"exercise": {"a": 3, "b": {"points": 2.5}}, "card": {"large": [1, None]}}
    assert list(ledger.read()["exercise"]) == ["b", "a"]


def test_a_value_that_json_cannot_hold_changes_nothing(home):
    ledger.record("card", "a", 1)
    with pytest.raises(TypeError):
        ledger.record("card", "b", object())
    assert ledger.read() == {"card": {"a": 1}}


@pytest.mark.parametrize("damage", [b"", b'{"exercise": {"a"', b"\xff\xfe\x00", b"[1, 2]", b'{"exercise": 3}', b"[" * 100_000])
def test_a_damaged_file_is_set_aside_and_kept(home, damage):
    (home / "ledger.json").write_bytes(damage)
    with pytest.warns(UserWarning, match="kept as ledger.damaged-1.json"):
        ledger.record("card", "a", 1)
    assert (home / "ledger.damaged-1.json").read_bytes() == damage
    assert ledger.read() == {"card": {"a": 1}}


def test_damage_does_not_overwrite_earlier_damage(home):
    for number in (1, 2):
        (home / "ledger.json").write_text(f"damage {number}")
        with pytest.warns(UserWarning, match=f"damaged-{number}"):
            assert ledger.read() == {}
    assert (home / "ledger.damaged-1.json").read_text() == "damage 1"
    assert (home / "ledger.damaged-2.json").read_text() == "damage 2"


def test_two_processes_at_once_lose_nothing(home):
    """Do two writers who begin together both find all their entries?"""
    code = (
        "import sys; from pathlib import Path; from utils import ledger; from utils.files import my_work\n"
        "(my_work() / sys.argv[1]).touch()\n"
        "while not (my_work() / sys.argv[2]).exists(): pass\n"
        "for at in range(60): assert ledger.record('card', f'{sys.argv[1]}{at}', at)"
    )
    writers = [subprocess.Popen([sys.executable, "-W", "error", "-c", code, *names], cwd=ROOT) for names in (("a", "b"), ("b", "a"))]
    assert [writer.wait(timeout=100) for writer in writers] == [0, 0]
    assert ledger.read()["card"] == {f"{name}{at}": at for name in "ab" for at in range(60)}


def test_without_locks_it_still_works(home, monkeypatch):
    monkeypatch.setattr(ledger, "fcntl", None)
    assert ledger.record("card", "a", 1)
    assert ledger.read() == {"card": {"a": 1}}


def test_a_folder_that_cannot_be_used_is_a_warning(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TITANS_HOME", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match=r"could not be written .*: make .* writable"):
        assert not ledger.record("card", "a", 1)
    assert ledger.read() == {}
