"""A plugin of pytest: processor seconds of each test, ended child processes included, and what is left for the nightly run."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Sequence
from typing import Any

import pytest

CPU, BROWSER = "cpu_s", "browser_s"  # properties of a test; the second is told by whoever starts a browser
LEFT_FOR_NIGHT = "left for the nightly run"
_began, _nightly = pytest.StashKey[float](), pytest.StashKey[int]()


def spent() -> float:
    """Processor seconds of this process and of all its children that have ended."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Note where a test begins."""
    item.stash[_began] = spent()
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Add what it took to the report of its end."""
    if call.when == "teardown":
        item.user_properties.append((CPU, f"{spent() - item.stash[_began]:.3f}"))
    return (yield)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count the tests that only the nightly run has."""
    config = items[0].config
    config.stash[_nightly] = config.stash.get(_nightly, 0) + sum(item.get_closest_marker("nightly") is not None for item in items)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Each worker has deselected the same tests."""
    node.config.stash[_nightly] = node.workeroutput.get("nightly", 0) if hasattr(node, "workeroutput") else 0


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that divides the work."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["nightly"] = session.config.stash.get(_nightly, 0)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """One line of what was left for the night."""
    if count := config.stash.get(_nightly, 0):
        terminalreporter.write_line(f"{LEFT_FOR_NIGHT}: {count} tests; python3 start.py test --nightly runs them too")
