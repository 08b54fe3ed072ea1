"""A real browser before a real JupyterLab, each lab opened and run once for all that is asked of it."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from course.checks.recording import BROWSER
from utils.doctor import TOOLS, lacking

from .desk import Desk, desk
from .notebook import Notebook
from .serving import SECONDS

# as root, and in containers without a display, a graphics card or much shared memory
_before = pytest.StashKey[float]()
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
FLAGS += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"]  # whoever is asked, nobody answers


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of a lab one after the other, in the order of their file: it is opened and run once for them."""
    places = [at for at, item in enumerate(items) if item.path.name == "test_labs.py" and "lab" in getattr(item, "fixturenames", ())]
    ordered = sorted((items[at] for at in places), key=lambda item: item.callspec.params["lab"])  # type: ignore[attr-defined]
    for at, item in zip(places, ordered, strict=True):
        items[at] = item


def renderers() -> float:
    """Processor seconds so far of the browser's processes below this one that nobody waits for when they end."""
    spent = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if any(argument.startswith("--type=") for argument in process.cmdline()):
                spent += sum(process.cpu_times()[:2])
    return spent


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """Note what the browser has taken before a test."""
    item.stash[_before] = renderers()
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Tell what it has taken since, while its pages are open."""
    if call.when == "call":
        item.user_properties.append((BROWSER, f"{max(0.0, renderers() - item.stash[_before]):.3f}"))
    return (yield)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's browser without a window, in a profile of its own."""
    if said := lacking("chromium"):
        pytest.skip(said)
    if os.name != "posix":
        pytest.skip("JupyterLab is ended by POSIX signals")
    tool = next(tool for tool in TOOLS if tool.package == "chromium")
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tool.path(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def screenshots() -> Path | None:
    """Where pictures of the pages are kept for somebody to look at: TITANS_SCREENSHOTS; nowhere if it is not set."""
    if chosen := os.environ.get("TITANS_SCREENSHOTS"):
        Path(chosen).mkdir(parents=True, exist_ok=True)
        return Path(chosen)
    return None


@pytest.fixture(scope="module")
def shared_desk(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One JupyterLab on one page for all labs of this process."""
    with desk(tmp_path_factory.mktemp("course"), chromium) as shared:
        yield shared


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest, shared_desk: Desk, screenshots: Path | None) -> Iterator[Notebook]:
    """A lab, untouched, opened from the file browser of a fresh my_work/ and run to its end. param: the notebook's name."""
    notebook = Notebook(shared_desk.page, shared_desk.address, shared_desk.home, request.param, screenshots)
    notebook.open()
    notebook.screenshot("opened")
    notebook.run_all()
    yield notebook
    notebook.close()
    shared_desk.clear()
