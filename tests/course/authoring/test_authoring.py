"""One source, two notebooks: what the builder makes, what it refuses by name, what a crash leaves behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from textwrap import dedent

import nbformat
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course.authoring import BuildError, build_lab, environment_sha256, other_environment, read_source, stale_labs
from course.authoring.execute import refuse_paths, tidy
from course.authoring.gates import (
    alt_text,
    defects,
    enough_figures,
    executed,
    header,
    locks,
    long_cells,
    metadata,
    no_outputs,
    open_exercises,
    overlong_cells,
    quiet,
)
from course.authoring.notebook import as_text, lab_notebook, solution_notebook
from course.authoring.rules import load, reprinted
from course.authoring.strip import RegionError, strip
from utils.files import ROOT

REFERENCE = ["order = sorted(values, key=abs, reverse=True)", "return order[: int(len(order) * share)]"]


def prose(text: str, options: str = "") -> str:
    """A prose cell of a source."""
    return f"# %% [markdown]{options and ' ' + options}\n" + "\n".join(f"# {line}".rstrip() for line in dedent(text).strip().split("\n"))


def code(tag: str, text: str, options: str = "") -> str:
    """A code cell of a source."""
    return f'# %% tags=["{tag}"]{options and " " + options}\n{dedent(text).strip()}'


def exercise(name: str = "largest", body: list[str] | None = None, options: str = "") -> str:
    """An exercise cell with a docstring and one solution region."""
    lines = [f"def {name}(values, share):", '    """Keep the largest share of a list, largest first."""', "    ### BEGIN SOLUTION"]
    lines += [f"    {line}" for line in (REFERENCE if body is None else body)]
    return code("exercise", "\n".join([*lines, "    ### END SOLUTION"]), options)


def check(name: str = "largest") -> str:
    """A check cell."""
    return code("check", f"{name} = check({name})")


HEADER = prose("# Tiny\nYou need 1 minute and 100 MB.")
SETUP = code(
    "setup",
    """
    import os

    def check(function):
        try:
            function([1.0], 1.0)
        except NotImplementedError:
            if "TITANS_STRICT" in os.environ:
                raise
            return lambda values, share: sorted(values, key=abs)[::-1]
        return function
    """,
)
DEMO = code("demo", "# NBVAL_CHECK_OUTPUT\nprint(largest([3, -5, 1, 2], 1.0))")
TINY = (HEADER, SETUP, exercise(), check(), DEMO)


def write(folder: Path, *cells: str, name: str = "42_tiny") -> Path:
    """A project folder with one source of these cells; returns the source's path."""
    path = folder / "solutions" / f"{name}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n\n".join(cells) + "\n", encoding="utf-8")
    return path


def refusal(folder: Path, *cells: str) -> str:
    """The message with which a source is refused; it names the file."""
    with pytest.raises(BuildError) as caught:
        load(write(folder, *cells))
    assert str(caught.value).startswith("solutions/42_tiny.py")
    return str(caught.value)


def ids(folder: Path, *cells: str) -> list[str]:
    """The cell ids of a source."""
    return [cell.id for cell in read_source(write(folder, *cells)).cells]


# What students get


def test_the_stub_keeps_signature_and_docstring():
    """Does an exercise become its scaffold, a prompt and `raise NotImplementedError`, indented like the region?"""
    stub = strip(
        "class A:\n    def f(self):\n        '''Doc.'''\n        ### BEGIN SOLUTION\n        return 1\n        ### END SOLUTION"
    ).stub
    assert stub == "class A:\n    def f(self):\n        '''Doc.'''\n        # your code here\n        raise NotImplementedError"


def test_what_stands_outside_the_region_stays():
    """Are given lines before and after a region, and a second region, handled each by itself?"""
    region = "    ### BEGIN SOLUTION\n    {}\n    ### END SOLUTION\n"
    stripped = strip("def f(x):\n    a = 1\n" + region.format("b = 2") + "    c = 3\n" + region.format("d = 4"))
    assert [line.strip() for line in stripped.stub.split("\n") if "=" in line] == ["a = 1", "c = 3"]
    assert stripped.bodies == (("    b = 2",), ("    d = 4",))
    assert [stripped.stub.split("\n")[number - 1].strip() for number in stripped.stub_lines] == ["raise NotImplementedError"] * 2


SCAFFOLD = ["def f(x):", '    """Scaffold."""']


@given(st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1), min_size=1, max_size=8))
def test_no_line_of_any_body_survives(lines):
    """Whatever stands between the markers, is none of it in the stub?"""
    body = [f"    {line}" for line in lines]
    assume(any(line.strip() and not line.strip().startswith("#") for line in body))
    assume(not any("solution" in line.lower() for line in body))
    stub = strip("\n".join([*SCAFFOLD, "    ### BEGIN SOLUTION", *body, "    ### END SOLUTION"])).stub.split("\n")
    assert stub == [*SCAFFOLD, "    # your code here", "    raise NotImplementedError"]


def test_lab_and_solution_share_all_but_the_reference(tmp_path):
    """Do both notebooks have the same cells, ids and locks, and is the lab without reference, outputs and nbval's mark?"""
    source = load(write(tmp_path, *TINY))
    lab, solution = lab_notebook(source), solution_notebook(source)
    assert [cell.id for cell in lab.cells] == [cell.id for cell in solution.cells]
    assert [cell.metadata for cell in lab.cells] == [cell.metadata for cell in solution.cells]
    assert REFERENCE[0] in as_text(solution) and REFERENCE[0] not in as_text(lab)
    assert "NBVAL_CHECK_OUTPUT" in as_text(solution) and "NBVAL" not in as_text(lab)
    assert lab.cells[2].metadata == {"tags": ["exercise"], "deletable": False}
    assert lab.cells[3].metadata == {"tags": ["check"], "deletable": False, "editable": False}


def test_the_mark_for_nbval_stays_with_the_solution(tmp_path):
    """Is the tag, like the comment, kept where there are outputs to compare and dropped where there are none?"""
    source = read_source(write(tmp_path, '# %% tags=["demo", "nbval-check-output", "nbval-skip"]\nprint(1)'))
    assert solution_notebook(source).cells[0].metadata.tags == ["demo", "nbval-check-output", "nbval-skip"]
    assert lab_notebook(source).cells[0].metadata.tags == ["demo", "nbval-skip"]


def test_the_file_is_as_jupyter_writes_it(tmp_path):
    """Does reading and writing a lab with Jupyter's own library leave every byte as it is?"""
    path = build_lab(write(tmp_path, *TINY), execute=False)[0]
    text = path.read_bytes().decode()
    assert text.endswith("}\n") and "\r" not in text
    assert nbformat.writes(nbformat.reads(text, as_version=4)) == text.rstrip("\n")
    assert json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False) + "\n" == text


def test_comments_stay_comments(tmp_path):
    """Does a comment that reads like a shell command or a magic arrive as it was written?"""
    text = "# cat pictures are kept\n# %time is short\n# !ls\nx = 1"
    assert read_source(write(tmp_path, code("demo", text))).cells[0].text == text


# Ids


def test_ids_say_what_a_cell_is(tmp_path):
    """Is an exercise called like its function, its check after it, and may an author choose?"""
    found = ids(tmp_path, exercise(), check(), code("demo", "1", 'id="my-plot"'), prose("Words.", 'id="words"'))
    assert found == ["largest", "check-largest", "my-plot", "words"]


@pytest.mark.parametrize("position", range(len(TINY) + 1))
def test_an_inserted_cell_moves_no_id(tmp_path, position):
    """Does every other cell keep its id when one is put anywhere among them?"""
    before = ids(tmp_path, *TINY)
    after = ids(tmp_path, *TINY[:position], prose("Something new."), *TINY[position:])
    assert after[:position] + after[position + 1 :] == before


def test_equal_cells_have_different_ids(tmp_path):
    """Are two cells with the same text told apart, within nbformat's alphabet?"""
    first, second = ids(tmp_path, code("demo", "1 + 1"), code("demo", "1 + 1"))
    assert second == f"{first}-2"


def test_a_reference_does_not_tell_on_its_id(tmp_path):
    """Does rewriting a reference leave all ids alone, so that labs in use stay matched?"""
    assert ids(tmp_path, *TINY) == ids(tmp_path, HEADER, SETUP, exercise(body=["return values"]), check(), DEMO)


# Refused by name


@pytest.mark.parametrize(
    ("body", "line", "says"),
    [
        ("### BEGIN SOLUTION\n1", 1, "never closed"),
        ("### BEGIN SOLUTION\n1\n### BEGIN SOLUTION\n2\n### END SOLUTION", 3, "inside the one from line 1"),
        ("1\n### END SOLUTION", 2, "END SOLUTION without BEGIN"),
        ("### BEGIN SOLUTION\n\n# words\n### END SOLUTION", 4, "holds no code"),
        ("# BEGIN SOLUTION\n1", 1, "misspelt"),
        ("### BEGIN SOLUTION\n1\n### end solution", 3, "misspelt"),
        ("### BEGIN SOLUTION\n1\n### END SOLUTION # here", 3, "misspelt"),
    ],
)
def test_a_broken_region_is_refused(body, line, says):
    """Is each way to get a region wrong told with its line in the cell?"""
    with pytest.raises(RegionError, match=says) as caught:
        strip(body)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("cells", "cell", "line", "says"),
    [
        ([code("exercise", "def f():\n    ### BEGIN SOLUTION\n    return 1")], "without id", 3, "never closed"),
        ([code("exercise", "def f():\n    return 1", 'id="f-cell"')], "f-cell", 2, "no solution region"),
        ([code("demo", "### BEGIN SOLUTION\n1\n### END SOLUTION")], "without id", 2, "outside an exercise cell"),
        ([prose("Look between\n### BEGIN SOLUTION")], "without id", 3, "outside an exercise cell"),
        ([code("exercize", "1")], "without id", 1, "unknown tag 'exercize'"),
        (["# %%\n1"], "without id", 1, "exactly one of the tags setup, exercise, check, demo; this one has none"),
        (['# %% tags=["demo", "setup"]\n1'], "without id", 1, "this one has demo, setup"),
        (['# %% tags=["nbval-skip"]\n1'], "without id", 1, "this one has none"),
        (['# %% tag=["demo"]\n1'], "without id", 1, "unknown cell option 'tag'"),
        ([prose("Words.", 'tags=["demo"]')], "without id", 1, "a prose cell has no tags"),
        ([code("demo", "1", 'id="no blanks"')], "no blanks", 1, "is not a valid cell id"),
        ([code("demo", "1", "id=3")], "without id", 1, "the id 3 is not a valid cell id"),
        (["# %% [raw]\n# 1"], "without id", 1, "raw cells"),
        (['# %% tags=["demo"]'], "without id", 1, "empty"),
        ([exercise(body=["return ("])], "without id", 5, "the reference does not compile"),
        (
            [code("exercise", "def f():\n    if 1:\n    ### BEGIN SOLUTION\n        pass\n    ### END SOLUTION")],
            "without id",
            4,
            "stub does not compile",
        ),
        ([code("exercise", "### BEGIN SOLUTION\ndef f():\n    return 1\n### END SOLUTION")], "without id", 3, "outside a function"),
        ([code("exercise", "def g():\n    return 2\n\n" + exercise().split("\n", 1)[1])], "without id", 2, "has g, largest"),
        ([exercise(), check(), exercise(), check()], "largest", 13, "two cells have this id"),
        ([exercise(), DEMO, check()], "largest", 2, "no check under it"),
        ([exercise()], "largest", 2, "no check under it"),
        ([check()], "check-", 2, "does not follow its exercise"),
        ([exercise(), check(), check("other")], "check-largest", 13, "two cells have this id"),
        ([exercise(), check("other")], "check-largest", 10, "the one above is largest"),
        ([exercise(), code("check", "check(largest)")], "check-largest", 10, "largest = check(largest)"),
        ([exercise(), code("check", "largest = check(")], "check-largest", 10, "the check does not compile"),
        ([exercise(), check(), prose(f"Say\n- `{REFERENCE[0]}`\n- `{REFERENCE[1]}`", 'id="words"')], "words", 14, "reference of largest"),
        ([exercise(), check(), code("demo", "if 1:\n    " + "\n\n    ".join(REFERENCE), 'id="leak"')], "leak", 14, "reference of largest"),
    ],
)
def test_a_broken_source_is_refused(tmp_path, cells, cell, line, says):
    """Does each refusal name the cell, the line of the file and the remedy?"""
    message = refusal(tmp_path, *cells)
    assert f", cell {cell}, line {line}: " in message
    assert says in message


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "solutions/42_tiny.py has no cells: begin each with a line '# %%'"),
        (b"\n \n", "has no cells"),
        (b"x = 1\n", "has no cells"),
        ("# %% [markdown]\n# Caf\u00e9".encode("latin-1"), "solutions/42_tiny.py is not written in UTF-8 (line 2): save it in UTF-8"),
        ("# %% [markdown]\n# A".encode("utf-16"), "is not written in UTF-8 (line 1)"),
        ("# %% [markdown]\n# A".encode("utf-16-le"), "zero bytes: save it in UTF-8, not in UTF-16"),
    ],
)
def test_a_file_that_is_not_a_source_is_one_sentence(tmp_path, data, said):
    path = write(tmp_path, HEADER)
    path.write_bytes(data)
    with pytest.raises(BuildError, match=re.escape(said)):
        read_source(path)


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = write(tmp_path, HEADER, SETUP, exercise(), check())
    plain = read_source(path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    marked = read_source(path)
    assert (marked.cells, marked.sha256) == (plain.cells, plain.sha256)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = 1\n\n" + DEMO, "put no text before the first cell"),
        ('# %% tags="demo"\n1', "mend its header or its cells' options"),
        (code("demo", 'x = """\n# %% here\n"""'), "no such line into a string"),
        ("# ---\n# jupyter:\n#   kernelspec: {name: a}\n# ---\n\n" + DEMO, "mend its header"),
    ],
)
def test_a_file_that_is_no_row_of_cells_is_refused(tmp_path, text, says):
    """Is text outside cells, or what only looks like a cell, told instead of guessed at?"""
    assert says in refusal(tmp_path, text)


@pytest.mark.parametrize(("name", "says"), [("pruning.py", "NN_name.py"), ("01_pruning.txt", "NN_name.py"), ("01_pruning.py", "missing")])
def test_only_lab_sources_are_read(tmp_path, name, says):
    """Is a file refused that is not there or has no lab's name?"""
    with pytest.raises(BuildError, match=says):
        read_source(tmp_path / name)


# References that show through


@pytest.mark.parametrize(
    "page",
    [
        "\n".join(REFERENCE),
        "    " + "  # first\n\n        ".join(REFERENCE),
        "> 1. `order=sorted(values,key=abs,reverse=True)`\n> 2. `return order[:int(len(order)*share)]`",
        "\n".join(f"# {line}" for line in REFERENCE),
    ],
)
def test_a_reprint_is_seen_through_its_dress(page):
    """Are two lines that follow each other recognised in other spacing, as a list, as comments?"""
    assert reprinted(tuple(REFERENCE), page)


@pytest.mark.parametrize(
    "page", [REFERENCE[0], "\n".join(reversed(REFERENCE)), f"{REFERENCE[0]}\nprint(order[:3])\n{REFERENCE[1]}", "Sort the values."]
)
def test_one_shared_line_is_no_reprint(page):
    """May a page use one line of a longer reference?"""
    assert reprinted(tuple(REFERENCE), page) is None


def test_a_one_line_reference_is_searched_within_prose():
    """Is the only line of a short reference found inside a sentence, when it is long enough to be telling?"""
    body = ("    return weight.abs() >= weight.abs().median()",)
    assert reprinted(body, "One\nuse `weight.abs() >= weight.abs().median()` here") == 2
    assert reprinted(("    return len(x) + 1",), "the answer is len(x) + 1") is None


# Building


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A project folder whose one lab was built, executed."""
    folder = tmp_path_factory.mktemp("with blank")
    where = code(
        "demo",
        "import pathlib\nprint(list(pathlib.Path.cwd().iterdir()), os.environ.get('TITANS_STRICT'), os.environ.get('OMP_NUM_THREADS'))",
    )
    build_lab(write(folder, *TINY, where))
    return folder


def test_the_solution_is_stored_executed(project):
    """Are outputs and counts kept, in an empty working folder, strictly, with the hash of what it ran on?"""
    solution = nbformat.read(project / "solutions" / "42_tiny.ipynb", as_version=4)
    cells = [cell for cell in solution.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == [1, 2, 3, 4, 5]
    assert [cells[3].outputs[0].text, cells[4].outputs[0].text] == ["[-5, 3, 2, 1]\n", "[] 1 1\n"]
    assert solution.metadata.titans["environment_sha256"] == environment_sha256(project)
    assert solution.metadata.language_info == {"name": "python"}


def test_labs_rebuild_byte_identical(project):
    """Does building again change no byte of the lab, and of a solution that prints no times?"""
    paths = [project / "labs" / "42_tiny.ipynb", project / "solutions" / "42_tiny.ipynb"]
    before = [path.read_bytes() for path in paths]
    build_lab(project / "solutions" / "42_tiny.py")
    assert [path.read_bytes() for path in paths] == before


def test_a_built_lab_has_no_defect_but_its_figures(project):
    """Do the gates pass what the builder makes?"""
    assert defects(project / "labs" / "42_tiny.ipynb") == []
    assert [defect for defect in defects(project / "solutions" / "42_tiny.ipynb") if "figures" not in defect] == []


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([code("demo", "x = 1\nx / 0", 'id="bad"')], "cell bad, line 34: ZeroDivisionError: division by zero"),
        (
            [code("demo", "largest(3, 1)", 'id="bad"')],
            "cell bad, line 33: TypeError: 'int' object is not iterable\n  raised in cell largest, line 21",
        ),
        ([code("demo", "import time; time.sleep(60)", 'id="bad"')], "cell bad, line 33: the cell takes longer than 2 s"),
        ([code("demo", "import os; os._exit(1)", 'id="bad"')], "cell bad, line 33: the cell killed its kernel"),
        ([code("demo", "import os; print(os.getcwd())", 'id="bad"')], "cell bad, line 33: the output holds "),
    ],
    ids=["raises", "raises deeper", "too slow", "dead kernel", "prints a path"],
)
def test_a_failed_build_leaves_the_old_notebooks(tmp_path, cells, says):
    """Is the failing cell named, in at most two lines, and are both old files untouched?"""
    path = write(tmp_path, *TINY, *cells)
    old = {tmp_path / "labs" / "42_tiny.ipynb": b"old lab", path.with_suffix(".ipynb"): b"old solution"}
    (tmp_path / "labs").mkdir()
    for target, content in old.items():
        target.write_bytes(content)
    with pytest.raises(BuildError) as caught:
        build_lab(path, timeout=2)
    assert says in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 2
    assert {target: target.read_bytes() for target in old} == old
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["42_tiny.ipynb", "42_tiny.py"]


def test_widgets_leave_nothing_in_the_file():
    """Are widget views and versions dropped while figures stay?"""
    view = new_output("display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": "1f"}, "text/plain": "IntSlider()"})
    figure = new_output("display_data", {"image/png": "iVBO", "text/plain": "<Figure>"})
    notebook = new_notebook(
        cells=[new_code_cell("1", outputs=[view, figure])],
        metadata={"widgets": {"a": 1}, "language_info": {"name": "python", "version": "3"}},
    )
    tidy(notebook)
    assert notebook.cells[0].outputs == [figure]
    assert notebook.metadata == {"language_info": {"name": "python"}}


@pytest.mark.parametrize("place", [str(ROOT), f"{ROOT}/zoo/x.onnx", f"in '{Path.home()}'", sysconfig.get_path("purelib")])
@pytest.mark.parametrize("kind", ["stream", "html", "error"])
def test_paths_of_the_machine_are_refused(tmp_path, place, kind):
    """Is an output that tells where the project, its Python or the user's home lies refused, whatever kind it is?"""
    output = {
        "stream": lambda: new_output("stream", text=f"read {place}\n"),
        "html": lambda: new_output("display_data", {"text/html": f"<b>{place}</b>"}),
        "error": lambda: new_output("error", ename="E", evalue="e", traceback=[f"File {place}"]),
    }[kind]()
    source = read_source(write(tmp_path, code("demo", "1", 'id="show"')))
    with pytest.raises(BuildError, match="cell show, line 2: the output holds"):
        refuse_paths(new_notebook(cells=[new_code_cell("1", outputs=[output])]), source)
    refuse_paths(new_notebook(cells=[new_code_cell("1", outputs=[new_output("stream", text="read zoo/x.onnx\n")])]), source)


# Stale


def test_a_built_project_is_not_stale(project):
    """Is nothing stale directly after building?"""
    assert stale_labs(project) == {}
    assert other_environment(project) == {}


@pytest.fixture
def copied(project, tmp_path) -> Path:
    """A copy of the built project that a test may spoil."""
    for path in [*project.glob("*/42_tiny.*")]:
        target = tmp_path / path.relative_to(project)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())
    return tmp_path


def test_an_edited_source_makes_both_notebooks_stale(copied):
    """Is a changed word in the source enough?"""
    path = copied / "solutions" / "42_tiny.py"
    path.write_text(path.read_text().replace("1 minute", "2 minutes"))
    assert stale_labs(copied) == dict.fromkeys(
        ["labs/42_tiny.ipynb", "solutions/42_tiny.ipynb"], "its source has changed since it was built: run 'build 42'"
    )


@pytest.mark.parametrize("folder", ["labs", "solutions"])
def test_a_notebook_edited_by_hand_is_stale(copied, folder):
    """Is an edit that leaves the recorded hash in place found?"""
    path = copied / folder / "42_tiny.ipynb"
    path.write_text(path.read_text().replace("100 MB", "200 MB"))
    assert list(stale_labs(copied)) == [f"{folder}/42_tiny.ipynb"]


def test_missing_broken_and_orphaned_notebooks_are_stale(copied):
    """Is each told with its own reason?"""
    (copied / "labs" / "42_tiny.ipynb").unlink()
    (copied / "solutions" / "42_tiny.ipynb").write_text("{")
    (copied / "labs" / "43_gone.ipynb").write_text("{}")
    reasons = stale_labs(copied)
    assert "never built" in reasons["labs/42_tiny.ipynb"]
    assert "not a notebook" in reasons["solutions/42_tiny.ipynb"]
    assert "there is no solutions/43_gone.py" in reasons["labs/43_gone.ipynb"]


def test_a_source_that_breaks_a_rule_is_stale(tmp_path):
    """Is a source listed with the rule it breaks, while the others are still looked at?"""
    write(tmp_path, "# %%\n1", name="41_bad")
    write(tmp_path, *TINY)
    assert list(stale_labs(tmp_path)) == ["solutions/41_bad.py", "labs/42_tiny.ipynb", "solutions/42_tiny.ipynb"]


@pytest.mark.parametrize("name", ["utils/a.py", "zoo/net/model.safetensors", "zoo/net/recipe.toml", "datasets/set/data.npz"])
def test_a_changed_environment_is_reported_but_not_stale(copied, name):
    """Does a change in what labs run on show in the report alone?"""
    target = copied / name
    target.parent.mkdir(parents=True)
    target.write_bytes(b"new")
    assert list(other_environment(copied)) == ["solutions/42_tiny.ipynb"]
    assert stale_labs(copied) == {}


@pytest.mark.parametrize("name", ["utils/__pycache__/a.pyc", "zoo/.runs/net/model.safetensors", "zoo/net/seed0.json", "docs/a.md"])
def test_what_labs_do_not_run_on_changes_no_hash(tmp_path, name):
    """Are compiled files, training states and records left out?"""
    before = environment_sha256(tmp_path)
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_bytes(b"new")
    assert environment_sha256(tmp_path) == before


# Gates


def figure() -> dict:
    """An output with a picture."""
    return new_output("display_data", {"image/png": "iVBO"})


@pytest.mark.parametrize(
    ("gate", "cells", "says"),
    [
        (long_cells, [new_code_cell("\n".join(["x = 1"] * 26), id="a")], "has 26 lines, more than 25"),
        (overlong_cells, [new_code_cell("\n".join(["x = 1"] * 41), id="a")], "has 41 lines, more than 40"),
        (header, [new_markdown_cell("No heading, 1 minute, 1 GB", id="a")], "'# heading'"),
        (header, [new_markdown_cell("# Lab\n1 GB", id="a")], "minutes"),
        (header, [new_markdown_cell("# Lab\n1 minute", id="a")], "memory"),
        (alt_text, [new_markdown_cell("![](a.png)", id="a")], "no alternative text"),
        (alt_text, [new_markdown_cell('<img src="a.png" alt="">', id="a")], "no alternative text"),
        (alt_text, [new_code_cell("1", id="b"), new_code_cell("1", id="a", outputs=[figure()])], "no prose beside it"),
        (locks, [new_code_cell("1", id="a", metadata={"tags": ["check"], "deletable": False})], "not locked"),
        (open_exercises, [new_markdown_cell("### END SOLUTION", id="a")], "marker was left"),
        (open_exercises, [new_code_cell("def f():\n    'd'\n    return 1", id="a", metadata={"tags": ["exercise"]})], "is not open"),
        (
            open_exercises,
            [new_code_cell("def f():\n    # your code here\n    raise NotImplementedError", id="a", metadata={"tags": ["exercise"]})],
            "no docstring",
        ),
        (no_outputs, [new_code_cell("1", id="a", outputs=[figure()])], "holds outputs"),
        (no_outputs, [new_code_cell("1", id="a", execution_count=1)], "holds outputs or a count"),
        (executed, [new_code_cell("1", id="b", execution_count=1), new_code_cell("1", id="a")], "has the count None, not 2"),
        (quiet, [new_code_cell("1", id="a", outputs=[new_output("error", ename="E", evalue="e", traceback=[])])], "stores the error E"),
        (quiet, [new_code_cell("1", id="a", outputs=[new_output("stream", text="x: UserWarning: y")])], "shows a UserWarning"),
        (quiet, [new_code_cell("1", id="a", outputs=[new_output("stream", text="<f at 0x7f00aa11bb>")])], "memory address"),
        (enough_figures, [new_code_cell("1", id="b", outputs=[figure()] * 3)], "shows 3 figures"),
    ],
)
def test_a_gate_names_the_offender(gate, cells, says):
    """Does each gate find its one defect, with the cell's id where it lies in a cell?"""
    ((cell, message),) = gate(new_notebook(cells=cells))
    assert says in message
    assert cell == ("" if gate is enough_figures else "a")


def test_a_notebook_from_elsewhere_is_named():
    """Is a notebook refused that does not say what runs it and which source it came from?"""
    assert len(list(metadata(new_notebook()))) == 2


@pytest.mark.parametrize(
    ("gate", "cells"),
    [
        (long_cells, [new_code_cell("\n".join(["x = 1"] * 25))]),
        (overlong_cells, [new_code_cell("\n".join(["x = 1"] * 40))]),
        (alt_text, [new_markdown_cell('![a bar](a.png) <img alt="a bar" src="a.png">'), new_code_cell("1", outputs=[figure()])]),
        (quiet, [new_code_cell("1", outputs=[new_output("stream", text="warm-up done, warnings none"), figure()])]),
        (enough_figures, [new_code_cell("1", outputs=[figure()] * 4)]),
    ],
)
def test_a_gate_lets_the_good_pass(gate, cells):
    """Is what the rules ask for accepted?"""
    assert list(gate(new_notebook(cells=cells))) == []


def test_a_large_solution_is_named(copied):
    """Is a solution of more than 1 MB refused with its size?"""
    path = copied / "solutions" / "42_tiny.ipynb"
    path.write_text(path.read_text() + " " * 1_000_000)
    assert any("bytes, at most 1,000,000 are allowed" in defect for defect in defects(path))


@pytest.mark.slow
@pytest.mark.parametrize(("folder", "strict"), [("labs", {}), ("solutions", {"TITANS_STRICT": "1"})])
def test_nbval_runs_both_notebooks(project, folder, strict):
    """Does the blank lab run from top to bottom, and the solution in strict mode with its marked output compared?"""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--nbval-lax",
        "--nbval-cell-timeout=60",
        f"{folder}/42_tiny.ipynb",
    ]
    env = {**{key: value for key, value in os.environ.items() if key != "TITANS_STRICT"}, **strict}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "5 passed" in done.stdout


def test_the_headline_figure_goes_to_the_docs(tmp_path):
    """Does the cell with the id "headline" give docs/NN_name.png, and a lab without one none?"""
    from course.authoring.build import headlines

    image = nbformat.v4.new_output("display_data", {"image/png": "iVBORw=="})
    cell = nbformat.v4.new_code_cell("draw()", id="headline", outputs=[image])
    solution = nbformat.v4.new_notebook(cells=[cell])
    assert headlines(solution, tmp_path / "solutions" / "07_x.py") == {tmp_path / "docs" / "07_x.png": b"\x89PNG"}
    cell["id"] = "other"
    assert headlines(solution, tmp_path / "solutions" / "07_x.py") == {}
