"""What a class gets leads nowhere that is not there: labs, commands, links, folders of makers."""

import json
import re

import pytest

from course.handout.bundle import OTHERS, files
from tests.docs.test_links import targets
from utils.cli import app
from utils.files import ROOT

WORDS = (".md", ".ipynb", ".py", ".toml", ".html", ".js", ".txt", ".c", ".h")
# Labs whose texts still name a lab that does not exist (found by a reader of the hand-out, November 2026); the list only gets shorter.
NOT_YET = {"00": {"16"}, "01": {"04"}, "02": {"15"}, "03": {"04"}, "07": {"05"}, "08": {"09"}}


@pytest.fixture(scope="module")
def contents():
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a checkout by git")
    return read(files())


def read(found):
    return {name: one if isinstance(one, bytes) else one.read_bytes() for name, one in found.items()}


def prose(contents, kinds=("code", "markdown")):
    """Name -> text of everything that can be read, a notebook's cells of these kinds joined."""
    texts = {name: data.decode() for name, data in contents.items() if name.endswith(WORDS)}
    for name in [name for name in texts if name.endswith(".ipynb")]:
        texts[name] = "\n\n".join("".join(cell["source"]) for cell in json.loads(texts[name])["cells"] if cell["cell_type"] in kinds)
    return texts


def named_labs(text):
    """The numbers of labs that a text names, "labs 01, 02 and 04", without those that it calls planned."""
    for found in re.finditer(r"\b[Ll]abs?[ \n#*]+((?:\d\d\b(?:, | and | or | to )?)+)(?! \(planned\))", text):
        yield from re.findall(r"\d\d", found[1])


def test_exercises_are_handed_out_with_the_notebook_of_their_lab_alone(contents):
    labs = {name[5:7] for name in contents if name.startswith("labs/")}
    assert {name[19:21] for name in contents if re.match(r"utils/exercises/lab\d\d/", name)} == labs


def test_every_lab_that_is_named_exists(contents):
    labs = {name[5:7] for name in contents if name.startswith("labs/")}
    dead = {name: set(named_labs(text)) - labs for name, text in prose(contents).items()}
    dead = {name: numbers for name, numbers in dead.items() if numbers}
    waiting = {name: NOT_YET[name[5:7]] for name in contents if name.startswith("labs/") and name[5:7] in NOT_YET}
    assert {name: numbers for name, numbers in dead.items() if not numbers <= waiting.get(name, set())} == {}, "call it (planned)"


def test_the_reader_of_labs_tells_right_from_wrong():
    assert list(named_labs("Lab 04 and labs 01, 02 and 09; lab\n15, **lab 16**, lab 05 (planned), 12 labs, label 03")) == [
        *("04", "01", "02", "09", "15", "16"),
    ]


def test_every_command_that_is_named_is_there(contents):
    ours = {command.name or command.callback.__name__ for command in app.registered_commands}
    known = {*ours, "test"}  # `test` comes with the hand-out itself
    for name, text in prose(contents).items():
        for command in re.findall(r"python3? start\.py ([a-z]+)", text):
            assert command in known or command in ("installs", "makes", "and", "to"), f"{name} names the command {command}"


def test_every_link_leads_into_the_hand_out(contents):
    for name, text in prose(contents, kinds=("markdown",)).items():
        if not name.endswith((".md", ".ipynb")):
            continue
        folder = (ROOT / name).parent
        for target in targets(text):
            plain = target.partition("#")[0]
            path = (folder / plain).resolve().relative_to(ROOT).as_posix() if plain else name
            assert path in contents or any(one.startswith(f"{path}/") for one in contents), f"{name} leads to {target}"


def test_no_folder_of_makers_is_named_to_students(contents):
    for name, text in prose(contents).items():
        if name.endswith((".md", ".ipynb")):
            assert not re.findall(r"(?<![\w/])(?:solutions|course|tests)/[\w.]*", text), name


def test_some_labs_say_that_others_are_missing():
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a checkout by git")
    every, some = (read(files(labs))["README.md"].decode() for labs in ((), ("00_why_small", "02_quantization")))
    assert "- 00 " in some and "- 02 Quantization" in some and "- 01 " not in some and OTHERS in some
    assert OTHERS not in every and len(re.findall(r"^- \d\d ", every, re.MULTILINE)) == len(list((ROOT / "labs").glob("*.ipynb")))
