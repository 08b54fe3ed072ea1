"""A case that does not end is stopped and named, whatever its loop catches, and nothing is left running."""

import itertools
import threading

import pytest

from utils.exercises.checking import assess
from utils.exercises.declare import Case, Lab
from utils.exercises.in_process import running
from utils.exercises.in_process.time_limit import TookTooLongError, limited
from utils.exercises.judges import equal_to
from utils.exercises.messages.view import Table

LIMIT_S = 0.1


def endless():
    while True:
        pass


def stubborn():
    """Catches what stops it, three times."""
    for _ in range(4):
        try:
            endless()
        except BaseException:
            continue


def without_exceptions():
    while True:
        try:
            sum(range(100))
        except Exception:
            continue


@pytest.mark.parametrize("function", [endless, stubborn, without_exceptions, lambda: sum(1 for _ in itertools.count())])
def test_what_does_not_end_is_stopped(function):
    if function is stubborn:
        limited(function, LIMIT_S)
    else:
        with pytest.raises(TookTooLongError):
            limited(function, LIMIT_S)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("time limit") and thread.is_alive() and thread.join(5)]


def test_what_ends_is_left_alone():
    assert limited(lambda: 5, 60) == 5
    with pytest.raises(KeyError):
        limited(lambda: {}[1], 60)


def test_nothing_arrives_after_the_end():
    """Is an exception that was on its way when the function ended taken back?"""
    for _ in range(30):
        try:
            limited(lambda: sum(range(400_000)), 0)
        except TookTooLongError:
            continue
    assert sum(range(2_000_000)) == 1_999_999_000_000


def test_it_works_in_another_thread():
    """Jupyter kernels may run cells outside of the main thread."""
    found = []

    def run():
        try:
            limited(endless, LIMIT_S)
        except TookTooLongError:
            found.append("stopped")

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == ["stopped"]


@pytest.fixture
def lab(monkeypatch):
    monkeypatch.setattr(running, "SECONDS", LIMIT_S)
    lab = Lab("99")

    @lab.exercise(stand_in=abs)
    def double(rng):
        for number in (1, 0, -1, -2, 3):
            yield Case(f"case {number}", (number,), equal_to(lambda x: 2 * x), hints=("nudge", "mistake"))

    return lab


def test_a_case_that_loops_is_named_and_the_others_are_run(lab, monkeypatch):
    monkeypatch.setattr("utils.exercises.checking.SECONDS", LIMIT_S)
    monkeypatch.setattr("utils.exercises.checking.SECONDS_AFTERWARDS", LIMIT_S)

    def double(x):
        while x == 0:
            pass
        return 2 * x

    result = assess(lab.exercises["double"], double)
    assert result.failed == ("case 0",)
    assert result.outcomes[1].verdict.got == f"it did not end within {LIMIT_S:g} s of computing"
    text = repr(Table(result, {}))
    assert "FAILED   case 0" in text and "Which loop does not end for this input" in " ".join(text.split())


def test_after_two_that_loop_the_rest_is_not_run(lab, monkeypatch):
    monkeypatch.setattr("utils.exercises.checking.SECONDS", LIMIT_S)
    monkeypatch.setattr("utils.exercises.checking.SECONDS_AFTERWARDS", LIMIT_S)

    def double(x):
        while x <= 0:
            pass
        return 2 * x

    result = assess(lab.exercises["double"], double)
    assert [outcome.ran for outcome in result.outcomes] == [True, True, True, False, False]
    text = repr(Table(result, {}))
    assert "not run  case -2; case 3" in text and "because:  two cases did not end" in text and text.count("FAILED") == 1
