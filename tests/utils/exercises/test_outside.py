"""Questions that a probe asks of the trusted side."""

from importlib import import_module

import numpy as np
import pytest
import torch

from utils.exercises.checking import assess
from utils.exercises.declare import Case, Lab
from utils.exercises.inside.probing import bare
from utils.exercises.judges import Verdict, answered, equal_to, knowing
from utils.exercises.lab06.interleave import Machine
from utils.exercises.outside import MOST_QUESTIONS, AskedTooOftenError, Outside
from utils.files import ROOT

LABS = sorted(path.name for path in (ROOT / "utils" / "exercises").glob("lab*/"))


def test_it_answers_keeps_what_was_asked_and_ends():
    outside = Outside(lambda name, number: number + 1)
    assert outside("a", 1) == 2 and outside("a", 1) == 2
    assert outside.beside("x") == {"answer": "x", "asked": [("a", 1), ("a", 1)]}
    for _ in range(MOST_QUESTIONS - 2):
        outside("b", 0)
    with pytest.raises(AskedTooOftenError, match=f"more than {MOST_QUESTIONS} times"):
        outside("b", 0)


def test_a_question_without_an_answer_counts_too():
    outside = Outside({}.__getitem__)
    with pytest.raises(KeyError):
        outside("a")
    assert outside.asked == [("a",)]


def test_a_machine_s_clock_moves_by_what_the_work_costs_at_its_pace():
    machine, said = Machine(["a", "b"], [2, 3], [1, 10], start_s=5), []
    for name in ("", "a", "b", "b"):
        assert not name or machine("work", name) is None
        said.append(machine("clock"))
    assert said == pytest.approx([5, 5.002, 5.032, 5.035])
    with pytest.raises(ValueError, match="there is no function 'c'"):
        machine("work", "c")
    machine("work", "a")
    assert machine("clock") == pytest.approx(5.055), "a function that is not known moves neither the clock nor the pace"


@pytest.mark.parametrize(
    ("value", "plain"),
    [(1, 1), (True, True), (0.5, 0.5), ("a", "a"), (np.float64(0.5), 0.5), (np.int8(3), 3), (torch.tensor(2), 2), (np.array(True), True)],
)
def test_names_and_numbers_can_be_asked_for(value, plain):
    assert bare(value) == plain and type(bare(value)) is type(plain)


@pytest.mark.parametrize(
    "value", [None, [1], np.ones(1), torch.ones(2), "a" * 101, 1 << 64, object(), b"a"], ids=lambda value: type(value).__name__
)
def test_nothing_else_can(value):
    with pytest.raises(ValueError, match="a name or a number is asked for"):
        bare(value)


def test_every_run_of_a_case_has_answers_of_its_own(home):
    lab = Lab("01")  # whose probe asks

    class Once:
        def __init__(self):
            self.left = 1

        def __call__(self, *question):
            self.left -= 1
            if self.left < 0:
                raise ValueError("it was answered")
            return 5.0

    @lab.exercise(stand_in=lambda evaluate, names, sparsities: 0)
    def look(rng):
        judge = answered(knowing(equal_to(lambda table: table), [[5.0]]))
        yield Case("first", (["a"], [0.5]), judge, hints=("a", "b"), probe="look_up", outside=Once)
        asked = lambda answer, inputs: Verdict(answer["asked"] == [("a", 0.5)], "", "")  # noqa: E731
        yield Case("second", (["a"], [0.5]), asked, hints=("a", "b"), probe="look_up", outside=Once)

    right = lambda evaluate, names, sparsities: [[evaluate(names[0], sparsities[0])]]  # noqa: E731
    assert assess(lab.exercises["look"], right).failed == ()
    assert assess(lab.exercises["look"], right).failed == ()
    assert assess(lab.exercises["look"], lambda *_: [[5.0]]).failed == ("second",)


@pytest.mark.parametrize("lab", LABS)
def test_what_is_kept_outside_does_not_go_inside(lab):
    """Of a case whose answers come from outside, no number that is answered is among the inputs."""
    for exercise in import_module(f"utils.exercises.{lab}").lab.exercises.values():
        for case in exercise.cases(5):
            if case.outside is not None:
                assert not any(one in repr(case.inputs) for one in ("table", "pace", "costs"))
                numbers = [item for part in case.inputs if isinstance(part, list) for item in part if isinstance(item, float)]
                assert all(0 <= number < 1 for number in numbers)
