"""`--changed`: what a test depends on is found, and what has passed is run again only after one of these changed."""

import json

import pytest

from course.checks import changed as module
from course.checks.changed import IN_BROWSER, RECORD, changed, dependencies, fingerprints, note_passed
from course.checks.results import Case, Outcome
from utils.files import ROOT

FILES = {
    "pyproject.toml": "",
    "constraints.txt": "",
    "start.py": "import json",
    "zoo/one/recipe.toml": "seed = 1",
    "utils/__init__.py": "",
    "utils/a.py": "from utils.deep import b",
    "utils/deep/__init__.py": "",
    "utils/deep/b.py": "x = 1",
    "utils/labs/__init__.py": "",
    "utils/labs/lab01/__init__.py": "y = 2",
    "utils/labs/lab01/inner.py": "z = 3",
    "utils/cli.py": "import utils.apart",
    "utils/apart.py": "",
    "tests/conftest.py": "import utils",
    "tests/one/test_imports.py": "from utils.a import anything",
    "tests/one/helper.py": "from utils.deep.b import x",
    "tests/one/test_beside.py": "from .helper import x",
    "tests/test_reads.py": "from pathlib import Path\nsource = Path('x') / 'start.py'\nfolder = Path('x') / 'zoo'",
    "tests/test_runs.py": "command = ['python', '-m', 'utils.cli']",
    "tests/test_composes.py": "from importlib import import_module\nnumber = '01'\nlab = import_module(f'utils.labs.lab{number}')",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def again(project):
    """What is to be run, in a process that has read nothing yet."""
    for cached in (module._mentioned, module._named, module._file_sha256):
        cached.cache_clear()
    return set(changed(project))


ALL = {name for name in FILES if name.rpartition("/")[2].startswith("test_")}


def passed(project, *names, failed=()):
    cases = tuple(Case(name, "test", 0, 0, failed=name in failed) for name in names or ALL)
    note_passed([Outcome("tests", int(bool(failed)), 0, cases=cases)], fingerprints(project), project)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("utils/deep/b.py", {"tests/one/test_imports.py", "tests/one/test_beside.py"}),
        ("tests/one/helper.py", {"tests/one/test_beside.py"}),
        ("start.py", {"tests/test_reads.py"}),
        ("zoo/one/recipe.toml", {"tests/test_reads.py"}),
        ("utils/apart.py", {"tests/test_runs.py"}),
        ("utils/labs/lab01/inner.py", {"tests/test_composes.py"}),
        ("tests/test_runs.py", {"tests/test_runs.py"}),
        ("tests/conftest.py", ALL),
        ("pyproject.toml", ALL),
    ],
)
def test_what_depends_on_a_changed_file_is_run_again(project, file, expected):
    assert again(project) == ALL
    passed(project)
    assert again(project) == set()
    (project / file).write_text("import re", encoding="utf-8")
    assert again(project) == expected
    (project / file).write_text(FILES[file], encoding="utf-8")
    assert again(project) == set()


def test_what_failed_is_run_again(project):
    passed(project)
    passed(project, "tests/test_runs.py", "tests/test_reads.py", failed=["tests/test_runs.py"])
    assert again(project) == {"tests/test_runs.py"}


def test_what_changed_while_the_tests_ran_is_run_again(project):
    before = fingerprints(project)
    (project / "start.py").write_text("import os", encoding="utf-8")
    note_passed([Outcome("tests", 0, 0, cases=tuple(Case(name, "test", 0, 0) for name in ALL))], before, project)
    assert again(project) == {"tests/test_reads.py"}


@pytest.mark.parametrize(("bad", "left"), [((), set()), ((IN_BROWSER,), {IN_BROWSER, "labs/01_a.ipynb"})])
def test_a_lab_that_ran_in_the_browser_has_passed(project, bad, left):
    for name in (IN_BROWSER, "labs/01_a.ipynb"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("", encoding="utf-8")
    passed(project, *ALL)
    assert again(project) == {IN_BROWSER, "labs/01_a.ipynb"}
    passed(project, IN_BROWSER, failed=bad)
    assert again(project) == left


@pytest.mark.parametrize("text", ["", "no json", "[]"])
def test_a_record_that_can_not_be_read_leaves_nothing_out(project, text):
    (project / RECORD).parent.mkdir()
    (project / RECORD).write_text(text, encoding="utf-8")
    assert again(project) == ALL


def test_the_record_is_readable(project):
    passed(project)
    assert set(json.loads((project / RECORD).read_text(encoding="utf-8"))) == ALL


def test_the_courses_own_tests_depend_on_what_they_should():
    names = lambda test: {path.relative_to(ROOT).as_posix() for path in dependencies(ROOT / test)}  # noqa: E731
    assert "start.py" in names("tests/test_start.py")
    answers = names("tests/utils/exercises/test_answers_to_exercises.py")
    assert {"utils/exercises/lab01/__init__.py", "utils/exercises/checking.py", "utils/compress/pruning/masks.py"} <= answers
    assert any(name.startswith("zoo/") for name in names("tests/utils/models/test_zoo.py"))
