"""What `check` says, hands back and remembers, on a lab of one small exercise."""

import asyncio
import copy
import io
import json
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch

from utils import ledger
from utils.exercises import checking, stock
from utils.exercises.checking import assess, check
from utils.exercises.declare import Case, Lab, Mistake
from utils.exercises.judges import Verdict, close_to, equal_to, raises, untouched
from utils.exercises.messages import view
from utils.exercises.standins import StandIn
from utils.exercises.stock import keeps_inputs, refuses, takes_nothing, takes_parameter
from utils.files import ROOT


@pytest.fixture
def lab(home, monkeypatch):
    """A lab whose exercise `double` has three cases, of weights 2, 1 and 1."""
    monkeypatch.delenv("TITANS_STRICT", raising=False)
    lab = Lab("99")

    @lab.exercise(points=3, stand_in=lambda x: 2 * x)
    def double(rng):
        """double(x) -> twice x."""
        judge = close_to(lambda x: 2 * x)
        yield Case("whole numbers", (int(rng.integers(1, 9)),), judge, 2, ("nudge one", "mistake one"))
        yield Case("negative numbers", (-1.5,), judge, 1, ("nudge two", "mistake two"))
        yield Case("arrays <of numbers>", (-rng.random(3) - 1,), judge, 1, ("nudge three", "mistake three"))

    return lab


def good(x):
    return x + x


def partly(x):
    return abs(2 * x)


def stub(x):
    raise NotImplementedError


for _function in (good, partly, stub):
    _function.__name__ = "double"


def verdict():
    return ledger.read()["exercise"]["99/double"]


def test_a_right_function_comes_back_as_it_is(lab, capsys):
    assert check(lab, good) is good
    assert verdict()["points"] == 3
    text = capsys.readouterr().out
    assert "double: public checks, 3 of 3 points" in text
    assert "FAILED" not in text and "nudge" not in text


def test_partial_credit_goes_by_weight(lab, capsys):
    result = assess(lab.exercises["double"], partly)
    assert result.failed == ("negative numbers", "arrays <of numbers>")
    assert result.points == 1.5
    handed = check(lab, partly)
    assert type(handed) is StandIn
    assert handed(-4) == -8
    assert "1.5 of 3 points" in capsys.readouterr().out


def test_points_are_never_rounded_up_to_full():
    assert [view.points(value) for value in (0, 2.25, 2.9999, 3, 0.1 + 0.2)] == ["0", "2.25", "2.99", "3", "0.3"]


def test_a_stub_twice_is_zero_twice(lab, capsys):
    sentence = "double: not solved yet: the lab goes on with a stand-in; 0 of 3 points\n"
    first = check(lab, stub)
    assert capsys.readouterr().out == sentence
    assert verdict()["points"] == 0 and not verdict()["attempted"]
    second = check(lab, first)
    assert capsys.readouterr().out == sentence
    assert second is first
    assert verdict()["points"] == 0


def test_a_stand_in_is_never_judged(lab, monkeypatch, capsys):
    """Does the ledger keep the last honest verdict when only the check cell is run again?"""
    handed = check(lab, partly)
    before = verdict()
    monkeypatch.setattr(checking, "assess", lambda *_: pytest.fail("a stand-in was judged"))
    assert check(lab, handed) is handed
    assert verdict() == before
    assert "this is the stand-in" in capsys.readouterr().out


def test_the_second_hint_opens_at_the_second_failing_run(lab, capsys):
    check(lab, stub)  # no attempt: does not count
    check(lab, partly)
    first = capsys.readouterr().out
    assert "nudge two" in first and "mistake two" not in first and "nudge one" not in first
    check(lab, partly)
    assert "mistake two" in capsys.readouterr().out
    check(lab, good)
    capsys.readouterr()
    check(lab, partly)
    assert "mistake two" not in capsys.readouterr().out


def test_the_steps_open_at_the_third_failing_run(home, monkeypatch, capsys):
    """Below the first failing case, once."""
    monkeypatch.delenv("TITANS_STRICT", raising=False)
    lab = Lab("99")

    @lab.exercise(stand_in=lambda x: 2 * x, judge=equal_to(lambda x: 2 * x), steps="Add x to itself.")
    def double(rng):
        """double(x) -> twice x."""
        yield Case("one", (int(rng.integers(1, 9)),), hints=("nudge one", "mistake one"))
        yield Case("two", (-3,), hints=("nudge two", "mistake two"))
        yield Case("three", (-4,), hints=("nudge three", "mistake three"))

    for run in range(1, 4):
        check(lab, partly)
        assert capsys.readouterr().out.count("steps:    Add x to itself.") == (run == 3)


def test_a_mistake_is_recognised_and_stock_cases_have_their_hints(home):
    lab = Lab("99")
    sign = Mistake("sign", lambda x: -2 * x, ("Which sign has x?", "Leave out the minus."))

    @lab.exercise(stand_in=lambda x: 2 * x, judge=equal_to(lambda x: 2 * x), mistakes=(sign,))
    def double(rng):
        yield Case("numbers", (torch.ones(3),), hints=("nudge", "mistake"))
        yield takes_parameter(torch.ones(3))
        yield keeps_inputs(torch.ones(3))
        yield takes_nothing("no numbers", torch.ones(0))
        yield refuses("text", ("text",))

    def hints(function):
        result = assess(lab.exercises["double"], function)
        return {outcome.case.name: result.hints(outcome) for outcome in result.outcomes if not outcome.verdict.passed}

    assert hints(lambda x: -2 * x)["numbers"] == sign.hints
    assert hints(lambda x: 3 * x)["numbers"] == ("nudge", "mistake")
    right = lambda x: 2 * x if isinstance(x, torch.Tensor) else int("no")  # noqa: E731
    assert hints(right) == {}
    assert hints(lambda x: right(x).data if x is None or isinstance(x, str) or not x.requires_grad else x.numpy()) == {
        "takes a layer's parameter": stock.PARAMETER
    }
    assert hints(lambda x: x.data.mul_(2) if isinstance(x, torch.Tensor) else right(x))["leaves its inputs as they were"] == stock.CHANGED
    assert hints(lambda x: right(x) if isinstance(x, str) or x.sum() else x.max())["no numbers"] == stock.EMPTY
    assert hints(lambda x: 2 * x) == {"refuses text": stock.ERROR}


@pytest.mark.parametrize("wrong", [partly, stub, StandIn("double", good, "0 of 3 points"), 5, print])
def test_strict_mode_raises(lab, wrong, monkeypatch):
    monkeypatch.setenv("TITANS_STRICT", "1")
    with pytest.raises(AssertionError):
        check(lab, wrong)
    assert check(lab, good) is good


def test_strict_mode_names_the_failing_cases(lab, monkeypatch):
    monkeypatch.setenv("TITANS_STRICT", "1")
    with pytest.raises(AssertionError, match="99/double fails 2 of 3 cases: negative numbers, arrays <of numbers>"):
        check(lab, partly)


def test_an_unknown_function_is_told_the_names(lab, capsys):
    assert check(lab, print) is print
    said = "nothing was checked: no exercise is called print. Write def and the exercise's name, one of double(x)\n"
    assert capsys.readouterr().out == said
    assert check(lab, 5) == 5
    assert "nothing was checked: check takes a function, and this is of type int" in capsys.readouterr().out
    nameless = lambda x: 2 * x  # noqa: E731
    assert check(lab, nameless) is nameless
    assert "no exercise is called <lambda>. Write def" in capsys.readouterr().out
    assert ledger.read() == {}


def test_an_exception_shows_the_students_own_line(lab, capsys):
    def double(x):
        return np.linalg.inv(x)  # the line that matters

    check(lab, double)
    text = capsys.readouterr().out
    assert "LinAlgError" in text and "return np.linalg.inv(x)" in " ".join(text.split())
    assert "probing.py" not in text


def test_an_error_that_repeats_is_shown_once(lab, capsys):
    def double(x):
        raise RuntimeError("again and again")

    check(lab, double)
    text = capsys.readouterr().out
    assert text.count("RuntimeError: again and again") == text.count("FAILED") == 1
    assert "also:     failing: negative numbers; arrays <of numbers>" in text
    html = view.Table(assess(lab.exercises["double"], double), {})._repr_html_()
    assert html.count("RuntimeError: again and again") == 1 and html.count("the same error") == 2


def test_a_hint_that_two_cases_share_is_shown_once(home, capsys):
    lab = Lab("99")

    @lab.exercise(stand_in=abs)
    def double(rng):
        for at in range(3):
            yield Case(f"number {at}", (at + 1,), equal_to(lambda x: 2 * x), hints=("Think again.", "It is two times x."))

    def wrong(x):
        return 3 * x

    wrong.__name__ = "double"
    check(lab, wrong)
    text = capsys.readouterr().out
    assert text.count("Think again.") == text.count("FAILED") == text.count("expected") == 1
    assert "also:     failing: number 1; number 2" in text


class _RefusesError(Exception):
    def __str__(self):
        raise RuntimeError


class _Shy:
    def __getattribute__(self, name):
        raise RuntimeError


def _recursive(x):
    return _recursive(x)


def _exits(x):
    raise SystemExit


def _interrupts(x):
    raise KeyboardInterrupt


def _refuses(x):
    raise _RefusesError


def _prints(x):
    print("." * 100_000)
    return 2 * x


def _endless(x):
    while True:
        yield x


@pytest.mark.parametrize("function", [_recursive, _exits, _refuses, _endless, lambda: 1, lambda x: _Shy(), lambda x: [[]] * 10**6])
def test_check_never_raises(lab, function, capsys):
    def double(*args):
        return function(*args)

    assert type(check(lab, double)) is StandIn
    assert verdict()["points"] == 0
    assert len(capsys.readouterr().out) < 3000


def test_an_error_that_cannot_be_written_is_escaped(lab, monkeypatch):
    """Is a lone surrogate in a message, or a letter that an old terminal lacks, shown as an escape?"""

    def double(x):
        raise ValueError("caf\u00e9 \ud800")

    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    assert type(check(lab, double)) is StandIn
    assert rb"ValueError: caf\xe9 \ud800" in raw.getvalue()
    double.__name__ = "\ud800"
    assert check(lab, double) is double


def test_a_stopped_check_is_not_recorded(lab, capsys):
    """Does the last honest verdict stand, and is there none if there was none?"""

    def double(x):
        return _interrupts(x)

    assert type(check(lab, double)) is StandIn
    assert ledger.read() == {}
    check(lab, good)
    before = verdict()
    capsys.readouterr()
    check(lab, double)
    text = capsys.readouterr().out
    assert verdict() == before
    assert "you stopped this case" in text and text.count("FAILED") == 1
    assert "not run  negative numbers; arrays <of numbers>" in text and text.count("because:  you stopped the check") == 1
    assert "You stopped the check, so nothing is recorded" in text


def test_an_untouched_stub_does_not_replace_a_verdict(lab):
    """When the notebook is opened again and run from the top, do the points and the failing runs stay?"""
    check(lab, partly)
    before = verdict()
    assert type(check(lab, stub)) is StandIn
    assert verdict() == before
    assert before["points"] == 1.5 and before["failing_runs"] == {"negative numbers": 1, "arrays <of numbers>": 1}
    check(lab, partly)
    assert verdict()["failing_runs"] == {"negative numbers": 2, "arrays <of numbers>": 2}


def _guarded(x):
    if x < 0:
        raise ValueError("below 0")
    raise NotImplementedError


def _refusing(x):
    raise ValueError("no")


def _refusing_by_turns(x):
    raise (KeyError if x == 3 else ValueError)(x)


def _with_a_bug(x):
    if x < 0:
        raise ValueError("below 0")
    return x.real.imag.none


def _right(x):
    if x < 0:
        raise ValueError("below 0")
    return 2 * x


def _half_right(x):
    if x != 3:
        raise ValueError("no")
    return 2 * x


@pytest.mark.parametrize(
    ("function", "failed"),
    [(_guarded, "abc"), (_refusing, "abcde"), (_refusing_by_turns, "abcde"), (_with_a_bug, "abc"), (_right, ""), (_half_right, "ac")],
)
def test_a_refusal_counts_for_who_tells_inputs_apart(function, failed):
    """Who raises the same at every input has refused nothing; who has written the guard alone keeps its points."""
    lab = Lab("00")

    @lab.exercise(stand_in=abs)
    def doubled(rng):
        yield from (Case(name, (x,), equal_to(lambda x: 2 * x)) for name, x in (("a", 2), ("b", 3), ("c", 4)))
        yield from (Case(name, (x,), raises("ValueError"), about="refusal") for name, x in (("d", -2), ("e", -3)))

    result = assess(lab.exercises["doubled"], function)
    assert result.failed == tuple(failed)
    if function is _refusing:
        assert result.points == 0 and result.outcomes[-1].verdict.got == "ValueError for every input: raise it only for invalid ones"


def _helper(x):
    raise NotImplementedError


def _in_a_library(x):
    return asyncio.AbstractEventLoop().call_soon(x)  # raises a bare NotImplementedError, as our stubs do


def _says_why(x):
    raise NotImplementedError("later")


def _other_class(x):
    raise type("Unfinished", (NotImplementedError,), {})


@pytest.mark.parametrize("function", [lambda x: torch.tensor([True]).abs(), lambda x: _helper(x), _in_a_library, _says_why, _other_class])
def test_only_a_stub_is_empty(lab, function, capsys):
    """Is a NotImplementedError of torch's, of a helper's, or with a message shown as what it is: an error?"""

    def double(x):
        return function(x)

    for candidate in (double, function):
        result = assess(lab.exercises["double"], candidate)
        assert result.attempted is not (candidate is _helper)
    check(lab, double)
    text = " ".join(capsys.readouterr().out.split())
    assert "not solved yet" not in text.lower() and "got: " in text and "(line " in text


def test_a_function_that_calls_an_unsolved_one_is_told_so(lab, capsys):
    @lab.exercise(stand_in=abs)
    def half(rng):
        yield Case("a", (2,), equal_to(lambda x: x / 2))

    def half(x):  # noqa: F811
        raise NotImplementedError

    def double(x):
        return 4 * half(x)

    check(lab, double)
    text = capsys.readouterr().out
    assert "half is not solved yet: run its check first, then this one" in text
    assert "0 of 3 points" in text and text.count("FAILED") == 1 and "NotImplementedError" not in text
    check(lab, half)
    assert capsys.readouterr().out.startswith("half: not solved yet: the lab goes on with")


class _Twice:
    """What a library has."""

    factor = 2

    @staticmethod
    def apply(x):
        return 2 * x


@pytest.fixture
def lab_of_a_class(home, monkeypatch):
    """A lab whose exercise `Double` is a class that is called by a method, and another exercise."""
    monkeypatch.delenv("TITANS_STRICT", raising=False)
    lab = Lab("02")

    @lab.exercise(points=2, stand_in=_Twice)
    def Double(rng):  # noqa: N802
        """Double.apply(x) -> twice x."""
        for name, number in {"above 0": 3.0, "below 0": -3.0}.items():
            yield Case(name, (number,), equal_to(lambda x: 2 * x), probe="applied", about="inputs")

    @lab.exercise(stand_in=abs)
    def quadruple(rng):
        yield Case("a", (2,), equal_to(lambda x: 4 * x))

    return lab


class _EmptyDouble:
    @staticmethod
    def apply(x):
        raise NotImplementedError


class _HalfDouble:
    @classmethod
    def apply(cls, x):
        return x + x if x > 0 else cls.below(x)

    @staticmethod
    def below(x):
        raise NotImplementedError


class _GoodDouble(_HalfDouble):
    @staticmethod
    def below(x):
        return -2 * abs(x)


def test_an_exercise_may_be_a_class(lab_of_a_class, capsys):
    for kind in (_EmptyDouble, _HalfDouble, _GoodDouble):
        kind.__name__ = kind.__qualname__ = "Double"
    exercise = lab_of_a_class.exercises["Double"]
    assert exercise.is_class and exercise.signature == "Double.apply(x)"
    assert assess(exercise, _EmptyDouble).attempted is False
    half = assess(exercise, _HalfDouble)
    assert half.attempted and half.failed == ("below 0",) and half.points == 1
    assert check(lab_of_a_class, _GoodDouble) is _GoodDouble
    assert "Double: public checks, 2 of 2 points" in capsys.readouterr().out


def test_what_stands_in_for_a_class_has_its_methods(lab_of_a_class, capsys):
    handed = check(lab_of_a_class, _HalfDouble)
    assert type(handed) is StandIn and check(lab_of_a_class, handed) is handed
    assert (handed.apply(4), handed.factor) == (8, 2)
    assert type(copy.deepcopy(handed)) is type(pickle.loads(pickle.dumps(handed))) is StandIn
    with pytest.raises(AttributeError):
        handed.something_else  # noqa: B018
    assert check(lab_of_a_class, print) is print
    assert "Write def (class for a class) and the exercise's name, one of Double.apply(x), quadruple" in capsys.readouterr().out


def test_a_function_that_calls_an_unsolved_class_is_told_so(lab_of_a_class, capsys):
    class Double:
        @staticmethod
        def apply(x):
            raise NotImplementedError

    def quadruple(x):
        return 2 * Double.apply(x)

    check(lab_of_a_class, quadruple)
    assert "Double is not solved yet: run its check first, then this one" in capsys.readouterr().out


def test_printing_is_fine(lab):
    def double(x):
        return _prints(x)

    assert check(lab, double) is double


def test_what_is_no_function_never_raises(lab):
    shy = _Shy()
    assert check(lab, shy) is shy


def test_a_judge_that_fails_does_not_stop_the_lab(home):
    lab = Lab("99")

    @lab.exercise(stand_in=lambda *_: [1, 2])
    def double(rng):
        yield Case("breaks", (1,), lambda answer, inputs: 1 / 0)

    assert check(lab, good)("anything") == [1, 2]


def test_a_ledger_that_cannot_be_written_does_not_stop_the_lab(lab, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TITANS_HOME", str(tmp_path / "file" / "home"))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert check(lab, good) is good
    assert "the ledger could not be written" in str(told[-1].message)


def test_the_html_table_says_all_in_words_and_escapes(lab):
    result = assess(lab.exercises["double"], partly)
    html = view.Table(result, {})._repr_html_()
    for wanted in ("public checks", "1.5 of 3 points", "passed", "FAILED", "nudge two", "arrays &lt;of numbers&gt;", "a stand-in"):
        assert wanted in html
    assert "<of numbers>" not in html


def test_a_notebook_gets_html_and_a_terminal_text(lab, monkeypatch):
    import IPython
    import IPython.display as display

    shown = []
    monkeypatch.setattr(display, "display", shown.append)
    monkeypatch.setattr(IPython, "get_ipython", lambda: type("Shell", (), {"kernel": object()})())
    check(lab, partly)
    assert [type(table) for table in shown] == [view.Table]


def test_seeds_change_inputs_and_repeat():
    def draw(seed):
        return lab.exercises["one"].cases(seed)[0].inputs

    lab = Lab("98")

    @lab.exercise(stand_in=abs)
    def one(rng):
        yield Case("a", (float(rng.random()),), equal_to(abs))

    assert draw(1) == draw(1) != draw(2)


def test_a_faulty_declaration_is_refused():
    lab = Lab("98")

    @lab.exercise(stand_in=abs)
    def twice(rng):
        yield Case("a", (1,), equal_to(abs))
        yield Case("a", (2,), equal_to(abs))

    with pytest.raises(ValueError, match="98/twice"):
        lab.exercises["twice"].cases()

    @lab.exercise(stand_in=abs)
    def baseless(rng):
        yield Case("a", (1,), equal_to(abs), basis="b")

    with pytest.raises(ValueError, match="98/baseless has a basis that is none of its cases: use one of a"):
        baseless.cases()
    with pytest.raises(ValueError, match="two exercises called twice"):
        lab.exercise(stand_in=abs)(twice.generate)


@pytest.mark.parametrize(
    ("judge", "answer", "passes"),
    [
        (close_to(lambda: 0.5), 0.50001, True),
        (close_to(lambda: 0.5), np.float32(0.5), True),
        (close_to(lambda: 0.5), np.array([0.5]), False),
        (close_to(lambda: 0.5), "0.5", False),
        (close_to(lambda: 0.5), float("nan"), False),
        (close_to(lambda: np.array([1.0, np.nan])), np.array([1.0, np.nan]), True),
        (close_to(lambda: np.array([1.0, np.nan])), np.array([np.nan, np.nan]), False),
        (close_to(lambda: np.array([1.0, np.nan])), np.array([1.0, 1.0]), False),
        (equal_to(lambda: np.array([1.0, np.nan])), np.array([1.0, np.nan]), True),
        (equal_to(lambda: np.array([1.0, np.nan])), np.array([np.nan, np.nan]), False),
        (equal_to(lambda: np.array([1.0, np.nan])), np.array([1.0, 1.0]), False),
        (equal_to(lambda: float("nan")), float("nan"), True),
        (equal_to(lambda: {"a": 1}), {"a": 1, "b": 2}, False),
        (equal_to(lambda: {"a": 1, "b": 2}), {"a": 1}, False),
        (equal_to(lambda: [1]), [1, 2], False),
        (close_to(lambda: np.array([1.0, np.inf])), np.array([1.0, -np.inf]), False),
        (equal_to(lambda: [1, 2]), (1, 2), True),
        (equal_to(lambda: [1, 2]), [2, 1], False),
        (equal_to(lambda: {"a": None}), {"a": 0}, False),
        (equal_to(lambda: "text"), "text", True),
        (equal_to(lambda: np.array([1, 0])), np.array([True, False]), True),
        (raises("ValueError"), {"raised": ["UnicodeError", "ValueError"]}, True),
        (raises("ValueError"), {"raised": ["KeyError"]}, False),
        (raises("ValueError"), {"returned": 1}, False),
        (untouched(equal_to(lambda: 1)), {"answer": 1, "inputs": ()}, True),
        (untouched(equal_to(lambda: 1)), {"answer": 1, "inputs": (2,)}, False),
        (untouched(equal_to(lambda: 1)), 1, False),
    ],
)
def test_judges_tell_right_from_wrong(judge, answer, passes):
    found = judge(answer if not isinstance(answer, np.generic) else np.asarray(answer), ())
    assert type(found) is Verdict
    assert found.passed is passes


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"a": [1.5, 3]}, "['a'][1]: 3, expected 2.5"),
        ({"a": [1.5]}, "['a']: [1.5], expected [1.5, 2.5]"),
        ({"a": [np.array(1.5), np.array(2.5001, np.float32)]}, "['a'][1]: a tensor or array of float32, expected the plain number 2.5"),
        ({"a": np.array([1.5, 2.5])}, "['a']: a tensor or array of shape (2,), expected [1.5, 2.5]"),
        ({"b": []}, "{'b': []}"),
        ({}, "{}"),
        ({"a": list(range(90_000))}, f"['a']: {('list of 90000: ' + str(list(range(30)))[1:])[:87]}..., expected [1.5, 2.5]"),
        (np.array([1.5]), "shape (1,): 1.5"),
    ],
)
def test_a_difference_says_where_and_what_was_expected(answer, said):
    assert equal_to(lambda: {"a": [1.5, 2.5]})(answer, ()).got == said


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        (
            "import utils.exercises.lab01.inside.probes",
            {"utils.exercises.judges", "utils.exercises.lab01.magnitude_mask", "utils.exercises.checking", "utils.compress"},
        ),
        (
            "import utils.exercises.lab01.masks",
            {"torch", "utils.exercises.inside.probing", "utils.exercises.inside.answers", "utils.exercises.lab01.magnitude_mask"},
        ),
        (
            "from utils.exercises.lab01 import lab",
            {"utils.exercises.inside.probing", "utils.exercises.checking", "utils.exercises.lab01.inside.probes"},
        ),
    ],
)
def test_the_two_sides_load_without_each_other(statement, absent):
    """Can a worker run probes without any judge, and a grader judge without any probe?"""
    code = f"{statement}; import sys; print(*sys.modules)"
    loaded = set(subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split())
    assert not absent & loaded


def test_the_verdict_is_plain_json(lab, home):
    check(lab, partly)
    entry = json.loads((home / "ledger.json").read_text())["exercise"]["99/double"]
    assert entry["cases"] == {"whole numbers": True, "negative numbers": False, "arrays <of numbers>": False}
    assert (entry["points"], entry["of"], entry["core"]) == (1.5, 3, True)


def test_inputs_are_copied_for_each_call(home):
    """Does a function that spoils its inputs fail only the case that forbids it?"""
    lab = Lab("01")  # its probes are used
    shared = torch.ones(3)

    @lab.exercise(stand_in=torch.sum)
    def total(rng):
        yield Case("sum", (shared,), close_to(np.sum))
        yield Case("untouched", (shared,), close_to(np.sum), about="inputs")
        yield Case("sum again", (shared,), close_to(np.sum))

    def spoils(x):
        result = x.sum()
        x.zero_()
        return result

    assert assess(lab.exercises["total"], spoils).failed == ("untouched",)


def test_a_numpy_array_is_refused_where_a_tensor_is_asked_for(home, capsys):
    """By every probe, also in a dict; where no tensor comes in, numpy is as good."""
    lab = Lab("01")

    @lab.exercise(stand_in=torch.abs)
    def double(rng):
        judge = close_to(lambda x: {"a": 2 * x})
        yield Case("call", (torch.ones(3),), judge)
        yield Case("parameter", (torch.ones(3),), judge, probe="as_parameters")
        yield Case("looks again", (torch.ones(3),), judge, about="inputs")
        yield Case("nested", ({"x": [torch.ones(3)]},), close_to(lambda x: {"a": 2 * x["x"][0]}))
        yield Case("no tensor", (np.ones(3),), judge)

    def wrong(x):
        x = x["x"][0] if isinstance(x, dict) else x
        return {"a": 2 * (x.detach().numpy() if isinstance(x, torch.Tensor) else x)}

    wrong.__name__ = "double"
    assert assess(lab.exercises["double"], wrong).failed == ("call", "parameter", "looks again", "nested")
    check(lab, wrong)
    text = " ".join(capsys.readouterr().out.split())
    assert (
        text.count("got: a torch tensor is asked for; yours is a numpy array: wrap it in torch.from_numpy also: failing: parameter;") == 1
    )
