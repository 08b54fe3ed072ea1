"""update, reset, submit, progress: what they write, what they say, and that a student's files stay as they were."""

import errno
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from importlib import import_module

import pytest
from rich.console import Console
from typer.testing import CliRunner

from utils import cli, ledger
from utils.exercises.lab01 import lab as DECLARED
from utils.files import ROOT
from utils.measure import Card
from utils.student import challenge, course, folder, page
from utils.student.submit import MAX_BYTES, proper_name, zipped


def invoke(*arguments, **more):
    """Run the command line in this process."""
    return CliRunner().invoke(cli.app, arguments, **more)


def good(*arguments):
    """What a command says that must succeed, in one line."""
    result = invoke(*arguments)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def refused(*arguments):
    """The one sentence of a command that must fail."""
    result = invoke(*arguments)
    assert result.exit_code == 1, result.output
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""
    return result.stderr.strip()


def contents(home):
    """Every file of the student's and its bytes; lock and Jupyter's corner are nobody's work."""
    return {
        path.relative_to(home).as_posix(): path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file() and "lock" not in path.name
    }


def codes(path):
    """The sources of a notebook's cells by id."""
    return {one["id"]: "".join(one["source"]) for one in json.loads(path.read_text())["cells"]}


# update


def test_nothing_is_written_where_the_lab_has_not_changed(student, mine, home, do):
    do.solve(student, "double")
    student["cells"][-1]["source"] = "The end. My notes."  # what the student wrote into the lab's text is not a change of the lab
    mine(student)
    before = contents(home)
    assert "01_first.ipynb is up to date" in good("update", "1")
    assert contents(home) == before


def test_a_changed_lab_becomes_a_numbered_file(student, mine, home, do, newer):
    do.solve(student, "double")
    old = mine(student)
    before = old.read_bytes()
    newer()
    assert "01_first-2.ipynb is new" in good("update", "01")
    new = codes(home / "01_first-2.ipynb")
    assert "# mine" in new["double"] and any("Double it, please." in text for text in new.values())
    assert old.read_bytes() == before


def test_two_updates_in_a_row_write_one_file(student, mine, home, do, newer):
    do.solve(student, "double")
    mine(student)
    newer()
    good("update", "1")
    before = contents(home)
    assert "01_first-2.ipynb is up to date" in good("update", "1")
    assert contents(home) == before


def test_the_next_update_starts_from_the_newest_file(student, mine, home, do, newer):
    do.solve(student, "double")
    mine(student)
    newer()
    good("update", "1")
    second = json.loads((home / "01_first-2.ipynb").read_text())
    do.solve(second, "halve", "return start * 0.5")
    mine(second, "01_first-2.ipynb")
    newer(new="Double it, now.")
    assert "answers from 01_first-2.ipynb" in good("update", "1")
    new = codes(home / "01_first-3.ipynb")
    assert "# mine" in new["double"] and "start * 0.5" in new["halve"]


def test_a_source_that_changed_where_no_student_sees_it_is_no_change(student, mine, home, newer):
    mine(student)
    newer("return x * 2", "return 2 * x")
    assert "up to date" in good("update", "1")


def test_a_stub_that_says_something_else_is_a_change(student, mine, home, do, newer):
    do.solve(student, "double")
    mine(student)
    newer('"""Twice x."""', '"""Twice x, exactly."""')
    assert "01_first-2.ipynb is new" in good("update", "1")


def test_without_metadata_the_texts_are_compared(student, mine, home, newer):
    student["metadata"] = {}
    mine(student)
    assert "up to date" in good("update", "1")
    newer()
    assert "01_first-2.ipynb is new" in good("update", "1")


def test_a_renamed_notebook_is_known_by_its_metadata(student, mine, home, newer, do):
    do.solve(student, "double")
    mine(student, "my pruning.ipynb")
    newer()
    assert "answers from my pruning.ipynb" in good("update", "1")
    assert "# mine" in codes(home / "01_first-2.ipynb")["double"]


def test_of_several_renamed_ones_none_is_guessed(student, mine, home, newer):
    for name in ("a.ipynb", "b.ipynb"):
        mine(student, name)
    newer()
    assert "give one of a.ipynb, b.ipynb" in refused("update", "1")
    assert "answers from b.ipynb" in good("update", "b.ipynb")


def test_without_a_copy_the_sentence_says_how_to_get_one(labs, home):
    assert "you have no copy of 01_first yet" in refused("update", "1")


def test_an_unknown_lab_lists_the_others(labs, home):
    assert "choose one of 01_first" in refused("update", "7")


@pytest.mark.parametrize("command", [["update", "1"], ["reset", "1", "double"], ["submit", "1", "--name", "Ada"]])
@pytest.mark.parametrize(("data", "said"), [(b"", "is empty"), (b"not json", "is not a notebook"), (b'{"cells"', "is cut off or damaged")])
def test_a_broken_notebook_is_one_sentence(labs, home, command, data, said):
    (home / "01_first.ipynb").write_bytes(data)
    assert said in refused(*command)
    assert contents(home) == {"01_first.ipynb": data}


COMMANDS = [["update", "1"], ["reset", "1", "double"], ["submit", "1", "--name", "Ada"], ["progress"]]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_folder_that_cannot_be_written_is_one_sentence(student, mine, home, newer, do, monkeypatch, command, number):
    do.solve(student, "double")
    mine(student)
    newer()
    before = contents(home)

    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    result = invoke(*command)
    assert result.exit_code == 1
    said = result.stderr.strip()
    assert len(said.splitlines()) == 1 and "Nothing of yours was changed" in said and str(home) in said
    assert ("make room" in said) == (number == errno.ENOSPC)
    assert contents(home) == before


def test_a_utils_of_the_students_own_does_no_harm(student, mine, home, do):
    mine(student)
    (home / "utils.py").write_text("raise SystemExit('the student\\'s utils was imported')")
    environment = {**os.environ, "TITANS_HOME": str(home)}
    command = [sys.executable, "-P", "-m", "utils.cli", "progress"]
    result = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0 and "student's utils" not in result.stdout + result.stderr
    assert (home / "course.md").exists()


def test_a_lab_beside_a_utils_of_the_students_own_says_what_to_do(home):
    """Does the first cell of the course's own labs stop with the name of the file in the way?"""
    first = next(cell for cell in json.loads((ROOT / "labs" / "01_pruning.ipynb").read_text())["cells"] if cell["cell_type"] == "code")
    (home / "01_own.ipynb").write_text(json.dumps({"cells": [first], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    (home / "utils.py").write_text("mine = 1")
    (home / "site").mkdir()  # the course is found behind the folder of the notebook, as where it is installed
    (home / "site" / "sitecustomize.py").write_text(f"import sys\nsys.path.append({str(ROOT)!r})")
    environment = {**os.environ, "TITANS_HOME": str(home), "PYTHONPATH": str(home / "site")}
    command = [sys.executable, "-P", "-m", "utils.cli", "run", "01_own.ipynb"]
    result = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1 and "utils.py hides the course's package: rename that file" in result.stderr


# reset


def test_the_stub_comes_back_and_the_answer_is_kept(student, mine, home, do, lab):
    was = do.text(do.solve(student, "double"))
    do.solve(student, "halve")
    path = mine(student)
    said = good("reset", "1", "double")
    kept = home / "kept" / "01_first.double-1.py"
    assert kept.read_text() == was + "\n" and str(kept) in said
    wanted = codes(path) | {"double": do.text(do.cell(lab, "double"))}
    assert codes(path) == wanted and "# mine" in wanted["halve"]


def test_kept_versions_are_numbered(student, mine, home, do):
    for body in ("return 1", "return 2"):
        notebook = json.loads(json.dumps(student))
        do.solve(notebook, "double", body)
        mine(notebook)
        good("reset", "1", "double")
    assert [path.name for path in sorted((home / "kept").iterdir())] == ["01_first.double-1.py", "01_first.double-2.py"]
    assert "return 1" in (home / "kept" / "01_first.double-1.py").read_text()


def test_an_unknown_exercise_lists_the_names(student, mine, home):
    mine(student)
    assert "choose one of double, halve, Quant" in refused("reset", "1", "nope")


def test_a_stub_is_left_alone(student, mine, home):
    mine(student)
    before = contents(home)
    assert "is the stub already. Nothing was written" in good("reset", "1", "double")
    assert contents(home) == before


def test_a_deleted_exercise_comes_back_to_its_place(student, mine, home, do, lab):
    student["cells"].remove(do.cell(student, "double"))
    path = mine(student)
    assert "nothing of yours to keep" in good("reset", "1", "double")
    assert list(codes(path)) == [one["id"] for one in lab["cells"]]


def test_a_split_answer_is_kept_whole_and_its_parts_go(student, mine, home, do, lab):
    upper, lower = do.text(do.solve(student, "double", "y = x\n    return y")).split("    return")
    do.cell(student, "double")["source"] = upper
    do.insert(student, "double", "    return" + lower)
    path = mine(student)
    good("reset", "1", "double")
    assert (home / "kept" / "01_first.double-1.py").read_text().endswith("y = x\n\n    return y\n")
    assert codes(path) == codes_of(lab, do)


def codes_of(notebook, do):
    return {one["id"]: do.text(one) for one in notebook["cells"]}


def test_another_version_is_named_and_stays(student, mine, home, do):
    do.solve(student, "double", "return 1")
    do.insert(student, "check-double", 'def double(x):\n    """Twice x."""\n    return 2')
    mine(student)
    assert 'another version of double, in the cell "def double(x):" under "Twice"' in good("reset", "1", "double")


def test_the_other_answer_in_a_merged_cell_stays(student, mine, home, do):
    do.solve(student, "double", "return 1")["source"] += "\n\n\n" + do.text(do.solve(student, "halve", "return 2"))
    student["cells"].remove(do.cell(student, "halve"))
    path = mine(student)
    good("reset", "1", "double")
    text = codes(path)["double"]
    assert "raise NotImplementedError" in text and "return 1" not in text and "return 2" in text
    assert "return 1" in (home / "kept" / "01_first.double-1.py").read_text()


def test_a_merged_cell_that_does_not_compile_is_not_touched(student, mine, home, do):
    do.solve(student, "double", "return (")["source"] += "\n\n\n" + do.text(do.solve(student, "halve", "return 2"))
    mine(student)
    before = contents(home)
    assert "give double its own cell first" in refused("reset", "1", "double")
    assert contents(home) == before


def test_an_older_format_stays_what_it_is(student, mine, home, do):
    do.solve(student, "double")
    for one in student["cells"]:
        del one["id"]
    student["nbformat_minor"] = 2
    path = mine(student)
    good("reset", "1", "double")
    notebook = json.loads(path.read_text())
    assert notebook["nbformat_minor"] == 2 and not any("id" in one for one in notebook["cells"])
    assert "# mine" not in path.read_text()


# submit


def opened(path):
    """The manifest of a zip, and the notebook's bytes."""
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert sorted(archive.namelist()) == sorted([manifest["notebook"], "manifest.json", *manifest["challenge_sha256"]])
        return manifest, archive.read(manifest["notebook"])


def test_what_is_handed_in(student, mine, home, do, labs):
    do.solve(student, "double")
    path = mine(student)
    ledger.record("exercise", "01/double", {"points": 3, "of": 3, "attempted": True})
    ledger.record("exercise", "01/halve", {"points": 0, "of": 3, "attempted": False})
    ledger.record("exercise", "02/other", {"points": 3, "of": 3, "attempted": True})
    said = good("submit", "1", "--name", "  Ada   Lovelace ")
    manifest, data = opened(home / "01_first-submission-1.zip")
    assert data == path.read_bytes()
    assert manifest["notebook_sha256"] == hashlib.sha256(data).hexdigest()
    assert (manifest["lab"], manifest["student"], manifest["notebook"]) == ("01_first", "Ada Lovelace", "01_first.ipynb")
    assert manifest["lab_source_sha256"] == student["metadata"]["titans"]["source_sha256"]
    assert manifest["public_verdicts"] == {"double": {"points": 3, "of": 3}}
    assert all(manifest["versions"][name] for name in ("python", "torch", "numpy", "tiny_titans"))
    assert "Not begun: halve, Quant." in said and "Not passed" not in said and "It is ready to hand in." in said


def test_the_same_work_gives_the_same_bytes_under_the_next_number(student, mine, home):
    mine(student)
    good("submit", "1", "--name", "Ada")
    good("submit", "1")  # the name is remembered
    one, two = (home / f"01_first-submission-{number}.zip" for number in (1, 2))
    assert one.read_bytes() == two.read_bytes()


def test_written_but_not_passed_is_said(student, mine, home, do):
    do.solve(student, "double")
    mine(student)
    ledger.record("exercise", "01/double", {"points": 1, "of": 3, "attempted": True})
    assert "Not passed by the public checks, as far as the ledger knows: double." in good("submit", "1", "--name", "Ada")


def test_the_newest_notebook_is_taken_and_said(student, mine, home):
    for name in ("01_first.ipynb", "01_first-2.ipynb", "renamed.ipynb"):
        mine(student, name)
    said = good("submit", "1", "--name", "Ada")
    assert "contains 01_first-2.ipynb" in said and "You also have 01_first.ipynb, renamed.ipynb" in said
    assert opened(home / "01_first-submission-1.zip")[0]["notebook"] == "01_first-2.ipynb"
    assert "contains renamed.ipynb" in good("submit", "renamed.ipynb")


def test_large_outputs_are_left_out_and_said(student, mine, home, do):
    student["cells"][5]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * MAX_BYTES}]
    path = mine(student)
    assert "its outputs were left out" in good("submit", "1", "--name", "Ada")
    manifest, data = opened(home / "01_first-submission-1.zip")
    assert len(data) < 10_000 and manifest["notebook_sha256"] == hashlib.sha256(data).hexdigest()
    assert path.stat().st_size > MAX_BYTES


def test_without_a_name_and_a_terminal_it_asks_for_one_in_a_sentence(student, mine, home, monkeypatch):
    monkeypatch.setenv("USER", "login")
    mine(student)
    assert "--name" in refused("submit", "1")
    assert "login" not in str(contents(home))


@pytest.mark.parametrize("name", ["", "  ", "a" * 201, "a\x07b"])
def test_what_is_no_name(name):
    with pytest.raises(ValueError, match="--name"):
        proper_name(name)


def test_zips_hold_no_time():
    (info,) = zipfile.ZipFile(io.BytesIO(zipped({"a": b"1"}))).infolist()
    assert info.date_time == (1980, 1, 1, 0, 0, 0)


# progress and the page


@pytest.fixture
def real(tmp_path, monkeypatch, home):
    """The course's own lab 01 in a labs/ of its own, and copied."""
    labs = tmp_path / "labs"
    labs.mkdir()
    (labs / "01_pruning.ipynb").write_bytes((ROOT / "labs" / "01_pruning.ipynb").read_bytes())
    monkeypatch.setattr(folder, "LABS", labs)
    folder.copy_new_labs()
    return labs


def verdict(name, points, of, attempted=True):
    ledger.record("exercise", f"01/{name}", {"points": points, "of": of, "attempted": attempted})


def test_the_standing_is_what_declarations_and_ledger_say(real):
    verdict("magnitude_mask", 3, 3)
    verdict("global_masks", 1.5, 3)
    verdict("cubic_sparsity", 0, 2, attempted=False)
    (lab,) = course.course().labs
    declared = DECLARED.exercises
    assert [one.name for one in lab.exercises] == list(declared) and lab.minutes == 90 and lab.title == "Pruning"
    states = {one.name: one for one in lab.exercises}
    assert states["magnitude_mask"].solved and states["global_masks"].points == 1.5 and not states["cubic_sparsity"].tried
    assert page.lab_cells(lab)[1:3] == [f"1 of {len(lab.core)}", f"4.5 of {DECLARED.points:g}"]
    assert course.next_step(course.course()) == "lab 01, exercise global_masks (you have 1.5 of 3 points)"


@pytest.mark.parametrize("entry", [None, 3, {}, {"attempted": True}, {"points": "a", "of": 3, "attempted": True},
                                   {"points": 9, "of": 3, "attempted": True}, {"points": float("nan"), "of": 3, "attempted": True},
                                   {"points": 0, "of": 0, "attempted": True}])  # fmt: skip
def test_an_entry_that_makes_no_sense_gives_no_points(real, entry):
    ledger.record("exercise", "01/magnitude_mask", entry)
    assert course.course().labs[0].exercises[0].points == 0


def test_points_follow_todays_declaration(real):
    verdict("magnitude_mask", 10, 10)
    assert course.course().labs[0].exercises[0].points == DECLARED.exercises["magnitude_mask"].points


def test_a_page_in_markdown(real, home):
    good("progress")
    text = (home / "course.md").read_text()
    assert "| [01 Pruning](01_pruning.ipynb) | 90 | 0 of 5 |" in text
    assert "[magnitude\\_mask](01_pruning.ipynb#cell-id=magnitude_mask)" in text and "networks" not in text


def card(name, **more):
    return Card(name=name, metric_name="accuracy", metric=91.234, samples=10, parameters=1000, nonzero=900, size_bytes=5000, **more)


def test_scorecards_the_last_one_first(real, home):
    for name in ("first", "a | [link](x) <b>"):
        ledger.record("card", name, card(name, macs=2_000_000).to_dict())
    ledger.record("card", "broken", {"name": "broken"})
    result = good("progress")
    text = (home / "course.md").read_text()
    rows = [line for line in text.splitlines() if "91.23 %" in line]
    assert len(rows) == 2 and r"a \| \[link\](x) \<b\>" in rows[0] and "2 M" in rows[1]
    assert "Latency" not in text and "broken" not in text and "a | [link](x) <b>" in result


def test_a_changed_lab_is_said(student, mine, newer, home):
    mine(student)
    newer()
    assert "changed: run 'python3 start.py update 01'" in good("progress")


def test_the_page_is_written_again_only_while_it_is_ours(real, home):
    good("progress")
    first = (home / "course.md").read_text()
    verdict("magnitude_mask", 3, 3)
    good("progress")
    second = (home / "course.md").read_text()
    assert first != second and not (home / "course-2.md").exists()
    (home / "course.md").write_text(second.replace("Pruning", "Pruning, my favourite"))
    assert "course-2.md" in good("progress")
    assert "favourite" in (home / "course.md").read_text()


@pytest.mark.parametrize("data", [b"my notes", b"", b"\xff\xfe"])
def test_a_students_file_of_that_name_is_never_overwritten(real, home, data):
    (home / "course.md").write_bytes(data)
    good("progress")
    assert (home / "course.md").read_bytes() == data and (home / "course-2.md").exists()


def test_a_damaged_ledger_is_one_sentence_more(real, home):
    (home / "ledger.json").write_text("damage")
    result = invoke("progress")
    assert result.exit_code == 0 and "kept as ledger.damaged-1.json" in result.stderr


def test_the_terminal_shows_the_same(real):
    verdict("magnitude_mask", 3, 3)
    console = Console(record=True, width=100, file=io.StringIO())
    page.show(course.course(), console)
    text = console.export_text()
    assert "magnitude_mask" in text and "solved" in text and "Next: lab 01, exercise global_masks (about 10 minutes)." in text


@pytest.fixture
def two(real):
    """Labs 01 and 02 of the course."""
    (real / "02_quantization.ipynb").write_bytes((ROOT / "labs" / "02_quantization.ipynb").read_bytes())
    folder.copy_new_labs()
    return real


def test_next_is_in_the_lab_of_the_latest_check(two):
    assert course.next_step(course.course()).startswith("lab 01, exercise magnitude_mask")
    ledger.record("exercise", "02/quantize", {"points": 1, "of": 3, "attempted": True})
    assert course.next_step(course.course()).startswith("lab 02, exercise affine_params")
    verdict("magnitude_mask", 3, 3)
    assert course.next_step(course.course()).startswith("lab 01, exercise global_masks")


def test_after_a_solved_lab_the_next_open_one_comes(two):
    for name, exercise in import_module("utils.exercises.lab02").lab.exercises.items():
        ledger.record("exercise", f"02/{name}", {"points": exercise.points, "of": exercise.points, "attempted": True})
    assert course.next_step(course.course()).startswith("lab 01, exercise magnitude_mask")


@pytest.mark.parametrize("number", ["2", "02", "02_quantization", "02_quant"])
def test_progress_of_one_lab(two, number):
    ledger.record("exercise", "01/magnitude_mask", {"points": 3, "of": 3, "attempted": True})
    said = good("progress", number)
    assert "affine_params" in said and "magnitude_mask" not in said and "Next: lab 01, exercise global_masks" in said


def test_progress_shows_the_exercises_of_the_current_lab_and_how_to_see_others(two):
    ledger.record("exercise", "02/quantize", {"points": 1, "of": 3, "attempted": True})
    said = good("progress")
    assert "affine_params" in said and "magnitude_mask" not in said and "Pruning" in said
    assert "The exercises of another lab: python3 start.py progress 02" in said
    assert "there is no lab 77: choose one of 01_pruning, 02_quantization" in refused("progress", "77")


def test_reset_and_progress_agree(real, home):
    path = home / "01_pruning.ipynb"
    notebook = json.loads(path.read_text())
    for one in notebook["cells"]:
        if one["id"] == "magnitude_mask":
            one["source"] = "def magnitude_mask(weight, sparsity):\n    return weight.abs() > 0"
    path.write_text(json.dumps(notebook))
    verdict("magnitude_mask", 3, 3)
    assert "Progress shows it as open until you solve it again." in good("reset", "1", "magnitude_mask")
    (lab,) = course.course().labs
    assert (lab.exercises[0].tried, lab.exercises[0].points) == (False, 0)
    assert "kept" in {one.name for one in home.iterdir()}, "JupyterLab shows no folder whose name begins with a dot"
    verdict("magnitude_mask", 3, 3)
    assert course.course().labs[0].exercises[0].solved


def test_versions_that_were_kept_under_the_old_name_move(student, mine, home, do):
    (home / ".kept").mkdir()
    (home / ".kept" / "01_first.double-1.py").write_text("older")
    do.solve(student, "double")
    mine(student)
    good("reset", "1", "double")
    assert sorted(path.name for path in (home / "kept").iterdir()) == ["01_first.double-1.py", "01_first.double-2.py"]
    assert (home / "kept" / "01_first.double-1.py").read_text() == "older" and not (home / ".kept").exists()


def test_all_solved_and_no_labs_have_their_words(real):
    assert course.next_step(course.Course(())) == "there is no lab yet"
    for name, exercise in DECLARED.exercises.items():
        verdict(name, exercise.points, exercise.points)
    assert course.next_step(course.course()).startswith("all core exercises are solved")


LABS = sorted((ROOT / "labs").glob("[0-9]*.ipynb"))


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.stem)
def test_a_lab_says_itself_what_its_exercises_declare(path):
    """Title and minutes; and every exercise with its points, so that the page needs no torch."""
    lab = json.loads(path.read_text())
    title, minutes = course.header(lab)
    assert title and minutes
    declared = import_module(f"utils.exercises.lab{path.stem[:2]}").lab.exercises.values()
    assert course.announced(lab) == [course.Announced(one.name, one.core, one.points, one.minutes) for one in declared]


def test_the_page_is_written_without_torch(real, home):
    code = "import sys; from utils.student import course, page; page.write_page(course.course()); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-P", "-c", code], check=True, env={**os.environ, "TITANS_HOME": str(home)})
    assert (home / "course.md").is_file()


def test_the_file_of_an_open_challenge_is_handed_in_too(student, mine, home):
    """With its hash; one that is far too large is left out, and so is another lab's."""
    mine(student)
    (home / "01_challenge.safetensors").write_bytes(b"network")
    (home / "02_challenge.safetensors").write_bytes(b"another lab's")
    (home / "01_challenge.bin").touch()
    os.truncate(home / "01_challenge.bin", challenge.MAX_BYTES + 1)
    assert "01_first.ipynb and 01_challenge.safetensors" in good("submit", "1", "--name", "Ada").replace("\n", " ")
    manifest, _ = opened(home / "01_first-submission-1.zip")
    assert manifest["challenge_sha256"] == {"01_challenge.safetensors": hashlib.sha256(b"network").hexdigest()}
