"""Every lab's exercises, by answers: labNN/right.py must get full marks, labNN/wrong.py and declared mistakes lose what they say.

A new lab needs the two files and nothing here. The name of a function, or a class, begins with its exercise's.
"""

import importlib.util
import inspect
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from utils.doctor import lacking
from utils.exercises.checking import assess
from utils.exercises.declare import PUBLIC_SEED, cases_lost
from utils.exercises.inside.answers import plain
from utils.exercises.judges import difference
from utils.exercises.messages.advice import written_out
from utils.files import ROOT

from .remembered import draw_cases, remembering
from .wrong_answers import answer_by, hints_shown, lost_by, note, stock_mistakes, table_of_public_inputs

SEEDS = (PUBLIC_SEED, 20, 333)  # a right answer is right for any inputs, and a wrong one loses the same cases
LABS = {path.name: import_module(f"utils.exercises.{path.name}").lab for path in sorted((ROOT / "utils" / "exercises").glob("lab*/"))}
MAX_OF_A_TABLE = 0.15  # of an exercise's points: an empty input is the same for every seed
EXERCISES = [pytest.param(lab, exercise, id=exercise.key) for lab in LABS for exercise in LABS[lab].exercises.values()]

MISTAKES = [
    pytest.param(exercise, mistake, id=f"{exercise.key}-{mistake.name}")
    for lab in LABS.values()
    for exercise in lab.exercises.values()
    for mistake in exercise.mistakes
]


@pytest.fixture(autouse=True, scope="module")
def _computed_once():
    with remembering():
        yield


@pytest.fixture(autouse=True)
def _can_be_judged(request):
    """Without the tool that an exercise needs, nobody can judge it."""
    exercise = request.node.callspec.params.get("exercise") if hasattr(request.node, "callspec") else None
    if exercise is not None and exercise.needs and (said := lacking(exercise.needs)):
        pytest.skip(said)


@cache
def answers(lab, kind):
    """A list of (exercise, function) of every answer in tests/utils/exercises/LAB/KIND.py.

    These are its functions and classes, and those of its TABLE, if it has one: name -> (note, function).
    """
    path = Path(__file__).parent / lab / f"{kind}.py"
    spec = importlib.util.spec_from_file_location(f"{lab}_{kind}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = {name: one for name, one in vars(module).items() if getattr(one, "__module__", "") == module.__name__}
    for name, (said, function) in getattr(module, "TABLE", {}).items():
        function.__name__, function.__doc__ = name, said
        found[name] = function
    return [
        (next(exercise for key, exercise in LABS[lab].exercises.items() if name.startswith(key)), function)
        for name, function in found.items()
        if not name.startswith("_") and (inspect.isfunction(function) or inspect.isclass(function))
    ]


def all_answers(kind):
    return [pytest.param(*answer, id=f"{lab}-{answer[1].__name__}") for lab in LABS for answer in answers(lab, kind)]


def as_asked(exercise, function):
    """This function as an answer; where a class is asked for, one whose methods it is."""
    if not exercise.is_class:
        return function
    methods = {"forward": staticmethod(function), "backward": staticmethod(function)}
    return type(exercise.name, (torch.autograd.Function,), methods)


@cache
def _judged(exercise, function, seed):
    return assess(exercise, function, seed)


def judged(exercise, function, seed=PUBLIC_SEED):
    """What a function gets; several tests look at it, and it is run once."""
    return _judged(exercise, function, seed)


made_of = cache(lambda exercise, mistake: answer_by(exercise, mistake.made))
stock_of = cache(stock_mistakes)


@pytest.mark.parametrize(
    ("said", "lost"),
    [("all", "abc"), ("a*", "a"), ("refuses *", "bc"), ("all but refuses 0; an answer", "c"), ("all but refuses *", "a")],
)
def test_a_note_lists_cases_by_their_names_or_by_a_part_of_them(said, lost):
    names = {"a": "an answer", "b": "refuses 0", "c": "refuses NaN"}
    assert cases_lost(said, names.values()) == {names[one] for one in lost}
    with pytest.raises(ValueError, match="no case is called 'a question'"):
        cases_lost("an answer; a question", names.values())


@pytest.mark.parametrize(("exercise", "function"), all_answers("right"))
def test_right_answers_get_full_marks(exercise, function):
    for seed in SEEDS:
        result = assess(exercise, function, seed)
        assert result.failed == ()
        assert result.points == exercise.points


@pytest.mark.parametrize(("exercise", "function"), all_answers("wrong"))
def test_wrong_answers_lose_exactly_their_cases(exercise, function):
    for seed in SEEDS:
        result = judged(exercise, function, seed)
        assert set(result.failed) == lost_by(exercise, function) != set()
        lost = sum(outcome.case.weight for outcome in result.outcomes if outcome.case.name in result.failed)
        whole = sum(outcome.case.weight for outcome in result.outcomes)
        assert result.points == pytest.approx(exercise.points * (1 - lost / whole))


@pytest.mark.parametrize(("exercise", "function"), [answer for answer in all_answers("wrong") if note(answer.values[1])[1]])
def test_wrong_answers_meet_the_hints_that_they_list(exercise, function):
    """Each hint by its beginning, and none besides: none is better than one that leads astray."""
    found, listed = hints_shown(judged(exercise, function)), note(function)[1]
    assert [text[: len(beginning)] for text, beginning in zip(found, listed, strict=True)] == listed


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES)
def test_a_mistake_loses_a_case_is_recognised_and_meets_its_hint_first(exercise, mistake):
    function = made_of(exercise, mistake)
    for seed in SEEDS:
        result = judged(exercise, function, seed)
        assert result.failed
        if mistake.loses:
            assert set(result.failed) == cases_lost(mistake.loses, [case.name for case in exercise.cases()])
        shown = result.advice[0].outcome
        recognized = (shown.verdict.about, *shown.verdict.fits)
        assert mistake.hints in [shown.case.hints_for.get(name) for name in recognized]
        assert result.hints(shown) == written_out(mistake.hints, shown)
        assert hints_shown(result) == [result.hints(shown)[0]]


@pytest.mark.parametrize(("lab", "exercise"), EXERCISES)
def test_mistakes_of_all_functions_lose_exactly_the_cases_that_ask_for_them(lab, exercise):
    """Inputs are changed, nothing is refused, a layer's parameter or an empty tensor is not taken."""
    for name, (function, lost) in stock_of(exercise).items():
        for seed in SEEDS:
            outcomes = judged(exercise, function, seed).outcomes
            failed = {outcome.case.name: outcome.case.probe for outcome in outcomes if not outcome.verdict.passed}
            assert lost <= set(failed), name
            assert all(failed[case] for case in set(failed) - lost), f"{name}: only a probe may call it more than once"


@pytest.mark.parametrize(("lab", "exercise"), EXERCISES)
def test_mistakes_of_all_functions_meet_their_hints(lab, exercise):
    """Changed inputs are told to be compared; of refusals that do not come each says what to refuse, and nothing else is said."""
    for name, (function, lost) in stock_of(exercise).items():
        result = judged(exercise, function)
        shown, failed = hints_shown(result), {outcome.verdict.about for outcome in result.outcomes if not outcome.verdict.passed}
        if name == "changes_its_inputs" and failed == {"changed"}:  # a probe that calls it twice sees other mistakes
            case = next(case for case in exercise.cases() if case.name in lost)
            assert shown == [case.hints_about("changed")[0]]
        if name == "refuses_nothing":
            assert set(shown) == {case.hints[0] for case in exercise.cases() if case.about == "refusal"}
        if name == "needs_a_value" and (empty := [case.hints[0] for case in exercise.cases() if case.name in lost and case.hints_on_error]):
            assert shown == empty[:1]


@cache
def lost_by_mistakes(exercise):
    """The names of all cases that one of the exercise's mistakes loses, declared ones and those of all functions."""
    declared = (judged(exercise, made_of(exercise, mistake)).failed for mistake in exercise.mistakes)
    return frozenset().union(*declared, *(lost for _, lost in stock_of(exercise).values()))


@pytest.mark.parametrize(("lab", "exercise"), EXERCISES)
def test_enough_answers_are_tried(lab, exercise):
    """Has each exercise at least two right and four wrong answers, which together lose every case?"""
    assert sum(which is exercise for which, _ in answers(lab, "right")) >= 2
    wrong = [function for which, function in answers(lab, "wrong") if which is exercise]
    assert len(wrong) + len(exercise.mistakes) + len(stock_of(exercise)) >= 4
    lost = lost_by_mistakes(exercise).union(*(lost_by(exercise, function) for function in wrong))
    assert lost >= {case.name for case in exercise.cases()}


@pytest.mark.parametrize(("lab", "exercise"), [one for one in EXERCISES if not one.values[1].gives_text])  # a text has no inputs
def test_a_table_of_the_public_inputs_is_worth_next_to_nothing(lab, exercise):
    """Right answers for the inputs that every notebook shows, and a ValueError for all others: worth 15 % at most elsewhere."""
    function = table_of_public_inputs(exercise)
    assert assess(exercise, function).points > 0
    assert max(assess(exercise, function, seed).points for seed in SEEDS[1:]) <= MAX_OF_A_TABLE * exercise.points


@pytest.mark.parametrize(("lab", "exercise"), EXERCISES)
def test_the_stand_in_does_what_the_exercise_asks(lab, exercise):
    for seed in SEEDS:
        assert assess(exercise, exercise.stand_in, seed).failed == ()


@pytest.mark.parametrize(("lab", "exercise"), EXERCISES)
def test_a_stub_gets_nothing(lab, exercise):
    def stub(*_):
        raise NotImplementedError

    result = assess(exercise, as_asked(exercise, stub))
    assert result.points == 0
    assert not result.attempted


@pytest.mark.parametrize(("lab", "exercise"), EXERCISES)
def test_cases_are_complete(lab, exercise):
    """Has each case hints, a nudge and the likely mistake, and does a seed give the same inputs twice?"""
    for case, again in zip(draw_cases(exercise, 5), draw_cases(exercise, 5), strict=True):
        shared = {mistake.name for mistake in exercise.mistakes}
        own = [hints for mistake, hints in case.hints_for.items() if mistake not in shared]
        kinds = [hints for hints in (case.hints, *own) if hints]
        assert kinds and all(len(set(hints)) == 2 for hints in kinds)
        assert difference(plain(case.inputs), plain(again.inputs)) is None
    assert exercise.points > 0 and exercise.minutes > 0 and 1 <= exercise.difficulty <= 5


class Agrees:
    """An object that says yes to everything."""

    shape, dtype, ndim = (), None, 0

    def __eq__(self, other):
        return True

    def __bool__(self):
        return True

    def __getattr__(self, name):
        return self

    __hash__ = None


def _odd_answers():
    class Liar(torch.Tensor):
        def __eq__(self, other):
            return True

    nested = []
    nested.append(nested)
    return {
        "agrees": Agrees(),
        "tensor subclass": torch.zeros(8, 16).as_subclass(Liar),
        "generator": (value for value in (1, 2)),
        "endless": iter(int, 1),
        "huge list": [0] * 10_000_000,
        "huge by trick": torch.zeros(1).expand(10**12),
        "holds itself": nested,
        "NaN": float("nan"),
        "NaN tensor": torch.full((8, 16), torch.nan),
        "infinite int": 1 << 100_000,
        "objects": np.array([{}], dtype=object),
        "sparse": torch.eye(3).to_sparse(),
        "complex": torch.ones(3, dtype=torch.complex64),
        "none": None,
        "text": "x" * 50_000,
        "empty": {},
        "wrong names": {"a": torch.zeros(2), 3: 4},
        "three": (None, None, None),
        "class": dict,
        "forged": {"answer": 1, "inputs": ()},
        "forged error": {"raised": ["ValueError"]},
    }


@pytest.mark.parametrize(("lab", "exercise"), EXERCISES)
def test_odd_answers_are_wrong_and_nothing_worse(lab, exercise):
    """Does each get a verdict from the judge or a sentence, short enough to show, and no points?"""
    for what, odd in _odd_answers().items():
        result = assess(exercise, as_asked(exercise, lambda *_, odd=odd, **__: odd))
        assert result.points == 0, what
        assert all("could not be compared" not in outcome.verdict.got for outcome in result.outcomes), what
        assert max(len(outcome.verdict.got) for outcome in result.outcomes) < 250, what
