"""`start.py test --newest`: the ranges without the exact versions, in a folder of its own, and the gate's own exit code."""

import re
import sys
from importlib.metadata import version
from types import SimpleNamespace

import pytest
import typer
import yaml
from typer.testing import CliRunner

from course import cli
from course.checks import newest
from utils.files import ROOT

PINS = [("torch", "2.14.1"), ("Some_Thing", "1.0"), ("same", "3")]


class Calls:
    """Notes every command; those that hold one of the words fail. A made environment gets an interpreter."""

    def __init__(self, folder, *failing):
        self.folder, self.failing, self.made = folder, failing, []

    def __call__(self, command):
        self.made.append(command)
        if "venv" in command:
            (self.folder / "bin").mkdir(parents=True)
            (self.folder / "bin" / "python").touch()
        return int(any(word in command for word in self.failing))


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """A scratch folder; the front door finds room and no index of torch's own; two packages are newer in it."""
    door = SimpleNamespace(torch_index=lambda options: None, check_disk=lambda source: None, StartError=ValueError)
    monkeypatch.setattr(newest, "_front_door", lambda: door)
    monkeypatch.setattr(newest, "installed", lambda python: {"torch": "2.15.0+cpu", "brand-new": "0.1", "pip": "26"})
    return tmp_path / ".venv-newest"


def test_the_ranges_are_installed_without_the_exact_versions():
    (only,) = newest.commands(None)
    assert only == ["--editable", "."]
    first, second = newest.commands("https://example.org/cpu")
    assert first[:3] == ["--index-url", "https://example.org/cpu", "--no-deps"]
    assert [re.split(r"\W", line)[0] for line in first[3:]] == ["torch", "torchvision"]
    assert second == only
    assert "constraints.txt" not in " ".join([*first, *second])


def test_the_environment_is_made_afresh_beside_the_usual_one(scratch):
    scratch.mkdir()
    (scratch / "of-yesterday").touch()
    calls = Calls(scratch)
    python = newest.make(scratch, None, calls)
    assert not (scratch / "of-yesterday").exists()
    assert [command[1:3] for command in calls.made] == [["-m", "venv"], ["-m", "pip"]]
    assert calls.made[1][0] == str(python)
    assert not any(".venv" in part and ".venv-newest" not in part for command in calls.made for part in command[1:])


def test_when_torchs_index_does_not_serve_the_default_one_does(scratch, capsys):
    calls = Calls(scratch, "--index-url")
    newest.make(scratch, "https://example.org/cpu", calls)
    assert "default" in capsys.readouterr().out
    assert len(calls.made) == 3


@pytest.mark.parametrize(("failing", "said"), [("venv", "could not be made"), ("--editable", "narrow a range")])
def test_what_can_not_be_installed_is_one_sentence(scratch, failing, said):
    with pytest.raises(RuntimeError, match=said):
        newest.make(scratch, None, Calls(scratch, failing))


def test_differences_name_the_tested_version():
    found = {"torch": "2.15.0+cpu", "some-thing": "1.0", "same": "3", "brand-new": "0.1", "nvidia-cublas": "13", "pip": "26", "triton": "4"}
    assert newest.differences(found, PINS) == ["brand-new 0.1, not among the tested ones", "torch 2.15.0+cpu, tested with 2.14.1"]
    assert newest.differences({"torch": "2.14.1+cpu", "Some.Thing": "1.0"}, PINS) == []


def test_the_gate_runs_in_the_scratch_environment_which_then_goes(scratch, capsys):
    calls = Calls(scratch)
    assert newest.run_newest(["--quick"], scratch, calls) == 0
    assert calls.made[-1] == [str(scratch / "bin" / "python"), "-P", "-m", "utils.cli", "test", "--quick"]
    assert "torch 2.15.0+cpu, tested with" in capsys.readouterr().out
    assert not scratch.exists()


def test_a_failing_gate_is_the_exit_code_and_keeps_the_environment(scratch, capsys):
    assert newest.run_newest([], scratch, Calls(scratch, "utils.cli")) == 1
    assert scratch.exists()
    assert "kept to look into" in capsys.readouterr().out


def test_too_little_room_is_one_sentence(scratch, monkeypatch):
    def full(source):
        raise ValueError("The environment needs 9 GB and the disk has 1.0 GB free: make room and start again.")

    monkeypatch.setattr(newest, "_front_door", lambda: SimpleNamespace(torch_index=lambda o: None, check_disk=full, StartError=ValueError))
    with pytest.raises(RuntimeError, match="make room"):
        newest.run_newest([], scratch, Calls(scratch))
    assert not scratch.exists()


def test_the_front_door_is_the_real_one():
    door = newest._front_door()
    assert str(ROOT) == door.ROOT
    assert door.torch_index(SimpleNamespace(wheelhouse=None, torch_index="https://example.org")) == "https://example.org"


def test_what_is_installed_here_is_listed():
    assert newest.installed(sys.executable)["torch"] == version("torch")


@pytest.mark.parametrize(("options", "passed"), [([], []), (["--quick"], ["--quick"]), (["--all"], ["--all"])])
def test_the_command_hands_its_options_on(monkeypatch, options, passed):
    seen = []
    monkeypatch.setattr(newest, "run_newest", lambda given: seen.append(given) or 3)
    app = typer.Typer()
    cli.add_commands(app)
    assert CliRunner().invoke(app, ["test", "--newest", *options]).exit_code == 3
    assert seen == [passed]


def test_the_nightly_workflow_runs_just_this():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text(encoding="utf-8"))
    job = workflow["jobs"]["newest"]
    assert job["steps"][-1]["run"] == "python3 start.py test --newest --all --nightly"
    assert "schedule" in workflow[True]  # YAML reads the word "on" as true
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.13"]


def test_the_scratch_folder_is_no_part_of_the_project():
    assert f"/{newest.SCRATCH}/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
