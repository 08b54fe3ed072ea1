"""Does `python3 start.py page` show the page that there is, and end as quietly as it began?"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
import webbrowser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from utils import cli
from utils.deploy import browser
from utils.deploy.browser import PageServer
from utils.files import ROOT


def page_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in ("index.html", "settings.json"):
        (folder / name).write_text("{}")
    return folder


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser was asked to open; Ctrl-C is pressed at once."""

    def interrupt(self: PageServer) -> None:
        assert urllib.request.urlopen(self.url).status == 200
        raise KeyboardInterrupt

    found: list[str] = []
    monkeypatch.setattr(webbrowser, "open", found.append)
    monkeypatch.setattr(PageServer, "wait", interrupt)
    return found


def test_the_page_of_the_lab_is_shown(home: Path, opened: list[str]) -> None:
    page_in(home / "page")
    result = CliRunner().invoke(cli.app, ["page"])
    assert result.exit_code == 0 and "The page of lab 06 is at http://127.0.0.1:" in result.output
    assert len(opened) == 1 and opened[0] in result.output


def test_the_lab_writes_where_the_command_looks() -> None:
    """Found on 25 Nov 2026: the lab wrote 06_page, so the command showed the zoo's page."""
    assert '    my_work() / "page",\n' in (ROOT / "solutions" / "06_edge_runtimes.py").read_text(encoding="utf-8")


def test_without_one_it_is_made_from_the_zoo_and_goes_again(home: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def zoo_page(folder: str) -> Path:
        made.append(page_in(Path(folder) / "page"))
        return made[0]

    monkeypatch.setattr(browser, "zoo_page", zoo_page)
    result = CliRunner().invoke(cli.app, ["page", "--no-browser"])
    assert result.exit_code == 0 and "A page of two networks from the zoo is at http://127.0.0.1:" in result.output
    assert opened == [] and len(made) == 1 and not made[0].exists() and not list(home.iterdir())


def test_a_port_in_use_is_a_sentence(home: Path, tmp_path: Path) -> None:
    page_in(home / "page")
    with browser.serve(page_in(tmp_path / "other")) as server:
        result = CliRunner().invoke(cli.app, ["page", "--port", str(server.port)])
    assert result.exit_code == 1 and f"port {server.port} is in use" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is no signal there")
def test_ctrl_c_ends_it_quietly(home: Path) -> None:
    page_in(home / "page")
    command = [sys.executable, "-P", "-m", "utils.cli", "page", "--no-browser"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    ours = signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background may ignore it, and hands that on
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        signal.signal(signal.SIGINT, ours)
        assert process.stdout and process.stderr
        try:
            line = process.stdout.readline()
            address = re.search(r"http://\S+", line)
            assert address and urllib.request.urlopen(address[0]).read() == b"{}"
            process.send_signal(signal.SIGINT)
            assert (process.wait(60), process.stdout.read().strip(), process.stderr.read()) == (0, "", "")
        finally:
            process.kill()
