"""The command that starts a worker inside bubblewrap, as an ordinary user.

The world inside is /usr, the interpreter, the installed packages and the worker's three files, all read-only; /tmp
and /dev/shm are bounded; there is no network, no variable of the outside, no file of the course.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

INSIDE = Path(__file__).parent / "inside"
FILES = ("worker.py", "channel.py", "confine.py")  # all of the course that is inside
NOBODY = 65534
TMP_BYTES = 64 << 20
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "LD_LIBRARY_PATH": "/py/lib",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
}


def missing() -> list[str]:
    """What this machine lacks for a sandbox, in sentences; presence alone proves nothing."""
    if not sys.platform.startswith("linux"):
        return ["There is no sandbox on this system: grade on Linux, or on Windows inside WSL2."]
    lacks = []
    if not shutil.which("bwrap"):
        lacks.append("bubblewrap is not installed: apt install bubblewrap (or dnf, pacman).")
    if os.getuid() == 0:
        absent = [tool for tool in ("setpriv", "unshare", "mount") if not shutil.which(tool)]
        if absent:
            lacks.append(
                f"You are root, whom no process limit holds, and {', '.join(absent)} to drop it are missing: apt install util-linux mount, "
                "or grade as an ordinary user."
            )
    executable, prefix = Path(sys.executable).resolve(), Path(sys.base_prefix).resolve()
    if not executable.is_relative_to(prefix):
        lacks.append(f"The interpreter {executable} does not lie below {prefix}: make the environment again with a usual Python.")
    return lacks


def stage() -> Path:
    """A new folder that anyone may read, with the worker's files and the points where root mounts the rest.

    Remove it with `shutil.rmtree` when the worker has ended.
    """
    folder = Path(tempfile.mkdtemp(prefix="titans-"))
    for name in ("worker", "py", "site", "plat"):
        (folder / name).mkdir()
        (folder / name).chmod(0o755)
    for name in FILES:
        (folder / "worker" / name).write_bytes((INSIDE / name).read_bytes())
        (folder / "worker" / name).chmod(0o644)
    folder.chmod(0o755)
    return folder


def command(folder: Path, fd: int, nested: bool) -> list[str]:
    """The command line: `fd` is the worker's end of a socket, to be passed on. nested: the worker makes namespaces of its own."""
    py, site, plat = (Path(path).resolve() for path in (sys.base_prefix, sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    inside = f"/py/{Path(sys.executable).resolve().relative_to(py)}"
    if os.getuid() != 0:
        return _bubblewrap(py, site, plat, folder / "worker", inside, fd, nested)
    # Root's own folders may be closed to others, so root mounts what is needed where the ordinary user can read it.
    bound = {py: folder / "py", site: folder / "site", plat: folder / "plat"}
    mounts = [shlex.join(["mount", "--bind", str(outside), str(here)]) for outside, here in bound.items()]
    dropped = [
        "setpriv",
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        "--inh-caps=-all",
        "--bounding-set=-all",
        "--no-new-privs",
    ]
    wrapped = _bubblewrap(bound[py], bound[site], bound[plat], folder / "worker", inside, fd, nested)
    script = " && ".join([*mounts, f"exec {shlex.join([*dropped, *wrapped])}"])
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]


def _bubblewrap(py: Path, site: Path, plat: Path, worker: Path, inside: str, fd: int, nested: bool) -> list[str]:
    line = ["bwrap", "--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL"]
    line += [] if nested else ["--disable-userns"]
    line += ["--die-with-parent", "--new-session", "--hostname", "sandbox"]
    line += [
        "--ro-bind",
        "/usr",
        "/usr",
        "--symlink",
        "usr/lib",
        "/lib",
        "--symlink",
        "usr/lib64",
        "/lib64",
        "--symlink",
        "usr/bin",
        "/bin",
    ]
    for name in ("alternatives", "ld.so.cache"):  # cc is a link into the first
        line += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    line += [
        "--ro-bind",
        str(py),
        "/py",
        "--ro-bind",
        str(site),
        "/site",
        "--ro-bind",
        str(plat),
        "/plat",
        "--ro-bind",
        str(worker),
        "/worker",
    ]
    line += ["--proc", "/proc", "--dev", "/dev", "--size", str(TMP_BYTES), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    line += ["--size", str(TMP_BYTES), "--tmpfs", "/tmp", "--remount-ro", "/", "--chdir", "/tmp", "--clearenv"]
    for name, value in {**_ENVIRONMENT, "PYTHONPATH": "/site:/plat"}.items():
        line += ["--setenv", name, value]
    return [*line, inside, "-B", "/worker/worker.py", str(fd), "nested" if nested else "single"]


def open_command(folder: Path, fd: int) -> tuple[list[str], dict[str, str]]:
    """The command line and the environment of a worker without a sandbox."""
    environment = {**_ENVIRONMENT, "PATH": os.environ.get("PATH", ""), "PYTHONPATH": sysconfig.get_path("purelib")}
    environment.pop("LD_LIBRARY_PATH")
    return [sys.executable, "-B", str(folder / "worker" / "worker.py"), str(fd), "open"], environment
