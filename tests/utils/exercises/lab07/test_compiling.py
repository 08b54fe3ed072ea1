"""A student's C may loop, crash or lie: only its own process ends. Where nothing compiles, nothing is judged."""

import pytest

from utils import ledger
from utils.exercises.checking import assess
from utils.exercises.lab07 import check, checking, compiling, lab
from utils.exercises.lab07.standins import DOT
from utils.exercises.standins import StandIn

needs_compiler = pytest.mark.skipif(compiling.compiler() is None, reason="there is no C compiler here")
LOOP = "for (;;) { }"
HEAD = "#include <stdint.h>\nint32_t dot(const uint8_t *x, const int8_t *w, int32_t n, int32_t x_zero_point)"


def called(source):
    library = compiling.compile_c(source)
    assert isinstance(library, bytes), library
    return compiling.call_dot(library, [1, 2, 3], [4, 5, 6], 1)


@needs_compiler
def test_the_function_gets_its_arrays_and_gives_its_number():
    assert called(DOT) == {"value": 0 * 4 + 1 * 5 + 2 * 6, "x": [1, 2, 3], "w": [4, 5, 6]}


@needs_compiler
def test_a_crash_ends_the_child_alone():
    assert "crashed" in called(f"{HEAD} {{ return *(volatile int32_t *)(uintptr_t)8; }}")["failed"]


@needs_compiler
def test_an_endless_loop_is_ended(monkeypatch):
    monkeypatch.setattr(compiling, "SECONDS", 1.0)
    assert "did not return" in called(f"{HEAD} {{ volatile int i = 0; {LOOP.replace('{ }', '{ i++; }')} return i; }}")["failed"]


@needs_compiler
def test_a_function_that_leaves_the_process_gives_no_number():
    assert "failed" in called(f"#include <stdlib.h>\n{HEAD} {{ exit(0); }}")


@needs_compiler
def test_a_function_of_another_name_is_told():
    assert called(DOT.replace("dot", "product"))["failed"] == "it has no function called dot"


@needs_compiler
def test_beyond_the_arrays_lies_what_changes_the_sum():
    assert called(DOT.replace("i < n", "i <= n"))["value"] != called(DOT)["value"]


@needs_compiler
def test_the_compiler_is_quoted():
    assert "error" in compiling.compile_c("int32_t dot(void) { return 0 }")


def test_without_a_compiler_nothing_is_judged_and_the_lab_goes_on(home, monkeypatch, capsys):
    monkeypatch.setattr(checking, "compiler", lambda: None)
    monkeypatch.setenv("TITANS_STRICT", "1")  # a solution must run there too

    def dot_in_c():
        return DOT

    handed = check(dot_in_c)
    assert type(handed) is StandIn and handed() == DOT
    said = capsys.readouterr().out
    assert "not judged: there is no C compiler here" in said and "nothing is recorded" in said
    assert ledger.read().get("exercise", {}) == {}
    monkeypatch.delenv("TITANS_STRICT")
    assert check(handed) is handed  # a stand-in is never judged


def test_without_a_compiler_the_other_exercises_are_judged(home, monkeypatch):
    monkeypatch.setattr(checking, "compiler", lambda: None)

    def fits_flash_and_ram(sizes, device):
        raise NotImplementedError

    assert "stand-in" in repr(check(fits_flash_and_ram))


def test_a_source_without_a_compiler_gets_no_points(monkeypatch):
    """A grader has a compiler; where it had none, would an answer be taken unseen?"""
    monkeypatch.setattr(compiling, "compiler", lambda: None)
    compiling.compile_c.cache_clear()
    result = assess(lab.exercises["dot_in_c"], lambda: DOT)
    compiling.compile_c.cache_clear()
    assert result.points == 0
    assert {outcome.verdict.got for outcome in result.outcomes} == {f"the compiler says: {compiling.MISSING}"}
