"""The command line: labs are copied but never overwritten, Jupyter keeps to its corner, failures are one sentence."""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import nbformat
import pytest
from typer.testing import CliRunner

from utils import cli, doctor, jupyter
from utils.files import ROOT
from utils.student import folder


def write_notebook(path, *sources):
    """A notebook of code cells."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.fixture
def labs(tmp_path, monkeypatch):
    """A labs/ folder with two labs, used instead of the course's."""
    place = tmp_path / "labs"
    write_notebook(place / "01_first.ipynb", "print('one')")
    write_notebook(place / "02_second.ipynb", "print('two')")
    monkeypatch.setattr(folder, "LABS", place)
    return place


@pytest.fixture(autouse=True)
def _environment_is_put_back(monkeypatch, tmp_path):
    for name, value in jupyter.own_corner(tmp_path / "before").items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def launched(monkeypatch):
    """What would have been launched: a list of commands."""
    commands = []
    monkeypatch.setattr(cli, "replace_process", commands.append)
    return commands


def invoke(*arguments):
    """Run the command line in this process."""
    return CliRunner().invoke(cli.app, arguments)


# lab


def test_lab_opens_my_work_with_the_labs_in_it(labs, home, launched):
    result = invoke("lab", "--no-browser")
    assert result.exit_code == 0, result.output
    (command,) = launched
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={home.resolve()}" in command
    assert "--no-browser" in command
    assert (home / "01_first.ipynb").exists()


def test_lab_opens_on_the_course_page(labs, home, launched):
    (home / "course.md").write_text("my notes")  # then the page has another name
    invoke("lab")
    assert "--LabApp.default_url=/lab/tree/course-2.md" in launched[0]
    assert "01_first.ipynb" in (home / "course-2.md").read_text() and (home / "course.md").read_text() == "my notes"


def test_markdown_is_shown_rather_than_edited(labs, home, launched):
    invoke("lab")
    (path,) = (home / ".jupyter" / "config").rglob("plugin.jupyterlab-settings")
    assert json.loads(path.read_text()) == {"defaultViewers": {"markdown": "Markdown Preview"}}


def test_a_page_that_fails_keeps_nobody_from_the_labs(labs, home, launched):
    (labs / "03_broken.ipynb").write_text("not json")
    result = invoke("lab")
    assert result.exit_code == 0 and "course page could not be written" in result.stderr
    assert not any("default_url" in part for part in launched[0])


def test_lab_says_which_lab_has_changed(labs, home, launched):
    invoke("lab")
    write_notebook(labs / "01_first.ipynb", "print('other')")
    assert "'python3 start.py update 01'" in invoke("lab").output


def test_jupyter_keeps_to_its_corner(labs, home, launched):
    invoke("lab")
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        assert os.environ[name].startswith(str(home.resolve() / ".jupyter"))


def test_news_and_updates_are_off_until_the_student_says_otherwise(labs, home, launched):
    invoke("lab")
    (path,) = (home / ".jupyter" / "config").rglob("notification.jupyterlab-settings")
    assert json.loads(path.read_text()) == {"fetchNews": "false", "checkForUpdates": False}
    path.write_text("{}")
    invoke("lab")
    assert path.read_text() == "{}"


@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, False)])
def test_only_root_is_allowed_as_root(monkeypatch, tmp_path, user, allowed):
    monkeypatch.setattr(jupyter.os, "geteuid", lambda: user, raising=False)
    assert ("--allow-root" in jupyter.lab_command(tmp_path, 8888, True)) is allowed


def test_a_taken_port_is_passed_over_and_said(labs, home, launched, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        monkeypatch.setattr(jupyter, "FIRST_PORT", port)
        monkeypatch.setattr(jupyter, "free_port", lambda: jupyter.is_free(port) or port + 1)
        result = invoke("lab")
    assert f"Port {port} is in use: serving on {port + 1}." in result.output
    assert f"--ServerApp.port={port + 1}" in launched[0]


def test_a_port_that_another_address_of_localhost_holds_is_not_free(monkeypatch):
    """As where a server listens on [::1] alone: Jupyter asks for every address."""
    with socket.create_server(("127.0.0.1", 0)) as busy:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            port = other.getsockname()[1]
        entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "", busy.getsockname())
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [entry])
        assert not jupyter.is_free(port)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
        assert jupyter.is_free(port)


@pytest.mark.parametrize("trouble", [OSError("no such name"), socket.gaierror(-2, "unknown")])
def test_a_computer_that_does_not_know_localhost_or_a_family_has_free_ports(monkeypatch, trouble):
    def unknown(*_, **__):
        raise trouble

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert jupyter.is_free(jupyter.free_port(20000))
    strange = [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::1", 20000, 0, 0)), (999, 1, 6, "", ("x", 1))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: strange)
    assert jupyter.is_free(jupyter.free_port(20000)), "an address or a family that is not there holds no port"


def test_a_server_on_ipv6_alone_holds_its_port():
    try:
        busy = socket.create_server(("::1", 0), family=socket.AF_INET6)
        known = any(one[4][0] == "::1" for one in socket.getaddrinfo("localhost", 80))
    except OSError:
        return  # no IPv6 here: there is no such server
    with busy:
        assert jupyter.is_free(busy.getsockname()[1]) is not known


def test_a_user_without_a_home_directory_gets_one(monkeypatch, tmp_path):
    with monkeypatch.context() as without:
        without.setattr(os.path, "expanduser", lambda path: path)
        found = jupyter.own_corner(tmp_path / "corner")
    assert found["HOME"] == str(tmp_path / "corner" / "home") and os.path.isdir(found["HOME"])
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "HOME" not in jupyter.own_corner(tmp_path / "corner")


def test_the_next_free_port_is_found():
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        assert port < jupyter.free_port(port) <= port + 100
        with pytest.raises(OSError, match="--port"):
            jupyter.free_port(port, tries=1)


def test_a_taken_port_that_was_asked_for_is_one_sentence(labs, home, launched):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        result = invoke("lab", "--port", str(busy.getsockname()[1]))
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1 and "--port" in result.stderr
    assert launched == []


def test_a_read_only_my_work_is_one_sentence(labs, launched, monkeypatch):
    monkeypatch.setenv("TITANS_HOME", "/proc/my_work")  # not even root may make it
    result = invoke("lab")
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1 and "can't be written" in result.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="ends the server by a POSIX signal")
def test_jupyterlab_really_serves_my_work(tmp_path):
    port, token = jupyter.free_port(18888), secrets.token_hex(8)
    environment = {**os.environ, "TITANS_HOME": str(tmp_path / "mein Übungsheft"), "JUPYTER_TOKEN": token}
    command = [sys.executable, "-P", "-m", "utils.cli", "lab", "--no-browser", "--port", str(port)]
    output = (tmp_path / "log").open("wb")
    server = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=output, stderr=output)
    try:
        limit = time.monotonic() + 90
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/contents?token={token}", timeout=10) as answer:
                    listed = {entry["name"] for entry in json.load(answer)["content"]}
                break
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                assert server.poll() is None and time.monotonic() < limit, (tmp_path / "log").read_text()
                time.sleep(0.3)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
        output.close()
    assert listed == {path.name for path in (ROOT / "labs").glob("*.ipynb")} | {"course.md"}


# run


def test_run_shows_what_the_last_cell_shows(labs, home):
    write_notebook(home / "01_mine.ipynb", "print('early')", "print('card')\n42", "quiet = 1")
    before = (home / "01_mine.ipynb").read_bytes()
    result = invoke("run", "1")
    assert result.exit_code == 0, result.output
    assert result.output.rstrip().endswith("card\n42")
    assert "early" not in result.output
    assert (home / "01_mine.ipynb").read_bytes() == before


def test_run_shows_the_scorecard_where_there_is_one(labs, home):
    path = home / "01_mine.ipynb"
    write_notebook(path, "print('early')", "print('card')", "print('late')")
    notebook = json.loads(path.read_text())
    notebook["cells"][1]["id"] = "scorecard"
    path.write_text(json.dumps(notebook))
    result = invoke("run", "1")
    assert "card" in result.output and "early" not in result.output and "late" not in result.output


def test_run_says_nothing_else(home):
    """Is the output free of the kernel's own warnings?"""
    write_notebook(home / "01_mine.ipynb", "print('card')")
    command = [sys.executable, "-P", "-m", "utils.cli", "run", "1"]
    result = subprocess.run(command, env={**os.environ, "TITANS_HOME": str(home)}, capture_output=True, text=True, check=True)
    assert result.stderr == ""
    assert result.stdout.rstrip().endswith("card")


def test_run_names_the_cell_that_fails(labs, home):
    write_notebook(home / "01_mine.ipynb", "fine = 1", "\n# broken on purpose\n1 / 0", "print('never')")
    result = invoke("run", "01")
    assert result.exit_code == 1
    sentence = result.stderr.strip()
    assert sentence == '01_mine.ipynb stopped in the cell "# broken on purpose": ZeroDivisionError: division by zero'


def test_run_says_when_a_kernel_dies(labs, home):
    write_notebook(home / "01_mine.ipynb", "import os\nos._exit(1)")
    result = invoke("run", "01")
    assert result.exit_code == 1
    assert re.search(r"cell \"import os\": its kernel died", result.stderr)


def test_run_refuses_what_is_no_notebook(labs, home):
    (home / "01_mine.ipynb").write_text("not json")
    result = invoke("run", "01")
    assert result.exit_code == 1
    assert "01_mine.ipynb is not a notebook: rename it" in result.stderr


def test_settings_of_matplotlib_are_kept_out(labs, home, tmp_path, monkeypatch):
    """Wherever the user's file is; by the lab's first line also where Jupyter was started by something else."""
    (tmp_path / "mpl").mkdir()
    for place in (tmp_path / "mpl", home):
        (place / "matplotlibrc").write_text("text.usetex: True\naxes.facecolor: red\n")
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "mpl"))
    first = "import utils; utils.lab_setup('01')\nimport matplotlib as mpl"
    write_notebook(home / "01_mine.ipynb", first, "print(mpl.rcParams['text.usetex'], mpl.rcParams['axes.facecolor'])")
    result = invoke("run", "1")
    assert result.exit_code == 0 and result.output.rstrip().endswith("False #FDFDFD"), result.output


def test_a_failure_in_drawing_is_named(labs, home):
    draws = "class Figure:\n    def _repr_png_(self):\n        raise RuntimeError('latex could not be found')\n\nFigure()"
    write_notebook(home / "01_mine.ipynb", "fine = 1", draws)
    result = invoke("run", "1")
    said = result.stderr.strip()
    assert result.exit_code == 1 and "None" not in said
    assert said.endswith('the cell "class Figure:": its result can\'t be shown: RuntimeError: latex could not be found')


def test_progress_counts_code_cells(labs, home):
    path = write_notebook(home / "01_mine.ipynb", "1", "2", "3")
    seen = []
    jupyter.run_notebook(path, lambda done, of: seen.append((done, of)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


# doctor and the commands of others


def test_the_processor_is_read_from_its_description():
    intel = "processor : 0\nmodel name : A Chip\nflags : fpu avx2 avx512_vnni amx_int8\n"
    arm = "processor : 0\nFeatures : fp asimd asimddp\n"
    assert doctor.cpu(intel) == ("A Chip", ["avx2", "avx512_vnni", "amx_int8"])
    assert doctor.cpu(arm)[1] == ["asimd", "asimddp"]


def test_an_energy_counter_counts_only_if_it_can_be_read(tmp_path):
    counter = tmp_path / "energy_uj"
    assert not doctor.energy_counter(counter)
    counter.write_text("123456\n")
    assert doctor.energy_counter(counter)


def test_a_missing_tool_comes_with_its_lab_and_its_package(monkeypatch):
    monkeypatch.setenv("PATH", "")
    notes = {what: (found, note) for what, found, note in doctor.rows()}
    assert notes["arm-none-eabi-gcc"] == (
        "missing",
        "labs 07 and 11; tests of code for a board are left out; sudo apt install gcc-arm-none-eabi",
    )
    assert notes["chromium"][0] == "missing"


def test_doctor_prints_its_report():
    result = invoke("doctor")
    assert result.exit_code == 0
    for word in ("Python", "processor", "energy counter", "chromium"):
        assert word in result.output


def test_entry_points_add_commands():
    (point,) = (point for point in cli._commands() if point.name == "course")
    assert point.value == "course.cli:add_commands"


def test_commands_are_found_where_the_project_is_not_installed(monkeypatch):
    monkeypatch.setattr(cli, "entry_points", lambda group: [])
    assert [point.value for point in cli._commands()] == ["course.cli:add_commands"]


def test_the_tree_goes_before_another_copy_that_is_installed(monkeypatch, tmp_path):
    """A hand-out that runs in a maker's environment offers its own test, not the maker's."""
    (tmp_path / "pyproject.toml").write_text(f'[project.entry-points."{cli.GROUP}"]\nhandout = "utils.handout:add_commands"\n')
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    assert [point.value for point in cli._commands()] == ["utils.handout:add_commands"]


def test_without_a_project_file_the_installed_packages_say_it(monkeypatch, tmp_path):
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    monkeypatch.setattr(cli, "entry_points", lambda group: [cli.EntryPoint("x", "utils.x:add_commands", group)])
    assert [point.value for point in cli._commands()] == ["utils.x:add_commands"]


def test_a_hand_out_without_course_has_no_maker_commands(monkeypatch):
    monkeypatch.setattr(cli, "find_spec", lambda name: None)
    assert list(cli._commands()) == []
