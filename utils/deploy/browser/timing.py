"""How quick the page is, measured in a browser without a window. Figures for a report: no test asserts a time."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from utils.deploy.browser.serving import serve

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")  # as root, without a graphics card, in containers
MINUTES = 5


@dataclass(frozen=True)
class PageRate:
    """One network on the page. rate: images a second, their preparation counted; median_ms, p95_ms: of the network alone."""

    name: str
    rate: float
    median_ms: float
    p95_ms: float


def page_rate(folder: str | Path, browser: str | None = None) -> tuple[float, dict[str, PageRate]]:
    """Open the page in a fresh browser and run all its photos: (ms from the request to the first answer, name -> its rate).

    browser: the path of a Chromium; None looks for one.

    Raises:
        FileNotFoundError: no Chromium, or no page in the folder.
    """
    from playwright.sync_api import sync_playwright

    browser = browser or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise FileNotFoundError("there is no Chromium: install it, or give the path of one")
    with serve(folder) as server, sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=browser, args=list(FLAGS))
        page = window.new_page()
        page.set_default_timeout(MINUTES * 60_000)
        page.goto(server.url)
        page.wait_for_selector("#all:enabled")
        first: float = page.evaluate("titans.firstAnswer()")
        page.click("#all")
        page.wait_for_selector("#progress", state="visible")
        page.wait_for_selector("#progress", state="hidden")
        found = page.evaluate("titans.results()")
        window.close()
    return first, {one["name"]: PageRate(one["name"], one["rate"], one["median"], one["p95"]) for one in found}
