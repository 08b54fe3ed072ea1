"""What a class hands in: every layout is understood, every odd file is named, and none stops the others."""

import io
import json
import os
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading.intake.archives import Limits
from course.grading.intake.gather import gather
from course.grading.intake.notebooks import Read, read
from course.grading.submission import Refusal, Submission
from tests.course.grading.classroom import LABS, answered, cell, data, notebook, write, zipped
from utils.student.challenge import MAX_BYTES
from utils.student.submit import zipped as submit_zip

SMALL = Limits(file=100_000, archive=200_000, entries=50, directory=20_000)


def graded(folder, **kw):
    return [one for one in gather(folder, LABS, **kw) if isinstance(one, Submission)]


def refused(folder, **kw):
    return [one for one in gather(folder, LABS, **kw) if isinstance(one, Refusal)]


def pairs(found):
    return [(one.student, one.lab) for one in found]


def only(folder, **kw):
    found = gather(folder, LABS, **kw)
    assert len(found) == 1, found
    return found[0]


# Layouts


def test_moodle_folders(tmp_path):
    write(
        tmp_path,
        {
            "Ada Lovelace_123456_assignsubmission_file_/01_pruning.ipynb": answered(),
            "Zoë Ångström_123457_assignsubmission_file/02_quantization.ipynb": answered("02_quantization"),
        },
    )
    assert pairs(gather(tmp_path, LABS)) == [("Ada Lovelace", "01_pruning"), ("Zoë Ångström", "02_quantization")]


def test_moodle_files_without_folders(tmp_path):
    write(tmp_path, {"Ada Lovelace_123456_assignsubmission_file_01_pruning.ipynb": answered()})
    assert pairs([only(tmp_path)]) == [("Ada Lovelace", "01_pruning")]


def test_a_zip_of_moodle_with_zips_of_submit_in_it(tmp_path):
    manifest = json.dumps({"student": "Ada L.", "lab": "01_pruning"}).encode()
    inner = submit_zip({"01_pruning-2.ipynb": answered(), "01_challenge.onnx": b"model", "manifest.json": manifest})
    outer = zipped({f"{name}_12345{i}_assignsubmission_file_/01_pruning-submission-1.zip": inner for i, name in enumerate(("Ada", "Bo"))})
    write(tmp_path, {"CS-Assignment-1-77.zip": outer})
    ada, bo = gather(tmp_path, LABS)
    assert (ada.student, ada.lab, ada.artifacts) == ("Ada", "01_pruning", {"01_challenge.onnx": b"model"})
    assert not ada.notes  # the system's name and the manifest's share a word
    assert bo.student == "Bo" and bo.notes == ("the manifest in the zip names Ada L..",)
    assert pairs(gather(tmp_path / "CS-Assignment-1-77.zip", LABS)) == pairs([ada, bo])  # the zip itself may be given


def test_the_times_in_a_zip_count_for_nothing(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("Ada_17_assignsubmission_file_/01_pruning.ipynb", (1999, 1, 1, 0, 0, 0)), answered())
    write(tmp_path, {"export.zip": buffer.getvalue()})
    assert (only(tmp_path).handed_in, only(tmp_path).number) == ("", "17")


def test_canvas(tmp_path):
    files = {
        "lovelaceada_12345_67890_01_pruning.ipynb": answered(),
        "lovelaceada_12345_67891_01_challenge.onnx": b"model",
        "boolegeorge_LATE_12346_67892_02_quantization-1.ipynb": answered("02_quantization"),
    }
    for place in (tmp_path / "files", tmp_path / "zip"):
        write(place, files if place.name == "files" else {"submissions.zip": zipped(files)})
        boole, ada = gather(place, LABS)
        assert (boole.student, boole.lab, boole.late) == ("boolegeorge", "02_quantization", True)
        assert (ada.student, ada.late, ada.artifacts) == ("lovelaceada", False, {"01_challenge.onnx": b"model"})


def test_who_hands_in_nothing_readable_is_still_known_by_number(tmp_path):
    write(tmp_path, {"lovelaceada_12345_67890_01_pruning.ipynb": b"", "boolegeorge_12346_67892_notes.pdf": b"%PDF"})
    assert [(one.student, one.lab, one.number) for one in gather(tmp_path, LABS)] == [
        ("boolegeorge", "", "12346"),
        ("lovelaceada", "01_pruning", "12345"),
    ]


def test_a_zip_handed_in_by_canvas(tmp_path):
    write(tmp_path, {"lovelaceada_12345_67890_01_pruning-submission-1.zip": zipped({"01_pruning.ipynb": answered()})})
    assert pairs([only(tmp_path)]) == [("lovelaceada", "01_pruning")]


@pytest.mark.parametrize("top", ["", "submitted/"], ids=["the folder submitted/ is given", "the course's folder is given"])
def test_nbgrader(tmp_path, top):
    root = tmp_path / "course" if top else tmp_path / "submitted"
    write(
        root,
        {
            f"{top}ada/ps1/01_pruning.ipynb": answered(),
            f"{top}ada/ps1/timestamp.txt": b"2026-11-25 15:58:23.948203 UTC",
            f"{top}bo/ps1/01_pruning.ipynb": answered(),
            **({"source/ps1/01_pruning.ipynb": answered(), "autograded/ada/ps1/01_pruning.ipynb": answered()} if top else {}),
        },
    )
    ada, bo = gather(root, LABS)
    assert (ada.student, ada.handed_in) == ("ada", "2026-11-25T15:58:23+00:00")
    assert (bo.student, bo.handed_in) == ("bo", "")


def test_plain_folders_zips_and_files(tmp_path):
    manifest = json.dumps({"student": "Cleo", "lab": "01_pruning"}).encode()
    write(
        tmp_path,
        {
            "ada/01_pruning.ipynb": answered(),
            "ada/deep/er/02_quantization.ipynb": answered("02_quantization"),
            "bo.zip": zipped({"work/01_pruning.ipynb": answered()}),
            "01_pruning-submission-1.zip": zipped({"01_pruning.ipynb": answered(), "manifest.json": manifest}),
            "dido_01_pruning.ipynb": answered(),
            "01_pruning/eve/mine.ipynb": answered(),
        },
    )
    found = pairs(gather(tmp_path, LABS))
    assert found == [
        ("Cleo", "01_pruning"),
        ("ada", "01_pruning"),
        ("ada", "02_quantization"),
        ("bo", "01_pruning"),
        ("dido", "01_pruning"),
        ("eve", "01_pruning"),
    ]


def test_a_notebook_that_lies_alone_is_of_whom_the_folder_names(tmp_path):
    write(tmp_path / "ada", {"01_pruning.ipynb": answered(), "02_quantization (1).ipynb": answered("02_quantization")})
    assert pairs(gather(tmp_path / "ada", LABS)) == [("ada", "01_pruning"), ("ada", "02_quantization")]


def test_two_students_of_one_name(tmp_path):
    write(tmp_path, {f"Ada_{number}_assignsubmission_file_/01_pruning.ipynb": answered() for number in (1, 2)})
    assert [one.student for one in gather(tmp_path, LABS)] == ["Ada (1)", "Ada (2)"]


def test_one_student_whom_a_system_numbers_anew_for_each_assignment(tmp_path):
    files = {"Ada_1_assignsubmission_file_/01_pruning.ipynb": answered()}
    files["Ada_2_assignsubmission_file_/02_quantization.ipynb"] = answered("02_quantization")
    assert pairs(gather(write(tmp_path, files), LABS)) == [("Ada", "01_pruning"), ("Ada", "02_quantization")]


def test_names_that_look_alike_stay_two(tmp_path):
    write(tmp_path, {"ada/01_pruning.ipynb": answered(), "a\u200bda/01_pruning.ipynb": answered()})
    found = [one.student for one in gather(tmp_path, LABS)]
    assert len(set(found)) == 2 and all(name.startswith("ada (") for name in found)


def test_nothing_depends_on_the_order_of_files(tmp_path):
    files = {"ada/01_pruning.ipynb": answered(), "bo/01_pruning.ipynb": answered(body="return 1")}
    one, other = write(tmp_path / "one", files), write(tmp_path / "other", dict(reversed(files.items())))
    assert gather(one, LABS) == gather(other, LABS)


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder or zip"):
        gather(tmp_path / "none", LABS)
    (tmp_path / "text.txt").write_text("x")
    with pytest.raises(ValueError, match="neither a folder nor a zip"):
        gather(tmp_path / "text.txt", LABS)


# Which lab, which file


def test_a_wrong_name_is_recognised_by_metadata_and_said(tmp_path):
    write(tmp_path, {"ada/homework final.ipynb": answered()})
    found = only(tmp_path)
    assert found.lab == "01_pruning"
    assert found.notes == ("homework final.ipynb was recognised as lab 01 by its metadata.",)


@pytest.mark.parametrize("ids", [True, False], ids=["by ids", "by functions"])
def test_without_metadata_the_exercises_tell(tmp_path, ids):
    book = notebook(
        "02_quantization", {"quantize": "def quantize(x):\n    return x", "dequantize": "dequantize = lambda x: x"}, titans=False, ids=ids
    )
    found = only(write(tmp_path, {"ada/01_pruning.ipynb": data(book)}))
    assert found.lab == "02_quantization" and "recognised as lab 02 by the cells" in found.notes[0]


def test_metadata_that_no_cell_bears_out_is_not_believed(tmp_path):
    book = notebook("02_quantization", {"quantize": "def quantize(x):\n    return x"})
    book["metadata"]["titans"]["lab"] = "01_pruning"
    assert only(write(tmp_path, {"ada/x.ipynb": data(book)})).lab == "02_quantization"


def test_a_notebook_of_no_lab(tmp_path):
    write(tmp_path, {"ada/holiday.ipynb": data(notebook("09_other"))})
    found = only(tmp_path)
    assert isinstance(found, Refusal) and "of none of the labs" in str(found) and found.student == "ada"


def test_a_lab_without_any_cell_left_is_known_by_its_name(tmp_path):
    write(tmp_path, {"ada/01_pruning.ipynb": data({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})})
    assert only(tmp_path).lab == "01_pruning"


def test_a_notebook_under_the_name_that_a_browser_gave_it(tmp_path):
    write(tmp_path, {"ada/01_pruning.ipynb.txt": answered(), "ada/readme.txt": b"my homework", "ada/data.json": b'{"a": 1}'})
    found = only(tmp_path)
    assert found.lab == "01_pruning" and "01_pruning.ipynb.txt was recognised" in found.notes[0]


def test_of_two_files_for_a_lab_the_one_with_more_answers_is_taken(tmp_path):
    write(tmp_path, {"ada/01_pruning.ipynb": answered(), "ada/01_pruning-2.ipynb": data(notebook())})
    found = only(tmp_path)
    assert b"return x > 0" in found.notebook
    assert "ada/01_pruning.ipynb was taken of 2 files for this lab; not ada/01_pruning-2.ipynb." in found.notes


def test_of_two_answered_files_the_higher_number_is_taken(tmp_path):
    write(tmp_path, {f"ada/01_pruning{end}.ipynb": answered(body=f"return '{end}'") for end in ("", "-2", "-10")})
    assert b"return '-10'" in only(tmp_path).notebook


def test_the_same_notebook_twice_is_no_news(tmp_path):
    write(tmp_path, {"ada/01_pruning.ipynb": answered(), "ada/copy/01_pruning.ipynb": answered()})
    assert only(tmp_path).notes == ()


def test_a_challenge_without_its_number_goes_to_the_only_lab(tmp_path):
    write(tmp_path, {"ada/01_pruning.ipynb": answered(), "ada/mine.safetensors": b"model"})
    found = only(tmp_path)
    assert found.artifacts == {"mine.safetensors": b"model"} and "mine.safetensors was taken for lab 01" in found.notes[0]


def test_a_challenge_that_is_too_large_or_alone(tmp_path):
    write(tmp_path, {"ada/01_pruning.ipynb": answered(), "ada/01_challenge.onnx": bytes(MAX_BYTES + 1), "bo/01_challenge.onnx": b"x"})
    ada, bo = gather(tmp_path, LABS)
    assert ada.artifacts == {} and "has 16,000,001 bytes, and 16 MB are the most" in ada.notes[0]
    assert isinstance(bo, Refusal) and "without its lab's notebook" in str(bo)


# Files that are no whole notebooks

BROKEN = {
    "empty": (b"", "is empty"),
    "zeros": (bytes(100), "is empty"),
    "cut off": (answered()[:-20], "is cut off or damaged"),
    "a web page": (b"<!DOCTYPE html><html>", "is a web page"),
    "a script": (b"import torch\n", "is a Python script"),
    "a merge conflict": (b'{\n<<<<<<< HEAD\n "cells": []', "merge conflict"),
    "other JSON": (b"[1, 2]", "has no cells"),
    "no cells": (b'{"cells": 3}', "has no cells"),
    "deep": (b"[" * 100_000, "nested too deeply"),
    "a long number": (b'{"cells": [' + b"9" * 5000 + b"]}", "is cut off or damaged"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is not a notebook"),
    "a broken old one": (b'{"worksheets": [1, 2], "nbformat": 3}', "has no cells"),
    "too much text": (data(notebook(cells=[cell("x" * 6_000_000)])), "holds 6 MB of text"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_named_and_stops_nobody(tmp_path, name):
    content, reason = BROKEN[name]
    write(tmp_path, {"ada/01_pruning.ipynb": content, "bo/01_pruning.ipynb": answered()})
    ada, bo = gather(tmp_path, LABS)
    assert isinstance(ada, Refusal) and (ada.student, ada.lab, ada.path) == ("ada", "01_pruning", "ada/01_pruning.ipynb")
    assert reason in ada.reason
    assert isinstance(bo, Submission)


def test_no_notebook_at_all(tmp_path):
    write(tmp_path, {"ada/report.pdf": b"%PDF", "bo/a.docx": b"PK\3\4", "bo/b.rar": b"Rar!"})
    ada, bo = gather(tmp_path, LABS)
    assert str(ada) == "ada/report.pdf is not a notebook."
    assert str(bo) == "bo/a.docx, bo/b.rar are not notebooks."


def test_a_broken_copy_beside_a_good_one_is_a_note(tmp_path):
    write(tmp_path, {"ada/01_pruning.ipynb": answered(), "ada/01_pruning-2.ipynb": b"", "ada/02_quantization.ipynb": b""})
    good, refusal = gather(tmp_path, LABS)
    assert good.notes == ("ada/01_pruning-2.ipynb is empty.",)
    assert isinstance(refusal, Refusal) and refusal.lab == "02_quantization"


ODD = {
    "byte order mark": (lambda text: b"\xef\xbb\xbf" + text.encode(), ""),
    "UTF-16": (lambda text: text.encode("utf-16"), "was written in UTF-16"),
    "UTF-16 without a mark": (lambda text: text.encode("utf-16-le"), "was written in UTF-16-LE"),
    "UTF-32": (lambda text: text.encode("utf-32"), "was written in UTF-32"),
    "Windows line ends": (lambda text: text.replace("\\n", "\\r\\n").replace("\n", "\r\n").encode(), ""),
    "lone carriage returns": (lambda text: text.replace("\\n", "\\r").encode(), ""),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_encodings_are_the_same_submission(tmp_path, name):
    encode, note = ODD[name]
    plain = only(write(tmp_path / "plain", {"ada/01_pruning.ipynb": answered()}))
    odd = only(write(tmp_path / "odd", {"ada/01_pruning.ipynb": encode(answered().decode())}))
    assert odd.sha256 == plain.sha256 and odd.notebook == plain.notebook
    assert (note in "".join(odd.notes)) if note else not odd.notes


def test_latin_1_is_read_and_said(tmp_path):
    content = answered(body="return 'é'").replace(b"\\u00e9", b"\xe9")
    assert "not written in UTF-8" in only(write(tmp_path, {"ada/01_pruning.ipynb": content})).notes[0]


def test_half_a_surrogate_pair_is_carried(tmp_path):
    found = only(write(tmp_path, {"ada/01_pruning.ipynb": answered(body="return '\\ud83d'").replace(b"\\\\ud83d", b"\\ud83d")}))
    json.loads(found.notebook)


def test_format_3(tmp_path):
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": "x"},
        "worksheets": [
            {
                "metadata": {},
                "cells": [
                    {
                        "cell_type": "code",
                        "input": "def magnitude_mask(x):\n    return x\n",
                        "language": "python",
                        "outputs": [],
                        "metadata": {},
                        "collapsed": False,
                    }
                ],
            }
        ],
    }
    found = only(write(tmp_path, {"ada/01_pruning.ipynb": data(old)}))
    assert found.lab == "01_pruning" and b"def magnitude_mask" in found.notebook and "old format 3" in found.notes[0]


@pytest.mark.parametrize("content", [answered(), answered().decode().encode("utf-16")])
def test_what_was_read_once_reads_the_same(content):
    once = read(content)
    assert read(once.data) == Read(once.data)


def test_a_file_of_a_challenge_gets_a_harmless_name(tmp_path):
    files = {"01_pruning.ipynb": answered(), "a\x1b[2J.onnx": b"one", "x" * 300 + ".safetensors": b"two", "-rf.onnx": b"three"}
    found = only(write(tmp_path, {"ada.zip": zipped(files)}))
    assert found.artifacts == {"challenge.onnx": b"one", "challenge.safetensors": b"two", "-rf.onnx": b"three"}
    assert all(note.isprintable() for note in found.notes)


def test_outputs_are_left_out_and_change_nothing(tmp_path):
    plain = only(write(tmp_path / "plain", {"ada/01_pruning.ipynb": answered()}))
    book = json.loads(answered())
    for one in book["cells"]:
        one |= {"outputs": [{"output_type": "stream", "name": "stdout", "text": ["x" * 100]}], "execution_count": 7}
    assert only(write(tmp_path / "run", {"ada/01_pruning.ipynb": data(book)})).sha256 == plain.sha256


@pytest.mark.slow
def test_a_hundred_megabytes_of_output_are_read_apart_and_left_out(tmp_path):
    book = json.loads(answered())
    book["cells"].append(cell("print(1)", outputs=[{"output_type": "stream", "name": "stdout", "text": ["x" * 100 + "\n"] * 1_000_000}]))
    found = only(write(tmp_path, {"ada/01_pruning.ipynb": data(book)}))
    assert found.lab == "01_pruning" and len(found.notebook) < 10_000


@pytest.mark.slow
def test_brackets_that_would_fill_the_memory_cost_their_author_alone(tmp_path):
    write(tmp_path, {"ada/01_pruning.ipynb": b'{"cells": [' + b"{}," * 60_000_000 + b"{}]}", "bo/01_pruning.ipynb": answered()})
    ada, bo = gather(tmp_path, LABS)
    assert isinstance(ada, Refusal) and "too much memory" in str(ada)
    assert isinstance(bo, Submission)


# Zips


def test_a_zip_bomb_by_what_it_says(tmp_path):
    write(tmp_path, {"ada.zip": zipped({f"{i}.ipynb": bytes(90_000) for i in range(3)}), "bo/01_pruning.ipynb": answered()})
    ada, bo = gather(tmp_path, LABS, SMALL)
    assert "refused as a zip bomb" in str(ada) and bo.student == "bo"


def lying(content, said):
    """A zip that says its one file has `said` bytes."""
    whole = bytearray(zipped({"01_pruning.ipynb": content}))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", whole, whole.index(signature) + at, said)
    return bytes(whole)


def test_a_zip_bomb_that_says_less_than_it_holds(tmp_path):
    write(tmp_path, {"ada.zip": lying(bytes(5_000_000), 10)})
    assert "can't be unpacked" in str(only(tmp_path, limits=SMALL))


def test_a_file_of_a_zip_that_is_too_large(tmp_path):
    write(tmp_path, {"ada.zip": zipped({"01_pruning.ipynb": bytes(150_000)})})
    assert "MB are the most" in str(only(tmp_path, limits=SMALL)) or "more than 0 MB" in str(only(tmp_path, limits=SMALL))


def test_a_bomb_of_zips_in_zips(tmp_path):
    bomb = zipped({"x.ipynb": bytes(60_000)})
    for _ in range(2):
        bomb = zipped({f"{i}.zip": bomb for i in range(4)})
    write(tmp_path, {"ada.zip": bomb, "bo/01_pruning.ipynb": answered()})
    found = gather(tmp_path, LABS, SMALL)
    assert pairs([one for one in found if isinstance(one, Submission)]) == [("bo", "01_pruning")]
    assert any("zip bomb" in str(one) for one in found)


def test_zips_in_zips_without_end(tmp_path):
    deep = zipped({"01_pruning.ipynb": answered()})
    for _ in range(5):
        deep = zipped({"more.zip": deep})
    write(tmp_path, {"ada.zip": deep})
    assert "is a zip in a zip in a zip" in str(only(tmp_path))


def test_a_zip_in_a_zip_is_read(tmp_path):
    assert only(write(tmp_path, {"ada.zip": zipped({"work.zip": zipped({"01_pruning.ipynb": answered()})})})).lab == "01_pruning"


def test_too_many_files(tmp_path):
    write(
        tmp_path,
        {"ada.zip": zipped({f"{i}.txt": b"" for i in range(60)}), "bo.zip": zipped({"x" * 60 + f"{i}.txt": b"" for i in range(400)})},
    )
    ada, bo = refused(tmp_path, limits=Limits(entries=50, directory=2_000))
    assert "more than 50 files" in str(ada) and "list of files is too long" in str(bo)


def special(name, content=b"", mode=0, flag=0, method=None):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("placeholder" if "\0" in name else name)
        info.external_attr = mode << 16
        archive.writestr(info, content)
        archive.writestr("01_pruning.ipynb", answered())
    whole = bytearray(buffer.getvalue())
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = whole.index(signature) + at
        struct.pack_into("<H", whole, position, struct.unpack_from("<H", whole, position)[0] | flag)
        if method is not None:
            struct.pack_into("<H", whole, position + 2, method)
    return bytes(whole)


SPECIAL = {
    "two dots": (special("../../etc/02_x.ipynb", answered()), "leads out of the zip"),
    "two dots of Windows": (special("..\\..\\02_x.ipynb", answered()), "leads out of the zip"),
    "an absolute path": (special("/etc/02_x.ipynb", answered()), "leads out of the zip"),
    "a drive": (special("C:\\02_x.ipynb", answered()), "leads out of the zip"),
    "a link": (special("02_x.ipynb", b"/etc/passwd", mode=0o120777), "is a symbolic link"),
    "encrypted": (special("02_x.ipynb", answered(), flag=1), "is encrypted"),
    "an unknown method": (special("02_x.ipynb", answered(), method=12), "unusual way"),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_a_file_of_a_zip_that_is_not_read_is_named_and_the_rest_is_graded(tmp_path, name):
    content, reason = SPECIAL[name]
    found = gather(write(tmp_path, {"ada.zip": content}), LABS)
    assert ("ada", "01_pruning") in pairs(one for one in found if isinstance(one, Submission))
    assert any(reason in text for one in found for text in ([str(one)] if isinstance(one, Refusal) else one.notes))
    assert not any(b"passwd" in one.notebook for one in found if isinstance(one, Submission))


def test_windows_separators_and_what_a_mac_leaves_behind(tmp_path):
    files = {"work\\01_pruning.ipynb": answered(), "__MACOSX/work/._01_pruning.ipynb": b"\0\5\x16\7", ".DS_Store": b"x"}
    files[".ipynb_checkpoints/01_pruning-checkpoint.ipynb"] = answered(body="return 'old'")
    found = only(write(tmp_path, {"ada.zip": zipped(files)}))
    assert found.lab == "01_pruning" and not found.notes


@pytest.mark.parametrize("content", [b"PK\3\4", b"PK\3\4" + bytes(100), zipped({"a.ipynb": answered()})[:-30], b"Rar!\x1a\7"])
def test_a_broken_zip_is_named(tmp_path, content):
    write(tmp_path, {"ada.zip": content, "bo/01_pruning.ipynb": answered()})
    ada, bo = gather(tmp_path, LABS)
    assert isinstance(ada, Refusal) and isinstance(bo, Submission)


def test_a_zip_under_the_name_of_a_notebook_is_looked_into(tmp_path):
    assert only(write(tmp_path, {"ada/01_pruning.ipynb": zipped({"01_pruning.ipynb": answered()})})).lab == "01_pruning"


def test_one_student_s_bomb_in_an_export_leaves_the_others(tmp_path):
    outer = zipped(
        {
            "Ada_11_assignsubmission_file_/ada.zip": zipped({f"{i}.ipynb": bytes(90_000) for i in range(5)}),
            "Bo_12_assignsubmission_file_/01_pruning.ipynb": answered(),
        }
    )
    ada, bo = gather(write(tmp_path, {"all.zip": outer}), LABS, SMALL)
    assert ada.student == "Ada" and "zip bomb" in str(ada)
    assert (bo.student, bo.lab) == ("Bo", "01_pruning")


def test_nobody_hands_in_for_another_by_laying_out_a_zip_as_a_system_does(tmp_path):
    forged = zipped({"bo_1_assignsubmission_file_/01_pruning.ipynb": answered(body="return 'ada'")})
    found = graded(write(tmp_path, {"ada.zip": forged, "bo/01_pruning.ipynb": data(notebook())}))
    assert [one.student for one in found] == ["ada", "bo"] and b"return 'ada'" in found[0].notebook
    within = graded(write(tmp_path / "in", {"Ada_2_assignsubmission_file_/x.zip": forged}))
    assert pairs(within) == [("Ada", "01_pruning")]


# Folders


def test_links_and_pipes_in_folders_are_not_followed(tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(answered(body="return 'secret'"))
    folder = write(tmp_path / "in", {"ada/01_pruning.ipynb": answered()})
    (folder / "ada" / "02_quantization.ipynb").symlink_to(secret)
    (folder / "ada" / "all").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "ada" / "pipe.ipynb")
    found = gather(folder, LABS)
    assert pairs(one for one in found if isinstance(one, Submission)) == [("ada", "01_pruning")]
    said = " ".join(text for one in found for text in ([str(one)] if isinstance(one, Refusal) else one.notes))
    assert said.count("is a symbolic link") == 2 and "is not a regular file" in said
    assert not any(b"secret" in one.notebook for one in found if isinstance(one, Submission))


def test_a_name_that_is_not_unicode(tmp_path):
    folder = os.fsencode(tmp_path) + b"/ada\xff"
    os.mkdir(folder)
    with open(folder + b"/01_pruning.ipynb", "wb") as file:
        file.write(answered())
    only(tmp_path).student.encode()


# Whatever comes


@given(st.binary(max_size=300))
def test_any_bytes_in_any_place_are_submissions_or_refusals(tmp_path_factory, content):
    folder = write(tmp_path_factory.mktemp("any"), {"ada/01_pruning.ipynb": content, "bo.zip": content, "bo/01_pruning.ipynb": answered()})
    found = gather(folder, LABS)
    assert ("bo", "01_pruning") in pairs(one for one in found if isinstance(one, Submission))


@given(st.integers(0, 2_000), st.binary(min_size=1, max_size=8))
def test_a_zip_damaged_anywhere_never_stops_the_others(tmp_path_factory, at, noise):
    whole = bytearray(zipped({"01_pruning.ipynb": answered(), "01_challenge.onnx": b"x" * 50}))
    at %= len(whole)
    whole[at : at + len(noise)] = noise
    folder = write(tmp_path_factory.mktemp("damaged"), {"ada.zip": bytes(whole), "bo/01_pruning.ipynb": answered()})
    found = gather(folder, LABS)
    assert ("bo", "01_pruning") in pairs(one for one in found if isinstance(one, Submission))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["cells", "source", "metadata", "id", "tags", "cell_type", "titans"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["metadata", "nbformat", "worksheets"]), JSON, max_size=3), st.lists(JSON, max_size=5))
def test_any_json_with_cells_is_read_or_refused(tmp_path_factory, top, cells):
    folder = write(tmp_path_factory.mktemp("json"), {"ada/01_pruning.ipynb": json.dumps({**top, "cells": cells}).encode()})
    for one in gather(folder, LABS):
        assert isinstance(one, Refusal) or json.loads(one.notebook)["cells"] is not None
