"""`submit` says what a grader will see, which notebook it took, and packs the best file of the challenge."""

import json
import os
import zipfile

import pytest
from typer.testing import CliRunner

from utils import cli, ledger
from utils.files import ROOT
from utils.student import challenge
from utils.student.forecast import syntax_error

OF = 'def double(x):\n    """Twice x."""\n'


def invoke(*arguments):
    """Run the command line in this process."""
    return CliRunner().invoke(cli.app, arguments)


def good(*arguments):
    """What a command says that must succeed, in one line."""
    result = invoke(*arguments)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def submitted(*arguments):
    """What `submit` says."""
    return good("submit", *arguments, "--name", "Ada")


def packed(home, number=1):
    """The files in a submission."""
    with zipfile.ZipFile(home / f"01_first-submission-{number}.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != "manifest.json"}


# What a grader will see


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = (", 1),
        ("def double(x):\n    return x *", 2),
        ("def double(x):\nreturn x", 2),
        ("def double(x):\n    y = x\nreturn y", 3),  # parsed, but not compiled
        ("def f(a, a):\n    pass", 1),
        ("%matplotlib inline\nx = )", 2),
        ("break", 1),
        ("def f():\n    x: int\n    global x", 3),
        ("\x00", 1),
    ],
)
def test_a_syntax_error_has_its_line(text, line):
    assert f"in line {line}" in syntax_error(text)


@pytest.mark.parametrize("text", ["", "x = 1", "    x = 1\n    y = 2", "%timeit x\n!ls\nx?", "files = !ls", "# only a comment"])
def test_what_a_grader_compiles_is_no_error(text):
    assert syntax_error(text) == ""


def test_a_syntax_error_in_an_answer_is_said_with_its_line(student, mine, home, do):
    do.solve(student, "double", "return x *")
    mine(student)
    said = submitted("1")
    assert "What a grader will see: double: SyntaxError in line 3 (" in said and "A grader gives 0 points for it." in said
    assert "ready to hand in" not in said


def test_a_renamed_function_is_said(student, mine, home, do):
    one = do.solve(student, "double", "return 2 * x")
    one["source"] = do.text(one).replace("def double", "def twice")
    mine(student)
    assert "double: it defines twice: rename that as double. A grader looks for double." in submitted("1")


def test_an_answer_that_lost_its_function_is_said(student, mine, home, do):
    do.cell(student, "double")["source"] = "2 * 3"
    mine(student)
    assert "double: it defines nothing: write it as double." in submitted("1")


@pytest.mark.parametrize("gone", ["cell", "text"])
def test_an_exercise_without_its_cell_is_said(student, mine, home, do, gone):
    if gone == "cell":
        student["cells"].remove(do.cell(student, "halve"))
    else:
        do.cell(student, "halve")["source"] = " \n"
    mine(student)
    said = submitted("1")
    why = "the notebook has no cell for it" if gone == "cell" else "its cell is empty"
    assert f"halve: {why}. A grader gives 0 points for it; 'update' brings the cell back." in said
    assert "Not begun: double, Quant." in said
    assert "the cell of exercise halve is missing" in good("update", "1")


def test_a_second_version_in_another_cell_is_said(student, mine, home, do):
    do.solve(student, "double", "return 2 * x")
    do.insert(student, "double", OF + "    return x")
    mine(student)
    assert 'double: duplicated: the cell "def double(x):" under "Twice" has another version' in submitted("1")


def test_an_answer_that_imports_the_course_is_said(student, mine, home, do):
    do.solve(student, "double", "from utils.compress import pruning\n    return 2 * x")
    mine(student)
    assert "double: it imports utils.compress, which is not there when work is graded" in submitted("1")


def test_an_own_cell_that_does_not_compile_is_said(student, mine, home, do):
    do.insert(student, "check-double", "TWO = (")
    mine(student)
    assert 'The cell "TWO = (" under "Twice": SyntaxError in line 1' in submitted("1")


def test_work_without_a_fault_is_ready(student, mine, home, do):
    for name, body in (("double", "return 2 * x"), ("halve", "return start / 2"), ("Quant", "return x")):
        do.solve(student, name, body)
        ledger.record("exercise", f"01/{name}", {"points": 3, "of": 3, "attempted": True})
    mine(student)
    assert submitted("1").endswith("contains 01_first.ipynb. It is ready to hand in.")


# Which notebook


def test_the_number_is_looked_at_before_a_name_is_asked_for(labs, home, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    result = CliRunner().invoke(cli.app, ["submit", "99"], input="Ada\n")
    assert result.exit_code == 1 and "there is no lab 99: choose one of 01_first" in result.stderr and "Your name" not in result.output


COPIES = ("01_first (1).ipynb", "01_first - Kopie.ipynb", "01_first-Copy1.ipynb")


@pytest.mark.parametrize("last", COPIES)
def test_of_copies_under_other_names_the_one_saved_last_is_taken_and_said(student, mine, home, do, last):
    for name in COPIES:
        do.cell(student, "double")["source"] = OF + f"    return {name!r}"
        os.utime(mine(student, name), (2e9, 2e9) if name == last else (1e9, 1e9))
    said = submitted("1")
    assert f"{last} was taken. You also have " in said and list(packed(home)) == [last]
    for other in set(COPIES) - {last}:
        assert other in said
        assert f"contains {other}" in submitted(other), "giving its name takes another one"


def test_copies_saved_at_the_same_time_are_not_guessed_among(student, mine, home, do):
    for name in COPIES:
        do.cell(student, "double")["source"] = OF + f"    return {name!r}"
        os.utime(mine(student, name), (1e9, 1e9))
    result = invoke("submit", "1", "--name", "Ada")
    assert result.exit_code == 1 and "several notebooks are copies of 01_first: give one of" in result.stderr
    assert all(name in result.stderr for name in COPIES)
    assert f"contains {COPIES[0]}" in submitted(COPIES[0])


def test_a_copy_that_was_saved_later_is_named(student, mine, home, do):
    os.utime(mine(student), (1e9, 1e9))
    os.utime(mine(student, "01_first-Copy1.ipynb"), (2e9, 2e9))
    said = submitted("1")
    assert "01_first.ipynb was taken. You also have 01_first-Copy1.ipynb, and 01_first-Copy1.ipynb was saved later" in said
    assert "give its name instead of 1." in said


def test_a_notebook_of_another_lab_is_not_a_copy(student, mine, home, do):
    mine(student)
    mine({**student, "metadata": {"titans": {"lab": "02_second"}}}, "01_notes.ipynb")
    assert "You also have" not in submitted("1")


# The challenge


@pytest.fixture
def tried(home, student, mine):
    """Write a file of the challenge and call what the lab calls; returns its bytes."""
    mine(student)

    def one(text, score, within, name="01_challenge.safetensors"):
        (home / name).write_text(text)
        challenge.keep_best(home / name, score, within)
        return text.encode()

    return one


def test_a_try_over_the_budget_does_not_cost_the_better_file(tried, home):
    best = tried("good", 91.5, True)
    tried("x" * 2_000_001, 93.0, False)
    said = submitted("1")
    assert packed(home)["01_challenge.safetensors"] == best and len(packed(home)) == 2
    assert "01_challenge-best.safetensors (4 bytes of 2,000,000 allowed) goes in as 01_challenge.safetensors" in said
    assert "the best try within the budget" in said and "Not handed in: 01_challenge.safetensors." in said


def test_a_worse_try_does_not_cost_it_either(tried, home, capsys):
    best = tried("good", 91.5, True)
    tried("worse", 90.0, True)
    assert "01_challenge-best.safetensors is better: 'submit 01' hands that one in." in capsys.readouterr().out
    submitted("1")
    assert packed(home)["01_challenge.safetensors"] == best


def test_a_better_try_takes_its_place(tried, home):
    tried("good", 91.5, True)
    better = tried("better", 92.0, True)
    assert "01_challenge.safetensors has 6 bytes of 2,000,000 allowed" in submitted("1")
    assert packed(home)["01_challenge.safetensors"] == better


def test_the_best_of_many_tries_is_known(tried, home):
    for score in range(30):
        tried(f"try {score}", -abs(score - 3), True)
    submitted("1")
    assert packed(home)["01_challenge.safetensors"] == b"try 3"


def test_the_remedy_hands_in_another_one(tried, home):
    tried("good", 91.5, True)
    worse = tried("worse", 90.0, True)
    assert "rename it to 01_challenge.safetensors and rename the others away" in submitted("1")
    (home / "01_challenge-best.safetensors").rename(home / "good.safetensors")
    submitted("1")
    assert packed(home, 2)["01_challenge.safetensors"] == worse


def test_a_file_that_no_cell_measured_is_taken_where_it_fits(tried, home):
    tried("good", 91.5, True)
    (home / "01_challenge.safetensors").write_text("made by code of my own")
    submitted("1")
    assert packed(home)["01_challenge.safetensors"] == b"made by code of my own"
    (home / "01_challenge.safetensors").write_text("x" * 2_000_001)
    submitted("1")
    assert packed(home, 2)["01_challenge.safetensors"] == b"good"


def test_a_file_over_its_budget_is_said_where_there_is_no_other(student, mine, home):
    mine(student)
    (home / "01_challenge.safetensors").write_text("x" * 2_000_001)
    said = submitted("1")
    assert "01_challenge.safetensors has 2,000,001 bytes of 2,000,000 allowed." in said and "ready to hand in" not in said
    assert "What a grader will see: 01_challenge.safetensors is over the budget, by its size." in said
    assert "01_challenge.safetensors" in packed(home)


def test_a_try_that_its_cell_measured_as_over_is_said(tried, home):
    tried("small, but slow", 91.5, False)
    assert "01_challenge.safetensors is over the budget, measured by your notebook." in submitted("1")


def test_files_that_cannot_be_handed_in_are_named(student, mine, home):
    mine(student)
    (home / "01_challenge.onnx").write_text("another format")
    (home / "01_challenge.safetensors").touch()
    os.truncate(home / "01_challenge.safetensors", challenge.MAX_BYTES + 1)
    said = submitted("1")
    assert "01_challenge.onnx is left out: lab 01 asks for a file that ends in .safetensors." in said
    assert "01_challenge.safetensors is left out: it has more than 16 MB." in said and len(packed(home)) == 1


@pytest.mark.parametrize("damage", ["not json", '{"challenge": {"01": 3}}', '{"challenge": {"01": {"a": {"score": "x"}}}}'])
def test_a_damaged_ledger_does_not_stop_it(tried, home, damage):
    best = tried("good", 91.5, True)
    (home / "ledger.json").write_text(damage)
    submitted("1")
    assert packed(home)["01_challenge.safetensors"] == best
    challenge.keep_best(home / "01_challenge.safetensors", float("nan"), True)
    assert all(json.loads((home / "ledger.json").read_text(), parse_constant=lambda name: 1 / 0))


def test_the_grader_scores_every_challenge_that_has_a_budget():
    from course.grading.challenge.by_lab import CHALLENGES

    assert CHALLENGES.keys() == challenge.BUDGETS.keys()


@pytest.mark.parametrize("lab", sorted(challenge.BUDGETS))
def test_the_challenge_of_every_lab_keeps_the_best_try(lab):
    (path,) = (ROOT / "solutions").glob(f"{lab}_*.py")
    text = path.read_text(encoding="utf-8")
    cells = text[text.index("## Open challenge") : text.index("## What we saw")]
    assert "keep_best(" in cells and f"{lab}_challenge{challenge.BUDGETS[lab].suffix}" in cells
