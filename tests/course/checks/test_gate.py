"""`start.py test` runs all steps, hides no failure and no skip, and takes an empty collection for one."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from course import cli
from course.checks import gate
from course.checks.gate import Choice, Step
from course.checks.results import Case, Outcome
from tests.conftest import group_of
from utils.files import ROOT


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """An empty project in which steps run."""
    monkeypatch.setattr(gate, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def without_browser(monkeypatch):
    """The same gate on every computer."""
    monkeypatch.setattr(gate, "lacking", lambda name: f"{name} is missing")


def outcomes(**codes):
    """A stand-in for run_step: every step passes but those named here."""
    return lambda step: Outcome(step.name, codes.get(step.name, 0), 0.0)


def with_notebook(folder):
    (folder / "labs").mkdir()
    (folder / "labs" / "01_a.ipynb").touch()
    return folder


def test_the_gate_is_in_order(tmp_path):
    names = [step.name for step in gate.steps(root=with_notebook(tmp_path))]
    bare = ["tests on a bare computer", "tests on a computer that ran for a year"]
    assert names == ["lint", "format", "spelling", "types", "tests", *bare, "labs, blank", "solutions, strict"]


def test_quick_leaves_out_what_is_marked_slow_and_the_solutions(tmp_path):
    by_name = {step.name: step for step in gate.steps(Choice(quick=True), root=with_notebook(tmp_path))}
    assert "labs, blank" in by_name and "solutions, strict" not in by_name
    assert by_name["tests"].arguments[-3:] == ("-m", "not slow and not nightly", "tests")


@pytest.mark.parametrize("chosen", [{}, {"quick": True}, {"nightly": True}, {"tests": ("tests/test_a.py",)}])
def test_where_the_tests_run_the_labs_in_a_browser_nbval_does_not(tmp_path, monkeypatch, chosen):
    monkeypatch.setattr(gate, "lacking", lambda name: None)
    names = [step.name for step in gate.steps(Choice(**chosen), with_notebook(tmp_path))]
    assert ("labs, blank" in names) is bool(chosen)


def test_only_the_nightly_run_has_what_is_marked_so_and_all_tests_on_bare_computers():
    for nightly in (False, True):
        tests, *elsewhere = (step for step in gate.steps(Choice(nightly=nightly)) if step.name.startswith("tests"))
        assert (tests.arguments[-3:] == ("-m", "not nightly", "tests")) is not nightly
        assert len(elsewhere) == 2 and all((step.arguments[-1:] == ("tests",)) is nightly for step in elsewhere)


def test_what_has_not_changed_is_not_run(tmp_path):
    root = with_notebook(tmp_path)
    named = lambda **chosen: {step.name: step.arguments for step in gate.steps(Choice(**chosen), root)}  # noqa: E731
    found = named(tests=("tests/test_a.py",), notebooks=("solutions/01_a.ipynb",))
    assert found["tests"][-1] == "tests/test_a.py" and found["solutions, strict"][-1] == "solutions/01_a.ipynb"
    assert "labs, blank" not in found and not any(" on " in name for name in found)
    nothing = named(tests=(), notebooks=())
    assert list(nothing) == ["lint", "format", "spelling", "types"]


def test_a_notebook_stays_on_one_worker_and_no_cell_runs_for_ever(tmp_path):
    for step in gate.steps(root=with_notebook(tmp_path))[-2:]:
        assert "--dist loadfile" in " ".join(step.arguments)
        assert "--nbval-cell-timeout=120" in step.arguments


def test_only_solutions_are_strict(tmp_path, monkeypatch):
    monkeypatch.setenv("TITANS_STRICT", "1")
    blank, strict = gate.steps(root=with_notebook(tmp_path))[-2:]
    assert "TITANS_STRICT" not in gate.environment(blank, tmp_path)
    assert gate.environment(strict, tmp_path)["TITANS_STRICT"] == "1"


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        ("tests/browser/test_labs.py::test_it[JupyterLab Light-1280-03_distillation]", "tests/browser/test_labs.py 03"),
        ("tests/browser/test_labs.py::test_a_guess[07_microcontroller-12]", "tests/browser/test_labs.py 07"),
        ("tests/utils/test_a.py::test_it[06/arena_plan-no sharing]", "tests/utils/test_a.py 06"),
        ("tests/utils/test_a.py::test_it[lab02-quantize_by_floor]", "tests/utils/test_a.py 02"),
        ("tests/utils/test_a.py::test_it[labs/00_why_small]", "tests/utils/test_a.py 00"),
        ("tests/utils/test_a.py::test_it[1280-12]", "tests/utils/test_a.py"),
        ("tests/utils/test_lab02.py::test_it", "tests/utils/test_lab02.py"),
    ],
)
def test_a_test_belongs_to_the_lab_of_its_case_or_to_its_file(nodeid, group):
    assert group_of(nodeid) == group


def test_what_a_lab_s_tests_share_is_made_once(tmp_path):
    """Each test notes the worker that it ran on: one for each lab, both workers in all."""
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_xdist_make_scheduler as pytest_xdist_make_scheduler\n")
    (tmp_path / "test_labs.py").write_text(
        "import os, pathlib, pytest\n"
        "@pytest.mark.parametrize('size', range(3))\n"
        "@pytest.mark.parametrize('lab', ['01_a', '02_b', '03_c', '04_d'])\n"
        "def test_it(lab, size): (pathlib.Path(__file__).parent / f'{lab}-{size}').write_text(os.environ['PYTEST_XDIST_WORKER'])\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), *gate.BY_GROUP, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "12 passed" in done.stdout, done.stdout + done.stderr
    workers = {lab: {(tmp_path / f"{lab}-{size}").read_text() for size in range(3)} for lab in ("01_a", "02_b", "03_c", "04_d")}
    assert all(len(found) == 1 for found in workers.values()) and len(set.union(*workers.values())) == 2


def test_a_step_touches_no_file_of_the_users(tmp_path):
    environment = gate.environment(gate.steps()[0], tmp_path)
    for name in ("TITANS_HOME", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        assert environment[name].startswith(str(tmp_path))
    assert environment["OMP_NUM_THREADS"] == "1"


def test_the_output_goes_through_and_skips_are_kept(repository, capsys):
    (repository / "test_a.py").write_text("import pytest\ndef test_a(): sum(range(10**6))\ndef test_b(): pytest.skip('no browser here')\n")
    outcome = gate.run_step(Step("tests", "pytest", (*gate.REPORT, "-p", "no:cacheprovider", ".")))
    said = capsys.readouterr().out
    assert outcome.code == 0
    assert "1 passed, 1 skipped" in said and outcome.closing.startswith("1 passed, 1 skipped in ")
    assert outcome.skipped == ["no browser here"]
    assert [(case.file, case.name) for case in outcome.cases] == [("test_a.py", "test_a"), ("test_a.py", "test_b")]
    assert outcome.cpu_s > sum(case.cpu_s for case in outcome.cases) > 0


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
    case = Case("a.py", "test_a", 0.0, 0.0, "chromium is missing; sudo apt install chromium")
    skipping = lambda step: Outcome(step.name, 0, 0.0, cases=(case,) * 3 if step.name == "tests" else ())  # noqa: E731
    assert gate.run_all(everything=everything, run=skipping) == code
    said = capsys.readouterr().out
    line = "chromium is missing: 3 tests of the labs and pages in a browser were left out; sudo apt install chromium"
    assert said.count("is missing") == said.count(line) == 1


def test_what_a_bare_computer_lacks_is_no_skip(monkeypatch, capsys):
    """Do the steps that hide all programs leave `--all` content, and does pytest's own last line stand in the summary?"""
    for name in ("install_tools", "install_packages", "make_data"):
        monkeypatch.setattr(gate, name, lambda: [])
    monkeypatch.setattr(gate, "has_notebooks", lambda root=None: True)
    case = Case("a.py", "test_a", 0.0, 0.0, "gcc is missing; sudo apt install gcc")
    skipping = lambda step: Outcome(step.name, 0, 0.0, closing="9 passed in 1s", cases=(case,) if step.computer else ())  # noqa: E731
    assert gate.run_all(everything=True, run=skipping) == 0
    said = capsys.readouterr().out
    assert "gcc is missing" not in said and "tests: 9 passed in 1s" in said


def test_what_is_left_for_the_night_is_one_line(repository, capsys):
    """Counted with and without workers, and no skip."""
    (repository / "test_a.py").write_text(
        "import pytest\ndef test_a(): pass\n@pytest.mark.nightly\n@pytest.mark.parametrize('x', range(5))\ndef test_b(x): pass\n"
    )
    for workers in ((), ("-n", "2")):
        step = Step("tests", "pytest", (*gate.REPORT, *workers, "-p", "no:cacheprovider", "-m", "not nightly", "."))
        assert gate.run_step(step).notes == ("left for the nightly run: 5 tests; python3 start.py test --nightly runs them too",)


def test_missing_notebooks_are_said_aloud(repository, monkeypatch, capsys):
    monkeypatch.setattr(gate, "has_notebooks", lambda root=None: False)
    assert gate.run_all(run=outcomes()) == 0
    assert "there are no notebooks" in capsys.readouterr().out


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


@pytest.mark.parametrize("other", ["--all", "--nightly"])
def test_quick_and_what_leaves_nothing_out_exclude_each_other(other):
    app = typer.Typer()
    cli.add_commands(app)
    result = CliRunner().invoke(app, ["test", "--quick", other])
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
