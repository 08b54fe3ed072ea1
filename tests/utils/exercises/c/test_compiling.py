"""A student's C may loop, crash or lie: only its own process ends. Where nothing compiles, nothing is judged."""

import pytest

from utils import ledger
from utils.exercises.checking import assess
from utils.exercises.inside import tools
from utils.exercises.inside.c import calling, compiling
from utils.exercises.lab07 import check, lab
from utils.exercises.lab07.dot_in_c import source as loop
from utils.exercises.standins import StandIn

needs_compiler = pytest.mark.needs("gcc")
DOT = loop()
HEAD = "#include <stdint.h>\nint32_t dot(const uint8_t *x, const int8_t *w, int32_t n, int32_t x_zero_point)"


def called(source, x=(1, 2, 3), w=(4, -5, 6), zero_point=1):
    built = compiling.build(source)
    assert not built.refused, built.refused
    signature = calling.Signature("dot", (("x", "uint8_t"), ("w", "int8_t")), numbers=2)
    return calling.call(built, signature, (list(x), list(w)), (len(x), zero_point))


@needs_compiler
def test_the_function_gets_its_arrays_and_gives_its_number():
    """Twice, compiled without optimization, and twice with it."""
    assert called(DOT) == {"values": [0 * 4 + 1 * -5 + 2 * 6] * 4}
    assert called(DOT, (), ()) == {"values": [0] * 4}
    assert called(DOT, [255] * 40_000, [-128] * 40_000, 0) == {"values": [255 * -128 * 40_000] * 4}


@needs_compiler
def test_a_crash_ends_the_child_alone():
    assert "other memory" in called(f"{HEAD} {{ return *(volatile int32_t *)(uintptr_t)8; }}")["failed"]
    assert "other memory" in called(f"{HEAD} {{ return n ? dot(x, w, n, x_zero_point) + 1 : 0; }}")["failed"]
    assert "divide" in called(f"{HEAD} {{ (void)x, (void)w; return x_zero_point / (n - n); }}")["failed"]


@needs_compiler
def test_an_endless_loop_is_ended(monkeypatch):
    monkeypatch.setattr(calling, "SECONDS", 1.0)
    assert "did not return" in called(f"{HEAD} {{ volatile int i = 0; for (;;) {{ i++; }} return i; }}")["failed"]


@needs_compiler
def test_a_function_of_another_name_is_told():
    assert called(DOT.replace("dot", "product"))["failed"] == "it has no function called dot"
    assert called(DOT.replace("int32_t dot", "static int32_t dot"))["failed"] == "it has no function called dot"


@needs_compiler
@pytest.mark.parametrize(
    ("now", "then", "fault"),
    [
        ("i < n", "i <= n", ["x", 3]),
        ("int32_t i = 0", "int32_t i = -1", ["x", -1]),
        ("return sum", "int32_t q = w[n]; (void)q; return sum", ["w", 3]),  # nobody uses it: an optimizer drops it
        ("return sum", "((uint8_t *)x)[1] = 7; return sum", ["x", 1]),
        ("return sum", "((int8_t *)w)[2] = w[2]; return sum", ["w", 2]),
        ("return sum", "return sum + x[5000]", ["x", 5000]),
    ],
)
def test_what_is_read_outside_or_written_is_named(now, then, fault):
    assert called(DOT.replace(now, then)) == {"fault": fault}


@needs_compiler
def test_arrays_of_other_types_and_lengths_are_given_too():
    """Is a fault told by its element, where elements have several bytes?"""
    signature = calling.Signature("last", (("a", "int32_t"), ("b", "int16_t"), ("c", "uint8_t")), numbers=1)
    head = "#include <stdint.h>\nint32_t last(const int32_t *a, const int16_t *b, const uint8_t *c, int32_t at)"

    def given(body):
        return calling.call(compiling.build(f"{head} {{ {body} }}"), signature, ([7, -70_000], [-300, 5, 6], [200]), (1,))

    assert given("return a[at] + b[0] + c[0];") == {"values": [-70_000 - 300 + 200] * 4}
    assert given("(void)a, (void)c; return b[at + 2];") == {"fault": ["b", 3]}
    assert given("(void)b, (void)c; return a[-at];") == {"fault": ["a", -1]}


@needs_compiler
def test_two_calls_tell_what_is_kept():
    assert called(DOT.replace("int32_t sum = 0", "static int32_t sum")) == {"values": [7, 14, 7, 14]}


@needs_compiler
@pytest.mark.parametrize(
    ("source", "why"),
    [
        (DOT.replace("return", "free(malloc(4)); return"), "malloc"),
        ("void *malloc(unsigned long);\n" + DOT.replace("return", "if (!malloc(4)) return 1; return"), "nothing defines malloc"),
        ("int PyRun_SimpleString(const char *);\n" + DOT.replace("return", 'PyRun_SimpleString("1"); return'), "nothing defines PyRun_"),
        ("#include <stdio.h>\n" + DOT, "includes stdio.h"),
        ("#define HEADER <math.h>\n#include HEADER\n" + DOT, "includes math.h"),
        (DOT + "__attribute__((constructor)) static void go(void) { }", "__attribute__"),
        (DOT + '__asm__("nop");', "__asm__"),
        (DOT.replace("return", "__builtin_trap(); return"), "__builtin_trap"),
        ("#pragma GCC optimize 3\n" + DOT, "#pragma GCC"),
        ('_Pragma("GCC optimize 3")\n' + DOT, "#pragma GCC"),
        ("??=pragma GCC optimize 3\n" + DOT, "#pragma GCC"),
        (
            "#define A B B B B B B B B\n#define B C C C C C C C C\n#define C D D D D D D D D\n#define D E E E E E E E E\n"
            "#define E F F F F F F F F\n#define F ;;;;;;;;\n" + DOT + "\nint32_t other(void) { A return 0; }",
            "macros grow",
        ),
    ],
)
def test_what_is_not_plain_c_is_refused_by_name(source, why):
    built = compiling.build(source)
    assert why in built.refused and built.libraries == ()


@needs_compiler
@pytest.mark.parametrize(
    ("start", "found"),
    [
        ("double sum = 0", "double"),
        ("dou\\\nble sum = 0", "double"),
        ("_Float64 sum = 0", "_Float64"),
        ("int32_t sum = (int32_t)1e0 - 1", "1e0"),
        ("int32_t sum = (int32_t)0x1p3 - 8", "0x1p3"),
        ("int32_t sum = (int32_t).5", ".5"),
        ('const char *a = "/*"; double sum = 0; const char *b = "*/"; (void)a, (void)b', "double"),
        ("int32_t sum = 0xE + 0x1e - 44", ""),
        ('const char *text = "a double of 1.5"; (void)text; int32_t sum = 0 /* float */', ""),
    ],
)
def test_floats_are_found_in_what_is_compiled(start, found):
    assert compiling.build(DOT.replace("int32_t sum = 0", start)).floats == found


@needs_compiler
def test_the_compiler_is_quoted():
    assert "error" in compiling.build("int32_t dot(void) { return 0 }").refused


def test_without_a_compiler_nothing_is_judged_and_the_lab_goes_on(home, monkeypatch, capsys):
    monkeypatch.setattr(tools.shutil, "which", lambda name: None)
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
    monkeypatch.setattr(tools.shutil, "which", lambda name: None)

    def fits_flash_and_ram(sizes, device):
        raise NotImplementedError

    assert "stand-in" in repr(check(fits_flash_and_ram))


def test_a_source_without_a_compiler_gets_no_points(monkeypatch):
    """A grader has a compiler; where it had none, would an answer be taken unseen?"""
    monkeypatch.setattr(compiling, "compiler", lambda: None)
    compiling.build.cache_clear()
    result = assess(lab.exercises["dot_in_c"], lambda: DOT)
    compiling.build.cache_clear()
    assert result.points == 0
    assert {outcome.verdict.got for outcome in result.outcomes} == {f"the compiler says: {tools.NO_COMPILER}"}
