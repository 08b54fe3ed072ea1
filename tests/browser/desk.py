"""A JupyterLab on a page for several labs, one after the other; each finds a my_work/ that nobody has used."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Page

from .serving import SECONDS, jupyterlab

JUPYTERS = ".jupyter"
OPEN = ("data", "runtime")  # folders in it whose files the server holds open


@dataclass(frozen=True)
class Desk:
    """home: my_work/, served at `address`. page: JupyterLab, once a lab was opened. fresh: a copy of my_work/ as the server found it."""

    address: str
    home: Path
    page: Page
    fresh: Path

    def clear(self) -> None:
        """End all kernels; put my_work/ and JupyterLab's settings back to what they were at first."""
        for session in json.loads(self._ask("GET", "api/sessions")):
            self._ask("DELETE", f"api/sessions/{session['id']}")
        for path in (*self.home.iterdir(), *(self.home / JUPYTERS).iterdir()):
            if path.name not in (JUPYTERS, *OPEN):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(self.fresh, self.home, dirs_exist_ok=True)

    def _ask(self, method: str, path: str) -> bytes:
        """The server's answer. Raises HTTPError if it refuses."""
        parts = urlsplit(self.address)
        headers = {"Authorization": f"token {parse_qs(parts.query)['token'][0]}"}
        request = urllib.request.Request(f"{parts.scheme}://{parts.netloc}/{path}", headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return bytes(answer.read())


@contextmanager
def desk(folder: Path, chromium: Browser) -> Iterator[Desk]:
    """Serve a fresh my_work/ in this folder, which is empty, for a page of its own."""
    home, fresh = folder / "my_work", folder / "fresh"
    with jupyterlab(home) as address:
        shutil.copytree(home, fresh, ignore=shutil.ignore_patterns(*OPEN))
        page = chromium.new_page()
        page.set_default_timeout(SECONDS * 1000)
        yield Desk(address, home, page, fresh)
        page.close()
