"""What commands print reaches every code page: letters that it lacks are replaced, nothing ends in a traceback."""

import io
import os
import subprocess
import sys

import pytest

from utils import terminal
from utils.files import ROOT

PAGES = ["ascii", "cp437", "cp850", "cp932", "cp936", "cp949", "cp1251", "cp1252", "latin-1", "utf-8", "utf-16"]
PROGRAM = """
import sys
from utils.terminal import adapt_streams
adapt_streams()
print("1 \\u00b5s a step, 3 \\u00d7 2 \\u2026 M\\u00fcller \\u4e16 \\udc80")
print("\\u00b5", file=sys.stderr)
"""


@pytest.mark.parametrize("page", PAGES)
def test_any_text_can_be_printed_in_any_code_page(page):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": page}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    said = done.stdout.decode(page)
    assert said.startswith("1 ") and "a step" in said and said.rstrip().endswith("?")


@pytest.mark.parametrize("page", ["ascii", "cp932", "cp437"])
@pytest.mark.parametrize("command", [["doctor"], ["progress"], ["--help"], ["submit", "1", "--name", "Z\u00f6e"], ["run", "77"]])
def test_commands_write_into_a_file_in_any_code_page(home, page, command):
    """As on Windows, where `doctor > report.txt` has the system's code page."""
    home = home.parent / "Gr\u00fc\u00dfe \u4e16"
    home.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": page, "TITANS_HOME": str(home)}
    done = subprocess.run([sys.executable, "-P", "-m", "utils.cli", *command], env=environment, capture_output=True, check=False)
    said = (done.stdout + done.stderr).decode(page, "replace")  # where the page is ASCII, click writes UTF-8
    assert said.strip() and "Traceback" not in said and "Error" not in said


def test_plain_letters_stand_for_what_a_page_lacks():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors=terminal.ERRORS)
    terminal.adapt_streams()
    stream.write("\u00b5s \u2026 \u2013 2 \u00d7 3 \u00b1 1 \u20ac")
    stream.flush()
    assert stream.buffer.getvalue() == b"us ... - 2 x 3 +- 1 ?"
