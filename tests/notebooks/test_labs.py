"""The notebooks of labs/ and solutions/, read but not executed. Each assertion lists the offenders by name."""

from __future__ import annotations

from pathlib import Path

from course.authoring import stale_labs
from course.authoring.gates import defects
from utils.files import ROOT

LABS, SOLUTIONS = ROOT / "labs", ROOT / "solutions"


def notebooks() -> list[Path]:
    """Every notebook that was built."""
    return sorted([*LABS.glob("*.ipynb"), *SOLUTIONS.glob("*.ipynb")])


def sources() -> list[Path]:
    """Every lab source."""
    return sorted(SOLUTIONS.glob("*.py"))


def test_no_notebook_is_stale():
    """Is every notebook what its source builds today, with no execution needed to know it?"""
    assert stale_labs() == {}


def test_every_source_has_its_two_notebooks():
    """Does each solutions/NN_name.py have its lab and its executed solution?"""
    wanted = [path for source in sources() for path in (LABS / f"{source.stem}.ipynb", source.with_suffix(".ipynb"))]
    assert [f"{path.parent.name}/{path.name}" for path in wanted if not path.is_file()] == []


def test_numbers_are_given_once():
    """Do no two labs share a number, which is how the command line calls them?"""
    numbers = [source.name[:2] for source in sources()]
    assert [source.name for source in sources() if numbers.count(source.name[:2]) > 1] == []


def test_no_notebook_has_a_defect():
    """Does every notebook pass every gate of course/authoring/gates.py?"""
    assert [defect for path in notebooks() for defect in defects(path)] == []
