"""Every relative link and image, in Markdown files and in the notebooks' prose, leads to something that exists."""

import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from markdown_it import MarkdownIt

from utils.files import ROOT

MARKDOWN = MarkdownIt("commonmark").enable("table")
NOT_OURS = {"my_work", "build", "dist", "node_modules"}


def inner(folder, ending):
    """Files of the project with this ending, hidden folders but .github left out."""
    found = (path for path in sorted(folder.rglob(f"*{ending}")))
    outside = lambda part: part in NOT_OURS or (part.startswith(".") and part != ".github")  # noqa: E731
    return [path for path in found if not any(map(outside, path.relative_to(folder).parts))]


def texts(path):
    """The Markdown in a file: all of it, or a notebook's prose cells."""
    if path.suffix == ".md":
        return [path.read_text(encoding="utf-8")]
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]


def tokens(text):
    """All tokens of a text, those inside lines too."""
    for token in MARKDOWN.parse(text):
        yield token
        yield from token.children or []


def targets(text):
    """Where the links and images of a text lead, those to the outside left out."""
    found = [token.attrs.get("href") or token.attrs.get("src") for token in tokens(text) if token.type in ("link_open", "image")]
    found += re.findall(r'<(?:img|a)\b[^>]*\b(?:src|href)="([^"]+)"', text)
    return [str(target) for target in found if target and not re.match(r"[a-z][a-z0-9+.-]*:|//", str(target))]


def anchors(text):
    """What a link may name behind #: the headings as GitHub writes them, and names set by hand."""
    parsed = list(MARKDOWN.parse(text))
    headings = [after.content for token, after in pairwise(parsed) if token.type == "heading_open"]
    plain = [re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)).lower().replace(" ", "-") for heading in headings]
    return {*plain, *re.findall(r'<a (?:id|name)="([^"]+)"', text)}


def broken(path):
    """The links of a file that lead nowhere."""
    whole = "\n\n".join(texts(path))
    bad = []
    for target in targets(whole):
        name, _, anchor = unquote(target).partition("#")
        there = path if not name else (ROOT / name.lstrip("/") if name.startswith("/") else path.parent / name)
        has_headings = there.suffix in (".md", ".ipynb") and there.is_file()
        if not there.exists() or (anchor and has_headings and anchor.lower() not in anchors("\n\n".join(texts(there)))):
            bad.append(target)
    return bad


FILES = [*inner(ROOT, ".md"), *inner(ROOT, ".ipynb")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(path):
    assert broken(path) == []


def test_the_important_files_are_among_those_looked_at():
    names = {path.relative_to(ROOT).as_posix() for path in FILES}
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/results.md", "labs/01_pruning.ipynb"} <= names
    assert not any(name.startswith(("my_work", ".venv")) for name in names)


def test_the_check_tells_right_from_wrong(tmp_path):
    """Are missing files, missing headings and missing images found, and code and the outside left alone?"""
    (tmp_path / "there.md").write_text("# A heading, with `code`\n")
    good = "[a](there.md) [b](there.md#a-heading-with-code) [c](#two-words) [d](https://example.org/x) ![e](there.md)\n\n## Two words\n"
    code = "`[x](nowhere.md)`\n\n```\n[x](nowhere.md)\n```\n"
    bad = '[a](gone.md) [b](there.md#gone) ![c](gone.png)\n\n| t |\n|---|\n| [d](gone/) |\n\n<img src="gone.svg">\n'
    page = tmp_path / "page.md"
    page.write_text(good + code)
    assert broken(page) == []
    page.write_text(good + bad)
    assert broken(page) == ["gone.md", "there.md#gone", "gone.png", "gone/", "gone.svg"]


def test_notebooks_are_read_cell_by_cell(tmp_path):
    cells = [nbformat.v4.new_markdown_cell("[a](gone.md)"), nbformat.v4.new_code_cell("# [a](elsewhere.md)")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "a.ipynb")
    assert broken(tmp_path / "a.ipynb") == ["gone.md"]


def test_folders_that_are_not_ours_are_left_out(tmp_path):
    for name in ("my_work/a.md", ".venv/b.md", ".github/c.md", "docs/d.md"):
        (tmp_path / Path(name).parent).mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in inner(tmp_path, ".md")] == ["c.md", "d.md"]
