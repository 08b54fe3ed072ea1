"""What workers do in the tests of the pool, in place of grading; `source` of a submission says what happens to it.

Loaded by worker processes, so it is no test module.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from course.grading.marks import ExerciseMark, LabMark


@contextmanager
def grader(folder, seed=7):
    """Marks of as many points as the notebook has bytes, and a file for each time that something was begun."""

    def grade(one):
        begun = Path(folder) / f"{one.student}-{time.monotonic_ns()}-{os.getpid()}"
        begun.touch()
        before = len(list(Path(folder).glob(f"{one.student}-*")))
        source = one.notebook.decode()
        if "dies always" in source or ("dies once" in source and before == 1):
            os.kill(os.getpid(), signal.SIGKILL)
        if "exits" in source:
            sys.stderr.write("out of luck\n")
            os._exit(3)
        if "raises" in source:
            raise RuntimeError("a sandbox can't be had any more")
        if "child" in source:
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            (Path(folder) / f"child-{child.pid}").touch()
        if "wedged" in source:
            time.sleep(600)
        if "slow" in source:
            time.sleep(1)
        exercise = ExerciseMark("magnitude_mask", len(source) % 7, 7, True)
        return LabMark(one.student, one.lab, seed, {}, (exercise,), one.notes, False, one.sha256)

    yield grade


@contextmanager
def refuses(folder):
    """There is no sandbox."""
    raise RuntimeError("bubblewrap is missing: install it")
    yield


@contextmanager
def breaks(folder):
    """Dies before it can begin."""
    os._exit(5)
    yield
