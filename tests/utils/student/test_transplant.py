"""Today's lab with a student's answers: whatever was done to the notebook, the answers arrive and nothing is lost."""

import copy
import json
import re

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.student import transplant
from utils.student.notebook import as_text, cells_of

OF = 'def double(x):\n    """Twice x."""\n    '


def answer(notebook, do, name):
    """What stands in an exercise's cell."""
    return do.text(do.cell(notebook, name))


def checked(lab, student):
    """Transplant, with everything that always holds."""
    before = copy.deepcopy((lab, student))
    notebook, report = transplant(lab, student)
    assert (lab, student) == before, "an input was changed"
    nbformat.validate(nbformat.from_dict(notebook))
    ids = [one["id"] for one in notebook["cells"]]
    assert len(ids) == len(set(ids))
    assert [name for name in ids if name in {one["id"] for one in lab["cells"]}] == [one["id"] for one in lab["cells"]]
    exercises = [one for one in notebook["cells"] if "exercise" in one["metadata"].get("tags", [])]
    assert [one["id"] for one in exercises] == ["double", "halve", "Quant"] == [fate.name for fate in report.exercises]
    assert transplant(lab, student) == (notebook, report)
    return notebook, report


def test_an_untouched_copy_becomes_todays_lab(lab, student):
    notebook, report = checked(lab, student)
    assert as_text(notebook) == as_text(lab)
    assert [fate.how for fate in report.exercises] == ["stub"] * 3
    assert report.carried == report.left == ()


def test_an_answer_is_found_by_its_cells_id(lab, student, do):
    do.solve(student, "double", "return x + x")
    notebook, report = checked(lab, student)
    assert answer(notebook, do, "double") == OF + "return x + x"
    assert (report["double"].how, report["double"].cells, dict(report["double"].notes)) == ("id", (4,), {})
    assert not report["halve"].written


def test_a_pasted_cell_has_a_new_id_and_is_found_by_name(lab, student, do):
    do.solve(student, "double")["id"] = "b0b0"
    notebook, report = checked(lab, student)
    assert answer(notebook, do, "double").endswith("# mine")
    assert report["double"].how == "name"


@pytest.mark.parametrize("minor", [0, 4])
def test_formats_without_ids(lab, student, do, minor):
    do.solve(student, "double")
    do.insert(student, "check-double", "print('own')")
    student["nbformat_minor"] = minor
    for one in student["cells"]:
        del one["id"]
    notebook, report = checked(lab, student)
    assert report["double"].how == "name" and "# mine" in answer(notebook, do, "double")
    assert [other.line for other in report.carried] == ["print('own')"]


def test_windows_line_ends(lab, student, do):
    do.solve(student, "double", "return 1\r\n")
    for one in student["cells"]:
        one["source"] = do.text(one).replace("\r\n", "\n").replace("\n", "\r\n")
    notebook, report = checked(lab, student)
    assert "\r" not in as_text(notebook)
    assert [fate.how for fate in report.exercises] == ["id", "stub", "stub"]
    assert report.carried == report.left == ()


def test_a_deleted_cell_is_todays_stub(lab, student, do):
    student["cells"].remove(do.cell(student, "double"))
    notebook, report = checked(lab, student)
    assert report["double"].how == "missing" and answer(notebook, do, "double") == answer(lab, do, "double")


def test_an_emptied_cell_is_todays_stub(lab, student, do):
    do.cell(student, "double")["source"] = " \n"
    _, report = checked(lab, student)
    assert report["double"].how == "missing" and "its cell is empty" in report["double"].notes["emptied"]


def test_an_older_stub_becomes_todays(student, do):
    lab = do.build(do.source.replace('"""Twice x."""', '"""Twice x, also of a list."""'))
    notebook, report = checked(lab, student)
    assert report["double"].how == "stub" and "of a list" in answer(notebook, do, "double")


def test_a_note_in_a_stub_counts_as_work(lab, student, do):
    one = do.cell(student, "double")
    one["source"] = do.text(one).replace("# your code here", "# plan: add it to itself")
    notebook, report = checked(lab, student)
    assert report["double"].written and "plan" in answer(notebook, do, "double")


def test_half_an_answer_above_the_stubs_end_is_kept(lab, student, do):
    one = do.cell(student, "double")
    one["source"] = do.text(one).replace("# your code here", "y = x + x")
    notebook, report = checked(lab, student)
    assert report["double"].written and "y = x + x" in answer(notebook, do, "double")


def test_a_class_is_an_exercise_too(lab, student, do):
    do.solve(student, "Quant", "return 0")
    notebook, report = checked(lab, student)
    assert report["Quant"].how == "id" and answer(notebook, do, "Quant").endswith("return 0")


def test_other_arguments_today_are_said(student, do):
    lab = do.build(do.source.replace("def halve(x)", "def halve(x, by=2)"))
    do.solve(student, "halve", "return start / 2")
    notebook, report = checked(lab, student)
    assert "today it takes (x, by=2), yours takes (x)" in report["halve"].notes["arguments"]
    assert "def halve(x):" in answer(notebook, do, "halve")


# Two versions


def test_of_two_the_check_judges_the_last_one_above_it(lab, student, do):
    do.solve(student, "double", "return 1")
    do.insert(student, "double", OF + "return 2")
    notebook, report = checked(lab, student)
    assert answer(notebook, do, "double").endswith("return 2")
    assert report["double"].how == "name"
    assert "has another version, this is the last one above its check" in report["double"].notes["duplicated"]
    assert report.carried[0].said.startswith("another version of double")


def test_a_version_below_the_check_is_not_the_answer(lab, student, do):
    do.solve(student, "double", "return 1")
    do.insert(student, "check-double", OF + "return 2")
    notebook, report = checked(lab, student)
    assert answer(notebook, do, "double").endswith("return 1")
    assert "the one above its check" in report["double"].notes["duplicated"]
    assert any("return 2" in do.text(one) for one in notebook["cells"])


def test_what_was_written_beats_the_stub_wherever_it_stands(lab, student, do):
    do.insert(student, "check-Quant", OF + "return 2")
    notebook, report = checked(lab, student)
    assert answer(notebook, do, "double").endswith("return 2") and report["double"].how == "name"
    assert "duplicated" not in report["double"].notes and report.carried == ()


def test_what_compiles_beats_what_does_not(lab, student, do):
    do.solve(student, "double", "return 1")
    do.insert(student, "double", OF + "return (")
    notebook, report = checked(lab, student)
    assert answer(notebook, do, "double").endswith("return 1")
    assert "the only one that compiles" in report["double"].notes["duplicated"]


def test_the_same_id_twice(lab, student, do):
    do.solve(student, "double", "return 1")
    do.insert(student, "double", OF + "return 2", identity="double")
    notebook, _ = checked(lab, student)
    assert answer(notebook, do, "double").endswith("return 2")
    assert any("return 1" in do.text(one) for one in notebook["cells"])


def test_identical_copies_are_one(lab, student, do):
    do.insert(student, "double", do.text(do.solve(student, "double")))
    notebook, report = checked(lab, student)
    assert report.carried == () and len(notebook["cells"]) == len(lab["cells"])
    assert report["double"].how == "id" and dict(report["double"].notes) == {}


# Damaged answers


def test_a_syntax_error_is_found_by_id(lab, student, do):
    do.solve(student, "double", "return x *")
    notebook, report = checked(lab, student)
    assert report["double"].how == "id" and report["double"].notes["broken"] == "it does not compile"
    assert answer(notebook, do, "double").endswith("return x *")


def test_a_syntax_error_is_found_by_its_first_line(lab, student, do):
    do.solve(student, "double", "return x *")["id"] = "pasted"
    _, report = checked(lab, student)
    assert report["double"].how == "name" and "broken" in report["double"].notes


@pytest.mark.parametrize("broken", ["\0", "(" * 500, "def double(x):\n\treturn 1\n        return 2", "\ud800"])
def test_nothing_in_a_cell_stops_it(lab, student, do, broken):
    do.solve(student, "double", broken)
    notebook, _ = transplant(lab, student)
    assert broken in answer(notebook, do, "double")
    assert json.loads(as_text(notebook).encode())


def test_magics_are_named(lab, student, do):
    do.solve(student, "double", "return 2 * x\n%timeit double(1)\n!ls")
    _, report = checked(lab, student)
    assert list(report["double"].notes) == ["magic"]


def test_another_function_name_is_said(lab, student, do):
    one = do.solve(student, "double")
    one["source"] = do.text(one).replace("def double", "def twice")
    notebook, report = checked(lab, student)
    assert report["double"].how == "id" and "it defines twice" in report["double"].notes["renamed"]
    assert "def twice" in answer(notebook, do, "double")


def test_an_answer_in_the_wrong_cell(lab, student, do):
    """Does an answer that was pasted over another exercise's stub still reach its own?"""
    do.cell(student, "halve")["source"] = OF + "return 3"
    notebook, report = checked(lab, student)
    assert answer(notebook, do, "double").endswith("return 3")
    assert report["halve"].how == "missing"


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_a_cell_of_another_type_is_code_again(lab, student, do, kind):
    one = do.solve(student, "double")
    one["cell_type"] = kind
    del one["outputs"], one["execution_count"]
    notebook, report = checked(lab, student)
    assert do.cell(notebook, "double")["cell_type"] == "code" and answer(notebook, do, "double").endswith("# mine")
    assert f"made a {kind} cell" in report["double"].notes["retyped"]


def test_a_split_cell_is_joined(lab, student, do):
    one = do.solve(student, "double", "y = x\n    return y + y")
    upper, lower = do.text(one).split("    return")
    one["source"] = upper.rstrip("\n")
    do.insert(student, "double", "    return" + lower)
    notebook, report = checked(lab, student)
    assert answer(notebook, do, "double").endswith("y = x\n    return y + y")
    assert report["double"].cells == (4, 5) and "split" in report["double"].notes
    assert report.carried == ()


def test_a_cell_split_in_its_docstring_whose_lower_part_has_the_id(lab, student, do):
    one = do.solve(student, "double")
    upper, lower = do.text(one).split("Twice")
    one["source"] = "Twice" + lower
    do.insert(student, student["cells"][2]["id"], upper)
    notebook, report = checked(lab, student)
    assert compile(answer(notebook, do, "double"), "cell", "exec")
    assert report["double"].how == "id" and "split" in report["double"].notes


def test_two_merged_exercises_are_taken_apart(lab, student, do):
    one, two = do.solve(student, "double", "return 1"), do.solve(student, "halve", "return 2")
    one["source"] = "\n".join([do.text(one), "double = check(double)", "values = [1, 2, 3]\nprint(values)", "# halve\n" + do.text(two)])
    for gone in ("check-double", "halve", student["cells"][5]["id"]):
        student["cells"].remove(do.cell(student, gone))
    notebook, report = checked(lab, student)
    assert answer(notebook, do, "double") == OF + "return 1"
    assert answer(notebook, do, "halve").startswith("# halve\ndef halve") and answer(notebook, do, "halve").endswith("return 2")
    assert "halve" in report["double"].notes["merged"] and report["halve"].how == "name"


def test_a_stub_in_a_merged_cell_is_still_a_stub(lab, student, do):
    two = do.solve(student, "halve", "return 2")
    do.cell(student, "double")["source"] = do.text(do.cell(student, "double")) + "\n\n\n" + do.text(two)
    student["cells"].remove(two)
    _, report = checked(lab, student)
    assert [fate.how for fate in report.exercises] == ["stub", "name", "stub"]


def test_an_older_version_in_a_merged_cell_is_not_lost(lab, student, do):
    one, two = do.solve(student, "double", "return 1"), do.solve(student, "halve", "return 2")
    one["source"] = do.text(one) + "\n\n\n" + do.text(two)
    student["cells"].remove(two)
    do.insert(student, "double", OF + "return 3")
    notebook, report = checked(lab, student)
    assert answer(notebook, do, "double").endswith("return 3") and answer(notebook, do, "halve").endswith("return 2")
    assert '"def double(x):" under "Twice" has another version' in report["double"].notes["duplicated"]
    assert [(other.cell, other.said) for other in report.carried] == [(4, "another version of double: stands after halve")]


def test_comments_beside_a_merged_check_stay(lab, student, do):
    do.solve(student, "double", "return 1")["source"] += "\n\n# why it works\ndouble = check(double)"
    student["cells"].remove(do.cell(student, "check-double"))
    notebook, _ = checked(lab, student)
    assert answer(notebook, do, "double").endswith("return 1\n# why it works")


def test_merged_exercises_that_do_not_compile_are_taken_apart_by_lines(lab, student, do):
    one, two = do.solve(student, "double", "return 1"), do.solve(student, "halve", "return (")
    one["source"] = do.text(one) + "\n\n" + do.text(two)
    student["cells"].remove(do.cell(student, "halve"))
    notebook, _ = checked(lab, student)
    assert answer(notebook, do, "double") == OF + "return 1"
    assert answer(notebook, do, "halve").endswith("return (")


def test_helpers_and_imports_in_an_answers_cell_stay(lab, student, do):
    one = do.solve(student, "double")
    one["source"] = "import math\n\nHALF = 0.5\n\n\ndef helper(x):\n    return x\n\n\n" + do.text(one)
    notebook, report = checked(lab, student)
    assert answer(notebook, do, "double") == do.text(one) and dict(report["double"].notes) == {}


# What else is in the notebook


def test_own_cells_come_along_and_stand_where_they_stood(lab, student, do):
    do.insert(student, "check-double", "print(double(2))", outputs=[{"output_type": "stream", "name": "stdout", "text": ["4\n"]}])
    do.insert(student, "check-halve", "A *note*.", kind="markdown", attachments={"a.png": {"image/png": "AA=="}})
    notebook, report = checked(lab, student)
    ids = [one["id"] for one in notebook["cells"]]
    at = ids.index("check-double") + 1
    assert do.text(notebook["cells"][at]) == "print(double(2))" and notebook["cells"][at]["outputs"]
    assert notebook["cells"][ids.index("check-halve") + 1]["attachments"]
    assert [other.said for other in report.carried] == ["stands after the check of double", "stands after the check of halve"]


def test_an_own_cell_above_everything(lab, student, do):
    do.insert(student, "check-double", "print(1)")
    student["cells"].insert(0, student["cells"].pop(5))
    notebook, report = checked(lab, student)
    assert do.text(notebook["cells"][0]) == "print(1)" and report.carried[0].said == "stands at the top"


def test_a_second_copy_of_one_of_the_labs_cells_is_the_students(lab, student, do):
    do.insert(student, "check-Quant", do.text(student["cells"][5]))
    _, report = checked(lab, student)
    assert [other.line for other in report.carried] == ["values = [1, 2, 3]"]


def test_notes_in_the_labs_prose_are_kept(lab, student, do):
    student["cells"][2]["source"] = do.text(student["cells"][2]) + "\n\nMy guess: 4"
    notebook, report = checked(lab, student)
    assert "My guess: 4" in do.text(notebook["cells"][3]) and "differs from the lab's text" in report.carried[0].said


def test_changes_to_the_labs_code_are_listed(lab, student, do):
    student["cells"][5]["source"] = "values = [4]"
    notebook, report = checked(lab, student)
    assert "values = [4]" not in as_text(notebook)
    assert [(other.cell, other.line) for other in report.left] == [(6, "values = [4]")]


def test_what_changed_upstream_is_not_taken_for_the_students(student, do):
    lab = do.build(do.source.replace("Double it.", "Mended.").replace("[1, 2, 3]", "[5]").replace("The end.", "Bye."))
    notebook, report = checked(lab, student)
    assert as_text(notebook) == as_text(lab) and report.carried == report.left == ()


def test_an_exercise_that_the_lab_no_longer_has(lab, student, do):
    source = do.source
    begin, end = source.index('# %% tags=["exercise"]\ndef halve'), source.index("# %% [markdown]\n# Now a class.")
    lab = do.build(source[:begin] + source[end:])
    do.solve(student, "halve", "return 2")
    notebook, report = transplant(lab, student)
    (gone,) = [one for one in notebook["cells"] if "halve" in do.text(one)]
    assert gone["metadata"] == {} and "no such exercise today" in report.carried[0].said


def test_an_exercise_that_is_new(lab, student, do):
    older = do.source
    begin, end = older.index('# %% tags=["exercise"]\ndef halve'), older.index("# %% [markdown]\n# Now a class.")
    student = do.build(older[:begin] + older[end:])
    do.solve(student, "double")
    notebook, report = checked(lab, student)
    assert report["halve"].how == "missing" and answer(notebook, do, "halve") == answer(lab, do, "halve")
    assert report["double"].written


def test_cells_that_are_no_cells(lab, student):
    student["cells"] += [
        None,
        3,
        {},
        {"cell_type": "code", "source": 5, "metadata": None, "id": 7},
        {"cell_type": "martian", "source": ["a"]},
    ]
    _, report = checked(lab, student)
    assert [other.line for other in report.carried] == ["a"]


def test_a_notebook_of_something_else(lab):
    _, report = checked(lab, {"cells": [{"cell_type": "code", "source": "1"}]})
    assert [fate.how for fate in report.exercises] == ["missing"] * 3


def test_a_lab_without_exercises_is_refused(student):
    with pytest.raises(ValueError, match="no cell tagged exercise"):
        transplant({"cells": []}, student)


@pytest.mark.parametrize("strange", ["\x1b[31mred", "a\u202eb", "\ud800", "x" * 500, "a\tb\x00c"])
def test_a_strangers_line_is_printable_and_short(strange):
    cells = [{"cell_type": "markdown", "source": f"# {strange}"}, {"cell_type": "code", "source": f"# {strange}"}]
    place = cells_of({"cells": cells})[1].place
    assert place.isprintable() and len(place) <= 140


def test_the_report_reads_well(lab, student, do):
    do.solve(student, "double")
    do.insert(student, "check-double", "print(1)")
    _, report = checked(lab, student)
    assert str(report).splitlines() == [
        "  double  yours",
        "  halve   today's stub: you have not begun it",
        "  Quant   today's stub: you have not begun it",
        "Your own cells:",
        '  "print(1)": stands after the check of double',
    ]


# Any sequence of edits

KINDS = ["solve", "own", "note", "copy", "move", "delete", "new-id", "no-tags", "split", "retype", "crlf", "vary", "scribble", "merge"]
EDITS = st.tuples(st.sampled_from(KINDS), st.integers(0, 99), st.integers(0, 99))


def edit(notebook, kind, where, other, mark, do):
    """One thing that a student does to a notebook. mark: a text found nowhere else."""
    cells = notebook["cells"]
    one = cells[where % len(cells)]
    is_exercise = "def double" in do.text(one) or "def halve" in do.text(one)
    if kind == "solve" and "# your code here" in do.text(one):
        one["source"] = do.text(one).replace("# your code here\n    raise NotImplementedError", f"y = x\n    return y  # {mark}")
    elif kind in ("own", "note"):
        code = {"outputs": [], "execution_count": None} if kind == "own" else {}
        new = {"cell_type": "code" if code else "markdown", "id": mark, "metadata": {}, "source": f"# {mark}", **code}
        cells.insert(where % len(cells), new)
    elif kind == "copy":
        cells.insert(other % len(cells), copy.deepcopy(one) | {"id": mark})
    elif kind == "move":
        cells.insert(other % len(cells), cells.pop(where % len(cells)))
    elif kind == "delete" and len(cells) > 1:
        cells.remove(one)
    elif kind == "new-id":
        one["id"] = mark
    elif kind == "no-tags":
        one["metadata"] = {}
    elif kind == "split" and is_exercise and "    return y" in do.text(one) and one["cell_type"] == "code":
        upper, _, lower = do.text(one).partition("    return y")
        if lower and "def " in upper:
            at = cells.index(one)
            one["source"] = upper.rstrip("\n")
            cells.insert(at + 1, copy.deepcopy(one) | {"id": mark, "source": "    return y" + lower})
    elif kind == "retype" and is_exercise:
        one["cell_type"] = "markdown"
        one.pop("outputs", None), one.pop("execution_count", None)
    elif kind == "vary" and "return y" in do.text(one):
        one["source"] = do.text(one) + f"\n    # {mark}"
    elif kind == "scribble" and one["cell_type"] == "markdown":
        one["source"] = do.text(one) + f"\n# {mark}"
    elif kind == "merge" and len(cells) > where % len(cells) + 1:
        below = cells[where % len(cells) + 1]
        if one["cell_type"] == below["cell_type"]:
            one["source"] = do.text(one) + "\n\n" + do.text(below)
            cells.remove(below)
    elif kind == "crlf":
        one["source"] = do.text(one).replace("\r\n", "\n").replace("\n", "\r\n")


@settings(max_examples=150)
@given(edits=st.lists(EDITS, max_size=14), without_ids=st.booleans())
def test_any_edits_lose_nothing(_built, every_do, edits, without_ids):
    do = every_do
    lab, student = copy.deepcopy(_built), copy.deepcopy(_built)
    for number, (kind, where, other) in enumerate(edits):
        edit(student, kind, where, other, f"mark{number}x", do)
    if without_ids:
        for one in student["cells"]:
            one.pop("id", None)

    def marks(notebook):
        return set(re.findall(r"# (mark\d+x)", "\n".join(cell.text for cell in cells_of(notebook))))

    notebook, report = checked(lab, student)
    left = {"cells": [student["cells"][other.cell - 1] for other in report.left]}
    assert marks(notebook) | marks(left) == marks(student)
    for name in ("double", "halve"):
        versions = [cell for cell in cells_of(student) if cell.kind == "code" and f"def {name}(" in cell.text and "return y" in cell.text]
        if versions:
            assert report[name].written and "return y" in answer(notebook, do, name)
    again, _ = checked(lab, notebook)
    assert marks(again) == marks(notebook)
    assert [answer(again, do, name) for name in ("double", "halve", "Quant")] == [
        answer(notebook, do, name) for name in ("double", "halve", "Quant")
    ]
