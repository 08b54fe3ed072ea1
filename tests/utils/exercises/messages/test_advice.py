"""Which mistake a table names: the recognized one, an error by what it says, or the plainest failing case."""

import numpy as np
import pytest
import torch

from utils.exercises.checking import assess
from utils.exercises.declare import Case, Lab
from utils.exercises.judges import Verdict, close_to, equal_to, raises, recognising, verdict_of
from utils.exercises.messages.advice import RESEMBLING, advise, written_out
from utils.exercises.messages.error_hints import error_hints
from utils.exercises.messages.view import Table
from utils.exercises.results import Outcome, Result


def outcome(name, about=None, fits=(), hints_for=(), refused=False):
    """about: None passes."""
    case = Case(
        name,
        (1,),
        equal_to(abs),
        hints=(f"nudge {name}", f"mistake {name}"),
        hints_for=dict(hints_for),
        about="refusal" if refused else "answer",
    )
    return Outcome(case, Verdict(about is None, "2", "got", about or "", tuple(fits)))


SIGN, BIAS = ("sign", ("which sign", "minus")), ("bias", ("which bias", "add it"))


def told(*outcomes):
    return [(one.outcome.case.name, one.hints[0] if one.hints else "") for one in advise(outcomes)]


def test_the_mistake_that_explains_most_is_named():
    """One filter can't tell two mistakes apart, many can."""
    both = [SIGN, BIAS]
    plain = outcome("plain", "sign", ("sign", "bias"), both)
    assert told(plain, outcome("many", "bias", ("bias",), both), outcome("all", "bias", ("bias",), both)) == [("plain", "which bias")]


def test_a_recognized_mistake_counts_before_the_first_case():
    plain, later = outcome("plain", "", hints_for=[SIGN]), outcome("later", "sign", ("sign",), [SIGN])
    assert told(plain, later) == [("later", "which sign")]
    by_chance = [outcome(f"number {at}", "", hints_for=[SIGN]) for at in range(3)]
    assert told(*by_chance, later) == [("number 0", "nudge number 0")]


def test_refusals_and_changed_inputs_wait_until_the_answer_is_right():
    changed = outcome("keeps", "changed", hints_for=[("changed", ("print them", "clone"))])
    refusal = outcome("refuses", "", refused=True)
    assert told(outcome("plain", ""), changed, refusal) == [("plain", "nudge plain")]
    assert told(outcome("plain"), changed, refusal) == [("keeps", "print them"), ("refuses", "nudge refuses")]


def test_refusals_with_one_hint_are_one_mistake():
    same = ("Which error?", "ValueError")
    cases = [Case(name, (1,), raises("ValueError"), hints=same, about="refusal") for name in ("a", "b", "c")]
    found = advise([Outcome(case, Verdict(False, "ValueError", "no error; it returns 1")) for case in cases])
    assert [(one.outcome.case.name, [other.case.name for other in one.also]) for one in found] == [("a", ["b", "c"])]


def test_another_error_is_named():
    case = Case("refuses", (1,), raises("ValueError"), hints=("a", "b"), about="refusal")
    verdict = raises("ValueError")({"raised": ["AssertionError", "Exception"]}, ())
    (advice,) = advise([Outcome(case, verdict)])
    assert written_out(advice.hints, advice.outcome)[0] == "You raise AssertionError; the docstring asks for ValueError."


def test_the_same_answer_to_a_refusal_is_described():
    assert raises("ValueError")({"returned": None}, ()).got == "no error; it returns None"


@pytest.mark.parametrize(
    ("answer", "about"),
    [
        ([[1.0, 2, 3], [4, 5, 6]], "a list"),
        (np.array([[1.0, 4], [2, 5], [3, 6]]), "turned axes"),
        (np.array([[1.0, 3, 5], [2, 4, 6]]), "other places"),
        (-np.array([[1.0, 2, 3], [4, 5, 6]]), "opposite sign"),
        (np.array([[1.0, 2, 3], [4, 5, 7]]), ""),
        (np.zeros((2, 3)), ""),
        (np.zeros((0, 3)), ""),
        ([[1.0, 2], [3]], ""),
        ("text", "another type"),
        ({"codes": 1}, "another type"),
        (np.arange(1.0, 7), "another shape"),
        ([1.0, 2, 3, 4, 5, 6], "a list"),
        (np.ones((2, 1)), "another size"),
        (21.0, "one number"),
        (100 * np.array([[1.0, 2, 3], [4, 5, 6]]), "another unit"),
        (1 / np.array([[1.0, 2, 3], [4, 5, 6]]), "reciprocal"),
        (None, ""),
    ],
)
def test_what_a_wrong_answer_looks_like(answer, about):
    expected = np.array([[1.0, 2, 3], [4, 5, 6]])
    assert close_to(lambda: expected)(answer, ()).about == about
    assert about == "" or about in RESEMBLING


@pytest.mark.parametrize(
    ("expected", "answer", "about"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, "other keys"),
        ({"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}, "other keys"),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, ""),
        ({"a": 1, "b": 2}, [1, 2], "not a dict"),
        ({"a": 1, "b": 2}, None, ""),
        ((1.5, 1.0), {"ratio": 1.5, "low": 1.0}, "not a tuple"),
        ((1.5, 1.0), np.array([1.5, 1.0]), "not a tuple"),
        (9.0, [14.0, 4.0], "several numbers"),
        (np.array(9.0), np.array([14.0, 4.0]), "several numbers"),
        (9.0, np.array(8.0), ""),
    ],
)
def test_an_answer_of_another_kind_is_told_so(expected, answer, about):
    verdict = equal_to(lambda: expected)(answer, ())
    assert (verdict.passed, verdict.about) == (False, about)
    assert not about or about in RESEMBLING


def test_the_keys_of_a_long_dict_that_are_missing_or_too_many_are_named():
    long = {f"a_long_name_{at}": [1.25, 2.5, 3.75] for at in range(9)}
    other = {name: long[name] for name in list(long)[1:]} | {"another": 1}
    got = equal_to(lambda: long)(other, ()).got
    assert got.startswith("a dict without 'a_long_name_0' and with 'another': dict of 9: ")
    assert equal_to(lambda: {"a": 1, "b": 2})({"a": 1}, ()).got == "{'a': 1}"


@pytest.mark.parametrize(
    ("answer", "expected", "about"),
    [
        (-1.5, 1.5, "opposite number"),
        (0.00061, 0.61, "another unit"),
        (2196.0, 0.61, "another unit"),
        (1, 1.046, "rounded"),
        (0.42, 0.4215, "rounded"),
        (0.0, 0.4215, ""),
        (1.2, 0.4215, ""),
        (2.0, 0.5, "reciprocal"),
        (22.932, 22932, "another unit"),
        (30, 3, ""),
        (np.array([22932, 22368]), 22932, "several numbers"),
        ([22932, 22368], 22932, "several numbers"),
        ((0.6,), 0.6, "another type"),
        (1382978831, 14849567341057295, "wrapped"),
        (np.array([-22, 34], dtype=np.int8), np.array([234, 34]), "wrapped"),
        (np.array([-23, 34], dtype=np.int8), np.array([234, 34]), ""),
        (np.array([3.0, -2]), np.array([3.032, -2.094]), "rounded"),
        ((12.78, 12.28, 6.66), (6.66, 12.28, 12.78), "another order"),
        ((0.00666, 0.01228, 0.01278), (6.66, 12.28, 12.78), "another unit"),
        (np.array([6.66, 12.28, 12.78]), (6.66, 12.28, 12.78), "not a tuple"),
        ((6.66, 12.28), (6.66, 12.28, 12.78), ""),
        ((6.66, None, 1), (6.66, 12.28, 12.78), ""),
    ],
)
def test_what_numbers_have_in_common(answer, expected, about):
    assert close_to(lambda: expected)(answer, ()).about == about


def test_a_missing_answer_is_said_before_all_else():
    case = Case("plain", (1,), equal_to(abs), hints=("Compute one by hand.", "1"))
    (advice,) = advise([Outcome(case, verdict_of(case.judge, None, (1,)))])
    assert advice.hints[0] == "Your function returns nothing."


def test_a_valid_input_that_the_function_refuses_is_said():
    case = Case("plain", (1,), equal_to(abs), hints_for={"error": ("Which axis?", "The first.")})
    found = Verdict(False, "", "ValueError: threshold  (line 3: raise ValueError('threshold'))", "error")
    (advice,) = advise([Outcome(case, found)])
    assert advice.hints[0].startswith("This input is valid")
    assert advice.hints[1:] == ("Which axis?", "The first.")


def test_the_shape_is_said_for_the_first_case_and_leaves_later_ones_their_hint():
    """A later case may be about its shape, and its own hint says more."""
    expected = np.array([1.0, 2, 3])
    first, later = (Case(name, (), close_to(lambda: expected), hints=("own", "hint")) for name in ("first", "later"))
    wrong, right = (verdict_of(first.judge, answer, ()) for answer in (np.ones(4), expected))
    (advice,) = advise([Outcome(first, wrong), Outcome(later, wrong)])
    assert advice.hints == (*RESEMBLING["another size"], "own", "hint")
    (advice,) = advise([Outcome(first, right), Outcome(later, wrong)])
    assert advice.hints == ("own", "hint")


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("IndexError: index 7 is out of bounds for dimension 0 with size 5", "You ask for entry 7 of axis 0, which has 5 entries."),
        ("IndexError: index 3 is out of bounds for axis 1 with size 3", "You ask for entry 3 of axis 1, which has 3 entries."),
        ("IndexError: tuple index out of range", "How many axes has this tensor?"),
        (
            "RuntimeError: expected m1 and m2 to have the same dtype, but got: int != signed char",
            "Two dtypes meet in this line: int32 and int8.",
        ),
        ("RuntimeError: stack expects each tensor to be equal size, but got [108] at entry 0", "Are these tensors of one shape?"),
        ("TypeError: slice indices must be integers or None or have an __index__ method", "Which number in this line is a float?"),
        ("TypeError: unsupported operand type(s) for ^: 'float' and 'int'", "What does ^ do in Python?"),
        ("ValueError: too many values to unpack (expected 2)", "How many values come here"),
        ("TypeError: max() received an invalid combination of arguments - got (list), but expected", "max and min take one axis."),
        ("an answer of type ValueError is not accepted: return None, bool", "ValueError is returned here, like any value."),
        ("NameError: name 'double' is not defined", "Where does double get its value?"),
    ],
)
def test_an_error_has_its_hint(said, hint):
    assert error_hints(said)[0].startswith(hint)


def test_a_mask_that_forward_did_not_keep_has_its_hint():
    assert error_hints("ValueError: not enough values to unpack (expected 1, got 0)", of_a_class=True)[0].startswith(
        "What did forward keep"
    )


def test_a_usual_mistake_counts_before_a_resemblance():
    expected = np.array([1.0, 2, 3, 4])
    judge = recognising(
        equal_to(lambda: expected), {"negative": lambda: -expected, "zero": lambda: 0 * expected, "again": lambda: -expected}
    )
    found = judge(-expected, ())
    assert (found.about, found.fits) == ("negative", ("negative", "again"))


def test_a_hint_may_hold_the_numbers_of_the_row():
    """The example of a hint must not contradict the row above it."""

    def cut(inputs, expected, got):
        return f"-low / scale is {-inputs[0] / 0.0132408:.2f} here. int() cuts it, round() goes to the nearest."

    hints = (cut, "You have {got}, not {expected}.", lambda inputs, expected, got: 1 / 0)
    which = Outcome(Case("a", (-1.2141847,), equal_to(abs), hints=hints), Verdict(False, "92", "91"))
    assert written_out(hints, which) == (
        "-low / scale is 91.70 here. int() cuts it, round() goes to the nearest.",
        "You have 91, not 92.",
    )


def test_braces_in_a_hint_stay():
    form = 'f"const {type} {name}[{count}] = {{{numbers}}};"'
    which = Outcome(Case("a", (1,), equal_to(abs), hints=(form,)), Verdict(False, "1", "2"))
    assert written_out((form,), which) == (form,)


def _broadcast():
    return torch.ones(2, 3, 4) * torch.ones(3)


def _numpy_broadcast():
    return np.ones((2, 3)) * np.ones(2)


def _index():
    return [1][1]


def _dtypes():
    return torch.ones(2, 3) @ torch.ones(3).double()


def _one_number():
    return float(torch.ones(3))


def _nothing():
    return torch.zeros(0).max()


def _parameter():
    return torch.ones(3, requires_grad=True).numpy()


def _truth():
    return 1 if torch.ones(3) > 0 else 0


def _strides():
    return torch.ones(2, 3).T.view(6)


def _count():
    return torch.ones(6).reshape(4)


def _none():
    return [].append(1) + 1


def _in_place():
    return torch.ones(3, dtype=torch.uint8).div_(2)


def _rounded():
    return round(torch.tensor(2.5))


def _power():
    return 0.025 * 2**3000


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (_broadcast, "4 numbers meet an axis of length 3"),
        (_numpy_broadcast, "The shapes (2,3) and (2,) meet here"),
        (_index, "last valid index"),
        (_dtypes, "Two dtypes meet in this line"),
        (_one_number, "takes one number and gets several"),
        (_nothing, "nothing here to take the largest"),
        (_parameter, "a parameter"),
        (_truth, "want one yes or no"),
        (_strides, "gaps in memory"),
        (_count, "How many numbers are there"),
        (_none, "Which name in this line is None"),
        (_in_place, "keeps the dtype"),
        (_rounded, "takes one number"),
        (_power, "How large does this number become"),
        (lambda: 1 / 0, "Which divisor is 0"),
        (lambda: {"a": 1}["b"], "There is no key 'b'"),
        (lambda: missing_name, "Where does missing_name get its value"),  # noqa: F821
        (lambda: (lambda x: x)(1, 2), "How many arguments"),
        (lambda: torch.abs([1.0]), "torch's functions take tensors"),
        (lambda: torch.ones(2).astype(int), "a tensor or a numpy array"),
        (lambda: torch.ones(2) - [1.0], "A list does not take part in arithmetic"),
    ],
)
def test_an_error_is_told_by_what_it_says(function, says):
    try:
        function()
    except Exception as error:
        hints = error_hints(f"{type(error).__name__}: {' '.join(str(error).split())}  (line 3: x)")
    assert says in " ".join(hints) and len(hints) == 2


@pytest.mark.parametrize(("answer", "kind"), [({1, 2}, "set"), (lambda: 1, "function")])
def test_an_answer_that_cannot_be_judged_is_named(answer, kind):
    lab = Lab("99")

    @lab.exercise(lambda x: x, judge=equal_to(lambda x: x))
    def same(rng):
        yield Case("one", (1,))

    result = assess(same, lambda x: answer)
    assert result.hints(result.outcomes[0])[0] == f"The answer is a {kind}. What does the docstring ask for?"


def test_a_library_that_is_not_known_is_told_nothing():
    assert error_hints("LinAlgError: Singular matrix  (line 3: inv(x))") == ()


class _Saves(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x > 0)
        return x * 1


@pytest.mark.parametrize("use", [lambda g, m: g * m, lambda g, m: m * g, lambda g, m: g * m.float(), lambda g, m: torch.where(m, g, 0)])
def test_saved_tensors_are_a_tuple(use):
    class Double(_Saves):
        @staticmethod
        def backward(ctx, gradient):
            return use(gradient, ctx.saved_tensors)

    x = torch.ones(3, requires_grad=True)
    with pytest.raises((TypeError, AttributeError)) as error:
        Double.apply(x).sum().backward()
    said = f"{error.type.__name__}: {' '.join(str(error.value).split())}"
    assert "(mask,) = ctx.saved_tensors" in error_hints(said, of_a_class=True)[1]
    assert "saved_tensors" not in " ".join(error_hints(said))


def test_an_error_at_a_later_case_has_that_cases_own_hint():
    """The case has one peculiarity, and everything before it passes."""

    @Lab("99").exercise(stand_in=abs)
    def double(rng):
        yield Case("plain", (1.0,), equal_to(lambda x: 2 * x), hints=("a", "b"))
        own = ("Nothing comes of nothing.", "Ask for it first.")
        yield Case("nothing", (0.0,), equal_to(lambda x: 0.0), hints=own, hints_for={"error": own})

    def double_(x):
        return 2 * x / x * x

    assert Result(double, assess(double, double_).outcomes).advice[0].hints == ("Nothing comes of nothing.", "Ask for it first.")


def test_an_error_hint_that_all_cases_share_gives_way_to_what_the_error_says():
    blanket = {"error": ("Which dtypes meet?", "Convert.")}
    said = "RuntimeError: The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 3"
    failing = Outcome(Case("many", (1,), equal_to(abs), hints_for=blanket), Verdict(False, "", said, "error"))
    (advice,) = advise([outcome("plain", hints_for=blanket.items()), failing])
    assert advice.hints[0].startswith("3 numbers meet an axis of length 4")


def test_the_students_own_line_is_named_where_numpy_fails():
    """Compiled parts of numpy give frames with line numbers of files that are not there."""

    @Lab("99").exercise(stand_in=np.sum)
    def draw(rng):
        yield Case("plain", (0,), equal_to(abs))

    def drawn(most):
        return np.random.default_rng(0).integers(most)  # the line that matters

    got = assess(draw, drawn).outcomes[0].verdict.got
    assert "the line that matters" in got and "?" not in got


def test_the_score_is_in_cases_and_points():
    @Lab("99").exercise(points=3, stand_in=abs)
    def double(rng):
        for at in range(15):
            yield Case(f"number {at}", (at,), equal_to(lambda x: 2 * x), hints=("a", "b"))

    result = assess(double, lambda x: 2 * x if x < 14 else 0)
    assert "double: public checks, 14 of 15 cases (2.8 of 3 points)" in repr(Table(result, {}))


def test_another_run_says_more_as_long_as_there_is_more():
    @Lab("99").exercise(stand_in=abs)
    def double(rng):
        yield Case("plain", (1.0,), equal_to(lambda x: 2 * x), hints=("nudge", "mistake"))

    result, more = assess(double, lambda x: x), "Run the check again and the hint says more."
    assert more in repr(Table(result, {})) and more not in repr(Table(result, {"plain": 2}))
    assert more in Table(result, {})._repr_html_()


def test_failing_cases_come_first_and_what_else_fails_is_folded():
    @Lab("99").exercise(stand_in=abs)
    def double(rng):
        """double(x) -> twice x."""
        for at in range(12):
            yield Case(f"number {at}", (at + 0.123456,), close_to(lambda x: 2 * x), hints=("a", "b"))

    html = Table(assess(double, lambda x: 2 * x if x < 2 else 0.0), {})._repr_html_()
    assert html.index("number 2") < html.index("number 0") and html.count("FAILED") == 1
    assert "failing: number 3; number 4; number 5; number 6; number 7; number 8; and 3 more" in html
    assert "x=2.123456" in html and "x=2.123" in html
