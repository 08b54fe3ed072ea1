"""`start.py test` runs all steps, hides no failure and no skip, and takes an empty collection for one."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from course import cli
from course.checks import gate
from course.checks.gate import Outcome, Step
from utils.data.making import Made
from utils.doctor import Tool


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """An empty project in which steps run."""
    monkeypatch.setattr(gate, "ROOT", tmp_path)
    return tmp_path


def outcomes(**codes):
    """A stand-in for run_step: every step passes but those named here."""
    return lambda step: Outcome(step.name, codes.get(step.name, 0), 0.0)


def with_notebook(folder):
    (folder / "labs").mkdir()
    (folder / "labs" / "01_a.ipynb").touch()
    return folder


def test_the_gate_is_in_order(tmp_path):
    names = [step.name for step in gate.steps(root=with_notebook(tmp_path))]
    assert names == ["lint", "format", "spelling", "types", "tests", "labs, blank", "solutions, strict"]


def test_quick_leaves_out_what_is_marked_slow_and_the_solutions(tmp_path):
    by_name = {step.name: step for step in gate.steps(quick=True, root=with_notebook(tmp_path))}
    assert "labs, blank" in by_name and "solutions, strict" not in by_name
    assert by_name["tests"].arguments[-3:] == ("-m", "not slow", "tests")


def test_a_notebook_stays_on_one_worker_and_no_cell_runs_for_ever(tmp_path):
    for step in gate.steps(root=with_notebook(tmp_path))[-2:]:
        assert "--dist loadfile" in " ".join(step.arguments)
        assert "--nbval-cell-timeout=120" in step.arguments


def test_only_solutions_are_strict(tmp_path, monkeypatch):
    monkeypatch.setenv("TITANS_STRICT", "1")
    blank, strict = gate.steps(root=with_notebook(tmp_path))[-2:]
    assert "TITANS_STRICT" not in gate.environment(blank, tmp_path)
    assert gate.environment(strict, tmp_path)["TITANS_STRICT"] == "1"


def test_a_step_touches_no_file_of_the_users(tmp_path):
    environment = gate.environment(gate.steps()[0], tmp_path)
    for name in ("TITANS_HOME", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        assert environment[name].startswith(str(tmp_path))
    assert environment["OMP_NUM_THREADS"] == "1"


def test_the_output_goes_through_and_skips_are_kept(repository, capsys):
    (repository / "test_a.py").write_text("import pytest\ndef test_a(): pass\ndef test_b(): pytest.skip('no browser here')\n")
    outcome = gate.run_step(Step("tests", "pytest", ("-q", "-rs", "--no-fold-skipped", "-p", "no:cacheprovider", ".")))
    said = capsys.readouterr().out
    assert outcome.code == 0
    assert "1 passed, 1 skipped" in said
    assert len(outcome.skipped) == 1 and "test_b" in outcome.skipped[0] and "no browser here" in outcome.skipped[0]


def test_no_tests_is_a_failure(repository, capsys):
    outcome = gate.run_step(Step("tests", "pytest", ("-q", "-p", "no:cacheprovider", ".")))
    assert outcome.code == gate.NO_TESTS
    assert "no test was found" in capsys.readouterr().out
    assert gate.run_all(run=lambda step: outcome) == 1


def test_all_steps_passing_is_success(capsys):
    assert gate.run_all(run=outcomes()) == 0


@pytest.mark.parametrize("name", ["lint", "format", "spelling", "types", "tests"])
def test_any_failing_step_fails_the_gate_but_stops_nothing(name, capsys):
    ran = []
    assert gate.run_all(run=lambda step: ran.append(step.name) or outcomes(**{name: 1})(step)) == 1
    assert ran == [step.name for step in gate.steps()]
    assert "FAILED (1)" in capsys.readouterr().out


@pytest.mark.parametrize(("everything", "code"), [(False, 0), (True, 1)])
def test_skipped_tests_are_listed_and_all_allows_none(monkeypatch, capsys, everything, code):
    monkeypatch.setattr(gate, "install_tools", lambda: [])
    monkeypatch.setattr(gate, "install_packages", lambda: [])
    monkeypatch.setattr(gate, "make_data", lambda: [])
    monkeypatch.setattr(gate, "has_notebooks", lambda root=None: True)
    skipping = lambda step: Outcome(step.name, 0, 0.0, ("SKIPPED [1] a.py:3: no browser",) if step.name == "tests" else ())  # noqa: E731
    assert gate.run_all(everything=everything, run=skipping) == code
    assert "SKIPPED [1] a.py:3: no browser" in capsys.readouterr().out


def test_missing_notebooks_are_said_aloud(repository, monkeypatch, capsys):
    monkeypatch.setattr(gate, "has_notebooks", lambda root=None: False)
    assert gate.run_all(run=outcomes()) == 0
    assert "there are no notebooks" in capsys.readouterr().out


def test_missing_tools_are_installed_by_apt(monkeypatch):
    there = set()
    monkeypatch.setattr(gate.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(gate.os, "geteuid", lambda: 0)
    wanted = Tool(("browser-x",), "package-x", "a lab", tests="tests of x")
    unwanted = Tool(("compiler-y",), "package-y", "a lab")
    monkeypatch.setattr(Tool, "path", lambda tool: "/here" if tool.package in there else None)
    called = []

    def apt(command):
        called.append(" ".join(command))
        there.update({"package-x"} if len(called) == 3 else ())
        return 0 if len(called) > 1 else 100

    assert gate.install_tools((wanted, unwanted), call=apt) == []
    assert [("update" in command, "package-x" in command) for command in called] == [(False, True), (True, False), (False, True)]
    assert not any("package-y" in command for command in called)


def test_a_tool_that_can_not_be_installed_is_named(monkeypatch):
    monkeypatch.setattr(gate.shutil, "which", lambda name: None)
    assert gate.install_tools((Tool(("browser-x",), "package-x", "a lab", tests="tests of x"),)) == ["browser-x"]


def test_optional_packages_are_installed_exactly_and_without_their_dependencies(monkeypatch):
    there = {"here": "1", "old": "1"}

    def version(name):
        if name not in there:
            raise gate.PackageNotFoundError(name)
        return there[name]

    monkeypatch.setattr(gate, "version", version)
    called = []

    def pip(command):
        called.append(command)
        there.update({"old": "2"})
        return 1

    assert gate.install_packages(["here==1", "old==2", "absent==3"], call=pip) == ["absent==3"]
    (command,) = called
    assert command[:4] == [sys.executable, "-m", "pip", "install"] and "--no-deps" in command
    assert command[-2:] == ["old==2", "absent==3"]
    called.clear()
    assert gate.install_packages(["here==1"], call=pip) == [] and not called


def test_the_optional_packages_are_those_of_the_project(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[project.optional-dependencies]\na = ["b==1"]\nc = ["d==2", "e==3"]\n')
    assert gate.optional_packages(tmp_path) == ["b==1", "d==2", "e==3"]
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert gate.optional_packages(tmp_path) == []
    assert all(wanted.count("==") == 1 for wanted in gate.optional_packages()) and gate.optional_packages()


@pytest.mark.parametrize(("everything", "code"), [(False, 0), (True, 1)])
def test_only_all_installs_and_what_stays_missing_fails_it(monkeypatch, capsys, everything, code):
    asked = []
    monkeypatch.setattr(gate, "install_tools", lambda: asked.append("tools") or [])
    monkeypatch.setattr(gate, "install_packages", lambda: asked.append("packages") or ["absent==3"])
    monkeypatch.setattr(gate, "make_data", lambda: asked.append("data") or ["a set could not be made: no network"])
    monkeypatch.setattr(gate, "has_notebooks", lambda root=None: True)
    assert gate.run_all(everything=everything, run=outcomes()) == code
    assert asked == (["tools", "packages", "data"] if everything else [])
    said = capsys.readouterr().out
    assert ("absent==3 could not be installed" in said) is everything
    assert ("a set could not be made: no network" in said) is everything


def test_data_that_can_not_be_made_is_named_with_its_reason(tmp_path):
    """Does one failure keep the next data set from being made?"""
    made = []

    def refuse(_):
        raise ConnectionError("no network")

    first, second = (
        Made("one set", ("08",), "one==1", refuse),
        Made("another", ("08",), "two==2", lambda file: made.append(file) or tmp_path),
    )
    assert gate.make_data([first, second]) == ["one set could not be made: no network"]
    assert made == [None]


def test_quick_and_all_exclude_each_other():
    app = typer.Typer()
    cli.add_commands(app)
    result = CliRunner().invoke(app, ["test", "--quick", "--all"])
    assert result.exit_code == 1
    assert "give one of them" in result.stderr


def test_a_source_is_found_by_number_or_name_and_else_all(tmp_path):
    for name in ("01_first.py", "02_second.py", "notes.py"):
        (tmp_path / name).touch()
    names = lambda number: [path.name for path in cli.sources(number, tmp_path)]  # noqa: E731
    assert names("2") == names("02_second.py") == ["02_second.py"]
    assert names(None) == ["01_first.py", "02_second.py"]
    with pytest.raises(FileNotFoundError, match="01_first, 02_second"):
        names("7")


def test_training_an_unknown_recipe_is_one_sentence():
    code = "from utils.cli import main; import sys; sys.argv = ['x', 'train', 'no_such_model']; main()"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 1
    assert "'no_such_model'" in result.stderr and len(result.stderr.strip().splitlines()) == 1


def test_training_runs_every_seed_of_the_recipe(monkeypatch):
    trained = []
    monkeypatch.setitem(sys.modules, "course.zoo.train", fake := SimpleNamespace())
    monkeypatch.setattr("course.zoo.train", fake, raising=False)
    fake.recipe = lambda name: {"seeds": [4, 5]}
    fake.train = lambda name, seed, say: trained.append((name, seed)) or say(f"{name} seed {seed}: epoch 1/1, done")
    app = typer.Typer()
    cli.add_commands(app)
    assert CliRunner().invoke(app, ["train", "small"]).exit_code == 0
    assert CliRunner().invoke(app, ["train", "small", "--seed", "9"]).exit_code == 0
    assert trained == [("small", 4), ("small", 5), ("small", 9)]
