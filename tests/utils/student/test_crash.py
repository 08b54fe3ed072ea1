"""Killed at any step of any command: the student's files are as before, and the command works afterwards."""

import json
import os
import subprocess
import sys

import pytest

from utils.files import ROOT

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a process that it forked")

# For each step of a command, in a fresh copy of the student's folder: fork, die at that step, look; run the command again, look.
# A step is what the operating system is asked to change (open for writing, link, rename, remove, mkdir, chmod), or a file's way to
# the disk; death comes before it and, by the next step's death, after it. What is written dies half-written too.
HARNESS = r"""
import json, os, shutil, signal, sys
from pathlib import Path

template, scratch, labs, links, arguments = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4] == "links", sys.argv[5:]

from utils import cli
from utils.student import course, folder, page, reset, submit, transplant, update
from utils import jupyter
if arguments[0] not in ("update", "reset"):
    import utils.measure.compare  # what is loaded now is loaded once for all children

folder.LABS = Path(labs)
cli.replace_process = lambda command: None
CHANGES = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.chmod", "os.truncate"}
steps = dying = 0

def step():
    global steps
    steps += 1
    if steps == dying:
        os.kill(os.getpid(), signal.SIGKILL)

def watch(event, arguments):
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if dying and (event in CHANGES or writes) and os.environ["TITANS_HOME"] in str(arguments[0]):
        step()

sys.addaudithook(watch)
really_sync, really_open = os.fsync, os.fdopen

def sync(descriptor):
    step()
    really_sync(descriptor)

class Half:
    def __init__(self, file):
        self.file = file
    def __enter__(self):
        return self
    def __exit__(self, *error):
        self.file.close()
    def write(self, data):
        self.file.write(data[: len(data) // 2])
        self.file.flush()
        step()
        self.file.write(data[len(data) // 2 :])
    def __getattr__(self, name):
        return getattr(self.file, name)

os.fsync = sync
os.fdopen = lambda descriptor, *mode, **more: Half(really_open(descriptor, *mode, **more))
if not links:
    def no_links(*_):
        raise PermissionError(1, "Operation not permitted")
    os.link = no_links

def child(home, die_at):
    global dying, steps
    if (process := os.fork()) == 0:
        os.environ["TITANS_HOME"], dying, steps = home, die_at, 0
        sys.stdout = sys.stderr = open(os.devnull, "w")
        try:
            cli.app(arguments, standalone_mode=False)
        except BaseException:
            os._exit(3)
        os._exit(0)
    return os.waitpid(process, 0)[1]

def look(home):
    files = {p.relative_to(home).as_posix(): p.read_bytes() for p in sorted(Path(home).rglob("*")) if p.is_file()}
    return {name: len(data) if ".zip" in name else data.decode() for name, data in files.items()}

found = []
for die_at in range(1, 200):
    home = f"{scratch}/{die_at}"
    shutil.copytree(template, home)
    ended = child(home, die_at)
    one = {"died": os.WIFSIGNALED(ended), "ended": ended, "then": look(home)}
    if one["died"]:
        one |= {"again": child(home, 0), "after": look(home)}
    found.append(one)
    if not one["died"]:
        break
print(json.dumps(found))
"""


@pytest.fixture
def killed(tmp_path, home, labs):
    """Run a command as often as it has steps, killed at each; the outcomes, the last one of the run that was not killed."""

    def run(*arguments, links=True):
        scratch = tmp_path / "homes"
        scratch.mkdir()
        command = [sys.executable, "-P", "-c", HARNESS, str(home), str(scratch), str(labs), "links" if links else "none", *arguments]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        *deaths, whole = json.loads(done.stdout)
        assert whole["ended"] == 0 and len(deaths) >= 4 and all(one["died"] for one in deaths)
        for one in deaths:
            assert one["again"] == 0, f"the command does not work after a death at step {deaths.index(one) + 1}"
        return deaths, whole["then"]

    return run


def visible(files):
    """Without what is on its way to become a file, a lock, Jupyter's corner."""
    return {name: data for name, data in files.items() if not name.startswith(".") and "/." not in name}


@pytest.fixture
def before(student, mine, home, do):
    """A student's folder with work in it."""
    do.solve(student, "double")
    mine(student)
    (home / "notes.txt").write_text("my notes")
    (home / "ledger.json").write_text('{"exercise": {}}\n')
    return visible({path.name: path.read_text() for path in home.iterdir() if path.is_file()})


@pytest.mark.parametrize("links", [True, False])
def test_update(killed, before, newer, links):
    newer()
    deaths, whole = killed("update", "1", links=links)
    new = whole["01_first-2.ipynb"]
    for one in deaths:
        then, after = visible(one["then"]), visible(one["after"])
        assert before.items() <= then.items() and before.items() <= after.items()
        assert set(then.values()) - set(before.values()) <= {new, ""}, "half a notebook was seen"
        assert new in after.values()


def test_reset(killed, before):
    deaths, whole = killed("reset", "1", "double")
    old, new = before["01_first.ipynb"], whole["01_first.ipynb"]
    assert old != new
    for one in deaths:
        then, after = visible(one["then"]), visible(one["after"])
        assert then["notes.txt"] == after["notes.txt"] == "my notes"
        assert then["01_first.ipynb"] in (old, new) and after["01_first.ipynb"] == new
        kept = [data for name, data in then.items() if name.startswith("kept/") and "/." not in name]
        assert all("# mine" in data and data.endswith("\n") for data in kept)
        assert kept or then["01_first.ipynb"] == old, "the answer was gone before it was kept"


def test_submit(killed, before):
    deaths, whole = killed("submit", "1", "--name", "Ada")
    size = whole["01_first-submission-1.zip"]
    for one in deaths:
        then, after = visible(one["then"]), visible(one["after"])
        assert before.items() <= then.items() and before.items() <= after.items()
        sizes = [data for name, data in after.items() if name.endswith(".zip")]
        assert sizes and set(sizes) == {size}
        assert {data for name, data in then.items() if name.endswith(".zip")} <= {size}


@pytest.mark.parametrize("command", ["progress", pytest.param("lab", marks=pytest.mark.slow)])
def test_the_page(killed, before, command):
    deaths, whole = killed(command)
    for one in deaths:
        then, after = visible(one["then"]), visible(one["after"])
        assert before.items() <= then.items() and before.items() <= after.items()
        assert then.get("course.md", whole["course.md"]) == whole["course.md"] == after["course.md"]
        assert "course-2.md" not in after


def test_the_page_over_an_older_one(killed, before, home, monkeypatch):
    from typer.testing import CliRunner

    from utils import cli, ledger

    assert CliRunner().invoke(cli.app, ["progress"]).exit_code == 0
    old = (home / "course.md").read_text()
    ledger.record("exercise", "01/double", {"points": 3, "of": 3, "attempted": True})
    (home / "02_x.md").write_text("mine")
    deaths, whole = killed("progress")
    for one in deaths:
        assert one["then"]["course.md"] in (old, whole["course.md"]) and one["then"]["02_x.md"] == "mine"
