"""The reader of an array's C text: it reads what the compiler reads, and no text holds it up."""

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.exercises.c.arrays import CArray, UnreadableError, read_array
from utils.exercises.inside.tools import compiler


@pytest.mark.parametrize(
    "text",
    [
        "const int8_t w[3] = {1, -2, 3};",
        "static const int8_t w[3] = { 0x01, -0x2, +3, };\n",
        "#include <stdint.h>\n/* w[2] = {9} */ int8_t const w [3]={1,-2, // two\n3} ;",
    ],
)
def test_one_array_may_be_written_in_many_ways(text):
    assert read_array(text) == CArray("w", "int8_t", const=True, count=3, values=[1, -2, 3])


@pytest.mark.parametrize(
    "text",
    [
        "const int8_t w[3] = {1, -2, 3}",
        "const int8_t w[3] = {1, -2, 3}; const int8_t w[3] = {1, -2, 3};",
        "const int8_t w[3] = {1 -2, 3};",
        "const int8_t w[3] = {1, -2, 3.0};",
        "const int8_t w[3] = {01, -2, 3};",
        "const int8_t w[3] = [1, -2, 3];",
        "const unsigned char w[3] = {1, -2, 3};",
        "const w[3] = {1, -2, 3};",
        "w",
        "",
    ],
)
def test_what_is_not_one_array_of_integers_is_unreadable(text):
    with pytest.raises(UnreadableError):
        read_array(text)


@pytest.mark.needs("gcc")
@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=20), st.booleans())
@settings(deadline=None, max_examples=15)
def test_the_compiler_reads_the_same_numbers(numbers, in_hex):
    written = [("-" if number < 0 else "") + hex(abs(number)) if in_hex else str(number) for number in numbers]
    text = f"#include <stdint.h>\nconst int32_t w[{len(numbers)}] = {{{', '.join(written)}}};\n"
    assert read_array(text).values == numbers
    wanted = " && ".join(f"w[{at}] == {number}LL" for at, number in enumerate(numbers))
    source = f"{text}int main(void) {{ return {wanted} ? 0 : 1; }}\n"
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "same")
        subprocess.run([compiler(), "-x", "c", "-", "-o", program], input=source, text=True, check=True)
        assert subprocess.run([program]).returncode == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("/* " * 33_000, "a comment does not end"),
        ("/*" + "*" * 99_000, "a comment does not end"),
        (";" * 99_000 + "\U0001f600", "does not belong"),
        (" " * 99_999 + "#", "does not belong"),
        ("/**/" * 25_000, "a type and a name"),
        ("- " * 50_000, "a type and a name"),
        ("const int8_t w[1] = {--3};", "does not belong"),
        ("const int8_t w[1] = {" + "-" * 3 + "3};", "does not belong"),
    ],
)
def test_a_text_that_is_meant_to_take_long_is_refused_at_once(text, why):
    """Each of these kept a reader that looks at a character more than once busy for minutes."""
    with pytest.raises(UnreadableError, match=why):
        read_array(text)


@given(st.text(alphabet="cons int8_tw[]{}=;,-+0123x/*\n", max_size=60))
def test_no_text_breaks_the_reader(text):
    try:
        read_array(text)
    except UnreadableError as error:
        assert len(str(error)) < 300
