"""Notebooks that other programs wrote: every command reads what the grader reads, and names what no one can read."""

import json
import re

import nbformat
import pytest
from typer.testing import CliRunner

from course.grading.intake.notebooks import read
from utils import cli
from utils.student.file_format import UnreadableError, decode, well_formed, without_outputs
from utils.student.notebook import as_text, cells_of


def invoke(*arguments):
    """Run the command line in this process."""
    return CliRunner().invoke(cli.app, arguments)


def without(notebook, *keys):
    """The notebook, its cells without these keys."""
    for one in notebook["cells"]:
        for key in keys:
            one.pop(key, None)
    return notebook


def null_source(notebook):
    notebook["cells"][-1]["source"] = None
    return json.dumps(notebook).encode()


def no_metadata(notebook):
    del notebook["metadata"]
    return json.dumps(without(notebook, "metadata")).encode()


def null_metadata(notebook):
    return json.dumps(notebook | {"metadata": None, "cells": [one | {"metadata": None} for one in notebook["cells"]]}).encode()


def no_source(notebook):
    del notebook["cells"][-1]["source"]
    return json.dumps(notebook).encode()


def ids_twice(notebook):
    return json.dumps(notebook | {"cells": [*notebook["cells"], notebook["cells"][-1]]}).encode()


def tags_as_text(notebook):
    notebook["cells"][-1]["metadata"] = {"tags": "demo"}
    return json.dumps(notebook).encode()


def no_outputs_key(notebook):
    return json.dumps(without(notebook, "outputs", "execution_count")).encode()


def broken_outputs(notebook):
    return json.dumps(notebook | {"cells": [one | {"outputs": None} for one in notebook["cells"]]}).encode()


def strange_kinds(notebook):
    cells = [*notebook["cells"], {"cell_type": "heading", "level": 1, "source": "A"}, None, 3, {"cell_type": ["code"]}]
    return json.dumps(notebook | {"cells": cells}).encode()


def no_format(notebook):
    return json.dumps({"cells": notebook["cells"]}).encode()


def strange_kernel(notebook):
    return json.dumps(notebook | {"metadata": notebook["metadata"] | {"kernelspec": 3, "language_info": []}}).encode()


ODD = {
    one.__name__: one
    for one in (
        null_source,
        no_metadata,
        null_metadata,
        no_source,
        ids_twice,
        tags_as_text,
        no_outputs_key,
        broken_outputs,
        strange_kinds,
        no_format,
        strange_kernel,
    )
}
ODD |= {
    "byte order mark": lambda notebook: b"\xef\xbb\xbf" + as_text(notebook).encode(),
    "UTF-16": lambda notebook: as_text(notebook).encode("utf-16"),
    "UTF-16, no mark": lambda notebook: as_text(notebook).encode("utf-16-be"),
    "UTF-32": lambda notebook: as_text(notebook).encode("utf-32"),
    "zeros behind its end": lambda notebook: as_text(notebook).encode() + bytes(4096),
    "Windows' line ends": lambda notebook: as_text(notebook).replace("\n", "\r\n").encode(),
}


@pytest.fixture
def runnable(lab, do):
    """Today's lab, in which all cells run without the course."""
    student = json.loads(json.dumps(lab))
    do.cell(student, "double")["source"] = "def double(x):\n    return 2 * x"
    do.insert(student, "check-Quant", "print('the end is reached')")
    return student


@pytest.mark.parametrize("kind", ODD)
def test_every_command_reads_it(runnable, labs, home, kind):
    data = ODD[kind](runnable)
    (home / "01_first.ipynb").write_bytes(data)
    assert read(data).notebook["cells"], "the grader reads it"
    for command in (["submit", "1", "--name", "Ada"], ["update", "1"], ["progress"], ["reset", "1", "double"]):
        result = invoke(*command)
        assert result.exit_code == 0, (command, result.output)
    assert "return 2 * x" in (home / "kept" / "01_first-2.double-1.py" if (home / "01_first-2.ipynb").exists() else
                              home / "kept" / "01_first.double-1.py").read_text()  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", ODD)
def test_run_reads_it_without_a_word(runnable, labs, home, kind, recwarn):
    path = home / "01_first.ipynb"
    path.write_bytes(ODD[kind](runnable))
    result = invoke("run", "1")
    assert result.exit_code == 0, result.output
    assert "the end is reached" in result.output and result.stderr == ""
    assert not [one for one in recwarn if "nbformat" in str(one.filename)]


MERGED = '{"cells": [\n<<<<<<< HEAD\n{"cell_type": "code", "source": "1"}\n=======\n{"cell_type": "code", "source": "2"}\n>>>>>>> b\n]}'
UNREADABLE = {
    "empty": (b"", "is empty: rename it to damaged-01_first.ipynb and run"),
    "zeros": (bytes(100), "is empty: rename it to damaged-01_first.ipynb and run"),
    "a list": (b"[]", "is not a whole notebook: it has no cells: rename it to damaged-01_first.ipynb and run"),
    "a number": (b"3", "is not a whole notebook: it has no cells: rename it to damaged-01_first.ipynb and run"),
    "other JSON": (b'{"a": 1}', "is not a whole notebook: it has no cells: rename it to damaged-01_first.ipynb and run"),
    "cut off": (b'{"cells": [', "is cut off or damaged (line 1): rename it to damaged-01_first.ipynb and run"),
    "a merge": (MERGED.encode(), "holds the marks of a merge conflict: open it in a text editor"),
    "a merge in UTF-16": (MERGED.encode("utf-16"), "holds the marks of a merge conflict: open it in a text editor"),
    "a web page": (b"<!DOCTYPE html>", "is a web page, not a notebook: download the file itself"),
    "a script": (b"import torch\n", "is a Python script, not a notebook: rename it so that it ends in .py"),
    "a zip": (b"PK\x03\x04", "is a zip, not a notebook: unpack it"),
    "nested": (b"[" * 100_000, "is not a notebook: it is nested too deeply: rename it to damaged-01_first.ipynb and run"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
@pytest.mark.parametrize("command", [["run", "1"], ["submit", "1", "--name", "Ada"], ["update", "1"], ["reset", "1", "double"]])
def test_what_no_one_can_read_is_one_sentence_with_the_remedy(labs, home, kind, command):
    data, said = UNREADABLE[kind]
    path = home / "01_first.ipynb"
    path.write_bytes(data)
    result = invoke(*command)
    assert result.exit_code == 1 and len(result.stderr.strip().splitlines()) == 1
    assert f"{path} {said}" in result.stderr and path.read_bytes() == data


@pytest.mark.parametrize("kind", UNREADABLE)
def test_the_grader_says_the_same(kind):
    data, said = UNREADABLE[kind]
    with pytest.raises(UnreadableError) as mine:
        decode(data)
    with pytest.raises(ValueError) as theirs:
        read(data)
    assert str(mine.value) == str(theirs.value) and said.startswith(str(mine.value))


# The remedies


@pytest.mark.parametrize("kind", ["empty", "a list", "cut off", "nested"])
def test_renaming_it_and_starting_gives_the_lab_again(labs, home, monkeypatch, kind):
    path = home / "01_first.ipynb"
    path.write_bytes(UNREADABLE[kind][0])
    named = re.search(r"rename it to (\S+) and run 'python3 start\.py'", invoke("submit", "1", "--name", "Ada").stderr)[1]
    path.rename(home / named)
    monkeypatch.setattr(cli, "replace_process", lambda command: None)
    assert invoke("lab", "--no-browser").exit_code == 0
    assert path.read_bytes() == (labs / "01_first.ipynb").read_bytes()
    assert invoke("submit", "1", "--name", "Ada").exit_code == 0


def test_after_renaming_a_damaged_newest_copy_the_other_one_is_taken(student, labs, home, monkeypatch):
    (home / "01_first.ipynb").write_text(as_text(student))
    (home / "01_first-2.ipynb").write_text("{")
    named = re.search(r"rename it to (\S+) and run", invoke("update", "1").stderr)[1]
    (home / "01_first-2.ipynb").rename(home / named)
    monkeypatch.setattr(cli, "replace_process", lambda command: None)
    assert invoke("lab", "--no-browser").exit_code == 0 and "01_first.ipynb is up to date" in invoke("update", "1").output
    assert "You also have" not in invoke("submit", "1", "--name", "Ada").output


@pytest.mark.parametrize("side", [0, 1])
def test_resolving_a_merge_makes_it_readable(side):
    head, rest = MERGED.split("<<<<<<< HEAD\n")
    sides, tail = rest.split(">>>>>>> b\n")
    notebook, _ = decode((head + sides.split("=======\n")[side] + tail).encode())
    assert [cell.text for cell in cells_of(notebook)] == [str(side + 1)]


def test_a_script_under_its_own_ending_is_out_of_the_way(labs, home, monkeypatch):
    (home / "01_first.ipynb").write_text("import torch\n")
    (home / "01_first.ipynb").rename(home / "01_first.py")
    monkeypatch.setattr(cli, "replace_process", lambda command: None)
    assert invoke("lab", "--no-browser").exit_code == 0 and invoke("update", "1").exit_code == 0


def test_outputs_are_left_out_and_nothing_else():
    cells = [{"cell_type": "code", "outputs": [1], "execution_count": 3, "source": "a"}, {"cell_type": "markdown", "source": "b"}, None]
    found = without_outputs({"cells": cells, "metadata": {"a": 1}})
    assert found == {
        "cells": [{"cell_type": "code", "outputs": [], "execution_count": None, "source": "a"}, *cells[1:]],
        "metadata": {"a": 1},
    }
    assert cells[0]["outputs"] == [1]


def test_what_jupyter_refuses_is_made_well_formed():
    for make in ODD.values():
        notebook = {"cells": [{"cell_type": "code", "id": "a b", "source": "1", "metadata": {}}], "metadata": {}, "nbformat": 4}
        nbformat.validate(nbformat.from_dict(well_formed(decode(make(notebook))[0])))
