"""The table of minutes: every second has its place, and what grows with the labs is told from what does not."""

import pytest

from course.checks import minutes
from course.checks.minutes import BEGIN, END, PARTS, part_of, rows, table, write
from course.checks.results import Case, Outcome, read_cases
from utils.files import ROOT


def case(file, cpu_s, browser_s=0.0):
    return Case(file, "test", 9.0, cpu_s, browser_s=browser_s)


OUTCOMES = [
    Outcome("lint", 0, 1.0, cpu_s=3.0),
    Outcome("tests", 0, 1.0, cpu_s=100.0, cases=(case("tests/browser/test_labs.py", 40.0, 20.0), case("tests/test_x.py", 30.0))),
    Outcome("tests on a bare computer", 0, 1.0, cpu_s=7.0, cases=(case("tests/test_x.py", 5.0),)),
    Outcome("labs, blank", 0, 1.0, cpu_s=22.0, cases=(case("labs/01_a.ipynb", 20.0),)),
]


def test_every_second_is_in_one_row():
    found = {row.name: (row.cpu_s, row.grows) for row in rows(OUTCOMES)}
    assert found == {
        "labs in the browser": (60.0, True),
        "labs, blank (nbval)": (20.0, True),
        "all other tests": (30.0, False),
        "bare computers": (7.0, False),
        "collecting tests, starting workers": (32.0, False),
        "lint, format, spelling, types": (3.0, False),
    }
    assert sum(seconds for seconds, _ in found.values()) == sum(outcome.cpu_s for outcome in OUTCOMES) + 20.0


def test_the_projection_grows_with_the_labs_alone():
    text = "\n".join(table(rows(OUTCOMES), labs=2))
    assert "| labs in the browser | 60 | 30.0 |" in text and "| **sum** | **152** | **40** |" in text
    assert "With 2 labs that is 1 minutes of 2 busy cores; 72 s do not grow" in text
    assert f"would be {(72 + 20 * 40) / 120:.0f} minutes" in text


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_part_has_tests_or_notebooks(part):
    """Is none of the patterns out of date?"""
    files = [path.relative_to(ROOT).as_posix() for folder in ("tests", "labs", "solutions") for path in (ROOT / folder).rglob("*")]
    assert any(part_of(case(name, 0)) is part for name in files)


def test_the_table_stands_between_its_marks_and_nothing_else_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(minutes, "cpu", lambda: ("A Chip", []))
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write(OUTCOMES, page, labs=2)
    once = page.read_text()
    assert once.startswith(f"before\n{BEGIN}\n") and once.endswith(f"{END}\nafter\n") and "old" not in once and "A Chip" in once
    write(OUTCOMES, page, labs=2)
    assert page.read_text() == once


def test_a_page_without_marks_is_refused(tmp_path):
    (tmp_path / "page.md").write_text("nothing")
    with pytest.raises(ValueError, match="no place for the minutes"):
        write(OUTCOMES, tmp_path / "page.md", labs=2)


def test_the_page_of_the_course_has_its_marks():
    text = minutes.CONTRIBUTING.read_text(encoding="utf-8")
    assert text.count(BEGIN) == text.count(END) == 1


def test_seconds_and_ends_are_read_from_pytests_report(tmp_path):
    (tmp_path / "report.xml").write_text(
        '<testsuites><testsuite><testcase file="a.py" name="one" time="2.5"><properties><property name="cpu_s" value="1.5"/>'
        '<property name="browser_s" value="0.5"/><property name="other" value="x"/></properties></testcase>'
        '<testcase file="a.py" name="two"><skipped message="why"/></testcase><testcase file="b.py" name="three"><error/></testcase>'
        "</testsuite></testsuites>"
    )
    one, two, three = read_cases(tmp_path / "report.xml")
    assert one == Case("a.py", "one", 2.5, 1.5, None, 0.5)
    assert (two.skipped, two.failed, three.failed) == ("why", False, True)
    assert read_cases(tmp_path / "none.xml") == ()
