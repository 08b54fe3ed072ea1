"""What was converted is converted again: the record is what today's code gives."""

import json

import pytest

from course.zoo.int8 import convert
from utils.files import ZOO
from utils.models import zoo

NAMES = sorted(path.parent.name for path in ZOO.glob("*/recipe.toml") if "int8" in zoo.recipe(path.parent.name))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_recorded_figures_are_measured_again(name):
    """Does the first seed reach its accuracy and its bytes? (2 images of 10,000 may differ between processors.)"""
    what = zoo.recipe(name)
    record, again = json.loads((ZOO / name / "seed0.json").read_text()), convert(name, what, what["seeds"][0])
    assert again["test"] == pytest.approx(record["test"], abs=0.02)
    assert again["validation"] == pytest.approx(record["validation"], abs=0.02)
    assert again["bytes"] == pytest.approx(record["bytes"], abs=64)  # names in the file may differ by some letters


def test_int8_keeps_what_lab_02_promises():
    """Is the loss at most 0.2 point over three seeds, and the file 3.7 times smaller?"""
    dense, int8 = zoo.record("fashion_large"), zoo.record("fashion_large_int8")
    assert len(int8.test) == 3
    assert dense.mean_test - int8.mean_test <= 0.2
    assert dense.size_bytes[0] / int8.size_bytes[0] >= 3.7
