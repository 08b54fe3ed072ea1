"""The student's files: copied, numbered, found, never overwritten."""

import os

import pytest

from utils.student import folder
from utils.student.notebook import read_notebook


@pytest.fixture
def labs(tmp_path, monkeypatch):
    """A labs/ folder with two labs, used instead of the course's."""
    path = tmp_path / "labs"
    path.mkdir()
    for name in ("01_first", "02_second"):
        (path / f"{name}.ipynb").write_text(f"the lab {name}")
    monkeypatch.setattr(folder, "LABS", path)
    return path


def put(home, *names):
    """Files with something in them."""
    home.mkdir(exist_ok=True)
    for name in names:
        (home / name).write_text("my work")


def test_new_labs_are_copied(labs, home):
    assert folder.copy_new_labs() == ["01_first.ipynb", "02_second.ipynb"]
    assert (home / "02_second.ipynb").read_bytes() == (labs / "02_second.ipynb").read_bytes()


def test_a_students_file_is_never_overwritten(labs, home):
    put(home, "01_first.ipynb")
    assert folder.copy_new_labs() == ["02_second.ipynb"]
    assert (home / "01_first.ipynb").read_text() == "my work"


def test_who_has_a_numbered_copy_needs_no_blank_one(labs, home):
    put(home, "01_first-3.ipynb")
    assert folder.copy_new_labs() == ["02_second.ipynb"]


def test_an_empty_file_is_nobodys_work(labs, home):
    (home / "01_first.ipynb").touch()
    assert "01_first.ipynb" in folder.copy_new_labs()
    assert (home / "01_first.ipynb").read_text() == "the lab 01_first"


def test_a_link_to_nowhere_is_left_alone(labs, home):
    (home / "01_first.ipynb").symlink_to("elsewhere")
    assert folder.copy_new_labs() == ["02_second.ipynb"]
    assert (home / "01_first.ipynb").is_symlink()


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_while_writing_is_not_overwritten(tmp_path, monkeypatch, links):
    target, link = tmp_path / "here" / "a.ipynb", os.link

    def student_is_quicker(source, destination):
        target.write_text("my work")
        if not links:
            raise PermissionError(1, "Operation not permitted")
        link(source, destination)

    monkeypatch.setattr(folder.os, "link", student_is_quicker)
    assert not folder.write_new(target, b"ours")
    assert target.read_text() == "my work" and [path.name for path in target.parent.iterdir()] == ["a.ipynb"]


def test_writing_works_where_the_file_system_has_no_links(home, monkeypatch):
    def no_links(source, destination):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(folder.os, "link", no_links)
    assert folder.write_new(home / "a.ipynb", b"ours")
    assert [(path.name, path.read_bytes()) for path in home.iterdir()] == [("a.ipynb", b"ours")]


def test_numbers_go_up_and_fill_no_gaps(home):
    put(home, "a-7.zip", "a-x.zip", "a-08.zip", "ab-9.zip", "a-9.txt")
    assert folder.write_next(home, "a", ".zip", b"").name == "a-8.zip"
    assert folder.write_next(home, "new", ".zip", b"").name == "new-1.zip"


def test_beside_the_plain_name_the_next_is_two(home):
    put(home, "a.ipynb")
    assert folder.write_next(home, "a", ".ipynb", b"", first=2).name == "a-2.ipynb"


# Finding


@pytest.mark.parametrize("number", ["1", "01", "01_first", "01_first.ipynb"])
def test_a_lab_is_found_by_its_number_or_name(labs, home, number):
    assert folder.find_lab(number) == labs / "01_first.ipynb"


def test_the_students_copy_comes_first(labs, home):
    folder.copy_new_labs()
    assert folder.find_lab("2") == home / "02_second.ipynb"


def test_the_newest_numbered_copy_is_taken(labs, home):
    """And of those under other names the one that was saved last, not the first by name."""
    put(home, "01_first.ipynb", "01_first-2.ipynb", "01_first-10.ipynb", "01_first-9.ipynb", "01_first-Copy1.ipynb", "01_other.ipynb")
    os.utime(home / "01_first-Copy1.ipynb", (2e9, 2e9))
    os.utime(home / "01_other.ipynb", (1e9, 1e9))
    assert [path.stem for path in folder.copies("1")] == [
        "01_first-10",
        "01_first-9",
        "01_first-2",
        "01_first",
        "01_first-Copy1",
        "01_other",
    ]
    assert folder.find_lab("01") == home / "01_first-10.ipynb"


def test_an_empty_copy_comes_last(labs, home):
    put(home, "01_first.ipynb")
    (home / "01_first-2.ipynb").touch()
    assert folder.find_lab("1") == home / "01_first.ipynb"


def test_a_path_is_taken_as_it_is(labs, home, tmp_path, monkeypatch):
    put(home, "mine.ipynb")
    put(tmp_path, "else.ipynb")
    monkeypatch.chdir(tmp_path)
    assert folder.find_lab("mine.ipynb") == home / "mine.ipynb"
    assert folder.find_lab(str(tmp_path / "else.ipynb")) == tmp_path / "else.ipynb"


def test_a_lab_itself_is_never_taken_for_the_students(labs, home, monkeypatch):
    monkeypatch.chdir(labs)
    folder.copy_new_labs()
    assert folder.named_file("01_first.ipynb") == home / "01_first.ipynb"
    assert folder.named_file(str(labs / "01_first.ipynb")) is None


def test_an_unknown_lab_lists_those_that_exist(labs, home):
    with pytest.raises(FileNotFoundError, match="01_first, 02_second"):
        folder.find_lab("9")


@pytest.mark.parametrize(
    "text",
    ["6", "06", "006", "lab 6", "Lab_06", "06_edge", "06_edge_runtimes", "06-edge", "06_", "06 edge runtimes", "06_EDGE", "edge_runtimes"],
)
def test_a_lab_is_known_with_or_without_its_words(tmp_path, home, monkeypatch, text):
    for name in ("00_why_small", "06_edge_runtimes", "16_edge_cases"):
        put(tmp_path / "labs", f"{name}.ipynb")
    monkeypatch.setattr(folder, "LABS", tmp_path / "labs")
    put(home, "06_edge_runtimes-2.ipynb")
    assert folder.handed_out(text).stem == "06_edge_runtimes"
    assert folder.find_lab(text) == home / "06_edge_runtimes-2.ipynb"


@pytest.mark.parametrize("text", ["06_pruning", "60", "6_ege", "", "edge", "lab", "06_edge_runtimes_more", "x6"])
def test_other_words_name_another_lab(tmp_path, home, monkeypatch, text):
    put(tmp_path / "labs", "00_why_small.ipynb", "06_edge_runtimes.ipynb")
    monkeypatch.setattr(folder, "LABS", tmp_path / "labs")
    with pytest.raises(FileNotFoundError, match=r"there is no lab .*: choose one of 00_why_small, 06_edge_runtimes"):
        folder.handed_out(text)


# Reading


@pytest.mark.parametrize("data", [b"", b" \n", b"\0\0\0"])
def test_an_empty_file_is_said(tmp_path, data):
    (tmp_path / "a.ipynb").write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.ipynb is empty: rename it to damaged-a.ipynb and run 'python3 start.py'"):
        read_notebook(tmp_path / "a.ipynb")


@pytest.mark.parametrize(
    "data",
    [b"not json", b'{"cells": [', b"[1]", b'{"cells": 3}', b"{}", b"\xff\xfe", b"[" * 100_000, b'{"worksheets": [3], "nbformat": 3}'],
)
def test_what_is_no_notebook_is_said(tmp_path, data):
    (tmp_path / "a.ipynb").write_bytes(data)
    with pytest.raises(
        ValueError,
        match=r"a\.ipynb is (not a (whole )?notebook|cut off or damaged).*: rename it to damaged-a.ipynb and run 'python3 start.py'",
    ):
        read_notebook(tmp_path / "a.ipynb")


def test_a_byte_order_mark_does_no_harm(tmp_path):
    (tmp_path / "a.ipynb").write_bytes(b'\xef\xbb\xbf{"cells": []}')
    assert read_notebook(tmp_path / "a.ipynb") == {"cells": []}


def test_a_notebook_of_format_3(tmp_path):
    cell = '{"cell_type": "code", "input": ["x = 1"], "outputs": [], "language": "python", "metadata": {}, "collapsed": false}'
    text = '{"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"metadata": {}, "cells": [%s]}]}'
    (tmp_path / "a.ipynb").write_text(text % cell)
    (read,) = read_notebook(tmp_path / "a.ipynb")["cells"]
    assert "".join(read["source"]) == "x = 1"
