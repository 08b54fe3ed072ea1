"""Every remedy that a student reads is tried: those of the page "When things fail", and those of the commands' messages.

Both lists below are compared with what the page and the modules say, so a new remedy without a test fails here.
"""

import ast
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from contextlib import contextmanager

import pytest
from jupyter_client.manager import KernelManager
from typer.testing import CliRunner

from utils import cli, files, jupyter
from utils.exercises.lab01 import check
from utils.files import ROOT, my_work, sha256_of, verified, write_atomically
from utils.student import folder, update
from utils.student.notebook import as_text, cells_of, read_notebook

PAGE = (ROOT / "docs/student.md").read_text(encoding="utf-8")
STUDENT, START = "tests/utils/student", "tests/test_start.py"
# The first column of the table in docs/student.md -> the tests that do what the third column says.
TABLE = {
    "`Tiny Titans needs Python 3.11, 3.12 or 3.13`": "test_the_python_that_the_message_names_is_good_enough",
    "`Python's venv module is missing`": f"{START}::test_a_missing_venv_module_names_the_package",
    "`The package index does not answer`": f"{START}::test_a_folder_of_wheels_is_enough",
    "`The disk became full`": f"{START}::test_an_interrupted_installation_is_made_afresh",
    "JupyterLab opens no window": "test_the_address_that_is_printed_opens_the_lab",
    "`... hides the course's package`": "test_a_utils_of_the_students_own_is_renamed",
    "`... is cut off or damaged`": f"{STUDENT}/test_file_format.py::test_renaming_it_and_starting_gives_the_lab_again",
    "a cell shows `[*]` for minutes": "test_an_interrupted_kernel_goes_on",
    "the kernel died": "test_a_kernel_that_died_runs_all_again",
    "`NameError` after reopening": "test_running_all_above_gives_the_names_back",
    "an exercise passed and is a stand-in again": "test_running_cell_and_check_again_gives_the_function_back",
    "I broke or deleted a cell of the lab": "test_update_mends_every_lab",
    "times differ from those in the text": "test_nothing_has_to_be_done_about_times",
}


def rows():
    """The table "When things fail": first column -> third column."""
    section = PAGE.partition("## When things fail")[2].partition("\n## ")[0]
    lines = [line.strip().strip("|").split("|") for line in section.splitlines() if line.startswith("| ")][1:]
    return {line[0].strip(): line[-1].strip() for line in lines}


def names_of_tests(path):
    """The names of a file's tests."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def is_there(test):
    """Whether a test of this name, "file::name" or a name in this file, exists."""
    path, _, name = test.rpartition("::")
    return name in names_of_tests(path or f"{STUDENT}/test_remedies.py")


def test_every_row_of_the_page_has_a_test():
    assert list(rows()) == list(TABLE), "a row without a test, or a test without a row"
    assert [test for test in TABLE.values() if not is_there(test)] == []


# What the commands say


MODULES = [
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "utils/student").glob("*.py")),
    *("utils/cli.py", "utils/sentences.py", "utils/jupyter.py", "utils/files.py", "utils/ledger.py", "start.py"),
]
REMEDY = re.compile(
    r"\b(?:give|rename|choose|run '|submit \{|make room|makes? one|make \{|unpack|open it|download|get it back|copy the course"
    r"|see that|mend|brings|try again|--name|Reload|update \{|start again|connect|progress \{|install it|install one)(?!\w)",
    re.IGNORECASE,
)
MESSAGES = {
    "{} is better: 'submit {}' hands that one in.": f"{STUDENT}/test_submit.py::test_a_worse_try_does_not_cost_it_either",
    "Not handed in: {}. To hand in another one, rename it to {} and rename the others away.": (
        f"{STUDENT}/test_submit.py::test_the_remedy_hands_in_another_one"
    ),
    "{} is over the budget, {}. Make a smaller one and submit {} again.": "test_a_smaller_file_is_within_the_budget",
    "rename it to {aside} and run 'python3 start.py', which copies the lab again if you have no other copy": (
        f"{STUDENT}/test_file_format.py::test_renaming_it_and_starting_gives_the_lab_again"
    ),
    "unpack it and put the notebook that it contains here": "test_a_zip_is_unpacked",
    "open it in a text editor, keep one side of each conflict and delete the lines that begin with <<<<<<<, ======= and >>>>>>>": (
        f"{STUDENT}/test_file_format.py::test_resolving_a_merge_makes_it_readable"
    ),
    "download the file itself, not the page that shows it": "test_the_file_itself_is_read",
    "rename it so that it ends in .py, and run 'python3 start.py'": (
        f"{STUDENT}/test_file_format.py::test_a_script_under_its_own_ending_is_out_of_the_way"
    ),
    "there is no lab {}: choose one of {}": "test_every_lab_that_is_offered_is_one",
    "{}: {}. A grader gives 0 points for it; 'update' brings the cell back.": (
        f"{STUDENT}/test_submit.py::test_an_exercise_without_its_cell_is_said"
    ),
    "it defines {}: rename that": "test_the_name_that_is_asked_for_is_found",
    "changed: run 'python3 start.py update {}'": f"{STUDENT}/test_commands.py::test_a_changed_lab_becomes_a_numbered_file",
    "`python3 start.py progress` writes this page again; then choose File, Reload Markdown File from Disk.": (
        f"{STUDENT}/test_commands.py::test_the_page_is_written_again_only_while_it_is_ours"
    ),
    "The exercises of another lab: python3 start.py progress {}, for example.": f"{STUDENT}/test_commands.py::test_progress_of_one_lab",
    "lab {} has no exercise {}: choose one of {}": "test_every_exercise_that_is_offered_is_one",
    "the cell {} also contains {} and does not compile: give {} its own cell first": "test_a_cell_of_its_own_can_be_reset",
    "a name has 1 to 200 printable characters: give yours with --name": "test_a_name_that_is_given_is_taken",
    "you have no copy of {} yet: 'python3 start.py' makes one": "test_the_start_makes_a_copy",
    "several notebooks are copies of {}: give one of {}": f"{STUDENT}/test_commands.py::test_of_several_renamed_ones_none_is_guessed",
    "make room": "test_with_room_the_command_works",
    "copy the course to a place of your own": "test_a_place_of_ones_own_can_be_written",
    "Port {} is in use: give another one with --port, or none to get the next free one.": "test_another_port_serves",
    "Lab {} has changed: 'python3 start.py update {}' brings your answers into today's.": (
        f"{STUDENT}/test_commands.py::test_a_changed_lab_becomes_a_numbered_file"
    ),
    "If the notebook is open: File, Reload Notebook from Disk. Progress shows it as open until you solve it again.": (
        f"{STUDENT}/test_commands.py::test_reset_and_progress_agree"
    ),
    "whose work is it? Give your name with --name 'Ada Lovelace'; it is remembered.": "test_a_name_that_is_given_is_taken",
    "{} was taken. You also have {}{}: to hand in another one, give its name instead of {}.": (
        f"{STUDENT}/test_submit.py::test_of_copies_under_other_names_the_one_saved_last_is_taken_and_said"
    ),
    "It can be handed in as it is. If you mend something, run 'submit {}' again.": "test_the_name_that_is_asked_for_is_found",
    "see that it can be read and written": "test_with_room_the_command_works",
    "{}: {}. Nothing of yours was changed: {} and try again.": "test_with_room_the_command_works",
    "no free port from {} to {}: give one with --port": "test_another_port_serves",
    "get it back with 'git checkout -- {}' in {}": "test_git_gets_a_data_file_back",
    "unpack the course again": "test_the_whole_file_is_taken_again",
    "the ledger could not be written ({}): make {} writable": "test_a_ledger_that_can_be_written_is_written",
    "the ledger could not be read ({}): make {} readable": "test_a_ledger_that_can_be_written_is_written",
    "start it with '{} start.py'": "test_the_python_that_the_message_names_is_good_enough",
    "install one of these": "test_the_python_that_the_message_names_is_good_enough",
    "Python's venv module is missing: install it with 'sudo apt install {}' and start again.": (
        f"{START}::test_a_missing_venv_module_names_the_package"
    ),
    "The folder {} can't be written ({}): copy it to a place of your own.": f"{START}::test_a_read_only_folder_is_named",
    "The environment needs {} GB and the disk has {} GB free: make room and start again.": (f"{START}::test_a_full_disk_is_noticed_before"),
    "The disk became full during the installation: make room and start again.": (
        f"{START}::test_an_interrupted_installation_is_made_afresh"
    ),
    "connect to the network, or give a folder of wheels with --wheelhouse DIR": f"{START}::test_a_folder_of_wheels_is_enough",
    "the folder of wheels lacks it, see --help for how to make one": f"{START}::test_help_says_how_to_make_a_wheelhouse_that_can_build",
    "Another start is installing the environment: wait for it to end, then start again.": (
        f"{START}::test_two_starts_at_once_do_not_install_twice"
    ),
    "The folder .venv belongs to another Python: remove it or activate it, then start again.": (
        f"{START}::test_a_foreign_folder_that_can_not_serve_is_left_alone"
    ),
    "There is no folder {}: give --wheelhouse a folder of wheels.": f"{START}::test_a_folder_of_wheels_is_enough",
}


def templates(path):
    """The strings of a module with its values as {}, without docstrings."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    left = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False):
            left.add(id(node.body[0].value))
        if isinstance(node, ast.JoinedStr):
            left |= {id(part) for part in node.values}
        if isinstance(node, ast.keyword) and node.arg in ("help", "epilog"):  # what --help says about an option is not a remedy
            left |= {id(part) for part in ast.walk(node.value)}
    for node in ast.walk(tree):
        if id(node) in left:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)


def test_every_remedy_of_a_message_has_a_test():
    said = {text for path in MODULES for text in templates(path) if " " in text and REMEDY.search(text)}
    assert said - set(MESSAGES) == set(), "a remedy without a test"
    assert set(MESSAGES) - {text for path in MODULES for text in templates(path)} == set(), "a message that is no longer said"
    assert [test for test in MESSAGES.values() if not is_there(test)] == []


# Doing what they say


def invoke(*arguments):
    """Run the command line in this process."""
    return CliRunner().invoke(cli.app, arguments)


def good(*arguments):
    """What a command says that must succeed, in one line."""
    result = invoke(*arguments)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def refused(*arguments):
    """The one sentence of a command that must fail."""
    result = invoke(*arguments)
    assert result.exit_code == 1, result.output
    return result.stderr.strip()


@pytest.fixture
def launched(monkeypatch):
    """What would have been launched: a list of commands."""
    commands = []
    monkeypatch.setattr(cli, "replace_process", commands.append)
    return commands


@contextmanager
def kernel(place):
    """A function that runs a cell in a kernel and returns (how it ended, the name of its exception)."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(place))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=120)

        def run(text, meanwhile=None):
            wanted = client.execute(text, stop_on_error=False)  # else what comes at once after an error is aborted
            if meanwhile:
                meanwhile(manager)
            while (answer := client.get_shell_msg(timeout=120))["parent_header"].get("msg_id") != wanted:
                pass
            return answer["content"]["status"], answer["content"].get("ename")

        yield run
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_the_python_that_the_message_names_is_good_enough(tmp_path):
    """An unsuitable Python names one that is found on the path, and that one passes the same check."""
    found = tmp_path / "python3.12"
    found.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    found.chmod(0o755)
    ask = "import sys; sys.path.insert(0, sys.argv[1]); import start; start.check_python({})"
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run([sys.executable, "-c", ask.format("(3, 10)"), str(ROOT)], capture_output=True, text=True, env={"PATH": path})
    named = re.search(r"start it with '(python3\.\d+) start\.py'", done.stderr)
    assert named, done.stderr
    subprocess.run([named[1], "-c", ask.format(""), str(ROOT)], check=True, env={"PATH": path})


@pytest.mark.slow
def test_the_address_that_is_printed_opens_the_lab(tmp_path):
    environment = {**os.environ, "TITANS_HOME": str(tmp_path / "work")}
    environment.pop("JUPYTER_TOKEN", None)
    command = [sys.executable, "-P", "-m", "utils.cli", "lab", "--no-browser", "--port", str(jupyter.free_port(19888))]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=log, stderr=log) as server:
        try:
            limit = time.monotonic() + 120
            while not (found := re.search(r"http://localhost:\d+/\S*token=\w+", (tmp_path / "log").read_text())):
                assert server.poll() is None and time.monotonic() < limit, (tmp_path / "log").read_text()
                time.sleep(0.3)
            with urllib.request.urlopen(found[0], timeout=60) as answer:
                assert answer.status == 200 and b"jupyter" in answer.read().lower()
        finally:
            server.terminate()


def test_a_utils_of_the_students_own_is_renamed(tmp_path):
    """The first cell of a lab, run as a kernel does, with its folder in front of the path."""
    first = next(cell.text for cell in cells_of(read_notebook(ROOT / "labs/01_pruning.ipynb")) if cell.kind == "code")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{first}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    (tmp_path / "utils.py").write_text("mine = 1")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert "utils.py hides the course's package: rename that file" in done.stderr
    (tmp_path / "utils.py").rename(tmp_path / "my_utils.py")
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, env=environment)


def test_an_interrupted_kernel_goes_on(tmp_path):
    def interrupt(manager):
        while not (tmp_path / "begun").exists():
            time.sleep(0.05)
        manager.interrupt_kernel()

    with kernel(tmp_path) as run:
        assert run("x = 3") == ("ok", None)
        assert run("open('begun', 'w').close()\nwhile True:\n    pass", interrupt) == ("error", "KeyboardInterrupt")
        assert run("assert x == 3") == ("ok", None)


def test_a_kernel_that_died_runs_all_again(home):
    """The second run finds the memory that was lacking in the first."""
    dies = f"import os\nif not os.path.exists({str(home / 'once')!r}):\n    open({str(home / 'once')!r}, 'w').close()\n    os._exit(137)"
    cells = [{"cell_type": "code", "source": text} for text in (dies, "print('whole')")]
    (home / "01_mine.ipynb").write_text(json.dumps({"cells": cells}))
    assert "its kernel died" in refused("run", "01_mine.ipynb")
    assert good("run", "01_mine.ipynb").endswith("whole")


def test_running_all_above_gives_the_names_back(tmp_path):
    cells = ["import math", "TWO = 2", "assert math.sqrt(TWO) > 1"]
    with kernel(tmp_path) as run:
        assert run(cells[2]) == ("error", "NameError")
        assert [run(one) for one in cells] == [("ok", None)] * 3


def test_running_cell_and_check_again_gives_the_function_back(home, capsys):
    def magnitude_mask(weight, sparsity):
        raise NotImplementedError

    assert check(magnitude_mask) is not magnitude_mask, "a stand-in"

    def cubic_sparsity(step, begin, end, final_sparsity):
        if not 0 <= final_sparsity < 1 or begin >= end:
            raise ValueError("bad")
        share = min(max((step - begin) / (end - begin), 0), 1)
        return final_sparsity * (1 - (1 - share) ** 3)

    for _ in range(2):
        assert check(cubic_sparsity) is cubic_sparsity


LABS = sorted((ROOT / "labs").glob("[0-9]*.ipynb"))


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.stem)
def test_update_mends_every_lab(home, path):
    """A broken setup cell, two deleted cells, one of them a check, and one answer."""
    lab = read_notebook(path)
    student = json.loads(json.dumps(lab))
    by_tag = lambda tag: [one for one in student["cells"] if tag in one["metadata"].get("tags", [])]  # noqa: E731
    by_tag("setup")[1]["source"] = "imprt torch"
    for gone in (by_tag("demo")[0], by_tag("check")[0]):
        student["cells"].remove(gone)
    answered = by_tag("exercise")[0]
    answered["source"] = "".join(answered["source"]).replace("raise NotImplementedError", "return 7  # mine")
    (home / path.name).write_text(as_text(student))
    assert "Mended: " in good("update", path.stem[:2])
    new = read_notebook(home / f"{path.stem}-2.ipynb")
    wanted = {cell.id: cell.text for cell in cells_of(lab)} | {answered["id"]: answered["source"]}
    assert {cell.id: cell.text for cell in cells_of(new)} == wanted
    assert update.damage(lab, new) == []


def test_nothing_has_to_be_done_about_times():
    assert rows()["times differ from those in the text"].startswith("nothing: ")


def test_a_smaller_file_is_within_the_budget(student, mine, home):
    mine(student)
    (home / "01_challenge.safetensors").write_text("x" * 2_000_001)
    assert "is over the budget, by its size. Make a smaller one" in good("submit", "1", "--name", "Ada")
    (home / "01_challenge.safetensors").write_text("x" * 2_000_000)
    assert "over the budget" not in good("submit", "1")


def test_a_zip_is_unpacked(student, labs, home):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("01_first.ipynb", as_text(student))
    (home / "01_first.ipynb").write_bytes(packed.getvalue())
    assert "is a zip, not a notebook: unpack it" in refused("update", "1")
    (home / "01_first.ipynb").rename(home / "packed.zip")
    with zipfile.ZipFile(home / "packed.zip") as archive:
        archive.extractall(home)
    assert "is up to date" in good("update", "1")


def test_the_file_itself_is_read(student, labs, home):
    (home / "01_first.ipynb").write_text("<!DOCTYPE html><html>the page that shows it</html>")
    assert "download the file itself" in refused("submit", "1", "--name", "Ada")
    (home / "01_first.ipynb").write_text(as_text(student))
    good("submit", "1", "--name", "Ada")


def test_every_lab_that_is_offered_is_one(home):
    offered = refused("progress", "77").partition("choose one of ")[2].split(", ")
    assert offered == [path.stem for path in LABS]
    assert [folder.handed_out(one).stem for one in offered] == offered


def test_every_exercise_that_is_offered_is_one(student, mine, home):
    mine(student)
    offered = refused("reset", "1", "nope").partition("choose one of ")[2].split(", ")
    assert all("is the stub already" in good("reset", "1", name) for name in offered)


def test_the_name_that_is_asked_for_is_found(student, mine, home, do):
    one = do.solve(student, "double", "return 2 * x")
    one["source"] = do.text(one).replace("def double", "def twice")
    mine(student)
    said = good("submit", "1", "--name", "Ada")
    assert "it defines twice: rename that as double" in said and "If you mend something, run 'submit 1' again." in said
    one["source"] = one["source"].replace("def twice", "def double")
    mine(student)
    assert good("submit", "1").endswith("It is ready to hand in.")


def test_a_cell_of_its_own_can_be_reset(student, mine, home, do):
    two = do.text(do.solve(student, "halve", "return 2"))
    do.solve(student, "double", "return (")["source"] += "\n\n\n" + two
    student["cells"].remove(do.cell(student, "halve"))
    mine(student)
    assert "give double its own cell first" in refused("reset", "1", "double")
    merged = do.cell(student, "double")
    merged["source"] = merged["source"].removesuffix("\n\n\n" + two)
    do.insert(student, "check-double", two)
    mine(student)
    assert "double is the stub again" in good("reset", "1", "double")


def test_a_name_that_is_given_is_taken(student, mine, home):
    mine(student)
    assert "Give your name with --name 'Ada Lovelace'" in refused("submit", "1")
    assert "give yours with --name" in refused("submit", "1", "--name", "")
    good("submit", "1", "--name", "Ada Lovelace")
    good("submit", "1")  # it is remembered


def test_the_start_makes_a_copy(labs, home, launched):
    assert "'python3 start.py' makes one" in refused("update", "1")
    good("lab", "--no-browser")
    assert "is up to date" in good("update", "1")


@pytest.mark.parametrize("code", [28, 13])
def test_with_room_the_command_works(student, mine, home, monkeypatch, code):
    """The disk has room again, or the file can be read and written again."""
    mine(student)

    def refuse(*_):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", refuse)
        said = refused("submit", "1", "--name", "Ada")
    assert ("make room" if code == 28 else "see that it can be read and written") in said and said.endswith("and try again.")
    good("submit", "1", "--name", "Ada")


def test_a_place_of_ones_own_can_be_written(labs, home, launched, monkeypatch):
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TITANS_HOME", "/proc/my_work")
        assert "copy the course to a place of your own" in refused("lab")
    good("lab", "--no-browser")
    assert (my_work() / "01_first.ipynb").is_file()


def test_another_port_serves(labs, home, launched):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        assert "give another one with --port" in refused("lab", "--port", str(port))
        with pytest.raises(OSError, match="give one with --port"):
            jupyter.free_port(port, tries=1)
        other = jupyter.free_port(port)
        good("lab", "--no-browser", "--port", str(other))
        good("lab", "--no-browser")
    assert f"--ServerApp.port={other}" in launched[0] and len(launched) == 2


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A data file in a folder that stands for the course, and its hash."""
    monkeypatch.setattr(files, "ROOT", tmp_path)
    path = tmp_path / "datasets" / "x.npz"
    write_atomically(path, "whole")
    return path, sha256_of(path)


@pytest.mark.needs("git")
def test_git_gets_a_data_file_back(data, tmp_path):
    path, sha256 = data
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *arguments], check=True)
    for change in (lambda: path.write_text("damaged"), path.unlink):
        change()
        with pytest.raises((ValueError, FileNotFoundError)) as refusal:
            verified(path, sha256)
        command, place = re.search(r"get it back with '(.+)' in (.+)$", str(refusal.value)).groups()
        subprocess.run(command.split(), cwd=place, check=True)
        assert verified(path, sha256) == path


def test_the_whole_file_is_taken_again(data):
    path, sha256 = data
    path.write_text("damaged")
    with pytest.raises(ValueError, match="unpack the course again"):
        verified(path, sha256)
    path.write_text("whole")
    assert verified(path, sha256) == path


def test_a_ledger_that_can_be_written_is_written(home, monkeypatch):
    from utils import ledger

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as locked:
        locked.setattr(ledger, "_load", refuse)
        with pytest.warns(UserWarning, match=f"make {home} writable"):
            assert not ledger.record("exercise", "01/x", {})
        (home / "ledger.json").write_text("{}")
        with pytest.warns(UserWarning, match=r"make .*ledger\.json readable"):
            ledger.read()
    assert ledger.record("exercise", "01/x", {}) and ledger.read() == {"exercise": {"01/x": {}}}
