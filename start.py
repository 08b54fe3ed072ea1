#!/usr/bin/env python3
"""The front door of Tiny Titans. Needs nothing but Python 3.11, 3.12 or 3.13.

    python3 start.py            make the environment if needed, open the labs in JupyterLab
    python3 start.py test       make the environment if needed, check the whole course
    python3 start.py --help     all commands (once the environment is there)

Options for the installation, in front of or behind the command:

    --torch-index URL           take torch and torchvision from this package index
    --wheelhouse DIR            take everything from this folder of wheels, no network; make it with the
                                same Python, where there is a network, in this folder:
                                pip download --dest DIR --constraint constraints.txt . "setuptools>=77"

The environment lies in .venv beside this file and is about 6 GB large (2 GB without a graphics
card, where PyTorch's own index can be reached). An environment of your own (venv, conda) that is
active and has all that pyproject.toml asks for is used as it is. Only the standard library is used here, in a
syntax that old Pythons read too: whoever has one is told so in a sentence.
"""

import argparse
import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request

ROOT = os.path.dirname(os.path.abspath(__file__))
OLDEST, NEWEST = (3, 11), (3, 13)
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PROBE_SECONDS = 3
GIB = 1 << 30
NEEDED_GIB = {"cpu": 3, "default": 9}  # the packages and, while they are unpacked, their wheels
UNFINISHED = "unfinished"
NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|Network is unreachable|name resolution|timed out|ProxyError"
)


class StartError(Exception):
    """Something that the user can mend; its text is the one sentence that is shown."""


def inside(*parts):
    """A path inside the project."""
    return os.path.join(ROOT, *parts)


def read(path):
    """The text of a file, empty if there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def runs(command):
    """Whether a command can be started and ends well."""
    try:
        return subprocess.call(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


# What must hold before anything is installed


def check_python(version=None):
    """Raise unless this is a Python that the course supports; name a better one if there is one."""
    version = tuple((version or sys.version_info)[:2])
    if OLDEST <= version <= NEWEST:
        return
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    better = next((name for name in names if shutil.which(name) and runs([name, "-c", ""])), None)
    remedy = f"start it with '{better} start.py'" if better else "install one of these"
    raise StartError(f"Tiny Titans needs Python 3.11, 3.12 or 3.13 and this is {version[0]}.{version[1]}: {remedy}.")


def check_venv_module():
    """Raise if the standard library came without what makes environments (Debian packs it apart)."""
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        raise StartError(f"Python's venv module is missing: install it with 'sudo apt install {package}' and start again.")


def check_writable():
    """Raise if nothing can be written here (a read-only medium, another user's folder)."""
    probe = inside(f".write-test-{os.getpid()}")
    try:
        with open(probe, "w"):
            pass
        os.remove(probe)
    except OSError as error:
        raise StartError(f"The folder {ROOT} can't be written ({error.strerror}): copy it to a place of your own.") from error


def check_disk(source):
    """Raise if the environment would not fit. source: "cpu" (the small build of torch) or "default"."""
    free, needed = shutil.disk_usage(ROOT).free / GIB, NEEDED_GIB[source]
    if free < needed:
        raise StartError(f"The environment needs {needed} GB and the disk has {free:.1f} GB free: make room and start again.")


# Whether there is an environment already


def digest():
    """What .venv was made from: the two lists, its Python, the place (scripts hold paths)."""
    parts = [read(inside("pyproject.toml")), read(inside("constraints.txt")), read(inside(".venv", "pyvenv.cfg")), ROOT]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def stamp_path():
    """The file in .venv that says what the environment was made from; written when all is done."""
    return inside(".venv", "titans-stamp")


def write_stamp(text):
    """Say what state .venv is in: a digest, or that it is unfinished."""
    with open(stamp_path(), "w", encoding="utf-8") as file:
        file.write(text)


def venv_python():
    """The interpreter inside .venv."""
    return inside(".venv", "Scripts", "python.exe") if os.name == "nt" else inside(".venv", "bin", "python")


def is_ready():
    """Whether .venv is whole and was made from today's lists."""
    return read(stamp_path()) == digest() and os.path.exists(venv_python())


def active_is_enough():
    """Whether an environment of the user's own is active and has all that pyproject.toml asks for."""
    return active_lacks() == ""


def active_lacks():
    """The first package that the user's own active environment lacks, "" if none; None where no such environment is active."""
    if sys.prefix == sys.base_prefix and not os.path.isdir(os.path.join(sys.prefix, "conda-meta")):
        return None
    if os.path.realpath(sys.prefix) == os.path.realpath(inside(".venv")):
        return None  # ours, looked after by its stamp
    import importlib.metadata
    import tomllib

    try:
        from packaging.requirements import Requirement
    except ImportError:
        return "packaging"
    for line in tomllib.loads(read(inside("pyproject.toml")))["project"]["dependencies"]:
        wanted = Requirement(line)
        try:
            if not wanted.specifier.contains(importlib.metadata.version(wanted.name), prereleases=True):
                return line
        except importlib.metadata.PackageNotFoundError:
            return line
    return ""


# Making it


def has_nvidia():
    """Whether there seems to be an NVIDIA GPU."""
    return bool(shutil.which("nvidia-smi")) or os.path.exists("/proc/driver/nvidia/version") or os.path.exists("/dev/nvidia0")


def answers(index):
    """Whether a package index can be reached within three seconds, name resolution (which knows no limit) included."""
    found = []

    def ask():
        with contextlib.suppress(OSError, ValueError), urllib.request.urlopen(index.rstrip("/") + "/torch/", timeout=PROBE_SECONDS):
            found.append(index)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PROBE_SECONDS)
    return bool(found)


def torch_index(options):
    """Where torch comes from: an index of its own, or None for the same place as the rest."""
    if options.wheelhouse:
        return None
    if options.torch_index:
        return options.torch_index
    if sys.platform == "linux" and not has_nvidia() and answers(CPU_INDEX):
        return CPU_INDEX
    return None


def is_small(wheelhouse):
    """Whether there is a folder of wheels and NVIDIA's libraries are not among them."""
    return bool(wheelhouse) and not any(name.startswith("nvidia") for name in os.listdir(wheelhouse))


def pip_commands(index, wheelhouse):
    """The arguments of the one or two runs of pip. Its own configuration (mirrors, proxies) stays in force."""
    commands = []
    if index:
        pins = re.findall(r"^(?:torch|torchvision)==\S+", read(inside("constraints.txt")), re.M)
        commands.append(["--index-url", index, "--no-deps", *pins])
    local = ["--no-index", "--find-links", os.path.abspath(wheelhouse)] if wheelhouse else []
    commands.append([*local, "--constraint", "constraints.txt", "--editable", "."])
    return commands


def follow(process, title):
    """Wait for a process and show that it lives: seconds, and what the disk has lost to it."""
    began, before, shown = time.monotonic(), shutil.disk_usage(ROOT).free, 0.0
    terminal = sys.stdout.isatty()
    while process.poll() is None:
        time.sleep(0.2)
        seconds = time.monotonic() - began
        if seconds - shown >= (1 if terminal else 20):
            shown = seconds
            written = max(0, before - shutil.disk_usage(ROOT).free) / GIB
            line = f"{title}: {int(seconds) // 60}:{int(seconds) % 60:02d}, {written:.1f} GB"
            print("\r" + line if terminal else line, end="" if terminal else "\n", flush=True)
    if terminal:
        print("\r" + " " * 60 + "\r", end="", flush=True)
    return process.returncode


def run(title, command, log, lock):
    """Run one command quietly in the project's folder; return whether it succeeded. Its output goes to `log`.

    The child holds the lock too: should this process be killed, the next start waits for its orphan.
    """
    scratch = inside(".venv", "tmp")  # on the disk that was checked: /tmp is often small
    os.makedirs(scratch, exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    environment.update(TMPDIR=scratch, PIP_USER="0")
    held = {"pass_fds": [lock]} if os.name == "posix" else {}
    with open(log, "wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, **held)
        try:
            return follow(process, title) == 0
        except BaseException:
            process.kill()
            process.wait()
            raise


def disk_was_full(report):
    """Whether a command's output says so."""
    return any(sign in report for sign in ("No space left on device", "Errno 28", "Disk quota exceeded"))


def explain(report, wheelhouse=None):
    """The sentence for a failed installation. report: what pip said; wheelhouse: the folder that it had, if any."""
    if disk_was_full(report):
        return "The disk became full during the installation: make room and start again."
    log = inside(".venv", "install.log")
    if NO_NETWORK.search(report):
        remedy = "connect to the network, or give a folder of wheels with --wheelhouse DIR"
        return f"The package index does not answer: {remedy} (the whole report is in {log})."
    lacking = re.search(r"No matching distribution found for (\S+)", report)
    if lacking:
        remedy = "the folder of wheels lacks it, see --help for how to make one" if wheelhouse else "the package index does not have it"
        return f"The installation failed ({lacking.group(0)}): {remedy} (the whole report is in {log})."
    errors = [line for line in report.splitlines() if line.startswith(("ERROR", "error", "Error")) and "ResolutionImpossible" not in line]
    said = errors[-1].split(":", 1)[-1].strip().rstrip(".") if errors else "no reason given"
    return f"The installation failed ({said}): the whole report is in {log}."


@contextlib.contextmanager
def only_one_installs():
    """Hold a lock (on this file) while installing; yields its descriptor."""
    descriptor = os.open(os.path.abspath(__file__), os.O_RDONLY)
    try:
        try:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass  # Windows: two starts at once are the user's risk
        except OSError as error:
            raise StartError("Another start is installing the environment: wait for it to end, then start again.") from error
        yield descriptor
    finally:
        os.close(descriptor)


def prepare_folder():
    """Stamp .venv as unfinished. What an interrupted installation or another Python left is removed first.

    A .venv that bears no stamp is the user's: it is completed, never removed.
    """
    folder, stamp = inside(".venv"), read(stamp_path())
    made_by = re.search(r"^version(?:_info)? *= *(\d+\.\d+)", read(os.path.join(folder, "pyvenv.cfg")), re.M)
    fits = os.path.exists(venv_python()) and made_by and made_by.group(1) == f"{sys.version_info[0]}.{sys.version_info[1]}"
    if stamp and (stamp == UNFINISHED or not fits):
        print("The environment is not whole: making it again.", flush=True)
        shutil.rmtree(folder)
    if os.path.isdir(folder) and os.listdir(folder) and not stamp:
        if not fits:
            raise StartError("The folder .venv belongs to another Python: remove it or activate it, then start again.")
        return
    os.makedirs(folder, exist_ok=True)
    write_stamp(UNFINISHED)


def install(options):
    """Make .venv, or bring it up to date; the stamp is written last, so half an installation never counts."""
    if options.wheelhouse and not os.path.isdir(options.wheelhouse):
        raise StartError(f"There is no folder {options.wheelhouse}: give --wheelhouse a folder of wheels.")
    with only_one_installs() as lock:
        index = torch_index(options)
        whole = read(stamp_path()).replace(UNFINISHED, "")  # the stamp of an older environment, if there is one
        prepare_folder()
        if not whole:  # what was unfinished is gone by now and its room is free again
            check_disk("cpu" if index or is_small(options.wheelhouse) else "default")
        log = inside(".venv", "install.log")
        python = getattr(sys, "_base_executable", None) or sys.executable  # .venv itself may be the active one
        if not run("Making .venv", [python, "-m", "venv", inside(".venv")], log, lock):
            raise StartError(explain(read(log)))
        pip = [venv_python(), "-m", "pip", "install", "--progress-bar=off", "--disable-pip-version-check", "--no-input"]
        *first, rest = pip_commands(index, options.wheelhouse)
        print(
            "Bringing the environment up to date." if whole else "Installing the packages: some minutes and gigabytes, this once.",
            flush=True,
        )
        for command in first:
            if not run("Installing torch", pip + command, log, lock):
                if options.torch_index or disk_was_full(read(log)):
                    raise StartError(explain(read(log)))
                print("PyTorch's CPU-only index did not serve: using the default one.", flush=True)
                check_disk("default")
        if not run("Installing", pip + rest, log, lock):
            if whole and NO_NETWORK.search(read(log)):  # nothing was changed: the old environment stays
                write_stamp(whole)
            raise StartError(explain(read(log), options.wheelhouse))
        shutil.rmtree(inside(".venv", "tmp"), ignore_errors=True)
        write_stamp(digest())


# Handing over


def speak_utf8():
    """Leave the locale "C" for its twin that knows accents.

    Python 3.11 does not start in an environment below a folder whose name has one, if LC_ALL says C.
    """
    if os.environ.get("LC_ALL") in ("C", "POSIX"):
        os.environ["LC_ALL"] = "C.UTF-8"


def hand_over(python, arguments, own):
    """Replace this process by the command line of the course. own: the environment is not .venv."""
    if own:  # the project may not be installed there
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")]))
    command = [python, "-P", "-m", "utils.cli", *arguments]  # -P: a utils.py in the current folder is not ours
    sys.stdout.flush()
    if os.name == "nt":
        return subprocess.call(command)
    return os.execv(python, command)


def main(arguments):
    """Make sure of an environment and run the command in it."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--torch-index")
    parser.add_argument("--wheelhouse")
    options, rest = parser.parse_known_args(arguments)
    check_python()
    speak_utf8()
    if active_is_enough():
        return hand_over(sys.executable, rest or ["lab"], own=True)
    if not is_ready():
        if {"-h", "--help"} & set(rest):
            print(__doc__)
            return 0
        check_writable()
        check_venv_module()
        lacking = active_lacks()
        if lacking:
            print(f"The active environment lacks {lacking}: .venv is made and used instead.", flush=True)
        install(options)
    return hand_over(venv_python(), rest or ["lab"], own=False)


def guarded(arguments):
    """Run `main`; every trouble that a user can mend ends in one sentence and exit code 1."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))  # so that a running pip is ended too
    try:
        return main(arguments)
    except StartError as trouble:
        sentence = str(trouble)
    except KeyboardInterrupt:
        print("\nStopped: the next start takes care of what is unfinished.", file=sys.stderr)
        return 130
    except OSError as error:
        full = error.errno in (28, 122)  # no space, over quota
        sentence = explain("Errno 28") if full else f"{error.filename or ROOT}: {error.strerror or error}."
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(guarded(sys.argv[1:]))
