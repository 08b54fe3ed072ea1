"""What tests need: one wording for a skipped test, the gate's summary and `doctor`."""

import ast
import importlib

import pytest

from utils.doctor import Tool, lacking, left_out, needs, report
from utils.doctor.needs import CONTOURS, HAPT, MNIST
from utils.files import ROOT


def test_a_missing_program_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr(Tool, "path", lambda tool: None if tool.package == "gcc" else "/there")
    assert lacking("chromium") is None
    assert lacking("chromium", "gcc") == "gcc is missing; sudo apt install gcc"


def test_an_unknown_need_is_a_mistake_of_the_test():
    with pytest.raises(KeyError, match="no such thing"):
        lacking("no such thing")


def test_one_line_for_each_cause_the_most_frequent_first():
    reasons = ["git is missing; sudo apt install git", *["chromium is missing; sudo apt install chromium"] * 131, "not on this system"]
    assert left_out(reasons) == [
        "chromium is missing: 131 tests of the labs and pages in a browser were left out; sudo apt install chromium",
        "git is missing: 1 test of what the repository holds was left out; sudo apt install git",
        "1 test was left out: not on this system",
    ]


def test_what_nobody_declared_is_counted_with_its_own_remedy():
    assert left_out(["the header is missing; apt install headers"] * 2) == [
        "the header is missing: 2 tests were left out; apt install headers"
    ]


def test_doctor_has_the_same_words(monkeypatch):
    monkeypatch.setattr(Tool, "path", lambda tool: None)
    notes = [row.note for row in report.sections()["programs"]]
    for tool in (tool for tool in needs().values() if tool.remedy.startswith("sudo apt")):
        assert any(f"{tool.tests} are left out; {tool.remedy}" in note for note in notes), tool.name


def test_data_that_is_made_is_looked_for_where_the_loader_looks():
    assert importlib.import_module("utils.data.contours").FILE == CONTOURS
    assert importlib.import_module("utils.data.hapt").FILE == HAPT  # the function has its name
    assert importlib.import_module("utils.data.mnist").FILE == MNIST


def test_every_need_of_a_test_is_known():
    """Does each `needs("...")` and `lacking("...")` of the tests name one of ours?"""
    for path in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("pytest.mark.needs", "lacking") and path.name != "test_needs.py":
                for name in node.args:
                    if isinstance(name, ast.Constant):
                        assert name.value in needs(), f"{path.name}:{node.lineno}"
