"""A lab in JupyterLab as a student has it on the screen: opened, run, edited, saved, looked at."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
from playwright.sync_api import Locator, Page, expect

from .serving import SECONDS

WIDE, NARROW, HIGH = 1280, 800, 1000
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"
HERE = {"localhost", "127.0.0.1"}
WITHOUT_HOST = {"data", "blob", "about"}
HASH = "async image => new Uint8Array(await crypto.subtle.digest('SHA-256', await (await fetch(image.src)).arrayBuffer())).join()"
PROMPTS = "prompts => prompts.map(prompt => prompt.textContent)"
ERROR = '[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]'
# a prompt is "[ ]:" before its cell was ever run and after a cell above it failed, "[*]:" while it waits or runs, else a number
ENDED = "() => ![...document.querySelectorAll('.jp-Notebook .jp-InputPrompt')].some(prompt => prompt.textContent.includes('*'))"


class Notebook:
    """One lab on one page.

    complaints: errors in the page's console, uncaught ones too. foreign: requests to other computers. ran: the file after the
    untouched lab was run to its end.
    """

    ran: Any = None

    def __init__(self, page: Page, address: str, home: Path, lab: str, screenshots: Path | None) -> None:
        self.page, self.address, self.home, self.lab, self.screenshots = page, address, home, lab, screenshots
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self._heard: list[tuple[Any, str, Callable[[Any], None]]] = [
            (page, "console", lambda message: self.complaints.append(message.text) if message.type == "error" else None),
            (page, "pageerror", lambda error: self.complaints.append(str(error))),
            (page, "websocket", lambda socket: self._asked(socket.url)),
            (page.context, "request", lambda request: self._asked(request.url)),  # workers too
        ]
        for emitter, event, listener in self._heard:
            emitter.on(event, listener)

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in WITHOUT_HOST and parts.hostname not in HERE:
            self.foreign.append(url)

    # opening

    def open(self) -> None:
        """Open the lab from the file browser in a wide window; JupyterLab is loaded if the page does not show it yet."""
        self.page.set_viewport_size({"width": WIDE, "height": HIGH})
        if not self.page.url.startswith("http"):
            self.page.goto(f"{self.address}&reset")
        self.page.locator(".jp-DirListing-content").get_by_text(f"{self.lab}.ipynb", exact=True).dblclick()
        expect(self._cells()).to_have_count(len(self.saved().cells))
        expect(self.page.locator("#jp-main-statusbar")).to_contain_text("Idle")

    def reopen(self) -> None:
        """Close the saved lab and open it again: what is shown then comes from the file, and the same kernel runs on."""
        self._close_tab()
        self.open()

    def close(self) -> None:
        """Leave the page as the next lab is to find it: light, without a notebook."""
        self.show(WIDE, LIGHT)
        self._close_tab()
        for emitter, event, listener in self._heard:
            emitter.remove_listener(event, listener)

    def _close_tab(self) -> None:
        discard = self.page.locator(".jp-Dialog").get_by_role("button", name="Discard")
        self.cell(0).locator(".jp-InputPrompt").click()
        self._choose("File", "Close Tab")

        def is_closed() -> bool:
            if discard.count():
                discard.click()
            return self._cells().count() == 0

        self.wait_until(is_closed, "the lab's tab does not close")

    def _choose(self, menu: str, item: str) -> None:
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        self.page.locator(".lm-Menu-itemLabel").get_by_text(item, exact=True).click()

    def show(self, width: int, theme: str) -> None:
        """Make the window this wide, and choose a theme in the menu unless it is the one that is shown."""
        body = self.page.locator("body")
        if body.get_attribute("data-jp-theme-name") != theme:
            self.page.get_by_role("menuitem", name="Settings", exact=True).click()
            self.page.locator(".lm-Menu-item").get_by_text("Theme", exact=True).hover()
            self.page.get_by_role("menuitem", name=theme, exact=True).click()
            expect(body).to_have_attribute("data-jp-theme-name", theme)
        self.page.set_viewport_size({"width": width, "height": HIGH})
        self._drawn()

    # running

    def run_all(self) -> None:
        """Choose Run All Cells and wait until every cell ran or one failed."""
        first = self._cells("CodeCell").first.locator(".jp-InputPrompt")
        for _ in range(SECONDS // 5):  # before the kernel is connected the menu does nothing, and does not say so
            self._choose("Run", "Run All Cells")
            try:
                expect(first).not_to_have_text("[ ]:", timeout=5000)
                break
            except AssertionError:
                continue
        self.page.wait_for_function(ENDED, polling=500)  # by default at each frame, at the cost of the kernel
        self.save()
        self.ran = nbformat.read(self._file, as_version=4)

    def run(self, index: int) -> None:
        """Run one cell and wait until it ended."""
        prompt = self.cell(index).locator(".jp-InputPrompt")
        before = prompt.text_content()
        prompt.click()
        self.page.keyboard.press("Control+Enter")
        expect(prompt).not_to_have_text(str(before))
        expect(prompt).to_have_text(re.compile(r"\[\d+\]:"))

    def write(self, index: int, source: str) -> None:
        """Replace what stands in a cell."""
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(source)

    def save(self) -> None:
        """Save, and wait until the file holds what the page shows."""
        self.cell(0).locator(".jp-InputPrompt").click()
        self.page.keyboard.press("Control+s")
        self.wait_until(lambda: self._counts_in_file() == self.prompts(), "the saved file does not hold what was run")

    def wait_until(self, holds: Callable[[], bool], otherwise: str) -> None:
        """Wait for something that the page alone does not show."""
        for _ in range(SECONDS * 5):
            if holds():
                return
            self.page.wait_for_timeout(200)
        raise AssertionError(otherwise)

    # looking

    @property
    def _file(self) -> Path:
        return self.home / f"{self.lab}.ipynb"

    def saved(self) -> Any:
        """The notebook's file, whole, not validated: while it is being written it is not read yet."""
        found: list[Any] = []

        def is_whole() -> bool:
            with contextlib.suppress(nbformat.reader.NotJSONError):
                found.append(nbformat.reader.reads(self._file.read_text(encoding="utf-8")))
            return bool(found)

        self.wait_until(is_whole, "the notebook's file is never whole")
        return found[0]

    def _counts_in_file(self) -> list[str]:
        return [f"[{cell.execution_count or ' '}]:" for cell in self.saved().cells if cell.cell_type == "code"]

    def prompts(self) -> list[str]:
        """What stands beside each code cell: "[3]:"."""
        return self._cells("CodeCell").locator(".jp-InputPrompt").evaluate_all(PROMPTS)

    def _cells(self, kind: str = "Cell") -> Locator:
        return self.page.locator(f".jp-Notebook .jp-{kind}")

    def cell(self, index: int) -> Locator:
        """The cell of this number, also if it is far off the screen."""
        return self.page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"]')

    def output(self, what: str = ".jp-OutputArea-output", index: int | None = None) -> Locator:
        """What cells show, all of them or one, or the parts of it that a selector names."""
        where = self.page.locator(".jp-Notebook") if index is None else self.cell(index)
        return where.locator(".jp-OutputArea").locator(what)

    def picture(self, index: int, inside: str = "img") -> str:
        """The SHA-256 of the bytes of the picture that a cell shows."""
        return self.output(inside, index).first.evaluate(HASH)

    def _drawn(self) -> None:
        """Wait until the page has been drawn with all that was asked for."""
        self.page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")

    def screenshot(self, name: str, index: int | None = None) -> None:
        """Keep what is on the screen, first scrolled to a cell: to its output if it has one. Nothing where nobody asked for pictures."""
        if self.screenshots is None:
            return
        if index is not None:
            shown = self.cell(index).locator(".jp-OutputArea-child").or_(self.cell(index)).last
            for _ in range(2):  # cells on the way get their true heights only when they come near
                shown.evaluate("shown => shown.scrollIntoView({block: 'nearest'})")
                self._drawn()
        self.page.screenshot(path=self.screenshots / f"{self.lab}-{name}.png", animations="disabled")
