"""What students and instructors read: whole, escaped, self-contained, readable by everybody, on every screen."""

import csv
import io
import re
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading.marks import CaseMark, ExerciseMark
from course.grading.report.feedback import write_feedback
from course.grading.report.gradebook import gradebook
from course.grading.report.grades_csv import csv_of, rows
from course.grading.report.overview import write_overview
from course.grading.report.scheme import LabWeight, Weights
from course.grading.submission import Refusal
from course.grading.text import clean, file_name, printable, visible
from tests.browser.readability import AA, TEXTS, Text
from tests.course.grading.classroom import a_mark, submission
from utils.doctor import TOOLS, lacking

HOSTILE = '"><script>document.title="taken"</script><img src=x onerror=alert(1)>{{ 7*7 }}</style>\u202e\x1b[2J\x07\x9b\u2066'
VOID = {"wbr", "meta", "br", "link", "img", "hr", "input", "rect", "line"}


class Page(HTMLParser):
    """A page's elements, in order, each closed as it should be."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text = [], [], ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.text += data

    def all(self, tag):
        return [attrs for one, attrs in self.elements if one == tag]


def hostile_mark(one):
    cases = (CaseMark(HOSTILE, False, HOSTILE, (HOSTILE, HOSTILE)), CaseMark(HOSTILE + "2", True))
    exercise = ExerciseMark(HOSTILE, 1, 2, True, cases, HOSTILE)
    return a_mark(one, exercises=(exercise,), notes=(HOSTILE,), versions={HOSTILE: HOSTILE}, challenge={HOSTILE: HOSTILE}, unsafe=True)


@contextmanager
def a_class(folder):
    """A book with good, hostile, refused and ungraded work."""
    with gradebook(folder) as book:
        book.begin(7)
        book.take([Refusal("Grace", "02_quantization", "grace/02.ipynb", "is empty"), Refusal("", "", HOSTILE, HOSTILE)])
        for one in (submission(handed_in="2026-12-01T00:00:00"), submission("Bo"), submission("Bo", "02_quantization")):
            book.add(one, a_mark(one))
        hostile = submission(HOSTILE)
        book.add(hostile, hostile_mark(hostile))
        book.fail(submission("Emmy"), HOSTILE)
        yield book


WEIGHTS = Weights({"01_pruning": LabWeight(deadline=datetime(2026, 11, 30), late_per_day=0.1)}, manual={"Ada": {"01_pruning": 0.5}})


@pytest.fixture
def pages(tmp_path):
    with a_class(tmp_path) as book:
        paths = [*write_feedback(book, WEIGHTS), write_overview(book, WEIGHTS)]
    return {path.relative_to(tmp_path).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def test_there_is_a_page_for_everybody_and_one_for_the_class(pages):
    assert set(pages) == {f"feedback/{file_name(name)}.html" for name in ("Ada", "Bo", "Emmy", "Grace", HOSTILE)} | {"overview.html"}


def test_the_table_says_whose_page_is_whose(pages, tmp_path):
    with gradebook(tmp_path) as book:
        said = list(csv.DictReader(io.StringIO(csv_of(rows(book, WEIGHTS), book.labs))))
    assert {row["feedback"] for row in said} == set(pages) - {"overview.html"}
    assert "Feedback for Bo " in Page(pages[next(row["feedback"] for row in said if row["student"] == "Bo")]).text.replace("\n", " ")


def test_a_page_needs_nothing_else_and_runs_nothing(pages):
    for text in pages.values():
        page = Page(text)
        names = {name for name, _ in page.elements}
        assert not names & {"script", "img", "link", "iframe", "object", "embed", "form", "input", "base", "audio", "video"}
        attributes = {name for _, attrs in page.elements for name in attrs}
        assert not attributes & {"style", "src", "srcset", "srcdoc"} and not any(name.startswith("on") for name in attributes)
        assert "url(" not in text and "@import" not in text
        policy = next(attrs["content"] for attrs in page.all("meta") if attrs.get("http-equiv") == "Content-Security-Policy")
        assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
        for attrs in page.all("a"):
            assert re.fullmatch(r"#[^\s]+|feedback/[^/]+\.html", attrs["href"]), attrs


def test_what_students_write_is_text(pages):
    text = pages[f"feedback/{file_name(HOSTILE)}.html"]
    assert "<script>document" not in text and "<img" not in text and "49" not in Page(text).text
    assert Page(text).text.count('<script>document.title="taken"</script>') >= 8
    overview = Page(pages["overview.html"]).text
    assert "<img src=x onerror=alert(1)>" in overview


def test_a_page_is_for_screen_readers_too(pages):
    for text in pages.values():
        page = Page(text)
        names = [name for name, _ in page.elements]
        assert page.all("html") == [{"lang": "en"}] and names.count("h1") == 1 and names.count("main") == 1
        assert {"header", "main", "footer", "title"} <= set(names)
        levels = [int(name[1]) for name in names if re.fullmatch(r"h\d", name)]
        assert all(after - before <= 1 for before, after in pairwise(levels)), levels
        assert names.count("table") == names.count("caption")
        assert all(attrs.get("scope") in ("row", "col") for attrs in page.all("th"))
        ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
        assert len(ids) == len(set(ids))
        assert {attrs["aria-labelledby"] for _, attrs in page.elements if "aria-labelledby" in attrs} <= set(ids)
        assert {unquote(attrs["href"][1:]) for attrs in page.all("a") if attrs["href"].startswith("#")} <= set(ids)
        assert all((attrs.get("role") == "img" and attrs.get("aria-label")) or attrs.get("aria-hidden") for attrs in page.all("svg"))


def test_feedback_says_what_counts(pages):
    said = " ".join(Page(pages[f"feedback/{file_name('Ada')}.html"]).text.split())
    assert "Feedback for Ada 4.1 of 14 points" in said  # 4, a tenth off, half a point by hand
    assert "Handed in 1 day late: 0.4 points are taken off." in said and "0.5 points were given by hand" in said
    assert "Not passed: survives ties got 3, expected 4 Count them. Not > but >=." in said
    assert "found by the function's name" in said and "Nothing was handed in." in said
    assert "0 points: what you handed in could not be read." in Page(pages[f"feedback/{file_name('Grace')}.html"]).text
    assert "Not graded yet" in Page(pages[f"feedback/{file_name('Emmy')}.html"]).text


@contextmanager
def one_mark(folder, student="Ada", **more):
    """A book with one mark."""
    one = submission(student)
    with gradebook(folder) as book:
        book.begin(7)
        book.add(one, a_mark(one, **more))
        yield book


def read(path):
    return " ".join(Page(path.read_text()).text.split())


@pytest.mark.parametrize(("extras", "said"), [("shown", "shown but not counted"), ("bonus", "counted in")])
def test_feedback_says_whether_extra_points_count(tmp_path, extras, said):
    with one_mark(tmp_path) as book:
        (path,) = write_feedback(book, Weights(extras=extras))
    assert f"Extra exercises gave 2 points, which are {said}." in read(path)


def test_an_exercise_that_nobody_began_takes_one_line(tmp_path):
    with one_mark(tmp_path, exercises=(ExerciseMark("global_masks", 0, 4, True, (), "Not begun."),)) as book:
        (path,) = write_feedback(book, Weights())
    assert "global_masksNot begun.0 of 4" in read(path) and read(path).count("global_masks") == 1
    assert "<code>global_<wbr>masks</code>" in path.read_text()


def test_cases_that_fail_in_one_way_stand_together(tmp_path):
    late = [CaseMark(name, False, "It took too long.") for name in "abc"]
    cases = (late[0], late[1], CaseMark("d", False, "got 3", ("Count.",)), late[2], CaseMark("e", True))
    with one_mark(tmp_path, exercises=(ExerciseMark("global_masks", 1, 4, True, cases),)) as book:
        (path,) = write_feedback(book, Weights())
    assert "1 of 5" in read(path)
    assert "Not passed: a; b It took too long. Not passed: d got 3 Count. Not passed: c It took too long. Passed: e." in read(path)


REACHED = {"file": "a.onnx", "macs": 1234567, "right_percent": 88.25, "within_budget": True, "note": "It was <seen>.", "size_bytes": 53736}


def test_feedback_shows_what_a_challenge_reached(tmp_path):
    with one_mark(tmp_path, challenge=REACHED) as book:
        (path,) = write_feedback(book, Weights())
    shown = "filea.onnx within budgetyes right answers (%)88.25 size (bytes)53,736 MACs1,234,567 noteIt was <seen>."
    assert f"Open challenge of Lab 01: pruning {shown}" in read(path)


def test_the_overview_compares_the_files_of_a_challenge(tmp_path):
    with one_mark(tmp_path, challenge=REACHED) as book:
        for name, reached in {"Bo": {"file": "b.onnx", "flash_bytes": 7, "within_budget": False}, "Cleo": {}}.items():
            one = submission(name)
            book.add(one, a_mark(one, challenge=reached))
        said = read(write_overview(book, Weights())).partition("what the files reached ")[2].partition(" Students")[0]
    names = "Studentwithin budgetright answers (%)size (bytes)flash (bytes)MACs"
    assert said == f"{names} Adayes88.2553,7361,234,567 Bono7 Ada: It was <seen>."


EDGE = {"points_lost": 0.5, "right_percent": 91.2, "uncertainty_points": 0.04, "photos": 1500, "ram_bytes": 4928, "on": "changed"}


def test_percentages_and_points_of_a_challenge_have_two_decimals_so_that_they_align(tmp_path):
    with one_mark(tmp_path, challenge=EDGE) as book:
        (path,) = write_feedback(book, Weights())
        overview = write_overview(book, Weights())
    shown = "right answers (%)91.20 loss (points)0.50 give or take (points)0.04 RAM (bytes)4,928 photos tried1,500 inputschanged"
    assert shown in read(path)
    assert '<td class="number">91.20</td>' in overview.read_text() and "<td>changed</td>" in overview.read_text()


def test_of_cases_that_fail_as_often_the_overview_shows_one_with_a_hint(tmp_path):
    cases = (CaseMark("a", False, "got 3"), CaseMark("b", False, "got 4", ("Count them.",)))
    with one_mark(tmp_path, exercises=(ExerciseMark("global_masks", 0, 4, True, cases),)) as book:
        assert "b (1 of 1)Count them." in read(write_overview(book, Weights()))


def test_feedback_holds_no_seed_and_no_other_student(tmp_path):
    with gradebook(tmp_path) as book:
        book.begin(987_654_321)
        for one in (submission("Ada"), submission("Bo")):
            book.add(one, a_mark(one, seed=987_654_321))
        write_feedback(book, Weights())
        write_overview(book, Weights())
    ada = (tmp_path / "feedback" / f"{file_name('Ada')}.html").read_text()
    assert "Bo" not in Page(ada).text
    assert not any("987654321" in path.read_text() for path in tmp_path.rglob("*.html"))


def test_a_run_without_a_sandbox_marks_the_reports(pages):
    assert "Graded without a sandbox" in pages[f"feedback/{file_name(HOSTILE)}.html"]
    assert "Graded without a sandbox" in pages["overview.html"]
    assert "Graded without a sandbox" not in pages[f"feedback/{file_name('Ada')}.html"]


def test_the_overview_shows_how_the_class_did(tmp_path):
    with gradebook(tmp_path) as book:
        book.begin(7)
        for name, points in {"Ada": (3, 4, 2), "Bo": (3, 1, 0), "Cleo": (0, 1, 0)}.items():
            one = submission(name)
            mark = a_mark(one, points=points)
            if name == "Ada":
                whole = replace(mark.exercises[1], cases=tuple(replace(case, passed=True) for case in mark.exercises[1].cases))
                mark = replace(mark, exercises=(mark.exercises[0], whole, mark.exercises[2]))
            book.add(one, mark)
        said = " ".join(Page(write_overview(book, Weights()).read_text()).text.split())
    assert "3 students, 3 submissions graded." in said
    assert "median 57 % of the core points" in said  # shares 1, 4/7, 1/7
    assert "magnitude_mask 2, 0, 1 2 of 3 every case is passed by every answer" in said
    assert "global_masks 1, 2, 0 2 of 4 survives ties (2 of 3)Count them. Not > but >=." in said


def test_what_to_look_at_comes_first(pages):
    said = Page(pages["overview.html"]).text
    assert said.index("To look at") < said.index("median") and "grace/02.ipynb is empty." in said and "Not graded:" in said


def test_nothing_is_written_twice(tmp_path):
    with a_class(tmp_path) as book:
        write_feedback(book, WEIGHTS)
        page = tmp_path / "feedback" / f"{file_name('Ada')}.html"
        page.chmod(0o600)  # a new file would have other rights
        write_feedback(book, WEIGHTS)
        assert page.stat().st_mode & 0o777 == 0o600


# Names of files


@given(st.text(max_size=300))
def test_a_file_s_name_is_safe(name):
    found = file_name(name)
    assert found and len(found.encode()) <= 80 and not set('/\\:*?"<>|\0\n ') & set(found) and not found.startswith((".", "-"))
    assert found == file_name(name) and found.rpartition(".")[0].lower() not in ("con", "nul")


@given(st.text(max_size=20), st.text(max_size=20))
def test_two_names_have_two_files_even_where_capitals_do_not_count(one, other):
    assert one == other or file_name(one).casefold() != file_name(other).casefold()


@pytest.mark.parametrize(
    "name", ["Ada", "ada", "ADA", "ada lovelace", "con", "nul.txt", "", "..", "ada-lovelace-0123456789ab", "日本", "a" * 300]
)
def test_some_names(name):
    assert (file_name(name) == name) == (name == "ada")


@given(st.text())
def test_a_clean_name_is_one_visible_line(name):
    found = clean(name)
    assert found == clean(found) and len(found) <= 120 and "\n" not in found and (found == "" or found.isprintable())
    found.encode()


# A real browser


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    if said := lacking("chromium"):
        pytest.skip(said)
    path = next(tool for tool in TOOLS if tool.package == "chromium").path()
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        yield found
        found.close()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 320])
def test_in_a_browser_all_can_be_read_and_nothing_runs(tmp_path, browser, scheme, width):
    with a_class(tmp_path) as book:
        paths = [*write_feedback(book, WEIGHTS), write_overview(book, WEIGHTS)]
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    for path in paths:
        page, said = context.new_page(), []
        page.on("console", lambda message, said=said: said.append(message.text))
        page.on("request", lambda request, said=said: said.append(request.url))
        page.goto(path.as_uri())
        assert said == [path.as_uri()]  # no error, no policy broken, nothing else asked for
        assert page.title() != "taken"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert (
            page.evaluate("getComputedStyle(document.body).backgroundColor")
            == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 24, 27)"}[scheme]
        )
        texts = [Text.of(found) for found in page.evaluate(f"({TEXTS})([document.body])")]
        assert texts and not [(text.text, text.contrast) for text in texts if text.contrast < AA]
        page.close()
    context.close()


UNSEEN = "\x00\x07\x08\x0b\x1b\x7f\x85\x9b\u200b\u200e\u202a\u202e\u2066\u2069\ufeff\ud83d"


def test_no_page_has_a_character_that_is_not_seen(tmp_path):
    """Is everything that a student can write shown without what moves a cursor or turns the direction of writing?"""
    with a_class(tmp_path) as book:
        one = submission(f"Emil{UNSEEN}")
        mark = hostile_mark(one)
        exercise = ExerciseMark("cubic_sparsity", 1, 2, True, (CaseMark(UNSEEN, False, UNSEEN, (f"a{UNSEEN}b",)),), UNSEEN)
        book.add(one, replace(mark, exercises=(exercise,), notes=(UNSEEN,), challenge={"file": UNSEEN, "note": UNSEEN}))
        pages = [path.read_text(encoding="utf-8") for path in (*write_feedback(book, Weights()), write_overview(book, Weights()))]
    assert all(not set(page) & set(UNSEEN) for page in pages) and any("ab" in page for page in pages)


def test_lines_and_blanks_of_a_page_stay():
    assert printable("a  b\n\tc\x1b") == "a  b\n\tc" and visible(" a  b\n\tc\x1b ") == "a b c"
