"""Another computer: what its processes see, and that every path of its tests is there."""

import ast
import json
import os
import shutil
import subprocess
import sys
import time
from importlib import import_module

import pytest

from course.checks import bare, gate
from course.checks.gate import Step
from utils.doctor import TOOLS
from utils.files import ROOT

NEW, OLD = bare.computers()
LOOK = """
import json, os, shutil, sys, time
class Holds:
    clock = time.perf_counter
at, again = time.monotonic(), Holds().clock()
ns = time.monotonic_ns() / 1e9
print(json.dumps([at, again, ns, os.cpu_count(), time.tzname[0], os.environ["HOME"], [shutil.which(name) for name in sys.argv[1:]]]))
"""


def seen(computer, scratch, *names):
    """What a process there says of its clocks, cores, zone, home and programs."""
    environment = bare.environment(computer, scratch)
    said = subprocess.run([sys.executable, "-c", LOOK, *names], env=environment, capture_output=True, text=True, check=True).stdout
    return json.loads(said)


@pytest.mark.parametrize("computer", [NEW, OLD], ids=lambda computer: computer.name)
def test_a_process_there_believes_it(computer, tmp_path):
    hidden = [command for tool in TOOLS for command in tool.commands]
    began = time.monotonic()
    monotonic, counter, nanoseconds, cores, zone, home, found = seen(computer, tmp_path / "it", "sh", *hidden)
    assert computer.uptime_s <= monotonic <= computer.uptime_s + time.monotonic() - began
    assert monotonic <= counter <= nanoseconds <= monotonic + time.monotonic() - began
    assert (cores, zone) == (1, "+1245")
    assert home == str(tmp_path / "it" / "home of José")
    assert found[0] == shutil.which("sh", path=str(tmp_path / "it" / "bin")) is not None
    assert found[1:] == [None] * len(hidden)


def test_all_processes_there_have_one_clock(tmp_path):
    first, then = seen(NEW, tmp_path / "a")[0], bare.environment(NEW, tmp_path / "b")
    child = "import subprocess, sys, time; print(time.monotonic()); sys.stdout.flush(); "
    child += "subprocess.run([sys.executable, '-c', 'import time; print(time.monotonic())'])"
    said = subprocess.run([sys.executable, "-c", child], env=then, capture_output=True, text=True, check=True).stdout
    one, two = map(float, said.split())
    assert first > 0 and NEW.uptime_s <= one <= two


def test_nothing_of_the_users_own_environment_is_left(tmp_path, monkeypatch):
    for name in ("LANG", "LC_NUMERIC", "CONDA_PREFIX", "XDG_CONFIG_HOME", "JUPYTER_PATH"):
        monkeypatch.setenv(name, "mine")
    assert "mine" not in bare.environment(NEW, tmp_path / "it").values()


def test_a_step_there_finds_no_program_and_writes_for_its_user_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(gate, "ROOT", tmp_path)
    (tmp_path / "test_a.py").write_text(
        "import os, shutil, pathlib\ndef test_a(tmp_path):\n    assert shutil.which('git') is None\n"
        "    (tmp_path / 'x').touch()\n    assert (tmp_path / 'x').stat().st_mode & 0o77 == 0\n    assert os.environ['COLUMNS'] == '140'\n"
    )
    assert gate.run_step(Step("there", "pytest", (*gate.REPORT, "-p", "no:cacheprovider", "."), computer=NEW)).code == 0


def test_every_path_of_the_selection_is_there():
    assert [path for computer in (NEW, OLD) for path in bare.paths(computer) if not (ROOT / path).exists()] == []


def test_every_exercise_that_is_given_a_clock_is_tried_there():
    labs = [import_module(f"utils.exercises.{path.name}").lab for path in sorted((ROOT / "utils" / "exercises").glob("lab*/"))]
    timed = [name for lab in labs for name, exercise in lab.exercises.items() if "clock" in exercise.signature]
    assert timed == [bare.CLOCKED]


def test_the_shim_is_pythons_own_hook():
    """A module of this name on PYTHONPATH is imported by every Python: nothing else of ours may lie beside it."""
    assert [path.name for path in bare.STARTUP.glob("*.py")] == ["sitecustomize.py"]
    assert ast.get_docstring(ast.parse((bare.STARTUP / "sitecustomize.py").read_text(encoding="utf-8")))
    assert "TITANS_CLOCK_SHIFT_S" not in os.environ or os.environ["TITANS_CLOCK_SHIFT_S"]
