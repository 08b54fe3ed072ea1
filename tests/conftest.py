"""What holds for all tests: one thread, no display, the same random examples every time, no file of the user's touched."""

import os
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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """With --dist loadgroup the tests of one lab, else of one file, stay on one worker: what they share is made once."""
    for item in items:
        given = item.callspec.params if hasattr(item, "callspec") else {}
        lab = getattr(given.get("exercise"), "key", given.get("lab", ""))
        name = f"{item.location[0]} {lab[:2]}" if isinstance(lab, str) and lab[:2].isdigit() else item.location[0]
        item.add_marker(pytest.mark.xdist_group(name.strip()))


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
