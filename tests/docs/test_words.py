"""Readers meet the field's words: no avoided ones in labs, messages and pages; the glossary and the labs agree."""

import re

import pytest

from course.authoring.words import AVOIDED, avoided_in, messages_of, prose_of
from utils.files import ROOT

LABS = sorted((ROOT / "solutions").glob("[0-9][0-9]_*.py"))
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "datasets").rglob("*.md"), *(ROOT / "zoo").glob("*.md")]
PAGES += (ROOT / "utils").rglob("*.md")
MODULES = [*(ROOT / "utils").rglob("*.py"), *(ROOT / "course").rglob("*.py"), ROOT / "start.py"]
# Not yet rewritten; these lists only get shorter. A lab that is rewritten leaves the first one.
WAITING_LABS: set[str] = set()
WAITING = {
    "docs/results.md",
}


def name(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", LABS, ids=name)
def test_a_lab_has_no_avoided_words(path):
    assert path.stem[:2] in WAITING_LABS or avoided_in(prose_of(path)) == []


@pytest.mark.parametrize("path", [path for path in PAGES if name(path) not in WAITING], ids=name)
def test_a_page_has_no_avoided_words(path):
    assert avoided_in(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", [path for path in MODULES if name(path) not in WAITING], ids=name)
def test_messages_have_no_avoided_words(path):
    assert avoided_in(messages_of(path)) == []


def test_what_waits_is_there():
    assert {path.stem[:2] for path in LABS} >= WAITING_LABS


BAD = """Channels are drawn by lot. It is no lab
source, and 3 bits get 92 % right. Who reads this
stops in
place of going on; a whole number shall do, but for a loss of 0.3 point."""
GOOD = """There is no lab 7. It is no longer slow. Who pays for it? The file is cut off or damaged. `in place of` stays.
A loss of 0.3 points; healthy people; an integer will do, but for now it is fine."""


def test_the_gate_tells_right_from_wrong():
    found = {one.line: one for one in avoided_in(BAD)}
    assert [one.line for one in avoided_in(BAD)] == [1, 1, 2, 2, 3, 4, 4, 4, 4] or sorted(found) == [1, 2, 3, 4]
    assert len(avoided_in(BAD)) >= 9 and avoided_in(GOOD) == []


def test_every_pattern_says_what_to_write_and_is_dated():
    for one in AVOIDED:
        re.compile(one.pattern)
        assert one.instead and re.search(r"[A-Z][a-z]+ \d{4}$", one.found), one


def test_messages_are_read_and_code_is_not(tmp_path):
    path = tmp_path / "module.py"
    path.write_text('"""In place of."""\nby_lot = "x"  # anew\n\ndef f():\n    """Anew."""\n    raise ValueError(f"{1} is no lab")\n')
    assert [(one.line, one.text) for one in avoided_in(messages_of(path))] == [(6, "is no lab")]


# The glossary


def entries():
    """The terms of the glossary; several in one entry are one each."""
    text = (ROOT / "docs/student.md").read_text(encoding="utf-8").partition("## Glossary")[2]
    found = re.findall(r"^- \*\*(.+?)\*\*:", text, re.MULTILINE)
    assert found == sorted(found, key=str.casefold), "the glossary is in alphabetical order"
    also = re.findall(r"\*\*(.+?)\*\*", text)
    return [part.strip() for one in dict.fromkeys([*found, *also]) for part in re.split(r",|\((.+?)\)", one) if part and part.strip()]


def plain(term):
    """A term without case, hyphens and plural."""
    return re.sub(r"s$", "", " ".join(term.casefold().replace("-", " ").split()).removeprefix("the "))


# Bold text in a lab that is not a term: exercises, promises, labs, figures, run-in headings that end in . ? or :
NO_TERM = re.compile(r"Exercise \d+|Energy|Real time|Low cost|Privacy and cost|Cost|lab \d\d.*|.*[.?:!]|[\d.,]+ .*|less than .*", re.DOTALL)


def bold_terms(text):
    """What a text prints in bold as a term; the head of a list's item is not one."""
    text = re.sub(r"`[^`\n]*`", "", text)
    text = re.sub(r"^ *[-*] \*\*.+?\*\*", "", text, flags=re.MULTILINE)
    found = (" ".join(one.split()) for one in re.findall(r"(?<![\w*])\*\*([^*\n](?:[^*]|\n(?!\n))*?)\*\*", text))
    return [one for one in dict.fromkeys(found) if not NO_TERM.fullmatch(one)]


def test_terms_are_told_from_other_bold_text():
    text = "**Exercise 1** is about the **zero\npoint** and **2.5 points**.\n\n- **Energy**: **joule**\n\n**Limits.** `a**b**c` **QAT (x)**"
    assert bold_terms(text) == ["zero point", "joule", "QAT (x)"]


@pytest.mark.parametrize("path", LABS, ids=name)
def test_every_bold_term_of_a_lab_is_in_the_glossary(path):
    known = {plain(one) for one in entries()}
    parts = lambda term: [part for part in re.split(r"\((.+?)\)", term) if part and part.strip()]  # noqa: E731
    unknown = [term for term in bold_terms(prose_of(path, code=False)) if not {plain(part) for part in parts(term)} <= known]
    assert path.stem[:2] in WAITING_LABS or unknown == []


# Entries that wait for a lab to use them (the labs are being rewritten, November 2026); the set only gets smaller.
UNUSED: set[str] = set()


def test_every_entry_of_the_glossary_is_used_by_a_lab():
    text = " ".join(" ".join(prose_of(path, code=False) for path in LABS).casefold().replace("-", " ").split())
    unused = {one for one in entries() if not re.search(rf"\b{re.escape(plain(one))}", text)}
    assert unused <= UNUSED, "an entry that no lab uses is removed"
