"""Who handed in what: every system, by odd names, by what somebody hostile puts inside; as many students as handed in, none for another."""

import ast
import json
import unicodedata
import zipfile

import pytest

from course.grading.intake.gather import hand_over
from course.grading.submission import Refusal, Submission
from tests.course.grading.classroom import LABS, answered, data, notebook, write, zipped
from utils.student.submit import zipped as submit_zip


def work(who, lab="01_pruning"):
    """A notebook that says whose it is."""
    return answered(lab, body=f"return {who!r}")


def submitted(who, student=None, lab="01_pruning", file=None):
    """What `submit` makes."""
    manifest = json.dumps({"student": student or who, "lab": lab}).encode()
    return submit_zip({file or f"{lab}.ipynb": work(who, lab), "manifest.json": manifest})


def marked(folder):
    """student -> whose work would be graded, of all submissions; the repr of what the answer returns."""
    found = hand_over(folder, LABS).found
    return {one.student: author(one) for one in found if isinstance(one, Submission)}


def author(one):
    (text,) = (cell["source"] for cell in json.loads(one.notebook)["cells"] if "NotImplementedError" not in cell["source"])
    return ast.literal_eval(text.split("return ")[1].strip())


# Systems: how each of them hands over the work of students

NAMES = {"plain": ("Ada", "Bob", "Cy"), "umlauts": ("Zoë Brüning", "Jürgen Groß", "Łukasz O'Neil"), "numbers": ("a1", "b22", "c333")}
FILES = (
    "01_pruning.ipynb",
    "pruning_2026_11_30.ipynb",
    "lab_01_2_final.ipynb",
    "ex_01_2026_x.ipynb",
    "ada_10_20_01_pruning.ipynb",
    "w.ipynb",
)


def moodle(names, file):
    return {f"{name}_{12340 + at}_assignsubmission_file_/{file}": work(name) for at, name in enumerate(names)}


def moodle_flat(names, file):
    return {f"{name}_{12340 + at}_assignsubmission_file_{file}": work(name) for at, name in enumerate(names)}


def canvas(names, file):
    return {f"{name.replace('_', '')}_{12340 + at}_{77880 + at}_{file}": work(name) for at, name in enumerate(names)}


def canvas_zips(names, file):
    return {f"{name}_{'LATE_' * at}{12340 + at}_{77880 + at}_w.zip": zipped({file: work(name)}) for at, name in enumerate(names) if at < 2}


def blackboard(names, file):
    begin = [f"Assignment 1_{name}_attempt_2026-11-25-15-58-{at:02}" for at, name in enumerate(names)]
    texts = {f"{one}.txt": b"Name: x" for one in begin}
    return {**{f"{one}_{file}": work(name) for one, name in zip(begin, names, strict=True)}, **texts}


def brightspace(names, file):
    begin = [f"123-{456 + at} - {name} - Nov 25, 2026 358 PM" for at, name in enumerate(names)]
    return {**{f"{one}/{file}": work(name) for one, name in zip(begin, names, strict=True)}, "index.html": b"<html>"}


def nbgrader(names, file):
    files = {f"submitted/{name}/ps1/{file}": work(name) for name in names}
    return {**files, "source/ps1/01_pruning.ipynb": work("teacher"), "autograded/Ada/ps1/01_pruning.ipynb": work("old")}


def folders(names, file):
    return {f"{name}/{file}": work(name) for name in names}


def lab_folders(names, file):
    return {f"01_pruning/{name}/{file}": work(name) for name in names}


def zips(names, file):
    return {f"{name}.zip": zipped({f"work/{file}": work(name)}) for name in names}


SYSTEMS = (moodle, moodle_flat, canvas, canvas_zips, blackboard, brightspace, nbgrader, folders, lab_folders, zips)
WRAPPED = {
    "as it is": lambda files: files,
    "in a folder": lambda files: {f"week 3/{name}": content for name, content in files.items()},
    "in two folders": lambda files: {f"week 3/all/{name}": content for name, content in files.items()},
    "in a zip": lambda files: {"class.zip": zipped(files)},
    "a folder in a zip": lambda files: {"class.zip": zipped({f"class/{name}": content for name, content in files.items()})},
    "a zip in a zip": lambda files: {"outer.zip": zipped({"class.zip": zipped(files)})},
    "beside what is nobody's": lambda files: {"class.zip": zipped(files), "grades.csv": b"a,b", ".DS_Store": b"x"},
}


@pytest.mark.parametrize("wrapped", WRAPPED)
@pytest.mark.parametrize("system", SYSTEMS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("names", NAMES)
def test_each_student_of_each_system_has_the_own_mark(tmp_path, system, names, wrapped):
    """Is everybody there, under the own name and with the own work, however the files are called and wrapped?"""
    for at, file in enumerate(FILES if names == "plain" and wrapped == "as it is" else FILES[:2]):
        files = system(NAMES[names], file)
        people = {name for name in NAMES[names] if any(name in one for one in files)}
        assert marked(write(tmp_path / f"{at}", WRAPPED[wrapped](files))) == {name: name for name in people}, file


@pytest.mark.parametrize("wrapped", WRAPPED)
@pytest.mark.parametrize("name", ["{}_01_pruning.ipynb", "01_pruning_{}.ipynb", "{}-lab1.ipynb"])
def test_files_that_lie_flat(tmp_path, wrapped, name):
    files = {name.format(who): work(who) for who in NAMES["umlauts"]}
    assert marked(write(tmp_path, WRAPPED[wrapped](files))) == {who: who for who in NAMES["umlauts"]}


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_zips_of_submit_are_of_whom_they_name(tmp_path, wrapped):
    files = {f"01_pruning-submission-1{end}.zip": submitted(who) for end, who in (("", "Ada"), (" (1)", "Bob"), (" (2)", "Cy"))}
    assert marked(write(tmp_path, WRAPPED[wrapped](files))) == {"Ada": "Ada", "Bob": "Bob", "Cy": "Cy"}


@pytest.mark.parametrize("wrapped", WRAPPED)
@pytest.mark.parametrize(
    "files",
    [
        ["ex_01_2026_ada.ipynb", "ex_01_2026_bob.ipynb", "ex_01_2026_cy.ipynb"],
        ["ex_01_2026_ada.ipynb", "ex_01_2027_bob.ipynb", "ex_02_2028_cy.ipynb"],
        ["upload_20261130_1558_ada.ipynb", "upload_20261129_1601_bob.ipynb", "upload_20261129_1602_cy.ipynb"],
        ["upload_123_456_ada.ipynb", "upload_124_457_bob.ipynb", "upload_125_458_cy.ipynb"],
        ["mueller_2026_11_01_pruning.ipynb", "schmidt_2026_11_01_pruning.ipynb", "wagner_2026_12_01_pruning.ipynb"],
        ["mueller_30_11_2026_pruning.ipynb", "schmidt_29_11_2026_pruning.ipynb", "wagner_1_12_2026_pruning.ipynb"],
    ],
    ids=lambda files: files[0],
)
def test_numbers_in_names_of_one_s_own_are_not_canvas_s(tmp_path, files, wrapped):
    found = marked(write(tmp_path, WRAPPED[wrapped]({name: work(name) for name in files})))
    assert sorted(found.values()) == sorted(files) and not any(name.isdigit() for name in found)


@pytest.mark.parametrize("kind", ["folders", "files"])
def test_groups_with_numbers_are_groups(tmp_path, kind):
    ends = ("/01_pruning.ipynb", "/01_pruning.ipynb", "/01_pruning.ipynb") if kind == "folders" else (".ipynb",) * 3
    names = ("group_1_2_red", "group_1_3_blue", "group_10_12_green")
    found = marked(write(tmp_path, {f"{name}{end}": work(name) for name, end in zip(names, ends, strict=True)}))
    assert found == {name: name for name in names}


def test_one_file_with_numbers_is_one_row(tmp_path):
    for name in ("pruning_2026_11_30.ipynb", "lab_01_2_final.ipynb", "mueller_2026_11_01_pruning.ipynb", "group_1_2_red.ipynb"):
        found = hand_over(write(tmp_path / name[:-6], {name: work("x")}), LABS).found
        assert [(one.number, author(one)) for one in found] == [("", "x")]


def test_canvas_with_short_numbers_copies_and_several_files(tmp_path):
    files = {
        "ada_10_20_01_pruning.ipynb": work("ada"),
        "ada_10_21_01_pruning-1.ipynb": data(notebook()),
        "bo_11_22_w.zip": zipped(folders("b", "x.ipynb")),
    }
    files |= {"anonymous_77_23_01_pruning.ipynb": work("p"), "anonymous_78_24_01_pruning.ipynb": work("q"), "cy_12_text.html": b"<p>"}
    found = hand_over(write(tmp_path, files), LABS).found
    assert [(one.student, one.number) for one in found] == [
        ("ada", "10"),
        ("anonymous (77)", "77"),
        ("anonymous (78)", "78"),
        ("bo", "11"),
        ("cy", "12"),
    ]


def test_ilias(tmp_path):
    names = ("Lovelace_Ada_alove_4711", "Boole_George_gboole_4712")
    files = {f"Abgabe 1/Abgaben/{name}/01_pruning.ipynb": work(name) for name in names}
    assert marked(write(tmp_path / "two", files)) == {name: name for name in names}
    one = dict(list(files.items())[:1])
    assert marked(write(tmp_path / "one", one)) == {names[0]: names[0]}
    assert marked(write(tmp_path / "zip", {"Abgabe 1.zip": zipped({**files, "Abgabe 1/Abgaben.xlsx": b"PK"})})) == {
        name: name for name in names
    }


def test_weeks_in_a_folder(tmp_path):
    files = {
        f"week{week}/{name}/{lab}.ipynb": work(name, lab)
        for week, lab in ((3, "01_pruning"), (4, "02_quantization"))
        for name in ("ada", "bo")
    }
    del files["week4/bo/02_quantization.ipynb"]
    found = hand_over(write(tmp_path, files), LABS)
    assert [(one.student, one.lab) for one in found.found] == [("ada", "01_pruning"), ("ada", "02_quantization"), ("bo", "01_pruning")]
    assert found.said == tuple(f"week{week} was read as a folder of several students, not as one student's." for week in (3, 4))


def test_a_class_zip_is_said_to_be_one(tmp_path):
    found = hand_over(write(tmp_path, {"class.zip": zipped(folders(("class/ada", "class/bob", "class/cy"), "01_pruning.ipynb"))}), LABS)
    assert [one.student for one in found.found] == ["ada", "bob", "cy"]
    assert found.said == ("class.zip/class was read as a folder of several students, not as one student's.",)


def test_an_export_that_came_twice(tmp_path):
    """Is nobody lost, and are those shown twice whose work differs?"""
    for name, system in (("moodle", moodle), ("folders", folders), ("nbgrader", nbgrader)):
        first, second = system(("Ada", "Bo", "Cy"), "01_pruning.ipynb"), system(("Ada", "Bo", "Cy"), "01_pruning.ipynb")
        second |= {place: work("later") for place in second if "Bo" in place}
        found = marked(write(tmp_path / name, {"class.zip": zipped(first), "class (1).zip": zipped(second)}))
        assert [found.pop(one) for one in ("Ada", "Cy")] == ["Ada", "Cy"]
        assert sorted(found.values()) == ["Bo", "later"] and all(one.startswith("Bo (class") for one in found)


def test_exports_of_two_labs(tmp_path):
    files = {}
    for at, lab in enumerate(("01_pruning", "02_quantization")):
        both = {
            f"{name}_{at * 50 + number}_assignsubmission_file_/{lab}.ipynb": work(name, lab) for number, name in enumerate(("Ada", "Bo"))
        }
        files[f"CS-Lab {at}-{at + 7}.zip"] = zipped(both)
    found = hand_over(write(tmp_path, files), LABS).found
    assert [(one.student, one.lab[:2]) for one in found] == [("Ada", "01"), ("Ada", "02"), ("Bo", "01"), ("Bo", "02")]


def test_groups_in_folders_and_in_zips(tmp_path):
    groups = {"g1": ("ada", "bob"), "g2": ("ada", "cy", "dan")}
    files = {f"all/{group}/{name}/01_pruning.ipynb": work(group + name) for group, names in groups.items() for name in names}
    expected = {"ada (all/g1/ada)": "g1ada", "ada (all/g2/ada)": "g2ada", "bob": "g1bob", "cy": "g2cy", "dan": "g2dan"}
    assert marked(write(tmp_path / "folders", files)) == expected
    files = {f"{group}.zip": zipped({f"{name}.zip": zipped({"x.ipynb": work(name)}) for name in names}) for group, names in groups.items()}
    assert marked(write(tmp_path / "zips", files)) == {"ada": "ada", "bob": "bob", "cy": "cy", "dan": "dan"}


def test_what_was_added_to_an_export_by_hand_is_by_hand(tmp_path):
    files = {**moodle(("Ada", "Bo"), "x.ipynb"), "Ada/x.ipynb": work("later"), "zoe.zip": zipped({"x.ipynb": work("zoe")})}
    assert marked(write(tmp_path / "moodle", files)) == {"Ada (moodle)": "Ada", "Ada (folder)": "later", "Bo": "Bo", "zoe": "zoe"}
    files = {**canvas(("Ada", "Bo", "Cy"), "x.ipynb"), "up_2026_11_30_x.ipynb": work("x"), "up_2026_11_29_y.ipynb": work("y")}
    assert marked(write(tmp_path / "canvas", files)) == {
        "Ada": "Ada",
        "Bo": "Bo",
        "Cy": "Cy",
        "up_2026_11_30_x": "x",
        "up_2026_11_29_y": "y",
    }


def test_students_whose_labs_differ_in_a_folder_alone_are_at_least_said(tmp_path):
    files = {"class/ada/01_pruning.ipynb": work("a"), "class/bob/02_quantization.ipynb": work("b", "02_quantization")}
    found = hand_over(write(tmp_path, files), LABS)
    assert [one.student for one in found.found] == ["class", "class"]
    assert found.said[0].startswith("class was graded as one student's, and its names look like several students' (ada, bob)")


def test_a_student_with_nothing_but_a_document_has_a_row(tmp_path):
    for place in ("zoe", "class/zoe"):
        files = {**folders(("class/ada", "class/bob"), "x.ipynb"), f"{place}/report.pdf": b"%PDF"}
        found = hand_over(write(tmp_path / place.replace("/", "-"), files), LABS).found
        assert [one.student for one in found] == ["ada", "bob", "zoe"] and "is not a notebook" in str(found[2])


def test_folders_in_folders_without_end_are_looked_at_once(tmp_path):
    """Two folders in each, sixteen levels deep, are 65,536 places for a notebook: is their layout told all the same?"""
    paths = [format(at, "016b") for at in range(0, 1 << 16, 150)]
    deep = zipped({f"{'/'.join(path)}/01_pruning.ipynb": work("m") for path in paths})
    assert marked(write(tmp_path, {"ada.zip": deep, "bo/01_pruning.ipynb": work("bo")})) == {"ada": "m", "bo": "bo"}


def test_zips_in_zips_without_end_cost_nobody_else(tmp_path):
    deep = zipped({"01_pruning.ipynb": work("m")})
    for at in range(300):
        deep = zipped({f"{at}.zip": deep, "manifest.json": b"{"}, zipfile.ZIP_STORED)
    for name, files in (("alone", {"m.zip": deep}), ("among", {"m.zip": deep, "bo/01_pruning.ipynb": work("bo")})):
        found = hand_over(write(tmp_path / name, files), LABS).found
        assert [one.student for one in found] == (["bo", "m"] if name == "among" else ["m"])
        assert "is a zip in a zip in a zip" in str(found[-1])


# One student, who has several files

ONE = {
    "two tries": {"ada/01_pruning.ipynb": work("ada"), "ada/old/01_pruning.ipynb": data(notebook())},
    "old and new": {"ada/old/01_pruning.ipynb": data(notebook()), "ada/new/01_pruning.ipynb": work("ada")},
    "labs in folders": {"ada/01/01_pruning.ipynb": work("ada"), "ada/02/02_quantization.ipynb": work("ada", "02_quantization")},
    "parts with odd names": {"ada/01_pruning.ipynb": work("ada"), "ada/bob/01_pruning.ipynb": data(notebook())},
    "weeks": {"ada/week 1/01_pruning.ipynb": data(notebook()), "ada/week 2/01_pruning.ipynb": work("ada")},
    "deep": {"ada/a/b/c/01_pruning.ipynb": work("ada")},
    "two zips of submit": {"ada/01_pruning-submission-1.zip": submitted("ada"), "ada/01_pruning-submission-2.zip": submitted("ada")},
}


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("name", ONE)
def test_one_student_with_several_files_is_one(tmp_path, name, alone):
    bo = {} if alone else {"bo/01_pruning.ipynb": work("bo")}
    assert marked(write(tmp_path, {**ONE[name], **bo})) == {"ada": "ada", **({} if alone else {"bo": "bo"})}


def test_tries_of_each_student_are_no_students(tmp_path):
    files = {f"{name}/{part}/01_pruning.ipynb": work(name) for name in ("ada", "bo") for part in ("task a", "task b")}
    assert marked(write(tmp_path, files)) == {"ada": "ada", "bo": "bo"}


def test_labs_of_one_student_by_hand_come_together(tmp_path):
    files = {
        "ada_01_pruning.ipynb": work("a"),
        "ada_02_quantization.ipynb": work("b", "02_quantization"),
        "01_pruning-submission-1.zip": submitted("c", "Cy"),
        "02_quantization-submission-1.zip": submitted("d", "Cy", "02_quantization"),
    }
    found = hand_over(write(tmp_path, files), LABS).found
    assert [(one.student, one.lab[:2]) for one in found] == [("Cy", "01"), ("Cy", "02"), ("ada", "01"), ("ada", "02")]


# What somebody hostile, or unlucky, puts inside

INSIDE = {
    "a name of Canvas": {"ada_10_99_01_pruning.ipynb": work("mallory")},
    "names of Canvas": {"ada_12340_99999_01_pruning.ipynb": work("mallory"), "bob_12341_99998_01_pruning.ipynb": data(notebook())},
    "a folder of Moodle": {"ada_12340_assignsubmission_file_/01_pruning.ipynb": work("mallory")},
    "a file of Moodle": {"Ada_12340_assignsubmission_file_01_pruning.ipynb": work("mallory")},
    "nbgrader": {"submitted/ada/ps1/01_pruning.ipynb": work("mallory"), "submitted/bob/ps1/01_pruning.ipynb": data(notebook())},
    "Blackboard": {"A_ada_attempt_2026-11-25-15-58-23_01_pruning.ipynb": work("mallory")},
    "Brightspace": {"123-456 - Ada - Nov 25, 2026 358 PM/01_pruning.ipynb": work("mallory")},
    "a manifest": {"01_pruning.ipynb": work("mallory"), "manifest.json": b'{"student": "ada"}'},
    "a manifest in the other case": {"01_pruning.ipynb": work("mallory"), "manifest.json": b'{"student": "ADA"}'},
    "folders of the others": {"ada/01_pruning.ipynb": work("mallory"), "bob/01_pruning.ipynb": data(notebook())},
    "a folder of a lab": {"01_pruning/ada/01_pruning.ipynb": work("mallory"), "01_pruning/bob/01_pruning.ipynb": data(notebook())},
    "a zip": {"ada.zip": zipped({"ada_12340_assignsubmission_file_/01_pruning.ipynb": work("mallory")})},
    "ILIAS": {"Abgaben/ada/01_pruning.ipynb": work("mallory")},
}
HOSTS = {
    "folder": ("ada/01_pruning.ipynb", "bob/01_pruning.ipynb", "mallory/{}"),
    "zip": ("ada.zip", "bob/01_pruning.ipynb", "mallory.zip"),
    "moodle": (
        *(f"{name}_{at}_assignsubmission_file_/01_pruning.ipynb" for at, name in ((12340, "ada"), (12341, "bob"))),
        "mallory_12342_assignsubmission_file_/{}",
    ),
    "moodle's zip": (
        *(f"{name}_{at}_assignsubmission_file_01_pruning.ipynb" for at, name in ((12340, "ada"), (12341, "bob"))),
        "mallory_12342_assignsubmission_file_w.zip",
    ),
    "canvas": ("ada_12340_77880_01_pruning.ipynb", "bob_12341_77881_01_pruning.ipynb", "mallory_12342_77882_work.zip"),
    "canvas, short numbers": ("ada_10_20_01_pruning.ipynb", "bob_11_22_01_pruning.ipynb", "mallory_15_25_work.zip"),
    "nbgrader": ("submitted/ada/ps1/01_pruning.ipynb", "submitted/bob/ps1/01_pruning.ipynb", "submitted/mallory/ps1/{}"),
    "nbgrader's zip": ("submitted/ada/ps1/01_pruning.ipynb", "submitted/bob/ps1/01_pruning.ipynb", "submitted/mallory/ps1/work.zip"),
}


@pytest.mark.parametrize("wrapped", ["as it is", "in a folder", "in a zip"])
@pytest.mark.parametrize("inside", INSIDE)
@pytest.mark.parametrize("host", HOSTS)
def test_nobody_hands_in_for_another(tmp_path, host, inside, wrapped):
    """Does what Mallory puts into the own hand-in leave Ada's and Bob's as they are, and is it Mallory's?"""
    ada, bob, place = HOSTS[host]
    files = {ada: zipped({"01_pruning.ipynb": work("ada")}) if ada.endswith(".zip") else work("ada"), bob: work("bob")}
    if place.endswith(".zip"):
        files[place] = zipped(INSIDE[inside])
    else:
        files |= {place.format(name): content for name, content in INSIDE[inside].items()}
    assert marked(write(tmp_path, WRAPPED[wrapped](files))) == {"ada": "ada", "bob": "bob", "mallory": "mallory"}


def test_a_name_that_looks_like_a_system_s_among_names_by_hand_is_a_name(tmp_path):
    files = {**folders(("ada", "bob"), "01_pruning.ipynb"), "ada_12340_assignsubmission_file_01_pruning.ipynb": work("mallory")}
    found = marked(write(tmp_path / "moodle", files))
    assert found["ada"] == "ada" and found["bob"] == "bob" and len(found) == 3
    files = {**folders(("ada", "bob"), "01_pruning.ipynb"), "ada_12340_77880_01_pruning.ipynb": work("mallory")}
    found = marked(write(tmp_path / "canvas", files))
    assert found["ada"] == "ada" and found["bob"] == "bob" and len(found) == 3


def test_where_two_hand_ins_claim_one_name_both_are_shown(tmp_path):
    files = {"mia/01_pruning.ipynb": work("mia"), "mia.zip": zipped({"01_pruning.ipynb": work("other")}), "bo/01_pruning.ipynb": work("bo")}
    found = hand_over(write(tmp_path, files), LABS)
    assert {one.student: author(one) for one in found.found} == {"bo": "bo", "mia (mia)": "mia", "mia (mia.zip)": "other"}
    said = [one for one in found.said if one.startswith("mia")]
    assert len(said) == 2 and "several hand-ins claim the name mia: compare this one with mia (mia.zip)" in said[0]
    assert all("several hand-ins claim" in "".join(one.notes) for one in found.found if one.student != "bo")


def test_the_same_work_twice_is_one_student_s(tmp_path):
    files = {"mia/01_pruning.ipynb": work("mia"), "mia.zip": zipped({"01_pruning.ipynb": work("mia")})}
    assert marked(write(tmp_path, files)) == {"mia": "mia"}


def test_a_manifest_does_not_outbid_a_folder_s_name(tmp_path):
    files = {"mia/01_pruning.ipynb": work("mia"), "mia2/01_pruning.ipynb": work("other"), "mia2/manifest.json": b'{"student": "mia"}'}
    found = hand_over(write(tmp_path, files), LABS).found
    assert {one.student: author(one) for one in found} == {"mia": "mia", "mia2": "other"}
    assert "the manifest in the zip names mia." in found[1].notes


def test_a_zip_without_a_name_does_not_take_a_folder_s(tmp_path):
    files = {"mia/01_pruning.ipynb": work("mia"), "01_pruning-submission-1.zip": submitted("other", "mia")}
    assert marked(write(tmp_path, files)) == {"mia": "mia", "mia (01_pruning-submission-1.zip)": "other"}


def test_two_zips_that_name_the_same_person_stay_two(tmp_path):
    files = {"01_pruning-submission-1.zip": submitted("one", "Mia"), "01_pruning-submission-2.zip": submitted("two", "Mia")}
    assert marked(write(tmp_path / "nameless", files)) == {
        "Mia (01_pruning-submission-1.zip)": "one",
        "Mia (01_pruning-submission-2.zip)": "two",
    }
    files = {"x.zip": submitted("one", "Mia"), "y.zip": submitted("two", "Mia")}
    assert marked(write(tmp_path / "named", files)) == {"x": "one", "y": "two"}


def test_a_zip_with_a_date_is_of_whom_its_manifest_names(tmp_path):
    files = {f"{name}_2026_11_30_final.zip": submitted(name, name.title()) for name in ("ada", "bob")}
    assert marked(write(tmp_path, files)) == {"Ada": "ada", "Bob": "bob"}


def test_two_people_of_one_name_in_canvas_stay_two_in_all_labs(tmp_path):
    files = {
        "smithjohn_12340_77880_01_pruning.ipynb": work("one"),
        "smithjohn_12341_77881_02_quantization.ipynb": work("two", "02_quantization"),
    }
    files |= {"ada_12342_77882_01_pruning.ipynb": work("ada")}
    assert marked(write(tmp_path, files)) == {"ada": "ada", "smithjohn (12340)": "one", "smithjohn (12341)": "two"}


# Spelling


@pytest.mark.parametrize("system", [moodle, canvas, nbgrader, folders, zips], ids=lambda one: one.__name__)
def test_combining_letters_are_the_same_name(tmp_path, system):
    """Is a student one, whom one lab's folder spells with combining letters, as macOS does?"""
    for form in ("NFC", "NFD"):
        name = unicodedata.normalize(form, "Zoë Brüning")
        files = system((name,), "01_pruning.ipynb")
        assert list(marked(write(tmp_path / form, files))) == [unicodedata.normalize("NFC", name)]


def test_two_labs_under_two_spellings_are_one_student_s(tmp_path):
    forms = [unicodedata.normalize(form, "Zoë") for form in ("NFC", "NFD")]
    files = {f"{forms[0]}/01_pruning.ipynb": work("a"), f"{forms[1]}/02_quantization.ipynb": work("a", "02_quantization")}
    assert [(one.student, one.lab[:2]) for one in hand_over(write(tmp_path / "labs", files), LABS).found] == [
        (forms[0], "01"),
        (forms[0], "02"),
    ]
    files = {f"{form}/01_pruning.ipynb": work(f"{at}") for at, form in enumerate(forms)}
    found = marked(write(tmp_path / "same", files))
    assert sorted(found.values()) == ["0", "1"] and all(name.startswith(f"{forms[0]} (") for name in found)


# What is left out, and what can't be read


def test_folders_called_as_nbgrader_s_are_students_where_nbgrader_is_not(tmp_path):
    names = ("source", "feedback", "release", "autograded", "ada")
    assert marked(write(tmp_path, folders(names, "01_pruning.ipynb"))) == {name: name for name in names}


def test_what_was_left_out_is_said(tmp_path):
    said = hand_over(write(tmp_path / "nbgrader", nbgrader(("ada",), "01_pruning.ipynb")), LABS).said
    assert said == ("Left out, because they are nobody's work: autograded, source.",)
    said = hand_over(
        write(tmp_path / "pages", {**folders(("ada", "bo"), "01_pruning.ipynb"), "index.html": b"", "grades.csv": b""}), LABS
    ).said
    assert said == ("Left out, because they are nobody's work: grades.csv, index.html.",)


@pytest.mark.parametrize("wrap", [False, True], ids=["folders", "zip"])
def test_a_hidden_folder_with_work_is_named(tmp_path, wrap):
    files = {
        ".ada/01_pruning.ipynb": work("ada"),
        "bo/01_pruning.ipynb": work("bo"),
        "bo/.mine/x.ipynb": work("bo"),
        "bo/.git/x.ipynb": b"",
    }
    found = hand_over(write(tmp_path, {"class.zip": zipped({**files, "cy/01_pruning.ipynb": work("cy")})} if wrap else files), LABS)
    ada, bo = found.found[:2]
    place = "class.zip/" * wrap
    assert f"Hidden by a dot in front of their names, and not read: {place}.ada, {place}bo/.mine." in found.said
    assert isinstance(ada, Refusal) and ada.student == ".ada" and "is hidden, because its name begins with a dot" in str(ada)
    assert [note for note in bo.notes if "hidden" in note] == [
        f"{'class.zip/' * wrap}bo/.mine is hidden, because its name begins with a dot: it was not read."
    ]


def test_many_broken_files_of_one_student_are_few_lines(tmp_path):
    files = {f"ada/x{at}.ipynb": b"" for at in range(1_900)}
    found = hand_over(write(tmp_path, {**files, "ada/01_pruning.ipynb": b"", "bo/01_pruning.ipynb": work("bo")}), LABS).found
    ada = [one for one in found if one.student == "ada"]
    assert len(ada) == 7 and any(str(one).startswith("1,895 more files, such as ada/") for one in ada)
    files |= {"ada/01_pruning.ipynb": work("ada")}
    whole = hand_over(
        write(tmp_path / "whole", {f"{name}": content for name, content in files.items() if "x1" in name or "pruning" in name}), LABS
    ).found
    assert len([one for one in whole if isinstance(one, Submission)]) == 1 and len(whole) < 8


@pytest.mark.parametrize("name", ["\x1b]0;x\x07.ipynb", "]0;x.ipynb", "0;.ipynb", "1.ipynb", "lab 1.ipynb"])
def test_a_broken_file_with_a_number_makes_no_column(tmp_path, name):
    files = {f"ada/{name}": b"", "bo/02_quantization.ipynb": work("bo", "02_quantization")}
    ada, bo = hand_over(write(tmp_path, files), LABS).found
    assert isinstance(ada, Refusal) and ada.lab == "" and bo.lab == "02_quantization"


def test_a_broken_file_that_is_called_by_its_lab_counts_for_it(tmp_path):
    ada, bo = hand_over(
        write(tmp_path / "words", {"ada/01_pruning.ipynb": b"", "bo/02_quantization.ipynb": work("bo", "02_quantization")}), LABS
    ).found
    assert ada.lab == "01_pruning" and bo.lab == "02_quantization"
    ada, _ = hand_over(write(tmp_path / "known", {"ada/lab 1.ipynb": b"", "bo/01_pruning.ipynb": work("bo")}), LABS).found
    assert ada.lab == "01_pruning"


@pytest.mark.parametrize("name", ["06_challenge.npz", "01_challenge.pt", "model.pth", "challenge.csv", "net.tflite"])
def test_a_file_that_no_challenge_takes_is_named(tmp_path, name):
    (found,) = hand_over(write(tmp_path, {"ada/01_pruning.ipynb": work("ada"), f"ada/{name}": b"x"}), LABS).found
    said = f"ada/{name} is not a file that an open challenge takes: hand in .onnx or .safetensors."
    assert said in found.notes


def test_notebooks_that_name_nobody_are_said_to_be_taken_for_one_student_s(tmp_path):
    files = {f"01_pruning{end}.ipynb": work(end or "first") for end in ("", " (1)", " (2)")}
    found = hand_over(write(tmp_path / "week3", files), LABS)
    assert [one.student for one in found.found] == ["week3"]
    assert "3 notebooks of lab 01 lie side by side and name nobody" in found.said[0]


def test_what_looks_like_a_class_among_students_is_said(tmp_path):
    files = {**folders(("ada", "bob"), "01_pruning.ipynb"), "late.zip": zipped(folders(("cy", "dido"), "01_pruning.ipynb"))}
    found = hand_over(write(tmp_path, files), LABS)
    assert [one.student for one in found.found] == ["ada", "bob", "late"]
    (said,) = found.said
    assert said.startswith("late.zip was graded as one student's, and its names look like several students' (cy, dido)")
    assert said in found.found[2].notes
