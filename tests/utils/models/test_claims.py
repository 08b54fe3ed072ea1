"""What the labs claim, held against the records of all seeds. (That a record is true, test_zoo.py measures again.)"""

import pytest

from utils.models import zoo
from utils.show import gain


def loss(name):
    """Points of test accuracy below the large network, means over seeds."""
    return zoo.record("fashion_large").mean_test - zoo.record(name).mean_test


def times_smaller(name):
    return zoo.record("fashion_large").size_bytes[0] / zoo.record(name).size_bytes[0]


@pytest.mark.parametrize(("name", "points", "smaller"), [("fashion_large_w4", 0.4, 7), ("fashion_large_w2", 1.5, 14)])
def test_lab_02_few_bits_cost_little(name, points, smaller):
    assert len(zoo.record(name).test) == 3
    assert loss(name) <= points
    assert times_smaller(name) >= smaller


def test_lab_02_the_training_on_explains_nothing():
    """Is the control, trained on without rounding, no better than the network that it started from?"""
    assert zoo.record("fashion_large_longer").test[0] <= zoo.record("fashion_large").test[0] + 0.1


def test_lab_03_a_student_a_twentieth_of_the_size_is_close():
    assert times_smaller("fashion_student_distilled") >= 20
    assert loss("fashion_student_distilled") <= 1.5


def test_lab_03_the_teacher_is_what_helps():
    """Does the paired interval of the gain lie above 0, and is no control as good as the teacher?"""
    plain, taught = zoo.record("fashion_student"), zoo.record("fashion_student_distilled")
    assert len(plain.test) == len(taught.test) == 5
    assert gain(taught.test, plain.test).low > 0
    for control in map(zoo.record, ("fashion_student_smoothed", "fashion_student_shuffled")):
        assert control.mean_test < taught.mean_test


def test_lab_03_with_few_labels_a_teacher_is_worth_more():
    few, own, large = (zoo.record(name).test for name in ("fashion_few", "fashion_few_own_teacher", "fashion_few_large_teacher"))
    assert len(few) == len(own) == len(large) == 5
    assert gain(own, few).low > 0
    assert gain(large, few).low > 3


def test_lab_03_four_bits_cost_the_student_little():
    taught, rounded = zoo.record("fashion_student_distilled"), zoo.record("fashion_student_w4")
    assert abs(gain(rounded.test, taught.test[:3]).mean) <= 0.2
    assert times_smaller("fashion_student_w4") >= 100
