"""CITATION.cff, CHANGELOG.md and the commit hooks say what is so."""

import re
import tomllib

import pytest
import yaml

import utils
from course.checks.gate import steps
from utils.files import ROOT

CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))


def test_the_citation_has_what_the_format_asks_for():
    assert CITATION["cff-version"] == "1.2.0"
    assert CITATION["message"] and CITATION["title"] and CITATION["type"] == "software"
    assert all("name" in author or "family-names" in author for author in CITATION["authors"])


def test_the_citation_names_this_version_licence_and_authors():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert CITATION["version"] == utils.__version__
    assert CITATION["license"] == project["license"]
    assert [author["name"] for author in CITATION["authors"]] == [author["name"] for author in project["authors"]]


def test_the_changelog_begins_with_this_version():
    versions = re.findall(r"^## \[(.+?)\] - (Unreleased|\d{4}-\d\d-\d\d)$", CHANGELOG, re.M)
    assert versions[0][0] == utils.__version__
    assert len(versions) == len(re.findall(r"^## ", CHANGELOG, re.M))
    assert set(re.findall(r"^### (.+)$", CHANGELOG, re.M)) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`(?:python3 start\.py )?([a-z]+)(?: [A-Z]+| --[a-z]+)*`", CHANGELOG))))
def test_every_command_of_the_changelog_exists(command):
    import typer

    from course.cli import add_commands
    from utils.cli import app

    whole = typer.Typer()
    add_commands(whole)
    names = {c.name or c.callback.__name__ for c in [*app.registered_commands, *whole.registered_commands]}
    assert command in names


def test_hooks_are_steps_of_the_gate_and_need_no_network():
    (local,) = HOOKS["repos"]
    assert local["repo"] == "local"
    gate = {f"{step.module} {' '.join(step.arguments).removesuffix('.').strip()}".strip(): step.name for step in steps()}
    for hook in local["hooks"]:
        assert hook["language"] == "system"
        python, _, module = hook["entry"].partition(" -m ")
        assert python == ".venv/bin/python"
        assert gate[module.removesuffix(" --force-exclude")] == hook["name"]


README = (ROOT / "README.md").read_text(encoding="utf-8")
MAP = re.findall(r"^\| (\d\d) (.+?) \| .+ \| (ready|planned) \|$", README, re.MULTILINE)


def test_the_course_map_has_every_lab_and_says_which_are_ready():
    ready = {path.name[:2]: path.stem[3:].replace("_", " ") for path in (ROOT / "labs").glob("[0-9][0-9]_*.ipynb")}
    assert [number for number, _, _ in MAP] == [f"{number:02}" for number in range(20)]
    assert {number for number, _, state in MAP if state == "ready"} == set(ready)
    assert {number: title.replace("-", " ") for number, title, state in MAP if state == "ready"} == ready


def test_the_two_commands_stand_above_the_pictures_and_on_the_first_screen():
    lines = README.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("python3 start.py"))
    assert first < 15 and lines[first + 1].startswith("python3 start.py test")
    assert all(number > first + 1 for number, line in enumerate(lines) if line.startswith("!["))


def test_captions_are_sentences():
    captions = re.findall(r"^!\[.+?\]\(.+?\)\n\n\*(.+?)\*\n", README, re.MULTILINE | re.DOTALL)
    assert len(captions) == len(re.findall(r"^!\[", README, re.MULTILINE))
    for caption in captions:
        assert re.match(r"Lab \d\d: [a-z].+\.$", caption, re.DOTALL), caption
