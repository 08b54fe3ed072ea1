"""start.py: one command makes the environment, repairs it, and says in one sentence why it can't."""

import ast
import contextlib
import functools
import http.server
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
import types
import zipfile

import pytest

from utils.files import ROOT

SOURCE = (ROOT / "start.py").read_text(encoding="utf-8")
COMMAND_LINE = "import json, sys\nprint('HANDED OVER', json.dumps([sys.argv[1:], sys.executable, sys.path]))\n"
# A build backend of a few lines, so that installing the stand-in project needs no package from anywhere.
BACKEND = """
import os, zipfile
def _info(): return "tiny_titans-1.dist-info/"
def build_editable(folder, settings=None, metadata=None):
    name = "tiny_titans-1-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("_tiny_titans.pth", os.getcwd())
        needs = "Requires-Dist: torch\\nRequires-Dist: rest\\n"
        wheel.writestr(_info() + "METADATA", "Metadata-Version: 2.1\\nName: tiny-titans\\nVersion: 1\\n" + needs)
        wheel.writestr(_info() + "WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(_info() + "RECORD", "")
    return name
build_wheel = build_editable
"""


@pytest.fixture
def project(tmp_path):
    """A small stand-in for the course in a folder whose name has a space and a letter outside ASCII."""
    folder = tmp_path / "Übung mit Raum"
    (folder / "utils").mkdir(parents=True)
    (folder / "start.py").write_text(SOURCE, encoding="utf-8")
    (folder / "utils" / "__init__.py").touch()
    (folder / "utils" / "cli.py").write_text(COMMAND_LINE, encoding="utf-8")
    (folder / "backend.py").write_text(BACKEND, encoding="utf-8")
    lines = [
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]',
        '[project]\nname = "tiny-titans"\nversion = "1"',
    ]
    lines.append('dependencies = ["torch>=2", "rest"]')
    (folder / "pyproject.toml").write_text("\n".join(lines), encoding="utf-8")
    (folder / "constraints.txt").write_text("rest==1.0\ntorch==2.14.1\ntorchvision==0.29.1\n", encoding="utf-8")
    return folder


@pytest.fixture
def start(project, monkeypatch):
    """start.py of the stand-in project as a module; it hands over to nothing."""
    spec = importlib.util.spec_from_file_location("start_under_test", project / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.handed_over = []
    monkeypatch.setattr(module, "hand_over", lambda python, arguments, own: module.handed_over.append((python, arguments, own)))
    monkeypatch.setattr(module, "active_is_enough", lambda: False)
    monkeypatch.setattr(module, "answers", lambda index: False)
    monkeypatch.setattr(module.signal, "signal", lambda *ignored: None)
    return module


@pytest.fixture
def pip(start, monkeypatch):
    """Replaces every run of a command by a note of it; `pip.report` and `pip.fails` say how it ends."""
    state = types.SimpleNamespace(commands=[], report="", fails=lambda command: False)

    def run(title, command, log, lock):
        state.commands.append(command)
        if command[1:3] == ["-m", "venv"]:
            python = start.venv_python()
            os.makedirs(os.path.dirname(python), exist_ok=True)
            open(python, "w").close()
            with open(start.inside(".venv", "pyvenv.cfg"), "w") as file:
                file.write(f"version = {sys.version_info[0]}.{sys.version_info[1]}.0\n")
        with open(log, "w") as file:
            file.write(state.report)
        return not state.fails(command)

    monkeypatch.setattr(start, "run", run)
    return state


def one_sentence(capsys):
    """What was said as an error: it must be a single sentence."""
    text = capsys.readouterr().err.strip()
    assert text.endswith(".") and "\n" not in text and "Traceback" not in text
    return text


# Whether to install


def test_a_fresh_folder_is_installed_then_lab_is_opened(start, pip):
    assert start.guarded([]) is None
    assert [command[1:4] for command in pip.commands] == [["-m", "venv", start.inside(".venv")], ["-m", "pip", "install"]]
    assert start.handed_over == [(start.venv_python(), ["lab"], False)]


def test_the_second_start_installs_nothing(start, pip):
    start.guarded([])
    pip.commands.clear()
    start.guarded(["run", "01"])
    assert pip.commands == []
    assert start.handed_over[-1] == (start.venv_python(), ["run", "01"], False)


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_a_changed_list_is_installed_anew_on_top(start, pip, project, changed):
    start.guarded([])
    (project / ".venv" / "own.txt").touch()
    (project / changed).write_text((project / changed).read_text() + "\n# newer\n")
    pip.commands.clear()
    start.guarded([])
    assert len(pip.commands) == 2
    assert (project / ".venv" / "own.txt").exists()
    assert start.is_ready()


def test_an_update_without_network_keeps_the_old_environment(start, pip, project):
    start.guarded([])
    (project / ".venv" / "precious.txt").touch()
    (project / "constraints.txt").write_text("rest==1.1\n")
    pip.fails, pip.report = lambda command: "pip" in command, "WARNING: Retrying ... NewConnectionError"
    assert start.guarded([]) == 1
    assert start.guarded([]) == 1
    assert (project / ".venv" / "precious.txt").exists()
    pip.fails = lambda command: False
    start.guarded([])
    assert start.is_ready()


def test_a_moved_folder_is_installed_anew(start, pip, project, monkeypatch):
    start.guarded([])
    moved = project.with_name("elsewhere")
    project.rename(moved)
    monkeypatch.setattr(start, "ROOT", str(moved))
    assert not start.is_ready()


def test_an_environment_of_another_python_is_remade(start, pip, project):
    start.guarded([])
    (project / ".venv" / "pyvenv.cfg").write_text("version = 3.8.1\n")
    (project / ".venv" / "old.txt").touch()
    start.guarded([])
    assert not (project / ".venv" / "old.txt").exists()
    assert start.is_ready()


def test_an_interrupted_installation_is_made_afresh(start, pip, project):
    pip.fails = lambda command: "pip" in command
    assert start.guarded([]) == 1
    assert not start.is_ready()
    (project / ".venv" / "half.txt").touch()
    pip.fails = lambda command: False
    start.guarded([])
    assert not (project / ".venv" / "half.txt").exists()
    assert start.is_ready()


def test_a_folder_of_the_users_own_is_completed_never_removed(start, pip, project):
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").touch()
    (project / ".venv" / "pyvenv.cfg").write_text(f"version_info = {sys.version_info[0]}.{sys.version_info[1]}.1\n")
    pip.fails = lambda command: "pip" in command
    assert start.guarded([]) == 1
    pip.fails = lambda command: False
    (project / ".venv" / "precious.txt").touch()
    start.guarded([])
    assert (project / ".venv" / "precious.txt").exists()
    assert start.is_ready()


def test_a_foreign_folder_that_can_not_serve_is_left_alone(start, pip, project, capsys):
    (project / ".venv").mkdir()
    (project / ".venv" / "notes.txt").touch()
    assert start.guarded([]) == 1
    assert "remove it" in one_sentence(capsys)
    assert (project / ".venv" / "notes.txt").exists()


def test_an_active_environment_that_has_everything_is_used_as_it_is(start, pip, monkeypatch, project):
    monkeypatch.setattr(start, "active_is_enough", lambda: True)
    start.guarded(["doctor"])
    assert start.handed_over == [(sys.executable, ["doctor"], True)]
    assert not (project / ".venv").exists() and pip.commands == []


@pytest.mark.parametrize(
    ("dependencies", "prefix", "enough"),
    [
        ('["pytest>=1", "PyYAML"]', "/somewhere", True),
        ('["pytest>=999"]', "/somewhere", False),
        ('["no-such-package"]', "/somewhere", False),
        ('["pytest>=1"]', sys.base_prefix, False),
    ],
)
def test_active_means_active_and_complete(project, monkeypatch, dependencies, prefix, enough):
    (project / "pyproject.toml").write_text(f"[project]\ndependencies = {dependencies}\n")
    spec = importlib.util.spec_from_file_location("start_again", project / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "sys", types.SimpleNamespace(prefix=prefix, base_prefix=sys.base_prefix))
    assert module.active_is_enough() is enough


@pytest.fixture
def searching(project):
    """start.py of the stand-in project with its own look at the active environment."""
    spec = importlib.util.spec_from_file_location("start_searching", project / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("dependencies", "lacking"), [('["pytest>=1"]', ""), ('["pytest>=999", "nothing"]', "pytest>=999")])
def test_an_active_conda_environment_counts(searching, project, monkeypatch, tmp_path, dependencies, lacking):
    """Is a conda environment, which hides nothing behind a base, told by its folder conda-meta?"""
    (project / "pyproject.toml").write_text(f"[project]\ndependencies = {dependencies}\n")
    prefix = str(tmp_path / "conda")
    monkeypatch.setattr(searching, "sys", types.SimpleNamespace(prefix=prefix, base_prefix=prefix))
    assert searching.active_lacks() is None
    (tmp_path / "conda" / "conda-meta").mkdir(parents=True)
    assert searching.active_lacks() == lacking
    assert searching.active_is_enough() is (lacking == "")


def test_the_courses_own_environment_is_no_environment_of_the_users(searching, project, monkeypatch):
    monkeypatch.setattr(searching, "sys", types.SimpleNamespace(prefix=str(project / ".venv"), base_prefix="/usr"))
    assert searching.active_lacks() is None


def test_an_active_environment_without_packaging_lacks_it(searching, monkeypatch):
    monkeypatch.setattr(searching, "sys", types.SimpleNamespace(prefix="/somewhere", base_prefix="/usr"))
    monkeypatch.setitem(sys.modules, "packaging.requirements", None)
    assert searching.active_lacks() == "packaging"


def test_what_the_active_environment_lacks_is_said_once(start, pip, monkeypatch, capsys):
    monkeypatch.setattr(start, "active_lacks", lambda: "torch>=2")
    start.guarded([])
    assert "The active environment lacks torch>=2: .venv is made and used instead." in capsys.readouterr().out
    start.guarded([])
    assert "lacks" not in capsys.readouterr().out


def test_help_on_a_fresh_machine_installs_nothing(start, pip, capsys):
    assert start.guarded(["--help"]) == 0
    assert "start.py test" in capsys.readouterr().out
    assert pip.commands == []


# Where the packages come from


def test_only_torch_comes_from_its_own_index(start):
    first, rest = start.pip_commands("https://example.org/cpu", None)
    assert first == ["--index-url", "https://example.org/cpu", "--no-deps", "torch==2.14.1", "torchvision==0.29.1"]
    assert rest == ["--constraint", "constraints.txt", "--editable", "."]


def test_without_an_index_of_its_own_pip_runs_once_as_it_is_configured(start):
    assert start.pip_commands(None, None) == [["--constraint", "constraints.txt", "--editable", "."]]


def test_a_wheelhouse_is_the_only_source(start, tmp_path, monkeypatch):
    (only,) = start.pip_commands(None, str(tmp_path))
    assert only[:3] == ["--no-index", "--find-links", str(tmp_path)]
    monkeypatch.chdir(tmp_path)
    assert start.pip_commands(None, "wheels")[0][2] == str(tmp_path / "wheels")  # pip runs in another folder


@pytest.mark.parametrize(("wheel", "needed"), [("torch-2.whl", "cpu"), ("nvidia_cudnn-9.whl", "default")])
def test_a_wheelhouse_with_nvidias_libraries_needs_their_room(start, pip, monkeypatch, tmp_path, wheel, needed):
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / wheel).touch()
    asked = []
    monkeypatch.setattr(start, "check_disk", asked.append)
    start.guarded(["--wheelhouse", str(tmp_path / "wheels")])
    assert asked == [needed]


def test_help_says_how_to_make_a_wheelhouse_that_can_build():
    """Does the recipe name what the build system asks for? pip download leaves it out by itself."""
    (wanted,) = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    assert f'pip download --dest DIR --constraint constraints.txt . "{wanted}"' in SOURCE


@pytest.mark.parametrize(
    ("platform", "gpu", "reachable", "expected"),
    [("linux", False, True, "cpu"), ("linux", False, False, None), ("linux", True, True, None), ("darwin", False, True, None)],
)
def test_the_small_build_is_for_linux_without_a_gpu(start, monkeypatch, platform, gpu, reachable, expected):
    monkeypatch.setattr(start, "sys", types.SimpleNamespace(platform=platform))
    monkeypatch.setattr(start, "has_nvidia", lambda: gpu)
    monkeypatch.setattr(start, "answers", lambda index: reachable)
    options = types.SimpleNamespace(torch_index=None, wheelhouse=None)
    assert start.torch_index(options) == (start.CPU_INDEX if expected else None)


def test_when_the_small_build_fails_the_default_one_is_taken(start, pip, monkeypatch, capsys):
    monkeypatch.setattr(start, "torch_index", lambda options: start.CPU_INDEX)
    pip.fails = lambda command: "--index-url" in command
    assert start.guarded([]) is None
    assert start.is_ready()
    assert "default" in capsys.readouterr().out


def test_an_index_that_was_asked_for_is_never_replaced(start, pip, capsys):
    pip.fails = lambda command: "--index-url" in command
    pip.report = "ERROR: No matching distribution found for torch==2.14.1\n"
    assert start.guarded(["--torch-index", "https://example.org/cpu"]) == 1
    assert "No matching distribution found for torch==2.14.1" in one_sentence(capsys)
    assert not start.is_ready()


def test_an_index_that_does_not_answer_costs_seconds(project):
    """Does the probe give up on a server that accepts and then says nothing?"""
    spec = importlib.util.spec_from_file_location("start_probing", project / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.PROBE_SECONDS = 0.2
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not module.answers(f"http://127.0.0.1:{silent.getsockname()[1]}")


# Troubles, each one sentence


def run_start(folder, *arguments, python=sys.executable, before="", **environment):
    """Run start.py in a process of its own, with nothing of this environment's left in it."""
    dropped = ("PIP_", "PYTHON", "VIRTUAL_ENV", "CONDA")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    clean.update(PIP_CONFIG_FILE=os.devnull, PIP_NO_CACHE_DIR="1", PIP_RETRIES="1", **environment)
    command = [python, str(folder / "start.py"), *arguments]
    if before:  # statements that change the interpreter first
        code = f"import sys, runpy\n{before}\nsys.argv = {command[1:]!r}\nrunpy.run_path({command[1]!r}, run_name='__main__')"
        command = [python, "-c", code]
    return subprocess.run(command, env=clean, capture_output=True, text=True, timeout=110, cwd=folder.parent)


@pytest.mark.parametrize(("said", "kept"), [("C", "C.UTF-8"), ("POSIX", "C.UTF-8"), ("de_DE.UTF-8", "de_DE.UTF-8"), ("", "")])
def test_a_locale_that_knows_no_accent_is_left(start, monkeypatch, said, kept):
    monkeypatch.setenv("LC_ALL", said)
    start.speak_utf8()
    assert os.environ["LC_ALL"] == kept


def base_python():
    """The Python under this environment: nothing is active in it."""
    return getattr(sys, "_base_executable", None) or sys.executable


def assert_one_sentence(result, *words):
    """Exit code 1, one line on stderr, these words in it."""
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    for word in words:
        assert word in result.stderr


def test_old_pythons_can_read_it():
    """Does Python 3.6 get as far as being told that it is too old?"""
    ast.parse(SOURCE, feature_version=(3, 6))


@pytest.mark.parametrize("version", ["(3, 8, 18)", "(3, 10, 1)", "(3, 14, 0)"])
def test_an_unsuitable_python_is_told_so(project, version):
    result = run_start(project, python=base_python(), before=f"sys.version_info = {version}", PATH="")
    assert_one_sentence(result, "3.11, 3.12 or 3.13", ".".join(version.strip("()").split(", ")[:2]), "install one of these")


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_missing_venv_module_names_the_package(project, missing):
    result = run_start(project, python=base_python(), before=f"sys.modules[{missing!r}] = None")
    assert_one_sentence(result, f"apt install python3.{sys.version_info[1]}-venv")


def test_a_full_disk_is_noticed_before(start, pip, monkeypatch, capsys):
    monkeypatch.setattr(start.shutil, "disk_usage", lambda path: types.SimpleNamespace(free=3 << 30))
    assert start.guarded([]) == 1
    text = one_sentence(capsys)
    assert "3.0 GB free" in text and str(start.NEEDED_GIB["default"]) in text
    assert pip.commands == []


def test_a_disk_that_becomes_full_is_named(start, pip, capsys):
    pip.report = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"
    pip.fails = lambda command: "pip" in command
    assert start.guarded([]) == 1
    assert "disk became full" in one_sentence(capsys)


def test_a_disk_that_becomes_full_while_start_writes_is_named(start, capsys, monkeypatch):
    def full(options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(start, "install", full)
    assert start.guarded([]) == 1
    assert "disk became full" in one_sentence(capsys)


def test_a_read_only_folder_is_named(start, pip, monkeypatch, capsys):
    monkeypatch.setattr(start, "ROOT", "/sys" if sys.platform == "linux" else "/dev")  # not even root may write there
    assert start.guarded([]) == 1
    assert "can't be written" in one_sentence(capsys)
    assert pip.commands == []


def test_a_missing_network_points_to_the_wheelhouse(start, pip, capsys):
    pip.report = "WARNING: Retrying after connection broken by 'NewConnectionError(...)'\nERROR: No matching distribution found for torch\n"
    pip.fails = lambda command: "pip" in command
    assert start.guarded([]) == 1
    assert "--wheelhouse" in one_sentence(capsys)


@pytest.mark.parametrize(("options", "remedy"), [(["--wheelhouse"], "folder of wheels lacks it"), ([], "package index does not have it")])
def test_a_package_that_is_nowhere_is_named(start, pip, capsys, tmp_path, options, remedy):
    """Is it found too where pip reports it from within the build of another package?"""
    pip.report = "  ERROR: No matching distribution found for setuptools>=77\nerror: subprocess-exited-with-error\n"
    pip.fails = lambda command: "pip" in command
    assert start.guarded([*options, *([str(tmp_path)] if options else [])]) == 1
    text = one_sentence(capsys)
    assert "setuptools>=77" in text and remedy in text


def test_a_missing_wheelhouse_is_named(start, pip, capsys):
    assert start.guarded(["--wheelhouse", "/no/such/folder"]) == 1
    assert "/no/such/folder" in one_sentence(capsys)


def test_two_starts_at_once_do_not_install_twice(start, pip, capsys):
    with start.only_one_installs():
        assert start.guarded([]) == 1
    assert "Another start is installing" in one_sentence(capsys)
    assert pip.commands == []


def test_an_interruption_ends_the_running_command_too(start, monkeypatch, project):
    """Does Ctrl-C leave no pip behind that goes on writing?"""
    running = []

    def interrupted(process, title):
        running.append(process)
        raise KeyboardInterrupt

    (project / ".venv").mkdir()
    monkeypatch.setattr(start, "follow", interrupted)
    sleeper = [sys.executable, "-c", "import time; time.sleep(100)"]
    monkeypatch.setattr(start, "install", lambda options: start.run("x", sleeper, project / "log", 0))
    assert start.guarded([]) == 130
    assert running[0].poll() is not None


# The real thing, with wheels of a few hundred bytes


def make_wheel(folder, name, version):
    """Write a wheel that holds nothing but its own metadata."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}/__init__.py", f"__version__ = {version!r}\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def packages(tmp_path):
    """Two package indexes on one local server: /cpu has torch's small build, /all the default one and the rest."""
    site, asked, slow = tmp_path / "site", [], threading.Event()
    for index, name, version in [
        ("cpu", "torch", "2.14.1+cpu"),
        ("cpu", "torchvision", "0.29.1+cpu"),
        ("all", "torch", "2.14.1"),
        ("all", "rest", "1.0"),
    ]:
        make_wheel(site / index / name, name, version)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            if slow.is_set() and self.path.startswith("/all/rest"):
                time.sleep(60)
            super().do_GET()

        def log_message(self, *ignored):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(site)))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    yield types.SimpleNamespace(cpu=f"{url}/cpu", all=f"{url}/all", site=site, asked=asked, slow=slow)
    server.shutdown()


def handed_over(result):
    """(arguments, interpreter, sys.path) of the command line that start.py handed over to."""
    assert result.returncode == 0, result.stdout + result.stderr
    (line,) = (line for line in result.stdout.splitlines() if line.startswith("HANDED OVER"))
    return json.loads(line.removeprefix("HANDED OVER "))


def installed(project, name):
    """The version of a package in the project's .venv."""
    code = f"import importlib.metadata as m; print(m.version({name!r}))"
    return subprocess.run([project / ".venv" / "bin" / "python", "-c", code], capture_output=True, text=True).stdout.strip()


def use_as_cpu_index(project, url):
    """Make start.py of the stand-in project probe this index instead of PyTorch's."""
    text = SOURCE.replace("https://download.pytorch.org/whl/cpu", url).replace("def has_nvidia():", "def has_nvidia():\n    return False\n")
    assert url in text
    text = text.replace('"cpu": 3, "default": 9', '"cpu": 0, "default": 0')
    (project / "start.py").write_text(text, encoding="utf-8")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the CPU-only index is for Linux")
def test_torch_comes_from_the_small_index_and_the_rest_from_the_default_one(project, packages):
    use_as_cpu_index(project, packages.cpu)
    first = run_start(project, "run", "01", python=base_python(), PIP_INDEX_URL=packages.all)
    arguments, python, path = handed_over(first)
    assert arguments == ["run", "01"]
    assert os.path.samefile(os.path.dirname(python), project / ".venv" / "bin")
    assert str(project) in path and str(project.parent) not in path  # not even though it was started there
    assert (installed(project, "torch"), installed(project, "rest")) == ("2.14.1+cpu", "1.0")
    assert not [asked for asked in packages.asked if asked.startswith("/cpu/rest")]
    packages.asked.clear()
    handed_over(run_start(project, python=base_python(), PIP_INDEX_URL=packages.all))
    assert packages.asked == []  # the second start asks nobody


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the CPU-only index is for Linux")
def test_an_index_without_the_pinned_torch_is_left_for_the_default_one(project, packages):
    use_as_cpu_index(project, packages.cpu)
    next((packages.site / "cpu" / "torch").glob("*.whl")).unlink()
    handed_over(run_start(project, python=base_python(), PIP_INDEX_URL=packages.all))
    assert installed(project, "torch") == "2.14.1"


@pytest.mark.slow
@pytest.mark.parametrize("options", [["--torch-index", "{}", "run", "01"], ["run", "01", "--torch-index={}"]])
def test_an_index_that_was_asked_for_serves_torch(project, packages, options):
    """In front of the command and behind it; the probed index is not asked."""
    use_as_cpu_index(project, "http://127.0.0.1:9/cpu")
    given = [option.format(packages.cpu) for option in options]
    arguments, _, _ = handed_over(run_start(project, *given, python=base_python(), PIP_INDEX_URL=packages.all))
    assert arguments == ["run", "01"]
    assert (installed(project, "torch"), installed(project, "rest")) == ("2.14.1+cpu", "1.0")
    assert not [asked for asked in packages.asked if asked.startswith("/all/torch/") and asked.endswith(".whl")]


@pytest.mark.slow
@pytest.mark.parametrize("complete", [True, False])
def test_a_real_active_environment_is_used_if_it_is_complete(project, packages, tmp_path, complete):
    """A venv of the user's own with the packages in it: no .venv is made; without one of them it is."""
    import packaging

    own = tmp_path / "own"
    subprocess.run([base_python(), "-m", "venv", "--without-pip", str(own)], check=True)
    site = next(own.glob("[Ll]ib/**/site-packages"))
    for wheel in packages.site.glob("all/*/*.whl"):
        if complete or "rest" not in wheel.name:
            zipfile.ZipFile(wheel).extractall(site)
    shutil.copytree(os.path.dirname(packaging.__file__), site / "packaging")
    use_as_cpu_index(project, "http://127.0.0.1:9/cpu")
    python = own / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    result = run_start(project, "doctor", python=str(python), PIP_INDEX_URL=packages.all)
    arguments, interpreter, path = handed_over(result)
    assert arguments == ["doctor"] and str(project) in path
    assert os.path.samefile(os.path.dirname(interpreter), python.parent) is complete
    assert (project / ".venv").exists() is not complete
    assert ("lacks rest" in result.stdout) is not complete


@pytest.mark.slow
def test_a_folder_of_wheels_is_enough(project, packages, tmp_path):
    for wheel in packages.site.glob("*/*/*.whl"):
        shutil.copy(wheel, tmp_path)
    use_as_cpu_index(project, packages.cpu)
    handed_over(run_start(project, "--wheelhouse", str(tmp_path), python=base_python(), PIP_INDEX_URL="http://127.0.0.1:9/"))
    assert installed(project, "torch") == "2.14.1+cpu"
    assert packages.asked == []


@pytest.mark.slow
def test_without_network_it_says_so(project):
    use_as_cpu_index(project, "http://127.0.0.1:9/cpu")
    result = run_start(project, python=base_python(), PIP_INDEX_URL="http://127.0.0.1:9/")
    assert_one_sentence(result, "--wheelhouse")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals and locks")
def test_a_killed_installation_is_repaired_by_the_next_start(project, packages):
    """start.py dies without a chance to clean up while pip waits: is the orphan respected, and the rest made good?"""
    use_as_cpu_index(project, "http://127.0.0.1:9/cpu")
    packages.slow.set()
    environment = {**os.environ, "PIP_INDEX_URL": packages.all, "PIP_CONFIG_FILE": os.devnull}
    dying = subprocess.Popen([base_python(), str(project / "start.py")], env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        limit = time.monotonic() + 90
        while not any(asked.startswith("/all/rest") for asked in packages.asked):
            assert time.monotonic() < limit and dying.poll() is None
            time.sleep(0.1)
        dying.kill()
        dying.wait()
        again = run_start(project, python=base_python(), PIP_INDEX_URL=packages.all)
        assert_one_sentence(again, "Another start is installing")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(dying.pid, signal.SIGKILL)
    packages.slow.clear()
    time.sleep(0.5)  # the kernel lets go of the orphan's lock
    repaired = run_start(project, python=base_python(), PIP_INDEX_URL=packages.all)
    handed_over(repaired)
    assert "not whole: making it again" in repaired.stdout
    assert installed(project, "rest") == "1.0"
