"""The hand-out: all that students need, nothing that they should not have, and it checks itself."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from course.handout import self_check
from course.handout.bundle import FOLDER, LIST, bundle, files, handed_out
from utils.doctor import lacking
from utils.files import ROOT

SMALL = ("pyproject.toml", "start.py", "labs/01_pruning.ipynb", "utils/__init__.py", "docs/student.md", "course/handout/self_check.py")


@pytest.fixture(scope="module")
def contents():
    if said := lacking("git", ".git"):
        pytest.skip(said)
    return {name: one if isinstance(one, bytes) else one.read_bytes() for name, one in files().items()}


@pytest.fixture
def small(tmp_path):
    """A repository with little in it."""
    root = tmp_path / "course"
    for name in (*SMALL, "solutions/01_pruning.py", "tests/test_x.py", "utils/secret.bin", "zoo/a/recipe.toml", "notes.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes((ROOT / name).read_bytes() if name in SMALL else b"x")
    (root / ".gitignore").write_text("/utils/secret.bin\n")
    if said := lacking("git"):
        pytest.skip(said)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


def test_what_is_in_it(contents):
    tops = {name.partition("/")[0] for name in contents}
    assert tops == {
        *(".gitignore", "CITATION.cff", "LICENSE", "README.md", "constraints.txt", "environment.yml", LIST, "pyproject.toml", "start.py"),
        *("datasets", "docs", "labs", "utils", "zoo"),
    }
    assert {f"labs/{path.name}" for path in (ROOT / "labs").glob("*.ipynb")} == {name for name in contents if name.startswith("labs/")}


def test_what_is_not_in_it(contents):
    assert not [name for name in contents if {"solutions", "course", "tests", "__pycache__", ".runs", "my_work"} & set(name.split("/"))]
    code = {name: data.decode() for name, data in contents.items() if name.endswith(".py")}
    imports = re.compile(r"^\s*(?:from|import) (?:course|solutions|tests)\b", re.MULTILINE)
    assert not [name for name, text in code.items() if imports.search(text)]
    assert not [name for name, data in contents.items() if b"BEGIN SOLUTION" in data and not name.endswith((".safetensors", ".npz"))]


def test_links_lead_to_what_is_in_it(contents):
    for page in ("README.md", "docs/student.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", contents[page].decode()):
            name = os.path.normpath(Path(page).parent / target)
            assert name in contents, f"{page} leads to {target}"


# It is whole


def test_its_project_file_names_what_is_there(contents):
    project = tomllib.loads(contents["pyproject.toml"].decode())
    assert project["project"]["entry-points"]["tiny_titans.commands"] == {"handout": "utils.handout:add_commands"}
    assert project["tool"]["setuptools"]["packages"]["find"]["include"] == ["utils*"]
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dependencies"] == ours["project"]["dependencies"]


def test_a_project_file_that_changed_its_lines_is_refused():
    with pytest.raises(ValueError, match=r"has not the one line .* mend course/handout/bundle\.py"):
        handed_out("[project]")
    text = (ROOT / "pyproject.toml").read_text()
    with pytest.raises(ValueError, match="has not the one line"):
        handed_out(text + text)


def test_its_list_has_every_file(contents):
    listed = json.loads(contents[LIST])["files"]
    assert listed == {name: sha256(data).hexdigest() for name, data in contents.items() if name != LIST}


def test_what_git_ignores_and_what_lies_around_is_left_out(small):
    found = files(root=small)
    assert "zoo/a/recipe.toml" in found and "utils/__init__.py" in found
    assert not {"utils/secret.bin", "notes.txt", "solutions/01_pruning.py", "tests/test_x.py"} & set(found)
    subprocess.run(["git", "-C", str(small), "add", "zoo"], check=True)
    (small / "zoo/a/recipe.toml").unlink()
    assert "zoo/a/recipe.toml" not in files(root=small), "git still lists what is deleted"


def test_some_labs_only(small):
    (small / "labs/02_quantization.ipynb").write_text('{"cells": [{"cell_type": "markdown", "source": "# Lab 02: Quantization"}]}')
    assert [name for name in files(["02_quantization"], small) if name.startswith("labs/")] == ["labs/02_quantization.ipynb"]
    with pytest.raises(ValueError, match="there is no lab 09_x: use 01_pruning, 02_quantization"):
        files(["09_x"], small)


def test_without_git_a_sentence_says_so(tmp_path):
    with pytest.raises(ValueError, match="is not a checkout by git"):
        files(root=tmp_path)


def test_the_same_course_gives_the_same_bytes(small, tmp_path):
    assert bundle(tmp_path / "a.zip", root=small) == bundle(tmp_path / "b.zip", root=small) == ["01_pruning"]
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert all(name.startswith(f"{FOLDER}/") for name in archive.namelist())
        assert archive.getinfo(f"{FOLDER}/start.py").external_attr >> 16 == 0o755
        assert {(one.date_time[0], one.compress_type) for one in archive.infolist()} == {(1980, zipfile.ZIP_DEFLATED)}
    assert (tmp_path / "a.zip").stat().st_mode & 0o777 == 0o644, "whoever puts it on a server need not change it"


def test_half_a_zip_is_never_left(small, tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile.ZipFile, "writestr", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError):
        bundle(tmp_path / "out" / "a.zip", root=small)
    assert list((tmp_path / "out").iterdir()) == []


# It checks itself


def test_a_file_that_is_changed_or_missing_is_named(small, tmp_path):
    bundle(tmp_path / "a.zip", root=small)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path)
    root = tmp_path / FOLDER
    assert self_check.changed_files(root) == []
    (root / "start.py").write_text("")
    (root / "utils/__init__.py").unlink()
    said = self_check.changed_files(root)
    assert len(said) == 2 and said[0].startswith("start.py was changed") and said[1].startswith("utils/__init__.py is missing")
    (root / LIST).unlink()
    with pytest.raises(FileNotFoundError, match="unpack the hand-out again"):
        self_check.changed_files(root)


@pytest.mark.slow
def test_a_lab_that_does_not_run_is_named(tmp_path):
    cell = {"cell_type": "code", "source": "1 / 0", "metadata": {}, "outputs": [], "execution_count": None, "id": "a"}
    book = {"cells": [cell], "metadata": {"kernelspec": {"name": "python3", "display_name": ""}}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "labs").mkdir()
    (tmp_path / "labs/01_x.ipynb").write_text(json.dumps(book))
    before = os.environ.get("TITANS_HOME")
    (said,) = self_check.failing_labs(tmp_path, say=lambda text: None)
    assert "01_x" in said and "ZeroDivisionError" in said and os.environ.get("TITANS_HOME") == before


@pytest.mark.parametrize(("changed", "failing", "code"), [([], [], 0), (["x was changed."], [], 1), ([], ["lab 01 fails."], 1)])
def test_the_command_of_a_hand_out(monkeypatch, changed, failing, code):
    monkeypatch.setattr(self_check, "changed_files", lambda: list(changed))
    monkeypatch.setattr(self_check, "failing_labs", lambda quick, say: failing)
    app = typer.Typer()
    self_check.add_commands(app)
    app.command()(lambda: None)  # with one command alone typer asks for no name
    found = CliRunner().invoke(app, ["test", "--quick"])
    assert found.exit_code == code and all(sentence in found.output for sentence in [*changed, *failing])


@pytest.mark.slow
def test_a_hand_out_that_is_unpacked_elsewhere_checks_itself(contents, tmp_path):
    """With the packages of this environment, where the makers' copy is installed, but none of this checkout's code."""
    root = tmp_path / FOLDER
    for name, data in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-P", "-m", "utils.cli", "test", "--quick"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "00_why_small runs ...\nAll files are whole and the labs run.\n"), done.stderr
    (root / "utils/measure/counts/macs.py").unlink()
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "utils/measure/counts/macs.py is missing" in done.stderr


# The command


def cli(*arguments):
    from course.cli import add_commands

    app = typer.Typer()
    add_commands(app)
    return CliRunner().invoke(app, ["bundle", *map(str, arguments)])


def test_the_command_says_what_it_made(tmp_path, monkeypatch):
    seen = []

    def fake(target, labs):
        seen.append(labs)
        target.write_bytes(b"x" * 1_600_000)
        return ["01_pruning"]

    monkeypatch.setattr("course.handout.bundle.bundle", fake)
    found = cli("--out", tmp_path / "a.zip", "--labs", "01, 0")
    assert (
        found.exit_code == 0
        and found.output.endswith("a.zip has 2 MB and contains 01_pruning.\n")
        and seen == [["01_pruning", "00_why_small"]]
    )


def test_the_command_s_errors_are_one_sentence(tmp_path, monkeypatch):
    assert cli("--labs", "77").output.startswith("there is no lab 77 in labs/: 00_why_small")

    def fake(target, labs):
        raise ValueError("x is not a checkout by git")

    monkeypatch.setattr("course.handout.bundle.bundle", fake)
    assert cli().output == "x is not a checkout by git.\n"
