"""`update` mends a damaged copy: the lab's cells are whole again, answers and own cells stay."""

import json
import os

import pytest
from typer.testing import CliRunner

from utils import cli
from utils.student.notebook import as_text
from utils.student.update import damage

SETUP = "import math\n\n\ndef check(function):\n    return function"
DEMO = "values = [1, 2, 3]\nprint(values)"


def good(*arguments):
    """What a command says that must succeed, in one line."""
    result = CliRunner().invoke(cli.app, arguments)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def of_text(notebook, text, do):
    """The one cell with this text in it."""
    (found,) = (one for one in notebook["cells"] if text in do.text(one))
    return found


def break_setup(notebook, do):
    of_text(notebook, "import math", do)["source"] = "imprt math"


def change_setup(notebook, do):
    of_text(notebook, "import math", do)["source"] = "import math"


def break_demo(notebook, do):
    of_text(notebook, "values = ", do)["source"] = "values = [1, 2"


def empty_demo(notebook, do):
    of_text(notebook, "values = ", do)["source"] = ""


def delete_demo(notebook, do):
    notebook["cells"].remove(of_text(notebook, "values = ", do))


def delete_setup(notebook, do):
    notebook["cells"].remove(of_text(notebook, "import math", do))


def delete_text(notebook, do):
    notebook["cells"].remove(of_text(notebook, "The end.", do))


def delete_exercise(notebook, do):
    notebook["cells"].remove(do.cell(notebook, "halve"))


def empty_exercise(notebook, do):
    do.cell(notebook, "halve")["source"] = ""


def retype_exercise(notebook, do):
    one = do.cell(notebook, "halve")
    one["cell_type"] = "markdown"
    del one["outputs"], one["execution_count"]


def delete_check(notebook, do):
    notebook["cells"].remove(do.cell(notebook, "check-double"))


def change_check(notebook, do):
    do.cell(notebook, "check-double")["source"] = "double = chek(double)"


def retype_demo(notebook, do):
    one = of_text(notebook, "values = ", do)
    one["cell_type"] = "raw"
    del one["outputs"], one["execution_count"]


def move_setup(notebook, do):
    one = of_text(notebook, "import math", do)
    notebook["cells"].remove(one)
    notebook["cells"].append(one)


def lose_sources(notebook, do):
    of_text(notebook, "values = ", do)["source"] = None


def lose_metadata(notebook, do):
    del of_text(notebook, "values = ", do)["metadata"]


DAMAGES = [
    break_setup,
    change_setup,
    delete_setup,
    move_setup,
    break_demo,
    empty_demo,
    delete_demo,
    retype_demo,
    delete_text,
    delete_exercise,
    empty_exercise,
    retype_exercise,
    delete_check,
    change_check,
    lose_sources,
    lose_metadata,
]


@pytest.mark.parametrize("breaking", DAMAGES, ids=lambda one: one.__name__)
def test_a_damaged_copy_is_mended(student, lab, home, labs, do, breaking):
    answer = do.text(do.solve(student, "double"))
    do.insert(student, "check-double", "print('mine')")
    breaking(student, do)
    old = home / "01_first.ipynb"
    old.write_text(json.dumps(student))
    before = old.read_bytes()
    assert damage(lab, student) != []
    said = good("update", "1")
    assert "01_first-2.ipynb is new" in said and "Mended: " in said and old.read_bytes() == before
    new = json.loads((home / "01_first-2.ipynb").read_text())
    assert do.text(do.cell(new, "double")) == answer
    ids = {one["id"] for one in lab["cells"]}
    assert [one["id"] for one in new["cells"] if one["id"] in ids] == [one["id"] for one in lab["cells"]]
    for one in lab["cells"]:
        if one["id"] != "double":
            assert do.text(do.cell(new, one["id"])) == do.text(one)
    assert sum("print('mine')" in do.text(one) for one in new["cells"]) == 1
    assert damage(lab, new) == [] and "is up to date" in good("update", "1")


def test_a_broken_setup_cell_and_two_deleted_ones(student, lab, home, labs, do):
    do.solve(student, "double")
    break_setup(student, do)
    delete_demo(student, do)
    delete_text(student, do)
    (home / "01_first.ipynb").write_text(as_text(student))
    said = good("update", "01")
    assert 'Mended: the cell "import math" under "Lab 01: First" is not as the lab has it.' in said
    assert 'the cell "values = [1, 2, 3]"' in said and 'the cell "The end."' in said


@pytest.mark.parametrize(
    "change",
    [
        lambda notebook, do: do.solve(notebook, "double"),
        lambda notebook, do: do.insert(notebook, "check-double", "x = ("),
        lambda notebook, do: of_text(notebook, "The end.", do).update(source="The end. I liked it."),
        lambda notebook, do: [one.update(id=f"new-{number}") for number, one in enumerate(notebook["cells"])],
        lambda notebook, do: [one.update(metadata={}) for one in notebook["cells"]],
        lambda notebook, do: do.cell(notebook, "double").update(source=do.text(do.cell(notebook, "double")).replace("\n", "\r\n")),
        lambda notebook, do: of_text(notebook, "values = ", do).update(outputs=[], execution_count=7),
    ],
)
def test_what_is_no_damage(student, lab, home, labs, do, change):
    change(student, do)
    assert damage(lab, student) == []
    (home / "01_first.ipynb").write_text(as_text(student))
    assert "is up to date" in good("update", "1") and not (home / "01_first-2.ipynb").exists()


def test_a_change_that_the_lab_invites_is_kept_where_it_is(home, do, labs):
    lab = do.build(do.source.replace("values = [1, 2, 3]", "values = [1, 2, 3]  # yours: change any of these"))
    (labs / "01_first.ipynb").write_text(as_text(lab))
    student = json.loads(as_text(lab))
    mine = "values = [7, 8]  # better\nprint(values)"
    of_text(student, "values = ", do)["source"] = mine
    assert damage(lab, student) == []
    delete_check(student, do)
    (home / "01_first.ipynb").write_text(as_text(student))
    assert "invites changes: it stays in its place" in good("update", "1")
    new = json.loads((home / "01_first-2.ipynb").read_text())
    assert do.text(of_text(new, "values = ", do)) == mine and len(new["cells"]) == len(lab["cells"])
    of_text(student, "values = ", do)["source"] = "values = ["
    assert len(damage(lab, student)) == 2, "a broken one is damage all the same"


def test_a_lab_that_changed_is_no_damage(student, home, mine, newer, do):
    do.solve(student, "double")
    mine(student)
    newer()
    assert "Mended" not in good("update", "1")


def test_the_newest_copy_is_the_one_that_is_mended(student, home, mine, labs, do):
    mine(student)
    delete_check(student, do)
    path = mine(student, "01_first-2.ipynb")
    os.utime(path, (1, 1))
    assert "01_first-3.ipynb is new" in good("update", "1")
