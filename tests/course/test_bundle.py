"""The hand-out: all that students need, nothing that they should not have, and it checks itself."""

import ast
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

from course import handout
from course.bundle import FOLDER, LIST, bundle, files, handed_out
from utils.files import ROOT

SMALL = ("pyproject.toml", "start.py", "labs/01_pruning.ipynb", "utils/__init__.py", "docs/student.md", "course/handout.py")


@pytest.fixture(scope="module")
def contents():
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout by git")
    return {name: one if isinstance(one, bytes) else one.read_bytes() for name, one in files().items()}


@pytest.fixture
def small(tmp_path):
    """A repository with little in it."""
    root = tmp_path / "course"
    for name in (*SMALL, "solutions/01_pruning.py", "tests/test_x.py", "utils/secret.bin", "zoo/a/recipe.toml", "notes.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes((ROOT / name).read_bytes() if name in SMALL else b"x")
    (root / ".gitignore").write_text("/utils/secret.bin\n")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


def test_what_is_in_it(contents):
    tops = {name.partition("/")[0] for name in contents}
    assert tops == {
        *("CITATION.cff", "LICENSE", "README.md", "constraints.txt", "environment.yml", LIST, "pyproject.toml", "start.py"),
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


# No answer is in it


def code_of(text):
    """Statements of code, one a line, without layout, comments and docstrings; plain lines where it is no Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return [line.strip() for line in ast.unparse(tree).splitlines() if line.strip()]


def reference_bodies():
    """(lab, exercise, statements of what stands between the markers) of every solution."""
    for path in sorted((ROOT / "solutions").glob("[0-9][0-9]_*.py")):
        for cell in re.split(r"^# %%.*$", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            regions = re.findall(r"^[ ]*### BEGIN SOLUTION\n(.*?)^[ ]*### END SOLUTION", cell, re.MULTILINE | re.DOTALL)
            name = re.search(r"^(?:def|class) (\w+)", cell, re.MULTILINE)
            for region in regions:
                body = "\n".join("    " + line for line in region.splitlines())
                yield path.stem, name[1] if name else "", code_of(f"def f():\n    if True:\n{body}")[2:] or code_of(region)


def texts(contents):
    """All code in a hand-out, as statements: modules, and the cells of notebooks."""
    for name, data in contents.items():
        if name.endswith(".ipynb"):
            for cell in json.loads(data)["cells"]:
                yield name, code_of("".join(cell["source"]))
        elif name.endswith((".py", ".md", ".toml")):
            yield name, code_of(data.decode())


def holding(contents):
    """(file, lab, exercise) for every reference body that stands in a file, statement by statement."""
    bodies = [(lab, name, "\n".join(body)) for lab, name, body in reference_bodies()]
    for file, statements in texts(contents):
        whole = "\n".join(["", *statements, ""])
        yield from ((file, lab, name) for lab, name, body in bodies if f"\n{body}\n" in whole)


def test_the_search_finds_an_answer_wherever_it_is_hidden():
    path = next((ROOT / "solutions").glob("01_*.py"))
    notebook = json.loads(path.with_suffix(".ipynb").read_bytes())
    found = set(holding({"labs/x.ipynb": json.dumps(notebook).encode(), "utils/x.py": path.read_bytes()}))
    expected = {name for lab, name, _ in reference_bodies() if lab == path.stem}
    assert expected and {name for file, _, name in found if file == "labs/x.ipynb"} >= expected
    assert {name for file, _, name in found if file == "utils/x.py"} >= expected


NEEDED = ("utils/adapt/", "utils/compress/", "utils/deploy/")  # the package's own; a grader's sandbox has none of it


@pytest.mark.slow
def test_no_reference_answer_is_in_it_but_where_the_package_itself_needs_the_function(contents):
    """Labs, exercises, data, docs hold none, word for word; nothing but the package behind the labs may, and only what it uses."""
    assert len(list(reference_bodies())) >= 40
    found = sorted(set(holding(contents)))
    assert not [one for one in found if not one[0].startswith(NEEDED)]
    assert len(found) <= 0.1 * len(list(reference_bodies())), found


# It is whole


def test_its_project_file_names_what_is_there(contents):
    project = tomllib.loads(contents["pyproject.toml"].decode())
    assert project["project"]["entry-points"]["tiny_titans.commands"] == {"handout": "utils.handout:add_commands"}
    assert project["tool"]["setuptools"]["packages"]["find"]["include"] == ["utils*"]
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dependencies"] == ours["project"]["dependencies"]


def test_a_project_file_that_changed_its_lines_is_refused():
    with pytest.raises(ValueError, match=r"has not the one line .* mend course/bundle\.py"):
        handed_out("[project]")


def test_its_list_has_every_file(contents):
    listed = json.loads(contents[LIST])["files"]
    assert listed == {name: sha256(data).hexdigest() for name, data in contents.items() if name != LIST}


def test_what_git_ignores_and_what_lies_around_is_left_out(small):
    found = files(root=small)
    assert "zoo/a/recipe.toml" in found and "utils/__init__.py" in found
    assert not {"utils/secret.bin", "notes.txt", "solutions/01_pruning.py", "tests/test_x.py"} & set(found)


def test_some_labs_only(small):
    (small / "labs/02_quantization.ipynb").write_text("{}")
    assert [name for name in files(["02_quantization"], small) if name.startswith("labs/")] == ["labs/02_quantization.ipynb"]
    with pytest.raises(ValueError, match="there is no lab 09_x: use 01_pruning, 02_quantization"):
        files(["09_x"], small)


def test_without_git_a_sentence_says_so(tmp_path):
    with pytest.raises(ValueError, match="is no checkout by git"):
        files(root=tmp_path)


def test_the_same_course_gives_the_same_bytes(small, tmp_path):
    assert bundle(tmp_path / "a.zip", root=small) == bundle(tmp_path / "b.zip", root=small) == ["01_pruning"]
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert all(name.startswith(f"{FOLDER}/") for name in archive.namelist())
        assert archive.getinfo(f"{FOLDER}/start.py").external_attr >> 16 == 0o755


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
    assert handout.changed_files(root) == []
    (root / "start.py").write_text("")
    (root / "utils/__init__.py").unlink()
    said = handout.changed_files(root)
    assert len(said) == 2 and said[0].startswith("start.py was changed") and said[1].startswith("utils/__init__.py is missing")
    (root / LIST).unlink()
    with pytest.raises(FileNotFoundError, match="unpack the hand-out again"):
        handout.changed_files(root)


@pytest.mark.slow
def test_a_lab_that_does_not_run_is_named(tmp_path):
    cell = {"cell_type": "code", "source": "1 / 0", "metadata": {}, "outputs": [], "execution_count": None, "id": "a"}
    book = {"cells": [cell], "metadata": {"kernelspec": {"name": "python3", "display_name": ""}}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "labs").mkdir()
    (tmp_path / "labs/01_x.ipynb").write_text(json.dumps(book))
    before = os.environ.get("TITANS_HOME")
    (said,) = handout.failing_labs(tmp_path, say=lambda text: None)
    assert "01_x" in said and "ZeroDivisionError" in said and os.environ.get("TITANS_HOME") == before


@pytest.mark.parametrize(("changed", "failing", "code"), [([], [], 0), (["x was changed."], [], 1), ([], ["lab 01 fails."], 1)])
def test_the_command_of_a_hand_out(monkeypatch, changed, failing, code):
    monkeypatch.setattr(handout, "changed_files", lambda: list(changed))
    monkeypatch.setattr(handout, "failing_labs", lambda quick, say: failing)
    app = typer.Typer()
    handout.add_commands(app)
    app.command()(lambda: None)  # with one command alone typer asks for no name
    found = CliRunner().invoke(app, ["test", "--quick"])
    assert found.exit_code == code and all(sentence in found.output for sentence in [*changed, *failing])


@pytest.mark.slow
def test_a_hand_out_that_is_unpacked_elsewhere_checks_itself(contents, tmp_path):
    """With the packages of this environment, but none of this checkout's code."""
    root = tmp_path / FOLDER
    for name, data in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    code = (
        "import sys, utils.cli as cli; cli.entry_points = lambda group: (); print(cli.ROOT); sys.argv[1:] = ['test', '--quick']; cli.main()"
    )
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"{root}\n") and "00_why_small runs" in done.stdout and "All files are whole" in done.stdout


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

    monkeypatch.setattr("course.bundle.bundle", fake)
    found = cli("--out", tmp_path / "a.zip", "--labs", "01, 0")
    assert (
        found.exit_code == 0
        and found.output.endswith("a.zip has 2 MB and holds 01_pruning.\n")
        and seen == [["01_pruning", "00_why_small"]]
    )


def test_the_command_s_errors_are_one_sentence(tmp_path, monkeypatch):
    assert cli("--labs", "77").output.startswith("there is no lab 77 in labs/: 00_why_small")

    def fake(target, labs):
        raise ValueError("x is no checkout by git")

    monkeypatch.setattr("course.bundle.bundle", fake)
    assert cli().output == "x is no checkout by git.\n"
