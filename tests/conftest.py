"""What holds for all tests: one thread, no display, the same random examples every time, no file of the user's touched."""

import os
import re
import tempfile

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(name, "1")  # before numpy and torch are imported
os.environ.setdefault("MPLBACKEND", "agg")
os.environ["COLUMNS"] = "140"  # what is printed does not depend on the terminal in which the tests run

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

from utils.doctor import lacking  # noqa: E402

settings.register_profile("course", derandomize=True, deadline=None, database=None)  # no deadline: times are never asserted
settings.load_profile("course")


LAB = re.compile(r"(?<![0-9])([0-9]{2})(?=[_/])|lab([0-9]{2})")  # in the name of a case: "03_distillation", "03/kd_loss", "lab03-kd_loss"


def group_of(nodeid):
    """The tests that share what is made once: those of one lab in a file, or else the whole file."""
    file, _, name = nodeid.partition("::")
    lab = LAB.search(name.partition("[")[2])
    return f"{file} {lab[1] or lab[2]}" if lab else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With --dist loadgroup a group stays on one worker. The marks of xdist 3.8 have no effect under pytest 9.2."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return group_of(nodeid)

    return ByGroup(config, log)


def pytest_runtest_setup(item):
    """A test marked `needs("chromium", ...)` is skipped where one of them is missing, with the words that `doctor` has."""
    for mark in item.iter_markers("needs"):
        if said := lacking(*mark.args):
            pytest.skip(said)


@pytest.fixture(autouse=True, scope="session")
def _home_of_the_tests():
    """No test writes to the user's my_work/, whatever it runs."""
    with tempfile.TemporaryDirectory(prefix="titans-home-") as folder:
        before = os.environ.get("TITANS_HOME")
        os.environ["TITANS_HOME"] = folder
        yield
        if before is None:
            del os.environ["TITANS_HOME"]
        else:
            os.environ["TITANS_HOME"] = before


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty my_work/ of this test's own."""
    folder = tmp_path / "my_work"
    folder.mkdir()
    monkeypatch.setenv("TITANS_HOME", str(folder))
    return folder
