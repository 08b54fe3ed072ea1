"""Which hint stands below a failing case: none is better than one that leads astray."""

import pytest

from utils.exercises.declare import Case, Lab
from utils.exercises.judges import Verdict, equal_to
from utils.exercises.messages import view
from utils.exercises.results import Outcome, Result


def case(name, **keywords):
    keywords.setdefault("hints", (f"nudge {name}", f"mistake {name}"))
    return Case(name, (1,), equal_to(abs), **keywords)


def hints(*outcomes, failing_runs=()):
    """case -> the hint shown. outcomes: (case, what its verdict is about, or None if it passed)."""

    @Lab("99").exercise(stand_in=abs)
    def double(rng):
        yield from (which for which, _ in outcomes)

    judged = [Outcome(which, Verdict(about is None, "", f"got {which.name}", about or "")) for which, about in outcomes]
    table = view.Table(Result(double, tuple(judged)), dict(failing_runs))
    return {outcome.case.name: dict(table.details(outcome)).get("hint") for outcome in judged if not outcome.verdict.passed}


def test_when_the_basic_case_fails_only_its_hint_is_shown():
    assert hints((case("basic"), ""), (case("later"), ""), (case("last"), "")) == {"basic": "nudge basic", "later": None, "last": None}


def test_when_the_basic_case_passes_the_first_failing_case_has_its_hint():
    """A later one fails for the same reason, as far as anybody can tell."""
    assert hints((case("basic"), None), (case("one"), ""), (case("two"), "")) == {"one": "nudge one", "two": None}


def test_a_hint_waits_for_the_case_that_it_builds_on():
    norm, empty = case("norm"), case("empty", basis="norm")
    assert hints((case("basic"), None), (norm, ""), (empty, "")) == {"norm": "nudge norm", "empty": None}
    assert hints((case("basic"), None), (norm, None), (empty, "")) == {"empty": "nudge empty"}


def test_a_mistake_that_the_judge_recognises_has_its_own_hint():
    basic = case("basic", hints_for={"count": ("count them", "one too many")})
    assert hints((basic, "count")) == {"basic": "count them"}
    assert hints((basic, "count"), failing_runs={"basic": 2}) == {"basic": "count them one too many"}
    assert hints((basic, "shape")) == {"basic": "nudge basic"}


@pytest.mark.parametrize(("about", "shown"), [("error", "detach it"), ("", None)])
def test_a_hint_about_an_error_needs_an_error(about, shown):
    layer = case("layer", hints=(), hints_for={"error": ("detach it", "call detach()")})
    assert hints((case("basic"), None), (layer, about)) == {"layer": shown}


def test_below_an_error_no_hint_speaks_of_an_answer():
    assert hints((case("basic"), "error")) == {"basic": None}
